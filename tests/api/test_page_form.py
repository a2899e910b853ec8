"""Booking by a plain form: what is said, what is kept, and where it leads."""

import re
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.pages import words
from chalicelib.services import bookings
from tests.api.conftest import Api, eero
from tests.api.test_pages import keeps_the_rules
from tests.builders import ALWAYS_OPEN, STAFF, a_request, a_space, an_intent, on, wed
from tests.page import Browser, Page

LANGUAGES = ("fi", "sv", "en")
AINO = {
    "name": "Aino Aalto",
    "email": "aino.aalto@gov.fi",
    "organisation": "VM",
    "accept_terms": "on",
}
HOSTILE = "\"><script>alert('x')</script><b onmouseover=x>&amp;"


@pytest.fixture
def browser(api: Api) -> Browser:
    return Browser(api.client)


def the_form(browser: Browser, space_id: str = "pod", start: str = "10:00", end: str = "11:00"):
    return browser.get(f"/book?space_id={space_id}&start=2026-12-02T{start}&end=2026-12-02T{end}")


def booked(api: Api) -> int:
    return len(api.store.bookings)


def test_a_form_books_and_says_what_where_and_when(api: Api, browser: Browser) -> None:
    page = browser.send(the_form(browser), title="Tiimin syyssuunnittelu", **AINO)
    assert page.status == 201
    assert page.one("h1").text == "Varaus on vahvistettu"
    assert "Pod, ke 2.12.2026 klo 10.00–11.00 (Suomen aikaa)" in page.text
    assert "Tiimin syyssuunnittelu" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    (made,) = api.store.bookings.values()
    assert made.booking_id in page.text
    assert made.title == "Tiimin syyssuunnittelu"
    assert made.person.language == "fi"
    keeps_the_rules(page, "fi")


@pytest.mark.parametrize(
    ("language", "heading", "when"),
    [
        ("sv", "Bokningen är bekräftad", "ons 2.12.2026 kl. 10.00–11.00 (finsk tid)"),
        ("en", "The booking is confirmed", "Wed 2 Dec 2026 at 10:00–11:00 (Helsinki time)"),
    ],
)
def test_the_language_of_the_form_is_that_of_the_answer(
    api: Api, browser: Browser, language: str, heading: str, when: str
) -> None:
    """Also where the browser prefers another."""
    form = browser.get(
        f"/book?lang={language}&space_id=pod&start=2026-12-02T10:00&end=2026-12-02T11:00"
    )
    page = browser.send(form, **AINO)
    assert page.one("h1").text == heading
    assert when in page.text
    keeps_the_rules(page, language)
    assert next(iter(api.store.bookings.values())).person.language == language


def test_a_refresh_shows_the_same_page_and_books_nothing(api: Api, browser: Browser) -> None:
    form = the_form(browser)
    first, second = browser.send(form, **AINO), browser.send(form, **AINO)
    assert second.status == 201
    assert second.source == first.source
    assert booked(api) == 1


def test_each_form_has_a_key_of_its_own(browser: Browser) -> None:
    found = {the_form(browser).fields()["idempotency_key"] for _ in range(5)}
    assert len(found) == 5
    assert all(len(key) >= 20 for key in found)


def test_a_form_sent_again_with_other_contents_says_so_and_can_go_on(
    api: Api, browser: Browser
) -> None:
    form = the_form(browser)
    browser.send(form, **AINO)
    page = browser.send(form, start="2026-12-02T14:00", end="2026-12-02T15:00", **AINO)
    assert page.status == 422
    assert "on jo lähetetty kerran" in page.text
    assert page.fields()["idempotency_key"] != form.fields()["idempotency_key"]
    assert browser.send(page).status == 201
    assert booked(api) == 2


