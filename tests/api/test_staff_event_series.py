"""Events that come again, over HTTP: single events by a rule, and what became of each date."""

from typing import Any

import pytest

from chalicelib.services import event_series
from tests.api.conftest import STAFF_KEY, Api
from tests.api.test_staff_events import LIST, write

WEEKLY = {"rrule": "FREQ=WEEKLY;COUNT=3"}


def series(api: Api, event_id: str, body: Any = WEEKLY, **headers: str) -> Any:
    return api("POST", f"{LIST}/{event_id}/series", body, STAFF_KEY, **headers)


def test_an_event_comes_again_as_single_events(api: Api) -> None:
    """I-12: by the wall-clock."""
    event_id = write(api, space_id="studio")
    answer = series(api, event_id)
    assert (answer.status, answer.json["series_id"], answer.json["done"]) == (200, event_id, True)
    assert [(each["start"], each["state"]) for each in answer.json["items"]] == [
        ("2026-12-17T09:00:00+02:00", "draft"),
        ("2026-12-24T09:00:00+02:00", "draft"),
    ]
    second = answer.json["items"][0]["event_id"]
    shown = api("GET", f"{LIST}/{second}", key=STAFF_KEY).json
    assert (shown["series_id"], shown["state"]) == (event_id, "draft")
    assert shown["booking_id"]
    read = api("GET", f"{LIST}/{second}/series", key=STAFF_KEY).json
    assert read == answer.json
    taken = series(api, second)
    assert (taken.status, taken.problem) == (409, "stale-state")


def test_a_date_that_cannot_be_is_named_and_missing_afterwards(api: Api) -> None:
    event_id = write(api, space_id="studio")
    write(api, space_id="studio", start="2026-12-17T10:00", end="2026-12-17T12:00")
    refused, made = series(api, event_id).json["items"]
    assert (refused["state"], refused["event_id"]) == ("refused", None)
    assert [each["code"] for each in refused["errors"]] == ["slot-taken"]
    assert made["state"] == "draft"
    items = api("GET", f"{LIST}/{event_id}/series", key=STAFF_KEY).json["items"]
    assert [each["state"] for each in items] == ["missing", "draft"]


def test_what_there_was_no_time_for_is_made_under_the_same_key(api: Api, monkeypatch: Any) -> None:
    event_id = write(api)
    with monkeypatch.context() as patched:
        patched.setattr(event_series, "SECONDS", 0.0)
        answer = series(api, event_id, Idempotency_Key="k")
        assert (answer.status, answer.json["done"]) == (202, False)
        assert {each["state"] for each in answer.json["items"]} == {"left"}
    done = series(api, event_id, Idempotency_Key="k")
    assert (done.status, done.json["done"]) == (200, True)
    assert series(api, event_id, Idempotency_Key="k").json == done.json
    assert len(api.store.events) == 3


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("FREQ=WEEKLY", "series-too-long"),
        ("FREQ=WEEKLY;COUNT=1", "series-empty"),
        ("FREQ=SECONDLY;COUNT=3", "invalid-request"),
        ("every week", "invalid-request"),
    ],
)
def test_what_is_no_rule_is_refused(api: Api, rule: str, code: str) -> None:
    event_id = write(api)
    answer = series(api, event_id, {"rrule": rule})
    assert (answer.status, answer.problem, list(answer.pointers)) == (422, code, ["/rrule"])
    assert api("GET", f"{LIST}/{event_id}/series", key=STAFF_KEY).status == 404


