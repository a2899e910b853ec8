"""The provider as we ask it: what is sent to it, what of its answers proves an address, and what does not."""

import base64
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from chalicelib.adapters import fetching
from chalicelib.adapters.oidc.provider import OidcProvider
from chalicelib.domain.errors import Forbidden, Unavailable
from chalicelib.services.ports import Identity
from tests.unit.oidc import (
    AINO,
    CLIENT,
    HOME,
    ISSUER,
    NONCE,
    VERIFIER,
    WELL_KNOWN,
    a_client,
    a_document,
    a_token,
    a_web,
    identity,
    some_claims,
)


@pytest.fixture
def web(monkeypatch):
    made = a_web()
    monkeypatch.setattr(fetching, "fetched", made.fetched)
    return made


def refused(client: OidcProvider | None = None, **changes: str) -> str:
    with pytest.raises(Forbidden) as caught:
        identity(client or a_client(), **changes)
    return caught.value.why


def address(**changes: str) -> str:
    asked = {"state": "s", "nonce": NONCE, "verifier": VERIFIER, "redirect_uri": HOME}
    return a_client().address(**asked | {"language": "sv"} | changes)


def without_address(**changes):
    """Claims as of a provider that keeps addresses for its userinfo endpoint."""
    return some_claims(email=..., email_verified=..., **changes)


# Where a browser is sent


def test_a_browser_is_sent_with_all_that_the_provider_needs(web):
    place, _, query = address(state="a&b", redirect_uri=f"{HOME}?a=ä").partition("?")
    assert place == f"{ISSUER}/authorize"
    assert dict(parse_qsl(query, strict_parsing=True)) == {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": f"{HOME}?a=ä",
        "scope": "openid email profile",
        "state": "a&b",
        "nonce": NONCE,
        "code_challenge": "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM",
        "code_challenge_method": "S256",
        "ui_locales": "sv",
    }


def test_the_challenge_is_the_standards(web):
    """RFC 7636, appendix B"""
    query = urlsplit(address(verifier="dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")).query
    (challenge,) = parse_qs(query)["code_challenge"]
    assert challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_verifier_and_the_secret_stay_here(web):
    assert VERIFIER not in address()
    assert "secret" not in address()
    client = OidcProvider(ISSUER, CLIENT, lambda: pytest.fail("not needed"))
    client.address(state="s", nonce="n", verifier=VERIFIER, redirect_uri=HOME, language="fi")


def test_an_endpoint_with_parameters_keeps_them(web):
    there = f"{ISSUER}/authorize?policy=lab"
    web.pages[WELL_KNOWN] = 200, a_document(authorization_endpoint=there)
    assert address().startswith(f"{there}&response_type=code&")


# What is asked for a code


def test_a_code_is_sent_with_its_verifier(web):
    identity(a_client(), code="a&b")
    url, body, headers = web.asked[1]
    assert url == f"{ISSUER}/token"
    assert dict(parse_qsl(body)) == {
        "grant_type": "authorization_code",
        "code": "a&b",
        "redirect_uri": HOME,
        "code_verifier": VERIFIER,
    }
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_a_client_with_a_secret_says_it_once_in_the_header(web):
    """RFC 6749, 2.3.1: both are written as in a form first."""
    client = OidcProvider(ISSUER, "a:b", lambda: "c d+%ä")
    web.gives(a_token(some_claims(aud="a:b")))
    identity(client)
    _, body, headers = web.asked[1]
    scheme, said = headers["Authorization"].split()
    assert scheme == "Basic"
    assert base64.b64decode(said) == b"a%3Ab:c+d%2B%25%C3%A4"
    assert "client" not in body


def test_a_client_without_a_secret_says_its_name(web):
    identity(a_client(secret=""))
    _, body, headers = web.asked[1]
    assert parse_qs(body)["client_id"] == [CLIENT]
    assert "Authorization" not in headers


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_code_that_the_provider_refuses_is_nobodys(web, status):
    web.set("/token", {"error": "invalid_grant"}, status)
    assert refused() == "invalid_grant"


@pytest.mark.parametrize("error", ["aino.aalto@gov.fi", "", None, 7, ["invalid_grant"], {}])
def test_what_the_provider_says_is_not_logged_as_it_is(web, error, caplog):
    web.set("/token", {"error": error, "error_description": "aino.aalto@gov.fi"}, 400)
    assert refused() == "by the provider"
    assert [line.why for line in caplog.records] == ["by the provider"]
    assert "gov.fi" not in str(vars(caplog.records[0]))


@pytest.mark.parametrize("status", [201, 204, 301, 302, 307, 404, 405, 429, 500, 502, 503])
def test_a_provider_that_does_not_answer_has_said_nothing(web, status, caplog):
    """Whatever comes with it."""
    web.set("/token", {"id_token": a_token(), "access_token": "at"}, status)
    with pytest.raises(Unavailable):
        identity(a_client())
    assert [line.status for line in caplog.records] == [status]


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("page", [b"", b"<html>", b"[]", b"null", b"\xff"])
def test_garbage_is_no_answer(web, status, page):
    web.set("/token", page, status)
    with pytest.raises(Unavailable):
        identity(a_client())


def test_an_answer_without_an_id_token_is_refused(web):
    web.set("/token", {"access_token": "at", "token_type": "Bearer"})
    assert refused() == "token"


# Whom it is from


def test_a_code_of_another_issuer_is_not_sent_on(web):
    """RFC 9207, 2.4: two providers' answers cannot be mixed up."""
    for other in (f"{ISSUER}/", "https://evil.example", ISSUER.upper()):
        assert refused(issuer=other) == "another issuer"
    assert web.asked == []
    assert identity(a_client(), issuer=ISSUER)


