"""The OpenAPI document: valid, complete, and the same as what is registered."""

import subprocess
import sys
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from openapi_spec_validator import validate as validate_document

from app import app
from chalicelib import VERSION
from chalicelib.api.problems import STATUS
from chalicelib.api.table import ALL
from tests.api.conftest import STAFF_KEY, Api
from tests.api.contract import addressed, the_document
from tests.api.every import PAGE_OPERATIONS

# Their answers set a cookie that is nowhere kept, so there is nothing to give again.
SECRET = ("POST /v1/auth/links", "POST /v1/auth/session", "DELETE /v1/auth/session")
METHODS = ("get", "post", "put", "patch", "delete")
# Those of api.md's table that are built so far.
OPERATIONS = {
    "GET /v1/health",
    "GET /v1/openapi.json",
    "GET /v1/spaces",
    "GET /v1/spaces/{space_id}",
    "GET /v1/spaces/{space_id}/calendar.ics",
    "GET /v1/spaces/{space_id}/freebusy.ics",
    "GET /v1/bookings/{booking_id}/booking.ics",
    "GET /v1/availability",
    "GET /v1/freebusy",
    "POST /v1/freebusy",
    "POST /v1/bookings/preview",
    "POST /v1/bookings",
    "GET /v1/bookings/{booking_id}",
    "PATCH /v1/bookings/{booking_id}",
    "DELETE /v1/bookings/{booking_id}",
    "GET /v1/staff/bookings",
    "POST /v1/staff/bookings/{booking_id}/approve",
    "POST /v1/staff/bookings/{booking_id}/deny",
    "GET /v1/staff/spaces",
    "POST /v1/staff/spaces",
    "GET /v1/staff/spaces/{space_id}",
    "PATCH /v1/staff/spaces/{space_id}",
    "GET /v1/staff/settings",
    "PATCH /v1/staff/settings",
    "GET /v1/events",
    "GET /v1/events/{event_id}",
    "GET /v1/events.ics",
    "GET /v1/events/{event_id}/event.ics",
    "POST /v1/events/{event_id}/signups",
    "GET /v1/signups/{signup_id}",
    "GET /v1/signups/{signup_id}/ticket",
    "PATCH /v1/signups/{signup_id}",
    "DELETE /v1/signups/{signup_id}",
    "POST /v1/signups/{signup_id}/confirm",
    "POST /v1/signups/{signup_id}/code",
    "POST /v1/signups/{signup_id}/accept",
    "POST /v1/signups/{signup_id}/decline",
    "POST /v1/signups/{signup_id}/hand-over",
    "POST /v1/staff/signups/{signup_id}/move-up",
    "GET /v1/staff/events",
    "POST /v1/staff/events",
    "GET /v1/staff/events/{event_id}",
    "PATCH /v1/staff/events/{event_id}",
    "DELETE /v1/staff/events/{event_id}",
    "POST /v1/staff/events/{event_id}/publish",
    "POST /v1/staff/events/{event_id}/copies",
    "GET /v1/staff/events/{event_id}/notices",
    "POST /v1/staff/events/{event_id}/notices",
    "GET /v1/staff/events/{event_id}/series",
    "POST /v1/staff/events/{event_id}/series",
    "POST /v1/staff/events/{event_id}/signups/batch",
    "GET /v1/staff/events/{event_id}/signups",
    "GET /v1/staff/events/{event_id}/signups.csv",
    "GET /v1/staff/events/{event_id}/signups.xlsx",
    "GET /v1/staff/events/{event_id}/figures",
    "POST /v1/staff/events/{event_id}/check-in",
    "POST /v1/staff/events/{event_id}/walk-ins",
    "POST /v1/staff/signups/{signup_id}/check-in",
    "POST /v1/staff/signups/{signup_id}/let-in",
    "DELETE /v1/staff/signups/{signup_id}/check-in",
    "GET /v1/staff/closures",
    "POST /v1/staff/closures",
    "GET /v1/staff/closures/{closure_id}",
    "DELETE /v1/staff/closures/{closure_id}",
    "POST /v1/bookings/{booking_id}/confirm",
    "POST /v1/bookings/{booking_id}/code",
    "POST /v1/auth/links",
    "POST /v1/auth/session",
    "DELETE /v1/auth/session",
    "GET /v1/me",
    "PATCH /v1/me",
    "GET /v1/me/bookings",
    "GET /v1/me/signups",
    "GET /v1/me/export",
    "GET /v1/me/feeds",
    "POST /v1/me/feeds",
    "DELETE /v1/me/feeds/{feed_id}",
    "GET /v1/feeds/{token}/calendar.ics",
    "DELETE /v1/me",
    "DELETE /v1/staff/persons/{person_id}",
    "GET /v1/staff/audit",
    "GET /v1/staff/outbox",
    "POST /v1/staff/outbox/{message_id}/send",
    "GET /v1/staff/mails/{kind}",
    "POST /v1/staff/addresses/trust",
    "GET /v1/staff/persons",
    "POST /v1/staff/persons",
    "GET /v1/staff/persons/{person_id}",
    "PATCH /v1/staff/persons/{person_id}",
    "GET /v1/staff/keys",
    "POST /v1/staff/keys",
    "DELETE /v1/staff/keys/{key_id}",
}


def operations() -> dict[str, dict[str, Any]]:
    """Every operation of the document, as "GET /v1/health"."""
    return {
        f"{method.upper()} {path}": operation
        for path, item in the_document()["paths"].items()
        for method, operation in item.items()
    }


