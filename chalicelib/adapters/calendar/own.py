"""A person's own bookings and seats at events as their calendar subscribes to them (RFC 5545, RFC 7986).

Each has the UID and SEQUENCE of the mails about it (I-08), so a calendar that gets both shows one entry. The
text depends on the calendar alone, so that the same one has the same ETag.
"""

from chalicelib.adapters.calendar.attendance import entry_of
from chalicelib.adapters.calendar.feeds import subscribed
from chalicelib.adapters.calendar.invitation import STATUSES, Status, event_of
from chalicelib.adapters.plain import line
from chalicelib.domain.private_feeds import OwnCalendar
from chalicelib.domain.spoken import in_language

WORDS = {
    "fi": "Omat varaukset ja tapahtumat",
    "sv": "Mina bokningar och evenemang",
    "en": "My bookings and events",
}


def calendar(own: OwnCalendar) -> bytes:
    """An event for each booking and seat; what was given up or called off is marked as cancelled."""
    house = line(in_language(own.site.name, own.language))
    whole = subscribed(f"{line(own.label) or WORDS[own.language]} – {house}")
    for booking in own.bookings:
        status = STATUSES.get(booking.state, Status.CANCELLED)
        # Without anybody to answer, when it was last revised (RFC 5545, 3.8.7.2).
        revised = booking.changed_at or booking.created_at
        whole.add_component(event_of(booking, own.site, own.spaces, own.language, revised, status))
    for seat in own.seats:
        status = Status.CONFIRMED if seat.event.live else Status.CANCELLED
        revised = seat.revised_at or seat.signup.created_at
        whole.add_component(entry_of(seat, own.site, own.language, revised, status))
    return whole.to_ical()
