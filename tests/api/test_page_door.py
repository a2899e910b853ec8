"""The page at the door: who is listed, checked in and out, by button or ticket, and who walks in."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from chalicelib.domain.events import NEEDS_KEPT, tallied
from chalicelib.domain.people import Role
from chalicelib.pages import door_view
from chalicelib.services import links
from tests.api.conftest import FORM_KEY, STAFF_KEY, Api
from tests.api.test_page_login import log_in
from tests.api.test_page_session import known
from tests.api.test_pages import keeps_the_rules
from tests.api.test_staff_attendance import signs_up
from tests.api.test_staff_events import EVENT, patch, write
from tests.page import Browser, Element, Page, fields_of, query_of

LANGUAGES = ("fi", "sv", "en")


@pytest.fixture
def event_id(api: Api) -> str:
    return write(api, group_size=4, room={"limit": 4, "most_waiting": 3})


@pytest.fixture
def browser(api: Api) -> Browser:
    return host(api)


def host(api: Api, language: str = "fi") -> Browser:
    return known(api, Browser(api.client, language), granted=Role.STAFF)


def door(browser: Browser, event_id: str, query: str = "") -> Page:
    return browser.get(f"/staff/events/{event_id}{query}")


def press(browser: Browser, page: Page, said: str) -> Page:
    """Press the button that says so, and look where it leads."""
    (button,) = [each for each in page.one("main").all("button") if each.text == said]
    (form,) = [each for each in page.all("form") if button in each.all("button")]
    sent = browser.submit(page, form, **{button.attrs["name"]: button.attrs["value"]})
    return browser.onward(sent) if sent.status == 303 else sent


def form_with(page: Page, name: str) -> Element:
    (found,) = [each for each in page.all("form") if name in fields_of(each)]
    return found


def there(api: Api, signup_id: str) -> list[bool]:
    (found,) = [each for each in api.store.signups.values() if each.signup_id == signup_id]
    return [bool(found.arrived_at), *(bool(each.arrived_at) for each in found.members)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_host_sees_who_is_expected_by_name_and_who_has_no_seat(
    api: Api, event_id: str, language: str
) -> None:
    signs_up(api, event_id, "åke", "Bertta", "Celia", diet="Vegaani", accessibility="Hissi")
    signs_up(api, event_id, "aino")
    signs_up(api, event_id, "pia")
    page = door(host(api, language), event_id)
    assert page.status == 200
    keeps_the_rules(page, language)
    assert page.headers["Cache-Control"] == "no-store"
    assert page.one("h1").text == EVENT["title"][language]
    names = [each.text for each in page.all("span", class_="called")]
    assert names == ["Aino", "Åke", "Bertta", "Celia", "Pia"]
    others = page.one("section", aria_labelledby="others")
    assert "Pia" in others.text
    assert "1" in others.one("li").text
    assert len(others.all("button")) == 1
    figures = page.one("section", aria_labelledby="figures").text
    assert "vegaani" in figures
    assert "hissi" in figures
    assert "{" not in page.text


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("fi", "sähköposti ei tule perille"),
        ("sv", "e-posten kommer inte fram"),
        ("en", "mail does not arrive"),
    ],
)
def test_a_host_sees_to_whom_mail_does_not_arrive(
    api: Api, event_id: str, language: str, told: str
) -> None:
    """R-18"""
    signs_up(api, event_id, "aino")
    signs_up(api, event_id, "eero")
    bounced = {each.person.name: each.person_id for each in api.store.signups.values()}["Eero"]
    api.ports.people.suppress(bounced, "bounce", api.clock.now())
    page = door(host(api, language), event_id)
    parties = page.one("section", aria_labelledby="coming").all("li")
    assert [told in each.text for each in parties] == [False, True]


def test_a_week_after_the_event_the_page_shows_what_was_counted(
    api: Api, event_id: str, browser: Browser
) -> None:
    """P-02"""
    event = api.store.events[event_id]
    counted = tallied(event, {"vegaani": 2}, {"hissi": 1}, event.ends_at + NEEDS_KEPT)
    api.store.events[event_id] = counted
    figures = door(browser, event_id).one("section", aria_labelledby="figures").text
    assert "vegaani" in figures
    assert "hissi" in figures


def test_a_person_is_checked_in_and_out_by_big_buttons(
    api: Api, event_id: str, browser: Browser
) -> None:
    signup_id = signs_up(api, event_id, "aino", "Bertta")
    page = press(browser, door(browser, event_id), "Merkitse saapuneeksi: Bertta")
    keeps_the_rules(page, "fi")
    assert there(api, signup_id) == [False, True]
    assert page.one(role="status").text == "Merkitty saapuneeksi: Aino"
    assert "Saapunut klo 9.00" in page.one("li", id=signup_id).text
    assert "saapunut 1 / 2" in page.one("dl", class_="counts").text
    row = page.one("li", id=signup_id)
    undo = [each for each in row.all("button") if each.text.startswith("Peru")]
    assert [each.text for each in undo] == ["Peru merkintä: Bertta"]
    sent = browser.submit(page, form_with_row(page, signup_id), do=undo[0].attrs["value"])
    assert urlsplit(sent.headers["Location"]).fragment == signup_id
    page = browser.onward(sent)
    assert page.one(role="status").text == "Saapumismerkintä peruttu: Aino"
    assert there(api, signup_id) == [False, False]


def form_with_row(page: Page, signup_id: str) -> Element:
    (found,) = [each for each in page.all("form") if each.all("li", id=signup_id)]
    return found


def test_a_whole_party_comes_at_once(api: Api, event_id: str, browser: Browser) -> None:
    signup_id = signs_up(api, event_id, "aino", "Bertta", "Celia")
    page = press(browser, door(browser, event_id), "Merkitse kaikki saapuneiksi (3): Aino")
    assert there(api, signup_id) == [True] * 3
    assert "Merkitse kaikki" not in page.text


def test_a_name_is_looked_for_and_the_search_stays(
    api: Api, event_id: str, browser: Browser
) -> None:
    signs_up(api, event_id, "aino")
    eero = signs_up(api, event_id, "eero")
    page = door(browser, event_id, "?q=EER")
    assert [each.text for each in page.all("span", class_="called")] == ["Eero"]
    page = press(browser, page, "Merkitse saapuneeksi: Eero")
    assert there(api, eero) == [True]
    assert page.one(id="q").attrs["value"] == "EER"
    assert "Aino" not in page.text
    nobody = door(browser, event_id, "?q=xyz")
    assert "ei ole ketään tällä nimellä" in nobody.text
    keeps_the_rules(nobody, "fi")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_ticket_is_typed_or_scanned(api: Api, event_id: str, language: str) -> None:
    browser = host(api, language)
    signup_id = signs_up(api, event_id, "aino", "Bertta")
    code = links.ticket_code(api.ports, signup_id)
    for shown in (f"{code[:4].lower()} {code[4:]}", links.ticket_url(api.ports, signup_id)):
        page = door(browser, event_id)
        page = browser.onward(browser.submit(page, form_with(page, "code"), code=shown))
        keeps_the_rules(page, language)
        assert there(api, signup_id) == [True, True]
        assert "Aino" in page.one(role="status").text
        api.clock.forward(minutes=1)
    if language == "fi":
        assert page.one(role="status").text == "Oli jo merkitty saapuneeksi: Aino"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wrong_code_and_a_ticket_of_who_waits_say_what_is_wrong(
    api: Api, event_id: str, language: str
) -> None:
    browser = host(api, language)
    signs_up(api, event_id, "aino", "b", "c", "d")
    waits = signs_up(api, event_id, "eero")
    before = dict(api.store.signups)
    for code, status in (("23456789", 422), (links.ticket_code(api.ports, waits), 409)):
        page = door(browser, event_id)
        page = browser.submit(page, form_with(page, "code"), code=code)
        assert page.status == status
        keeps_the_rules(page, language)
        assert len(page.one(role="alert").text) > 20
    if language == "fi":
        assert "jonossa" in page.one(role="alert").text
    assert api.store.signups == before


def test_a_camera_opens_the_ticket_and_changes_nothing(
    api: Api, event_id: str, browser: Browser
) -> None:
    """L-01: whatever is opened by GET."""
    signup_id = signs_up(api, event_id, "aino")
    address = links.ticket_url(api.ports, signup_id).removeprefix("https://lab.example")
    for _ in range(2):
        page = browser.onward(browser.get(address))
        assert there(api, signup_id) == [False]
    keeps_the_rules(page, "fi")
    notice = page.one("div", class_="notice")
    assert "Lippu: Aino" in notice.text
    sent = browser.submit(page, notice.one("form"), do=notice.one("button").attrs["value"])
    assert sent.status == 303
    assert there(api, signup_id) == [True]
    for wrong in (f"/staff/tickets/{signup_id}/23456789", "/staff/tickets/s_1/23456789"):
        assert browser.get(wrong).status == 404


def test_the_ticket_of_who_waits_opens_without_a_button(
    api: Api, event_id: str, browser: Browser
) -> None:
    signs_up(api, event_id, "aino", "b", "c", "d")
    waits = signs_up(api, event_id, "eero")
    address = links.ticket_url(api.ports, waits).removeprefix("https://lab.example")
    notice = browser.onward(browser.get(address)).one("div", class_="notice")
    assert "ei ole vahvistettua paikkaa" in notice.text
    assert not notice.all("button")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_name_leads_to_what_a_host_can_do_with_a_sign_up(
    api: Api, event_id: str, language: str
) -> None:
    """W-13: who is taken out leaves a seat to who waits first, whom the host has moved up."""
    browser = host(api, language)
    aino = signs_up(api, event_id, "aino", "b", "c", "d")
    signs_up(api, event_id, "eero")
    pia = signs_up(api, event_id, "pia")
    page = door(browser, event_id)
    others = page.one("section", aria_labelledby="others")
    assert [each.text for each in others.all("a")] == ["Eero", "Pia"]  # as they wait
    notice = opened(browser, page, "Pia")
    keeps_the_rules(notice, language)
    done = pressed(browser, notice, f"up:{pia}")
    keeps_the_rules(done, language)
    assert "Pia" in done.one("p", role="status").text
    others = done.one("section", aria_labelledby="others")
    assert [each.text for each in others.all("a")] == ["Pia", "Eero"]
    notice = opened(browser, done, "Aino")
    offered = [each.attrs["value"] for each in notice.one(class_="notice").all("button")]
    assert offered[-1] == f"remove:{aino}"
    assert not any(each.startswith("up:") for each in offered)
    done = pressed(browser, notice, f"remove:{aino}")
    keeps_the_rules(done, language)
    assert "Aino" in done.one("p", role="status").text
    states = {each.person.name: each.state.value for each in api.store.signups.values()}
    assert states == {"Aino": "removed", "Pia": "confirmed", "Eero": "confirmed"}
    again = pressed(browser, notice, f"up:{pia}")
    assert again.status == 409
    state = {"fi": "vahvistettu", "sv": "bekräftad", "en": "confirmed"}[language]
    assert again.one(role="alert").text.endswith(f": {state}.")


def test_a_host_signs_somebody_up_in_advance_also_when_sign_up_is_closed(
    api: Api, event_id: str, browser: Browser
) -> None:
    """S-04."""
    patch(api, event_id, closes_at="2026-12-01T09:00")
    (link,) = [
        each for each in door(browser, event_id).all("a") if "/signup?" in each.attrs["href"]
    ]
    assert link.text == "Ilmoita joku ennakkoon"
    page = browser.get("/" + link.attrs["href"].replace("../", ""))
    given = {"name": "Pia", "email": "pia@gov.fi", "accept_terms": "on"}
    done = browser.submit(page, page.one(id="signup"), **given)
    assert done.status == 201
    (made,) = api.store.signups.values()
    assert (made.person.name, made.state.value) == ("Pia", "confirmed")
    draft = door(browser, write(api, publish=False))
    assert not [each for each in draft.all("a") if "/signup?" in each.attrs["href"]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_draft_is_published_and_an_event_called_off_with_a_reason(
    api: Api, language: str
) -> None:
    event_id = write(api, publish=False)
    browser = host(api, language)
    draft = door(browser, event_id)
    keeps_the_rules(draft, language)
    (form,) = [each for each in draft.all("form") if "publish" in values_of(each)]
    for _ in range(2):
        done = browser.onward(browser.submit(draft, form, do="publish"))
        keeps_the_rules(done, language)
        assert done.one("p", role="status")
        assert api.store.events[event_id].public
    signs_up(api, event_id, "aino")
    (leading,) = [each for each in done.all("a") if "more=event" in each.attrs["href"]]
    asked = browser.get(f"/staff/events/{leading.attrs['href'].rpartition('/')[2]}")
    keeps_the_rules(asked, language)
    assert api.store.events[event_id].live
    too_long = browser.submit(asked, form_with(asked, "reason"), do="call-off", reason="x" * 4001)
    assert too_long.status == 422
    assert too_long.one("textarea", id="reason").text == "x" * 4001
    assert api.store.events[event_id].live
    for _ in range(2):
        sent = browser.submit(asked, form_with(asked, "reason"), do="call-off", reason="Sairaus")
        gone = browser.onward(sent)
        keeps_the_rules(gone, language)
    event = api.store.events[event_id]
    assert (event.live, event.reason) == (False, "Sairaus")
    assert {each.state.value for each in api.store.signups.values()} == {"called-off"}
    assert not gone.all("textarea")


def test_what_is_over_is_not_published(api: Api, browser: Browser) -> None:
    event_id = write(api, publish=False)
    draft = door(browser, event_id)
    api("DELETE", f"/v1/staff/events/{event_id}", key=STAFF_KEY, If_Match="*")
    (form,) = [each for each in draft.all("form") if "publish" in values_of(each)]
    browser.submit(draft, form, do="publish")
    assert not api.store.events[event_id].public


def values_of(form: Element) -> list[str]:
    return [each.attrs.get("value", "") for each in form.all("button")]


def test_nothing_of_another_event_is_taken_out(api: Api, event_id: str, browser: Browser) -> None:
    other = signs_up(api, write(api), "aino")
    signs_up(api, event_id, "aino")
    page = opened(browser, door(browser, event_id), "Aino")
    for what in ("up", "remove"):
        assert pressed(browser, page, f"{what}:{other}", onward=False).status == 404
    assert {each.state.value for each in api.store.signups.values()} == {"confirmed"}


def opened(browser: Browser, page: Page, name: str) -> Page:
    """The page with what can be done with somebody's sign-up."""
    (href,) = {each.attrs["href"] for each in page.one("main").all("a") if each.text == name}
    return browser.get(f"/staff/events/{href.rpartition('/')[2]}")


