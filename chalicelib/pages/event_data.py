"""An event for search engines: schema.org's Event as JSON-LD, in the page itself."""

import json
from typing import Any

from chalicelib.api.present import moment
from chalicelib.api.texts import name_of
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.events import Event, State, Way
from chalicelib.pages.event_facts import title_of, where
from chalicelib.pages.words import Words

SCHEMA = "https://schema.org"
MODES = {
    (Way.REMOTE, Way.ROOM): "MixedEventAttendanceMode",
    (Way.REMOTE,): "OnlineEventAttendanceMode",
    (Way.ROOM,): "OfflineEventAttendanceMode",
}
# In a script element nothing may look like its end, or like a comment (HTML, 4.12.1.3).
ESCAPED = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def data_of(event: Event, catalog: Catalog, words: Words, url: str, description: str) -> str:
    """The JSON of an event whose page is at `url`, to stand in a script element; no link to join."""
    house = name_of(catalog.site.name, words.language)
    state = "EventCancelled" if event.state is State.CANCELLED else "EventScheduled"
    found = {
        "@context": SCHEMA,
        "@type": "Event",
        "@id": url,
        "url": url,
        "name": title_of(event, words),
        "description": description,
        "inLanguage": words.language,
        "startDate": moment(event.starts_at, catalog.site.zone),
        "endDate": moment(event.ends_at, catalog.site.zone),
        "eventStatus": f"{SCHEMA}/{state}",
        "eventAttendanceMode": f"{SCHEMA}/{MODES[tuple(sorted(event.ways))]}",
        "location": _places(event, catalog, words, url),
        "organizer": {"@type": "Organization", "name": house, "url": catalog.site.base_url},
    }
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).translate(ESCAPED)


def _places(event: Event, catalog: Catalog, words: Words, url: str) -> list[dict[str, Any]]:
    """Where people meet; online it is the page that leads there, since the link is for those who may come."""
    place = where(event, catalog, words)
    places: list[dict[str, Any]] = []
    if Way.ROOM in event.ways:
        places.append({"@type": "Place", "name": place, "address": place})
    if Way.REMOTE in event.ways:
        places.append({"@type": "VirtualLocation", "url": url})
    return places
