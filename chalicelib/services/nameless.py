"""A year after an event nobody is named any more who signed up for it; how many did, and came, stays.

First it is closed, with how many answered what: nobody is named in it anew. Then party after party becomes
nobody's, and then it is noted that none is left. Whoever dies between is followed by somebody who goes on.
"""

from collections.abc import Callable

from chalicelib.domain import retention
from chalicelib.domain.errors import Race
from chalicelib.domain.events import Event, closed, unnamed
from chalicelib.domain.figures import figures
from chalicelib.domain.kept import is_somebody
from chalicelib.domain.retention import Moment
from chalicelib.domain.signups import Part
from chalicelib.services import traces
from chalicelib.services.attendance import all_of
from chalicelib.services.kept_notes import noted
from chalicelib.services.ports import Ports

Stop = Callable[[], bool]


def forget(ports: Ports, event_id: str, moment: Moment, stop: Stop) -> bool:
    """Make every party of an event nobody's, if it is time by `moment`; whether none is left.

    Where time is up, or somebody else keeps writing, the next run goes on.
    """
    event = ports.events.look(event_id).event
    if event is None or retention.names_due(event, moment) is None:
        return False
    try:
        if event.closed_at is None:
            event = noted(ports, event, closed(event, _answered(ports, event), ports.clock.now()))
        if not _forget_all(ports, event, stop):
            return False
        noted(ports, event, unnamed(event), "forget-names")
    except Race:
        return False
    return True


def _forget_all(ports: Ports, event: Event, stop: Stop) -> bool:
    done = True
    for signup in all_of(ports, event.event_id):
        if not is_somebody(signup.person_id):
            continue
        if stop():
            return False
        for person_id in signup.person_ids:
            _remember(ports, event, person_id)
        part = Part(event.event_id, signup.person_id)
        done &= traces.signup(ports, part, signup.person_id, by_rule=True)
    return done


def _remember(ports: Ports, event: Event, person_id: str) -> None:
    """Of who has an account, that they were in it stays the last that was heard of them, if it is."""
    known = ports.keeping.traces_of(person_id)
    heard = any(each.last is not None and each.last >= event.ends_at for each in known)
    if heard or not any(each.profile for each in known):
        return
    tx = ports.begin()
    ports.keeping.note_came(tx, person_id, event.ends_at)
    tx.commit()


def _answered(ports: Ports, event: Event) -> dict[str, dict[str, int]]:
    """How many answered what, while it is known: their answers go with their names."""
    now = ports.clock.now()
    found = figures(all_of(ports, event.event_id), event.ways, event.questions, now, event.counted)
    return {key: dict(counts) for key, counts in found.answers.items()}
