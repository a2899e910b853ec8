"""Settings of the whole site."""

from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.api.schemas.base import Answer, LongTexts, Model, Texts
from chalicelib.api.schemas.fields import Day, Email, Line
from chalicelib.api.schemas.outbox import MessageKind

DomainName = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$", max_length=253)
]


class DomainIn(Model):
    """A domain whose addresses may book, with its first and its last day."""

    domain: DomainName
    since: Day | None = None
    until: Day | None = None
    confirmed: bool = Field(True, description="whether somebody has made sure of it")
    note: Line = ""


class SitePatch(Model):
    """Settings of the whole site; what is left out stays as it is."""

    name: Texts | None = None
    base_url: (
        Annotated[
            str, StringConstraints(max_length=300, pattern=r"^https?://[^\s/]+(/[^\s]*[^\s/])?$")
        ]
        | None
    ) = None
    prove_address: bool | None = None
    hold_minutes: Annotated[int, Field(ge=1, le=1440)] | None = None
    anonymous_holds: Annotated[int, Field(ge=0, le=500)] | None = Field(
        None,
        description="times held at once for addresses that are not proved yet; null for no limit, 0 "
        "for nobody: then one logs in to book",
    )
    live_bookings: Annotated[int, Field(ge=0, le=10_000)] | None = Field(
        None, description="live bookings a person may have; null for no limit"
    )
    hours_per_week: Annotated[int, Field(ge=0, le=1000)] | None = Field(
        None, description="hours of a person's bookings in an ISO week; null for no limit"
    )
    organisation_live_bookings: Annotated[int, Field(ge=0, le=2000)] | None = Field(
        None, description="live bookings of all the people of an organisation; null for no limit"
    )
    organisation_hours_per_week: Annotated[int, Field(ge=0, le=10_000)] | None = Field(
        None, description="hours of their bookings in an ISO week; null for no limit"
    )
    allowed_domains: Annotated[list[DomainName | DomainIn], Field(max_length=500)] | None = None
    allowed_sites: (
        Annotated[
            list[Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+$", max_length=300)]],
            Field(max_length=50),
        ]
        | None
    ) = None

    mailbox: Email | None = Field(None, description="mails come from it, and somebody reads it")
    mail_texts: dict[MessageKind, LongTexts] | None = Field(
        None, description="a paragraph of staff's own for kinds of mails; all of them are replaced"
    )


class SiteOut(Answer):
    """The site's settings."""

    name: Texts
    time_zone: str
    base_url: str
    prove_address: bool
    hold_minutes: int
    anonymous_holds: int | None
    live_bookings: int | None
    hours_per_week: int | None
    organisation_live_bookings: int | None
    organisation_hours_per_week: int | None
    allowed_domains: list[DomainIn]
    allowed_sites: list[str]
    mailbox: str
    mail_texts: dict[str, LongTexts]
    version: int
