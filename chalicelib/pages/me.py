"""A person's own page: their bookings, what they said of themselves, and what they can do with all of it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from chalicelib.api import problems
from chalicelib.api.call import Call
from chalicelib.api.replies import Reply
from chalicelib.api.schemas.auth import MeForm
from chalicelib.domain.bookings import Booking, judged
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import StaleVersion
from chalicelib.pages.errors import asked_language, why_again
from chalicelib.pages.form import Form, explain, label, last, new_key, typed
from chalicelib.pages.html import HTML, choose_language, link, render, see, words_of
from chalicelib.pages.refusal import problems_of
from chalicelib.pages.routes import routes
from chalicelib.pages.words import Words
from chalicelib.services import account, links
from chalicelib.services.access import Action
from chalicelib.services.account import Account, AccountChange

FIELDS = ("name", "organisation", "language", "reminders", "seen")
DONE = ("saved",)
BACK = timedelta(days=30)
AHEAD = timedelta(days=800)
MOST = 100  # of a part of the list; what is more is left to the interface


@routes.add("GET", "/me", "One's own page", answers={200: None}, produces=HTML, action=Action.OWN)
def show(call: Call) -> Reply:
    """What there is of somebody, and what they said."""
    choose_language(call, asked_language(call))
    query: Any = call.request.query_params or {}
    found = account.read(call.ports, call.actor)
    return _page(call, found, _form_of(found), done=query.get("done", ""))


def again(call: Call, error: Exception, catalog: Catalog) -> Reply | None:
    """The page with what was typed, and what is wrong with it."""
    status, body, headers = problems.presented(error, call.language, call.request_id, catalog)
    if status >= 500 or not call.reader:
        return None
    words = words_of(call, catalog)
    found, form = account.read(call.ports, call.actor), _typed(call)
    if status == 403:
        form.refuse(None, why_again(call, words))
    else:
        explain(form, problems_of(error, body), catalog, words)
    heading = words("again.title" if status == 403 else "book.errors")
    reply = _page(call, found, form, status=status, heading=heading)
    reply.headers |= headers
    return reply


@routes.add(
    "POST",
    "/me",
    "Change oneself, by the page",
    body=MeForm,
    answers={303: None},
    produces=HTML,
    forms=True,
    guarded=True,
    again=again,
    action=Action.OWN,
)
def change(call: Call) -> Reply:
    """Keep what was typed; where something was changed elsewhere meanwhile, show it again first."""
    choose_language(call, asked_language(call))
    body: MeForm = call.body
    wanted = AccountChange(body.name, body.organisation, body.language, body.reminders)
    try:
        account.change(call.ports, wanted, (body.seen,), call.intent(lambda _: {"status": 303}))
    except StaleVersion:
        return _stale(call)
    return see(link(call, "me", lang=call.language, done="saved"))


def _stale(call: Call) -> Reply:
    found, form, words = (
        account.read(call.ports, call.actor),
        _typed(call),
        words_of(call, call.catalog),
    )
    form.values["seen"] = account.etag(found.profile)
    form.refuse(None, words("me.stale"))
    return _page(call, found, form, status=409, heading=words("book.errors"))


def _form_of(found: Account) -> Form:
    person = found.profile.person
    values = {
        "name": person.name,
        "organisation": person.organisation,
        "language": person.language,
        "reminders": "on" if found.reminders else "",
        "seen": account.etag(found.profile),
    }
    return Form(values, key=new_key())


def _typed(call: Call) -> Form:
    given = typed(call)
    return Form({name: last(given, name) for name in FIELDS}, key=new_key())


def _page(
    call: Call, found: Account, form: Form, *, status: int = 200, heading: str = "", done: str = ""
) -> Reply:
    catalog, now = call.catalog_or_defaults, call.ports.clock.now()
    words = words_of(call, catalog)
    ahead, over = _bookings(call, now)
    until = found.profile.partner_until
    return render(
        call,
        "me.html",
        catalog,
        status=status,
        private=True,
        here={"page": "me"},
        form=form,
        refusal=heading,
        done=done if done in DONE else "",
        email=found.profile.person.email,
        role=found.role.value,
        until=words.day(until, year=True) if found.role.value == "partner" and until else "",
        ahead=_lines(call, ahead, catalog, words),
        over=_lines(call, reversed(over), catalog, words),
    )


def _bookings(call: Call, now: datetime) -> tuple[list[Booking], list[Booking]]:
    """A person's bookings to come, and those that are over or were called off, of the last days."""
    found: list[Booking] = []
    after: Any = None
    while len(found) < MOST:
        page = call.ports.bookings.by_person(
            call.actor.person_id, now - BACK, now + AHEAD, MOST, after
        )
        found += [judged(booking, now) for booking in page.items]
        if (after := page.next) is None:
            break
    to_come = [booking for booking in found if booking.live and booking.ends_at > now]
    return to_come, [booking for booking in found if booking not in to_come]


def _lines(
    call: Call, found: Iterable[Booking], catalog: Catalog, words: Words
) -> list[dict[str, str]]:
    """Bookings as the page lists them: when, where and what, how they stand, and where that is changed."""
    return [
        {
            "when": words.when(booking.starts_at, booking.ends_at),
            "where": ", ".join(
                label(catalog.spaces[each], words)
                for each in booking.space_ids
                if each in catalog.spaces
            ),
            "title": booking.title,
            "state": words(f"decide.state_{booking.state.value}"),
            "page": links.manage_page(call.ports, booking.booking_id),
        }
        for booking in found
    ]
