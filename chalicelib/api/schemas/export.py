"""Everything that is kept of a person, as it is handed to them."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.api.schemas.base import Answer, Model
from chalicelib.api.schemas.bookings import BookingOut, PersonIn
from chalicelib.api.schemas.events import EventInShort, Way
from chalicelib.api.schemas.feeds import FeedOut
from chalicelib.api.schemas.fields import Cursor, Language
from chalicelib.api.schemas.outbox import MessageOut
from chalicelib.api.schemas.signups import GuestOut
from chalicelib.api.schemas.signups import State as SignUpState

Whose = Literal["you", "staff", "system", "clock", "anonymous"]


class ExportQuery(Model):
    """As what, and where to go on."""

    format: Annotated[
        Literal["json", "ics"],
        Field(description="json: everything; ics: bookings and seats at events, for calendars"),
    ] = "json"
    cursor: Cursor | None = None


class ProfileKept(Answer):
    """What is known of a person, and what they are to the Lab."""

    person_id: str
    name: str
    email: str
    organisation: str
    language: Language
    granted: Literal["staff", "admin"] | None
    partner_until: str | None
    invited: bool
    created_at: str
    logged_in_at: str | None
    erase_from: str | None
    version: int


class KeyKept(Answer):
    """An API key that is one's own, or that one made."""

    key_id: str
    label: str
    scopes: list[str]
    own: bool
    created_at: str
    expires_on: str | None
    used_at: str | None
    revoked_at: str | None


class SessionKept(Answer):
    """A session: when it began, and when it was last seen, to ten minutes."""

    id: str
    created_at: str
    seen_at: str


class LoginKept(Answer):
    """A mail to log in by."""

    login_id: str
    language: Language
    created_at: str
    expires_at: str
    used_at: str | None
    tries: int


class AnswerKept(Answer):
    """An answer that is kept for a repeat of its request."""

    id: str
    status: int | None
    expires_at: str


class SpanKept(Answer):
    """A booking that counts in one's quota."""

    booking_id: str
    start: str
    end: str


class AccountKept(Answer):
    """What there is once of a person."""

    profile: ProfileKept
    reminders: bool
    suppressed: str
    came_at: Annotated[
        str | None, Field(description="the end of the last event of which one is named no more")
    ]
    quota: list[SpanKept]
    feeds: list[FeedOut]
    keys: list[KeyKept]
    sessions: list[SessionKept]
    logins: list[LoginKept]
    answers: list[AnswerKept]


class ToldKept(Answer):
    """What a mail told one of a booking or a sign-up."""

    message_id: str
    start: str
    end: str
    space_ids: Annotated[list[str], Field(description="of a sign-up its way")]
    units: Annotated[int, Field(description="of a sign-up, persons")]
    equipment: dict[str, int]
    facilitator: str | None
    place: Annotated[str, Field(description="of an event: a space, an address or the link to join")]
    method: Literal["REQUEST", "CANCEL"] | None
    sequence: int


class EntryKept(Answer):
    """Who did what to what; of others it is said what they are, and not who."""

    at: str
    subject: str
    by: Whose
    action: str
    fields: list[str]
    about: dict[str, list[str]]


class BookingKept(BookingOut):
    """A booking in full, with what its person was told of it and who did what to it."""

    made_by: Whose
    changed_at: str | None
    planned_end: str | None
    override: list[str]
    series_id: str | None
    organisation_id: str
    network: str
    sequence: int
    told: ToldKept | None
    telling: ToldKept | None
    log: list[EntryKept]


class GuestKept(GuestOut):
    """Somebody who comes along with one, or came."""

    arrived_at: str | None


class SignUpKept(Answer):
    """What of a sign-up is one's own where one leads it."""

    signup_id: str
    person: PersonIn
    guests: list[GuestKept]
    answers: dict[str, bool | str]
    made_by: Whose
    number: Annotated[int | None, Field(description="in the waiting list")]
    confirm_by: str | None
    offer_until: str | None
    confirmed_at: str | None
    network: str
    sequence: int
    version: int
    told: ToldKept | None
    telling: ToldKept | None
    log: list[EntryKept]


class AttendingKept(Answer):
    """One's part in an event. With whom one comes along is not said: they are other people."""

    event: EventInShort
    leads: Annotated[bool, Field(description="whether one signed up oneself")]
    state: SignUpState
    way: Way
    size: Annotated[int, Field(description="persons")]
    created_at: str
    name: Annotated[str, Field(description="as it was written when one was signed up")]
    diet: Annotated[str, Field(description="as long as it is kept, as `accessibility` is")]
    accessibility: str
    arrived_at: str | None
    own: SignUpKept | None


class ExportOut(Answer):
    """All that is kept, or a part of it: the rest is at `next`, as `cursor`."""

    note: str
    person_id: str
    at: str
    account: AccountKept | None = Field(description="in the first part")
    bookings: list[BookingKept]
    signups: list[AttendingKept]
    messages: list[MessageOut]
    log: list[EntryKept]
    next: str | None