def test_a_change_goes_as_far_as_it_is_meant_to(api: Api, monkeypatch: Any) -> None:
    event_id = write(api)
    second, third = (each["event_id"] for each in series(api, event_id).json["items"])
    path = f"{LIST}/{second}"
    alone = api("PATCH", path, {"group_size": 2}, STAFF_KEY, If_Match="*")
    assert "others" not in alone.json
    assert api("GET", f"{LIST}/{third}", key=STAFF_KEY).json["group_size"] == 1
    on = f"{path}?scope=from-here"
    change = {"start": "2026-12-17T10:00", "end": "2026-12-17T12:00"}
    with monkeypatch.context() as patched:
        patched.setattr(event_series, "SECONDS", 0.0)
        part = api("PATCH", on, change, STAFF_KEY, If_Match='"2"', Idempotency_Key="k")
        assert (part.status, part.json["others"][0]["outcome"]) == (202, "left")
    whole = api("PATCH", on, change, STAFF_KEY, If_Match='"2"', Idempotency_Key="k")
    assert (whole.status, whole.json["start"]) == (200, "2026-12-17T10:00:00+02:00")
    assert whole.json["others"] == [
        {
            "event_id": third,
            "start": "2026-12-24T10:00:00+02:00",
            "outcome": "changed",
            "errors": [],
        }
    ]
    again = api("PATCH", on, change, STAFF_KEY, If_Match='"2"', Idempotency_Key="k")
    assert again.json == whole.json
    assert api("GET", f"{LIST}/{event_id}", key=STAFF_KEY).json["start"].startswith("2026-12-10T09")
    other = write(api)
    none = api("PATCH", f"{LIST}/{other}?scope=from-here", change, STAFF_KEY, If_Match="*")
    assert none.status == 404
    assert api("PATCH", f"{path}?scope=all", change, STAFF_KEY, If_Match="*").status == 422


def test_a_series_is_published_and_called_off_as_far_as_it_is_meant(
    api: Api, monkeypatch: Any
) -> None:
    event_id = write(api, publish=False)
    second, third = (each["event_id"] for each in series(api, event_id).json["items"])
    publish = f"{LIST}/{second}/publish?scope=from-here"
    with monkeypatch.context() as patched:
        patched.setattr(event_series, "SECONDS", 0.0)
        part = api("POST", publish, {}, STAFF_KEY, Idempotency_Key="k")
        assert (part.status, part.json["others"][0]["outcome"]) == (202, "left")
    whole = api("POST", publish, {}, STAFF_KEY, Idempotency_Key="k")
    assert (whole.status, whole.json["state"]) == (200, "published")
    assert whole.json["others"] == [
        {
            "event_id": third,
            "start": "2026-12-24T09:00:00+02:00",
            "outcome": "changed",
            "errors": [],
        }
    ]
    assert api("POST", publish, {}, STAFF_KEY, Idempotency_Key="k").json == whole.json
    again = api("POST", publish, {}, STAFF_KEY)
    assert (again.status, again.json["others"]) == (200, whole.json["others"])
    assert api("GET", f"{LIST}/{event_id}", key=STAFF_KEY).json["state"] == "draft"

    off = f"{LIST}/{second}?scope=all&reason=Sairaus"
    assert api("DELETE", off, key=STAFF_KEY).status == 428
    gone = api("DELETE", off, key=STAFF_KEY, If_Match=whole.headers["ETag"], Idempotency_Key="o")
    assert (gone.status, gone.json["state"]) == (200, "cancelled")
    assert [each["event_id"] for each in gone.json["others"]] == [event_id, third]
    same = api("DELETE", off, key=STAFF_KEY, If_Match=whole.headers["ETag"], Idempotency_Key="o")
    assert same.json == gone.json
    for each in (event_id, second, third):
        shown = api("GET", f"{LIST}/{each}", key=STAFF_KEY).json
        assert (shown["state"], shown["reason"]) == ("cancelled", "Sairaus")


def test_how_far_something_goes_is_one_of_three_and_of_a_series(api: Api) -> None:
    event_id = write(api, publish=False)
    wrong = api("POST", f"{LIST}/{event_id}/publish?scope=most", {}, STAFF_KEY)
    assert (wrong.status, list(wrong.pointers)) == (422, ["/scope"])
    for scope in ("from-here", "all"):
        assert api("POST", f"{LIST}/{event_id}/publish?scope={scope}", {}, STAFF_KEY).status == 404
        off = api("DELETE", f"{LIST}/{event_id}?scope={scope}", key=STAFF_KEY, If_Match="*")
        assert off.status == 404
    assert api("GET", f"{LIST}/{event_id}", key=STAFF_KEY).json["state"] == "draft"
