"""Where a form leads when another site sent it: to that site if it is allowed, and nowhere else."""

from typing import Any

import pytest

from chalicelib.pages.booking import origin_of
from tests.api.test_page_form import AINO, booked, the_form
from tests.page import Browser

SITE = "https://lab.example.fi"


@pytest.fixture
def site(make_api: Any) -> Browser:
    return Browser(make_api(allowed_sites=(SITE, "https://other.example:8443")).client)


def test_next_leads_to_an_allowed_site(site: Browser) -> None:
    form = the_form(site)
    page = site.post("/v1/bookings", form.fields() | AINO | {"next": f"{SITE}/kiitos?a=1#b"})
    assert page.status == 303
    assert page.headers["Location"] == f"{SITE}/kiitos?a=1#b"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//lab.example.fi/",
        "/docs",
        "docs",
        "javascript:alert(1)",
        "https://lab.example.fi.evil.example/",
        "https://lab.example.fi@evil.example/",
        "https://evil.example\\@lab.example.fi/",
        "https://lab.example.fi\\.evil.example/",
        "http://lab.example.fi/",
        "https://lab.example.fi:8443/",
        "https:lab.example.fi/",
        "https:///lab.example.fi/",
        "https://lab.example.fi/\r\nSet-Cookie: a=b",
        "https://lab.exam\tple.fi/",
        " https://lab.example.fi/",
        "https://lab.example.fı/",
        "https://[lab.example.fi/",
    ],
)
def test_next_leads_nowhere_else_and_then_nothing_is_booked(make_api: Any, target: str) -> None:
    api = make_api(allowed_sites=(SITE,))
    browser = Browser(api.client)
    fields = the_form(browser).fields() | AINO | {"next": target}
    page = browser.post("/v1/bookings", fields)
    assert page.status == 422
    assert "Location" not in page.headers
    assert "paluuosoite ei ole sallittu" in page.text
    assert booked(api) == 0
    plain = browser.post("/v1/bookings", fields, Accept="application/json")
    assert plain.status == 422
    assert plain.headers["Content-Type"] == "application/problem+json"


def test_next_is_kept_over_a_refusal_and_the_browser_may_follow_it(site: Browser) -> None:
    fields = the_form(site).fields() | AINO | {"next": f"{SITE}/kiitos", "name": ""}
    page = site.post("/v1/bookings", fields)
    assert page.fields()["next"] == f"{SITE}/kiitos"
    assert f"form-action 'self' {SITE};" in page.headers["Content-Security-Policy"]
    assert site.send(page, name="Aino Aalto").headers["Location"] == f"{SITE}/kiitos"


def test_a_program_that_posts_a_form_with_next_is_refused_with_a_problem(site: Browser) -> None:
    fields = the_form(site).fields() | {"next": f"{SITE}/kiitos"}
    page = site.post("/v1/bookings", fields, Accept="*/*")
    assert page.status == 422
    assert page.headers["Content-Type"] == "application/problem+json"


def test_origins_are_compared_whole() -> None:
    assert origin_of("HTTPS://Lab.Example.FI/x", [SITE]) == SITE
    assert origin_of("https://other.example:8443/", ["https://other.example:8443"])
    assert origin_of("https://other.example/", ["https://other.example:8443"]) is None
    assert origin_of("https://lab.example.fi", []) is None
