"""Refusals (RFC 9457), and what is in the way; previews of bookings say the same."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.api.schemas.base import Answer


class ProblemError(Answer):
    """One broken rule."""

    pointer: str
    code: str
    message: str


class ConflictOut(Answer):
    """Time that is taken."""

    space_id: str | None = None
    resource_id: str | None = None
    start: str
    end: str
    reason: Literal["booked", "tentative", "buffer", "closure"]


class AlternativeOut(Answer):
    """Another time or place."""

    space_ids: list[str]
    start: str
    end: str


class ProblemOut(Answer):
    """RFC 9457, with what is ours."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[ProblemError] | None = None
    conflicts: list[ConflictOut] | None = None
    alternatives: list[AlternativeOut] | None = None
    candidates: list[str] | None = None
    retry_after: int | None = None
    state: Annotated[
        str | None, Field(description="of `stale-state`: how the thing stands, where that helps")
    ] = None
