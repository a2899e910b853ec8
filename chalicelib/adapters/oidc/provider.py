"""An OpenID provider vouches for people: authorization code flow with PKCE (OpenID Connect Core 1.0, RFC 7636).

A browser brings back a code and nothing that is believed; whom it stands for is asked of the provider
itself.
"""

import base64
import hashlib
import logging
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote_plus, urlencode

from chalicelib.adapters import fetching
from chalicelib.adapters.oidc.discovery import Discovery, json_object
from chalicelib.adapters.oidc.tokens import claims_of, refused
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.spoken import LANGUAGES
from chalicelib.services.ports import Identity

log = logging.getLogger(__name__)
SCOPE = "openid email profile"
# RFC 6749, 5.2: what a provider may say of a request for tokens.
WRONG = (
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
)


class OidcProvider:
    """The provider that an issuer's name leads to, as one of its clients.

    `secret` gives the client's secret, "" where it has none (a public client). With `trusts_addresses`
    an address is taken though the provider does not say that it has verified it.
    """

    def __init__(
        self,
        issuer: str,
        client_id: str,
        secret: Callable[[], str],
        *,
        trusts_addresses: bool = False,
        email_claim: str = "email",
    ) -> None:
        self._discovery = Discovery(issuer)
        self._client_id = client_id
        self._secret = secret
        self._trusts_addresses = trusts_addresses
        self._email_claim = email_claim

    def address(
        self, *, state: str, nonce: str, verifier: str, redirect_uri: str, language: str
    ) -> str:
        """Where a browser is sent to log in (OpenID Connect Core, 3.1.2.1)."""
        endpoint = self._discovery.endpoints().authorization
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPE,
            "state": state,
            "nonce": nonce,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
            "ui_locales": language,
        }
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    def identity(
        self, *, code: str, issuer: str, nonce: str, verifier: str, redirect_uri: str
    ) -> Identity:
        """Whom a code stands for; `issuer` is who it says it is from, "" where it does not (RFC 9207).

        Raises Forbidden (a word for the log) where it is nobody, Unavailable where the provider does
        not answer.
        """
        says_issuer = bool(issuer) or self._discovery.endpoints().says_issuer
        if says_issuer and issuer != self._discovery.issuer:
            raise refused("another issuer")
        tokens = self._tokens(code, verifier, redirect_uri)
        claims = claims_of(
            tokens.get("id_token"),
            self._discovery.key,
            issuer=self._discovery.issuer,
            client_id=self._client_id,
            nonce=nonce,
        )
        if self._email_claim not in claims:
            claims = self._userinfo(tokens, claims["sub"])
        return self._identity(claims)

    def _tokens(self, code: str, verifier: str, redirect_uri: str) -> Mapping[str, Any]:
        """What the provider gives for a code (OpenID Connect Core, 3.1.3)."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if secret := self._secret():
            headers["Authorization"] = _basic(self._client_id, secret)
        else:
            form["client_id"] = self._client_id
        return _asked(self._discovery.endpoints().token, urlencode(form), headers)

    def _userinfo(self, tokens: Mapping[str, Any], subject: str) -> Mapping[str, Any]:
        """What the provider says elsewhere of the same person (OpenID Connect Core, 5.3)."""
        endpoint = self._discovery.endpoints().userinfo
        token = tokens.get("access_token")
        if not endpoint or not isinstance(token, str):
            raise refused("no address")
        answer = _asked(endpoint, None, {"Authorization": f"Bearer {token}"})
        if answer.get("sub") != subject:
            raise refused("another subject")
        return answer

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        email = claims.get(self._email_claim)
        if not isinstance(email, str) or not email:
            raise refused("no address")
        if not (self._trusts_addresses or self._is_verified(claims)):
            raise refused("address not verified")
        return Identity(email, _text(claims.get("name")), language=_language(claims.get("locale")))

    def _is_verified(self, claims: Mapping[str, Any]) -> bool:
        """Whether the provider verified the address: it says so of `email` alone (Core, 5.1).

        Cognito's userinfo says it in quotes.
        """
        said = claims.get("email_verified")
        return self._email_claim == "email" and (said is True or said == "true")


def _asked(url: str, body: str | None, headers: Mapping[str, str]) -> Mapping[str, Any]:
    status, answer = fetching.fetched(url, body, {**headers, "Accept": "application/json"})
    if status in (400, 401, 403):
        said = json_object(answer).get("error")
        raise refused(said if said in WRONG else "by the provider")
    if status != 200:
        log.error("a provider does not answer", extra={"status": status})
        raise Unavailable
    return json_object(answer)


def _challenge(verifier: str) -> str:
    """S256: RFC 7636, 4.2."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _basic(client_id: str, secret: str) -> str:
    """A client's name and secret, each written as in a form first (RFC 6749, 2.3.1)."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _text(claim: Any) -> str:
    return claim if isinstance(claim, str) else ""


def _language(locale: Any) -> str:
    """The language of a tag (RFC 5646) where it is one of ours, else ""."""
    found = _text(locale).lower().partition("-")[0]
    return found if found in LANGUAGES else ""
