"""Everything that is kept of a person, for themselves: in parts that are small and quick enough to be sent.

Each part names the place where the next goes on. A source is read page by page, so nothing is left out
however much there is; a part that has become large, or has taken long, is the last of its answer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.domain.api_keys import ApiKey
from chalicelib.domain.attending import Attending
from chalicelib.domain.audit import Entry
from chalicelib.domain.bookings import Booking, judged
from chalicelib.domain.errors import NotFound
from chalicelib.domain.letters import Told
from chalicelib.domain.messages import Message
from chalicelib.domain.people import Actor
from chalicelib.domain.private_feeds import PrivateFeed
from chalicelib.domain.profiles import Profile
from chalicelib.domain.retention import CAME
from chalicelib.services import own_signups, private_feeds, reading_log
from chalicelib.services.own_bookings import FOREVER
from chalicelib.services.ports import Fields, InFlight, Page, Ports, Quota

PAGE = 25  # so that none of the largest things that there are passes the limit by itself
EVENTS = 8  # likewise: a sign-up is as large as two requests
MOST_SIGNS = 1_200_000  # of a part: as JSON within JSON it may be three times as many bytes
SECONDS = 12.0
EVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Standing:
    """What there is once of a person, and little of."""

    profile: Profile
    reminders: bool
    suppressed: str  # why no mail goes to their address
    quota: Quota
    feeds: Sequence[PrivateFeed]
    keys: Sequence[ApiKey]
    in_flight: InFlight
    came_at: datetime | None = None  # to an event of which they are named no more


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking, what its person was told of it, and who did what to it."""

    booking: Booking
    told: Told | None
    log: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class SignedUp:
    """A person's part in an event; of their own sign-up also what they were told, and who did what to it."""

    one: Attending
    told: Told | None
    log: Sequence[Entry]


@dataclass(slots=True)
class Part:
    """Some of what is kept; `next` is where the rest begins (None: nowhere)."""

    person_id: str
    at: datetime
    standing: Standing | None = None
    bookings: list[Booked] = field(default_factory=list)
    signups: list[SignedUp] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    log: list[Entry] = field(default_factory=list)  # what they did, and what was done to them
    next: Fields | None = None


def part(ports: Ports, actor: Actor, place: Fields | None, *, only_times: bool = False) -> Part:
    """A part of one's own, beginning at a place that an earlier part named; noted in the log.

    `only_times`: only what a calendar shows.
    """
    person_id, now = actor.person_id, ports.clock.now()
    found = Part(person_id, now)
    if place is None and not only_times:
        found.standing = _standing(ports, person_id)
    names = list(TIMES if only_times else SECTIONS)
    name, after = (place["section"], place["after"]) if place else (names[0], None)
    stop, signs = ports.clock.monotonic() + SECONDS, len(ascii(found.standing))
    while name:
        page = SECTIONS[name](ports, found, after)
        signs += len(ascii(page.items))
        after = page.next
        if after is None:
            name = next(iter(names[names.index(name) + 1 :]), "")
        if name and (signs >= MOST_SIGNS or ports.clock.monotonic() >= stop):
            found.next = {"section": name, "after": after}
            break
    reading_log.note(ports, actor, f"person#{person_id}", "export")
    return found


def _standing(ports: Ports, person_id: str) -> Standing:
    snapshot = ports.snapshots.read(person_id=person_id)
    if snapshot.profile is None:
        raise NotFound
    kept = ports.keeping.traces_of(person_id)
    return Standing(
        profile=snapshot.profile,
        reminders=ports.people.reminders(person_id),
        suppressed=ports.people.suppressed(person_id),
        quota=snapshot.quota or Quota(person_id),
        feeds=private_feeds.of(ports, person_id),
        keys=_keys(ports, person_id),
        in_flight=ports.logins.of_person(person_id),
        came_at=next((each.last for each in kept if each.item == CAME), None),
    )


def _keys(ports: Ports, person_id: str) -> list[ApiKey]:
    """Those that are a person's own, and those that they made."""
    found: list[ApiKey] = []
    after: Fields | None = None
    while True:
        page = ports.api_keys.all(100, after)
        found += [each for each in page.items if person_id in (each.owner_id, each.created_by)]
        after = page.next
        if after is None:
            return found


def _bookings(ports: Ports, found: Part, after: Fields | None) -> Page[Any]:
    page = ports.bookings.by_person(found.person_id, EVER, FOREVER, PAGE, after)
    subjects = [f"booking#{each.booking_id}" for each in page.items]
    told = {each.subject: each for each in ports.outbox.told_of(subjects, found.person_id)}
    booked = [
        Booked(judged(each, found.at), told.get(subject), _log_of(ports, subject, found.at))
        for each, subject in zip(page.items, subjects, strict=True)
    ]
    found.bookings += booked
    return Page(booked, page.next)


def _log_of(ports: Ports, subject: str, now: datetime) -> list[Entry]:
    entries: list[Entry] = []
    after: Fields | None = None
    while True:
        page = ports.audit.by_subject(subject, EVER, _until(now), 100, after)
        entries += page.items
        after = page.next
        if after is None:
            return entries


def _signups(ports: Ports, found: Part, after: Fields | None) -> Page[Any]:
    """By event, so that no place in the list names with whom one came."""
    parts = own_signups.parts_of(ports, found.person_id)
    events = sorted(
        {each.event_id for each in parts if not after or each.event_id > after["event"]}
    )
    wanted = [each for each in parts if each.event_id in events[:EVENTS]]
    attended = own_signups.of_parts(ports, found.person_id, wanted, found.at)
    subjects = {f"event#{each.event.event_id}" for each in attended if each.leads}
    told = {each.subject: each for each in ports.outbox.told_of(subjects, found.person_id)}
    signed_up = [_signed_up(ports, each, told, found.at) for each in attended]
    found.signups += signed_up
    return Page(signed_up, {"event": events[EVENTS - 1]} if len(events) > EVENTS else None)


def _signed_up(ports: Ports, one: Attending, told: Mapping[str, Told], now: datetime) -> SignedUp:
    if not one.leads:
        return SignedUp(one, None, [])
    subject = f"event#{one.event.event_id}"
    log = ports.audit.of_person(subject, one.person_id)
    log += _log_of(ports, f"signup#{one.signup.signup_id}", now)
    return SignedUp(one, told.get(subject), log)


def _messages(ports: Ports, found: Part, after: Fields | None) -> Page[Any]:
    page = ports.outbox.by_person(found.person_id, PAGE, after)
    found.messages += page.items
    return page


def _done(ports: Ports, found: Part, after: Fields | None) -> Page[Any]:
    """What they did."""
    page = ports.audit.by_actor(found.person_id, EVER, _until(found.at), 100, after)
    found.log += page.items
    return page


def _suffered(ports: Ports, found: Part, after: Fields | None) -> Page[Any]:
    """What others did to what is known of them."""
    subject = f"person#{found.person_id}"
    page = ports.audit.by_subject(subject, EVER, _until(found.at), 100, after)
    found.log += [each for each in page.items if each.actor != found.person_id]
    return page


def _until(now: datetime) -> datetime:
    return now + timedelta(seconds=1)


SECTIONS: dict[str, Callable[[Ports, Part, Fields | None], Page[Any]]] = {
    "bookings": _bookings,
    "signups": _signups,
    "messages": _messages,
    "done": _done,
    "suffered": _suffered,
}
TIMES = ("bookings", "signups")
