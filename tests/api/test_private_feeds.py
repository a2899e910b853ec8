"""Secret addresses of one's own calendar: what they show, to whom, for how long, and what stays secret."""

import hashlib
import logging
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import vobject
from icalendar import Calendar

from chalicelib.adapters.calendar.invitation import invitation
from chalicelib.domain.bookings import State
from chalicelib.domain.errors import OutcomeUnknown
from chalicelib.domain.letters import Letter, Method
from chalicelib.domain.messages import Kind
from chalicelib.domain.people import Role
from chalicelib.services import private_feeds
from tests.api.conftest import FORM_KEY, OURS, STAFF_KEY, Answer, Api, booking, eero

FEEDS = "/v1/me/feeds"
BASE = "https://lab.example"


@pytest.fixture
def aino(api: Api) -> str:
    return api.logs_in(name="Aino Aalto")


def make(api: Api, cookie: str, body: Any = None, **headers: str) -> Answer:
    return api("POST", FEEDS, body or {}, Cookie=cookie, **OURS, **headers)


def made(api: Api, cookie: str, **body: str) -> Any:
    answer = make(api, cookie, body)
    assert answer.status == 201, answer.text
    return answer.json


def path_of(feed: Any) -> str:
    return str(feed["url"]).removeprefix(BASE)


def events(api: Api, feed: Any, **headers: str) -> list[Any]:
    """The events of an address, which two parsers have read."""
    answer = api("GET", path_of(feed), **headers)
    assert answer.status == 200, answer.text
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    found = Calendar.from_ical(answer.raw).walk("VEVENT")
    others = list(getattr(vobject.readOne(answer.text), "vevent_list", []))
    assert [each["uid"] for each in found] == [each.uid.value for each in others]
    assert all(each.errors == [] for each in found)
    return list(found)


def states(api: Api, feed: Any) -> list[str]:
    return [str(each["status"]) for each in events(api, feed)]


def books(api: Api, cookie: str, *space_ids: str, **changes: Any) -> Any:
    body = booking(*space_ids, **{"person": ...} | changes)
    answer = api("POST", "/v1/bookings", body, Cookie=cookie, **OURS)
    assert answer.status == 201, answer.text
    return answer.json


def test_an_address_is_shown_once_and_shows_one_s_own_bookings(api: Api, aino: str) -> None:
    feed = made(api, aino, label="Työpäivät", language="sv")
    assert feed["feed_id"].startswith("f_")
    assert (feed["label"], feed["language"], feed["read_at"]) == ("Työpäivät", "sv", None)
    assert events(api, feed) == []
    booked = books(api, aino)
    api.books(FORM_KEY, space_ids=["studio"], person=eero(), title="Salainen")
    (event,) = events(api, feed)
    assert event["uid"] == f"{booked['booking_id']}@lab.example"
    assert (str(event["summary"]), str(event["status"])) == ("Suunnittelu", "CONFIRMED")
    text = api("GET", path_of(feed)).text
    assert "Salainen" not in text
    assert "eero" not in text.lower()
    assert "NAME:Työpäivät – Arbete 2.0 Lab" in text
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT15M" in text
    assert "METHOD:PUBLISH" in text
    listed = api("GET", FEEDS, Cookie=aino)
    assert [each["feed_id"] for each in listed.json["items"]] == [feed["feed_id"]]
    assert feed["url"].rpartition("/feeds/")[2].partition("/")[0] not in listed.text


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("fi", "Omat varaukset ja tapahtumat – Työ 2.0 Lab"),
        ("sv", "Mina bokningar och evenemang – Arbete 2.0 Lab"),
        ("en", "My bookings and events – Work 2.0 Lab"),
    ],
)
def test_it_speaks_its_own_language_whoever_asks(
    api: Api, aino: str, language: str, name: str
) -> None:
    feed = made(api, aino, language=language)
    answer = api("GET", path_of(feed), Accept_Language="en, fi;q=0.1")
    assert f"\r\nNAME:{name}\r\n" in answer.text


