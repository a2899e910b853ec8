"""Logging in without passwords, and out again."""

from chalicelib.api import cookies
from chalicelib.api.call import Call
from chalicelib.api.problems import ApiProblem
from chalicelib.api.replies import Reply
from chalicelib.api.routing import Routes
from chalicelib.api.schemas.auth import Ended, EndQuery, LinkIn, SessionIn, SessionOut
from chalicelib.api.schemas.bookings import Accepted
from chalicelib.domain.limits import Purpose
from chalicelib.services import login, sessions
from chalicelib.services.access import Action
from chalicelib.services.sessions import Entered

routes = Routes("auth")


@routes.add(
    "POST",
    "/v1/auth/links",
    "Ask for a link to log in by",
    body=LinkIn,
    answers={202: Accepted},
    forms=True,
    guarded=True,
    purpose=Purpose.LINK,
    action=Action.ENTER,
)
def ask(call: Call) -> Reply:
    """Mail a link and a code that hold for ten minutes, in this browser. Everybody is answered alike."""
    body: LinkIn = call.body
    cookie = login.ask(call.ports, body.email, body.language, body.page, network=call.network)
    return Reply({"accepted": True}, 202, _set(call, cookies.LOGIN, cookie), private=True)


@routes.add(
    "POST",
    "/v1/auth/session",
    "Log in",
    body=SessionIn,
    answers={200: SessionOut},
    forms=True,
    purpose=Purpose.LOG_IN,
    action=Action.ENTER,
)
def begin(call: Call) -> Reply:
    """Show the code, or the two parts of the link, in the browser that asked: it is then logged in."""
    body: SessionIn = call.body
    cookie, before, network = call.cookie(cookies.LOGIN), call.session_hash, call.network
    if body.code:
        entered = login.by_code(call.ports, cookie, body.code, before, network=network)
    else:
        entered = login.by_link(
            call.ports, cookie, body.login_id, body.token, before, network=network
        )
    return entered_reply(call, entered)


@routes.add(
    "DELETE",
    "/v1/auth/session",
    "Log out",
    query=EndQuery,
    answers={200: Ended},
    problems=(404,),
    action=Action.ENTER,
)
def end(call: Call) -> Reply:
    """End this session, or with `everywhere` all of them. Who has none is logged out already."""
    if call.actor.session and call.query.everywhere:
        sessions.end_all(
            call.ports, call.intent(lambda _: {"status": 200, "body": {"ended": True}})
        )
    elif call.actor.session:
        sessions.end(call.ports, call.actor)
    elif not call.actor.anonymous:
        raise ApiProblem("not-found")  # a key has no session
    return Reply({"ended": True}, 200, _set(call, cookies.SESSION, ""), private=True)


def entered_reply(call: Call, entered: Entered) -> Reply:
    """Who has logged in, with the cookie of their session."""
    headers = _set(call, cookies.SESSION, entered.cookie)
    person_id, role = entered.profile.person_id, entered.role.value
    body = {"person_id": person_id, "role": role, "page": entered.next}
    return Reply(body, 200, headers, private=True)


def _set(call: Call, name: str, value: str) -> dict[str, str]:
    return {"Set-Cookie": cookies.written(name, value, call.catalog.site)}
