"""Logging in with a browser that runs no scripts: the whole way, by keyboard, in three languages."""

import pytest
from playwright.sync_api import Page, expect

from chalicelib.services import links
from tests.browser.conftest import Lab, Open
from tests.browser.test_booking import WORDS as BOOKING

AINO = "aino.aalto@gov.fi"
WORDS = {
    "fi": ("Lähetä koodi", "Kirjaudu sisään", "Kirjaudu ulos", "Oma sivu"),
    "sv": ("Skicka koden", "Logga in", "Logga ut", "Min sida"),
    "en": ("Send the code", "Log in", "Log out", "Your page"),
}
CONFIRMED = {language: words[1] for language, words in BOOKING.items()}


def ask(page: Page, lab: Lab, language: str = "fi", email: str = AINO) -> None:
    page.goto(f"{lab.base}/login?lang={language}")
    page.fill("#email", email)
    page.get_by_role("button", name=WORDS[language][0], exact=True).click()


def mailed(lab: Lab) -> tuple[str, str]:
    """The code and the link of the mail that was asked for last."""
    login = list(lab.store.logins.values())[-1]
    return links.login_code(lab.ports, login), links.login_url(lab.ports, login)


def log_in(page: Page, lab: Lab, language: str = "fi", email: str = AINO) -> None:
    """The whole way, with the code as it stands in the mail."""
    ask(page, lab, language, email)
    page.fill("#code", mailed(lab)[0])
    page.locator("#code-form").get_by_role("button").click()
    expect(page.locator("h1")).to_have_text(WORDS[language][3])


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("language", WORDS)
def test_somebody_logs_in_by_a_typed_code_books_and_logs_out(
    lab: Lab, open_page: Open, language: str, width: int
) -> None:
    _, enter, leave, own = WORDS[language]
    page = open_page(width, language)
    page.goto(f"{lab.base}/book?space_id=pod&start=2026-12-02T10:00&end=2026-12-02T11:00")
    page.get_by_role("link", name=enter).click()
    page.fill("#email", AINO)
    page.locator("#login").get_by_role("button").click()
    page.fill("#code", "22222222")
    page.locator("#code-form").get_by_role("button").click()
    expect(page.locator("#code")).to_have_attribute("aria-invalid", "true")
    code = mailed(lab)[0].lower()
    page.fill("#code", f"{code[:4]} {code[4:]}")
    page.locator("#code-form").get_by_role("button").click()
    expect(page.locator("#space_id")).to_have_value("pod")  # where they came from
    expect(page.locator("#email")).to_contain_text(AINO)
    page.fill("#name", "Aino Aalto")
    page.check("#accept_terms")
    page.locator("#booking").get_by_role("button").last.click()
    expect(page.locator("h1")).to_have_text(CONFIRMED[language])
    page.locator(".account").get_by_role("link").click()
    expect(page.locator("h1")).to_have_text(own)
    expect(page.locator(".own li")).to_have_count(5)  # the Lab's examples are hers too
    page.get_by_role("button", name=leave, exact=True).click()
    expect(page.get_by_role("status")).to_be_visible()
    page.goto(f"{lab.base}/me")
    expect(page.locator("h1")).to_have_text(enter)


def test_one_logs_in_by_keyboard_alone(lab: Lab, open_page: Open) -> None:
    page = open_page()
    page.goto(f"{lab.base}/login")
    page.locator("#email").focus()
    page.keyboard.type(AINO)
    page.keyboard.press("Tab")  # the hidden field is never reached
    expect(page.get_by_role("button", name="Lähetä koodi")).to_be_focused()
    page.keyboard.press("Enter")
    page.locator("#code").focus()
    page.keyboard.type(mailed(lab)[0])
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Oma sivu")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator(".own a").first).to_be_focused()
    page.locator(".account a").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Kirjaudu ulos", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Olet kirjautunut ulos.")


def test_the_link_of_the_mail_logs_in_where_it_was_asked_for_and_nowhere_else(
    lab: Lab, open_page: Open
) -> None:
    """L-01: other browsers open it as often as they like."""
    page, other = open_page(360), open_page(360)
    ask(page, lab)
    _, link = mailed(lab)
    for _ in range(2):
        other.goto(link)
        expect(other.locator("h1")).to_have_text("Pyysit linkin toisessa selaimessa")
        expect(other.locator("main button")).to_have_count(0)
    page.goto(link)
    page.get_by_role("button", name="Kirjaudu sisään").click()
    expect(page.locator("h1")).to_have_text("Oma sivu")


def test_an_error_leads_to_its_field(lab: Lab, open_page: Open) -> None:
    page = open_page(360)
    ask(page, lab, email="aino")
    assert page.title().startswith("Virhe")
    page.locator(".summary a").click()
    expect(page.locator("#email")).to_be_focused()
    expect(page.locator("#email")).to_have_value("aino")


def test_a_form_outlives_the_session_that_it_was_made_in(lab: Lab, open_page: Open) -> None:
    """The login is in a new tab, so that what was typed stays where it is."""
    page = open_page(360)
    log_in(page, lab)
    page.goto(f"{lab.base}/book?space_id=pod&start=2026-12-02T10:00&end=2026-12-02T11:00")
    page.fill("#name", "Aino Aalto")
    page.fill("#title", "Kahvit")
    page.check("#accept_terms")
    lab.store.sessions.clear()
    page.get_by_role("button", name="Varaa", exact=True).click()
    expect(page.locator(".summary h2")).to_have_text("Lähetä lomake uudelleen")
    with page.context.expect_page() as opened:
        page.locator(".summary").get_by_role("link").click()
    expect(opened.value.locator("h1")).to_have_text("Kirjaudu sisään")
    opened.value.close()
    expect(page.locator("#title")).to_have_value("Kahvit")
    page.get_by_role("button", name="Varaa", exact=True).click()
    expect(page.locator("h1")).to_have_text("Varaus on vahvistettu")
