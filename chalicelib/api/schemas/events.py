"""Events: as everybody sees them, and as staff write them."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.api.schemas.base import Answer, LongTexts, Model, PageQuery, Texts
from chalicelib.api.schemas.bookings import Overrides
from chalicelib.api.schemas.fields import Id, Line, Lines, SpaceId, When
from chalicelib.api.schemas.problems import ProblemError

Persons = Annotated[int, Field(ge=0, le=100_000)]
Duration = Annotated[int, Field(ge=0, le=44_640)]  # minutes; at most 31 days
Link = Annotated[str, StringConstraints(max_length=1000, pattern=r"^(https://[!-~]{1,992})?$")]
ReminderRule = Annotated[
    str, StringConstraints(pattern=r"^(P[1-9][0-9]?D|PT[1-9][0-9]?H)$", max_length=5)
]
State = Literal["draft", "published", "cancelled"]
Way = Literal["room", "remote"]


class SeatsIn(Model):
    """The seats of a way to take part, in persons."""

    limit: Annotated[Persons | None, Field(description="null: as many as come")] = None
    most_waiting: Annotated[Persons, Field(description="how long the waiting list may grow")] = 0


class ChoiceIn(Model):
    """One answer among several."""

    id: Id
    text: Texts


class QuestionIn(Model):
    """What is asked of everybody who signs up; `consent` is ticked, and has to be where it is required."""

    id: Id
    kind: Literal["text", "choice", "yes-no", "consent"] = "text"
    text: Texts
    required: bool = False
    choices: Annotated[list[ChoiceIn], Field(max_length=30)] = []


class EventPatch(Model):
    """An event; what is left out stays as it is. Of texts, the languages that are named change."""

    title: Texts | None = None
    description: Annotated[LongTexts | None, Field(description="Markdown")] = None
    start: When | None = None
    end: When | None = None
    opens_at: Annotated[When | None, Field(description="of sign-up")] = None
    closes_at: Annotated[
        When | None, Field(description="of sign-up; where it is the start, it moves with it")
    ] = None
    room: SeatsIn | None = None
    remote: SeatsIn | None = None
    group_size: Annotated[int, Field(ge=1, le=100)] | None = None
    audience: Annotated[
        list[Literal["employee", "partner"]] | None,
        Field(
            max_length=2,
            description="who may sign up, with whom they bring; none named: everybody who may book",
        ),
    ] = None
    questions: Annotated[list[QuestionIn] | None, Field(max_length=30)] = None
    asks_diet: Annotated[
        bool | None, Field(description="whether the form asks each person of a party")
    ] = None
    asks_accessibility: Annotated[
        bool | None, Field(description="whether the form asks each person of a party")
    ] = None
    promote_until: Annotated[
        When | None,
        Field(description="nobody is promoted from then on; the start unless it is earlier"),
    ] = None
    offers_within_minutes: Annotated[
        Duration | None,
        Field(description="before the start: a freed seat is offered, not confirmed"),
    ] = None
    offer_minutes: Annotated[int, Field(ge=5, le=44_640)] | None = None
    hold_minutes: Annotated[int, Field(ge=5, le=1440)] | None = None
    reminders: Annotated[
        list[ReminderRule] | None,
        Field(description="before the start, as ISO 8601 writes durations", max_length=5),
    ] = None
    space_id: Annotated[
        SpaceId | Literal[""] | None,
        Field(description="one of our spaces: it is booked with the event, a draft too"),
    ] = None
    override: Annotated[
        Overrides, Field(description="rules of booking that do not count for its place")
    ] = []
    address: Line | None = None
    remote_link: Annotated[
        Link | None, Field(description="told to those who have a seat to take part remotely")
    ] = None
    contact: Line | None = None
    feedback_link: Annotated[
        Link | None,
        Field(
            description="a form: those who were there get it by mail on the working morning after"
        ),
    ] = None


class EventIn(EventPatch):
    """A new event, a draft until it is published. Sign-up is open from now to the start if left out."""

    title: Texts
    start: When
    end: When


class CopyIn(Model):
    """When the same event is to be again."""

    start: When
    override: Annotated[
        Overrides, Field(description="rules of booking that do not count for its place")
    ] = []


class EventsQuery(PageQuery):
    """Events that overlap a range."""

    from_: When = Field(alias="from")
    to: When
    way: Way | None = None
    space_id: SpaceId | None = None
    free: bool = False


class StaffEventsQuery(PageQuery):
    """Events that overlap a range, drafts too."""

    from_: When = Field(alias="from")
    to: When
    state: State | None = None


class ScopeQuery(Model):
    """How far a change of an event of a series goes."""

    scope: Annotated[
        Literal["this", "from-here"],
        Field(description="of a series: this one alone, or those after it as well"),
    ] = "this"


class ReachQuery(Model):
    """How far of a series something goes."""

    scope: Annotated[
        Literal["this", "from-here", "all"],
        Field(description="of a series: this one alone, those after it as well, or all of them"),
    ] = "this"


class CallOffQuery(ReachQuery):
    """Why, and how far it goes."""

    reason: Lines = ""


class SeatsOut(Answer):
    """The seats of a way as everybody sees them: how many could be had now, and how many persons wait."""

    limit: int | None
    free: Annotated[int | None, Field(description="null: as many as come")]
    waiting: int
    most_waiting: int


class ChoiceOut(Answer):
    """One answer among several."""

    id: str
    text: Texts


class QuestionOut(Answer):
    """What is asked of everybody who signs up."""

    id: str
    kind: str
    text: Texts
    required: bool
    choices: list[ChoiceOut]


class EventOut(Answer):
    """An event as everybody sees it."""

    event_id: str
    state: State
    title: Texts
    description: LongTexts
    start: str
    end: str
    time_zone: str
    opens_at: str
    closes_at: str
    open: bool
    ways: dict[Way, SeatsOut]
    group_size: int
    audience: list[str]
    questions: list[QuestionOut]
    asks_diet: bool
    asks_accessibility: bool
    space_id: str
    address: str
    contact: str
    reason: str


class EventInShort(Answer):
    """An event as a line of somebody's own list."""

    event_id: str
    state: State
    title: Texts
    start: str
    end: str
    time_zone: str


class EventList(Answer):
    """Events of a range."""

    items: list[EventOut]
    next: str | None


class StaffSeatsOut(SeatsOut):
    """The seats of a way as staff see them."""

    held: int
    over: int


class OtherOut(Answer):
    """Another event of the series, and whether it is as it now has to be."""

    event_id: str
    start: str
    outcome: Annotated[
        Literal["changed", "refused", "left"],
        Field(description="left: the same request under the same Idempotency-Key goes on with it"),
    ]
    errors: list[ProblemError]


class StaffEventOut(EventOut):
    """An event as staff see it."""

    ways: dict[Way, StaffSeatsOut]  # type: ignore[assignment]  # each has more in it, and readers read
    booking_id: Annotated[str, Field(description="of its place in one of our spaces")]
    series_id: Annotated[str, Field(description="the first event of its series")]
    remote_link: str
    feedback_link: str
    promote_until: str | None
    offers_within_minutes: int
    offer_minutes: int
    hold_minutes: int
    reminders: list[str]
    version: int
    others: Annotated[
        list[OtherOut] | None,
        Field(description="of its series, where more than this one was meant"),
    ] = None


class StaffEventList(Answer):
    """Events of a range, drafts too."""

    items: list[StaffEventOut]
    next: str | None
