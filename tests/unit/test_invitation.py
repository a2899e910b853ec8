"""Calendar parts, as icalendar and a parser of another family (vobject) read them."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar, Event

from chalicelib.adapters.calendar.invitation import entry, invitation, uid
from chalicelib.adapters.plain import line
from chalicelib.domain.bookings import State
from chalicelib.domain.letters import Letter, Method
from chalicelib.domain.messages import Kind
from chalicelib.domain.people import Person
from tests.builders import AINO, NOW, at, wed
from tests.mails import SITE, SPACES, a_booking, a_letter, a_mail

PROPERTIES = {
    "UID",
    "SEQUENCE",
    "DTSTAMP",
    "DTSTART",
    "DTEND",
    "SUMMARY",
    "LOCATION",
    "DESCRIPTION",
    "ORGANIZER",
    "ATTENDEE",
    "STATUS",
    "TRANSP",
    "CREATED",
    "LAST-MODIFIED",
}
TYPED = st.text(st.characters(exclude_categories=("Cs",)), max_size=250)


def a_part(method: Method = Method.REQUEST, **changes) -> bytes:
    """The calendar part of a letter about Aino's booking."""
    return invitation(the_letter(method, **changes))


def the_letter(method: Method = Method.REQUEST, **changes) -> Letter:
    kind = Kind.CANCELLATION if method is Method.CANCEL else Kind.CONFIRMATION
    ours = {name: changes.pop(name) for name in ("now", "to", "site", "spaces") if name in changes}
    booking = a_booking(**changes)
    return replace(a_letter(kind), method=method, booking=booking, **{"to": booking.person} | ours)


def an_entry(now: datetime = NOW, language: str = "fi", **changes) -> bytes:
    return entry(a_booking(**changes), SITE, SPACES, language, now)


def event_of(part: bytes) -> Event:
    (event,) = Calendar.from_ical(part).walk("VEVENT")
    assert event.errors == []
    return event


def other_of(part: bytes) -> vobject.base.Component:
    calendar = vobject.readOne(part.decode(), validate=True)
    assert len(list(calendar.components())) == 1
    return calendar.vevent


def test_an_invitation_has_what_it_needs_and_nothing_else() -> None:
    part = a_part(space_ids=("hall-a", "pod"), sequence=4, title="Suunnittelu")
    calendar = Calendar.from_ical(part)
    assert set(calendar) == {"VERSION", "PRODID", "METHOD"}
    assert (calendar["VERSION"], calendar["METHOD"]) == ("2.0", "REQUEST")
    event = event_of(part)
    assert set(event) == PROPERTIES
    assert event.subcomponents == []  # no alarm
    assert event["UID"] == "b_01@lab.example"
    assert event["SEQUENCE"] == 4
    assert event["SUMMARY"] == "Suunnittelu"
    assert event["LOCATION"] == "Hall-A, Pod, Työ 2.0 Lab"
    assert event["DESCRIPTION"] == "Avain on aulassa."
    assert (event["STATUS"], event["TRANSP"]) == ("CONFIRMED", "OPAQUE")
    assert event["ORGANIZER"] == "mailto:tilat@lab.example"
    assert event["ORGANIZER"].params["CN"] == "Työ 2.0 Lab"
    for name in ("DTSTAMP", "CREATED", "LAST-MODIFIED"):
        assert event[name].dt == NOW


def test_only_the_reader_is_invited() -> None:
    """I-07, I-16: no answer is asked for."""
    event = event_of(a_part())
    attendee = event["ATTENDEE"]
    assert attendee == "mailto:aino.aalto@gov.fi"
    assert dict(attendee.params) == {
        "CN": "Aino Aalto",
        "ROLE": "REQ-PARTICIPANT",
        "PARTSTAT": "ACCEPTED",
        "RSVP": "FALSE",
    }
    assert set(re.findall(rb"[\w.]+@[\w.]+", a_part().replace(b"\r\n ", b""))) == {
        b"aino.aalto@gov.fi",
        b"tilat@lab.example",
        b"b_01@lab.example",
    }


@pytest.mark.parametrize("method", Method)
def test_both_parsers_agree(method: Method) -> None:
    part = a_part(method, title="Työpaja; ideointi, osa 2\\n", sequence=2)
    one, other = event_of(part), other_of(part)
    for name in ("UID", "SUMMARY", "LOCATION", "DESCRIPTION", "STATUS", "TRANSP"):
        assert str(one[name]) == other.contents[name.lower()][0].value, name
    for name in ("DTSTART", "DTEND", "DTSTAMP", "CREATED", "LAST-MODIFIED"):
        assert one[name].dt == other.contents[name.lower()][0].value, name
    assert str(one["SEQUENCE"]) == other.sequence.value
    assert one["ATTENDEE"] == other.attendee.value
    assert one["ORGANIZER"].params["CN"] == other.organizer.params["CN"][0]


