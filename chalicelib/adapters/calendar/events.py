"""Events as everybody's calendar subscribes to them (RFC 5545, RFC 7986), and one of them to download.

Each has the UID of the mails about a seat at it, so a calendar that gets both shows one entry. The link
to take part remotely is for those who have a seat, so it is not here; nor is anybody who comes.
"""

from typing import TYPE_CHECKING

from chalicelib.adapters.calendar.feeds import subscribed
from chalicelib.adapters.calendar.invitation import PUBLISH, Status, address_of, calendar_of
from chalicelib.adapters.markdown import plain
from chalicelib.adapters.plain import line
from chalicelib.domain.event_feeds import EventFeed, changed_at
from chalicelib.domain.events import Event, State, Way
from chalicelib.domain.spoken import in_language

if TYPE_CHECKING:
    from icalendar import Event as Entry

WORDS = {
    "fi": ("Tapahtumat", "Kaikille avoimet tiedot tapahtumista", "Etänä"),
    "sv": ("Evenemang", "Uppgifter om evenemang, öppna för alla", "På distans"),
    "en": ("Events", "What is known to everybody of events", "Online"),
}
COLOUR = "navy"  # a name of CSS (RFC 7986, 5.9)


def calendar(feed: EventFeed, language: str) -> bytes:
    """An entry for each event; what was called off is marked as cancelled."""
    from icalendar import vUri

    from chalicelib.adapters.calendar.text import Text

    name, description, _ = WORDS[language]
    house = line(in_language(feed.site.name, language))
    whole = subscribed(f"{name} – {house}")
    whole.add("description", Text(f"{description}: {house}"))
    whole.add("color", COLOUR)
    whole.add("url", f"{feed.site.base_url}/events?lang={language}")
    source = vUri(f"{feed.site.base_url}/v1/events.ics?language={language}")
    whole.add("source", source, parameters={"VALUE": "URI"})
    for event in feed.events:
        whole.add_component(_entry(event, feed, language))
    return whole.to_ical()


def entry(feed: EventFeed, language: str) -> bytes:
    """The one event of a feed, to be downloaded."""
    (event,) = feed.events
    return calendar_of(PUBLISH, _entry(event, feed, language))


def _entry(event: Event, feed: EventFeed, language: str) -> "Entry":
    from icalendar import Event as Entry

    from chalicelib.adapters.calendar.text import Text

    house = line(in_language(feed.site.name, language))
    cancelled = event.state is State.CANCELLED
    found = Entry()
    found.add("uid", f"{event.event_id}@{feed.site.host}")
    found.add("sequence", event.calendar_sequence)
    # Without anybody to answer, when it was last revised (RFC 5545, 3.8.7.2).
    found.add("dtstamp", changed_at(event))
    found.add("last-modified", changed_at(event))
    found.add("dtstart", event.starts_at)  # UTC, so that no reader needs a zone's rules
    found.add("dtend", event.ends_at)
    found.add("summary", Text(line(in_language(event.title, language)) or house))
    found.add("location", Text(_where(event, feed, language)))
    if description := plain(in_language(event.programme.description, language)):
        found.add("description", Text(description))
    found.add("url", f"{feed.site.base_url}/events/{event.event_id}?lang={language}")
    if contact := line(event.programme.contact):
        found.add("contact", Text(contact))
    found.add("organizer", address_of(feed.site.address, house))
    found.add("status", (Status.CANCELLED if cancelled else Status.CONFIRMED).value)
    found.add("transp", "TRANSPARENT")  # who only subscribes is not busy
    found.add("class", "PUBLIC")
    return found


def _where(event: Event, feed: EventFeed, language: str) -> str:
    said, house = event.programme, line(in_language(feed.site.name, language))
    space = feed.spaces.get(said.space_id)
    if space:
        return f"{line(in_language(space.name, language)) or space.space_id}, {house}"
    return line(said.address) or (house if Way.ROOM in event.ways else WORDS[language][2])
