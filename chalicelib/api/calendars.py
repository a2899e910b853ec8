"""Calendars that ask: busy times and events to subscribe to, a booking or an event to download."""

from collections.abc import Callable

from chalicelib import VERSION
from chalicelib.api.call import Call
from chalicelib.api.replies import Reply
from chalicelib.api.routing import Routes
from chalicelib.api.schemas.calendars import CalendarQuery
from chalicelib.domain import event_feeds
from chalicelib.domain.event_feeds import EventFeed
from chalicelib.domain.feeds import Feed, fingerprint
from chalicelib.services import bookings, event_listing, feeds
from chalicelib.services.access import Action

routes = Routes("calendars")
CALENDAR = "text/calendar; charset=utf-8"


@routes.add(
    "GET",
    "/v1/spaces/{space_id}/calendar.ics",
    "Busy times as a calendar",
    query=CalendarQuery,
    answers={200: None},
    produces="text/calendar",
    tagged=True,
    dated=True,
    problems=(404,),
    action=Action.LOOK,
)
def space_calendar(call: Call) -> Reply:
    """To subscribe to: an event for each busy time from 30 days back to the horizon, and no names."""
    return _feed(call, call.ports.calendars.busy)


@routes.add(
    "GET",
    "/v1/spaces/{space_id}/freebusy.ics",
    "Busy times as free/busy",
    query=CalendarQuery,
    answers={200: None},
    produces="text/calendar",
    tagged=True,
    dated=True,
    problems=(404,),
    action=Action.LOOK,
)
def space_free_busy(call: Call) -> Reply:
    """The same as one VFREEBUSY (RFC 5545): busy, provisionally busy, and closed for a reason."""
    return _feed(call, call.ports.calendars.free_busy)


@routes.add(
    "GET",
    "/v1/bookings/{booking_id}/booking.ics",
    "A booking as a calendar entry",
    query=CalendarQuery,
    answers={200: None},
    produces="text/calendar",
    problems=(404,),
    action=Action.READ_BOOKING,
)
def booking_calendar(call: Call) -> Reply:
    """The entry that the mails carry, with the same UID and SEQUENCE."""
    booking = bookings.read(call.ports, call.id("booking_id"), call.actor)
    language = call.query.language or booking.person.language
    now = call.ports.clock.now()
    text = call.ports.calendars.entry(booking, call.catalog, language, now).decode()
    headers = {"Content-Disposition": 'attachment; filename="booking.ics"'}
    return Reply(text=text, content_type=CALENDAR, headers=headers, private=True)


@routes.add(
    "GET",
    "/v1/events.ics",
    "Events as a calendar",
    query=CalendarQuery,
    answers={200: None},
    produces="text/calendar",
    tagged=True,
    action=Action.LOOK,
)
def events_calendar(call: Call) -> Reply:
    """To subscribe to: published and cancelled events from 30 days back to a year ahead."""
    return _events(call, event_listing.feed(call.ports), call.ports.calendars.events)


@routes.add(
    "GET",
    "/v1/events/{event_id}/event.ics",
    "An event as a calendar entry",
    query=CalendarQuery,
    answers={200: None},
    produces="text/calendar",
    tagged=True,
    problems=(404,),
    action=Action.LOOK,
)
def event_calendar(call: Call) -> Reply:
    """To download: with the UID of the mails about a seat, and without the link to take part remotely."""
    found = event_listing.feed_of(call.ports, call.id("event_id"))
    reply = _events(call, found, call.ports.calendars.event)
    reply.headers["Content-Disposition"] = 'attachment; filename="event.ics"'
    return reply


def _events(call: Call, found: EventFeed, write: Callable[[EventFeed, str], bytes]) -> Reply:
    language = call.query.language or call.language
    tag = event_feeds.fingerprint(found, VERSION, call.operation.path, language)
    return Reply(
        text=lambda: write(found, language).decode(), content_type=CALENDAR, etag=f'"{tag}"'
    )


def _feed(call: Call, write: Callable[[Feed, str], bytes]) -> Reply:
    """A feed, written only for a reader who does not have it yet."""
    found = feeds.feed(call.ports, call.id("space_id"), call.actor)
    language = call.query.language or call.language
    return Reply(
        text=lambda: write(found, language).decode(),
        content_type=CALENDAR,
        etag=f'"{fingerprint(found, VERSION, call.operation.path, language)}"',
        changed_at=found.changed_at,
    )
