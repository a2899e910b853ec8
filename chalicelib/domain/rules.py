"""The rules of booking: for a request, every rule that it breaks.

A change to a booking is judged by what it changes: a rename breaks nothing, a shorter end is not
"too long", and only the time that is gained has to lie within opening hours.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chalicelib.domain.bookings import Booking
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import Problem
from chalicelib.domain.footprints import Ranges, common, minus
from chalicelib.domain.spaces import PLACES, Kind, Space, open_ranges, openings_between
from chalicelib.domain.times import (
    SLOT_MINUTES,
    SLOT_SECONDS,
    local_date,
    midnight,
    plus_days,
    slot_ceil,
    slot_floor,
)

LONGEST = timedelta(days=7)  # of any booking, whoever allows it: for more there are closures
OVERRIDABLE = (
    "outside-opening-hours",
    "too-short",
    "too-long",
    "too-soon",
    "too-far-ahead",
    "over-capacity",
    "off-grid",
    "quota-exceeded",
    "buffers",
)


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody wants to book."""

    space_ids: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    attendees: int = 1
    units: int = 1
    equipment: Mapping[str, int] = field(default_factory=dict)
    facilitation: bool = False
    override: tuple[str, ...] = ()
    staff: bool = False

    @property
    def core(self) -> tuple[int, int]:
        """The slots of the time itself, setup and cleanup not counted."""
        return slot_floor(self.starts_at), slot_ceil(self.ends_at)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing that is asked for, and where the request names it."""

    space: Space
    pointer: str
    count: int = 1


def wanted(ask: Ask, catalog: Catalog) -> tuple[list[Wanted], list[Problem]]:
    """The spaces and equipment asked for, and a problem for each that there is not."""
    found: list[Wanted] = []
    problems: list[Problem] = []
    for index, space_id in enumerate(dict.fromkeys(ask.space_ids)):
        space = catalog.active(space_id)
        if space is None or space.kind not in PLACES:
            problems.append(Problem("unknown-space", f"/space_ids/{index}", {"space_id": space_id}))
            continue
        count = ask.units if space.kind is Kind.POOL else 1
        found.append(Wanted(space, f"/space_ids/{index}", count))
    for equipment_id, count in ask.equipment.items():
        space = catalog.active(equipment_id)
        pointer = f"/equipment/{equipment_id}"
        if space is None or space.kind is not Kind.EQUIPMENT:
            problems.append(Problem("unknown-space", pointer, {"space_id": equipment_id}))
        elif count:
            found.append(Wanted(space, pointer, count))
    return found, problems


def broken(
    ask: Ask, catalog: Catalog, now: datetime, before: Booking | None = None
) -> list[Problem]:
    """Every rule that a request breaks, closures and the quota aside; `before`: what it changes."""
    things, problems = wanted(ask, catalog)
    if ask.ends_at <= ask.starts_at:
        # No rule about times can be judged, but the others can.
        problems += [Problem("invalid-request", "/end", {"why": "end-before-start"})]
        problems += _capacity(ask, things, catalog)
        return [problem for problem in unique(problems) if not _overridden(problem, ask)]
    if before is None or ask.starts_at != before.starts_at:
        problems += _past(ask, catalog, now)
    problems += _slots(ask, before)
    for thing in things:
        problems += broken_for(thing, ask, catalog, now, before)
    if before is None or _numbers(ask) != _numbers_of(before):
        problems += _capacity(ask, things, catalog)
    left = [problem for problem in unique(problems) if not _overridden(problem, ask)]
    if _endless(ask) and all(problem.code != "too-long" for problem in left):
        left.append(Problem("too-long", "/end", {"minutes": LONGEST // timedelta(minutes=1)}))
    return left


def _endless(ask: Ask) -> bool:
    return ask.ends_at - ask.starts_at > LONGEST


def broken_for(
    thing: Wanted, ask: Ask, catalog: Catalog, now: datetime, before: Booking | None
) -> list[Problem]:
    """The rules of one space, person or piece of equipment that a request breaks."""
    if before is not None and not _had(before, thing.space):
        before = None
    return list(_times(thing, ask, catalog, now, before))


def too_many(ask: Ask, catalog: Catalog) -> list[Problem]:
    """Where more people, units or pieces of equipment are asked for than there are."""
    return list(_capacity(ask, wanted(ask, catalog)[0], catalog))


def earliest_for_staff(catalog: Catalog, now: datetime) -> datetime:
    """How far back staff may still book and move: today, and yesterday until one o'clock."""
    zone = catalog.site.zone
    return midnight(local_date(now - timedelta(hours=1), zone), zone)


def _past(ask: Ask, catalog: Catalog, now: datetime) -> Iterator[Problem]:
    earliest = earliest_for_staff(catalog, now) if ask.staff else now
    if ask.starts_at < earliest:
        yield Problem("in-the-past", "/start")


