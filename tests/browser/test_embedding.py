"""The booking form within a page of another site, as a browser shows it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from chalicelib.services import events
from tests.browser.conftest import Lab, Open
from tests.browser.server import another_site
from tests.browser.test_booking import fill_in
from tests.browser.test_login import log_in
from tests.builders import STAFF, an_intent
from tests.event_builders import an_event

Embed = Callable[..., str]
OTHER = "https://other.example"
FORM = "/book?space_id=pod&start=2026-12-02T10:00&end=2026-12-02T11:00"


@pytest.fixture
def embed(lab: Lab) -> Iterator[Embed]:
    """Opens a page of another site with one of ours in a frame; that site is on the list, or is not."""
    with ExitStack() as sites:

        def open_within(page: Page, path: str, *, listed: bool = True) -> str:
            html = f'<iframe src="{lab.base}{path}" width="600" height="800"></iframe>'
            site = sites.enter_context(another_site(html))
            lab.store.site = replace(lab.store.site, allowed_sites=(site if listed else OTHER,))
            lab.ports.settings.forget()
            page.goto(site)
            return site

        yield open_within


def test_a_form_on_another_site_s_page_books_for_nobody_who_logged_in(
    lab: Lab, open_page: Open, embed: Embed
) -> None:
    """The cookie of the session does not travel there, so the address is asked for."""
    page = open_page(language="en")
    log_in(page, lab, "en")
    embed(page, f"{FORM}&lang=en")
    form = page.frame_locator("iframe")
    expect(form.locator("#email")).to_have_attribute("type", "email")
    expect(form.locator(".menu")).to_have_count(0)
    (frame,) = page.frames[1:]
    fill_in(frame)
    form.get_by_role("button", name="Book", exact=True).click()
    expect(form.locator("h1")).to_have_text("The booking is confirmed")
    form.get_by_role("link", name="See the free spaces of the week").click()
    expect(page.locator("h1")).to_contain_text("Free spaces in week 49")  # in the whole window
    assert page.url.startswith(lab.base)


def test_one_signs_up_with_a_guest_on_another_site_s_page(
    lab: Lab, open_page: Open, embed: Embed
) -> None:
    """Also where something is wrong at first; what comes after is in the whole window."""
    event = an_event(opens_at=lab.ports.clock.now())
    events.create(lab.ports, event, an_intent(STAFF))
    page = open_page(language="fi")
    site = embed(page, "/events/e_one/signup?lang=fi")
    form = page.frame_locator("iframe")
    form.get_by_role("link", name="English").click()
    form.locator("#name").fill("Aino Aalto")
    form.get_by_role("button", name="Add a companion").click()
    form.locator("#guest_1_name").fill("Eero Eskola")
    form.locator("#signup > button.button").click()
    expect(form.locator(".summary h2")).to_have_text("Check the form")
    form.locator("#email").fill("aino.aalto@gov.fi")
    form.locator("#accept_terms").check()
    form.locator("#signup > button.button").click()
    expect(form.locator("h1")).to_have_text("You have a seat")
    assert page.url == f"{site}/"
    (made,) = lab.store.signups.values()
    assert (made.person.name, [each.name for each in made.members]) == (
        "Aino Aalto",
        ["Eero Eskola"],
    )
    form.get_by_role("link", name="To the page of the event").click()
    expect(page.locator("h1")).to_have_text("Workshop")
    assert page.url.startswith(lab.base)


def test_what_is_wrong_is_said_within_the_frame(open_page: Open, embed: Embed) -> None:
    page = open_page(language="sv")
    site = embed(page, f"{FORM}&lang=en")
    form = page.frame_locator("iframe")
    form.get_by_role("link", name="Svenska").click()
    form.get_by_role("button", name="Boka", exact=True).click()
    expect(form.locator(".summary h2")).to_have_text("Kontrollera uppgifterna")
    assert page.url == f"{site}/"


def test_sites_that_are_not_on_the_list_show_nothing(open_page: Open, embed: Embed) -> None:
    page = open_page()
    embed(page, FORM, listed=False)
    expect(page.frame_locator("iframe").locator("#booking")).to_have_count(0)
    embed(page, "/login")
    expect(page.frame_locator("iframe").locator("#login")).to_have_count(0)
