"""Calendars that ask: busy times and nothing else, unchanged only where nothing changed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import vobject
from icalendar import Calendar

from chalicelib.domain.feeds import fingerprint
from chalicelib.domain.occupancy import Masks
from chalicelib.services import closures, feeds
from chalicelib.services.closures import ClosureRequest
from tests.api.conftest import FORM_KEY, STAFF_KEY, Answer, Api, booking, eero
from tests.builders import STAFF, an_intent, at, on

POD = "/v1/spaces/pod/calendar.ics"
POD_BUSY = "/v1/spaces/pod/freebusy.ics"
FEEDS = (POD, POD_BUSY)


def events(api: Api, space_id: str = "pod", **query: str) -> list[Any]:
    """The events of a feed, which two parsers have read."""
    answer = api("GET", f"/v1/spaces/{space_id}/calendar.ics")
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    found = Calendar.from_ical(answer.raw).walk("VEVENT")
    others = list(getattr(vobject.readOne(answer.text), "vevent_list", []))
    assert [each["uid"] for each in found] == [each.uid.value for each in others]
    assert [each.start for each in found] == [each.dtstart.value for each in others]
    assert [each.end for each in found] == [each.dtend.value for each in others]
    assert all(each.errors == [] for each in found)
    return list(found)


def times(api: Api, space_id: str = "pod") -> list[tuple[datetime, datetime]]:
    return [(each.start, each.end) for each in events(api, space_id)]


def periods(api: Api, space_id: str = "pod") -> list[tuple[str, datetime, datetime]]:
    """The periods of the free/busy of a thing."""
    answer = api("GET", f"/v1/spaces/{space_id}/freebusy.ics")
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    (found,) = Calendar.from_ical(answer.raw).walk("VFREEBUSY")
    (other,) = vobject.readOne(answer.text).contents["vfreebusy"]
    listed = found.get("freebusy", [])
    listed = listed if isinstance(listed, list) else [listed]
    read = [each.value for each in other.contents.get("freebusy", [])]
    assert [[(each.start, each.end)] for each in listed] == read
    assert "VALUE=" not in answer.text.replace("REFRESH-INTERVAL;VALUE=DURATION", "")
    return [(each.params["FBTYPE"], each.start, each.end) for each in listed]


def unchanged(api: Api, path: str, first: Answer) -> set[int]:
    """What is answered to those who ask with the tag, with the time, and with both."""
    tag, since = first.headers["ETag"], first.headers["Last-Modified"]
    return {
        api("GET", path, If_None_Match=tag).status,
        api("GET", path, If_Modified_Since=since).status,
        api("GET", path, If_None_Match=tag, If_Modified_Since=since).status,
        api("HEAD", path, If_None_Match=tag).status,
    }


def test_a_booking_appears_moves_and_vanishes_under_one_uid(api: Api) -> None:
    assert times(api) == []
    made = api.books()
    (before,) = events(api)
    assert (before.start, before.end) == (at("2026-12-02 10:00"), at("2026-12-02 11:00"))
    path = f"/v1/bookings/{made['booking_id']}"
    later = {"start": "2026-12-09T12:00:00+02:00", "end": "2026-12-09T14:00:00+02:00"}
    assert api("PATCH", path, later, FORM_KEY, If_Match="*").status == 200
    (after,) = events(api)
    assert (after.start, after.end) == (at("2026-12-09 12:00"), at("2026-12-09 14:00"))
    assert after["uid"] == before["uid"]
    assert api("DELETE", path, key=FORM_KEY, If_Match="*").status == 200
    assert events(api) == []
    assert periods(api) == []


def test_nothing_is_told_but_that_it_is_taken(api: Api) -> None:
    made = api.books(title="Salainen hanke", notes="kahvia", attendees=2)
    for path in FEEDS:
        answer = api("GET", path)
        told = answer.text.lower()
        for secret in ("aino", "aalto", "gov.fi", "salainen", "kahvia", made["booking_id"].lower()):
            assert secret not in told
        assert "attendee" not in told
    (event,) = events(api)
    assert str(event["summary"]) == "Varattu"
    assert set(event) == {
        *("SUMMARY", "DTSTART", "DTEND", "DTSTAMP", "UID"),
        *("CLASS", "STATUS", "TRANSP"),
    }


def test_a_feed_has_a_name_and_says_how_often_to_ask(api: Api) -> None:
    for language, name, busy in (
        ("fi", "Pod – Työ 2.0 Lab", "Varattu"),
        ("sv", "Pod – Arbete 2.0 Lab", "Bokad"),
        ("en", "Pod – Work 2.0 Lab", "Busy"),
    ):
        if language == "fi":
            api.books()
        by_query = api("GET", f"{POD}?language={language}")
        by_header = api("GET", POD, Accept_Language=language)
        assert by_query.raw == by_header.raw
        feed = Calendar.from_ical(by_query.raw)
        assert str(feed["x-wr-calname"]) == name
        assert str(feed["name"]) == name
        assert feed["refresh-interval"].to_ical() == b"PT15M"
        assert feed["refresh-interval"].params["VALUE"] == "DURATION"
        assert feed["x-published-ttl"] == "PT15M"
        assert [str(each["summary"]) for each in feed.walk("VEVENT")] == [busy]
    assert api("GET", f"{POD}?language=de").status == 422
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT15M\r\n" in by_query.text
    assert all(len(line.encode()) <= 75 for line in by_query.text.split("\r\n"))


@pytest.mark.parametrize("path", FEEDS)
def test_unchanged_is_304_until_anything_changes(api: Api, path: str) -> None:
    made = api.books()
    api.clock.forward(seconds=5)
    first = api("GET", path)
    assert parsedate_to_datetime(first.headers["Last-Modified"]) == datetime(
        2026, 12, 1, 7, 0, tzinfo=UTC
    )
    assert first.headers["ETag"].startswith('"')
    assert unchanged(api, path, first) == {304}
    again = api("GET", path, If_None_Match=first.headers["ETag"])
    for name in ("ETag", "Last-Modified", "Cache-Control", "Vary"):
        assert again.headers[name] == first.headers[name]
    api.clock.forward(minutes=1)
    assert unchanged(api, path, first) == {304}
    assert api("DELETE", f"/v1/bookings/{made['booking_id']}", key=FORM_KEY, If_Match="*").json
    api.clock.forward(seconds=1)
    assert unchanged(api, path, first) == {200}
    api.clock.forward(minutes=1)
    second = api("GET", path)
    assert second.headers["ETag"] != first.headers["ETag"]
    assert unchanged(api, path, second) == {304}


def test_a_change_in_the_second_of_the_answer_is_not_lost(api: Api) -> None:
    """Who asks by time alone asks in whole seconds: the second that is not over is not promised."""
    api.clock.time = at("2026-12-01 12:00") + timedelta(milliseconds=200)
    api.books()
    first = api("GET", POD)
    api.clock.forward(milliseconds=500)
    api.books(start="2026-12-03T10:00:00+02:00", end="2026-12-03T11:00:00+02:00", person=eero())
    second = api("GET", POD, If_Modified_Since=first.headers["Last-Modified"])
    assert second.status == 200
    assert second.text.count("BEGIN:VEVENT") == 2
    api.clock.forward(seconds=2)
    third = api("GET", POD)
    assert third.headers["Last-Modified"] == "Tue, 01 Dec 2026 10:00:00 GMT"
    assert unchanged(api, POD, third) == {304}


def test_the_tag_is_the_better_word(api: Api) -> None:
    """RFC 9110, 13.2.2: with If-None-Match, the time is not looked at; nonsense asks for nothing."""
    api.books()
    api.clock.forward(seconds=5)
    first = api("GET", POD)
    since = first.headers["Last-Modified"]
    assert api("GET", POD, If_None_Match='"old"', If_Modified_Since=since).status == 200
    for nonsense in (
        "yesterday",
        "",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Tue, 99 Dec 2026 99 GMT",
        "Wed, 02 Dec 2026 07:00:00 -0000",
    ):
        assert api("GET", POD, If_Modified_Since=nonsense).status == 200
    assert api("GET", POD, If_Modified_Since="Fri, 01 Jan 2100 00:00:00 GMT").status == 304
    assert api("GET", "/v1/spaces/pod", If_Modified_Since=since).status == 200


def test_another_language_or_name_is_another_tag(api: Api) -> None:
    tags = {
        api("GET", f"{path}?language={each}").headers["ETag"]
        for path in FEEDS
        for each in ("fi", "sv")
    }
    assert len(tags) == 4
    api("PATCH", "/v1/staff/spaces/pod", {"name": {"fi": "Kolo"}}, STAFF_KEY, If_Match="*")
    api.clock.forward(minutes=2)
    renamed = api("GET", POD)
    assert renamed.headers["ETag"] not in tags
    assert "NAME:Kolo" in renamed.text


def test_the_same_feed_is_the_same_to_the_byte(api: Api) -> None:
    api.books()
    first = [api("GET", path).raw for path in FEEDS]
    api.clock.forward(hours=1)
    assert [api("GET", path).raw for path in FEEDS] == first


def test_a_hold_is_provisional_and_gone_when_its_time_is_over(make_api) -> None:
    api = make_api(prove_address=True)
    api.books(key=None)
    (held,) = events(api)
    assert (str(held["status"]), str(held["summary"])) == ("TENTATIVE", "Alustavasti varattu")
    assert [kind for kind, *_ in periods(api)] == ["BUSY-TENTATIVE"]
    api.clock.forward(minutes=29)
    first = api("GET", POD)
    api.clock.forward(minutes=2)
    assert unchanged(api, POD, first) == {200}
    assert events(api) == []
    assert periods(api) == []


def test_a_request_and_a_change_that_waits_are_provisional(api: Api) -> None:
    made = api.books(space_ids=["lab"], attendees=40)
    (asked,) = events(api, "studio")
    assert str(asked["status"]) == "TENTATIVE"
    path = f"/v1/staff/bookings/{made['booking_id']}/approve"
    assert api("POST", path, {}, STAFF_KEY).status == 200
    (granted,) = events(api, "lab")
    assert str(granted["status"]) == "CONFIRMED"
    move = {"start": "2026-12-09T12:00:00+02:00", "end": "2026-12-09T14:00:00+02:00"}
    path = f"/v1/bookings/{made['booking_id']}"
    assert api("PATCH", path, move, FORM_KEY, If_Match="*").json["pending_change"]
    firm, wished = events(api, "lab")
    assert (firm["uid"], str(firm["status"])) == (granted["uid"], "CONFIRMED")
    assert str(wished["status"]) == "TENTATIVE"
    assert wished["uid"] != firm["uid"]
    assert [kind for kind, *_ in periods(api, "lab")] == ["BUSY", "BUSY-TENTATIVE"]


def test_buffers_are_busy_and_halves_make_the_hall_busy(api: Api) -> None:
    api.books(space_ids=["studio"])
    assert times(api, "studio") == [(at("2026-12-02 09:45"), at("2026-12-02 11:15"))]
    assert periods(api, "studio") == [
        ("BUSY", at("2026-12-02 09:45"), at("2026-12-02 11:15")),
    ]
    api.books(space_ids=["hall-a"])
    api.books(
        space_ids=["hall-b"],
        start="2026-12-02T10:30:00+02:00",
        end="2026-12-02T12:00:00+02:00",
        person=eero(),
    )
    assert times(api, "hall-a") == [(at("2026-12-02 10:00"), at("2026-12-02 11:00"))]
    assert times(api, "hall") == [
        (at("2026-12-02 10:00"), at("2026-12-02 11:00")),
        (at("2026-12-02 10:30"), at("2026-12-02 12:00")),
    ]
    assert periods(api, "hall") == [("BUSY", at("2026-12-02 10:00"), at("2026-12-02 12:00"))]
    assert len({str(each["uid"]) for each in events(api, "hall")}) == 2


def test_a_pool_is_busy_when_nothing_of_it_is_left(api: Api) -> None:
    for _ in range(5):
        api.books(space_ids=["desks"])
    assert times(api, "desks") == []
    api.books(space_ids=["desks"])
    (full,) = events(api, "desks")
    assert (full.start, full.end) == (at("2026-12-02 10:00"), at("2026-12-02 11:00"))
    assert [kind for kind, *_ in periods(api, "desks")] == ["BUSY"]


def test_a_closure_is_there_before_all_of_it_is_held(api: Api) -> None:
    api.books()
    request = ClosureRequest(("pod",), at("2026-12-02 00:00"), at("2026-12-05 00:00"))
    closure = closures.close(api.ports, request, an_intent(STAFF)).value
    api.clock.forward(minutes=2)
    shut, taken = events(api)
    assert (shut.start, shut.end) == (at("2026-12-02 00:00"), at("2026-12-05 00:00"))
    assert str(shut["summary"]) == "Suljettu"
    assert str(taken["summary"]) == "Varattu"
    assert [kind for kind, *_ in periods(api)] == ["BUSY", *["BUSY-UNAVAILABLE"] * 2]
    assert events(api, "studio") == []
    closures.go_on(api.ports, closure.closure_id)
    assert [str(each["summary"]) for each in events(api)] == ["Suljettu", "Varattu"]
    closures.lift(api.ports, closure.closure_id, None, an_intent(STAFF))
    api.clock.forward(minutes=2)
    assert [str(each["summary"]) for each in events(api)] == ["Varattu"]


def test_the_window_is_thirty_days_back_and_the_horizon_ahead(api: Api) -> None:
    api.books()
    api.books(start="2027-05-28T10:00:00+03:00", end="2027-05-28T11:00:00+03:00")
    api.clock.time = at("2027-01-01 12:00")
    assert len(events(api)) == 2
    api.clock.time = at("2027-01-02 12:00")
    assert times(api) == [(at("2027-05-28 10:00"), at("2027-05-28 11:00"))]
    answer = api("GET", POD_BUSY)
    (found,) = Calendar.from_ical(answer.raw).walk("VFREEBUSY")
    assert found.start == datetime(2026, 12, 3, tzinfo=UTC)
    assert found.end == datetime(2027, 7, 3, tzinfo=UTC)


def test_what_staff_book_beyond_the_horizon_is_not_in_it(api: Api) -> None:
    times = {"start": "2028-01-12T10:00:00+02:00", "end": "2028-01-12T11:00:00+02:00"}
    made = api("POST", "/v1/bookings", booking(override=["too-far-ahead"], **times), STAFF_KEY)
    assert made.status == 201, made.text
    assert events(api) == []
    assert periods(api) == []


def test_all_that_a_reader_sees_is_in_the_tag(api: Api) -> None:
    api.books()
    feed = feeds.feed(api.ports, "pod")
    seen = {
        fingerprint(each, "fi")
        for each in (
            feed,
            replace(feed, entries=()),
            replace(feed, busy=Masks()),
            replace(feed, changed_at=feed.changed_at + timedelta(seconds=1)),
            replace(feed, starts_at=feed.starts_at + timedelta(days=1)),
            replace(feed, ends_at=feed.ends_at + timedelta(days=1)),
            replace(feed, space=replace(feed.space, name={"fi": "Kolo"})),
            replace(feed, site=replace(feed.site, mailbox="tilat@lab.example")),
        )
    }
    assert len(seen) == 8
    capacity = replace(feed, space=replace(feed.space, capacity=3))
    assert fingerprint(capacity, "fi") == fingerprint(feed, "fi")


def test_old_bookings_cost_nothing(api: Api) -> None:
    """One query for each calendar of the thing, from the window on, whatever came before."""
    for day in range(2, 5):
        times = on(f"2026-12-0{day}", "10-11")
        api.books(start=times["starts_at"].isoformat(), end=times["ends_at"].isoformat())
    api.clock.time = at("2027-04-01 12:00")
    api("GET", POD)
    api.store.calls.clear()
    answer = api("GET", POD)
    assert [name for name in api.store.calls if name.startswith("ledger")] == [
        "ledger.resource_days"
    ]
    assert "BEGIN:VEVENT" not in answer.text
    api.store.calls.clear()
    api("GET", POD, If_None_Match=answer.headers["ETag"])
    assert len(api.store.calls) <= 2


def test_what_is_not_in_use_has_no_calendar(api: Api) -> None:
    for path in ("/v1/spaces/attic/calendar.ics", "/v1/spaces/attic/freebusy.ics"):
        answer = api("GET", path)
        assert (answer.status, answer.problem) == (404, "not-found")


def test_a_booking_to_download_is_the_entry_of_the_mails(api: Api) -> None:
    made = api.books()
    path = f"/v1/bookings/{made['booking_id']}/booking.ics"
    answer = api("GET", path, key=FORM_KEY)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="booking.ics"'
    assert answer.headers["Cache-Control"] == "no-store"
    (entry,) = Calendar.from_ical(answer.raw).walk("VEVENT")
    assert str(entry["uid"]) == f"{made['booking_id']}@lab.example"
    assert (entry["sequence"], str(entry["status"])) == (0, "CONFIRMED")
    assert str(entry["summary"]) == "Suunnittelu"
    move = {"start": "2026-12-09T12:00:00+02:00", "end": "2026-12-09T14:00:00+02:00"}
    api("PATCH", f"/v1/bookings/{made['booking_id']}", move, FORM_KEY, If_Match="*")
    (moved,) = Calendar.from_ical(api("GET", path, key=STAFF_KEY).raw).walk("VEVENT")
    assert (moved["uid"], moved["sequence"]) == (entry["uid"], 1)
    api("DELETE", f"/v1/bookings/{made['booking_id']}", key=FORM_KEY, If_Match="*")
    (gone,) = Calendar.from_ical(api("GET", path, key=FORM_KEY).raw).walk("VEVENT")
    assert str(gone["status"]) == "CANCELLED"
    assert gone["sequence"] == 2


def test_a_booking_is_downloaded_by_those_who_may_see_it(api: Api) -> None:
    made = api("POST", "/v1/bookings", booking(), STAFF_KEY).json
    path = f"/v1/bookings/{made['booking_id']}/booking.ics"
    assert api("GET", path).status == 401
    assert api("GET", path, key=FORM_KEY).status == 404
    assert api("GET", path, key=STAFF_KEY).status == 200
    assert api("GET", "/v1/bookings/b_none/booking.ics", key=STAFF_KEY).status == 404
