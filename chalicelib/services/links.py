"""Links and codes of mails: derived from what they are for, so that a mail can be rendered late.

A table never holds them, and a stolen table gives none away: they hang on a key kept elsewhere.
"""

import hmac
from collections.abc import Iterable

from chalicelib.domain.bookings import Booking
from chalicelib.domain.logins import Login
from chalicelib.domain.people import Actor, Role
from chalicelib.domain.signups import SignUp, signup_id_of
from chalicelib.services.access import LINK_ACTIONS, SIGNUP_LINK_ACTIONS, Action
from chalicelib.services.ports import Ports

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that is easily mistaken for another
CODE_LENGTH = 8
TICKETS = "staff/tickets"


def code_of(ports: Ports, booking: Booking) -> str:
    """The code that proves the address of a held booking: eight characters, 40 bits."""
    return _code(ports, booking.booking_id, "")


def code_from(secret: bytes) -> str:
    """A code that a person can type, from what nobody can guess."""
    return "".join(ALPHABET[byte % 32] for byte in secret[:CODE_LENGTH])


def typed_code(code: str) -> str:
    """A code as somebody typed it: spaces, dashes and small letters do not matter."""
    return code.upper().replace(" ", "").replace("-", "")


def code_matches(ports: Ports, thing: str, code: str) -> bool:
    """Whether somebody read the mail of a hold, or of a sign-up: made with any key that still holds."""
    typed = typed_code(code).encode()
    known = [_code(ports, thing, key_id).encode() for key_id in ports.secrets.known]
    return any(hmac.compare_digest(typed, each) for each in known)


def token_of(ports: Ports, purpose: str, thing: str) -> str:
    """The secret part of a link: 48 characters that fit into an address, 192 bits."""
    return _token(ports, purpose, thing, "")


def token_matches(ports: Ports, purpose: str, thing: str, token: str) -> bool:
    """Whether a link is one of ours, made with any key that still holds."""
    known = [_token(ports, purpose, thing, key_id).encode() for key_id in ports.secrets.known]
    return any(hmac.compare_digest(token.encode(), each) for each in known)


def _code(ports: Ports, thing: str, key_id: str) -> str:
    return code_from(ports.secrets.derive("confirm", thing, key_id=key_id))


def _token(ports: Ports, purpose: str, thing: str, key_id: str) -> str:
    return ports.secrets.derive(purpose, thing, key_id=key_id)[:24].hex()


def actor_of_link(booking_id: str) -> Actor:
    """Whoever holds the link of a booking: they may do with this one what its person may."""
    return Actor(actor_id=f"link#{booking_id}", manages=booking_id, allows=LINK_ACTIONS)


def actor_of_signup_link(signup_id: str) -> Actor:
    """Whoever holds the link of a sign-up: they may do with this one what its person may."""
    return Actor(actor_id=f"link#{signup_id}", manages=signup_id, allows=SIGNUP_LINK_ACTIONS)


def confirm_url(ports: Ports, booking: Booking) -> str:
    """Where a held booking is confirmed: the page shows, and its button acts."""
    return f"{manage_url(ports, booking)}?code={code_of(ports, booking)}"


def manage_url(ports: Ports, booking: Booking) -> str:
    """Where a booking's person sees it and may cancel it."""
    return f"{ports.settings.get().site.base_url}/{manage_page(ports, booking.booking_id)}"


def manage_page(ports: Ports, booking_id: str) -> str:
    """The page of that address, as our own pages link to it."""
    return f"manage/{booking_id}/{token_of(ports, 'manage', booking_id)}"


def signup_code(ports: Ports, signup: SignUp) -> str:
    """The code that proves the address of who signed up: as that of a held booking."""
    return _code(ports, signup.signup_id, "")


def signup_url(ports: Ports, signup: SignUp) -> str:
    """Where somebody sees their sign-up, accepts or declines an offer, and may leave.

    A colleague to whom a place is handed over has another id, and so another link (S-25).
    """
    return f"{ports.settings.get().site.base_url}/{signup_page(ports, signup.signup_id)}"


