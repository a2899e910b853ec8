"""What a change makes of a booking: judged by what it changes, and gaining nothing it may not have."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.domain import bookings as domain
from chalicelib.domain.bookings import Booking, PendingChange, State
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import Race, Refused, refuse
from chalicelib.domain.footprints import Footprint, difference
from chalicelib.domain.people import Actor
from chalicelib.domain.rules import Ask, broken, earliest_for_staff, wanted
from chalicelib.domain.times import instant_of, slot_ceil, slot_floor
from chalicelib.services.expiry import release_ended
from chalicelib.services.quotas import Counted, exceeded, organisation_id_of
from chalicelib.services.quotas import counted as counted_of
from chalicelib.services.requests import ChangeRequest, ledger_keys, planned, standing
from chalicelib.services.writing import Attempt


def changed(
    attempt: Attempt, booking: Booking, request: ChangeRequest, now: datetime
) -> tuple[Booking, Counted | None]:
    """The booking after a change, with the quotas that were relied on where it moves; or Refused."""
    actor, catalog = attempt.intent.actor, attempt.catalog
    _check_started(booking, request, actor, catalog, now)
    texts = {
        name: value
        for name in ("title", "notes", "attendees")
        if (value := getattr(request, name)) is not None
    }
    if _ends_early(booking, request, now):
        return _ended_early(booking, now, catalog, texts), None
    ask = _ask_after(booking, request, actor)
    override = tuple(dict.fromkeys((*booking.override, *ask.override)))
    if not _moves(booking, request, ask):
        if ask.attendees > booking.attendees:
            _obey(attempt, ask, booking, now)
        return domain.changed(booking, **texts), None
    if _only_shortens(booking, ask, catalog):
        _obey(attempt, ask, booking, now)
        times = {"starts_at": ask.starts_at, "ends_at": ask.ends_at}
        footprint = _cut(booking, ask.core)
        shorter = domain.changed(
            booking, **texts, **times, footprint=footprint, override=override, pending_change=None
        )
        return shorter, None
    keys, site = ledger_keys(ask, catalog), catalog.site
    organisation_id = booking.organisation_id or organisation_id_of(booking.person, site, now)
    snapshot = attempt.read(days=keys, person_id=booking.person_id, organisation_id=organisation_id)
    counted = counted_of(snapshot, booking.person_id, organisation_id)
    seen, outside = standing(booking.person, snapshot.profile, actor, catalog, now)
    also = [*outside, *exceeded(ask, counted, actor, site, now, booking)]
    plan = planned(ask, seen, snapshot, keys, now, before=booking, also=also)
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
        return domain.changed(booking, **texts, pending_change=PendingChange(**place)), counted
    moved = domain.changed(
        booking,
        **texts,
        **place,
        override=override,
        pending_change=None,
        organisation_id=organisation_id or "",
    )
    return moved, counted


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
    problems = broken(ask, attempt.catalog, now, booking)
    # What it has already it keeps, also where that is no longer booked: nothing is gained here.
    if problems := [each for each in problems if each.code != "unknown-space"]:
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
