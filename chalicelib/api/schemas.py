"""What requests and answers look like. Requests are parsed by these; answers are described by them.

Answers are written as plain dictionaries (present.py), which is faster; a test holds them to these.
"""

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
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
Email = Annotated[str, StringConstraints(min_length=3, max_length=254), AfterValidator(_email)]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
SpaceId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
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
Language = Literal["fi", "sv", "en"]
Minutes = Annotated[int, Field(ge=0, le=525_600)]
Quarters = Annotated[int, Field(ge=0, le=10_080, multiple_of=15)]
Override = Literal[OVERRIDABLE]  # type: ignore[valid-type]  # the tuple is the one list of them
Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):(00|15|30|45)$|^24:00$")]
Day = Annotated[str, StringConstraints(pattern=r"^2[01][0-9]{2}-[01][0-9]-[0-3][0-9]$")]
Limit = Annotated[int, Field(ge=1, le=100)]
Cursor = Annotated[str, StringConstraints(max_length=2000)]


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


Spaces = Annotated[list[SpaceId], Field(min_length=1, max_length=20)]
Equipment = Annotated[dict[SpaceId, Annotated[int, Field(ge=0, le=100)]], Field(max_length=20)]
Overrides = Annotated[list[Override], Field(max_length=20)]
Attendees = Annotated[int, Field(ge=1, le=10_000)]
Units = Annotated[int, Field(ge=1, le=1000)]


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
    units: Units | None = None
    equipment: Equipment | None = None
    title: Line | None = None
    notes: Lines | None = None
    attendees: Attendees | None = None
    override: Overrides = []


class ReasonIn(Model):
    """Why."""

    reason: Lines = ""


class EmptyIn(Model):
    """Nothing."""


class CancelQuery(Model):
    """Why a booking is cancelled."""

    reason: Annotated[str, StringConstraints(max_length=1000), AfterValidator(_text)] = ""


class ExceptionIn(Model):
    """Other hours on one day."""

    date: Day
    hours: Annotated[
        list[Annotated[list[Clock], Field(min_length=2, max_length=2)]], Field(max_length=6)
    ] = []


DayHours = Annotated[
    list[Annotated[list[Clock], Field(min_length=2, max_length=2)]], Field(max_length=6)
]


class Week(Model):
    """Opening hours by weekday: pairs of start and end, the last end at most 24:00."""

    mon: DayHours = []
    tue: DayHours = []
    wed: DayHours = []
    thu: DayHours = []
    fri: DayHours = []
    sat: DayHours = []
    sun: DayHours = []


Kind = Literal["space", "combined", "pool", "person", "equipment"]
Words = Annotated[
    list[Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]],
    Field(max_length=30),
]


class SpacePatch(Model):
    """Settings of a space; what is left out stays as it is."""

    name: Texts | None = None
    instructions: LongTexts | None = None
    kind: Kind | None = None
    parts: Annotated[list[SpaceId], Field(max_length=40)] | None = None
    capacity: Annotated[int, Field(ge=0, le=100_000)] | None = None
    units: Annotated[int, Field(ge=1, le=60)] | None = None
    equipment: Words | None = None
    accessibility: Words | None = None
    setup_minutes: Quarters | None = None
    cleanup_minutes: Quarters | None = None
    min_minutes: Annotated[int, Field(ge=15, le=10_080, multiple_of=15)] | None = None
    max_minutes: Annotated[int, Field(ge=15, le=10_080, multiple_of=15)] | None = None
    grid_minutes: Annotated[int, Field(ge=15, le=1440, multiple_of=15)] | None = None
    whole_day: bool | None = None
    notice_minutes: Minutes | None = None
    horizon_days: Annotated[int, Field(ge=0, le=1000)] | None = None
    cancel_before_minutes: Minutes | None = None
    needs_approval: bool | None = None
    open_to: (
        Annotated[list[Literal["employee", "partner", "staff"]], Field(max_length=3)] | None
    ) = None
    hours: Week | None = None
    exceptions: Annotated[list[ExceptionIn], Field(max_length=200)] | None = None
    active: bool | None = None


class SpaceIn(SpacePatch):
    """A new space."""

    space_id: SpaceId
    name: Texts


