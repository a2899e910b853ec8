"""Closing spaces and opening them again, over HTTP."""

from collections.abc import Mapping
from typing import Any

from chalicelib.api import present
from chalicelib.api.call import Call
from chalicelib.api.paging import paged
from chalicelib.api.replies import Reply, completed
from chalicelib.api.routing import Routes
from chalicelib.api.schemas.base import PageQuery
from chalicelib.api.schemas.closures import ClosureIn, ClosureList, ClosureOut
from chalicelib.domain.closures import Closure, ClosureState
from chalicelib.services import closures
from chalicelib.services.access import Action

routes = Routes("staff_closures")
ONE = "/v1/staff/closures/{closure_id}"
UNDER_WAY = (ClosureState.CLOSING, ClosureState.LIFTING)


@routes.add(
    "GET",
    "/v1/staff/closures",
    "Closures",
    query=PageQuery,
    answers={200: ClosureList},
    action=Action.RUN,
)
def list_closures(call: Call) -> Reply:
    """The closures that are not over, by start, those that are blocked with what is in their way."""
    found = closures.listing(call.ports, call.ports.clock.now())

    def shown(closure: Closure) -> present.Json:
        blocked = closure.state is ClosureState.BLOCKED
        conflicts = closures.in_the_way(call.ports, closure) if blocked else ()
        return present.closure(closure, conflicts, call.catalog)

    return Reply(paged(call, found, _place, shown), private=True)


@routes.add(
    "POST",
    "/v1/staff/closures",
    "Close",
    body=ClosureIn,
    answers={201: ClosureOut, 202: ClosureOut},
    tagged=True,
    action=Action.RUN,
)
def close(call: Call) -> Reply:
    """Close spaces. 201 when all of it is done, 202 while it goes on; bookings stay and are listed."""
    body: ClosureIn = call.body
    starts_at, ends_at = call.instants(("/start", body.start), ("/end", body.end))
    spaces = tuple(dict.fromkeys(body.space_ids))
    request = closures.ClosureRequest(spaces, starts_at, ends_at, body.reason)
    intent = call.intent(_rendered)
    outcome = closures.close(call.ports, request, intent)

    def whole(answer: Mapping[str, Any]) -> dict[str, Any]:
        answer = _as_of_now(call, answer, 201)
        base, closure_id = call.catalog.site.base_url, answer["body"]["closure_id"]
        answer["headers"]["Location"] = f"{base}/v1/staff/closures/{closure_id}"
        return answer

    return completed(call, intent, outcome, whole)


@routes.add(
    "GET",
    ONE,
    "A closure",
    answers={200: ClosureOut},
    tagged=True,
    problems=(404,),
    action=Action.RUN,
)
def get_closure(call: Call) -> Reply:
    """How far a closure has come, and the bookings in its way."""
    view = closures.view(call.ports, call.id("closure_id"))
    body = present.closure(view.closure, view.conflicts, call.catalog)
    return Reply(body, etag=_etag(view.closure), private=True)


@routes.add(
    "DELETE",
    ONE,
    "Open again",
    answers={200: ClosureOut, 202: ClosureOut},
    conditional=True,
    tagged=True,
    problems=(404, 412, 428),
    action=Action.RUN,
)
def lift(call: Call) -> Reply:
    """Lift a closure: 200 when all of it is given back, 202 while it goes on.

    A closure under way goes through versions by itself: If-Match: * is for lifting it then.
    """
    intent = call.intent(_rendered)
    outcome = closures.lift(call.ports, call.id("closure_id"), call.required_tags(), intent)
    return completed(call, intent, outcome, lambda answer: _as_of_now(call, answer, 200))


def _place(closure: Closure) -> str:
    return f"{closure.starts_at.isoformat()} {closure.closure_id}"


def _etag(closure: Closure) -> str:
    return f'"{closure.version}"'


def _rendered(closure: Closure) -> dict[str, Any]:
    # How far it has come, and what is in its way, is found out after the commit.
    return {"partial": True, "body": {"closure_id": closure.closure_id}}


def _as_of_now(call: Call, answer: Mapping[str, Any], done: int) -> dict[str, Any]:
    """The whole answer, after as much of the work as fits into a request."""
    closure_id = answer["body"]["closure_id"]
    closures.go_on(call.ports, closure_id)
    view = closures.view(call.ports, closure_id)
    return {
        "status": 202 if view.closure.state in UNDER_WAY else done,
        "headers": {"ETag": _etag(view.closure)},
        "body": present.closure(view.closure, view.conflicts, call.catalog),
    }
