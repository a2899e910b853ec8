"""A booking as an entry of a calendar (RFC 5545): what mails carry, and what can be downloaded.

Both have the same UID and SEQUENCE, so a calendar that gets both shows one entry. Nothing personal but
the reader's own line is in it, and no link that acts: people share calendars.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import quote

from chalicelib.adapters.plain import line, lines
from chalicelib.domain.bookings import Booking, State
from chalicelib.domain.catalog import Site
from chalicelib.domain.letters import Letter, Method
from chalicelib.domain.people import Person
from chalicelib.domain.spaces import Space
from chalicelib.domain.spoken import in_language

if TYPE_CHECKING:
    from icalendar import Event, vCalAddress

PRODID = "-//Labbokning//Labbokning//EN"
PUBLISH = "PUBLISH"  # an entry that nobody is asked to answer (RFC 5546, 3.2.1)
# What may stand in mailto: as it is (RFC 6068, 2), and often does.
IN_ADDRESSES = "@!$&'*+-./=^_`{|}~"
# A parameter has no way to write the one (RFC 5545, 3.2), and readers take the other for an escape.
IN_NAMES = str.maketrans({'"': "'", "\\": "/"})


class Status(StrEnum):
    """How certain an entry is (RFC 5545, 3.8.1.11)."""

    TENTATIVE = "TENTATIVE"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"


STATUSES = {
    State.HELD: Status.TENTATIVE,
    State.PENDING: Status.TENTATIVE,
    State.CONFIRMED: Status.CONFIRMED,
}


def invitation(letter: Letter) -> bytes:
    """The calendar part of a mail. Raises ValueError for a letter that has none."""
    booking, method = letter.booking, letter.method
    if booking is None or method is None:
        raise ValueError("a letter without a calendar part")
    status = Status.CANCELLED if method is Method.CANCEL else Status.CONFIRMED
    event = event_of(booking, letter.site, letter.spaces, letter.to.language, letter.now, status)
    event.add("attendee", attendee_of(letter.to))
    return calendar_of(method.value, event)


def entry(
    booking: Booking, site: Site, spaces: Mapping[str, Space], language: str, now: datetime
) -> bytes:
    """A booking to be downloaded, in whatever state it is."""
    status = STATUSES.get(booking.state, Status.CANCELLED)
    return calendar_of(PUBLISH, event_of(booking, site, spaces, language, now, status))


def uid(booking: Booking, site: Site) -> str:
    """The same in all that is ever said of a booking."""
    return f"{booking.booking_id}@{site.host}"


def calendar_of(method: str, event: "Event") -> bytes:
    """One entry as a calendar of its own (RFC 5546, 3.2)."""
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(event)
    return calendar.to_ical()


def event_of(
    booking: Booking,
    site: Site,
    spaces: Mapping[str, Space],
    language: str,
    now: datetime,
    status: Status,
) -> "Event":
    """A booking as an entry (RFC 5545, 3.6.1), revised at `now`."""
    from icalendar import Event

    from chalicelib.adapters.calendar.text import Text

    places = [spaces[each] for each in booking.space_ids if each in spaces]
    names = [line(in_language(each.name, language)) or each.space_id for each in places]
    house = line(in_language(site.name, language))
    event = Event()
    event.add("uid", uid(booking, site))
    event.add("sequence", booking.sequence)
    event.add("dtstamp", now)
    event.add("dtstart", booking.starts_at)  # UTC, so that no reader needs a zone's rules
    event.add("dtend", booking.ends_at)
    event.add("summary", Text(line(booking.title) or ", ".join(names) or house))
    event.add("location", Text(", ".join((*names, house))))
    if description := _instructions(places, names, language):
        event.add("description", Text(description))
    event.add("organizer", address_of(site.address, house))
    event.add("status", status.value)
    event.add("transp", "OPAQUE")
    event.add("created", booking.created_at)
    event.add("last-modified", now)
    return event


def _instructions(places: list[Space], names: list[str], language: str) -> str:
    """How to use the spaces; what is said of several is said once."""
    found: dict[str, list[str]] = {}
    for space, name in zip(places, names, strict=True):
        if text := lines(in_language(space.instructions, language)):
            found.setdefault(text, []).append(name)
    if len(found) == 1:
        return next(iter(found))
    return "\n\n".join(f"{', '.join(who)}: {text}" for text, who in found.items())


def attendee_of(person: Person) -> "vCalAddress":
    """The reader: they said that they come when they booked, so no answer is asked for."""
    from icalendar import vText

    attendee = address_of(person.email, person.name)
    attendee.params["ROLE"] = vText("REQ-PARTICIPANT")
    attendee.params["PARTSTAT"] = vText("ACCEPTED")
    attendee.params["RSVP"] = vText("FALSE")
    return attendee


def address_of(email: str, name: str) -> "vCalAddress":
    """Somebody in a calendar (RFC 5545, 3.3.3)."""
    from icalendar import vCalAddress, vText

    address = vCalAddress(f"mailto:{quote(email, safe=IN_ADDRESSES)}")
    if called := line(name).translate(IN_NAMES):
        address.params["CN"] = vText(called)
    return address
