"""The page on which hosts write to those of an event: sent once, refused with what was typed, followed."""

import pytest

from chalicelib.domain.people import Role
from tests.api.conftest import STAFF_KEY, Api
from tests.api.test_page_door import LANGUAGES, door, host
from tests.api.test_page_session import known
from tests.api.test_pages import keeps_the_rules
from tests.api.test_staff_attendance import signs_up
from tests.api.test_staff_events import EVENT, LIST, write
from tests.api.test_staff_notices import deliver
from tests.page import Browser, Element, Page, fields_of

SAID = {"subject_fi": "Ota tietokone mukaan", "text_fi": "Teemme **harjoituksia**."}


@pytest.fixture
def event_id(api: Api) -> str:
    made = write(api, room={"limit": 2, "most_waiting": 3}, group_size=2)
    for name in ("aino", "eero", "pia"):
        signs_up(api, made, name)
    deliver(api)
    return made


@pytest.fixture
def browser(api: Api) -> Browser:
    return host(api)


def notices(browser: Browser, event_id: str, query: str = "") -> Page:
    return browser.get(f"/staff/events/{event_id}/notices{query}")


def the_form(page: Page) -> Element:
    (found,) = [each for each in page.all("form") if "subject_fi" in fields_of(each)]
    return found


def send(browser: Browser, page: Page, **said: str) -> Page:
    sent = browser.submit(page, the_form(page), **(SAID | said))
    return browser.onward(sent) if sent.status == 303 else sent


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_host_writes_sees_it_leave_and_arrive(api: Api, event_id: str, language: str) -> None:
    browser = host(api, language)
    page = notices(browser, event_id)
    assert page.status == 200
    keeps_the_rules(page, language)
    assert page.headers["Cache-Control"] == "no-store"
    assert EVENT["title"][language] in page.one("main").text
    assert [each.attrs["value"] for each in page.one("select").all("option")] == [
        *("confirmed", "waiting", "both")
    ]
    assert [c for c in page.one("select").text if c.isdigit()] == ["2", "1", "3"]
    done = send(browser, page, to="both")
    keeps_the_rules(done, language)
    assert done.one("p", role="status")
    (before,) = done.one("section", aria_labelledby="written").all("li")
    assert "Ota tietokone mukaan" in before.text
    assert "0 / 0" in before.text
    deliver(api)
    (after,) = notices(browser, event_id).one("section", aria_labelledby="written").all("li")
    assert "3 / 3" in after.text
    assert "{" not in page.text + done.text


def test_the_door_leads_to_it_and_it_leads_back(event_id: str, browser: Browser) -> None:
    at_door = door(browser, event_id)
    (to,) = [each for each in at_door.all("a") if each.text == "Lähetä viesti osallistujille"]
    page = browser.follow(at_door, to.attrs["href"])
    assert page.one("h1").text == "Viesti osallistujille"
    (back,) = [e for e in page.one("main").all("a") if e.text == "Tapahtuman saapumissivulle"]
    assert browser.follow(page, back.attrs["href"]).one("h1").text == EVENT["title"]["fi"]


def test_the_button_pressed_twice_sends_once(api: Api, event_id: str, browser: Browser) -> None:
    page = notices(browser, event_id)
    for _ in range(2):
        assert browser.submit(page, the_form(page), **SAID).status == 303
    assert len(api.store.notices) == 1
    other = browser.submit(page, the_form(page), **(SAID | {"subject_fi": "Muuta"}))
    assert other.status == 422
    assert "jo lähetetty" in other.one("section", class_="summary").text
    keeps_the_rules(other, "fi")
    assert browser.submit(other, the_form(other)).status == 303
    assert [each.subject["fi"] for each in api.store.notices.values()] == [
        *(SAID["subject_fi"], "Muuta")
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"subject_fi": "", "text_fi": " "}, ["subject_fi", "text_fi"]),
        ({"subject_sv": "Hej"}, ["text_sv"]),
        ({"text_en": "Hi"}, ["subject_en"]),
        ({"subject_fi": "x" * 201}, ["subject_fi"]),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    api: Api, event_id: str, language: str, said: dict[str, str], wrong: list[str]
) -> None:
    browser = host(api, language)
    back = send(browser, notices(browser, event_id), to="waiting", **said)
    assert back.status == 422
    keeps_the_rules(back, language)
    summary = back.one("section", class_="summary")
    assert [each.attrs["href"] for each in summary.all("a")] == [f"#{each}" for each in wrong]
    kept = fields_of(the_form(back))
    assert kept["to"] == "waiting"
    assert {name: kept[name] for name in said} == {
        n: v if v.strip() else "" for n, v in said.items()
    }
    assert api.store.notices == {}


def test_the_link_to_join_is_refused_beside_the_text(api: Api, browser: Browser) -> None:
    """I-14"""
    link = "https://meet.example/x"
    event_id = write(api, remote={"limit": 5}, remote_link=link)
    page = notices(browser, event_id)
    back = send(browser, page, text_fi=f"Liity: {link}")
    assert back.status == 422
    assert "etäpaikka" in back.one("section", class_="summary").text
    assert send(browser, back, text_fi=f"Liity: {link}", way="remote").status == 200
    (notice,) = api.store.notices.values()
    assert notice.way == "remote"


def test_of_a_draft_and_of_what_is_off_there_is_no_form(api: Api, browser: Browser) -> None:
    draft = write(api, publish=False)
    page = notices(browser, draft)
    assert page.status == 200
    assert "subject_fi" not in page.text
    event_id = write(api)
    page = notices(browser, event_id)
    api("DELETE", f"{LIST}/{event_id}", key=STAFF_KEY, If_Match="*")
    back = send(browser, page)
    assert back.status == 409
    keeps_the_rules(back, "fi")
    assert api.store.notices == {}
    assert notices(browser, "e_none").status == 404


def test_after_a_month_the_list_says_that_the_words_are_gone(
    api: Api, event_id: str, browser: Browser
) -> None:
    """P-04"""
    send(browser, notices(browser, event_id))
    deliver(api)
    api.store.notices.clear()
    (one,) = notices(browser, event_id).one("section", aria_labelledby="written").all("li")
    assert "poistettu" in one.text
    assert "2 / 2" in one.text


def test_it_is_for_hosts_and_for_forms_of_ours(api: Api, event_id: str, browser: Browser) -> None:
    address = f"/staff/events/{event_id}/notices"
    fields = fields_of(the_form(notices(browser, event_id))) | SAID
    back = browser.post(address, fields | {"form_token": "0-0"})
    assert back.status == 403
    keeps_the_rules(back, "fi")
    assert fields_of(the_form(back))["subject_fi"] == SAID["subject_fi"]
    assert browser.post(address, fields, Origin="https://evil.example").status == 403
    assert Browser(api.client).get(address).status == 303  # to the login
    guest = known(api, Browser(api.client), granted=None)
    assert guest.get(address).status == 404
    assert guest.post(address, fields).status in (403, 404)
    assert api.store.notices == {}
    assert known(api, Browser(api.client), granted=Role.STAFF).get(address).status == 200


def test_words_are_text_whatever_is_in_them(api: Api, event_id: str, browser: Browser) -> None:
    done = send(browser, notices(browser, event_id), subject_fi="<script>alert(1)</script>")
    assert done.all("script") == []
    assert "<script>alert(1)</script>" in done.one("section", aria_labelledby="written").text
