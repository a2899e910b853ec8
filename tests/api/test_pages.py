"""The week, the pages about the interface, and what holds for every page."""

import re
from datetime import date, datetime, timedelta
from itertools import pairwise
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest

from app import app
from chalicelib.api.table import ALL
from chalicelib.api.texts import TITLES
from chalicelib.domain.spaces import Hours
from chalicelib.pages import words
from chalicelib.services import availability, bookings, closures
from tests.api.conftest import Api
from tests.builders import (
    ALWAYS_OPEN,
    FORM,
    HELSINKI,
    STAFF,
    a_request,
    a_space,
    an_intent,
    at,
    on,
    wed,
)
from tests.page import Browser, Element, Page, query_of

LANGUAGES = ("fi", "sv", "en")
FREE = {"fi": "vapaa", "sv": "ledigt", "en": "free"}


@pytest.fixture
def browser(api: Api) -> Browser:
    return Browser(api.client)


def cell(page: Page, space_id: str, day: str) -> Element:
    """The cell of a space on a day, found by the header of its column."""
    (head,) = page.all("thead")
    names = [each.text for each in head.all("th")]
    row = page.one("tr", id=space_id)
    (index,) = [number for number, name in enumerate(names) if name.split(" tänään")[0] == day]
    return row.all("td")[index - 1]


def said(one: Element) -> list[str]:
    """The pieces of a cell as they are read, signs aside."""
    return [
        re.sub(r"\s*[○●◐◌✕–] (?=[a-zåäö])", " ", piece.text).strip().split(",")[0]
        for piece in one.all(class_="piece")
    ]


def test_the_week_is_a_table_of_spaces_by_days(browser: Browser) -> None:
    page = browser.get("/")
    assert page.status == 200
    table = page.one("table")
    assert table.one("caption").text
    assert [each.attrs["scope"] for each in table.one("thead").all("th")] == ["col"] * 8
    rows = table.one("tbody").all("tr")
    assert [row.one("th").attrs["scope"] for row in rows] == ["row"] * 7
    assert [row.attrs["id"] for row in rows] == sorted(row.attrs["id"] for row in rows)
    assert "30.11.–6.12.2026" in page.one("h1").text


def test_every_state_of_a_time_has_its_word(api: Api, browser: Browser) -> None:
    bookings.book(api.ports, a_request("studio", **wed("10-12")), an_intent(key="a"))
    bookings.book(api.ports, a_request("lab", **on("2026-12-03", "9-11")), an_intent(key="b"))
    wanted = closures.ClosureRequest(("pod",), at("2026-12-04 12:00"), at("2026-12-04 14:00"))
    made = closures.close(api.ports, wanted, an_intent(STAFF, key="c")).value
    assert made is not None
    closures.go_on(api.ports, made.closure_id)
    page = browser.get("/")
    assert said(cell(page, "studio", "ma 30.11.")) == ["mennyt"]
    assert said(cell(page, "studio", "ti 1.12.")) == ["8.00–9.00 mennyt", "9.00–18.00 vapaa"]
    assert said(cell(page, "studio", "ke 2.12.")) == [
        "8.00–9.45 vapaa",
        "9.45–10.00 valmistelu tai siivous",
        "10.00–12.00 varattu",
        "12.00–12.15 valmistelu tai siivous",
        "12.15–18.00 vapaa",
    ]
    assert said(cell(page, "hall", "to 3.12.")) == [
        "8.00–9.00 vapaa",
        "9.00–11.00 alustavasti varattu",
        "11.00–18.00 vapaa",
    ]
    assert said(cell(page, "pod", "pe 4.12.")) == [
        "8.00–12.00 vapaa",
        "12.00–14.00 suljettu",
        "14.00–18.00 vapaa",
    ]
    assert said(cell(page, "pod", "la 5.12.")) == ["ei auki"]


