"""What a link opens, of a booking or a sign-up: the same for its page and for programs that show its token.

A link is dead when its booking or event is over, cancelled or not, when its person was forgotten, and when
the place was handed over. One that is wrong, another thing's, or dead is answered alike, after the same one
read: nothing can be told from it.
"""

import re

from chalicelib.domain import signups
from chalicelib.domain.bookings import Booking, has_links, judged
from chalicelib.domain.people import Actor
from chalicelib.services.links import actor_of_link, actor_of_signup_link, token_matches
from chalicelib.services.ports import Look, Ports

MANAGE, DECIDE, SIGNUP = "manage", "decide", "signup"
BEARER = re.compile(rf"({MANAGE}|{SIGNUP})\.([A-Za-z0-9][A-Za-z0-9_-]{{0,63}})\.([0-9a-f]{{48}})")


def opened(ports: Ports, purpose: str, booking_id: str, token: str) -> Booking | None:
    """The booking of a link, as it is now; None where the link opens nothing."""
    booking, now = ports.bookings.get(booking_id), ports.clock.now()
    ours = token_matches(ports, purpose, booking_id, token)
    if booking is None or not ours or not has_links(booking, now):
        return None
    return judged(booking, now)


def opened_signup(ports: Ports, signup_id: str, token: str) -> Look | None:
    """The event and the sign-up of a link, as stored; None where the link opens nothing."""
    event_id, person_id = signups.parts_of(signup_id) or ("e_", "p_")
    look, now = ports.events.look(event_id, [person_id]), ports.clock.now()
    ours = token_matches(ports, SIGNUP, signup_id, token)
    event, signup = look.event, look.signups.get(person_id)
    if event is None or signup is None or not ours or not signups.has_links(signup, event, now):
        return None
    return look


def bearer(ports: Ports, text: str) -> Actor | None:
    """Whom a link's token speaks for: `manage.<booking_id>.<token>`, `signup.<signup_id>.<token>`."""
    found = BEARER.fullmatch(text)
    if found is None:
        return None
    purpose, thing, token = found.groups()
    if purpose == SIGNUP:
        return actor_of_signup_link(thing) if opened_signup(ports, thing, token) else None
    return actor_of_link(thing) if opened(ports, MANAGE, thing, token) else None


def bearer_of(thing: str, token: str, purpose: str = MANAGE) -> str:
    """How a program shows a link's token."""
    return f"{purpose}.{thing}.{token}"