def test_it_says_what_the_mails_say(api: Api, aino: str) -> None:
    """I-08: equal UID and SEQUENCE, so that importing both gives one entry."""
    feed = made(api, aino)
    booking_id = books(api, aino)["booking_id"]
    address = f"/v1/bookings/{booking_id}"
    later = {"start": "2026-12-02T12:00", "end": "2026-12-02T13:00"}
    api("PATCH", address, later, Cookie=aino, If_Match="*")
    for cancel in (False, True):
        if cancel:
            api("DELETE", address, Cookie=aino, If_Match="*")
        stored = api.store.bookings[booking_id]
        method = Method.CANCEL if cancel else Method.REQUEST
        letter = Letter(
            message_id="m_1",
            attempt=1,
            kind=Kind.CONFIRMATION,
            to=stored.person,
            site=api.store.site,
            spaces=api.store.spaces,
            now=api.clock.now(),
            booking=stored,
            method=method,
        )
        (mailed,) = Calendar.from_ical(invitation(letter)).walk("VEVENT")
        (event,) = events(api, feed)
        for name in ("uid", "sequence", "status", "summary", "location", "organizer"):
            assert event[name] == mailed[name], name
        assert (event.start, event.end) == (mailed.start, mailed.end)


def test_what_was_booked_without_logging_in_is_in_it_too(make_api: Any) -> None:
    api = make_api(prove_address=True)
    aino = api.logs_in(name="Aino Aalto")
    feed = made(api, aino)
    api("POST", "/v1/bookings", booking())
    assert states(api, feed) == ["TENTATIVE"]
    api.clock.forward(hours=1)
    # Nobody has shown that it was theirs: somebody else may have typed the address.
    assert states(api, feed) == []


def test_what_waits_for_an_answer_is_tentative_and_denied_it_is_cancelled(
    api: Api, aino: str
) -> None:
    feed = made(api, aino)
    booking_id = books(api, aino, "lab")["booking_id"]
    assert states(api, feed) == ["TENTATIVE"]
    api("POST", f"/v1/staff/bookings/{booking_id}/deny", {"reason": "Ei sovi"}, STAFF_KEY)
    assert states(api, feed) == ["CANCELLED"]


def test_what_was_given_up_is_marked_for_thirty_days(api: Api, aino: str) -> None:
    feed = made(api, aino)
    times = {"start": "2027-02-02T10:00", "end": "2027-02-02T11:00"}
    booking_id = books(api, aino, **times)["booking_id"]
    api("DELETE", f"/v1/bookings/{booking_id}", Cookie=aino, If_Match="*")
    assert states(api, feed) == ["CANCELLED"]
    api.clock.forward(days=30, microseconds=-1)
    assert states(api, feed) == ["CANCELLED"]
    api.clock.forward(microseconds=1)
    assert states(api, feed) == []


def test_an_unanswered_request_counts_as_given_up_when_it_ran_out(api: Api, aino: str) -> None:
    """Whether or not the clock has come by."""
    feed = made(api, aino)
    books(api, aino, "lab")
    api.clock.forward(days=2)
    assert states(api, feed) == ["CANCELLED"]
    assert {each.state for each in api.store.bookings.values()} == {State.PENDING}


def test_what_is_over_stays_for_thirty_days(api: Api, aino: str) -> None:
    feed = made(api, aino)
    ends_at = api.store.bookings[books(api, aino)["booking_id"]].ends_at
    api.clock.time = ends_at + timedelta(days=30, microseconds=-1)
    assert states(api, feed) == ["CONFIRMED"]
    api.clock.forward(microseconds=1)
    assert states(api, feed) == []


def test_who_has_it_already_is_told_so(api: Api, aino: str) -> None:
    feed = made(api, aino)
    booking_id = books(api, aino)["booking_id"]
    first = api("GET", path_of(feed))
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    api.clock.forward(hours=5)
    again = api("GET", path_of(feed), If_None_Match=tag)
    assert (again.status, again.raw) == (304, b"")
    assert api("GET", path_of(feed)).raw == first.raw
    api("PATCH", f"/v1/bookings/{booking_id}", {"title": "Uusi"}, Cookie=aino, If_Match="*")
    changed = api("GET", path_of(feed), If_None_Match=tag)
    assert changed.status == 200
    assert changed.headers["ETag"] != tag


def test_another_name_of_a_space_is_another_calendar(api: Api, aino: str) -> None:
    feed = made(api, aino)
    books(api, aino)
    tag = api("GET", path_of(feed)).headers["ETag"]
    names = {"name": {"fi": "Koppi", "sv": "Bås", "en": "Booth"}}
    api("PATCH", "/v1/staff/spaces/pod", names, STAFF_KEY, If_Match="*")
    api.clock.forward(minutes=2)
    assert api("GET", path_of(feed), If_None_Match=tag).status == 200


def test_revoked_is_gone_at_once(api: Api, aino: str) -> None:
    """B97"""
    feed, other = made(api, aino), made(api, aino)
    address = f"{FEEDS}/{feed['feed_id']}"
    assert api("DELETE", address, Cookie=aino).status == 200
    assert api("GET", path_of(feed)).status == 404
    assert api("GET", path_of(other)).status == 200
    assert [each["feed_id"] for each in api("GET", FEEDS, Cookie=aino).json["items"]] == [
        other["feed_id"]
    ]
    assert api("DELETE", address, Cookie=aino).status == 404


