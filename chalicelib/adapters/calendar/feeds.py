"""Busy times as calendars subscribe to them (RFC 5545, RFC 7986): never a name, a title or a number.

The text depends on the feed and the language alone, so that the same feed has the same ETag.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.adapters.calendar.invitation import PRODID, PUBLISH, Status
from chalicelib.adapters.plain import line
from chalicelib.domain.feeds import Feed
from chalicelib.domain.occupancy import CLOSURE, TENTATIVE, ranges_of
from chalicelib.domain.spoken import in_language
from chalicelib.domain.times import instant_of, slot_floor

if TYPE_CHECKING:
    from icalendar import Calendar, Event

REFRESH = timedelta(minutes=15)
WORDS = {
    "fi": {"": "Varattu", TENTATIVE: "Alustavasti varattu", CLOSURE: "Suljettu"},
    "sv": {"": "Bokad", TENTATIVE: "Preliminärt bokad", CLOSURE: "Stängd"},
    "en": {"": "Busy", TENTATIVE: "Provisionally busy", CLOSURE: "Closed"},
}


def calendar(feed: Feed, language: str) -> bytes:
    """An event for each time that is taken (RFC 5545, 3.6.1)."""
    whole = _calendar(feed, language)
    for each in feed.entries:
        event = _event(feed, each.entry_id, each.starts_at, each.ends_at, each.changed_at)
        event.add("summary", WORDS[language].get(each.reason, WORDS[language][""]))
        event.add("status", Status.TENTATIVE if each.reason == TENTATIVE else Status.CONFIRMED)
        event.add("transp", "OPAQUE")
        event.add("class", "PUBLIC")
        whole.add_component(event)
    return whole.to_ical()


def free_busy(feed: Feed, language: str) -> bytes:
    """One VFREEBUSY (RFC 5545, 3.6.4), as it is published (RFC 5546, 3.3.1)."""
    from icalendar import FreeBusy, vCalAddress, vPeriod

    whole = _calendar(feed, language)
    busy = FreeBusy()
    busy.add("uid", f"{feed.space.space_id}.busy@{feed.site.host}")
    busy.add("dtstamp", feed.changed_at)
    busy.add("organizer", vCalAddress(f"mailto:{feed.site.address}"))
    busy.add("dtstart", feed.starts_at)
    busy.add("dtend", feed.ends_at)
    base = slot_floor(feed.starts_at)
    for kind, mask in (
        ("BUSY", feed.busy.booked | feed.busy.buffer),
        ("BUSY-TENTATIVE", feed.busy.tentative),
        ("BUSY-UNAVAILABLE", feed.busy.closure),
    ):
        for start, end in ranges_of(mask, base):
            period = vPeriod((instant_of(start), instant_of(end)))
            period.params.clear()  # a period is what is expected: RFC 5545 has no VALUE here
            period.params["FBTYPE"] = kind
            busy.add("freebusy", period, encode=False)
    whole.add_component(busy)
    return whole.to_ical()


def subscribed(name: str) -> "Calendar":
    """A calendar without entries, as it is published to programs that ask for it again."""
    from icalendar import Calendar, vDuration

    from chalicelib.adapters.calendar.text import Text

    name = Text(name)
    whole = Calendar()
    whole.add("prodid", PRODID)
    whole.add("version", "2.0")
    whole.add("method", PUBLISH)
    whole.add("name", name)
    whole.add("x-wr-calname", name)  # the same, for those who read no RFC 7986
    whole.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    whole.add("x-published-ttl", vDuration(REFRESH))
    return whole


def _calendar(feed: Feed, language: str) -> "Calendar":
    place = line(in_language(feed.space.name, language)) or feed.space.space_id
    return subscribed(f"{place} – {line(in_language(feed.site.name, language))}")


def _event(
    feed: Feed, entry_id: str, starts_at: datetime, ends_at: datetime, changed_at: datetime
) -> "Event":
    from icalendar import Event

    event = Event()
    event.add("uid", f"{entry_id}@{feed.site.host}")
    event.add("dtstamp", changed_at)  # without anybody to answer, when it was last revised
    event.add("dtstart", starts_at)
    event.add("dtend", ends_at)
    return event
