"""Booking, changing, cancelling and deciding: each a single transaction on the slot ledger."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain import bookings as domain
from chalicelib.domain.availability import alternatives
from chalicelib.domain.bookings import Booking, PendingChange, State, judged
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import NotFound, Problem, Race, Refused, refuse
from chalicelib.domain.footprints import DayKey, Footprint, day_keys, difference
from chalicelib.domain.occupancy import Occupancy, mask_of
from chalicelib.domain.people import Actor, Person, email_allowed, person_id_of
from chalicelib.domain.planning import Plan, make_plan, reach
from chalicelib.domain.rules import LONGEST, Ask, broken, earliest_for_staff, wanted
from chalicelib.domain.times import days_between, first_slot, instant_of, slot_ceil, slot_floor
from chalicelib.services.expiry import release_ended
from chalicelib.services.ports import Ports, Quota, Snapshot, Transaction
from chalicelib.services.writing import Attempt, Intent, Outcome, write

MOST_ITEMS = 400  # ledger items that one request may need to read; more is too long to be booked


@dataclass(frozen=True, slots=True)
class BookRequest:
    """What somebody asks to book, as it came."""

    space_ids: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    title: str = ""
    notes: str = ""
    attendees: int = 1
    units: int = 1
    equipment: Mapping[str, int] = field(default_factory=dict)
    facilitation: bool = False
    facilitation_notes: str = ""
    person: Person | None = None
    accept_terms: bool = False
    override: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """What is to be changed; None leaves a field as it is."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    space_ids: tuple[str, ...] | None = None
    units: int | None = None
    equipment: Mapping[str, int] | None = None
    title: str | None = None
    notes: str | None = None
    attendees: int | None = None
    override: tuple[str, ...] = ()

    def names(self) -> list[str]:
        """The fields that it touches."""
        return [each.name for each in fields(self) if getattr(self, each.name) not in (None, ())]


def book(ports: Ports, request: BookRequest, intent: Intent) -> Outcome[Booking]:
    """Book, all or nothing. Refused names every broken rule and conflict, with alternatives."""
    booking_id = ports.clock.new_id("b")

    def decide(attempt: Attempt) -> Booking:
        catalog, now = attempt.catalog, ports.clock.now()
        ask = ask_of(request, intent.actor)
        person, person_id, problems = who(request, intent.actor, catalog)
        keys = ledger_keys(ask, catalog)
        snapshot = attempt.read(person_id=person_id, days=keys)
        quota = current(snapshot.quota or Quota(person_id or ""), now)
        plan = _planned(ask, catalog, snapshot, keys, now, live=len(quota.bookings), also=problems)
        if person is None or person_id is None:
            raise refuse("invalid-request", "/person")
        if release_ended(ports, plan.ended):
            raise Race
        state = _first_state(intent.actor, plan, catalog)
        # In whole seconds, as the ledger counts them: a hold ends for all who look at one instant.
        held_until = now.replace(microsecond=0) + timedelta(minutes=catalog.site.hold_minutes)
        booking = Booking(
            booking_id=booking_id,
            state=state,
            space_ids=request.space_ids,
            starts_at=request.starts_at,
            ends_at=request.ends_at,
            footprint=plan.footprint,
            person=person,
            person_id=person_id,
            made_by=intent.actor.actor_id,
            created_at=now,
            units=request.units,
            title=request.title,
            notes=request.notes,
            attendees=request.attendees,
            equipment=dict(request.equipment),
            facilitator=plan.facilitator,
            facilitation_notes=request.facilitation_notes,
            confirm_by=held_until if state is State.HELD else None,
            override=request.override,
        )
        _claim(attempt, booking, plan.governing)
        ports.bookings.create(attempt.tx, booking)
        ports.people.save_quota(
            attempt.tx,
            snapshot.quota or Quota(person_id),
            with_booking(quota, booking),
            strict=catalog.site.live_bookings is not None,
        )
        _audit(ports, attempt.tx, booking, intent, "book", now, override=request.override)
        return booking

    return write(ports, intent, decide)


def read(ports: Ports, booking_id: str, actor: Actor) -> Booking:
    """A booking as it is now. NotFound where there is none, or where it is not the actor's."""
    booking = ports.bookings.get(booking_id)
    return judged(_visible(booking, actor), ports.clock.now())