def pressed(browser: Browser, page: Page, do: str, *, onward: bool = True) -> Page:
    form = list(page.one("div", class_="notice").all("form"))[-1]
    sent = browser.submit(page, form, do=do)
    return browser.onward(sent) if onward and sent.status == 303 else sent


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_has_not_signed_up_is_let_in_by_the_form(
    api: Api, event_id: str, language: str
) -> None:
    browser = host(api, language)
    page = door(browser, event_id)
    form = form_with(page, "guests")
    told = {"name": "Ohto Ohikulkija", "guests": "Yksi Vieras\r\n\r\n  Toinen ", "diet": "Kala"}
    for _ in range(2):  # pressed twice it is done once
        sent = browser.submit(page, form, **told)
        assert sent.status == 303
    shown = browser.onward(sent)
    keeps_the_rules(shown, language)
    assert "Ohto Ohikulkija" in shown.one(role="status").text
    (made,) = api.store.signups.values()
    assert [each.name for each in made.members] == ["Yksi Vieras", "Toinen"]
    assert (made.diet, made.person.email, made.person.language) == ("Kala", "", language)
    assert all((made.arrived_at, *(each.arrived_at for each in made.members)))
    assert (
        fields_of(form_with(shown, "guests"))["idempotency_key"]
        != (fields_of(form)["idempotency_key"])
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    api: Api, event_id: str, language: str
) -> None:
    browser = host(api, language)
    page = door(browser, event_id)
    told = {"name": "", "email": "x", "diet": "x" * 2001, "organisation": "VM"}
    page = browser.submit(page, form_with(page, "guests"), **told)
    assert (page.status, page.errors) == (422, {"name", "email", "diet"})
    keeps_the_rules(page, language)
    assert fields_of(form_with(page, "guests"))["organisation"] == "VM"
    assert api.store.signups == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_when_it_is_full_the_host_is_asked_whether_all_the_same(
    api: Api, event_id: str, language: str
) -> None:
    browser = host(api, language)
    signs_up(api, event_id, "aino", "b", "c", "d")
    page = door(browser, event_id)
    assert not page.all(id="override")
    page = browser.submit(page, form_with(page, "guests"), name="Ohto")
    assert page.status == 409
    keeps_the_rules(page, language)
    assert page.one(id="override").attrs["value"] == "event-full"
    sent = browser.submit(page, form_with(page, "guests"), override="event-full")
    assert sent.status == 303
    assert api.store.events[event_id].ways["room"].free == -1
    if language == "fi":
        shown = browser.onward(sent)
        assert "1 henkilöä yli paikkamäärän" in shown.one("dl", class_="counts").text


