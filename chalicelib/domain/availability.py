"""Free, busy and closed time, and the starts at which a booking would be taken now.

All of it is arithmetic on integers whose bits are slots, so that a week of twenty spaces takes a few
milliseconds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import Alternative, Refused
from chalicelib.domain.footprints import Ranges
from chalicelib.domain.occupancy import (
    BOOKED,
    BUFFER,
    CLOSURE,
    TENTATIVE,
    Masks,
    Occupancy,
    mask_of,
    ranges_of,
    run_starts,
)
from chalicelib.domain.planning import make_plan, reach
from chalicelib.domain.rules import Ask, open_hours
from chalicelib.domain.spaces import Kind, Space, open_ranges, openings_between
from chalicelib.domain.stretches import Stretch, laid_out
from chalicelib.domain.times import (
    SLOT_MINUTES,
    instant_of,
    local_date,
    midnight,
    plus_days,
    slot_ceil,
    slot_floor,
    slots_of,
)

HOURS, PAST = "hours", "past"
NEAR_DAYS = 7  # how far from the wished time another one is looked for


@dataclass(frozen=True, slots=True)
class SpaceAvailability:
    """What one space is, over a range; `starts` where a length was asked for."""

    space: Space
    free: tuple[Stretch, ...]
    busy: tuple[Stretch, ...]
    closed: tuple[Stretch, ...]
    starts: tuple[datetime, ...] | None = None


def margin(spaces: Iterable[Space], catalog: Catalog) -> timedelta:
    """How far beyond a range the ledger matters: the longest buffers, and whole days."""
    parts = [each for space in spaces for each in (space, *catalog.parts_of(space))]
    if any(part.whole_day for part in parts):
        return timedelta(days=1, hours=2)
    longest = max((max(part.setup_minutes, part.cleanup_minutes) for part in parts), default=0)
    return timedelta(minutes=slots_of(longest) * SLOT_MINUTES)


def availability(
    space: Space,
    catalog: Catalog,
    occupancy: Occupancy,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
    *,
    minutes: int | None = None,
    units: int = 1,
) -> SpaceAvailability:
    """Free, busy and closed time of a space, which partition [starts_at, ends_at) exactly.

    With `minutes`, also the starts that would be taken now, and only the free time that has one;
    `occupancy` must then reach as far beyond the range as `margin` says.
    """
    masks = space_masks(space, catalog, occupancy, units)
    base, size = occupancy.first, occupancy.last - occupancy.first
    span = mask_of(((slot_floor(starts_at), slot_ceil(ends_at)),), base, size)
    hours = _hours_mask(open_hours(space, catalog, starts_at, ends_at), base, size)
    past = mask_of(((base, slot_ceil(now)),), base, size)
    left = span & ~masks.taken
    free = left & hours & ~past
    starts = None
    if minutes is not None:
        possible = _starts(space, catalog, occupancy, starts_at, ends_at, now, minutes, units)
        runs = ((run, mask_of((run,), base, size)) for run in ranges_of(free, base))
        free = mask_of(tuple(run for run, bits in runs if bits & possible), base, size)
        starts = tuple(instant_of(start) for start in _slots(possible, base))
    taken = {
        BOOKED: masks.booked & span,
        TENTATIVE: masks.tentative & span,
        BUFFER: masks.buffer & span,
    }
    shut = {CLOSURE: masks.closure & span, HOURS: left & ~hours, PAST: left & hours & past}
    groups = ({"": free}, taken, shut)
    free_times, busy, closed = laid_out(groups, base, starts_at, ends_at)
    return SpaceAvailability(space, free_times, busy, closed, starts)


def space_masks(space: Space, catalog: Catalog, occupancy: Occupancy, units: int = 1) -> Masks:
    """The taken time of a space: of all its parts together, or of a pool short of `units` units."""
    if space.kind in (Kind.POOL, Kind.EQUIPMENT):
        return _pool_masks(space, catalog, occupancy, units)
    each = [_with_records(resource, catalog, occupancy) for resource in catalog.resource_ids(space)]
    if len(each) == 1:
        return each[0]
    booked = tentative = buffer = closure = 0
    for masks in each:
        booked |= masks.booked
        tentative |= masks.tentative
        buffer |= masks.buffer
        closure |= masks.closure
    booked &= ~closure
    tentative &= ~(closure | booked)
    return Masks(booked, tentative, buffer & ~(closure | booked | tentative), closure)


def alternatives(
    ask: Ask,
    catalog: Catalog,
    occupancy: Occupancy,
    now: datetime,
    *,
    between: tuple[datetime, datetime],
    spaces: Iterable[Space] = (),
    most: int = 3,
) -> list[Alternative]:
    """The nearest other times for the same spaces, and other spaces at the time, the smallest first.

    Every one is planned as a booking would be, so that what is offered can be booked. `between`
    bounds the times that `occupancy` knows.
    """
    found = [
        Alternative(ask.space_ids, start, start + (ask.ends_at - ask.starts_at))
        for start in _near(ask, catalog, occupancy, now, between, most)
    ]
    for space in sorted(spaces, key=lambda each: (each.capacity, each.space_id)):
        if space.space_id in ask.space_ids or space.capacity > 4 * max(ask.attendees, 10):
            continue
        if space.units < ask.units:  # who wants two desks is not helped by a room
            continue
        if fits(_at(ask, ask.starts_at, (space.space_id,)), catalog, occupancy, now):
            found.append(Alternative((space.space_id,), ask.starts_at, ask.ends_at))
    return found[: 2 * most]


def fits(ask: Ask, catalog: Catalog, occupancy: Occupancy, now: datetime) -> bool:
    """Whether a request would be taken, as far as `occupancy` can tell: what was not read is not free."""
    _, (first, last) = reach(ask, catalog)
    if first < occupancy.first or last > occupancy.last:
        return False
    try:
        make_plan(ask, catalog, occupancy, now)
    except Refused:
        return False
    return True


def _near(
    ask: Ask,
    catalog: Catalog,
    occupancy: Occupancy,
    now: datetime,
    between: tuple[datetime, datetime],
    most: int,
) -> list[datetime]:
    spaces = [space for space_id in ask.space_ids if (space := catalog.active(space_id))]
    if len(spaces) < len(ask.space_ids) or not spaces:
        return []
    length = ask.ends_at - ask.starts_at
    minutes = slots_of(int(length.total_seconds()) // 60) * SLOT_MINUTES
    common = -1  # every slot
    for space in spaces:
        common &= _starts(
            space, catalog, occupancy, *between, now, minutes, ask.units, ask.override
        )
    wished = slot_floor(ask.starts_at)
    starts = _slots(common, occupancy.first)
    nearest = sorted(starts, key=lambda start: (abs(start - wished), start))
    found: list[datetime] = []
    for start in nearest[: 8 * most]:
        instant = instant_of(start)
        if instant != ask.starts_at and fits(
            _at(ask, instant, ask.space_ids), catalog, occupancy, now
        ):
            found.append(instant)
        if len(found) == most:
            break
    return sorted(found)


def _at(ask: Ask, start: datetime, space_ids: tuple[str, ...]) -> Ask:
    return Ask(
        space_ids=space_ids,
        starts_at=start,
        ends_at=start + (ask.ends_at - ask.starts_at),
        attendees=ask.attendees,
        units=ask.units,
        equipment=ask.equipment,
        facilitation=ask.facilitation,
        override=ask.override,
        staff=ask.staff,
    )


def _starts(
    space: Space,
    catalog: Catalog,
    occupancy: Occupancy,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
    minutes: int,
    units: int,
    override: tuple[str, ...] = (),
) -> int:
    """The slots at which a booking of `minutes` within the range would be taken, as bits."""
    if not space.min_minutes <= minutes <= space.max_minutes or minutes % SLOT_MINUTES:
        return 0
    zone = catalog.site.zone
    base, size = occupancy.first, occupancy.last - occupancy.first
    length = minutes // SLOT_MINUTES
    possible = run_starts(
        _hours_mask(open_hours(space, catalog, starts_at, ends_at), base, size), length
    )
    earliest = slot_ceil(max(starts_at, now + timedelta(minutes=space.notice_minutes)))
    latest = min(slot_floor(plus_days(now, space.horizon_days, zone)), slot_floor(ends_at) - length)
    possible &= mask_of(((earliest, latest + 1),), base, size)
    possible &= _grid(space, catalog, starts_at, ends_at, base, size)
    pools = space.kind in (Kind.POOL, Kind.EQUIPMENT)
    enough = [possible] + [0] * units
    for part in catalog.parts_of(space):
        buffers = "buffers" not in override
        setup = slots_of(max(space.setup_minutes, part.setup_minutes)) if buffers else 0
        cleanup = slots_of(max(space.cleanup_minutes, part.cleanup_minutes)) if buffers else 0
        for resource in part.resource_ids():
            taken = _with_records(resource, catalog, occupancy).taken
            free = ~taken & ((1 << size) - 1)
            whole = run_starts(free, length + setup + cleanup) << setup
            if space.whole_day or part.whole_day:
                whole &= run_starts(~_whole_days(taken, catalog, occupancy), length)
            if not pools:
                possible &= whole
                continue
            for count in range(units, 0, -1):
                enough[count] |= enough[count - 1] & whole
    return enough[units] if pools else possible


def _slots(mask: int, base: int) -> list[int]:
    return [slot for first, last in ranges_of(mask, base) for slot in range(first, last)]


def _grid(
    space: Space, catalog: Catalog, starts_at: datetime, ends_at: datetime, base: int, size: int
) -> int:
    """The slots that a booking of a space may begin at; each opening begins a grid of its own."""
    step, zone = space.grid_minutes // SLOT_MINUTES, catalog.site.zone
    if step == 1:
        return mask_of(open_ranges(space.hours, starts_at, ends_at, zone), base, size)
    openings = openings_between(space.hours, starts_at, ends_at, zone)
    grid = [(slot, slot + 1) for opening in openings for slot in range(*opening, step)]
    return mask_of(tuple(grid), base, size)


def _whole_days(taken: int, catalog: Catalog, occupancy: Occupancy) -> int:
    """Every local day of which anything is taken, as taken whole."""
    zone = catalog.site.zone
    base, size = occupancy.first, occupancy.last - occupancy.first
    day = local_date(instant_of(base), zone)
    filled = taken
    while (start := midnight(day, zone)) < instant_of(occupancy.last):
        day += timedelta(days=1)
        whole = mask_of(((slot_floor(start), slot_ceil(midnight(day, zone))),), base, size)
        if taken & whole:
            filled |= whole
    return filled


def _with_records(resource: str, catalog: Catalog, occupancy: Occupancy) -> Masks:
    """The ledger's word on a resource, and closures that are still being claimed."""
    masks = occupancy.masks(resource)
    base, size = occupancy.first, occupancy.last - occupancy.first
    closed = mask_of(catalog.closed_ranges(resource), base, size)
    if not closed:
        return masks
    closure = masks.closure | (closed & ~masks.busy)
    return Masks(masks.booked, masks.tentative, masks.buffer, closure)