class SitePatch(Model):
    """Settings of the whole site; what is left out stays as it is."""

    name: Texts | None = None
    base_url: (
        Annotated[
            str, StringConstraints(max_length=300, pattern=r"^https?://[^\s/]+(/[^\s]*[^\s/])?$")
        ]
        | None
    ) = None
    prove_address: bool | None = None
    hold_minutes: Annotated[int, Field(ge=1, le=1440)] | None = None
    live_bookings: Annotated[int, Field(ge=0, le=10_000)] | None = Field(
        None, description="live bookings a person may have; null for no limit"
    )
    allowed_domains: (
        Annotated[
            list[
                Annotated[
                    str, StringConstraints(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$", max_length=253)
                ]
            ],
            Field(max_length=500),
        ]
        | None
    ) = None
    allowed_sites: (
        Annotated[
            list[Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+$", max_length=300)]],
            Field(max_length=50),
        ]
        | None
    ) = None


class ClosureIn(Model):
    """What is to be closed."""

    space_ids: Spaces
    start: When
    end: When
    reason: Lines = ""


class AvailabilityQuery(Model):
    """A search by need."""

    from_: When = Field(alias="from")
    to: When
    space_id: Annotated[list[SpaceId], Field(max_length=50)] = []
    people: Annotated[int, Field(ge=0, le=10_000)] = 0
    minutes: Annotated[int, Field(ge=15, le=10_080)] | None = None
    units: Units = 1
    equipment: Words = []
    accessibility: Words = []


class FreeBusyQuery(Model):
    """Free and busy of several resources."""

    from_: When = Field(alias="from")
    to: When
    resources: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=64)]],
        Field(min_length=1, max_length=50),
    ]
    interval_minutes: Annotated[int, Field(ge=5, le=1440)] = 30
    time_zone: Line = ""


class PageQuery(Model):
    """A part of a list."""

    limit: Limit = 100
    cursor: Cursor | None = None


class StaffBookingsQuery(PageQuery):
    """Bookings that overlap a range."""

    from_: When = Field(alias="from")
    to: When
    space_id: SpaceId | None = None
    state: Literal["held", "pending", "confirmed", "cancelled", "denied", "expired"] | None = None
    person: Annotated[str, StringConstraints(max_length=254)] | None = None


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


class SpaceOut(Answer):
    """A space, a person or equipment, with its rules."""

    space_id: str
    name: Texts
    instructions: LongTexts
    kind: Kind
    parts: list[str]
    capacity: int
    units: int
    equipment: list[str]
    accessibility: list[str]
    setup_minutes: int
    cleanup_minutes: int
    min_minutes: int
    max_minutes: int
    grid_minutes: int
    whole_day: bool
    notice_minutes: int
    horizon_days: int
    cancel_before_minutes: int
    needs_approval: bool
    open_to: list[str]
    hours: Week
    exceptions: list[ExceptionIn]
    active: bool
    version: int


class SpaceList(Answer):
    """Spaces."""

    items: list[SpaceOut]
    next: str | None


class AffectedOut(Answer):
    """A booking that the present settings would not allow."""

    booking_id: str
    space_ids: list[str]
    start: str
    end: str
    state: str
    errors: list[ProblemError]


class SpaceChanged(SpaceOut):
    """A space after a change, with the future bookings that it leaves outside the rules."""

    affected: list[AffectedOut]


class SiteOut(Answer):
    """The site's settings."""

    name: Texts
    time_zone: str
    base_url: str
    prove_address: bool
    hold_minutes: int
    live_bookings: int | None
    allowed_domains: list[str]
    allowed_sites: list[str]
    version: int


class Interval(Answer):
    """A time."""

    start: str
    end: str


class Reasoned(Interval):
    """A time that is not free, and why."""

    reason: Literal["booked", "tentative", "buffer", "hours", "closure", "past"]


class SpaceAvailabilityOut(Answer):
    """Free, busy and closed; `starts` where `minutes` were asked for."""

    space_id: str
    free: list[Interval]
    busy: list[Reasoned]
    closed: list[Reasoned]
    starts: list[str] | None = None


class AvailabilityOut(Answer):
    """The availability of every space that fits."""

    from_: str = Field(alias="from")
    to: str
    time_zone: str
    items: list[SpaceAvailabilityOut]


class FreeBusyResource(Answer):
    """One resource."""

    busy: list[Interval]
    view: str
    error: str | None


class FreeBusyOut(Answer):
    """Free and busy by resource."""

    from_: str = Field(alias="from")
    to: str
    time_zone: str
    resources: dict[str, FreeBusyResource]


class PendingChangeOut(Answer):
    """A change that waits for approval."""

    start: str
    end: str
    space_ids: list[str]
    units: int
    equipment: dict[str, int]


class BookingOut(Answer):
    """A booking. `person` and `made_by` are for staff."""

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


class BookingList(Answer):
    """Bookings."""

    items: list[BookingOut]
    next: str | None


class PreviewItem(Answer):
    """What an occurrence would be answered."""

    start: str
    end: str
    possible: bool
    errors: list[ProblemError]
    conflicts: list[ConflictOut]
    alternatives: list[AlternativeOut]


class PreviewOut(Answer):
    """One item an occurrence."""

    items: list[PreviewItem]


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


class Health(Answer):
    """That we are here."""

    ok: bool
    version: str
