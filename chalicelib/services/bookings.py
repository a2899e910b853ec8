"""Booking, changing, cancelling and deciding: each a single transaction on the slot ledger."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.domain import bookings as domain
from chalicelib.domain.bookings import Booking, State, judged
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import Conflict, NotFound, Problem, Race, Refused, refuse
from chalicelib.domain.footprints import day_keys
from chalicelib.domain.holds import exceeded as too_many_holds
from chalicelib.domain.occupancy import mask_of, ranges_of
from chalicelib.domain.people import Actor
from chalicelib.domain.planning import Plan
from chalicelib.domain.rules import unique
from chalicelib.domain.spaces import space_id_of
from chalicelib.domain.times import instant_of
from chalicelib.services import holds, quotas, reading_log
from chalicelib.services.access import Action, may, owns
from chalicelib.services.announcing import announce
from chalicelib.services.changes import changed
from chalicelib.services.expiry import release_ended
from chalicelib.services.ports import Ports, Transaction
from chalicelib.services.requests import (
    BookRequest,
    ChangeRequest,
    ask_of,
    known,
    ledger_keys,
    planned,
    standing,
    who,
)
from chalicelib.services.sender import nudge
from chalicelib.services.writing import AlreadyDone, Attempt, Intent, Outcome, write

if TYPE_CHECKING:
    from chalicelib.domain.messages import Message


def book(ports: Ports, request: BookRequest, intent: Intent) -> Outcome[Booking]:
    """Book, all or nothing. Refused names every broken rule and conflict, with alternatives."""
    booking_id = ports.clock.new_id("b")
    announced: list[Message] = []

    def decide(attempt: Attempt) -> Booking:
        catalog, now = attempt.catalog, ports.clock.now()
        ask = ask_of(request, intent.actor)
        person, person_id, problems = who(request, intent.actor, catalog)
        keys, site = ledger_keys(ask, catalog), catalog.site
        organisation_id = quotas.organisation_id_of(person, site, now)
        places = holds.places(intent.actor, person_id, intent.network, site)
        snapshot = attempt.read(
            person_id=person_id,
            organisation_id=organisation_id,
            holds=[place.key for place in places],
            days=keys,
        )
        counted = quotas.counted(snapshot, person_id, organisation_id)
        seen, outside = standing(person, snapshot.profile, intent.actor, catalog, now)
        exceeded = [
            *quotas.exceeded(ask, counted, intent.actor, site, now),
            *too_many_holds(places, snapshot.holds, now),
        ]
        also = [*problems, *outside, *exceeded]
        plan = planned(ask, seen, snapshot, keys, now, also=also)
        if person is None or person_id is None:
            raise refuse("invalid-request", "/person")
        if release_ended(ports, plan.ended):
            raise Race
        state = _first_state(intent.actor, person_id, plan, catalog)
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
            network=intent.network if state is State.HELD else "",
            organisation_id=organisation_id or "",
        )
        claim(attempt, booking, plan.governing)
        ports.bookings.create(attempt.tx, booking)
        quotas.keep(ports, attempt.tx, site, None, booking, now, counted)
        holds.begin(ports, attempt.tx, booking, site, snapshot.holds)
        audit(ports, attempt.tx, booking, intent, "book", now, override=request.override)
        announced[:] = announce(attempt, None, booking, "book", now)
        return booking

    outcome = write(ports, intent, decide)
    if not outcome.replayed:
        nudge(ports, announced)
    return outcome


def read(ports: Ports, booking_id: str, actor: Actor) -> Booking:
    """A booking as it is now; who reads somebody else's is noted before they do.

    NotFound where there is none, or where it is not the actor's to see.
    """
    booking = _allowed(ports.bookings.get(booking_id), actor, Action.READ_BOOKING)
    if not owns(actor, booking):
        reading_log.note(ports, actor, f"booking#{booking_id}")
    return judged(booking, ports.clock.now())


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
        booking = judged(_allowed(snapshot.booking, intent.actor, Action.CHANGE_BOOKING), now)
        domain.check_version(tags, domain.etag(booking))
        if not booking.live:
            raise refuse("stale-state", state=booking.state.value)
        after, counted = changed(attempt, booking, request, now)
        if replace(after, version=booking.version, reason=booking.reason) == snapshot.booking:
            raise _Unchanged(booking)
        save(attempt, snapshot.booking, after, counted)
        audit(
            ports,
            attempt.tx,
            after,
            intent,
            "change",
            now,
            fields=request.names(),
            override=request.override,
        )
        announce(attempt, booking, after, "change", now)
        return after

    try:
        return write(ports, intent, decide)
    except _Unchanged as same:
        return Outcome(same.booking, intent.render(same.booking))


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
        booking = judged(_allowed(snapshot.booking, intent.actor, Action.CANCEL_BOOKING), now)
        if booking.state is State.CANCELLED:
            raise _AlreadyCancelled(booking)
        domain.check_version(tags, domain.etag(booking))
        after = domain.cancelled(booking, reason)
        if not intent.actor.staff:
            _check_deadline(booking, attempt.catalog, now)
        save(attempt, snapshot.booking, after)
        audit(ports, attempt.tx, after, intent, "cancel", now)
        announce(attempt, booking, after, "cancel", now)
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
        booking = judged(_allowed(snapshot.booking, intent.actor, Action.RUN), now)
        domain.check_version(tags, domain.etag(booking))
        if booking.state is State.DENIED and tags and "*" not in tags:
            after = domain.reopened(booking)
            _reclaimable(attempt, after, now)
        else:
            after = domain.approved(booking)
        save(attempt, snapshot.booking, after)
        audit(ports, attempt.tx, after, intent, "approve", now)
        announce(attempt, booking, after, "approve", now)
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
        booking = judged(_allowed(snapshot.booking, intent.actor, Action.RUN), now)
        domain.check_version(tags, domain.etag(booking))
        after = domain.denied(booking, reason)
        save(attempt, snapshot.booking, after)
        audit(ports, attempt.tx, after, intent, "deny", now)
        announce(attempt, booking, after, "deny", now)
        return after

    return write(ports, intent, decide)


class _Unchanged(AlreadyDone):
    def __init__(self, booking: Booking) -> None:
        self.booking = booking


class _AlreadyCancelled(AlreadyDone):
    def __init__(self, booking: Booking) -> None:
        self.booking = booking


def _allowed(booking: Booking | None, actor: Actor, action: Action) -> Booking:
    """A booking that somebody may do something to; NotFound otherwise, whatever the reason.

    The place of an event is refused with `stale-state`: it changes with the event, and not by itself.
    """
    if booking is None or not may(actor, action, booking):
        raise NotFound
    if booking.event_id and action is not Action.READ_BOOKING:
        raise refuse("stale-state", why="of-event")
    return booking


def _first_state(actor: Actor, person_id: str, plan: Plan, catalog: Catalog) -> State:
    if actor.staff:
        return State.CONFIRMED
    if holds.to_be_proved(actor, person_id, catalog.site):
        return State.HELD
    return State.PENDING if plan.needs_approval else State.CONFIRMED


def claim(attempt: Attempt, booking: Booking, governing: Mapping[str, int]) -> None:
    """Take the slots of a new booking, if the spaces are still of the versions in `governing`."""
    attempt.ports.ledger.move(
        attempt.tx,
        booking.booking_id,
        {},
        booking.held,
        until=booking.until,
        marks=booking.marks(),
    )
    attempt.ports.catalog.check(attempt.tx, governing)


def save(
    attempt: Attempt,
    before: Booking | None,
    after: Booking,
    counted: quotas.Counted | None = None,
) -> None:
    """Write a booking's next version with its slots and its place in the quotas.

    `before` is as stored, not as judged: a pending change that has lapsed still has its slots.
    `counted` is what the decision relied on.
    """
    if before is None:
        raise NotFound
    ports, tx = attempt.ports, attempt.tx
    if (before.held, before.until, before.marks()) != (after.held, after.until, after.marks()):
        ports.ledger.move(
            tx, after.booking_id, before.held, after.held, until=after.until, marks=after.marks()
        )
    ports.bookings.save(tx, after)
    site, now = attempt.catalog.site, ports.clock.now()
    quotas.keep(ports, tx, site, before, after, now, counted)
    holds.end(ports, tx, before, after, now)


def _reclaimable(attempt: Attempt, booking: Booking, now: datetime) -> None:
    """Refuse to reopen a booking whose slots are no longer free, or are to be closed."""
    if now >= booking.starts_at:
        raise refuse("already-started", "/start")
    keys = day_keys(booking.footprint)
    snapshot = attempt.read(days=keys)
    occupancy = known(keys, snapshot, now)
    base, size = occupancy.first, occupancy.last - occupancy.first
    problems, conflicts = [], []
    for resource, ranges in booking.footprint.items():
        masks, own = occupancy.masks(resource), mask_of(ranges, base, size)
        closed = masks.closure | mask_of(attempt.catalog.closed_ranges(resource), base, size)
        for bits, code, reason in (
            (closed & own, "closed", "closure"),
            (masks.busy & own, "slot-taken", "booked"),
        ):
            for first, last in ranges_of(bits, base):
                problems.append(Problem(code, "/start"))
                conflicts.append(_conflict(booking, resource, first, last, reason, attempt.catalog))
    if problems:
        raise Refused(unique(problems), conflicts)
    ended = occupancy.ended_holders(booking.footprint)
    if release_ended(attempt.ports, frozenset(ended)):
        raise Race


def _conflict(
    booking: Booking, resource: str, first: int, last: int, reason: str, catalog: Catalog
) -> Conflict:
    """Taken time in terms of what was asked for: the space that a calendar belongs to."""
    whose = [
        space_id
        for space_id in booking.space_ids
        if (space := catalog.spaces.get(space_id)) and resource in catalog.resource_ids(space)
    ]
    named = {"space_id": whose[0]} if whose else {"resource_id": space_id_of(resource)}
    return Conflict(instant_of(first), instant_of(last), reason, **named)


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


def audit(
    ports: Ports,
    tx: Transaction,
    booking: Booking,
    intent: Intent,
    action: str,
    now: datetime,
    **more: Any,
) -> None:
    """Say in the log who did what to a booking."""
    ports.audit.add(
        tx,
        subject=f"booking#{booking.booking_id}",
        actor=intent.actor.actor_id,
        action=action,
        at=now,
        **{name: list(value) for name, value in more.items() if value},
    )
