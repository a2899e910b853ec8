"""The page at the door of an event: hosts check people in on a phone or tablet, with or without a ticket."""

import re
from collections.abc import Callable
from typing import Any

from chalicelib.api import attendance_sheet, problems, reading, texts
from chalicelib.api.call import Call
from chalicelib.api.replies import Reply
from chalicelib.api.staff_attendance import walk_in_of_form
from chalicelib.domain.attendance import arrivals
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import NotFound, Problem, Refused
from chalicelib.domain.events import Event
from chalicelib.domain.signups import SignUp, parts_of
from chalicelib.pages.door_view import Door, guests_of, page
from chalicelib.pages.errors import asked_language, why_again
from chalicelib.pages.form import Form, field_of, last, message_of, new_key, typed
from chalicelib.pages.html import HTML, choose_language, link, see, words_of
from chalicelib.pages.refusal import problems_of
from chalicelib.pages.routes import routes
from chalicelib.services import attendance, events, signup_changes, walk_ins
from chalicelib.services.access import Action

DOOR = "/staff/events/{event_id}"
FIELDS = ("name", "email", "organisation", "guests", "way", "diet", "accessibility", "override")
OVERRIDABLE = ("event-full", "held-for-waiting-list")
DONE = ("in", "out", "already", "walk-in", "up", "remove", "publish")
Given = dict[str, list[str]]
Act = Callable[[Call, Given, str], Reply]


@routes.add(
    "GET",
    DOOR,
    "An event, at its door",
    answers={200: None},
    produces=HTML,
    action=Action.RUN,
)
def show(call: Call) -> Reply:
    """Who is expected and who came, all of them or those of a name. Changes nothing."""
    choose_language(call, asked_language(call))
    query: Any = call.request.query_params or {}
    door = _asked(query)
    door.done = query.get("done", "") if query.get("done") in DONE else ""
    door.who = str(query.get("who", ""))[:100]
    door.more, door.ending = query.get("more") == "1", query.get("more") == "event"
    return page(call, call.id("event_id"), door)


@routes.add(
    "GET",
    "/staff/tickets/{signup_id}/{token}",
    "Whose ticket it is",
    answers={200: None},
    produces=HTML,
    action=Action.RUN,
)
def ticket(call: Call) -> Reply:
    """What a ticket's QR code leads a host's camera to: its party, with the button. Changes nothing."""
    choose_language(call, asked_language(call))
    signup_id = call.id("signup_id")
    event_id, _ = parts_of(signup_id) or ("", "")
    shown = f"{signup_id}/{call.params['token']}"
    if not event_id or not attendance.find_ticket(call.ports, event_id, shown):
        raise NotFound
    return see(_back(call, event_id, {}, who=signup_id))


def again(call: Call, error: Exception, catalog: Catalog) -> Reply | None:
    """The page once more, where its form was none of ours any more."""
    status, _, headers = problems.presented(error, call.language, call.request_id, catalog)
    if status != 403:
        return None
    given = typed(call)
    door = _asked({name: last(given, name) for name in ("q", "part")})
    door.refused, door.status = [why_again(call, words_of(call, catalog))], status
    door.form = _form(given)
    reply = page(call, call.id("event_id"), door)
    reply.headers |= headers
    return reply


@routes.add(
    "POST",
    DOOR,
    "Check in, by the page",
    answers={303: None},
    produces=HTML,
    forms=True,
    guarded=True,
    quick=True,
    again=again,
    action=Action.RUN,
)
def act(call: Call) -> Reply:
    """Check a party or a person in or out, by their button or by a ticket, or let in who has not signed up."""
    choose_language(call, asked_language(call))
    given = typed(call)
    what, _, named = last(given, "do").partition(":")
    door = _asked({name: last(given, name) for name in ("q", "part")})
    wanted = ACTS.get(what)
    if wanted is None:
        return page(call, call.id("event_id"), door)
    try:
        return wanted(call, given, named)
    except Refused as error:
        _explain(call, door, what, given, problems_of(error))
        return page(call, call.id("event_id"), door)


def _check(call: Call, given: Given, named: str) -> Reply:
    """`in:<sign-up>:<person>`, or without a person for all of a party."""
    signup_id, _, number = named.partition(":")
    parts = parts_of(signup_id)
    if parts is None or parts[0] != call.id("event_id") or not re.fullmatch(r"\d{0,3}", number):
        raise NotFound
    persons = [int(number)] if number else None
    out = last(given, "do").startswith("out")
    step = attendance.check_out if out else attendance.check_in
    step(call.ports, signup_id, persons, call.intent(_rendered))
    target = _back(call, parts[0], given, done="out" if out else "in", who=signup_id)
    return see(f"{target}#{signup_id}")


def _ticket(call: Call, given: Given, _: str) -> Reply:
    event_id, code, now = call.id("event_id"), last(given, "code")[:300], call.ports.clock.now()
    intent = call.intent(_rendered)
    signup = attendance.check_in_by_code(call.ports, event_id, code, None, intent).value
    if signup is None:
        raise NotFound
    already = all(at and at < now for at in arrivals(signup))
    done = "already" if already else "in"
    return see(_back(call, event_id, {}, done=done, who=signup.signup_id))


