"""A person's own account."""

from typing import Any

from chalicelib.api import cookies, erasing, present
from chalicelib.api.call import Call
from chalicelib.api.replies import Reply, stored
from chalicelib.api.routing import Routes
from chalicelib.api.schemas.auth import MeOut, MePatch
from chalicelib.api.schemas.erasing import ErasureOut, ErasureQuery
from chalicelib.services import account
from chalicelib.services.access import Action
from chalicelib.services.account import Account, AccountChange

routes = Routes("me")


@routes.add("GET", "/v1/me", "Oneself", answers={200: MeOut}, tagged=True, action=Action.OWN)
def read(call: Call) -> Reply:
    """Who one is to the Lab, and what one said of oneself."""
    found = account.read(call.ports, call.actor)
    return Reply(present.me(found), etag=account.etag(found.profile), private=True)


@routes.add(
    "PATCH",
    "/v1/me",
    "Change oneself",
    body=MePatch,
    answers={200: MeOut},
    conditional=True,
    tagged=True,
    problems=(412, 428),
    action=Action.OWN,
)
def change(call: Call) -> Reply:
    """Change one's name, organisation or language, or switch reminders on and off."""
    body: MePatch = call.body
    wanted = AccountChange(body.name, body.organisation, body.language, body.reminders)
    tags, intent = call.required_tags(), call.intent(_rendered)
    return stored(account.change(call.ports, wanted, tags, intent))


@routes.add(
    "DELETE",
    "/v1/me",
    "Be forgotten",
    query=ErasureQuery,
    answers={202: ErasureOut},
    problems=(404, 409),
    action=Action.OWN,
)
def forget(call: Call) -> Reply:
    """Be forgotten: future bookings are cancelled, and nothing of one's name or address stays.

    One is logged out by it. What is not done at once is done within minutes. The last admin stays.
    """
    leave = {"Set-Cookie": cookies.written(cookies.SESSION, "", call.catalog.site)}
    return erasing.forgotten(call, call.actor.person_id, leave)


def _rendered(found: Account) -> dict[str, Any]:
    headers = {"ETag": account.etag(found.profile)}
    return {"status": 200, "headers": headers, "body": present.me(found)}
