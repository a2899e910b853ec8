"""Events as anyone sees them."""

from hashlib import sha256

from chalicelib.api import present_events
from chalicelib.api.call import Call
from chalicelib.api.cursors import opened, sealed
from chalicelib.api.replies import Reply, dumped
from chalicelib.api.routing import Routes
from chalicelib.api.schemas.events import EventList, EventOut, EventsQuery
from chalicelib.domain.events import Way
from chalicelib.services import event_listing
from chalicelib.services.access import Action

routes = Routes("events")


@routes.add(
    "GET",
    "/v1/events",
    "Events of a range",
    query=EventsQuery,
    answers={200: EventList},
    action=Action.LOOK,
)
def list_events(call: Call) -> Reply:
    """Published and cancelled events that overlap a range, by start; `free`: with a seat to be had now."""
    query: EventsQuery = call.query
    starts_at, ends_at = call.instants(("/from", query.from_), ("/to", query.to))
    wanted = event_listing.Wanted(
        starts_at,
        ends_at,
        way=Way(query.way) if query.way else None,
        space_id=query.space_id,
        free=query.free,
    )
    place = opened(query.cursor, call.listed)
    page = event_listing.overlapping(call.ports, wanted, query.limit, place)
    now, site = call.ports.clock.now(), call.catalog.site
    following = sealed(page.next, call.listed) if page.next else None
    items = [present_events.event(each, site, now) for each in page.items]
    return Reply({"items": items, "next": following})


@routes.add(
    "GET",
    "/v1/events/{event_id}",
    "An event",
    answers={200: EventOut},
    tagged=True,
    problems=(404,),
    action=Action.LOOK,
)
def get_event(call: Call) -> Reply:
    """An event with its seats as of now. Its ETag changes with them."""
    event = event_listing.public(call.ports, call.id("event_id"))
    body = present_events.event(event, call.catalog.site, call.ports.clock.now())
    return Reply(body, etag=f'"{sha256(dumped(body).encode()).hexdigest()[:32]}"')