def test_times_are_in_utc() -> None:
    """I-11."""
    part = a_part(**wed("10-12"))
    assert b"DTSTART:20261202T080000Z\r\n" in part
    assert b"DTEND:20261202T100000Z\r\n" in part
    assert b"TZID" not in part
    summer = a_part(starts_at=at("2027-07-01 10:00"), ends_at=at("2027-07-03 12:00"))
    assert b"DTSTART:20270701T070000Z\r\n" in summer
    assert b"DTEND:20270703T090000Z\r\n" in summer


def test_a_move_keeps_the_uid_and_raises_the_sequence() -> None:
    """I-04."""
    first = event_of(a_part(sequence=0))
    moved = event_of(a_part(sequence=1, now=NOW + timedelta(hours=1), **wed("13-15")))
    gone = event_of(a_part(Method.CANCEL, sequence=2, now=NOW + timedelta(hours=2)))
    assert first["UID"] == moved["UID"] == gone["UID"]
    assert first["ORGANIZER"] == moved["ORGANIZER"] == gone["ORGANIZER"]
    assert [each["SEQUENCE"] for each in (first, moved, gone)] == [0, 1, 2]
    assert first["DTSTAMP"].dt < moved["DTSTAMP"].dt < gone["DTSTAMP"].dt
    assert moved["DTSTART"].dt == datetime(2026, 12, 2, 11, tzinfo=UTC)


def test_a_cancellation_says_so_twice() -> None:
    part = a_part(Method.CANCEL, state=State.CANCELLED)
    assert Calendar.from_ical(part)["METHOD"] == "CANCEL"
    assert event_of(part)["STATUS"] == "CANCELLED"


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (State.HELD, "TENTATIVE"),
        (State.PENDING, "TENTATIVE"),
        (State.CONFIRMED, "CONFIRMED"),
        (State.CANCELLED, "CANCELLED"),
        (State.DENIED, "CANCELLED"),
        (State.EXPIRED, "CANCELLED"),
    ],
)
def test_an_entry_to_download_says_how_certain_it_is(state: State, status: str) -> None:
    part = an_entry(state=state)
    assert Calendar.from_ical(part)["METHOD"] == "PUBLISH"
    assert event_of(part)["STATUS"] == status
    assert set(event_of(part)) == PROPERTIES - {"ATTENDEE"}  # RFC 5546, 3.2.1
    assert other_of(part).status.value == status


def test_mail_and_download_are_one_entry() -> None:
    """I-08."""
    mailed, loaded = event_of(a_part(sequence=3)), event_of(an_entry(sequence=3))
    assert set(mailed) - set(loaded) == {"ATTENDEE"}
    assert all(mailed[name] == loaded[name] for name in loaded)


@pytest.mark.parametrize(
    "title",
    [
        "Työpaja; ideointi, osa 2\\n",
        "Kehittämisyhteistyön työpajapäivä äänestyksineen " * 4,
        "a\\;b\\,c\\\\d\\N",
        "\\",
        "漢字" * 100,
        "😀" * 100,
        "x" * 74 + "ä" * 74,
        *("x" * n + "ä" * 80 for n in range(60, 72)),
    ],
)
def test_text_is_escaped_and_folded(title: str) -> None:
    """I-10."""
    instructions = {"fi": f"Ensin {title}\nsitten; {title}"}
    spaces = {"pod": replace(SPACES["pod"], instructions=instructions)}
    part = a_part(title=title, spaces=spaces)
    assert_lines(part)
    for found in (event_of(part)["SUMMARY"], other_of(part).summary.value):
        assert found == line(title)
    for found in (event_of(part)["DESCRIPTION"], other_of(part).description.value):
        assert found == "\n".join(each.rstrip() for each in instructions["fi"].split("\n"))


def assert_lines(part: bytes) -> None:
    """RFC 5545, 3.1: CRLF, at most 75 octets, and here no character cut in two."""
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", part)
    assert part.endswith(b"END:VCALENDAR\r\n")
    for each in part.split(b"\r\n"):
        assert len(each) <= 75
        each.decode()
        assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", each)