def _pool_masks(space: Space, catalog: Catalog, occupancy: Occupancy, units: int) -> Masks:
    """A pool is taken where fewer than `units` units are free, for the reason that decides it."""
    each = [_with_records(resource, catalog, occupancy) for resource in space.resource_ids()]
    whole = (1 << (occupancy.last - occupancy.first)) - 1

    def fewer(taken: Iterable[int]) -> int:
        enough = [whole] + [0] * units
        for bits in taken:
            for count in range(units, 0, -1):
                enough[count] |= enough[count - 1] & ~bits
        return whole & ~enough[units]

    closure = fewer(masks.closure for masks in each)
    booked = fewer(masks.closure | masks.booked for masks in each) & ~closure
    tentative = fewer(masks.taken & ~masks.buffer for masks in each) & ~(closure | booked)
    buffer = fewer(masks.taken for masks in each) & ~(closure | booked | tentative)
    return Masks(booked, tentative, buffer, closure)


@lru_cache(maxsize=256)  # spaces of one house often have the same hours
def _hours_mask(hours: Ranges, base: int, size: int) -> int:
    return mask_of(hours, base, size)


def view(
    found: SpaceAvailability, starts_at: datetime, ends_at: datetime, interval_minutes: int
) -> str:
    """A digit an interval, the highest in it: 0 free, 1 pending or held, 2 busy, 3 closed.

    The last interval may be shorter. These are the digits of Microsoft Graph's availabilityView but
    for 3, which there is "out of office".
    """
    step = timedelta(minutes=interval_minutes)
    count = -(-(ends_at - starts_at) // step)
    digits = bytearray(b"0" * count)
    graded = [(stretch, _digit(stretch.reason)) for stretch in (*found.busy, *found.closed)]
    for stretch, digit in graded:
        first = (stretch.starts_at - starts_at) // step
        last = -(-(stretch.ends_at - starts_at) // step)
        for index in range(first, last):
            digits[index] = max(digits[index], digit)
    return digits.decode()


def _digit(reason: str) -> int:
    return {TENTATIVE: ord("1"), HOURS: ord("3"), CLOSURE: ord("3"), PAST: ord("3")}.get(
        reason, ord("2")
    )
