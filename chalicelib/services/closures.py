"""Closing spaces and opening them again, for any length of time, a few days in each transaction.

A closure holds what is free and leaves bookings alone: they are listed, and their slots follow when
they become free. It keeps everybody else out from its first transaction on, since the rules know of
it before the ledger has all of it.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.bookings import Booking, check_version
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.closures import (
    Closure,
    ClosureState,
    after_claim,
    after_release,
    held_chunk,
    lifting,
    restarted,
)
from chalicelib.domain.errors import Broken, NotFound, Problem, Race, Refused, refuse
from chalicelib.domain.footprints import Ranges, common, day_keys, difference, minus
from chalicelib.domain.occupancy import LedgerDay, is_closure, ranges_of
from chalicelib.domain.times import day_of, first_slot
from chalicelib.services.expiry import release_ended
from chalicelib.services.ports import Ports
from chalicelib.services.writing import AlreadyDone, Attempt, Intent, Outcome, write

log = logging.getLogger(__name__)
MOST_RESOURCES = 70
MOST_DAYS = 800
REQUEST_SECONDS = 8.0  # of claiming within one request; the rest goes on by the clock


@dataclass(frozen=True, slots=True)
class ClosureRequest:
    """What is to be closed, when and why."""

    space_ids: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ClosureView:
    """A closure and the bookings in its way."""

    closure: Closure
    conflicts: tuple[Booking, ...] = ()


def close(ports: Ports, request: ClosureRequest, intent: Intent) -> Outcome[Closure]:
    """Record a closure and claim its first days; `go_on` claims the rest.

    The bookings in its way are listed by `view`. Refused with `unknown-space`, `in-the-past` or
    `range-too-long`.
    """
    closure_id = ports.clock.new_id("c")

    def decide(attempt: Attempt) -> Closure:
        now = ports.clock.now()
        attempt.read()
        resources = _resources(request, attempt.catalog, now)
        closure = Closure(
            closure_id=closure_id,
            space_ids=request.space_ids,
            resource_ids=tuple(resources),
            starts_at=request.starts_at,
            ends_at=request.ends_at,
            reason=request.reason,
            created_at=now,
            made_by=intent.actor.actor_id,
        )
        ports.catalog.create_closure(attempt.tx, closure)
        _audit(ports, attempt, closure, "close", now)
        return closure

    outcome = write(ports, intent, decide)
    ports.settings.forget()
    return outcome


def lift(
    ports: Ports, closure_id: str, tags: tuple[str, ...] | None, intent: Intent
) -> Outcome[Closure]:
    """Begin to give back everything that a closure holds; `go_on` does it. Done twice is done once.

    `tags` is If-Match; a closure goes through versions by itself, so it is optional.
    """

    def decide(attempt: Attempt) -> Closure:
        attempt.read()
        closure = ports.catalog.closure(closure_id)
        if closure is None:
            raise NotFound
        if not closure.live:
            raise _AlreadyLifted(closure)
        check_version(tags, f'"{closure.version}"')
        after = lifting(closure)
        ports.catalog.save_closure(attempt.tx, after)
        _audit(ports, attempt, after, "lift", ports.clock.now())
        return after

    try:
        outcome = write(ports, intent, decide)
    except _AlreadyLifted as done:
        return Outcome(done.closure, intent.render(done.closure))
    ports.settings.forget()
    return outcome


def view(ports: Ports, closure_id: str) -> ClosureView:
    """A closure as it stands, with the bookings in its way."""
    closure = ports.catalog.closure(closure_id)
    if closure is None:
        raise NotFound
    conflicts = tuple(in_the_way(ports, closure))
    if closure.state is ClosureState.BLOCKED and not conflicts:
        # What it misses is held by another closure, or has just become free: closed all the same.
        closure = replace(closure, state=ClosureState.CLOSED)
    return ClosureView(closure, conflicts)


def listing(ports: Ports, now: datetime) -> list[Closure]:
    """The closures that are not over, by start."""
    closures = ports.settings.fresh().closures
    return sorted(
        (closure for closure in closures if closure.live and closure.ends_at > now),
        key=lambda closure: (closure.starts_at, closure.closure_id),
    )


def in_the_way(ports: Ports, closure: Closure) -> list[Booking]:
    """The bookings that hold slots a live closure is to hold, by start."""
    if not closure.live or not (missing := difference(closure.wanted(), closure.footprint)):
        return []
    holders: set[str] = set()
    first = min(ranges[0][0] for ranges in missing.values())
    for resource, ranges in missing.items():
        for day in ports.ledger.resource_days(resource, day_of(first)):
            if first_slot(day.day) >= closure.last_slot:
                break
            holders |= {
                holder
                for holder, taken in _holdings(day).items()
                if not is_closure(holder) and common(taken, ranges)
            }
    now = ports.clock.now()
    found = [
        each
        for each in ports.bookings.get_many(holders)
        if each.due_at is None or each.due_at > now or each.pending_change is not None
    ]
    return sorted(found, key=lambda booking: (booking.starts_at, booking.booking_id))


def go_on(ports: Ports, closure_id: str, seconds: float = REQUEST_SECONDS) -> Closure:
    """Claim or release a closure's days until it is done or time is up; safe to run twice at once."""
    stop = ports.clock.monotonic() + seconds
    while True:
        closure = ports.catalog.closure(closure_id)
        if closure is None:
            raise NotFound
        if closure.state not in (ClosureState.CLOSING, ClosureState.LIFTING):
            return closure
        try:
            _step(ports, closure)
        except Race:
            ports.clock.pause(1)
        if ports.clock.monotonic() >= stop:
            return ports.catalog.closure(closure_id) or closure


