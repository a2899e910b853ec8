"""Events as calendars: subscribed to and downloaded, with the UID of mails, and nobody's link or name."""

from typing import Any

import pytest
import vobject
from icalendar import Calendar

from chalicelib.domain.spoken import LANGUAGES
from tests import ical_js
from tests.api.conftest import STAFF_KEY, Answer, Api
from tests.api.test_page_events import SECRET, off
from tests.api.test_staff_events import LIST, patch, sign_up, write
from tests.builders import at

ALL = "/v1/events.ics"
TYPED = [
    "Työpaja; ideointi, osa 2\\n ja kahvi",
    "ä" * 200,
    "BEGIN:VEVENT",
    "\u202eteksti\u202c 😀",
    "ATTENDEE:mailto:eero@gov.fi",
]


def single(event_id: str) -> str:
    return f"/v1/events/{event_id}/event.ics"


def entries(answer: Answer) -> list[Any]:
    """The entries of a calendar, which three parsers have read alike (I-10, I-11)."""
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    found = list(Calendar.from_ical(answer.raw).walk("VEVENT"))
    others = list(getattr(vobject.readOne(answer.text), "vevent_list", []))
    (read,) = ical_js.read([answer.raw])
    for event, other, third in zip(found, others, read["events"], strict=True):
        assert event.errors == []
        assert event["uid"] == other.uid.value == third["uid"]
        assert event.start == other.dtstart.value
        assert event.end == other.dtend.value
        assert str(event["summary"]) == other.summary.value == third["summary"]
        assert event["sequence"] == third["sequence"]
        assert str(event["status"]) == third["status"]
        assert third["attendees"] == []
    assert all(len(line.encode()) <= 75 for line in answer.text.split("\r\n"))
    return found


def test_the_calendar_has_what_everybody_may_see(api: Api) -> None:
    event_id = write(api, description={"fi": "Tule *mukaan*, [lue](https://a.example/)"})
    write(api, publish=False)
    called_off = write(api)
    off(api, called_off)
    by_id = {each["uid"].partition("@")[0]: each for each in entries(api("GET", ALL))}
    assert set(by_id) == {event_id, called_off}
    one = by_id[event_id]
    assert (one.start, one.end) == (at("2026-12-10 09:00"), at("2026-12-10 11:00"))
    assert str(one["summary"]) == "Ideapaja"
    assert str(one["description"]) == "Tule mukaan, lue (https://a.example/)"
    assert str(one["location"]) == "Työ 2.0 Lab"
    assert str(one["url"]) == f"https://lab.example/events/{event_id}?lang=fi"
    assert one["uid"] == f"{event_id}@lab.example"
    assert (one["status"], one["transp"], one["sequence"]) == ("CONFIRMED", "TRANSPARENT", 0)
    assert by_id[called_off]["status"] == "CANCELLED"
    assert by_id[called_off]["sequence"] == 1


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("fi", "Tapahtumat – Työ 2.0 Lab"),
        ("sv", "Evenemang – Arbete 2.0 Lab"),
        ("en", "Events – Work 2.0 Lab"),
    ],
)
def test_the_calendar_says_what_it_is_and_how_often_to_ask(
    api: Api, language: str, name: str
) -> None:
    """RFC 7986."""
    write(api)
    answer = api("GET", f"{ALL}?language={language}")
    assert answer.raw == api("GET", ALL, Accept_Language=language).raw
    found = Calendar.from_ical(answer.raw)
    assert str(found["name"]) == str(found["x-wr-calname"]) == name
    assert str(found["description"])
    assert found["color"] == "navy"
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT15M\r\n" in answer.text
    assert found["x-published-ttl"] == "PT15M"
    source = answer.text.replace("\r\n ", "")
    assert f"SOURCE;VALUE=URI:https://lab.example/v1/events.ics?language={language}\r\n" in source
    assert api("GET", f"{ALL}?language=de").status == 422


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_uid_is_one_in_the_calendar_the_download_and_the_mail(api: Api, language: str) -> None:
    """I-08."""
    event_id = write(api, space_id="hall")
    (listed,) = entries(api("GET", f"{ALL}?language={language}"))
    answer = api("GET", f"{single(event_id)}?language={language}")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="event.ics"'
    (downloaded,) = entries(answer)
    assert downloaded == listed
    assert str(downloaded["uid"]) == f"{event_id}@lab.example"


