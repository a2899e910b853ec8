"""What staff do with bookings: find them, and decide."""

from chalicelib.api import present
from chalicelib.api.bookings import rendered
from chalicelib.api.call import Call
from chalicelib.api.cursors import opened, sealed
from chalicelib.api.replies import Reply, stored
from chalicelib.api.routing import Routes
from chalicelib.api.schemas.base import EmptyIn
from chalicelib.api.schemas.bookings import BookingList, BookingOut
from chalicelib.api.schemas.staff_bookings import ReasonIn, StaffBookingsQuery
from chalicelib.services import bookings, listing
from chalicelib.services.access import Action

routes = Routes("staff_bookings")


@routes.add(
    "GET",
    "/v1/staff/bookings",
    "Bookings of a range",
    query=StaffBookingsQuery,
    answers={200: BookingList},
    action=Action.RUN,
)
def list_bookings(call: Call) -> Reply:
    """The bookings that overlap a range, by start. Who looked at which is noted."""
    query: StaffBookingsQuery = call.query
    starts_at, ends_at = call.instants(("/from", query.from_), ("/to", query.to))
    page = listing.shown(
        call.ports,
        call.actor,
        listing.Wanted(starts_at, ends_at, query.space_id, query.state, query.person),
        query.limit,
        opened(query.cursor, call.listed),
    )
    items = [present.booking(each, call.catalog, staff=True) for each in page.items]
    following = sealed(page.next, call.listed) if page.next else None
    return Reply({"items": items, "next": following}, private=True)


@routes.add(
    "POST",
    "/v1/staff/bookings/{booking_id}/approve",
    "Approve a request",
    body=EmptyIn,
    answers={200: BookingOut},
    conditional=True,
    tagged=True,
    problems=(404, 409, 412),
    action=Action.RUN,
)
def approve(call: Call) -> Reply:
    """Grant a request or a pending change; with If-Match of a denied one, reopen it."""
    return stored(
        bookings.approve(
            call.ports, call.id("booking_id"), call.tags(), call.intent(rendered(call, 200))
        )
    )


@routes.add(
    "POST",
    "/v1/staff/bookings/{booking_id}/deny",
    "Deny a request",
    body=ReasonIn,
    answers={200: BookingOut},
    conditional=True,
    tagged=True,
    problems=(404, 409, 412),
    action=Action.RUN,
)
def deny(call: Call) -> Reply:
    """Refuse a request or a pending change, with a reason."""
    intent = call.intent(rendered(call, 200))
    return stored(
        bookings.deny(call.ports, call.id("booking_id"), call.body.reason, call.tags(), intent)
    )
