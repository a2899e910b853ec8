"""The pages that mails lead to: looking shows and pressing a button acts, since scanners open links."""

from collections.abc import Callable
from typing import Any

from chalicelib.api.call import Call
from chalicelib.api.problems import ApiProblem
from chalicelib.api.replies import Reply
from chalicelib.domain.bookings import Booking, State
from chalicelib.domain.errors import Refused
from chalicelib.domain.limits import Purpose
from chalicelib.pages.code_page import CodePage
from chalicelib.pages.errors import asked_language
from chalicelib.pages.form import label, last, typed
from chalicelib.pages.html import HTML, choose_language, render, see, words_of
from chalicelib.pages.routes import routes
from chalicelib.services import bookings, confirming, opening
from chalicelib.services.access import Action
from chalicelib.services.links import actor_of_link, manage_url, token_matches
from chalicelib.services.writing import Intent

MANAGE = "/manage/{booking_id}/{token}"
CONFIRM = "/confirm/{booking_id}"
CODE = CodePage("manage", "book", "booked.again")
UNSUBSCRIBE = "/unsubscribe/{person_id}/{token}"


@routes.add(
    "GET", MANAGE, "A booking, by its link", answers={200: None}, produces=HTML, action=Action.ENTER
)
def show(call: Call) -> Reply:
    """The booking as it is now, and what can be done with it. Changes nothing."""
    query: Any = call.request.query_params or {}
    choose_language(call, asked_language(call))
    return _page(call, _booking(call), code=str(query.get("code", ""))[:40])


@routes.add(
    "POST",
    MANAGE,
    "Confirm or cancel, by the link",
    answers={200: None},
    produces=HTML,
    action=Action.ENTER,
)
def act(call: Call) -> Reply:
    """Confirm the booking, or cancel it; done twice it is done once."""
    given = typed(call)
    choose_language(call, asked_language(call))
    booking = _booking(call)
    code = last(given, "code")[:40]
    actions: dict[str, Callable[[], object]] = {
        "confirm": lambda: confirming.confirm(call.ports, booking.booking_id, code, _intent(call)),
        "cancel": lambda: bookings.cancel(call.ports, booking.booking_id, "", None, _intent(call)),
        "code": lambda: confirming.send_again(call.ports, booking.booking_id),
    }
    wanted = last(given, "action")
    refused = None
    try:
        actions.get(wanted, lambda: None)()
    except Refused as error:
        refused = error
    return _page(
        call, _booking(call), code=code, done=wanted if not refused else "", refused=refused
    )


@routes.add(
    "GET", CONFIRM, "Where a code is typed", answers={200: None}, produces=HTML, action=Action.ENTER
)
def ask_code(call: Call) -> Reply:
    """A field for the code of a mail: the same for every id, whether there is a hold or not."""
    choose_language(call, asked_language(call))
    return CODE.page(call)


@routes.add(
    "POST",
    CONFIRM,
    "Confirm with a typed code",
    answers={200: None},
    produces=HTML,
    again=CODE.again,
    purpose=Purpose.CODE,
    action=Action.ENTER,
)
def take_code(call: Call) -> Reply:
    """Who has the code has read the mail, and goes on to the page that its link leads to."""
    given = typed(call)
    choose_language(call, asked_language(call))
    booking_id = call.id("booking_id")
    if last(given, "action") == "code":
        confirming.send_again(call.ports, booking_id)
        return CODE.page(call, done="code")
    code = last(given, "code")[:40]
    try:
        confirming.confirm(call.ports, booking_id, code, _intent(call))
    except Refused as refused:
        why = _reason(refused, words_of(call, call.catalog))
        return CODE.page(call, refused=why, status=409)
    booking = bookings.read(call.ports, booking_id, actor_of_link(booking_id))
    target = f"{manage_url(call.ports, booking)}?lang={call.language}"
    return see(target)


@routes.add(
    "GET",
    UNSUBSCRIBE,
    "Reminders, by a link",
    answers={200: None},
    produces=HTML,
    action=Action.ENTER,
)
def ask(call: Call) -> Reply:
    """Ask whether reminders are to be switched off. Changes nothing."""
    choose_language(call, asked_language(call))
    _check(call, "unsubscribe", call.params["person_id"])
    return _reminders(call, done=False)


@routes.add(
    "POST",
    UNSUBSCRIBE,
    "Switch reminders off",
    answers={200: None},
    produces=HTML,
    action=Action.ENTER,
)
def unsubscribe(call: Call) -> Reply:
    """Switch reminders off, and nothing else (RFC 8058: one click, no cookies, no questions)."""
    choose_language(call, asked_language(call))
    person_id = call.params["person_id"]
    _check(call, "unsubscribe", person_id)
    call.ports.people.set_reminders(person_id, on=False)
    return _reminders(call, done=True)


def _check(call: Call, purpose: str, thing: str) -> None:
    """A wrong link is answered as one that there never was, before anything is looked for."""
    if not token_matches(call.ports, purpose, thing, call.params["token"]):
        raise ApiProblem("not-found")


def _booking(call: Call) -> Booking:
    """What the link opens; one that opens nothing is answered as one that there never was."""
    booking_id, token = call.params["booking_id"], call.params["token"]
    booking = opening.opened(call.ports, opening.MANAGE, booking_id, token)
    if booking is None:
        raise ApiProblem("not-found")
    return booking


def _intent(call: Call) -> Intent:
    booking_id = call.params["booking_id"]
    return Intent(
        actor=actor_of_link(booking_id),
        method="POST",
        path=f"/manage/{booking_id}",
        fingerprint="",
        render=lambda booking: {"booking_id": booking.booking_id},
    )


def _page(
    call: Call, booking: Booking, *, code: str, done: str = "", refused: Refused | None = None
) -> Reply:
    catalog = call.catalog
    words = words_of(call, catalog)
    spaces = [catalog.spaces[each] for each in booking.space_ids if each in catalog.spaces]
    over = call.ports.clock.now() >= booking.starts_at
    return render(
        call,
        "manage.html",
        catalog,
        private=True,
        status=200 if refused is None else 409,
        booking=booking,
        state=booking.state.value,
        code=code,
        done=done,
        refused=_reason(refused, words),
        spaces=", ".join(label(space, words) for space in spaces),
        when=words.when(booking.starts_at, booking.ends_at),
        by=words.at(booking.confirm_by) if booking.confirm_by else "",
        held=booking.state is State.HELD,
        cancellable=booking.live and not over,
    )


def _reason(refused: Refused | None, words: Callable[..., str]) -> str:
    if refused is None:
        return ""
    known = {"invalid-request": "wrong_code", "hold-expired": "expired"}
    return words(f"manage.{known.get(refused.code, 'refused')}")


def _reminders(call: Call, *, done: bool) -> Reply:
    return render(call, "unsubscribe.html", call.catalog, private=True, done=done)
