"""API keys: what each is for, who makes them, and what becomes of them."""

import json
from datetime import timedelta

import pytest

from chalicelib.domain.logins import digest_of
from chalicelib.domain.people import Role
from tests.api.conftest import FORM_KEY, OURS, STAFF_KEY, Answer, Api, booking

ONE = {"label": "The web form", "scopes": ["availability", "book"]}
SAMI = "sami.salo@tyo2lab.fi"


@pytest.fixture
def admin(api: Api) -> dict[str, str]:
    """The headers of an admin's browser."""
    return {"Cookie": api.logs_in(SAMI, "Sami Salo", granted=Role.ADMIN), **OURS}


def made(api: Api, admin: dict[str, str], **changes) -> dict[str, str]:
    answer = api("POST", "/v1/staff/keys", ONE | changes, **admin)
    assert answer.status == 201, answer.text
    return answer.json


def look(api: Api, key: str) -> Answer:
    return api("GET", "/v1/spaces", key=key)


def test_a_key_is_shown_once_and_only_its_digest_is_kept(api: Api, admin) -> None:
    found = made(api, admin)
    stored = api.store.api_keys[found["key_id"]]
    assert stored.digest == digest_of(found["key"])
    assert found["key"].startswith(f"lab.{found['key_id']}.")
    listed = api("GET", "/v1/staff/keys", **admin)
    assert found["key_id"] in listed.text
    secret = found["key"].rpartition(".")[2]
    assert secret not in listed.text
    assert secret not in repr(api.contents())
    assert [each["action"] for each in api.store.audit if each["subject"].startswith("key#")] == [
        "create"
    ]


def test_the_same_request_again_shows_the_key_again_which_no_answer_holds(api: Api, admin) -> None:
    again = [api("POST", "/v1/staff/keys", ONE, Idempotency_Key="one", **admin) for _ in range(3)]
    assert {answer.raw for answer in again} == {again[0].raw}
    assert [answer.headers.get("Idempotency-Replayed") for answer in again] == [
        None,
        "true",
        "true",
    ]
    key = again[0].json["key"]
    assert look(api, key).status == 200
    kept = json.dumps([record.answer for record in api.store.records.values()])
    assert again[0].json["key_id"] in kept
    assert key.rpartition(".")[2] not in kept
    assert len(api.store.api_keys) == 3  # two are the fixture's


def test_a_key_whose_signing_key_is_gone_is_not_shown_again_and_holds(api: Api, admin) -> None:
    first = api("POST", "/v1/staff/keys", ONE, Idempotency_Key="one", **admin).json
    api.ports.secrets.known = ("k2",)
    again = api("POST", "/v1/staff/keys", ONE, Idempotency_Key="one", **admin)
    assert (again.status, again.json["key"]) == (201, None)
    assert look(api, first["key"]).status == 200


def test_a_key_books_for_people_and_manages_what_it_booked(api: Api, admin) -> None:
    key = made(api, admin)["key"]
    mine = api.books(key)
    assert mine["state"] == "confirmed"
    foreign = api.books(space_ids=["studio"])["booking_id"]
    address = f"/v1/bookings/{mine['booking_id']}"
    assert api("GET", address, key=key).status == 200
    assert api("PATCH", address, {"title": "Toinen"}, key, If_Match="*").status == 200
    assert api("DELETE", address, key=key, If_Match="*").status == 200
    for method in ("GET", "DELETE"):
        assert api(method, f"/v1/bookings/{foreign}", key=key, If_Match="*").status == 404


def test_a_key_that_only_looks_does_nothing_else(api: Api, admin) -> None:
    key = made(api, admin, scopes=["availability"])["key"]
    made_by_it = api.books()["booking_id"]
    assert look(api, key).status == 200
    assert api("GET", "/v1/availability?from=2026-12-02&to=2026-12-03", key=key).status == 200
    for method, path, body in (
        ("POST", "/v1/bookings", booking()),
        ("POST", "/v1/bookings/preview", booking()),
        ("GET", f"/v1/bookings/{made_by_it}", None),
        ("POST", f"/v1/bookings/{made_by_it}/confirm", {"code": "23456789"}),
        ("POST", "/v1/auth/links", {"email": "aino.aalto@gov.fi"}),
        ("GET", "/v1/me", None),
        ("GET", "/v1/staff/bookings?from=2026-12-02&to=2026-12-03", None),
        ("GET", "/v1/staff/keys", None),
    ):
        assert api(method, path, body, key).status == 404, path