def test_what_the_week_links_to_can_be_booked(api: Api, browser: Browser) -> None:
    """Every free time leads to a form that is taken as it is."""
    for number, space_id in enumerate(("studio", "hall-a", "pod")):
        request = a_request(space_id, **wed("10:15-11:45"))
        bookings.book(api.ports, request, an_intent(key=f"k{number}"))
    page = browser.get("/")
    links = page.all("a", class_="free")
    assert len(links) > 30
    for each in links:
        asked = query_of(each.attrs["href"])
        request = a_request(
            asked["space_id"],
            starts_at=datetime.fromisoformat(asked["start"]).replace(tzinfo=HELSINKI),
            ends_at=datetime.fromisoformat(asked["end"]).replace(tzinfo=HELSINKI),
        )
        found = availability.preview(api.ports, request, FORM)
        assert found.possible, (asked, found.problems)


def test_a_link_fills_in_space_start_and_end(browser: Browser) -> None:
    page = browser.get("/?people=8&minutes=120")
    (link,) = cell(page, "studio", "ke 2.12.").all("a")
    form = browser.follow(page, link.attrs["href"]).fields()
    assert form["space_id"] == "studio"
    assert (form["start"], form["end"]) == ("2026-12-02T08:00", "2026-12-02T10:00")
    assert form["attendees"] == "8"


def test_a_need_narrows_the_spaces(browser: Browser) -> None:
    page = browser.get("/?people=30")
    assert [row.attrs["id"] for row in page.one("tbody").all("tr")] == ["hall", "lab"]
    desks = browser.get("/?people=5&day=2026-12-02")
    link = desks.one("tr", id="desks").one("a", class_="free")
    assert query_of(link.attrs["href"])["units"] == "5"
    assert not browser.get("/?people=9000").all("table")


def test_a_gap_that_is_too_short_is_no_link(api: Api, browser: Browser) -> None:
    bookings.book(api.ports, a_request("pod", **wed("8-9:45")), an_intent(key="a"))
    bookings.book(api.ports, a_request("pod", **wed("10-17:30")), an_intent(key="b"))
    day = cell(browser.get("/"), "pod", "ke 2.12.")
    assert said(day)[1] == "9.45–10.00 vapaa"
    assert "liian lyhyt" in day.text
    assert [link.text.split()[0] for link in day.all("a")] == ["17.30–18.00"]


def test_what_is_beyond_the_horizon_is_no_link(browser: Browser) -> None:
    page = browser.get("/?week=2027-W30")
    assert not page.all("a", class_="free")
    assert "ei vielä varattavissa" in page.text


def test_weeks_lead_to_the_next_and_the_one_before(browser: Browser) -> None:
    page = browser.get("/?people=8")
    following = page.one("a", rel="next").attrs["href"]
    assert query_of(following) == {"lang": "fi", "week": "2026-W50", "people": "8"}
    page = browser.follow(page, following)
    assert "7.12.–13.12.2026" in page.one("h1").text
    back = query_of(page.one("a", rel="prev").attrs["href"])
    assert back["week"] == "2026-W49"


def test_a_day_can_be_shown_alone(browser: Browser) -> None:
    page = browser.get("/?day=2026-12-06")
    assert len(page.one("thead").all("th")) == 2
    assert page.one("nav", class_="days").one("a", aria_current="page").text == "su 6.12."


@pytest.mark.parametrize(
    "query",
    ["week=2026", "week=2027-W53", "week=1999-W01", "day=2026-02-30", "day=x", "week=W1-W1"],
)
def test_a_week_or_day_that_is_none_is_a_page_that_says_so(browser: Browser, query: str) -> None:
    page = browser.get(f"/?{query}")
    assert page.status == 422
    assert page.one("h1").text == "Tarkista tiedot"
    assert page.one("main").one("a").attrs["href"] == "./?lang=fi"


def test_strange_parameters_do_no_harm(browser: Browser) -> None:
    page = browser.get("/?people=-1&minutes=abc&lang=de&utm_source=x&lang=xx&people=%00")
    assert page.status == 200
    assert len(page.one("tbody").all("tr")) == 7


