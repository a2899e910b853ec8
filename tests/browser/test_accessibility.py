"""WCAG 2.2 AA as far as a program can tell: axe on every page, reflow, and size of targets."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from chalicelib.domain.events import State
from chalicelib.domain.programmes import Programme
from chalicelib.domain.questions import Kind, Question
from chalicelib.services import bookings, events, links, signup_changes, signups
from chalicelib.services.signups import SignUpRequest
from tests.browser.conftest import Lab, Open
from tests.browser.test_booking import WORDS, fill_in, press_book
from tests.browser.test_door import at_the_door
from tests.browser.test_login import ask, log_in, mailed
from tests.builders import AINO, ANYBODY, EERO, FORM, STAFF, a_request, an_intent, on
from tests.event_builders import NOW, a_hybrid, an_event, somebody

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SMALL = """() => [...document.querySelectorAll("a, button, input, select, textarea")]
  .filter(each => each.type !== "hidden" && !each.closest(".trap, .only-heard, p, li li, .summary li, td")
    && !each.matches(".skip, .only-heard, input[type=checkbox], input[type=radio]"))
  .map(each => [each.outerHTML, each.getBoundingClientRect().height])
  .filter(([_, height]) => height > 0 && height < 44).map(([html]) => html)"""


def of_anybody(page: Page, lab: Lab, language: str) -> Iterator[str]:
    """The week, the form and what becomes of it, one page after another."""
    form = (
        f"{lab.base}/book?lang={language}&space_id=hall&start=2026-12-02T10:00&end=2026-12-02T11:00"
    )
    for path in ("/?", "/?day=2026-12-02&people=3&", "/docs?", "/problems?", "/problems/closed?"):
        page.goto(f"{lab.base}{path}lang={language}")
        yield path
    page.goto(f"{lab.base}/?week=1&lang={language}")
    yield "an error"
    page.goto(f"{lab.base}/book?space_id=pod&start=2027-10-31T03:30&lang={language}")
    yield "a time that comes twice"
    page.goto(form)
    yield "the form"
    press_book(page, language)
    yield "the form with errors"
    fill_in(page)
    press_book(page, language)
    yield "the form, the time being taken"
    page.locator(".offers button").first.click()
    yield "the form, filled in"
    press_book(page, language)
    yield "the confirmation"


def of_events(page: Page, lab: Lab, language: str) -> Iterator[str]:
    """What is coming, and an event with all that one can have: also one that was called off."""
    said = Programme(
        {"fi": "# Ohjelma\n\n- [kahvi](https://a.example/)\n\n    koodi"}, "hall", "", "", "Sami"
    )
    both = a_hybrid(audience=("employee",), programme=said, title={"sv": "Verkstad"})
    off = an_event(event_id="e_off", state=State.CANCELLED, reason="Sairaus")
    for event in (both, off, an_event(event_id="e_full", limit=0, waiting=2)):
        events.create(lab.ports, event, an_intent(STAFF))
    for path in (
        "/events?",
        "/events?free=on&way=remote&",
        "/events?embed=1&",
        "/events/e_one?",
        "/events/e_off?",
    ):
        page.goto(f"{lab.base}{path}lang={language}")
        yield path
    lab.ports.clock.time = NOW
    page.goto(f"{lab.base}/events/e_one?lang={language}")
    yield "an event with its form"


def of_sign_ups(page: Page, lab: Lab, language: str) -> Iterator[str]:
    """The form with all that an event can ask, its errors, what becomes of it, and the page of its link."""
    lab.ports.clock.time = NOW
    asked = (
        Question("team", text={"fi": "Tiimi"}, required=True),
        Question("soup", Kind.YES_NO, {"fi": "Keittoa?"}),
        Question("photo", Kind.CONSENT, {"fi": "Saa kuvata"}, required=True),
    )
    asks = {"asks_diet": True, "asks_accessibility": True, "questions": asked}
    events.create(lab.ports, a_hybrid(1, 1, **asks), an_intent(STAFF))
    page.goto(f"{lab.base}/events/e_one/signup?rows=2&lang={language}")
    yield "the form to sign up by"
    page.locator("#signup > button.button").click()
    yield "the form with errors"
    for name in ("name", "guest_1_name", "guest_2_name", "answer_team"):
        page.fill(f"#{name}", "Aino")
    page.fill("#email", "aino@gov.fi")
    page.check("#answer_photo")
    page.check("#accept_terms")
    page.locator("#signup > button.button").click()
    yield "a place in the queue"
    for name, changes in (("seated", {}), ("offered", {"offers_within": timedelta(days=30)})):
        event = an_event(event_id=f"e_{name}", limit=1, **asks, **changes)
        events.create(lab.ports, event, an_intent(STAFF))
        answers = {"team": "A", "photo": True}
        made = [
            signups.sign_up(
                lab.ports,
                SignUpRequest(
                    event.event_id, person=somebody(each), answers=answers, accept_terms=True
                ),
                an_intent(fingerprint=each),
            ).value.signup
            for each in ("aino", "eero")
        ]
        shown = made[0]
        if name == "offered":
            leaver, shown = made
            signup_changes.leave(
                lab.ports, event.event_id, leaver.person_id, an_intent(fingerprint="leave")
            )
        page.goto(f"{lab.base}/{links.signup_page(lab.ports, shown.signup_id)}?lang={language}")
        yield f"the page of who is {name}"
        if name == "seated":
            page.locator("button[value=hand-over]").click()
            yield "a place handed to nobody"
            page.fill("#name", "Pia")
            page.fill("#email", "pia@gov.fi")
            page.locator("button[value=hand-over]").click()
            yield "a place handed over"
            waits = links.signup_page(lab.ports, made[1].signup_id)
            page.goto(f"{lab.base}/{waits}?lang={language}")
            yield "the page of who waits"
            page.locator("button[value=leave-queue]").click()
            yield "the page of who has left"
    later = an_event(event_id="e_later", opens_at=NOW + timedelta(days=1))
    events.create(lab.ports, later, an_intent(STAFF))
    page.goto(f"{lab.base}/events/e_later/signup?lang={language}")
    yield "the form before its time"
    page.goto(f"{lab.base}/prove/s_1_2?lang={language}")
    yield "where a code is typed"


def of_mails(page: Page, lab: Lab, language: str) -> Iterator[str]:
    """The pages that mails lead to."""
    for name, path in by_link(lab):
        page.goto(f"{lab.base}{path}?lang={language}")
        yield name


def logging_in(page: Page, lab: Lab, language: str) -> Iterator[str]:
    """The pages on the way in."""
    ask(page, lab, language, "aino")
    yield "the login, an address that is none"
    page.goto(f"{lab.base}/login?lang={language}")
    yield "the login"
    ask(page, lab, language)
    yield "the code"
    page.locator("#code-form").get_by_role("button").click()
    yield "a wrong code"
    link = mailed(lab)[1]
    page.goto(f"{link}?lang={language}")
    yield "the link of a mail"
    page.goto(f"{link.replace('/login/l', '/login/x')}?lang={language}")
    yield "the link, in another browser"


def in_a_session(page: Page, lab: Lab, language: str) -> Iterator[str]:
    """The pages of somebody who has logged in; the last of them has them out again."""
    log_in(page, lab, language)
    for name in ("e_seat", "e_full"):
        event = an_event(int(name == "e_seat"), event_id=name, opens_at=lab.ports.clock.now())
        events.create(lab.ports, event, an_intent(STAFF, name))
        request = SignUpRequest(name, person=AINO, accept_terms=True)
        signups.sign_up(lab.ports, request, an_intent(FORM, name))
    for path in ("/?", "/book?", "/login?"):
        page.goto(f"{lab.base}{path}lang={language}")
        yield f"{path} in a session"
    page.goto(f"{lab.base}/me?lang={language}")
    yield "one's own page"
    page.locator("#me button").click()
    yield "one's own page, with an error"
    page.fill("#name", "Aino Aalto")
    page.locator("#me button").click()
    yield "one's own page, saved"
    page.locator(".own a").first.click()
    yield "a booking of one's own"
    page.goto(f"{lab.base}/me?lang={language}")
    page.fill("#label", "Puhelin")
    page.locator("#feed button").click()
    yield "an address of one's own calendar"
    page.goto(f"{lab.base}/me/erase?lang={language}")
    page.locator("#erase button").click()
    yield "being forgotten, without the tick"
    page.goto(f"{lab.base}/me?lang={language}")
    yield "one's own page, with an address"
    page.goto(f"{lab.base}/book?space_id=pod&lang={language}")
    lab.store.sessions.clear()
    press_book(page, language)
    yield "the form, the session being over"
    log_in(page, lab, language)
    page.locator(".account button").click()
    yield "logged out"


def at_the_event_s_door(page: Page, lab: Lab, language: str) -> Iterator[str]:
    """What hosts see of what is coming, and the page at the door, after each thing that they do there."""
    address = at_the_door(page, lab, language)
    page.goto(f"{lab.base}/staff/events?lang={language}")
    yield "the events of hosts"
    page.goto(address)
    yield "the door"
    page.locator("[aria-labelledby=others] a").first.click()
    yield "what a host can do with a sign-up"
    page.goto(f"{address}&more=event")
    yield "calling the event off"
    page.goto(address)
    page.locator(".parties .button").first.click()
    yield "somebody came"
    page.fill("#code", "23456789")
    page.locator(".search .button").first.click()
    yield "a wrong code"
    page.fill("#name", "Ohto Ohikulkija")
    page.fill("#email", "x")
    page.locator("[aria-labelledby=walk-in] .button").click()
    yield "a walk-in with a mistake"
    page.fill("#email", "")
    page.locator("[aria-labelledby=walk-in] .button").click()
    yield "a walk-in, all seats taken"
    page.goto(f"{address}&q=xyz")
    yield "nobody of this name"
    page.goto(address.replace("?", "/notices?"))
    yield "the notices"
    page.locator("main form button").click()
    yield "a notice without words"
    page.fill("#subject_fi", "Ota tietokone mukaan")
    page.fill("#text_fi", "Teemme *harjoituksia*.")
    page.locator("main form button").click()
    yield "a notice on its way"


def by_link(lab: Lab) -> Iterator[tuple[str, str]]:
    """Their names and addresses."""
    lab.store.site = replace(lab.store.site, prove_address=True, base_url="")
    lab.ports.settings.forget()
    times = on("2026-12-08", "10-12")
    hold = bookings.book(lab.ports, a_request("pod", **times), an_intent(ANYBODY)).value
    asked = a_request("lab", attendees=40, notes="Kahvia", person=EERO, **times)
    request = bookings.book(lab.ports, asked, an_intent()).value
    assert hold
    assert request
    yield "a hold", links.manage_url(lab.ports, hold)
    yield "a code", f"/confirm/{hold.booking_id}"
    yield "a request", links.decide_url(lab.ports, request)
    yield "reminders", links.unsubscribe_url(lab.ports, hold.person_id)


Tour = Callable[[Page, Lab, str], Iterator[str]]
# Every kind of page.
TOURS = (
    of_anybody,
    of_events,
    of_sign_ups,
    of_mails,
    logging_in,
    in_a_session,
    at_the_event_s_door,
)


def along(tour: Tour, page: Page, lab: Lab, language: str) -> Iterator[str]:
    """The pages of a tour, each as soon as its style is there."""
    for name in tour(page, lab, language):
        page.wait_for_load_state()
        yield name


@pytest.mark.parametrize("tour", TOURS)
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("language", WORDS)
def test_axe_finds_nothing(
    lab: Lab, open_page: Open, language: str, width: int, tour: Tour
) -> None:
    page = open_page(width, language, scripts=True)
    found = []
    for name in along(tour, page, lab, language):
        result = Axe().run(page, options={"runOnly": RULES})
        if result.violations_count:
            found.append(f"{name}: {result.generate_report()}")
        assert result.response["passes"]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("tour", TOURS)
@pytest.mark.parametrize("language", WORDS)
def test_nothing_scrolls_sideways_on_the_narrowest_screen(
    lab: Lab, open_page: Open, language: str, tour: Tour
) -> None:
    """WCAG 1.4.10, Reflow: 320 CSS pixels."""
    page = open_page(320, language, scripts=True)
    for name in along(tour, page, lab, language):
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, name


@pytest.mark.parametrize("tour", TOURS)
@pytest.mark.parametrize("width", [360, 1280])
def test_what_is_pressed_is_large_enough_for_a_finger(
    lab: Lab, open_page: Open, width: int, tour: Tour
) -> None:
    page = open_page(width, scripts=True)
    for name in along(tour, page, lab, "fi"):
        assert page.evaluate(SMALL) == [], name


def test_the_table_stays_a_table_for_those_who_hear_it(lab: Lab, open_page: Open) -> None:
    """On a phone it is shown as cards, and still read by row and column."""
    page = open_page(360)
    page.goto(f"{lab.base}/")
    table = page.get_by_role("table")
    assert table.get_by_role("columnheader").count() == 8
    assert table.get_by_role("rowheader").count() == 7
    assert table.get_by_role("cell").count() == 49
