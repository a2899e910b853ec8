"""Staff write to those of an event, and see how far it has come."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.errors import NotFound
from chalicelib.domain.messages import EVERYBODY, Kind, Message
from chalicelib.domain.notice_messages import Progress, notice_message, progress
from chalicelib.domain.notices import Notice, check, persons
from chalicelib.services.access import Action, may
from chalicelib.services.ports import Ports
from chalicelib.services.writing import Attempt, Intent, Outcome, write


@dataclass(frozen=True, slots=True)
class Written:
    """A notice that is on its way, and how many persons it is about by the counters."""

    notice: Notice
    persons: int


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of a notice; its words are gone after a while."""

    notice_id: str
    written_at: datetime
    notice: Notice | None
    progress: Progress


def send(ports: Ports, notice: Notice, intent: Intent) -> Outcome[Written]:
    """Put a notice on its way: one write, however many it goes to. Refused as `check` says."""

    def decide(attempt: Attempt) -> Written:
        attempt.read()
        event = ports.events.look(notice.event_id).event
        if event is None:
            raise NotFound
        check(event, notice)
        now = notice.written_at
        ports.notices.put(attempt.tx, notice)
        ports.outbox.put(attempt.tx, notice_message(notice, now))
        ports.audit.add(
            attempt.tx,
            subject=f"event#{event.event_id}",
            actor=intent.actor.actor_id,
            action="notice",
            at=now,
            notice=notice.notice_id,
            to=notice.to.value,
            way=notice.way.value if notice.way else "",
        )
        return Written(notice, persons(event, notice.to, notice.way))

    if not may(intent.actor, Action.RUN):
        raise NotFound
    return write(ports, intent, decide)


def of_event(ports: Ports, event_id: str) -> list[Followed]:
    """The notices of an event, newest first, by the index. NotFound for no event."""
    if ports.events.look(event_id).event is None:
        raise NotFound
    by_notice = defaultdict[str, list[Message]](list)
    for each in ports.outbox.of_kind(f"event#{event_id}", Kind.EVENT_NOTICE):
        by_notice[each.rule].append(each)
    known = {each.notice_id: each for each in ports.notices.of(by_notice)}
    found = [
        Followed(notice_id, _written_at(messages), known.get(notice_id), progress(messages))
        for notice_id, messages in by_notice.items()
    ]
    return sorted(found, key=lambda each: (each.written_at, each.notice_id), reverse=True)


def _written_at(messages: list[Message]) -> datetime:
    """That to everybody was written with it; the others later."""
    first = [each for each in messages if each.person_id == EVERYBODY]
    return min(each.created_at for each in first or messages)
