"""Logging in at a real provider on the deployed system: its package, its role, its secret in SSM."""

import json
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode

import pytest

from infra.local.cloud import STACK
from tests.cloud import RunningCloud
from tests.oidc_provider import CLIENT_ID, SECRET, a_provider, log_in
from tests.page import Page, fields_of

SECRET_PARAMETER = f"/{STACK}/oidc-client-secret"


@pytest.fixture
def issuer(cloud: RunningCloud) -> Iterator[str]:
    """A provider that the Lab knows, as the stack's parameters would tell it."""
    functions, ssm = cloud.boto("lambda"), cloud.boto("ssm")
    name = f"{STACK}-api"
    before = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    ssm.put_parameter(Name=SECRET_PARAMETER, Value=SECRET, Type="SecureString")
    with a_provider(f"{cloud.endpoint}/login/callback") as found:
        known = before | {"OIDC_ISSUER": found, "OIDC_CLIENT_ID": CLIENT_ID}
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": known})
        yield found
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": before})
    ssm.delete_parameter(Name=SECRET_PARAMETER)


class Visitor:
    """A browser of its own cookies, which follows nothing."""

    def __init__(self, cloud: RunningCloud) -> None:
        self._base = cloud.endpoint
        self.cookies = CookieJar()
        keep = urllib.request.HTTPCookieProcessor(self.cookies)
        self._opener = urllib.request.build_opener(keep, _Staying())

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[int, Any, str]:
        """Status, headers and body."""
        headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
        data = urlencode(form).encode() if form is not None else None
        request = urllib.request.Request(f"{self._base}{path}", data, headers)
        try:
            with self._opener.open(request, timeout=60) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.headers, error.read().decode()


class _Staying(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object) -> None:
        return None


def test_somebody_logs_in_at_the_provider(cloud: RunningCloud, issuer: str) -> None:
    visitor = Visitor(cloud)
    status, headers, text = visitor.ask("/login?lang=sv")
    button = Page(status, dict(headers), text, "/login").form("login/provider")
    status, headers, text = visitor.ask("/login/provider", fields_of(button))
    assert status == 200, text
    link = Page(status, dict(headers), text, "/login/provider").one("main").one("a")
    address = link.attrs["href"]
    assert address.startswith(f"{issuer}/")
    back = log_in(address, "aino", f"{cloud.endpoint}/login/callback")
    stranger = Visitor(cloud)
    assert stranger.ask(f"/login/callback?{urlencode(back)}")[0] == 422
    status, headers, text = visitor.ask(f"/login/callback?{urlencode(back)}")
    assert (status, headers["Location"]) == (303, "../me?lang=sv"), text
    status, _, text = visitor.ask("/v1/me")
    me = json.loads(text)
    assert status == 200
    assert (me["name"], me["email"], me["role"]) == ("Aino Aalto", "aino.aalto@gov.fi", "person")
    assert stranger.ask("/v1/me")[0] == 401
