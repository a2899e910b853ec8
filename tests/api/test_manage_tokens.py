"""The token of a booking's link, as programs show it: for its booking, for what it allows, until it is over."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.api.call import KEY
from chalicelib.domain.bookings import State
from chalicelib.domain.people import ERASED
from chalicelib.services import links, opening
from tests.api.conftest import FORM_KEY, Answer, Api, booking
from tests.api.contract import the_document

BEYOND = "b_" + "x" * 22


def token_of(api: Api, booking_id: str) -> str:
    """As the API takes it."""
    token = links.token_of(api.ports, "manage", booking_id)
    return opening.bearer_of(booking_id, token)


@pytest.fixture
def made(api: Api) -> str:
    return str(api.books(key=None)["booking_id"])


def test_it_shows_changes_and_cancels_its_booking(api: Api, made: str) -> None:
    bearer, address = token_of(api, made), f"/v1/bookings/{made}"
    assert api("GET", address, key=bearer).json["title"] == "Suunnittelu"
    assert "person" not in api("GET", address, key=bearer).json
    assert api("GET", f"{address}/booking.ics", key=bearer).status == 200
    changed = api("PATCH", address, {"title": "Toinen"}, bearer, If_Match="*")
    assert (changed.status, changed.json["title"]) == (200, "Toinen")
    assert api("DELETE", address, key=bearer, If_Match="*").json["state"] == "cancelled"
    by = [each["actor"] for each in api.store.audit if each["subject"] == f"booking#{made}"]
    assert by == ["anonymous", f"link#{made}", f"link#{made}"]


def test_a_cancelled_booking_still_shows_that_it_is(api: Api, made: str) -> None:
    """L-05"""
    bearer, address = token_of(api, made), f"/v1/bookings/{made}"
    api("DELETE", address, key=bearer, If_Match="*")
    assert api("GET", address, key=bearer).json["state"] == "cancelled"
    assert api("DELETE", address, key=bearer, If_Match="*").status == 200
    api.clock.time = api.store.bookings[made].ends_at
    assert api("GET", address, key=bearer).status == 401


def test_it_is_for_nothing_else(api: Api, made: str) -> None:
    """What it may not see or do is not there."""
    bearer = token_of(api, made)
    other = api.books(space_ids=["studio"])["booking_id"]
    for method, path in (
        ("GET", f"/v1/bookings/{other}"),
        ("DELETE", f"/v1/bookings/{other}"),
        ("GET", "/v1/me"),
        ("GET", "/v1/staff/bookings?from=2026-12-02&to=2026-12-03"),
    ):
        assert api(method, path, key=bearer, If_Match="*").status == 404
    assert api("POST", "/v1/bookings", booking(space_ids=["hall"]), bearer).status == 404
    assert api.store.bookings[other].state is State.CONFIRMED


def dead(api: Api, made: str) -> dict[str, tuple[str, str]]:
    """Tokens that open nothing, each with the id that it is shown for, and what made them so."""
    other = api.books(space_ids=["studio"])["booking_id"]
    times = {"start": "2026-12-01T10:00", "end": "2026-12-01T11:00"}
    over = api.books(key=None, space_ids=["hall"], **times)["booking_id"]
    forgotten = api.books(key=None, space_ids=["hall"])["booking_id"]
    api.store.bookings[forgotten] = replace(api.store.bookings[forgotten], person_id=ERASED)
    api.clock.forward(hours=2)
    api.ports.settings.get()
    token = links.token_of(api.ports, "manage", made)
    return {
        "wrong": (made, "0" * 48),
        "tampered": (made, token[:-1] + ("0" if token[-1] != "0" else "1")),
        "another's": (other, token),
        "of another purpose": (made, links.token_of(api.ports, "decide", made)),
        "of nothing": (BEYOND, links.token_of(api.ports, "manage", BEYOND)),
        "over": (over, links.token_of(api.ports, "manage", over)),
        "forgotten": (forgotten, links.token_of(api.ports, "manage", forgotten)),
    }


def told(answer: Answer) -> tuple[Any, ...]:
    """All that a reader can compare."""
    return (answer.status, sorted(answer.headers.items()), answer.raw)


def test_tokens_that_open_nothing_are_answered_alike(api: Api, made: str) -> None:
    """L-04: the same bytes after the same storage calls, in the API and on the page."""
    by_program, by_page = set(), set()
    for booking_id, token in dead(api, made).values():
        for method in ("GET", "PATCH", "DELETE"):
            api.store.calls.clear()
            bearer = opening.bearer_of(booking_id, token)
            body = {} if method == "PATCH" else None
            answer = api(method, f"/v1/bookings/{booking_id}", body, bearer, If_Match="*")
            by_program.add((*map(str, told(answer)), tuple(api.store.calls)))
        for method in ("GET", "POST"):
            api.store.calls.clear()
            answer = api(
                method, f"/manage/{booking_id}/{token}", form={} if method == "POST" else None
            )
            said = answer.text.replace(booking_id, "").replace(token, "")
            looks = [name for name in api.store.calls if name != "limits.count"]
            by_page.add((answer.status, said, tuple(looks)))
    assert [(each[0], each[-1]) for each in by_program] == [("401", ("bookings.get",))]
    assert [(each[0], each[-1]) for each in by_page] == [(404, ("bookings.get",))]


@pytest.mark.parametrize("purpose", ["manage", "decide"])
def test_the_pages_die_with_the_booking(api: Api, made: str, purpose: str) -> None:
    url = {"manage": links.manage_url, "decide": links.decide_url}[purpose]
    path = url(api.ports, api.store.bookings[made]).removeprefix("https://lab.example")
    assert api("GET", path).status == 200
    whole = api.store.bookings[made]
    api.store.bookings[made] = replace(whole, person_id=ERASED)
    assert api("GET", path).status == 404
    api.store.bookings[made] = whole
    api.clock.time = whole.ends_at
    assert api("GET", path).status == 404


@pytest.mark.parametrize("text", ["manage", "manage.", "manage.b_1", "manage.b_1.", "manage.b/1.0"])
def test_what_only_looks_like_one_is_a_key_that_is_none(api: Api, text: str) -> None:
    assert api("GET", "/v1/bookings/b_1", key=text).status == 401


def test_the_longest_one_is_a_key_in_form_and_the_document_says_how_it_is_made(api: Api) -> None:
    whole = opening.bearer_of("b" * 64, "0" * 48)
    assert KEY.fullmatch(whole)
    assert opening.BEARER.fullmatch(whole)
    scheme = the_document()["components"]["securitySchemes"]["key"]
    assert "`manage.{booking_id}.{token}`" in scheme["description"]


def test_it_lets_nobody_answer_for_its_person(api: Api, made: str) -> None:
    """It is in no address and no answer: only whoever has read the mail has it."""
    secret = links.token_of(api.ports, "manage", made)
    for key in (FORM_KEY, token_of(api, made)):
        assert secret not in api("GET", f"/v1/bookings/{made}", key=key).text
