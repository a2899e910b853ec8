"""The one table of all pages' addresses; the modules beside add to it."""

from chalicelib.api.routing import Routes

routes = Routes("pages")
