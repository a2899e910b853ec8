"""Being forgotten, by a page: told first, meant by a tick, and done to nobody else."""

import pytest

from tests.api.conftest import Api, eero
from tests.api.test_page_login import AINO, SESSION
from tests.api.test_page_session import known
from tests.api.test_pages import keeps_the_rules
from tests.page import Browser, Page, fields_of

LANGUAGES = ("fi", "sv", "en")


@pytest.fixture
def browser(api: Api) -> Browser:
    return known(api, Browser(api.client))


def send(browser: Browser, page: Page, **changes: str) -> Page:
    return browser.submit(page, page.one(id="erase"), **changes)


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_ticks_the_box_is_forgotten_and_logged_out(api: Api, language: str) -> None:
    """B117"""
    browser = known(api, Browser(api.client, language))
    api.books(space_ids=["pod"])
    api.books(space_ids=["studio"], person=eero())
    shown = browser.get("/me/erase")
    keeps_the_rules(shown, language)
    assert "(1)" in shown.text
    page = browser.onward(send(browser, shown, confirm="on"))
    keeps_the_rules(page, language)
    assert page.one(role="status").text
    assert SESSION not in browser.jar
    assert not api.store.sessions
    states = {each.space_ids[0]: each.state.value for each in api.store.bookings.values()}
    assert states == {"pod": "cancelled", "studio": "confirmed"}
    assert AINO not in repr((api.store.profiles, api.store.bookings))


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_the_tick_nothing_happens(api: Api, language: str) -> None:
    browser = known(api, Browser(api.client, language))
    api.books(space_ids=["pod"])
    before = api.contents()
    page = send(browser, browser.get("/me/erase"))
    assert (page.status, page.errors) == (422, {"confirm"})
    keeps_the_rules(page, language)
    assert page.one("section", class_="summary").one("a").attrs["href"] == "#confirm"
    assert api.contents() == before
    assert send(browser, page, confirm="on").status == 303


def test_looking_changes_nothing(api: Api, browser: Browser) -> None:
    before = api.contents()
    for _ in range(2):
        assert "Sinulla ei ole tulevia varauksia" in browser.get("/me/erase?confirm=on").text
    assert api.contents() == before


def test_a_form_that_is_none_of_ours_forgets_nobody(api: Api, browser: Browser) -> None:
    before = api.contents()
    page = browser.get("/me/erase")
    for token in ("", "0-0"):
        back = send(browser, page, confirm="on", form_token=token)
        assert back.status == 403
        keeps_the_rules(back, "fi")
        assert "confirm" not in fields_of(back.one(id="erase"))
    fields = fields_of(page.one(id="erase")) | {"confirm": "on"}
    for strange in ({"Sec_Fetch_Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert browser.post("/me/erase", fields, **strange).status == 403
    assert Browser(api.client).post("/me/erase", {"confirm": "on"}).status == 303
    assert api.contents() == before
