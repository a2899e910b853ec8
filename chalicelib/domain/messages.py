"""Messages: what is said to whom and when, and the states of each on its way.

A message refers to its subject and holds no text: it is rendered when it is sent, from the state at
that moment. Every change of one is made here and written on condition of its version, so whoever acts
on an old view of it loses. `look_at` is when the poller has to look at it next: it is due, or the lease
of the worker who has it is over. Final ones have none.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

LEASE = timedelta(seconds=180)  # longer than any worker can live
NO_EVIDENCE = timedelta(minutes=15)  # after which a mail of unknown fate is sent once more
MOST_FAILURES = 5  # of rendering
CHANGE = "change"  # the rule of a denial that leaves the booking as it was
REJECTED = "rejected"  # why one failed of which SES had said that it was sent
STAFF = "staff"  # the recipient of what goes to the Lab's own mailbox
EVERYBODY = "everybody"  # the recipient of what becomes a message for each person of its subject


class Kind(StrEnum):
    """What a message says."""

    HOLD = "hold"  # to be confirmed, with a code and a link
    CONFIRMATION = "confirmation"
    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    CHANGE = "change"
    CANCELLATION = "cancellation"
    EXPIRY = "expiry"
    REMINDER = "reminder"
    APPROVAL_ASKED = "approval-asked"  # to staff
    DIGEST = "digest"  # to staff: what waits for an answer
    LOGIN = "login"  # a link and a code to log in by
    INVITATION = "invitation"  # to a partner
    SEAT = "seat"  # at an event
    WAITING = "waiting"  # for one
    PROMOTION = "promotion"  # from the queue to a seat
    SEAT_CANCELLATION = "seat-cancellation"  # of what a calendar may have
    DEPARTURE = "departure"  # from the queue
    SIGNUP_PROOF = "signup-proof"  # the address of who signed up, with a code and a link
    KNOWN = "already-signed-up"  # of who is, and has nobody's word but the mail's
    OFFER = "offer"  # of a seat, to be accepted
    OFFER_EXPIRY = "offer-expiry"
    EVENT_CHANGE = "event-change"  # of its time or place
    EVENT_REMINDER = "event-reminder"
    EVENT_NOTICE = "event-notice"  # what staff have to say
    EVENT_FEEDBACK = "event-feedback"  # of who was there, asked for afterwards


class State(StrEnum):
    """Where a message is on its way."""

    DUE = "due"
    CLAIMED = "claimed"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    FAILED = "failed"
    DROPPED = "dropped"
    MISSED = "missed"
    EXPANDED = "expanded"  # into a message for each person


# What SES says of a mail, from the weakest on: a later, weaker word changes nothing.
EVIDENCE = (State.SENT, State.DELIVERED, State.BOUNCED, State.COMPLAINED)
URGENT = (
    Kind.HOLD,
    Kind.LOGIN,
    Kind.SIGNUP_PROOF,
    Kind.KNOWN,
)  # somebody sits and waits: not only the clock gets them out
# To an address that anybody may have typed: in our words only.
UNPROVED = (Kind.HOLD, Kind.LOGIN, Kind.SIGNUP_PROOF)
# In which order they go when there is more than can be sent at once.
PRECEDENCE = (
    Kind.LOGIN,
    Kind.HOLD,
    Kind.SIGNUP_PROOF,
    Kind.KNOWN,
    Kind.CANCELLATION,
    Kind.SEAT_CANCELLATION,
    Kind.PROMOTION,
    Kind.OFFER,
    Kind.EVENT_CHANGE,
    Kind.EVENT_NOTICE,
    Kind.CHANGE,
    Kind.CONFIRMATION,
    Kind.SEAT,
    Kind.APPROVED,
    Kind.DENIED,
    Kind.PENDING,
    Kind.WAITING,
    Kind.DEPARTURE,
    Kind.OFFER_EXPIRY,
    Kind.EXPIRY,
    Kind.APPROVAL_ASKED,
    Kind.INVITATION,
    Kind.REMINDER,
    Kind.EVENT_REMINDER,
    Kind.EVENT_FEEDBACK,
    Kind.DIGEST,
)
# A miss is better than two: what nobody waits for, and what comes again tomorrow.
ONCE_AT_MOST = (Kind.EVENT_FEEDBACK, Kind.DIGEST)
# What one click declines: all that is called reminders where people choose, and staff's list.
REMINDERS = (Kind.REMINDER, Kind.EVENT_REMINDER, Kind.EVENT_FEEDBACK)
DECLINABLE = (*REMINDERS, Kind.DIGEST)
# To everybody of an event, of a revision of it: one that moved has others.
REVISED = (Kind.REMINDER, Kind.EVENT_REMINDER, Kind.EVENT_CHANGE)


@dataclass(frozen=True, slots=True)
class Message:
    """One e-mail to one person about one thing."""

    message_id: str
    kind: Kind
    subject: str  # booking#b_…, event#e_…
    person_id: str  # or STAFF
    revision: int  # of its subject: what it tells of
    due_at: datetime
    look_at: datetime | None
    created_at: datetime
    expires_at: datetime | None = None
    rule: str = ""  # of a reminder, a duration before the start (ISO 8601): P1D; or CHANGE
    state: State = State.DUE
    reason: str = ""  # why it ended as it did
    lease_until: datetime | None = None  # when the worker who has it is surely dead
    attempt: int = 0  # how often a worker has claimed it
    failures: int = 0  # how often it could not be rendered
    resent: bool = False  # sent once more, since nobody knows what became of the first
    reached: bool = False  # an earlier try may have reached its person
    marked_at: datetime | None = None  # when it was marked as being sent
    cursor: str = ""  # of one to everybody: the person after whom its expansion goes on
    settled_at: datetime | None = None
    version: int = 1

    @property
    def final(self) -> bool:
        """Whether nothing will happen to it by itself any more."""
        return self.look_at is None


def message_id(subject: str, kind: Kind, rule: str, person_id: str, revision: int) -> str:
    """The same for the same transition: writing a message twice is writing it once."""
    text = "\n".join((subject, kind.value, rule, person_id, str(revision)))
    return f"m_{hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}"


def message(
    kind: Kind,
    subject: str,
    person_id: str,
    revision: int,
    *,
    due_at: datetime,
    now: datetime,
    expires_at: datetime | None = None,
    rule: str = "",
) -> Message:
    """A message that is to be sent at `due_at`, or never after `expires_at`."""
    return Message(
        message_id=message_id(subject, kind, rule, person_id, revision),
        kind=kind,
        subject=subject,
        person_id=person_id,
        revision=revision,
        due_at=due_at,
        look_at=due_at,
        created_at=now,
        expires_at=expires_at,
        rule=rule,
    )


def queued(one: Message, now: datetime) -> Message:
    """Handed to a worker: nobody else need look at it until a worker would have to be done."""
    return _next(one, look_at=now + LEASE)


def claimable(one: Message, now: datetime) -> bool:
    """Whether a worker may take it: it is due, or whoever had it is dead."""
    if one.final or one.due_at > now:
        return False
    return one.state is State.DUE or (one.state is State.CLAIMED and not leased(one, now))


def leased(one: Message, now: datetime) -> bool:
    """Whether the worker who has it may still be alive."""
    return one.lease_until is not None and now < one.lease_until


def in_doubt(one: Message, now: datetime) -> bool:
    """Whether SES's own word on it may still come."""
    return one.marked_at is not None and now < one.marked_at + NO_EVIDENCE