def test_a_code_of_nobody_is_not_one_of_a_provider_that_says_who_it_is(web):
    """RFC 9207, 2.4"""
    assert identity(a_client(), issuer="")
    said = {"authorization_response_iss_parameter_supported": True}
    web.pages[WELL_KNOWN] = 200, a_document(**said)
    assert refused(issuer="") == "another issuer"
    assert identity(a_client(), issuer=ISSUER)


def test_a_token_of_another_login_is_not_taken(web):
    assert refused(nonce="another nonce") == "nonce"


# Whose address is proved


def test_a_verified_address_is_proved(web):
    assert identity(a_client()) == Identity("aino.aalto@gov.fi", "Aino Aalto")


@pytest.mark.parametrize("said", [..., None, False, "false", "True", "yes", 1, [True], {}])
@pytest.mark.parametrize("place", ["id token", "userinfo"])
def test_an_address_that_nobody_verified_is_not(web, place, said):
    if place == "id token":
        web.gives(a_token(some_claims(email_verified=said)))
    else:
        web.gives(a_token(without_address()))
        web.set("/userinfo", AINO | {"email_verified": None if said is ... else said})
    assert refused() == "address not verified"
    assert identity(a_client(trusts_addresses=True)).email == AINO["email"]


def test_what_one_answer_verified_is_not_the_others_address(web):
    """The ID token has an address, so what userinfo says of its own is not asked."""
    web.gives(a_token(some_claims(email="eero.eskola@gov.fi", email_verified=False)))
    assert refused() == "address not verified"
    web.gives(a_token(some_claims(email=..., email_verified=True)))
    web.set("/userinfo", {"sub": "1", "email": "eero.eskola@gov.fi"})
    assert refused() == "address not verified"


def test_cognito_says_it_in_quotes(web):
    web.gives(a_token(some_claims(email_verified="true")))
    assert identity(a_client()).email == AINO["email"]


def test_another_claim_may_hold_the_address_of_a_trusted_issuer(web):
    """Entra ID: it verifies none, and its own `email` may be anything that its owner typed."""
    claims = some_claims(upn="eero.eskola@gov.fi")
    web.gives(a_token(claims))
    trusting = a_client(email_claim="upn", trusts_addresses=True)
    assert identity(trusting).email == "eero.eskola@gov.fi"


def test_what_was_verified_is_the_claim_email_and_no_other(web):
    """Core, 5.1"""
    web.gives(a_token(some_claims(upn="eero.eskola@gov.fi", email_verified=True)))
    assert refused(a_client(email_claim="upn")) == "address not verified"


@pytest.mark.parametrize("email", [None, "", 7, True, ["aino.aalto@gov.fi"], {}])
def test_what_is_no_text_is_no_address(web, email):
    web.gives(a_token(some_claims(email=email)))
    assert refused() == "no address"
    web.gives(a_token(without_address()))
    web.set("/userinfo", AINO | {"email": email})
    assert refused() == "no address"


# Userinfo


def test_an_address_that_the_token_lacks_is_asked_for(web):
    web.gives(a_token(without_address(name=...)), access_token="a.b-c")
    assert identity(a_client()) == Identity("aino.aalto@gov.fi", "Aino Aalto")
    url, body, headers = web.asked[-1]
    assert (url, body, headers["Authorization"]) == (f"{ISSUER}/userinfo", None, "Bearer a.b-c")


@pytest.mark.parametrize("subject", ["2", "", "1 ", 1, None, ["1"]])
def test_what_is_said_of_another_subject_is_not_taken(web, subject):
    """Core, 5.3.2"""
    web.gives(a_token(without_address()))
    web.set("/userinfo", AINO | {"sub": subject})
    assert refused() == "another subject"


def test_what_is_said_of_nobody_in_particular_is_not_taken(web):
    web.gives(a_token(without_address()))
    web.set("/userinfo", {"email": AINO["email"], "email_verified": True})
    assert refused() == "another subject"


def test_a_token_that_is_refused_asks_for_nothing_more(web):
    web.gives(a_token(without_address(nonce="another")))
    assert refused() == "nonce"
    assert web.times("/userinfo") == 0


@pytest.mark.parametrize("token", [None, 7, ["at"]])
def test_without_an_access_token_nothing_is_asked(web, token):
    web.gives(a_token(without_address()), access_token=token)
    assert refused() == "no address"
    assert web.times("/userinfo") == 0


def test_without_a_userinfo_endpoint_there_is_no_address(web):
    document = a_document()
    del document["userinfo_endpoint"]
    web.pages[WELL_KNOWN] = 200, document
    web.gives(a_token(without_address()))
    assert refused() == "no address"


def test_a_userinfo_that_refuses_or_fails(web):
    web.gives(a_token(without_address()))
    web.set("/userinfo", {"error": "invalid_token"}, 401)
    assert refused() == "by the provider"
    for status in (302, 500):
        web.set("/userinfo", AINO, status)
        with pytest.raises(Unavailable):
            identity(a_client())


# What else is known of them


@pytest.mark.parametrize(
    ("locale", "language"),
    [("fi", "fi"), ("sv-FI", "sv"), ("EN-gb", "en"), ("de", ""), ("", ""), (7, ""), (None, "")],
)
def test_a_language_is_one_of_ours_or_none(web, locale, language):
    web.gives(a_token(some_claims(locale=locale)))
    assert identity(a_client()).language == language


@pytest.mark.parametrize("name", [..., None, 7, ["Aino"], {"given": "Aino"}])
def test_a_name_is_text_or_none(web, name):
    web.gives(a_token(some_claims(name=name)))
    assert identity(a_client()).name == ""
