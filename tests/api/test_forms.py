"""What a plain HTML form sends: urlencoded, flat names, empty fields, `on`, times without seconds."""

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.api.conftest import FORM_KEY, STAFF_KEY, Api, booking

FIELDS = {
    "space_id": "studio",
    "start": "2026-12-02T10:00",
    "end": "2026-12-02T12:00",
    "title": "Tiimin syyssuunnittelu",
    "attendees": "8",
    "name": "Aino Aalto",
    "email": "aino.aalto@gov.fi",
    "organisation": "VM",
    "language": "sv",
    "accept_terms": "on",
}


def form(**changes: Any) -> dict[str, Any]:
    """A form that is taken; a field that is ... is left out."""
    return {name: value for name, value in (FIELDS | changes).items() if value is not ...}


def test_a_form_books_as_json_does(api: Api) -> None:
    answer = api("POST", "/v1/bookings", form=form())
    assert answer.status == 201
    body = answer.json
    assert (body["space_ids"], body["attendees"]) == (["studio"], 8)
    assert body["start"] == "2026-12-02T10:00:00+02:00"
    person = api("GET", f"/v1/bookings/{body['booking_id']}", key=STAFF_KEY).json["person"]
    assert person == {
        "name": "Aino Aalto",
        "email": "aino.aalto@gov.fi",
        "organisation": "VM",
        "language": "sv",
    }


def test_empty_fields_are_absent(api: Api) -> None:
    empty = {"notes": "", "units": "", "organisation": "", "website": "", "attendees": ""}
    answer = api("POST", "/v1/bookings", form=form(**empty))
    assert (answer.status, answer.json["units"], answer.json["attendees"]) == (201, 1, 1)


def test_an_empty_field_that_is_needed_is_missing(api: Api, untouched: None) -> None:
    answer = api("POST", "/v1/bookings", form=form(name="", start=""), Accept_Language="en")
    assert answer.pointers == {
        "/person/name": "invalid-request",
        "/start": "invalid-request",
    }
    assert {each["message"] for each in answer.json["errors"]} == {"This is required."}


def test_a_checkbox_that_is_not_ticked_is_not_there(api: Api, untouched: None) -> None:
    answer = api("POST", "/v1/bookings", form=form(accept_terms=...))
    assert (answer.status, answer.problem) == (422, "terms-not-accepted")


@pytest.mark.parametrize("ticked", ["on", "true", "1", "yes"])
def test_a_ticked_checkbox_is_true(api: Api, ticked: str) -> None:
    assert api("POST", "/v1/bookings", form=form(accept_terms=ticked)).status == 201


def test_several_spaces_equipment_and_a_facilitator_fit_into_a_form(api: Api) -> None:
    more = {
        "space_id": ...,
        "space_ids": ["studio", "pod"],
        "equipment_screen": "1",
        "facilitation_wanted": "on",
        "facilitation_notes": "Alustus",
    }
    body = api("POST", "/v1/bookings", form=form(**more)).json
    assert (body["space_ids"], body["equipment"]) == (["studio", "pod"], {"screen": 1})
    assert body["facilitator"]


def test_one_of_several_is_one(api: Api) -> None:
    answer = api("POST", "/v1/bookings", form=form(space_id=..., space_ids="pod", attendees="2"))
    assert answer.json["space_ids"] == ["pod"]


def test_staff_s_form_may_override(api: Api) -> None:
    late = {"start": "2026-12-02T20:00", "end": "2026-12-02T21:00"}
    answer = api(
        "POST", "/v1/bookings", key=STAFF_KEY, form=form(override="outside-opening-hours", **late)
    )
    assert answer.status == 201


