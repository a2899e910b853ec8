"""What staff do with bookings: find them, page through them, approve and deny."""

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.api.conftest import FORM_KEY, STAFF_KEY, Answer, Api, eero

LIST = "/v1/staff/bookings"
WEEK = {"from": "2026-12-02", "to": "2026-12-09"}


def listed(api: Api, **query: Any) -> Answer:
    return api("GET", f"{LIST}?{urlencode(WEEK | query)}", key=STAFF_KEY)


def ids(answer: Answer) -> list[str]:
    return [each["booking_id"] for each in answer.json["items"]]


@pytest.fixture
def five(api: Api) -> list[str]:
    """Five bookings in the order of their starts: pod, studio, Eero's pod, lab, pod."""
    return [
        api.books(**change)["booking_id"]
        for change in (
            {"start": "2026-12-02T08:00", "end": "2026-12-02T09:00"},
            {"space_ids": ["studio"]},
            {"start": "2026-12-02T12:00", "end": "2026-12-02T13:00", "person": eero()},
            {"space_ids": ["lab"], "start": "2026-12-03T10:00", "end": "2026-12-03T11:00"},
            {"start": "2026-12-07T10:00", "end": "2026-12-07T11:00"},
        )
    ]


def test_the_bookings_of_a_range_are_listed_by_start_with_their_people(
    api: Api, five: list[str]
) -> None:
    answer = listed(api)
    assert ids(answer) == five
    assert answer.json["next"] is None
    assert answer.json["items"][2]["person"]["name"] == "Eero Eskola"
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_begins_before_the_range_and_reaches_into_it_is_listed(
    api: Api, five: list[str]
) -> None:
    assert ids(listed(api, **{"from": "2026-12-02T08:30", "to": "2026-12-02T10:00"})) == five[:1]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"space_id": "pod"}, [0, 2, 4]),
        ({"space_id": "cellar"}, []),
        ({"state": "pending"}, [3]),
        ({"state": "confirmed", "space_id": "studio"}, [1]),
        ({"person": "eero.eskola@gov.fi"}, [2]),
        ({"person": "Eero.Eskola@GOV.fi "}, [2]),
        ({"person": "nobody@gov.fi"}, []),
        ({"person": "p_nobody"}, []),
        ({"person": "eero.eskola@gov.fi", "space_id": "studio"}, []),
    ],
)
def test_a_list_can_be_narrowed(
    api: Api, five: list[str], query: dict[str, str], expected: list[int]
) -> None:
    assert ids(listed(api, **query)) == [five[number] for number in expected]


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
@pytest.mark.parametrize("query", [{}, {"space_id": "pod"}, {"person": "aino.aalto@gov.fi"}])
def test_pages_have_all_of_it_once(
    api: Api, five: list[str], limit: int, query: dict[str, str]
) -> None:
    whole, seen, cursor = ids(listed(api, **query)), [], {}
    for _ in range(10):
        page = listed(api, limit=limit, **query, **cursor)
        assert len(ids(page)) <= limit
        seen += ids(page)
        if page.json["next"] is None:
            break
        cursor = {"cursor": page.json["next"]}
    assert seen == whole


def test_a_list_over_the_end_of_a_year_goes_on(api: Api) -> None:
    """B93."""
    made = [
        api.books(start=f"{day}T10:00", end=f"{day}T11:00")["booking_id"]
        for day in ("2026-12-28", "2026-12-31", "2027-01-01", "2027-01-04")
    ]
    around = {"from": "2026-12-28", "to": "2027-01-04"}
    first = listed(api, limit=2, **around)
    second = listed(api, limit=2, cursor=first.json["next"], **around)
    assert ids(first) + ids(second) == made[:3]


