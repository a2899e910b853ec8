"""What is left of a person, thing by thing, and how each goes: in steps that can be done again and again.

Lists come from indexes, which may be late; each thing is then read and written strongly, and what is
forgotten already is left alone. A step says whether it came to its end: not where time was up, or where a
thing kept being changed by somebody else. Every write is on condition that its person is still being
forgotten: a worker who comes late takes nothing from a newcomer.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from chalicelib.domain.bookings import Booking
from chalicelib.domain.erasures import anonymised, forgotten, forgotten_in, quiet, unowned
from chalicelib.domain.errors import Broken, Race
from chalicelib.domain.events import Way
from chalicelib.domain.messages import Message
from chalicelib.domain.people import CLOCK, ERASED
from chalicelib.domain.signups import Part
from chalicelib.services import holds, remains
from chalicelib.services.ports import Ports, Quota, Transaction
from chalicelib.services.queues import give_up, settle
from chalicelib.services.remains import EVER

log = logging.getLogger(__name__)
TRIES = 5
TOGETHER = 40  # removals of one transaction, of two items at most: it holds a hundred
Stop = Callable[[], bool]


def bookings(ports: Ports, person_id: str, stop: Stop) -> bool:
    """Every booking of theirs: given up where it is still to come, and nobody's from now on."""
    counted = remains.counted(ports, person_id)
    done, after = True, None
    while True:
        page = ports.bookings.by_person(person_id, *EVER, remains.PAGE, after)
        for booking_id in dict.fromkeys(each.booking_id for each in (*counted, *page.items)):
            if stop():
                return False
            done &= booking(ports, booking_id, person_id)
        counted, after = [], page.next
        if after is None:
            return done


def booking(ports: Ports, booking_id: str, person_id: str, *, by_rule: bool = False) -> bool:
    """One booking, in one transaction: its slots, its place in the quota, itself, an entry in the log.

    `by_rule`: its time has come, and its person may stay. Then what they were told of it goes, too, and
    that they had one stays in their quota as the last that was heard of them.
    """

    def write(tx: Transaction) -> bool:
        before, now = ports.bookings.get(booking_id), ports.clock.now()
        if before is None or before.person_id != person_id:
            return False
        after = anonymised(before, now)
        _release(ports, tx, before, after)
        _count_no_more(ports, tx, before, after, by_rule=by_rule)
        holds.end(ports, tx, before, after, now)
        ports.bookings.save(tx, after)
        subject = f"booking#{booking_id}"
        if by_rule:
            ports.keeping.remove_told(tx, subject, person_id)
        else:
            ports.keeping.check_erasing(tx, person_id)
        ports.audit.add(tx, subject=subject, actor=CLOCK.actor_id, action="forget", at=now)
        return True

    return _again(ports, write)


def signups(ports: Ports, person_id: str, stop: Stop) -> bool:
    """Every sign-up of theirs, and that they come along with others."""
    done, after = True, None
    while True:
        page = ports.events.parts_of(person_id, remains.PAGE, after)
        for part in page.items:
            if stop():
                return False
            done &= signup(ports, part, person_id)
        after = page.next
        if after is None:
            return done


def signup(ports: Ports, part: Part, person_id: str, *, by_rule: bool = False) -> bool:
    """One sign-up, in one transaction, in which what it gives up is the next one's in the queue.

    `by_rule`: its time has come, and its person may stay; then what they were told of it goes, too. What
    a party's leader was answered is kept for repeated requests for two days, however its guests fare.
    """
    nobody, freed = ports.clock.new_id(ERASED), set[Way]()

    def write(tx: Transaction) -> bool:
        freed.clear()
        look, now = ports.events.look(part.event_id, [part.led_by]), ports.clock.now()
        event, before = look.event, look.signups.get(part.led_by)
        if event is None or before is None or person_id not in before.person_ids:
            return False
        after = forgotten_in(before, person_id, event, now, nobody)
        by = CLOCK.actor_id
        if give_up(ports, tx, event, before, after, by=by, action="forget", now=now):
            freed.add(before.way)
        if by_rule:
            ports.keeping.remove_told(tx, f"event#{part.event_id}", person_id)
        else:
            ports.keeping.check_erasing(tx, person_id)
        return True

    done = _again(ports, write)
    for way in freed:
        settle(ports, part.event_id, way)
    return done


def quieten(ports: Ports, person_id: str, stop: Stop) -> bool:
    """Their unsent messages are dropped: nothing more goes out to them."""
    return _messages(ports, person_id, stop, lambda one: None if one.final else quiet)


def messages(ports: Ports, person_id: str, stop: Stop) -> bool:
    """Every message of theirs: to nobody from now on, and what they were told is gone."""
    return _messages(ports, person_id, stop, lambda _: forgotten)


