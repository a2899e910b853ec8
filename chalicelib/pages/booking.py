"""Booking by a plain form: the form, its refusals, and the page that says it is done."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from chalicelib.api.call import Call
from chalicelib.api.replies import Reply
from chalicelib.api.texts import name_of
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import refuse
from chalicelib.pages import standing
from chalicelib.pages.errors import asked_language
from chalicelib.pages.form import Form, form_of, label, last, moment, summary, things
from chalicelib.pages.form import typed as typed_in
from chalicelib.pages.html import HTML, choose_language, render, see, words_of
from chalicelib.pages.routes import routes
from chalicelib.services.access import Action, seen_by

PREFILLED = ("space_id", "start", "end", "attendees", "units")


@routes.add(
    "GET", "/book", "The booking form", answers={200: None}, produces=HTML, action=Action.LOOK
)
def empty(call: Call) -> Reply:
    """The form, with the space and the time of the link that led here."""
    choose_language(call, asked_language(call))
    query: Any = call.request.query_params or {}
    given = {name: [query[name][:40]] for name in PREFILLED if name in query}
    return form_page(call, call.catalog, introduced(call, form_of(given)))


@routes.add(
    "POST",
    "/book",
    "The booking form again",
    answers={200: None},
    produces=HTML,
    action=Action.LOOK,
)
def again(call: Call) -> Reply:
    """The form with what was typed and another time or space filled in. Changes nothing."""
    choose_language(call, asked_language(call))
    given = typed_in(call)
    form = form_of(given)
    used = last(given, "use").split("|")
    if len(used) == 3:
        spaces, form.values["start"], form.values["end"] = used
        several = tuple(spaces.split(","))
        form.space_ids = several if len(several) > 1 else ()
        form.values["space_id"] = several[0]
    for name in given.get("retime", ()):
        form.values.pop(name, None)
    return form_page(call, call.catalog, form, filled=len(used) == 3)


def answered(call: Call, book: Callable[[], Reply]) -> Reply:
    """The answer to the booking form, as `posted` gives it."""
    return posted(call, book, _booked)


def posted(call: Call, act: Callable[[], Reply], page: Callable[[Call, Reply], Reply]) -> Reply:
    """The answer to a form: the next page where one was asked for and is allowed, else our own `page`.

    Raises Refused for a `next` that is not on an allowed site, before anything is written. What
    `act` raises becomes a page, or a problem, where all errors do.
    """
    own = call.form or {}
    choose_language(call, own.get("lang"))
    target = own.get("next")
    if target is not None and not origin_of(target, call.catalog.site.allowed_sites):
        raise refuse("invalid-request", "/next", why="next")
    reply = act()
    if target is not None:
        return see(target)
    return page(call, reply)


def origin_of(address: str, allowed: Iterable[str]) -> str | None:
    """The origin of an address if it is exactly one that is allowed (RFC 6454), else None."""
    if "\\" in address or not all("!" <= sign <= "~" for sign in address):
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    origin = f"{parts.scheme}://{parts.netloc.lower()}"
    known = {site.lower() for site in allowed}
    return origin if parts.scheme in ("https", "http") and origin in known else None


def introduced(call: Call, form: Form) -> Form:
    """A form that is new to its reader, filled with what is known of who has logged in."""
    person = call.reader
    if person is not None:
        known = {
            "name": person.name,
            "email": person.email,
            "organisation": person.organisation,
            "language": person.language,
        }
        form.values = {name: value for name, value in known.items() if value} | form.values
    return form


def form_page(
    call: Call,
    catalog: Catalog,
    form: Form,
    *,
    status: int = 200,
    heading: str = "",
    **more: Any,
) -> Reply:
    target = origin_of(form.value("next"), catalog.site.allowed_sites)
    context = form_context(call, catalog, form) | {"heading": heading, "refusal": heading}
    here = {"page": "book"} | {name: form.value(name) for name in PREFILLED if form.value(name)}
    return render(
        call,
        "book.html",
        catalog,
        status=status,
        private=True,
        here=here,
        form_to=target or "",
        **context | more,
    )


def form_context(call: Call, catalog: Catalog, form: Form) -> dict[str, Any]:
    """What the template of the form needs, on whichever page it stands; nothing is refused yet.

    Who has logged in books for their own address, unless they are staff, who book for anybody.
    """
    words = words_of(call, catalog)
    catalog = seen_by(call.known_actor, catalog)
    own = None if call.known_actor.staff else call.reader
    return {
        "form": form,
        "summary": summary(form, catalog, words),
        "moments": {name: moment(form.value(name), words) for name in ("start", "end")},
        "refusal": "",
        "conflicts": [],
        "alternatives": [],
        "request_id": "",
        "filled": False,
        "own": own,
        "standing": standing.of_reader(call, catalog.site, words),
        "log_in_again": False,
        **things(catalog, words),
    }


def _booked(call: Call, reply: Reply) -> Reply:
    """The page that says what was booked; a repeated post gets the same."""
    catalog, booking = call.catalog, reply.body
    words = words_of(call, catalog)
    spaces = [catalog.spaces[each] for each in booking["space_ids"] if each in catalog.spaces]
    confirm_by = booking["confirm_by"]
    page = render(
        call,
        "booked.html",
        catalog,
        status=reply.status,
        private=True,
        here={"page": ""},
        booking=booking,
        spaces=[
            (label(space, words), name_of(space.instructions, words.language)) for space in spaces
        ],
        equipment=[
            f"{label(catalog.spaces[each], words)}: {count}"
            for each, count in booking["equipment"].items()
            if each in catalog.spaces
        ],
        week=_week(booking["start"]),
        pool=any(space.units > 1 for space in spaces),
        when=words.when(*(datetime.fromisoformat(booking[name]) for name in ("start", "end"))),
        by=words.at(datetime.fromisoformat(confirm_by)) if confirm_by else "",
        person=call.body.person,
    )
    kept = ("Location", "ETag", "Idempotency-Replayed")
    page.headers |= {name: reply.headers[name] for name in kept if name in reply.headers}
    return page


def _week(start: str) -> str:
    year, number, _ = datetime.fromisoformat(start).isocalendar()
    return f"{year}-W{number:02d}"
