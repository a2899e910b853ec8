"""A person's own account, in a session."""

from datetime import date, timedelta
from typing import Any

import pytest

from chalicelib.domain.people import Role
from tests.api.conftest import FORM_KEY, OURS, STAFF_KEY, Api, booking, eero

OWN = "/v1/me/bookings"


def test_who_logs_in_is_who_they_are(api: Api) -> None:
    aino = api.logs_in(name="Aino Aalto")
    assert api("GET", "/v1/me", Cookie=aino).json["role"] == "person"
    sami = api.logs_in("sami.salo@tyo2lab.fi", granted=Role.STAFF)
    assert api("GET", "/v1/me", Cookie=sami).json["role"] == "staff"
    pia = api.logs_in("pia.peltola@partner.example", partner_until=date(2026, 12, 31))
    assert api("GET", "/v1/me", Cookie=pia).json["role"] == "partner"


def test_who_has_logged_in_books_in_their_own_name(api: Api) -> None:
    aino = api.logs_in(name="Aino Aalto")
    made = api("POST", "/v1/bookings", booking(person=...), Cookie=aino, **OURS)
    assert (made.status, made.json["state"]) == (201, "confirmed")
    address = f"/v1/bookings/{made.json['booking_id']}"
    assert api("GET", address, Cookie=aino).status == 200
    assert api("DELETE", address, Cookie=aino, If_Match="*").status == 200


def test_own_bookings_are_listed_by_start_in_whatever_state(api: Api) -> None:
    """What was booked without logging in, with the same address, is one's own too; others' are not."""
    aino = api.logs_in(name="Aino Aalto")
    by_form = api.books(
        FORM_KEY, space_ids=["studio"], start="2026-12-02T12:00", end="2026-12-02T13:00"
    )
    anonymous = api.books(
        None, space_ids=["hall"], start="2026-12-02T08:00", end="2026-12-02T09:00"
    )
    own = api("POST", "/v1/bookings", booking(person=...), Cookie=aino, **OURS).json
    api.books(FORM_KEY, space_ids=["hall"], person=eero())
    api("DELETE", f"/v1/bookings/{own['booking_id']}", Cookie=aino, If_Match="*")
    answer = api("GET", OWN, Cookie=aino)
    assert [each["booking_id"] for each in answer.json["items"]] == [
        each["booking_id"] for each in (anonymous, own, by_form)
    ]
    assert [each["state"] for each in answer.json["items"]] == [
        "confirmed",
        "cancelled",
        "confirmed",
    ]
    assert "person" not in answer.json["items"][0]
    one = api("GET", f"/v1/bookings/{own['booking_id']}", Cookie=aino).json
    assert answer.json["items"][1] == one
    assert answer.headers["Cache-Control"] == "no-store"


def test_own_bookings_come_in_pages(api: Api) -> None:
    aino = api.logs_in(name="Aino Aalto")
    made = [
        api.books(start=f"2026-12-0{day}T10:00", end=f"2026-12-0{day}T11:00")["booking_id"]
        for day in (2, 3, 4, 7, 8)
    ]
    found, cursor = [], ""
    while True:
        answer = api("GET", f"{OWN}?limit=2{cursor}", Cookie=aino).json
        found += [each["booking_id"] for each in answer["items"]]
        if answer["next"] is None:
            break
        cursor = f"&cursor={answer['next']}"
    assert found == made


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ("", [2, 3, 4]),
        ("?from=2026-12-03", [3, 4]),
        ("?to=2026-12-04", [2, 3]),
        ("?from=2026-12-03T10:00&to=2026-12-03T10:01", [3]),
        ("?from=2026-12-03T10:01&to=2026-12-04T10:00", []),
    ],
)
def test_a_range_has_what_starts_in_it(api: Api, query: str, days: list[int]) -> None:
    aino = api.logs_in()
    for day in (2, 3, 4):
        api.books(start=f"2026-12-0{day}T10:00", end=f"2026-12-0{day}T11:00")
    items = api("GET", f"{OWN}{query}", Cookie=aino).json["items"]
    assert [int(each["start"][8:10]) for each in items] == days


def test_without_a_range_the_last_thirty_days_are_there(api: Api) -> None:
    api.books()
    api.clock.time = api.store.bookings["b_000001"].starts_at + timedelta(days=30)
    aino = api.logs_in()
    assert len(api("GET", OWN, Cookie=aino).json["items"]) == 1
    api.clock.forward(microseconds=1)
    assert api("GET", OWN, Cookie=aino).json["items"] == []
    assert len(api("GET", f"{OWN}?from=2026-12-01", Cookie=aino).json["items"]) == 1


def test_a_range_that_ends_before_it_begins_is_none(api: Api) -> None:
    answer = api("GET", f"{OWN}?from=2026-12-03&to=2026-12-02", Cookie=api.logs_in())
    assert (answer.status, answer.pointers) == (422, {"/to": "invalid-request"})


def test_what_ran_out_is_shown_as_it_is_now(make_api: Any) -> None:
    api = make_api(prove_address=True)
    api("POST", "/v1/bookings", booking())
    api.clock.forward(hours=1)
    (item,) = api("GET", OWN, Cookie=api.logs_in()).json["items"]
    assert item["state"] == "expired"


def test_own_bookings_are_for_sessions(api: Api) -> None:
    assert api("GET", OWN).status == 401
    assert api("GET", OWN, key=STAFF_KEY).status == 404
