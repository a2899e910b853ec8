"""A person's own page: what it shows and keeps, and that it is nobody else's."""

from datetime import date

import pytest

from chalicelib.domain.people import Role
from chalicelib.services import bookings
from tests.api.conftest import FORM_KEY, STAFF_KEY, Api, eero
from tests.api.test_page_login import AINO, SESSION, log_in
from tests.api.test_page_session import known
from tests.api.test_pages import keeps_the_rules
from tests.builders import a_request, an_intent, on
from tests.page import Browser, Page, fields_of, query_of

LANGUAGES = ("fi", "sv", "en")
PIA = "pia.peltola@partner.example"


@pytest.fixture
def browser(api: Api) -> Browser:
    return known(api, Browser(api.client))


def change(browser: Browser, page: Page, **changes: str) -> Page:
    return browser.submit(page, page.one(id="me"), **changes)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_person_sees_who_they_are_to_the_lab(api: Api, language: str) -> None:
    browser = known(api, Browser(api.client, language))
    page = browser.get("/me")
    assert page.status == 200
    keeps_the_rules(page, language)
    assert page.headers["Cache-Control"] == "no-store"
    assert AINO in page.text
    kept = fields_of(page.one(id="me"))
    assert (kept["name"], kept["language"], kept["reminders"]) == ("Aino Aalto", "fi", "on")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["/me", "/me/erase"])
def test_nobody_s_own_page_leads_to_the_login_and_back(api: Api, language: str, path: str) -> None:
    browser = Browser(api.client, language)
    page = browser.get(path)
    assert query_of(page.headers["Location"]) == {"lang": language, "page": path[1:]}
    shown = browser.onward(page)
    keeps_the_rules(shown, language)
    assert shown.path == "/login"
    log_in(api, browser, page=path[1:])
    assert browser.get(path).status == 200


def test_a_session_that_is_over_leads_to_the_login_whatever_was_sent(
    api: Api, browser: Browser
) -> None:
    page = browser.get("/me")
    api.clock.forward(hours=9)
    sent = change(browser, page, name="Aino A.")
    assert sent.status == 303
    assert query_of(sent.headers["Location"])["page"] == "me"
    assert SESSION not in browser.jar


@pytest.mark.parametrize("key", [STAFF_KEY, FORM_KEY])
def test_a_key_has_no_page_of_its_own(api: Api, key: str) -> None:
    for method in ("GET", "POST"):
        assert api(method, "/me", key=key).status == 404


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_person_says_is_kept(api: Api, language: str) -> None:
    browser = known(api, Browser(api.client, language))
    said = {"name": "Aino Eskola", "organisation": "DVV", "language": "sv"}
    page = browser.get("/me")
    fields = fields_of(page.one(id="me")) | said
    del fields["reminders"]
    done = browser.onward(browser.post("/me", fields))
    keeps_the_rules(done, language)
    assert done.one(role="status").text
    profile = api.store.profiles[api.person_id("aino.aalto@gov.fi")]
    person = profile.person
    assert (person.name, person.organisation, person.language) == tuple(said.values())
    assert api.store.reminders_off == {profile.person_id}
    kept = fields_of(done.one(id="me"))
    assert {name: kept[name] for name in said} == said
    assert "reminders" not in kept
    change(browser, done, reminders="on")
    assert api.store.reminders_off == set()


def test_sent_twice_it_is_done_once(api: Api, browser: Browser) -> None:
    page = browser.get("/me")
    for _ in range(2):
        assert change(browser, page, name="Aino A.").status == 303
    profile = api.store.profiles[api.person_id("aino.aalto@gov.fi")]
    version = profile.version
    assert change(browser, browser.get("/me"), name="Aino B.").status == 303
    assert api.store.profiles[profile.person_id].version == version + 1


def test_what_was_changed_elsewhere_meanwhile_is_not_written_over_unseen(
    api: Api, browser: Browser
) -> None:
    old = browser.get("/me")
    change(browser, browser.get("/me"), organisation="DVV")
    stale = change(browser, old, organisation="VM")
    assert stale.status == 409
    keeps_the_rules(stale, "fi")
    assert "muutettu toisaalla" in stale.one("section", class_="summary").text
    assert fields_of(stale.one(id="me"))["organisation"] == "VM"
    assert change(browser, stale).status == 303
    profile = api.store.profiles[api.person_id("aino.aalto@gov.fi")]
    assert profile.person.organisation == "VM"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("name", "", "Kirjoita nimesi."),
        ("name", "x" * 201, "Enintään 200 merkkiä."),
        ("organisation", "a\x07b", "Ohjausmerkkejä ei hyväksytä."),
        ("language", "de", "Arvo ei kelpaa."),
    ],
)
def test_what_cannot_be_kept_is_refused_beside_its_field(
    api: Api, language: str, name: str, value: str, said: str
) -> None:
    browser = known(api, Browser(api.client, language))
    before = dict(api.store.profiles)
    page = change(browser, browser.get("/me"), **{"organisation": "VM", name: value})
    assert (page.status, page.errors) == (422, {name})
    keeps_the_rules(page, language)
    if language == "fi":
        assert said in page.error(name)
    (link,) = page.one("section", class_="summary").all("a")
    assert link.attrs["href"] == f"#{name}"
    if name != "language":  # a choice that is none shows as none
        assert fields_of(page.one(id="me"))[name] == value
    assert api.store.profiles == before


