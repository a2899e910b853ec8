"""The audit log, as staff look for its entries and see them."""

from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.api.schemas.base import Answer, PageQuery
from chalicelib.api.schemas.fields import When

ID = "[A-Za-z0-9][A-Za-z0-9_-]{0,63}"


class AuditQuery(PageQuery):
    """Entries about a subject, or of an actor, in a range; one of the two has to be named."""

    subject: (
        Annotated[
            str,
            StringConstraints(pattern=rf"^[a-z-]{{1,20}}(#{ID}){{0,2}}$"),
            Field(description="booking#b_…, person#p_…, space#pod, bookings (lists of them)"),
        ]
        | None
    ) = None
    actor: (
        Annotated[
            str,
            StringConstraints(pattern=rf"^{ID}(#{ID})?$"),
            Field(description="p_…, k_…, link#b_…, clock"),
        ]
        | None
    ) = None
    from_: When | None = Field(default=None, alias="from")
    to: When | None = None


class AuditOut(Answer):
    """Who did what to what. `fields` are names; `about` has the ids of what else it was about."""

    at: str
    subject: str
    actor: str
    action: str
    fields: list[str]
    about: dict[str, list[str]]


class AuditList(Answer):
    """Entries, newest first."""

    items: list[AuditOut]
    next: str | None
