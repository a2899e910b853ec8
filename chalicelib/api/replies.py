"""An answer, and what every answer has: security headers, caching, conditions (RFC 9110, 13), CORS."""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from chalice import Response
from pydantic_core import to_json

from chalicelib.api import cookies
from chalicelib.api.call import Call
from chalicelib.api.reading import JSON_TYPE
from chalicelib.services.writing import Intent, Outcome, complete

# Of other sites' pages: no Authorization, since a key is for servers and never for a browser.
ACCEPTED = "Accept-Language, Content-Type, Idempotency-Key, If-Match, If-None-Match"
EXPOSED = "ETag, Idempotency-Replayed, Location, Retry-After, X-Request-Id"
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), "
    "publickey-credentials-get=(), usb=()",
}


@dataclass
class Reply:
    """An answer: JSON unless `text` is given. `etag` makes it conditional (RFC 9110, 13)."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    text: str | Callable[[], str] | None = None  # what is called is only for who does not have it
    raw: bytes | None = None  # of what is no text
    content_type: str = JSON_TYPE
    etag: str | None = None
    changed_at: datetime | None = None  # Last-Modified, of a thing with an ETag
    private: bool = False


class Binary(Response):
    """What is no text, on its way through JSON.

    Chalice's own way turns away who does not say Accept, and wants bytes of every other answer.
    """

    def to_dict(self, _binary_types: list[str] | None = None) -> dict[str, Any]:
        """As API Gateway takes it."""
        return {**super().to_dict(None), "isBase64Encoded": True}


def stored(outcome: Outcome[Any]) -> Reply:
    """The answer of a write, given now or a second time."""
    answer = outcome.answer
    headers = dict(answer.get("headers", {}))
    if outcome.replayed:
        headers["Idempotency-Replayed"] = "true"
    return Reply(answer["body"], answer["status"], headers, private=True)


def completed(
    call: Call,
    intent: Intent,
    outcome: Outcome[Any],
    whole: Callable[[Mapping[str, Any]], Mapping[str, Any]],
) -> Reply:
    """As `stored`, of an answer that `whole` completes after the commit, once for all replays.

    What was stored with the commit is marked `partial`; a crash in between leaves it so, and the
    next replay completes it.
    """
    if outcome.answer.get("partial"):
        outcome = replace(outcome, answer=whole(outcome.answer))
        complete(call.ports, intent, outcome.answer)
    return stored(outcome)


def revealed(
    outcome: Outcome[Any], whole: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> Reply:
    """As `stored`, of an answer to which `whole` adds, each time, a secret that is kept nowhere."""
    return stored(replace(outcome, answer=whole(outcome.answer)))


def finished(call: Call, reply: Reply, allowed: str) -> Response:
    headers: dict[str, Any] = {**SECURITY_HEADERS, **_cors(call, allowed), **reply.headers}
    headers.setdefault(
        "Cache-Control", "no-store" if reply.private or not call.actor_is_nobody else "no-cache"
    )
    headers["X-Request-Id"] = call.request_id
    if "Set-Cookie" not in headers and call.session_is_over:
        headers["Set-Cookie"] = cookies.written(cookies.SESSION, "", call.catalog.site)
    if reply.etag is not None:
        headers["ETag"] = reply.etag
        if reply.changed_at is not None:
            headers["Last-Modified"] = _last_modified(call, reply.changed_at)
        if call.request.method in ("GET", "HEAD") and _known(call, reply):
            return Response("", status_code=304, headers=headers)
    if reply.raw is not None and call.request.method != "HEAD":
        headers["Content-Type"] = reply.content_type
        return Binary(b64encode(reply.raw).decode(), headers, reply.status)
    text = reply.text() if callable(reply.text) else reply.text
    if text is None:
        text = "" if reply.status == 204 else dumped(reply.body)
    if text or reply.status != 204:
        headers["Content-Type"] = reply.content_type
    return Response("" if call.request.method == "HEAD" else text, headers, reply.status)


def dumped(body: Any) -> str:
    """JSON as it goes out; a week of a Lab is long, so not by Python's own encoder."""
    try:
        return to_json(body).decode()
    except ValueError:  # half a surrogate pair, echoed: JSON can say it, UTF-8 cannot
        return json.dumps(body, separators=(",", ":"))


def _known(call: Call, reply: Reply) -> bool:
    """Whether the reader has it: by its tag, compared weakly, else by its time (RFC 9110, 13.2.2)."""
    header = call.headers.get("if-none-match")
    if header is None:
        return reply.changed_at is not None and _since(call, reply.changed_at)
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return reply.etag in tags or "*" in tags


def _since(call: Call, changed_at: datetime) -> bool:
    """Whether If-Modified-Since is not before a time; one that cannot be read asks for nothing."""
    try:
        since = parsedate_to_datetime(call.headers.get("if-modified-since") or "")
    except (ValueError, OverflowError):
        return False
    return since.tzinfo is not None and changed_at.replace(microsecond=0) <= since


def _last_modified(call: Call, changed_at: datetime) -> str:
    """When it last changed, in whole seconds (RFC 9110, 8.8.2).

    Of what changed within this very second the one before is told: it may change again in it, and
    who asks with the time alone would not be told of that.
    """
    second, now = changed_at.replace(microsecond=0), call.ports.clock.now()
    if second >= now.replace(microsecond=0):
        second -= timedelta(seconds=1)
    return format_datetime(second.astimezone(UTC), usegmt=True)


def _cors(call: Call, allowed: str) -> dict[str, str]:
    """For the sites on the allowed list only; what depends on the origin says so."""
    headers = {"Vary": "Origin, Accept-Language"}
    origin = call.headers.get("origin")
    if origin and origin in call.catalog_or_defaults.site.allowed_sites:
        headers |= {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": EXPOSED,
        }
        if call.request.method == "OPTIONS":
            headers |= {
                "Access-Control-Allow-Methods": allowed,
                "Access-Control-Allow-Headers": ACCEPTED,
                "Access-Control-Max-Age": "600",
            }
    return headers
