"""On the day: who is expected, and who came."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.api.schemas.base import Answer, Model, PageQuery
from chalicelib.api.schemas.events import Way
from chalicelib.api.schemas.fields import Email, Language, Line, Name, _text

SignUpState = Literal[
    "held",
    "confirmed",
    "waiting",
    "offered",
    "left",
    "declined",
    "expired",
    "removed",
    "handed-over",
    "called-off",
]
Persons = Annotated[
    list[Annotated[int, Field(ge=0, le=100)]],
    Field(
        min_length=1,
        max_length=101,
        description="0: who leads the party; n: guest n; left out: all",
    ),
]
Code = Annotated[
    str,
    StringConstraints(min_length=1, max_length=300),
    Field(description="as typed, or all that a scanner read"),
]
Told = Annotated[
    str,
    StringConstraints(max_length=2000),
    AfterValidator(_text),
    Field(description="deleted seven days after the event"),
]
Arrived = Annotated[str | None, Field(description="when they were checked in")]


class AttendanceQuery(PageQuery):
    """Sign-ups of an event."""

    state: SignUpState | None = None


class SheetQuery(Model):
    """Which sign-ups, and in which language a file is; of no state named: those that have or want a seat."""

    state: SignUpState | None = None
    language: Language | None = None


class CheckInIn(Model):
    """Who of a party is there."""

    persons: Persons | None = None


class CheckOutQuery(Model):
    """Of whom of a party it is taken back."""

    persons: Annotated[
        list[Annotated[int, Field(ge=0, le=100)]],
        Field(max_length=101, description="as of a check-in; left out: all"),
    ] = []


class TicketIn(CheckInIn):
    """Whose ticket it is, by its code."""

    code: Code


Overrides = Annotated[
    list[Literal["event-full", "held-for-waiting-list"]],
    Field(
        max_length=2,
        description="let them in although it is full, or although others wait; it is noted",
    ),
]


class LetInIn(Model):
    """A party that has no seat for good is let in."""

    override: Overrides = []


class WalkInGuest(Model):
    """Somebody who comes along."""

    name: Name
    diet: Told = ""
    accessibility: Told = ""


class WalkInIn(Model):
    """Somebody at the door who has not signed up. Without an address they get no mails."""

    name: Name
    email: Email | None = None
    organisation: Line = ""
    language: Language = "fi"
    way: Way = "room"
    guests: Annotated[list[WalkInGuest], Field(max_length=100)] = []
    diet: Told = ""
    accessibility: Told = ""
    override: Overrides = []


class TicketOut(Answer):
    """What is shown at the door."""

    code: Annotated[str, Field(description="to be typed by a host")]
    url: Annotated[str, Field(description="what the QR code holds; it opens for hosts alone")]
    qr: Annotated[str, Field(description="the QR code: an SVG, as a data URI")]


class CheckInOut(Answer):
    """A party, and who of it is there."""

    signup_id: str
    event_id: str
    state: SignUpState
    way: Way
    size: Annotated[int, Field(description="persons")]
    arrived_at: Annotated[list[str | None], Field(description="by number of the person")]


class AttendeeOut(Answer):
    """Somebody who comes along."""

    name: str
    diet: str
    accessibility: str
    arrived_at: Arrived


class LeaderOut(Answer):
    """Who signed up."""

    name: str
    email: str
    organisation: str
    language: str
    suppressed: Annotated[
        str, Field(description="why mail does not arrive: bounce or complaint; else empty")
    ]


class AttendanceOut(Answer):
    """A party on the attendance list."""

    signup_id: str
    event_id: str
    state: SignUpState
    way: Way
    size: int
    position: Annotated[int | None, Field(description="among the parties that wait, from 1 on")]
    number: Annotated[int | None, Field(description="in the queue, of who waits")]
    person: LeaderOut
    diet: str
    accessibility: str
    answers: dict[str, Any]
    arrived_at: Arrived
    guests: list[AttendeeOut]
    created_at: str
    version: int


class HeadsOut(Answer):
    """Persons of a way, by how they stand; `arrived` are of those that are confirmed."""

    limit: Annotated[int | None, Field(description="null: as many as come")]
    confirmed: int
    arrived: int
    held: int
    offered: int
    waiting: int


class SaidOut(Answer):
    """How many persons said the same."""

    text: Annotated[
        str,
        Field(
            description="from a week after the event on, of texts that might be somebody's own only `–`"
        ),
    ]
    persons: int


class AnswersOut(Answer):
    """How many parties answered a question how: by the id of a choice, or `yes` and `no`."""

    question_id: str
    counts: dict[str, int]


class FiguresOut(Answer):
    """Counts of an event, and nobody's name."""

    event_id: str
    ways: dict[Way, HeadsOut]
    diets: Annotated[list[SaidOut], Field(description="of the confirmed in the room")]
    accessibility: Annotated[list[SaidOut], Field(description="of all that are confirmed")]
    answers: list[AnswersOut]


class AttendanceList(Answer):
    """The sign-ups of an event, by name."""

    items: list[AttendanceOut]
    next: str | None
