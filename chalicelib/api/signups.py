"""Signing up for events, and what becomes of it: proved, changed, accepted, declined, handed over, left."""

from collections.abc import Callable
from typing import Any

from chalicelib.api import present_signups
from chalicelib.api.call import Call
from chalicelib.api.problems import ApiProblem
from chalicelib.api.replies import Reply, stored
from chalicelib.api.routing import Routes
from chalicelib.api.schemas.base import EmptyIn
from chalicelib.api.schemas.bookings import Accepted, CodeIn
from chalicelib.api.schemas.signups import (
    HandOverIn,
    LeaveQuery,
    SignUpDetailOut,
    SignUpIn,
    SignUpOut,
    SignUpPatch,
)
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.events import Way
from chalicelib.domain.limits import Purpose
from chalicelib.domain.people import Person
from chalicelib.domain.signups import Place, SignUp, etag, parts_of
from chalicelib.services import queues, signup_changes, signup_proof, signups
from chalicelib.services.access import Action

routes = Routes("signups")
ONE = "/v1/signups/{signup_id}"
Render = Callable[[SignUp], dict[str, Any]]


def again(call: Call, error: Exception, catalog: Catalog) -> Reply | None:
    """The form that was refused, with what was typed."""
    from chalicelib.pages import signup

    return signup.again(call, error, catalog)


@routes.add(
    "POST",
    "/v1/events/{event_id}/signups",
    "Sign up for an event",
    body=SignUpIn,
    answers={201: SignUpOut},
    forms=True,
    pages=True,
    guarded=True,
    again=again,
    tagged=True,
    problems=(404, 409),
    purpose=Purpose.BOOK,
    action=Action.BOOK,
)
def create(call: Call) -> Reply:
    """Sign up: `confirmed` with a seat, `waiting` with a position, or `held` until the address is proved.

    Of who is signed up already nobody in particular is told that they are: the mail tells.
    """
    if call.form is not None and (call.wants_page or "next" in call.form):
        from chalicelib.pages.signup import answered

        return answered(call, lambda: _sign_up(call))
    return _sign_up(call)


@routes.add(
    "GET",
    ONE,
    "A sign-up",
    answers={200: SignUpDetailOut},
    tagged=True,
    problems=(404,),
    action=Action.READ_SIGNUP,
)
def read(call: Call) -> Reply:
    """A sign-up as it is now, with its place in the waiting list, for those who may see it.

    The position changes without the sign-up: the ETag is of what its person may change.
    """
    seen = signups.read(call.ports, call.id("signup_id"), call.actor)
    body = present_signups.detail(seen, call.catalog.site)
    return Reply(body, headers={"ETag": etag(seen.signup)}, private=True)


@routes.add(
    "PATCH",
    ONE,
    "Change a sign-up",
    body=SignUpPatch,
    answers={200: SignUpOut},
    conditional=True,
    tagged=True,
    problems=(404, 409, 412, 428),
    action=Action.CHANGE_SIGNUP,
)
def change(call: Call) -> Reply:
    """Change what was answered, or go from the room to remote or back if there is a seat."""
    body: SignUpPatch = call.body
    event_id, person_id = _parts(call)
    tags, intent = call.required_tags(), call.intent(rendered(call, 200))
    given = body.model_dump(exclude_none=True)
    way = given.pop("way", None)
    if way is None:
        outcome = signup_changes.edit(call.ports, event_id, person_id, given, intent, tags=tags)
    else:
        outcome = signup_changes.switch(
            call.ports, event_id, person_id, Way(way), intent, tags=tags, fields=given
        )
    return stored(outcome)


@routes.add(
    "DELETE",
    ONE,
    "Leave an event",
    query=LeaveQuery,
    answers={200: SignUpOut},
    conditional=True,
    tagged=True,
    problems=(404, 409, 412, 428),
    action=Action.CHANGE_SIGNUP,
)
def leave(call: Call) -> Reply:
    """Give up a seat, or a place in the waiting list; who waits first has the seat at once. Twice is once.

    Where hosts do it, the person was removed.
    """
    event_id, person_id = _parts(call)
    tags, intent = call.required_tags(), call.intent(rendered(call, 200))
    if call.actor.staff and call.actor.person_id != person_id:
        return stored(signup_changes.remove(call.ports, event_id, person_id, intent, tags=tags))
    in_queue = call.query.in_queue
    outcome = signup_changes.leave(
        call.ports, event_id, person_id, intent, in_queue=in_queue, tags=tags
    )
    return stored(outcome)


@routes.add(
    "POST",
    f"{ONE}/confirm",
    "Prove the address of a sign-up",
    body=CodeIn,
    answers={200: SignUpOut},
    forms=True,
    tagged=True,
    problems=(409,),
    purpose=Purpose.CODE,
    action=Action.CONFIRM,
)
def confirm(call: Call) -> Reply:
    """Show the code that was mailed: the seat is then confirmed, or the place in the waiting list kept."""
    intent = call.intent(rendered(call, 200))
    return stored(signup_proof.confirm(call.ports, call.id("signup_id"), call.body.code, intent))


