"""Availability over HTTP: the range, the search by need, what is offered."""

import itertools
from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest

from tests.api.conftest import FORM_KEY, STAFF_KEY, Answer, Api, booking
from tests.builders import ALWAYS_OPEN, a_space

DAY = {"from": "2026-12-02", "to": "2026-12-03"}


def search(api: Api, **query: object) -> Answer:
    named = {"from_": "from"}
    given = DAY | {named.get(name, name): value for name, value in query.items()}
    return api("GET", f"/v1/availability?{urlencode(given, doseq=True)}")


def ids(answer: Answer) -> list[str]:
    return [item["space_id"] for item in answer.json["items"]]


def test_a_day_is_told_as_api_md_says(api: Api) -> None:
    api.books(space_ids=["studio"])
    answer = search(api, space_id="studio")
    assert answer.json == {
        "from": "2026-12-02T00:00:00+02:00",
        "to": "2026-12-03T00:00:00+02:00",
        "time_zone": "Europe/Helsinki",
        "items": [
            {
                "space_id": "studio",
                "free": [
                    {"start": "2026-12-02T08:00:00+02:00", "end": "2026-12-02T09:45:00+02:00"},
                    {"start": "2026-12-02T11:15:00+02:00", "end": "2026-12-02T18:00:00+02:00"},
                ],
                "busy": [
                    {
                        "start": "2026-12-02T09:45:00+02:00",
                        "end": "2026-12-02T10:00:00+02:00",
                        "reason": "buffer",
                    },
                    {
                        "start": "2026-12-02T10:00:00+02:00",
                        "end": "2026-12-02T11:00:00+02:00",
                        "reason": "booked",
                    },
                    {
                        "start": "2026-12-02T11:00:00+02:00",
                        "end": "2026-12-02T11:15:00+02:00",
                        "reason": "buffer",
                    },
                ],
                "closed": [
                    {
                        "start": "2026-12-02T00:00:00+02:00",
                        "end": "2026-12-02T08:00:00+02:00",
                        "reason": "hours",
                    },
                    {
                        "start": "2026-12-02T18:00:00+02:00",
                        "end": "2026-12-03T00:00:00+02:00",
                        "reason": "hours",
                    },
                ],
            }
        ],
    }


def test_each_reason_has_its_name(api: Api) -> None:
    closure = {"space_ids": ["lab"], "start": "2026-12-02T12:00", "end": "2026-12-02T13:00"}
    api("POST", "/v1/staff/closures", closure, STAFF_KEY)
    api.books(space_ids=["lab"])
    answer = search(api, space_id="hall", from_="2026-12-01")
    (item,) = answer.json["items"]
    assert {each["reason"] for each in item["busy"]} >= {"tentative"}
    assert {each["reason"] for each in item["closed"]} == {"hours", "past", "closure"}


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-12-02", 24), ("2027-03-28", 23), ("2027-10-31", 25), ("2027-03-27", 24)],
)
def test_free_busy_and_closed_partition_every_day(make_api, day: str, hours: int) -> None:
    far = a_space("pod", capacity=2, hours=ALWAYS_OPEN, horizon_days=800)
    api = make_api(far)
    noon = {"start": f"{day}T11:00", "end": f"{day}T13:00"}
    api.books(space_ids=["pod"], **noon)
    after = (datetime.fromisoformat(day) + timedelta(days=1)).date().isoformat()
    for item in search(api, from_=day, to=after).json["items"]:
        pieces = sorted(
            (datetime.fromisoformat(each["start"]), datetime.fromisoformat(each["end"]))
            for each in (*item["free"], *item["busy"], *item["closed"])
        )
        assert all(one[1] == two[0] for one, two in itertools.pairwise(pieces))
        assert pieces[-1][1] - pieces[0][0] == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["desks", "hall", "hall-a", "hall-b", "lab", "pod", "studio"]),
        ({"people": 13}, ["hall", "hall-a", "hall-b", "lab"]),
        ({"people": 41}, ["lab"]),
        ({"people": 59}, []),
        ({"units": 4}, ["desks"]),
        ({"units": 7}, []),
        ({"equipment": "screen"}, ["studio"]),
        ({"equipment": ["screen", "whiteboard"]}, ["studio"]),
        ({"equipment": ["screen", "piano"]}, []),
        ({"accessibility": "step-free"}, ["studio"]),
        ({"accessibility": ["step-free", "induction-loop"]}, []),
        ({"space_id": ["studio", "pod"]}, ["studio", "pod"]),
        ({"space_id": ["pod", "pod"]}, ["pod"]),
    ],
)
def test_a_search_finds_what_fits(make_api, query: dict[str, object], expected: list[str]) -> None:
    equipped = a_space(
        "studio",
        setup_minutes=15,
        cleanup_minutes=15,
        equipment=("screen", "whiteboard"),
        accessibility=("step-free",),
    )
    assert ids(search(make_api(equipped), **query)) == expected


def test_starts_are_offered_and_each_can_be_booked(api: Api) -> None:
    api.books(space_ids=["studio"])
    answer = search(api, space_id="studio", minutes=120)
    (item,) = answer.json["items"]
    assert item["starts"][0] == "2026-12-02T11:30:00+02:00"
    assert [window["start"] for window in item["free"]] == ["2026-12-02T11:15:00+02:00"]
    for start in item["starts"]:
        end = (datetime.fromisoformat(start) + timedelta(minutes=120)).isoformat()
        wanted = booking("studio", start=start, end=end)
        told = api("POST", "/v1/bookings/preview", wanted, FORM_KEY).json["items"][0]
        assert told["possible"], start
    assert "starts" not in search(api, space_id="studio").json["items"][0]


