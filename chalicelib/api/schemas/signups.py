"""Sign-ups: as they are asked for, in JSON or by a form, and as they are answered."""

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from chalicelib.api.schemas.base import Answer, FormIn, Model
from chalicelib.api.schemas.bookings import PersonIn
from chalicelib.api.schemas.events import EventInShort, Way
from chalicelib.api.schemas.fields import Email, Id, Language, Line, Name, _text

Answered = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_text)]
Answers = Annotated[dict[Id, bool | Answered], Field(max_length=30)]
Diet = Annotated[
    str,
    StringConstraints(max_length=2000),
    AfterValidator(_text),
    Field(description="deleted seven days after the event, as `accessibility` is"),
]
MOST_GUESTS = 99
GUEST = re.compile(r"guest_([1-9]\d?)_(name|email|diet|accessibility)")
State = Literal[
    "held",
    "confirmed",
    "waiting",
    "offered",
    "left",
    "declined",
    "expired",
    "removed",
    "handed-over",
    "called-off",
]


class GuestIn(Model):
    """Somebody who comes along. An address is taken from who has logged in or is vouched for."""

    name: Name
    email: Email | None = None
    diet: Diet = ""
    accessibility: Diet = ""


class SignUpForm(FormIn):
    """A sign-up as a form sends it: the same names, flat; an empty field is an absent one.

    Only described by this: `SignUpIn.from_form` makes a sign-up of it.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "patternProperties": {
                "^guest_[1-9][0-9]?_(name|email|diet|accessibility)$": {
                    "type": "string",
                    "maxLength": 2000,
                },
                "^answer_[A-Za-z0-9][A-Za-z0-9_-]{0,63}$": {"type": "string", "maxLength": 2000},
            }
        }
    )

    way: Way = "room"
    name: Name = Field(default_factory=str)
    email: Email = Field(default_factory=str)
    organisation: Line = ""
    language: Language = "fi"
    diet: Diet = ""
    accessibility: Diet = ""
    accept_terms: bool = False
    rows: Annotated[
        str, Field(max_length=2, description="how many guests there are fields for")
    ] = ""


class SignUpIn(Model):
    """Who wants to come, with whom, and in which way."""

    form: ClassVar[type[BaseModel]] = SignUpForm
    way: Way = "room"
    person: PersonIn | None = None
    guests: Annotated[list[GuestIn], Field(max_length=MOST_GUESTS)] = []
    answers: Annotated[Answers, Field(description="by the ids of the event's questions")] = {}
    diet: Diet = ""
    accessibility: Diet = ""
    accept_terms: bool = False

    @classmethod
    def from_form(cls, values: dict[str, Any]) -> dict[str, Any]:
        """A form's flat names: `name`, `email` … are the person's, `guest_1_name` … of who comes along."""
        out: dict[str, Any] = {}
        person: dict[str, Any] = {}
        guests: dict[int, dict[str, Any]] = {}
        for name, value in values.items():
            guest = GUEST.fullmatch(name)
            if guest:
                guests.setdefault(int(guest[1]), {})[guest[2]] = value
            elif name.startswith("answer_"):
                out.setdefault("answers", {})[name.removeprefix("answer_")] = value
            elif name in ("name", "email", "organisation", "language"):
                person[name] = value
            elif name != "rows":
                out[name] = value
        if person:
            out["person"] = person
        if guests:
            out["guests"] = [guests[number] for number in sorted(guests)]
        return out


class SignUpPatch(Model):
    """What of a sign-up is to be changed. Answers are changed as a whole."""

    way: Way | None = None
    answers: Answers | None = None
    diet: Diet | None = None
    accessibility: Diet | None = None


class HandOverIn(Model):
    """To whom a place is handed over."""

    person: PersonIn


class LeaveQuery(Model):
    """Why; kept in nobody's data."""

    in_queue: Annotated[
        bool,
        Field(
            description="only out of the waiting list: who has a seat by now is told, and keeps it"
        ),
    ] = False


class SignUpPersonOut(Answer):
    """Who leads a party, as far as it is known: who walked in may have told no address."""

    name: str
    email: str
    organisation: str
    language: Language


class StandingOut(Answer):
    """How a sign-up stands."""

    state: State
    way: Way
    size: Annotated[int, Field(description="persons")]
    position: Annotated[int | None, Field(description="among the parties that wait, from 1 on")]
    persons_before: Annotated[int | None, Field(description="how many persons those before are")]
    confirm_by: Annotated[str | None, Field(description="until when the address is to be proved")]
    offer_until: Annotated[
        str | None, Field(description="until when an offered seat can be accepted")
    ]
    created_at: str


class SignUpOut(StandingOut):
    """Where somebody stands."""

    signup_id: str
    event_id: str


class OwnSignUpOut(StandingOut):
    """A line of one's own list."""

    signup_id: Annotated[
        str | None,
        Field(description="null where one comes along: who leads the party may change it"),
    ]
    leads: Annotated[bool, Field(description="whether one signed up oneself")]
    event: EventInShort


class OwnSignUpList(Answer):
    """One's own sign-ups."""

    items: list[OwnSignUpOut]
    next: str | None


class GuestOut(Answer):
    """Somebody who comes along."""

    name: str
    diet: str
    accessibility: str


class SignUpDetailOut(SignUpOut):
    """A sign-up with what was answered, and the link to join of who has a seat to join remotely."""

    person: SignUpPersonOut
    guests: list[GuestOut]
    answers: dict[str, bool | str]
    diet: str
    accessibility: str
    remote_link: Annotated[str, Field(description="of confirmed remote people, else empty")]
