"""ID tokens: whatever is not the issuer's, for us, of now and of this login is nobody's (Core, 3.1.3.7)."""

import subprocess
import sys
import time

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.adapters import fetching
from chalicelib.domain.errors import Forbidden
from chalicelib.services.ports import Identity
from infra.package import ROOT
from tests.unit.oidc import (
    AINO,
    CLIENT,
    ISSUER,
    KEYS,
    NONCE,
    a_client,
    a_jwk,
    a_shared_secret_token,
    a_token,
    a_web,
    encoded,
    identity,
    some_claims,
    unsigned,
)


@pytest.fixture
def web(monkeypatch):
    made = a_web()
    monkeypatch.setattr(fetching, "fetched", made.fetched)
    return made


def refused(web, token) -> str:
    web.gives(token)
    with pytest.raises(Forbidden) as caught:
        identity(a_client())
    return caught.value.why


def taken(web, token) -> Identity:
    web.gives(token)
    return identity(a_client())


def from_now(seconds: int) -> int:
    return int(time.time()) + seconds


def test_a_good_token_is_taken(web):
    assert taken(web, a_token()) == Identity(AINO["email"], AINO["name"])
    assert web.times("/keys") == 1
    assert web.times("/userinfo") == 0


# What it says


@pytest.mark.parametrize(
    ("claim", "value", "why"),
    [
        ("iss", "https://login.example", "issuer"),
        ("iss", f"{ISSUER}/", "issuer"),
        ("iss", ISSUER.upper(), "issuer"),
        ("iss", [ISSUER], "issuer"),
        ("iss", ..., "a claim is missing"),
        ("iss", None, "a claim is missing"),
        ("aud", "another", "audience"),
        ("aud", f"{CLIENT} ", "audience"),
        ("aud", ["another"], "audience"),
        ("aud", {CLIENT: 1}, "audience"),
        ("aud", [[CLIENT]], "audience"),
        ("aud", [], "a claim is missing"),
        ("aud", "", "a claim is missing"),
        ("aud", ..., "a claim is missing"),
        ("azp", "another", "authorized party"),
        ("azp", None, "authorized party"),
        ("azp", [CLIENT], "authorized party"),
        ("exp", 0, "expired"),
        ("exp", -1, "expired"),
        ("exp", "never", "token"),
        ("exp", float("inf"), "token"),
        ("exp", float("nan"), "token"),
        ("exp", [9_999_999_999], "token"),
        ("exp", ..., "a claim is missing"),
        ("iat", "now", "token"),
        ("iat", ..., "a claim is missing"),
        ("nbf", "now", "token"),
        ("nonce", "another nonce", "nonce"),
        ("nonce", [NONCE], "nonce"),
        ("nonce", "", "nonce"),
        ("nonce", None, "nonce"),
        ("nonce", ..., "nonce"),
        ("sub", 1, "token"),
        ("sub", ..., "a claim is missing"),
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(web, claim, value, why):
    assert refused(web, a_token(some_claims(**{claim: value}))) == why


def test_a_token_for_others_as_well_is_refused(web):
    """Core, 3.1.3.7 (3): there is nobody else whom we would trust with it."""
    both = some_claims(aud=[CLIENT, "another"])
    assert refused(web, a_token(both)) == "audience"
    assert refused(web, a_token(both | {"azp": CLIENT})) == "audience"


@pytest.mark.parametrize(
    ("claim", "seconds", "why"),
    [("exp", -65, "expired"), ("iat", 120, "not yet valid"), ("nbf", 120, "not yet valid")],
)
def test_a_token_of_another_time_is_refused(web, claim, seconds, why):
    assert refused(web, a_token(some_claims(**{claim: from_now(seconds)}))) == why


@pytest.mark.parametrize(
    ("claim", "seconds"), [("exp", -45), ("iat", 45), ("nbf", 45), ("iat", -86_400)]
)
def test_clocks_may_differ_by_a_little(web, claim, seconds):
    assert taken(web, a_token(some_claims(**{claim: from_now(seconds)})))


@pytest.mark.parametrize(
    "changes", [{"aud": [CLIENT]}, {"azp": CLIENT}, {"auth_time": 1, "acr": "x", "amr": ["pwd"]}]
)
def test_what_is_said_otherwise_or_besides_is_taken(web, changes):
    assert taken(web, a_token(some_claims(**changes))).email == AINO["email"]


# How it is signed


def test_a_token_without_a_signature_is_refused(web):
    text = unsigned(some_claims(), alg="none")
    assert refused(web, f"{text}.") == "algorithm"
    assert refused(web, a_token(alg="none")) == "algorithm"
    assert refused(web, f"{unsigned(some_claims())}.") == "signature"


@pytest.mark.parametrize("alg", ["None", "NONE", "rs256", "RS384", "RS512", "PS256", "ES256", ""])
def test_a_token_of_another_algorithm_is_refused(web, alg):
    """Each is signed with the right key."""
    assert refused(web, a_token(alg=alg)) == "algorithm"


@pytest.mark.parametrize("alg", [..., None, ["RS256"], {"RS256": 1}, 7, True])
def test_a_token_of_no_algorithm_is_refused(web, alg):
    assert refused(web, a_token(alg=alg)) == "algorithm"


@pytest.mark.parametrize(
    "secret",
    [
        KEYS[0].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        KEYS[0].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        a_jwk()["n"].encode(),
        b"secret",
        b"",
    ],
)
def test_a_public_key_is_nobodys_secret(web, secret):
    """RFC 8725, 2.1: HS256 with what everybody knows, and with the client's secret."""
    assert refused(web, a_shared_secret_token(secret)) == "algorithm"


def test_a_token_of_another_key_is_refused(web):
    assert refused(web, a_token(key=KEYS[1])) == "signature"
    assert refused(web, a_token(kid="k2")) == "signature"
    assert taken(web, a_token(key=KEYS[1], kid="k2"))


def test_a_key_that_a_token_brings_along_is_not_looked_at(web):
    """RFC 8725, 3.10"""
    brought = a_jwk(KEYS[1])
    assert refused(web, a_token(key=KEYS[1], jwk=brought)) == "signature"
    assert refused(web, a_token(key=KEYS[1], jku="https://evil.example/keys")) == "signature"
    assert refused(web, a_token(key=KEYS[1], x5u="https://evil.example/keys")) == "signature"
    assert all(url.startswith(ISSUER) for url in web.addresses)


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_token_that_was_changed_is_refused(web, part):
    parts = a_token().split(".")
    other = a_token(some_claims(email="eero.eskola@gov.fi"), typ="other").split(".")
    parts[part] = other[part]
    assert refused(web, ".".join(parts)) == "signature"


@pytest.mark.parametrize("kid", [7, None, ["k1"], {}])
def test_a_key_id_is_text(web, kid):
    assert refused(web, a_token(kid=kid)) == "token"


@pytest.mark.parametrize("crit", [["exp"], ["x"], [], "x", None, ["b64"]])
def test_what_has_to_be_understood_and_is_not_is_refused(web, crit):
    """RFC 7515, 4.1.11"""
    assert refused(web, a_token(crit=crit, x=1)) == "token"


@pytest.mark.parametrize(
    "token",
    [
        None,
        7,
        True,
        [],
        {},
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "ä.ä.ä",
        "\ud800.b.c",
        a_token() + "=",
        a_token() + ".",
        "." + a_token(),
        a_token() + "\n",
        a_token() + "." + a_token(),
        f"{encoded(b'[]')}.{encoded(b'{}')}.{encoded(b'x')}",
        f"{encoded(b'{' * 5000)}.{encoded(b'{}')}.{encoded(b'x')}",
        f"{encoded(b'[' * 20_000)}.{encoded(b'{}')}.{encoded(b'x')}",
    ],
)
def test_what_is_no_token_is_refused(web, token):
    assert refused(web, token) == "token"


@pytest.mark.parametrize("claims", [[], "text", 7, True])
def test_what_was_signed_and_is_no_claims_is_refused(web, claims):
    assert refused(web, a_token(claims)) == "token"


def test_nothing_of_a_token_is_logged(web, caplog):
    assert refused(web, a_token(some_claims(aud="eero.eskola@gov.fi"))) == "audience"
    (line,) = caplog.records
    assert (line.levelname, line.why) == ("WARNING", "audience")
    assert "gov.fi" not in str(vars(line))
    assert line.exc_info is None


def test_signatures_are_checked_without_the_usual_library():
    """It is on the machine of the tests, and not on Lambda."""
    code = """
import sys
sys.modules["cryptography"] = None
from chalicelib.adapters.oidc.tokens import claims_of
from chalicelib.adapters.certificates import PublicKey
from chalicelib.domain.errors import Forbidden
token, number, issuer, client, nonce = sys.argv[1:]
good, other = PublicKey(int(number), 65537), PublicKey(int(number) + 2, 65537)
known = {"issuer": issuer, "client_id": client, "nonce": nonce}
print(claims_of(token, lambda kid: good, **known)["email"])
try:
    claims_of(token, lambda kid: other, **known)
except Forbidden as error:
    print(error.why)
"""
    number = str(KEYS[0].public_key().public_numbers().n)
    command = [sys.executable, "-c", code, a_token(), number, ISSUER, CLIENT, NONCE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.split() == [AINO["email"], "signature"], done.stderr
