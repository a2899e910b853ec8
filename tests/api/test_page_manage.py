"""The pages that mails lead to: what they show, what their buttons do, and what they never do."""

import logging

import pytest

from chalicelib.domain.bookings import State
from chalicelib.services import links
from tests.api.conftest import Api, booking
from tests.api.test_page_form import AINO, the_form
from tests.api.test_pages import keeps_the_rules
from tests.page import Browser, Page


def held(api: Api) -> tuple[str, str]:
    """A hold, and the path of its link."""
    booking_id = api("POST", "/v1/bookings", booking()).json["booking_id"]
    return booking_id, links.confirm_url(api.ports, api.store.bookings[booking_id])


def path_of(url: str) -> str:
    return url.removeprefix("https://lab.example")


def press(browser: Browser, page: Page, action: str, **fields: str) -> Page:
    path = page.path.partition("?")[0]
    return browser.post(path, {"action": action, "lang": browser.language, **fields})


@pytest.fixture
def proving(make_api) -> Api:
    return make_api(prove_address=True)


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_looking_changes_nothing_and_pressing_confirms(proving: Api, language: str) -> None:
    """L-01"""
    booking_id, url = held(proving)
    browser = Browser(proving.client, language)
    before = proving.contents()
    for _ in range(2):
        page = browser.get(path_of(url))
        proving("HEAD", path_of(url))
    keeps_the_rules(page, language)
    assert proving.contents() == before
    code = page.one(id="code").attrs["value"]
    assert press(browser, page, "confirm", code=code).status == 200
    assert proving.store.bookings[booking_id].state is State.CONFIRMED
    assert press(browser, page, "confirm", code=code).status == 200
    assert proving.store.bookings[booking_id].version == 2


def test_a_wrong_code_is_said_and_can_be_put_right(proving: Api) -> None:
    booking_id, url = held(proving)
    browser = Browser(proving.client)
    page = press(browser, browser.get(path_of(url)), "confirm", code="22222222")
    assert (page.status, page.one(role="alert").text) == (
        409,
        "Koodi ei ole oikea. Tarkista se viestistä ja yritä uudelleen.",
    )
    assert proving.store.bookings[booking_id].state is State.HELD


def test_the_link_cancels_its_booking_and_no_other(api: Api) -> None:
    """L-05: afterwards it says so, and how to book again."""
    mine, other = (api.books(space_ids=[each])["booking_id"] for each in ("pod", "studio"))
    url = links.manage_url(api.ports, api.store.bookings[mine])
    browser = Browser(api.client)
    page = browser.get(path_of(url))
    assert page.one("h1").text == "Varauksesi on voimassa"
    for _ in range(2):
        page = press(browser, page, "cancel")
        assert page.one("h1").text == "Varaus on peruttu"
    assert page.all("a", href="../../../book?lang=fi") or "Tee toinen varaus" in page.text
    assert api.store.bookings[mine].state is State.CANCELLED
    assert api.store.bookings[other].state is State.CONFIRMED


@pytest.mark.parametrize("change", ["token", "booking", "nothing there"])
def test_links_that_are_not_ours_all_look_alike(api: Api, change: str) -> None:
    """L-04"""
    mine, other = (api.books(space_ids=[each])["booking_id"] for each in ("pod", "studio"))
    token = links.token_of(api.ports, "manage", mine)
    path = {
        "token": f"/manage/{mine}/{'0' * 48}",
        "booking": f"/manage/{other}/{token}",
        "nothing there": f"/manage/b_none/{token}",
    }[change]
    page = Browser(api.client).get(path)
    assert (page.status, page.one("h1").text) == (404, "Ei löydy")
    assert Browser(api.client).post(path, {"action": "cancel"}).status == 404
    assert api.store.bookings[other].state is State.CONFIRMED


def test_reminders_are_switched_off_by_one_click_and_nothing_else_is(api: Api) -> None:
    """L-03: twice, without cookies."""
    api.books()
    (person_id,) = {each.person_id for each in api.store.messages.values()}
    path = path_of(links.unsubscribe_url(api.ports, person_id))
    browser = Browser(api.client)
    keeps_the_rules(browser.get(path), "fi")
    assert api.store.reminders_off == set()
    for _ in range(2):
        assert browser.post(path, {"List-Unsubscribe": "One-Click"}).status == 200
    assert api.store.reminders_off == {person_id}
    assert browser.post(f"/unsubscribe/{person_id}/{'0' * 48}", {}).status == 404


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_the_code_can_be_typed_where_one_booked(proving: Api, language: str) -> None:
    browser = Browser(proving.client, language)
    done = browser.send(the_form(browser), **AINO)
    keeps_the_rules(done, language)
    (booking_id,) = proving.store.bookings
    path = f"/confirm/{booking_id}"
    assert done.one("form", method="post").attrs["action"].partition("?")[0] == f"..{path}"
    code = links.code_of(proving.ports, proving.store.bookings[booking_id])
    wrong = browser.post(path, {"action": "confirm", "lang": language, "code": "22222222"})
    assert wrong.status == 409
    assert wrong.one(role="alert").text
    keeps_the_rules(wrong, language)
    assert proving.store.bookings[booking_id].state is State.HELD
    answer = proving("POST", path, form={"action": "confirm", "lang": language, "code": code})
    assert answer.status == 303
    assert (
        links.manage_url(proving.ports, proving.store.bookings[booking_id])
        in (answer.headers["Location"])
    )
    assert proving.store.bookings[booking_id].state is State.CONFIRMED


def test_the_page_for_codes_tells_nobody_what_there_is(proving: Api) -> None:
    booking_id, _ = held(proving)
    browser = Browser(proving.client)
    pages = [browser.get(f"/confirm/{each}") for each in (booking_id, "b_none")]
    assert pages[0].source == pages[1].source.replace("b_none", booking_id)
    before = proving.contents()
    for action in ("confirm", "code", ""):
        found = [
            browser.post(f"/confirm/{each}", {"action": action, "code": "22222222"})
            for each in (booking_id, "b_none")
        ]
        assert found[0].status == found[1].status
        assert found[0].source == found[1].source.replace("b_none", booking_id)
    after = proving.contents()
    mailed = {name: after[name] for name in ("messages", "queue")}  # the code, again
    assert after == before | mailed


def test_what_opens_things_is_in_no_log_and_leaks_to_no_other_site(
    proving: Api, caplog: pytest.LogCaptureFixture
) -> None:
    """L-09"""
    caplog.set_level(logging.DEBUG)
    booking_id, url = held(proving)
    booking = proving.store.bookings[booking_id]
    code = links.code_of(proving.ports, booking)
    token = links.token_of(proving.ports, "manage", booking_id)
    stop = links.unsubscribe_url(proving.ports, booking.person_id)
    browser = Browser(proving.client)
    pages = [browser.get(path_of(url)), browser.get(path_of(stop))]
    browser.get(path_of(url).replace(token, token[:-1] + "x"))
    press(browser, pages[0], "confirm", code="22222222")
    press(browser, pages[0], "confirm", code=code)
    browser.post(path_of(stop), {})
    logged = " ".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    for secret in (token, token[:24], code, stop.rpartition("/")[2]):
        assert secret not in logged
    for page in pages:
        assert page.one("meta", name="referrer").attrs["content"] == "no-referrer"
    assert proving("GET", path_of(url)).headers["Referrer-Policy"] == "same-origin"
