"""Bookings: making, reading, changing and cancelling them."""

from collections.abc import Callable
from typing import Any

from chalicelib.api import present
from chalicelib.api.call import Call
from chalicelib.api.replies import Reply, stored
from chalicelib.api.routing import Routes
from chalicelib.api.schemas.base import EmptyIn
from chalicelib.api.schemas.bookings import (
    Accepted,
    BookingIn,
    BookingOut,
    BookingPatch,
    CancelQuery,
    CodeIn,
    PersonIn,
)
from chalicelib.domain.bookings import Booking, etag
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import Problem, Refused
from chalicelib.domain.limits import Purpose
from chalicelib.domain.people import Person
from chalicelib.services import bookings, confirming, requests
from chalicelib.services.access import Action

routes = Routes("bookings")
ONE = "/v1/bookings/{booking_id}"


def request_of(call: Call) -> requests.BookRequest:
    """The body of a booking as a request. Raises Refused, with every other rule that it breaks."""
    request, wrong = _read(call, call.body)
    if wrong:
        raise Refused([*wrong, *requests.broken_besides(call.ports, request, call.actor)])
    return request


def besides(call: Call, body: BookingIn) -> list[Problem]:
    """What else is wrong with a booking of which `body` is the part that could be read."""
    request, wrong = _read(call, body)
    missing = Problem("invalid-request", "/space_ids", {"why": "missing"})
    wrong = [problem for problem in wrong if problem != missing]
    return [*wrong, *requests.broken_besides(call.ports, request, call.actor)]


def _read(call: Call, body: BookingIn) -> tuple[requests.BookRequest, list[Problem]]:
    """A booking as a request, and what is wrong with how it is asked for."""
    wrong: list[Problem] = []
    spaces = tuple(body.space_ids or ())
    if body.space_id is not None:
        if spaces:
            wrong.append(Problem("invalid-request", "/space_id", {"why": "repeated"}))
        spaces = (*spaces, body.space_id)
    if not spaces:
        wrong.append(Problem("invalid-request", "/space_ids", {"why": "missing"}))
    if body.override and not call.actor.staff:
        wrong.append(Problem("invalid-request", "/override", {"why": "extra_forbidden"}))
    try:
        starts_at, ends_at = call.instants(("/start", body.start), ("/end", body.end))
    except Refused as refused:
        wrong += refused.problems
        starts_at = ends_at = call.ports.clock.now()
    request = requests.BookRequest(
        space_ids=tuple(dict.fromkeys(spaces)),
        starts_at=starts_at,
        ends_at=ends_at,
        title=body.title,
        notes=body.notes,
        attendees=body.attendees,
        units=body.units,
        equipment={key: count for key, count in body.equipment.items() if count},
        facilitation=body.facilitation.wanted,
        facilitation_notes=body.facilitation.notes,
        person=_person(body.person),
        accept_terms=body.accept_terms,
        override=tuple(body.override),
    )
    return request, wrong


def again(call: Call, error: Exception, catalog: Catalog) -> Reply | None:
    """The form that was refused, with what was typed."""
    from chalicelib.pages import refusal

    return refusal.again(call, error, catalog)


@routes.add(
    "POST",
    "/v1/bookings",
    "Book",
    body=BookingIn,
    answers={201: BookingOut},
    forms=True,
    pages=True,
    guarded=True,
    besides=besides,
    again=again,
    tagged=True,
    problems=(409,),
    purpose=Purpose.BOOK,
    action=Action.BOOK,
)
def create(call: Call) -> Reply:
    """Book one or several spaces, equipment and a facilitator, all or nothing."""
    if call.form is not None and (call.wants_page or "next" in call.form):
        from chalicelib.pages.booking import answered

        return answered(call, lambda: _book(call))
    return _book(call)


@routes.add(
    "GET",
    ONE,
    "A booking",
    answers={200: BookingOut},
    tagged=True,
    problems=(404,),
    action=Action.READ_BOOKING,
)
def read(call: Call) -> Reply:
    """A booking as it is now, for those who may see it."""
    booking = bookings.read(call.ports, call.id("booking_id"), call.actor)
    body = present.booking(booking, call.catalog, staff=call.actor.staff)
    return Reply(body, etag=etag(booking), private=True)


