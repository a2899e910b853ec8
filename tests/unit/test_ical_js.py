"""Calendar parts and feeds as ical.js reads them: the same as icalendar does, whatever was typed."""

from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest
from icalendar import Calendar

from chalicelib.adapters.calendar.invitation import entry, invitation
from chalicelib.domain.letters import Method
from chalicelib.domain.messages import Kind
from chalicelib.domain.private_feeds import OwnCalendar
from chalicelib.domain.spoken import LANGUAGES
from chalicelib.services import bookings, feeds
from tests import ical_js
from tests.builders import AINO, ANYBODY, EERO, NOW, a_request, an_intent, on, the_ports, wed
from tests.mails import SITE, SPACES, a_booking, a_letter

INVITING = (Kind.CONFIRMATION, Kind.APPROVED, Kind.CHANGE, Kind.CANCELLATION)
TYPED = [
    "Työpaja; ideointi, osa 2\nja kahvi",
    "a" * 200 + "ä" * 200,
    "\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:toinen",
    "BEGIN:VEVENT",
    r"\n \N \; \, \\",
    '"lainaus": ^n ^^ ^\'',
    "\u202eteksti\u202c",
    "<b>lihava</b> & co",
    "emoji 👩‍💻 " * 20,
    "\x00\x07\x1b[31m",
    "😀" * 60,
    "ATTENDEE:mailto:eero@gov.fi",
]


def same(parts: list[bytes]) -> list[Any]:
    """What ical.js reads, when icalendar has read the same."""
    found = ical_js.read(parts)
    assert len(found) == len(parts)
    for part, read in zip(parts, found, strict=True):
        whole = Calendar.from_ical(part)
        assert read["method"] == str(whole["method"])
        assert len(read["components"]) == len(whole.subcomponents)
        for event, other in zip(whole.walk("VEVENT"), read["events"], strict=True):
            for name in ("uid", "summary", "description", "location", "status", "organizer"):
                assert other[name] == (str(event[name]) if name in event else None), name
            assert other["sequence"] == event.get("sequence")
            assert other["start"] == f"{event.start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
            assert other["end"] == f"{event.end.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return found


@pytest.mark.parametrize("kind", INVITING)
def test_calendar_parts_of_mails(kind: Kind) -> None:
    method = Method.CANCEL if kind is Kind.CANCELLATION else Method.REQUEST
    letters = [
        replace(a_letter(kind, language), method=method, booking=a_booking())
        for language in LANGUAGES
    ]
    for read in same([invitation(letter) for letter in letters]):
        (event,) = read["events"]
        assert read["components"] == ["vevent"]
        assert read["method"] == method.value
        assert len(event["attendees"]) == 1


def test_what_was_typed_stays_text() -> None:
    """I-10"""
    parts = []
    for text in TYPED:
        person = replace(AINO, name=text[:60])
        booking = a_booking(title=text, person=person)
        letter = replace(
            a_letter(Kind.CONFIRMATION), method=Method.REQUEST, booking=booking, to=person
        )
        parts += [invitation(letter), entry(booking, SITE, SPACES, "fi", NOW)]
    for read in same(parts):
        assert read["components"] == ["vevent"]
        assert len(read["events"]) == 1
        assert len(read["events"][0]["attendees"]) <= 1


def test_feeds() -> None:
    ports, store, clock = the_ports(prove_address=True)
    for day in ("2026-12-02", "2026-12-03"):
        request = a_request("studio", **on(day, "10-12"))
        assert bookings.book(ports, request, an_intent()).value
    held = a_request("pod", person=EERO, **wed("14-15"))
    assert bookings.book(ports, held, an_intent(ANYBODY)).value
    parts = [
        write(feeds.feed(ports, space_id), language)
        for space_id in ("studio", "pod", "desks", "hall")
        for write in (ports.calendars.busy, ports.calendars.free_busy)
        for language in LANGUAGES
    ]
    found = same(parts)
    assert [len(read["events"]) for read in found[:12:3]] == [2, 0, 1, 0]
    assert {read["name"] for read in found[:3]} == {
        "Studio – Työ 2.0 Lab",
        "Studio – Arbete 2.0 Lab",
        "Studio – Work 2.0 Lab",
    }
    assert found[3]["busy"] == [
        {"kind": "BUSY", "start": "2026-12-02T07:45:00Z", "end": "2026-12-02T10:15:00Z"},
        {"kind": "BUSY", "start": "2026-12-03T07:45:00Z", "end": "2026-12-03T10:15:00Z"},
    ]
    assert [each["kind"] for each in found[9]["busy"]] == ["BUSY-TENTATIVE"]


def test_a_person_s_own_calendar() -> None:
    """In each language, with what was typed, what waits and what was cancelled."""
    ports, store, _ = the_ports()
    made = [
        bookings.book(ports, a_request(space, title=title, **on(day, "10-12")), an_intent()).value
        for space, title, day in (
            ("studio", TYPED[0], "2026-12-02"),
            ("pod", TYPED[6], "2026-12-03"),
            ("lab", "Kaikki", "2026-12-04"),
        )
    ]
    kept, given_up, waiting = (each.booking_id for each in made if each)
    bookings.cancel(ports, given_up, "", None, an_intent())
    parts = [
        ports.calendars.own(
            OwnCalendar(label, language, store.site, store.spaces, tuple(store.bookings.values()))
        )
        for language in LANGUAGES
        for label in ("", *TYPED)
    ]
    for read in same(parts):
        assert [(each["uid"], each["status"]) for each in read["events"]] == [
            (f"{kept}@lab.example", "CONFIRMED"),
            (f"{given_up}@lab.example", "CANCELLED"),
            (f"{waiting}@lab.example", "TENTATIVE"),
        ]
        assert {len(each["attendees"]) for each in read["events"]} == {0}
