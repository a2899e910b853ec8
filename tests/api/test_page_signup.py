"""Signing up by a plain form, and the page that its mails lead to: what they show and what their buttons do."""

from typing import Any

import pytest

from chalicelib.domain.signups import State
from chalicelib.pages.words import texts
from chalicelib.services import links
from tests.api.conftest import FORM_KEY, STAFF_KEY, Api
from tests.api.test_pages import keeps_the_rules
from tests.api.test_signups import QUESTIONS, one, signs_up, stored
from tests.api.test_staff_events import patch, write
from tests.page import Browser, Page, fields_of

LANGUAGES = ("fi", "sv", "en")
AINO = {"name": "Aino", "email": "aino@gov.fi", "accept_terms": "on"}
LINK = "https://meet.example/secret"


@pytest.fixture
def api(make_api: Any) -> Api:
    made: Api = make_api(prove_address=True)
    return made


@pytest.fixture
def event(api: Api) -> str:
    """One seat in the room and one remote, parties of up to three."""
    return write(
        api,
        room={"limit": 1, "most_waiting": 3},
        remote={"limit": 1},
        remote_link=LINK,
        group_size=3,
        asks_diet=True,
        questions=QUESTIONS,
        title={"fi": "Ideapaja", "en": "Ideas"},
        address="Kirkkokatu 1, Helsinki",
    )


@pytest.fixture
def plain(api: Api) -> str:
    """Two seats, one may wait, nothing is asked."""
    return write(api, room={"limit": 2, "most_waiting": 1})


def the_form(browser: Browser, event_id: str, rest: str = "") -> Page:
    return browser.get(f"/events/{event_id}/signup{rest}")


def sends(browser: Browser, page: Page, **typed: str) -> Page:
    return browser.submit(page, page.one(id="signup"), **typed)


def path_of(api: Api, signup_id: str) -> str:
    return f"/{links.signup_page(api.ports, signup_id)}"


def press(browser: Browser, page: Page, action: str, **fields: str) -> Page:
    path = page.path.partition("?")[0]
    return browser.post(path, {"action": action, "lang": browser.language, **fields})


def signed_up(api: Api) -> Any:
    (made,) = [each for each in api.store.signups.values() if each.person.name == "Aino"]
    return made


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_says_what_when_where_and_how_many_seats(
    api: Api, event: str, language: str
) -> None:
    page = the_form(Browser(api.client, language), event)
    keeps_the_rules(page, language)
    title = {"fi": "Ideapaja", "sv": "Ideapaja", "en": "Ideas"}[language]
    assert title in page.one("h1").text
    assert "Kirkkokatu 1, Helsinki" in page.text
    free = {"fi": "1 paikka vapaana", "sv": "1 plats ledig", "en": "1 seat left"}[language]
    assert page.text.count(free) == 2
    assert LINK not in page.source


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_form_signs_up_and_says_what_comes_next(api: Api, event: str, language: str) -> None:
    browser = Browser(api.client, language)
    given = {"answer_team": "A", "answer_photo": "on", "answer_lunch": "soup", "diet": "Kala"}
    page = sends(browser, the_form(browser, event), **AINO, **given)
    assert page.status == 201
    keeps_the_rules(page, language)
    made = signed_up(api)
    assert (made.state, made.diet, made.person.language) == (State.HELD, "Kala", language)
    assert dict(made.answers) == {"team": "A", "photo": True, "lunch": "soup"}
    assert page.one(id="code")
    assert page.form(f"prove/{made.signup_id}?lang={language}")


def test_a_refresh_signs_nobody_up_twice(api: Api, plain: str) -> None:
    browser = Browser(api.client)
    form = the_form(browser, plain)
    first, second = sends(browser, form, **AINO), sends(browser, form, **AINO)
    assert (first.status, second.status) == (201, 201)
    assert len(api.store.signups) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_says_that_who_logs_in_first_has_nothing_to_prove(
    api: Api, plain: str, language: str
) -> None:
    said = texts(language)["signup"]["log_in_first"]
    browser = Browser(api.client, language)
    page = the_form(browser, plain)
    keeps_the_rules(page, language)
    assert said in page.text
    (led,) = {each.attrs["href"] for each in page.one("main").all("a")}
    assert "login?" in led
    assert "signup" in led
    framed = browser.get(f"/events/{plain}/signup", Sec_Fetch_Dest="iframe")
    assert said not in framed.text
    cookie = api.logs_in("aino@gov.fi", "Aino")
    browser.jar[cookie.partition("=")[0]] = cookie.partition("=")[2]
    assert said not in the_form(browser, plain).text
    api("PATCH", "/v1/staff/settings", {"prove_address": False}, STAFF_KEY, If_Match="*")
    api.clock.forward(minutes=2)
    assert said not in the_form(Browser(api.client, language), plain).text


