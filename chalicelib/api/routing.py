"""The route table: what each operation takes and answers, for requests and for the OpenAPI document."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chalicelib.domain.limits import Purpose
from chalicelib.services.access import Action

if TYPE_CHECKING:
    from pydantic import BaseModel

    from chalicelib.api.call import Call
    from chalicelib.api.replies import Reply
    from chalicelib.domain.catalog import Catalog
    from chalicelib.domain.errors import Problem

# Nothing to repeat, or a secret in the answer that is nowhere kept.
WITHOUT_KEY = ("/v1/freebusy", "/v1/bookings/preview", "/v1/auth/links", "/v1/auth/session")
ALL_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    handler: "Callable[[Call], Reply]"
    summary: str
    tag: str
    answers: Mapping[int, "type[BaseModel] | None"]
    query: "type[BaseModel] | None" = None
    body: "type[BaseModel] | None" = None
    forms: bool = False
    pages: bool = False  # a browser's form is answered with a page, or with 303 to its `next`
    # What else is wrong with a body of which a part could not be read: a refusal names every rule.
    besides: "Callable[[Call, Any], list[Problem]] | None" = None
    action: Action | None = None  # what is done; without one nobody may
    purpose: Purpose = Purpose.WRITE  # what it is counted as, where it is counted
    guarded: bool = False  # its form has to be one of ours, or of a site that may embed it
    quick: bool = False  # it may be sent as soon as it is shown: a button, or a code that is pasted
    # The page of a form that was refused, with what was typed; None where it has none for the error.
    again: "Callable[[Call, Exception, Catalog], Reply | None] | None" = None
    conditional: bool = False  # takes If-Match
    tagged: bool = False  # answers with an ETag; a GET also with 304
    dated: bool = False  # and with Last-Modified
    problems: tuple[int, ...] = ()
    produces: str = "application/json"
    also: tuple[str, ...] = ()  # media types that can be asked for instead

    @property
    def writes(self) -> bool:
        """Whether it takes an Idempotency-Key."""
        return self.method != "GET" and self.path not in WITHOUT_KEY


@dataclass
class Routes:
    """The operations of one feature."""

    tag: str
    operations: list[Operation] = field(default_factory=list)

    def add(self, method: str, path: str, summary: str, **more: Any) -> Callable[..., Any]:
        """Register the decorated handler for a method of a path."""

        def register(handler: "Callable[[Call], Reply]") -> "Callable[[Call], Reply]":
            self.operations.append(Operation(method, path, handler, summary, self.tag, **more))
            return handler

        return register

    def by_path(self) -> dict[str, dict[str, Operation]]:
        """The operations by path and method."""
        found: dict[str, dict[str, Operation]] = {}
        for operation in self.operations:
            found.setdefault(operation.path, {})[operation.method] = operation
        return found
