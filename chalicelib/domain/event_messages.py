"""Which messages an edit of an event makes: one each to everybody, which becomes one a person when it is due."""

from datetime import datetime
from zoneinfo import ZoneInfo

from chalicelib.domain.announcements import PATIENCE
from chalicelib.domain.events import Event, State
from chalicelib.domain.messages import EVERYBODY, Kind, Message, message
from chalicelib.domain.reminders import TOO_LATE, reminders_ahead
from chalicelib.domain.signup_messages import subject_of


def event_messages(before: Event, after: Event, now: datetime, zone: ZoneInfo) -> list[Message]:
    """Reminders wherever time, place or rules are new, and that it changed where people may have signed up.

    Those of an earlier revision drop when they are due: so several edits within minutes make one notice.
    """
    public = before.state is State.PUBLISHED
    if after.state is not State.PUBLISHED or (public and before.revision == after.revision):
        return []
    found = [
        _to_all(after, Kind.EVENT_REMINDER, rule, due, after.starts_at - TOO_LATE, now)
        for rule, due in reminders_ahead(after.starts_at, zone, now, after.reminders)
    ]
    if public:  # after other rules, too: they drop the notice of a move minutes before
        found.append(_to_all(after, Kind.EVENT_CHANGE, "", now + PATIENCE, after.ends_at, now))
    return found


def _to_all(
    event: Event, kind: Kind, rule: str, due_at: datetime, expires_at: datetime, now: datetime
) -> Message:
    return message(
        kind,
        subject_of(event),
        EVERYBODY,
        event.revision,
        due_at=due_at,
        now=now,
        expires_at=expires_at,
        rule=rule,
    )
