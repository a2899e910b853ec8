"""Logging in at an OpenID provider: a button leads there, and what its browser brings back logs it in."""

from typing import Any

from chalicelib.api import cookies, problems
from chalicelib.api.call import Call
from chalicelib.api.problems import ApiProblem
from chalicelib.api.replies import Reply
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import Forbidden, Refused, Unavailable
from chalicelib.pages.errors import asked_language, why_again
from chalicelib.pages.form import Form
from chalicelib.pages.html import HTML, choose_language, render, words_of
from chalicelib.pages.login import ask_page, entered, typed_address
from chalicelib.pages.routes import routes
from chalicelib.services import sign_on
from chalicelib.services.access import Action
from chalicelib.services.sign_on import Returned

MOST_ANSWER = 4096  # of a code: Entra ID's are some 1,500 characters
REASONS: dict[type[Exception], str] = {
    Forbidden: "provider_refused",
    Unavailable: "provider_down",
}


def again(call: Call, error: Exception, catalog: Catalog) -> Reply | None:
    """The login page, with why the provider's way led nowhere."""
    words = words_of(call, catalog)
    status, _, headers = problems.presented(error, call.language, call.request_id, catalog)
    heading, reason = words("login.not_in"), _reason(error)
    why = words(f"login.{reason}") if reason else ""
    if isinstance(error, ApiProblem) and status == 403:
        heading, why = words("again.title"), why_again(call, words)
    if not why:
        return None
    form = typed_address(call) if call.request.method == "POST" else Form()
    form.refuse(None, why)
    reply = ask_page(call, catalog, form, status=status, heading=heading)
    reply.headers |= headers
    return reply


@routes.add(
    "POST",
    "/login/provider",
    "To the provider that one logs in at",
    answers={200: None},
    produces=HTML,
    forms=True,
    guarded=True,
    quick=True,
    again=again,
    action=Action.ENTER,
)
def leave(call: Call) -> Reply:
    """A page that leads there by itself.

    A redirection would be held to this page's `form-action` (CSP 3, 4.2.4), all the way through the
    addresses of a provider that sends people on to their own; a page is where a form's way ends.
    """
    choose_language(call, asked_language(call))
    sent = sign_on.begin(call.ports, call.language, typed_address(call).value("page"))
    reply = render(call, "login_provider.html", call.catalog, private=True, target=sent.address)
    reply.headers["Set-Cookie"] = cookies.written(cookies.LOGIN, sent.cookie, call.catalog.site)
    return reply


@routes.add(
    "GET",
    "/login/callback",
    "Back from the provider",
    answers={303: None},
    produces=HTML,
    again=again,
    action=Action.ENTER,
)
def come_back(call: Call) -> Reply:
    """Who comes back with the answer to what this browser was sent away with is logged in.

    A GET that writes, as the protocol has it: the state shows that our own page was where it began.
    """
    query: Any = call.request.query_params or {}
    said = {name: query.get(name, "")[:MOST_ANSWER] for name in ("state", "code", "iss", "error")}
    choose_language(call, said["state"].rpartition(".")[2])
    code = "" if said["error"] else said["code"]
    returned = Returned(said["state"], code, said["iss"])
    cookie, before = call.cookie(cookies.LOGIN), call.session_hash
    return entered(call, sign_on.finish(call.ports, cookie, returned, before))


def _reason(error: Exception) -> str:
    """Which text says why; "" where it is nothing that the provider has to do with."""
    if isinstance(error, Refused):
        known = {"email-not-allowed": "provider_not_allowed"}
        return known.get(error.code, "provider_over")
    return REASONS.get(type(error), "")
