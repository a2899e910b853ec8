"""Where a mail to the Lab's own mailbox leads: a request, with two buttons."""

from typing import Any

from chalicelib.api.call import Call
from chalicelib.api.problems import ApiProblem
from chalicelib.api.replies import Reply
from chalicelib.domain.bookings import Booking, State, etag
from chalicelib.domain.errors import Refused, StaleVersion
from chalicelib.pages.errors import asked_language
from chalicelib.pages.form import label, last, typed
from chalicelib.pages.html import HTML, choose_language, render, words_of
from chalicelib.pages.routes import routes
from chalicelib.services import bookings, opening
from chalicelib.services.access import Action
from chalicelib.services.links import actor_of_decision
from chalicelib.services.writing import Intent

DECIDE = "/decide/{booking_id}/{token}"
MOST_REASON = 2000


@routes.add(
    "GET",
    DECIDE,
    "A request, by staff's link",
    answers={200: None},
    produces=HTML,
    action=Action.ENTER,
)
def show(call: Call) -> Reply:
    """The request as it is now. Changes nothing: scanners open links."""
    choose_language(call, asked_language(call))
    return _page(call, _booking(call))


@routes.add(
    "POST", DECIDE, "Answer a request", answers={200: None}, produces=HTML, action=Action.ENTER
)
def act(call: Call) -> Reply:
    """Approve or deny what was seen; where it has changed since, say so and show it again."""
    given = typed(call)
    choose_language(call, asked_language(call))
    booking = _booking(call)
    if not _waits(booking):  # answered already: by a second click, or by somebody else
        return _page(call, booking)
    booking_id, intent = booking.booking_id, _intent(call)
    reason = last(given, "reason").replace("\r\n", "\n").strip()[:MOST_REASON]
    tags = (last(given, "seen"),)
    actions = {
        "approve": lambda: bookings.approve(call.ports, booking_id, tags, intent),
        "deny": lambda: bookings.deny(call.ports, booking_id, reason, tags, intent),
    }
    wanted = last(given, "action")
    refused = ""
    try:
        if wanted in actions:
            actions[wanted]()
    except StaleVersion:
        refused = "stale"
    except Refused:
        refused = "refused"
    done = wanted if wanted in actions and not refused else ""
    return _page(call, _booking(call), done=done, refused=refused, reason=reason)


def _booking(call: Call) -> Booking:
    """What the link opens; one that opens nothing is answered as one that there never was."""
    booking_id, token = call.params["booking_id"], call.params["token"]
    booking = opening.opened(call.ports, opening.DECIDE, booking_id, token)
    if booking is None:
        raise ApiProblem("not-found")
    return booking


def _waits(booking: Booking) -> bool:
    """Whether there is something to answer."""
    changing = booking.live and booking.pending_change is not None
    return booking.state is State.PENDING or changing


def _intent(call: Call) -> Intent:
    booking_id = call.params["booking_id"]
    return Intent(
        actor=actor_of_decision(booking_id),
        method="POST",
        path=f"/decide/{booking_id}",
        fingerprint="",
        render=lambda booking: {"booking_id": booking.booking_id},
    )


def _page(
    call: Call, booking: Booking, *, done: str = "", refused: str = "", reason: str = ""
) -> Reply:
    catalog = call.catalog
    words = words_of(call, catalog)
    change = booking.pending_change if booking.live else None
    waits = _waits(booking)

    def place(space_ids: tuple[str, ...]) -> str:
        spaces = [catalog.spaces[each] for each in space_ids if each in catalog.spaces]
        return ", ".join(label(space, words) for space in spaces)

    wanted = ""
    if change is not None:
        wanted = f"{place(change.space_ids)}, {words.when(change.starts_at, change.ends_at)}"
    more: dict[str, Any] = {
        "booking": booking,
        "waits": waits,
        "heading": ("waits_change" if change else "waits") if waits else "over",
        "seen": etag(booking),
        "spaces": place(booking.space_ids),
        "when": words.when(booking.starts_at, booking.ends_at),
        "wanted": wanted,
        "done": done,
        "refused": words(f"decide.{refused}") if refused else "",
        "reason": reason if refused else "",
    }
    return render(
        call, "decide.html", catalog, private=True, status=409 if refused else 200, **more
    )
