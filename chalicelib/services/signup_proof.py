"""Proving the address of a sign-up: whoever shows the code, or opens the link, has read the mail."""

from chalicelib.domain.errors import NotFound, refuse
from chalicelib.domain.signups import SignUp, parts_of
from chalicelib.services import signup_changes
from chalicelib.services.links import code_matches
from chalicelib.services.ports import Ports
from chalicelib.services.sender import announce, nudge
from chalicelib.services.telling_again import again_due
from chalicelib.services.writing import Intent, Outcome


def confirm(ports: Ports, signup_id: str, code: str, intent: Intent) -> Outcome[SignUp]:
    """Confirm a seat that was held, or keep a place in the queue; twice is once.

    Refused: `invalid-request` at /code for a wrong code, the same for a sign-up that there is not;
    `hold-expired` where the time is over; `stale-state` where it was given up.
    """
    parts = parts_of(signup_id)
    if parts is None or not code_matches(ports, signup_id, code):
        raise refuse("invalid-request", "/code", why="code")
    try:
        return signup_changes.prove(ports, *parts, intent)
    except NotFound as error:  # whoever the code was made for is forgotten by now
        raise refuse("invalid-request", "/code", why="code") from error


def send_again(ports: Ports, signup_id: str) -> None:
    """Mail the code once more, at most every few minutes. Never says whether there is a sign-up."""
    parts = parts_of(signup_id)
    if parts is None:
        return
    now, look = ports.clock.now(), ports.events.look(parts[0], [parts[1]])
    signup = look.signups.get(parts[1])
    if look.event is None or signup is None or signup.confirm_by is None:
        return
    one = again_due(ports, look.event, signup, now)
    if one is not None and announce(ports, one):
        nudge(ports, [one])
