"""Events within a page of another site: only as asked for, only for the sites of the list, leading out of it."""

import pytest

from chalicelib.domain.spoken import LANGUAGES
from tests.api.conftest import Api
from tests.api.test_page_embed import OTHER, SITE, framers
from tests.api.test_page_events import listed, named
from tests.api.test_pages import keeps_the_rules
from tests.api.test_staff_events import write
from tests.page import Browser, query_of


@pytest.fixture
def lab(make_api) -> Api:
    return make_api(allowed_sites=(SITE, OTHER))


@pytest.mark.parametrize("language", LANGUAGES)
def test_lists_and_events_may_be_embedded_by_the_sites_of_the_list(lab: Api, language: str) -> None:
    event_id = write(lab)
    browser = Browser(lab.client, language)
    for path in ("/events", f"/events/{event_id}", "/events/e_none", "/events?from=nonsense"):
        mark = "&" if "?" in path else "?"
        page = browser.get(f"{path}{mark}embed=1")
        keeps_the_rules(page, language)
        assert framers(page) == f"'self' {SITE} {OTHER}"
        assert "X-Frame-Options" not in page.headers  # it knows no list, and would forbid them all
        assert page.one("base").attrs == {"target": "_top"}
        assert not page.all(class_="menu")
        assert not page.all(class_="account")


def test_without_being_asked_for_nothing_of_them_may_be(lab: Api) -> None:
    event_id = write(lab)
    browser = Browser(lab.client)
    for path in ("/events", f"/events/{event_id}", "/events?embed=0", "/events?embed="):
        page = browser.get(path, Sec_Fetch_Dest="document")
        assert framers(page) == "'none'"
        assert page.one("nav", class_="menu")
        assert not page.all("base")
    for path in ("/?embed=1", "/login?embed=1", "/docs?embed=1"):
        assert framers(browser.get(path)) == "'none'"


def test_without_a_list_nobody_but_ourselves_embeds_them(api: Api) -> None:
    assert framers(Browser(api.client).get("/events?embed=1")) == "'self'"


def test_the_list_is_narrowed_within_the_frame_and_events_open_outside_it(lab: Api) -> None:
    event_id = write(lab, **named("etä", remote={"limit": None}))
    write(lab, **named("paikalla"))
    browser = Browser(lab.client)
    page = browser.get("/events?embed=1&way=remote&from=2026-12-03")
    assert listed(page) == ["etä"]
    form = page.one("form", role="search")
    assert form.attrs["target"] == "_self"
    assert form.one("input", name="embed").attrs["value"] == "1"
    skip, *staying = [each for each in page.all("a") if each.attrs.get("target") == "_self"]
    assert skip.attrs["href"] == "#content"
    assert len(staying) == 6  # three languages, no filters, the nearest, and later ones
    for each in staying:
        assert query_of(each.attrs["href"])["embed"] == "1", each.text
    (event,) = [each for each in page.all("a") if each.text == "etä"]
    assert "target" not in event.attrs
    assert event.attrs["href"] == f"events/{event_id}?lang=fi"
    one = browser.get(f"/events/{event_id}?embed=1")
    (button,) = [each for each in one.all("a") if each.text == "Ilmoittaudu"]
    assert "target" not in button.attrs
    assert "embed" not in button.attrs["href"]


def test_programs_on_the_pages_of_those_sites_may_read_events(lab: Api) -> None:
    event_id = write(lab)
    for path in ("/v1/events?from=2026-12-01&to=2026-12-31", f"/v1/events/{event_id}"):
        for origin, allowed in ((SITE, SITE), ("https://evil.example", None)):
            answer = lab("GET", path, Origin=origin)
            assert answer.status == 200
            assert answer.headers.get("Access-Control-Allow-Origin") == allowed
