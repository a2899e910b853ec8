"""One's seats at events in the calendar at one's secret address: which, with what, and for how long."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from icalendar import Calendar

from chalicelib.adapters.calendar.attendance import attendance
from chalicelib.domain.messages import Kind
from chalicelib.domain.signups import State, called_off
from chalicelib.services import events as staff_events
from chalicelib.services import private_feeds, seat_letters, verdicts
from tests.api.conftest import FORM_KEY, OURS, STAFF_KEY, Api
from tests.api.test_private_feeds import events, made, path_of, states
from tests.api.test_signups import one, signs_up, stored
from tests.api.test_staff_events import patch, write

AINO = "aino@gov.fi"
LINK = "https://meet.example/secret"
ALONG = [{"name": "Aino", "email": AINO}]


@pytest.fixture
def feed(api: Api) -> Any:
    return made(api, api.logs_in(AINO))


def event_of(api: Api, **changes: Any) -> str:
    remote = {"remote": {"limit": 9}, "remote_link": LINK}
    return write(api, **({"group_size": 4, "address": "Kirkkokatu 1", **remote} | changes))


def leaves(api: Api, signup_id: str) -> None:
    assert api("DELETE", one(signup_id), key=FORM_KEY, If_Match="*").status == 200


def tag(api: Api, feed: Any) -> str:
    return str(api("GET", path_of(feed)).headers["ETag"])


def mailed(api: Api, signup_id: str, kind: Kind) -> Any:
    """The entry in the last mail of a kind to whoever leads a party."""
    signup = stored(api, signup_id)
    found = [
        each
        for each in api.store.messages.values()
        if (each.kind, each.person_id) == (kind, signup.person_id)
    ]
    context, now = api.ports.outbox.context(found[-1]), api.clock.now()
    ready = seat_letters.seat_letter(api.ports, found[-1], context, api.ports.settings.get(), now)
    assert isinstance(ready, verdicts.Ready)
    (entry,) = Calendar.from_ical(attendance(ready.letter)).walk("VEVENT")
    return entry


def test_it_says_what_the_mails_say(api: Api, feed: Any) -> None:
    """I-08: equal UID and SEQUENCE, so that importing both gives one entry."""
    event_id = event_of(api)
    signup_id = signs_up(api, event_id).json["signup_id"]
    for change in (None, {"start": "2026-12-11T09:00", "end": "2026-12-11T11:00"}):
        if change:
            assert patch(api, event_id, **change).status == 200
        entry, (event,) = mailed(api, signup_id, Kind.SEAT), events(api, feed)
        assert event["uid"] == f"{event_id}@lab.example"
        for name in ("uid", "sequence", "status", "summary", "location", "organizer", "created"):
            assert event[name] == entry[name], name
        assert (event.start, event.end) == (entry.start, entry.end)
        assert "attendee" not in event


def test_remotely_it_has_the_link_as_the_mail_has(api: Api, feed: Any) -> None:
    """I-14"""
    event_id = event_of(api)
    signup_id = signs_up(api, event_id).json["signup_id"]
    (event,) = events(api, feed)
    assert "conference" not in event
    assert LINK not in api("GET", path_of(feed)).text
    changed = api("PATCH", one(signup_id), {"way": "remote"}, FORM_KEY, If_Match="*")
    assert changed.status == 200
    entry, (after,) = mailed(api, signup_id, Kind.SEAT), events(api, feed)
    assert after["sequence"] == event["sequence"] + 1 == entry["sequence"]
    assert after["conference"] == entry["conference"] == LINK
    assert after["description"] == entry["description"] == LINK
    assert "location" not in after


@pytest.mark.parametrize("way", ["room", "remote"])
def test_who_waits_is_offered_or_has_to_prove_their_address_has_no_entry(
    make_api: Any, way: str
) -> None:
    """I-02, I-14: as in mails; and no link."""
    api = make_api(prove_address=True)
    feed = made(api, api.logs_in(AINO))
    limits = {way: {"limit": 1, "most_waiting": 5}}
    held = event_of(api, **limits)
    signs_up(api, held, key=None, way=way)
    waits = event_of(api, **limits)
    signs_up(api, waits, "eero", way=way)
    signs_up(api, waits, way=way)
    offered = event_of(api, offers_within_minutes=44_640, **limits)
    eero = signs_up(api, offered, "eero", way=way).json["signup_id"]
    signs_up(api, offered, way=way)
    leaves(api, eero)
    found = [each for each in api.store.signups.values() if each.person.name == "Aino"]
    assert {each.state for each in found} == {State.HELD, State.WAITING, State.OFFERED}
    assert events(api, feed) == []
    assert LINK not in api("GET", path_of(feed)).text


def test_who_comes_along_has_it_in_theirs_with_nobody_s_name(api: Api, feed: Any) -> None:
    event_id = event_of(api)
    signs_up(api, event_id, "eero", guests=ALONG, way="remote")
    (event,) = events(api, feed)
    assert event["uid"] == f"{event_id}@lab.example"
    assert event["conference"] == LINK
    text = api("GET", path_of(feed)).text
    assert "Eero" not in text
    assert "eero" not in text


def test_what_one_left_is_gone(api: Api, feed: Any) -> None:
    signup_id = signs_up(api, event_of(api)).json["signup_id"]
    before = tag(api, feed)
    assert states(api, feed) == ["CONFIRMED"]
    leaves(api, signup_id)
    assert events(api, feed) == []
    assert tag(api, feed) != before


def test_an_event_that_is_called_off_is_marked_for_thirty_days(api: Api, feed: Any) -> None:
    """Also before its sign-ups are gone through one by one; for who had no seat there is nothing to take back."""
    times = {"start": "2027-03-10T09:00", "end": "2027-03-10T11:00"}
    event_id = event_of(api, room={"limit": 1, "most_waiting": 5}, **times)
    signs_up(api, event_id)
    signs_up(api, event_id, "pia")
    pia = made(api, api.logs_in("pia@gov.fi"))
    (before,) = events(api, feed)
    api("DELETE", f"/v1/staff/events/{event_id}", key=STAFF_KEY, If_Match="*")
    (after,) = events(api, feed)
    assert (str(after["status"]), after["uid"]) == ("CANCELLED", before["uid"])
    assert after["sequence"] > before["sequence"]
    assert "conference" not in after
    assert events(api, pia) == []
    staff_events.reconcile(api.ports, event_id)
    called_off_at = api.store.events[event_id].changed_at
    assert called_off_at
    api.clock.time = called_off_at + timedelta(days=30, microseconds=-1)
    assert states(api, feed) == ["CANCELLED"]
    api.clock.forward(microseconds=1)
    assert states(api, feed) == []


def test_called_off_sign_ups_of_who_had_a_seat_stay_marked(api: Api, feed: Any) -> None:
    """When each sign-up has gone with its event, too."""
    event_id = event_of(api, room={"limit": 1, "most_waiting": 5})
    signs_up(api, event_id)
    signs_up(api, event_id, "pia")
    pia = made(api, api.logs_in("pia@gov.fi"))
    api("DELETE", f"/v1/staff/events/{event_id}", key=STAFF_KEY, If_Match="*")
    for key, signup in api.store.signups.items():
        api.store.signups[key] = called_off(signup) if signup.live else signup
    assert states(api, feed) == ["CANCELLED"]
    assert events(api, pia) == []


def test_what_is_over_stays_for_thirty_days(api: Api, feed: Any) -> None:
    event_id = event_of(api)
    signs_up(api, event_id)
    api.clock.time = api.store.events[event_id].ends_at + timedelta(days=30, microseconds=-1)
    assert states(api, feed) == ["CONFIRMED"]
    api.clock.forward(microseconds=1)
    assert states(api, feed) == []


def test_others_who_come_and_go_change_nothing_of_it(api: Api, feed: Any) -> None:
    event_id = event_of(api, room={"limit": 9})
    signs_up(api, event_id)
    before = api("GET", path_of(feed))
    leaves(api, signs_up(api, event_id, "eero").json["signup_id"])
    again = api("GET", path_of(feed), If_None_Match=before.headers["ETag"])
    assert (again.status, again.raw) == (304, b"")
    assert api("GET", path_of(feed)).raw == before.raw


@pytest.mark.parametrize(
    "change",
    [
        {"title": {"fi": "Toinen"}},
        {"start": "2026-12-10T10:00"},
        {"end": "2026-12-10T12:00"},
        {"address": "Muualla"},
    ],
)
def test_what_of_it_changes_is_another_calendar(
    api: Api, feed: Any, change: dict[str, Any]
) -> None:
    event_id = event_of(api)
    signs_up(api, event_id)
    before = tag(api, feed)
    assert patch(api, event_id, **change).status == 200
    assert api("GET", path_of(feed), If_None_Match=before).status == 200
    assert tag(api, feed) != before


@pytest.mark.parametrize(
    "said", [{"remote_link": "https://meet.example/other"}, {"contact": "Sami Salo"}]
)
def test_another_link_or_contact_is_another_calendar_for_who_joins(
    api: Api, feed: Any, said: dict[str, str]
) -> None:
    event_id = event_of(api)
    signs_up(api, event_id, way="remote")
    before = tag(api, feed)
    patch(api, event_id, **said)
    assert tag(api, feed) != before


@pytest.mark.parametrize(
    ("language", "title", "place"),
    [("fi", "Ideapaja", "Koppi, Työ 2.0 Lab"), ("sv", "Idéverkstad", "Båset, Arbete 2.0 Lab")],
)
def test_it_is_in_the_language_of_its_address(
    api: Api, language: str, title: str, place: str
) -> None:
    """Whatever the person's own is."""
    names = {"name": {"fi": "Koppi", "sv": "Båset", "en": "Booth"}}
    api("PATCH", "/v1/staff/spaces/pod", names, STAFF_KEY, If_Match="*")
    api.clock.forward(minutes=2)
    feed = made(api, api.logs_in(AINO), language=language)
    signs_up(api, event_of(api, space_id="pod", address=""))
    (event,) = events(api, feed)
    assert (str(event["summary"]), str(event["location"])) == (title, place)


