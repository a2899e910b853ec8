"""Turns half of what Schemathesis makes up into requests that are taken, so that it gets past the rules.

Only what fits the interface's own models is replaced: what breaks the schema goes on breaking it.
"""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import schemathesis
from pydantic import BaseModel, ValidationError

from chalicelib.api.schemas.availability import FreeBusyQuery
from chalicelib.api.schemas.bookings import BookingIn, BookingPatch
from chalicelib.api.schemas.closures import ClosureIn
from chalicelib.api.schemas.events import EventIn, EventPatch, EventsQuery, StaffEventsQuery
from chalicelib.api.schemas.imports import BatchIn
from chalicelib.api.schemas.settings import SitePatch
from chalicelib.api.schemas.signups import SignUpIn, SignUpPatch
from chalicelib.api.schemas.spaces import SpacePatch

SPACES = ("pod", "desks", "studio", "hall", "lab")
PERSON = {"name": "Aino Aalto", "email": "aino.aalto@gov.fi"}
BOOKING = "/v1/bookings/{booking_id}"  # made-up ids are those of nothing: there is one to be found
SETTINGS = {  # by path: what a change looks like, and one that changes little
    "/v1/staff/settings": (SitePatch, {"hold_minutes": 30}),
    "/v1/staff/spaces/{space_id}": (SpacePatch, {"capacity": 4}),
}
EVENT, SIGNUP = "/v1/staff/events/{event_id}", "/v1/signups/{signup_id}"
SIGN_UP = "/v1/events/{event_id}/signups"
# Of what is made up of an event and of a sign-up, what breaks no rule whatever it is.
OF_EVENT = ("title", "description", "group_size", "asks_diet", "asks_accessibility", "contact")
OF_SIGNUP = ("diet", "accessibility")
# What is made up seldom fits these: each that does is made one that is taken.
ALWAYS = {SIGN_UP: SignUpIn, "/v1/staff/events": EventIn}
LISTS = {"/v1/events": EventsQuery, "/v1/staff/events": StaffEventsQuery}
CHANGES = {  # by path: what a change looks like, what is kept of it, and one that changes little
    EVENT: (EventPatch, OF_EVENT, {"asks_diet": True}),
    SIGNUP: (SignUpPatch, OF_SIGNUP, {"diet": "gluteeniton"}),
}
LEFT_OUT = ("override", "equipment", "facilitation", "space_id", "units", "attendees")


def chance(case: Any) -> int:
    """A number that a case always has, whatever order cases come in."""
    return int(hashlib.sha256(repr((case.body, case.query)).encode()).hexdigest()[:12], 16)


def address(number: int) -> str:
    """An address of the network for each number (RFC 2544's)."""
    return f"198.{18 + number % 2}.{number // 2 % 256}.{number // 512 % 256}"


def near(number: int) -> tuple[str, str]:
    """An hour of a working day of the next weeks, within office hours."""
    start = datetime.now(UTC).replace(hour=7, minute=0, second=0, microsecond=0)
    start += timedelta(days=1 + number % 40, hours=number % 8)
    while start.weekday() > 4:
        start += timedelta(days=1)
    return start.isoformat(), (start + timedelta(hours=1)).isoformat()


def taken(body: dict[str, Any], number: int) -> dict[str, Any]:
    """A booking that is taken, with the texts of one that fits the schema."""
    start, end = near(number)
    kept = {name: value for name, value in body.items() if name not in LEFT_OUT}
    spaces = [SPACES[number % len(SPACES)]]
    who = {"person": PERSON, "accept_terms": True}
    return {**kept, **who, "space_ids": spaces, "start": start, "end": end}


def changed(body: dict[str, Any], number: int) -> dict[str, Any]:
    """A change that is taken, of a booking of the pod that no other request cancels."""
    kept = {name: value for name, value in body.items() if name in ("title", "notes")}
    if "start" not in body:
        return kept
    start, end = near(number)
    return {**kept, "start": start, "end": end}


def event(body: dict[str, Any], number: int) -> dict[str, Any]:
    """An event that is taken, with the texts of one that fits the schema."""
    start, end = near(number)
    kept = {name: value for name, value in body.items() if name in OF_EVENT}
    return {**kept, "start": start, "end": end, "room": {"limit": 5, "most_waiting": 3}}


def signup(body: dict[str, Any], number: int) -> dict[str, Any]:
    """A sign-up that is taken as long as there are seats: of somebody else each time."""
    kept = {name: value for name, value in body.items() if name in OF_SIGNUP}
    person = {"name": "Aino Aalto", "email": f"aino.{number}@gov.fi"}
    return {**kept, "person": person, "accept_terms": True}


