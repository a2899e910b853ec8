"""Booking by the form in a session: whose it is, what it offers, and what happens when it is over."""

import re
from datetime import date, timedelta

import pytest

from chalicelib.api import forms
from chalicelib.domain.people import Role
from chalicelib.domain.spaces import Kind
from tests.api.conftest import Api, eero
from tests.api.test_page_login import AINO, log_in
from tests.api.test_pages import keeps_the_rules
from tests.builders import a_space
from tests.page import Browser, Page

LANGUAGES = ("fi", "sv", "en")
FORM = "/book?space_id=pod&start=2026-12-02T10:00&end=2026-12-02T11:00"
TERMS = {"name": "Pia Peltola", "accept_terms": "on"}
TYPED = {
    "title": "Kahvit & tee",
    "attendees": "2",
    "facilitation_notes": "Rivi 1\r\nRivi 2",
    "equipment_screen": "1",
    "facilitation_wanted": "on",
    "accept_terms": "on",
}


@pytest.fixture
def browser(api: Api) -> Browser:
    return Browser(api.client)


def known(api: Api, browser: Browser, **more: object) -> Browser:
    """Aino's browser, logged in; the Lab knows her name."""
    api.logs_in(AINO, "Aino Aalto", **more)
    log_in(api, browser)
    return browser


def booked(api: Api) -> int:
    return len(api.store.bookings)


@pytest.mark.parametrize("path", ["/", FORM])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_knows_who_has_logged_in(api: Api, path: str, language: str) -> None:
    browser = known(api, Browser(api.client, language))
    page = browser.get(path)
    keeps_the_rules(page, language)
    fields = page.fields()
    assert (fields["name"], fields["email"]) == ("Aino Aalto", AINO)
    assert page.one("input", name="email").attrs["type"] == "hidden"
    assert AINO in page.one(id="email").text


def test_it_books_at_once_and_for_nobody_else(make_api) -> None:
    """Without a proof by mail: the session was one."""
    api = make_api(prove_address=True)
    browser = known(api, Browser(api.client))
    page = browser.get(FORM)
    for_another = browser.send(page, accept_terms="on", email="eero.eskola@gov.fi")
    assert for_another.status == 422
    assert for_another.one("section", class_="summary").one("a").attrs["href"] == "#email"
    assert for_another.one(id="error-email").text
    assert for_another.fields()["email"] == AINO
    assert booked(api) == 0
    done = browser.send(for_another)
    assert (done.status, done.one("h1").text) == (201, "Varaus on vahvistettu")
    (made,) = api.store.bookings.values()
    assert made.person_id == api.person_id(AINO)


