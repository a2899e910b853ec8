"""What people said of diet and accessibility goes in time, and how many said what stays with the event.

First it is counted, then removed, then noted that nothing is left. Whoever dies between is followed by
somebody who finds the count and goes on: what is counted already is not counted again, when half of it
would be gone.
"""

from collections.abc import Iterable
from itertools import islice

from chalicelib.domain import retention
from chalicelib.domain.errors import Race
from chalicelib.domain.events import Event, cleared, tallied
from chalicelib.domain.figures import figures
from chalicelib.domain.retention import Moment
from chalicelib.domain.signups import SignUp, has_needs, without_needs
from chalicelib.services.attendance import NO_NEEDS, all_of
from chalicelib.services.kept_notes import noted
from chalicelib.services.ports import Ports

TRIES = 3
TOGETHER = 20  # sign-ups of one transaction, which holds 4 MB: answers are long


def clear(ports: Ports, event_id: str, moment: Moment) -> bool:
    """Count and remove it, as far as its time has come by `moment`; whether nothing is left.

    Where somebody else keeps writing, the next night goes on.
    """
    for number in range(TRIES):
        if number:
            ports.clock.pause(number)
        event = ports.events.look(event_id).event
        if event is None or retention.event_due(event, moment) is None:
            return False
        try:
            _go_on(ports, event)
        except Race:
            continue
        return True
    return False


def _go_on(ports: Ports, event: Event) -> None:
    if event.counted is None:
        event = noted(ports, event, _counted(ports, event))
    # Nothing new is said from here on: who writes on condition of the version before loses.
    left = filter(has_needs, all_of(ports, event.event_id))
    while some := list(islice(left, TOGETHER)):
        _remove(ports, event, some)
    noted(ports, event, cleared(event), "forget-needs")


def _counted(ports: Ports, event: Event) -> Event:
    now = ports.clock.now()
    found = figures(all_of(ports, event.event_id), event.ways, (), now)
    return tallied(event, found.diets, found.accessibility, now)


def _remove(ports: Ports, event: Event, some: Iterable[SignUp]) -> None:
    tx = ports.begin()
    ports.events.write(tx, event, [(each, without_needs(each)) for each in some], NO_NEEDS)
    tx.commit()
