"""Signing up for an event: a seat where there is one and nobody waits for it, else a place in the queue."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.errors import NotFound, Problem, Refused, VersionRaced, broken_by, refuse
from chalicelib.domain.events import Event, State, Way, check_open, check_running, seats_of
from chalicelib.domain.holds import exceeded as too_many_holds
from chalicelib.domain.messages import Message
from chalicelib.domain.people import Actor, Person, person_id_of
from chalicelib.domain.questions import answered
from chalicelib.domain.queueing import Needs, behind_all, sits, waits
from chalicelib.domain.signups import (
    Member,
    Place,
    SignUp,
    again,
    as_kept,
    judged,
    parts_of,
)
from chalicelib.domain.signups import State as SignUpState
from chalicelib.services import holds, reading_log
from chalicelib.services.access import Action, may, owns
from chalicelib.services.ports import Look, Ports, Snapshot
from chalicelib.services.queues import expire_lapsed, gone, place, put, settle
from chalicelib.services.requests import check_audience, standing, who
from chalicelib.services.sender import nudge
from chalicelib.services.telling_again import again_due
from chalicelib.services.writing import Attempt, Intent, Outcome, write

# Guests by their addresses: three items each at most, of a hundred in a transaction.
MOST_KNOWN = 30


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who comes along; an address, if it is known, keeps them from being signed up twice."""

    name: str
    email: str = ""
    diet: str = ""
    accessibility: str = ""


@dataclass(frozen=True, slots=True)
class SignUpRequest:
    """Who wants to come, with whom, in which way."""

    event_id: str
    way: Way = Way.ROOM
    person: Person | None = None  # None: the actor's own
    guests: tuple[Guest, ...] = ()
    answers: Mapping[str, Any] = field(default_factory=dict)
    diet: str = ""
    accessibility: str = ""
    accept_terms: bool = False

    @property
    def size(self) -> int:
        """How many persons it is."""
        return 1 + len(self.guests)


@dataclass(frozen=True, slots=True)
class Seen:
    """A sign-up as it is now, with its event and where it stands in the queue, if it does."""

    event: Event
    signup: SignUp
    place: Place | None

    @property
    def person_id(self) -> str:
        """Whose it is."""
        return self.signup.person_id


def sign_up(ports: Ports, request: SignUpRequest, intent: Intent) -> Outcome[Seen]:
    """Sign a party up: with seats, or waiting; held until the address is proved, where nobody vouches.

    Hosts do it past the window, too (S-04). Refused: `invalid-request`, `email-not-allowed`,
    `terms-not-accepted`, `quota-exceeded`, `signup-not-open`, `group-too-large`, `already-signed-up` (the pointer names the
    row), `event-full`, `held-for-waiting-list`. NotFound for what one may not see.
    """
    told: list[Message] = []
    outcome = write(ports, intent, lambda attempt: _sign_up(attempt, request, told))
    made = outcome.value
    if not outcome.replayed:
        nudge(ports, told)
    if made is not None and made.place is not None and made.event.ways[made.signup.way].free > 0:
        # It may have been left free by who died before giving it on.
        settle(ports, made.event.event_id, made.signup.way)
    return outcome


def read(ports: Ports, signup_id: str, actor: Actor) -> Seen:
    """A sign-up; who reads somebody else's is noted before they do.

    NotFound where there is none, or where it is not the actor's to see.
    """
    event_id, person_id = parts_of(signup_id) or ("e_", "p_")
    look = ports.events.look(event_id, [person_id])
    found = look.signups.get(person_id)
    if look.event is None or found is None or not may(actor, Action.READ_SIGNUP, found):
        raise NotFound
    if not owns(actor, found):
        reading_log.note(ports, actor, f"signup#{signup_id}")
    return seen(ports, look.event, found)


def seen(ports: Ports, event: Event, found: SignUp) -> Seen:
    """A stored sign-up as it is now."""
    signup = judged(found, ports.clock.now())
    return Seen(event, signup, place(ports, signup, event))


def _sign_up(attempt: Attempt, request: SignUpRequest, told: list[Message]) -> Seen:
    ports, actor = attempt.ports, attempt.intent.actor
    now = ports.clock.now()
    person, person_id, members, found, problems = _party(attempt, request, now)
    people = (person_id, *(each.person_id for each in members))
    look = ports.events.look(request.event_id, filter(None, people))
    event = _visible(look.event, actor)
    answers, unanswered = answered(event.questions, request.answers, lenient=actor.staff)
    problems += [*_unfit(event, request, actor, now), *unanswered]
    problems += broken_by(
        lambda: check_audience(event.audience, person, found.profile, actor, attempt.catalog, now)
    )
    if problems:
        raise Refused(problems)
    unproved = holds.to_be_proved(actor, person_id, attempt.catalog.site)
    telling = _told(actor, person_id)
    known = _check_new(ports, event.event_id, look, people, telling=telling)
    before = look.signups.get(person_id)
    new = SignUp(
        event_id=event.event_id,
        person_id=person_id,
        person=person,
        way=request.way,
        state=SignUpState.HELD if unproved else SignUpState.CONFIRMED,
        created_at=now,
        members=members,
        made_by=actor.actor_id,
        confirm_by=now + event.hold_time if unproved else None,
        answers=answers,
        diet=request.diet,
        accessibility=request.accessibility,
        network=attempt.intent.network if unproved else "",
    )
    new, needs = _seated_or_waiting(ports, event, as_kept(new, event), now)
    made = Seen(event, new, behind_all(event.ways[new.way]) if new.waiting else None)
    holds.begin(ports, attempt.tx, new, attempt.catalog.site, found.holds)
    # Looked for whoever is in or was, where nothing is told: neither does it show by its time.
    there = before if before and before.live else new
    one = None if telling else again_due(ports, event, there, now)
    if known:
        # To nobody in particular they look like any other: who reads their mail is told.
        told[:] = [one] if one and before else []
        for each in told:
            ports.outbox.put(attempt.tx, each)
        return made
    new = again(before, new)
    told[:] = put(
        ports,
        attempt.tx,
        event,
        [(before, new)],
        {new.way: needs},
        by=actor.actor_id,
        action="sign-up",
        now=now,
    )
    return replace(made, signup=new)