def test_a_form_that_is_none_of_ours_changes_nothing(api: Api, browser: Browser) -> None:
    before = dict(api.store.profiles)
    page = browser.get("/me")
    for token in ("", "0-0"):
        back = change(browser, page, name="Eero", form_token=token)
        assert back.status == 403
        keeps_the_rules(back, "fi")
        assert fields_of(back.one(id="me"))["name"] == "Eero"
    fields = fields_of(page.one(id="me")) | {"name": "Eero"}
    for strange in ({"Sec_Fetch_Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert browser.post("/me", fields, **strange).status == 403
    assert api.store.profiles == before
    assert change(browser, back).status == 303


def test_bookings_to_come_and_those_of_the_last_days_are_listed(api: Api, browser: Browser) -> None:
    days = ("2026-10-20", "2026-11-20", "2026-12-03", "2026-12-02")
    api.clock.forward(days=-60)
    for day in days:
        request = a_request("pod", title=f"Päivä {day}", **on(day, "10-11"))
        bookings.book(api.ports, request, an_intent(key=day))
    api.books(space_ids=["hall"], person=eero(), title="Salainen")
    api.clock.forward(days=60)
    browser = known(api, Browser(api.client))
    page = browser.get("/me")
    ahead, over = (
        page.one("section", aria_labelledby="ahead"),
        page.one("section", aria_labelledby="over"),
    )
    said = [each.text for each in ahead.all("li")]
    assert [text.split(" klo")[0] for text in said] == ["ke 2.12.2026", "to 3.12.2026"]
    assert "Päivä 2026-12-02" in said[0]
    assert [each.text.split(" klo")[0] for each in over.all("li")] == ["pe 20.11.2026"]
    assert "Salainen" not in page.source
    assert f"Päivä {days[0]}" not in page.source


def test_a_booking_is_cancelled_by_way_of_the_page(api: Api, browser: Browser) -> None:
    api.books(space_ids=["pod"])
    page = browser.get("/me")
    (line,) = page.one("section", aria_labelledby="ahead").all("li")
    one = browser.follow(page, line.one("a").attrs["href"])
    assert one.one("h1").text == "Varauksesi on voimassa"
    (form,) = one.one("main").all("form")
    done = browser.post(one.path, fields_of(form) | {"action": "cancel"})
    assert done.one("h1").text == "Varaus on peruttu"
    (back,) = [each for each in done.one("main").all("a") if "/me?" in each.attrs["href"]]
    page = browser.follow(done, back.attrs["href"])
    (line,) = page.one("section", aria_labelledby="over").all("li")
    assert "Peruttu" in line.text


def test_a_partner_sees_until_when_they_are_one(api: Api) -> None:
    browser = Browser(api.client)
    api.logs_in(PIA, partner_until=date(2026, 12, 31))
    log_in(api, browser, PIA)
    text = browser.get("/me").text
    assert "Kumppanin" in text
    assert "to 31.12.2026 asti" in text


@pytest.mark.parametrize("role", [Role.STAFF, Role.ADMIN])
def test_hosts_see_that_they_are_hosts(api: Api, role: Role) -> None:
    browser = Browser(api.client)
    api.logs_in("sami.salo@tyo2lab.fi", granted=role)
    log_in(api, browser, "sami.salo@tyo2lab.fi")
    assert "Labin" in browser.get("/me").one("dl").text


def test_every_session_can_be_ended_from_here(api: Api, browser: Browser) -> None:
    other = Browser(api.client)
    log_in(api, other)
    page = browser.get("/me")
    (form,) = [each for each in page.one("main").all("form") if "logout" in each.attrs["action"]]
    browser.submit(page, form, everywhere="on")
    assert other.get("/me").status == 303


def test_a_copy_of_all_that_is_kept_is_a_link_away(api: Api, browser: Browser) -> None:
    api.books(space_ids=["pod"])
    page = browser.get("/me")
    links = page.one("section", aria_labelledby="copy").all("a")
    cookie = f"{SESSION}={browser.jar[SESSION]}"
    answers = [api("GET", f"/{each.attrs['href']}", Cookie=cookie) for each in links]
    assert answers[0].json["account"]["profile"]["email"] == AINO
    assert answers[1].text.startswith("BEGIN:VCALENDAR")


def test_the_page_costs_six_looks(api: Api, browser: Browser) -> None:
    """Who asks, what is known of them, whether they want reminders, their bookings, events and addresses."""
    api.store.calls.clear()
    browser.get("/me")
    assert [name for name in api.store.calls if not name.startswith("catalog")] == [
        "logins.session",
        "snapshot",
        "people.reminders",
        "bookings.list",
        "events.parts_of",
        "feeds.of_person",
    ]


def test_how_much_one_has_of_what_is_limited_is_told(make_api) -> None:
    api = make_api(live_bookings=5, hours_per_week=10)
    browser = known(api, Browser(api.client))
    api.books(space_ids=["pod"], end="2026-12-02T11:30:00+02:00")
    assert [each.text for each in browser.get("/me").one(class_="standing").all("li")] == [
        "Voimassa olevia varauksiasi: 1 (enintään 5)",
        "Varaamiasi tunteja viikolla 49: 1,5 (enintään 10)",
        "Varaamiasi tunteja viikolla 50: 0 (enintään 10)",
    ]
