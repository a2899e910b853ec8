"""Idempotency-Key: the same key and request give the first answer, word for word."""

from typing import Any

import pytest

from tests.api.conftest import FORM_KEY, STAFF_KEY, Answer, Api, booking, eero

SPACE = {"space_id": "attic", "name": {"en": "Attic"}}
CLOSURE = {"space_ids": ["pod"], "start": "2026-12-10", "end": "2026-12-12"}


def same(first: Answer, again: Answer) -> None:
    """The second answer is a replay of the first."""
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers.pop("Idempotency-Replayed") == "true"
    assert (again.status, again.raw) == (first.status, first.raw)
    for name in ("ETag", "Location"):
        assert again.headers.get(name) == first.headers.get(name), name


@pytest.mark.parametrize("key", ["7f0c", '"7f0c"', "x" * 255])
def test_a_replay_is_the_first_answer_word_for_word(api: Api, key: str) -> None:
    first = api("POST", "/v1/bookings", booking(), FORM_KEY, Idempotency_Key=key)
    before = api.contents()
    again = api("POST", "/v1/bookings", booking(), FORM_KEY, Idempotency_Key=key)
    assert first.status == 201
    same(first, again)
    assert api.contents() == before


def test_a_key_with_quotes_and_one_without_are_one_key(api: Api) -> None:
    first = api("POST", "/v1/bookings", booking(), FORM_KEY, Idempotency_Key="7f0c")
    again = api("POST", "/v1/bookings", booking(), FORM_KEY, Idempotency_Key='"7f0c"')
    same(first, again)


def test_a_replay_is_the_first_answer_even_after_the_booking_changed(api: Api) -> None:
    first = api("POST", "/v1/bookings", booking(), FORM_KEY, Idempotency_Key="one")
    path = f"/v1/bookings/{first.json['booking_id']}"
    assert api("DELETE", path, key=FORM_KEY, If_Match="*").status == 200
    same(first, api("POST", "/v1/bookings", booking(), FORM_KEY, Idempotency_Key="one"))


def test_a_replay_comes_before_any_refusal(api: Api) -> None:
    first = api("POST", "/v1/bookings", booking(), FORM_KEY, Idempotency_Key="one")
    api.clock.forward(hours=30)  # the time has passed by now
    again = api("POST", "/v1/bookings", booking(), FORM_KEY, Idempotency_Key="one")
    same(first, again)


def test_another_request_under_a_key_is_refused(api: Api) -> None:
    """B39."""
    api("POST", "/v1/bookings", booking(), FORM_KEY, Idempotency_Key="one")
    before = api.contents()
    other = booking(title="Toinen")
    answer = api("POST", "/v1/bookings", other, FORM_KEY, Idempotency_Key='"one"')
    assert (answer.status, answer.problem) == (422, "idempotency-mismatch")
    assert answer.codes == ["idempotency-mismatch"]
    assert api.contents() == before


def test_a_key_is_free_again_after_two_days(api: Api) -> None:
    later = {"start": "2026-12-08T10:00", "end": "2026-12-08T11:00"}
    api("POST", "/v1/bookings", booking(**later), FORM_KEY, Idempotency_Key="one")
    api.clock.forward(hours=48)
    answer = api("POST", "/v1/bookings", booking(**later), FORM_KEY, Idempotency_Key="one")
    assert (answer.status, answer.problem) == (409, "slot-taken")


def test_a_refusal_is_not_kept(api: Api) -> None:
    made = api.books()
    refused = api("POST", "/v1/bookings", booking(), FORM_KEY, Idempotency_Key="one")
    assert refused.status == 409
    api("DELETE", f"/v1/bookings/{made['booking_id']}", key=FORM_KEY, If_Match="*")
    again = api("POST", "/v1/bookings", booking(), FORM_KEY, Idempotency_Key="one")
    assert (again.status, "Idempotency-Replayed" in again.headers) == (201, False)


