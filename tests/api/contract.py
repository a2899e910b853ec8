"""Holds every answer of these tests to the OpenAPI document: path, status, media type, headers, shape."""

import json
import re
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator

from chalicelib.api.openapi import document
from chalicelib.api.table import ALL

BASE_URL = "https://lab.example"
PROBLEM_TYPE = "application/problem+json"
PROBLEM_SCHEMA = {"$ref": "#/components/schemas/ProblemOut"}
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), "
    "publickey-credentials-get=(), usb=()",
}


# An id for each parameter of a path: the pod is there, the others are not.
IDS = {
    "space_id": "pod",
    "booking_id": "b_1",
    "closure_id": "c_1",
    "event_id": "e_1",
    "signup_id": "s_1_2",
    "message_id": "m_1",
    "kind": "hold",
    "key_id": "k_1",
    "person_id": "p_1",
    "feed_id": "f_1",
    "token": "0" * 64,
}


def addressed(path: str) -> str:
    """An address of a path of the document."""
    return path.format(**IDS)


@lru_cache(maxsize=1)
def the_document() -> dict[str, Any]:
    """The document as it is served, through JSON."""
    return json.loads(json.dumps(document(ALL, BASE_URL)))


@lru_cache(maxsize=1)
def _templates() -> list[tuple[re.Pattern[str], str]]:
    """The document's paths, those without parameters first."""
    paths = sorted(the_document()["paths"], key=lambda path: ("{" in path, path))
    return [(re.compile(re.sub(r"{\w+}", "[^/]+", path)), path) for path in paths]


def described(path: str) -> dict[str, Any] | None:
    """What the document says of the path of an address, or None."""
    path = urlsplit(path).path
    for pattern, template in _templates():
        if pattern.fullmatch(path):
            return the_document()["paths"][template]
    return None


@lru_cache(maxsize=256)
def _validator(schema: str) -> Draft202012Validator:
    whole = {**json.loads(schema), "components": the_document()["components"]}
    return Draft202012Validator(whole)


def conforms(body: Any, schema: dict[str, Any]) -> None:
    """Fail where a body is not what a schema of the document says."""
    found = list(_validator(json.dumps(schema)).iter_errors(body))
    assert not found, "\n".join(f"{error.json_path}: {error.message}" for error in found)


def check(method: str, path: str, status: int, headers: dict[str, str], raw: bytes) -> None:
    """Fail where an answer is not one that the document describes."""
    item = described(path)
    if item is None:
        return  # a page, or the gateway's own affair
    for name, value in SECURITY.items():
        assert headers.get(name) == value, name
    assert headers["X-Request-Id"]
    if method in ("OPTIONS", "HEAD") or status == 304:
        assert raw == b""
    operation = item.get("get" if method == "HEAD" else method.lower())
    if operation is None:
        _check_undescribed(item, method, status, headers, raw)
        return
    answer = operation["responses"].get(str(status))
    assert answer, f"{method} {path} answered {status}, which the document does not know: {raw!r}"
    _check_headers(answer, headers)
    if method != "HEAD" and status != 304:
        content = answer["content"]
        kind = headers["Content-Type"]
        kind = kind.removesuffix("; charset=utf-8")
        assert kind in content, f"{method} {path} answered {status} as {kind}"
        if not kind.endswith("json"):
            body = raw.decode("utf-8" if kind.startswith("text/") else "latin-1")
        else:
            body = json.loads(raw)
        conforms(body, content[kind]["schema"])


def _check_undescribed(
    item: dict[str, Any], method: str, status: int, headers: dict[str, str], raw: bytes
) -> None:
    allowed = {name.upper() for name in item} | {"OPTIONS"} | ({"HEAD"} if "get" in item else set())
    assert set(headers["Allow"].split(", ")) == allowed
    assert status == (204 if method == "OPTIONS" else 405)
    if status == 405 and method != "HEAD":
        assert headers["Content-Type"] == PROBLEM_TYPE
        conforms(json.loads(raw), PROBLEM_SCHEMA)


def _check_headers(answer: dict[str, Any], headers: dict[str, str]) -> None:
    for name, described_header in answer.get("headers", {}).items():
        assert name in headers or not described_header["required"], f"{name} is missing"
