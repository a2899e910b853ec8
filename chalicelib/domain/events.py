"""An event, its two ways to take part, and the counters by which seats and waiting lists are kept.

What staff edit raises `version`; counters change without it, so that newcomers do not stand in each other's
way. DynamoDB's conditions have no arithmetic: `free` is kept, and never computed from a limit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from chalicelib.domain.errors import Problem, Refused, refuse
from chalicelib.domain.programmes import Programme, edited, shown_to_all
from chalicelib.domain.questions import Question
from chalicelib.domain.reminders import RULES
from chalicelib.domain.tallies import Tally, anybodys

LONGEST = timedelta(days=31)  # lists look so far back for what reaches into them
NEEDS_KEPT = timedelta(days=7)  # after the end: what people said of diet and accessibility
NAMES_KEPT = timedelta(days=366)  # after the end: who signed up
UNLIMITED = 1_000_000  # seats of a way that has no limit: it is counted all the same


class State(StrEnum):
    """Where an event is in its life."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


class Way(StrEnum):
    """How one takes part."""

    ROOM = "room"
    REMOTE = "remote"


class Promotion(StrEnum):
    """What becomes of a freed seat."""

    CONFIRM = "confirm"  # the head of the waiting list has it at once
    OFFER = "offer"  # it is theirs for a while, to be accepted: so near the start they may not come
    NONE = "none"  # it is nobody's, and staff see it


@dataclass(frozen=True, slots=True)
class Seats:
    """The seats of a way, counted in persons. `free` falls below zero where a limit was lowered."""

    limit: int | None  # None: as many as come
    free: int
    held: int = 0  # of those that are not free: until an address is proved, or an offer accepted
    waiting: int = 0
    parties: int = 0  # that those who wait are: the place of the next is known without the queue
    lapsing: int = 0  # parties that are over by themselves, unless they prove or accept something
    most_waiting: int = 0
    next_number: int = 1  # of the next party in the queue

    @property
    def over(self) -> int:
        """How many persons there are too many (W-11)."""
        return max(0, -self.free)

    @property
    def to_be_had(self) -> int:
        """How many seats a newcomer could have: none that somebody waits for."""
        return 0 if self.waiting else max(0, self.free)


@dataclass(frozen=True, slots=True)
class Event:
    """When an event is, who may still come, and how its queue moves."""

    event_id: str
    starts_at: datetime
    ends_at: datetime
    opens_at: datetime
    closes_at: datetime
    ways: Mapping[Way, Seats]
    state: State = State.DRAFT
    announced: bool = (
        False  # everybody could see it once: what is called off as a draft nobody does
    )
    title: Mapping[str, str] = field(default_factory=dict)  # by language
    programme: Programme = field(default_factory=Programme)
    group_size: int = 1  # the most persons of one sign-up
    audience: tuple[str, ...] = ()  # who may come, as spaces' `open_to`; none named: who may book
    questions: tuple[Question, ...] = ()
    asks_diet: bool = False  # of each person of a party, as `asks_accessibility`
    asks_accessibility: bool = False
    promote_until: datetime | None = None  # the cut-off; None: the start
    offers_within: timedelta = timedelta(0)  # this near the start, seats are offered
    offer_time: timedelta = timedelta(hours=2)  # to accept one in
    hold_time: timedelta = timedelta(minutes=30)  # to prove an address in
    booking_id: str = ""  # of its place in one of our spaces
    series_id: str = ""  # the first event of the series that it belongs to
    rrule: str = ""  # of the first: the rule by which the others were made, and
    series_from: datetime | None = None  # from when on it counts
    apart: bool = False  # moved by itself: it stays where it is when those of its series move
    reminders: tuple[str, ...] = RULES  # how long before the start (ISO 8601)
    reason: str = ""  # why it was cancelled
    calendar_sequence: int = 0
    revision: int = 0  # grows with its time, place and rules of reminders: re-arms them
    version: int = 1
    changed_at: datetime | None = None  # when staff last did; of a new one nobody has yet
    tally: Tally | None = None  # of diets and needs, which are gone by then
    closed_at: datetime | None = (
        None  # for good: names go from then on, so nobody signs up any more
    )
    answered: Mapping[str, Mapping[str, int]] = field(
        default_factory=dict
    )  # how many what, by then
    nameless: bool = False  # and nobody is named any more who signed up

    @property
    def cut_off(self) -> datetime:
        """From when on nobody is promoted any more."""
        return min(self.promote_until or self.starts_at, self.starts_at)

    def open_at(self, now: datetime) -> bool:
        """Whether sign-up is open: from `opens_at` on, and no more at `closes_at`."""
        return self.state is State.PUBLISHED and self.opens_at <= now < self.closes_at

    @property
    def counted(self) -> Tally | None:
        """What is left of diets and needs after their time; of one that was moved since, that is to come."""
        if self.tally is None or self.tally.counted_at < self.ends_at + NEEDS_KEPT:
            return None
        return self.tally

    @property
    def public(self) -> bool:
        """Whether it is everybody's to see: one that was cancelled since still is, and says so."""
        return self.announced

    @property
    def live(self) -> bool:
        """Whether its counters count: those of a cancelled event stand still (W-16)."""
        return self.state is not State.CANCELLED


