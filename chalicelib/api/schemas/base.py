"""What every feature's models are made from, and the few that more than one feature uses."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.api.schemas.fields import Cursor, Limit, Line, Lines


class Model(BaseModel):
    """Unknown fields are refused. Built when first used: a cold start needs one or two of them."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Answer(BaseModel):
    """What we answer."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class Texts(Model):
    """A text in three languages."""

    fi: Line = ""
    sv: Line = ""
    en: Line = ""


class LongTexts(Model):
    """A longer text in three languages."""

    fi: Lines = ""
    sv: Lines = ""
    en: Lines = ""


class FormIn(Model):
    """What every form may send besides its own fields."""

    next: Annotated[
        str, Field(max_length=2000, description="where to go then, on a site of the allowed list")
    ] = ""
    idempotency_key: Annotated[
        str, Field(max_length=255, pattern="^[!-~]*$", description="as the header Idempotency-Key")
    ] = ""
    website: Annotated[str, Field(max_length=0, description="leave this empty")] = ""
    form_token: str = ""


class EmptyIn(Model):
    """Nothing."""


class PageQuery(Model):
    """A part of a list."""

    limit: Limit = 100
    cursor: Cursor | None = None
