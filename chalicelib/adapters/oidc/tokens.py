"""ID tokens: what PyJWT knows of JWT's rules, over our own check of RSA's signatures.

PyJWT leaves RSA to a library that would nearly double the package; see certificates.py.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import jwt
from jwt.algorithms import Algorithm

from chalicelib.adapters.certificates import PublicKey
from chalicelib.domain.errors import Forbidden

log = logging.getLogger(__name__)
ALGORITHM = "RS256"  # the one that every provider has: OpenID Connect Core, 15.1
LEEWAY = 60  # seconds by which clocks may differ
REQUIRED = ("iss", "sub", "aud", "exp", "iat")  # OpenID Connect Core, 2
WORDS: Mapping[type[Exception], str] = {
    jwt.InvalidAlgorithmError: "algorithm",
    jwt.InvalidSignatureError: "signature",
    jwt.ExpiredSignatureError: "expired",
    jwt.ImmatureSignatureError: "not yet valid",
    jwt.InvalidIssuerError: "issuer",
    jwt.InvalidAudienceError: "audience",
    jwt.MissingRequiredClaimError: "a claim is missing",
}


def claims_of(
    token: Any,
    key_of: Callable[[str | None], PublicKey | None],
    *,
    issuer: str,
    client_id: str,
    nonce: str,
) -> Mapping[str, Any]:
    """What an ID token says, once it is shown to be the issuer's, for us, of now and of this login.

    `key_of` gives the issuer's key by its id. Raises Forbidden (OpenID Connect Core, 3.1.3.7).
    """
    try:
        key = key_of(jwt.get_unverified_header(token).get("kid"))
        if key is None:
            raise refused("key")
        claims: dict[str, Any] = jwt.decode(
            token,
            _Key(key),
            algorithms=[ALGORITHM],
            issuer=issuer,
            audience=client_id,
            leeway=LEEWAY,
            options={"require": list(REQUIRED)},
        )
    except (jwt.PyJWTError, ValueError) as error:
        raise refused(WORDS.get(type(error), "token")) from error
    if claims["aud"] not in (client_id, [client_id]):  # nobody else's that we would trust
        raise refused("audience")
    if claims.get("azp", client_id) != client_id:
        raise refused("authorized party")
    if claims.get("nonce") != nonce:
        raise refused("nonce")
    return claims


def refused(why: str) -> Forbidden:
    """The refusal, told to the log in our own words: a token holds a name and an address."""
    log.warning("a login was refused", extra={"why": why})
    return Forbidden(why)


class _Rs256(Algorithm):
    """RSASSA-PKCS1-v1_5 using SHA-256 (RFC 7518, 3.3), to check with and nothing else.

    A provider signs, and `_Key` reads its keys: what PyJWT would have done besides is not there.
    """

    def prepare_key(self, key: PublicKey) -> PublicKey:
        return key

    def verify(self, msg: bytes, key: PublicKey, sig: bytes) -> bool:
        return key.signed(msg, sig, "sha256")

    def sign(self, msg: bytes, key: PublicKey) -> NoReturn:
        raise NotImplementedError

    @staticmethod
    def to_jwk(key_obj: Any, as_dict: bool = False) -> NoReturn:
        raise NotImplementedError

    @staticmethod
    def from_jwk(jwk: Any) -> NoReturn:
        raise NotImplementedError


class _Key(jwt.PyJWK):
    """A key together with the only algorithm that it is for, whatever a token names."""

    def __init__(self, key: PublicKey) -> None:
        self.key = key
        self.algorithm_name = ALGORITHM
        self.Algorithm = _Rs256()
