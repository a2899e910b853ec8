"""What the interface says of itself."""

from chalicelib import VERSION
from chalicelib.api.call import Call
from chalicelib.api.replies import Reply
from chalicelib.api.routing import Routes
from chalicelib.api.schemas.meta import Health
from chalicelib.services.access import Action

routes = Routes("meta")


@routes.add(
    "GET", "/v1/health", "Whether the service answers", answers={200: Health}, action=Action.LOOK
)
def health(call: Call) -> Reply:
    """200 and the version; no table is asked."""
    return Reply({"ok": True, "version": VERSION})


@routes.add("GET", "/v1/openapi.json", "This document", answers={200: None}, action=Action.LOOK)
def document(call: Call) -> Reply:
    """The OpenAPI 3.1 document, from the same route table that requests go by."""
    from chalicelib.api.openapi import document as make
    from chalicelib.api.table import ALL

    return Reply(make(ALL, call.catalog.site.base_url))
