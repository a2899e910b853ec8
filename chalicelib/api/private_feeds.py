"""One's own bookings: as a list, and at secret addresses that calendars subscribe to."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib import VERSION
from chalicelib.api import present
from chalicelib.api.calendars import CALENDAR
from chalicelib.api.call import Call
from chalicelib.api.cursors import opened, sealed
from chalicelib.api.replies import Reply, revealed, stored
from chalicelib.api.routing import Routes
from chalicelib.api.schemas.feeds import (
    FeedIn,
    FeedList,
    FeedMade,
    FeedOut,
    OwnList,
    OwnQuery,
)
from chalicelib.domain.private_feeds import PrivateFeed
from chalicelib.services import own_bookings, private_feeds
from chalicelib.services.access import Action

routes = Routes("own")


@routes.add(
    "GET",
    "/v1/me/bookings",
    "One's own bookings",
    query=OwnQuery,
    answers={200: OwnList},
    action=Action.OWN,
)
def list_bookings(call: Call) -> Reply:
    """All that one has booked, in whatever state, by start; also what was booked without logging in."""
    query: OwnQuery = call.query
    given = [(f"/{name}", text) for name, text in (("from", query.from_), ("to", query.to)) if text]
    times = dict(zip((name for name, _ in given), call.instants(*given), strict=True))
    page = own_bookings.listed(
        call.ports,
        call.actor,
        times.get("/from"),
        times.get("/to"),
        query.limit,
        opened(query.cursor, call.listed),
    )
    items = [present.booking(each, call.catalog) for each in page.items]
    following = sealed(page.next, call.listed) if page.next else None
    return Reply({"items": items, "next": following}, private=True)


@routes.add(
    "POST",
    "/v1/me/feeds",
    "Make an address of one's own calendar",
    body=FeedIn,
    answers={201: FeedMade},
    action=Action.OWN,
)
def make(call: Call) -> Reply:
    """Make a secret address for calendars, at most five. It is shown once: whoever has it can read."""
    body: FeedIn = call.body
    person = call.actor.person
    language = body.language or (person.language if person else call.language)
    intent = call.intent(
        lambda feed: {"status": 201, "body": presented(feed, call.catalog.site.zone)}
    )
    outcome = private_feeds.make(call.ports, body.label, language, intent)

    def whole(answer: Mapping[str, Any]) -> dict[str, Any]:
        own = private_feeds.own(call.ports, call.actor, answer["body"]["feed_id"])
        url = private_feeds.address(call.ports, outcome.value or own)
        return {**answer, "body": {**answer["body"], "url": url}}

    return revealed(outcome, whole)


@routes.add(
    "GET",
    "/v1/me/feeds",
    "Addresses of one's own calendar",
    answers={200: FeedList},
    action=Action.OWN,
)
def list_feeds(call: Call) -> Reply:
    """The addresses that are live, and when each was last read, to the day; never their secret part."""
    found = private_feeds.listing(call.ports, call.actor)
    return Reply(
        {"items": [presented(each, call.catalog.site.zone) for each in found]}, private=True
    )


@routes.add(
    "DELETE",
    "/v1/me/feeds/{feed_id}",
    "Revoke an address of one's own calendar",
    answers={200: FeedOut},
    action=Action.OWN,
)
def revoke(call: Call) -> Reply:
    """Revoke an address: from the next request on there is none."""
    intent = call.intent(
        lambda feed: {"status": 200, "body": presented(feed, call.catalog.site.zone)}
    )
    return stored(private_feeds.revoke(call.ports, call.id("feed_id"), intent))


@routes.add(
    "GET",
    "/v1/feeds/{token}/calendar.ics",
    "One's own calendar, at its address",
    answers={200: None},
    produces="text/calendar",
    tagged=True,
    action=Action.ENTER,
)
def calendar(call: Call) -> Reply:
    """One's own bookings and seats at events, with the UIDs of the mails; what was given up is marked for 30 days."""
    found = private_feeds.read(call.ports, call.id("token"))
    return Reply(
        text=lambda: call.ports.calendars.own(found).decode(),
        content_type=CALENDAR,
        etag=f'"{found.fingerprint(VERSION)}"',
        # Its reader may keep it, and has to ask each time; nobody else may.
        headers={"Cache-Control": "private, no-cache"},
    )


def presented(feed: PrivateFeed, zone: ZoneInfo) -> dict[str, Any]:
    """An address, without its secret."""
    return {
        "feed_id": feed.feed_id,
        "label": feed.label,
        "language": feed.language,
        "created_at": present.moment(feed.created_at, zone),
        "read_at": present.moment(feed.read_at, zone) if feed.read_at else None,
    }