def signup_proof_url(ports: Ports, signup: SignUp) -> str:
    """Where an address is proved: the page shows, and its button acts."""
    return f"{signup_url(ports, signup)}?code={signup_code(ports, signup)}"


def signup_page(ports: Ports, signup_id: str) -> str:
    """The page of that address, as our own pages link to it."""
    return f"signup/{signup_id}/{token_of(ports, 'signup', signup_id)}"


def ticket_code(ports: Ports, signup_id: str) -> str:
    """The code that somebody shows at the door: eight characters, for hosts to check them in by."""
    return _ticket(ports, signup_id, "")


def ticket_url(ports: Ports, signup_id: str) -> str:
    """What a ticket's QR code holds: a host's own camera opens it, and a scanner types it."""
    page = ticket_page(signup_id, ticket_code(ports, signup_id))
    return f"{ports.settings.get().site.base_url}/{page}"


def ticket_page(signup_id: str, code: str) -> str:
    """The page of that address: of no use to anybody but hosts."""
    return f"{TICKETS}/{signup_id}/{code}"


def scanned_ticket(text: str) -> tuple[str, str] | None:
    """The sign-up and the code of what was scanned, or None for a code that somebody typed."""
    *_, signup_id, code = ("", *text.strip().split("/"))
    return (signup_id, code) if signup_id else None


def owner_of_ticket(
    ports: Ports, event_id: str, person_ids: Iterable[str], code: str
) -> str | None:
    """Whose ticket of an event has a code, of some people, or None."""
    typed = typed_code(code).encode()
    for person_id in person_ids:
        signup_id = signup_id_of(event_id, person_id)
        known = [_ticket(ports, signup_id, key_id).encode() for key_id in ports.secrets.known]
        if any(hmac.compare_digest(typed, each) for each in known):
            return person_id
    return None


def _ticket(ports: Ports, signup_id: str, key_id: str) -> str:
    return code_from(ports.secrets.derive("ticket", signup_id, key_id=key_id))


def event_url(ports: Ports, event_id: str) -> str:
    """The page of an event, for everybody."""
    return f"{ports.settings.get().site.base_url}/events/{event_id}"


def decide_url(ports: Ports, booking: Booking) -> str:
    """Where staff answer a request: in mails to the Lab's own mailbox, and of no use for anything else."""
    token = token_of(ports, "decide", booking.booking_id)
    return f"{ports.settings.get().site.base_url}/decide/{booking.booking_id}/{token}"


def actor_of_decision(booking_id: str) -> Actor:
    """Whoever reads the Lab's own mailbox and holds the link of a request."""
    return Actor(
        actor_id=f"mailbox#{booking_id}",
        role=Role.STAFF,
        manages=booking_id,
        allows=(Action.READ_BOOKING.value,),
    )


def unsubscribe_url(ports: Ports, person_id: str) -> str:
    """Where a person switches reminders off, by one click and without logging in (RFC 8058)."""
    token = token_of(ports, "unsubscribe", person_id)
    return f"{ports.settings.get().site.base_url}/unsubscribe/{person_id}/{token}"


def link_token(ports: Ports, login_id: str, key_id: str) -> str:
    """The secret part of a link to log in by: 32 bytes, as 64 characters."""
    return ports.secrets.derive("login", login_id, key_id=key_id).hex()


def login_code(ports: Ports, login: Login) -> str:
    """The code of a mail: eight characters, 40 bits, of which five can be tried."""
    return code_from(ports.secrets.derive("login-code", login.login_id, key_id=login.key_id))


def login_url(ports: Ports, login: Login) -> str:
    """Where the link of a mail leads: the page shows, and its button acts."""
    token = link_token(ports, login.login_id, login.key_id)
    return f"{ports.settings.get().site.base_url}/login/{login.login_id}/{token}"
