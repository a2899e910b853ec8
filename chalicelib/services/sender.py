"""From due to sent: the poller finds what somebody has to look at, workers look at it.

A worker claims a message, checks that it is still true, marks that it is about to send, sends once,
and marks what came of it. Each step is one conditional write, so of two workers one goes on; the
table of messages.md says what becomes of a message whose worker died where.
"""

import logging
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain import messages as domain
from chalicelib.domain.errors import (
    LabError,
    PostPaused,
    PostRefused,
    PostThrottled,
    PostUnknown,
    Race,
)
from chalicelib.domain.messages import EVERYBODY, PRECEDENCE, STAFF, Kind, Message, State
from chalicelib.domain.times import local_date
from chalicelib.services.expanding import expand
from chalicelib.services.letters import letter_of, waiting_for_staff
from chalicelib.services.ports import Ports
from chalicelib.services.verdicts import Drop, Ready, Wait

log = logging.getLogger(__name__)
MOST_DUE = 1000  # in one run of the poller
TOGETHER = 25  # messages that are queued in one transaction
POLL_SECONDS = 40.0
MARK_SECONDS = 20.0
PAUSE = timedelta(minutes=5)
LOOKS = 3  # at a message whose subject changes while it is being looked at


@dataclass(frozen=True, slots=True)
class Polled:
    """What a run of the poller found: how much, and how long the oldest has been due (seconds)."""

    queued: int
    oldest: float


def poll(ports: Ports) -> Polled:
    """Queue everything that somebody has to look at. Nothing due costs a single query."""
    now = ports.clock.now()
    found = ports.outbox.due(now, MOST_DUE)
    oldest = max(((now - each.due_at).total_seconds() for each in found), default=0.0)
    if not found:
        return Polled(0, 0.0)
    found.sort(key=lambda each: (PRECEDENCE.index(each.kind), each.due_at))
    paused = ports.outbox.paused_until()
    if paused is not None:
        # Once the pause is over one of them tries; if it goes through, the pause is lifted. The one
        # nobody has looked at for longest: the first in rank may have to wait for one of the others.
        found = [min(found, key=lambda each: each.look_at or now)] if paused <= now else []
    stop = ports.clock.monotonic() + POLL_SECONDS
    queued = 0
    for number in range(0, len(found), TOGETHER):
        if ports.clock.monotonic() >= stop:
            break
        mine = _queued(ports, found[number : number + TOGETHER], now)
        ports.queue.send(mine)
        queued += len(mine)
    return Polled(queued, oldest)


def work(ports: Ports, message_id: str) -> str:
    """Look at one message and do what its state asks for; what was done, for the log."""
    message = ports.outbox.get(message_id)
    if message is None or message.final:
        return "nothing to do"
    now = ports.clock.now()
    if message.state is State.SENDING:
        if domain.leased(message, now):
            return "another worker's"
        return _saved(ports, domain.doubtful(message, now))
    if message.state is State.UNKNOWN:
        if domain.in_doubt(message, now):
            return "waiting for evidence"
        message = domain.once_more(message, now)
    elif domain.claimable(message, now):
        message = domain.claimed(message, now)
    else:
        return "another worker's"
    done = _saved(ports, message)
    if message.final or done == LOST:
        return done
    return expand(ports, message) if message.person_id == EVERYBODY else _claimed(ports, message)


def digest(ports: Ports) -> int:
    """Tell staff in the morning what waits for an answer; how much that is."""
    now = ports.clock.now()
    waiting = waiting_for_staff(ports, now)
    if waiting:
        day = local_date(now, ports.settings.get().site.zone)
        announce(
            ports,
            domain.message(
                Kind.DIGEST,
                f"day#{day.isoformat()}",
                STAFF,
                0,
                due_at=now,
                now=now,
                expires_at=now + timedelta(hours=12),
            ),
        )
    return len(waiting)


def announce(ports: Ports, message: Message) -> bool:
    """Put a message that belongs to no other write; False where it had been put before."""
    tx = ports.begin()
    ports.outbox.put(tx, message)
    return _commit(tx.commit) == SAVED


def nudge(ports: Ports, messages: Iterable[Message]) -> None:
    """Have what somebody waits for sent at once. It may be lost: the poller is the guarantee."""
    urgent = [each.message_id for each in messages if each.kind in domain.URGENT]
    if not urgent:
        return
    try:
        ports.queue.send(urgent)
    except LabError as error:
        log.warning("nudge lost", extra={"fault": str(error)})


LOST, SAVED = "lost a race", "saved"


