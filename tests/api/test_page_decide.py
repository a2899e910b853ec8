"""Where a mail to the Lab's own mailbox leads: staff answer a request by two buttons."""

import pytest

from chalicelib.domain.bookings import State
from chalicelib.domain.messages import Kind
from chalicelib.services import links
from tests.api.conftest import FORM_KEY, STAFF_KEY, Api
from tests.api.test_pages import keeps_the_rules
from tests.page import Browser, Page


def asked(api: Api) -> tuple[str, str]:
    """A request, and the path of its link."""
    made = api.books(space_ids=["lab"], attendees=40, notes="<b>kahvia</b>")
    booking = api.store.bookings[made["booking_id"]]
    return booking.booking_id, links.decide_url(api.ports, booking).removeprefix(
        "https://lab.example"
    )


def press(browser: Browser, path: str, page: Page, action: str, **fields: str) -> Page:
    seen = page.one("input", name="seen").attrs["value"]
    return browser.post(path, {"action": action, "lang": browser.language, "seen": seen, **fields})


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_looking_changes_nothing_and_a_button_approves_once(api: Api, language: str) -> None:
    booking_id, path = asked(api)
    browser = Browser(api.client, language)
    before = api.contents()
    for _ in range(2):
        page = browser.get(path)
        api("HEAD", path)
    keeps_the_rules(page, language)
    assert api.contents() == before
    assert "Aino Aalto" in page.text
    assert "<b>kahvia</b>" in page.text
    done = press(browser, path, page, "approve")
    keeps_the_rules(done, language)
    assert done.status == 200
    assert done.one(role="status").text
    assert api.store.bookings[booking_id].state is State.CONFIRMED
    assert api.store.audit[-1]["actor"] == f"mailbox#{booking_id}"
    again = press(browser, path, page, "deny")
    assert (again.status, again.all(role="alert"), again.all("form", method="post")) == (
        200,
        [],
        [],
    )
    assert api.store.bookings[booking_id].state is State.CONFIRMED


def test_a_denial_has_its_reason(api: Api) -> None:
    booking_id, path = asked(api)
    browser = Browser(api.client)
    press(browser, path, browser.get(path), "deny", reason="Tila on\r\nremontissa. ")
    stored = api.store.bookings[booking_id]
    assert (stored.state, stored.reason) == (State.DENIED, "Tila on\nremontissa.")
    assert [each.kind for each in api.store.messages.values()].count(Kind.DENIED) == 1


def test_what_was_not_seen_is_not_answered(api: Api) -> None:
    booking_id, path = asked(api)
    browser = Browser(api.client)
    page = browser.get(path)
    api("PATCH", f"/v1/bookings/{booking_id}", {"attendees": 55}, FORM_KEY, If_Match="*")
    for action in ("approve", "deny"):
        stale = press(browser, path, page, action, reason="Ei käy")
        assert stale.status == 409
        assert "on muuttunut" in stale.one(role="alert").text
        assert stale.one("textarea").text == "Ei käy"
    assert api.store.bookings[booking_id].state is State.PENDING
    assert press(browser, path, stale, "approve").status == 200


def test_a_change_that_waits_is_shown_beside_what_is(api: Api) -> None:
    booking_id, path = asked(api)
    api("POST", f"/v1/staff/bookings/{booking_id}/approve", {}, STAFF_KEY)
    move = {"start": "2026-12-09T12:00:00+02:00", "end": "2026-12-09T14:00:00+02:00"}
    api("PATCH", f"/v1/bookings/{booking_id}", move, FORM_KEY, If_Match="*")
    browser = Browser(api.client)
    page = browser.get(path)
    assert page.one("h1").text == "Muutospyyntö odottaa vastausta"
    assert "ke 2.12.2026 klo 10.00–11.00" in page.text
    assert "ke 9.12.2026 klo 12.00–14.00" in page.text
    press(browser, path, page, "deny")
    stored = api.store.bookings[booking_id]
    assert (stored.state, stored.pending_change) == (State.CONFIRMED, None)


def test_links_that_are_not_ours_all_look_alike(api: Api) -> None:
    """L-04: also the link of the person who asks opens nothing here."""
    booking_id, path = asked(api)
    manage = links.token_of(api.ports, "manage", booking_id)
    wrong = [
        path[:-1] + ("0" if path[-1] != "0" else "1"),
        f"/decide/{booking_id}/{manage}",
        path.replace(booking_id, "b_none"),
        f"/decide/{booking_id}/x",
    ]
    before = api.contents()
    for each in wrong:
        for method in ("GET", "POST"):
            assert api(method, each, form={"action": "approve"}).status == 404
    assert api.contents() == before
    person = links.manage_url(api.ports, api.store.bookings[booking_id])
    decide = path.rpartition("/")[2]
    assert api("GET", f"/manage/{booking_id}/{decide}").status == 404
    assert decide not in person


def test_nothing_is_done_without_a_button(api: Api) -> None:
    _, path = asked(api)
    browser = Browser(api.client)
    page = browser.get(path)
    before = api.contents()
    for action in ("", "cancel", "reopen"):
        assert press(browser, path, page, action).status == 200
    assert api.contents() == before
