"""Events that reach no view of ours: Chalice's own errors have our shape too."""

import json
from typing import Any

import pytest

from app import app
from chalicelib.api.application import Application
from chalicelib.api.replies import SECURITY_HEADERS
from tests.api.contract import PROBLEM_SCHEMA, conforms


def event(**changes: Any) -> dict[str, Any]:
    """An event of API Gateway's for GET /v1/health."""
    context = {
        "httpMethod": "GET",
        "resourcePath": "/v1/health",
        "requestId": "r-1",
        "identity": {"sourceIp": "192.0.2.1"},
    }
    return {
        "requestContext": context | changes.pop("context", {}),
        "headers": {"Accept-Language": "en"},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
    } | changes


def problem(answer: dict[str, Any]) -> dict[str, Any]:
    """The problem of an answer, with its headers looked at."""
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert answer["headers"]["X-Request-Id"] == "r-1"
    assert answer["headers"]["Cache-Control"] == "no-store"
    assert SECURITY_HEADERS.items() <= answer["headers"].items()
    body = json.loads(answer["body"])
    conforms(body, PROBLEM_SCHEMA)
    assert (body["status"], body["instance"]) == (answer["statusCode"], "r-1")
    return body


def test_an_ordinary_event_is_answered_with_its_request_id() -> None:
    answer = app(event(), None)
    assert (answer["statusCode"], answer["headers"]["X-Request-Id"]) == (200, "r-1")


def test_a_method_that_no_path_takes_is_405_with_allow() -> None:
    answer = app(event(context={"httpMethod": "TRACE"}), None)
    assert problem(answer)["type"] == "/problems/method-not-allowed"
    assert "GET" in answer["headers"]["Allow"]


def test_a_path_that_is_not_registered_is_a_problem() -> None:
    answer = app(event(context={"resourcePath": "/v1/nowhere"}), None)
    assert problem(answer)["type"] == "/problems/not-found"
    assert "/v1/nowhere" not in app.routes


def test_an_event_without_a_path_is_a_problem() -> None:
    answer = app(event(context={"resourcePath": None}), None)
    assert problem(answer)["status"] == 500


def test_an_error_of_chalice_s_is_in_the_reader_s_language() -> None:
    swedish = event(context={"httpMethod": "TRACE"}, headers={"accept-language": "sv"})
    assert problem(app(swedish, None))["title"] == "Fel metod"
    nothing = event(context={"httpMethod": "TRACE"}, headers=None)
    assert problem(app(nothing, None))["title"] == "Väärä metodi"


@pytest.mark.parametrize(("status", "kind"), [(403, "not-found"), (415, "unsupported-media-type")])
def test_statuses_of_chalice_s_own_are_ours(
    monkeypatch: pytest.MonkeyPatch, status: int, kind: str
) -> None:
    bare = {"statusCode": status, "headers": {}, "body": '{"Code": "x"}', "multiValueHeaders": {}}
    monkeypatch.setattr(Application.__base__, "__call__", lambda *_: bare)
    assert problem(app(event(), None))["type"] == f"/problems/{kind}"


def test_a_body_in_base64_is_read() -> None:
    """As the gateway sends one that it takes for binary."""
    import base64

    raw = base64.b64encode(b"x" * 65_537).decode()
    post = event(
        body=raw,
        isBase64Encoded=True,
        context={"httpMethod": "POST", "resourcePath": "/v1/bookings"},
    )
    answer = app(post, None)
    assert json.loads(answer["body"])["type"] == "/problems/too-large"


def test_a_body_that_is_no_text_is_refused() -> None:
    post = event(
        body='{"title": "\ud800"}',
        headers={"content-type": "application/json"},
        context={"httpMethod": "POST", "resourcePath": "/v1/bookings"},
    )
    answer = app(post, None)
    assert answer["statusCode"] == 422
    json.dumps(answer).encode()