@given(title=TYPED, name=TYPED, instructions=TYPED, space=TYPED)
def test_whatever_is_typed_is_text(title: str, name: str, instructions: str, space: str) -> None:
    """One event whose texts are what was typed, to both parsers."""
    room = replace(SPACES["pod"], name={"fi": space}, instructions={"fi": instructions})
    person = Person(name, "aino.aalto@gov.fi")
    part = a_part(title=title, person=person, spaces={"pod": room})
    assert_lines(part)
    event, other = event_of(part), other_of(part)
    called = line(name).replace('"', "'").replace("\\", "/")
    place = line(space) or "pod"
    assert event["SUMMARY"] == other.summary.value == (line(title) or place)
    assert event["LOCATION"] == other.location.value == f"{place}, Työ 2.0 Lab"
    assert event["ATTENDEE"] == "mailto:aino.aalto@gov.fi"
    assert event["ATTENDEE"].params.get("CN", "") == called
    assert event["UID"] == "b_01@lab.example"


def test_no_link_that_acts_and_no_code_is_in_it() -> None:
    """I-18: people share calendars."""
    for kind in (Kind.CONFIRMATION, Kind.APPROVED, Kind.CHANGE, Kind.CANCELLATION):
        mail = a_mail(kind)
        assert "/manage/" in mail.text
        for part in mail.calendars:
            assert b"http" not in part.replace(b"\r\n ", b"")
    assert b"Salaista" not in a_part(notes="Salaista", facilitation_notes="Salaista")


@pytest.mark.parametrize(
    ("language", "location"),
    [("fi", "Sali, Työ 2.0 Lab"), ("sv", "Salen, Arbete 2.0 Lab"), ("en", "Sali, Work 2.0 Lab")],
)
def test_names_are_in_the_readers_language(language: str, location: str) -> None:
    """R-21: what a Lab has not translated is told in the next language."""
    spaces = {"pod": replace(SPACES["pod"], name={"fi": "Sali", "sv": "Salen"})}
    person = replace(AINO, language=language)
    event = event_of(a_part(person=person, spaces=spaces, title=""))
    assert event["LOCATION"] == location
    assert event["SUMMARY"] == location.partition(",")[0]
    assert event["DESCRIPTION"]
    assert event_of(entry(a_booking(), SITE, spaces, language, NOW))["LOCATION"] == location


def test_what_is_said_of_several_spaces_is_said_once() -> None:
    spaces = dict(SPACES)
    part = a_part(space_ids=("hall-a", "hall-b"), spaces=spaces)
    assert event_of(part)["DESCRIPTION"] == "Avain on aulassa."
    spaces["hall-b"] = replace(spaces["hall-b"], instructions={"fi": "Sammuta valot."})
    part = a_part(space_ids=("hall-a", "hall-b"), spaces=spaces)
    told = "Hall-A: Avain on aulassa.\n\nHall-B: Sammuta valot."
    assert event_of(part)["DESCRIPTION"] == told


def test_a_space_without_instructions_has_no_description() -> None:
    spaces = {"pod": replace(SPACES["pod"], instructions={})}
    assert "DESCRIPTION" not in event_of(a_part(spaces=spaces))


def test_a_lab_without_an_address_has_a_uid_all_the_same() -> None:
    assert uid(a_booking(), replace(SITE, base_url="")) == "b_01@labbokning.invalid"
    assert uid(a_booking(), replace(SITE, base_url="http://x.example:80/a")) == "b_01@x.example"


def test_an_odd_address_is_written_as_mailto_has_it() -> None:
    """RFC 6068: what has a meaning there is encoded, what people have in addresses is not."""
    for email, written in (
        ("a+b_c-d@gov.fi", "a+b_c-d@gov.fi"),
        ("a?cc=evil%@gov.fi", "a%3Fcc=evil%25@gov.fi"),
    ):
        event = event_of(a_part(person=Person("Aino", email)))
        assert event["ATTENDEE"] == f"mailto:{written}"


def test_a_letter_without_a_method_has_no_calendar_part() -> None:
    for letter in (a_letter(Kind.PENDING), a_letter(Kind.DIGEST)):
        with pytest.raises(ValueError, match="without"):
            invitation(letter)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Aino\\", "Aino/"),  # a reader would take the sign after it for escaped
        ('Aino "Ai" Aalto', "Aino 'Ai' Aalto"),
        ("Aalto, Aino; VM: x", "Aalto, Aino; VM: x"),
        ("Aino ^n ^' ^^", "Aino ^n ^' ^^"),  # RFC 6868
    ],
)
def test_a_name_is_a_parameter_and_no_more(name: str, written: str) -> None:
    part = a_part(person=Person(name, "aino.aalto@gov.fi"))
    attendee = event_of(part)["ATTENDEE"]
    assert attendee == other_of(part).attendee.value == "mailto:aino.aalto@gov.fi"
    assert attendee.params["CN"] == written
    assert attendee.params["PARTSTAT"] == "ACCEPTED"
