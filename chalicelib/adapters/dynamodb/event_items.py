"""Events, sign-ups and places in a queue as items, and back."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any

from chalicelib.adapters.dynamodb.codec import SCHEMA, Item, instant, iso
from chalicelib.adapters.dynamodb.people import person_of
from chalicelib.domain.events import Event, Seats, Way
from chalicelib.domain.events import State as EventState
from chalicelib.domain.programmes import Programme
from chalicelib.domain.questions import Choice, Kind, Question
from chalicelib.domain.reminders import RULES
from chalicelib.domain.signups import Entry, Member, Part, SignUp, State
from chalicelib.domain.tallies import Tally

SITE = "lab"
EVENT = "event"
SIGNUP, PERSON, WAITING, DUE = "signup#", "person#", "waiting#", "due#"
GUEST = "guest#"
# What staff edit of an event. Its counters are in `ways`, and are never written as a whole again.
EDITED = (
    "site_month",
    "state",
    "announced",
    "starts_at",
    "ends_at",
    "opens_at",
    "closes_at",
    "title",
    "programme",
    "group_size",
    "audience",
    "questions",
    "asks_diet",
    "asks_accessibility",
    "promote_until",
    "offers_within",
    "offer_time",
    "hold_time",
    "booking_id",
    "series_id",
    "rrule",
    "series_from",
    "apart",
    "reminders",
    "reason",
    "calendar_sequence",
    "revision",
    "version",
    "changed_at",
    "tally",
    "closed_at",
    "answered",
    "nameless",
)


def edited(event: Event) -> Item:
    """What staff edit of an event, as far as it is there."""
    item = {
        "site_month": f"{SITE}#{event.starts_at:%Y-%m}",
        "state": event.state.value,
        "announced": event.announced,
        "starts_at": iso(event.starts_at),
        "ends_at": iso(event.ends_at),
        "opens_at": iso(event.opens_at),
        "closes_at": iso(event.closes_at),
        "title": dict(event.title),
        "programme": asdict(event.programme),
        "group_size": event.group_size,
        "audience": list(event.audience),
        "questions": [asdict(each) for each in event.questions],
        "asks_diet": event.asks_diet,
        "asks_accessibility": event.asks_accessibility,
        "promote_until": _maybe_iso(event.promote_until),
        "offers_within": _seconds(event.offers_within),
        "offer_time": _seconds(event.offer_time),
        "hold_time": _seconds(event.hold_time),
        "booking_id": event.booking_id,
        "series_id": event.series_id,
        "rrule": event.rrule,
        "series_from": _maybe_iso(event.series_from),
        "apart": event.apart,
        "reminders": list(event.reminders),
        "reason": event.reason,
        "calendar_sequence": event.calendar_sequence,
        "revision": event.revision,
        "version": event.version,
        "changed_at": _maybe_iso(event.changed_at),
        "tally": _tally_item(event.tally) if event.tally else None,
        "closed_at": _maybe_iso(event.closed_at),
        "answered": {key: dict(counts) for key, counts in event.answered.items()} or None,
        "nameless": event.nameless or None,
    }
    return {name: value for name, value in item.items() if value is not None}


def event_item(event: Event) -> Item:
    """A new event as an item; durations are in seconds."""
    return {
        "schema": SCHEMA,
        "event_id": event.event_id,
        "item": EVENT,
        **edited(event),
        "ways": {way.value: seats_item(seats) for way, seats in event.ways.items()},
    }


def event_of(item: Mapping[str, Any]) -> Event:
    """The opposite of `event_item`."""
    return Event(
        event_id=item["event_id"],
        state=EventState(item["state"]),
        announced=item["announced"],
        starts_at=instant(item["starts_at"]),
        ends_at=instant(item["ends_at"]),
        opens_at=instant(item["opens_at"]),
        closes_at=instant(item["closes_at"]),
        ways={way: _seats_of(item["ways"][way]) for way in Way if way in item["ways"]},
        title=item["title"],
        programme=_programme_of(item.get("programme", {})),
        group_size=item["group_size"],
        audience=tuple(item.get("audience", ())),
        questions=tuple(_question_of(each) for each in item.get("questions", ())),
        asks_diet=item.get("asks_diet", False),
        asks_accessibility=item.get("asks_accessibility", False),
        promote_until=_maybe(item.get("promote_until")),
        offers_within=timedelta(seconds=item["offers_within"]),
        offer_time=timedelta(seconds=item["offer_time"]),
        hold_time=timedelta(seconds=item["hold_time"]),
        booking_id=item.get("booking_id", ""),
        series_id=item.get("series_id", ""),
        rrule=item.get("rrule", ""),
        series_from=_maybe(item.get("series_from")),
        apart=item.get("apart", False),
        reminders=tuple(item.get("reminders", RULES)),
        reason=item["reason"],
        calendar_sequence=item["calendar_sequence"],
        revision=item["revision"],
        version=item["version"],
        changed_at=_maybe(item.get("changed_at")),
        tally=_tally_of(item["tally"]) if item.get("tally") else None,
        closed_at=_maybe(item.get("closed_at")),
        answered=item.get("answered", {}),
        nameless=item.get("nameless", False),
    )


def signup_item(signup: SignUp) -> Item:
    """A sign-up as an item. That of `event_id` and `item` is also the key of the index by person."""
    return {
        "schema": SCHEMA,
        "event_id": signup.event_id,
        "item": f"{SIGNUP}{signup.person_id}",
        "person_id": signup.person_id,
        "person": asdict(signup.person),
        "way": signup.way.value,
        "state": signup.state.value,
        "created_at": iso(signup.created_at),
        "members": [_member_item(each) for each in signup.members],
        "made_by": signup.made_by,
        "number": signup.number,
        "confirm_by": _maybe_iso(signup.confirm_by),
        "offer_until": _maybe_iso(signup.offer_until),
        "answers": dict(signup.answers),
        "diet": signup.diet,
        "accessibility": signup.accessibility,
        "arrived_at": _maybe_iso(signup.arrived_at),
        "sequence": signup.sequence,
        "confirmed_at": _maybe_iso(signup.confirmed_at),
        "network": signup.network,
        "version": signup.version,
    }


def signup_of(item: Mapping[str, Any]) -> SignUp:
    """The opposite of `signup_item`."""
    return SignUp(
        event_id=item["event_id"],
        person_id=item["person_id"],
        person=person_of(item["person"]),
        way=Way(item["way"]),
        state=State(item["state"]),
        created_at=instant(item["created_at"]),
        members=tuple(_member_of(each) for each in item["members"]),
        made_by=item["made_by"],
        number=item.get("number"),
        confirm_by=_maybe(item.get("confirm_by")),
        offer_until=_maybe(item.get("offer_until")),
        answers=item["answers"],
        diet=item.get("diet", ""),
        accessibility=item.get("accessibility", ""),
        arrived_at=_maybe(item.get("arrived_at")),
        sequence=item["sequence"],
        confirmed_at=_maybe(item.get("confirmed_at")),
        network=item.get("network", ""),
        version=item["version"],
    )


def _member_item(member: Member) -> Item:
    item = {**asdict(member), "arrived_at": _maybe_iso(member.arrived_at)}
    return {name: value for name, value in item.items() if value is not None}


def _member_of(item: Mapping[str, Any]) -> Member:
    return Member(
        name=item["name"],
        person_id=item["person_id"],
        diet=item.get("diet", ""),
        accessibility=item.get("accessibility", ""),
        arrived_at=_maybe(item.get("arrived_at")),
    )


def guest_item(event_id: str, person_id: str, led_by: str) -> Item:
    """That somebody comes along in a party, found by the index by person as what they lead is."""
    return {
        "schema": SCHEMA,
        "event_id": event_id,
        "item": f"{GUEST}{person_id}#{led_by}",
        "person_id": person_id,
        "led_by": led_by,
    }


def part_of(item: Mapping[str, Any]) -> Part:
    """What an item of the index by person says: a sign-up, or a guest's."""
    return Part(item["event_id"], item.get("led_by") or item["person_id"])


