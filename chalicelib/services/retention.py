"""Whatever has been kept for long enough goes: by rule, at night, page by page, and looked at again.

How far a night's work has come is written after each page, with what the page did behind it: whoever
dies half-way is followed by somebody who goes on there, and what is done already is not done again.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.domain import retention as domain
from chalicelib.domain.bookings import Booking
from chalicelib.domain.errors import Race
from chalicelib.domain.kept import is_somebody
from chalicelib.domain.letters import Told
from chalicelib.domain.messages import Message
from chalicelib.domain.notices import Notice
from chalicelib.domain.people import CLOCK
from chalicelib.domain.retention import (
    MESSAGES,
    ONCE,
    STAGES,
    Moment,
    Night,
    Rule,
    Table,
    Token,
    Trace,
)
from chalicelib.services import erasure, kept_events, remains, traces
from chalicelib.services.ports import Fields, Page, Ports

log = logging.getLogger(__name__)
PAGE = 200
ERASING_SECONDS = 20.0
NIGHT_SECONDS = 25.0  # together within the function's minute
Stop = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Walk:
    """How a table is walked over: its pages, by which rule a thing has to go, and how it goes.

    What is large by itself stops where time is up.
    """

    page: Callable[[Ports, Moment, int, Fields | None], Page[Any]]
    due: Callable[[Ports, Any, Moment], Rule | None]
    act: Callable[[Ports, Any, Rule, Moment, Stop], bool]


@dataclass(frozen=True, slots=True)
class Retained:
    """What a run came to: persons who are still being forgotten, and how much is overdue."""

    erasing: int
    overdue: int


def run(ports: Ports) -> Retained:
    """Go on with forgetting people; at night with everything that has been kept long enough."""
    erasing = erasure.go_on_all(ports, ERASING_SECONDS)
    night = _night(ports, NIGHT_SECONDS)
    late = domain.late(night, ports.keeping.erasures(), ports.clock.now())
    return Retained(erasing, late)


def _night(ports: Ports, seconds: float) -> Night:
    """As much of a night's work as there is time for; a night is begun and ended once."""
    zone, stop = ports.settings.get().site.zone, ports.clock.monotonic() + seconds
    night = ports.keeping.night()
    if night is None:
        night = _saved(ports, domain.first_night(ports.clock.now(), zone))
    while night is not None:
        now = ports.clock.now()
        if domain.begins(night, now, zone):
            following: Night | None = _saved(ports, domain.opened(night, now, zone))
        elif domain.goes_on(night, now, zone) and ports.clock.monotonic() < stop:
            following = _turn(ports, night, stop)
        else:
            return night
        if following is None:
            break
        night = following
    return ports.keeping.night() or domain.first_night(ports.clock.now(), zone)


def _turn(ports: Ports, night: Night, stop: float) -> Night | None:
    """One page: all of it, and then that it is done. None where it was not, or by somebody else."""
    table, counting = STAGES[night.stage]
    walk, moment = WALKS[table], _moment(ports, night)
    page = walk.page(ports, moment, PAGE, night.cursor)
    done: Counter[str] = Counter()
    left = 0

    def over() -> bool:
        return ports.clock.monotonic() >= stop

    for thing in page.items:
        if over():
            return None
        rule = walk.due(ports, thing, moment)
        if rule is None:
            continue
        if counting:
            left += 1
            continue
        if walk.act(ports, thing, rule, moment, over):
            done[rule.name] += 1
        elif over():
            return None  # so it is gone on with, and not passed over
        if table in ONCE:
            left += walk.due(ports, thing, moment) is not None
    after = domain.turned(night, page.next, done, left, ports.clock.now())
    if after.over:
        log.info("retention", extra={"counts": dict(after.counts), "overdue": after.last_overdue})
    return _saved(ports, after)


def _moment(ports: Ports, night: Night) -> Moment:
    erased = {each.person_id: each.done_at for each in ports.keeping.erasures() if each.done_at}
    return Moment(night.as_of, ports.settings.get().site.zone, erased)


