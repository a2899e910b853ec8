"""All operations of the interface, every feature loaded: what the document describes."""

from chalicelib.api.paths import API, routes_of

ALL = tuple(routes_of("api", feature) for feature in API)
