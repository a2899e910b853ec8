"""Where the rest of a list begins, as text that only we can make."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from chalicelib import bootstrap
from chalicelib.domain.errors import refuse


def sealed(place: Mapping[str, Any], listed: str) -> str:
    """A place in a list, signed together with which list it is."""
    text = json.dumps(place, sort_keys=True, separators=(",", ":")).encode()
    return _encoded(text) + "." + _encoded(_signature(text, listed, ""))


def opened(cursor: str | None, listed: str) -> Any:
    """The place that a cursor of the same list stands for; Refused for any other text."""
    if cursor is None:
        return None
    body, _, signature = cursor.partition(".")
    try:
        text, given = _decoded(body), _decoded(signature)
    except ValueError as error:
        raise refuse("invalid-request", "/cursor") from error
    known = bootstrap.ports().secrets.known
    if not any(hmac.compare_digest(given, _signature(text, listed, key_id)) for key_id in known):
        raise refuse("invalid-request", "/cursor")
    return json.loads(text)


def _signature(text: bytes, listed: str, key_id: str) -> bytes:
    which = hashlib.sha256(listed.encode()).hexdigest()
    secrets = bootstrap.ports().secrets
    return secrets.derive("cursor", which, _encoded(text), key_id=key_id)


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.b64decode(
        text.encode("ascii", "strict") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True
    )
