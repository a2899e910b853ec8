"""Changing, publishing and calling off an event of a series and others of it: each in a transaction of its own,
so that it can go on.

What is changed is said in the terms of the one that is edited. Its times mean the same wall-clock times of
the others' dates, by the rule; so doing it again does nothing more, and one that was moved by itself
stays where it is.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.domain.errors import Problem, Refused, Unavailable
from chalicelib.domain.events import Event, State, Way, revised
from chalicelib.domain.times import shifted
from chalicelib.services import event_series, events
from chalicelib.services.event_series import Series
from chalicelib.services.ports import Ports
from chalicelib.services.writing import Intent, Outcome

TIMES = ("starts_at", "ends_at", "opens_at", "closes_at", "promote_until")


class Reach(StrEnum):
    """How far of a series something goes."""

    THIS = "this"
    FROM_HERE = "from-here"  # those after it as well
    ALL = "all"  # those before it, too


@dataclass(frozen=True, slots=True)
class Other:
    """Another of its series, and what became of it; neither: nobody has come to it yet."""

    event: Event
    done: bool = False
    problems: tuple[Problem, ...] = ()


def change(
    ports: Ports,
    event_id: str,
    fields: Mapping[str, Any],
    seats: Mapping[Way, Mapping[str, Any]],
    tags: tuple[str, ...] | None,
    intent: Intent,
    override: Iterable[str] = (),
) -> Outcome[Event]:
    """Edit the first of them as `events.change` does; `go_on` brings the others after it.

    NotFound where it belongs to no series.
    """
    event_series.look(ports, event_id)
    given = {**fields, "apart": False}
    return events.change(ports, event_id, given, seats, tags, intent, override)


def go_on(
    ports: Ports,
    event_id: str,
    fields: Mapping[str, Any],
    seats: Mapping[Way, Mapping[str, Any]],
    intent: Intent,
    override: tuple[str, ...] = (),
) -> list[Other]:
    """Change those after an event, until all are or time is up; those called off stay as they are."""
    zone = ports.settings.get().site.zone
    dates = _dates(event_series.look(ports, event_id))
    here = next(day for day, event in dates if event.event_id == event_id)
    days = {event.event_id: day for day, event in dates}
    own = _of_another(intent)

    def step(event: Event) -> Other:
        asked = _asked(event, fields, here, days[event.event_id], zone)
        return _changed(ports, event, asked, seats, own, override)

    others = _others(dates, event_id, Reach.FROM_HERE)
    return _tried(ports, (each for each in others if each.live), step)


def publish(
    ports: Ports, event_id: str, intent: Intent, tags: tuple[str, ...] | None
) -> Outcome[Event]:
    """Publish the one that is named, or answer it as it is where it is no draft; `publish_others` brings the others.

    NotFound where it belongs to no series.
    """
    event_series.look(ports, event_id)
    return events.publish(ports, event_id, intent, tags, again=True)


def publish_others(ports: Ports, event_id: str, reach: Reach, intent: Intent) -> list[Other]:
    """Publish the drafts that are not over, until all are or time is up."""
    own, now = _of_another(intent), ports.clock.now()

    def step(event: Event) -> Other:
        if event.state is State.PUBLISHED:
            return Other(event, done=True)
        return _done(event, lambda: events.publish(ports, event.event_id, own, again=True))

    others = _others(_dates(event_series.look(ports, event_id)), event_id, reach)
    return _tried(ports, (each for each in others if _to_come(each, now)), step)


def call_off(
    ports: Ports, event_id: str, reason: str, intent: Intent, tags: tuple[str, ...] | None
) -> Outcome[Event]:
    """Call off the one that is named, as `events.call_off` does; `call_off_others` brings the others.

    NotFound where it belongs to no series.
    """
    event_series.look(ports, event_id)
    return events.call_off(ports, event_id, reason, intent, tags)


def call_off_others(
    ports: Ports, event_id: str, reach: Reach, reason: str, intent: Intent
) -> list[Other]:
    """Call off those that are not over, until all are or time is up; their sign-ups then, or by the clock."""
    own, now = _of_another(intent), ports.clock.now()
    stop = ports.clock.monotonic() + event_series.SECONDS

    def step(event: Event) -> Other:
        if not event.live:
            return Other(event, done=True)
        call = events.call_off
        return _done(event, lambda: call(ports, event.event_id, reason, own, seconds=0.0))

    others = _others(_dates(event_series.look(ports, event_id)), event_id, reach)
    found = _tried(ports, (each for each in others if not each.live or _to_come(each, now)), step)
    for each in found:
        left = stop - ports.clock.monotonic()
        if each.done and left > 0:
            events.go_on(ports, each.event.event_id, left)
    return found


def _to_come(event: Event, now: datetime) -> bool:
    return event.live and event.ends_at > now


def _of_another(intent: Intent) -> Intent:
    """The same by the same actor, of one that has no answer of its own."""
    return replace(intent, key=None, render=lambda made: {"event_id": made.event_id})


def _others(dates: list[tuple[datetime, Event]], event_id: str, reach: Reach) -> Iterator[Event]:
    """The others of a series as far as something goes, in its order."""
    here = next(day for day, event in dates if event.event_id == event_id)
    for day, event in dates:
        if day > here or (day < here and reach is Reach.ALL):
            yield event


def _tried(ports: Ports, wanted: Iterable[Event], step: Callable[[Event], Other]) -> list[Other]:
    """What a step makes of each, until time is up or the store is away; what is left is as it was."""
    stop, away, found = ports.clock.monotonic() + event_series.SECONDS, False, []
    for event in wanted:
        away = away or ports.clock.monotonic() >= stop
        one = Other(event) if away else step(event)
        away = away or not (one.done or one.problems)
        found.append(one)
    return found


def _done(event: Event, step: Callable[[], Outcome[Event]]) -> Other:
    try:
        return Other(step().value or event, done=True)
    except Refused as refused:
        return Other(event, problems=refused.problems)
    except Unavailable:
        return Other(event)


def _dates(series: Series) -> list[tuple[datetime, Event]]:
    """The events of a series with their dates by the rule, in its order."""
    first = series.first
    others = [(each.starts_at, each.event) for each in series.others if each.event is not None]
    return [(first.series_from or first.starts_at, first), *others]


def _asked(
    event: Event, fields: Mapping[str, Any], here: datetime, day: datetime, zone: ZoneInfo
) -> dict[str, Any]:
    """The fields in the terms of another date; of one that was moved by itself no time changes."""
    if event.apart:
        return {name: value for name, value in fields.items() if name not in TIMES}
    moved = {name: shifted(fields[name], here, day, zone) for name in TIMES if fields.get(name)}
    return {**fields, **moved, "apart": False}


def _changed(
    ports: Ports,
    event: Event,
    asked: Mapping[str, Any],
    seats: Mapping[Way, Mapping[str, Any]],
    intent: Intent,
    override: tuple[str, ...],
) -> Other:
    def step() -> Outcome[Event]:
        after = revised(event, asked, seats)
        if replace(after, version=event.version) == event:
            return Outcome(event, {})
        return events.change(ports, event.event_id, asked, seats, None, intent, override)

    return _done(event, step)
