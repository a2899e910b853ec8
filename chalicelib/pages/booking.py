"""Booking by a plain form: the form, its refusals, and the page that says it is done."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from chalicelib.api import problems
from chalicelib.api.bookings import request_of
from chalicelib.api.http import Call, Reply
from chalicelib.api.problems import ApiProblem
from chalicelib.api.texts import name_of
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import (
    Alternative,
    Conflict,
    IdempotencyMismatch,
    LabError,
    Problem,
    Refused,
    refuse,
)
from chalicelib.pages.errors import asked_language
from chalicelib.pages.form import Form, explain, form_of, label, moment, new_key, shown, things
from chalicelib.pages.form import typed as typed_in
from chalicelib.pages.html import HTML, choose_language, render, words_of
from chalicelib.pages.routes import routes
from chalicelib.pages.words import Words
from chalicelib.services import availability

PREFILLED = ("space_id", "start", "end", "attendees", "units")
REQUIRED = {"space_id": "/space_ids", "name": "/person/name", "email": "/person/email"}
MOVABLE = ("/start", "/end", "/space", "/attendees", "/units", "/equipment", "/facilitation")


@routes.add("GET", "/book", "The booking form", answers={200: None}, produces=HTML)
def empty(call: Call) -> Reply:
    """The form, with the space and the time of the link that led here."""
    choose_language(call, asked_language(call))
    query: Any = call.request.query_params or {}
    given = {name: [query[name][:40]] for name in PREFILLED if name in query}
    return _page(call, call.catalog, form_of(given))


@routes.add("POST", "/book", "The booking form again", answers={200: None}, produces=HTML)
def again(call: Call) -> Reply:
    """The form with what was typed and another time or space filled in. Changes nothing."""
    choose_language(call, asked_language(call))
    given = typed_in(call)
    form = form_of(given)
    used = (given.get("use") or [""])[-1].split("|")
    if len(used) == 3:
        spaces, form.values["start"], form.values["end"] = used
        several = tuple(spaces.split(","))
        form.space_ids = several if len(several) > 1 else ()
        form.values["space_id"] = several[0]
    for name in given.get("retime", ()):
        form.values.pop(name, None)
    return _page(call, call.catalog, form, filled=len(used) == 3)


def answered(call: Call, book: Callable[[], Reply]) -> Reply:
    """The answer to a form: the next page where one was asked for and is allowed, else our own.

    Raises Refused for a `next` that is not on an allowed site, before anything is booked. What
    `book` raises becomes a page, or a problem, where all errors do.
    """
    own = call.form or {}
    choose_language(call, own.get("lang"))
    target = own.get("next")
    if target is not None and not origin_of(target, call.catalog.site.allowed_sites):
        raise refuse("invalid-request", "/next", why="next")
    reply = book()
    if target is not None:
        return Reply(None, 303, {"Location": target}, text="", content_type=HTML, private=True)
    return _booked(call, reply)


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


def refused(call: Call, error: Exception, catalog: Catalog) -> Reply:
    """The form with every refusal beside its field, and all that was typed."""
    words = words_of(call, catalog)
    given = typed_in(call)
    form = form_of(given)
    status, body, headers = problems.presented(error, call.language, call.request_id, catalog)
    if isinstance(error, IdempotencyMismatch):
        form.key = new_key()
    if status >= 500:
        form.general = [words(f"error.{body['type'].rpartition('/')[2]}"), words("error.retry")]
    else:
        explain(form, [*problems_of(error, body), *_left_out(given)], catalog, words)
    reply = _page(
        call,
        catalog,
        form,
        status=status,
        heading=body["title"],
        conflicts=_conflicts(error, catalog, words),
        alternatives=_alternatives(call, error, catalog, words),
        request_id=call.request_id if status >= 500 else "",
    )
    reply.headers |= headers
    return reply


def problems_of(error: Exception, body: dict[str, Any]) -> list[Problem]:
    """The problems of an error, as its problem document has them."""
    if isinstance(error, Refused):
        return list(error.problems)
    if isinstance(error, ValueError):
        return problems.from_validation(error)  # type: ignore[arg-type]  # pydantic's is the only one
    return [Problem(body["type"].rpartition("/")[2])]


def _left_out(given: Mapping[str, list[str]]) -> list[Problem]:
    """What has to be filled in and was not: the rules would ask for it only in the next round."""
    empty = {name for name in ("name", "email", "accept_terms") if not any(given.get(name, ()))}
    if not any((*given.get("space_id", ()), *given.get("space_ids", ()))):
        empty.add("space_id")
    found = [
        Problem("invalid-request", pointer, {"why": "missing"})
        for name, pointer in REQUIRED.items()
        if given and name in empty
    ]
    if given and "accept_terms" in empty:
        found.append(Problem("terms-not-accepted", "/accept_terms"))
    return found


def _page(
    call: Call,
    catalog: Catalog,
    form: Form,
    *,
    status: int = 200,
    heading: str = "",
    **more: Any,
) -> Reply:
    words = words_of(call, catalog)
    target = origin_of(form.value("next"), catalog.site.allowed_sites)
    moments = {name: moment(form.value(name), words) for name in ("start", "end")}
    context: dict[str, Any] = {
        "form": form,
        "order": [name for name in shown(catalog) if name in form.errors],
        "moments": moments,
        "heading": heading,
        "conflicts": [],
        "alternatives": [],
        "request_id": "",
        "filled": False,
        **things(catalog, words),
    }
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


def _conflicts(error: Exception, catalog: Catalog, words: Words) -> list[str]:
    """What is in the way, in words; never whose it is."""
    found = error.conflicts if isinstance(error, Refused) else ()
    return list(dict.fromkeys(_conflict(each, catalog, words) for each in found))


def _conflict(conflict: Conflict, catalog: Catalog, words: Words) -> str:
    name = str(conflict.space_id or conflict.resource_id)
    space = catalog.spaces.get(name)
    what = label(space, words) if space else words("conflict.facilitator")
    when = words.when(conflict.starts_at, conflict.ends_at)
    return words(f"conflict.{conflict.reason}", space=what, when=when)


def _alternatives(
    call: Call, error: Exception, catalog: Catalog, words: Words
) -> list[tuple[str, str]]:
    """Other times and spaces: what a button says, and what it fills in."""
    if not isinstance(error, Refused):
        return []
    found: tuple[Alternative, ...] = error.alternatives
    if all(problem.pointer.startswith(MOVABLE) for problem in error.problems):
        with suppress(LabError, ApiProblem, ValueError):
            found = availability.preview(call.ports, request_of(call), call.actor).alternatives
    return [(_offer(each, catalog, words), _filling(each, words)) for each in found]


def _offer(one: Alternative, catalog: Catalog, words: Words) -> str:
    names = (label(catalog.spaces[each], words) for each in one.space_ids)
    return f"{', '.join(names)}: {words.when(one.starts_at, one.ends_at)}"


def _filling(one: Alternative, words: Words) -> str:
    times = (each.astimezone(words.zone).isoformat() for each in (one.starts_at, one.ends_at))
    return "|".join((",".join(one.space_ids), *times))


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
    kept = ("Location", "Idempotency-Replayed")
    page.headers |= {name: reply.headers[name] for name in kept if name in reply.headers}
    return page


def _week(start: str) -> str:
    year, number, _ = datetime.fromisoformat(start).isocalendar()
    return f"{year}-W{number:02d}"
