"""Chalice's application, with its own errors in our shape: problem+json, also where no view is reached."""

import json
from typing import Any

from chalice import Chalice

from chalicelib.api import problems
from chalicelib.api.language import preferred
from chalicelib.domain.catalog import Catalog

CODES = {
    403: "not-found",
    404: "not-found",
    405: "method-not-allowed",
    415: "unsupported-media-type",
}


class Application(Chalice):
    """The Lambda handler of all routes."""

    def __call__(self, event: Any, context: Any) -> Any:
        """Answer an event of API Gateway's."""
        response = super().__call__(event, context)
        status = response.get("statusCode", 200)
        headers = response.get("headers") or {}
        if status < 400 or "X-Request-Id" in headers:
            return response
        request_id = str((event.get("requestContext") or {}).get("requestId") or "local")
        given = {key.lower(): value for key, value in (event.get("headers") or {}).items()}
        error = problems.ApiProblem(CODES.get(status, "internal" if status >= 500 else "not-found"))
        status, body, more = problems.presented(
            error, preferred(given.get("accept-language")), request_id, Catalog()
        )
        response["statusCode"] = status
        response["body"] = json.dumps(body, ensure_ascii=False)
        response["headers"] = {**headers, **more, "Content-Type": "application/problem+json"}
        return response
