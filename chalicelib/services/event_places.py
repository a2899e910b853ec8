"""The place of an event in one of our spaces: a booking that is the event's, and never changes but with it.

It is claimed with the event, moved with it and given back with it, each in the transaction that writes the
event. So the ledger, week pages, calendars, closures and the consistency check know of it as of any
booking, and whoever looks into it finds the event. A draft claims as well: a place that nobody kept while
texts are written would be gone when the event is published.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from chalicelib.domain import bookings as domain
from chalicelib.domain.bookings import Booking, State
from chalicelib.domain.errors import Problem, Race, Refused
from chalicelib.domain.events import Event, Way
from chalicelib.domain.kept import NOBODY
from chalicelib.domain.rules import Ask
from chalicelib.domain.spoken import in_language
from chalicelib.services import bookings
from chalicelib.services.changes import changed
from chalicelib.services.expiry import release_ended
from chalicelib.services.requests import ChangeRequest, ledger_keys, planned
from chalicelib.services.writing import Attempt

OF_NOBODY = ("quota-exceeded",)  # an event's place counts for nobody
# Where an event names what a booking calls otherwise.
POINTERS = {"/space_ids/0": "/space_id", "/attendees": "/room/limit"}


def settled(
    attempt: Attempt, before: Event | None, after: Event, override: Iterable[str] = ()
) -> Event:
    """An event with its place claimed, moved or given back, as part of the transaction of the attempt.

    `before` is None for a new one; `override` are rules that do not count, as of staff's bookings. Refused
    as those are: `slot-taken` with the conflicts, and every rule of booking that is broken.
    """
    if before is not None and _asks(before) == _asks(after):
        return after
    booking = attempt.ports.bookings.get(after.booking_id) if after.booking_id else None
    if booking is not None and not booking.live:
        booking = None
    allowed = (*OF_NOBODY, *override)
    try:
        if not _asks(after)[0]:
            return _given_back(attempt, booking, after)
        if booking is None:
            return _claimed(attempt, after, allowed)
        _moved(attempt, booking, after, allowed)
    except Refused as refused:
        problems = [_of_event(each) for each in refused.problems]
        raise Refused(problems, refused.conflicts, refused.alternatives) from refused
    return after


def _asks(event: Event) -> tuple[str, datetime, datetime, int, str]:
    """What an event needs of its place; no space where it needs none."""
    space_id = event.programme.space_id if event.live else ""
    return space_id, event.starts_at, event.ends_at, _people(event), _title(event)


def _people(event: Event) -> int:
    """How many come to the room: its seats, where they have a limit."""
    seats = event.ways.get(Way.ROOM)
    return max(1, (seats and seats.limit) or 1)


def _title(event: Event) -> str:
    return in_language(event.title, "fi")


def _claimed(attempt: Attempt, event: Event, override: tuple[str, ...]) -> Event:
    ports, catalog, now = attempt.ports, attempt.catalog, attempt.ports.clock.now()
    space_id, starts_at, ends_at, people, title = _asks(event)
    ask = Ask((space_id,), starts_at, ends_at, people, override=override, staff=True)
    keys = ledger_keys(ask, catalog)
    plan = planned(ask, catalog, attempt.read(days=keys), keys, now)
    if release_ended(ports, plan.ended):
        raise Race
    booking = Booking(
        booking_id=ports.clock.new_id("b"),
        state=State.CONFIRMED,
        space_ids=ask.space_ids,
        starts_at=starts_at,
        ends_at=ends_at,
        footprint=plan.footprint,
        person=NOBODY,
        person_id=event.event_id,
        made_by=event.event_id,
        created_at=now,
        title=title,
        attendees=people,
        override=override,
    )
    bookings.claim(attempt, booking, plan.governing)
    ports.bookings.create(attempt.tx, booking)
    _log(attempt, booking, "book")
    return replace(event, booking_id=booking.booking_id)


def _moved(attempt: Attempt, booking: Booking, event: Event, override: tuple[str, ...]) -> None:
    space_id, starts_at, ends_at, people, title = _asks(event)
    asked = ((space_id,), starts_at, ends_at, people)
    if asked == (booking.space_ids, booking.starts_at, booking.ends_at, booking.attendees):
        after, counted = domain.changed(booking, title=title), None
    else:
        request = ChangeRequest(
            starts_at, ends_at, (space_id,), title=title, attendees=people, override=override
        )
        after, counted = changed(attempt, booking, request, attempt.ports.clock.now())
    bookings.save(attempt, booking, after, counted)
    _log(attempt, after, "change")


def _given_back(attempt: Attempt, booking: Booking | None, event: Event) -> Event:
    if booking is not None:
        after = domain.cancelled(booking, "")
        bookings.save(attempt, booking, after)
        _log(attempt, after, "cancel")
    return replace(event, booking_id="")


def _of_event(problem: Problem) -> Problem:
    return replace(problem, pointer=POINTERS.get(problem.pointer, problem.pointer))


def _log(attempt: Attempt, booking: Booking, action: str) -> None:
    now = attempt.ports.clock.now()
    override = [each for each in booking.override if each not in OF_NOBODY]
    bookings.audit(
        attempt.ports, attempt.tx, booking, attempt.intent, action, now, override=override
    )
