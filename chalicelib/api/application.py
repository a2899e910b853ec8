"""Chalice's application, with its own errors in our shape: problem+json, also where no view is reached."""

from typing import Any

from chalice import Chalice

from chalicelib.api import problems
from chalicelib.api.language import preferred
from chalicelib.api.replies import SECURITY_HEADERS, dumped
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
        path = (event.get("requestContext") or {}).get("resourcePath")
        known = path is None or path in self.routes  # which is a defaultdict: asking it adds a path
        response: Any = super().__call__(event, context) if known else {"statusCode": 404}
        status = response.get("statusCode", 200)
        headers = response.get("headers") or {}
        if status < 400 or "X-Request-Id" in headers:
            return response
        request_id = str((event.get("requestContext") or {}).get("requestId") or "local")
        given = {key.lower(): value for key, value in (event.get("headers") or {}).items()}
        language = preferred(given.get("accept-language"))
        error = problems.ApiProblem(CODES.get(status, "internal"))
        status, body, more = problems.presented(error, language, request_id, Catalog())
        own = {
            "Content-Type": "application/problem+json",
            "Content-Language": language,
            "Cache-Control": "no-store",
            "X-Request-Id": request_id,
        }
        response["statusCode"] = status
        response["body"] = "" if _method(event) == "HEAD" else dumped(body)
        response["headers"] = {**SECURITY_HEADERS, **headers, **more, **own}
        return response


def _method(event: Any) -> str:
    return str((event.get("requestContext") or {}).get("httpMethod"))
