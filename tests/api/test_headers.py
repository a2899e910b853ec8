"""Headers of every answer: security, caches, other sites, methods."""

import pytest

from chalicelib.api.routing import ALL_METHODS
from tests.api.conftest import FORM_KEY, STAFF_KEY, Api, booking
from tests.api.contract import addressed, the_document

SITE = "https://site.example"
PATHS = [addressed(path) for path in the_document()["paths"]]


@pytest.fixture
def embedded(make_api) -> Api:
    """A lab whose forms stand on another site."""
    return make_api(allowed_sites=(SITE,))


@pytest.mark.parametrize("method", ALL_METHODS)
@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_the_headers_of_security(api: Api, path: str, method: str) -> None:
    """What `contract.check` looks at, for every path and method, and no scripts at all."""
    for key in (None, STAFF_KEY):
        answer = api(method, path, key=key)
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert answer.headers["Vary"] == "Origin, Accept-Language"
        assert answer.status < 500


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST", "GET"])
@pytest.mark.parametrize("path", PATHS)
def test_another_method_is_405_with_what_is_allowed(api: Api, path: str, method: str) -> None:
    answer = api(method, path, key=STAFF_KEY)
    allowed = answer.headers.get("Allow", "").split(", ")
    if answer.status == 405:
        assert answer.problem == "method-not-allowed"
        assert method not in allowed
        assert "OPTIONS" in allowed
    else:
        assert "Allow" not in answer.headers


@pytest.mark.parametrize("path", PATHS)
def test_options_says_what_is_allowed_and_asks_nobody(api: Api, path: str) -> None:
    api.store.calls.clear()
    answer = api("OPTIONS", path)
    assert (answer.status, answer.raw) == (204, b"")
    assert "OPTIONS" in answer.headers["Allow"]
    assert ("HEAD" in answer.headers["Allow"]) == ("GET" in answer.headers["Allow"])
    assert api.store.calls == []


@pytest.mark.parametrize("path", ["/v1/spaces", "/v1/spaces/pod", "/v1/health", "/v1/spaces/x"])
def test_head_is_get_without_its_body(api: Api, path: str) -> None:
    get, head = api("GET", path), api("HEAD", path)
    assert (head.status, head.raw) == (get.status, b"")
    assert head.headers == get.headers


def test_personal_things_are_kept_in_no_cache(api: Api) -> None:
    made = api.books()
    path = f"/v1/bookings/{made['booking_id']}"
    answers = [
        api("GET", path, key=FORM_KEY),
        api("GET", path),
        api("GET", path, key="wrong"),
        api("PATCH", path, {"title": "x"}, FORM_KEY, If_Match="*"),
        api("DELETE", path, key=FORM_KEY, If_Match="*"),
        api("POST", "/v1/bookings", booking()),
        api("POST", "/v1/bookings", booking()),
        api("GET", "/v1/spaces", key=FORM_KEY),
        api("GET", "/v1/staff/spaces", key=STAFF_KEY),
        api("GET", "/v1/staff/settings", key=STAFF_KEY),
        api("GET", "/v1/staff/bookings?from=2026-12-02&to=2026-12-03", key=STAFF_KEY),
    ]
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}


def test_what_is_for_anyone_is_asked_for_anew_each_time(api: Api) -> None:
    for path in ("/v1/spaces", "/v1/spaces/pod", "/v1/health"):
        assert api("GET", path).headers["Cache-Control"] == "no-cache"


def test_a_site_on_the_list_may_read_answers_and_errors(embedded: Api) -> None:
    for answer in (
        embedded("GET", "/v1/spaces", Origin=SITE),
        embedded("POST", "/v1/bookings", booking(), Origin=SITE),
        embedded("POST", "/v1/bookings", booking(), Origin=SITE),
        embedded("PUT", "/v1/spaces", Origin=SITE),
    ):
        assert answer.headers["Access-Control-Allow-Origin"] == SITE
        exposed = answer.headers["Access-Control-Expose-Headers"]
        assert {"ETag", "Location"} <= set(exposed.split(", "))
        assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_preflight_of_a_site_on_the_list_is_allowed(embedded: Api) -> None:
    answer = embedded("OPTIONS", "/v1/bookings", Origin=SITE, Access_Control_Request_Method="POST")
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    accepted = answer.headers["Access-Control-Allow-Headers"].split(", ")
    assert {"Content-Type", "Idempotency-Key", "If-Match"} <= set(accepted)
    assert "Authorization" not in accepted  # a key is for servers, never for a page


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://site.example",
        "https://site.example.evil.example",
        "null",
        "",
    ],
)
def test_other_sites_may_not(embedded: Api, origin: str) -> None:
    for method in ("GET", "OPTIONS"):
        answer = embedded(method, "/v1/spaces", Origin=origin)
        assert not [name for name in answer.headers if name.startswith("Access-Control")]


def test_the_request_id_is_in_the_answer_and_in_its_problem(api: Api) -> None:
    answer = api("GET", "/v1/spaces/nowhere")
    assert answer.headers["X-Request-Id"] == answer.json["instance"]
