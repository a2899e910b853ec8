"""Signing up many at once, over HTTP."""

from dataclasses import replace
from typing import Any

from chalicelib.api import present
from chalicelib.api.call import Call
from chalicelib.api.replies import Reply, stored
from chalicelib.api.routing import Routes
from chalicelib.api.schemas.imports import BatchIn, BatchOut, EntrantIn
from chalicelib.domain.errors import Problem
from chalicelib.domain.events import Way
from chalicelib.domain.people import Person
from chalicelib.services import signup_imports
from chalicelib.services.access import Action
from chalicelib.services.signup_imports import Batch, Row
from chalicelib.services.signups import SignUpRequest
from chalicelib.services.writing import complete

routes = Routes("staff_event_imports")


@routes.add(
    "POST",
    "/v1/staff/events/{event_id}/signups/batch",
    "Sign up many for an event",
    body=BatchIn,
    answers={200: BatchOut, 202: BatchOut},
    problems=(404,),
    action=Action.RUN,
)
def add(call: Call) -> Reply:
    """Sign up as many as a hundred, each in a transaction of its own. 200 when every row was tried.

    202 where some are left: the same request under the same Idempotency-Key goes on with them.
    """
    requests = tuple(_request(call, each) for each in call.body.people)
    intent = call.intent(_begun, meant=requests)
    outcome = signup_imports.begin(call.ports, call.id("event_id"), len(requests), intent)
    if outcome.answer.get("partial"):
        batch_id = outcome.answer["body"]["batch_id"]
        batch = signup_imports.go_on(call.ports, batch_id, requests, intent)
        outcome = replace(outcome, answer=_answer(call, batch))
        if batch.done:
            complete(call.ports, intent, outcome.answer)
    return stored(outcome)


def _begun(batch_id: str) -> dict[str, Any]:
    return {"partial": True, "body": {"batch_id": batch_id}}


def _answer(call: Call, batch: Batch) -> dict[str, Any]:
    items = [_item(call, number, row) for number, row in enumerate(batch.rows)]
    body = {"batch_id": batch.batch_id, "done": batch.done, "items": items}
    return {"status": 200 if batch.done else 202, "headers": {}, "body": body}


def _item(call: Call, number: int, row: Row) -> dict[str, Any]:
    problems = [_of_row(number, each) for each in row.problems]
    outcome = "refused" if problems else "left" if row.left else "signed-up"
    return {
        "row": number,
        "outcome": outcome,
        "signup_id": row.done["signup_id"] if row.done else None,
        "state": row.done["state"] if row.done else None,
        "errors": present.errors(problems, call.catalog, call.language),
    }


def _of_row(number: int, problem: Problem) -> Problem:
    return replace(problem, pointer=f"/people/{number}{problem.pointer}")


def _request(call: Call, one: EntrantIn) -> SignUpRequest:
    who = one.person
    return SignUpRequest(
        event_id=call.id("event_id"),
        way=Way(one.way),
        person=Person(who.name, who.email, who.organisation, who.language),
        answers=one.answers,
        diet=one.diet,
        accessibility=one.accessibility,
    )
