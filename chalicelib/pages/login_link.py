"""The link of a mail to log in by: looking shows and pressing its button acts, since scanners open links."""

from chalicelib.api import cookies, problems
from chalicelib.api.call import Call
from chalicelib.api.replies import Reply
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.limits import Purpose
from chalicelib.pages.errors import asked_language, why_again
from chalicelib.pages.html import HTML, choose_language, render, words_of
from chalicelib.pages.login import entered
from chalicelib.pages.routes import routes
from chalicelib.services import login
from chalicelib.services.access import Action

LINK = "/login/{login_id}/{token}"


@routes.add(
    "GET", LINK, "The link of a mail", answers={200: None}, produces=HTML, action=Action.ENTER
)
def show(call: Call) -> Reply:
    """A button, in the browser that asked; elsewhere how to go on. Changes nothing, and reads nothing."""
    choose_language(call, asked_language(call))
    return _page(call)


def again(call: Call, error: Exception, catalog: Catalog) -> Reply | None:
    """The page of the link with what is wrong: used, too old, or the form of another session."""
    status, body, headers = problems.presented(error, call.language, call.request_id, catalog)
    if status >= 500 or status == 404:
        return None
    words = words_of(call, catalog)
    later = {403: why_again(call, words), 429: str(body["detail"])}
    wrong = later.get(status) or words("login.link_wrong")
    reply = _page(call, status=status, wrong=wrong, dead=status not in later)
    reply.headers |= headers
    return reply


@routes.add(
    "POST",
    LINK,
    "Log in by the link",
    answers={303: None},
    produces=HTML,
    forms=True,
    guarded=True,
    quick=True,
    again=again,
    purpose=Purpose.LOG_IN,
    action=Action.ENTER,
)
def act(call: Call) -> Reply:
    """Who presses the button in the browser that asked is logged in."""
    choose_language(call, asked_language(call))
    cookie, before = call.cookie(cookies.LOGIN), call.session_hash
    login_id, token = call.params["login_id"], call.params["token"]
    found = login.by_link(call.ports, cookie, login_id, token, before, network=call.network)
    return entered(call, found)


def _page(call: Call, *, status: int = 200, wrong: str = "", dead: bool = False) -> Reply:
    login_id, token = call.params["login_id"], call.params["token"]
    asked_here = call.cookie(cookies.LOGIN).partition(".")[0] == login_id
    return render(
        call,
        "login_link.html",
        call.catalog_or_defaults,
        status=status,
        private=True,
        here={"page": f"login/{login_id}/{token}"},
        asked_here=asked_here,
        heading="title" if asked_here else "elsewhere",
        wrong=wrong if asked_here else "",
        dead=dead,
    )