def test_an_event_and_a_booking_stand_side_by_side(api: Api) -> None:
    """Its place is booked with an event; that booking is in nobody's own calendar."""
    cookie = api.logs_in(AINO, name="Aino")
    feed = made(api, cookie)
    event_id = event_of(api, space_id="pod", address="")
    signs_up(api, event_id)
    booked = {"space_ids": ["studio"], "start": "2026-12-02T10:00", "end": "2026-12-02T11:00"}
    body = {**booked, "title": "Oma", "attendees": 1, "accept_terms": True}
    made_it = api("POST", "/v1/bookings", body, Cookie=cookie, **OURS).json["booking_id"]
    assert {str(each["uid"]) for each in events(api, feed)} == {
        f"{event_id}@lab.example",
        f"{made_it}@lab.example",
    }


def test_a_calendar_without_end_is_cut_at_its_far_end(
    api: Api, feed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private_feeds, "MOST_SEATS", 1)
    later = {"start": "2026-12-12T09:00", "end": "2026-12-12T11:00"}
    signs_up(api, event_of(api, **later))
    first = event_of(api)
    signs_up(api, first)
    (event,) = events(api, feed)
    assert event["uid"] == f"{first}@lab.example"


def test_an_event_that_nobody_may_see_yet_is_not_in_it(api: Api, feed: Any) -> None:
    event_id = event_of(api)
    signs_up(api, event_id)
    api.store.events[event_id] = replace(api.store.events[event_id], announced=False)
    assert events(api, feed) == []


def test_the_calendar_of_an_export_has_every_seat_once(api: Api) -> None:
    """Those of long ago, too; what one left or waits for is no time of one's own."""
    event_id = event_of(api)
    signs_up(api, event_id)
    leaves(api, signs_up(api, event_of(api)).json["signup_id"])
    api.clock.time = api.store.events[event_id].ends_at + timedelta(days=90)
    answer = api("GET", "/v1/me/export?format=ics", Cookie=api.logs_in(AINO))
    (event,) = Calendar.from_ical(answer.raw).walk("VEVENT")
    assert event["uid"] == f"{event_id}@lab.example"
