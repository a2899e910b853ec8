"""A seat at an event as an entry of its holder's calendar: of nobody else, and with no link that acts."""

from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.adapters.calendar.invitation import (
    Status,
    address_of,
    attendee_of,
    calendar_of,
)
from chalicelib.adapters.plain import line
from chalicelib.domain.catalog import Site
from chalicelib.domain.letters import Letter, Method, Seat
from chalicelib.domain.spoken import in_language

if TYPE_CHECKING:
    from icalendar import Event


def attendance(letter: Letter) -> bytes:
    """The calendar part of a mail about a seat. Raises ValueError for a letter that has none."""
    seat, method = letter.seat, letter.method
    if seat is None or method is None:
        raise ValueError("a letter without a calendar part")
    status = Status.CANCELLED if method is Method.CANCEL else Status.CONFIRMED
    entry = entry_of(seat, letter.site, letter.to.language, letter.now, status)
    entry.add("attendee", attendee_of(letter.to))
    return calendar_of(method.value, entry)


def entry_of(seat: Seat, site: Site, language: str, now: datetime, status: Status) -> "Event":
    """A seat as an entry, revised at `now`; with the link to join, of who has one."""
    from icalendar import Event

    from chalicelib.adapters.calendar.text import Text

    house = line(in_language(site.name, language))
    entry = Event()
    entry.add("uid", f"{seat.event.event_id}@{site.host}")
    entry.add("sequence", seat.sequence)
    entry.add("dtstamp", now)
    entry.add("dtstart", seat.event.starts_at)  # UTC, so that no reader needs a zone's rules
    entry.add("dtend", seat.event.ends_at)
    entry.add("summary", Text(line(in_language(seat.event.title, language)) or house))
    if where := line(seat.venue):
        entry.add("location", Text(where))
    if seat.link and status is not Status.CANCELLED:
        entry.add("conference", seat.link, parameters={"VALUE": "URI", "FEATURE": "VIDEO"})
        entry.add("description", Text(seat.link))
    if contact := line(seat.event.programme.contact):
        entry.add("contact", Text(contact))
    entry.add("organizer", address_of(site.address, house))
    entry.add("status", status.value)
    entry.add("transp", "OPAQUE")
    entry.add("created", seat.signup.created_at)
    entry.add("last-modified", now)
    return entry
