"""A sign-up: a party of one or more persons, its states, and the changes it can go through."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from chalicelib.domain.errors import refuse
from chalicelib.domain.events import Event, Promotion, Way, offer_until, promotion
from chalicelib.domain.kept import is_somebody
from chalicelib.domain.people import Person


class State(StrEnum):
    """Where a sign-up is in its life."""

    HELD = "held"  # a seat, until the address is proved
    CONFIRMED = "confirmed"
    WAITING = "waiting"
    OFFERED = "offered"  # a seat, until it is accepted or declined
    LEFT = "left"
    DECLINED = "declined"
    EXPIRED = "expired"
    REMOVED = "removed"  # by staff
    HANDED_OVER = "handed-over"
    CALLED_OFF = "called-off"  # with the event


SEATED = (State.HELD, State.CONFIRMED, State.OFFERED)
PENDING = (State.HELD, State.OFFERED)
LIVE = (*SEATED, State.WAITING)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody whom another one signed up; the id is "" of whom no address is known."""

    name: str
    person_id: str = ""
    diet: str = ""
    accessibility: str = ""
    arrived_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SignUp:
    """A party: who leads it and who comes along, in which way, and where it stands."""

    event_id: str
    person_id: str
    person: Person
    way: Way
    state: State
    created_at: datetime
    members: tuple[Member, ...] = ()  # besides the person
    made_by: str = ""
    number: int | None = None  # in the queue, while it waits
    confirm_by: datetime | None = None  # until when the address has to be proved, or had to be
    offer_until: datetime | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)  # by question
    diet: str = ""  # the person's own, as `accessibility`: both are gone a week after the event
    accessibility: str = ""
    arrived_at: datetime | None = None  # checked in
    sequence: int = 0  # of its calendar entry (RFC 5545, 3.8.7.4), besides the event's own
    confirmed_at: datetime | None = None  # when it came to its seat; None: as it was made
    network: str = ""  # where it was asked for from, as a digest, until its address is proved
    version: int = 1

    @property
    def signup_id(self) -> str:
        """What it is called outside: made of the event and the person, so that it tells nothing new."""
        return signup_id_of(self.event_id, self.person_id)

    @property
    def size(self) -> int:
        """How many persons it is."""
        return 1 + len(self.members)

    @property
    def live(self) -> bool:
        """Whether it has a seat or waits for one."""
        return self.state in LIVE

    @property
    def seated(self) -> bool:
        """Whether it has a seat, if only for a while."""
        return self.state in SEATED

    @property
    def waiting(self) -> bool:
        """Whether it stands in the queue."""
        return self.state is State.WAITING

    @property
    def never_proved(self) -> bool:
        """Whether it ran out before anybody showed that the address was theirs."""
        return self.state is State.EXPIRED and self.confirm_by is not None

    @property
    def person_ids(self) -> tuple[str, ...]:
        """Everybody in it of whom the address is known, and who was not forgotten."""
        return tuple(
            filter(is_somebody, (self.person_id, *(each.person_id for each in self.members)))
        )

    @property
    def lapses_at(self) -> datetime | None:
        """When it is over by itself: not proved, or not accepted."""
        if self.state is State.OFFERED:
            return self.offer_until
        return self.confirm_by if self.live else None


@dataclass(frozen=True, slots=True)
class Part:
    """That somebody is, or was, in a party: whose it is, which may be their own."""

    event_id: str
    led_by: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A party's place in the queue, as the queue has it."""

    event_id: str
    way: Way
    number: int
    person_id: str
    size: int


@dataclass(frozen=True, slots=True)
class Place:
    """How many are before one in the queue: parties, each of which is served whole, and persons."""

    parties: int
    persons: int

    @property
    def position(self) -> int:
        """One's own place among the parties, from 1 on."""
        return self.parties + 1


def signup_id_of(event_id: str, person_id: str) -> str:
    """The id of a person's sign-up for an event."""
    return f"s_{event_id.removeprefix('e_')}_{person_id.removeprefix('p_')}"


def parts_of(signup_id: str) -> tuple[str, str] | None:
    """The event and the person of an id, or None for what can be none."""
    event, _, person = signup_id.removeprefix("s_").rpartition("_")
    if not signup_id.startswith("s_") or not event or not person:
        return None
    return f"e_{event}", f"p_{person}"


