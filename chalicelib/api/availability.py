"""Free, busy and closed: for people who look, and for calendars that ask."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chalicelib.api import present
from chalicelib.api.bookings import besides, request_of
from chalicelib.api.call import Call
from chalicelib.api.replies import Reply
from chalicelib.api.routing import Routes
from chalicelib.api.schemas.availability import (
    AvailabilityOut,
    AvailabilityQuery,
    FreeBusyOut,
    FreeBusyQuery,
    PreviewOut,
)
from chalicelib.api.schemas.bookings import BookingIn
from chalicelib.domain.errors import Problem, refuse
from chalicelib.domain.limits import Purpose
from chalicelib.domain.stretches import joined
from chalicelib.services import availability
from chalicelib.services.access import Action

routes = Routes("availability")


@routes.add(
    "GET",
    "/v1/availability",
    "What is free, by need",
    query=AvailabilityQuery,
    answers={200: AvailabilityOut},
    action=Action.LOOK,
)
def search(call: Call) -> Reply:
    """Free, busy and closed time of every space that fits; with `minutes`, the possible starts."""
    query = call.query
    starts_at, ends_at = call.instants(("/from", query.from_), ("/to", query.to))
    found = availability.search(
        call.ports,
        availability.Search(
            starts_at,
            ends_at,
            space_ids=tuple(query.space_id) or None,
            people=query.people,
            minutes=query.minutes,
            units=query.units,
            equipment=tuple(query.equipment),
            accessibility=tuple(query.accessibility),
        ),
        call.actor,
    )
    return Reply(present.availability(found, starts_at, ends_at, call.catalog))


@routes.add(
    "GET",
    "/v1/freebusy",
    "Busy times of several resources",
    query=FreeBusyQuery,
    answers={200: FreeBusyOut},
    action=Action.LOOK,
)
def free_busy_by_query(call: Call) -> Reply:
    """As POST, the fields as parameters."""
    return _free_busy(call, call.query)


@routes.add(
    "POST",
    "/v1/freebusy",
    "Busy times of several resources",
    body=FreeBusyQuery,
    answers={200: FreeBusyOut},
    action=Action.LOOK,
)
def free_busy(call: Call) -> Reply:
    """The shapes of Google's freeBusy and Graph's getSchedule side by side."""
    return _free_busy(call, call.body)


@routes.add(
    "POST",
    "/v1/bookings/preview",
    "What a booking would be answered",
    body=BookingIn,
    answers={200: PreviewOut},
    forms=True,
    besides=besides,
    purpose=Purpose.LOOK_UP,
    action=Action.BOOK,
)
def preview(call: Call) -> Reply:
    """Every broken rule and conflict, with other times and other spaces. Changes nothing."""
    request = request_of(call)
    # Who has not come to the terms yet is told nothing of them, who declines them is.
    declined = "accept_terms" in call.body.model_fields_set and not request.accept_terms
    also = [Problem("terms-not-accepted", "/accept_terms")]
    found = availability.preview(
        call.ports,
        request,
        call.actor,
        also if declined and not call.actor.staff else (),
        call.network_digest if call.actor.anonymous else "",
    )
    return Reply(
        present.preview(found, request.starts_at, request.ends_at, call.catalog, call.language)
    )


def _free_busy(call: Call, asked: FreeBusyQuery) -> Reply:
    """Answered in the site's zone, whichever is asked for; a zone that there is not is a mistake."""
    if asked.time_zone and not _is_zone(asked.time_zone):
        raise refuse("invalid-request", "/time_zone", why="time_zone")
    starts_at, ends_at = call.instants(("/from", asked.from_), ("/to", asked.to))
    found = availability.free_busy(
        call.ports, asked.resources, starts_at, ends_at, asked.interval_minutes, call.actor
    )
    told = present.Told(call.catalog.site.zone)
    resources = {
        resource: {
            "busy": present.intervals(joined(one.found.busy), told),
            "view": one.view,
            "error": None,
        }
        if one.found
        else {"busy": [], "view": "", "error": "unknown-space"}
        for resource, one in found.items()
    }
    return Reply(
        {
            "from": told[starts_at],
            "to": told[ends_at],
            "time_zone": call.catalog.site.time_zone,
            "resources": resources,
        }
    )


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return False
    return True
