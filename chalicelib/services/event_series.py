"""Events that come again: single events, made from the first by a rule, each in a transaction of its own.

The first says the rule; the id of each other follows from the first and its date. So whoever asks again
makes what is missing, and nothing twice; one that was moved or called off since is there, and stays so.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from chalicelib.domain.errors import NotFound, Problem, Refused, Unavailable, refuse
from chalicelib.domain.event_copies import copied
from chalicelib.domain.events import Event, check_running
from chalicelib.services.access import Action, may
from chalicelib.services.event_places import settled
from chalicelib.services.events import note
from chalicelib.services.ports import Ports
from chalicelib.services.recurrence import dates
from chalicelib.services.writing import AlreadyDone, Attempt, Intent, Outcome, write

SECONDS = 15.0  # of making events within one request; the rest by the next


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One date of a series: the event that was made for it, or what it was refused for, or neither yet."""

    starts_at: datetime  # by the rule; an event may have been moved since
    event: Event | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def left(self) -> bool:
        """Whether nobody has come to it yet."""
        return self.event is None and not self.problems


@dataclass(frozen=True, slots=True)
class Series:
    """How far a series has come; the first is not among the others."""

    first: Event
    others: tuple[Occurrence, ...]

    @property
    def done(self) -> bool:
        """Whether every date was tried."""
        return not any(each.left for each in self.others)


class _Begun(AlreadyDone):
    def __init__(self, event: Event) -> None:
        self.event = event


def begin(ports: Ports, event_id: str, rule: str, intent: Intent) -> Outcome[Event]:
    """Make an event the first of a series. Twice by one rule is once; `go_on` makes the others.

    Refused with `stale-state` where it belongs to a series already, and as `dates` says.
    """

    def decide(attempt: Attempt) -> Event:
        attempt.read()
        before = ports.events.look(event_id).event
        if before is None:
            raise NotFound
        check_running(before)
        if (before.series_id, before.rrule) == (event_id, rule):
            raise _Begun(before)
        if before.series_id:
            raise refuse("stale-state", why="series")
        start, length = before.starts_at, before.ends_at - before.starts_at
        dates(rule, start, length, attempt.catalog.site.zone)
        after = replace(
            before,
            series_id=event_id,
            rrule=rule,
            series_from=start,
            version=before.version + 1,
        )
        ports.events.save(attempt.tx, before, after)
        note(attempt, after, "series")
        return after

    if not may(intent.actor, Action.RUN):
        raise NotFound
    try:
        return write(ports, intent, decide)
    except _Begun as begun:
        return Outcome(begun.event, intent.render(begun.event))


def go_on(ports: Ports, event_id: str, intent: Intent, override: Iterable[str] = ()) -> Series:
    """Make what a series still lacks, until nothing is left or time is up.

    Each is a draft, with its place; a date that is refused keeps none of the others from being made.
    """
    series = look(ports, event_id)
    stop, others = ports.clock.monotonic() + SECONDS, list(series.others)
    for number, each in enumerate(others):
        if not each.left:
            continue
        if ports.clock.monotonic() >= stop:
            break
        try:
            others[number] = _made(ports, series.first, each.starts_at, intent, tuple(override))
        except Unavailable:
            break
    return Series(series.first, tuple(others))


def look(ports: Ports, event_id: str) -> Series:
    """A series as it is now, by any event of it. NotFound where an event belongs to none."""
    event = ports.events.look(event_id).event
    if event is not None and event.series_id not in ("", event_id):
        event = ports.events.look(event.series_id).event
    if event is None or not event.rrule:
        raise NotFound
    zone = ports.settings.get().site.zone
    others = [
        Occurrence(each, ports.events.look(id_of(event.event_id, each, zone)).event)
        for each in _starts(event, zone)
    ]
    return Series(event, tuple(others))


def id_of(first_id: str, starts_at: datetime, zone: ZoneInfo) -> str:
    """The id of the event of a date: there is one a day at most."""
    text = f"{first_id} {starts_at.astimezone(zone):%Y-%m-%d}"
    return f"e_{hashlib.sha256(text.encode()).hexdigest()[:22]}"


def _starts(first: Event, zone: ZoneInfo) -> list[datetime]:
    """The later dates, by where the first stood when the series was made."""
    start = first.series_from or first.starts_at
    return dates(first.rrule, start, timedelta(0), zone)


def _made(
    ports: Ports, first: Event, starts_at: datetime, intent: Intent, override: tuple[str, ...]
) -> Occurrence:
    def decide(attempt: Attempt) -> Event:
        zone = attempt.catalog.site.zone
        event_id = id_of(first.event_id, starts_at, zone)
        there = ports.events.look(event_id).event
        if there is not None:
            raise _Begun(there)
        if starts_at <= ports.clock.now():
            raise refuse("in-the-past", "/start")
        made = replace(copied(first, event_id, starts_at, zone), series_id=first.event_id)
        made = settled(attempt, None, made, override)
        ports.events.create(attempt.tx, made)
        note(attempt, made, "create")
        return made

    own = replace(intent, key=None, render=lambda made: {"event_id": made.event_id})
    try:
        return Occurrence(starts_at, write(ports, own, decide).value)
    except _Begun as begun:
        return Occurrence(starts_at, begun.event)
    except Refused as refused:
        return Occurrence(starts_at, None, refused.problems)
