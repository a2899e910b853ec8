"""Searches for time, and what is free, busy and closed; previews of bookings."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.api.schemas.base import Answer, Model
from chalicelib.api.schemas.fields import Line, SpaceId, Units, When, Words
from chalicelib.api.schemas.problems import AlternativeOut, ConflictOut, ProblemError


class AvailabilityQuery(Model):
    """A search by need."""

    from_: When = Field(alias="from")
    to: When
    space_id: Annotated[list[SpaceId], Field(max_length=50)] = []
    people: Annotated[int, Field(ge=0, le=10_000)] = 0
    minutes: Annotated[int, Field(ge=15, le=10_080)] | None = None
    units: Units = 1
    equipment: Words = []
    accessibility: Words = []


class FreeBusyQuery(Model):
    """Free and busy of several resources."""

    from_: When = Field(alias="from")
    to: When
    resources: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=64)]],
        Field(min_length=1, max_length=50),
    ]
    interval_minutes: Annotated[int, Field(ge=5, le=1440)] = 30
    time_zone: Line = ""


class Interval(Answer):
    """A time."""

    start: str
    end: str


class Reasoned(Interval):
    """A time that is not free, and why."""

    reason: Literal["booked", "tentative", "buffer", "hours", "closure", "past"]


class SpaceAvailabilityOut(Answer):
    """Free, busy and closed; `starts` where `minutes` were asked for."""

    space_id: str
    free: list[Interval]
    busy: list[Reasoned]
    closed: list[Reasoned]
    starts: list[str] | None = None


class AvailabilityOut(Answer):
    """The availability of every space that fits."""

    from_: str = Field(alias="from")
    to: str
    time_zone: str
    items: list[SpaceAvailabilityOut]


class FreeBusyResource(Answer):
    """One resource."""

    busy: list[Interval]
    view: str
    error: str | None


class FreeBusyOut(Answer):
    """Free and busy by resource."""

    from_: str = Field(alias="from")
    to: str
    time_zone: str
    resources: dict[str, FreeBusyResource]


class PreviewItem(Answer):
    """What an occurrence would be answered."""

    start: str
    end: str
    possible: bool
    errors: list[ProblemError]
    conflicts: list[ConflictOut]
    alternatives: list[AlternativeOut]


class PreviewOut(Answer):
    """One item an occurrence."""

    items: list[PreviewItem]
