"""Logging in and out by pages: what they show, what they do, and what they never tell."""

import re
from datetime import timedelta
from urllib.parse import unquote

import pytest

from chalicelib.api import forms
from chalicelib.domain.logins import Login
from chalicelib.domain.people import Role
from chalicelib.services import links
from tests.api.conftest import Api
from tests.api.test_pages import keeps_the_rules
from tests.page import Browser, Page, fields_of, query_of

LANGUAGES = ("fi", "sv", "en")
AINO = "aino.aalto@gov.fi"
SESSION, LOGIN = "__Host-session", "__Host-login"


@pytest.fixture
def browser(api: Api) -> Browser:
    return Browser(api.client)


def ask(browser: Browser, email: str = AINO, page: str = "", **changes: str) -> Page:
    """Ask for a code on the page for it."""
    shown = browser.get(f"/login?page={page}")
    return browser.submit(shown, shown.one(id="login"), email=email, **changes)


def the_login(api: Api) -> Login:
    """The proof that was asked for last."""
    return list(api.store.logins.values())[-1]


def code_of(api: Api) -> str:
    return links.login_code(api.ports, the_login(api))


def link_of(api: Api) -> str:
    return links.login_url(api.ports, the_login(api)).removeprefix("https://lab.example")


def log_in(api: Api, browser: Browser, email: str = AINO, page: str = "") -> Page:
    """The whole way, with the code."""
    asked = ask(browser, email, page)
    return browser.submit(asked, asked.one(id="code-form"), code=code_of(api))


@pytest.mark.parametrize("language", LANGUAGES)
def test_somebody_logs_in_by_the_code_of_their_mail_and_out_again(api: Api, language: str) -> None:
    browser = Browser(api.client, language)
    asked = ask(browser)
    keeps_the_rules(asked, language)
    assert the_login(api).language == language
    assert AINO in asked.one(role="status").text
    done = browser.submit(asked, asked.one(id="code-form"), code=code_of(api))
    assert done.status == 303
    assert SESSION in browser.jar
    page = browser.get("/docs")
    keeps_the_rules(page, language)
    (account,) = page.all(class_="account")
    assert AINO in account.text
    out = browser.onward(browser.submit(page, page.form("logout")))
    keeps_the_rules(out, language)
    assert out.one(role="status").text
    assert SESSION not in browser.jar
    assert not api.store.sessions


def test_the_way_leads_on_to_the_page_that_somebody_came_for(api: Api, browser: Browser) -> None:
    form = browser.get("/book?space_id=pod&start=2026-12-02T10:00&lang=fi")
    (account,) = form.all(class_="account")
    shown = browser.follow(form, account.one("a").attrs["href"])
    asked = browser.submit(shown, shown.one(id="login"), email=AINO)
    done = browser.submit(asked, asked.one(id="code-form"), code=code_of(api))
    landed = browser.onward(done)
    assert landed.path == "/book"
    assert landed.fields()["space_id"] == "pod"
    assert landed.fields()["start"] == "2026-12-02T10:00"
    assert landed.one("html").attrs["lang"] == "fi"


@pytest.mark.parametrize(
    "page",
    [
        "https://evil.example",
        "//evil.example",
        "/evil",
        "\\evil",
        "javascript:alert(1)",
        "me%0d%0aSet-Cookie:x",
        "x" * 301,
    ],
)
def test_the_way_leads_nowhere_else(api: Api, browser: Browser, page: str) -> None:
    shown = browser.get(f"/login?page={page}")
    assert "page" not in fields_of(shown.one(id="login"))
    assert log_in(api, browser, page=page).headers["Location"] == "../me?lang=fi"
    forged = Browser(api.client).submit(
        shown, shown.one(id="login"), email=AINO, page=unquote(page)
    )
    assert forged.status == 422
    assert "page" not in fields_of(forged.one(id="login"))