def fits(model: type[BaseModel] | None, value: Any) -> bool:
    """Whether a body or query is one that the interface would read."""
    if model is None:
        return False
    try:
        model.model_validate(value, strict=True)
    except ValidationError:
        return False
    return True


def settle(case: Any) -> None:
    """Make of a change of settings one that is taken: of any other a rule may be broken."""
    model, change = SETTINGS.get(case.operation.path, (None, {}))
    if model is None or case.method != "PATCH":
        return
    if case.meta.generation.mode.is_positive or fits(model, case.body):
        case.body = change
        case.headers["If-Match"] = "*"
        case.path_parameters = {"space_id": "pod"} if "{" in case.operation.path else {}


def answered_before(case: Any, name: str = "booking_id", prefix: str = "b_") -> bool:
    """Whether an id is one of an earlier answer, and not made up."""
    return str((case.path_parameters or {}).get(name)).startswith(prefix)


def find(case: Any) -> None:
    """Lead what is made up of events and sign-ups to those that there are, which nobody calls off or leaves."""
    for name, prefix in (("event_id", "e_"), ("signup_id", "s_")):
        known = os.environ.get(name.upper())
        asked = f"{{{name}}}" in case.operation.path and case.method != "DELETE"
        if known and asked and not answered_before(case, name, prefix):
            case.path_parameters = {**case.path_parameters, name: known}


def amend(case: Any) -> bool:
    """Make of a change of an event or a sign-up one that is taken, of each that keeps to the document.

    Most made-up bodies fit no model, for no schema tells that a time is one: half of the others may be none.
    """
    model, kept, least = CHANGES.get(case.operation.path, (None, (), {}))
    if model is None or case.method != "PATCH":
        return False
    fit = fits(model, case.body)
    if not fit and not case.meta.generation.mode.is_positive:
        return False
    find(case)
    case.body = {name: case.body[name] for name in kept if name in case.body} if fit else {}
    case.body = case.body or least
    case.headers["If-Match"] = "*"
    return True


def attend(case: Any, number: int) -> None:
    """Make of what is made up of events and sign-ups what is taken."""
    find(case)
    listed = LISTS.get(case.operation.path)
    if listed and case.method == "GET" and fits(listed, case.query):
        case.query["from"], case.query["to"] = near(number)
    elif case.operation.path == "/v1/staff/events" and fits(EventIn, case.body):
        case.body = event(case.body, number)
    elif case.operation.path.endswith("/signups/batch") and fits(BatchIn, case.body):
        case.body = {"people": [{"person": signup({}, number)["person"]}]}
    elif case.operation.path == SIGN_UP and fits(SignUpIn, case.body):
        case.body = signup(case.body, number)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    number = chance(case)
    # The local cloud believes this header, as API Gateway does not: each comes from elsewhere, and so
    # is not turned away before it is looked at.
    case.headers["X-Forwarded-For"] = address(number)
    if case.operation.path == BOOKING and case.method == "PATCH" and fits(BookingPatch, case.body):
        # Most made-up bodies do not fit, so each of those that do is one that is taken.
        case.body = changed(case.body, number)
        case.headers["If-Match"] = "*"
        case.path_parameters = {"booking_id": os.environ["BOOKING_ID"]}
        return
    if amend(case):
        return
    if number % 2 and not fits(ALWAYS.get(case.operation.path), case.body):
        settle(case)
        return
    attend(case, number)
    if case.method in ("PATCH", "DELETE") and number % 4:
        case.headers["If-Match"] = "*"
    start, end = near(number)
    if case.operation.path.startswith("/v1/bookings") and fits(BookingIn, case.body):
        case.body = taken(case.body, number)
    elif fits(ClosureIn, case.body):
        case.body = {**case.body, "space_ids": ["studio"], "start": start, "end": end}
    if case.operation.path == BOOKING and case.method == "GET" and not answered_before(case):
        case.path_parameters = {"booking_id": os.environ["BOOKING_ID"]}
    for asked in (case.body, case.query):
        if isinstance(asked, dict) and fits(FreeBusyQuery, {**asked, "resources": ["x"]}):
            asked["from"], asked["to"] = start, end


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Note what was answered, for the test to see that its requests got somewhere."""
    with Path(os.environ["ANSWERED"]).open("a") as out:
        out.write(f"{case.method} {case.operation.path} {response.status_code}\n")
