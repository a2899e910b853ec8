"""Spaces, people and equipment with their rules: as they are shown, and as staff set them."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.api.schemas.base import Answer, LongTexts, Model, Texts
from chalicelib.api.schemas.fields import Clock, Day, Minutes, Quarters, SpaceId, Words
from chalicelib.api.schemas.problems import ProblemError

DayHours = Annotated[
    list[Annotated[list[Clock], Field(min_length=2, max_length=2)]], Field(max_length=6)
]
Kind = Literal["space", "combined", "pool", "person", "equipment"]


class ExceptionIn(Model):
    """Other hours on one day."""

    date: Day
    hours: DayHours = []


class Week(Model):
    """Opening hours by weekday: pairs of start and end, the last end at most 24:00."""

    mon: DayHours = []
    tue: DayHours = []
    wed: DayHours = []
    thu: DayHours = []
    fri: DayHours = []
    sat: DayHours = []
    sun: DayHours = []


class SpacePatch(Model):
    """Settings of a space; what is left out stays as it is."""

    name: Texts | None = None
    instructions: LongTexts | None = None
    kind: Kind | None = None
    parts: Annotated[list[SpaceId], Field(max_length=40)] | None = None
    capacity: Annotated[int, Field(ge=0, le=100_000)] | None = None
    units: Annotated[int, Field(ge=1, le=60)] | None = None
    equipment: Words | None = None
    accessibility: Words | None = None
    setup_minutes: Quarters | None = None
    cleanup_minutes: Quarters | None = None
    min_minutes: Annotated[int, Field(ge=15, le=10_080, multiple_of=15)] | None = None
    max_minutes: Annotated[int, Field(ge=15, le=10_080, multiple_of=15)] | None = None
    grid_minutes: Annotated[int, Field(ge=15, le=1440, multiple_of=15)] | None = None
    whole_day: bool | None = None
    notice_minutes: Minutes | None = None
    horizon_days: Annotated[int, Field(ge=0, le=1000)] | None = None
    cancel_before_minutes: Minutes | None = None
    needs_approval: bool | None = None
    open_to: (
        Annotated[list[Literal["employee", "partner", "staff"]], Field(max_length=3)] | None
    ) = None
    hours: Week | None = None
    exceptions: Annotated[list[ExceptionIn], Field(max_length=200)] | None = None
    active: bool | None = None


class SpaceIn(SpacePatch):
    """A new space."""

    space_id: SpaceId
    name: Texts


class SpaceOut(Answer):
    """A space, a person or equipment, with its rules."""

    space_id: str
    name: Texts
    instructions: LongTexts
    kind: Kind
    parts: list[str]
    capacity: int
    units: int
    equipment: list[str]
    accessibility: list[str]
    setup_minutes: int
    cleanup_minutes: int
    min_minutes: int
    max_minutes: int
    grid_minutes: int
    whole_day: bool
    notice_minutes: int
    horizon_days: int
    cancel_before_minutes: int
    needs_approval: bool
    open_to: list[str]
    hours: Week
    exceptions: list[ExceptionIn]
    active: bool
    version: int


class SpaceList(Answer):
    """Spaces."""

    items: list[SpaceOut]
    next: str | None


class AffectedOut(Answer):
    """A booking that the present settings would not allow."""

    booking_id: str
    space_ids: list[str]
    start: str
    end: str
    state: str
    errors: list[ProblemError]


class SpaceChanged(SpaceOut):
    """A space after a change, with the future bookings that it leaves outside the rules."""

    affected: list[AffectedOut]
