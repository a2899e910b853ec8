"""From a request and the ledger to the slots to claim: picks free units and people, names conflicts."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain.bookings import Booking
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import Conflict, Problem, Refused
from chalicelib.domain.footprints import Range, Ranges, common, merged, minus
from chalicelib.domain.occupancy import (
    BOOKED,
    BUFFER,
    CLOSURE,
    TENTATIVE,
    Masks,
    Occupancy,
    mask_of,
    ranges_of,
)
from chalicelib.domain.rules import Ask, Wanted, broken, broken_for, unique, wanted
from chalicelib.domain.spaces import Kind, Space
from chalicelib.domain.times import (
    instant_of,
    local_date,
    midnight,
    slot_ceil,
    slot_floor,
    slots_of,
)

FACILITATOR = "facilitator"  # how a request and a conflict name "any facilitator"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a booking would hold if it were made now; `ended` are lapsed holds in its way."""

    footprint: Mapping[str, Ranges]
    facilitator: str | None
    needs_approval: bool
    governing: Mapping[str, int]
    ended: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Need:
    """`count` calendars out of `choices`, over `window`; a fixed one is its own only choice."""

    choices: tuple[str, ...]
    count: int
    window: Range
    pointer: str
    space_id: str | None = None
    resource_id: str | None = None


def window(ask: Ask, catalog: Catalog, asked: Space, part: Space) -> Range:
    """The slots that a booking of `asked` takes of its part: with setup, cleanup and whole days.

    The buffers are the longer of the two spaces' own; `override: ["buffers"]` makes them none.
    """
    start, end = ask.core
    if "buffers" not in ask.override:
        start -= slots_of(max(asked.setup_minutes, part.setup_minutes))
        end += slots_of(max(asked.cleanup_minutes, part.cleanup_minutes))
    if asked.whole_day or part.whole_day:
        zone = catalog.site.zone
        first_day = local_date(ask.starts_at, zone)
        last_day = local_date(ask.ends_at - timedelta(microseconds=1), zone)
        start = min(start, slot_floor(midnight(first_day, zone)))
        end = max(end, slot_ceil(midnight(last_day + timedelta(days=1), zone)))
    return start, end


def reach(ask: Ask, catalog: Catalog) -> tuple[list[str], Range]:
    """All calendars that a request may need, and the slots to read of them."""
    needs = list(_needs(ask, catalog, wanted(ask, catalog)[0], catalog.people()))
    resources = dict.fromkeys(choice for need in needs for choice in need.choices)
    spans = [need.window for need in needs] or [ask.core]
    return list(resources), (min(span[0] for span in spans), max(span[1] for span in spans))


def make_plan(
    ask: Ask,
    catalog: Catalog,
    occupancy: Occupancy,
    now: datetime,
    *,
    before: Booking | None = None,
    preferred: Iterable[str] = (),
    also: Iterable[Problem] = (),
) -> Plan:
    """Decide a request: what it would hold, or Refused with every broken rule and every conflict.

    `preferred` are units to take first; `also` is what else is wrong with it, quotas among it; with
    `before`, a change is judged by what it changes, and its present slots must be ignored by
    `occupancy`.
    """
    problems = [*also, *broken(ask, catalog, now, before)]
    if any(problem.code == "invalid-request" for problem in problems):
        raise Refused(problems)
    things, _ = wanted(ask, catalog)
    people, person_problems = _people(ask, catalog, now, before)
    problems += person_problems
    footprint: dict[str, list[Range]] = {}
    conflicts: list[Conflict] = []
    picked: list[str] = []
    order = list(dict.fromkeys((*_kept(before), *preferred)))
    needs = list(_needs(ask, catalog, things, people))
    for need in sorted(needs, key=lambda each: each.count < len(each.choices)):
        free = [
            choice
            for choice in need.choices
            if not _taken(choice, need.window, catalog, occupancy, before)
        ]
        free.sort(key=lambda choice: (choice not in footprint, _rank(choice, order)))
        if len(free) < need.count:
            found, closed = _in_the_way(need, ask, catalog, occupancy, before)
            conflicts += found
            problems += closed
            continue
        for choice in free[: need.count]:
            footprint.setdefault(choice, []).append(need.window)
            picked.append(choice)
    if any(conflict.reason != CLOSURE for conflict in conflicts):
        problems.append(Problem("slot-taken", "/start"))
    if problems:
        raise Refused(unique(problems), sorted(set(conflicts), key=lambda each: each.starts_at))
    spaces = [thing.space for thing in things]
    chosen = [person for person in people if person.space_id in picked]
    return Plan(
        footprint={key: merged(ranges) for key, ranges in sorted(footprint.items())},
        facilitator=chosen[0].space_id if chosen else None,
        needs_approval=any(space.needs_approval for space in spaces),
        governing=catalog.governing(spaces + chosen),
        ended=frozenset(occupancy.ended_holders(footprint)),
    )