def test_everybody_is_answered_alike(api: Api, browser: Browser) -> None:
    """Whether an address is known or may log in at all is on no page."""
    log_in(api, browser)
    known, may, may_not = (
        ask(Browser(api.client), email).source.replace(email, "…")
        for email in (AINO, "eero.eskola@gov.fi", "pia.peltola@partner.example")
    )
    tokens = re.compile(r'name="form_token" value="[^"]+"')
    assert tokens.sub("", known) == tokens.sub("", may) == tokens.sub("", may_not)


def test_what_to_do_when_no_mail_comes_is_said_where_one_waits_for_it(
    api: Api, browser: Browser
) -> None:
    asked = ask(browser, page="book")
    said = asked.one("section", aria_labelledby="no-mail").text
    for part in (AINO, "roskaposti", "kymmenen minuuttia"):
        assert part in said
    before = the_login(api).login_id
    again = browser.submit(asked, asked.form("login"))
    assert again.status == 200
    assert the_login(api).login_id != before
    assert (the_login(api).email, the_login(api).next) == (AINO, "book")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("email", "said"),
    [("", "Kirjoita sähköpostiosoitteesi."), ("aino", "etunimi.sukunimi@"), ("a b@gov.fi", "@")],
)
def test_an_address_that_is_none_is_refused_beside_its_field(
    api: Api, language: str, email: str, said: str
) -> None:
    browser = Browser(api.client, language)
    page = ask(browser, email, page="book")
    assert (page.status, page.errors) == (422, {"email"})
    keeps_the_rules(page, language)
    if language == "fi":
        assert said in page.error("email")
    kept = fields_of(page.one(id="login"))
    assert (kept["email"], kept["page"]) == (email, "book")
    assert page.one("section", class_="summary").one("a").attrs["href"] == "#email"
    assert not api.store.logins
    assert not browser.jar


def test_a_program_that_fills_in_what_nobody_sees_gets_no_mail(api: Api, browser: Browser) -> None:
    """B120"""
    page = ask(browser, website="https://spam.example")
    assert page.status == 422
    assert "piilotettu kenttä" in page.text
    assert not api.store.logins


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wrong_code_can_be_put_right(api: Api, language: str) -> None:
    browser = Browser(api.client, language)
    asked = ask(browser)
    wrong = browser.submit(asked, asked.one(id="code-form"), code="22222222")
    assert (wrong.status, wrong.errors) == (422, {"code"})
    keeps_the_rules(wrong, language)
    assert SESSION not in browser.jar
    assert wrong.form("login").all("button")  # a way to ask for a new one
    done = browser.submit(wrong, wrong.one(id="code-form"), code=code_of(api).lower())
    assert done.status == 303


def test_a_code_is_of_no_use_twice_or_too_late_or_elsewhere(api: Api, browser: Browser) -> None:
    asked = ask(browser)
    form, code = asked.one(id="code-form"), code_of(api)
    stranger = Browser(api.client)
    elsewhere = stranger.submit(asked, form, code=code)
    assert "Tässä selaimessa ei ole pyydetty koodia" in elsewhere.error("code")
    assert browser.submit(asked, form, code=code).status == 303
    twice = Browser(api.client, jar={LOGIN: browser.jar[LOGIN]}).submit(asked, form, code=code)
    assert "jo käytetty tai liian vanha" in twice.error("code")
    late = Browser(api.client)
    asked = ask(late)
    api.clock.forward(minutes=10)
    page = late.submit(asked, asked.one(id="code-form"), code=code_of(api))
    assert "liian vanha" in page.error("code")
    assert SESSION not in {**stranger.jar, **late.jar}


def test_five_wrong_codes_use_a_proof_up(api: Api, browser: Browser) -> None:
    page = ask(browser)
    for number in range(5):
        page = browser.submit(page, page.one(id="code-form"), code=f"2222222{number + 2}")
    assert browser.submit(page, page.one(id="code-form"), code=code_of(api)).status == 422


def test_the_page_for_the_code_can_be_loaded_again(api: Api, browser: Browser) -> None:
    ask(browser)
    page = browser.get("/login/code")
    assert browser.submit(page, page.one(id="code-form"), code=code_of(api)).status == 303


