"""Signing up many at once: who, and what became of each."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.api.schemas.base import Answer, Model
from chalicelib.api.schemas.bookings import PersonIn
from chalicelib.api.schemas.events import Way
from chalicelib.api.schemas.problems import ProblemError
from chalicelib.api.schemas.signups import Answers, Diet


class EntrantIn(Model):
    """Somebody to be signed up, alone. Required questions may be left out."""

    person: PersonIn
    way: Way = "room"
    answers: Answers = {}
    diet: Diet = ""
    accessibility: Diet = ""


class BatchIn(Model):
    """Whom to sign up, in this order: seats first, then the waiting list."""

    people: Annotated[list[EntrantIn], Field(min_length=1, max_length=100)]


class BatchRowOut(Answer):
    """What became of one; `left`: nobody has come to it yet. The state is that of when it was signed up."""

    row: Annotated[int, Field(description="from 0 on")]
    outcome: Literal["signed-up", "refused", "left"]
    signup_id: str | None
    state: str | None
    errors: list[ProblemError]


class BatchOut(Answer):
    """How far a batch has come."""

    batch_id: Annotated[str, Field(description="what the log calls it")]
    done: bool
    items: list[BatchRowOut]
