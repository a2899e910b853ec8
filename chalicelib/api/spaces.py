"""Spaces as anyone sees them."""

from chalicelib.api import present
from chalicelib.api.call import Call
from chalicelib.api.paging import paged
from chalicelib.api.problems import ApiProblem
from chalicelib.api.replies import Reply
from chalicelib.api.routing import Routes
from chalicelib.api.schemas.base import PageQuery
from chalicelib.api.schemas.spaces import SpaceList, SpaceOut
from chalicelib.services.access import Action, seen_by

routes = Routes("spaces")


@routes.add(
    "GET",
    "/v1/spaces",
    "Everything that can be booked",
    query=PageQuery,
    answers={200: SpaceList},
    action=Action.LOOK,
)
def list_spaces(call: Call) -> Reply:
    """Spaces, people and equipment in use, by id."""
    catalog = seen_by(call.actor, call.ports.settings.recent())
    spaces = (space for key in catalog.spaces if (space := catalog.active(key)))
    return Reply(paged(call, spaces, lambda each: each.space_id, present.space))


@routes.add(
    "GET",
    "/v1/spaces/{space_id}",
    "One of them",
    answers={200: SpaceOut},
    tagged=True,
    problems=(404,),
    action=Action.LOOK,
)
def get_space(call: Call) -> Reply:
    """One space, with its ETag."""
    catalog = seen_by(call.actor, call.ports.settings.recent())
    space = catalog.active(call.id("space_id"))
    if space is None:
        raise ApiProblem("not-found")
    return Reply(present.space(space), etag=f'"{space.version}"')
