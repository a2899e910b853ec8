"""The Atom feed of events: valid by RFC 4287, the last changed first, and safe whatever was typed."""

from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from chalicelib.domain.spoken import LANGUAGES
from tests.api.conftest import Api
from tests.api.test_page_events import SECRET, named, off
from tests.api.test_staff_events import patch, sign_up, write

PATH = "/events.atom"
A = "{http://www.w3.org/2005/Atom}"


def read(api: Api, more: str = "") -> Any:
    """The feed, which has what RFC 4287 (4.1.1, 4.1.2) asks for."""
    answer = api("GET", f"{PATH}{more}")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    root = fromstring(answer.raw)
    assert root.tag == f"{A}feed"
    for each in (root, *root.findall(f"{A}entry")):
        for name in ("id", "title", "updated"):
            assert len(each.findall(A + name)) == 1
            assert each.findtext(A + name)
        assert each.findtext(f"{A}updated", "").endswith("Z")
        assert each.find(f"{A}link[@rel='alternate']") is not None
    assert root.findtext(f"{A}author/{A}name")
    ids = [each.findtext(f"{A}id") for each in root.iter() if each.find(f"{A}id") is not None]
    assert len(ids) == len(set(ids))
    return root


def titles(root: Any) -> list[str]:
    return [each.findtext(f"{A}title") for each in root.findall(f"{A}entry")]


@pytest.mark.parametrize(
    ("language", "title", "said"),
    [
        (
            "fi",
            "Tapahtumat – Työ 2.0 Lab",
            "to 10.12.2026 klo 9.00–11.00 (Suomen aikaa), Työ 2.0 Lab.",
        ),
        (
            "sv",
            "Evenemang – Arbete 2.0 Lab",
            "tors 10.12.2026 kl. 9.00–11.00 (finsk tid), Arbete 2.0 Lab.",
        ),
        (
            "en",
            "Events – Work 2.0 Lab",
            "Thu 10 Dec 2026 at 9:00–11:00 (Helsinki time), Work 2.0 Lab.",
        ),
    ],
)
def test_the_feed_says_when_and_where(api: Api, language: str, title: str, said: str) -> None:
    event_id = write(api, description={"fi": "Tule *mukaan*"})
    root = read(api, f"?lang={language}")
    assert root.findtext(f"{A}title") == title
    assert root.attrib["{http://www.w3.org/XML/1998/namespace}lang"] == language
    own = root.find(f"{A}link[@rel='self']")
    assert own.attrib["href"] == f"https://lab.example{PATH}?lang={language}"
    (entry,) = root.findall(f"{A}entry")
    assert entry.findtext(f"{A}summary") == said
    assert entry.findtext(f"{A}id") == f"tag:lab.example,2026:{event_id}"
    page = entry.find(f"{A}link").attrib["href"]
    assert page == f"https://lab.example/events/{event_id}?lang={language}"
    content = entry.find(f"{A}content")
    assert content.attrib["type"] == "html"
    assert content.text == "<p>Tule <em>mukaan</em></p>"


def test_the_last_changed_stands_first(api: Api) -> None:
    first = write(api, **named("eka"))
    api.clock.forward(minutes=1)
    write(api, **named("toka"))
    write(api, **named("luonnos"), publish=False)
    assert titles(read(api)) == ["toka", "eka"]
    api.clock.forward(minutes=1)
    patch(api, first, contact="Sami Salo")
    root = read(api)
    assert titles(root) == ["eka", "toka"]
    assert root.findtext(f"{A}updated") == "2026-12-01T07:02:00Z"
    api.clock.forward(minutes=1)
    off(api, first)
    assert read(api).findtext(f"{A}entry/{A}summary").endswith("Tapahtuma on peruttu.")


def test_a_feed_of_nothing_is_a_feed(api: Api) -> None:
    assert titles(read(api)) == []


def test_nobody_s_name_and_no_link_is_in_it(api: Api) -> None:
    event_id = write(api, remote={"limit": None}, remote_link=SECRET)
    sign_up(api, event_id, "aino")
    text = api("GET", PATH).text.lower()
    for word in ("aino", "gov.fi", "video.example"):
        assert word not in text


@pytest.mark.parametrize(
    "text", ["</title><script>alert(1)</script>", "]]> & &amp; <b>", "a\ufffeb\uffffc", '"><x y="']
)
def test_what_was_typed_stays_text(api: Api, text: str) -> None:
    write(api, **named(text, address=text, description={"fi": text}))
    root = read(api)
    kept = text.replace("\ufffe", "").replace("\uffff", "")
    assert titles(root) == [kept]
    assert kept in root.findtext(f"{A}entry/{A}summary")
    assert "<script" not in root.findtext(f"{A}entry/{A}content")


def test_unchanged_is_304_in_each_language(api: Api) -> None:
    event_id = write(api)
    tags = {each: api("GET", f"{PATH}?lang={each}").headers["ETag"] for each in LANGUAGES}
    assert len(set(tags.values())) == 3
    api.clock.forward(hours=1)
    sign_up(api, event_id, "aino")
    for language, tag in tags.items():
        assert api("GET", f"{PATH}?lang={language}", If_None_Match=tag).status == 304
    patch(api, event_id, contact="Sami Salo")
    assert api("GET", f"{PATH}?lang=fi", If_None_Match=tags["fi"]).status == 200