def _seated_or_waiting(
    ports: Ports, event: Event, new: SignUp, now: datetime
) -> tuple[SignUp, Needs]:
    needs = sits(event, new.way, new.size)
    if needs is not None:
        return new, needs
    seats = event.ways[new.way]
    # Who has neither proved nor accepted in time is in nobody's way (W-21).
    if seats.lapsing and expire_lapsed(ports, event.event_id):
        raise VersionRaced
    try:
        needs = waits(event, new.way, new.size, now)
    except Refused:
        # What was in the way may have been ended by somebody else, after it was read here.
        if seats.lapsing and ports.events.look(event.event_id).event != event:
            raise VersionRaced from None
        raise
    return replace(new, state=SignUpState.WAITING, number=needs.number), needs


def _party(
    attempt: Attempt, request: SignUpRequest, now: datetime
) -> tuple[Person, str, tuple[Member, ...], Snapshot, list[Problem]]:
    """Who it is, who comes along, what is known of them, and what is wrong with what is said of them."""
    actor, catalog = attempt.intent.actor, attempt.catalog
    if not may(actor, Action.BOOK):
        raise NotFound
    person, person_id, problems = who(request, actor, catalog)
    places = holds.places(actor, person_id, attempt.intent.network, catalog.site)
    found = attempt.read(person_id=person_id, holds=[place.key for place in places])
    problems += standing(person, found.profile, actor, catalog, now)[1]
    problems += too_many_holds(places, found.holds, now)
    members = []
    for row, guest in enumerate(request.guests):
        if guest.email and not _told(actor, person_id):
            # Or anybody could ask who has signed up, an address at a time.
            problems.append(Problem("invalid-request", f"/guests/{row}/email", {"why": "unproved"}))
        try:
            known = person_id_of(guest.email, catalog.site.salt) if guest.email else ""
        except ValueError:
            problems.append(Problem("invalid-request", f"/guests/{row}/email", {"why": "email"}))
            known = ""
        members.append(Member(guest.name, known, guest.diet, guest.accessibility))
    if sum(bool(each.person_id) for each in members) > MOST_KNOWN:
        problems.append(Problem("group-too-large", "/guests", {"most": MOST_KNOWN}))
    if person is None or person_id is None:
        raise Refused(problems)
    return person, person_id, tuple(members), found, problems


def _told(actor: Actor, person_id: str | None) -> bool:
    """Whether somebody is told who has signed up already: of themselves, or vouching for people."""
    return actor.vouches or actor.person_id == person_id


def _visible(event: Event | None, actor: Actor) -> Event:
    if event is None or (event.state is State.DRAFT and not actor.staff):
        raise NotFound
    return event


def _unfit(event: Event, request: SignUpRequest, actor: Actor, now: datetime) -> list[Problem]:
    """What an event has against a request, whoever is in it: its window, its ways, its size."""
    problems = broken_by(lambda: seats_of(event, request.way))
    problems += broken_by(lambda: check_running(event) if actor.staff else check_open(event, now))
    if request.size > event.group_size and not actor.staff:
        problems.append(Problem("group-too-large", "/guests", {"most": event.group_size}))
    return problems


def _check_new(
    ports: Ports, event_id: str, look: Look, people: tuple[str, ...], *, telling: bool
) -> bool:
    """Nobody is signed up twice (S-08, S-16); who is and should be no more is ended first.

    `people` are the person and the guests, row by row, "" where no address is known. Returns whether
    somebody is in already, where whoever asks may not be told (S-06).
    """
    taken = [row for row, each in enumerate(people) if each in look.parties]
    leads = {look.parties[people[row]] for row in taken}
    if any(gone(ports, event_id, lead) for lead in sorted(leads)):
        raise VersionRaced
    if not telling and not leads:
        # Where nothing is told, there is one more look whoever is in: neither does it show by its time.
        gone(ports, event_id, people[0])
    if not taken:
        taken = [row for row, each in enumerate(people) if each and each in people[:row]]
    if taken and telling:
        row = taken[0]
        pointer = f"/guests/{row - 1}/email" if row else "/person/email"
        raise refuse("already-signed-up", pointer)
    return bool(taken)