def test_keys_of_different_actors_are_different_keys(api: Api) -> None:
    bodies = [booking(space_id, person=eero()) for space_id in ("pod", "studio", "desks")]
    answers = [
        api("POST", "/v1/bookings", body, key, Idempotency_Key="one")
        for body, key in zip(bodies, (None, FORM_KEY, STAFF_KEY), strict=True)
    ]
    assert [answer.status for answer in answers] == [201, 201, 201]


def test_keys_of_different_paths_and_methods_are_different_keys(api: Api) -> None:
    first, second = api.books(), api.books(space_ids=["studio"])
    answers = [
        api("PATCH", f"/v1/bookings/{first['booking_id']}", {"title": "Uusi"}, FORM_KEY, **tag)
        for tag in [{"If_Match": "*", "Idempotency_Key": "one"}]
    ]
    for made in (first, second):
        path = f"/v1/bookings/{made['booking_id']}"
        answers.append(api("DELETE", path, key=FORM_KEY, If_Match="*", Idempotency_Key="one"))
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert not any("Idempotency-Replayed" in answer.headers for answer in answers)


@pytest.mark.parametrize("tag", ['"1"', "*", None])
def test_a_change_is_replayed_before_its_tag_is_looked_at(api: Api, tag: str | None) -> None:
    path = f"/v1/bookings/{api.books()['booking_id']}"
    headers = {} if tag is None else {"If_Match": tag}
    change = {"title": "Uusi"}
    first = api("PATCH", path, change, FORM_KEY, If_Match='"1"', Idempotency_Key="one")
    same(first, api("PATCH", path, change, FORM_KEY, Idempotency_Key="one", **headers))


def test_a_cancellation_is_replayed(api: Api) -> None:
    path = f"/v1/bookings/{api.books()['booking_id']}?reason=Muutos"
    first = api("DELETE", path, key=FORM_KEY, If_Match='"1"', Idempotency_Key="one")
    same(first, api("DELETE", path, key=FORM_KEY, If_Match='"1"', Idempotency_Key="one"))


@pytest.mark.parametrize("verb", ["approve", "deny"])
def test_a_decision_is_replayed(api: Api, verb: str) -> None:
    path = f"/v1/staff/bookings/{api.books(space_ids=['lab'])['booking_id']}/{verb}"
    first = api("POST", path, {}, STAFF_KEY, Idempotency_Key="one")
    assert first.status == 200
    same(first, api("POST", path, {}, STAFF_KEY, Idempotency_Key="one"))
    without = api("POST", path, {}, STAFF_KEY)
    assert (without.status, without.problem) == (409, "stale-state")


def test_the_list_of_affected_bookings_is_replayed_as_it_was(api: Api) -> None:
    made = api.books(attendees=2)
    path = "/v1/staff/spaces/pod"
    send: dict[str, Any] = {"If_Match": "*", "Idempotency_Key": "one"}
    first = api("PATCH", path, {"capacity": 1}, STAFF_KEY, **send)
    assert [each["booking_id"] for each in first.json["affected"]] == [made["booking_id"]]
    api("DELETE", f"/v1/bookings/{made['booking_id']}", key=FORM_KEY, If_Match="*")
    same(first, api("PATCH", path, {"capacity": 1}, STAFF_KEY, **send))


def test_a_new_space_is_replayed(api: Api) -> None:
    first = api("POST", "/v1/staff/spaces", SPACE, STAFF_KEY, Idempotency_Key="one")
    assert first.status == 201
    same(first, api("POST", "/v1/staff/spaces", SPACE, STAFF_KEY, Idempotency_Key="one"))


def test_the_site_s_settings_are_replayed(api: Api) -> None:
    send: dict[str, Any] = {"If_Match": '"1"', "Idempotency_Key": "one"}
    path, change = "/v1/staff/settings", {"hold_minutes": 15}
    first = api("PATCH", path, change, STAFF_KEY, **send)
    assert first.status == 200
    same(first, api("PATCH", path, change, STAFF_KEY, **send))