def test_a_key_of_staff_s_runs_the_lab_and_grants_nothing(api: Api, admin) -> None:
    key = made(api, admin, scopes=["staff"])["key"]
    assert api("GET", "/v1/staff/settings", key=key).status == 200
    for method, path in (
        ("GET", "/v1/staff/keys"),
        ("POST", "/v1/staff/keys"),
        ("DELETE", "/v1/staff/keys/k_form"),
    ):
        body = ONE if method == "POST" else None
        assert api(method, path, body, key).status == 404


def test_keys_are_made_by_admins_and_nobody_else(api: Api) -> None:
    host = {"Cookie": api.logs_in(SAMI, granted=Role.STAFF), **OURS}
    aino = {"Cookie": api.logs_in(), **OURS}
    for who in (host, aino):
        assert api("GET", "/v1/staff/keys", **who).status == 404
        assert api("POST", "/v1/staff/keys", ONE, **who).status == 404
        assert api("DELETE", "/v1/staff/keys/k_form", **who).status == 404
    for key in (FORM_KEY, STAFF_KEY):
        assert api("POST", "/v1/staff/keys", ONE, key).status == 404
    assert api("POST", "/v1/staff/keys", ONE).status == 401
    assert len(api.store.api_keys) == 2


def test_a_revoked_key_opens_nothing_from_the_next_request_on(api: Api, admin) -> None:
    found = made(api, admin)
    assert look(api, found["key"]).status == 200
    address = f"/v1/staff/keys/{found['key_id']}"
    first = api("DELETE", address, **admin)
    assert (first.status, first.json["state"]) == (200, "revoked")
    assert look(api, found["key"]).status == 401
    api.clock.forward(minutes=5)
    again = api("DELETE", address, **admin)
    assert again.json == first.json
    assert [each["action"] for each in api.store.audit if each["subject"].startswith("key#")] == [
        "create",
        "revoke",
    ]


def test_a_key_that_is_not_there_cannot_be_revoked(api: Api, admin) -> None:
    assert api("DELETE", "/v1/staff/keys/k_none", **admin).status == 404


def test_a_dead_key_is_answered_as_one_that_never_was(api: Api, admin) -> None:
    over = made(api, admin, expires_on="2026-12-01")["key"]
    gone = made(api, admin)
    api("DELETE", f"/v1/staff/keys/{gone['key_id']}", **admin)
    unknown = f"lab.k_unknown.{'0' * 64}"
    changed = gone["key"][:-1] + ("0" if gone["key"][-1] != "0" else "1")
    assert look(api, over).status == 200
    api.clock.forward(days=1)
    api.ports.settings.get()
    answers = []
    for key in (over, gone["key"], unknown, changed, "x"):
        api.store.calls.clear()
        answer = look(api, key)
        answers.append((answer.status, answer.raw, answer.headers))
        assert api.store.calls == ([] if key == "x" else ["api_keys.find"])
    assert all(each == answers[0] for each in answers)
    assert answers[0][0] == 401


def test_a_key_holds_until_the_end_of_its_last_day(api: Api, admin) -> None:
    key = made(api, admin, expires_on="2026-12-02")["key"]
    day_after = api.clock.now() + timedelta(days=1, hours=15)  # Thu 00:00 in Helsinki
    api.clock.time = day_after - timedelta(seconds=1)
    assert look(api, key).status == 200
    api.clock.time = day_after
    assert look(api, key).status == 401


def test_a_last_day_is_a_day_to_come(api: Api, admin) -> None:
    for day in ("2026-11-30", "2026-02-30"):
        answer = api("POST", "/v1/staff/keys", ONE | {"expires_on": day}, **admin)
        assert (answer.status, answer.pointers) == (422, {"/expires_on": "invalid-request"})