@pytest.mark.parametrize("language", LANGUAGES)
def test_looking_at_the_link_changes_nothing_and_its_button_logs_in(
    api: Api, language: str
) -> None:
    """L-01"""
    browser = Browser(api.client, language)
    ask(browser)
    before, logins = api.contents(), dict(api.store.logins)
    api.store.calls.clear()
    for _ in range(2):
        page = browser.get(link_of(api))
        api("HEAD", link_of(api))
    keeps_the_rules(page, language)
    assert [name for name in api.store.calls if not name.startswith("catalog")] == []
    assert (api.contents(), api.store.logins, api.store.sessions) == (before, logins, {})
    (form,) = page.one("main").all("form")
    assert len(form.all("button")) == 1
    assert browser.submit(page, form).headers["Location"] == f"../../me?lang={language}"
    assert SESSION in browser.jar
    again = browser.submit(page, form)
    assert again.status in (403, 422)  # the form was another session's, and the link is used


def test_a_link_acts_only_in_the_browser_that_asked(api: Api, browser: Browser) -> None:
    """A scanner that opens the link, and even presses its button, proves nothing."""
    ask(browser)
    scanner = Browser(api.client)
    page = scanner.get(link_of(api))
    keeps_the_rules(page, "fi")
    assert "toisessa selaimessa" in page.one("h1").text
    assert not page.one("main").all("form")
    pressed = scanner.post(link_of(api), {"lang": "fi"})
    assert (pressed.status, "toisessa selaimessa" in pressed.one("h1").text) == (422, True)
    assert not api.store.sessions
    page = browser.get(link_of(api))
    assert browser.submit(page, page.one("main").one("form")).status == 303


def test_a_used_link_says_so_and_leads_to_a_new_one(api: Api, browser: Browser) -> None:
    ask(browser)
    page = browser.get(link_of(api))
    form = page.one("main").one("form")
    kept = dict(browser.jar)
    browser.submit(page, form)
    browser.jar = kept
    used = browser.submit(page, form)
    assert used.status == 422
    keeps_the_rules(used, "fi")
    assert "jo käytetty" in used.one(role="alert").text
    assert not used.one("main").all("form")
    assert [
        each for each in used.one("main").all("a") if each.attrs["href"].startswith("../../login")
    ]


def test_links_that_were_never_ours_look_like_others(api: Api, browser: Browser) -> None:
    """L-04"""
    ask(browser)
    pages = [
        Browser(api.client).get(path)
        for path in (link_of(api), f"/login/l_none/{'0' * 64}", "/login/x/y")
    ]
    bodies = {page.one("main").text for page in pages}
    assert (len(bodies), {page.status for page in pages}) == (1, {200})


def test_a_login_takes_the_place_of_the_browser_s_last_session(api: Api, browser: Browser) -> None:
    log_in(api, browser)
    log_in(api, browser, "eero.eskola@gov.fi")
    (session,) = api.store.sessions.values()
    assert session.person_id == the_login(api).person_id


def test_one_can_log_out_everywhere_at_once(api: Api, browser: Browser) -> None:
    others = [Browser(api.client) for _ in range(2)]
    for each in (browser, *others):
        log_in(api, each)
    page = browser.get("/docs")
    browser.submit(page, page.form("logout"), everywhere="on")
    for each in others:
        (account,) = each.get("/docs").all(class_="account")
        assert account.text == "Kirjaudu sisään"
        assert SESSION not in each.jar


def test_who_has_no_session_is_out_already(browser: Browser) -> None:
    assert browser.post("/logout", {}).status == 303


GUARDED = ("/login", "/login/code", "/logout", f"/login/l_1/{'0' * 64}")


