"""API keys over HTTP: admins make them for other systems, see them and revoke them."""

from collections.abc import Mapping
from typing import Any

from chalicelib.api import present
from chalicelib.api.call import Call
from chalicelib.api.cursors import opened, sealed
from chalicelib.api.replies import Reply, revealed, stored
from chalicelib.api.routing import Routes
from chalicelib.api.schemas.api_keys import KeyIn, KeyList, KeyMade, KeyOut
from chalicelib.api.schemas.base import PageQuery
from chalicelib.domain.people import Scope
from chalicelib.services import api_keys
from chalicelib.services.access import Action
from chalicelib.services.api_keys import KeyRequest, KeyView

routes = Routes("staff_keys")


@routes.add(
    "GET",
    "/v1/staff/keys",
    "Keys",
    query=PageQuery,
    answers={200: KeyList},
    action=Action.GRANT,
)
def list_keys(call: Call) -> Reply:
    """All keys, dead ones too: what they are for, who made them, and when each was last used."""
    query: PageQuery = call.query
    page = api_keys.listing(call.ports, query.limit, opened(query.cursor, call.listed))
    items = [present.api_key(each, call.catalog) for each in page.items]
    following = sealed(page.next, call.listed) if page.next else None
    return Reply({"items": items, "next": following}, private=True)


@routes.add(
    "POST",
    "/v1/staff/keys",
    "Make a key",
    body=KeyIn,
    answers={201: KeyMade},
    action=Action.GRANT,
)
def make_key(call: Call) -> Reply:
    """Make a key. It is shown in this answer and in those to the same Idempotency-Key, and never again."""
    body: KeyIn = call.body
    scopes = tuple(scope for scope in Scope if scope.value in body.scopes)
    # With what a host may, it is a program of who makes it; else it is the Lab's, whoever that was.
    owner_id = call.actor.person_id if Scope.STAFF in scopes else ""
    until = call.day("/expires_on", body.expires_on) if body.expires_on else None
    request = KeyRequest(body.label, scopes, until, owner_id)

    def render(view: KeyView) -> dict[str, Any]:
        return {"status": 201, "body": present.api_key(view, call.catalog)}

    def whole(answer: Mapping[str, Any]) -> dict[str, Any]:
        key = api_keys.text_of(call.ports, answer["body"]["key_id"])
        return {**answer, "body": {**answer["body"], "key": key}}

    return revealed(api_keys.make(call.ports, request, call.intent(render)), whole)


@routes.add(
    "DELETE",
    "/v1/staff/keys/{key_id}",
    "Revoke a key",
    answers={200: KeyOut},
    problems=(404,),
    action=Action.GRANT,
)
def revoke_key(call: Call) -> Reply:
    """Revoke a key, whatever became of it meanwhile: from the next request on it opens nothing."""

    def render(view: KeyView) -> dict[str, Any]:
        return {"status": 200, "body": present.api_key(view, call.catalog)}

    return stored(api_keys.revoke(call.ports, call.id("key_id"), call.intent(render)))