def test_a_field_that_no_person_sees_gives_a_machine_away(api: Api, untouched: None) -> None:
    """B120."""
    answer = api("POST", "/v1/bookings", form=form(website="https://spam.example"))
    assert (answer.status, answer.pointers) == (422, {"/website": "invalid-request"})


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("colour", "red", "/colour"),
        ("attendees", "many", "/attendees"),
        ("attendees", "1.5", "/attendees"),
        ("start", ["2026-12-02T10:00", "2026-12-02T11:00"], "/start"),
        ("email", "aino", "/person/email"),
        ("language", "de", "/person/language"),
        ("title", "a\nb", "/title"),
        ("title", "a\x00b", "/title"),
        ("title", "\ud800".encode("utf-8", "surrogatepass"), ""),
        ("title", b"\xff", ""),
        ("equipment_screen", "one", "/equipment/screen"),
        ("person", "Aino", "/person"),
    ],
)
def test_a_wrong_field_is_refused_where_it_is(
    api: Api, untouched: None, field: str, value: Any, pointer: str
) -> None:
    sent = form(**{field: value})
    if field == "person":
        sent = form(person=value, name=..., email=..., organisation=..., language=...)
    answer = api("POST", "/v1/bookings", form=sent)
    assert (answer.status, answer.problem) == (422, "invalid-request")
    assert pointer in answer.pointers


def test_a_wrong_field_hides_no_broken_rule(api: Api, untouched: None) -> None:
    answer = api("POST", "/v1/bookings", form=form(name="", accept_terms=..., attendees="99"))
    assert answer.codes == ["invalid-request", "terms-not-accepted", "over-capacity"]


def test_a_form_with_too_many_fields_is_refused(make_api) -> None:
    api = make_api(allowed_sites=("https://form.example",))
    before = api.contents()
    many = urlencode([(f"f{number}", "x") for number in range(500)]).encode()
    answer = api("POST", "/v1/bookings", form=many, Origin="https://form.example")
    assert (answer.status, answer.problem) == (422, "invalid-request")
    assert api.contents() == before


def test_a_form_and_json_of_one_meaning_share_a_key(api: Api) -> None:
    body = booking(space_ids=["pod"], person={"name": "Aino Aalto", "email": "aino.aalto@gov.fi"})
    body |= {"start": "2026-12-02T10:00", "end": "2026-12-02T11:00"}
    sent = form(
        space_id=...,
        space_ids="pod",
        end="2026-12-02T11:00",
        title="Suunnittelu",
        attendees="1",
        organisation=...,
        language=...,
        idempotency_key="one",
    )
    first = api("POST", "/v1/bookings", body, FORM_KEY, Idempotency_Key="one")
    again = api("POST", "/v1/bookings", key=FORM_KEY, form=sent)
    assert (again.raw, again.headers["Idempotency-Replayed"]) == (first.raw, "true")


def test_a_header_s_key_comes_before_a_field_s(api: Api) -> None:
    first = api("POST", "/v1/bookings", form=form(idempotency_key="field"), Idempotency_Key="head")
    again = api("POST", "/v1/bookings", form=form(idempotency_key="other"), Idempotency_Key="head")
    assert (again.raw, again.headers["Idempotency-Replayed"]) == (first.raw, "true")


def test_a_form_can_be_previewed(api: Api, untouched: None) -> None:
    answer = api("POST", "/v1/bookings/preview", form=form())
    assert (answer.status, answer.json["items"][0]["possible"]) == (200, True)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "https://lab.example.evil.example"]
)
def test_a_form_on_a_strange_site_is_forbidden(api: Api, untouched: None, origin: str) -> None:
    answer = api("POST", "/v1/bookings", form=form(), Origin=origin)
    assert (answer.status, answer.problem) == (403, "forbidden")


@pytest.mark.parametrize("origin", ["https://lab.example", "https://form.example"])
def test_a_form_of_ours_or_of_an_allowed_site_is_taken(make_api, origin: str) -> None:
    api = make_api(allowed_sites=("https://form.example",))
    assert api("POST", "/v1/bookings", form=form(), Origin=origin).status == 201


def test_a_form_is_ours_by_the_address_that_it_was_read_at(api: Api) -> None:
    origin = {"Origin": "http://localhost:4566", "Host": "localhost:4566"}
    assert api("POST", "/v1/bookings", form=form(), **origin).status == 201