def test_a_time_that_is_taken_is_refused_with_what_was_typed_kept(
    api: Api, browser: Browser
) -> None:
    bookings.book(api.ports, a_request("pod", **wed("10-12")), an_intent(key="a"))
    typed = AINO | {
        "title": "Kahvit & tee",
        "attendees": "2",
        "facilitation_notes": "Rivi 1\r\nRivi 2",
        "equipment_screen": "1",
        "facilitation_wanted": "on",
    }
    page = browser.send(the_form(browser), **typed)
    assert page.status == 409
    assert page.one("title").text.startswith("Virhe: Aika on jo varattu")
    assert "Joku muu ehti ensin" in page.error("start")
    kept = page.fields()
    assert {name: kept[name] for name in typed} == typed
    assert kept["start"] == "2026-12-02T10:00"
    assert "Pod: varattu ke 2.12.2026 klo 10.00–11.00" in page.text
    assert page.one("section", class_="summary").one("a").attrs["href"] == "#start"
    keeps_the_rules(page, "fi")
    assert booked(api) == 1


def test_another_time_can_be_chosen_without_typing_anything_again(
    api: Api, browser: Browser
) -> None:
    bookings.book(api.ports, a_request("pod", **wed("10-12")), an_intent(key="a"))
    page = browser.send(the_form(browser), title="Kahvit", **AINO)
    offers = page.one("ul", class_="offers").all("button")
    assert len(offers) >= 3
    for offer in offers:
        filled = browser.press(page, offer)
        assert filled.status == 200
        assert "Uusi aika on täytetty" in filled.text
        assert filled.fields()["title"] == "Kahvit"
        assert filled.fields()["email"] == AINO["email"]
        assert filled.fields()["idempotency_key"] == page.fields()["idempotency_key"]
        assert booked(api) == 1
        keeps_the_rules(filled, "fi")
    other = [offer for offer in offers if not offer.text.startswith("Pod")]
    assert other, [offer.text for offer in offers]
    assert browser.send(browser.press(page, other[0])).status == 201


def test_enter_presses_the_button_that_books(api: Api, browser: Browser) -> None:
    """The first submit button of a form is the one that Enter presses (HTML, implicit submission)."""
    bookings.book(api.ports, a_request("pod", **wed("10-12")), an_intent(key="a"))
    page = browser.send(the_form(browser), **AINO)
    first = page.one(id="booking").all("button")[0]
    assert "formaction" not in first.attrs
    assert first.attrs["tabindex"] == "-1"
    assert first.attrs["aria-hidden"] == "true"


CASES: tuple[tuple[dict[str, str], str, str], ...] = (
    ({"name": ""}, "name", "Kirjoita nimesi."),
    ({"email": ""}, "email", "Kirjoita sähköpostiosoitteesi."),
    ({"email": "aino"}, "email", "muodossa etunimi.sukunimi@organisaatio.fi"),
    ({"email": "aino@example.com"}, "email", "organisaatiosi sähköpostiosoite"),
    ({"accept_terms": ""}, "accept_terms", "Hyväksy käyttöehdot"),
    ({"space_id": ""}, "space_id", "Valitse tila."),
    ({"space_id": "nowhere"}, "space_id", "Tätä ei voi varata"),
    ({"space_id": "Ä B"}, "space_id", "Valitse tila."),
    ({"start": ""}, "start", "Valitse, milloin varaus alkaa."),
    ({"end": ""}, "end", "Valitse, milloin varaus päättyy."),
    ({"start": "huomenna"}, "start", "Kirjoita päivä ja kellonaika"),
    ({"start": "2026-12-02T10:07"}, "start", "15 minuutin välein"),
    ({"end": "2026-12-02T10:15"}, "end", "Lyhin varaus on 30 minuuttia"),
    (
        {"start": "2026-12-02T08:00", "end": "2026-12-02T17:00"},
        "end",
        "Pisin varaus on 480 minuuttia",
    ),
    ({"end": "2026-12-02T09:00"}, "end", "Lopun on oltava alun jälkeen"),
    ({"start": "2026-11-30T10:00", "end": "2026-11-30T11:00"}, "start", "ei ole vielä alkanut"),
    ({"start": "2026-12-05T10:00", "end": "2026-12-05T11:00"}, "start", "aukioloaikana"),
    ({"start": "2028-12-04T10:00", "end": "2028-12-04T11:00"}, "start", "Viimeinen mahdollinen"),
    ({"start": "2027-03-28T03:30", "end": "2027-03-28T05:00"}, "start", "kellonaikaa ei ole"),
    ({"attendees": "20"}, "attendees", "Enintään 2."),
    ({"attendees": "monta"}, "attendees", "Kirjoita kokonaisluku."),
    ({"attendees": "0"}, "attendees", "Vähintään 1."),
    ({"units": "3"}, "units", "Enintään 1."),
    ({"equipment_screen": "5"}, "equipment_screen", "Enintään 2."),
    ({"title": "x" * 201}, "title", "Enintään 200 merkkiä."),
    ({"title": "a\x07b"}, "title", "Ohjausmerkkejä ei hyväksytä."),
    ({"facilitation_notes": "x" * 4001}, "facilitation_notes", "Enintään 4000 merkkiä."),
    ({"language": "de"}, "language", "Arvo ei kelpaa."),
    ({"facilitation_wanted": "ehkä"}, "facilitation_wanted", "Arvo ei kelpaa."),
    ({"accept_terms": "ehkä"}, "accept_terms", "Arvo ei kelpaa."),
    ({"organisation": "x" * 201}, "organisation", "Enintään 200 merkkiä."),
    ({"name": "x" * 201}, "name", "Enintään 200 merkkiä."),
    ({"equipment_screen": "-1"}, "equipment_screen", "Vähintään 0."),
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("changes", "name", "message"), CASES)
def test_every_refusal_stands_beside_its_field(
    api: Api, browser: Browser, changes: dict[str, str], name: str, message: str, language: str
) -> None:
    browser.language = language
    typed = AINO | {"title": "Suunnittelu"} | changes
    page = browser.send(the_form(browser), **typed)
    assert page.status == 422
    assert page.errors == {name}
    if language == "fi":
        assert message.lower() in page.error(name).lower()
    summary = page.one("section", class_="summary")
    assert f"#{name}" in [link.attrs["href"] for link in summary.all("a")]
    kept = page.fields()
    shown_as_typed = {
        "language",
        "space_id",
        "accept_terms",
        "facilitation_wanted",
    }  # a choice that is none shows as none
    for each, value in typed.items():
        if each not in shown_as_typed:
            assert kept[each] == value
    assert booked(api) == 0
    keeps_the_rules(page, language)