def entry_of(signup: SignUp) -> Entry | None:
    """The place of one that waits."""
    if not signup.waiting or signup.number is None:
        return None
    return Entry(signup.event_id, signup.way, signup.number, signup.person_id, signup.size)


def place_of(number: int, queue: Iterable[Entry]) -> Place:
    """Where a number stands in its queue."""
    before = [each for each in queue if each.number < number]
    return Place(len(before), sum(each.size for each in before))


def lapsed(signup: SignUp, now: datetime) -> bool:
    """Whether it is over, tidied or not: at its end a hold or an offer is no more (W-19, W-21)."""
    return signup.lapses_at is not None and signup.lapses_at <= now


def judged(signup: SignUp, now: datetime) -> SignUp:
    """As it is at `now`, whatever is stored."""
    return expired(signup) if lapsed(signup, now) else signup


def told_of_the_event(signup: SignUp) -> bool:
    """Whether its person is told what becomes of the event: of who has not proved, nobody knows it yet."""
    return signup.live and signup.confirm_by is None


def has_links(signup: SignUp, event: Event, now: datetime) -> bool:
    """Whether the link of its mails opens it: until the event is over, and while it is its person's."""
    theirs = is_somebody(signup.person_id) and signup.state is not State.HANDED_OVER
    return theirs and now < event.ends_at


def etag(signup: SignUp) -> str:
    """A strong ETag (RFC 9110, 8.8.3) of what its person may change; `signup` is as judged.

    A digest and not the version, which would tell nobody in particular how often an address was
    signed up before.
    """
    moments = (signup.created_at, signup.confirm_by, signup.offer_until, signup.arrived_at)
    said = (
        (signup.signup_id, signup.state.value, signup.way.value),
        [each and each.timestamp() for each in moments],
        astuple(signup.person),
        [
            (each.name, each.diet, each.accessibility, bool(each.arrived_at))
            for each in signup.members
        ],
        sorted((key, str(value)) for key, value in signup.answers.items()),
        (signup.diet, signup.accessibility),
    )
    return f'"{hashlib.blake2b(repr(said).encode(), digest_size=12).hexdigest()}"'


def edited(signup: SignUp, changes: Mapping[str, Any], now: datetime) -> SignUp:
    """With other answers, diet or accessibility: what was answered can be changed as long as one comes."""
    _check(signup, now, LIVE)
    return _after(signup, **changes)


def again(before: SignUp | None, after: SignUp) -> SignUp:
    """A new sign-up in the place of one that is over: version and calendar go on from there."""
    if before is None:
        return after
    return replace(after, version=before.version + 1, sequence=before.sequence + 1)


def has_needs(signup: SignUp) -> bool:
    """Whether anybody of a party said anything of diet or accessibility."""
    said = (signup.diet, signup.accessibility)
    return any((*said, *(each.diet or each.accessibility for each in signup.members)))


def without_needs(signup: SignUp) -> SignUp:
    """The next version of one, of which it is not known any more what they eat and need."""
    return replace(_needless(signup), version=signup.version + 1)


def as_kept(signup: SignUp, event: Event) -> SignUp:
    """One that is about to be written: of an event whose diets and needs are counted, without them."""
    return _needless(signup) if event.counted else signup


def expired(signup: SignUp) -> SignUp:
    """Over by itself. That it could have been proved until then says that nobody ever did."""
    return replace(_over(signup, State.EXPIRED), confirm_by=signup.confirm_by)


def left(signup: SignUp, now: datetime, *, in_queue: bool = False) -> SignUp:
    """Given up by the person.

    Refused with `stale-state` where there is nothing to give up and, of who meant to leave the queue
    (`in_queue`), where a seat came meanwhile (W-07).
    """
    found = judged(signup, now)
    if in_queue and found.seated:
        raise refuse("stale-state", state=found.state.value, why="seated")
    _check(signup, now, LIVE)
    return _over(signup, State.LEFT)


def removed(signup: SignUp, now: datetime) -> SignUp:
    """Taken out by staff."""
    _check(signup, now, LIVE)
    return _over(signup, State.REMOVED)


