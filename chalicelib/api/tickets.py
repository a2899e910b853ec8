"""The ticket of a sign-up, for whoever may see the sign-up."""

from chalicelib.api.call import Call
from chalicelib.api.replies import Reply
from chalicelib.api.routing import Routes
from chalicelib.api.schemas.attendance import TicketOut
from chalicelib.services import signups, tickets
from chalicelib.services.access import Action

routes = Routes("tickets")


@routes.add(
    "GET",
    "/v1/signups/{signup_id}/ticket",
    "The ticket of a sign-up",
    answers={200: TicketOut},
    problems=(404, 409),
    action=Action.READ_SIGNUP,
)
def read(call: Call) -> Reply:
    """What is shown at the door, of who is confirmed: a code, and a picture of its QR code."""
    found = signups.read(call.ports, call.id("signup_id"), call.actor)
    one = tickets.ticket_of(call.ports, found.signup)
    return Reply({"code": one.code, "url": one.url, "qr": one.picture}, private=True)