def claimed(one: Message, now: datetime) -> Message:
    """A worker's for as long as its lease lasts."""
    until = now + LEASE
    return _next(
        one, state=State.CLAIMED, attempt=one.attempt + 1, lease_until=until, look_at=until
    )


def sending(one: Message, now: datetime) -> Message:
    """On the point of being handed over: from here on nobody can say that it was not sent."""
    return _next(one, state=State.SENDING, marked_at=now)


def sent(one: Message, now: datetime) -> Message:
    """Handed over."""
    return _next(one, state=State.SENT, look_at=None, settled_at=now)


def released(one: Message, look_at: datetime) -> Message:
    """Given back: throttled or paused, through no fault of its own, and not counted as an attempt."""
    return _next(one, state=State.DUE, attempt=one.attempt - 1, look_at=look_at, marked_at=None)


def stumbled(one: Message, now: datetime, reason: str) -> Message:
    """It could not be rendered: later again, and in the end given up."""
    failures = one.failures + 1
    if failures >= MOST_FAILURES:
        return failed(replace(one, failures=failures), now, reason)
    later = now + timedelta(minutes=2**failures)
    return _next(one, state=State.DUE, failures=failures, reason=reason, look_at=later)


def doubtful(one: Message, now: datetime) -> Message:
    """Nobody knows whether it was sent. SES's own word settles it; without one it is sent again."""
    return _next(one, state=State.UNKNOWN, look_at=(one.marked_at or now) + NO_EVIDENCE)