def without(signup: SignUp, person_id: str) -> SignUp:
    """A party that somebody who came along with it does not come along with any more."""
    members = tuple(each for each in signup.members if each.person_id != person_id)
    return _after(signup, members=members)


def called_off(signup: SignUp) -> SignUp:
    """Over with its event."""
    return _over(signup, State.CALLED_OFF)


def proved(signup: SignUp, now: datetime) -> SignUp:
    """Of somebody whose address is proved. Refused with `hold-expired` where it is too late."""
    if lapsed(signup, now) or signup.state is State.EXPIRED:
        raise refuse("hold-expired", why="signup")
    _check(signup, now, (State.HELD, State.WAITING))
    if signup.waiting:
        return _after(signup, confirm_by=None)
    return _confirmed(signup, now)


def accepted(signup: SignUp, now: datetime) -> SignUp:
    """An offer that is taken. Refused with `hold-expired` where it is too late (W-19)."""
    if lapsed(signup, now) or signup.state is State.EXPIRED:
        raise refuse("hold-expired", why="signup")
    _check(signup, now, (State.OFFERED,))
    return _confirmed(signup, now)


def declined(signup: SignUp, now: datetime) -> SignUp:
    """An offer that is not wanted: out of the queue for good."""
    _check(signup, now, (State.OFFERED,))
    return _over(signup, State.DECLINED)


def promoted(signup: SignUp, event: Event, now: datetime) -> SignUp:
    """From the queue to a seat: confirmed, offered near the start, or held where nobody has proved yet.

    What it answered when it signed up stays with it (W-28).
    """
    if signup.confirm_by is not None:
        return _after(signup, state=State.HELD, number=None)
    if promotion(event, now) is Promotion.OFFER:
        until = offer_until(event, now)
        return _after(signup, state=State.OFFERED, number=None, offer_until=until)
    return _confirmed(signup, now)


def let_in(signup: SignUp, now: datetime) -> SignUp:
    """Confirmed by a host who sees them: of who waits, was offered a seat, or has not proved an address."""
    _check(signup, now, (State.WAITING, *PENDING))
    return _confirmed(signup, now)


def switched(signup: SignUp, way: Way, now: datetime, **changes: Any) -> SignUp:
    """With its seat in another way, and what else of it is edited."""
    _check(signup, now, (State.CONFIRMED,))
    return _after(signup, way=way, sequence=signup.sequence + 1, **changes)


def handed_over(
    signup: SignUp, person_id: str, person: Person, before: SignUp | None, now: datetime
) -> tuple[SignUp, SignUp]:
    """A seat given to a colleague, in whose place `before` was: what the one has now, and the other."""
    _check(signup, now, (State.CONFIRMED,))
    new = replace(
        signup,
        person_id=person_id,
        person=person,
        answers={},
        diet="",
        accessibility="",
        arrived_at=None,
        created_at=now,
        confirmed_at=None,
        version=1,
        sequence=0,
    )
    return _over(signup, State.HANDED_OVER), again(before, new)


def exchanged(first: SignUp, second: SignUp) -> tuple[SignUp, SignUp]:
    """Two that wait, each in the other's place."""
    return _after(first, number=second.number), _after(second, number=first.number)


def _needless(signup: SignUp) -> SignUp:
    members = tuple(replace(each, diet="", accessibility="") for each in signup.members)
    return replace(signup, diet="", accessibility="", members=members)


def _confirmed(signup: SignUp, now: datetime) -> SignUp:
    return _after(
        signup,
        state=State.CONFIRMED,
        confirmed_at=now,
        number=None,
        confirm_by=None,
        offer_until=None,
        sequence=signup.sequence + 1,
    )


def _over(signup: SignUp, state: State) -> SignUp:
    sequence = signup.sequence + (signup.state is State.CONFIRMED)
    return _after(
        signup, state=state, number=None, confirm_by=None, offer_until=None, sequence=sequence
    )


def _after(signup: SignUp, **changes: Any) -> SignUp:
    after = replace(signup, **changes, version=signup.version + 1)
    return after if after.confirm_by else replace(after, network="")


def _check(signup: SignUp, now: datetime, states: tuple[State, ...]) -> None:
    found = judged(signup, now).state
    if found not in states:
        raise refuse("stale-state", state=found.value)
