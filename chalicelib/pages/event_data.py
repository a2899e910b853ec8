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
CAPACITY = {
    Way.ROOM: "maximumPhysicalAttendeeCapacity",
    Way.REMOTE: "maximumVirtualAttendeeCapacity",
}
# In a script element nothing may look like its end, or like a comment (HTML, 4.12.1.3).
ESCAPED = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def data_of(event: Event, catalog: Catalog, words: Words, url: str, description: str) -> str:
    """The JSON of an event whose page is at `url`, to stand in a script element; no link to join."""
    house = name_of(catalog.site.name, words.language)
    state = "EventCancelled" if event.state is State.CANCELLED else "EventScheduled"
    found: dict[str, Any] = {
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
    if event.live:
        found |= _capacity(event) | {"offers": _offer(event, catalog, url)}
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).translate(ESCAPED)


def _capacity(event: Event) -> dict[str, int]:
    """How many may take part in each way; in all, and how many more, where each has its limit."""
    limits = {way: each.limit for way, each in event.ways.items() if each.limit is not None}
    found = {CAPACITY[way]: limit for way, limit in limits.items()}
    if len(limits) == len(event.ways):
        found["maximumAttendeeCapacity"] = sum(limits.values())
        found["remainingAttendeeCapacity"] = sum(each.to_be_had for each in event.ways.values())
    return found


def _offer(event: Event, catalog: Catalog, url: str) -> dict[str, str]:
    """The way in: the form, from when until when, and whether there are seats."""
    zone, seats = catalog.site.zone, any(each.to_be_had for each in event.ways.values())
    return {
        "@type": "Offer",
        "url": f"{url}/signup",
        "availability": f"{SCHEMA}/{'InStock' if seats else 'SoldOut'}",
        "validFrom": moment(event.opens_at, zone),
        "validThrough": moment(event.closes_at, zone),
    }


def _places(event: Event, catalog: Catalog, words: Words, url: str) -> list[dict[str, Any]]:
    """Where people meet; online it is the page that leads there, since the link is for those who may come."""
    place = where(event, catalog, words)
    places: list[dict[str, Any]] = []
    if Way.ROOM in event.ways:
        places.append({"@type": "Place", "name": place, "address": place})
    if Way.REMOTE in event.ways:
        places.append({"@type": "VirtualLocation", "url": url})
    return places
