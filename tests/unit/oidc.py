"""An OpenID provider as its answers: each a good one until a test changes it."""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA512

from chalicelib.adapters.oidc.provider import OidcProvider
from chalicelib.domain.errors import Unavailable

ISSUER = "https://login.example/tenant"
WELL_KNOWN = f"{ISSUER}/.well-known/openid-configuration"
CLIENT = "labbokning"
NONCE, VERIFIER, HOME = "a nonce", "v" * 43, "https://lab.example/login/callback"
PATHS = {
    "authorization_endpoint": "/authorize",
    "token_endpoint": "/token",
    "jwks_uri": "/keys",
    "userinfo_endpoint": "/userinfo",
}
AINO = {"sub": "1", "email": "aino.aalto@gov.fi", "email_verified": True, "name": "Aino Aalto"}
KEYS = [rsa.generate_private_key(65537, 2048) for _ in range(2)]


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def a_jwk(key: rsa.RSAPrivateKey = KEYS[0], **changes: Any) -> dict[str, Any]:
    """A public key as a provider publishes it; `...` leaves a parameter out."""
    numbers = key.public_key().public_numbers()
    n, e = (encoded(each.to_bytes(512).lstrip(b"\0")) for each in (numbers.n, numbers.e))
    made = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k1", "n": n, "e": e} | changes
    return {name: value for name, value in made.items() if value is not ...}


def a_document(issuer: str = ISSUER, **changes: Any) -> dict[str, Any]:
    """What a provider publishes of itself."""
    there = {name: f"{issuer.rstrip('/')}{path}" for name, path in PATHS.items()}
    return {"issuer": issuer} | there | changes


def some_claims(**changes: Any) -> dict[str, Any]:
    """What a good ID token says; `...` leaves a claim out."""
    now = int(time.time())
    made = {"iss": ISSUER, "aud": CLIENT, "iat": now, "exp": now + 600, "nonce": NONCE} | AINO
    return {name: value for name, value in (made | changes).items() if value is not ...}


def unsigned(claims: dict[str, Any], **header: Any) -> str:
    made = {"alg": "RS256", "typ": "JWT", "kid": "k1"} | header
    kept = {name: value for name, value in made.items() if value is not ...}
    return ".".join(encoded(json.dumps(each).encode()) for each in (kept, claims))


def a_token(
    claims: dict[str, Any] | None = None, key: rsa.RSAPrivateKey = KEYS[0], **header: Any
) -> str:
    """An ID token, signed as its header says, or with RS256."""
    text = unsigned(some_claims() if claims is None else claims, **header)
    digest = SHA512() if header.get("alg") in ("RS512", "PS512") else SHA256()
    chosen = padding.PKCS1v15()
    if str(header.get("alg")).startswith("PS"):
        chosen = padding.PSS(padding.MGF1(digest), digest.digest_size)
    return f"{text}.{encoded(key.sign(text.encode(), chosen, digest))}"


def a_shared_secret_token(secret: bytes) -> str:
    text = unsigned(some_claims(), alg="HS256")
    return f"{text}.{encoded(hmac.digest(secret, text.encode(), hashlib.sha256))}"


@dataclass
class Web:
    """The provider's pages by address, each a status and a body; and what was asked of them."""

    pages: dict[str, tuple[int, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str | None, dict[str, str]]] = field(default_factory=list)

    def fetched(self, url: str, body: str | None = None, headers: Any = None) -> tuple[int, bytes]:
        self.asked.append((url, body, dict(headers)))
        status, page = self.pages.get(url, (None, None))
        if status is None:
            raise Unavailable
        return status, page if isinstance(page, bytes) else json.dumps(page).encode()

    @property
    def addresses(self) -> list[str]:
        return [url for url, _, _ in self.asked]

    def times(self, path: str) -> int:
        return self.addresses.count(f"{ISSUER}{path}")

    def set(self, path: str, page: Any, status: int = 200) -> None:
        self.pages[f"{ISSUER}{path}"] = status, page

    def gives(self, token: Any, **more: Any) -> None:
        """The ID token that the provider has for any code."""
        self.set("/token", {"id_token": token, "access_token": "at", "token_type": "Bearer"} | more)


def a_web() -> Web:
    """A provider that answers as it must."""
    web = Web()
    web.pages[WELL_KNOWN] = 200, a_document()
    web.set("/keys", {"keys": [a_jwk(KEYS[1], kid="k2"), a_jwk()]})
    web.set("/userinfo", AINO)
    web.gives(a_token())
    return web


def a_client(issuer: str = ISSUER, secret: str = "secret", **more: Any) -> OidcProvider:
    return OidcProvider(issuer, CLIENT, lambda: secret, **more)


def identity(provider: OidcProvider, **changes: str):
    asked = {"code": "c", "issuer": "", "nonce": NONCE, "verifier": VERIFIER, "redirect_uri": HOME}
    return provider.identity(**asked | changes)