def test_of_an_event_that_was_called_off_nothing_can_be_done(
    api: Api, event_id: str, browser: Browser
) -> None:
    api("DELETE", f"/v1/staff/events/{event_id}", key=STAFF_KEY, If_Match="*")
    page = door(browser, event_id)
    keeps_the_rules(page, "fi")
    assert "Tapahtuma on peruttu." in page.text
    assert not page.all(id="code")
    assert not page.all(id="guests")


def test_a_long_list_comes_page_by_page(
    api: Api, event_id: str, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door_view, "MOST", 2)
    for name in ("aino", "eero", "pia"):
        signs_up(api, event_id, name)
    page = door(browser, event_id)
    assert [each.text for each in page.all("span", class_="called")] == ["Aino", "Eero"]
    (onward,) = [each for each in page.all("a") if each.text == "Seuraava sivu"]
    second = browser.follow(page, onward.attrs["href"])
    assert [each.text for each in second.all("span", class_="called")] == ["Pia"]
    keeps_the_rules(second, "fi")
    kept = press(browser, second, "Merkitse saapuneeksi: Pia")
    assert "Sivu 2 / 2" in kept.text
    for part in ("0", "99", "x", "-1", "9" * 30):
        assert door(browser, event_id, f"?part={part}").status == 200


def test_looking_is_noted_with_whom_it_showed(api: Api, event_id: str, browser: Browser) -> None:
    aino = signs_up(api, event_id, "aino")
    signs_up(api, event_id, "eero")
    door(browser, event_id, "?q=aino")
    entry = api.store.audit[-1]
    assert (entry["subject"], entry["action"], entry["signups"]) == (
        f"event#{event_id}",
        "list-signups",
        [aino],
    )


