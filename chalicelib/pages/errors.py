"""Errors as pages: a refused form comes back with what was typed, anything else says what to do."""

from typing import Any

from chalicelib.api import problems
from chalicelib.api.call import Call
from chalicelib.api.replies import Reply
from chalicelib.pages.form import last, typed
from chalicelib.pages.html import choose_language, link, render, see
from chalicelib.pages.words import Words
from chalicelib.services.access import Action


def page_of(call: Call, error: Exception) -> Reply | None:
    """The page of an error, or None where nobody made one for it."""
    choose_language(call, asked_language(call))
    catalog = call.catalog_or_defaults
    again = call.operation.again
    if again is None and not call.of_pages:
        return None
    if again is not None and (page := again(call, error, catalog)):
        return page
    status, body, headers = problems.presented(error, call.language, call.request_id, catalog)
    if status == 401 and call.operation.action in (Action.OWN, Action.RUN):
        return _to_login(call)
    reply = render(
        call,
        "error.html",
        catalog,
        status=status,
        heading=body["title"],
        message=_message(status, body),
        request_id=call.request_id,
    )
    reply.headers |= headers
    return reply


def asked_language(call: Call) -> str | None:
    """The language that a link or a form of ours asks for."""
    if call.request.method == "POST":
        return last(typed(call), "lang")
    query: Any = call.request.query_params
    return query.get("lang") if query else None


def why_again(call: Call, words: Words) -> str:
    """Why a form of ours that was refused as none has to be sent once more."""
    return words("again.session" if call.session_is_over else "again.token")


def _to_login(call: Call) -> Reply:
    """Nobody's own page, or a host's: first who they are, then back to it, or to where its form stands."""
    path = call.operation.path.format(**call.params).lstrip("/")
    page = path if call.request.method in ("GET", "HEAD") else "me"
    return see(link(call, "login", lang=call.language, page=page))


def _message(status: int, body: dict[str, Any]) -> str:
    return "" if status >= 500 else str(body["detail"])