def test_all_that_is_missing_is_said_at_once(browser: Browser) -> None:
    page = browser.post("/v1/bookings", {"title": ""})
    assert page.status == 422
    assert page.errors == {"space_id", "start", "end", "name", "email", "accept_terms"}


def test_what_a_reader_typed_is_never_markup(api: Api, browser: Browser) -> None:
    hostile = {
        "title": HOSTILE,
        "name": HOSTILE,
        "organisation": HOSTILE,
        "email": HOSTILE,
        "facilitation_notes": f"</textarea>{HOSTILE}",
        "start": HOSTILE,
        "end": HOSTILE,
        "attendees": HOSTILE,
        "notes": HOSTILE,
        "next": HOSTILE,
        "idempotency_key": HOSTILE,
    }
    page = browser.post("/v1/bookings", hostile)
    assert page.status == 422
    assert not page.all("script")
    assert not page.all("b")
    kept = page.fields()
    for name in ("title", "name", "organisation", "email", "facilitation_notes", "start"):
        assert kept[name] == hostile[name]
    done = browser.send(the_form(browser), **AINO | {"title": HOSTILE, "name": HOSTILE})
    assert done.status == 201
    assert HOSTILE in [each.text for each in done.all("dd")]
    assert not done.all("script")
    for path in (
        f"/?people={HOSTILE}",
        f"/?week={HOSTILE}",
        f"/book?start={HOSTILE}&lang={HOSTILE}",
    ):
        answer = browser.get(quote(path, safe="/?=&"))
        assert not answer.all("script")


def test_names_of_spaces_are_never_markup(make_api: Any) -> None:
    hostile = a_space("pod", name=dict.fromkeys(LANGUAGES, HOSTILE), instructions={"fi": HOSTILE})
    api = make_api(hostile)
    browser = Browser(api.client)
    for page in (browser.get("/"), the_form(browser), browser.send(the_form(browser), **AINO)):
        assert page.status < 300
        assert not page.all("script")
        assert "alert(" in page.text