def continue_all(ports: Ports, seconds: float = 40.0) -> int:
    """What the clock does: go on with every closure that is under way, try blocked ones again."""
    stop = ports.clock.monotonic() + seconds
    worked, wrong = 0, None
    for closure in ports.settings.fresh().closures:
        if ports.clock.monotonic() >= stop:
            break
        try:
            worked += _continue(ports, closure, stop)
        except Broken as error:
            # One that contradicts its tables keeps none of the others waiting.
            log.exception("a closure is broken", extra={"closure_id": closure.closure_id})
            wrong = error
    if wrong:
        raise wrong
    return worked


def _continue(ports: Ports, closure: Closure, stop: float) -> bool:
    if closure.state is ClosureState.BLOCKED and closure.ends_at > ports.clock.now():
        return _retry(ports, closure)
    if closure.state in (ClosureState.CLOSING, ClosureState.LIFTING):
        go_on(ports, closure.closure_id, max(0.0, stop - ports.clock.monotonic()))
        return True
    return False


class _AlreadyLifted(AlreadyDone):
    def __init__(self, closure: Closure) -> None:
        self.closure = closure


def _resources(request: ClosureRequest, catalog: Catalog, now: datetime) -> list[str]:
    problems = [
        Problem("unknown-space", f"/space_ids/{index}", {"space_id": space_id})
        for index, space_id in enumerate(request.space_ids)
        if space_id not in catalog.spaces
    ]
    if request.ends_at <= request.starts_at:
        problems.append(Problem("invalid-request", "/end", {"why": "end-before-start"}))
    elif request.ends_at <= now:
        problems.append(Problem("in-the-past", "/end"))
    if (request.ends_at - request.starts_at).days > MOST_DAYS:
        problems.append(Problem("range-too-long", "/end", {"days": MOST_DAYS}))
    if problems:
        raise Refused(problems)
    resources = dict.fromkeys(
        resource
        for space_id in request.space_ids
        for resource in catalog.resource_ids(catalog.spaces[space_id])
    )
    if len(resources) > MOST_RESOURCES:
        raise refuse("range-too-long", "/space_ids", resources=MOST_RESOURCES)
    return list(resources)


def _step(ports: Ports, closure: Closure) -> None:
    """One transaction: the next days claimed, or the earliest days given back."""
    tx = ports.begin()
    if closure.state is ClosureState.LIFTING:
        released = held_chunk(closure) if closure.footprint else {}
        ports.ledger.move(tx, closure.closure_id, released, {})
        ports.catalog.save_closure(tx, after_release(closure, released))
    else:
        wanted = closure.chunk(closure.done)
        keys = day_keys(wanted)
        days = ports.snapshots.read(days=keys).days
        now = ports.clock.now()
        ended = {
            holder
            for day in days.values()
            for holder, until in day.until.items()
            if isinstance(until, int) and until <= now.timestamp() and holder in day.holders
        }
        if release_ended(ports, ended):
            days = ports.snapshots.read(days=keys).days
        claimed = _free(wanted, days.values())
        claimed = difference(claimed, closure.footprint)
        ports.ledger.move(tx, closure.closure_id, {}, claimed)
        ports.catalog.save_closure(tx, after_claim(closure, claimed))
    tx.commit()


def _retry(ports: Ports, closure: Closure) -> bool:
    """Whether a blocked closure can hold more than it does; only then is anything written."""
    missing = difference(closure.wanted(), closure.footprint)
    taken: dict[str, list[tuple[int, int]]] = {}
    for resource in missing:
        for day in ports.ledger.resource_days(resource, day_of(closure.first_slot)):
            for ranges in _holdings(day).values():
                taken.setdefault(resource, []).extend(ranges)
    if not difference(missing, {key: tuple(ranges) for key, ranges in taken.items()}):
        return False
    tx = ports.begin()
    ports.catalog.save_closure(tx, restarted(closure))
    try:
        tx.commit()
    except Race:
        log.info("closure lost a race", extra={"closure_id": closure.closure_id})
        return False
    go_on(ports, closure.closure_id)
    return True


def _free(wanted: Mapping[str, Ranges], days: Iterable[LedgerDay]) -> dict[str, Ranges]:
    taken: dict[str, list[tuple[int, int]]] = {}
    for day in days:
        for ranges in _holdings(day).values():
            taken.setdefault(day.resource_id, []).extend(ranges)
    free = {key: minus(ranges, taken.get(key, ())) for key, ranges in wanted.items()}
    return {key: ranges for key, ranges in free.items() if ranges}


def _holdings(day: LedgerDay) -> dict[str, Ranges]:
    base = first_slot(day.day)
    return {holder: ranges_of(bits, base) for holder, bits in day.holders.items()}


def _audit(ports: Ports, attempt: Attempt, closure: Closure, action: str, now: datetime) -> None:
    ports.audit.add(
        attempt.tx,
        subject=f"closure#{closure.closure_id}",
        actor=attempt.intent.actor.actor_id,
        action=action,
        at=now,
    )
