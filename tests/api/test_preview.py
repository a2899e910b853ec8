"""A preview says what a booking would be answered, and changes nothing."""

import pytest

from tests.api.conftest import FORM_KEY, STAFF_KEY, Api, booking


def preview(api: Api, body: dict, key: str | None = None, **headers: str) -> dict:
    answer = api("POST", "/v1/bookings/preview", body, key, **headers)
    assert answer.status == 200, answer.text
    (item,) = answer.json["items"]
    return item


def test_what_is_possible_is_said_and_nothing_is_written(api: Api, untouched: None) -> None:
    assert preview(api, booking()) == {
        "start": "2026-12-02T10:00:00+02:00",
        "end": "2026-12-02T11:00:00+02:00",
        "possible": True,
        "errors": [],
        "conflicts": [],
        "alternatives": [],
    }


def test_a_preview_writes_nothing_at_all(api: Api, untouched: None) -> None:
    api.store.calls.clear()
    for body in (booking(), booking(attendees=99), booking("cellar")):
        api("POST", "/v1/bookings/preview", body, FORM_KEY, Idempotency_Key="one")
    assert "commit" not in api.store.calls
    assert not [call for call in api.store.calls if call.endswith(("use", "amend"))]


def test_every_broken_rule_every_conflict_and_what_to_do_instead(api: Api) -> None:
    api.books(space_ids=["studio"])
    before = api.contents()
    body = booking("studio", attendees=13, end="2026-12-02T10:15")
    item = preview(api, body, Accept_Language="en")
    assert [error["code"] for error in item["errors"]] == [
        "too-short",
        "over-capacity",
        "slot-taken",
    ]
    assert item["conflicts"][0]["space_id"] == "studio"
    assert item["possible"] is False
    assert api.contents() == before


def test_alternatives_are_other_times_and_other_spaces(api: Api) -> None:
    api.books()
    item = preview(api, booking())
    spaces = {tuple(each["space_ids"]) for each in item["alternatives"]}
    assert ("pod",) in spaces
    assert spaces - {("pod",)}
    for offer in item["alternatives"]:
        asked = {name: offer[name] for name in ("space_ids", "start", "end")}
        assert preview(api, booking(**asked))["possible"], offer


def test_nobody_has_to_say_who_they_are_first(api: Api, untouched: None) -> None:
    body = booking(person=..., accept_terms=...)
    assert preview(api, body)["possible"] is True


def test_who_declines_the_terms_is_told(api: Api, untouched: None) -> None:
    item = preview(api, booking(accept_terms=False))
    assert [error["code"] for error in item["errors"]] == ["terms-not-accepted"]
    assert item["possible"] is False


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"attendees": 3},
        {"start": "2026-12-02T07:00"},
        {"space_ids": ["lab"]},
        {"space_ids": ["cellar"]},
        {"equipment": {"screen": 3}},
        {"person": {"name": "Pia", "email": "pia@partner.example"}},
        {"start": "2026-12-05T10:00", "end": "2026-12-05T11:00"},
        {"accept_terms": False},
    ],
)
@pytest.mark.parametrize("key", [None, FORM_KEY, STAFF_KEY])
def test_a_preview_says_what_the_booking_is_then_answered(
    api: Api, key: str | None, change: dict
) -> None:
    item = preview(api, booking(**change), key, Accept_Language="sv")
    answer = api("POST", "/v1/bookings", booking(**change), key, Accept_Language="sv")
    assert item["possible"] is (answer.status == 201)
    if answer.status != 201:
        assert item["errors"] == answer.json["errors"]


def test_what_cannot_be_read_is_refused_as_for_a_booking(api: Api, untouched: None) -> None:
    answer = api("POST", "/v1/bookings/preview", booking(start="soon", attendees=0))
    assert (answer.status, answer.pointers) == (
        422,
        {"/start": "invalid-request", "/attendees": "invalid-request"},
    )