def test_a_form_that_became_a_sign_up_does_not_become_that_of_somebody_else(
    api: Api, plain: str
) -> None:
    browser = Browser(api.client)
    form = the_form(browser, plain)
    sends(browser, form, **AINO)
    page = sends(browser, form, **AINO | {"name": "Eero", "email": "eero@gov.fi"})
    assert page.status == 422
    summary = page.one("section", class_="summary").text
    assert "siitä tuli ilmoittautuminen" in summary
    assert "varaus" not in summary
    assert sends(browser, page).status == 201


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
    api: Api, event: str
) -> None:
    browser = Browser(api.client)
    form = the_form(browser, event, "?rows=2")
    page = sends(
        browser,
        form,
        email="aino@elsewhere.example",
        guest_2_diet="Kasvis",
        answer_lunch="pizza",
        diet="x" * 2001,
    )
    assert page.status == 422
    keeps_the_rules(page, "fi")
    assert page.errors == {
        *("name", "diet", "guest_1_name"),
        *("answer_team", "answer_photo", "accept_terms"),
    }
    said = "Virhe: Hyväksy ilmoittautumisen ehto, jotta voit ilmoittautua."
    assert page.error("accept_terms") == said
    led = [each.attrs["href"][1:] for each in page.one("section", class_="summary").all("a")]
    assert led == sorted(led, key=lambda name: page.source.index(f'id="{name}"'))  # as on the page
    assert "Ruokavalio: Enintään 2000 merkkiä." in page.one("section", class_="summary").text
    assert "Kasvis" in page.one(id="guest_1_diet").attrs["value"]
    assert page.one(id="email").attrs["value"] == "aino@elsewhere.example"
    assert not api.store.signups
    again = sends(browser, page, **AINO, diet="", guest_1_name="Vieras", answer_lunch="")
    assert again.errors == {"answer_team", "answer_photo"}
    last = sends(browser, again, answer_team="A", answer_photo="on")
    assert last.status == 201
    assert [each.diet for each in signed_up(api).members] == ["Kasvis"]


def test_a_party_is_named_row_by_row(api: Api, event: str) -> None:
    browser = Browser(api.client)
    page = the_form(browser, event)
    for rows in (1, 2, 2):
        given = fields_of(page.one(id="signup")) | {"more": "guest", "name": "Aino"}
        page = browser.post(f"/events/{event}/signup", given)
        assert len(page.all("fieldset", class_="guest")) == rows
        assert page.one(id="name").attrs["value"] == "Aino"
        keeps_the_rules(page, "fi")
    assert not page.all(id="guest_1_email")
    assert not [each for each in page.all("button") if each.attrs.get("name") == "more"]


def test_a_party_for_which_there_are_no_seats_waits_whole_and_is_told_why(
    api: Api, plain: str
) -> None:
    """S-14."""
    patch(api, plain, group_size=3, room={"most_waiting": 5})
    signs_up(api, plain, "eero")
    browser = Browser(api.client)
    guests = {"guest_1_name": "Yksi"}
    page = sends(browser, the_form(browser, plain, "?rows=1"), **AINO, **guests)
    assert "sijalla 1" in page.text
    assert "2 henkilöä jonottavat yhdessä" in page.text
    assert signed_up(api).state is State.WAITING


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_waits_reads_where_they_stand(api: Api, event: str, language: str) -> None:
    signs_up(api, event, "eero", answers={"team": "A", "photo": True})
    signs_up(api, event, "pia", answers={"team": "A", "photo": True})
    made = signs_up(api, event, answers={"team": "A", "photo": True}).json
    page = Browser(api.client, language).get(path_of(api, made["signup_id"]))
    keeps_the_rules(page, language)
    assert made["position"] == 2
    said = page.all("p", class_="big")[1].text
    assert "2" in said
    before = {"fi": "1 henkilö", "sv": "1 person", "en": "1 person"}[language]
    assert before in said