def test_nobody_revokes_another_s(api: Api, aino: str) -> None:
    feed = made(api, aino)
    eero_s = api.logs_in("eero.eskola@gov.fi")
    assert api("DELETE", f"{FEEDS}/{feed['feed_id']}", Cookie=eero_s).status == 404
    assert api("GET", FEEDS, Cookie=eero_s).json == {"items": []}
    assert api("GET", path_of(feed)).status == 200


def departed(api: Api, aino: str) -> dict[str, str]:
    """Addresses that show nothing, by what made them so."""
    revoked, owner_gone, invited = (
        made(api, aino),
        made(api, api.logs_in("eero.eskola@gov.fi")),
        made(api, api.logs_in("pia.peltola@partner.example", partner_until=date(2026, 12, 1))),
    )
    api("DELETE", f"{FEEDS}/{revoked['feed_id']}", Cookie=aino)
    del api.store.profiles[api.person_id("eero.eskola@gov.fi")]
    api.clock.forward(days=1)
    api.ports.settings.get()
    token = path_of(owner_gone).split("/")[3]
    return {
        "revoked": path_of(revoked),
        "whose owner is gone": path_of(owner_gone),
        "whose owner may not log in any more": path_of(invited),
        "tampered": path_of(owner_gone).replace(token, token[:-1] + "x"),
        "of nobody": f"/v1/feeds/{'0' * 64}/calendar.ics",
        "of no form": "/v1/feeds/abc/calendar.ics",
    }


def test_addresses_that_show_nothing_are_answered_alike(api: Api, aino: str) -> None:
    found = set()
    for path in departed(api, aino).values():
        api.store.calls.clear()
        answer = api("GET", path)
        found.add((answer.status, answer.raw, str(answer.headers), tuple(api.store.calls)))
    ((status, _, _, calls),) = found
    assert (status, calls[:2]) == (404, ("feeds.find", "people.profile"))


def test_five_are_enough(api: Api, aino: str) -> None:
    feeds = [made(api, aino) for _ in range(5)]
    refused = make(api, aino, {}, Accept_Language="en")
    assert (refused.status, refused.problem) == (422, "quota-exceeded")
    assert refused.json["errors"][0]["message"].startswith("One may have 5 calendar addresses")
    api("DELETE", f"{FEEDS}/{feeds[0]['feed_id']}", Cookie=aino)
    assert make(api, aino).status == 201
    assert made(api, api.logs_in("eero.eskola@gov.fi"))


def test_two_at_once_do_not_make_a_sixth(api: Api, aino: str) -> None:
    """The list is read, and another address appears before the write."""
    for _ in range(4):
        made(api, aino)

    def meanwhile(name: str) -> None:
        if name == "commit":
            api.store.before = lambda _: None
            assert make(api, aino).status == 201

    api.store.before = meanwhile
    assert make(api, aino).status == 422
    assert len(api.store.feeds) == 5


def test_a_lost_answer_is_given_again_though_it_is_kept_nowhere(api: Api, aino: str) -> None:
    first = make(api, aino, {"label": "Oma"}, Idempotency_Key="key-1")
    again = make(api, aino, {"label": "Oma"}, Idempotency_Key="key-1")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json == first.json
    assert len(api.store.feeds) == 1
    secret = path_of(first.json).split("/")[3]
    assert secret not in str(vars(api.store))
    (feed,) = api.store.feeds.values()
    assert feed.token_hash == hashlib.sha256(secret.encode()).hexdigest()
    api("DELETE", f"{FEEDS}/{feed.feed_id}", Cookie=aino)
    late = make(api, aino, {"label": "Oma"}, Idempotency_Key="key-1")
    assert (late.status, late.json["url"]) == (201, None)


def test_an_outcome_that_nobody_knew_is_still_the_one_address(api: Api, aino: str) -> None:
    def lost(name: str) -> None:
        if name == "commit":
            api.store.after = lambda _: None
            raise OutcomeUnknown

    api.store.after = lost
    feed = made(api, aino)
    assert len(api.store.feeds) == 1
    assert events(api, feed) == []