def _walk_in(call: Call, given: Given, _: str) -> Reply:
    event_id = call.id("event_id")
    told = {name: last(given, name) for name in FIELDS if last(given, name)}
    guests = guests_of(told.pop("guests", ""))
    override = [each for each in (told.pop("override", ""),) if each in OVERRIDABLE]
    party = {"guests": [{"name": each} for each in guests], "override": override}
    request = walk_in_of_form(event_id, {"language": call.language, "name": "", **told, **party})
    call.form = {"idempotency_key": last(given, "idempotency_key") or new_key()}
    outcome = walk_ins.walk_in(call.ports, request, call.intent(_rendered, meant=request))
    return see(_back(call, event_id, {}, done="walk-in", who=outcome.answer["who"]))


def _let_in(call: Call, given: Given, named: str) -> Reply:
    """`let-in:<sign-up>:<what is overridden, if anything>`."""
    signup_id, _, override = named.partition(":")
    event_id, parts = call.id("event_id"), parts_of(signup_id)
    if parts is None or parts[0] != event_id:
        raise NotFound
    chosen = tuple(each for each in OVERRIDABLE if each == override)
    walk_ins.let_in(call.ports, signup_id, chosen, call.intent(_rendered))
    return see(_back(call, event_id, given, done="in", who=signup_id))


def _in_the_queue(call: Call, given: Given, named: str) -> Reply:
    """`up:<sign-up>` before the party before it, or `remove:<sign-up>` it."""
    what = last(given, "do").partition(":")[0]
    event_id, parts = call.id("event_id"), parts_of(named)
    if parts is None or parts[0] != event_id:
        raise NotFound
    step = signup_changes.move_up if what == "up" else signup_changes.remove
    step(call.ports, *parts, call.intent(_rendered))
    return see(_back(call, event_id, given, done=what, who=named))


def _publish(call: Call, _: Given, __: str) -> Reply:
    event_id = call.id("event_id")
    events.publish(call.ports, event_id, call.intent(_written), again=True)
    return see(_back(call, event_id, {}, done="publish"))


def _call_off(call: Call, given: Given, _: str) -> Reply:
    """With the reason that was typed, which everybody is told; the page then says that it is off."""
    from chalicelib.api.schemas.events import CallOffQuery

    event_id = call.id("event_id")
    reason = reading.checked(CallOffQuery, {"reason": last(given, "reason")}).reason
    events.call_off(call.ports, event_id, reason, call.intent(_written))
    return see(_back(call, event_id, {}))


ACTS: dict[str, Act] = {
    "in": _check,
    "out": _check,
    "ticket": _ticket,
    "walk-in": _walk_in,
    "let-in": _let_in,
    "up": _in_the_queue,
    "remove": _in_the_queue,
    "publish": _publish,
    "call-off": _call_off,
}


def _written(_: Event) -> dict[str, Any]:
    return {"status": 303}


def _rendered(signup: SignUp) -> dict[str, Any]:
    return {"status": 303, "who": signup.signup_id}


def _asked(query: Any) -> Door:
    part = str(query.get("part", "1"))
    number = int(part) if part.isascii() and part.isdecimal() and len(part) < 6 else 1
    return Door(query=str(query.get("q", ""))[:200], part=number)


def _back(call: Call, event_id: str, given: Given, **more: str) -> str:
    kept = {name: last(given, name) for name in ("q", "part")}
    return link(call, f"staff/events/{event_id}", lang=call.language, **kept, **more)


def _form(given: Given) -> Form:
    values = {name: last(given, name) for name in FIELDS if last(given, name)}
    return Form(values, key=new_key())


def _explain(call: Call, door: Door, what: str, given: Given, found: list[Problem]) -> None:
    """Say what is wrong: of a walk-in beside its fields, of anything else above the list."""
    words = words_of(call, call.catalog)
    door.status = problems.status_of(found[0].code)
    if what != "walk-in":
        door.refused = [_why(call, each, what) for each in found]
        if what == "call-off":
            door.ending, door.form = True, Form({"reason": last(given, "reason")}, key=new_key())
        if what == "let-in" and found[0].code in OVERRIDABLE:
            door.anyway = (last(given, "do").split(":")[1], found[0].code)
        return
    door.form = _form(given)
    for each in found:
        name = field_of(each.pointer)
        place = name if name in FIELDS and each.code not in OVERRIDABLE else None
        door.form.refuse(place, message_of(each, name, call.catalog, words))
        if each.code in OVERRIDABLE:
            door.override = each.code


def _why(call: Call, problem: Problem, what: str) -> str:
    words = words_of(call, call.catalog)
    if problem.pointer == "/code":
        return words("door.wrong_code")
    state = str(problem.params.get("state", ""))
    if problem.code == "stale-state" and attendance_sheet.has_state(state):
        key = "door.not_so" if what in ("up", "remove") else "door.stale"
        return words(key, state=attendance_sheet.state_name(state, call.language))
    return texts.message(problem, call.language, call.catalog)
