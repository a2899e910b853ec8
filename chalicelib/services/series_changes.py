"""Changing an event of a series and those after it: each in a transaction of its own, so that it can go on.

What is asked for is said in the terms of the one that is edited. Its times mean the same wall-clock times of
the others' dates, by the rule; so doing it again does nothing more, and one that was moved by itself
stays where it is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.domain.errors import Problem, Refused, Unavailable
from chalicelib.domain.events import Event, Way, revised
from chalicelib.domain.times import shifted
from chalicelib.services import event_series, events
from chalicelib.services.event_series import Series
from chalicelib.services.ports import Ports
from chalicelib.services.writing import Intent, Outcome

TIMES = ("starts_at", "ends_at", "opens_at", "closes_at", "promote_until")


@dataclass(frozen=True, slots=True)
class Later:
    """One after the event that was edited, and what became of it; neither: nobody has come to it yet."""

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
) -> list[Later]:
    """Change those after an event, until all are or time is up; those called off stay as they are."""
    stop = ports.clock.monotonic() + event_series.SECONDS
    zone, found = ports.settings.get().site.zone, []
    dates = _dates(event_series.look(ports, event_id))
    here = next(day for day, event in dates if event.event_id == event_id)
    own = replace(intent, key=None, render=lambda made: {"event_id": made.event_id})
    away = False
    for day, event in dates:
        if day <= here or not event.live:
            continue
        away = away or ports.clock.monotonic() >= stop
        one = Later(event)
        if not away:
            asked = _asked(event, fields, here, day, zone)
            one = _changed(ports, event, asked, seats, own, override)
            away = not (one.done or one.problems)
        found.append(one)
    return found


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
) -> Later:
    try:
        after = revised(event, asked, seats)
        if replace(after, version=event.version) == event:
            return Later(event, done=True)
        made = events.change(ports, event.event_id, asked, seats, None, intent, override).value
        return Later(made or event, done=True)
    except Refused as refused:
        return Later(event, problems=refused.problems)
    except Unavailable:
        return Later(event)
