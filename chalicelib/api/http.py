"""What every operation has in common: a request is admitted, handled, and answered.

A request becomes a `Call`; a handler answers it with a `Reply`; every error becomes problem+json
(RFC 9457). Nothing else in the system knows a status code.
"""

import logging
import traceback
from collections.abc import Mapping
from typing import Any

from chalice import Response
from chalice.app import Request
from pydantic import ValidationError

from chalicelib.api import forms, limits, problems
from chalicelib.api.call import Call
from chalicelib.api.problems import ApiProblem
from chalicelib.api.reading import unknown
from chalicelib.api.replies import Reply, finished
from chalicelib.api.routing import ALL_METHODS, Operation
from chalicelib.domain.errors import LabError, Refused, StaleVersion
from chalicelib.services.access import may

log = logging.getLogger(__name__)
MOST_BYTES = 65_536


def respond(
    request: Request, operations: Mapping[str, Operation], params: Mapping[str, str]
) -> Response:
    """Answer a request to a path: the operation of its method, or 405; errors as problems."""
    method = request.method
    operation = operations.get("GET" if method == "HEAD" else method)
    allowed = _allowed(operations)
    if operation is None:
        call = Call(next(iter(operations.values())), request, params)
        if method == "OPTIONS":
            reply = Reply(None, 204, {"Allow": allowed})
        else:
            reply = problem_reply(call, ApiProblem("method-not-allowed"))
            reply.headers["Allow"] = allowed
        return finished(call, reply, allowed)
    call = Call(operation, request, params)
    return finished(call, _answered(call), allowed)


def _answered(call: Call) -> Reply:
    try:
        _admit(call)
        return call.operation.handler(call)
    except StaleVersion as error:
        missing = call.tags() is None
        return problem_reply(call, ApiProblem("precondition-required") if missing else error)
    except (LabError, ValidationError, ApiProblem) as error:
        return problem_reply(call, error)
    except Exception as error:  # whatever it is, the reader is told in our shape
        log.error("unhandled", extra={"request_id": call.request_id, **fault(error)})  # noqa: TRY400  # its text may hold what was sent
        return problem_reply(call, ApiProblem("internal"))


def fault(error: Exception) -> dict[str, Any]:
    """An error for the log: what and where, but not its message, which may hold what was sent."""
    frames = traceback.extract_tb(error.__traceback__)
    response = getattr(error, "response", None) or {}
    return {
        "error": type(error).__name__,
        "aws_code": response.get("Error", {}).get("Code"),
        "where": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-12:]],
    }


def _admit(call: Call) -> None:
    """Deny first: size, credentials, then the rest, before a handler sees anything."""
    if len(call.raw) > MOST_BYTES:
        raise ApiProblem("too-large")
    if not may(call.actor, call.operation.action):
        raise ApiProblem("unauthorised" if call.actor.anonymous else "not-found")
    if not forms.admitted(call):
        raise ApiProblem("forbidden")
    for name in call.params:
        call.id(name)
    if call.operation.query is not None:
        _ = call.query
    elif not call.of_pages and (wrong := unknown(call.request.query_params or {}, {})):
        raise Refused(wrong)
    try:
        if call.operation.body is not None:
            _ = call.body
    finally:  # what is wrong counts, too
        limits.count(call)


def problem_reply(call: Call, error: Exception) -> Reply:
    """An error as problem+json, in the reader's language; as a page where a person is looking at one."""
    status, body, headers = problems.presented(
        error, call.language, call.request_id, call.catalog_or_defaults
    )
    if status >= 500:
        log.error("problem", extra={"request_id": call.request_id, "type": body["type"]})
    if call.of_pages or (call.posts_form and call.wants_page):
        try:
            from chalicelib.pages.errors import page_of

            if page := page_of(call, error):
                return page
        except Exception as broken:  # then the problem itself has to do
            log.error("no page", extra={"request_id": call.request_id, **fault(broken)})  # noqa: TRY400  # as above
    headers["Content-Language"] = call.language
    return Reply(body, status, headers, content_type="application/problem+json", private=True)


def _allowed(operations: Mapping[str, Operation]) -> str:
    methods = {*operations, "OPTIONS"} | ({"HEAD"} if "GET" in operations else set())
    return ", ".join(method for method in ALL_METHODS if method in methods)
