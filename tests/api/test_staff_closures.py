"""Closures over HTTP: done at once or by the day, with the bookings in their way, and lifted again."""

from typing import Any

import pytest

from chalicelib.services import closures
from tests.api.conftest import FORM_KEY, STAFF_KEY, Api, booking

LIST = "/v1/staff/closures"
DAY = {"space_ids": ["pod"], "start": "2026-12-10", "end": "2026-12-11", "reason": "Remontti"}


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch, api: Api) -> None:
    """A request has time for one transaction of a closure only."""
    step = closures._step

    def stepping(*arguments: Any) -> None:
        api.clock.waited += 60
        step(*arguments)

    monkeypatch.setattr(closures, "_step", stepping)


def test_a_closure_that_is_done_at_once_is_201(api: Api) -> None:
    answer = api("POST", LIST, DAY, STAFF_KEY)
    body = answer.json
    closure_id = body.pop("closure_id")
    assert answer.status == 201
    assert answer.headers["Location"] == f"https://lab.example/v1/staff/closures/{closure_id}"
    assert body == {
        "state": "closed",
        "done": 1,
        "total": 1,
        "conflicts": [],
        "space_ids": ["pod"],
        "start": "2026-12-10T00:00:00+02:00",
        "end": "2026-12-11T00:00:00+02:00",
        "reason": "Remontti",
    }
    shown = api("GET", f"{LIST}/{closure_id}", key=STAFF_KEY)
    assert (shown.json, shown.headers["ETag"]) == (answer.json, answer.headers["ETag"])
    tag = shown.headers["ETag"]
    assert api("GET", f"{LIST}/{closure_id}", key=STAFF_KEY, If_None_Match=tag).status == 304


def test_what_is_closed_cannot_be_booked_and_says_so(api: Api) -> None:
    api("POST", LIST, DAY, STAFF_KEY)
    wanted = booking(start="2026-12-10T10:00", end="2026-12-10T11:00")
    answer = api("POST", "/v1/bookings", wanted, FORM_KEY)
    assert (answer.status, answer.problem) == (422, "closed")


def test_a_long_closure_is_202_and_goes_on_by_the_clock(api: Api, slow: None) -> None:
    long = DAY | {"space_ids": ["lab"], "end": "2027-03-10"}
    answer = api("POST", LIST, long, STAFF_KEY, Idempotency_Key="one")
    assert (answer.status, answer.json["state"]) == (202, "closing")
    assert 0 < answer.json["done"] < answer.json["total"]
    path = f"{LIST}/{answer.json['closure_id']}"
    while (now := api("GET", path, key=STAFF_KEY).json)["state"] == "closing":
        closures.continue_all(api.ports)
    assert (now["state"], now["done"]) == ("closed", now["total"])
    again = api("POST", LIST, long, STAFF_KEY, Idempotency_Key="one")
    assert (again.status, again.raw) == (202, answer.raw)


def test_a_closure_under_way_keeps_everybody_out_of_all_of_it(api: Api, slow: None) -> None:
    long = DAY | {"space_ids": ["lab"], "end": "2027-03-10"}
    assert api("POST", LIST, long, STAFF_KEY).status == 202
    late = booking("studio", start="2027-03-08T10:00", end="2027-03-08T11:00")
    answer = api("POST", "/v1/bookings", late, FORM_KEY)
    assert (answer.status, answer.problem) == (422, "closed")


def test_the_bookings_in_the_way_are_listed_and_stay(api: Api) -> None:
    first = api.books(start="2026-12-10T10:00", end="2026-12-10T11:00")
    second = api.books(start="2026-12-10T12:00", end="2026-12-10T13:00")
    api.books(start="2026-12-11T10:00", end="2026-12-11T11:00")
    answer = api("POST", LIST, DAY, STAFF_KEY)
    assert (answer.status, answer.json["state"]) == (201, "blocked")
    assert answer.json["conflicts"] == [
        {name: each[name] for name in ("booking_id", "space_ids", "start", "end", "state")}
        for each in (first, second)
    ]
    path = f"{LIST}/{answer.json['closure_id']}"
    for made in (first, second):
        assert api("GET", f"/v1/bookings/{made['booking_id']}", key=FORM_KEY).json == made
        api("DELETE", f"/v1/bookings/{made['booking_id']}", key=FORM_KEY, If_Match="*")
    closures.continue_all(api.ports)
    assert api("GET", path, key=STAFF_KEY).json["state"] == "closed"


def test_a_closure_is_lifted_and_its_time_is_free_again(api: Api) -> None:
    made = api("POST", LIST, DAY, STAFF_KEY)
    path = f"{LIST}/{made.json['closure_id']}"
    answer = api("DELETE", path, key=STAFF_KEY, If_Match=made.headers["ETag"])
    assert (answer.status, answer.json["state"]) == (200, "lifted")
    assert answer.headers["ETag"] == api("GET", path, key=STAFF_KEY).headers["ETag"]
    assert api.books(start="2026-12-10T10:00", end="2026-12-10T11:00")["state"] == "confirmed"


