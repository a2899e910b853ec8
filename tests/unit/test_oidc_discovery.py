"""What a provider publishes: taken from the issuer alone, kept for an hour, and its keys only if they are strong."""

import pytest

from chalicelib.adapters import fetching
from chalicelib.adapters.oidc.discovery import KEPT_SECONDS, Discovery
from chalicelib.domain.errors import Forbidden, Unavailable
from tests.unit.oidc import (
    ISSUER,
    KEYS,
    PATHS,
    WELL_KNOWN,
    Web,
    a_client,
    a_document,
    a_jwk,
    a_token,
    a_web,
    encoded,
    identity,
)

HERE = "http://127.0.0.1:8080"


@pytest.fixture
def web(monkeypatch):
    made = a_web()
    monkeypatch.setattr(fetching, "fetched", made.fetched)
    return made


class Seconds:
    """A clock of seconds that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Seconds()


@pytest.fixture
def discovery(web, clock):
    return Discovery(ISSUER, clock)


def number_of(key) -> int:
    return key.public_key().public_numbers().n


# Where it does what


def test_the_issuer_says_where_it_does_what(web, discovery):
    found = discovery.endpoints()
    assert found.authorization == f"{ISSUER}/authorize"
    assert found.token == f"{ISSUER}/token"
    assert found.keys == f"{ISSUER}/keys"
    assert found.userinfo == f"{ISSUER}/userinfo"
    assert web.addresses == [WELL_KNOWN]


def test_an_endpoint_may_be_at_another_host(web, discovery):
    there = "https://graph.example:8443/userinfo?a=b"
    web.pages[WELL_KNOWN] = 200, a_document(userinfo_endpoint=there)
    assert discovery.endpoints().userinfo == there


def test_userinfo_is_optional(web, discovery):
    document = a_document()
    del document["userinfo_endpoint"]
    web.pages[WELL_KNOWN] = 200, document
    assert discovery.endpoints().userinfo == ""


def test_a_slash_at_the_end_of_an_issuer_is_kept_and_not_doubled(web):
    """Discovery, 4.1 and 4.3"""
    web.pages[WELL_KNOWN] = 200, a_document(f"{ISSUER}/")
    assert Discovery(f"{ISSUER}/").endpoints()
    assert web.addresses == [WELL_KNOWN]
    with pytest.raises(Unavailable):
        Discovery(ISSUER).endpoints()


@pytest.mark.parametrize(
    "issuer",
    [
        f"{ISSUER}/",
        ISSUER.upper(),
        "https://login.example",
        "https://login.example/{tenantid}",
        "https://evil.example/tenant",
        "",
        7,
        None,
        [ISSUER],
    ],
)
def test_the_document_of_another_issuer_is_not_taken(web, discovery, issuer, caplog):
    web.pages[WELL_KNOWN] = 200, a_document() | {"issuer": issuer}
    with pytest.raises(Unavailable):
        discovery.endpoints()
    (line,) = caplog.records
    assert (line.levelname, line.why) == ("ERROR", "another issuer")
    assert "evil" not in str(vars(line))


NOT_SOUND = [
    "http://login.example/x",
    "http://127.0.0.1/x",
    "http://localhost/x",
    "ftp://login.example/x",
    "javascript:alert(1)",
    "//login.example/x",
    "/x",
    "https:///x",
    "https://",
    "https://aino@login.example/x",
    "https://aino:secret@login.example/x",
    "https://login.example:port/x",
    "https://login.example:99999/x",
    "https://login.example:0/x",
    "https://[login.example/x",
    "https://login.example/x y",
    "https://login.example/x\r\nX-Evil:y",
    "https://login.example/x\x7f",
    "https://login.example/ä",
    " https://login.example/x",
    "",
    None,
    7,
    ["https://login.example/x"],
]


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("address", NOT_SOUND)
def test_an_endpoint_that_is_not_one_of_tls_is_not_asked(web, name, address):
    web.pages[WELL_KNOWN] = 200, a_document(**{name: address})
    with pytest.raises(Unavailable):
        identity(a_client())
    assert web.addresses == [WELL_KNOWN]


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
def test_an_endpoint_that_is_needed_has_to_be_named(web, discovery, name):
    document = a_document()
    del document[name]
    web.pages[WELL_KNOWN] = 200, document
    with pytest.raises(Unavailable):
        discovery.endpoints()


@pytest.mark.parametrize("issuer", [each for each in NOT_SOUND if isinstance(each, str)])
def test_an_issuer_that_is_not_one_of_tls_is_not_asked(web, issuer):
    local = issuer.startswith(("http://127.0.0.1", "http://localhost"))
    with pytest.raises(Unavailable):
        Discovery(issuer).endpoints()
    assert bool(web.addresses) == local  # these are asked, and nobody is there


@pytest.mark.parametrize("issuer", [HERE, "http://localhost:8080", "http://[::1]:8080"])
def test_a_provider_on_this_machine_needs_no_tls(web, issuer):
    web.pages[f"{issuer}/.well-known/openid-configuration"] = 200, a_document(issuer)
    assert Discovery(issuer).endpoints().token == f"{issuer}/token"


def test_a_provider_on_this_machine_sends_nobody_elsewhere_without_tls(web):
    there = f"{HERE}/.well-known/openid-configuration"
    for address in ("http://login.example/token", "http://127.0.0.1.evil.example/token"):
        web.pages[there] = 200, a_document(HERE, token_endpoint=address)
        with pytest.raises(Unavailable):
            Discovery(HERE).endpoints()


@pytest.mark.parametrize("page", [b"", b"<html>", b"[]", b'"text"', b"\xff", b"[" * 60_000])
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys"])
def test_what_is_no_document_is_not_taken(web, discovery, path, page):
    web.set(path, page)
    with pytest.raises(Unavailable):
        discovery.key("k1")


@pytest.mark.parametrize("status", [201, 204, 301, 302, 307, 400, 404, 429, 500, 503])
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys"])
def test_what_does_not_stand_there_is_not_taken(web, discovery, path, status):
    """Whatever comes with it."""
    page = a_document() if "known" in path else {"keys": [a_jwk()]}
    web.set(path, page, status)
    with pytest.raises(Unavailable):
        discovery.key("k1")
    web.set(path, page)
    assert discovery.key("k1")  # a failure is not kept


# How long it is kept


def test_documents_are_fetched_once(web, discovery, clock):
    for _ in range(3):
        assert discovery.key("k1")
        discovery.endpoints()
    clock.now += KEPT_SECONDS
    assert discovery.key("k1")
    assert sorted(web.addresses) == sorted([WELL_KNOWN, f"{ISSUER}/keys"])


def test_a_key_that_was_withdrawn_is_believed_for_an_hour_at_most(web, discovery, clock):
    assert discovery.key("k1")
    web.set("/keys", {"keys": [a_jwk(KEYS[1], kid="k2")]})
    clock.now += KEPT_SECONDS + 1
    assert discovery.key("k1") is None


def test_endpoints_that_moved_are_found_after_an_hour(web, discovery, clock):
    discovery.endpoints()
    web.pages[WELL_KNOWN] = 200, a_document(token_endpoint=f"{ISSUER}/v2/token")
    clock.now += KEPT_SECONDS + 1
    assert discovery.endpoints().token == f"{ISSUER}/v2/token"


# Keys


def test_a_key_is_found_by_its_id(discovery):
    assert discovery.key("k1").modulus == number_of(KEYS[0])
    assert discovery.key("k2").modulus == number_of(KEYS[1])


def test_a_new_key_is_found_at_once(web, discovery):
    """Core, 10.1.1: rotation."""
    assert discovery.key("k1")
    web.set("/keys", {"keys": [a_jwk(KEYS[1], kid="k3")]})
    assert discovery.key("k3").modulus == number_of(KEYS[1])
    assert discovery.key("k1") is None


def test_an_unknown_key_is_looked_for_once_more_and_no_more(web):
    web.gives(a_token(kid="k9"))
    client = a_client()
    for times in (2, 3):
        with pytest.raises(Forbidden, match="key"):
            identity(client)
        assert web.times("/keys") == times


def test_where_there_is_one_key_it_needs_no_id(web, discovery):
    """Core, 10.1"""
    assert discovery.key(None) is None
    web.set("/keys", {"keys": [a_jwk(kid="k9"), a_jwk(kid="k1", use="enc")]})
    assert discovery.key(None).modulus == number_of(KEYS[0])
    web.gives(a_token(kid=...))
    assert identity(a_client())


def test_what_may_be_left_out_of_a_key_may_be_left_out(web, discovery):
    jwk = {name: value for name, value in a_jwk().items() if name not in ("use", "alg")}
    web.set("/keys", {"keys": [jwk]})
    assert discovery.key("k1")


@pytest.mark.parametrize(
    "changes",
    [
        {"kty": "EC"},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": None},
        {"use": "enc"},
        {"use": None},
        {"alg": "RS512"},
        {"alg": "PS256"},
        {"alg": "HS256"},
        {"kid": "k9"},
        {"kid": ["k1"]},
        {"n": ((1 << 2047) - 1).to_bytes(256)},
        {"n": b""},
        {"e": b"\x01"},
        {"e": b""},
        {"n": ...},
        {"n": None},
        {"n": 7},
        {"n": []},
        {"n": "not base64!"},
        {"n": "ä" * 400},
        {"e": "AQ*AB"},
        {"e": None},
    ],
)
def test_a_key_that_will_not_do_is_none(web, discovery, changes):
    changed = {
        name: encoded(value) if isinstance(value, bytes) else value
        for name, value in changes.items()
    }
    web.set("/keys", {"keys": [a_jwk(**changed)]})
    assert discovery.key("k1") is None


def test_two_keys_of_one_id_are_none(web, discovery):
    web.set("/keys", {"keys": [a_jwk(), a_jwk(KEYS[1])]})
    assert discovery.key("k1") is None


def test_what_is_no_key_does_not_hide_those_that_are(web, discovery):
    web.set("/keys", {"keys": [None, 7, "k1", [], {}, {"kid": "k1"}, a_jwk()]})
    assert discovery.key("k1")


@pytest.mark.parametrize("keys", [None, {}, "k1", 7, {"k1": a_jwk()}])
def test_what_is_no_list_of_keys_is_not_taken(web, discovery, keys):
    web.set("/keys", {"keys": keys})
    with pytest.raises(Unavailable):
        discovery.key("k1")


def test_a_provider_that_is_not_there_is_unavailable(monkeypatch):
    monkeypatch.setattr(fetching, "fetched", Web().fetched)
    with pytest.raises(Unavailable):
        Discovery(ISSUER).endpoints()
