"""Logging in at a real OpenID provider, on another site than the Lab's, with a browser without scripts."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from chalicelib import bootstrap
from chalicelib.adapters.oidc.provider import OidcProvider
from chalicelib.services import sign_on
from tests.browser.conftest import Lab, Open
from tests.browser.test_accessibility import RULES, SMALL
from tests.oidc_provider import CLIENT_ID, SECRET, a_provider, log_in

BUTTONS = {
    "fi": "Kirjaudu organisaation tunnuksilla",
    "sv": "Logga in med organisationens konto",
    "en": "Log in with your organisation's account",
}


@dataclass(frozen=True)
class Place:
    """A Lab with a provider: where each of them is."""

    lab: Lab
    issuer: str


@pytest.fixture
def place(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """127.0.0.1 and localhost are two sites to a browser, as the Lab and a provider are."""
    lab.store.site = replace(lab.store.site, base_url=lab.base)
    lab.ports.settings.forget()
    with a_provider(f"{lab.base}/login/callback", host="localhost") as issuer:
        provider = OidcProvider(issuer, CLIENT_ID, lambda: SECRET)
        ports = replace(lab.ports, provider=provider)
        monkeypatch.setattr(bootstrap, "ports", lambda: ports)
        yield Place(lab, issuer)


def leave(page: Page, place: Place, language: str = "fi") -> None:
    """Press the button, and arrive at the provider."""
    page.get_by_role("button", name=BUTTONS[language]).click()
    page.wait_for_url(f"{place.issuer}/**")


def log_in_there(page: Page, name: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Log in").click()


@pytest.mark.parametrize("language", BUTTONS)
def test_somebody_logs_in_and_goes_on_where_they_were(
    place: Place, open_page: Open, language: str
) -> None:
    page = open_page(language=language)
    page.goto(f"{place.lab.base}/book?space_id=pod")
    page.locator(".account a").click()
    leave(page, place, language)
    log_in_there(page, "aino")
    page.wait_for_url(f"{place.lab.base}/book?**")
    expect(page.locator(".account")).to_contain_text("Aino Aalto")
    expect(page.locator("#space_id")).to_have_value("pod")
    expect(page.locator("#name")).to_have_value("Aino Aalto")
    expect(page.locator("html")).to_have_attribute("lang", language)
    (session,) = place.lab.store.sessions.values()
    profile = place.lab.store.profiles[session.person_id]
    assert profile.person.email == "aino.aalto@gov.fi"
    kept = {each["name"]: each for each in page.context.cookies(place.lab.base)}
    assert kept["session"]["httpOnly"]
    assert kept["session"]["sameSite"] == "Lax"


def test_who_came_for_nothing_else_sees_their_own_page(place: Place, open_page: Open) -> None:
    page = open_page()
    page.goto(f"{place.lab.base}/me")
    leave(page, place)  # from the login page, where nobody's own page leads
    log_in_there(page, "aino")
    page.wait_for_url(f"{place.lab.base}/me?**")
    expect(page.locator("main")).to_contain_text("aino.aalto@gov.fi")


def test_who_is_not_let_in_there_or_here_is_told_so(place: Place, open_page: Open) -> None:
    page = open_page()
    for name, said in (
        ("nobody", "ei vahvistanut, kuka olet"),
        ("eero", "ei vahvistanut, kuka olet"),  # the provider has not verified his address
        ("pia", "sillä ei voi kirjautua"),
    ):
        page.context.clear_cookies()
        page.goto(f"{place.lab.base}/login")
        leave(page, place)
        log_in_there(page, name)
        expect(page.locator(".summary")).to_contain_text(said)
        expect(page.get_by_role("button", name=BUTTONS["fi"])).to_be_visible()
    assert place.lab.store.sessions == {}


def test_going_back_does_not_lead_there_again(place: Place, open_page: Open) -> None:
    page = open_page()
    page.goto(f"{place.lab.base}/login")
    leave(page, place)
    page.go_back()
    expect(page.locator("h1")).to_have_text("Kirjaudu sisään")


def test_the_address_of_an_answer_is_of_no_use_in_another_browser(
    place: Place, open_page: Open
) -> None:
    """Whoever is lured into opening it is not logged in as somebody else."""
    sent = sign_on.begin(bootstrap.ports(), "fi", "book")
    callback = f"{place.lab.base}/login/callback"
    answer = f"{callback}?{urlencode(log_in(sent.address, 'aino', callback))}"
    page = open_page()
    page.goto(answer)
    expect(page.locator(".summary")).to_contain_text("toisessa selaimessa")
    assert place.lab.store.sessions == {}
    cookie = {"name": "login", "value": sent.cookie, "url": place.lab.base}
    page.context.add_cookies([cookie])  # it was nothing else
    page.goto(answer)
    expect(page.locator(".account")).to_contain_text("Aino Aalto")


@pytest.mark.parametrize(("language", "width"), [("fi", 320), ("sv", 320), ("en", 1280)])
def test_its_pages_are_for_everybody(
    place: Place, open_page: Open, language: str, width: int
) -> None:
    """The page on the way is there for a moment only, unless the provider takes its time."""
    page = open_page(width, language, scripts=True)
    page.route(f"{place.issuer}/**", lambda route: route.abort("aborted"))
    page.goto(f"{place.lab.base}/login")
    look(page)
    page.get_by_role("button", name=BUTTONS[language]).click()
    expect(page.locator(f"main a[href^='{place.issuer}/']")).to_be_visible()
    look(page)
    page.goto(f"{place.lab.base}/login/callback?error=access_denied")
    look(page)


def look(page: Page) -> None:
    result = Axe().run(page, options={"runOnly": RULES})
    assert not result.violations_count, result.generate_report()
    assert page.evaluate(SMALL) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
