"""All pages."""

from chalicelib.api.routing import Routes
from chalicelib.pages import booking, decide, docs, front, login, manage, sign_on  # noqa: F401  # they add their addresses
from chalicelib.pages.routes import routes

ALL: tuple[Routes, ...] = (routes,)