def test_nobody_gets_to_the_door_without_logging_in_and_then_goes_back_to_it(
    api: Api, event_id: str
) -> None:
    browser = Browser(api.client)
    api.logs_in("aino.aalto@gov.fi", "Aino Aalto", granted=Role.STAFF)
    page = door(browser, event_id)
    place = query_of(page.headers["Location"])["page"]
    assert place == f"staff/events/{event_id}"
    keeps_the_rules(browser.onward(page), "fi")
    log_in(api, browser, page=place)
    assert door(browser, event_id).status == 200


def test_the_door_is_for_hosts(api: Api, event_id: str) -> None:
    signup_id = signs_up(api, event_id, "aino")
    browser = known(api, Browser(api.client))
    assert door(browser, event_id).status == 404
    sent = browser.post(f"/staff/events/{event_id}", {"do": f"in:{signup_id}:0"})
    assert sent.status in (403, 404)
    assert there(api, signup_id) == [False]
    assert api("GET", f"/staff/events/{event_id}", key=FORM_KEY).status == 404


def test_a_form_that_is_none_of_ours_checks_nobody_in(
    api: Api, event_id: str, browser: Browser
) -> None:
    signup_id = signs_up(api, event_id, "aino")
    page = door(browser, event_id)
    sent = {"do": f"in:{signup_id}:0"}
    back = browser.post(f"/staff/events/{event_id}", sent | {"form_token": "0-0"})
    assert back.status == 403
    keeps_the_rules(back, "fi")
    fields = fields_of(form_with_row(page, signup_id)) | sent
    for strange in ({"Sec_Fetch_Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert browser.post(f"/staff/events/{event_id}", fields, **strange).status == 403
    assert there(api, signup_id) == [False]


@pytest.mark.parametrize("do", ["", "x", "in:", "in:s_x:0", "in:{}:x", "in:{}:9", "out:{}:9999"])
def test_a_button_that_is_none_does_nothing(
    api: Api, event_id: str, browser: Browser, do: str
) -> None:
    signup_id = signs_up(api, event_id, "aino")
    page = door(browser, event_id)
    sent = browser.submit(page, form_with_row(page, signup_id), do=do.format(signup_id))
    assert sent.status in (200, 404, 422)
    assert there(api, signup_id) == [False]


def test_a_button_of_another_event_does_nothing(api: Api, event_id: str, browser: Browser) -> None:
    signs_up(api, event_id, "eero")
    other = signs_up(api, write(api), "aino")
    page = door(browser, event_id)
    (form,) = [each for each in page.all("form") if each.all("ul", class_="parties")]
    assert browser.submit(page, form, do=f"in:{other}:0").status == 404
    assert there(api, other) == [False]


def test_names_are_text_whatever_is_in_them(api: Api, event_id: str, browser: Browser) -> None:
    """S-21: HTML in a name is stored as text and escaped."""
    evil = '<script>alert(1)</script>" onclick="x'
    signs_up(api, event_id, "aino", evil, accessibility="<b>x</b>")
    page = door(browser, event_id)
    keeps_the_rules(page, "fi")
    assert evil in [each.text for each in page.all("span", class_="called")]
    assert not re.search(r"<script|<b>x", page.source)


def test_both_ways_are_counted_and_can_be_chosen(api: Api, browser: Browser) -> None:
    event_id = write(api, remote={"limit": None})
    page = door(browser, event_id)
    keeps_the_rules(page, "fi")
    counts: Any = [each.text for each in page.one("dl", class_="counts").all("dt")]
    assert counts == ["Paikan päällä", "Etänä"]
    sent = browser.submit(page, form_with(page, "guests"), name="Ohto", way="remote")
    assert sent.status == 303
    (made,) = api.store.signups.values()
    assert made.way.value == "remote"


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_waits_and_is_there_has_a_free_seat_or_one_more(
    api: Api, event_id: str, language: str
) -> None:
    """W-24: after the start a free seat is nobody's until a host gives it."""
    browser = host(api, language)
    signs_up(api, event_id, "aino", "b", "c", "d")
    waits = signs_up(api, event_id, "eero")
    page = door(browser, event_id)
    (button,) = page.one("section", aria_labelledby="others").all("button")
    (form,) = [each for each in page.all("form") if button in each.all("button")]
    full = browser.submit(page, form, do=button.attrs["value"])
    assert full.status == 409
    keeps_the_rules(full, language)
    assert there(api, waits) == [False]
    (anyway,) = full.one(role="alert").all("button")
    (form,) = full.one(role="alert").all("form")
    done = browser.onward(browser.submit(full, form, do=anyway.attrs["value"]))
    keeps_the_rules(done, language)
    assert there(api, waits) == [True]
    assert api.store.events[event_id].ways["room"].free == -1
