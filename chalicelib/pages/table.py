"""All pages."""

from chalicelib.api.routing import Routes
from chalicelib.pages import (  # noqa: F401  # they add their addresses
    booking,
    decide,
    docs,
    door,
    erase,
    event_feed,
    events,
    feeds,
    front,
    login,
    login_link,
    manage,
    me,
    notices,
    sign_on,
    signup,
    signup_link,
    staff_events,
)
from chalicelib.pages.routes import routes

ALL: tuple[Routes, ...] = (routes,)