def seats(limit: int | None, most_waiting: int = 0) -> Seats:
    """The seats of a way nobody has signed up for."""
    return Seats(limit, free=number_of(limit), most_waiting=most_waiting)


def number_of(limit: int | None) -> int:
    """A limit as a number."""
    return UNLIMITED if limit is None else limit


def promotion(event: Event, now: datetime) -> Promotion:
    """What becomes of a seat that is freed at `now`."""
    if event.state is not State.PUBLISHED or now >= event.cut_off:
        return Promotion.NONE
    near = event.starts_at - now <= event.offers_within
    return Promotion.OFFER if near else Promotion.CONFIRM


def offer_until(event: Event, now: datetime) -> datetime:
    """Until when a seat that is offered at `now` can be accepted."""
    return min(now + event.offer_time, event.cut_off)


def seats_of(event: Event, way: Way) -> Seats:
    """Refused with `invalid-request` at /way where an event has no such way."""
    if way not in event.ways:
        raise refuse("invalid-request", "/way", why="unknown")
    return event.ways[way]


def check_open(event: Event, now: datetime) -> None:
    """Refused with `signup-not-open` outside [opens_at, closes_at), and where it is not published."""
    if event.open_at(now):
        return
    why = ""
    if event.state is State.PUBLISHED:
        why = "early" if now < event.opens_at else "late"
    raise refuse(
        "signup-not-open",
        opens_at=event.opens_at,
        closes_at=event.closes_at,
        state=event.state,
        why=why,
    )


def check_running(event: Event) -> None:
    """Refused with `stale-state` where an event is no more, or so long over that it is closed."""
    if not event.live:
        raise refuse("stale-state", state=event.state.value)
    if event.closed_at is not None:
        raise refuse("stale-state", state=event.state.value, why="over")


def published(event: Event) -> Event:
    """A draft that everybody may see from now on."""
    if event.state is not State.DRAFT:
        raise refuse("stale-state", state=event.state.value)
    return replace(event, state=State.PUBLISHED, announced=True, version=event.version + 1)


def cancelled(event: Event, reason: str) -> Event:
    """Called off; its reminders die with the revision."""
    check_running(event)
    return replace(
        event,
        state=State.CANCELLED,
        reason=reason,
        calendar_sequence=event.calendar_sequence + 1,
        revision=event.revision + 1,
        version=event.version + 1,
    )


def tallied(
    event: Event, diets: Mapping[str, int], accessibility: Mapping[str, int], now: datetime
) -> Event:
    """With the figures of diets and needs, by which they are counted from now on."""
    tally = Tally(now, anybodys(diets), anybodys(accessibility))
    return replace(event, tally=tally, version=event.version + 1)