@pytest.mark.parametrize(
    ("change", "now", "said"),
    [
        ({"opens_at": "2026-12-02T08:00"}, 0, "avautuu ke 2.12.2026 klo 8.00"),
        ({"closes_at": "2026-12-02T08:00"}, 3, "Ilmoittautuminen on päättynyt"),
    ],
)
def test_outside_the_window_the_page_says_when(
    api: Api, plain: str, change: dict[str, Any], now: int, said: str
) -> None:
    """S-02."""
    patch(api, plain, **change)
    api.clock.forward(days=now)
    page = the_form(Browser(api.client), plain)
    assert said in page.text
    assert not page.all(id="signup")
    keeps_the_rules(page, "fi")


def test_what_is_called_off_or_a_draft_takes_nobody(api: Api, plain: str) -> None:
    api("DELETE", f"/v1/staff/events/{plain}", key=STAFF_KEY, If_Match="*")
    page = the_form(Browser(api.client), plain)
    assert "Tapahtuma on peruttu" in page.text
    assert not page.all(id="signup")
    draft = write(api, publish=False)
    assert the_form(Browser(api.client), draft).status == 404


def test_names_are_text_wherever_they_are_shown(api: Api, plain: str) -> None:
    """S-21."""
    patch(api, plain, group_size=2)
    hostile = "\"><script>alert('x')</script>"
    browser = Browser(api.client)
    form = the_form(browser, plain, "?rows=1")
    refused = sends(browser, form, name=hostile, guest_1_name=hostile)
    assert not refused.all("script")
    made = signs_up(api, plain, guests=[{"name": hostile}]).json["signup_id"]
    page = browser.get(path_of(api, made))
    assert not page.all("script")
    assert hostile in page.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_looking_changes_nothing_and_pressing_proves(api: Api, plain: str, language: str) -> None:
    """L-01."""
    made = signs_up(api, plain, key=None).json["signup_id"]
    path = links.signup_proof_url(api.ports, stored(api, made)).removeprefix("https://lab.example")
    browser = Browser(api.client, language)
    before = api.contents()
    for _ in range(2):
        page = browser.get(path)
        api("HEAD", path)
    assert api.contents() == before
    keeps_the_rules(page, language)
    code = page.one(id="code").attrs["value"]
    for _ in range(2):
        page = press(browser, page, "confirm", code=code)
        assert page.status == 200
        keeps_the_rules(page, language)
    assert (stored(api, made).state, stored(api, made).version) == (State.CONFIRMED, 2)


def test_a_code_is_typed_where_no_link_is_at_hand(api: Api, plain: str) -> None:
    made = signs_up(api, plain, key=None).json["signup_id"]
    browser = Browser(api.client)
    page = browser.get(f"/prove/{made}")
    keeps_the_rules(page, "fi")
    wrong = press(browser, page, "confirm", code="22222222")
    assert (wrong.status, "Koodi ei ole oikea" in wrong.text) == (409, True)
    right = links.signup_code(api.ports, stored(api, made))
    proved = browser.post(f"/prove/{made}", {"action": "confirm", "code": right, "lang": "fi"})
    assert proved.status == 303
    done = browser.get(proved.headers["Location"].removeprefix("https://lab.example"))
    assert done.one("h1").text == "Sinulla on paikka"


def test_the_page_of_a_code_is_the_same_for_every_id(api: Api, plain: str) -> None:
    made = signs_up(api, plain, key=None).json["signup_id"]
    browser = Browser(api.client)
    pages = [browser.get(f"/prove/{each}").source for each in (made, "s_1_2", "b_1")]
    assert pages[0] == pages[1] == pages[2]


def test_an_offer_is_taken_or_declined_by_its_buttons(api: Api) -> None:
    """W-20."""
    event = write(api, room={"limit": 1, "most_waiting": 3}, offers_within_minutes=44_640)
    made = [signs_up(api, event, name).json["signup_id"] for name in ("a", "b", "c")]
    browser = Browser(api.client)
    press(browser, browser.get(path_of(api, made[0])), "leave")
    page = browser.get(path_of(api, made[1]))
    assert page.one("h1").text == "Sinulle on tarjolla paikka"
    keeps_the_rules(page, "fi")
    declined = press(browser, page, "decline")
    assert "tarjotaan seuraavalle" in declined.text
    for _ in range(2):
        taken = press(browser, browser.get(path_of(api, made[2])), "accept")
        assert (taken.status, taken.one("h1").text) == (200, "Sinulla on paikka")


