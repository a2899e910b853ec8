"""A form that was refused: every reason beside its field, what was typed, and what would do instead."""

from collections.abc import Mapping
from contextlib import suppress

from chalicelib.api import problems
from chalicelib.api.bookings import request_of
from chalicelib.api.call import Call
from chalicelib.api.problems import ApiProblem
from chalicelib.api.replies import Reply
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import (
    Alternative,
    Conflict,
    IdempotencyMismatch,
    LabError,
    Problem,
    Refused,
)
from chalicelib.pages.booking import form_page
from chalicelib.pages.errors import why_again
from chalicelib.pages.form import explain, form_of, label, new_key
from chalicelib.pages.form import typed as typed_in
from chalicelib.pages.html import words_of
from chalicelib.pages.words import Words
from chalicelib.services import availability
from chalicelib.services.access import seen_by

HEADINGS = {"invalid-request": "book.errors", "forbidden": "again.title"}
REQUIRED = {"space_id": "/space_ids", "name": "/person/name", "email": "/person/email"}
MOVABLE = ("/start", "/end", "/space", "/attendees", "/units", "/equipment", "/facilitation")


def again(call: Call, error: Exception, catalog: Catalog) -> Reply | None:
    """The form with every refusal beside its field, and all that was typed."""
    if not catalog.spaces:  # the settings could not be read: there is nothing to choose from
        return None
    catalog = seen_by(call.known_actor, catalog)
    words = words_of(call, catalog)
    given = typed_in(call)
    form = form_of(given)
    status, body, headers = problems.presented(error, call.language, call.request_id, catalog)
    code = body["type"].rpartition("/")[2]
    if isinstance(error, IdempotencyMismatch):
        form.key = new_key()
    if status == 403:
        form.general = [why_again(call, words)]
    elif status >= 500:
        form.general = [words(f"error.{code}"), words("error.retry")]
    else:
        explain(form, [*problems_of(error), *_left_out(given)], catalog, words)
    reply = form_page(
        call,
        catalog,
        form,
        status=status,
        heading=words(HEADINGS[code]) if code in HEADINGS else body["title"],
        log_in_again=status == 403 and call.session_is_over,
        conflicts=_conflicts(error, catalog, words),
        alternatives=_alternatives(call, error, catalog, words),
        request_id=call.request_id if status >= 500 else "",
    )
    reply.headers |= headers
    return reply


def problems_of(error: Exception) -> list[Problem]:
    """The problems of an error, as its problem document has them."""
    return problems.contents(error)[0]


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
