"""A person's own data to take with them: small enough to be sent, noted, and nobody else's."""

import json
from dataclasses import fields, replace

import pytest

from chalicelib.api import export as presenting
from chalicelib.domain.bookings import Booking
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.people import Person
from chalicelib.domain.profiles import Profile
from chalicelib.services import export
from tests.api.conftest import FORM_KEY, STAFF_KEY, Answer, Api, eero

EXPORT = "/v1/me/export"
MOST_BYTES = 5_000_000
# What is not handed out of a booking, and why; a new field has to be handed out or named here.
LEFT_OUT = {
    "footprint": "how the ledger writes its spaces and times",
    "revision": "counts its reminders",
    "person_id": "is said once, of all of it",
}
RENAMED = {"starts_at": "start", "ends_at": "end"}
PROFILE_LEFT_OUT = {
    "epoch": "counts how often sessions were ended",
    "grants": "counts how often the role was changed",
    "invited_by": "another person; that they were invited is said",
    "person": "is said field by field",
}


def taken(api: Api, cookie: str, query: str = "") -> Answer:
    answer = api("GET", f"{EXPORT}{query}", Cookie=cookie)
    assert answer.status == 200, answer.text
    return answer


def test_every_field_of_a_booking_is_handed_out_or_has_a_reason(api: Api) -> None:
    api.books()
    (booked,) = taken(api, api.logs_in()).json["bookings"]
    names = {RENAMED.get(each.name, each.name) for each in fields(Booking)}
    assert names - set(LEFT_OUT) <= set(booked)
    assert not set(LEFT_OUT) & set(booked)


def test_every_field_of_a_profile_is_handed_out_or_has_a_reason(api: Api) -> None:
    profile = taken(api, api.logs_in()).json["account"]["profile"]
    names = {each.name for each in (*fields(Profile), *fields(Person))}
    assert names - set(PROFILE_LEFT_OUT) <= set(profile)


def test_it_is_one_s_own_and_nobody_else_s(api: Api) -> None:
    api.books(FORM_KEY, space_ids=["studio"], person=eero(), title="Salainen")
    mine = api.books()["booking_id"]
    answer = taken(api, api.logs_in(name="Aino Aalto"))
    assert [each["booking_id"] for each in answer.json["bookings"]] == [mine]
    assert "Salainen" not in answer.text
    assert "eero" not in answer.text
    assert answer.json["bookings"][0]["person"]["email"] == "aino.aalto@gov.fi"
    assert answer.json["bookings"][0]["made_by"] == "system"
    assert answer.json["next"] is None


@pytest.mark.parametrize(
    ("actor", "who"),
    [
        ("p_me", "you"),
        ("link#b_1", "you"),
        ("clock", "clock"),
        ("anonymous", "anonymous"),
        ("k_form", "system"),
        ("p_sami", "staff"),
        ("mailbox#b_1", "staff"),
    ],
)
def test_of_others_it_is_said_what_they_are_and_not_who(actor: str, who: str) -> None:
    assert presenting.whose(actor, "p_me") == who


def crowded(api: Api, count: int) -> None:
    """Many bookings with the longest texts there are, of signs that JSON writes longest."""
    booking_id = api.books()["booking_id"]
    one = api.store.bookings[booking_id]
    long = "😀" * 4000
    for number in range(count):
        key = f"b_{number:022d}"
        api.store.bookings[key] = replace(
            one,
            booking_id=key,
            footprint={},
            title="😀" * 200,
            notes=long,
            facilitation_notes=long,
            reason="😀" * 1000,
        )
    del api.store.bookings[booking_id]


def emptied(api: Api) -> None:
    """Without what was only put there: the ledger knows nothing of it."""
    for store in (api.store.bookings, api.store.ledger):
        store.clear()


def test_an_answer_is_small_enough_to_be_sent_and_the_parts_are_the_whole(api: Api) -> None:
    """Lambda takes 6 MB of JSON in which the answer is text, so each of its quotes is two bytes."""
    cookie = api.logs_in()
    crowded(api, 120)
    found: list[str] = []
    query, parts = "", 0
    while True:
        answer = taken(api, cookie, query)
        assert len(json.dumps({"body": answer.text})) <= MOST_BYTES
        found += [each["booking_id"] for each in answer.json["bookings"]]
        parts += 1
        if answer.json["next"] is None:
            break
        query = f"?cursor={answer.json['next']}"
        assert answer.headers["Link"].endswith(f'cursor={answer.json["next"]}>; rel="next"')
    assert parts > 1
    assert found == sorted(api.store.bookings)
    emptied(api)


def test_a_calendar_is_small_enough_too(api: Api) -> None:
    cookie = api.logs_in()
    crowded(api, 60)
    answer = taken(api, cookie, "?format=ics")
    assert len(json.dumps({"body": answer.text})) <= MOST_BYTES
    assert 'rel="next"' in answer.headers["Link"]
    emptied(api)


def test_what_cannot_be_noted_is_not_handed_out(api: Api) -> None:
    cookie = api.logs_in()

    def fail(name: str) -> None:
        if name == "commit":
            raise Unavailable

    api.store.before = fail
    answer = api("GET", EXPORT, Cookie=cookie)
    assert (answer.status, answer.problem) == (503, "unavailable")
    assert "aino" not in answer.text


def test_it_is_for_sessions_and_a_place_is_of_its_own_list(api: Api) -> None:
    assert api("GET", EXPORT).status == 401
    for key in (FORM_KEY, STAFF_KEY):
        assert api("GET", EXPORT, key=key).status == 404
    cookie = api.logs_in()
    assert api("GET", f"{EXPORT}?format=xml", Cookie=cookie).pointers == {
        "/format": "invalid-request"
    }
    assert api("GET", f"{EXPORT}?cursor=abc", Cookie=cookie).pointers == {
        "/cursor": "invalid-request"
    }


@pytest.mark.parametrize("path", [EXPORT, "/v1/me/bookings?limit=1"])
def test_a_place_of_another_s_list_is_none_of_one_s_own(
    api: Api, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(export, "MOST_SIGNS", 1)
    for space_id in ("pod", "studio"):
        api.books(FORM_KEY, space_ids=[space_id], person=eero())
    place = api("GET", path, Cookie=api.logs_in("eero.eskola@gov.fi")).json["next"]
    assert place
    mark = "&" if "?" in path else "?"
    answer = api("GET", f"{path}{mark}cursor={place}", Cookie=api.logs_in())
    assert answer.pointers == {"/cursor": "invalid-request"}