def test_the_honeypot_is_hidden_from_everybody_and_refuses_whoever_fills_it(
    api: Api, browser: Browser
) -> None:
    """B120"""
    form = the_form(browser)
    (trap,) = form.all(class_="trap")
    assert trap.attrs["aria-hidden"] == "true"
    field = trap.one("input")
    assert (field.attrs["tabindex"], field.attrs["autocomplete"]) == ("-1", "off")
    page = browser.send(form, website="https://spam.example", **AINO)
    assert page.status == 422
    assert "piilotettu kenttä" in page.text
    assert page.fields()["website"] == ""
    assert page.fields()["name"] == AINO["name"]
    assert booked(api) == 0


def test_a_time_that_comes_twice_is_a_choice_without_scripts(make_api: Any) -> None:
    """B79"""
    api = make_api(a_space("pod", hours=ALWAYS_OPEN, horizon_days=800, max_minutes=1440))
    browser = Browser(api.client)
    form = browser.get("/book?space_id=pod&start=2027-10-31T02:00&end=2027-10-31T02:30")
    page = browser.send(form, start="2027-10-31T03:30", end="2027-10-31T03:30", **AINO)
    assert page.status == 422
    for name in ("start", "end"):
        choices = page.all("input", name=name, type="radio")
        assert [each.attrs["value"] for each in choices] == [
            "2027-10-31T03:30:00+03:00",
            "2027-10-31T03:30:00+02:00",
        ]
        assert "kumpaa tarkoitat" in page.text
    keeps_the_rules(page, "fi")
    done = browser.send(page, end="2027-10-31T03:30:00+02:00")
    assert done.status == 201
    assert "klo 3.30 (UTC+3)–3.30 (UTC+2)" in done.text
    back = browser.press(page, page.all("button", name="retime")[0])
    assert back.one(id="start").attrs["type"] == "datetime-local"
    assert back.fields()["name"] == AINO["name"]


def test_a_choice_stays_chosen_after_another_refusal(make_api: Any) -> None:
    api = make_api(a_space("pod", hours=ALWAYS_OPEN, horizon_days=800))
    browser = Browser(api.client)
    form = browser.get("/book?space_id=pod&start=2027-10-31T03:30&end=2027-10-31T05:00")
    page = browser.send(form, start="2027-10-31T03:30:00+02:00", **AINO | {"name": ""})
    assert page.fields()["start"] == "2027-10-31T03:30:00+02:00"
    plain = browser.get("/book?start=2026-12-02T08:00:00Z")
    assert plain.fields()["start"] == "2026-12-02T10:00"


def test_what_waits_is_said_in_words(make_api: Any) -> None:
    api = make_api(a_space("pod", needs_approval=True))
    page = Browser(api.client).send(the_form(Browser(api.client)), **AINO)
    assert page.one("h1").text == "Varauspyyntö on vastaanotettu"
    assert "Odottaa henkilökunnan vahvistusta" in page.text


def test_what_is_held_says_until_when(make_api: Any) -> None:
    api = make_api(prove_address=True)
    page = Browser(api.client).send(the_form(Browser(api.client)), **AINO)
    assert page.one("h1").text == "Aika on sinulle varattuna hetken"
    assert "viimeistään ti 1.12.2026 klo 9.30" in page.text


def test_the_page_has_the_instructions_of_the_space(make_api: Any) -> None:
    api = make_api(a_space("pod", instructions={"fi": "Ovi on hissin vieressä."}))
    browser = Browser(api.client)
    assert "Ovi on hissin vieressä." in browser.send(the_form(browser), **AINO).text


def test_somebody_else_s_name_is_never_shown(api: Api, browser: Browser) -> None:
    """B116"""
    api.books(space_ids=["pod"], title="Salainen", person=eero())
    page = browser.send(the_form(browser), **AINO)
    assert page.status == 409
    assert not re.search("Salainen|Eero|Eskola", page.source)


def test_a_failure_of_ours_keeps_the_form_and_its_key(api: Api, browser: Browser) -> None:
    form = the_form(browser)

    def broken(name: str) -> None:
        if name == "commit":
            raise RuntimeError("down")

    api.store.before = broken
    page = browser.send(form, **AINO)
    api.store.before = lambda name: None
    assert page.status == 500
    assert "Pyynnön tunnus: local" in page.text
    assert "samasta lomakkeesta ei tule kahta varausta" in page.text
    assert page.fields()["name"] == AINO["name"]
    assert page.fields()["idempotency_key"] == form.fields()["idempotency_key"]
    keeps_the_rules(page, "fi")
    assert browser.send(page).status == 201


