"""Booking with a browser that runs no scripts: by mouse, by keyboard, on a phone."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Lab, Open

WORDS = {
    "fi": ("Varaa", "Varaus on vahvistettu", "Aika on jo varattu", "varattu"),
    "sv": ("Boka", "Bokningen är bekräftad", "Tiden är redan bokad", "bokat"),
    "en": ("Book", "The booking is confirmed", "The time is taken", "booked"),
}


def fill_in(page: Page, name: str = "Aino Aalto", email: str = "aino.aalto@gov.fi") -> None:
    page.fill("#name", name)
    page.fill("#email", email)
    page.check("#accept_terms")


def press_book(page: Page, language: str = "fi") -> None:
    page.get_by_role("button", name=WORDS[language][0], exact=True).click()


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("language", WORDS)
def test_a_room_is_booked_seen_taken_and_cannot_be_taken_twice(
    lab: Lab, open_page: Open, language: str, width: int
) -> None:
    _, confirmed, taken, booked = WORDS[language]
    page = open_page(width, language)
    page.goto(f"{lab.base}/?day=2026-12-02")
    page.locator("#studio a.free").first.click()
    expect(page.locator("#space_id")).to_have_value("studio")
    expect(page.locator("#start")).to_have_value("2026-12-02T08:00")
    first = page.url
    fill_in(page)
    press_book(page, language)
    expect(page.locator("h1")).to_have_text(confirmed)
    page.reload()
    expect(page.locator("h1")).to_have_text(confirmed)
    assert len(lab.store.bookings) == 5
    page.goto(f"{lab.base}/?day=2026-12-02")
    cell = page.locator("#studio .piece", has_text=re.compile("8.00.9.00"))
    expect(cell).to_contain_text(booked)
    page.goto(first)
    fill_in(page, "Eero Eskola", "eero.eskola@gov.fi")
    press_book(page, language)
    expect(page.locator(".summary h2")).to_have_text(taken)
    expect(page.locator("#name")).to_have_value("Eero Eskola")
    assert len(lab.store.bookings) == 5
    page.locator(".offers button").first.click()
    expect(page.locator("#name")).to_have_value("Eero Eskola")
    press_book(page, language)
    expect(page.locator("h1")).to_have_text(confirmed)
    assert len(lab.store.bookings) == 6


def test_a_room_is_booked_by_keyboard_alone(lab: Lab, open_page: Open) -> None:
    page = open_page()
    page.goto(f"{lab.base}/book?space_id=pod&start=2026-12-02T10:00&end=2026-12-02T11:00")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.locator("#name").focus()
    page.keyboard.type("Aino Aalto")
    page.keyboard.press("Tab")
    page.keyboard.type("aino.aalto@gov.fi")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator("#accept_terms")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")  # the hidden field is never reached
    expect(page.get_by_role("button", name="Varaa", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Varaus on vahvistettu")


def test_enter_in_a_field_books_and_does_not_choose_another_time(lab: Lab, open_page: Open) -> None:
    page = open_page()
    page.goto(f"{lab.base}/book?space_id=hall&start=2026-12-02T10:00&end=2026-12-02T11:00")
    fill_in(page)
    press_book(page)
    expect(page.locator(".offers button").first).to_be_visible()
    page.locator("#name").press("Enter")
    expect(page.locator(".summary h2")).to_have_text("Aika on jo varattu")
    expect(page.locator("#start")).to_have_value("2026-12-02T10:00")


def test_an_error_leads_to_its_field(lab: Lab, open_page: Open) -> None:
    page = open_page(360)
    page.goto(f"{lab.base}/book?space_id=pod&start=2026-12-02T10:00&end=2026-12-02T11:00")
    press_book(page)
    assert page.title().startswith("Virhe")
    page.get_by_role("link", name="Kirjoita nimesi.").click()
    expect(page.locator("#name")).to_be_focused()
    expect(page.locator("#name")).to_have_accessible_description("Virhe: Kirjoita nimesi.")


def test_a_night_when_the_clocks_go_back_is_a_choice(lab: Lab, open_page: Open) -> None:
    """T-02"""
    page = open_page(360)
    page.goto(f"{lab.base}/book?space_id=pod&start=2027-10-31T03:30&end=2027-10-31T05:00")
    fill_in(page)
    page.get_by_label("Jälkimmäinen kello 3.30").check()
    press_book(page)
    expect(page.locator(".big")).to_contain_text("klo 3.30 (UTC+2)–5.00")


def test_the_language_is_kept_from_page_to_page(lab: Lab, open_page: Open) -> None:
    page = open_page(language="en")
    page.goto(f"{lab.base}/?day=2026-12-02")
    page.get_by_role("link", name="Svenska").click()
    expect(page.locator("h1")).to_contain_text("Lediga utrymmen ons 2.12.2026")
    page.locator("#pod a.free").first.click()
    expect(page.locator("html")).to_have_attribute("lang", "sv")
    press_book(page, "sv")
    expect(page.locator(".summary h2")).to_have_text("Kontrollera uppgifterna")


@pytest.mark.parametrize("path", ["", "/", "/book", "/docs", "/problems/slot-taken"])
def test_styles_and_links_work_under_a_stage(lab: Lab, open_page: Open, path: str) -> None:
    page = open_page()
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.on("response", lambda answer: answer.ok or failed.append(answer.url))
    page.on("console", lambda message: failed.append(message.text))
    page.goto(f"{lab.base}{path}")
    expect(page.locator("header.frame")).to_have_css("border-bottom-width", "3px")
    for name in ("Varaa tila", "Rajapinta", "Vapaat tilat"):
        page.get_by_role("navigation", name="Päävalikko").get_by_role("link", name=name).click()
        expect(page.locator("h1")).to_be_visible()
    assert not failed
