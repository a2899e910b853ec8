"""All pages."""

from chalicelib.api.routing import Routes

ALL: tuple[Routes, ...] = ()