def waiting_key(way: Way, number: int) -> str:
    """Where a place in the queue stands: in the order of its number."""
    return f"{WAITING}{way}#{number:09d}"


def waiting_item(entry: Entry) -> Item:
    """A place in the queue as an item."""
    return {
        "schema": SCHEMA,
        "event_id": entry.event_id,
        "item": waiting_key(entry.way, entry.number),
        "led_by": entry.person_id,
        "size": entry.size,
    }


def entry_of(item: Mapping[str, Any]) -> Entry:
    """The opposite of `waiting_item`."""
    _, way, number = item["item"].split("#")
    return Entry(item["event_id"], Way(way), int(number), item["led_by"], item["size"])


def due_key(signup: SignUp) -> str | None:
    """Where it stands that a sign-up will be over by itself, if it will."""
    at = signup.lapses_at
    return f"{DUE}{iso(at)}#{signup.person_id}" if at else None


def seats_item(seats: Seats) -> Item:
    """The counters of a way as a map; a limit that is none is not in it."""
    return {name: value for name, value in asdict(seats).items() if value is not None}


def _seats_of(item: Mapping[str, Any]) -> Seats:
    return Seats(
        limit=item.get("limit"),
        free=item["free"],
        held=item["held"],
        waiting=item["waiting"],
        parties=item["parties"],
        lapsing=item["lapsing"],
        most_waiting=item["most_waiting"],
        next_number=item["next_number"],
    )


def _programme_of(said: Mapping[str, Any]) -> Programme:
    """What another version of the code wrote has other fields."""
    return Programme(
        **{each.name: said[each.name] for each in fields(Programme) if each.name in said}
    )


def _question_of(item: Mapping[str, Any]) -> Question:
    return Question(
        id=item["id"],
        kind=Kind(item["kind"]),
        text=item["text"],
        required=item["required"],
        choices=tuple(Choice(each["id"], each["text"]) for each in item["choices"]),
    )


def _tally_item(tally: Tally) -> Item:
    return {**asdict(tally), "counted_at": iso(tally.counted_at)}


def _tally_of(item: Mapping[str, Any]) -> Tally:
    return Tally(
        counted_at=instant(item["counted_at"]),
        diets=item["diets"],
        accessibility=item["accessibility"],
        cleared=item["cleared"],
    )


def _seconds(duration: timedelta) -> int:
    return int(duration.total_seconds())


def _maybe(text: str | None) -> datetime | None:
    return instant(text) if text else None


def _maybe_iso(at: datetime | None) -> str | None:
    return iso(at) if at else None