def change(
    ports: Ports,
    booking_id: str,
    request: ChangeRequest,
    tags: tuple[str, ...] | None,
    intent: Intent,
) -> Outcome[Booking]:
    """Move or edit a booking. It keeps what it has until the whole change is written.

    Raises NotFound, StaleVersion (`tags` is If-Match), and Refused: `stale-state` where it is not
    live, and all that `book` is refused for, judged by what changes.
    """

    def decide(attempt: Attempt) -> Booking:
        now = ports.clock.now()
        snapshot = attempt.read(booking_id=booking_id)
        booking = judged(_visible(snapshot.booking, intent.actor), now)
        domain.check_version(tags, domain.etag(booking))
        if not booking.live:
            raise refuse("stale-state", state=booking.state.value)
        after = _changed(attempt, booking, request, now)
        _save(attempt, snapshot.booking, after)
        _audit(
            ports,
            attempt.tx,
            after,
            intent,
            "change",
            now,
            fields=request.names(),
            override=request.override,
        )
        return after

    return write(ports, intent, decide)


def cancel(
    ports: Ports,
    booking_id: str,
    reason: str,
    tags: tuple[str, ...] | None,
    intent: Intent,
) -> Outcome[Booking]:
    """Give a booking up. One that is cancelled already is answered as the first time."""

    def decide(attempt: Attempt) -> Booking:
        now = ports.clock.now()
        snapshot = attempt.read(booking_id=booking_id)
        booking = judged(_visible(snapshot.booking, intent.actor), now)
        if booking.state is State.CANCELLED:
            raise _AlreadyCancelled(booking)
        domain.check_version(tags, domain.etag(booking))
        after = domain.cancelled(booking, reason)
        if not intent.actor.staff:
            _check_deadline(booking, attempt.catalog, now)
        _save(attempt, snapshot.booking, after)
        _audit(ports, attempt.tx, after, intent, "cancel", now)
        return after

    try:
        return write(ports, intent, decide)
    except _AlreadyCancelled as done:
        return Outcome(done.booking, intent.render(done.booking))


def approve(
    ports: Ports, booking_id: str, tags: tuple[str, ...] | None, intent: Intent
) -> Outcome[Booking]:
    """Grant a request, or a pending change.

    A denied request is granted after all only where `tags` names its present version, so that who
    does it has seen the denial; its slots are then claimed anew, or Refused with `slot-taken`.
    """

    def decide(attempt: Attempt) -> Booking:
        now = ports.clock.now()
        snapshot = attempt.read(booking_id=booking_id)
        booking = judged(_visible(snapshot.booking, intent.actor), now)
        domain.check_version(tags, domain.etag(booking))
        if booking.state is State.DENIED and tags and "*" not in tags:
            after = domain.reopened(booking)
            _reclaimable(attempt, after, now)
        else:
            after = domain.approved(booking)
        _save(attempt, snapshot.booking, after)
        _audit(ports, attempt.tx, after, intent, "approve", now)
        return after

    return write(ports, intent, decide)


def deny(
    ports: Ports,
    booking_id: str,
    reason: str,
    tags: tuple[str, ...] | None,
    intent: Intent,
) -> Outcome[Booking]:
    """Refuse a request, or a pending change: then only what it had gained is released."""

    def decide(attempt: Attempt) -> Booking:
        now = ports.clock.now()
        snapshot = attempt.read(booking_id=booking_id)
        booking = judged(_visible(snapshot.booking, intent.actor), now)
        domain.check_version(tags, domain.etag(booking))
        after = domain.denied(booking, reason)
        _save(attempt, snapshot.booking, after)
        _audit(ports, attempt.tx, after, intent, "deny", now)
        return after

    return write(ports, intent, decide)


def ask_of(request: BookRequest, actor: Actor) -> Ask:
    """The request in the terms of the rules; overrides are staff's alone."""
    return Ask(
        space_ids=request.space_ids,
        starts_at=request.starts_at,
        ends_at=request.ends_at,
        attendees=request.attendees,
        units=request.units,
        equipment=request.equipment,
        facilitation=request.facilitation,
        override=request.override if actor.staff else (),
        staff=actor.staff,
    )


def who(
    request: BookRequest, actor: Actor, catalog: Catalog
) -> tuple[Person | None, str | None, list[Problem]]:
    """The person a booking is for, their id, and what is wrong with them."""
    problems: list[Problem] = []
    person = request.person or actor.person
    person_id = None
    if person is None:
        problems.append(Problem("invalid-request", "/person", {"why": "missing"}))
    else:
        person_id = person_id_of(person.email, catalog.site.salt)
        if not actor.staff and not email_allowed(person.email, catalog.site.allowed_domains):
            problems.append(Problem("email-not-allowed", "/person/email"))
    if not request.accept_terms and not actor.staff:
        problems.append(Problem("terms-not-accepted", "/accept_terms"))
    return person, person_id, problems


