"""One's own sign-ups as a list."""

from chalicelib.api import present_signups
from chalicelib.api.call import Call
from chalicelib.api.cursors import opened, sealed
from chalicelib.api.replies import Reply
from chalicelib.api.routing import Routes
from chalicelib.api.schemas.base import PageQuery
from chalicelib.api.schemas.signups import OwnSignUpList
from chalicelib.services import own_signups
from chalicelib.services.access import Action

routes = Routes("own_signups")


@routes.add(
    "GET",
    "/v1/me/signups",
    "One's own sign-ups",
    query=PageQuery,
    answers={200: OwnSignUpList},
    action=Action.OWN,
)
def list_signups(call: Call) -> Reply:
    """What one signed up for or comes along to, one an event: those to come by start, then the others,
    the last first. Of whom one comes along with only they themselves know more.
    """
    place = opened(call.query.cursor, call.listed)
    page = own_signups.listed(call.ports, call.actor, call.query.limit, place)
    items = [present_signups.own(each, call.catalog.site) for each in page.items]
    following = sealed(page.next, call.listed) if page.next else None
    return Reply({"items": items, "next": following}, private=True)
