"""On the day: who is expected, and who came."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from chalicelib.api.schemas.base import Answer, Model, PageQuery
from chalicelib.api.schemas.events import Way

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
Arrived = Annotated[str | None, Field(description="when they were checked in")]


class AttendanceQuery(PageQuery):
    """Sign-ups of an event."""

    state: SignUpState | None = None


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


class AttendanceList(Answer):
    """The sign-ups of an event, by name."""

    items: list[AttendanceOut]
    next: str | None