def _queued(ports: Ports, found: list[Message], now: datetime) -> list[str]:
    """Those that are ours to hand on: all in one write, or where that loses a race one by one."""
    if _save_all(ports, found, now):
        return [each.message_id for each in found]
    return [each.message_id for each in found if _save_all(ports, [each], now)]


def _save_all(ports: Ports, found: list[Message], now: datetime) -> bool:
    tx = ports.begin()
    for each in found:
        ports.outbox.save(tx, domain.queued(each, now))
    return _commit(tx.commit) == SAVED


def _claimed(ports: Ports, message: Message) -> str:
    """What a worker does with a message that it has claimed."""
    for _ in range(LOOKS):
        now = ports.clock.now()
        if message.expires_at is not None and now >= message.expires_at:
            return _saved(ports, domain.missed(message, now))
        found = letter_of(ports, message, now)
        if isinstance(found, Drop):
            return _saved(ports, domain.dropped(message, now, found.reason))
        if isinstance(found, Wait):
            return _saved(
                ports, domain.released(message, found.until or now + timedelta(seconds=30))
            )
        try:
            raw = ports.render(found.letter)
        except Exception as error:  # noqa: BLE001  # a template of one kind must not stop the others
            log.error(  # noqa: TRY400  # its message may hold what was written
                "not rendered",
                extra={"message_id": message.message_id, "fault": type(error).__name__},
            )
            return _saved(ports, domain.stumbled(message, now, "not-rendered"))
        marked = domain.sending(message, now)
        if _mark(ports, marked, found):
            return _send(ports, marked, found, raw)
        if _overtaken(ports, message):
            return LOST
    return _saved(ports, domain.released(message, ports.clock.now() + timedelta(seconds=30)))


def _mark(ports: Ports, marked: Message, ready: Ready) -> bool:
    """Say that it is about to be sent, on condition that what it tells is still so."""
    tx = ports.begin()
    ports.outbox.save(tx, marked)
    if ready.told is not None:
        ports.outbox.save_told(tx, ready.told)
    if ready.version is not None and ready.letter.booking is not None:
        ports.bookings.check(tx, ready.letter.booking.booking_id, ready.version)
    if ready.version is not None and ready.letter.seat is not None:
        signup = ready.letter.seat.signup
        ports.events.check(tx, signup.event_id, signup.person_id, ready.version)
    return _commit(tx.commit) == SAVED


def _overtaken(ports: Ports, message: Message) -> bool:
    present = ports.outbox.get(message.message_id)
    return present is None or present.version != message.version


def _send(ports: Ports, marked: Message, ready: Ready, raw: bytes) -> str:
    try:
        ports.post.send(raw, ready.letter.to.email, marked.message_id, marked.attempt)
    except PostThrottled:
        seconds = random.randint(2, 15)  # noqa: S311  # jitter
        later = ports.clock.now() + timedelta(seconds=seconds)
        done = _saved(ports, domain.released(marked, later))
        ports.queue.send([marked.message_id], delay_seconds=seconds)
        return done
    except PostPaused:
        until = ports.clock.now() + PAUSE
        ports.outbox.pause(until)
        log.error("sending is paused", extra={"until": until.isoformat()})  # noqa: TRY400
        return _saved(ports, domain.released(marked, until))
    except PostRefused as refused:
        return _saved(ports, domain.failed(marked, ports.clock.now(), refused.reason))
    except PostUnknown:
        return _saved(ports, domain.doubtful(marked, ports.clock.now()))
    done = _mark_sent(ports, marked)
    if ready.resumes:
        ports.outbox.pause(None)
    return done


def _mark_sent(ports: Ports, marked: Message) -> str:
    """Mark it, again and again if need be; the mail itself is never sent again for that."""
    with ports.clock.within(MARK_SECONDS):
        present: Message | None = marked
        while present is not None and _is_ours(present, marked):
            done = _saved(ports, domain.sent(present, ports.clock.now()))
            if done != LOST:
                return done
            present = ports.outbox.get(marked.message_id)
    return LOST


def _is_ours(present: Message, marked: Message) -> bool:
    """Whether the mail that went out is still the last that was tried."""
    return present.attempt == marked.attempt and present.state in (State.SENDING, State.UNKNOWN)


def _saved(ports: Ports, message: Message) -> str:
    tx = ports.begin()
    ports.outbox.save(tx, message)
    done = _commit(tx.commit)
    return message.state.value if done == SAVED else done


def _commit(commit: Callable[[], None]) -> str:
    try:
        commit()
    except Race:
        return LOST
    return SAVED
