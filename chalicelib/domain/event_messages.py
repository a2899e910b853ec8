"""Which messages an edit of an event makes: one each to everybody, which becomes one a person when it is due."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from chalicelib.domain.announcements import PATIENCE
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.events import Event, State
from chalicelib.domain.feedback import ASKED_WITHIN, GOOD_FOR, day_of, feedback_due
from chalicelib.domain.messages import EVERYBODY, Kind, Message, message, message_id
from chalicelib.domain.reminders import TOO_LATE, reminders_ahead
from chalicelib.domain.signup_messages import subject_of


def event_messages(before: Event, after: Event, now: datetime, catalog: Catalog) -> list[Message]:
    """Reminders wherever time, place or rules are new, that it changed where people may have signed up, and
    a question how it was wherever its day or the form is new.

    Those of an earlier revision drop when they are due: so several edits within minutes make one notice.
    """
    if after.state is not State.PUBLISHED:
        return []
    return _revised(before, after, now, catalog.site.zone) + _feedback(before, after, now, catalog)


def _revised(before: Event, after: Event, now: datetime, zone: ZoneInfo) -> list[Message]:
    public = before.state is State.PUBLISHED
    if public and before.revision == after.revision:
        return []
    found = [
        _to_all(after, Kind.EVENT_REMINDER, rule, due, after.starts_at - TOO_LATE, now)
        for rule, due in reminders_ahead(after.starts_at, zone, now, after.reminders)
    ]
    if public:  # after other rules, too: they drop the notice of a move minutes before
        found.append(_to_all(after, Kind.EVENT_CHANGE, "", now + PATIENCE, after.ends_at, now))
    return found


def _feedback(before: Event, after: Event, now: datetime, catalog: Catalog) -> list[Message]:
    """One for each edit that may ask anew: of a day, whoever has been asked already has that very message."""
    same = all(
        (
            before.state is State.PUBLISHED,
            before.ends_at == after.ends_at,
            before.programme.feedback_link == after.programme.feedback_link,
        )
    )
    if same or not after.programme.feedback_link or now >= after.ends_at + ASKED_WITHIN:
        return []
    kind, day = Kind.EVENT_FEEDBACK, day_of(after, catalog.site.zone)
    due = feedback_due(after, catalog, now)
    subject, until = subject_of(after), due + GOOD_FOR
    made = message(kind, subject, EVERYBODY, 0, due_at=due, now=now, expires_at=until, rule=day)
    return [replace(made, message_id=message_id(subject, kind, day, EVERYBODY, after.version))]


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
