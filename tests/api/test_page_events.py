"""What everybody sees of events: the list, a page for each, seats as numbers, and no name or link of anybody's."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.events import Way
from chalicelib.domain.spoken import LANGUAGES
from chalicelib.pages.words import texts
from tests.api.conftest import STAFF_KEY, Api
from tests.api.test_pages import keeps_the_rules
from tests.api.test_staff_events import LIST, patch, sign_up, write
from tests.builders import a_space, at
from tests.page import Browser, Page, query_of

SECRET = "https://video.example/secret"
MARKDOWN = {
    "fi": "# Ohjelma\n\nTule *mukaan*. [Lue lisää](https://a.example/)\n\n<script>alert(1)</script>",
    "sv": "Kom *med*.",
}


@pytest.fixture
def browser(api: Api) -> Browser:
    return Browser(api.client)


def off(api: Api, event_id: str, reason: str = "") -> None:
    path = f"{LIST}/{event_id}{f'?reason={reason}' if reason else ''}"
    assert api("DELETE", path, key=STAFF_KEY, If_Match="*").status == 200


def listed(page: Page) -> list[str]:
    """The titles of a list, in order."""
    return [each.all("a")[0].text for each in page.one("main").all("li")]


def told(page: Page, title: str) -> list[str]:
    """What a line of a list says of an event."""
    (line,) = [each for each in page.one("main").all("li") if each.all("a")[0].text == title]
    return [each.text for each in line.all(class_="fact")]


def facts(page: Page) -> dict[str, str]:
    """The facts of an event's page."""
    rows = page.one("dl").all("div")
    return {each.one("dt").text: each.one("dd").text for each in rows}


def data(page: Page) -> Any:
    """What search engines read."""
    (script,) = page.all("script")
    return json.loads("".join(script._texts()))


def named(title: str, **more: Any) -> dict[str, Any]:
    return {"title": dict.fromkeys(LANGUAGES, title)} | more


@pytest.mark.parametrize("language", LANGUAGES)
def test_lists_and_events_keep_the_rules_of_pages(api: Api, language: str) -> None:
    api.clock.time = at("2026-12-01 09:00")
    event_id = write(api, description={"fi": "Teksti"}, space_id="hall", remote={"limit": None})
    off(api, write(api), "Sairaus")
    browser = Browser(api.client, language)
    for path in ("/events", "/events?free=on&way=room&from=2026-12-05", f"/events/{event_id}"):
        page = browser.get(path)
        assert page.status == 200
        keeps_the_rules(page, language)
        assert page.headers["Cache-Control"] == "no-cache"
    keeps_the_rules(browser.get("/events?from=nonsense"), language)
    missing = browser.get("/events/e_none")
    assert missing.status == 404
    keeps_the_rules(missing, language)


def test_a_full_event_says_how_many_wait_and_never_who(api: Api, browser: Browser) -> None:
    """P-07."""
    event_id = write(api, remote={"limit": None}, remote_link=SECRET)
    sign_up(api, event_id, "aino", "eero", "pia", "sami")
    patch(api, event_id, room={"limit": 1, "most_waiting": 3})
    for language, said in (
        ("fi", ["Paikan päällä: täynnä, 2 jonossa", "Etänä: paikkoja ei ole rajoitettu"]),
        ("sv", ["På plats: fullt, 2 i kö", "På distans: antalet platser är inte begränsat"]),
        ("en", ["On site: full, 2 waiting", "Online: no limit of seats"]),
    ):
        pages = [
            browser.get(f"{path}?lang={language}") for path in ("/events", f"/events/{event_id}")
        ]
        title = pages[1].one("h1").text
        assert told(pages[0], title)[1:] == said
        assert "".join(said) in pages[1].text
        for page in pages:
            for word in ("aino", "eero", "pia", "sami", "gov.fi", "video.example"):
                assert word not in page.source.lower()


def test_seats_are_told_as_they_are(api: Api, browser: Browser) -> None:
    for title, seats, said in (
        ("Kolme", {"limit": 3}, "3 paikkaa vapaana"),
        ("Yksi", {"limit": 1}, "1 paikka vapaana"),
        ("Nolla", {"limit": 0, "most_waiting": 2}, "täynnä"),
        ("Kaikki", {"limit": None}, "paikkoja ei ole rajoitettu"),
    ):
        event_id = write(api, **named(title, room=seats))
        assert told(browser.get("/events"), title)[1:] == [said]
        assert facts(browser.get(f"/events/{event_id}"))["Paikkoja"] == said


