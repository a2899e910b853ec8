"""Pages for those who build on the interface: its operations, and every kind of error."""

import json
from dataclasses import replace
from typing import Any

from chalicelib.api import problems, texts
from chalicelib.api.call import Call
from chalicelib.api.problems import ApiProblem
from chalicelib.api.replies import Reply
from chalicelib.api.routing import Operation
from chalicelib.domain.errors import Problem, Refused
from chalicelib.domain.people import ANONYMOUS, Actor, Role
from chalicelib.pages.errors import asked_language
from chalicelib.pages.html import HTML, choose_language, render, style, words_of
from chalicelib.pages.routes import routes
from chalicelib.pages.words import FOLDER, Words
from chalicelib.services.access import LINK_ACTIONS, SIGNUP_LINK_ACTIONS, Action, may

YEAR = 365 * 24 * 3600


@routes.add(
    "GET",
    "/docs",
    "The interface, for people",
    answers={200: None},
    produces=HTML,
    action=Action.LOOK,
)
def docs(call: Call) -> Reply:
    """The operations, from the route table that requests go by, and how they behave."""
    from chalicelib.api.table import ALL

    choose_language(call, asked_language(call))
    summaries = json.loads((FOLDER / "operations.json").read_text("utf-8"))
    operations = [
        (one, _summary(one, summaries, call.language), for_whom(one.action))
        for each in ALL
        for one in each.operations
    ]
    return render(
        call,
        "docs.html",
        call.catalog,
        here={"page": "docs"},
        operations=operations,
        example=_example(call),
    )


@routes.add(
    "GET",
    "/problems",
    "Every kind of error",
    answers={200: None},
    produces=HTML,
    action=Action.LOOK,
)
def all_problems(call: Call) -> Reply:
    """Every kind of error with its status."""
    choose_language(call, asked_language(call))
    found = [(code, texts.title(code, call.language), _status(code)) for code in texts.TITLES]
    return render(call, "problems.html", call.catalog, here={"page": "problems"}, found=found)


@routes.add(
    "GET",
    "/problems/{name}",
    "A kind of error",
    answers={200: None},
    produces=HTML,
    action=Action.LOOK,
)
def one_problem(call: Call) -> Reply:
    """What a problem type means and what to do about it."""
    choose_language(call, asked_language(call))
    code = call.id("name")
    if code not in texts.TITLES:
        raise ApiProblem("not-found")
    words = words_of(call, call.catalog)
    return render(
        call,
        "problem.html",
        call.catalog,
        here={"page": f"problems/{code}"},
        code=code,
        heading=texts.title(code, call.language),
        advice=advice(code, words, call),
        http_status=_status(code),
    )


@routes.add(
    "GET",
    "/static/style.css",
    "The style sheet",
    answers={200: None},
    produces="text/css",
    action=Action.LOOK,
)
def style_sheet(call: Call) -> Reply:
    """The style sheet; for good where the address names its version."""
    text, version = style()
    query: Any = call.request.query_params or {}
    headers = {}
    if query.get("v") == version:
        headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return Reply(None, 200, headers, text=text, content_type="text/css; charset=utf-8")


def advice(code: str, words: Words, call: Call) -> str:
    """What to do about a kind of problem, without the numbers of any one of them."""
    if words.has(f"problems.{code}"):
        return words(f"problems.{code}")
    return texts.message(Problem(code), words.language, call.catalog)


def for_whom(action: Action | None) -> str:
    """Whom an operation is for, by the least of those who may: a name of the texts."""
    somebody = Actor("p", Role.PERSON, person_id="p", session="s")
    kinds = {
        "anyone": ANONYMOUS,
        "owner": Actor("link", manages="b", allows=LINK_ACTIONS + SIGNUP_LINK_ACTIONS),
        "person": somebody,
        "staff": replace(somebody, role=Role.STAFF),
        "admin": replace(somebody, role=Role.ADMIN),
    }
    return next(name for name, actor in kinds.items() if may(actor, action))


def _status(code: str) -> int:
    return problems.status_of(code)


def _summary(one: Operation, summaries: dict[str, dict[str, str]], language: str) -> str:
    return summaries.get(one.summary, {}).get(language, one.summary)


def _example(call: Call) -> str:
    refused = Refused([Problem("slot-taken", "/start")])
    _, body, _ = problems.presented(refused, call.language, "4b2f0c1e", call.catalog)
    return json.dumps(body, ensure_ascii=False, indent=2)