def test_lifting_needs_the_present_version_or_a_star(api: Api) -> None:
    path = f"{LIST}/{api('POST', LIST, DAY, STAFF_KEY).json['closure_id']}"
    before = api.contents()
    assert api("DELETE", path, key=STAFF_KEY).problem == "precondition-required"
    assert api("DELETE", path, key=STAFF_KEY, If_Match='"99"').problem == "stale-version"
    assert api.contents() == before
    assert api("DELETE", path, key=STAFF_KEY, If_Match="*").status == 200


@pytest.mark.parametrize("tag", ['"1"', '"99"', "*", None])
def test_a_closure_lifted_twice_is_answered_as_the_first_time(api: Api, tag: str | None) -> None:
    path = f"{LIST}/{api('POST', LIST, DAY, STAFF_KEY).json['closure_id']}"
    first = api("DELETE", path, key=STAFF_KEY, If_Match="*")
    before = api.contents()
    headers = {} if tag is None else {"If_Match": tag}
    again = api("DELETE", path, key=STAFF_KEY, **headers)
    assert (again.status, again.raw, again.headers["ETag"]) == (
        200,
        first.raw,
        first.headers["ETag"],
    )
    assert api.contents() == before


def test_lifting_a_long_closure_is_202_and_goes_on(api: Api, slow: None) -> None:
    long = DAY | {"space_ids": ["lab"], "end": "2027-03-10"}
    path = f"{LIST}/{api('POST', LIST, long, STAFF_KEY).json['closure_id']}"
    while api("GET", path, key=STAFF_KEY).json["state"] == "closing":
        closures.continue_all(api.ports)
    answer = api("DELETE", path, key=STAFF_KEY, If_Match="*")
    assert (answer.status, answer.json["state"]) == (202, "lifting")
    for _ in range(100):
        closures.continue_all(api.ports)
    assert api("GET", path, key=STAFF_KEY).json["state"] == "lifted"


def test_the_closures_to_come_are_listed_by_start_a_page_at_a_time(api: Api) -> None:
    days = ("2026-12-15", "2026-12-14", "2026-12-16")
    made = {
        day: api("POST", LIST, DAY | {"start": day, "end": f"{day}T12:00"}, STAFF_KEY).json
        for day in days
    }
    api("DELETE", f"{LIST}/{made['2026-12-16']['closure_id']}", key=STAFF_KEY, If_Match="*")
    first = api("GET", f"{LIST}?limit=1", key=STAFF_KEY).json
    assert [each["start"][:10] for each in first["items"]] == ["2026-12-14"]
    second = api("GET", f"{LIST}?limit=1&cursor={first['next']}", key=STAFF_KEY).json
    assert [each["start"][:10] for each in second["items"]] == ["2026-12-15"]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("change", "problem", "pointer"),
    [
        ({"space_ids": ["cellar", "pod"]}, "unknown-space", "/space_ids/0"),
        ({"end": "2026-12-10"}, "invalid-request", "/end"),
        ({"start": "2026-12-12"}, "invalid-request", "/end"),
        ({"start": "2026-11-01", "end": "2026-11-02"}, "in-the-past", "/end"),
        ({"end": "2036-12-10"}, "range-too-long", "/end"),
        ({"start": "2027-03-28T03:30", "end": "2027-03-29"}, "nonexistent-local-time", "/start"),
        ({"space_ids": []}, "invalid-request", "/space_ids"),
        ({"reason": "a\x00"}, "invalid-request", "/reason"),
    ],
)
def test_a_closure_that_cannot_be_is_refused(
    api: Api, untouched: None, change: dict[str, Any], problem: str, pointer: str
) -> None:
    answer = api("POST", LIST, DAY | change, STAFF_KEY)
    assert (answer.status, answer.problem) == (422, problem)
    assert answer.pointers == {pointer: problem}


def test_a_closure_that_is_not_there_is_not_found(api: Api, untouched: None) -> None:
    for method in ("GET", "DELETE"):
        answer = api(method, f"{LIST}/c_nowhere", key=STAFF_KEY, If_Match="*")
        assert (answer.status, answer.problem) == (404, "not-found")


def test_why_a_space_is_closed_is_told_to_staff_alone(api: Api) -> None:
    api("POST", LIST, DAY, STAFF_KEY)
    shown = api("GET", "/v1/availability?from=2026-12-10&to=2026-12-11&space_id=pod")
    assert "Remontti" not in shown.text


def test_a_blocked_closure_says_in_the_list_too_what_is_in_its_way(api: Api) -> None:
    made = api.books()["booking_id"]
    body = {"space_ids": ["pod"], "start": "2026-12-02T08:00", "end": "2026-12-02T18:00"}
    api("POST", "/v1/staff/closures", body, STAFF_KEY)
    (closure,) = api("GET", "/v1/staff/closures", key=STAFF_KEY).json["items"]
    assert closure["state"] == "blocked"
    assert [each["booking_id"] for each in closure["conflicts"]] == [made]
