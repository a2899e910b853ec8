"""Errors as problem+json: one table from class to status and problem type, and how it is worded."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, get_origin

from pydantic import ValidationError

from chalicelib.api import texts
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import (
    RULES,
    Alternative,
    Broken,
    Conflict,
    Forbidden,
    IdempotencyMismatch,
    LabError,
    NotFound,
    Problem,
    Refused,
    StaleVersion,
    TooMany,
    Unavailable,
)
from chalicelib.domain.limits import By, Purpose

STATUS = {
    "unauthorised": 401,
    "forbidden": 403,
    "not-found": 404,
    "method-not-allowed": 405,
    "stale-version": 412,
    "too-large": 413,
    "unsupported-media-type": 415,
    "precondition-required": 428,
    "too-many-requests": 429,
    "internal": 500,
    "unavailable": 503,
}
BY_CLASS: Mapping[type[LabError], str] = {
    NotFound: "not-found",
    Forbidden: "forbidden",
    StaleVersion: "stale-version",
    IdempotencyMismatch: "idempotency-mismatch",
    Unavailable: "unavailable",
    TooMany: "too-many-requests",
    Broken: "internal",
}
BOOKING = (Purpose.BOOK, Purpose.HOLD)


class ApiProblem(Exception):
    """An error of HTTP itself, by its problem name."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def status_of(code: str) -> int:
    """The status of a problem name."""
    if code in STATUS:
        return STATUS[code]
    return 422 if code in RULES else 409


def presented(
    error: Exception, language: str, request_id: str, catalog: Catalog
) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, body and headers of an error (RFC 9457)."""
    problems, conflicts, alternatives = contents(error)
    code = problems[0].code
    body: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": texts.title(code, language),
        "status": status_of(code),
        "detail": texts.message(problems[0], language, catalog),
        "instance": request_id,
    }
    headers: dict[str, str] = {}
    if code in RULES or isinstance(error, Refused):
        body["errors"] = [
            {
                "pointer": problem.pointer,
                "code": problem.code,
                "message": texts.message(problem, language, catalog),
            }
            for problem in problems
        ]
    if candidates := [
        each for problem in problems for each in problem.params.get("candidates", ())
    ]:
        body["candidates"] = [local_iso(each, catalog) for each in candidates]
    if code == "stale-state" and "state" in problems[0].params:
        body["state"] = str(problems[0].params["state"])
    if conflicts:
        body["conflicts"] = [conflict_json(conflict, catalog) for conflict in conflicts]
    if alternatives:
        body["alternatives"] = [alternative_json(each, catalog) for each in alternatives]
    if isinstance(error, (Unavailable, TooMany)):
        body["retry_after"] = error.retry_after
        headers["Retry-After"] = str(error.retry_after)
    if code == "unauthorised":
        headers["WWW-Authenticate"] = 'Bearer realm="labbokning"'
    return body["status"], body, headers


def local_iso(instant: datetime, catalog: Catalog) -> str:
    """An instant with the offset of the site's zone."""
    return instant.astimezone(catalog.site.zone).isoformat()


def conflict_json(conflict: Conflict, catalog: Catalog) -> dict[str, Any]:
    """A conflict: which space or resource, when and why; never whose."""
    named = (
        {"space_id": conflict.space_id}
        if conflict.space_id
        else {"resource_id": conflict.resource_id}
    )
    return {
        **named,
        "start": local_iso(conflict.starts_at, catalog),
        "end": local_iso(conflict.ends_at, catalog),
        "reason": conflict.reason,
    }


def alternative_json(alternative: Alternative, catalog: Catalog) -> dict[str, Any]:
    """Another time or place."""
    return {
        "space_ids": list(alternative.space_ids),
        "start": local_iso(alternative.starts_at, catalog),
        "end": local_iso(alternative.ends_at, catalog),
    }


def from_validation(error: ValidationError) -> list[Problem]:
    """What pydantic found, as problems, each with the JSON pointer (RFC 6901) of its field."""
    return [
        Problem("invalid-request", pointer(*each["loc"]), {"why": each["type"], **_limits(each)})
        for each in error.errors(include_url=False, include_input=False)[:50]
    ]


def is_list(annotation: Any) -> bool:
    """Whether a field takes several values."""
    return get_origin(annotation) in (list, tuple)


def contents(
    error: Exception,
) -> tuple[list[Problem], tuple[Conflict, ...], tuple[Alternative, ...]]:
    """The problems of an error, with what is in the way and what would do instead."""
    if isinstance(error, Refused):
        return list(error.problems), error.conflicts, error.alternatives
    if isinstance(error, ValidationError):
        return from_validation(error), (), ()
    if isinstance(error, ApiProblem):
        return [Problem(error.code)], (), ()
    if isinstance(error, TooMany):
        return [_too_many(error)], (), ()
    code = next((code for kind, code in BY_CLASS.items() if isinstance(error, kind)), "internal")
    return [Problem(code)], (), ()


def _too_many(error: TooMany) -> Problem:
    """When to come again; and who books without logging in has a shorter way."""
    shorter = error.purpose in BOOKING and error.by != By.PERSON
    wait = timedelta(minutes=-(-error.retry_after // 60))
    why = "log-in" if shorter else "wait"
    return Problem("too-many-requests", "", {"why": why, "wait": wait})


def pointer(*location: Any) -> str:
    """A JSON pointer; names that the reader made up are cut, and made text where they are none."""
    return "".join("/" + _escaped(str(part)) for part in location)


def _escaped(part: str) -> str:
    text = part[:64].encode("utf-8", "replace").decode()
    return text.replace("~", "~0").replace("/", "~1")


def _limits(found: Any) -> dict[str, Any]:
    context = found.get("ctx") or {}
    names = ("min_length", "max_length", "ge", "le", "gt", "lt", "pattern", "expected")
    return {name: context[name] for name in names if name in context}
