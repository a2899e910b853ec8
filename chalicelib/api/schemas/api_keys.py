"""API keys: as they are asked for, as they are shown once, and as they are listed."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.api.schemas.base import Answer, Model
from chalicelib.api.schemas.fields import Day, Name

KeyScope = Literal["availability", "book", "staff"]


class KeyIn(Model):
    """A key for another system, or for a program of one's own."""

    label: Name
    scopes: Annotated[
        list[KeyScope],
        Field(
            min_length=1,
            max_length=3,
            description="availability: reads what is free; book: books on behalf of people, and "
            "manages what it booked; staff: whatever a host may, for as long as who makes it is one",
        ),
    ]
    expires_on: Day | None = Field(None, description="its last day; null for no end")


class KeyOut(Answer):
    """A key without its secret."""

    key_id: str
    label: str
    scopes: list[KeyScope]
    state: Literal["active", "expired", "revoked"]
    owner_id: str | None = Field(description="the host whose own it is; null of another system")
    created_by: str
    created_at: str
    expires_on: str | None
    used_at: str | None = Field(description="to the hour")
    revoked_at: str | None


class KeyMade(KeyOut):
    """A new key. What to send as `Authorization: Bearer` is shown this once."""

    key: str | None = Field(description="null where a repeated request comes too late to see it")


class KeyList(Answer):
    """Keys."""

    items: list[KeyOut]
    next: str | None
