"""What somebody shows at the door: a code that can be typed, and a picture of the address that opens it."""

from dataclasses import dataclass

from chalicelib.domain.errors import refuse
from chalicelib.domain.signups import SignUp, State
from chalicelib.services import links
from chalicelib.services.ports import Ports


@dataclass(frozen=True, slots=True)
class Ticket:
    """Of a sign-up that has a seat: derived, and kept nowhere."""

    code: str
    url: str
    picture: str  # a data URI


def ticket_of(ports: Ports, signup: SignUp) -> Ticket:
    """The ticket of a sign-up, judged already. Refused with `stale-state` where it has no seat for good."""
    if signup.state is not State.CONFIRMED:
        raise refuse("stale-state", state=signup.state.value)
    url = links.ticket_url(ports, signup.signup_id)
    return Ticket(links.ticket_code(ports, signup.signup_id), url, ports.qr(url))
