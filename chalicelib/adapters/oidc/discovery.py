"""What a provider publishes of itself: where it does what, and its keys (OpenID Connect Discovery 1.0).

All of it comes from the issuer's own address over TLS, which is what makes it the issuer's.
"""

import base64
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from chalicelib.adapters import fetching
from chalicelib.adapters.certificates import PublicKey
from chalicelib.domain.errors import Unavailable

log = logging.getLogger(__name__)
WELL_KNOWN = "/.well-known/openid-configuration"
LOCAL = ("127.0.0.1", "localhost", "::1")
KEPT_SECONDS = 3600.0  # a key that the provider has withdrawn is believed no longer than this


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a provider does what (Discovery, 3); `userinfo` is "" where there is none.

    With `says_issuer` a code that does not say whom it is from is none of its own (RFC 9207, 2.4).
    """

    authorization: str
    token: str
    keys: str
    userinfo: str
    says_issuer: bool


class Discovery:
    """An issuer's documents, fetched when they are first needed and kept for an hour."""

    def __init__(self, issuer: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.issuer = issuer
        self._monotonic = monotonic
        self._kept: dict[str, tuple[float, Mapping[str, Any]]] = {}

    def endpoints(self) -> Endpoints:
        """Where the issuer does what. Raises Unavailable where that cannot be had, or is not its own."""
        if not self._is_sound(self.issuer):
            raise _unfit("issuer")
        found = self._document(self.issuer.rstrip("/") + WELL_KNOWN)
        if found.get("issuer") != self.issuer:  # Discovery, 4.3: exactly
            raise _unfit("another issuer")
        return Endpoints(
            authorization=self._address(found, "authorization_endpoint"),
            token=self._address(found, "token_endpoint"),
            keys=self._address(found, "jwks_uri"),
            userinfo=self._address(found, "userinfo_endpoint")
            if "userinfo_endpoint" in found
            else "",
            says_issuer=found.get("authorization_response_iss_parameter_supported") is True,
        )

    def key(self, kid: str | None) -> PublicKey | None:
        """The issuer's key by its id, or its only one where no id is given; None where there is none.

        Keys change (OpenID Connect Core, 10.1.1), so they are fetched again for an id they lack.
        """
        address = self.endpoints().keys
        found = _chosen(self._document(address), kid)
        return found or _chosen(self._document(address, anew=True), kid)

    def _document(self, url: str, *, anew: bool = False) -> Mapping[str, Any]:
        now = self._monotonic()
        fetched_at, document = self._kept.get(url, (now, None))
        if document is None or anew or now - fetched_at > KEPT_SECONDS:
            document = _json_at(url)
            self._kept[url] = now, document
        return document

    def _address(self, document: Mapping[str, Any], name: str) -> str:
        found = document.get(name)
        if not isinstance(found, str) or not self._is_sound(found):
            raise _unfit(name)
        return found

    def _is_sound(self, url: str) -> bool:
        """Whether an address is one of TLS, or on this very machine where the issuer is as well."""
        return _is_at(url, "https") or (_is_here(self.issuer) and _is_here(url))


def _is_here(url: str) -> bool:
    return _is_at(url, "http") and urlsplit(url).hostname in LOCAL


def _is_at(url: str, scheme: str) -> bool:
    """Whether an address is a plain one of a scheme: a host, and nobody's name or password before it."""
    try:
        parts = urlsplit(url)
        plain = parts.port != 0 and url.isascii() and url.isprintable() and " " not in url
    except ValueError:
        return False
    return plain and parts.scheme == scheme and bool(parts.hostname) and "@" not in parts.netloc


def _json_at(url: str) -> Mapping[str, Any]:
    status, body = fetching.fetched(url, headers={"Accept": "application/json"})
    if status != 200:
        raise _unfit("status")
    return json_object(body)


def json_object(body: bytes) -> Mapping[str, Any]:
    """A JSON object of a provider's. Raises Unavailable where it is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _unfit("json") from error
    if not isinstance(found, dict):
        raise _unfit("json")
    return found


def _unfit(why: str) -> Unavailable:
    """The provider's answer is not what one answers, told to the log in our own words."""
    log.error("not what a provider publishes", extra={"why": why})
    return Unavailable()


def _chosen(document: Mapping[str, Any], kid: str | None) -> PublicKey | None:
    listed = document.get("keys")
    if not isinstance(listed, list):
        raise _unfit("keys")
    fit = [each for each in listed if isinstance(each, dict) and _is_for_signatures(each)]
    found = fit if kid is None else [each for each in fit if each.get("kid") == kid]
    return _key(found[0]) if len(found) == 1 else None


def _is_for_signatures(jwk: Mapping[str, Any]) -> bool:
    """Whether a key is meant to check RS256 (RFC 7517, 4.1 to 4.4)."""
    return (
        jwk.get("kty") == "RSA"
        and jwk.get("use", "sig") == "sig"
        and jwk.get("alg", "RS256") == "RS256"
    )


def _key(jwk: Mapping[str, Any]) -> PublicKey | None:
    """The numbers of a key (RFC 7518, 6.3.1); None where they will not do."""
    try:
        return PublicKey(_number(jwk["n"]), _number(jwk["e"]))
    except (KeyError, TypeError, ValueError):
        return None


def _number(text: str) -> int:
    padded = text + "=" * (-len(text) % 4)
    return int.from_bytes(base64.b64decode(padded.encode(), altchars=b"-_", validate=True))
