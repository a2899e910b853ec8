"""A person's own events on their own page: which, how they stand in words, and where that is changed."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.services import links
from tests.api.conftest import FORM_KEY, STAFF_KEY, Api
from tests.api.test_page_login import AINO
from tests.api.test_page_session import known
from tests.api.test_pages import keeps_the_rules
from tests.api.test_signups import one, signs_up
from tests.api.test_staff_events import write
from tests.page import Browser, Element, Page, fields_of

LANGUAGES = ("fi", "sv", "en")
ME = {"name": "Aino Aalto", "email": AINO}
ALONG = [ME]


@pytest.fixture
def api(make_api: Any) -> Api:
    made: Api = make_api(prove_address=True)
    return made


def event_on(api: Api, day: int, **changes: Any) -> str:
    times = {"start": f"2026-12-{day:02}T09:00", "end": f"2026-12-{day:02}T11:00"}
    return write(api, group_size=4, **(times | changes))


def comes(api: Api, event_id: str, **more: Any) -> str:
    made = signs_up(api, event_id, person=ME, **more)
    assert made.status == 201, made.text
    return str(made.json["signup_id"])


def lines(page: Page, section: str = "coming") -> list[Element]:
    return page.one("section", aria_labelledby=section).all("li")


def days_of(page: Page, section: str = "coming") -> list[str]:
    return [each.one("span").text.split(" klo")[0] for each in lines(page, section)]


def told(api: Api, language: str, section: str = "coming") -> str:
    page = known(api, Browser(api.client, language)).get("/me")
    keeps_the_rules(page, language)
    (line,) = lines(page, section)
    return line.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_any_it_leads_to_those_that_there_are(api: Api, language: str) -> None:
    page = known(api, Browser(api.client, language)).get("/me")
    keeps_the_rules(page, language)
    section = page.one("section", aria_labelledby="coming")
    assert section.all("li") == []
    (link,) = section.all("a")
    assert link.attrs["href"] == f"events?lang={language}"


def test_those_to_come_are_listed_by_start_and_those_of_the_last_days_apart(api: Api) -> None:
    for day in (9, 3, 2):
        comes(api, event_on(api, day))
    left = comes(api, event_on(api, 11))
    api("DELETE", one(left), key=FORM_KEY, If_Match="*")
    signs_up(api, event_on(api, 12, title={"fi": "Salainen"}), "eero")
    api.clock.forward(days=1, hours=5)
    page = known(api, Browser(api.client)).get("/me")
    assert days_of(page) == ["to 3.12.2026", "ke 9.12.2026"]
    assert days_of(page, "gone") == ["pe 11.12.2026", "ke 2.12.2026"]
    assert "Salainen" not in page.source
    api.clock.forward(days=40)
    page = known(api, Browser(api.client)).get("/me")
    assert lines(page) == []
    assert "gone" not in page.source


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fi", "Ideapaja to 10.12.2026 klo 9.00–11.00, Labi, Kallio. Sinulla on paikka."),
        ("sv", "Idéverkstad"),
        ("en", "Workshop"),
    ],
)
def test_a_seat_is_told_with_its_event(api: Api, language: str, said: str) -> None:
    comes(api, event_on(api, 10, address="Labi, Kallio"))
    assert said in told(api, language)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fi", "Olet jonossa sijalla 2."),
        ("sv", "Du är nummer 2 i kön."),
        ("en", "You are number 2 in the queue."),
    ],
)
def test_who_waits_sees_where(api: Api, language: str, said: str) -> None:
    event_id = event_on(api, 9, room={"limit": 1, "most_waiting": 5})
    for name in ("eero", "pia"):
        signs_up(api, event_id, name)
    comes(api, event_id)
    assert said in told(api, language)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fi", "Sinulle on tarjolla paikka. Ota paikka viimeistään"),
        ("sv", "Du har erbjudits en plats. Ta emot platsen senast"),
        ("en", "You are offered a seat. Take the seat by"),
    ],
)
def test_who_is_offered_a_seat_sees_until_when(api: Api, language: str, said: str) -> None:
    room = {"limit": 1, "most_waiting": 5}
    event_id = event_on(api, 9, room=room, offers_within_minutes=44_640)
    eero = signs_up(api, event_id, "eero").json["signup_id"]
    comes(api, event_id)
    api("DELETE", one(eero), key=FORM_KEY, If_Match="*")
    assert said in told(api, language)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fi", "Vahvista ilmoittautumisesi. Vahvista sähköpostiosoitteesi viimeistään"),
        ("sv", "Bekräfta din anmälan. Bekräfta din e-postadress senast"),
        ("en", "Confirm your sign-up. Confirm your e-mail address by"),
    ],
)
def test_who_has_to_prove_their_address_sees_until_when(api: Api, language: str, said: str) -> None:
    comes(api, event_on(api, 9), key=None)
    assert said in told(api, language)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fi", "Sinulla on paikka. Joku muu ilmoitti sinut"),
        ("sv", "Du har en plats. Någon annan anmälde dig"),
        ("en", "You have a seat. Somebody else signed you up"),
    ],
)
def test_who_comes_along_sees_that_and_not_with_whom(api: Api, language: str, said: str) -> None:
    event_id = event_on(api, 9)
    made = signs_up(api, event_id, "eero", guests=ALONG).json
    browser = known(api, Browser(api.client, language))
    page = browser.get("/me")
    (line,) = lines(page)
    assert said in line.text
    assert "Eero" not in page.source
    assert made["signup_id"] not in page.source
    assert line.one("a").attrs["href"].startswith(f"events/{event_id}?")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fi", "Tapahtuma on peruttu."),
        ("sv", "Evenemanget är inställt."),
        ("en", "The event has been called off."),
    ],
)
def test_an_event_that_is_called_off_says_so(api: Api, language: str, said: str) -> None:
    event_id = event_on(api, 9)
    comes(api, event_id)
    api("DELETE", f"/v1/staff/events/{event_id}", key=STAFF_KEY, If_Match="*")
    assert said in told(api, language, "gone")


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (2, ("Sinulla oli paikka.", "Du hade en plats.", "You had a seat.")),
        (1, ("Et saanut paikkaa.", "Du fick ingen plats.", "You did not get a seat.")),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_of_an_event_that_is_over_it_is_told_how_it_was(
    api: Api, language: str, limit: int, said: tuple[str, ...]
) -> None:
    event_id = event_on(api, 9, room={"limit": limit, "most_waiting": 5})
    signs_up(api, event_id, "eero")
    signup_id = comes(api, event_id)
    api.clock.time = api.store.events[event_id].ends_at
    page = known(api, Browser(api.client, language)).get("/me")
    (line,) = lines(page, "gone")
    assert line.text.endswith(said[LANGUAGES.index(language)])
    # The link of a sign-up ends with its event; the page of the event stays.
    assert signup_id not in page.source
    assert line.one("a").attrs["href"].startswith(f"events/{event_id}?")


def test_an_offer_is_accepted_and_a_seat_given_up_by_way_of_the_page(api: Api) -> None:
    room = {"limit": 1, "most_waiting": 5}
    event_id = event_on(api, 9, room=room, offers_within_minutes=44_640)
    eero = signs_up(api, event_id, "eero").json["signup_id"]
    signup_id = comes(api, event_id)
    api("DELETE", one(eero), key=FORM_KEY, If_Match="*")
    browser = known(api, Browser(api.client))
    page = browser.get("/me")
    (line,) = lines(page)
    opened = browser.follow(page, line.one("a").attrs["href"])
    assert opened.path.partition("?")[0] == f"/{links.signup_page(api.ports, signup_id)}"
    form = opened.one("section", aria_labelledby="offer").one("form")
    taken = browser.post(opened.path, fields_of(form) | {"action": "accept"})
    assert taken.one("h1").text == "Sinulla on paikka"
    given_up = browser.post(opened.path, {"action": "leave", "lang": "fi"})
    (back,) = [each for each in given_up.one("main").all("a") if "/me?" in each.attrs["href"]]
    page = browser.follow(given_up, back.attrs["href"])
    (line,) = lines(page, "gone")
    assert line.text.endswith("Ilmoittautuminen on peruttu.")


def test_a_title_in_another_language_is_marked_as_such(api: Api) -> None:
    """WCAG 3.1.2"""
    comes(api, event_on(api, 9, title={"fi": "Ideapaja"}))
    page = known(api, Browser(api.client, "en")).get("/me")
    (line,) = lines(page)
    assert line.one("a", lang="fi").text == "Ideapaja"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fi", "Ilmoittautumisesi tuleviin tapahtumiin (2) perutaan"),
        ("sv", "Dina anmälningar till kommande evenemang (2) avbokas"),
        ("en", "Your sign-ups for events to come (2) are cancelled"),
    ],
)
def test_who_wants_to_be_forgotten_is_told_what_they_give_up(
    api: Api, language: str, said: str
) -> None:
    comes(api, event_on(api, 9))
    signs_up(api, event_on(api, 10), "eero", guests=ALONG)
    running = event_on(api, 2)
    comes(api, running)
    api.clock.time = api.store.events[running].starts_at + timedelta(minutes=1)
    page = known(api, Browser(api.client, language)).get("/me/erase")
    keeps_the_rules(page, language)
    assert said in page.text


def test_what_nobody_proved_is_not_on_the_page_of_whose_address_it_may_be(api: Api) -> None:
    """Somebody else may have typed it; an offer that ran out is told of."""
    comes(api, event_on(api, 9), key=None)
    assert len(lines(known(api, Browser(api.client)).get("/me"))) == 1
    api.clock.forward(hours=1)
    page = known(api, Browser(api.client)).get("/me")
    assert lines(page) == []
    assert "gone" not in page.source


def test_an_offer_that_ran_out_is_told_of(api: Api) -> None:
    room = {"limit": 1, "most_waiting": 5}
    event_id = event_on(api, 9, room=room, offers_within_minutes=44_640)
    eero = signs_up(api, event_id, "eero").json["signup_id"]
    comes(api, event_id)
    api("DELETE", one(eero), key=FORM_KEY, If_Match="*")
    api.clock.forward(hours=3)
    assert told(api, "fi", "gone").endswith("Ilmoittautuminen on rauennut.")
