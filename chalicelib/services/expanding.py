"""One message for everybody of a subject becomes one for each: so that to move an event is one write.

Page by page, in the order of ids: the messages of a page and how far it is are one transaction, so a
death in between loses nothing and writes nothing twice, and of two workers one goes on.
"""

import logging

from chalicelib.domain import messages as domain
from chalicelib.domain.errors import LabError, Race
from chalicelib.domain.messages import Message
from chalicelib.services.audiences import wanted
from chalicelib.services.ports import Audience, Ports
from chalicelib.services.rearming import stands
from chalicelib.services.verdicts import Drop

log = logging.getLogger(__name__)
PAGE = 90  # people of one transaction, which holds a hundred items
SECONDS = 40.0  # then another worker goes on
LOST = "lost a race"


def expand(ports: Ports, message: Message) -> str:
    """Write the messages of everybody, from where it stopped; what was done, for the log.

    `message` is claimed. It is dropped where its subject is gone, or has another revision by now in which it
    does not stand; and where nobody is to be told any more.
    """
    stop = ports.clock.monotonic() + SECONDS
    whom = wanted(ports, message)
    if isinstance(whom, Drop):
        return _saved(ports, domain.dropped(message, ports.clock.now(), whom.reason), ())
    while True:
        now = ports.clock.now()
        if message.expires_at is not None and now >= message.expires_at:
            return _saved(ports, domain.missed(message, now), ())
        audience = ports.audiences.page(message.subject, message.cursor, PAGE, whom)
        if audience is None:
            return _saved(ports, domain.dropped(message, now, "no-subject"), ())
        if _outdated(ports, message, audience):
            return _saved(ports, domain.dropped(message, now, "moved"), ())
        people = [domain.to_person(message, each, now) for each in audience.person_ids]
        after = _after(message, audience, ports)
        done = _saved(ports, after, people)
        if done == LOST and _same(ports, message):
            # Some are there already, from an expansion of the same revision: only the others.
            people = [each for each in people if ports.outbox.get(each.message_id) is None]
            done = _saved(ports, after, people)
        if done == LOST:
            return done
        _hand_on(ports, people)
        if after.final:
            return done
        message = after
        if ports.clock.monotonic() >= stop:
            return _saved(ports, domain.released(message, ports.clock.now()), ())


def _outdated(ports: Ports, message: Message, audience: Audience) -> bool:
    if message.kind not in domain.REVISED or audience.revision == message.revision:
        return False
    event = ports.events.look(message.subject.partition("#")[2]).event
    return event is None or not stands(ports, message, event)


def _hand_on(ports: Ports, people: list[Message]) -> None:
    """They are due, since what they came from was. The poller finds those, too, that no worker had by then."""
    try:
        ports.queue.send([each.message_id for each in people])
    except LabError as error:
        log.warning("expanded, and not handed on", extra={"fault": str(error)})


def _after(message: Message, audience: Audience, ports: Ports) -> Message:
    if audience.last:
        return domain.expanded(message, ports.clock.now())
    return domain.expanding(message, audience.person_ids[-1])


def _saved(ports: Ports, after: Message, people: list[Message] | tuple[()]) -> str:
    tx = ports.begin()
    ports.outbox.save(tx, after)
    for each in people:
        ports.outbox.put(tx, each)
    try:
        tx.commit()
    except Race:
        return LOST
    return after.state.value


def _same(ports: Ports, message: Message) -> bool:
    present = ports.outbox.get(message.message_id)
    return present is not None and present.version == message.version