@routes.add(
    "POST",
    f"{ONE}/code",
    "Send the code of a sign-up again",
    body=EmptyIn,
    answers={202: Accepted},
    forms=True,
    purpose=Purpose.CODE,
    action=Action.CONFIRM,
)
def send_code(call: Call) -> Reply:
    """Mail the code again. The answer is the same whether there is such a sign-up or not."""
    call.idempotency_key()  # there is nothing to replay, but one that is none is still a mistake
    signup_proof.send_again(call.ports, call.id("signup_id"))
    return Reply({"accepted": True}, 202, private=True)


@routes.add(
    "POST",
    f"{ONE}/accept",
    "Accept an offered seat",
    body=EmptyIn,
    answers={200: SignUpOut},
    tagged=True,
    problems=(404, 409),
    action=Action.CHANGE_SIGNUP,
)
def accept(call: Call) -> Reply:
    """Take a seat that was offered; twice is once."""
    event_id, person_id = _parts(call)
    intent = call.intent(rendered(call, 200))
    return stored(signup_changes.accept(call.ports, event_id, person_id, intent))


@routes.add(
    "POST",
    f"{ONE}/decline",
    "Decline an offered seat",
    body=EmptyIn,
    answers={200: SignUpOut},
    tagged=True,
    problems=(404, 409),
    action=Action.CHANGE_SIGNUP,
)
def decline(call: Call) -> Reply:
    """Give an offered seat on to who waits next, and leave the waiting list."""
    event_id, person_id = _parts(call)
    intent = call.intent(rendered(call, 200))
    return stored(signup_changes.decline(call.ports, event_id, person_id, intent))


@routes.add(
    "POST",
    f"{ONE}/hand-over",
    "Hand a place to a colleague",
    body=HandOverIn,
    answers={201: SignUpOut},
    tagged=True,
    problems=(404, 409),
    action=Action.CHANGE_SIGNUP,
)
def hand_over(call: Call) -> Reply:
    """Let a colleague come in one's place: the waiting list is not asked, since no seat is freed.

    The answer is the colleague's sign-up, which is theirs alone from then on.
    """
    event_id, person_id = _parts(call)
    colleague, intent = _person(call.body.person), call.intent(rendered(call, 201))
    return stored(signup_changes.hand_over(call.ports, event_id, person_id, colleague, intent))


@routes.add(
    "POST",
    "/v1/staff/signups/{signup_id}/move-up",
    "Move a party up in the waiting list",
    body=EmptyIn,
    answers={200: SignUpOut},
    tagged=True,
    problems=(404, 409),
    action=Action.RUN,
)
def move_up(call: Call) -> Reply:
    """Let one that waits and the party before it change places. The first stays the first."""
    event_id, person_id = _parts(call)
    intent = call.intent(rendered(call, 200))
    return stored(signup_changes.move_up(call.ports, event_id, person_id, intent))


def request_of(call: Call) -> signups.SignUpRequest:
    """The body of a sign-up as a request."""
    body: SignUpIn = call.body
    guests = tuple(
        signups.Guest(each.name, each.email or "", each.diet, each.accessibility)
        for each in body.guests
    )
    return signups.SignUpRequest(
        event_id=call.id("event_id"),
        way=Way(body.way),
        person=_person(body.person) if body.person else None,
        guests=guests,
        answers=body.answers,
        diet=body.diet,
        accessibility=body.accessibility,
        accept_terms=body.accept_terms,
    )


def rendered(call: Call, status: int) -> Render:
    """How a sign-up is answered and stored for replays: nothing in it is said of a person."""

    def render(signup: SignUp) -> dict[str, Any]:
        return _answer(call, status, signup, queues.place(call.ports, signup))

    return render


def signed_up(call: Call) -> Callable[[signups.Seen], dict[str, Any]]:
    """How a new sign-up is answered and stored, with the place that it has in the queue."""
    return lambda made: _answer(call, 201, made.signup, made.place)


def _answer(call: Call, status: int, signup: SignUp, place: Place | None) -> dict[str, Any]:
    headers = {"ETag": etag(signup)}
    if status == 201:
        base = call.catalog.site.base_url
        headers["Location"] = f"{base}/v1/signups/{signup.signup_id}"
    body = present_signups.signup(signup, place, call.catalog.site)
    return {"status": status, "headers": headers, "body": body}


def _sign_up(call: Call) -> Reply:
    request = request_of(call)
    intent = call.intent(signed_up(call), meant=request)
    return stored(signups.sign_up(call.ports, request, intent))


def _parts(call: Call) -> tuple[str, str]:
    """The event and the person of an address; what can be no sign-up is not found."""
    found = parts_of(call.id("signup_id"))
    if found is None:
        raise ApiProblem("not-found")
    return found


def _person(given: Any) -> Person:
    return Person(given.name, given.email, given.organisation, given.language)
