"""The same pages, deployed: through API Gateway, Lambda, IAM and DynamoDB of the local cloud."""

from datetime import date, timedelta

from playwright.sync_api import Page, expect

from chalicelib.api.forms import SOONEST
from tests.browser.conftest import Open
from tests.browser.test_booking import fill_in, press_book
from tests.cloud import RunningCloud
from tests.mailbox import code_in, wait_for_mails

DAY = date.today() + timedelta(days=10)  # a day that is to come, wherever this runs
MAILBOX = "pia.lomake@gov.fi"  # nobody else's in these tests


def press_book_as_people_do(page: Page) -> None:
    """Not before the form can have been filled in: it would be taken for a program's."""
    page.wait_for_timeout(SOONEST.total_seconds() * 1000)
    press_book(page)


def test_a_room_is_booked_by_the_form_and_cannot_be_taken_twice(
    cloud: RunningCloud, open_page: Open
) -> None:
    page = open_page()
    page.goto(cloud.endpoint)  # as `make run` prints it: without a slash
    expect(page.get_by_role("table")).to_be_visible()
    page.get_by_role("link", name="Varaa tila").click()
    expect(page.locator("h1")).to_have_text("Varaa tila")
    page.goto(f"{cloud.endpoint}/?day={DAY}")
    page.locator("#pod a.free").first.click()
    form = page.url
    fill_in(page, "Pia Peltola", MAILBOX)
    press_book_as_people_do(page)
    expect(page.locator("h1")).to_have_text("Aika on sinulle varattuna hetken")
    page.reload()
    expect(page.locator("h1")).to_have_text("Aika on sinulle varattuna hetken")
    (mail,) = wait_for_mails(cloud, MAILBOX, 1)
    page.locator("#code").fill("AAAA AAAA")
    page.get_by_role("button", name="Vahvista varaus").click()
    expect(page.get_by_role("alert")).to_contain_text("Koodi ei ole oikea")
    page.locator("#code").fill(code_in(mail).lower())
    page.get_by_role("button", name="Vahvista varaus").click()
    expect(page.locator("h1")).to_have_text("Varauksesi on voimassa")
    page.goto(f"{cloud.endpoint}/?day={DAY}")
    expect(page.locator("#pod .booked")).to_have_count(1)
    page.goto(form)
    fill_in(page, "Eero Eskola", "eero.eskola@gov.fi")
    press_book_as_people_do(page)
    expect(page.locator(".summary h2")).to_have_text("Aika on jo varattu")
    expect(page.locator("#name")).to_have_value("Eero Eskola")
