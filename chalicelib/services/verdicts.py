"""What a look at a message comes to: it is ready, it has to wait, or it is not to be sent."""

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.letters import Letter, Told
from chalicelib.domain.messages import EVIDENCE, Message
from chalicelib.domain.messages import State as Sending
from chalicelib.domain.people import Person
from chalicelib.services.ports import Ports


@dataclass(frozen=True, slots=True)
class Drop:
    """It is not true any more, or not wanted."""

    reason: str


@dataclass(frozen=True, slots=True)
class Wait:
    """It cannot be said yet what this person knows, or nothing may be sent at all until a time."""

    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """It is true of a version of its booking or sign-up; `told` is what its person will know."""

    letter: Letter
    version: int | None = None
    told: Told | None = None
    resumes: bool = False  # it tries whether sending works again


def settled(ports: Ports, told: Told, message: Message) -> Told | None:
    """What this person knows by now; None where another message is still on its way to them."""
    if told.telling is None or told.telling.message_id == message.message_id:
        return told
    other = ports.outbox.get(told.telling.message_id)
    if other is not None and not other.final:
        return None
    arrived = other is not None and (other.reached or other.state in (*EVIDENCE, Sending.UNKNOWN))
    return replace(told, told=told.telling if arrived else told.told, telling=None)


def blank(message: Message, to: Person, catalog: Catalog, now: datetime) -> Letter:
    """A letter that is about nothing yet, with staff's own paragraph in its reader's language."""
    return Letter(
        message_id=message.message_id,
        attempt=message.attempt,
        kind=message.kind,
        to=to,
        site=catalog.site,
        spaces=catalog.spaces,
        now=now,
        extra=catalog.site.mail_texts.get(message.kind.value, {}).get(to.language, ""),
    )
