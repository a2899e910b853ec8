"""Closures: as they are asked for, and how far they have come."""

from typing import Literal

from chalicelib.api.schemas.base import Answer, Model
from chalicelib.api.schemas.fields import Lines, Spaces, When


class ClosureIn(Model):
    """What is to be closed."""

    space_ids: Spaces
    start: When
    end: When
    reason: Lines = ""


class ClosureConflict(Answer):
    """A booking in a closure's way."""

    booking_id: str
    space_ids: list[str]
    start: str
    end: str
    state: str


class ClosureOut(Answer):
    """A closure, how far it has come, and what is in its way."""

    closure_id: str
    state: Literal["closing", "blocked", "closed", "lifting", "lifted"]
    done: int
    total: int
    conflicts: list[ClosureConflict]
    space_ids: list[str]
    start: str
    end: str
    reason: str


class ClosureList(Answer):
    """Closures that are not over."""

    items: list[ClosureOut]
    next: str | None
