"""Spaces and the other things with a calendar: their rules, hours and resources."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from chalicelib.domain.footprints import Ranges, merged
from chalicelib.domain.times import local_date, slot_ceil, slot_floor, wall

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Text = Mapping[str, str]  # by language: fi, sv, en
Opening = tuple[int, int]  # minutes after local midnight, the end at most 1440
Openings = tuple[Opening, ...]


class Kind(StrEnum):
    """What sort of thing is booked."""

    SPACE = "space"
    COMBINED = "combined"
    POOL = "pool"
    PERSON = "person"
    EQUIPMENT = "equipment"


PLACES = (Kind.SPACE, Kind.COMBINED, Kind.POOL)


@dataclass(frozen=True, slots=True)
class Hours:
    """When something is open: by weekday (Monday first), with dated exceptions."""

    week: tuple[Openings, ...] = ((),) * 7
    exceptions: tuple[tuple[date, Openings], ...] = ()

    def on(self, day: date) -> Openings:
        """The openings of a local day."""
        for excepted, openings in self.exceptions:
            if excepted == day:
                return openings
        return self.week[day.weekday()]


@dataclass(frozen=True, slots=True)
class Space:
    """A bookable place, a person or equipment, with the rules for booking it. Times in minutes."""

    space_id: str
    name: Text
    kind: Kind = Kind.SPACE
    instructions: Text = field(default_factory=dict)
    parts: tuple[str, ...] = ()
    capacity: int = 1
    units: int = 1
    most_units: int = (
        1  # that it ever had: bookings may still hold the calendars of those taken away
    )
    equipment: tuple[str, ...] = ()
    accessibility: tuple[str, ...] = ()
    setup_minutes: int = 0
    cleanup_minutes: int = 0
    min_minutes: int = 30
    max_minutes: int = 480
    grid_minutes: int = 15
    whole_day: bool = False
    notice_minutes: int = 0
    horizon_days: int = 180
    cancel_before_minutes: int = 0
    needs_approval: bool = False
    open_to: tuple[str, ...] = ("employee", "partner")
    hours: Hours = Hours()
    active: bool = True
    version: int = 1

    def resource_ids(self) -> tuple[str, ...]:
        """The calendars of an atomic space, a pool, a person or equipment (not of a combined space)."""
        if self.kind in (Kind.POOL, Kind.EQUIPMENT):
            return self._units(self.units)
        return (self.space_id,)

    def past_resource_ids(self) -> tuple[str, ...]:
        """As `resource_ids`, and the calendars of units that there were once."""
        if self.kind in (Kind.POOL, Kind.EQUIPMENT):
            return self._units(max(self.units, self.most_units))
        return (self.space_id,)

    def _units(self, count: int) -> tuple[str, ...]:
        return tuple(f"{self.space_id}.{unit}" for unit in range(1, count + 1))


def space_id_of(resource_id: str) -> str:
    """The space that a resource belongs to: `desks.3` is a unit of `desks`."""
    return resource_id.partition(".")[0]


@lru_cache(maxsize=16384)
def openings_on(hours: Hours, day: date, zone: ZoneInfo) -> Ranges:
    """The openings of a local day as ranges of slots; each begins a grid of its own."""
    return tuple(
        (slot_ceil(wall(day, start, zone)), slot_floor(wall(day, end, zone)))
        for start, end in hours.on(day)
    )


def openings_between(
    hours: Hours, starts_at: datetime, ends_at: datetime, zone: ZoneInfo
) -> list[tuple[int, int]]:
    """Every opening of the local days that an interval touches, in order, not merged."""
    day, last = local_date(starts_at, zone), local_date(ends_at, zone)
    found: list[tuple[int, int]] = []
    while day <= last:
        found.extend(openings_on(hours, day, zone))
        day += timedelta(days=1)
    return found


@lru_cache(maxsize=1024)  # spaces of one house often have the same hours
def open_ranges(hours: Hours, starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> Ranges:
    """When something is open, as ranges of slots: 24:00 and the next day's 00:00 are one opening."""
    return merged(openings_between(hours, starts_at, ends_at, zone))