def test_no_link_and_nobody_who_comes_is_in_it(api: Api) -> None:
    """I-14: the link is for those who have a seat."""
    event_id = write(api, remote={"limit": 5}, remote_link=SECRET)
    online = write(api, room=None, remote={"limit": 5}, remote_link=SECRET)
    sign_up(api, event_id, "aino", "eero")
    for path in (ALL, single(event_id)):
        text = api("GET", path).text.lower()
        for word in ("video.example", "aino", "eero", "gov.fi", "attendee", "conference"):
            assert word not in text, word
    (entry,) = entries(api("GET", single(online)))
    assert str(entry["location"]) == "Etänä"


def test_what_was_typed_stays_text(api: Api) -> None:
    """I-10."""
    for text in TYPED:
        write(
            api,
            title={"fi": text},
            address=text,
            description={"fi": f"{text}\n\n- {text}"},
        )
    found = entries(api("GET", ALL))
    assert len(found) == len(TYPED)
    assert {str(each["summary"]) for each in found} == {
        text.replace("\u202e", "").replace("\u202c", "") for text in TYPED
    }


@pytest.mark.parametrize("which", ["all", "one"])
def test_unchanged_is_304_until_staff_change_anything(api: Api, which: str) -> None:
    event_id = write(api)
    path = ALL if which == "all" else single(event_id)
    first = api("GET", path)
    tag = first.headers["ETag"]
    api.clock.forward(hours=1)
    assert api("GET", path, If_None_Match=tag).status == 304
    assert api("HEAD", path, If_None_Match=tag).status == 304
    assert api("GET", path).raw == first.raw
    sign_up(api, event_id, "aino")
    assert api("GET", path, If_None_Match=tag).status == 304  # seats are none of it
    assert api("GET", f"{path}?language=sv", If_None_Match=tag).status == 200
    patch(api, event_id, start="2026-12-10T09:30")
    moved = api("GET", path, If_None_Match=tag)
    assert moved.status == 200
    (entry,) = entries(moved)
    (before,) = entries(first)
    assert entry["uid"] == before["uid"]
    assert entry["sequence"] == before["sequence"] + 1
    assert entry["dtstamp"].dt > before["dtstamp"].dt
    assert entry.start == at("2026-12-10 09:30")


def test_what_is_long_over_or_far_ahead_is_left_out(api: Api) -> None:
    times = {
        "early": ("2026-12-05T10:00", "2026-12-05T11:00"),
        "long": ("2026-12-06T10:00", "2027-01-06T10:00"),
        "ahead": ("2027-12-05T10:00", "2027-12-05T11:00"),
        "far": ("2028-03-05T10:00", "2028-03-05T11:00"),
    }
    for title, (start, end) in times.items():
        write(api, title={"fi": title}, start=start, end=end)
    api.clock.time = at("2027-01-04 10:59")
    names = [str(each["summary"]) for each in entries(api("GET", ALL))]
    assert names == ["early", "long", "ahead"]
    api.clock.time = at("2027-01-04 11:00")
    assert len(entries(api("GET", ALL))) == 2


def test_drafts_are_not_there(api: Api) -> None:
    draft = write(api, publish=False)
    assert entries(api("GET", ALL)) == []
    assert api("GET", single(draft)).status == 404
    assert api("DELETE", f"{LIST}/{draft}", key=STAFF_KEY, If_Match="*").status == 200
    assert api("GET", single(draft)).status == 404
    assert entries(api("GET", ALL)) == []