@pytest.mark.parametrize(
    ("day", "hours"), [("2027-03-28", 23), ("2027-10-31", 25), ("2026-12-02", 24)]
)
def test_days_of_23_and_25_hours_are_whole(make_api, day: str, hours: int) -> None:
    """B80, B81: the pieces of a day cover it without a gap, whatever the clocks do."""
    pod = a_space("pod", hours=ALWAYS_OPEN, horizon_days=800)
    api = make_api(pod)
    start = at(f"{day} 02:30") + timedelta(hours=1)
    request = a_request("pod", starts_at=start, ends_at=start + timedelta(minutes=30))
    bookings.book(api.ports, request, an_intent(key="a"))
    from chalicelib.pages.week import Wish, rows

    wish = Wish(date.fromisoformat(day), 1)
    (row,) = [
        each
        for each in rows(api.ports, api.ports.settings.get(), wish)
        if each.space.space_id == "pod"
    ]
    pieces = row.cells[0].pieces
    assert pieces[0].starts_at == at(f"{day} 00:00")
    assert pieces[-1].ends_at - pieces[0].starts_at == timedelta(hours=hours)
    assert all(one.ends_at == two.starts_at for one, two in pairwise(pieces))
    assert [piece.state for piece in pieces] == ["free", "booked", "free"]
    page = Browser(api.client).get(f"/?day={day}")
    assert [text.split()[-1] for text in said(cell_of_day(page))] == ["vapaa", "varattu", "vapaa"]


def cell_of_day(page: Page) -> Element:
    return page.one("tr", id="pod").one("td")


def test_the_week_reads_no_more_than_two_weeks_of_the_ledger(api: Api, browser: Browser) -> None:
    for number in range(14):
        api.store.spaces[f"room-{number}"] = a_space(f"room-{number}")
    api.store.revision += 1
    names: list[str] = []
    api.store.before = names.append
    browser.get("/?week=2026-W50")
    assert names.count("ledger.week") <= 2, names
    assert len(names) <= 3, names


def test_nobody_s_name_or_occasion_is_on_the_week(api: Api, browser: Browser) -> None:
    """B116"""
    bookings.book(
        api.ports, a_request("pod", title="Salainen", notes="Vain meille"), an_intent(key="a")
    )
    page = browser.get("/")
    assert not re.search("Salainen|Vain meille|Aino|Aalto|gov.fi", page.source)


def test_opening_hours_stand_beside_the_name(make_api) -> None:
    office = ((480, 720), (780, 960))
    week = Hours(week=(office, office, ((480, 1080),), (), (), (), ()))
    api = make_api(a_space("pod", hours=week), a_space("studio", hours=ALWAYS_OPEN))
    page = Browser(api.client).get("/")
    assert "Auki ma–ti 8.00–12.00, 13.00–16.00, ke 8.00–18.00" in page.one("tr", id="pod").text
    assert "Auki aina" in page.one("tr", id="studio").text