def stray_message(ports: Ports, message_id: str, person_id: str) -> bool:
    """One message to somebody who was forgotten since: to nobody from now on."""
    return _message(ports, message_id, person_id, forgotten, by_rule=True)


def keys(ports: Ports, person_id: str, stop: Stop) -> bool:
    """Their own API keys, and those of systems that they made as admins."""
    done = True
    for key in remains.keys(ports, person_id):
        if stop():
            return False
        tx = ports.begin()
        ports.keeping.check_erasing(tx, person_id)
        ports.api_keys.save(tx, unowned(key, person_id, ports.clock.now()))
        done &= _commit(tx)
    return done


def feeds(ports: Ports, person_id: str, stop: Stop) -> bool:
    """The addresses that calendars of theirs subscribe to: under their digests, and under them."""
    found, _ = ports.feeds.of_person(person_id)
    return _remove(ports, person_id, found, ports.feeds.remove, stop)


def tokens(ports: Ports, person_id: str, stop: Stop) -> bool:
    """Their sessions, proofs of their address, and answers that are kept for repeated requests."""
    found = ports.keeping.tokens_of(person_id)
    return _remove(ports, person_id, found, ports.keeping.remove_token, stop)


def account(ports: Ports, person_id: str, stop: Stop) -> bool:
    """All that is kept under them but what keeps everything new out."""
    found = remains.others(ports, person_id)
    return _remove(ports, person_id, found, ports.keeping.remove_trace, stop)


def _release(ports: Ports, tx: Transaction, before: Booking, after: Booking) -> None:
    """Give back the slots that it no longer holds."""
    if (before.held, before.until, before.marks()) == (after.held, after.until, after.marks()):
        return
    ports.ledger.move(
        tx,
        before.booking_id,
        before.held,
        after.held,
        until=after.until,
        marks=after.marks(),
    )


def _count_no_more(
    ports: Ports, tx: Transaction, before: Booking, after: Booking, *, by_rule: bool
) -> None:
    """Take it out of the quotas in which it counts for nothing any more."""
    released = before.live and not after.live
    holders = [before.person_id] if released or not by_rule else []
    holders += [before.organisation_id] if released and before.organisation_id else []
    for holder in holders:
        counted = Quota(holder, {before.booking_id: (0, 0)})
        ports.people.save_quota(tx, counted, Quota(holder), strict=False)


def _messages(ports: Ports, person_id: str, stop: Stop, change: Callable[[Message], Any]) -> bool:
    done, after = True, None
    while True:
        page = ports.outbox.by_person(person_id, remains.PAGE, after)
        for one in page.items:
            if stop():
                return False
            if wanted := change(one):
                done &= _message(ports, one.message_id, person_id, wanted)
        after = page.next
        if after is None:
            return done


def _message(
    ports: Ports,
    message_id: str,
    person_id: str,
    change: Callable[[Message, datetime], Message],
    *,
    by_rule: bool = False,
) -> bool:
    def write(tx: Transaction) -> bool:
        before = ports.outbox.get(message_id)
        if before is None or before.person_id != person_id:
            return False
        after = change(before, ports.clock.now())
        if after == before:
            return False
        if not by_rule:
            ports.keeping.check_erasing(tx, person_id)
        ports.outbox.save(tx, after)
        if after.person_id != person_id:
            ports.keeping.remove_told(tx, before.subject, person_id)
        return True

    return _again(ports, write)


def _remove(
    ports: Ports,
    person_id: str,
    things: list[Any],
    remove: Callable[[Transaction, Any], None],
    stop: Stop,
) -> bool:
    """Many at once; where somebody changed one of them meanwhile, one by one."""
    done = True
    for number in range(0, len(things), TOGETHER):
        if stop():
            return False
        some = things[number : number + TOGETHER]
        if not _removed(ports, person_id, some, remove):
            alone = [_removed(ports, person_id, [each], remove) for each in some]
            done &= all(alone)
    return done


def _removed(
    ports: Ports, person_id: str, things: list[Any], remove: Callable[[Transaction, Any], None]
) -> bool:
    tx = ports.begin()
    ports.keeping.check_erasing(tx, person_id)
    for each in things:
        remove(tx, each)
    return _commit(tx)


def _commit(tx: Transaction) -> bool:
    try:
        tx.commit()
    except Race:
        return False
    return True


def _again(ports: Ports, write: Callable[[Transaction], bool]) -> bool:
    """Write what a thing still needs, again while it is being changed; whether it needs nothing more."""
    for number in range(TRIES):
        if number:
            ports.clock.pause(number)
        tx = ports.begin()
        try:
            if not write(tx):
                return True
            tx.commit()
        except Race:
            continue
        except Broken:
            # One that contradicts its tables keeps none of the others waiting.
            log.exception("not forgotten")
            return False
        return True
    return False
