"""What is kept of events and of who signed up for them: walked over by the month, and how it goes.

Events are found by an index: in a scan their sign-ups would come along. What it says may be late, so an
event is judged as it is stored, but only where the index does not say already that nothing is left.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from chalicelib.domain import retention as domain
from chalicelib.domain.events import LONGEST, Event
from chalicelib.domain.retention import HOLDS, SIGNUPS, Moment, Rule
from chalicelib.domain.signups import Part, SignUp
from chalicelib.services import months, nameless, tallies, traces
from chalicelib.services.attendance import all_of
from chalicelib.services.ports import Fields, Page, Ports

Stop = Callable[[], bool]


def over(ports: Ports, moment: Moment, limit: int, after: Fields | None) -> Page[Event]:
    """Some of those that are over."""
    return _in(ports, moment.at - domain.EVENTS_SINCE, moment.at, limit, after)


def long_over(ports: Ports, moment: Moment, limit: int, after: Fields | None) -> Page[Event]:
    """Some of those that are over for so long that nobody is named any more."""
    last = moment.at - SIGNUPS.after
    return _in(ports, moment.at - domain.EVENTS_SINCE, last, limit, after)


def open_ones(ports: Ports, moment: Moment, limit: int, after: Fields | None) -> Page[Event]:
    """Some of those that one can sign up for, will be able to, or could not long ago."""
    first = moment.at - LONGEST - HOLDS.after - domain.UNPROVED_SINCE
    return _in(ports, first, moment.at + domain.EVENTS_AHEAD, limit, after)


def needs_due(ports: Ports, event: Event, moment: Moment) -> Rule | None:
    """The rule by which diets and needs have to be gone."""
    return _as_stored(ports, event, moment, domain.event_due)


def names_due(ports: Ports, event: Event, moment: Moment) -> Rule | None:
    """The rule by which nobody may be named any more."""
    return _as_stored(ports, event, moment, domain.names_due)


def unproved_due(ports: Ports, event: Event, moment: Moment) -> Rule | None:
    """The rule by which sign-ups of an event have to go that nobody proved: all of them are read."""
    return HOLDS if next(_unproved(ports, event, moment), None) else None


def clear(ports: Ports, event: Event, _rule: Rule, moment: Moment, _: Stop) -> bool:
    """Count and remove diets and needs; whether nothing is left."""
    return tallies.clear(ports, event.event_id, moment)


def forget_names(ports: Ports, event: Event, _rule: Rule, moment: Moment, stop: Stop) -> bool:
    """Make all sign-ups nobody's; whether none is left."""
    return nameless.forget(ports, event.event_id, moment, stop)


def forget_unproved(ports: Ports, event: Event, _rule: Rule, moment: Moment, stop: Stop) -> bool:
    """Make those nobody's that nobody proved; whether none is left."""
    done = True
    for each in _unproved(ports, event, moment):
        if stop():
            return False
        part = Part(event.event_id, each.person_id)
        done &= traces.signup(ports, part, each.person_id, by_rule=True)
    return done


def _unproved(ports: Ports, event: Event, moment: Moment) -> Iterator[SignUp]:
    if domain.may_be_unproved(event, moment):
        for each in all_of(ports, event.event_id):
            if domain.signup_due(each, moment):
                yield each


def _in(
    ports: Ports, first: datetime, last: datetime, limit: int, after: Fields | None
) -> Page[Event]:
    def read(month: str, most: int, place: Fields | None) -> Page[Event]:
        return ports.events.by_month(month, first, last, most, place)

    return months.page(months.between(first, last), limit, after, read)


def _as_stored(
    ports: Ports, event: Event, moment: Moment, due: Callable[[Event, Moment], Rule | None]
) -> Rule | None:
    if due(event, moment) is None:
        return None
    stored = ports.events.look(event.event_id).event
    return due(stored, moment) if stored else None