@pytest.mark.parametrize("path", GUARDED)
def test_a_form_that_is_none_of_ours_does_nothing(api: Api, browser: Browser, path: str) -> None:
    log_in(api, browser)
    before = (dict(api.store.logins), dict(api.store.sessions))
    fields = {"email": AINO, "code": "22222222"}
    for token in ("", "0-0", "x"):
        assert browser.post(path, fields | {"form_token": token}).status == 403
    page = browser.get("/docs")
    token = fields_of(page.form("logout"))["form_token"]
    for strange in ({"Sec_Fetch_Site": "cross-site"}, {"Origin": "https://evil.example"}):
        forged = browser.post(path, fields | {"form_token": token}, **strange)
        assert forged.status == 403
    assert (api.store.logins, api.store.sessions) == before


def test_an_old_form_comes_back_with_the_address_and_a_new_token(
    api: Api, browser: Browser
) -> None:
    shown = browser.get("/login?page=book")
    api.clock.forward(hours=13)
    page = browser.submit(shown, shown.one(id="login"), email=AINO)
    assert page.status == 403
    keeps_the_rules(page, "fi")
    assert "lähetä lomake uudelleen" in page.one("section", class_="summary").text.lower()
    kept = fields_of(page.one(id="login"))
    assert (kept["email"], kept["page"]) == (AINO, "book")
    assert browser.submit(page, page.one(id="login")).status == 200


def test_a_form_is_not_taken_from_who_is_faster_than_people(
    api: Api, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But a code may be pasted and a button pressed as soon as they are there."""
    monkeypatch.setattr(forms, "SOONEST", timedelta(seconds=2))
    shown = browser.get("/login")
    assert browser.submit(shown, shown.one(id="login"), email=AINO).status == 403
    api.clock.forward(seconds=2)
    asked = browser.submit(shown, shown.one(id="login"), email=AINO)
    assert browser.submit(asked, asked.one(id="code-form"), code=code_of(api)).status == 303
    page = browser.get("/docs")
    assert browser.submit(page, page.form("logout")).status == 303


def test_who_is_logged_in_already_is_told_so(api: Api, browser: Browser) -> None:
    log_in(api, browser)
    page = browser.get("/login")
    assert f"Olet jo kirjautunut: {AINO}" in page.text


def test_the_header_costs_one_look_and_only_where_somebody_logged_in(
    api: Api, browser: Browser
) -> None:
    api.store.calls.clear()
    browser.get("/docs")
    assert [name for name in api.store.calls if name.startswith(("logins", "people"))] == []
    log_in(api, browser)
    api.store.calls.clear()
    browser.get("/docs")
    assert [name for name in api.store.calls if name.startswith(("logins", "people"))] == [
        "logins.session"
    ]


def test_pages_of_who_logged_in_are_kept_in_no_cache(api: Api, browser: Browser) -> None:
    assert browser.get("/docs").headers["Cache-Control"] == "no-cache"
    log_in(api, browser)
    for path in ("/docs", "/problems", "/login", "/login/code"):
        assert browser.get(path).headers["Cache-Control"] == "no-store"


def test_a_session_that_is_over_is_nobody_s(api: Api, browser: Browser) -> None:
    log_in(api, browser)
    api.clock.forward(hours=9)
    page = browser.get("/docs")
    (account,) = page.all(class_="account")
    assert query_of(account.one("a").attrs["href"]) == {"lang": "fi", "page": "docs"}
    assert SESSION not in browser.jar


def test_secrets_of_pages_are_never_where_a_login_leads(api: Api, browser: Browser) -> None:
    """The header of a page with a secret in its address does not carry it on."""
    ask(browser)
    (account,) = browser.get(link_of(api)).all(class_="account")
    assert "page" not in query_of(account.one("a").attrs["href"])


def test_a_stage_before_the_paths_is_kept(api: Api, browser: Browser) -> None:
    """Where a login leads is relative: API Gateway's stage stands before every path."""
    done = log_in(api, browser, page="book")
    assert done.headers["Location"] == "../book?lang=fi"


def test_staff_are_called_by_their_name(api: Api, browser: Browser) -> None:
    api.logs_in("sami.salo@tyo2lab.fi", "Sami Salo", granted=Role.STAFF)
    log_in(api, browser, "sami.salo@tyo2lab.fi")
    (account,) = browser.get("/docs").all(class_="account")
    assert "Sami Salo" in account.text
