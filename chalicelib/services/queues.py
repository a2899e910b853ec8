"""Seats that are given up and go on to who waits: in one transaction, and then head by head.

Each step is a transaction of its own that needs what it read to be so still; what a crash between two of
them leaves, whoever comes next mends, and the clock at the latest.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime

from chalicelib.domain.errors import Race, VersionRaced
from chalicelib.domain.events import Event, Promotion, Way, promotion
from chalicelib.domain.kept import is_somebody
from chalicelib.domain.messages import Message
from chalicelib.domain.people import CLOCK
from chalicelib.domain.queueing import Change, Needs, behind_the_others, given
from chalicelib.domain.signup_messages import signup_messages
from chalicelib.domain.signup_news import news
from chalicelib.domain.signups import (
    Entry,
    Place,
    SignUp,
    entry_of,
    expired,
    judged,
    lapsed,
    place_of,
    promoted,
)
from chalicelib.services import holds
from chalicelib.services.ports import Look, Ports, Transaction

log = logging.getLogger(__name__)
BATCH = 100
LOST = 40  # races in a row, after which the clock has to go on


def put(
    ports: Ports,
    tx: Transaction,
    event: Event,
    changes: Iterable[Change],
    needs: Mapping[Way, Needs],
    *,
    by: str,
    action: str,
    now: datetime,
) -> list[Message]:
    """Write changes of sign-ups together with what is told of them, and count what is held no longer.

    Returns the messages that tell of them.
    """
    made, told = list(changes), list[Message]()
    ports.events.write(tx, event, made, needs)
    for before, after in made:
        holds.end(ports, tx, before, after, now)
        # Who is promoted by somebody's leaving is promoted, whoever left.
        what = "promote" if before and before.waiting and after.seated else action
        told += announce(ports, tx, event, before, after, by=by, action=what, now=now)
    return told


def announce(
    ports: Ports,
    tx: Transaction,
    event: Event,
    before: SignUp | None,
    after: SignUp,
    *,
    by: str,
    action: str,
    now: datetime,
) -> list[Message]:
    """Put what a change tells of into its own transaction: messages, and an entry of the log."""
    messages = signup_messages(event, before, after, now)
    for each in messages:
        ports.outbox.put(tx, each)
    told = news(before, after)
    ports.audit.add(
        tx,
        subject=f"event#{after.event_id}",
        actor=by,
        action=action,
        at=now,
        person_id=after.person_id,
        state=after.state.value,
        news=told.value if told else "",
        version=after.version,
    )
    return messages


def give_up(
    ports: Ports,
    tx: Transaction,
    event: Event,
    before: SignUp,
    after: SignUp,
    *,
    by: str,
    action: str,
    now: datetime,
    also: Mapping[Way, Needs] | None = None,
) -> bool:
    """Write a change that may free seats; who waits first has them in the same transaction.

    Returns whether there may be more to give: `settle` does it. Raises Race where it has to be looked
    at again.
    """
    changes: list[Change] = [(before, after)]
    needs = dict(also or {})
    seated, waits = after.seated and after.way is before.way, after.waiting
    freed = before.size - (after.size if seated else 0) if before.seated else 0
    more = before.waiting and (not waits or after.size < before.size)
    if freed and event.live:
        head = _head(ports, event, before.way, now)
        place = head[0] if head else None
        gift = given(event, before.way, freed, place, now)
        needs[before.way] = gift.needs
        if gift.head and head:
            changes.append((head[1], promoted(head[1], event, now)))
            more = True
    put(ports, tx, event, changes, needs, by=by, action=action, now=now)
    return more


def settle(ports: Ports, event_id: str, way: Way) -> int:
    """Promote the head of a queue, again and again while it fits; returns how many parties.

    Safe to run twice at once, and at any time.
    """
    done = lost = 0
    while lost < LOST:
        try:
            if not _promote(ports, event_id, way):
                return done
            done, lost = done + 1, 0
        except Race:
            lost += 1
            ports.clock.pause(lost)
    log.warning("a queue was left to the clock", extra={"event_id": event_id})
    return done


def place(ports: Ports, signup: SignUp, event: Event | None = None) -> Place | None:
    """Where a sign-up stands in its queue, or None where it does not.

    Of who joined last the event knows, if it was read with the sign-up; of others those before are read.
    """
    entry = entry_of(signup)
    if entry is None:
        return None
    known = behind_the_others(event, entry) if event is not None else None
    if known is not None:
        return known
    return place_of(entry.number, ports.events.queue(entry.event_id, entry.way, entry.number))


def expire_lapsed(ports: Ports, event_id: str) -> int:
    """End what is over by itself; returns how many sign-ups."""
    people = ports.events.lapsed(event_id, ports.clock.now(), BATCH)
    return sum(expire(ports, event_id, person_id) for person_id in people)


def expire(ports: Ports, event_id: str, person_id: str) -> bool:
    """End one sign-up if it is over by itself; losing the race to do so is fine."""
    return _expire(ports, ports.events.look(event_id, [person_id]), person_id)


def gone(ports: Ports, event_id: str, person_id: str) -> bool:
    """Whether a party that was in is so no more: what is over by itself is ended, here or by somebody else."""
    look = ports.events.look(event_id, [person_id])
    found = look.signups.get(person_id)
    if found is not None and judged(found, ports.clock.now()).live:
        return False
    _expire(ports, look, person_id)
    return True


def _expire(ports: Ports, look: Look, person_id: str) -> bool:
    ended = _end(ports, look, person_id)
    if ended is not None and ended[1]:
        settle(ports, ended[0].event_id, ended[0].way)
    return ended is not None


def _end(
    ports: Ports, look: Look, person_id: str, *, only_waiting: bool = False
) -> tuple[SignUp, bool] | None:
    """What was ended, and whether there may be more to give; None where nothing was."""
    now = ports.clock.now()
    event, before = look.event, look.signups.get(person_id)
    if event is None or before is None or not lapsed(before, now):
        return None
    if only_waiting and not before.waiting:
        return None  # its seat is for the head, which is being looked for
    tx, by = ports.begin(), CLOCK.actor_id
    try:
        more = give_up(ports, tx, event, before, expired(before), by=by, action="expire", now=now)
        tx.commit()
    except Race:
        log.info("expiry lost a race", extra={"event_id": event.event_id})
        return None
    return before, more


def _promote(ports: Ports, event_id: str, way: Way) -> bool:
    now = ports.clock.now()
    event = ports.events.look(event_id).event
    if event is None or promotion(event, now) is Promotion.NONE:
        return False
    seats = event.ways[way]
    if seats.free < 1 or not seats.waiting:
        return False
    head = _head(ports, event, way, now)
    gift = given(event, way, 0, head[0] if head else None, now)
    if gift.head is None or head is None:
        return False
    tx = ports.begin()
    change = (head[1], promoted(head[1], event, now))
    put(ports, tx, event, [change], {way: gift.needs}, by=CLOCK.actor_id, action="promote", now=now)
    tx.commit()
    return True


def _head(ports: Ports, event: Event, way: Way, now: datetime) -> tuple[Entry, SignUp] | None:
    """Who waits first. Raises VersionRaced where somebody stood there who waits no more."""
    if promotion(event, now) is Promotion.NONE or not event.ways[way].waiting:
        return None
    entry = ports.events.head(event.event_id, way)
    if entry is None:
        raise VersionRaced
    signup = ports.events.look(event.event_id, [entry.person_id]).signups.get(entry.person_id)
    if signup is None or not signup.waiting or not is_somebody(entry.person_id):
        _skip(ports, event, entry, signup, now)
        raise VersionRaced
    if signup.number != entry.number or signup.way is not entry.way:
        raise VersionRaced
    if lapsed(signup, now):
        for person_id in ports.events.lapsed(event.event_id, now, BATCH):
            look = ports.events.look(event.event_id, [person_id])
            _end(ports, look, person_id, only_waiting=True)
        raise VersionRaced
    return entry, signup


def _skip(ports: Ports, event: Event, entry: Entry, signup: SignUp | None, now: datetime) -> None:
    """Take a place out of the queue that is nobody's any more (P-08)."""
    tx, by = ports.begin(), CLOCK.actor_id
    if signup is not None and signup.waiting:
        put(ports, tx, event, [(signup, expired(signup))], {}, by=by, action="skip", now=now)
    else:
        ports.events.skip(tx, event, entry)
    tx.commit()
