"""Addresses of one's own calendar by the buttons of one's own page."""

import pytest

from chalicelib.domain.private_feeds import MOST
from tests.api.conftest import Api
from tests.api.test_page_login import log_in
from tests.api.test_page_session import known
from tests.api.test_pages import keeps_the_rules
from tests.page import Browser, Page, fields_of

LANGUAGES = ("fi", "sv", "en")


@pytest.fixture
def browser(api: Api) -> Browser:
    return known(api, Browser(api.client))


def make(browser: Browser, label: str = "Puhelin") -> Page:
    page = browser.get("/me")
    return browser.submit(page, page.one(id="feed"), label=label)


def path_of(page: Page) -> str:
    return page.one(id="address").text.removeprefix("https://lab.example")


def revoked(browser: Browser, page: Page) -> Page:
    """Press the first button that revokes."""
    form = page.one("section", aria_labelledby="feeds").all("form")[0]
    return browser.submit(page, form)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_address_is_made_shown_once_and_revoked(api: Api, language: str) -> None:
    browser = known(api, Browser(api.client, language))
    api.books(space_ids=["pod"])
    made = make(browser)
    keeps_the_rules(made, language)
    assert (made.status, made.headers["Cache-Control"]) == (200, "no-store")
    path = path_of(made)
    assert "SUMMARY" in api("GET", path).text
    page = browser.get("/me")
    keeps_the_rules(page, language)
    assert "Puhelin" in page.one("section", aria_labelledby="feeds").text
    assert path.split("/")[3] not in page.source
    done = browser.onward(revoked(browser, page))
    assert done.one(role="status").text
    assert "Puhelin" not in done.one("section", aria_labelledby="feeds").text
    assert api("GET", path).status == 404


def test_a_form_sent_again_shows_the_same_address(api: Api, browser: Browser) -> None:
    page = browser.get("/me")
    first, second = (browser.submit(page, page.one(id="feed"), label="") for _ in range(2))
    assert path_of(first) == path_of(second)
    listed = browser.get("/me")
    assert len(listed.one("section", aria_labelledby="feeds").all("li")) == 1
    revoked(browser, listed)
    late = browser.submit(page, page.one(id="feed"), label="")
    assert not late.all(id="address")
    assert "ei voi enää näyttää" in late.text


def test_there_are_at_most_so_many(api: Api, browser: Browser) -> None:
    form_before = browser.get("/me")
    for number in range(MOST):
        make(browser, f"Kalenteri {number}")
    page = browser.get("/me")
    assert not page.all(id="feed")
    assert f"enintään {MOST}" in page.one("section", aria_labelledby="feeds").text
    over = browser.submit(form_before, form_before.one(id="feed"))
    assert over.status == 422
    keeps_the_rules(over, "fi")
    assert "Poista jokin" in over.one("section", class_="summary").text


def test_a_name_that_cannot_be_is_refused_beside_its_field(api: Api, browser: Browser) -> None:
    page = make(browser, "x" * 201)
    assert (page.status, page.errors) == (422, {"label"})
    assert "Enintään 200 merkkiä." in page.error("label")
    assert fields_of(page.one(id="feed"))["label"] == "x" * 201
    keeps_the_rules(page, "fi")


def test_nobody_else_s_address_is_revoked(api: Api, browser: Browser) -> None:
    path = path_of(make(browser))
    page = browser.get("/me")
    form = page.one("section", aria_labelledby="feeds").all("form")[0]
    eero = Browser(api.client)
    log_in(api, eero, "eero.eskola@gov.fi")
    token = fields_of(eero.get("/me").one(id="feed"))["form_token"]
    assert eero.submit(page, form, form_token=token).status == 404
    assert api("GET", path).status == 200


@pytest.mark.parametrize("path", ["/me/feeds", "/me/feeds/f_1"])
def test_a_form_that_is_none_of_ours_does_nothing(api: Api, browser: Browser, path: str) -> None:
    before = api.contents()
    for token in ("", "0-0"):
        page = browser.post(path, {"form_token": token})
        assert (page.status, page.one("h1").text) == (403, "Oma sivu")
        keeps_the_rules(page, "fi")
    token = fields_of(browser.get("/me").one(id="feed"))["form_token"]
    for strange in ({"Sec_Fetch_Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert browser.post(path, {"form_token": token}, **strange).status == 403
    assert api.contents() == before
    assert Browser(api.client).post(path, {}).status == 303
