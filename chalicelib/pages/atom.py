"""Events as an Atom feed (RFC 4287): what was announced or changed last, for readers of news."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from chalicelib.api.texts import name_of
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.event_feeds import NEVER, EventFeed, changed_at
from chalicelib.domain.events import Event
from chalicelib.domain.spoken import in_language
from chalicelib.pages.event_facts import title_of, where
from chalicelib.pages.event_feed import MEDIA
from chalicelib.pages.words import Words

ATOM = "http://www.w3.org/2005/Atom"
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2


def written(feed: EventFeed, words: Words, html: Callable[[str], str]) -> str:
    """The feed in one language, as XML; `html` makes of Markdown what nothing acts in."""
    base, house = feed.site.base_url, name_of(feed.site.name, words.language)
    language = words.language
    events = sorted(feed.events, key=lambda each: (changed_at(each), each.event_id), reverse=True)
    root = Element("feed", {"xmlns": ATOM, "xml:lang": language})
    _text(root, "id", _tag(feed, f"events.{language}"))
    _text(root, "title", f"{words('events.title')} – {house}")
    _text(root, "updated", _moment(changed_at(events[0]) if events else NEVER))
    _text(SubElement(root, "author"), "name", house)
    _link(root, "self", f"{base}/events.atom?lang={language}", MEDIA)
    _link(root, "alternate", f"{base}/events?lang={language}", "text/html")
    for event in events:
        _entry(root, event, feed, words, html)
    return tostring(root, "utf-8", xml_declaration=True).decode()


def _entry(
    root: Element, event: Event, feed: EventFeed, words: Words, html: Callable[[str], str]
) -> None:
    entry = SubElement(root, "entry")
    _text(entry, "id", _tag(feed, event.event_id))
    _text(entry, "title", title_of(event, words))
    _text(entry, "updated", _moment(changed_at(event)))
    page = f"{feed.site.base_url}/events/{event.event_id}?lang={words.language}"
    _link(entry, "alternate", page, "text/html")
    when = f"{words.when(event.starts_at, event.ends_at)} ({words.zone_name})"
    called_off = "" if event.live else f" {words('events.is_cancelled')}"
    _text(
        entry,
        "summary",
        f"{when}, {where(event, Catalog(feed.site, feed.spaces), words)}.{called_off}",
    )
    described = in_language(event.programme.description, words.language)
    if content := html(described):
        _text(entry, "content", content).set("type", "html")


def _text(parent: Element, name: str, text: str) -> Element:
    """An element with text, without the signs that no XML can have."""
    element = SubElement(parent, name)
    element.text = NOT_XML.sub("", text)
    return element


def _link(parent: Element, rel: str, href: str, kind: str) -> None:
    SubElement(parent, "link", {"rel": rel, "href": href, "type": kind})


def _tag(feed: EventFeed, name: str) -> str:
    """An id that stays, wherever the page goes (RFC 4151)."""
    return f"tag:{feed.site.host},2026:{name}"


def _moment(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
