"""At the door, in a real browser without scripts: by thumb on a phone, from the ticket to the last guest."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from chalicelib.domain.events import Way
from chalicelib.domain.people import Role, person_id_of
from chalicelib.domain.profiles import newcomer
from chalicelib.services import events, links, signups
from chalicelib.services.signups import Guest, SignUpRequest
from tests.browser.conftest import Lab, Open
from tests.browser.test_login import AINO, log_in
from tests.builders import AINO as PERSON
from tests.builders import FORM, NOW, STAFF, an_intent
from tests.event_builders import an_event, some_seats, somebody

WORDS = {
    "fi": ("Merkitse saapuneeksi", "Peru merkintä", "Lisää ja merkitse saapuneeksi"),
    "sv": ("Markera som anländ", "Ta tillbaka", "Lägg till och markera som anländ"),
    "en": ("Check in", "Undo", "Add and check in"),
}
GUESTS = (Guest("Bertta Öhman", accessibility="Induktiosilmukka"), Guest("Celia Niemi"))


def an_evening(lab: Lab) -> str:
    """An event that starts soon, with a party, some others and two who wait; its id."""
    salt, address = lab.store.site.salt, PERSON.email
    person_id = person_id_of(address, salt)
    profile = newcomer(person_id, PERSON, NOW)
    lab.store.profiles[person_id] = replace(profile, granted=Role.STAFF, version=1)
    starts = NOW + timedelta(minutes=10)
    event = an_event(
        starts_at=starts,
        ends_at=starts + timedelta(hours=2),
        opens_at=NOW - timedelta(days=9),
        closes_at=starts,
        ways={Way.ROOM: some_seats(6)},
    )
    events.create(lab.ports, event, an_intent(STAFF, "event"))
    for name, party in (("wivi", GUESTS), ("åke", ()), ("eero", ()), ("pia", ()), ("outi", ())):
        request = SignUpRequest(
            event.event_id, person=somebody(name), guests=party, diet="Vegaani", accept_terms=True
        )
        signups.sign_up(lab.ports, request, an_intent(FORM, name))
    return event.event_id


def at_the_door(page: Page, lab: Lab, language: str = "fi") -> str:
    """Logged in as a host, at the door of the evening; returns its address."""
    event_id = an_evening(lab)
    log_in(page, lab, language, AINO)
    address = f"{lab.base}/staff/events/{event_id}?lang={language}"
    page.goto(address)
    return address


@pytest.mark.parametrize("width", [360, 1200])
@pytest.mark.parametrize("language", WORDS)
def test_people_come_without_scripts(lab: Lab, open_page: Open, language: str, width: int) -> None:
    check_in, undo, add = WORDS[language]
    page = open_page(width, language)
    at_the_door(page, lab, language)
    rows = page.locator(".parties > li")
    expect(rows).to_have_count(4)
    row = rows.filter(has_text="Bertta Öhman")
    row.get_by_role("button", name=re.compile(f"^{check_in}.*Bertta")).click()
    expect(page.get_by_role("status")).to_contain_text("Wivi")
    row.get_by_role("button", name=re.compile(f"^{undo}.*Bertta")).click()
    expect(row.get_by_role("button", name=re.compile(f"^{check_in}.*Bertta"))).to_be_visible()
    (party,) = [each for each in lab.store.signups.values() if each.person.name == "Wivi"]
    page.fill("#code", links.ticket_code(lab.ports, party.signup_id))
    page.keyboard.press("Enter")
    expect(row.locator(".came")).to_have_count(3)
    page.fill("#name", "Ohto Ohikulkija")
    page.get_by_role("button", name=add).click()
    page.check("#override")
    page.get_by_role("button", name=add).click()
    expect(page.get_by_role("status")).to_contain_text("Ohto Ohikulkija")
    expect(rows).to_have_count(5)


def test_a_ticket_that_a_camera_opens_leads_a_host_who_is_not_logged_in_to_it(
    lab: Lab, open_page: Open
) -> None:
    page = open_page(360)
    event_id = an_evening(lab)
    (party,) = [each for each in lab.store.signups.values() if each.person.name == "Åke"]
    page.goto(links.ticket_url(lab.ports, party.signup_id))
    expect(page).to_have_url(re.compile(r"/login\?"))
    page.fill("#email", AINO)
    page.get_by_role("button", name="Lähetä koodi").click()
    login = list(lab.store.logins.values())[-1]
    page.fill("#code", links.login_code(lab.ports, login))
    page.locator("#code-form").get_by_role("button").click()
    expect(page.locator(".notice h2")).to_contain_text("Åke")
    assert f"/staff/events/{event_id}" in page.url
    page.locator(".notice").get_by_role("button").click()
    expect(page.get_by_role("status")).to_contain_text("Åke")


def test_the_workbook_comes_as_bytes(lab: Lab, open_page: Open) -> None:
    page = open_page(1200)
    at_the_door(page, lab)
    with page.expect_download() as waiting:
        page.locator("a[href*='signups.xlsx']").click()
    assert waiting.value.path().read_bytes().startswith(b"PK")