def test_the_list_goes_by_day_from_now_on(api: Api, browser: Browser) -> None:
    api.clock.time = at("2026-12-01 09:00")
    times = {
        "eilen": ("2026-12-01T10:00", "2026-12-01T11:00"),
        "jatkuu": ("2026-12-01T12:00", "2026-12-04T16:00"),
        "pe 1": ("2026-12-04T10:00", "2026-12-04T11:00"),
        "pe 2": ("2026-12-04T12:00", "2026-12-04T13:00"),
        "helmikuu": ("2027-02-05T12:00", "2027-02-05T13:00"),
    }
    for title, (start, end) in times.items():
        write(api, **named(title, start=start, end=end))
    write(api, **named("luonnos"), publish=False)
    api.clock.time = at("2026-12-02 09:00")
    page = browser.get("/events")
    assert [each.text for each in page.one("main").all("h2")] == [
        "Keskiviikko 2.12.2026",
        "Perjantai 4.12.2026",
    ]
    assert listed(page) == ["jatkuu", "pe 1", "pe 2"]
    assert told(page, "pe 1")[0] == "10.00–11.00, Työ 2.0 Lab"
    assert told(page, "jatkuu")[0].startswith("ti 1.12.2026 klo 12.00 – pe 4.12.2026 klo 16.00")
    later = browser.follow(page, page.one("nav", aria_label="Muut ajat").all("a")[-1].attrs["href"])
    assert listed(later) == ["helmikuu"]
    back = later.one("nav", aria_label="Muut ajat").all("a")[0]
    assert listed(browser.follow(later, back.attrs["href"])) == ["jatkuu", "pe 1", "pe 2"]
    assert listed(browser.get("/events?from=2026-11-01")) == ["jatkuu", "pe 1", "pe 2"]
    assert browser.get("/events?from=2026-13-01").status == 422


