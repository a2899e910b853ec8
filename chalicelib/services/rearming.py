"""Whether a reminder that was armed for an earlier revision of its event still stands.

An edit arms anew what is still to come. What was due by then and is not sent yet has nothing to take its place:
it stands as long as its rule and its time do.
"""

from chalicelib.domain.events import Event
from chalicelib.domain.messages import EVERYBODY, Kind, Message, message_id
from chalicelib.domain.reminders import reminder_due
from chalicelib.services.ports import Ports


def stands(ports: Ports, message: Message, event: Event) -> bool:
    """Whether a message of a revision is still true of its event, as far as revisions go."""
    if message.revision == event.revision:
        return True
    if message.kind is not Kind.EVENT_REMINDER or not event.live:
        return False
    if message.rule not in event.reminders:
        return False
    zone = ports.settings.get().site.zone
    if reminder_due(message.rule, event.starts_at, zone) != message.due_at:
        return False
    later = range(message.revision + 1, event.revision + 1)
    return not any(_armed(ports, message, each) for each in later)


def _armed(ports: Ports, message: Message, revision: int) -> bool:
    key = message_id(message.subject, message.kind, message.rule, EVERYBODY, revision)
    return ports.outbox.get(key) is not None