@routes.add(
    "PATCH",
    ONE,
    "Move or edit a booking",
    body=BookingPatch,
    answers={200: BookingOut},
    conditional=True,
    tagged=True,
    problems=(404, 409, 412, 428),
    action=Action.CHANGE_BOOKING,
)
def change(call: Call) -> Reply:
    """Move, lengthen, shorten or edit; the booking keeps what it has until all of it is written."""
    request = change_of(call)
    intent = call.intent(rendered(call, 200), meant=request)
    tags = call.required_tags()
    return stored(bookings.change(call.ports, call.id("booking_id"), request, tags, intent))


@routes.add(
    "DELETE",
    ONE,
    "Cancel a booking",
    query=CancelQuery,
    answers={200: BookingOut},
    conditional=True,
    tagged=True,
    problems=(404, 409, 412, 428),
    action=Action.CANCEL_BOOKING,
)
def cancel(call: Call) -> Reply:
    """Cancel; a booking that is cancelled already is answered as the first time."""
    intent = call.intent(rendered(call, 200))
    outcome = bookings.cancel(
        call.ports, call.id("booking_id"), call.query.reason, call.required_tags(), intent
    )
    return stored(outcome)


@routes.add(
    "POST",
    f"{ONE}/confirm",
    "Confirm a held booking",
    body=CodeIn,
    answers={200: BookingOut},
    forms=True,
    tagged=True,
    problems=(409,),
    purpose=Purpose.CODE,
    action=Action.CONFIRM,
)
def confirm(call: Call) -> Reply:
    """Show the code that was mailed: the booking is then confirmed, or waits for approval."""
    intent = call.intent(rendered(call, 200))
    return stored(confirming.confirm(call.ports, call.id("booking_id"), call.body.code, intent))


@routes.add(
    "POST",
    f"{ONE}/code",
    "Send the code again",
    body=EmptyIn,
    answers={202: Accepted},
    forms=True,
    purpose=Purpose.CODE,
    action=Action.CONFIRM,
)
def send_code(call: Call) -> Reply:
    """Mail the code of a held booking again. The answer is the same whether there is one or not."""
    call.idempotency_key()  # there is nothing to replay, but one that is none is still a mistake
    confirming.send_again(call.ports, call.id("booking_id"))
    return Reply({"accepted": True}, 202, private=True)


def rendered(call: Call, status: int) -> Callable[[Booking], dict[str, Any]]:
    """How a booking is answered and stored for replays."""

    def render(booking: Booking) -> dict[str, Any]:
        headers = {"ETag": etag(booking)}
        if status == 201:
            base = call.catalog.site.base_url
            headers["Location"] = f"{base}/v1/bookings/{booking.booking_id}"
        body = present.booking(booking, call.catalog, staff=call.actor.staff)
        return {"status": status, "headers": headers, "body": body}

    return render


def change_of(call: Call) -> requests.ChangeRequest:
    """The body of a change as a request. Raises Refused."""
    body: BookingPatch = call.body
    if body.override and not call.actor.staff:
        raise Refused([Problem("invalid-request", "/override", {"why": "extra_forbidden"})])
    if body.space_id is not None and body.space_ids:
        raise Refused([Problem("invalid-request", "/space_id", {"why": "repeated"})])
    spaces = body.space_ids or ([body.space_id] if body.space_id is not None else None)
    times = {
        name: text for name, text in (("start", body.start), ("end", body.end)) if text is not None
    }
    instants = call.instants(*((f"/{name}", text) for name, text in times.items()))
    found = dict(zip(times, instants, strict=True))
    equipment = body.equipment
    return requests.ChangeRequest(
        starts_at=found.get("start"),
        ends_at=found.get("end"),
        space_ids=tuple(dict.fromkeys(spaces)) if spaces else None,
        units=body.units,
        equipment=None
        if equipment is None
        else {key: count for key, count in equipment.items() if count},
        title=body.title,
        notes=body.notes,
        attendees=body.attendees,
        override=tuple(body.override),
    )


def _person(given: PersonIn | None) -> Person | None:
    if given is None:
        return None
    return Person(given.name, given.email, given.organisation, given.language)


def _book(call: Call) -> Reply:
    request = request_of(call)
    intent = call.intent(rendered(call, 201), meant=request)
    return stored(bookings.book(call.ports, request, intent))
