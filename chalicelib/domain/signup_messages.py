"""Which messages a change of a sign-up makes: what there is to tell, put into the outbox."""

from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.domain.announcements import STALE
from chalicelib.domain.events import Event
from chalicelib.domain.messages import Kind, Message, message, message_id
from chalicelib.domain.reminders import TOO_LATE
from chalicelib.domain.signup_news import News, news
from chalicelib.domain.signups import SignUp

KINDS = {
    News.CONFIRMATION: Kind.SEAT,
    News.CHANGE: Kind.SEAT,  # in another way: it is confirmed anew (S-24)
    News.WAITING: Kind.WAITING,
    News.PROMOTION: Kind.PROMOTION,
    News.CANCELLATION: Kind.SEAT_CANCELLATION,
    News.DEPARTURE: Kind.DEPARTURE,
    News.PROOF: Kind.SIGNUP_PROOF,
    News.OFFER: Kind.OFFER,
    News.EXPIRY: Kind.OFFER_EXPIRY,
}


def signup_messages(
    event: Event, before: SignUp | None, after: SignUp, now: datetime
) -> list[Message]:
    """The messages of a change of a sign-up: one, or none."""
    if before is not None and before.confirm_by is not None and not after.live:
        return []  # of what nobody proved there is nobody to tell of its end
    told = news(before, after)
    kind = KINDS.get(told) if told else None
    if kind is None:
        return []
    made = message(
        kind,
        subject_of(event),
        after.person_id,
        after.version,
        due_at=now,
        now=now,
        expires_at=_expiry(kind, event, after, now),
    )
    # Versions begin anew for who was forgotten and comes again: what they were told before is in the way.
    since = f"{made.subject}#{after.created_at.isoformat()}"
    key = message_id(since, kind, "", after.person_id, after.version)
    return [replace(made, message_id=key)]


def told_again(event: Event, signup: SignUp, now: datetime, window: int) -> Message | None:
    """What tells somebody once more that they are signed up, or what is to be proved of it; no more than
    once in a window of time. None where there is nothing to tell.
    """
    if not signup.live:
        return None
    kind = Kind.SIGNUP_PROOF if signup.confirm_by is not None else Kind.KNOWN
    return message(
        kind,
        subject_of(event),
        signup.person_id,
        window,
        due_at=now,
        now=now,
        expires_at=_expiry(kind, event, signup, now),
    )


def subject_of(event: Event) -> str:
    """What messages call an event."""
    return f"event#{event.event_id}"


def _expiry(kind: Kind, event: Event, after: SignUp, now: datetime) -> datetime | None:
    if kind in (Kind.SIGNUP_PROOF, Kind.OFFER):
        return after.lapses_at
    if kind is Kind.PROMOTION:
        return event.starts_at - TOO_LATE  # nobody could come any more (W-25)
    if kind is Kind.SEAT_CANCELLATION:
        return max(event.ends_at, now + timedelta(hours=1))
    return now + STALE if kind in (Kind.DEPARTURE, Kind.OFFER_EXPIRY) else event.ends_at