def cleared(event: Event) -> Event:
    """One that was tallied, and nothing is left of what was counted."""
    tally = replace(event.tally, cleared=True) if event.tally else None
    return replace(event, tally=tally, version=event.version + 1)


def closed(event: Event, answered: Mapping[str, Mapping[str, int]], now: datetime) -> Event:
    """One whose sign-ups become nobody's from now on, with how many of them answered what."""
    return replace(event, closed_at=now, answered=answered, version=event.version + 1)


def unnamed(event: Event) -> Event:
    """One that was closed, and nobody is named any more who signed up for it."""
    return replace(event, nameless=True, version=event.version + 1)


def resized(event: Event, way: Way, limit: int | None, most_waiting: int | None = None) -> Event:
    """With another limit (None: no limit) and, where one is named, length of the waiting list.

    Nobody is removed: where more have a seat than there now are, `free` is below zero.
    """
    check_running(event)
    before = seats_of(event, way)
    more = number_of(limit) - number_of(before.limit)
    most = before.most_waiting if most_waiting is None else most_waiting
    after = replace(before, limit=limit, free=before.free + more, most_waiting=most)
    return replace(event, ways={**event.ways, way: after}, version=event.version + 1)


def check_event(event: Event) -> Event:
    """The event itself. Refused where it ends before it starts, or sign-up does, or it is too long; and where
    what everybody reads holds the link to join, which is for those alone who have a remote seat (I-14).
    """
    wrong = [
        Problem("invalid-request", pointer, {"why": "remote-link-shown"})
        for pointer, text in shown_to_all(event.title, event.programme)
        if event.programme.remote_link and event.programme.remote_link in text
    ]
    if event.ends_at - event.starts_at > LONGEST:
        wrong.append(Problem("range-too-long", "/end", {"days": LONGEST.days}))
    if event.ends_at <= event.starts_at:
        wrong.append(Problem("invalid-request", "/end", {"why": "end-before-start"}))
    if event.closes_at <= event.opens_at:
        wrong.append(Problem("invalid-request", "/closes_at", {"why": "end-before-start"}))
    if wrong:
        raise Refused(wrong)
    return event


def revised(
    event: Event, changes: Mapping[str, Any], asked: Mapping[Way, Mapping[str, Any]]
) -> Event:
    """As staff edited it: fields of it by name, and of its ways `limit` and `most_waiting`.

    Of `title`, `programme` and each way only what is named changes. The version grows by one, however
    much changed; calendars hear of another time or place. Sign-up that is open until the start stays so.
    """
    check_running(event)
    title = {**event.title, **changes.get("title", {})}
    programme = edited(event.programme, changes.get("programme", {}))
    after = replace(event, **{**changes, "title": title, "programme": programme})
    until_start = event.closes_at == event.starts_at and "closes_at" not in changes
    if until_start and after.starts_at > after.opens_at:
        after = replace(after, closes_at=after.starts_at)
    for way, named in asked.items():
        before = event.ways.get(way)
        if before is None:
            after = replace(after, ways={**after.ways, way: seats(**{"limit": None, **named})})
            continue
        kept = {"limit": before.limit, "most_waiting": before.most_waiting}
        after = resized(after, way, **{**kept, **named})
    if "apart" not in changes:
        moved = (after.starts_at, after.ends_at) != (event.starts_at, event.ends_at)
        after = replace(after, apart=event.apart or (bool(event.series_id) and moved))
    told = _where_and_when(after) != _where_and_when(event)
    rearmed = told or after.reminders != event.reminders
    return check_event(
        replace(
            after,
            calendar_sequence=event.calendar_sequence + told,
            revision=event.revision + rearmed,
            version=event.version + 1,
        )
    )


def _where_and_when(event: Event) -> tuple[Any, ...]:
    said = event.programme
    place = (said.space_id, said.address, said.remote_link)
    return (event.starts_at, event.ends_at, *place)
