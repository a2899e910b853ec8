"""Bookings: as they are asked for, in JSON or by a form, and as they are answered."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.api.schemas.base import Answer, FormIn, Model
from chalicelib.api.schemas.fields import (
    Email,
    Language,
    Line,
    Lines,
    Name,
    Override,
    Reason,
    SpaceId,
    Spaces,
    Units,
    When,
)

Equipment = Annotated[dict[SpaceId, Annotated[int, Field(ge=0, le=100)]], Field(max_length=20)]
Overrides = Annotated[list[Override], Field(max_length=20)]
Code = Annotated[str, Field(min_length=1, max_length=40, description="eight letters and digits")]
Attendees = Annotated[int, Field(ge=1, le=10_000)]


class PersonIn(Model):
    """Whom a booking is for."""

    name: Name
    email: Email
    organisation: Line = ""
    language: Language = "fi"


class FacilitationIn(Model):
    """A wish for a facilitator."""

    wanted: bool = False
    notes: Lines = ""


class BookingForm(FormIn):
    """A booking as a form sends it: the same names, flat; an empty field is an absent one.

    Only described by this: `BookingIn.from_form` makes a booking of it.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "patternProperties": {
                "^equipment_[a-z0-9][a-z0-9-]{0,39}$": {
                    "type": "integer",
                    "minimum": 0,
                    "maximum": 100,
                }
            }
        }
    )

    space_ids: Spaces = Field(default_factory=list)
    space_id: SpaceId = Field(default_factory=str)
    start: When
    end: When
    title: Line = ""
    notes: Lines = ""
    attendees: Attendees = 1
    units: Units = 1
    facilitation_wanted: bool = False
    facilitation_notes: Lines = ""
    name: Name = Field(default_factory=str)
    email: Email = Field(default_factory=str)
    organisation: Line = ""
    language: Language = "fi"
    accept_terms: bool = False
    override: Overrides = []


class BookingIn(Model):
    """A booking that is asked for. `space_id` is accepted for a single space."""

    form: ClassVar[type[BaseModel]] = BookingForm
    space_ids: Spaces | None = None
    space_id: SpaceId | None = None
    start: When
    end: When
    title: Line = ""
    notes: Lines = ""
    attendees: Attendees = 1
    units: Units = 1
    equipment: Equipment = {}
    facilitation: FacilitationIn = Field(default_factory=FacilitationIn)
    person: PersonIn | None = None
    accept_terms: bool = False
    override: Overrides = []

    @classmethod
    def from_form(cls, values: dict[str, Any]) -> dict[str, Any]:
        """A form's flat names: `name`, `email` … stand for `person`, `screen=1` is not guessed at."""
        out = dict(values)
        person = {
            field: out.pop(field)
            for field in ("name", "email", "organisation", "language")
            if field in out
        }
        if person:
            out["person"] = person
        facilitation = {
            field.removeprefix("facilitation_"): out.pop(field)
            for field in ("facilitation_wanted", "facilitation_notes")
            if field in out
        }
        if facilitation:
            out["facilitation"] = facilitation
        equipment = {
            field.removeprefix("equipment_"): out.pop(field)
            for field in list(out)
            if field.startswith("equipment_")
        }
        if equipment:
            out["equipment"] = equipment
        for field in ("space_ids", "override"):
            if isinstance(out.get(field), str):
                out[field] = [out[field]]
        return out

    @classmethod
    def stand_in(cls, rest: dict[str, Any]) -> dict[str, Any]:
        """An interval without length, for times of which one could not be read."""
        if "start" in rest and "end" in rest:
            return {}
        return {"start": "2000-01-01", "end": "2000-01-01"}


class BookingPatch(Model):
    """What of a booking is to be changed."""

    start: When | None = None
    end: When | None = None
    space_ids: Spaces | None = None
    space_id: SpaceId | None = None
    units: Units | None = None
    equipment: Equipment | None = None
    title: Line | None = None
    notes: Lines | None = None
    attendees: Attendees | None = None
    override: Overrides = []


class CodeForm(FormIn):
    """A code as a form sends it."""

    code: Code


class CodeIn(Model):
    """What was mailed to prove an address."""

    form: ClassVar[type[BaseModel]] = CodeForm
    code: Code


class Accepted(Answer):
    """That something will be done, if there is anything to do."""

    accepted: Literal[True]


class CancelQuery(Model):
    """Why a booking is cancelled."""

    reason: Reason = ""


class PendingChangeOut(Answer):
    """A change that waits for approval."""

    start: str
    end: str
    space_ids: list[str]
    units: int
    equipment: dict[str, int]


class BookingOut(Answer):
    """A booking. `person`, `made_by` and `event_id` are for staff."""

    booking_id: str
    state: Literal["held", "pending", "confirmed", "cancelled", "denied", "expired"]
    space_ids: list[str]
    units: int
    start: str
    end: str
    time_zone: str
    title: str
    notes: str
    attendees: int
    equipment: dict[str, int]
    facilitator: str | None
    version: int
    created_at: str
    confirm_by: str | None
    pending_change: PendingChangeOut | None
    reason: str
    person: PersonIn | None = None
    facilitation_notes: str | None = None
    made_by: str | None = None
    event_id: Annotated[
        str | None, Field(description="of an event's place: it changes with the event alone")
    ] = None


class BookingList(Answer):
    """Bookings."""

    items: list[BookingOut]
    next: str | None
