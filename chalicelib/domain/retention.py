"""How long things are kept, and why; and how far a night's work at that has come.

Periods are counted in days and a little generously: nothing goes before its time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.domain.bookings import Booking, State, judged
from chalicelib.domain.erasures import Erasure
from chalicelib.domain.events import NAMES_KEPT, NEEDS_KEPT, Event
from chalicelib.domain.kept import is_somebody
from chalicelib.domain.letters import Told
from chalicelib.domain.messages import Message
from chalicelib.domain.notices import KEPT, Notice
from chalicelib.domain.people import ERASED
from chalicelib.domain.profiles import Profile
from chalicelib.domain.signups import SignUp
from chalicelib.domain.signups import judged as judged_signup
from chalicelib.domain.times import local_date

FIRST_HOUR, LAST_HOUR = 2, 5  # local time: when nobody books
STUCK = timedelta(hours=6)  # after which an erasure that goes on is late
SILENT = timedelta(days=2)  # after which nobody has made sure
EVENTS_SINCE = timedelta(days=731)  # so far back events are looked at: what stays rings until then


EVENTS_AHEAD = timedelta(days=731)
UNPROVED_SINCE = timedelta(days=30)  # after sign-up closed: so long they are looked through


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to something, how long after what, and why then."""

    name: str
    after: timedelta
    since: str
    what: str
    reason: str


BOOKINGS = Rule(
    "bookings",
    timedelta(days=366),
    "its end",
    "anonymised",
    "questions, damage and bills come up within a year; figures need no names",
)
NEEDS = Rule(
    "needs",
    NEEDS_KEPT,
    "the event's end",
    "removed, with only figures left",
    "what people eat and need is of use while they are here, and a week for the bill; reports count",
)
SIGNUPS = Rule(
    "signups",
    NAMES_KEPT,
    "the event's end",
    "anonymised",
    "questions and bills come up within a year, as of bookings; how many came is counted without names",
)
HOLDS = Rule(
    "holds",
    timedelta(days=7),
    "it ran out",
    "anonymised",
    "nobody showed that the address was theirs; a week is for who asks what became of it",
)
PERSONS = Rule(
    "persons",
    timedelta(days=731),
    "they last logged in or booked, or an event that they signed up for",
    "forgotten",
    "who stays away for two years has no more use for what we know; hosts and partners do",
)
MESSAGES = Rule(
    "messages",
    timedelta(days=400),
    "it was due",
    "removed",
    "that a mail went out is of use as long as its booking is, and for the question after that",
)
NOTICES = Rule(
    "notices",
    KEPT,
    "it was written",
    "removed; that it was sent, and when, stays with its messages",
    "what staff say to those of an event is of use until it is over, and they may name people",
)
TOKENS = Rule(
    "tokens",
    timedelta(days=1),
    "it expired",
    "removed",
    "it is worth nothing any more, and DynamoDB's own clearing promises no day",
)
ERASURES = Rule(
    "erasures",
    timedelta(days=40),
    "it was done",
    "removed",
    "a backup is 35 days old at most: whoever restores one sees who is to be forgotten again",
)
STRAYS = Rule(
    "strays",
    timedelta(0),
    "its person was forgotten",
    "anonymised",
    "an index may be late; this looks at the tables themselves",
)
RULES = (BOOKINGS, NEEDS, SIGNUPS, HOLDS, PERSONS, MESSAGES, NOTICES, TOKENS, ERASURES, STRAYS)


class Table(StrEnum):
    """What is walked over, in this order."""

    BOOKINGS = "bookings"
    MESSAGES = "messages"
    TOKENS = "tokens"
    PEOPLE = "people"
    EVENTS = "events"
    SIGNUPS = "signups"
    UNPROVED = "unproved"


# Of which all is read to find the little that is due: what was not, judged by the same moment, is not later
# that night, so that only what something was done to is looked at again, and at once.
ONCE = frozenset({Table.UNPROVED})
# First everything is done, then everything is looked at again.
STAGES = tuple(
    (table, counts) for counts in (False, True) for table in Table if not (counts and table in ONCE)
)


@dataclass(frozen=True, slots=True)
class Token:
    """A session, proof, answer or counter, as far as it matters here."""

    token_hash: str
    kind: str
    person_id: str = ""
    expires_at: int | None = None  # epoch seconds


CAME = "came"  # a trace: of an event that somebody signed up for, and is named in no more


@dataclass(frozen=True, slots=True)
class Trace:
    """One thing that is kept under a person."""

    person_id: str
    item: str
    last: datetime | None = None  # the last that it says of what they did
    profile: Profile | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Night:
    """How far the work of a night has come, and what the last whole one found."""

    day: date  # on which it began
    as_of: datetime  # what is due is judged by
    stage: int = len(STAGES)
    cursor: Mapping[str, Any] | None = None
    counts: Mapping[str, int] = field(default_factory=dict)  # by rule, what was done
    overdue: int = 0  # what should have gone and did not, as counted so far
    last_overdue: int = 0
    finished_at: datetime | None = None
    version: int = 1

    @property
    def over(self) -> bool:
        """Whether all of it is done."""
        return self.stage >= len(STAGES)


@dataclass(frozen=True, slots=True)
class Moment:
    """By what is judged whether something is due."""

    at: datetime
    zone: ZoneInfo
    erased: Mapping[str, datetime] = field(default_factory=dict)  # when each was forgotten

    @property
    def today(self) -> date:
        """The local day."""
        return local_date(self.at, self.zone)


def first_night(now: datetime, zone: ZoneInfo) -> Night:
    """Before any: a new Lab has nothing that is overdue."""
    yesterday = local_date(now, zone) - timedelta(days=1)
    return Night(yesterday, now, finished_at=now)