def test_what_is_asked_for_is_one_of_the_scopes(api: Api, admin) -> None:
    for scopes in ([], ["admin"], ["staff", "staff", "staff", "staff"]):
        answer = api("POST", "/v1/staff/keys", ONE | {"scopes": scopes}, **admin)
        assert answer.status == 422
    found = made(api, admin, scopes=["book", "availability", "book"])
    assert found["scopes"] == ["availability", "book"]


def test_use_is_noted_at_most_once_an_hour_and_asks_nothing_more(api: Api, admin) -> None:
    found = made(api, admin)
    assert found["used_at"] is None
    asked = []
    for minutes in (0, 1, 58, 1, 59, 1):
        api.clock.forward(minutes=minutes)
        api.store.calls.clear()
        assert look(api, found["key"]).status == 200
        asked.append([call for call in api.store.calls if call.startswith("api_keys")])
    noted, only_found = ["api_keys.find", "api_keys.use"], ["api_keys.find"]
    assert asked == [noted, only_found, only_found, noted, only_found, noted]
    (listed,) = [
        each
        for each in api("GET", "/v1/staff/keys", **admin).json["items"]
        if each["key_id"] == found["key_id"]
    ]
    assert listed["used_at"] == "2026-12-01T11:00:00+02:00"


def test_keys_are_listed_with_who_made_them(api: Api, admin) -> None:
    found = made(api, admin, label="Työn tulevaisuus", expires_on="2027-06-30")
    first = api("GET", "/v1/staff/keys?limit=2", **admin).json
    rest = api("GET", f"/v1/staff/keys?limit=2&cursor={first['next']}", **admin).json
    listed = {each["key_id"]: each for each in [*first["items"], *rest["items"]]}
    assert rest["next"] is None
    assert set(listed) == {"k_form", "k_staff", found["key_id"]}
    one = listed[found["key_id"]]
    assert one == {name: value for name, value in found.items() if name != "key"}
    assert one["created_by"] == api.person_id(SAMI)
    assert (one["state"], one["expires_on"], one["owner_id"]) == ("active", "2027-06-30", None)
    assert listed["k_staff"]["owner_id"] == "p_sami"


def test_a_host_s_own_key_dies_with_their_role(api: Api, admin) -> None:
    found = made(api, admin, scopes=["staff"])
    system = made(api, admin)["key"]
    person_id = api.person_id(SAMI)
    assert found["owner_id"] == person_id
    assert api("GET", "/v1/staff/settings", key=found["key"]).status == 200
    for role in (None, Role.ADMIN):  # nor does it come to life again with another one
        api.logs_in(SAMI, granted=role, grants=api.store.profiles[person_id].grants + 1)
        assert api("GET", "/v1/staff/settings", key=found["key"]).status == 401
        assert look(api, system).status == 200
    again = {"Cookie": api.logs_in(SAMI), **OURS}
    listed = {each["key_id"]: each for each in api("GET", "/v1/staff/keys", **again).json["items"]}
    assert listed[found["key_id"]]["state"] == "revoked"
    assert listed[found["key_id"]]["revoked_at"] is None


def test_a_host_who_is_being_forgotten_has_no_key(api: Api, admin) -> None:
    key = made(api, admin, scopes=["staff"])["key"]
    profile = api.store.profiles[api.person_id(SAMI)]
    api._knows(profile.person, {"erase_from": api.clock.now()})
    assert api("GET", "/v1/staff/settings", key=key).status == 401
    del api.store.profiles[profile.person_id]
    assert api("GET", "/v1/staff/settings", key=key).status == 401


def test_whose_own_a_key_is_cannot_be_changed_in_it(api: Api, admin) -> None:
    key = made(api, admin, scopes=["staff"])["key"]
    lab, key_id, _, secret = key.split(".")
    for forged in (f"lab.{key_id}.p_sami.{secret}", f"lab.{key_id}.{secret}"):
        assert api("GET", "/v1/staff/settings", key=forged).status == 401


def test_a_key_is_no_session(api: Api) -> None:
    for key in (FORM_KEY, STAFF_KEY):
        assert api("GET", "/v1/me", key=key).status == 404