def test_an_offer_that_is_over_is_said_to_be(api: Api) -> None:
    """W-19, W-21."""
    event = write(api, room={"limit": 1, "most_waiting": 3}, offers_within_minutes=44_640)
    made = [signs_up(api, event, name).json["signup_id"] for name in ("a", "b")]
    api("DELETE", one(made[0]), key=FORM_KEY, If_Match="*")
    browser = Browser(api.client)
    page = browser.get(path_of(api, made[1]))
    api.clock.forward(hours=3)
    late = press(browser, page, "accept")
    assert (late.status, late.one("h1").text) == (409, "Ilmoittautuminen on rauennut")
    assert "siirtyi seuraavalle" in late.one(role="alert").text


def test_who_leaves_the_queue_and_has_a_seat_by_now_is_asked_again(api: Api, plain: str) -> None:
    """W-07."""
    made = [signs_up(api, plain, name).json["signup_id"] for name in ("a", "b", "c")]
    browser = Browser(api.client)
    page = browser.get(path_of(api, made[2]))
    assert page.one("h1").text == "Olet jonossa"
    api("DELETE", one(made[0]), key=FORM_KEY, If_Match="*")
    told = press(browser, page, "leave-queue")
    assert (told.status, told.one("h1").text) == (409, "Sinulla on paikka")
    assert "Sait jo paikan" in told.one(role="alert").text
    assert stored(api, made[2]).state is State.CONFIRMED


def test_left_twice_is_left_once_and_one_can_come_again(api: Api, plain: str) -> None:
    """W-15, L-05."""
    made = signs_up(api, plain).json["signup_id"]
    browser = Browser(api.client)
    page = browser.get(path_of(api, made))
    for _ in range(2):
        page = press(browser, page, "leave")
        assert (page.status, page.one("h1").text) == (200, "Ilmoittautuminen on peruttu")
    keeps_the_rules(page, "fi")
    again = [each for each in page.all("a") if "/signup" in each.attrs["href"]]
    assert again[-1].text == "Ilmoittaudu uudelleen"
    assert stored(api, made).version == 2


def test_answers_are_changed_and_wrong_ones_are_told(api: Api, event: str) -> None:
    made = signs_up(api, event, answers={"team": "A", "photo": True}).json["signup_id"]
    browser = Browser(api.client)
    page = browser.get(path_of(api, made))
    fields = next(fields_of(form) for form in page.all("form") if form.all(id="diet"))
    assert fields | {"lang": ""} == {
        "lang": "",
        "diet": "",
        "answer_team": "A",
        "answer_photo": "on",
    }
    page = press(browser, page, "edit", **fields | {"diet": "Kala", "answer_team": "B"})
    assert "tallennettu" in page.one(role="status").text
    kept = stored(api, made)
    assert (kept.diet, dict(kept.answers)) == ("Kala", {"team": "B", "photo": True})
    wrong = press(browser, page, "edit", answer_team="", diet="x" * 2001)
    assert (wrong.status, wrong.errors) == (409, {"diet"})
    wrong = press(browser, page, "edit", answer_team="", diet="Kala")
    assert wrong.errors == {"answer_team", "answer_photo"}
    assert stored(api, made) == kept


def test_remote_people_and_nobody_else_get_the_link(api: Api, event: str) -> None:
    """I-14, S-24."""
    said = {"answers": {"team": "A", "photo": True}}
    made, other = (signs_up(api, event, name, **said).json["signup_id"] for name in ("a", "b"))
    browser = Browser(api.client)
    page = browser.get(path_of(api, made))
    assert LINK not in page.source
    page = press(browser, page, "switch")
    assert "Osallistumistapa on vaihdettu" in page.text
    keeps_the_rules(page, "fi", LINK)
    assert page.one("a", href=LINK)
    assert stored(api, other).state is State.CONFIRMED
    full = press(browser, browser.get(path_of(api, other)), "switch")
    assert (full.status, "Nykyinen paikkasi on tallella" in full.text) == (409, True)
    assert LINK not in full.source


def test_a_place_is_handed_over_and_the_link_is_dead(api: Api, plain: str) -> None:
    """S-25."""
    made = signs_up(api, plain).json["signup_id"]
    browser = Browser(api.client)
    page = browser.get(path_of(api, made))
    for typed, wrong in (
        ({}, {"name", "email"}),
        ({"name": "Pia", "email": "pia"}, {"email"}),
        ({"name": "Pia", "email": "pia@elsewhere.example"}, {"email"}),
    ):
        refused = press(browser, page, "hand-over", **typed)
        assert (refused.status, refused.errors) == (409, wrong)
        keeps_the_rules(refused, "fi")
    done = press(browser, page, "hand-over", name="Pia", email="pia@gov.fi")
    assert (done.status, done.one("h1").text) == (200, "Paikka on luovutettu")
    keeps_the_rules(done, "fi")
    assert browser.get(path_of(api, made)).status == 404
    states = sorted(each.state.value for each in api.store.signups.values())
    assert states == ["confirmed", "handed-over"]