def _slots(ask: Ask, before: Booking | None) -> Iterator[Problem]:
    for pointer, instant, old in (
        ("/start", ask.starts_at, before and before.starts_at),
        ("/end", ask.ends_at, before and before.ends_at),
    ):
        if instant != old and (instant.timestamp() % SLOT_SECONDS or instant.microsecond):
            yield Problem("off-grid", pointer, {"minutes": SLOT_MINUTES, "slots": True})


def _times(
    thing: Wanted, ask: Ask, catalog: Catalog, now: datetime, before: Booking | None
) -> Iterator[Problem]:
    space, zone = thing.space, catalog.site.zone
    params = {"space_id": space.space_id}
    length = ask.ends_at - ask.starts_at
    old_length = before.ends_at - before.starts_at if before else None
    if length < timedelta(minutes=space.min_minutes) and (not old_length or length < old_length):
        yield Problem("too-short", "/end", {**params, "minutes": space.min_minutes})
    if length > timedelta(minutes=space.max_minutes) and (not old_length or length > old_length):
        yield Problem("too-long", "/end", {**params, "minutes": space.max_minutes})
    if before is None or ask.starts_at != before.starts_at:
        # What began already is the affair of `in-the-past`, which has its own answer for staff.
        if now <= ask.starts_at < now + timedelta(minutes=space.notice_minutes):
            yield Problem("too-soon", "/start", {**params, "minutes": space.notice_minutes})
        latest = plus_days(now, space.horizon_days, zone)
        if ask.starts_at > latest:
            yield Problem("too-far-ahead", "/start", {**params, "latest": latest})
        if not _on_grid(space, ask, catalog):
            yield Problem("off-grid", "/start", {**params, "minutes": space.grid_minutes})
    gained: Ranges = (ask.core,)
    if before is not None:
        gained = minus(gained, ((slot_floor(before.starts_at), slot_ceil(before.ends_at)),))
    if (
        gained
        and not _endless(ask)
        and minus(gained, open_hours(space, catalog, ask.starts_at, ask.ends_at))
    ):
        yield Problem("outside-opening-hours", "/start", params)


def open_hours(space: Space, catalog: Catalog, starts_at: datetime, ends_at: datetime) -> Ranges:
    """When a space is open: by its own hours and those of all its parts."""
    zone = catalog.site.zone
    ranges = open_ranges(space.hours, starts_at, ends_at, zone)
    for part in catalog.parts_of(space):
        if part is not space and part.hours != space.hours:
            ranges = common(ranges, open_ranges(part.hours, starts_at, ends_at, zone))
    return ranges


def _on_grid(space: Space, ask: Ask, catalog: Catalog) -> bool:
    start, step = ask.core[0], space.grid_minutes // SLOT_MINUTES
    openings = openings_between(space.hours, ask.starts_at, ask.starts_at, catalog.site.zone)
    grids = [first for first, last in openings if first <= start < last]
    # Outside every opening there is no grid, only slots.
    return not grids or any((start - first) % step == 0 for first in grids)


def _capacity(ask: Ask, things: list[Wanted], catalog: Catalog) -> Iterator[Problem]:
    places = [thing for thing in things if thing.space.kind in PLACES]
    if places and not any(thing.space.kind is Kind.POOL for thing in places) and ask.units > 1:
        yield Problem("over-capacity", "/units", {"limit": 1})
    for thing in things:
        if thing.count > thing.space.units and thing.space.kind is not Kind.COMBINED:
            pointer = "/units" if thing.space.kind is Kind.POOL else thing.pointer
            yield Problem("over-capacity", pointer, {"limit": thing.space.units})
    resources = {thing.space.space_id: set(catalog.resource_ids(thing.space)) for thing in places}
    limit = sum(
        thing.space.capacity * thing.count
        for thing in places
        if not any(resources[thing.space.space_id] < other for other in resources.values())
    )
    if places and ask.attendees > limit:
        yield Problem("over-capacity", "/attendees", {"limit": limit})


def _had(booking: Booking, space: Space) -> bool:
    return (
        space.space_id in booking.space_ids
        or space.space_id in booking.equipment
        or space.space_id == booking.facilitator
    )


def _numbers(ask: Ask) -> tuple[object, ...]:
    return set(ask.space_ids), ask.attendees, ask.units, dict(ask.equipment)


def _numbers_of(booking: Booking) -> tuple[object, ...]:
    return set(booking.space_ids), booking.attendees, booking.units, dict(booking.equipment)


def _overridden(problem: Problem, ask: Ask) -> bool:
    return problem.code in ask.override and not problem.params.get("slots")


def unique(problems: list[Problem]) -> list[Problem]:
    """Each rule once for each field and space, each quota once."""
    seen: dict[tuple[object, ...], Problem] = {}
    for problem in problems:
        about = (problem.params.get("space_id"), problem.params.get("quota"))
        seen.setdefault((problem.code, problem.pointer, *about), problem)
    return list(seen.values())
