"""Logging in by the code of a mail, and out again."""

import re
from typing import Any

from chalicelib.api import cookies, problems
from chalicelib.api.call import Call
from chalicelib.api.replies import Reply
from chalicelib.api.schemas.auth import MOST_PAGE, PAGE, LinkIn
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import Problem, Refused
from chalicelib.domain.limits import Purpose
from chalicelib.pages.errors import asked_language, why_again
from chalicelib.pages.form import MISSING, Form, last, typed
from chalicelib.pages.html import HTML, choose_language, link, render, see, words_of
from chalicelib.pages.refusal import problems_of
from chalicelib.pages.routes import routes
from chalicelib.pages.words import Words
from chalicelib.services import login, sessions
from chalicelib.services.access import Action
from chalicelib.services.sessions import Entered

OUT = {"1": "out", "forgotten": "forgotten"}  # why somebody is logged out


def again(call: Call, error: Exception, catalog: Catalog) -> Reply | None:
    """The address form with what is wrong with it, or why it has to be sent once more."""
    words = words_of(call, catalog)
    status, body, headers = problems.presented(error, call.language, call.request_id, catalog)
    if status >= 500:
        return None
    form = typed_address(call)
    heading = words("book.errors")
    if status == 403:
        heading = words("again.title")
        form.refuse(None, why_again(call, words))
    for problem in problems_of(error) if status != 403 else ():
        email = problem.pointer == "/email"
        form.refuse("email" if email else None, _message(problem, body, words))
    reply = ask_page(call, catalog, form, status=status, heading=heading)
    reply.headers |= headers
    return reply


@routes.add(
    "GET", "/login", "Where one logs in", answers={200: None}, produces=HTML, action=Action.ENTER
)
def show(call: Call) -> Reply:
    """A field for one's address (`?page=book`: where to go then)."""
    choose_language(call, asked_language(call))
    query: Any = call.request.query_params or {}
    form = Form({"page": _page_of_ours(query.get("page", ""))})
    return ask_page(call, call.catalog, form, out=query.get("out", ""))


@routes.add(
    "POST",
    "/login",
    "Ask for a code to log in by",
    body=LinkIn,
    answers={200: None},
    produces=HTML,
    forms=True,
    guarded=True,
    again=again,
    purpose=Purpose.LINK,
    action=Action.ENTER,
)
def ask(call: Call) -> Reply:
    """Mail a code and a link, whoever asks, and show where the code is typed."""
    choose_language(call, asked_language(call))
    body: LinkIn = call.body
    cookie = login.ask(call.ports, body.email, body.language, body.page, network=call.network)
    reply = _code_page(call, typed_address(call), sent=True)
    reply.headers["Set-Cookie"] = cookies.written(cookies.LOGIN, cookie, call.catalog.site)
    return reply


@routes.add(
    "GET",
    "/login/code",
    "Where the code to log in by is typed",
    answers={200: None},
    produces=HTML,
    action=Action.ENTER,
)
def show_code(call: Call) -> Reply:
    """A field for the code of the mail."""
    choose_language(call, asked_language(call))
    return _code_page(call, Form())


def code_again(call: Call, error: Exception, catalog: Catalog) -> Reply | None:
    """The field for the code once more."""
    status, _, headers = problems.presented(error, call.language, call.request_id, catalog)
    if status >= 500:
        return None
    words = words_of(call, catalog)
    wrong = why_again(call, words) if status == 403 else _wrong(call, error, words)
    reply = _code_page(call, typed_address(call), status=status, wrong=wrong)
    reply.headers |= headers
    return reply


@routes.add(
    "POST",
    "/login/code",
    "Log in by the code",
    answers={303: None},
    produces=HTML,
    forms=True,
    guarded=True,
    quick=True,
    again=code_again,
    purpose=Purpose.LOG_IN,
    action=Action.ENTER,
)
def take_code(call: Call) -> Reply:
    """Who types the code of the mail in the browser that asked is logged in."""
    choose_language(call, asked_language(call))
    code = last(typed(call), "code")[:40]
    cookie = call.cookie(cookies.LOGIN)
    before, network = call.session_hash, call.network
    return entered(call, login.by_code(call.ports, cookie, code, before, network=network))


@routes.add(
    "POST",
    "/logout",
    "Log out here, or everywhere",
    answers={303: None},
    produces=HTML,
    forms=True,
    guarded=True,
    quick=True,
    action=Action.ENTER,
)
def log_out(call: Call) -> Reply:
    """End the session of this browser, or with `everywhere` all of them; who has none is out already."""
    choose_language(call, asked_language(call))
    if call.actor.session and last(typed(call), "everywhere"):
        sessions.end_all(call.ports, call.intent(lambda _: {"status": 303}))
    elif call.actor.session:
        sessions.end(call.ports, call.actor)
    gone = cookies.written(cookies.SESSION, "", call.catalog.site)
    target = link(call, "login", lang=call.language, out="1")
    return see(target, {"Set-Cookie": gone})


def entered(call: Call, found: Entered) -> Reply:
    """On to the page that somebody came for, or to their own, with the cookie of their session."""
    cookie = cookies.written(cookies.SESSION, found.cookie, call.catalog.site)
    target = link(call, _page_of_ours(found.next) or "me", lang=call.language)
    return see(target, {"Set-Cookie": cookie})


def typed_address(call: Call) -> Form:
    """The address and the wanted page, as they were typed."""
    given = typed(call)
    values = {name: last(given, name) for name in ("email", "page")}
    return Form(values | {"page": _page_of_ours(values["page"])})


def _page_of_ours(page: str) -> str:
    return page if len(page) <= MOST_PAGE and re.fullmatch(PAGE, page) else ""


def ask_page(
    call: Call,
    catalog: Catalog,
    form: Form,
    *,
    status: int = 200,
    heading: str = "",
    out: str = "",
) -> Reply:
    """Where one says one's address, and with `heading` what was wrong."""
    return render(
        call,
        "login.html",
        catalog,
        status=status,
        private=True,
        here={"page": "login"},
        form=form,
        refusal=heading,
        out=OUT.get(out, ""),
        provider=call.ports.provider is not None,
    )


def _code_page(
    call: Call, form: Form, *, status: int = 200, sent: bool = False, wrong: str = ""
) -> Reply:
    catalog = call.catalog_or_defaults
    if wrong:
        form.refuse("code", wrong)
    here = {"page": "login/code"}
    return render(
        call,
        "login_code.html",
        catalog,
        status=status,
        private=True,
        here=here,
        form=form,
        sent=sent,
    )


def _wrong(call: Call, error: Exception, words: Words) -> str:
    """Why a code does not do; without the cookie of the browser that asked none would."""
    if not isinstance(error, Refused):
        return str(
            problems.presented(error, call.language, call.request_id, Catalog())[1]["detail"]
        )
    return words("login.wrong" if call.cookie(cookies.LOGIN) else "login.no_cookie")


def _message(problem: Problem, body: dict[str, Any], words: Words) -> str:
    """What is wrong with the address form, in words for people."""
    if problem.pointer == "/email":
        missing = problem.params.get("why") in MISSING
        return words("invalid.email" if missing else "invalid.email_form")
    if problem.pointer == "/website":
        return words("invalid.robot")
    return words("invalid.form") if problem.code == "invalid-request" else str(body["detail"])