def test_a_cursor_belongs_to_its_list_and_its_filters(api: Api, five: list[str]) -> None:
    cursor = listed(api, limit=2).json["next"]
    assert ids(listed(api, limit=3, cursor=cursor)) == five[2:]
    for other in (
        {"space_id": "pod"},
        {"state": "confirmed"},
        {"person": "aino.aalto@gov.fi"},
        {"from": "2027-05-03", "to": "2027-05-04"},
    ):
        answer = listed(api, cursor=cursor, **other)
        assert (answer.status, answer.pointers) == (422, {"/cursor": "invalid-request"})
    elsewhere = api("GET", f"/v1/staff/spaces?cursor={cursor}", key=STAFF_KEY)
    assert (elsewhere.status, elsewhere.pointers) == (422, {"/cursor": "invalid-request"})


def test_a_cursor_that_was_touched_is_refused(api: Api, five: list[str]) -> None:
    cursor = listed(api, limit=2).json["next"]
    body, _, signature = cursor.partition(".")
    for touched in (
        f"A{body}.{signature}",
        f"{body}.A{signature[1:]}" if signature[0] != "A" else f"{body}.B{signature[1:]}",
        body,
        f"{body}.",
        f".{signature}",
        cursor.swapcase(),
    ):
        answer = listed(api, cursor=touched)
        assert (answer.status, answer.pointers) == (422, {"/cursor": "invalid-request"})


def test_a_state_that_there_is_not_is_refused(api: Api) -> None:
    assert listed(api, state="gone").pointers == {"/state": "invalid-request"}


def test_a_request_is_approved(api: Api) -> None:
    made = api.books(space_ids=["lab"])
    path = f"{LIST}/{made['booking_id']}/approve"
    answer = api("POST", path, key=STAFF_KEY)
    assert (answer.status, answer.json["state"]) == (200, "confirmed")
    assert answer.headers["ETag"] == '"2"'
    assert answer.json["person"]["name"] == "Aino Aalto"


def test_a_request_is_denied_with_a_reason_and_its_time_is_free(api: Api) -> None:
    made = api.books(space_ids=["lab"])
    path = f"{LIST}/{made['booking_id']}/deny"
    answer = api("POST", path, {"reason": "Remontti"}, STAFF_KEY, If_Match='"1"')
    assert (answer.json["state"], answer.json["reason"]) == ("denied", "Remontti")
    assert api.books(space_ids=["hall"])["state"] == "confirmed"


def test_a_decision_on_a_stale_version_is_412(api: Api) -> None:
    made = api.books(space_ids=["lab"])
    for verb in ("approve", "deny"):
        path = f"{LIST}/{made['booking_id']}/{verb}"
        answer = api("POST", path, {}, STAFF_KEY, If_Match='"7"')
        assert (answer.status, answer.problem) == (412, "stale-version")


def test_a_decision_on_what_is_not_there_is_404(api: Api, untouched: None) -> None:
    for verb in ("approve", "deny"):
        answer = api("POST", f"{LIST}/b_nobody/{verb}", {}, STAFF_KEY)
        assert (answer.status, answer.problem) == (404, "not-found")


def test_a_denied_request_is_granted_after_all_by_who_has_seen_the_denial(api: Api) -> None:
    """B37."""
    made = api.books(space_ids=["lab"])
    path = f"{LIST}/{made['booking_id']}"
    denied = api("POST", f"{path}/deny", {}, STAFF_KEY)
    assert api("POST", f"{path}/approve", {}, STAFF_KEY).problem == "stale-state"
    api.books(space_ids=["studio"])
    taken = api("POST", f"{path}/approve", {}, STAFF_KEY, If_Match=denied.headers["ETag"])
    assert (taken.status, taken.problem) == (409, "slot-taken")


def test_the_person_sees_what_staff_decided_but_not_who(api: Api) -> None:
    made = api.books(space_ids=["lab"])
    api("POST", f"{LIST}/{made['booking_id']}/deny", {"reason": "Remontti"}, STAFF_KEY)
    shown = api("GET", f"/v1/bookings/{made['booking_id']}", key=FORM_KEY)
    assert (shown.json["state"], shown.json["reason"]) == ("denied", "Remontti")
    assert "sami" not in shown.text.lower()
