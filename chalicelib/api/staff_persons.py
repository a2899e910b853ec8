"""What admins do with persons."""

from chalicelib.api import erasing
from chalicelib.api.call import Call
from chalicelib.api.replies import Reply
from chalicelib.api.routing import Routes
from chalicelib.api.schemas.erasing import ErasureOut, ErasureQuery
from chalicelib.services.access import Action

routes = Routes("staff_persons")


@routes.add(
    "DELETE",
    "/v1/staff/persons/{person_id}",
    "Forget a person",
    query=ErasureQuery,
    answers={202: ErasureOut},
    problems=(404,),
    action=Action.GRANT,
)
def forget(call: Call) -> Reply:
    """Forget a person who asked for it, as they may themselves. Asked again, it says how far it is."""
    return erasing.forgotten(call, call.id("person_id"))
