"""Events that come again."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.api.schemas.base import Answer, Model
from chalicelib.api.schemas.bookings import Overrides
from chalicelib.api.schemas.problems import ProblemError

Rule = Annotated[
    str,
    StringConstraints(min_length=1, max_length=300, pattern=r"^[A-Za-z0-9=;:,+-]+$"),
    Field(
        description="RRULE of RFC 5545 with COUNT or UNTIL; at most 52 dates, the first included",
        examples=["FREQ=WEEKLY;COUNT=6"],
    ),
]


class SeriesIn(Model):
    """By which rule an event comes again, on the wall-clock of the site."""

    rrule: Rule
    override: Annotated[
        Overrides, Field(description="rules of booking that do not count for their places")
    ] = []


class OccurrenceOut(Answer):
    """One date of a series. `left`: nobody has come to it yet; `missing`: there is no event of it."""

    start: Annotated[str, Field(description="by the rule; the event may have been moved since")]
    event_id: str | None
    state: Literal["draft", "published", "cancelled", "missing", "refused", "left"]
    errors: list[ProblemError]


class SeriesOut(Answer):
    """A series: single events, each with its place, its seats and its sign-ups."""

    series_id: Annotated[str, Field(description="the id of the first event")]
    rrule: str
    done: bool
    items: Annotated[list[OccurrenceOut], Field(description="those after the first")]