def once_more(one: Message, now: datetime) -> Message:
    """What becomes of a doubtful one that nothing was heard of: claimed again, a single time.

    A reminder twice is better than none; of some a miss is better.
    """
    if one.resent or one.kind in ONCE_AT_MOST:
        return _next(one, look_at=None, settled_at=now, reason="no-evidence")
    return replace(claimed(one, now), resent=True, reached=True)


def expanding(one: Message, cursor: str) -> Message:
    """One to everybody with one more page of people behind it."""
    return _next(one, cursor=cursor)


def expanded(one: Message, now: datetime) -> Message:
    """One to everybody that has become a message for each of them."""
    return _final(one, State.EXPANDED, now, "")


def to_person(one: Message, person_id: str, now: datetime) -> Message:
    """What one to everybody is to one of them: the same whenever, and however often, it is made."""
    return message(
        one.kind,
        one.subject,
        person_id,
        one.revision,
        due_at=one.due_at,
        now=now,
        expires_at=one.expires_at,
        rule=one.rule,
    )


def failed(one: Message, now: datetime, reason: str) -> Message:
    """It can never be sent."""
    return _final(one, State.FAILED, now, reason)


def dropped(one: Message, now: datetime, reason: str) -> Message:
    """It is no longer true, or not wanted."""
    return _final(one, State.DROPPED, now, reason)


def missed(one: Message, now: datetime) -> Message:
    """Its time is over."""
    return _final(one, State.MISSED, now, "expired")


def evident(one: Message, state: State, now: datetime, reason: str = "") -> Message | None:
    """What SES's word makes of it; None where it is known already, or more is known.

    A word of SES's outranks everything but a stronger one: whatever we believed, it was sent.
    """
    if state is State.SENT and (one.state, one.reason) == (State.FAILED, REJECTED):
        return None
    if one.state in EVIDENCE and EVIDENCE.index(one.state) >= EVIDENCE.index(state):
        return None
    return _final(one, state, now, reason)


def rejected(one: Message, now: datetime) -> Message | None:
    """What becomes of one that SES took at first and then would not send; None where it is over."""
    if one.final and one.state not in (State.SENT, State.UNKNOWN):
        return None
    return failed(one, now, REJECTED)


def again(one: Message, now: datetime) -> Message:
    """A final message that staff send once more."""
    return _next(
        one,
        state=State.DUE,
        due_at=now,
        look_at=now,
        expires_at=None,
        reason="",
        failures=0,
        resent=False,
        reached=one.reached or one.state in (*EVIDENCE, State.UNKNOWN),
        marked_at=None,
        settled_at=None,
    )


def _final(one: Message, state: State, now: datetime, reason: str) -> Message:
    return _next(one, state=state, look_at=None, settled_at=now, reason=reason)


def _next(one: Message, **changes: object) -> Message:
    return replace(one, version=one.version + 1, **changes)  # type: ignore[arg-type]