@pytest.mark.parametrize("action", ["hand-over", "switch"])
def test_what_is_refused_leaves_the_answers_in_their_fields(
    api: Api, event: str, action: str
) -> None:
    """Who then saves them does not wipe them out."""
    said = {"answers": {"team": "A", "photo": True}, "diet": "Kala"}
    made = signs_up(api, event, **said).json["signup_id"]
    signs_up(api, event, "eero", way="remote", **said)
    browser = Browser(api.client)
    page = press(browser, browser.get(path_of(api, made)), action, email="pia")
    assert page.status == 409
    fields = next(fields_of(form) for form in page.all("form") if form.all(id="diet"))
    assert (fields["diet"], fields["answer_team"], fields["answer_photo"]) == ("Kala", "A", "on")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fi", "Kirjoita kollegan nimi."),
        ("sv", "Skriv kollegans namn."),
        ("en", "Write your colleague's name."),
    ],
)
def test_a_colleague_s_name_is_asked_for_and_the_errors_lead_to_their_fields(
    api: Api, plain: str, language: str, said: str
) -> None:
    made = signs_up(api, plain).json["signup_id"]
    browser = Browser(api.client, language)
    page = press(browser, browser.get(path_of(api, made)), "hand-over", email="pia")
    assert said in page.error("name")
    summary = page.one(role="alert")
    assert [each.attrs["href"] for each in summary.all("a")] == ["#name", "#email"]
    assert said in summary.text


def test_who_takes_part_from_elsewhere_is_told_no_room(api: Api, event: str) -> None:
    said = {"answers": {"team": "A", "photo": True}}
    remote = signs_up(api, event, way="remote", **said).json["signup_id"]
    room = signs_up(api, event, "eero", **said).json["signup_id"]
    browser = Browser(api.client)
    assert "Kirkkokatu 1" not in browser.get(path_of(api, remote)).text
    assert "Kirkkokatu 1" in browser.get(path_of(api, room)).text


def test_the_ticket_is_of_who_has_a_seat(api: Api, plain: str) -> None:
    made = [signs_up(api, plain, name).json["signup_id"] for name in ("a", "b", "c")]
    browser = Browser(api.client)
    code = links.ticket_code(api.ports, made[0])
    page = browser.get(path_of(api, made[0]))
    assert code in page.text
    assert page.one("img").attrs["src"].startswith("data:image/")
    keeps_the_rules(page, "fi")
    waiting = browser.get(path_of(api, made[2]))
    assert links.ticket_code(api.ports, made[2]) not in waiting.source


def test_who_has_logged_in_signs_up_for_themselves_with_guests_by_address(
    api: Api, plain: str
) -> None:
    patch(api, plain, group_size=2)
    cookie = api.logs_in("aino@gov.fi", "Aino")
    browser = Browser(api.client)
    browser.jar[cookie.partition("=")[0]] = cookie.partition("=")[2]
    page = the_form(browser, plain, "?rows=1")
    assert "aino@gov.fi" in page.one(id="email").text
    given = {"guest_1_name": "Eero", "guest_1_email": "eero@gov.fi", "accept_terms": "on"}
    done = sends(browser, page, name="Aino", **given)
    assert (done.status, done.one("h1").text) == (201, "Sinulla on paikka")
    assert [each.name for each in signed_up(api).members] == ["Eero"]
    assert len(signed_up(api).person_ids) == 2


def test_a_wrong_link_is_not_found_and_tells_nothing(api: Api, plain: str) -> None:
    """L-04."""
    made = signs_up(api, plain).json["signup_id"]
    browser = Browser(api.client)
    paths = (f"/signup/{made}/{'0' * 48}", f"/signup/s_1_2/{'0' * 48}", f"/signup/x/{'0' * 48}")
    pages = [browser.get(each) for each in paths]
    assert {each.status for each in pages} == {404}
    assert pages[0].source == pages[1].source == pages[2].source


@pytest.mark.parametrize("target", ["https://evil.example/", "javascript:alert(1)"])
def test_a_form_leads_nowhere_that_is_not_allowed(api: Api, plain: str, target: str) -> None:
    browser = Browser(api.client)
    page = sends(browser, the_form(browser, plain), **AINO, next=target)
    assert page.status == 422
    assert not api.store.signups
