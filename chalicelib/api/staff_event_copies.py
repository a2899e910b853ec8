"""Events again at another time, over HTTP."""

from chalicelib.api.call import Call
from chalicelib.api.replies import Reply, stored
from chalicelib.api.routing import Routes
from chalicelib.api.schemas.events import CopyIn, StaffEventOut
from chalicelib.api.staff_events import rendered
from chalicelib.services import event_copies
from chalicelib.services.access import Action

routes = Routes("staff_event_copies")


@routes.add(
    "POST",
    "/v1/staff/events/{event_id}/copies",
    "Copy an event",
    body=CopyIn,
    answers={201: StaffEventOut},
    tagged=True,
    problems=(404, 409),
    action=Action.RUN,
)
def copy(call: Call) -> Reply:
    """Write the same event at another time: a draft, with all seats free and its place booked."""
    body: CopyIn = call.body
    (starts_at,) = call.instants(("/start", body.start))
    event_id, intent = call.id("event_id"), call.intent(rendered(call, 201))
    return stored(event_copies.copy(call.ports, event_id, starts_at, intent, body.override))
