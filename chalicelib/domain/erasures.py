"""Forgetting a person: how far it has come, and what becomes of each thing that was theirs.

Everything here can be done twice: what is forgotten already stays as it is.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.domain import kept, signups
from chalicelib.domain.api_keys import ApiKey
from chalicelib.domain.bookings import Booking, State, cancelled, changed, expired, judged
from chalicelib.domain.events import Event
from chalicelib.domain.kept import NOBODY, blanked, is_somebody
from chalicelib.domain.messages import Message, dropped
from chalicelib.domain.messages import State as Sending
from chalicelib.domain.people import ERASED
from chalicelib.domain.signups import Member, SignUp

WHY = "erased"  # why a message ended
# Longer than any request or worker lives (29 s, 60 s, and a lease of 180 s): what was under way when
# it began is written by then, and found.
FENCE = timedelta(minutes=4)


class Step(StrEnum):
    """What is to be done, in this order."""

    BOOKINGS = "bookings"  # future ones are given up, all are nobody's
    SIGNUPS = "signups"  # those to come are left, all are nobody's
    MESSAGES = "messages"  # unsent ones are dropped, sent ones are to nobody
    KEYS = "keys"  # of hosts: their own are revoked
    FEEDS = "feeds"  # addresses that calendars subscribe to
    TOKENS = "tokens"  # sessions, proofs, and answers that are kept for repeated requests
    ACCOUNT = "account"  # all that is kept under the person; the profile last


@dataclass(frozen=True, slots=True)
class Erasure:
    """A person who is being forgotten, or was. It stays for a while, for a restored backup's sake."""

    person_id: str
    begun_at: datetime
    left: tuple[Step, ...] = tuple(Step)
    done_at: datetime | None = None
    version: int = 1

    @property
    def done(self) -> bool:
        """Whether nothing is left, and the same address is a newcomer's."""
        return self.done_at is not None


def begun(person_id: str, before: Erasure | None, now: datetime) -> Erasure:
    """Somebody to be forgotten, for the first time or (a newcomer by then) once more."""
    return Erasure(person_id, now, version=before.version + 1 if before else 1)


def without(erasure: Erasure, step: Step) -> Erasure:
    """With a step done, as far as could be seen: all are looked at again behind the fence."""
    left = tuple(each for each in erasure.left if each is not step)
    return replace(erasure, left=left, version=erasure.version + 1)


def ended(erasure: Erasure, now: datetime) -> Erasure:
    """With nothing left."""
    return replace(erasure, left=(), done_at=now, version=erasure.version + 1)


def behind_fence(erasure: Erasure, now: datetime) -> bool:
    """Whether everything has been written that was under way when it began."""
    return now >= erasure.begun_at + FENCE


def anonymised(booking: Booking, now: datetime) -> Booking:
    """The next version of a booking: nobody's, and given up where it has not been used yet."""
    over = given_up(booking, now)
    made_by = (
        ERASED if is_somebody(booking.made_by) else booking.made_by
    )  # else a system's, or a link
    without_person = blanked(over, kept.BOOKING, person=NOBODY, person_id=ERASED, made_by=made_by)
    return replace(without_person, version=booking.version + 1)


def given_up(booking: Booking, now: datetime) -> Booking:
    """A booking that holds nothing that its person might still have used.

    One that is running stays: the time is used, by them or by those they came with.
    """
    as_it_is = judged(booking, now)
    if as_it_is.state is State.EXPIRED and booking.live:
        return expired(booking)
    waits = booking.state in (State.HELD, State.PENDING)
    if booking.live and (waits or now < booking.starts_at):
        return cancelled(booking, "")
    if booking.pending_change is not None:
        return changed(booking, pending_change=None)
    return booking


def forgotten_in(
    signup: SignUp, person_id: str, event: Event, now: datetime, nobody: str
) -> SignUp:
    """The next version of a party without somebody: nobody's, and left, where they led it.

    Who came along with it leaves it while it is to come; afterwards it is as large as it was. `nobody`
    is a new id that begins as ERASED, under which it is found from then on.
    """
    if signup.person_id == person_id:
        return anonymous(signup, event, now, nobody)
    if signup.live and event.live and now < event.starts_at:
        return signups.without(signup, person_id)
    members = tuple(
        _nobody(each) if each.person_id == person_id else each for each in signup.members
    )
    return replace(signup, members=members, version=signup.version + 1)


def anonymous(signup: SignUp, event: Event, now: datetime, nobody: str) -> SignUp:
    """The next version of a party of which nothing is known but how many they were, and where they stood."""
    over = not_taken(signup, event, now)
    made_by = ERASED if is_somebody(signup.made_by) else signup.made_by
    members = tuple(map(_nobody, signup.members))
    neutral = {"person": NOBODY, "person_id": nobody, "made_by": made_by, "members": members}
    return replace(blanked(over, kept.SIGNUP, **neutral), version=signup.version + 1)


def not_taken(signup: SignUp, event: Event, now: datetime) -> SignUp:
    """A party that has no seat which it might still have taken; what was taken, or waited for, stays."""
    if not signup.live:
        return signup
    if signups.lapsed(signup, now):
        return signups.expired(signup)
    if not event.live:
        return signups.called_off(signup)
    if now < event.starts_at or signup.state in signups.PENDING:
        return signups.left(signup, now)
    return signup


def _nobody(member: Member) -> Member:
    return blanked(member, kept.MEMBER, name="")


def quiet(message: Message, now: datetime) -> Message:
    """A message that nobody will send. What is perhaps just being sent is never sent again."""
    if message.final:
        return message
    if message.state in (Sending.SENDING, Sending.UNKNOWN):
        return replace(
            message,
            state=Sending.UNKNOWN,
            look_at=None,
            settled_at=now,
            reason=WHY,
            version=message.version + 1,
        )
    return dropped(message, now, WHY)


def forgotten(message: Message, now: datetime) -> Message:
    """The next version of a message: to nobody, with its state and times."""
    subject = message.subject.replace(message.person_id, ERASED)
    to_nobody = blanked(quiet(message, now), kept.MESSAGE, person_id=ERASED, subject=subject)
    return replace(to_nobody, version=message.version + 1)


def unowned(key: ApiKey, person_id: str, now: datetime) -> ApiKey:
    """The next version of a key: revoked if it was a person's own, and made by nobody if by them."""
    created_by = ERASED if key.created_by == person_id else key.created_by
    if key.owner_id != person_id:
        after = replace(key, created_by=created_by)
    else:
        dead = key if key.revoked_at else replace(key, revoked_at=now)
        neutral = {"label": "", "digest": "", "owner_id": ERASED, "created_by": created_by}
        after = blanked(dead, kept.API_KEY, **neutral)
    return replace(after, version=key.version + 1)
