"""Asking to be forgotten."""

from typing import Literal

from pydantic import Field

from chalicelib.api.schemas.base import Answer, Model


class ErasureQuery(Model):
    """That it is meant: it cannot be taken back."""

    confirm: Literal["true"] = Field(description="it cannot be taken back")


class ErasureOut(Answer):
    """How far it has come, and what is left to be looked at: all of it again after a few minutes."""

    person_id: str
    state: Literal["going on", "done"]
    left: list[Literal["bookings", "messages", "keys", "feeds", "tokens", "account"]]
