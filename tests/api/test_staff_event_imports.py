"""Many signed up at once, over HTTP: what became of each row, and going on under the same key."""

from typing import Any

from chalicelib.services import signup_imports
from tests.api.conftest import STAFF_KEY, Api
from tests.api.test_staff_events import LIST, write


def people(*names: str) -> dict[str, Any]:
    return {
        "people": [
            {"person": {"name": name.title(), "email": f"{name}@gov.fi"}, "diet": "Vegaani"}
            for name in names
        ]
    }


def batch(api: Api, event_id: str, *names: str, **headers: str) -> Any:
    path = f"{LIST}/{event_id}/signups/batch"
    return api("POST", path, people(*names), STAFF_KEY, **headers)


def outcomes(answer: Any) -> list[tuple[str, str | None]]:
    return [(each["outcome"], each["state"]) for each in answer.json["items"]]


def test_each_row_says_what_became_of_it(api: Api) -> None:
    """S-18"""
    event_id = write(api, room={"limit": 1, "most_waiting": 1})
    answer = batch(api, event_id, "aino", "eero", "aino", "pia")
    assert (answer.status, answer.json["done"]) == (200, True)
    assert outcomes(answer) == [
        ("signed-up", "confirmed"),
        ("signed-up", "waiting"),
        ("refused", None),
        ("refused", None),
    ]
    assert [
        (each["pointer"], each["code"]) for row in answer.json["items"] for each in row["errors"]
    ] == [("/people/2/person/email", "already-signed-up"), ("/people/3/way", "event-full")]
    first = answer.json["items"][0]["signup_id"]
    listed = api("GET", f"{LIST}/{event_id}/signups", key=STAFF_KEY).json["items"]
    assert first in [each["signup_id"] for each in listed]
    assert "gov.fi" not in answer.text


def test_what_there_was_no_time_for_is_done_under_the_same_key(api: Api, monkeypatch: Any) -> None:
    """S-18: 202 while some are left; then the whole answer, and the same ever after."""
    event_id = write(api)
    with monkeypatch.context() as patched:
        patched.setattr(signup_imports, "SECONDS", 0.0)
        answer = batch(api, event_id, "aino", "eero", Idempotency_Key="k")
        assert (answer.status, outcomes(answer)) == (202, [("left", None)] * 2)
        assert not api.store.signups
    done = batch(api, event_id, "aino", "eero", Idempotency_Key="k")
    assert (done.status, outcomes(done)) == (200, [("signed-up", "confirmed")] * 2)
    assert done.json["batch_id"] == answer.json["batch_id"]
    again = batch(api, event_id, "aino", "eero", Idempotency_Key="k")
    assert (again.status, again.json) == (200, done.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    other = batch(api, event_id, "pia", Idempotency_Key="k")
    assert (other.status, other.problem) == (422, "idempotency-mismatch")


def test_a_batch_has_its_bounds(api: Api) -> None:
    event_id = write(api)
    assert batch(api, event_id).status == 422
    assert batch(api, event_id, *(f"n{number}" for number in range(101))).status == 422
    path = f"{LIST}/{event_id}/signups/batch"
    wrong = {"people": [{"person": {"name": "Aino", "email": "aino"}}]}
    answer = api("POST", path, wrong, STAFF_KEY)
    assert list(answer.pointers) == ["/people/0/person/email"]
    assert batch(api, "e_none", "aino").status == 404