def test_an_unknown_space_is_named(api: Api) -> None:
    answer = search(api, space_id=["pod", "cellar"])
    assert (answer.status, answer.pointers) == (422, {"/space_id/1": "unknown-space"})


def test_a_date_is_its_local_midnight_and_a_time_is_itself(api: Api) -> None:
    answer = search(api, from_="2026-12-02T09:00", to="2026-12-02T10:00:00Z", space_id="pod")
    assert (answer.json["from"], answer.json["to"]) == (
        "2026-12-02T09:00:00+02:00",
        "2026-12-02T12:00:00+02:00",
    )


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-02T09:00:00+02:00",
        "2026-12-02T09:00+02:00",
        "2026-12-02T09:00:00.000+02:00",
        "2026-12-02 09:00:00+02:00",
        "2026-12-02T07:00:00Z",
        "2026-12-02t07:00:00z",
    ],
)
def test_a_plus_that_was_not_encoded_is_still_one(api: Api, text: str) -> None:
    query = f"from={text.replace(' ', '%20')}&to=2026-12-02T18:00:00+02:00&space_id=pod"
    answer = api("GET", f"/v1/availability?{query}")
    assert answer.json["from"] == "2026-12-02T09:00:00+02:00"
    assert answer.json["to"] == "2026-12-02T18:00:00+02:00"


@pytest.mark.parametrize(
    ("first", "last", "problem"),
    [
        ("2026-12-02", "2026-12-02", "invalid-request"),
        ("2026-12-03", "2026-12-02", "invalid-request"),
        ("2026-12-02T10:00", "2026-12-02T10:00", "invalid-request"),
        ("2026-12-02", "2027-02-03", "range-too-long"),
        ("2027-03-28", "2027-05-30", "range-too-long"),
        ("2000-01-01", "2199-12-31", "range-too-long"),
        ("2027-03-28T03:30", "2027-03-29", "nonexistent-local-time"),
        ("2027-10-31T03:30", "2027-11-01", "ambiguous-local-time"),
    ],
)
def test_a_range_is_neither_empty_nor_too_long_nor_doubtful(
    api: Api, first: str, last: str, problem: str
) -> None:
    for path in ("/v1/availability?", "/v1/freebusy?resources=pod&"):
        answer = api("GET", f"{path}from={first}&to={last}")
        assert (answer.status, answer.problem) == (422, problem)
    staff = api("GET", f"/v1/staff/bookings?from={first}&to={last}", key=STAFF_KEY)
    assert (staff.status, staff.problem) == (422, problem)


@pytest.mark.parametrize(
    ("first", "last"),
    [("2026-12-02", "2027-02-02"), ("2027-03-28", "2027-05-29"), ("2027-10-31", "2028-01-01")],
)
def test_62_days_are_not_too_long_whatever_the_clocks_do(api: Api, first: str, last: str) -> None:
    assert search(api, from_=first, to=last, space_id="pod").status == 200


def test_the_range_has_to_be_given(api: Api) -> None:
    answer = api("GET", "/v1/availability")
    assert answer.pointers == {"/from": "invalid-request", "/to": "invalid-request"}


def test_spaces_are_listed_by_id_a_page_at_a_time(api: Api) -> None:
    first = api("GET", "/v1/spaces?limit=3").json
    assert [each["space_id"] for each in first["items"]] == [
        "desks",
        "facilitator-1",
        "facilitator-2",
    ]
    second = api("GET", f"/v1/spaces?limit=100&cursor={first['next']}").json
    assert [each["space_id"] for each in second["items"]] == [
        "hall",
        "hall-a",
        "hall-b",
        "lab",
        "pod",
        "screen",
        "studio",
    ]
    assert second["next"] is None


def test_a_space_has_all_that_api_md_shows(api: Api) -> None:
    answer = api("GET", "/v1/spaces/studio")
    assert answer.headers["ETag"] == '"1"'
    week = {key: [["08:00", "18:00"]] for key in ("mon", "tue", "wed", "thu", "fri")}
    assert answer.json == {
        "space_id": "studio",
        "name": {"fi": "Studio", "sv": "Studio", "en": "Studio"},
        "instructions": {"fi": "", "sv": "", "en": ""},
        "kind": "space",
        "parts": [],
        "capacity": 12,
        "units": 1,
        "equipment": [],
        "accessibility": [],
        "setup_minutes": 15,
        "cleanup_minutes": 15,
        "min_minutes": 30,
        "max_minutes": 480,
        "grid_minutes": 15,
        "whole_day": False,
        "notice_minutes": 0,
        "horizon_days": 180,
        "cancel_before_minutes": 0,
        "needs_approval": False,
        "open_to": ["employee", "partner"],
        "hours": week | {"sat": [], "sun": []},
        "exceptions": [],
        "active": True,
        "version": 1,
    }


def test_a_space_out_of_use_is_seen_by_staff_alone(make_api) -> None:
    api = make_api(a_space("pod", active=False))
    assert api("GET", "/v1/spaces/pod").status == 404
    assert "pod" not in [each["space_id"] for each in api("GET", "/v1/spaces").json["items"]]
    assert api("GET", "/v1/staff/spaces/pod", key=STAFF_KEY).json["active"] is False
    assert api("GET", "/v1/availability?from=2026-12-02&to=2026-12-03&space_id=pod").status == 422


def test_a_space_answers_304_for_its_tag(api: Api) -> None:
    answer = api("GET", "/v1/spaces/studio", If_None_Match='"1"')
    assert (answer.status, answer.raw) == (304, b"")