def test_a_closure_is_replayed_as_it_was_with_what_was_in_its_way(api: Api) -> None:
    made = api.books(start="2026-12-10T10:00", end="2026-12-10T11:00")
    first = api("POST", "/v1/staff/closures", CLOSURE, STAFF_KEY, Idempotency_Key="one")
    assert [each["booking_id"] for each in first.json["conflicts"]] == [made["booking_id"]]
    api("DELETE", f"/v1/bookings/{made['booking_id']}", key=FORM_KEY, If_Match="*")
    same(first, api("POST", "/v1/staff/closures", CLOSURE, STAFF_KEY, Idempotency_Key="one"))
    assert len(api.store.closures) == 1


def test_the_lifting_of_a_closure_is_replayed(api: Api) -> None:
    closure = api("POST", "/v1/staff/closures", CLOSURE, STAFF_KEY).json
    path = f"/v1/staff/closures/{closure['closure_id']}"
    first = api("DELETE", path, key=STAFF_KEY, If_Match="*", Idempotency_Key="one")
    assert (first.status, first.json["state"]) == (200, "lifted")
    same(first, api("DELETE", path, key=STAFF_KEY, If_Match="*", Idempotency_Key="one"))


def test_an_answer_that_a_crash_left_unfinished_is_finished_by_its_replay(api: Api) -> None:
    made = api.books(attendees=2)
    path, send = "/v1/staff/spaces/pod", {"If_Match": "*", "Idempotency_Key": "one"}

    def die(name: str) -> None:
        if name == "ledger.resource_days":
            raise RuntimeError("the power went")

    api.store.before = die
    assert api("PATCH", path, {"capacity": 1}, STAFF_KEY, **send).status == 500
    api.store.before = lambda name: None
    again = api("PATCH", path, {"capacity": 1}, STAFF_KEY, **send)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert [each["booking_id"] for each in again.json["affected"]] == [made["booking_id"]]
    third = api("PATCH", path, {"capacity": 1}, STAFF_KEY, **send)
    assert third.raw == again.raw


@pytest.mark.parametrize("key", ["", '""', "a b", "ä", "x" * 256, "tab\there"])
def test_a_key_that_is_none_is_refused(api: Api, untouched: None, key: str) -> None:
    answer = api("POST", "/v1/bookings", booking(), FORM_KEY, Idempotency_Key=key)
    assert (answer.status, answer.problem) == (422, "invalid-request")
    assert answer.pointers == {"/idempotency_key": "invalid-request"}


def test_a_form_brings_its_key_in_a_field(api: Api) -> None:
    form = {
        "space_id": "pod",
        "start": "2026-12-02T10:00",
        "end": "2026-12-02T11:00",
        "name": "Aino Aalto",
        "email": "aino.aalto@gov.fi",
        "accept_terms": "on",
        "idempotency_key": "one",
    }
    first = api("POST", "/v1/bookings", form=form)
    assert first.status == 201
    same(first, api("POST", "/v1/bookings", form=form))
    other = api("POST", "/v1/bookings", form=form | {"title": "Toinen"})
    assert (other.status, other.problem) == (422, "idempotency-mismatch")


def test_a_json_body_has_no_field_for_its_key(api: Api, untouched: None) -> None:
    answer = api("POST", "/v1/bookings", booking(idempotency_key="one"))
    assert answer.pointers == {"/idempotency_key": "invalid-request"}


def test_without_a_key_two_requests_are_two(api: Api) -> None:
    api.books()
    answer = api("POST", "/v1/bookings", booking(), FORM_KEY)
    assert (answer.status, answer.problem) == (409, "slot-taken")


def test_one_thing_said_in_two_ways_is_one_request(api: Api) -> None:
    """The fingerprint is of what was meant: instants, and the spaces."""
    one = booking(start="2026-12-02T10:00", end="2026-12-02T11:00", space_ids=..., space_id="pod")
    first = api("POST", "/v1/bookings", one, FORM_KEY, Idempotency_Key="same")
    again = api("POST", "/v1/bookings", booking(), FORM_KEY, Idempotency_Key="same")
    assert (first.status, again.status, again.json) == (201, 201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