def test_the_document_is_valid_openapi_3_1(api: Api) -> None:
    served = api("GET", "/v1/openapi.json").json
    assert served == the_document()
    assert served["openapi"].startswith("3.1.")
    validate_document(served, cls=OpenAPIV31SpecValidator)


def test_the_document_is_served_at_the_base_address_of_the_settings(make_api) -> None:
    api = make_api(base_url="http://127.0.0.1:4566/api")
    served = api("GET", "/v1/openapi.json").json
    assert served["servers"] == [{"url": "http://127.0.0.1:4566/api"}]
    assert served["info"]["version"] == VERSION == api("GET", "/v1/health").json["version"]


def test_every_operation_of_api_md_that_is_built_is_in_the_document() -> None:
    assert set(operations()) == OPERATIONS


def test_every_registered_path_is_in_the_document_or_a_page() -> None:
    """And the other way round."""
    pages = {operation.path for operation in PAGE_OPERATIONS.values()}
    assert set(app.routes) - pages == set(the_document()["paths"])


@pytest.mark.parametrize("path", sorted(the_document()["paths"]))
def test_a_method_is_taken_exactly_where_it_is_described(api: Api, path: str) -> None:
    described = the_document()["paths"][path]
    for method in METHODS:
        taken = api(method.upper(), addressed(path), key=STAFF_KEY).status != 405
        assert taken is (method in described), method


def test_every_path_is_registered_for_every_method() -> None:
    """Otherwise the gateway would answer, and not with 405."""
    every = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
    assert {path: set(entries) for path, entries in app.routes.items()} == dict.fromkeys(
        app.routes, every
    )


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for operation in operations().values()]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", sorted(operations()))
def test_an_operation_says_what_it_is_and_how_it_can_fail(name: str) -> None:
    method, _, path = name.partition(" ")
    operation = operations()[name]
    statuses = set(operation["responses"])
    assert operation["summary"]
    assert operation["description"]
    assert {"401", "422", "429", "500", "503"} <= statuses
    assert ("404" in statuses) >= ("{" in path or "/staff/" in path)
    # What is ended and not changed has no version: a session, a key, a feed.
    conditional = "If-Match" in {parameter["name"] for parameter in operation["parameters"]}
    assert ("428" in statuses) is (conditional and method in ("PATCH", "DELETE"))
    assert ("304" in statuses) is (method == "GET" and "ETag" in str(operation["responses"]))
    assert ("415" in statuses) is ("requestBody" in operation)
    assert ("413" in statuses) is (method != "GET")
    named = {parameter["name"] for parameter in operation["parameters"]}
    assert {each for each in named if f"{{{each}}}" in path} == {
        parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"
    }
    assert conditional >= (method == "PATCH")
    reads = ("GET", "POST /v1/freebusy", "POST /v1/bookings/preview", *SECRET)
    assert ("Idempotency-Key" in named) is not (method in reads or name in reads)


@pytest.mark.parametrize("name", sorted(operations()))
def test_every_refusal_is_problem_json(name: str) -> None:
    """Forms also get it as a page, where a browser posts them."""
    forms = ("POST /v1/bookings", "POST /v1/events/{event_id}/signups")
    pages = ["text/html"] if name in forms else []
    for status, answer in operations()[name]["responses"].items():
        if int(status) >= 400:
            assert list(answer["content"]) == ["application/problem+json", *pages], status


def test_every_status_of_a_problem_is_described_somewhere() -> None:
    described = {status for each in operations().values() for status in each["responses"]}
    later = {"forbidden"}  # a failed form check; with the sessions that need one
    everywhere = {"method-not-allowed"}  # of methods that have no operation
    wanted = {str(status) for code, status in STATUS.items() if code not in later | everywhere}
    assert wanted <= described


def test_every_schema_is_json_schema_and_every_field_of_a_request_is_bounded() -> None:
    schemas = the_document()["components"]["schemas"]
    for name, schema in schemas.items():
        Draft202012Validator.check_schema(schema)
        assert schema.get("additionalProperties") is False, name


def test_examples_fit_their_schemas() -> None:
    for name, schema in the_document()["components"]["schemas"].items():
        for field, described in schema.get("properties", {}).items():
            for example in described.get("examples", []):
                Draft202012Validator(described).validate(example), (name, field)


def test_the_document_can_be_printed() -> None:
    """What `make openapi` does."""
    printed = subprocess.run(
        [sys.executable, "-m", "chalicelib.api.openapi"], capture_output=True, check=True
    ).stdout
    assert b'"openapi": "3.1.0"' in printed


def test_forms_are_described_beside_json() -> None:
    content = operations()["POST /v1/bookings"]["requestBody"]["content"]
    assert set(content) == {"application/json", "application/x-www-form-urlencoded"}
    form = the_document()["components"]["schemas"]["BookingForm"]["properties"]
    json_fields = set(the_document()["components"]["schemas"]["BookingIn"]["properties"])
    nested = {"person", "equipment", "facilitation"}
    assert json_fields - nested <= set(form)
    assert {"name", "email", "organisation", "language"} <= set(form)
    assert {"next", "idempotency_key", "website", "form_token"} <= set(form)


def test_the_table_has_no_operation_twice() -> None:
    names = [
        f"{operation.method} {operation.path}" for routes in ALL for operation in routes.operations
    ]
    assert len(names) == len(set(names))
