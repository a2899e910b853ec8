"""The booking form within a page of another site: which pages may be shown there, and how."""

import pytest

from tests.api.conftest import Api, booking
from tests.api.test_page_form import AINO, the_form
from tests.api.test_page_login import log_in
from tests.api.test_pages import keeps_the_rules
from tests.page import Browser, Page

SITE, OTHER = "https://site.example", "https://other.example"
WITHIN = {"Sec_Fetch_Dest": "iframe"}


@pytest.fixture
def lab(make_api) -> Api:
    return make_api(allowed_sites=(SITE, OTHER), prove_address=True)


@pytest.fixture
def browser(lab: Api) -> Browser:
    return Browser(lab.client)


def framers(page: Page) -> str:
    """Who may show a page within their own (CSP 3, 6.4.2)."""
    policy = page.headers["Content-Security-Policy"]
    (found,) = [each for each in policy.split("; ") if each.startswith("frame-ancestors ")]
    return found.removeprefix("frame-ancestors ")


def test_the_form_and_the_answers_to_it_may_be_embedded_by_the_sites_of_the_list(
    lab: Api, browser: Browser
) -> None:
    form = the_form(browser)
    refused = browser.send(form, **AINO | {"name": ""})
    old = browser.send(form, **AINO | {"form_token": ""})
    filled = browser.post("/book", form.fields())
    done = browser.send(form, **AINO)
    taken = browser.send(the_form(browser), **AINO)
    pages = (form, refused, old, filled, done, taken)
    assert [page.status for page in pages] == [200, 422, 403, 200, 201, 409]
    assert {framers(page) for page in pages} == {f"'self' {SITE} {OTHER}"}


@pytest.mark.parametrize(
    "path",
    ["/", "/docs", "/problems", "/login", "/login/code", "/me", "/manage/b_1/x", "/confirm/b_1"],
)
def test_nothing_else_may_be(lab: Api, browser: Browser, path: str) -> None:
    log_in(lab, browser)
    assert framers(browser.get(path)) == "'none'"


def test_programs_are_answered_as_ever(lab: Api) -> None:
    answer = lab("POST", "/v1/bookings", booking())
    assert answer.status == 201
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_without_a_list_nobody_but_ourselves_embeds_it(api: Api) -> None:
    assert framers(the_form(Browser(api.client))) == "'self'"


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_an_embedded_form_books_and_leads_out_of_the_frame(lab: Api, language: str) -> None:
    """It is nobody's: no cookie comes along. What it leads to is shown in the whole window."""
    browser = Browser(lab.client, language)
    form = browser.get(
        "/book?space_id=pod&start=2026-12-02T10:00&end=2026-12-02T11:00",
        Sec_Fetch_Site="cross-site",
        **WITHIN,
    )
    keeps_the_rules(form, language)
    assert form.one("base").attrs == {"target": "_top"}
    assert form.one(id="booking").attrs["target"] == "_self"
    languages = [each for each in form.all("a") if "hreflang" in each.attrs]
    assert {each.attrs["target"] for each in languages} == {"_self"}
    assert not form.all(class_="menu")
    assert not form.all(class_="account")
    done = browser.post(
        "/v1/bookings", form.fields() | AINO, Sec_Fetch_Site="same-origin", **WITHIN
    )
    assert done.status == 201
    keeps_the_rules(done, language)
    assert done.one("base").attrs == {"target": "_top"}
    (made,) = lab.store.bookings.values()
    assert (made.state.value, made.made_by) == ("held", "anonymous")


def test_pages_in_a_window_of_their_own_lead_on_in_it(browser: Browser) -> None:
    for headers in ({}, {"Sec_Fetch_Dest": "document"}):
        page = browser.get("/book", **headers)
        assert not page.all("base")
        assert page.one("nav", class_="menu")
        assert "target" not in page.one(id="booking").attrs


def test_a_site_s_own_form_is_nobody_s_even_in_somebody_s_session(
    lab: Api, browser: Browser
) -> None:
    """A browser sends no Lax cookie with it; where one came all the same it would be refused."""
    log_in(lab, browser)
    fields = the_form(browser).fields() | AINO
    assert browser.post("/v1/bookings", fields, Origin=SITE).status == 403
    fields.pop("form_token")
    assert Browser(lab.client).post("/v1/bookings", fields, Origin=SITE).status == 201
