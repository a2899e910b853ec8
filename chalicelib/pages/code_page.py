"""The page on which the code of a mail is typed, of a booking or a sign-up: the same whether there is one."""

from dataclasses import dataclass

from chalicelib.api import problems
from chalicelib.api.call import Call
from chalicelib.api.replies import Reply
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import TooMany
from chalicelib.pages.html import render


@dataclass(frozen=True, slots=True)
class CodePage:
    """`texts` is the section with its words; `onward` another page of ours, and what the link is called."""

    texts: str
    onward: str
    onward_text: str

    def page(self, call: Call, *, done: str = "", refused: str = "", status: int = 200) -> Reply:
        """The field, and what became of what was typed last."""
        return render(
            call,
            "code.html",
            call.catalog,
            private=True,
            status=status,
            done=done,
            refused=refused,
            section=self.texts,
            onward=self.onward,
            onward_text=self.onward_text,
        )

    def again(self, call: Call, error: Exception, catalog: Catalog) -> Reply | None:
        """The field once more, where there were too many tries."""
        if not isinstance(error, TooMany):
            return None
        status, body, headers = problems.presented(error, call.language, call.request_id, catalog)
        reply = self.page(call, refused=str(body["detail"]), status=status)
        reply.headers |= headers
        return reply
