"""A seat at an event as an entry of its holder's calendar: of nobody else, and with no link that acts."""

from chalicelib.adapters.calendar.invitation import (
    Status,
    address_of,
    attendee_of,
    calendar_of,
)
from chalicelib.adapters.plain import line
from chalicelib.domain.letters import Letter, Method
from chalicelib.domain.spoken import in_language


def attendance(letter: Letter) -> bytes:
    """The calendar part of a mail about a seat. Raises ValueError for a letter that has none."""
    from icalendar import Event

    from chalicelib.adapters.calendar.text import Text

    seat, method = letter.seat, letter.method
    if seat is None or method is None:
        raise ValueError("a letter without a calendar part")
    house = line(in_language(letter.site.name, letter.to.language))
    cancels = method is Method.CANCEL
    entry = Event()
    entry.add("uid", f"{seat.event.event_id}@{letter.site.host}")
    entry.add("sequence", seat.sequence)
    entry.add("dtstamp", letter.now)
    entry.add("dtstart", seat.event.starts_at)  # UTC, so that no reader needs a zone's rules
    entry.add("dtend", seat.event.ends_at)
    entry.add("summary", Text(line(in_language(seat.event.title, letter.to.language)) or house))
    if where := line(seat.venue) or ("" if seat.remote else house):
        entry.add("location", Text(where))
    if seat.link and not cancels:
        entry.add("conference", seat.link, parameters={"VALUE": "URI", "FEATURE": "VIDEO"})
        entry.add("description", Text(seat.link))
    entry.add("organizer", address_of(letter.site.address, house))
    entry.add("status", (Status.CANCELLED if cancels else Status.CONFIRMED).value)
    entry.add("transp", "OPAQUE")
    entry.add("created", seat.signup.created_at)
    entry.add("last-modified", letter.now)
    entry.add("attendee", attendee_of(letter.to))
    return calendar_of(method.value, entry)
