"""Which messages a change of a booking makes: one for each thing that somebody has to know."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from chalicelib.domain.bookings import Booking, State
from chalicelib.domain.letters import facts_of
from chalicelib.domain.messages import CHANGE, STAFF, Kind, Message, message
from chalicelib.domain.reminders import TOO_LATE, reminders_ahead

PATIENCE = timedelta(minutes=5)  # of a change notice, so that three edits make one mail
STALE = timedelta(days=3)  # after which bad news is no news
GONE = (State.CANCELLED, State.DENIED, State.EXPIRED)


def announcements(
    before: Booking | None, after: Booking, action: str, now: datetime, zone: ZoneInfo
) -> list[Message]:
    """The messages of a transition. `before` is as judged at `now`; `action` as the audit names it."""
    kinds = _kinds(before, after, action)
    return [_one(kind, before, after, now) for kind in kinds] + _reminders(before, after, now, zone)


def subject_of(booking: Booking) -> str:
    """What messages call a booking."""
    return f"booking#{booking.booking_id}"


def _kinds(before: Booking | None, after: Booking, action: str) -> list[Kind]:
    new = before is None or before.state is State.HELD
    was = before.state if before else None
    if after.state is State.HELD:
        return [Kind.HOLD] if before is None else []
    if after.state in GONE:
        return _gone(was, after)
    if after.state is State.PENDING and new:
        return [Kind.PENDING, Kind.APPROVAL_ASKED]
    if new:
        return [Kind.CONFIRMATION]
    if after.state is State.CONFIRMED and was is not State.CONFIRMED:
        return [Kind.APPROVED]
    return _kept(before, after, action)


def _gone(was: State | None, after: Booking) -> list[Kind]:
    """Of a hold nobody was told that it was theirs: its end is no news."""
    if was in (None, State.HELD):
        return []
    kinds = {State.CANCELLED: Kind.CANCELLATION, State.DENIED: Kind.DENIED}
    return [kinds.get(after.state, Kind.EXPIRY)]


def _kept(before: Booking | None, after: Booking, action: str) -> list[Kind]:
    """What is still there, with or without a change that waits for an answer."""
    answers = {"approve": Kind.APPROVED, "deny": Kind.DENIED, "expire": Kind.EXPIRY}
    if before is None or action in answers:
        return [answers[action]] if before else []
    if after.pending_change and after.pending_change != before.pending_change:
        return [Kind.PENDING, Kind.APPROVAL_ASKED]
    return [Kind.CHANGE] if facts_of(after) != facts_of(before) else []


def _one(kind: Kind, before: Booking | None, after: Booking, now: datetime) -> Message:
    kept = kind is Kind.DENIED and after.state is State.CONFIRMED
    return message(
        kind,
        subject_of(after),
        STAFF if kind is Kind.APPROVAL_ASKED else after.person_id,
        after.version,
        due_at=now + PATIENCE if kind is Kind.CHANGE else now,
        now=now,
        expires_at=_expiry(kind, before, after, now),
        rule=CHANGE if kept else "",
    )


def _expiry(kind: Kind, before: Booking | None, after: Booking, now: datetime) -> datetime | None:
    if kind is Kind.HOLD:
        return after.confirm_by
    if kind in (Kind.PENDING, Kind.APPROVAL_ASKED):
        return after.due_at
    if kind in (Kind.DENIED, Kind.EXPIRY):
        return now + STALE
    if kind is Kind.CANCELLATION and before is not None:
        return max(before.ends_at, now + timedelta(hours=1))
    return after.ends_at


def _reminders(
    before: Booking | None, after: Booking, now: datetime, zone: ZoneInfo
) -> list[Message]:
    """New ones wherever the time is new; those of another revision drop when they are due."""
    armed = before.revision if before and before.state is State.CONFIRMED else None
    if after.state is not State.CONFIRMED or armed == after.revision:
        return []
    return [
        message(
            Kind.REMINDER,
            subject_of(after),
            after.person_id,
            after.revision,
            due_at=due,
            now=now,
            expires_at=after.starts_at - TOO_LATE,
            rule=rule,
        )
        for rule, due in reminders_ahead(after.starts_at, zone, now)
    ]
