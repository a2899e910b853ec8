"""Somebody stands at the door and has not signed up: a seat and a check-in, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.attendance import checked_in
from chalicelib.domain.errors import NotFound, Refused, VersionRaced, refuse
from chalicelib.domain.events import Event, State, Way, check_running
from chalicelib.domain.people import Person, person_id_of
from chalicelib.domain.queueing import Needs, at_the_door
from chalicelib.domain.signups import Member, SignUp, again, as_kept, judged, parts_of
from chalicelib.domain.signups import State as SignUpState
from chalicelib.domain.signups import let_in as let_in_
from chalicelib.services.access import Action, may
from chalicelib.services.ports import Ports
from chalicelib.services.queues import expire_lapsed, gone, put
from chalicelib.services.requests import standing
from chalicelib.services.signups import Guest
from chalicelib.services.writing import AlreadyDone, Attempt, Intent, Outcome, write


@dataclass(frozen=True, slots=True)
class WalkIn:
    """Who came, with whom. Without an address they get no mails, and there is nothing to log into."""

    event_id: str
    person: Person
    way: Way = Way.ROOM
    guests: Sequence[Guest] = ()
    diet: str = ""
    accessibility: str = ""
    override: tuple[str, ...] = ()


def walk_in(ports: Ports, request: WalkIn, intent: Intent) -> Outcome[SignUp]:
    """Let somebody in who has not signed up, also past the window, and note that all of them are there.

    Refused: `event-full`, or `held-for-waiting-list` where a queue that still moves has the seats, unless
    it is overridden, which is noted; `already-signed-up`; `stale-state` of an event that is none.
    """
    if not may(intent.actor, Action.RUN):
        raise NotFound
    return write(ports, intent, lambda attempt: _walk_in(attempt, request))


def let_in(
    ports: Ports, signup_id: str, override: tuple[str, ...], intent: Intent
) -> Outcome[SignUp]:
    """Let in a party that signed up and has no seat for good, and note that all of it is there.

    One that waits needs a seat as who walks in does, and is refused as they are; twice is once.
    """
    parts = parts_of(signup_id)
    if parts is None or not may(intent.actor, Action.RUN):
        raise NotFound

    def decide(attempt: Attempt) -> SignUp:
        attempt.read()
        now, by = ports.clock.now(), intent.actor.actor_id
        look = ports.events.look(parts[0], [parts[1]])
        before = look.signups.get(parts[1])
        if before is None:
            raise NotFound
        event = _published(look.event)
        if judged(before, now).state is SignUpState.CONFIRMED and before.arrived_at:
            raise _Already(before)
        after = checked_in(let_in_(before, now), None, now)
        after = replace(after, version=before.version + 1)
        needs = {}
        if before.waiting:
            needs[before.way] = _needs(ports, event, after, now, override)
        put(ports, attempt.tx, event, [(before, after)], needs, by=by, action="let-in", now=now)
        if override:
            _note_override(attempt, after, override, now)
        return after

    try:
        return write(ports, intent, decide)
    except _Already as done:
        return Outcome(done.signup, intent.render(done.signup))


class _Already(AlreadyDone):
    def __init__(self, signup: SignUp) -> None:
        self.signup = signup


def _walk_in(attempt: Attempt, request: WalkIn) -> SignUp:
    ports, by = attempt.ports, attempt.intent.actor.actor_id
    now = ports.clock.now()
    person_id = _person_id(attempt, request.person, now)
    look = ports.events.look(request.event_id, [person_id])
    event = _published(look.event)
    if lead := look.parties.get(person_id):
        if gone(ports, event.event_id, lead):
            raise VersionRaced
        raise refuse("already-signed-up", "/email")
    before = look.signups.get(person_id)
    new = again(before, as_kept(_arrived(request, person_id, by, now), event))
    needs = {new.way: _needs(ports, event, new, now, request.override)}
    put(ports, attempt.tx, event, [(before, new)], needs, by=by, action="walk-in", now=now)
    if request.override:
        _note_override(attempt, new, request.override, now)
    return new


def _person_id(attempt: Attempt, person: Person, now: datetime) -> str:
    """By the address, or one that is nobody else's."""
    if not person.email:
        attempt.read()
        return attempt.ports.clock.new_id("p")
    person_id = person_id_of(person.email, attempt.catalog.site.salt)
    profile = attempt.read(person_id=person_id).profile
    problems = standing(person, profile, attempt.intent.actor, attempt.catalog, now)[1]
    if problems:
        raise Refused([replace(each, pointer="/email") for each in problems])
    return person_id


def _published(event: Event | None) -> Event:
    if event is None:
        raise NotFound
    if event.state is not State.PUBLISHED:
        raise refuse("stale-state", state=event.state.value)
    check_running(event)
    return event


def _arrived(request: WalkIn, person_id: str, by: str, now: datetime) -> SignUp:
    return SignUp(
        event_id=request.event_id,
        person_id=person_id,
        person=request.person,
        way=request.way,
        state=SignUpState.CONFIRMED,
        created_at=now,
        members=tuple(
            Member(each.name, "", each.diet, each.accessibility, arrived_at=now)
            for each in request.guests
        ),
        made_by=by,
        diet=request.diet,
        accessibility=request.accessibility,
        arrived_at=now,
    )


def _needs(
    ports: Ports, event: Event, new: SignUp, now: datetime, override: tuple[str, ...]
) -> Needs:
    try:
        return at_the_door(event, new.way, new.size, now, override)
    except Refused:
        # Who has neither proved nor accepted in time is in nobody's way (W-21).
        if new.way in event.ways and expire_lapsed(ports, event.event_id):
            raise VersionRaced from None
        raise


def _note_override(attempt: Attempt, new: SignUp, override: tuple[str, ...], now: datetime) -> None:
    attempt.ports.audit.add(
        attempt.tx,
        subject=f"event#{new.event_id}",
        actor=attempt.intent.actor.actor_id,
        action="override",
        at=now,
        person_id=new.person_id,
        override=list(override),
    )
