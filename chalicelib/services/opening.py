"""What a booking's link opens: the same for the page it leads to and for programs that show its token.

A link is dead when its booking is over, cancelled or not, and when its person was forgotten. One that is
wrong, another booking's, or dead is answered alike, after the same one read: nothing can be told from it.
"""

import re

from chalicelib.domain.bookings import Booking, has_links, judged
from chalicelib.domain.people import Actor
from chalicelib.services.links import actor_of_link, token_matches
from chalicelib.services.ports import Ports

MANAGE, DECIDE = "manage", "decide"
BEARER = re.compile(rf"{MANAGE}\.([A-Za-z0-9][A-Za-z0-9_-]{{0,63}})\.([0-9a-f]{{48}})")


def opened(ports: Ports, purpose: str, booking_id: str, token: str) -> Booking | None:
    """The booking of a link, as it is now; None where the link opens nothing."""
    booking, now = ports.bookings.get(booking_id), ports.clock.now()
    ours = token_matches(ports, purpose, booking_id, token)
    if booking is None or not ours or not has_links(booking, now):
        return None
    return judged(booking, now)


def bearer(ports: Ports, text: str) -> Actor | None:
    """Whom `manage.<booking_id>.<token>` speaks for: the two last parts of a manage link's address."""
    found = BEARER.fullmatch(text)
    booking = opened(ports, MANAGE, found[1], found[2]) if found else None
    return actor_of_link(booking.booking_id) if booking else None


def bearer_of(booking_id: str, token: str) -> str:
    """How a program shows a link's token."""
    return f"{MANAGE}.{booking_id}.{token}"