def begins(night: Night, now: datetime, zone: ZoneInfo) -> bool:
    """Whether it is time for the next night's work; one that was left goes on first."""
    at_night = FIRST_HOUR <= now.astimezone(zone).hour < LAST_HOUR
    return night.over and at_night and night.day < local_date(now, zone)


def goes_on(night: Night, now: datetime, zone: ZoneInfo) -> bool:
    """Whether there is work left and it is night."""
    return not night.over and FIRST_HOUR <= now.astimezone(zone).hour < LAST_HOUR


def opened(night: Night, now: datetime, zone: ZoneInfo) -> Night:
    """The next night's work, from its beginning."""
    return replace(
        night,
        day=local_date(now, zone),
        as_of=now,
        stage=0,
        cursor=None,
        counts={},
        overdue=0,
        version=night.version + 1,
    )


def turned(
    night: Night,
    cursor: Mapping[str, Any] | None,
    done: Mapping[str, int],
    left: int,
    now: datetime,
) -> Night:
    """With a page behind it; after the last one of a table the next table comes, after all the end."""
    names = {*night.counts, *done}
    counts = {name: night.counts.get(name, 0) + done.get(name, 0) for name in names}
    after = replace(
        night,
        stage=night.stage + (cursor is None),
        cursor=cursor,
        counts=counts,
        overdue=night.overdue + left,
        version=night.version + 1,
    )
    if not after.over:
        return after
    return replace(after, last_overdue=after.overdue, finished_at=now)


def late(night: Night, erasures: Iterable[Erasure], now: datetime) -> int:
    """How much is overdue as far as is known; that nobody has looked for long counts as one."""
    stuck = sum(1 for each in erasures if not each.done and now >= each.begun_at + STUCK)
    silent = night.finished_at is None or now >= night.finished_at + SILENT
    return night.last_overdue + stuck + silent


def booking_due(booking: Booking, moment: Moment) -> Rule | None:
    """The rule by which a booking has to be anonymised by now."""
    if booking.person_id == ERASED or booking.event_id:
        return None
    if _stray(booking.person_id, booking.created_at, moment):
        return STRAYS
    if booking.ends_at + BOOKINGS.after <= moment.at:
        return BOOKINGS
    as_it_is = judged(booking, moment.at)
    never_proved = as_it_is.state is State.EXPIRED and booking.confirm_by is not None
    if never_proved and booking.confirm_by + HOLDS.after <= moment.at:  # type: ignore[operator]
        return HOLDS
    return None


def event_due(event: Event, moment: Moment) -> Rule | None:
    """The rule by which what people said of diet and accessibility has to be gone by now."""
    if event.ends_at + NEEDS.after > moment.at or (event.counted and event.counted.cleared):
        return None
    return NEEDS


def names_due(event: Event, moment: Moment) -> Rule | None:
    """The rule by which nobody may be named any more by now who signed up for an event."""
    if event.ends_at + SIGNUPS.after > moment.at or event.nameless:
        return None
    return SIGNUPS


def may_be_unproved(event: Event, moment: Moment) -> bool:
    """Whether there may be somebody in an event's sign-ups who never was who they said."""
    return moment.at < event.closes_at + event.hold_time + HOLDS.after + UNPROVED_SINCE


def signup_due(signup: SignUp, moment: Moment) -> Rule | None:
    """The rule by which a sign-up has to be anonymised by now, whatever becomes of its event."""
    found = judged_signup(signup, moment.at)
    if not is_somebody(found.person_id) or not found.never_proved or found.confirm_by is None:
        return None
    return HOLDS if found.confirm_by + HOLDS.after <= moment.at else None


def message_due(thing: Message | Told | Notice, moment: Moment) -> Rule | None:
    """The rule by which a message, what somebody was told, or a notice has to go by now."""
    if isinstance(thing, Notice):
        return NOTICES if thing.kept_until <= moment.at else None
    if isinstance(thing, Told):
        ends = [each.facts.ends_at for each in (thing.told, thing.telling) if each]
        over = not ends or max(ends) + MESSAGES.after <= moment.at
        return MESSAGES if over else None
    if thing.due_at + MESSAGES.after <= moment.at:
        return MESSAGES
    return STRAYS if _stray(thing.person_id, thing.created_at, moment) else None


def token_due(token: Token, moment: Moment) -> Rule | None:
    """The rule by which a token has to go by now."""
    if token.expires_at is None:
        return None
    over = token.expires_at + TOKENS.after.total_seconds() <= moment.at.timestamp()
    return TOKENS if over else None


def person_due(traces: Iterable[Trace], moment: Moment) -> Rule | None:
    """The rule by which a person has to be forgotten by now, by all that is kept under them."""
    known = list(traces)
    if not known or any(_stays(each, moment) for each in known):
        return None
    return PERSONS


def erasure_due(erasure: Erasure, now: datetime) -> Rule | None:
    """The rule by which it need not be known any more that somebody was forgotten."""
    over = erasure.done_at is not None and erasure.done_at + ERASURES.after <= now
    return ERASURES if over else None


def _stays(trace: Trace, moment: Moment) -> bool:
    if trace.last is not None and trace.last + PERSONS.after > moment.at:
        return True
    profile = trace.profile
    if profile is None:
        return False
    invited = profile.partner_until is not None and profile.partner_until >= moment.today
    return profile.granted is not None or invited or profile.erase_from is not None


def _stray(person_id: str, created_at: datetime, moment: Moment) -> bool:
    forgotten_at = moment.erased.get(person_id)
    return forgotten_at is not None and created_at < forgotten_at