def test_a_failure_of_the_settings_is_a_page_too(api: Api, browser: Browser, monkeypatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("down")

    for name in ("get", "recent", "fresh"):
        monkeypatch.setattr(type(api.ports.settings), name, broken)
    for page in (browser.get("/"), browser.post("/v1/bookings", AINO)):
        assert page.status == 500
        assert "Pyynnön tunnus" in page.text


def test_several_spaces_of_another_site_s_form_are_kept(api: Api, browser: Browser) -> None:
    fields = {
        "space_ids": ["hall-a", "studio"],
        "start": "2026-12-02T10:00",
        "end": "2026-12-02T11:00",
        "notes": "Tuolit rinkiin",
    }
    page = browser.post("/v1/bookings", fields | AINO | {"name": ""})
    assert page.status == 422
    assert "Hall-A, Studio" in page.text
    assert [each.attrs["value"] for each in page.all("input", name="space_ids")] == [
        "hall-a",
        "studio",
    ]
    assert page.one("input", name="notes").attrs["value"] == "Tuolit rinkiin"


def test_a_form_that_is_too_large_is_refused(browser: Browser) -> None:
    page = browser.send(the_form(browser), **AINO | {"facilitation_notes": "ä" * 40_000})
    assert page.status == 413
    assert page.one("h1").text == "Varaa tila"


def test_an_unknown_field_is_refused_in_words(browser: Browser) -> None:
    page = browser.post("/v1/bookings", the_form(browser).fields() | AINO | {"colour": "red"})
    assert page.status == 422
    assert "tieto, jota emme tunne" in page.text


def test_a_form_prefers_a_page_only_where_a_page_is_asked_for(browser: Browser) -> None:
    fields = the_form(browser).fields() | AINO
    answer = browser.post("/v1/bookings", fields | {"name": ""}, Accept="application/json")
    assert answer.headers["Content-Type"] == "application/problem+json"
    answer = browser.post("/v1/bookings", fields, Accept="application/json")
    assert answer.headers["Content-Type"] == "application/json"


def test_required_fields_and_autocomplete_are_declared(browser: Browser) -> None:
    form = the_form(browser)
    required = {each.attrs["name"] for each in form.all() if "required" in each.attrs}
    assert required == {"space_id", "start", "end", "name", "email", "accept_terms"}
    filled = {
        each.attrs["name"]: each.attrs["autocomplete"]
        for each in form.all("input")
        if each.attrs.get("autocomplete", "off") != "off"
    }
    assert filled == {"name": "name", "email": "email", "organisation": "organization"}
    assert form.headers["Cache-Control"] == "no-store"
    assert form.one(id="booking").attrs["action"] == "v1/bookings"


def test_alternatives_are_offered_where_the_rules_are_in_the_way(
    api: Api, browser: Browser
) -> None:
    """Not only where somebody was first: outside the hours too."""
    page = browser.send(the_form(browser, start="18:00", end="19:00"), **AINO)
    assert page.status == 422
    assert page.one("ul", class_="offers").all("button")


def test_staff_closures_are_refused_with_their_time(api: Api, browser: Browser) -> None:
    from chalicelib.services import closures

    wanted = closures.ClosureRequest(("pod",), **on("2026-12-02", "8-18"))
    made = closures.close(api.ports, wanted, an_intent(STAFF, key="c")).value
    assert made is not None
    closures.go_on(api.ports, made.closure_id)
    page = browser.send(the_form(browser), **AINO)
    assert page.status == 422
    assert "suljettu 2.12.2026 klo 10.00" in page.error("start").lower()
    assert "Pod: suljettu ke 2.12.2026 klo" in page.text


def test_the_page_after_a_booking_leads_to_the_week_of_it(browser: Browser) -> None:
    page: Page = browser.send(the_form(browser), **AINO)
    hrefs = [link.attrs["href"] for link in page.one("main").all("a")]
    assert "../?lang=fi&week=2026-W49" in hrefs
    assert words.texts("fi")["booked"]["again"] in page.text
