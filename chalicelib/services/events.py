"""Events by staff, and the clock's part: what is over by itself, seats left free, and calling off to its end."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from chalicelib.domain import events as domain
from chalicelib.domain.bookings import check_version
from chalicelib.domain.errors import NotFound, Race
from chalicelib.domain.event_messages import event_messages
from chalicelib.domain.events import Event, State, Way
from chalicelib.domain.people import CLOCK
from chalicelib.domain.signups import SignUp, called_off
from chalicelib.services import months
from chalicelib.services.access import Action, may
from chalicelib.services.event_places import settled
from chalicelib.services.ports import Fields, Ports
from chalicelib.services.queues import BATCH, LOST, expire_lapsed, put, settle
from chalicelib.services.writing import AlreadyDone, Attempt, Intent, Outcome, write

log = logging.getLogger(__name__)
AHEAD = timedelta(days=731)  # how far the clock looks: two years
REQUEST_SECONDS = 8.0  # of ending sign-ups within one request
CLOCK_SECONDS = 40.0  # and within one run of the clock, which has more to do


class _Already(AlreadyDone):
    def __init__(self, event: Event) -> None:
        self.event = event


def etag(event: Event) -> str:
    """What If-Match is compared with: what staff edit, and not the counters."""
    return f'"{event.version}"'


def create(
    ports: Ports, event: Event, intent: Intent, override: Iterable[str] = ()
) -> Outcome[Event]:
    """Write a new event, and book its place.

    `override` are rules of booking that do not count. Refused where its times are the wrong way round, and
    as a booking of its place is: `slot-taken` (B36).
    """

    def decide(attempt: Attempt) -> Event:
        attempt.read()
        made = settled(attempt, None, domain.check_event(event), override)
        ports.events.create(attempt.tx, made)
        note(attempt, made, "create")
        return made

    _check(intent)
    return write(ports, intent, decide)


def publish(
    ports: Ports,
    event_id: str,
    intent: Intent,
    tags: tuple[str, ...] | None = None,
    *,
    again: bool = False,
) -> Outcome[Event]:
    """Let everybody see it. `tags` is If-Match; StaleVersion where they do not match.

    Refused with `stale-state` where it is no draft, unless it may be done `again`: then it is answered as it is.
    """

    def step(event: Event) -> Event:
        if again and event.state is not State.DRAFT:
            raise _Already(event)
        return domain.published(event)

    return _once(intent, lambda: _edit(ports, event_id, step, "publish", intent, tags))


def change(
    ports: Ports,
    event_id: str,
    fields: Mapping[str, Any],
    seats: Mapping[Way, Mapping[str, Any]],
    tags: tuple[str, ...] | None,
    intent: Intent,
    override: Iterable[str] = (),
) -> Outcome[Event]:
    """Edit an event: one write, however many have signed up. New seats go to who waits first.

    Its place is moved with it. `fields` are those of Event and `programme` by name, `seats` its ways with `limit` and `most_waiting`; `tags` is
    If-Match. StaleVersion, Refused as `revised` says, and as `create` is for its place.
    """

    def step(event: Event) -> Event:
        return domain.revised(event, fields, seats)

    outcome = _edit(ports, event_id, step, "change", intent, tags, override)
    if outcome.value is not None:
        for way in outcome.value.ways:  # a later cut-off lets a queue go on, too
            settle(ports, event_id, way)
    return outcome


def call_off(
    ports: Ports,
    event_id: str,
    reason: str,
    intent: Intent,
    tags: tuple[str, ...] | None = None,
    seconds: float = REQUEST_SECONDS,
) -> Outcome[Event]:
    """Cancel an event, give back its place, and then cancel its sign-ups: as many as there is time for, the rest by the clock.

    Twice is once. `tags` is If-Match.
    """

    def step(event: Event) -> Event:
        if not event.live:
            raise _Already(event)
        return domain.cancelled(event, reason)

    outcome = _once(intent, lambda: _edit(ports, event_id, step, "cancel", intent, tags))
    if outcome.value is not None and seconds:
        go_on(ports, event_id, seconds)
    return outcome


def go_on(ports: Ports, event_id: str, seconds: float = CLOCK_SECONDS) -> int:
    """End the sign-ups of an event that was called off until all are or time is up; returns how many."""
    done, stop = 0, ports.clock.monotonic() + seconds
    for signup in _signups(ports, event_id):
        if ports.clock.monotonic() >= stop:
            break
        done += signup.live and _call_off(ports, signup)
    return done


def reconcile(ports: Ports, event_id: str) -> None:
    """Mend what a crash between two transactions left of an event, and end what is over by itself."""
    event = ports.events.look(event_id).event
    if event is None or event.state is State.DRAFT:
        return
    if not event.live:
        go_on(ports, event_id)
        return
    expire_lapsed(ports, event_id)
    for way in event.ways:
        settle(ports, event_id, way)


def reconcile_all(ports: Ports) -> int:
    """`reconcile` every event that is not over; returns how many. One that fails stops none of the others."""
    done, wrong = 0, None
    for event in _coming(ports):
        try:
            reconcile(ports, event.event_id)
        except Exception as error:  # it is raised again, after the others had their turn
            log.exception("an event is broken", extra={"event_id": event.event_id})
            wrong = error
        else:
            done += 1
    if wrong:
        raise wrong
    return done


def _edit(
    ports: Ports,
    event_id: str,
    step: Callable[[Event], Event],
    action: str,
    intent: Intent,
    tags: tuple[str, ...] | None,
    override: Iterable[str] = (),
) -> Outcome[Event]:
    def decide(attempt: Attempt) -> Event:
        attempt.read()
        before = ports.events.look(event_id).event
        if before is None:
            raise NotFound
        if before.live:  # what is over is answered as it was, whatever version is asked for
            check_version(tags, etag(before))
        stepped = replace(step(before), changed_at=ports.clock.now())
        after = settled(attempt, before, stepped, override)
        ports.events.save(attempt.tx, before, after)
        for each in event_messages(before, after, ports.clock.now(), attempt.catalog):
            ports.outbox.put(attempt.tx, each)
        note(attempt, after, action)
        return after

    _check(intent)
    return write(ports, intent, decide)


def _once(intent: Intent, write_it: Callable[[], Outcome[Event]]) -> Outcome[Event]:
    """What was done already is answered as it is."""
    try:
        return write_it()
    except _Already as done:
        return Outcome(done.event, intent.render(done.event))


def _check(intent: Intent) -> None:
    if not may(intent.actor, Action.RUN):
        raise NotFound


def note(attempt: Attempt, event: Event, action: str) -> None:
    """Say in the log who did what to an event."""
    attempt.ports.audit.add(
        attempt.tx,
        subject=f"event#{event.event_id}",
        actor=attempt.intent.actor.actor_id,
        action=action,
        at=attempt.ports.clock.now(),
        version=event.version,
    )


def _call_off(ports: Ports, found: SignUp) -> bool:
    """End one; False where somebody else has."""
    for lost in range(1, LOST):
        now = ports.clock.now()
        look = ports.events.look(found.event_id, [found.person_id])
        event, before = look.event, look.signups.get(found.person_id)
        if event is None or event.live or before is None or not before.live:
            return False
        tx = ports.begin()
        change = (before, called_off(before))
        put(ports, tx, event, [change], {}, by=CLOCK.actor_id, action="call-off", now=now)
        try:
            tx.commit()
        except Race:
            ports.clock.pause(lost)
        else:
            return True
    return False


def _signups(ports: Ports, event_id: str) -> Iterator[SignUp]:
    after: Fields | None = None
    while True:
        page = ports.events.signups(event_id, BATCH, after)
        yield from page.items
        after = page.next
        if after is None:
            return


def _coming(ports: Ports) -> Iterator[Event]:
    """The events that are not over, or were until yesterday, by the index."""
    now = ports.clock.now()
    first, last = now - domain.LONGEST, now + AHEAD
    for month in months.between(first, last):
        after: Fields | None = None
        while True:
            page = ports.events.by_month(month, first, last, BATCH, after)
            yield from (each for each in page.items if each.ends_at > now - timedelta(days=1))
            after = page.next
            if after is None:
                break