def broken_besides(ports: Ports, request: BookRequest, actor: Actor) -> list[Problem]:
    """The rules that a request breaks besides what could not be read of it.

    Where its times are what could not be read, they are one instant, and no rule about times counts.
    """
    catalog = ports.settings.recent()
    _, _, problems = who(request, actor, catalog)
    problems += broken(ask_of(request, actor), catalog, ports.clock.now())
    return [problem for problem in problems if problem.code != "invalid-request"]


def ledger_keys(ask: Ask, catalog: Catalog) -> list[DayKey]:
    """The ledger items to read for a request; none where it is far too long to be granted."""
    resources, (first, last) = reach(ask, catalog)
    days = -(-last // 96) - first // 96
    if days < 1 or len(resources) * days > MOST_ITEMS:
        return []
    return [(resource, day) for resource in resources for day in days_between(first, last)]


def too_much(ask: Ask, catalog: Catalog, keys: list[DayKey]) -> list[Problem]:
    """What is wrong with a request for which no ledger items are read."""
    if keys or not timedelta(0) < ask.ends_at - ask.starts_at <= LONGEST:
        return []
    return [Problem("too-long", "/end", {"minutes": None})] if reach(ask, catalog)[0] else []


def known(
    keys: Iterable[DayKey], snapshot: Snapshot, now: datetime, ignoring: str | None = None
) -> Occupancy:
    """The occupancy of the whole UTC days that were read."""
    days = sorted({day for _, day in keys}) or ["2000-01-01"]
    first, last = first_slot(days[0]), first_slot(days[-1]) + 96
    return Occupancy(snapshot.days, first, last, now, ignoring)


def current(quota: Quota, now: datetime) -> Quota:
    """The quota without what is over: a booking counts until its end, its cleanup does not."""
    live = {key: span for key, span in quota.bookings.items() if span[1] > now.timestamp()}
    return replace(quota, bookings=live)


def with_booking(quota: Quota, booking: Booking) -> Quota:
    """The quota after a booking was written."""
    others = {key: span for key, span in quota.bookings.items() if key != booking.booking_id}
    if booking.live:
        span = (int(booking.starts_at.timestamp()), int(booking.ends_at.timestamp()))
        others[booking.booking_id] = span
    return replace(quota, bookings=others)


class _AlreadyCancelled(Exception):
    def __init__(self, booking: Booking) -> None:
        self.booking = booking


def _visible(booking: Booking | None, actor: Actor) -> Booking:
    if booking is None or not (
        actor.staff or (not actor.anonymous and booking.made_by == actor.actor_id)
    ):
        raise NotFound
    return booking


def _first_state(actor: Actor, plan: Plan, catalog: Catalog) -> State:
    if actor.staff:
        return State.CONFIRMED
    if catalog.site.prove_address and not actor.vouches:
        return State.HELD
    return State.PENDING if plan.needs_approval else State.CONFIRMED


def _planned(
    ask: Ask,
    catalog: Catalog,
    snapshot: Snapshot,
    keys: list[DayKey],
    now: datetime,
    *,
    before: Booking | None = None,
    live: int = 0,
    also: Iterable[Problem] = (),
) -> Plan:
    """`make_plan`, whose refusal also offers other times of the days that were read anyway."""
    occupancy = known(keys, snapshot, now, before.booking_id if before else None)
    problems = [*also, *too_much(ask, catalog, keys)]
    try:
        return make_plan(ask, catalog, occupancy, now, before=before, live=live, also=problems)
    except Refused as refused:
        if refused.code != "slot-taken":
            raise
        between = (instant_of(occupancy.first), instant_of(occupancy.last))
        found = alternatives(ask, catalog, occupancy, now, between=between)
        raise Refused(refused.problems, refused.conflicts, found) from refused


def _claim(attempt: Attempt, booking: Booking, governing: Mapping[str, int]) -> None:
    attempt.ports.ledger.move(
        attempt.tx,
        booking.booking_id,
        {},
        booking.held,
        until=booking.until,
        marks=booking.marks(),
    )
    attempt.ports.catalog.check(attempt.tx, governing)


def _save(attempt: Attempt, before: Booking | None, after: Booking) -> None:
    """Write a booking's next version with its slots and its place in the quota.

    `before` is as stored, not as judged: a pending change that has lapsed still has its slots.
    """
    if before is None:
        raise NotFound
    ports, tx = attempt.ports, attempt.tx
    if (before.held, before.until, before.marks()) != (after.held, after.until, after.marks()):
        ports.ledger.move(
            tx, after.booking_id, before.held, after.held, until=after.until, marks=after.marks()
        )
    ports.bookings.save(tx, after)
    was = with_booking(Quota(after.person_id), before)
    ports.people.save_quota(tx, was, with_booking(was, after), strict=False)


def _changed(attempt: Attempt, booking: Booking, request: ChangeRequest, now: datetime) -> Booking:
    """The booking after a change, or Refused."""
    actor, catalog = attempt.intent.actor, attempt.catalog
    _check_started(booking, request, actor, catalog, now)
    texts = {
        name: value
        for name in ("title", "notes", "attendees")
        if (value := getattr(request, name)) is not None
    }
    if _ends_early(booking, request, now):
        return _ended_early(booking, now, catalog, texts)
    ask = _ask_after(booking, request, actor)
    override = tuple(dict.fromkeys((*booking.override, *ask.override)))
    if not _moves(booking, request, ask):
        if ask.attendees > booking.attendees:
            _obey(attempt, ask, booking, now)
        return domain.changed(booking, **texts)
    if _only_shortens(booking, ask, catalog):
        _obey(attempt, ask, booking, now)
        times = {"starts_at": ask.starts_at, "ends_at": ask.ends_at}
        footprint = _cut(booking, ask.core)
        return domain.changed(
            booking, **texts, **times, footprint=footprint, override=override, pending_change=None
        )
    keys = ledger_keys(ask, catalog)
    snapshot = attempt.read(days=keys)
    plan = _planned(ask, catalog, snapshot, keys, now, before=booking)
    if release_ended(attempt.ports, plan.ended - {booking.booking_id}):
        raise Race
    attempt.ports.catalog.check(attempt.tx, plan.governing)
    place: dict[str, Any] = {
        "starts_at": ask.starts_at,
        "ends_at": ask.ends_at,
        "space_ids": ask.space_ids,
        "units": ask.units,
        "equipment": dict(ask.equipment),
        "facilitator": plan.facilitator,
        "footprint": plan.footprint,
    }
    gains = difference(plan.footprint, booking.footprint)
    if gains and plan.needs_approval and not actor.staff and booking.state is State.CONFIRMED:
        return domain.changed(booking, **texts, pending_change=PendingChange(**place))
    return domain.changed(booking, **texts, **place, override=override, pending_change=None)


def _check_started(
    booking: Booking, request: ChangeRequest, actor: Actor, catalog: Catalog, now: datetime
) -> None:
    """A booking that runs may be renamed, lengthened or ended, one that is over not even that."""
    if now < booking.starts_at:
        return
    if actor.staff:
        if booking.ends_at < earliest_for_staff(catalog, now):
            raise refuse("already-started", "/start")
        return
    moved = any(
        value is not None and value != getattr(booking, name)
        for name in ("starts_at", "space_ids", "units", "equipment")
        if (value := getattr(request, name)) is not None
    )
    if moved or now >= booking.ends_at:
        raise refuse("already-started", "/start")


def _ends_early(booking: Booking, request: ChangeRequest, now: datetime) -> bool:
    return (
        request.ends_at is not None
        and booking.starts_at < now < booking.ends_at
        and request.ends_at <= now
        and request.starts_at in (None, booking.starts_at)
    )


def _ended_early(
    booking: Booking, now: datetime, catalog: Catalog, texts: Mapping[str, Any]
) -> Booking:
    """A running booking ends at the next slot edge; what it planned is kept for statistics."""
    new_end = min(slot_ceil(now), slot_ceil(booking.ends_at))
    whole_days = any(
        space.whole_day for space_id in booking.space_ids if (space := catalog.active(space_id))
    )
    core = slot_floor(booking.starts_at), new_end
    footprint = booking.footprint if whole_days else _cut(booking, core)
    return domain.changed(
        booking,
        **texts,
        ends_at=instant_of(new_end),
        planned_end=booking.planned_end or booking.ends_at,
        footprint=footprint,
        pending_change=None,
    )


def _ask_after(booking: Booking, request: ChangeRequest, actor: Actor) -> Ask:
    """What the booking would be, as a request; overrides granted before stay granted."""
    override = (*booking.override, *request.override) if actor.staff else booking.override
    return Ask(
        space_ids=request.space_ids or booking.space_ids,
        starts_at=request.starts_at or booking.starts_at,
        ends_at=request.ends_at or booking.ends_at,
        attendees=booking.attendees if request.attendees is None else request.attendees,
        units=booking.units if request.units is None else request.units,
        equipment=booking.equipment if request.equipment is None else request.equipment,
        facilitation=booking.facilitator is not None,
        override=override,
        staff=actor.staff,
    )


def _obey(attempt: Attempt, ask: Ask, booking: Booking, now: datetime) -> None:
    """Refuse a change that gains no slots where it breaks a rule; the rules must still stand."""
    if problems := broken(ask, attempt.catalog, now, booking):
        raise Refused(problems)
    spaces = [thing.space for thing in wanted(ask, attempt.catalog)[0]]
    attempt.ports.catalog.check(attempt.tx, attempt.catalog.governing(spaces))


def _only_shortens(booking: Booking, ask: Ask, catalog: Catalog) -> bool:
    """Whether a change only gives time back: that needs nobody's leave and meets nobody."""
    spaces = [thing.space for thing in wanted(ask, catalog)[0]]
    return (
        booking.starts_at <= ask.starts_at < ask.ends_at <= booking.ends_at
        and (ask.space_ids, ask.units) == (booking.space_ids, booking.units)
        and dict(ask.equipment) == dict(booking.equipment)
        and ("buffers" in ask.override) == ("buffers" in booking.override)
        and not any(
            part.whole_day for space in spaces for part in (space, *catalog.parts_of(space))
        )
    )


def _cut(booking: Booking, core: tuple[int, int]) -> Footprint:
    """The footprint around a shorter time: setup and cleanup stay as long as they were."""
    later = core[0] - slot_floor(booking.starts_at)
    sooner = slot_ceil(booking.ends_at) - core[1]
    return {
        resource: tuple((start + later, end - sooner) for start, end in ranges)
        for resource, ranges in booking.footprint.items()
    }


def _moves(booking: Booking, request: ChangeRequest, ask: Ask) -> bool:
    """Whether a change touches the slots, those of a pending change included."""
    named = any(
        getattr(request, name) is not None
        for name in ("starts_at", "ends_at", "space_ids", "units", "equipment")
    )
    return (
        (ask.starts_at, ask.ends_at, ask.space_ids, ask.units)
        != (booking.starts_at, booking.ends_at, booking.space_ids, booking.units)
        or dict(ask.equipment) != dict(booking.equipment)
        or ("buffers" in request.override and "buffers" not in booking.override)
        or (named and booking.pending_change is not None)
    )


def _reclaimable(attempt: Attempt, booking: Booking, now: datetime) -> None:
    """Refuse to reopen a booking whose slots are no longer free, or are to be closed."""
    if now >= booking.starts_at:
        raise refuse("already-started", "/start")
    keys = day_keys(booking.footprint)
    snapshot = attempt.read(days=keys)
    occupancy = known(keys, snapshot, now)
    base, size = occupancy.first, occupancy.last - occupancy.first
    for resource, ranges in booking.footprint.items():
        masks = occupancy.masks(resource)
        closed = masks.closure | mask_of(attempt.catalog.closed_ranges(resource), base, size)
        if closed & mask_of(ranges, base, size):
            raise refuse("closed", "/start")
        if masks.busy & mask_of(ranges, base, size):
            raise refuse("slot-taken", "/start")
    ended = occupancy.ended_holders(booking.footprint)
    if release_ended(attempt.ports, frozenset(ended)):
        raise Race


def _check_deadline(booking: Booking, catalog: Catalog, now: datetime) -> None:
    if now >= booking.starts_at:
        raise refuse("already-started")
    minutes = max(
        (
            space.cancel_before_minutes
            for space_id in booking.space_ids
            if (space := catalog.spaces.get(space_id))
        ),
        default=0,
    )
    if now > booking.starts_at - timedelta(minutes=minutes):
        raise refuse("cancellation-closed", "", minutes=minutes)


def _audit(
    ports: Ports,
    tx: Transaction,
    booking: Booking,
    intent: Intent,
    action: str,
    now: datetime,
    **more: Any,
) -> None:
    ports.audit.add(
        tx,
        subject=f"booking#{booking.booking_id}",
        actor=intent.actor.actor_id,
        action=action,
        at=now,
        **{name: list(value) for name, value in more.items() if value},
    )
