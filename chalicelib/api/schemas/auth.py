"""Logging in, and what a person sees and says of themselves."""

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, Field, StringConstraints

from chalicelib.api.schemas.base import Answer, FormIn, Model
from chalicelib.api.schemas.bookings import Code
from chalicelib.api.schemas.fields import Email, Language, Line, Name

# A path on our own pages: what leads elsewhere would make of a login a trap.
PAGE, MOST_PAGE = r"^([a-z][a-zA-Z0-9/?=&%_.-]*)?$", 300
Next = Annotated[
    str,
    StringConstraints(max_length=MOST_PAGE, pattern=PAGE),
    Field(description="a page of ours to go to then, as book?space_id=studio"),
]


class LinkForm(FormIn):
    """An address as a form sends it."""

    email: Email
    language: Language = "fi"
    page: Next = ""


class LinkIn(Model):
    """An address to be proved: a link and a code are mailed to it."""

    form: ClassVar[type[BaseModel]] = LinkForm
    email: Email
    language: Language = "fi"
    page: Next = ""


class SessionForm(FormIn):
    """A code as a form sends it."""

    code: Code


class SessionIn(Model):
    """What was mailed: the code, or the two parts of the link."""

    form: ClassVar[type[BaseModel]] = SessionForm
    code: Annotated[str, StringConstraints(max_length=40)] = ""
    login_id: Annotated[str, StringConstraints(max_length=64)] = ""
    token: Annotated[str, StringConstraints(max_length=64)] = ""


class SessionOut(Answer):
    """Somebody who has logged in, and the page of ours that they came for."""

    person_id: str
    role: Literal["person", "partner", "staff", "admin"]
    page: str


class EndQuery(Model):
    """Which sessions."""

    everywhere: bool = False


class Ended(Answer):
    """That a session is over."""

    ended: Literal[True]


class MePatch(Model):
    """What a person says of themselves; what is left out stays as it is."""

    name: Name | None = None
    organisation: Line | None = None
    language: Language | None = None
    reminders: bool | None = None


class MeForm(Model):
    """All of that, as the form of the page has it; `seen` is the version that was looked at."""

    name: Name
    organisation: Line = ""
    language: Language
    reminders: bool = False
    seen: Annotated[str, StringConstraints(max_length=40)] = ""


class UseOut(Answer):
    """How many there are, and may be; null for no limit."""

    used: int
    limit: int | None


class WeekOut(Answer):
    """The minutes of bookings in an ISO week, and how many there may be; null for no limit."""

    week: Annotated[str, Field(pattern=r"^\d{4}-W\d{2}$")]
    used_minutes: int
    limit_minutes: int | None


class ShareOut(Answer):
    """What somebody has of the Lab: now, in this week and in the next."""

    live_bookings: UseOut
    weeks: list[WeekOut]


class QuotaOut(ShareOut):
    """A person's share, and that of their organisation where it has a limit."""

    organisation: ShareOut | None


class MeOut(Answer):
    """A person who has logged in."""

    person_id: str
    name: str
    email: str
    organisation: str
    language: Language
    role: Literal["person", "partner", "staff", "admin"]
    partner_until: str | None
    reminders: bool
    quota: QuotaOut
    version: int