def _saved(ports: Ports, night: Night) -> Night | None:
    tx = ports.begin()
    ports.keeping.save_night(tx, night)
    try:
        tx.commit()
    except Race:
        return None
    return night


def _anonymise(ports: Ports, booking: Booking, *_: object) -> bool:
    return traces.booking(ports, booking.booking_id, booking.person_id, by_rule=True)


def _forget_message(ports: Ports, thing: Message | Told | Notice, rule: Rule, *_: object) -> bool:
    if isinstance(thing, Message) and rule is not MESSAGES:
        return traces.stray_message(ports, thing.message_id, thing.person_id)
    tx = ports.begin()
    if isinstance(thing, Told):
        ports.keeping.remove_told(tx, thing.subject, thing.person_id)
    elif isinstance(thing, Notice):
        ports.keeping.remove_notice(tx, thing.notice_id)
    else:
        ports.keeping.remove_message(tx, thing)
    return _commit(tx.commit)


def _remove_token(ports: Ports, token: Token, *_: object) -> bool:
    tx = ports.begin()
    ports.keeping.remove_token(tx, token)
    return _commit(tx.commit)


def _person_due(ports: Ports, trace: Trace, moment: Moment) -> Rule | None:
    """Judged by all that there is of them, but only where the one thing does not say it already."""
    if not is_somebody(trace.person_id) or domain.person_due([trace], moment) is None:
        return None
    rule = domain.person_due(ports.keeping.traces_of(trace.person_id), moment)
    if rule is None:
        return None
    person_id, since = trace.person_id, moment.at - rule.after
    if _has_booked(ports, person_id, since) or _came(ports, person_id, since):
        return None
    return rule


def _has_booked(ports: Ports, person_id: str, since: datetime) -> bool:
    return bool(ports.bookings.by_person(person_id, since, remains.EVER[1], 1, None).items)


def _came(ports: Ports, person_id: str, since: datetime) -> bool:
    """Whether they led a party or came along with one after that, or are to."""
    after: Fields | None = None
    while True:
        page = ports.events.parts_of(person_id, remains.PAGE, after)
        if any(event.ends_at >= since for event, _ in ports.events.parties(page.items)):
            return True
        after = page.next
        if after is None:
            return False


def _forget_person(ports: Ports, trace: Trace, _rule: Rule, moment: Moment, _: Stop) -> bool:
    """Begin to: as they are read here, judged after that, and on condition that they stay so."""
    snapshot = ports.snapshots.read(person_id=trace.person_id)
    if _person_due(ports, trace, moment) is None:
        return False
    tx = ports.begin()
    before = ports.keeping.erasure(trace.person_id)
    erasure.start(ports, tx, trace.person_id, snapshot, before, CLOCK)
    return _commit(tx.commit)


def _commit(commit: Callable[[], None]) -> bool:
    try:
        commit()
    except Race:
        return False
    return True


WALKS: Mapping[Table, Walk] = {
    Table.BOOKINGS: Walk(
        lambda ports, _, limit, after: ports.keeping.bookings(limit, after),
        lambda _, booking, moment: domain.booking_due(booking, moment),
        _anonymise,
    ),
    Table.MESSAGES: Walk(
        lambda ports, _, limit, after: ports.keeping.messages(limit, after),
        lambda _, thing, moment: domain.message_due(thing, moment),
        _forget_message,
    ),
    Table.TOKENS: Walk(
        lambda ports, _, limit, after: ports.keeping.tokens(limit, after),
        lambda _, token, moment: domain.token_due(token, moment),
        _remove_token,
    ),
    Table.PEOPLE: Walk(
        lambda ports, _, limit, after: ports.keeping.traces(limit, after),
        _person_due,
        _forget_person,
    ),
    Table.EVENTS: Walk(kept_events.over, kept_events.needs_due, kept_events.clear),
    Table.SIGNUPS: Walk(kept_events.long_over, kept_events.names_due, kept_events.forget_names),
    Table.UNPROVED: Walk(
        kept_events.open_ones, kept_events.unproved_due, kept_events.forget_unproved
    ),
}