PAGES = (
    "/",
    "/?day=2026-12-02&people=3",
    "/?week=2026-W53",
    "/book",
    "/book?space_id=pod&start=2027-10-31T03:30&end=2027-10-31T04:30",
    "/docs",
    "/problems",
    "/problems/slot-taken",
    "/problems/none",
    "/?week=x",
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
def test_every_page_keeps_the_rules_of_pages(browser: Browser, path: str, language: str) -> None:
    browser.language = language
    keeps_the_rules(browser.get(path), language)


def keeps_the_rules(page: Page, language: str, leads_to: str = "") -> None:
    """What holds for every page, whatever is on it; `leads_to` is the one address that is not ours."""
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Content-Language"] == language
    assert page.one("html").attrs["lang"] == language
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert {each.attrs.get("type") for each in page.all("script")} <= {"application/ld+json"}
    assert not page.all("style")
    assert len(page.all("h1")) == 1
    assert page.one("title").text
    assert page.all("a")[0].attrs["href"] == "#content"
    ids = [each.attrs["id"] for each in page.all() if "id" in each.attrs]
    assert len(ids) == len(set(ids))
    for each in page.all():
        assert not {"style", "onclick", "onload"} & set(each.attrs)
        for name in ("aria-describedby", "aria-labelledby", "for"):
            assert set(each.attrs.get(name, "").split()) <= set(ids), each.attrs
        for name in ("href", "action", "formaction", "src"):
            target = each.attrs.get(name, "")
            if target and each.tag == "link" and each.attrs["rel"] in ("canonical", "alternate"):
                assert target.startswith("https://lab.example/"), target  # as it is known outside
                continue
            assert not target.startswith("/"), target
            assert target == leads_to or urlsplit(target).scheme in ("", "data"), target
            if target.startswith("#"):
                assert target[1:] in ids
        if each.tag in ("input", "select", "textarea") and each.attrs.get("type") != "hidden":
            named = page.all("label", **{"for": each.attrs["id"]})
            assert len(named) == 1, each.attrs


def test_the_language_asked_for_is_the_language_of_all_that_follows(browser: Browser) -> None:
    page = browser.get("/?lang=sv", Accept_Language="en")
    keeps_the_rules(page, "sv")
    for link in page.all("a"):
        target = link.attrs["href"]
        if not target.startswith("#") and "hreflang" not in link.attrs:
            assert query_of(target)["lang"] == "sv", target
    others = {
        each.attrs["hreflang"]: each.attrs["href"]
        for each in page.all("a")
        if "hreflang" in each.attrs
    }
    assert {name: query_of(href)["lang"] for name, href in others.items()} == {
        name: name for name in LANGUAGES
    }
    assert FREE["sv"] in page.text
    assert FREE["fi"] not in page.text


def test_languages_lead_to_the_same_page(browser: Browser) -> None:
    page = browser.get("/?day=2026-12-02&people=3&minutes=60")
    (swedish,) = page.all("a", hreflang="sv")
    assert query_of(swedish.attrs["href"]) == {
        "lang": "sv",
        "day": "2026-12-02",
        "people": "3",
        "minutes": "60",
    }


def keys(tree: object, prefix: str = "") -> dict[str, set[str]]:
    """Every text's name, with the blanks that it has."""
    if isinstance(tree, dict):
        found: dict[str, set[str]] = {}
        for name, each in tree.items():
            found |= keys(each, f"{prefix}.{name}")
        return found
    if isinstance(tree, list):
        return {f"{prefix}.{number}": set() for number in range(len(tree))}
    return {prefix: set(re.findall(r"{(\w+)}", str(tree)))}


def test_every_text_exists_in_three_languages() -> None:
    finnish, swedish, english = (keys(words.texts(each)) for each in LANGUAGES)
    assert finnish == swedish == english
    for language in LANGUAGES:
        assert all(str(text).strip() for text in words.texts(language)["book"].values())


@pytest.mark.parametrize("language", ["fi", "sv"])
def test_no_english_is_left_in_the_other_languages(browser: Browser, language: str) -> None:
    browser.language = language
    english = {text for text in words.texts("en")["docs"].values() if len(text) > 12}
    operations = {one.summary for routes in ALL for one in routes.operations}
    page = browser.get("/docs")
    shown = {each.text for each in page.all() if each.tag in ("td", "th", "p", "li", "h2", "a")}
    assert not (english | operations) & shown


def test_docs_have_every_operation(browser: Browser) -> None:
    text = browser.get("/docs").text
    for routes in ALL:
        for one in routes.operations:
            assert f"{one.method} {one.path}" in text
    assert browser.get("/docs").all("a", href="v1/openapi.json")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", TITLES)
def test_every_problem_type_has_a_page_without_blanks(
    browser: Browser, code: str, language: str
) -> None:
    browser.language = language
    page = browser.get(f"/problems/{code}")
    assert page.status == 200
    assert page.one("h1").text
    advice = page.one("main").all("p")[0].text
    assert len(advice) > 10
    assert "…" not in advice


def test_the_style_sheet_is_kept_for_good_under_its_version(api: Api, browser: Browser) -> None:
    address = browser.get("/docs").one("link", rel="stylesheet").attrs["href"]
    answer = api("GET", f"/{address.removeprefix('./')}")
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["Cache-Control"]
    old = api("GET", "/static/style.css?v=another")
    assert "immutable" not in old.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("asked", "front", "book"),
    [
        ("/", "./", "book"),
        ("/api/", "../api/", "../api/book"),
        ("/api", "api/", "api/book"),
    ],
)
def test_links_hold_with_and_without_a_stage_and_its_slash(
    api: Api, asked: str, front: str, book: str
) -> None:
    event = {
        "requestContext": {"httpMethod": "GET", "resourcePath": "/", "path": asked},
        "headers": {},
        "pathParameters": {},
        "stageVariables": {},
        "multiValueQueryStringParameters": None,
        "body": None,
    }
    answer = app(event, None)
    page = Page(answer["statusCode"], answer["headers"], answer["body"], asked)
    assert page.one("a", class_="site").attrs["href"] == f"{front}?lang=fi"
    assert page.one("nav", class_="menu").all("a")[1].attrs["href"] == f"{book}?lang=fi"