def test_what_does_not_fit_on_one_page_is_on_the_next(
    api: Api, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.pages.events.MOST", 2)
    for day in ("05", "06", "06", "06", "09"):
        write(api, **named(f"{day}.", start=f"2026-12-{day}T10:00", end=f"2026-12-{day}T11:00"))
    page, found = browser.get("/events"), []
    for _ in range(4):
        found.append(listed(page))
        onward = page.one("nav", aria_label="Muut ajat").all("a")[-1]
        page = browser.follow(page, onward.attrs["href"])
    assert found == [["05.", "06."], ["06.", "06."], ["09."], []]


def test_the_list_is_narrowed_without_scripts(api: Api, browser: Browser) -> None:
    write(api, **named("halli", space_id="hall"))
    write(api, **named("etä", remote={"limit": None}))
    write(api, **named("täynnä", room={"limit": 0, "most_waiting": 1}))
    page = browser.get("/events")
    form = page.one("form", role="search")
    assert form.attrs["action"] == "events"
    assert {each.attrs["name"] for each in form.all() if "name" in each.attrs} == {
        *("lang", "way", "space_id", "free"),
    }
    assert set(listed(page)) == {"halli", "etä", "täynnä"}
    assert listed(browser.get("/events?way=remote")) == ["etä"]
    assert listed(browser.get("/events?space_id=hall")) == ["halli"]
    assert set(listed(browser.get("/events?free=on"))) == {"halli", "etä"}
    narrowed = browser.get("/events?free=on&way=remote&space_id=hall&lang=sv")
    assert listed(narrowed) == []
    assert "Pröva med färre begränsningar" in narrowed.text
    chosen = [each.attrs["value"] for each in narrowed.all("option") if "selected" in each.attrs]
    assert chosen == ["remote", "hall"]
    assert "checked" in narrowed.one(id="free").attrs
    (finnish,) = narrowed.all("a", hreflang="fi")
    assert query_of(finnish.attrs["href"]) == {
        "lang": "fi",
        "free": "on",
        "way": "remote",
        "space_id": "hall",
    }
    nonsense = browser.get("/events?way=by-boat&space_id=nowhere&free=&x=y")
    assert set(listed(nonsense)) == {"halli", "etä", "täynnä"}


def test_spaces_that_are_not_for_everybody_are_no_filter(make_api: Any) -> None:
    api = make_api(replace(a_space("attic"), open_to=()))
    write(api, **named("ullakko", space_id="attic"))
    browser = Browser(api.client)
    page = browser.get("/events?space_id=attic")
    assert listed(page) == ["ullakko"]  # it is public, whoever may book its place
    assert "attic" not in [each.attrs["value"] for each in page.all("option")]


@pytest.mark.parametrize(
    ("language", "when", "window", "place"),
    [
        (
            "fi",
            "ke 20.1.2027 klo 9.00–11.00 (Suomen aikaa)",
            "Ilmoittautuminen avautuu pe 1.1.2027 klo 8.00.",
            "Hall, Työ 2.0 Lab",
        ),
        (
            "sv",
            "ons 20.1.2027 kl. 9.00–11.00 (finsk tid)",
            "Anmälan öppnar fre 1.1.2027 kl. 8.00.",
            "Hall, Arbete 2.0 Lab",
        ),
        (
            "en",
            "Wed 20 Jan 2027 at 9:00–11:00 (Helsinki time)",
            "Sign-up opens Fri 1 Jan 2027 at 8:00.",
            "Hall, Work 2.0 Lab",
        ),
    ],
)
def test_an_event_says_when_and_where_it_is_and_when_one_can_sign_up(
    api: Api, language: str, when: str, window: str, place: str
) -> None:
    """S-01, S-02: the window is closed-open, and a form is led to only within it."""
    event_id = write(
        api,
        start="2027-01-20T09:00",
        end="2027-01-20T11:00",
        opens_at="2027-01-01T08:00",
        closes_at="2027-01-19T16:00",
        space_id="hall",
        audience=["partner"],
        contact="Sami Salo",
    )
    browser = Browser(api.client, language)
    path = f"/events/{event_id}"

    def form() -> bool:
        page = browser.get(path)
        return bool(
            [each for each in page.all("a") if each.attrs["href"].startswith(f"..{path}/signup")]
        )

    page = browser.get(path)
    found = list(facts(page).values())
    assert when in page.text
    assert found[0] == place
    assert found[2].endswith(window)
    assert found[-1] == "Sami Salo"
    assert not form()
    api.clock.time = at("2027-01-01 08:00")
    assert form()
    api.clock.time = at("2027-01-19 16:00")
    assert not form()
    assert window not in browser.get(path).text


def test_where_an_event_is_elsewhere_or_online(api: Api, browser: Browser) -> None:
    elsewhere = write(api, address="Kirjasto, Rautatienkatu 2, Oulu")
    online = write(api, room=None, remote={"limit": 10}, remote_link=SECRET)
    assert facts(browser.get(f"/events/{elsewhere}"))["Paikka"] == "Kirjasto, Rautatienkatu 2, Oulu"
    page = browser.get(f"/events/{online}")
    assert facts(page)["Paikka"] == "Etänä"
    assert "Linkin saavat ne" in facts(page)["Etäosallistuminen"]
    assert SECRET not in page.source


def test_a_cancelled_event_says_so_and_why_and_leads_nowhere(api: Api, browser: Browser) -> None:
    event_id = write(api)
    off(api, event_id, "Puhuja%20sairastui")
    page = browser.get(f"/events/{event_id}")
    assert page.one(class_="notice").text == "Tapahtuma on peruttu. Syy: Puhuja sairastui"
    assert "signup" not in page.source
    assert set(facts(page)) == {"Paikka"}
    assert told(browser.get("/events"), "Ideapaja")[1:] == ["Tapahtuma on peruttu."]
    draft = write(api, publish=False)
    off(api, draft)
    assert browser.get(f"/events/{draft}").status == 404


def test_an_event_that_is_over_says_so(api: Api, browser: Browser) -> None:
    event_id = write(api)
    api.clock.time = at("2026-12-10 11:00")
    page = browser.get(f"/events/{event_id}")
    assert facts(page)["Ilmoittautumisaika"].endswith("Tapahtuma on päättynyt.")
    assert "Paikkoja" not in facts(page)


def test_a_description_is_markdown_and_nothing_in_it_acts(api: Api, browser: Browser) -> None:
    event_id = write(api, description=MARKDOWN)
    page = browser.get(f"/events/{event_id}")
    keeps_the_rules(page, "fi", "https://a.example/")
    prose = page.one(class_="prose")
    assert prose.one("h3").text == "Ohjelma"
    assert prose.one("em").text == "mukaan"
    assert "<script>alert(1)</script>" in prose.text
    summary = page.one("meta", name="description").attrs["content"]
    assert summary.startswith("Ohjelma Tule mukaan. Lue lisää (https://a.example/)")


@pytest.mark.parametrize(
    ("said", "language", "shown", "tagged"),
    [
        ({"fi": "F", "sv": "S", "en": "E"}, "sv", "S", ""),
        ({"fi": "F", "en": "E"}, "sv", "F", "fi"),
        ({"sv": "S", "en": "E"}, "fi", "E", "en"),
        ({"sv": "S"}, "en", "S", "sv"),
    ],
)
def test_texts_fall_back_and_say_what_language_they_are_in(
    api: Api, said: dict[str, str], language: str, shown: str, tagged: str
) -> None:
    """R-21; WCAG 3.1.2, Language of Parts."""
    event_id = write(api, title=said, description=said)
    browser = Browser(api.client, language)
    page = browser.get(f"/events/{event_id}")
    assert (page.one("h1").text, page.one("h1").attrs.get("lang", "")) == (shown, tagged)
    prose = page.one(class_="prose")
    assert (prose.text, prose.attrs.get("lang", "")) == (shown, tagged)
    (line,) = browser.get("/events").one("main").all("li")
    assert (line.one("a").text, line.one("a").attrs.get("lang", "")) == (shown, tagged)


def test_search_engines_read_an_event_as_schema_org_has_it(api: Api, browser: Browser) -> None:
    event_id = write(
        api, space_id="hall", remote={"limit": 5}, remote_link=SECRET, description=MARKDOWN
    )
    page = browser.get(f"/events/{event_id}?lang=en")
    url = f"https://lab.example/events/{event_id}"
    found = data(page)
    assert found.pop("description").startswith("Ohjelma Tule mukaan.")
    assert found.pop("offers") == {
        "@type": "Offer",
        "url": f"{url}/signup",
        "availability": "https://schema.org/InStock",
        "validFrom": "2026-12-01T09:00:00+02:00",
        "validThrough": "2026-12-10T09:00:00+02:00",
    }
    capacity = {name: found.pop(name) for name in tuple(found) if name.endswith("Capacity")}
    assert capacity == {
        "maximumPhysicalAttendeeCapacity": 2,
        "maximumVirtualAttendeeCapacity": 5,
        "maximumAttendeeCapacity": 7,
        "remainingAttendeeCapacity": 7,
    }
    assert found == {
        "@context": "https://schema.org",
        "@type": "Event",
        "@id": url,
        "url": url,
        "name": "Workshop",
        "inLanguage": "en",
        "startDate": "2026-12-10T09:00:00+02:00",
        "endDate": "2026-12-10T11:00:00+02:00",
        "eventStatus": "https://schema.org/EventScheduled",
        "eventAttendanceMode": "https://schema.org/MixedEventAttendanceMode",
        "location": [
            {"@type": "Place", "name": "Hall, Work 2.0 Lab", "address": "Hall, Work 2.0 Lab"},
            {"@type": "VirtualLocation", "url": url},
        ],
        "organizer": {
            "@type": "Organization",
            "name": "Work 2.0 Lab",
            "url": "https://lab.example",
        },
    }
    off(api, event_id)
    cancelled = data(browser.get(f"/events/{event_id}"))
    assert cancelled["eventStatus"] == "https://schema.org/EventCancelled"
    assert not {"offers", "remainingAttendeeCapacity"} & set(cancelled)


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_an_event_leads_to_a_seat_to_its_queue_or_to_nothing(api: Api, language: str) -> None:
    """P-07: and search engines are told what readers are."""
    seat, queue, nothing = {
        "fi": ("Ilmoittaudu", "Ilmoittaudu jonoon", "Tapahtuma on täynnä."),
        "sv": ("Anmäl dig", "Anmäl dig till kön", "Evenemanget är fullt."),
        "en": ("Sign up", "Join the waiting list", "The event is full."),
    }[language]
    event_id = write(api, room={"limit": 1, "most_waiting": 1})
    browser = Browser(api.client, language)
    for number, (said, stock) in enumerate(
        ((seat, "InStock"), (queue, "SoldOut"), (nothing, "SoldOut"))
    ):
        page = browser.get(f"/events/{event_id}")
        keeps_the_rules(page, language)
        offer = data(page)["offers"]
        assert offer["availability"] == f"https://schema.org/{stock}"
        assert data(page)["remainingAttendeeCapacity"] == (number == 0)
        led = [each.text for each in page.all("a", class_="button")]
        assert led == ([said] if said is not nothing else [])
        assert (said is nothing) == (nothing in page.text)
        if said is not nothing:
            sign_up(api, event_id, f"guest{number}")


def test_whom_to_ask_is_an_address_to_write_to_and_whatever_else_is_text(
    api: Api, browser: Browser
) -> None:
    typed = "Sami, sami.salo@gov.fi <script>alert(1)</script> javascript:alert(1)"
    page = browser.get(f"/events/{write(api, contact=typed)}")
    keeps_the_rules(page, "fi", "mailto:sami.salo@gov.fi")
    assert facts(page)["Lisätietoja"] == typed
    (fact,) = [each for each in page.all("dd") if "Sami" in each.text]
    assert [each.attrs["href"] for each in fact.all("a")] == ["mailto:sami.salo@gov.fi"]


def test_of_what_has_no_limit_no_engine_is_told_one(api: Api, browser: Browser) -> None:
    event_id = write(api, room={"limit": 3}, remote={"limit": None})
    found = data(browser.get(f"/events/{event_id}"))
    assert found["maximumPhysicalAttendeeCapacity"] == 3
    assert "maximumAttendeeCapacity" not in found
    assert "maximumVirtualAttendeeCapacity" not in found


@pytest.mark.parametrize(
    ("ways", "mode", "kinds"),
    [
        ({"room": {"limit": 1}}, "Offline", ["Place"]),
        ({"room": None, "remote": {"limit": 1}}, "Online", ["VirtualLocation"]),
    ],
)
def test_how_one_attends_is_told_to_search_engines(
    api: Api, browser: Browser, ways: dict[str, Any], mode: str, kinds: list[str]
) -> None:
    found = data(browser.get(f"/events/{write(api, **ways)}"))
    assert found["eventAttendanceMode"] == f"https://schema.org/{mode}EventAttendanceMode"
    assert [each["@type"] for each in found["location"]] == kinds


@pytest.mark.parametrize(
    "text",
    [
        "</script><script>alert(1)</script>",
        "<!--<script>",
        "]]>",
        '"},"x":"',
        "\u2028\u2029&lt;",
    ],
)
def test_what_was_typed_does_not_end_the_script_element(
    api: Api, browser: Browser, text: str
) -> None:
    typed = text.replace("\u2028\u2029", "\\")
    event_id = write(api, **named(typed, address=typed, description={"fi": f"`{typed}`"}))
    page = browser.get(f"/events/{event_id}")
    keeps_the_rules(page, "fi")
    assert data(page)["name"] == typed
    script = page.source.partition('ld+json">')[2].partition("</script>")[0]
    assert not set("<>&\u2028\u2029") & set(script)


def test_pages_say_where_they_are_in_each_language(api: Api, browser: Browser) -> None:
    event_id = write(api)
    for path in ("events", f"events/{event_id}"):
        page = browser.get(f"/{path}?lang=sv")
        base = f"https://lab.example/{path}"
        assert page.one("link", rel="canonical").attrs["href"] == f"{base}?lang=sv"
        assert {
            each.attrs["hreflang"]: each.attrs["href"]
            for each in page.all("link", rel="alternate")
            if "hreflang" in each.attrs
        } == {each: f"{base}?lang={each}" for each in LANGUAGES} | {"x-default": base}
        assert page.one("title").text.endswith("– Arbete 2.0 Lab")
        assert page.one("meta", name="description").attrs["content"]


def test_the_menu_and_the_front_page_lead_to_events(api: Api, browser: Browser) -> None:
    page = browser.get("/")
    menu = {each.text: each.attrs["href"] for each in page.one("nav", class_="menu").all("a")}
    assert menu["Tapahtumat"] == "events?lang=fi"
    (inside,) = [
        each for each in page.one("main").all("a") if each.text == "Labin tulevat tapahtumat"
    ]
    shown = browser.follow(page, inside.attrs["href"])
    (current,) = shown.one("nav", class_="menu").all("a", aria_current="page")
    assert current.text == "Tapahtumat"


def test_every_way_has_its_word(api: Api) -> None:
    for language in LANGUAGES:
        assert {each.value for each in Way} <= set(texts(language)["events"])
