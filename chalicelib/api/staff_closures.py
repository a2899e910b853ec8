"""Closing spaces and opening them again, over HTTP."""

from typing import Any

from chalicelib.api import present, schemas
from chalicelib.api.http import Call, Reply
from chalicelib.api.paging import paged
from chalicelib.api.routing import Routes
from chalicelib.domain.closures import Closure, ClosureState
from chalicelib.services import closures

routes = Routes("staff_closures")
ONE = "/v1/staff/closures/{closure_id}"
UNDER_WAY = (ClosureState.CLOSING, ClosureState.LIFTING)


@routes.add(
    "GET",
    "/v1/staff/closures",
    "Closures",
    query=schemas.PageQuery,
    answers={200: schemas.ClosureList},
    who="staff",
)
def list_closures(call: Call) -> Reply:
    """The closures that are not over, by start; what is in the way of one is in its own answer."""
    found = closures.listing(call.ports, call.ports.clock.now())

    def shown(closure: Closure) -> present.Json:
        return present.closure(closure, (), call.catalog)

    return Reply(paged(call, found, _place, shown), private=True)


@routes.add(
    "POST",
    "/v1/staff/closures",
    "Close",
    body=schemas.ClosureIn,
    answers={201: schemas.ClosureOut, 202: schemas.ClosureOut},
    who="staff",
)
def close(call: Call) -> Reply:
    """Close spaces. 201 when all of it is done, 202 while it goes on; bookings stay and are listed."""
    body: schemas.ClosureIn = call.body
    starts_at, ends_at = call.instants(("/start", body.start), ("/end", body.end))
    spaces = tuple(dict.fromkeys(body.space_ids))
    request = closures.ClosureRequest(spaces, starts_at, ends_at, body.reason)
    outcome = closures.close(call.ports, request, call.intent(_rendered))
    closure_id = str(outcome.answer["body"]["closure_id"])
    closures.go_on(call.ports, closure_id)
    reply = _shown(call, closure_id, 201)
    reply.headers["Location"] = f"{call.catalog.site.base_url}/v1/staff/closures/{closure_id}"
    if outcome.replayed:
        reply.headers["Idempotency-Replayed"] = "true"
    return reply


@routes.add(
    "GET", ONE, "A closure", answers={200: schemas.ClosureOut}, who="staff", problems=(404,)
)
def get_closure(call: Call) -> Reply:
    """How far a closure has come, and the bookings in its way."""
    return _shown(call, call.id("closure_id"), 200)


@routes.add(
    "DELETE",
    ONE,
    "Open again",
    answers={200: schemas.ClosureOut, 202: schemas.ClosureOut},
    who="staff",
    conditional=True,
    problems=(404, 412),
)
def lift(call: Call) -> Reply:
    """Lift a closure: 200 when all of it is given back, 202 while it goes on."""
    closure_id = call.id("closure_id")
    closures.lift(call.ports, closure_id, call.tags(), call.intent(_rendered))
    closures.go_on(call.ports, closure_id)
    return _shown(call, closure_id, 200)


def _place(closure: Closure) -> str:
    return f"{closure.starts_at.isoformat()} {closure.closure_id}"


def _rendered(closure: Closure) -> dict[str, Any]:
    # Only the id is kept: how far a closure has come is told as of now, also to a replay.
    return {"status": 201, "headers": {}, "body": {"closure_id": closure.closure_id}}


def _shown(call: Call, closure_id: str, status: int) -> Reply:
    view = closures.view(call.ports, closure_id)
    if call.operation.method != "GET" and view.closure.state in UNDER_WAY:
        status = 202
    body = present.closure(view.closure, view.conflicts, call.catalog)
    return Reply(body, status, etag=f'"{view.closure.version}"', private=True)
