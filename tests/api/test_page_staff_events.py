"""The list of events for hosts: how each stands, where its links lead, and who sees it."""

import pytest

from chalicelib.services import events
from tests.api.conftest import FORM_KEY, Api
from tests.api.test_page_door import LANGUAGES, host
from tests.api.test_page_session import known
from tests.api.test_pages import keeps_the_rules
from tests.api.test_staff_attendance import signs_up
from tests.api.test_staff_events import EVENT, patch, write
from tests.builders import STAFF, an_intent
from tests.page import Browser, Page

OFFER = {"room": {"limit": 4, "most_waiting": 3}, "group_size": 4}


def listed(browser: Browser, query: str = "") -> Page:
    page = browser.get(f"/staff/events{query}")
    assert page.status == 200
    return page


def rows(page: Page) -> list[list[str]]:
    """The cells of each row, as read."""
    found = page.one("tbody").all("tr")
    return [[each.one("th").text, *(cell.text for cell in each.all("td"))] for each in found]


def links_of(page: Page, title: str = "") -> list[str]:
    found = [each for each in page.one("tbody").all("tr") if title in each.one("th").text]
    return [each.attrs["href"] for row in found for each in row.all("a")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_host_sees_how_every_event_stands(api: Api, language: str) -> None:
    first = write(api, **OFFER)
    signs_up(api, first, "aino", "Bertta", "Celia")
    signs_up(api, first, "pia")
    signs_up(api, first, "eero")
    draft = write(api, publish=False, start="2026-12-11T09:00", end="2026-12-11T11:00")
    page = listed(host(api, language))
    keeps_the_rules(page, language)
    assert page.headers["Cache-Control"] == "no-store"
    heads = [each.text for each in page.one("thead").all("th")]
    assert len(heads) == 4
    one, two = rows(page)
    assert EVENT["title"][language] in one[0]
    states = {
        "fi": ("Julkaistu", "Luonnos"),
        "sv": ("Publicerat", "Utkast"),
        "en": ("Published", "Draft"),
    }
    assert (one[1], two[1]) == states[language]
    seats = {
        "fi": "varattu 4 / 4, vapaita paikkoja 0, jonossa 1",
        "sv": "upptaget 4 / 4, lediga platser 0, i kö 1",
        "en": "taken 4 / 4, seats free 0, waiting 1",
    }
    assert one[2] == seats[language]
    door, public, sheet, notices, *of_draft = links_of(page)
    assert door == f"../staff/events/{first}?lang={language}"
    assert public == f"../events/{first}?lang={language}"
    assert sheet == f"../v1/staff/events/{first}/signups.csv?language={language}"
    assert notices == f"../staff/events/{first}/notices?lang={language}"
    assert of_draft == [
        f"../staff/events/{draft}?lang={language}",
        f"../v1/staff/events/{draft}/signups.csv?language={language}",
    ]


def test_every_link_leads_somewhere(api: Api) -> None:
    write(api)
    browser = host(api)
    page = listed(browser)
    for href in links_of(page):
        assert browser.follow(page, href).status == 200
    assert "Työpaja" not in page.one("h1").text


def test_seats_that_are_too_few_without_limit_and_remote_are_told(api: Api) -> None:
    """W-11"""
    event_id = write(api, **(OFFER | {"remote": {}}))
    signs_up(api, event_id, "aino", "Bertta", "Celia")
    patch(api, event_id, room={"limit": 1})
    (row,) = rows(listed(host(api)))
    assert "Paikan päällä: varattu 3 / 1, 2 henkilöä yli paikkamäärän" in row[2]
    assert "Etänä: varattu 0, paikkoja ei ole rajoitettu" in row[2]


def test_what_was_called_off_says_so(api: Api) -> None:
    events.call_off(api.ports, write(api), "Sairaus", an_intent(STAFF))
    page = listed(host(api))
    (row,) = rows(page)
    assert row[1] == "Peruttu"
    assert not any("notices" in each for each in links_of(page))


def test_today_s_events_stay_until_the_day_is_over_and_later_ones_come_by_date(api: Api) -> None:
    write(api)
    write(api, start="2027-03-11T09:00", end="2027-03-11T11:00")
    api.clock.time = api.clock.time.replace(day=10, hour=20)
    browser = host(api)
    page = listed(browser)
    assert len(rows(page)) == 1
    onward = page.one("nav", aria_label="Muut ajat").all("a")[-1]
    later = browser.follow(page, onward.attrs["href"])
    assert "11.3.2027" in rows(later)[0][0]
    back = later.one("nav", aria_label="Muut ajat").all("a")[0]
    assert len(rows(browser.follow(later, back.attrs["href"]))) == 1
    api.clock.time = api.clock.time.replace(day=11)
    assert "Tällä ajalla ei ole tapahtumia." in listed(host(api)).one("main").text


def test_nobody_else_sees_it(api: Api) -> None:
    write(api)
    anybody = api("GET", "/staff/events")
    assert (anybody.status, "login" in anybody.headers["Location"]) == (303, True)
    assert api("GET", "/staff/events", key=FORM_KEY).status == 404


def test_a_person_is_led_nowhere_and_a_host_here(api: Api) -> None:
    aino = known(api, Browser(api.client, "fi"))
    assert aino.get("/staff/events").status == 404
    assert "staff/events" not in aino.get("/me").text
    browser = host(api)
    page = browser.get("/me")
    (link,) = [each for each in page.all("a") if each.text == "Tapahtumat henkilökunnalle"]
    assert browser.follow(page, link.attrs["href"]).status == 200
    event_id = write(api)
    door = browser.get(f"/staff/events/{event_id}")
    (link,) = [each for each in door.all("a") if each.text == "Tapahtumat henkilökunnalle"]
    assert browser.follow(door, link.attrs["href"]).status == 200
