"""The login adapter against a real OpenID provider, from its address to an identity."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.adapters.oidc.provider import OidcProvider
from chalicelib.domain.errors import Forbidden
from chalicelib.services.ports import Identity
from tests.oidc_provider import CLIENT_ID, PUBLIC_CLIENT_ID, SECRET, a_provider, log_in

HOME = "https://lab.example/login/callback"
STATE, NONCE, VERIFIER = "a state", "a nonce", "v" * 43  # RFC 7636, 4.1: at least 43 letters
AINO = Identity("aino.aalto@gov.fi", "Aino Aalto", language="sv")


@pytest.fixture(scope="module", params=[False, True], ids=["userinfo", "id-token"])
def issuer(request) -> Iterator[str]:
    """A provider that tells an address at its userinfo endpoint, and one that does in its ID tokens."""
    with a_provider(HOME, address_in_id_token=request.param) as found:
        yield found


@dataclass
class Login:
    """A login at the provider, and what may be asked of it."""

    provider: OidcProvider
    code: str
    issuer: str

    def identity(self, **changed: str) -> Identity:
        asked = {"code": self.code, "nonce": NONCE, "verifier": VERIFIER, "redirect_uri": HOME}
        return self.provider.identity(**asked | {"issuer": self.issuer} | changed)

    def refused(self, **changed: str) -> str:
        with pytest.raises(Forbidden) as caught:
            self.identity(**changed)
        return caught.value.why


def a_login(issuer: str, name="aino", client=CLIENT_ID, secret=SECRET, **more) -> Login:
    provider = OidcProvider(issuer, client, lambda: secret, **more)
    address = provider.address(
        state=STATE, nonce=NONCE, verifier=VERIFIER, redirect_uri=HOME, language="fi"
    )
    back = log_in(address, name, HOME)
    assert back["state"] == STATE
    return Login(provider, back["code"], back["iss"])


@pytest.mark.parametrize(("client", "secret"), [(CLIENT_ID, SECRET), (PUBLIC_CLIENT_ID, "")])
def test_a_code_stands_for_whom_logged_in(issuer, client, secret):
    assert a_login(issuer, client=client, secret=secret).identity() == AINO


def test_a_code_is_good_once(issuer):
    login = a_login(issuer)
    login.identity()
    assert login.refused() == "invalid_grant"


def test_a_code_is_good_for_the_browser_that_asked(issuer):
    """RFC 7636, 4.6: the verifier is another's."""
    assert a_login(issuer).refused(verifier="w" * 43) == "invalid_grant"


def test_a_code_is_good_for_the_login_that_it_is_of(issuer):
    assert a_login(issuer).refused(nonce="another nonce") == "nonce"


def test_a_code_is_good_at_the_address_that_it_was_sent_to(issuer):
    assert a_login(issuer).refused(redirect_uri=f"{HOME}/elsewhere") == "invalid_grant"


def test_a_code_is_no_other_clients(issuer):
    login = a_login(issuer)
    login.provider = OidcProvider(issuer, PUBLIC_CLIENT_ID, lambda: "")
    assert login.refused() == "invalid_grant"


def test_another_issuers_code_is_not_sent_to_this_one(issuer):
    login = a_login(issuer)
    assert login.refused(issuer="https://evil.example") == "another issuer"
    assert login.refused(issuer="") == "another issuer"  # this one always says who it is
    assert login.identity() == AINO  # which it would not be if the code had been used


def test_a_wrong_secret_is_refused(issuer):
    login = a_login(issuer)
    login.provider = OidcProvider(issuer, CLIENT_ID, lambda: "guessed")
    assert login.refused() == "invalid_client"


def test_an_address_that_nobody_verified_proves_nothing(issuer):
    assert a_login(issuer, "eero").refused() == "address not verified"
    trusting = a_login(issuer, "eero", trusts_addresses=True)
    assert trusting.identity().email == "eero.eskola@gov.fi"


def test_who_is_not_known_there_comes_back_with_an_error(issuer):
    provider = OidcProvider(issuer, CLIENT_ID, lambda: SECRET)
    address = provider.address(
        state=STATE, nonce=NONCE, verifier=VERIFIER, redirect_uri=HOME, language="fi"
    )
    back = log_in(address, "nobody", HOME)
    assert (back["error"], back["state"], back["iss"]) == ("access_denied", STATE, issuer)


def test_the_provider_wants_pkce(issuer):
    """So that what shows the verifier to be needed is not that nobody looks."""
    provider = OidcProvider(issuer, CLIENT_ID, lambda: SECRET)
    address = provider.address(
        state=STATE, nonce=NONCE, verifier=VERIFIER, redirect_uri=HOME, language="fi"
    )
    asked = parse_qs(urlsplit(address).query)
    assert asked["code_challenge_method"] == ["S256"]
    without = address.replace("code_challenge", "x")
    assert log_in(without, "aino", HOME)["error"] == "invalid_request"
