"""What the environment says of the provider that people log in at, and what becomes of it."""

from types import SimpleNamespace

import pytest

from chalicelib import bootstrap
from chalicelib.adapters.oidc import provider
from chalicelib.adapters.system import SystemClock
from chalicelib.bootstrap import make_ports
from chalicelib.settings import OidcSettings, Settings, SettingsError

PLAIN = {"TABLE_PREFIX": "labivaraus-"}
OIDC = {"OIDC_ISSUER": "https://login.example/tenant", "OIDC_CLIENT_ID": "lab"}
SECRET = "/labivaraus/oidc-client-secret"


def settings(**changes: str) -> Settings:
    return Settings.from_env(PLAIN | OIDC | changes)


@pytest.mark.parametrize("env", [PLAIN, PLAIN | {"OIDC_ISSUER": "", "OIDC_CLIENT_ID": ""}])
def test_there_is_no_provider_unless_one_is_named(env):
    found = Settings.from_env(env)
    assert found.oidc is None
    assert make_ports(None, "labivaraus-", SystemClock(), found).provider is None
    assert make_ports(None, "labivaraus-", SystemClock()).provider is None


def test_a_provider_is_named_by_its_issuer():
    """As a stack does where only that is given."""
    defaults = {"OIDC_TRUSTS_ADDRESSES": "false", "OIDC_EMAIL_CLAIM": "email"}
    for more in ({}, defaults, {"OIDC_EMAIL_CLAIM": ""}):
        assert settings(**more).oidc == OidcSettings(OIDC["OIDC_ISSUER"], "lab", SECRET)


def test_its_addresses_may_be_trusted_and_elsewhere():
    found = settings(OIDC_TRUSTS_ADDRESSES="true", OIDC_EMAIL_CLAIM="upn").oidc
    assert found == OidcSettings(OIDC["OIDC_ISSUER"], "lab", SECRET, True, "upn")


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:80"])
def test_a_provider_on_this_machine_needs_no_tls(issuer):
    found = settings(OIDC_ISSUER=issuer).oidc
    assert found
    assert found.issuer == issuer


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OIDC_ISSUER", "http://login.example"),
        ("OIDC_ISSUER", "login.example"),
        ("OIDC_ISSUER", "http://127.0.0.1.login.example"),
        ("OIDC_CLIENT_ID", ""),
        ("OIDC_TRUSTS_ADDRESSES", "yes"),
    ],
)
def test_what_is_wrong_is_named(name, value):
    with pytest.raises(SettingsError, match=name):
        settings(**{name: value})


def test_all_that_is_wrong_is_named_at_once():
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({"OIDC_ISSUER": "x", "OIDC_TRUSTS_ADDRESSES": "x"})
    assert len(str(caught.value).splitlines()) == 4


# What becomes of it


class Missing(Exception):
    pass


@pytest.fixture
def ssm(monkeypatch):
    """SSM's parameters, and how often they were asked for."""
    known: dict[str, str] = {}
    asked = []

    def get_parameter(*, Name: str, WithDecryption: bool):  # noqa: N803 — boto3's names
        assert WithDecryption
        asked.append(Name)
        if Name not in known:
            raise Missing
        return {"Parameter": {"Value": known[Name]}}

    client = SimpleNamespace(
        get_parameter=get_parameter, exceptions=SimpleNamespace(ParameterNotFound=Missing)
    )
    monkeypatch.setattr("boto3.client", lambda service, endpoint_url: client)
    return SimpleNamespace(known=known, asked=asked)


@pytest.fixture
def made(monkeypatch):
    """What the adapter was made with."""
    found = []

    class Provider:
        def __init__(self, *args, **more):
            found.append((args, more))

        def address(self, **asked):
            return f"https://login.example?{asked['state']}"

        def identity(self, **asked):
            return asked["code"]

    monkeypatch.setattr(provider, "OidcProvider", Provider)
    return found


def test_the_provider_is_made_when_somebody_logs_in(ssm, made):
    found = settings(OIDC_TRUSTS_ADDRESSES="true", OIDC_EMAIL_CLAIM="upn")
    ports = make_ports(None, "labivaraus-", SystemClock(), found)
    assert ports.provider
    assert made == []
    assert ports.provider.address(state="s") == "https://login.example?s"
    assert ports.provider.identity(code="c") == "c"
    ((issuer, client_id, secret), more) = made[0]
    assert len(made) == 1
    assert (issuer, client_id) == (OIDC["OIDC_ISSUER"], "lab")
    assert more == {"trusts_addresses": True, "email_claim": "upn"}
    assert ssm.asked == []
    assert secret() == ""  # a public client
    ssm.known[SECRET] = "old"
    assert secret() == "old"
    ssm.known[SECRET] = "new"
    assert secret() == "new"  # at once, in every worker
    assert set(ssm.asked) == {SECRET}


def test_what_ssm_does_not_say_is_not_taken_for_no_secret(ssm, monkeypatch):
    def fail(**asked):
        raise PermissionError

    monkeypatch.setattr(
        "boto3.client",
        lambda *a, **more: SimpleNamespace(
            get_parameter=fail, exceptions=SimpleNamespace(ParameterNotFound=Missing)
        ),
    )
    with pytest.raises(PermissionError):
        bootstrap._client_secret(settings(), SECRET)
