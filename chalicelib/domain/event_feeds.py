"""Events as programs that ask again and again see them: which, and whether anything of them changed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chalicelib.domain.catalog import Site
from chalicelib.domain.events import Event
from chalicelib.domain.spaces import Space

BACK = timedelta(days=30)
AHEAD = timedelta(days=366)
NEVER = datetime(2026, 1, 1, tzinfo=UTC)  # of what was published before anybody noted when


@dataclass(frozen=True, slots=True)
class EventFeed:
    """Events that everybody may see, by start, with what is said of them and of their places."""

    events: tuple[Event, ...]
    site: Site
    spaces: Mapping[str, Space]


def changed_at(event: Event) -> datetime:
    """When staff last changed what is said of it."""
    return event.changed_at or NEVER


def fingerprint(feed: EventFeed, *said: str) -> str:
    """The same for the same feed, told in the same words; seats that come and go are none of it."""
    seen = (
        *(said, feed.site.base_url, feed.site.address, sorted(feed.site.name.items())),
        [
            (each.event_id, each.version, each.calendar_sequence, changed_at(each))
            for each in feed.events
        ],
        sorted((key, sorted(space.name.items())) for key, space in feed.spaces.items()),
    )
    return hashlib.blake2b(repr(seen).encode(), digest_size=16).hexdigest()
