"""Errors as pages: a refused form comes back with what was typed, anything else says what to do."""

from typing import Any

from chalicelib.api import problems
from chalicelib.api.call import Call
from chalicelib.api.replies import Reply
from chalicelib.pages.form import typed
from chalicelib.pages.html import choose_language, render


def page_of(call: Call, error: Exception) -> Reply | None:
    """The page of an error, or None where nobody made one for it."""
    choose_language(call, asked_language(call))
    catalog = call.catalog_or_defaults
    if call.operation.path == "/v1/bookings":
        from chalicelib.pages.refusal import refused

        if catalog.spaces:
            return refused(call, error, catalog)
    elif not call.of_pages:
        return None
    status, body, headers = problems.presented(error, call.language, call.request_id, catalog)
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
        return (typed(call).get("lang") or [""])[-1]
    query: Any = call.request.query_params
    return query.get("lang") if query else None


def _message(status: int, body: dict[str, Any]) -> str:
    return "" if status >= 500 else str(body["detail"])
