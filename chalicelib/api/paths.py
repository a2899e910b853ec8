"""The map of the interface: which feature answers which path.

A feature is loaded when it is first asked for. A cold start, of a function that only the clock starts as
well, thus costs what it needs, however many features there are.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module

from chalice import Blueprint, Response

from chalicelib.api.http import respond
from chalicelib.api.routing import ALL_METHODS, Operation, Routes

# By module, its paths in the order of the document.
API: dict[str, tuple[str, ...]] = {
    "meta": (
        "/v1/health",
        "/v1/openapi.json",
    ),
    "spaces": (
        "/v1/spaces",
        "/v1/spaces/{space_id}",
    ),
    "availability": (
        "/v1/availability",
        "/v1/freebusy",
        "/v1/bookings/preview",
    ),
    "bookings": (
        "/v1/bookings",
        "/v1/bookings/{booking_id}",
        "/v1/bookings/{booking_id}/confirm",
        "/v1/bookings/{booking_id}/code",
    ),
    "calendars": (
        "/v1/spaces/{space_id}/calendar.ics",
        "/v1/spaces/{space_id}/freebusy.ics",
        "/v1/bookings/{booking_id}/booking.ics",
        "/v1/events.ics",
        "/v1/events/{event_id}/event.ics",
    ),
    "events": (
        "/v1/events",
        "/v1/events/{event_id}",
    ),
    "signups": (
        "/v1/events/{event_id}/signups",
        "/v1/signups/{signup_id}",
        "/v1/signups/{signup_id}/confirm",
        "/v1/signups/{signup_id}/code",
        "/v1/signups/{signup_id}/accept",
        "/v1/signups/{signup_id}/decline",
        "/v1/signups/{signup_id}/hand-over",
        "/v1/staff/signups/{signup_id}/move-up",
    ),
    "tickets": ("/v1/signups/{signup_id}/ticket",),
    "auth": (
        "/v1/auth/links",
        "/v1/auth/session",
    ),
    "me": ("/v1/me",),
    "own_signups": ("/v1/me/signups",),
    "private_feeds": (
        "/v1/me/bookings",
        "/v1/me/feeds",
        "/v1/me/feeds/{feed_id}",
        "/v1/feeds/{token}/calendar.ics",
    ),
    "export": ("/v1/me/export",),
    "staff_bookings": (
        "/v1/staff/bookings",
        "/v1/staff/bookings/{booking_id}/approve",
        "/v1/staff/bookings/{booking_id}/deny",
    ),
    "staff_settings": (
        "/v1/staff/spaces",
        "/v1/staff/spaces/{space_id}",
        "/v1/staff/settings",
    ),
    "staff_closures": (
        "/v1/staff/closures",
        "/v1/staff/closures/{closure_id}",
    ),
    "staff_events": (
        "/v1/staff/events",
        "/v1/staff/events/{event_id}",
        "/v1/staff/events/{event_id}/publish",
    ),
    "staff_event_copies": ("/v1/staff/events/{event_id}/copies",),
    "staff_event_imports": ("/v1/staff/events/{event_id}/signups/batch",),
    "staff_event_series": ("/v1/staff/events/{event_id}/series",),
    "staff_attendance": (
        "/v1/staff/events/{event_id}/signups",
        "/v1/staff/events/{event_id}/signups.csv",
        "/v1/staff/events/{event_id}/signups.xlsx",
        "/v1/staff/events/{event_id}/figures",
        "/v1/staff/signups/{signup_id}/check-in",
        "/v1/staff/events/{event_id}/check-in",
        "/v1/staff/events/{event_id}/walk-ins",
        "/v1/staff/signups/{signup_id}/let-in",
    ),
    "staff_notices": ("/v1/staff/events/{event_id}/notices",),
    "staff_outbox": (
        "/v1/staff/outbox",
        "/v1/staff/outbox/{message_id}/send",
        "/v1/staff/mails/{kind}",
        "/v1/staff/addresses/trust",
    ),
    "staff_audit": ("/v1/staff/audit",),
    "staff_keys": (
        "/v1/staff/keys",
        "/v1/staff/keys/{key_id}",
    ),
    "staff_persons": (
        "/v1/staff/persons",
        "/v1/staff/persons/{person_id}",
    ),
}
PAGES: dict[str, tuple[str, ...]] = {
    "booking": ("/book",),
    "decide": ("/decide/{booking_id}/{token}",),
    "docs": (
        "/docs",
        "/problems",
        "/problems/{name}",
        "/static/style.css",
    ),
    "door": (
        "/staff/events/{event_id}",
        "/staff/tickets/{signup_id}/{token}",
    ),
    "me": ("/me",),
    "erase": ("/me/erase",),
    "event_feed": ("/events.atom",),
    "events": (
        "/events",
        "/events/{event_id}",
    ),
    "feeds": (
        "/me/feeds",
        "/me/feeds/{feed_id}",
    ),
    "front": ("/",),
    "login": (
        "/login",
        "/login/code",
        "/logout",
    ),
    "login_link": ("/login/{login_id}/{token}",),
    "manage": (
        "/manage/{booking_id}/{token}",
        "/confirm/{booking_id}",
        "/unsubscribe/{person_id}/{token}",
    ),
    "notices": ("/staff/events/{event_id}/notices",),
    "sign_on": (
        "/login/provider",
        "/login/callback",
    ),
    "signup": ("/events/{event_id}/signup",),
    "signup_link": (
        "/signup/{signup_id}/{token}",
        "/prove/{signup_id}",
    ),
    "staff_events": ("/staff/events",),
}


def routes_of(layer: str, feature: str) -> Routes:
    """The operations of a feature of `api` or `pages`, which is loaded for it."""
    routes: Routes = import_module(f"chalicelib.{layer}.{feature}").routes
    return routes


def blueprints() -> Iterator[Blueprint]:
    """A blueprint for each feature with all its paths, each declared for every method."""
    for layer, features in (("api", API), ("pages", PAGES)):
        for feature, paths in features.items():
            made = Blueprint(__name__)
            for number, path in enumerate(paths):
                view = _view(made, layer, feature, path)
                view.__name__ = name = f"{layer}_{feature}_{number}"
                made.route(path, methods=ALL_METHODS, content_types=["*/*"], name=name)(view)
            yield made


def _view(made: Blueprint, layer: str, feature: str, path: str) -> Callable[..., Response]:
    @cache
    def operations() -> Mapping[str, Operation]:
        return routes_of(layer, feature).by_path()[path]

    def view(**params: str) -> Response:
        return respond(made.current_request, operations(), params)

    return view