def test_it_is_noted_at_most_once_a_day_that_it_is_read(api: Api, aino: str) -> None:
    feed = made(api, aino)

    def read_at() -> Any:
        (item,) = api("GET", FEEDS, Cookie=aino).json["items"]
        return item["read_at"]

    events(api, feed)
    first = read_at()
    assert first == "2026-12-01T09:00:00+02:00"
    api.clock.forward(hours=7)
    api.store.calls.clear()
    events(api, feed)
    assert "commit" not in api.store.calls
    assert read_at() == first
    aino = api.logs_in()
    api.clock.forward(hours=17)
    events(api, feed)
    aino = api.logs_in()
    assert read_at() == "2026-12-02T09:00:00+02:00"


def test_it_is_read_even_where_that_cannot_be_noted(api: Api, aino: str) -> None:
    feed = made(api, aino)

    def fail(name: str) -> None:
        if name == "commit":
            raise OutcomeUnknown

    api.store.before = fail
    assert events(api, feed) == []


def test_making_and_revoking_is_in_the_log(api: Api, aino: str) -> None:
    feed = made(api, aino, label="Salainen nimi")
    api("DELETE", f"{FEEDS}/{feed['feed_id']}", Cookie=aino)
    person_id = api.person_id("aino.aalto@gov.fi")
    entries = [each for each in api.store.audit if each["subject"] == f"person#{person_id}"]
    assert [each["action"] for each in entries] == ["log-in", "make-feed", "revoke-feed"]
    assert {each["actor"] for each in entries} == {person_id}
    assert [each["feeds"] for each in entries[1:]] == [[feed["feed_id"]]] * 2
    assert "Salainen" not in str(entries)


def test_nobody_makes_one_without_a_session(api: Api) -> None:
    assert api("POST", FEEDS, {}).status == 401
    for key in (FORM_KEY, STAFF_KEY):
        assert api("POST", FEEDS, {}, key).status == 404
        assert api("GET", FEEDS, key=key).status == 404


def test_the_address_is_in_no_log_and_no_cache(
    api: Api, aino: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor where something goes wrong while it is read."""
    caplog.set_level(logging.DEBUG)
    answer = make(api, aino)
    assert answer.headers["Cache-Control"] == "no-store"
    token = path_of(answer.json).split("/")[3]
    events(api, answer.json)

    def fail(name: str) -> None:
        if name == "bookings.list":
            raise RuntimeError(token)

    api.store.before = fail
    assert api("GET", path_of(answer.json)).status == 500
    api.store.before = lambda _: None
    api("GET", path_of(answer.json)[:-12] + "other.ics")
    api("DELETE", f"{FEEDS}/{answer.json['feed_id']}", Cookie=aino)
    assert api("GET", path_of(answer.json)).status == 404
    logged = " ".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert logged
    assert token not in logged
    assert token[:24] not in logged


def test_what_was_typed_stays_text(api: Api, aino: str) -> None:
    feed = made(api, aino, label="Oma\\nEND:VCALENDAR; , \\N")
    books(api, aino, title='BEGIN:VEVENT "x"; \\n, \\N')
    (event,) = events(api, feed)
    assert str(event["summary"]) == 'BEGIN:VEVENT "x"; \\n, \\N'


def test_a_host_who_is_one_no_more_reads_on_as_a_person(api: Api) -> None:
    """Their address is of an allowed domain; only who may not log in at all has no calendar."""
    sami = api.logs_in("sami.salo@tyo2lab.fi", granted=Role.STAFF)
    feed = made(api, sami)
    person_id = api.person_id("sami.salo@tyo2lab.fi")
    api.store.profiles[person_id] = replace(api.store.profiles[person_id], granted=None)
    assert events(api, feed) == []


def test_without_a_language_it_speaks_one_s_own(api: Api, aino: str) -> None:
    api("PATCH", "/v1/me", {"language": "sv"}, Cookie=aino, If_Match="*")
    assert made(api, aino)["language"] == "sv"


def test_a_calendar_without_end_is_cut_at_its_far_end(
    api: Api, aino: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private_feeds, "MOST_BOOKINGS", 1)
    first = books(api, aino)["booking_id"]
    books(api, aino, start="2026-12-03T10:00", end="2026-12-03T11:00")
    (event,) = events(api, made(api, aino))
    assert event["uid"] == f"{first}@lab.example"


def test_an_address_whose_signing_key_is_gone_is_not_shown_again(api: Api, aino: str) -> None:
    """It goes on working: only its digest is compared."""
    feed = make(api, aino, Idempotency_Key="key-1").json
    api.ports.secrets.known = ("k2",)
    late = make(api, aino, Idempotency_Key="key-1")
    assert (late.status, late.json["url"]) == (201, None)
    assert events(api, feed) == []