def _needs(
    ask: Ask, catalog: Catalog, things: list[Wanted], people: list[Space]
) -> Iterator[_Need]:
    for thing in things:
        space = thing.space
        if space.kind in (Kind.POOL, Kind.EQUIPMENT):
            named = (
                {"resource_id": space.space_id}
                if space.kind is Kind.EQUIPMENT
                else {"space_id": space.space_id}
            )
            yield _Need(
                space.resource_ids(),
                min(thing.count, space.units),
                window(ask, catalog, space, space),
                thing.pointer,
                **named,
            )
            continue
        for part in catalog.parts_of(space):
            span = window(ask, catalog, space, part)
            for resource in part.resource_ids():
                yield _Need((resource,), 1, span, thing.pointer, space_id=space.space_id)
    if ask.facilitation and people:
        spans = [window(ask, catalog, person, person) for person in people]
        widest = (min(span[0] for span in spans), max(span[1] for span in spans))
        choices = tuple(person.space_id for person in people)
        yield _Need(choices, 1, widest, "/facilitation/wanted", resource_id=FACILITATOR)


def _people(
    ask: Ask, catalog: Catalog, now: datetime, before: Booking | None
) -> tuple[list[Space], list[Problem]]:
    """The facilitators whose own rules allow the time; where none's do, what is in the way."""
    if not ask.facilitation:
        return [], []
    pointer = "/facilitation/wanted"
    possible: list[Space] = []
    problems: list[Problem] = []
    for person in catalog.people():
        found = [
            problem
            for problem in broken_for(Wanted(person, pointer), ask, catalog, now, before)
            if problem.code not in ask.override
        ]
        problems += found
        if not found:
            possible.append(person)
    if possible:
        return possible, []
    if not problems:
        return [], [Problem("unknown-space", pointer, {"space_id": FACILITATOR})]
    return [], [
        Problem(problem.code, pointer, {**problem.params, "space_id": FACILITATOR})
        for problem in {problem.code: problem for problem in problems}.values()
    ]


def _kept(before: Booking | None) -> list[str]:
    return list(before.footprint) if before else []


def _rank(choice: str, order: list[str]) -> int:
    return order.index(choice) if choice in order else len(order)


def _closed(
    resource: str, span: Range, catalog: Catalog, masks: Masks, base: int, before: Booking | None
) -> Ranges:
    """The closed slots of a window, what a changed booking has already not among them."""
    records = common((span,), catalog.closed_ranges(resource))
    closed = merged((*records, *common((span,), ranges_of(masks.closure, base))))
    return minus(closed, before.footprint.get(resource, ()) if before else ())


def _taken(
    resource: str,
    span: Range,
    catalog: Catalog,
    occupancy: Occupancy,
    before: Booking | None,
) -> bool:
    masks = occupancy.masks(resource)
    size = occupancy.last - occupancy.first
    return bool(
        masks.taken & mask_of((span,), occupancy.first, size)
        or _closed(resource, span, catalog, masks, occupancy.first, before)
    )


def _in_the_way(
    need: _Need, ask: Ask, catalog: Catalog, occupancy: Occupancy, before: Booking | None
) -> tuple[list[Conflict], list[Problem]]:
    """What keeps a need from being met: conflicts with bookings, or a problem `closed`."""
    base, size = occupancy.first, occupancy.last - occupancy.first
    span = mask_of((need.window,), base, size)
    conflicts: list[Conflict] = []
    problems: list[Problem] = []
    shut: list[Ranges] = []
    for choice in need.choices:
        masks = occupancy.masks(choice)
        shut.append(_closed(choice, need.window, catalog, masks, base, before))
        conflicts += [
            _conflict(need, piece, reason)
            for mask, reason in (
                (masks.booked, BOOKED),
                (masks.tentative, TENTATIVE),
                (masks.buffer, BUFFER),
            )
            for piece in ranges_of(mask & span, base)
        ]
    if len(need.choices) - sum(map(bool, shut)) < need.count:
        closed = merged(piece for ranges in shut for piece in ranges)
        conflicts += [_conflict(need, piece, CLOSURE) for piece in closed]
        problems.append(_closed_problem(need, closed, ask))
    return conflicts, problems


def _conflict(need: _Need, piece: Range, reason: str) -> Conflict:
    starts_at, ends_at = instant_of(piece[0]), instant_of(piece[1])
    return Conflict(starts_at, ends_at, reason, need.space_id, need.resource_id)


def _closed_problem(need: _Need, closed: Ranges, ask: Ask) -> Problem:
    start, end = ask.core
    part, pointer = "time", "/start"
    if not common(((start, end),), closed):
        part, pointer = ("setup", "/start") if closed[0][0] < start else ("cleanup", "/end")
    params = {
        "space_id": need.space_id or need.resource_id,
        "part": part,
        "starts_at": instant_of(closed[0][0]),
        "ends_at": instant_of(closed[-1][1]),
    }
    return Problem("closed", pointer, params)
