"""Logging in at an OpenID provider by pages: the button, the way there, and the way back."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from chalicelib import bootstrap
from chalicelib.api import forms
from chalicelib.services.ports import Identity
from tests.api.conftest import Api
from tests.api.test_pages import keeps_the_rules
from tests.fake_access import FakeProvider
from tests.page import Browser, Page, fields_of, query_of

LANGUAGES = ("fi", "sv", "en")
AINO = Identity("aino.aalto@gov.fi", "Aino Aalto", language="en")
SESSION, LOGIN = "__Host-session", "__Host-login"


@pytest.fixture
def provider(api: Api, monkeypatch: pytest.MonkeyPatch) -> FakeProvider:
    """One at which Aino has logged in."""
    made = FakeProvider(code=AINO, second=AINO)
    api.ports = replace(api.ports, provider=made)
    monkeypatch.setattr(bootstrap, "ports", lambda: api.ports)
    return made


@pytest.fixture
def browser(api: Api) -> Browser:
    return Browser(api.client)


def leave(browser: Browser, page: str = "") -> Page:
    """Press the button of the login page."""
    shown = browser.get(f"/login?page={page}")
    return browser.submit(shown, shown.form("login/provider"))


def target(page: Page) -> str:
    """Where the page leads by itself."""
    (refresh,) = page.all("meta", http_equiv="refresh")
    seconds, _, address = refresh.attrs["content"].partition("; url=")
    assert seconds == "0"
    return address


def come_back(browser: Browser, sent: Page, **changes: str) -> Page:
    """What the provider has the browser show, with whatever a test changes of it."""
    said = {"code": "code", "state": query_of(target(sent))["state"], "iss": FakeProvider.issuer}
    return browser.get(f"/login/callback?{urlencode(said | changes)}", Sec_Fetch_Site="cross-site")


def why(page: Page) -> str:
    """The one thing that is wrong."""
    (said,) = page.one("section", class_="summary").all("li")
    return said.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_somebody_logs_in_at_the_provider(api: Api, provider: FakeProvider, language: str) -> None:
    browser = Browser(api.client, language)
    login = browser.get("/login")
    keeps_the_rules(login, language)
    sent = browser.submit(login, login.form("login/provider"))
    assert sent.status == 200
    keeps_the_rules(sent, language, leads_to=target(sent))
    assert target(sent).startswith("https://login.example/authorize?")
    assert sent.one("main").one("a").attrs["href"] == target(sent)
    assert provider.sent[0]["language"] == language
    assert sent.headers["Cache-Control"] == "no-store"
    done = come_back(browser, sent)
    assert done.headers["Location"] == f"../me?lang={language}"
    assert done.headers["Cache-Control"] == "no-store"
    assert SESSION in browser.jar
    (account,) = browser.get("/docs").all(class_="account")
    assert "Aino Aalto" in account.text
    assert api.store.profiles[api.person_id(AINO.email)].person.language == "en"


def test_the_cookie_of_the_browser_that_left_is_for_it_alone(
    browser: Browser, provider: FakeProvider
) -> None:
    cookie = leave(browser).headers["Set-Cookie"]
    assert cookie.startswith(f"{LOGIN}=l_")
    assert cookie.endswith("; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure")


def test_the_way_leads_on_to_the_page_that_somebody_came_for(
    browser: Browser, provider: FakeProvider
) -> None:
    assert come_back(browser, leave(browser, "book")).headers["Location"] == "../book?lang=fi"


@pytest.mark.parametrize("page", ["https://evil.example", "//evil.example", "/evil", "x" * 301])
def test_the_way_leads_nowhere_else(browser: Browser, provider: FakeProvider, page: str) -> None:
    shown = browser.get("/login")
    sent = browser.submit(shown, shown.form("login/provider"), page=page)
    assert come_back(browser, sent).headers["Location"] == "../me?lang=fi"


def test_the_language_that_was_chosen_is_kept_on_the_way(api: Api, provider: FakeProvider) -> None:
    """The provider does not bring it back, and the browser itself speaks another."""
    browser = Browser(api.client, "en")
    shown = browser.get("/login?lang=sv")
    sent = browser.submit(shown, shown.form("login/provider"))
    refused = come_back(browser, sent, code="unknown")
    keeps_the_rules(refused, "sv")
    assert come_back(browser, sent).headers["Location"] == "../me?lang=sv"


def test_without_a_provider_there_is_no_button_and_no_way(api: Api, browser: Browser) -> None:
    page = browser.get("/login")
    assert len(page.one("main").all("form")) == 1
    assert browser.post("/login/provider", {}).status == 404
    for query in ("", "?error=access_denied", "?code=c&state=s"):
        assert browser.get(f"/login/callback{query}").status == 404
    assert not api.store.logins


# What is refused


@pytest.fixture
def refused_alike(api: Api) -> Iterator[None]:
    """Whatever it is, nobody is logged in."""
    before = dict(api.store.profiles)
    yield
    assert not api.store.sessions
    assert api.store.profiles == before


@dataclass
class Wrong:
    """What comes back, and what is said of it."""

    changes: dict[str, str]
    status: int
    said: str


OVER, REFUSED = "kesti liian kauan", "ei vahvistanut, kuka olet"


@pytest.mark.usefixtures("refused_alike")
@pytest.mark.parametrize(
    "wrong",
    [
        Wrong({"state": ""}, 422, OVER),
        Wrong({"state": "x.fi"}, 422, OVER),
        Wrong({"code": "unknown"}, 403, REFUSED),
        Wrong({"code": ""}, 403, REFUSED),
        Wrong({"error": "access_denied", "code": ""}, 403, REFUSED),
        Wrong({"error": "server_error"}, 403, REFUSED),
        Wrong({"iss": "https://evil.example"}, 403, REFUSED),
    ],
    ids=lambda wrong: urlencode(wrong.changes),
)
def test_what_comes_back_wrong_logs_nobody_in_and_can_be_begun_again(
    api: Api, browser: Browser, provider: FakeProvider, wrong: Wrong
) -> None:
    page = come_back(browser, leave(browser), **wrong.changes)
    assert page.status == wrong.status
    keeps_the_rules(page, "fi")
    assert wrong.said in why(page)
    assert page.form("login/provider").all("button")
    assert page.one(id="login").all("button")
    assert SESSION not in browser.jar


@pytest.mark.usefixtures("refused_alike")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["over", "refused", "not_allowed", "down"])
def test_why_is_said_in_every_language(
    api: Api, provider: FakeProvider, language: str, kind: str
) -> None:
    browser = Browser(api.client, language)
    sent = leave(browser)
    if kind == "over":
        api.clock.forward(minutes=10)
    elif kind == "refused":
        provider.codes.clear()
    elif kind == "not_allowed":
        provider.codes["code"] = Identity("pia@elsewhere.example")
    else:
        provider.down = True
    page = come_back(browser, sent)
    assert page.status == {"over": 422, "refused": 403, "not_allowed": 422, "down": 503}[kind]
    keeps_the_rules(page, language)
    assert len(why(page)) > 30
    assert "elsewhere" not in page.source
    assert bool(page.headers.get("Retry-After")) == (kind == "down")


@pytest.mark.usefixtures("refused_alike")
def test_an_answer_is_of_no_use_in_another_browser(
    api: Api, browser: Browser, provider: FakeProvider
) -> None:
    """Nobody is logged in as somebody else by a link that they were lured into opening."""
    sent = leave(browser)
    stranger = Browser(api.client)
    page = come_back(stranger, sent)
    assert (page.status, OVER in why(page)) == (422, True)
    leave(stranger)
    assert come_back(stranger, sent).status == 422
    assert SESSION not in stranger.jar


def test_an_answer_is_of_no_use_twice(api: Api, browser: Browser, provider: FakeProvider) -> None:
    sent = leave(browser)
    assert come_back(browser, sent).status == 303
    kept = browser.jar.pop(SESSION)
    for code, status in (("code", 403), ("second", 422)):  # the provider's refusal, and ours
        assert come_back(browser, sent, code=code).status == status
    assert SESSION not in browser.jar
    assert kept


def test_a_login_takes_the_place_of_the_browser_s_last_session(
    api: Api, browser: Browser, provider: FakeProvider
) -> None:
    come_back(browser, leave(browser))
    first = browser.jar[SESSION]
    come_back(browser, leave(browser), code="second")
    assert browser.jar[SESSION] != first
    assert len(api.store.sessions) == 1


def test_a_provider_that_is_down_when_one_leaves(
    api: Api, browser: Browser, provider: FakeProvider
) -> None:
    provider.down = True
    page = leave(browser, "book")
    assert page.status == 503
    keeps_the_rules(page, "fi")
    assert "ei vastaa" in why(page)
    assert fields_of(page.form("login/provider"))["page"] == "book"
    assert not api.store.logins


def test_very_long_answers_are_nobodys(browser: Browser, provider: FakeProvider) -> None:
    sent = leave(browser)
    assert come_back(browser, sent, code="c" * 50_000).status == 403
    assert len(provider.asked[0]["code"]) == 4096


# The form


def test_a_form_that_is_none_of_ours_leads_nowhere(
    api: Api, browser: Browser, provider: FakeProvider
) -> None:
    for token in ("", "0-0", "x"):
        page = browser.post("/login/provider", {"form_token": token, "page": "book"})
        assert page.status == 403
        keeps_the_rules(page, "fi")
        assert fields_of(page.form("login/provider"))["page"] == "book"
    shown = browser.get("/login")
    for strange in ({"Sec_Fetch_Site": "cross-site"}, {"Origin": "https://evil.example"}):
        token = fields_of(shown.form("login/provider"))
        assert browser.post("/login/provider", token, **strange).status == 403
    assert not api.store.logins
    assert provider.sent == []


def test_the_button_may_be_pressed_at_once(
    browser: Browser, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "SOONEST", timedelta(seconds=2))
    assert leave(browser).status == 200


def test_looking_changes_nothing(api: Api, browser: Browser, provider: FakeProvider) -> None:
    browser.get("/login")
    assert browser.get("/login/provider").status == 405
    assert provider.sent == []
    assert not api.store.logins


def test_what_is_posted_too_long_is_no_login(browser: Browser, provider: FakeProvider) -> None:
    page = browser.post("/login/provider", {"page": "x" * 70_000})
    assert page.status == 413
    assert "Lähetä lomake uudelleen" not in page.text  # it would be no better


def test_nothing_of_the_way_is_told_to_others(
    api: Api, browser: Browser, provider: FakeProvider
) -> None:
    sent = leave(browser)
    for page in (sent, come_back(browser, sent)):
        assert page.headers["Referrer-Policy"] == "same-origin"
    assert "form-action 'self';" in sent.headers["Content-Security-Policy"]