def test_a_page_does_not_take_what_is_not_meant_for_it(browser: Browser) -> None:
    page = browser.post("/", {"a": "b"})
    assert page.status == 405
    assert page.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert page.one("h1").text == "Väärä metodi"


def test_times_are_written_as_people_write_them() -> None:
    zone = ZoneInfo("Europe/Helsinki")
    start, end = at("2026-12-02 10:00"), at("2026-12-02 12:00")
    written = [words.Words(each, zone).when(start, end) for each in LANGUAGES]
    assert written == [
        "ke 2.12.2026 klo 10.00–12.00",
        "ons 2.12.2026 kl. 10.00–12.00",
        "Wed 2 Dec 2026 at 10:00–12:00",
    ]
    fi = words.Words("fi", zone)
    assert fi.when(at("2026-12-02 22:00"), at("2026-12-03 00:00")) == "ke 2.12.2026 klo 22.00–24.00"
    assert fi.when(at("2026-12-02 22:00"), at("2026-12-03 02:00")) == (
        "ke 2.12.2026 klo 22.00 – to 3.12.2026 klo 2.00"
    )
    assert fi.when(at("2026-12-02 10:00"), at("2026-12-05 00:00")) == (
        "ke 2.12.2026 klo 10.00 – pe 4.12.2026 klo 24.00"
    )
    twice = at("2027-10-31 03:30")
    assert fi.clock(twice) == "3.30 (UTC+3)"
    assert fi.clock(twice + timedelta(hours=1)) == "3.30 (UTC+2)"
    assert words.Words("sv", ZoneInfo("Europe/Oslo")).zone_name == "tid i tidszonen Europe/Oslo"


def test_equipment_and_people_are_no_rows(browser: Browser) -> None:
    page = browser.get("/")
    ids = {row.attrs["id"] for row in page.one("tbody").all("tr")}
    assert "screen" not in ids
    assert "facilitator-1" not in ids
    assert "desks" in ids


def test_the_front_page_books(api: Api) -> None:
    """The week, and under it the form: the printed address is all that a newcomer needs."""
    browser = Browser(api.client)
    page = browser.get("/")
    form = next(each for each in page.all("form") if each.attrs.get("method") == "post")
    assert form.attrs["action"].endswith("v1/bookings")
    assert page.headers["Cache-Control"] == "no-store"
    person = {"name": "Aino Aalto", "email": "aino.aalto@gov.fi", "accept_terms": "on"}
    times = {"space_id": "pod", "start": "2026-12-02T10:00", "end": "2026-12-02T11:00"}
    fields = page.fields() | times | person
    assert browser.post("/v1/bookings", fields).status == 201
    assert browser.post("/v1/bookings", browser.get("/").fields() | times | person).status == 409
