"""Proving an address: a held booking, its code, and what becomes of it."""

from chalicelib.domain.messages import Kind
from chalicelib.services import links
from tests.api.conftest import STAFF_KEY, Api, booking

PROVING = {"prove_address": True}


def held(api: Api, *spaces: str, **changes: object) -> tuple[str, str]:
    """A hold of nobody in particular, and the code that was mailed."""
    answer = api("POST", "/v1/bookings", booking(*spaces, **changes))
    assert (answer.status, answer.json["state"]) == (201, "held")
    booking_id = answer.json["booking_id"]
    return booking_id, links.code_of(api.ports, api.store.bookings[booking_id])


def kinds(api: Api) -> list[str]:
    return sorted(each.kind.value for each in api.store.messages.values())


def confirm(api: Api, booking_id: str, code: str, **headers: str):
    return api("POST", f"/v1/bookings/{booking_id}/confirm", {"code": code}, **headers)


def test_the_code_confirms_a_hold(make_api) -> None:
    api = make_api(**PROVING)
    booking_id, code = held(api)
    assert kinds(api) == ["hold"]
    assert api.store.queue == [*api.store.messages]  # it does not wait for the clock
    answer = confirm(api, booking_id, f" {code[:4].lower()}-{code[4:]} ")
    assert (answer.status, answer.json["state"]) == (200, "confirmed")
    assert answer.json["confirm_by"] is None
    assert answer.headers["ETag"] == '"2"'
    assert kinds(api) == ["confirmation", "hold", "reminder", "reminder"]
    assert confirm(api, booking_id, code).json == answer.json
    assert kinds(api) == ["confirmation", "hold", "reminder", "reminder"]


def test_where_staff_decide_the_code_makes_it_a_request(make_api) -> None:
    api = make_api(**PROVING)
    booking_id, code = held(api, "lab")
    assert confirm(api, booking_id, code).json["state"] == "pending"
    assert kinds(api) == ["approval-asked", "hold", "pending"]


def test_a_wrong_code_and_a_booking_that_there_is_not_look_the_same(make_api) -> None:
    api = make_api(**PROVING)
    booking_id, _ = held(api)
    before = api.contents()
    wrong = confirm(api, booking_id, "22222222", Accept_Language="fi")
    none = confirm(api, "b_000000", "22222222", Accept_Language="fi")
    assert (wrong.status, wrong.pointers) == (422, {"/code": "invalid-request"})
    assert {**wrong.json, "instance": ""} == {**none.json, "instance": ""}
    assert api.contents() == before


def test_a_hold_that_ran_out_cannot_be_confirmed_any_more(make_api) -> None:
    """B55"""
    api = make_api(**PROVING)
    booking_id, code = held(api)
    api.clock.forward(minutes=30, seconds=0.5)
    answer = confirm(api, booking_id, code)
    assert (answer.status, answer.problem) == (409, "hold-expired")
    again, code = held(api)
    assert confirm(api, again, code).json["state"] == "confirmed"


def test_what_was_given_up_is_not_confirmed(make_api) -> None:
    api = make_api(**PROVING)
    booking_id, code = held(api)
    api("DELETE", f"/v1/bookings/{booking_id}", key=STAFF_KEY, If_Match="*")
    assert confirm(api, booking_id, code).problem == "stale-state"


def test_a_form_confirms_too(make_api) -> None:
    api = make_api(**PROVING)
    booking_id, code = held(api)
    answer = api("POST", f"/v1/bookings/{booking_id}/confirm", form={"code": code})
    assert answer.json["state"] == "confirmed"


def test_the_code_is_sent_again_but_not_all_the_time(make_api) -> None:
    api = make_api(**PROVING)
    booking_id, _ = held(api)
    path = f"/v1/bookings/{booking_id}/code"
    answers = [api("POST", path, {}) for _ in range(3)]
    assert {(answer.status, answer.text) for answer in answers} == {(202, '{"accepted":true}')}
    assert kinds(api) == ["hold", "hold"]
    api.clock.forward(minutes=5)
    api("POST", path, {})
    assert kinds(api) == ["hold"] * 3
    assert len({each.message_id for each in api.store.messages.values()}) == 3
    assert api("POST", "/v1/bookings/b_000000/code", {}).text == answers[0].text


def test_nobody_is_mailed_for_what_is_no_hold(make_api) -> None:
    api = make_api()
    made = api.books()["booking_id"]
    api("POST", f"/v1/bookings/{made}/code", {})
    assert Kind.HOLD not in {each.kind for each in api.store.messages.values()}


def test_a_key_that_is_none_is_refused_even_where_nothing_is_replayed(make_api) -> None:
    api = make_api(prove_address=True)
    answer = api("POST", "/v1/bookings/b_000000/code", {}, Idempotency_Key="a key")
    assert (answer.status, answer.pointers) == (422, {"/idempotency_key": "invalid-request"})
