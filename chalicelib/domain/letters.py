"""What a mail is made from: everything a template or a calendar part may say, and nothing that it must look up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from chalicelib.domain.bookings import Booking
from chalicelib.domain.catalog import Site
from chalicelib.domain.events import Event, Way
from chalicelib.domain.messages import Kind
from chalicelib.domain.notices import Notice
from chalicelib.domain.people import Person
from chalicelib.domain.signups import SignUp
from chalicelib.domain.signups import State as SignUpState
from chalicelib.domain.spaces import Space
from chalicelib.domain.spoken import in_language


class Method(StrEnum):
    """What a calendar part asks a calendar to do (RFC 5546, 3.2)."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a person is told of a booking: mails go out where these change."""

    starts_at: datetime
    ends_at: datetime
    space_ids: tuple[str, ...]
    units: int = 1
    equipment: Mapping[str, int] = field(default_factory=dict)
    facilitator: str | None = None
    place: str = ""  # of an event: a space, an address, or the link to join


def facts_of(booking: Booking) -> Facts:
    """The facts of a booking as it is."""
    return Facts(
        booking.starts_at,
        booking.ends_at,
        booking.space_ids,
        booking.units,
        dict(booking.equipment),
        booking.facilitator,
    )


def facts_of_seat(event: Event, signup: SignUp) -> Facts:
    """What its person is told of the event: their way stands where a booking has its spaces."""
    said = event.programme
    place = said.space_id or said.address
    if signup.way is Way.REMOTE:
        place = said.remote_link if signup.state is SignUpState.CONFIRMED else ""
    return Facts(event.starts_at, event.ends_at, (signup.way.value,), place=place)


def venue_of(place: str, site: Site, spaces: Mapping[str, Space], language: str) -> str:
    """Where people meet, of a space's id or another address: a space in its house, or the house alone."""
    house = in_language(site.name, language)
    space = spaces.get(place)
    name = in_language(space.name, language) if space else ""
    return f"{name}, {house}" if name else place or house


@dataclass(frozen=True, slots=True)
class Seat:
    """What a mail about a sign-up is made from."""

    event: Event
    signup: SignUp
    position: int = 0  # in the queue, from 1 on; 0 where the letter does not tell it
    venue: str = ""  # in the language of the reader
    ticket: str = ""  # the code by which who comes is checked in
    link: str = ""  # of a confirmed remote person, and of nobody else (I-14)
    revised_at: datetime | None = (
        None  # of a calendar that nobody is to answer; else the mail's time
    )

    @property
    def sequence(self) -> int:
        """Of its calendar entry: grows with the event's and with the sign-up's own (RFC 5545, 3.8.7.4)."""
        return self.event.calendar_sequence + self.signup.sequence

    @property
    def remote(self) -> bool:
        """Whether it is from somewhere else."""
        return self.signup.way is Way.REMOTE


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail, before it is written. `to.language` is the language it is written in."""

    message_id: str
    attempt: int
    kind: Kind
    to: Person
    site: Site
    spaces: Mapping[str, Space]
    now: datetime
    booking: Booking | None = None  # of a digest, a login and an invitation there is none
    seat: Seat | None = None  # of a mail about a sign-up
    notice: Notice | None = None  # what staff say to those of an event
    rule: str = ""  # of a reminder: P1D, PT1H
    before: Facts | None = None  # of a change: what this person was told last
    method: Method | None = None  # of the calendar part; None: there is none
    code: str = ""
    confirm_url: str = ""
    manage_url: str = ""
    unsubscribe_url: str = ""
    login_url: str = ""
    until: datetime | None = None  # of a login: when code and link end
    last_day: date | None = None  # of an invitation
    waiting: tuple[Booking, ...] = ()  # of a digest: what waits for an answer
    decide_urls: Mapping[str, str] = field(default_factory=dict)  # to staff: where each is answered
    extra: str = ""  # a paragraph of staff's own, in the language of the reader


@dataclass(frozen=True, slots=True)
class Preview:
    """A mail as it would look; `calendar` is the text of its calendar part."""

    subject: str
    text: str
    html: str
    calendar: str | None = None


@dataclass(frozen=True, slots=True)
class Telling:
    """What one message tells one person of a booking."""

    message_id: str
    facts: Facts
    sequence: int
    method: Method | None


@dataclass(frozen=True, slots=True)
class Told:
    """What a person was told of a subject, and what is perhaps being told at this moment.

    Changes and cancellations are compared with it, and wait where it is not known whether the one
    before them went out: so a CANCEL never overtakes the REQUEST that it cancels.
    """

    subject: str
    person_id: str
    told: Telling | None = None
    telling: Telling | None = None
    version: int = 0
