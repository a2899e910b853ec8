"""Where a request of a browser's comes from: a page of ours, a site that may embed the form, or elsewhere.

A browser sends cookies along with what other sites make it send, so a request that comes in a session has
to show that it comes from one of our own pages. Forms carry a token besides: it says when the form was
made and for whom, which also turns away programs that fill in forms faster than people do.
"""

import hmac
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from chalicelib.api import reading

if TYPE_CHECKING:
    from chalicelib.api.call import Call

SAFE = ("GET", "HEAD", "OPTIONS")
SIMPLE = ("POST",)  # what a page of another site can send without asking first (Fetch, 2.2.1)
SOONEST = timedelta(seconds=2)
LATEST = timedelta(hours=12)  # no session is longer


def token(call: "Call") -> str:
    """A token for a form that is made now, for whoever asks."""
    issued = f"{int(call.ports.clock.now().timestamp()):x}"
    return f"{issued}-{_signature(call, issued, '')}"


def admitted(call: "Call") -> bool:
    """Whether a request may have come about where it says, as far as that can be told."""
    if call.request.method in SAFE:
        return True
    if call.actor.session and not _ours(call):
        return False
    if not call.posts_form and not (call.of_pages and call.operation.guarded):
        return True
    if not (_ours(call, strict=False) or _embedded(call)):
        return False
    if not call.operation.guarded or call.headers.get("authorization") or _embedded(call):
        return True
    return _fresh(call)


def _ours(call: "Call", *, strict: bool = True) -> bool:
    """Whether a page of ours sent it (Fetch Metadata; RFC 6454).

    What says nothing is no browser; with `strict`, then only what no page of another site can send.
    """
    where, origin = call.headers.get("sec-fetch-site"), call.headers.get("origin")
    if where is not None:
        return where in ("same-origin", "none")
    if origin is not None:
        own = urlsplit(call.catalog_or_defaults.site.base_url)
        hosts = {own.netloc.lower(), (call.headers.get("host") or "").lower()} - {""}
        return urlsplit(origin).netloc.lower() in hosts
    simple = call.request.method in SIMPLE and reading.content_type_of(call) != reading.JSON_TYPE
    return not (strict and simple)


def _embedded(call: "Call") -> bool:
    """Whether a site that may embed our forms sent it: then it is nobody's, and has no token."""
    origin = call.headers.get("origin")
    allowed = call.catalog_or_defaults.site.allowed_sites
    return origin is not None and origin in allowed and not call.actor.session


def _fresh(call: "Call") -> bool:
    """Whether a form's token was made for this reader, not just now, and not long ago."""
    issued, _, signature = reading.form_value(call, "form_token").partition("-")
    try:
        made = datetime.fromtimestamp(int(issued, 16), UTC)
    except (ValueError, OverflowError, OSError):
        return False
    known = [_signature(call, issued, key_id).encode() for key_id in call.ports.secrets.known]
    if not any(hmac.compare_digest(signature.encode(), each) for each in known):
        return False
    return _soonest(call) <= call.ports.clock.now() - made <= LATEST


def _soonest(call: "Call") -> timedelta:
    """How soon no person sends a form; a button is pressed at once, and who logged in is no program."""
    return timedelta(0) if call.operation.quick or call.actor.session else SOONEST


def _signature(call: "Call", issued: str, key_id: str) -> str:
    whose = call.actor.session or "anybody"
    return call.ports.secrets.derive("form", whose, issued, key_id=key_id)[:16].hex()
