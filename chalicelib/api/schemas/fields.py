"""What a field of a request may hold: texts, ids, times, numbers.

They stand apart from the models because features share them; what a time or a space means is
found out later, by whoever knows the site.
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from chalicelib.domain.people import normalised
from chalicelib.domain.rules import OVERRIDABLE

CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
LINE_BREAKS = re.compile(r"[\r\n\t]")
NOT_LOCAL = re.compile(r"[,;:<>()\[\]\\]|^\.|\.\.|\.$")  # RFC 5322, 3.2.3: no dot-atom
DATE = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
TIME = r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?"
WHEN = re.compile(rf"{DATE}([Tt ]{TIME}([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)?)?", re.ASCII)


def _text(value: str) -> str:
    """Text of several lines: no control characters but line breaks and tabs."""
    if CONTROLS.search(value):
        raise PydanticCustomError("control_characters", "control characters")
    return value


def _line(value: str) -> str:
    """Text of one line: it may end up in the header of a mail."""
    if LINE_BREAKS.search(_text(value)):
        raise PydanticCustomError("control_characters", "control characters")
    return value.strip()


def _filled(value: str) -> str:
    """As `_line`, and not blank."""
    if not (text := _line(value)):
        raise PydanticCustomError("string_too_short", "blank")
    return text


def _when(value: str) -> str:
    """The form of a time; what it means depends on the site's zone, so that is found out later."""
    if not WHEN.fullmatch(value):
        raise PydanticCustomError("time", "time")
    return value


def _email(value: str) -> str:
    try:
        local = normalised(_line(value)).rpartition("@")[0]
    except ValueError as error:
        raise PydanticCustomError("email", "e-mail address") from error
    if NOT_LOCAL.search(local):  # it would mean something else in the header of a mail
        raise PydanticCustomError("email", "e-mail address")
    return value.strip()


Line = Annotated[str, StringConstraints(max_length=200), AfterValidator(_line)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_filled)]
Lines = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_text)]
Reason = Annotated[str, StringConstraints(max_length=1000), AfterValidator(_text)]
Email = Annotated[str, StringConstraints(min_length=3, max_length=254), AfterValidator(_email)]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
SpaceId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Spaces = Annotated[list[SpaceId], Field(min_length=1, max_length=20)]
When = Annotated[
    str,
    AfterValidator(_when),
    Field(
        description="RFC 3339 with an offset, or local time of the site without one; "
        "a date is its local midnight",
        examples=["2026-12-02T10:00:00+02:00"],
        json_schema_extra={"pattern": f"^{WHEN.pattern}$", "maxLength": 40},
    ),
]
Day = Annotated[str, StringConstraints(pattern=r"^2[01][0-9]{2}-[01][0-9]-[0-3][0-9]$")]
Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):(00|15|30|45)$|^24:00$")]
Language = Literal["fi", "sv", "en"]
Minutes = Annotated[int, Field(ge=0, le=525_600)]
Quarters = Annotated[int, Field(ge=0, le=10_080, multiple_of=15)]
Units = Annotated[int, Field(ge=1, le=1000)]
Words = Annotated[
    list[Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]],
    Field(max_length=30),
]
Override = Literal[OVERRIDABLE]  # type: ignore[valid-type]  # the tuple is the one list of them
Limit = Annotated[int, Field(ge=1, le=100)]
Cursor = Annotated[str, StringConstraints(max_length=2000)]