def test_what_was_typed_over_what_is_known_is_kept(api: Api, browser: Browser) -> None:
    known(api, browser)
    api.books(space_ids=["pod"], person=eero())
    page = browser.send(browser.get(FORM), name="Aino A.", organisation="", **TYPED)
    assert page.status == 409
    kept = page.fields()
    assert (kept["name"], kept["organisation"]) == ("Aino A.", "")
    offer = page.one("ul", class_="offers").all("button")[0]
    filled = browser.press(page, offer)
    assert (filled.fields()["name"], filled.fields()["organisation"]) == ("Aino A.", "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_left_of_one_s_quota_is_told_before_one_books(make_api, language: str) -> None:
    api = make_api(live_bookings=5, hours_per_week=10, organisation_live_bookings=30)
    browser = known(api, Browser(api.client, language))
    api.books(space_ids=["pod"])
    api.store.calls.clear()
    for path in ("/", FORM):
        page = browser.get(path)
        keeps_the_rules(page, language)
        lines = [each.text for each in page.one(class_="standing").all("li")]
        assert [re.findall(r"\d+", line) for line in lines] == [
            ["1", "5"],
            ["49", "1", "10"],
            ["50", "0", "10"],
            ["1", "30"],
        ]
    assert api.store.calls.count("snapshot") == 3  # one of them is the week


def test_nothing_is_read_of_quotas_where_there_are_none_or_nobody_logged_in(make_api) -> None:
    for site, logged_in in (({}, True), ({"live_bookings": 5}, False)):
        api = make_api(**site)
        browser = Browser(api.client)
        if logged_in:
            known(api, browser)
        api.store.calls.clear()
        assert not browser.get(FORM).all(class_="standing")
        assert "snapshot" not in api.store.calls


def test_staff_who_book_for_others_are_told_of_no_quota_of_their_own(make_api) -> None:
    api = make_api(live_bookings=5)
    browser = Browser(api.client)
    api.logs_in("sami.salo@tyo2lab.fi", granted=Role.STAFF)
    log_in(api, browser, "sami.salo@tyo2lab.fi")
    assert not browser.get(FORM).all(class_="standing")


def test_staff_book_for_anybody(api: Api, browser: Browser) -> None:
    api.logs_in("sami.salo@tyo2lab.fi", "Sami Salo", granted=Role.STAFF)
    log_in(api, browser, "sami.salo@tyo2lab.fi")
    page = browser.get(FORM)
    assert page.one(id="email").attrs["type"] == "email"
    assert page.fields()["email"] == "sami.salo@tyo2lab.fi"
    done = browser.send(page, name="Eero Eskola", email="eero.eskola@gov.fi", accept_terms="on")
    assert done.status == 201
    (made,) = api.store.bookings.values()
    assert made.person_id == api.person_id("eero.eskola@gov.fi")


def offered(page: Page) -> set[str]:
    return {each.attrs["value"] for each in page.one(id="space_id").all("option")} - {""}


def test_a_space_is_offered_only_to_those_it_is_open_to(make_api) -> None:
    """B115: neither in the week, nor on the form, nor beside what was refused."""
    api = make_api(
        a_space("pod", open_to=("employee",)),
        a_space("den", open_to=("partner",)),
        a_space("easel", kind=Kind.EQUIPMENT, units=2, open_to=("employee",)),
    )
    pia, aino = Browser(api.client), Browser(api.client)
    api.logs_in("pia.peltola@partner.example", partner_until=date(2026, 12, 31))
    log_in(api, pia, "pia.peltola@partner.example")
    log_in(api, aino)
    for browser, seen, hidden in ((pia, "den", "pod"), (aino, "pod", "den")):
        week = browser.get("/")
        rows = {row.attrs["id"] for row in week.one("tbody").all("tr")}
        for places in (rows, offered(week), offered(browser.get("/book"))):
            assert seen in places
            assert hidden not in places
        refused = browser.send(browser.get("/book"), space_id=hidden)
        assert refused.status == 422
        assert hidden not in offered(refused)
        assert bool(week.all(id="equipment_easel")) == (browser is aino)
    hidden_field = pia.send(pia.get(FORM), space_id="den", equipment_easel="1", **TERMS)
    assert hidden_field.status == 422
    assert "Tätä ei voi varata" in hidden_field.one("section", class_="summary").text
    assert {"den", "pod"} <= offered(Browser(api.client).get("/book"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_session_that_ended_meanwhile_costs_nothing_that_was_typed(
    api: Api, language: str
) -> None:
    browser = known(api, Browser(api.client, language))
    page = browser.get(FORM)
    api.clock.forward(hours=8)
    back = browser.send(page, **TYPED)
    assert back.status == 403
    keeps_the_rules(back, language)
    kept = back.fields()
    assert {name: kept[name] for name in TYPED} == TYPED
    assert (kept["name"], kept["email"], kept["start"]) == ("Aino Aalto", AINO, "2026-12-02T10:00")
    assert back.one(id="email").attrs["type"] == "email"  # nobody has logged in any more
    assert kept["form_token"] != page.fields()["form_token"]
    assert kept["idempotency_key"] == page.fields()["idempotency_key"]
    (link,) = back.one("section", class_="summary").all("a")
    assert link.attrs["href"].startswith("../login?")
    assert booked(api) == 0
    assert browser.send(back).status == 201  # sent again, as anybody
    assert booked(api) == 1


def test_who_logged_in_again_meanwhile_sends_it_once_more(api: Api, browser: Browser) -> None:
    known(api, browser)
    page = browser.get(FORM)
    api.clock.forward(hours=8)
    back = browser.send(page, **TYPED)
    log_in(api, browser)
    again = browser.send(back)
    assert again.status == 403
    assert "kirjautumisesi muuttui" in again.text
    assert again.one("input", name="email").attrs["type"] == "hidden"
    assert browser.send(again).status == 201


def test_a_form_that_stood_open_for_too_long_comes_back_whole(api: Api, browser: Browser) -> None:
    page = browser.get(FORM)
    api.clock.forward(hours=12, seconds=1)
    back = browser.send(page, name="Eero Eskola", email="eero.eskola@gov.fi", **TYPED)
    assert back.status == 403
    assert back.one("section", class_="summary").one("h2").text == "Lähetä lomake uudelleen"
    assert not back.one("section", class_="summary").all("a")
    assert back.fields()["email"] == "eero.eskola@gov.fi"
    assert browser.send(back).status == 201


def test_a_form_is_not_taken_from_who_is_faster_than_people(
    api: Api, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B120: but who has logged in is no program."""
    aino = known(api, Browser(api.client))
    monkeypatch.setattr(forms, "SOONEST", timedelta(seconds=2))
    page = browser.get(FORM)
    person = {"name": "Eero Eskola", "email": "eero.eskola@gov.fi"}
    assert browser.send(page, **person, **TYPED).status == 403
    assert booked(api) == 0
    api.clock.forward(seconds=2)
    assert browser.send(page, **person, **TYPED).status == 201
    page = aino.get(FORM.replace("12-02", "12-03"))
    assert aino.send(page, **TYPED).status == 201


def test_a_form_on_another_site_books_nothing_in_somebody_s_session(
    api: Api, browser: Browser
) -> None:
    known(api, browser)
    fields = browser.get(FORM).fields() | TYPED
    for strange in ({"Sec_Fetch_Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert browser.post("/v1/bookings", fields, **strange).status == 403
    assert booked(api) == 0
