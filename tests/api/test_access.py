"""Who may do what: each operation has a rule, and each rule holds."""

import pytest

from chalicelib.api.routing import Operation
from chalicelib.api.table import ALL
from tests.api.conftest import FORM_KEY, STAFF_KEY, Api

# api.md's column "for". A new operation has to be entered here, or the test below fails.
RULES = {
    "GET /v1/health": "anyone",
    "GET /v1/openapi.json": "anyone",
    "GET /v1/spaces": "anyone",
    "GET /v1/spaces/{space_id}": "anyone",
    "GET /v1/availability": "anyone",
    "GET /v1/freebusy": "anyone",
    "POST /v1/freebusy": "anyone",
    "POST /v1/bookings/preview": "anyone",
    "POST /v1/bookings": "anyone",
    "POST /v1/bookings/{booking_id}/confirm": "anyone",
    "POST /v1/bookings/{booking_id}/code": "anyone",
    "GET /v1/bookings/{booking_id}": "owner",
    "PATCH /v1/bookings/{booking_id}": "owner",
    "DELETE /v1/bookings/{booking_id}": "owner",
    "GET /v1/staff/bookings": "staff",
    "POST /v1/staff/bookings/{booking_id}/approve": "staff",
    "POST /v1/staff/bookings/{booking_id}/deny": "staff",
    "GET /v1/staff/spaces": "staff",
    "POST /v1/staff/spaces": "staff",
    "GET /v1/staff/spaces/{space_id}": "staff",
    "PATCH /v1/staff/spaces/{space_id}": "staff",
    "GET /v1/staff/settings": "staff",
    "PATCH /v1/staff/settings": "staff",
    "GET /v1/staff/closures": "staff",
    "POST /v1/staff/closures": "staff",
    "GET /v1/staff/closures/{closure_id}": "staff",
    "DELETE /v1/staff/closures/{closure_id}": "staff",
    "GET /v1/staff/outbox": "staff",
    "POST /v1/staff/outbox/{message_id}/send": "staff",
    "GET /v1/staff/mails/{kind}": "staff",
    "POST /v1/staff/addresses/trust": "staff",
    "GET /v1/spaces/{space_id}/calendar.ics": "anyone",
    "GET /v1/spaces/{space_id}/freebusy.ics": "anyone",
    "GET /v1/bookings/{booking_id}/booking.ics": "owner",
}
EVERY: dict[str, Operation] = {
    f"{operation.method} {operation.path}": operation
    for routes in ALL
    for operation in routes.operations
}
BODIES = {
    "POST /v1/freebusy": {"from": "2026-12-02", "to": "2026-12-03", "resources": ["pod"]},
    "POST /v1/staff/spaces": {"space_id": "attic", "name": {}},
    "POST /v1/staff/closures": {
        "space_ids": ["pod"],
        "start": "2026-12-10",
        "end": "2026-12-11",
    },
    "PATCH /v1/staff/spaces/{space_id}": {"capacity": 3},
    "PATCH /v1/staff/settings": {"hold_minutes": 5},
    "POST /v1/bookings/{booking_id}/confirm": {"code": "23456789"},
    "POST /v1/staff/addresses/trust": {"email": "aino.aalto@gov.fi"},
}
QUERIES = {
    "GET /v1/availability": "?from=2026-12-02&to=2026-12-03",
    "GET /v1/freebusy": "?from=2026-12-02&to=2026-12-03&resources=pod",
    "GET /v1/staff/bookings": "?from=2026-12-02&to=2026-12-03",
}


def ask(api: Api, name: str, key: str | None, booking_id: str = "b_1") -> int:
    """The status of a well-formed request for an operation."""
    method, _, path = name.partition(" ")
    address = path.format(
        space_id="pod", booking_id=booking_id, closure_id="c_1", message_id="m_1", kind="hold"
    )
    body = BODIES.get(name, None if method in ("GET", "DELETE") else {})
    return api(method, address + QUERIES.get(name, ""), body, key, If_Match="*").status


def of(rule: str) -> list[str]:
    return [name for name, for_whom in RULES.items() if for_whom == rule]


def test_every_operation_has_the_rule_of_the_table() -> None:
    assert {name: operation.who for name, operation in EVERY.items()} == RULES


def test_what_is_under_staff_is_for_staff() -> None:
    assert [name for name in EVERY if "/staff/" in name] == of("staff")


@pytest.mark.parametrize("name", of("anyone"))
@pytest.mark.parametrize("key", [None, FORM_KEY, STAFF_KEY])
def test_anyone_may_do_what_is_for_anyone(api: Api, name: str, key: str | None) -> None:
    assert ask(api, name, key) in (200, 201, 202, 422)


@pytest.mark.parametrize("name", of("owner"))
def test_what_is_somebody_s_is_for_them_and_staff(api: Api, name: str) -> None:
    for mine, other, key in ((FORM_KEY, STAFF_KEY, FORM_KEY), (STAFF_KEY, None, STAFF_KEY)):
        made = api.books(mine)["booking_id"]
        foreign = api.books(other, space_ids=["studio"])["booking_id"]
        assert ask(api, name, None, made) == 401
        assert ask(api, name, "nobody-s", made) == 401
        assert ask(api, name, key, foreign) == (200 if key == STAFF_KEY else 404)
        assert ask(api, name, key, made) == 200
        for left in (made, foreign):
            api("DELETE", f"/v1/bookings/{left}", key=STAFF_KEY, If_Match="*")


@pytest.mark.parametrize("name", of("staff"))
def test_what_is_for_staff_is_hidden_from_everybody_else(api: Api, name: str) -> None:
    before = api.contents()
    assert ask(api, name, None) == 401
    assert ask(api, name, "nobody-s") == 401
    assert ask(api, name, FORM_KEY) == 404
    assert api.contents() == before


@pytest.mark.parametrize("name", of("staff"))
def test_staff_may_do_what_is_for_staff(api: Api, name: str) -> None:
    status = ask(api, name, STAFF_KEY)
    missing = "_id}/" in name or "{closure_id}" in name or name.endswith("/trust")
    assert status == 404 if missing else status in (200, 201)


@pytest.mark.parametrize("name", of("staff"))
def test_who_may_not_learns_nothing_from_how_a_request_is_wrong(api: Api, name: str) -> None:
    method, _, path = name.partition(" ")
    address = path.format(
        space_id="pod", booking_id="b_1", closure_id="c_1", message_id="m_1", kind="hold"
    )
    answers = [
        api(method, address + "?colour=red", key=FORM_KEY),
        api(method, address, b"{", FORM_KEY),
        api(method, address, b"{}", FORM_KEY, Content_Type="text/plain"),
    ]
    assert {answer.status for answer in answers} == {404}


def test_an_anonymous_booking_is_not_every_anonymous_reader_s(api: Api) -> None:
    made = api.books(key=None)["booking_id"]
    for method in ("GET", "PATCH", "DELETE"):
        body = {} if method == "PATCH" else None
        assert api(method, f"/v1/bookings/{made}", body, If_Match="*").status == 401
