"""What becomes of a place one has: proved, accepted, declined, left, taken, handed over, switched, moved up."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.domain import signups as domain
from chalicelib.domain.bookings import check_version
from chalicelib.domain.errors import NotFound, Refused, VersionRaced, refuse
from chalicelib.domain.events import Event, Way, check_running
from chalicelib.domain.people import Person, person_id_of
from chalicelib.domain.questions import checked
from chalicelib.domain.queueing import Needs, sits
from chalicelib.domain.signups import SignUp, State, judged
from chalicelib.services.access import Action, may
from chalicelib.services.ports import Ports
from chalicelib.services.queues import expire_lapsed, give_up, gone, put, settle
from chalicelib.services.requests import check_audience, standing
from chalicelib.services.writing import AlreadyDone, Attempt, Intent, Outcome, write

Step = Callable[[SignUp, datetime], SignUp]
EventStep = Callable[[Event, SignUp, datetime], SignUp]
GIVEN_UP = (State.LEFT, State.REMOVED, State.DECLINED)


class _Already(AlreadyDone):
    def __init__(self, signup: SignUp) -> None:
        self.signup = signup


def prove(ports: Ports, event_id: str, person_id: str, intent: Intent) -> Outcome[SignUp]:
    """Confirm a seat that was held, or keep a place in the queue; the caller has seen the proof.

    Twice is once. Refused with `hold-expired` where it is too late.
    """

    def step(signup: SignUp, now: datetime) -> SignUp:
        if judged(signup, now).live and signup.confirm_by is None:
            raise _Already(signup)
        return domain.proved(signup, now)

    done = (State.CONFIRMED,)
    return _change(ports, event_id, person_id, intent, step, "prove", done, own=False)


def accept(ports: Ports, event_id: str, person_id: str, intent: Intent) -> Outcome[SignUp]:
    """Take a seat that was offered; twice is once (W-20). Refused with `hold-expired` (W-19)."""
    return _change(
        ports, event_id, person_id, intent, domain.accepted, "accept", (State.CONFIRMED,)
    )


def decline(ports: Ports, event_id: str, person_id: str, intent: Intent) -> Outcome[SignUp]:
    """Give an offered seat on to who waits next."""
    return _change(
        ports, event_id, person_id, intent, domain.declined, "decline", (State.DECLINED,)
    )


def leave(
    ports: Ports,
    event_id: str,
    person_id: str,
    intent: Intent,
    *,
    in_queue: bool = False,
    tags: tuple[str, ...] | None = None,
) -> Outcome[SignUp]:
    """Give up a seat or a place in the queue; twice is once (W-15). `tags` is If-Match.

    Refused with `stale-state`, and the state in it, of who meant to leave the queue (`in_queue`) and has
    a seat by now (W-07).
    """

    def step(signup: SignUp, now: datetime) -> SignUp:
        return domain.left(signup, now, in_queue=in_queue)

    return _change(ports, event_id, person_id, intent, step, "leave", GIVEN_UP, tags=tags)


def remove(
    ports: Ports,
    event_id: str,
    person_id: str,
    intent: Intent,
    *,
    tags: tuple[str, ...] | None = None,
) -> Outcome[SignUp]:
    """Take somebody out, as staff; who waits is promoted all the same (W-13)."""
    if not may(intent.actor, Action.RUN):
        raise NotFound
    step, done = domain.removed, GIVEN_UP
    return _change(ports, event_id, person_id, intent, step, "remove", done, tags=tags)


def edit(
    ports: Ports,
    event_id: str,
    person_id: str,
    fields: Mapping[str, Any],
    intent: Intent,
    *,
    tags: tuple[str, ...] | None = None,
) -> Outcome[SignUp]:
    """Change what was answered: `fields` are `answers`, `diet` and `accessibility`, as far as named."""

    def step(event: Event, signup: SignUp, now: datetime) -> SignUp:
        after = domain.edited(signup, _checked(event, fields, intent), now)
        return domain.as_kept(after, event)

    return _changed(ports, event_id, person_id, intent, step, "edit", tags=tags)


def switch(
    ports: Ports,
    event_id: str,
    person_id: str,
    way: Way,
    intent: Intent,
    *,
    tags: tuple[str, ...] | None = None,
    fields: Mapping[str, Any] | None = None,
) -> Outcome[SignUp]:
    """Go from the room to remote or back, with a seat there or not at all (S-24): `event-full`.

    `fields` are changed in the same go, as `edit` changes them.
    """

    def needed(attempt: Attempt, event: Event, signup: SignUp) -> dict[Way, Needs]:
        if signup.way is way:
            return {}
        needs = sits(event, way, signup.size)
        if needs is None:
            if event.ways[way].lapsing and expire_lapsed(attempt.ports, event_id):
                raise VersionRaced
            raise refuse("event-full", "/way", why=way.value)
        return {way: needs}

    def step(event: Event, signup: SignUp, now: datetime) -> SignUp:
        edited = _checked(event, fields or {}, intent)
        if signup.way is not way:
            return domain.as_kept(domain.switched(signup, way, now, **edited), event)
        if not edited:
            raise _Already(signup)
        return domain.as_kept(domain.edited(signup, edited, now), event)

    return _changed(ports, event_id, person_id, intent, step, "switch", needed=needed, tags=tags)


def hand_over(
    ports: Ports, event_id: str, person_id: str, colleague: Person, intent: Intent
) -> Outcome[SignUp]:
    """Give one's seat to a colleague: the queue is not asked, since no seat is freed (S-25).

    Returns the colleague's. Refused with `already-signed-up` or `email-not-allowed` where they are.
    """

    def decide(attempt: Attempt) -> SignUp:
        now, salt = ports.clock.now(), attempt.catalog.site.salt
        other_id = _address(colleague, salt)
        profile = attempt.read(person_id=other_id).profile
        look = ports.events.look(event_id, [person_id, other_id])
        event, before = _own(look.event, look.signups.get(person_id), intent)
        # A session is its person's; a colleague need not have logged in ever.
        giver = replace(intent.actor, session="")
        problems = standing(colleague, profile, giver, attempt.catalog, now)[1]
        if problems:
            raise Refused(problems)
        check_running(event)
        _check_to_come(event, intent, now)
        check_audience(event.audience, colleague, profile, intent.actor, attempt.catalog, now)
        if lead := look.parties.get(other_id):
            if gone(ports, event_id, lead):
                raise VersionRaced
            raise refuse("already-signed-up", "/person/email")
        old = look.signups.get(other_id)
        given, new = domain.handed_over(before, other_id, colleague, old, now)
        changes = [(before, given), (old, new)]
        by = intent.actor.actor_id
        put(ports, attempt.tx, event, changes, {}, by=by, action="hand-over", now=now)
        return new

    return write(ports, intent, decide)


def move_up(ports: Ports, event_id: str, person_id: str, intent: Intent) -> Outcome[SignUp]:
    """Let one that waits and the party before it change places, as staff. The first stays the first."""
    if not may(intent.actor, Action.RUN):
        raise NotFound

    def decide(attempt: Attempt) -> SignUp:
        now = ports.clock.now()
        attempt.read()
        look = ports.events.look(event_id, [person_id])
        event, mine = _own(look.event, look.signups.get(person_id), intent)
        check_running(event)
        if not judged(mine, now).waiting:
            raise refuse("stale-state", state=judged(mine, now).state.value)
        queue = ports.events.queue(event_id, mine.way)
        ahead = [each for each in queue if mine.number and each.number < mine.number]
        if not ahead:
            raise _Already(mine)
        theirs = ports.events.look(event_id, [ahead[-1].person_id]).signups.get(ahead[-1].person_id)
        if theirs is None or theirs.number != ahead[-1].number:
            raise VersionRaced
        after, behind = domain.exchanged(mine, theirs)
        changes = [(mine, after), (theirs, behind)]
        by = intent.actor.actor_id
        put(ports, attempt.tx, event, changes, {}, by=by, action="move-up", now=now)
        return after

    outcome = _once(ports, intent, decide)
    if outcome.value is not None and not outcome.replayed:
        settle(ports, event_id, outcome.value.way)
    return outcome


def _change(
    ports: Ports,
    event_id: str,
    person_id: str,
    intent: Intent,
    step: Step,
    action: str,
    done: tuple[State, ...] = (),
    *,
    own: bool = True,
    tags: tuple[str, ...] | None = None,
) -> Outcome[SignUp]:
    """As `_changed`, by a step to which its event is nothing."""

    def with_event(_: Event, signup: SignUp, now: datetime) -> SignUp:
        return step(signup, now)

    return _changed(
        ports, event_id, person_id, intent, with_event, action, done, own=own, tags=tags
    )


def _changed(
    ports: Ports,
    event_id: str,
    person_id: str,
    intent: Intent,
    step: EventStep,
    action: str,
    done: tuple[State, ...] = (),
    *,
    own: bool = True,
    needed: Callable[[Attempt, Event, SignUp], dict[Way, Needs]] | None = None,
    tags: tuple[str, ...] | None = None,
) -> Outcome[SignUp]:
    """Take a sign-up one step on, give on what it frees, and answer what is `done` as the first time."""
    to_settle: set[Way] = set()

    def decide(attempt: Attempt) -> SignUp:
        now = ports.clock.now()
        attempt.read()
        look = ports.events.look(event_id, [person_id])
        event, before = _own(look.event, look.signups.get(person_id), intent, own=own)
        if judged(before, now).state in done:
            raise _Already(before)
        check_version(tags, domain.etag(judged(before, now)))
        check_running(event)
        if own:
            _check_to_come(event, intent, now)
        after = step(event, before, now)
        also = needed(attempt, event, before) if needed else None
        by = intent.actor.actor_id
        more = give_up(
            ports, attempt.tx, event, before, after, by=by, action=action, now=now, also=also
        )
        to_settle.clear()
        if more:
            to_settle.add(before.way)
        return after

    outcome = _once(ports, intent, decide)
    for way in to_settle:
        settle(ports, event_id, way)
    return outcome


def _once(ports: Ports, intent: Intent, decide: Callable[[Attempt], SignUp]) -> Outcome[SignUp]:
    try:
        return write(ports, intent, decide)
    except _Already as done:
        return Outcome(done.signup, intent.render(done.signup))


def _own(
    event: Event | None, signup: SignUp | None, intent: Intent, *, own: bool = True
) -> tuple[Event, SignUp]:
    if (
        event is None
        or signup is None
        or (own and not may(intent.actor, Action.CHANGE_SIGNUP, signup))
    ):
        raise NotFound
    return event, signup


def _check_to_come(event: Event, intent: Intent, now: datetime) -> None:
    """What is over is not changed any more, but by hosts."""
    if now >= event.ends_at and not intent.actor.staff:
        raise refuse("stale-state", why="over")


def _checked(event: Event, fields: Mapping[str, Any], intent: Intent) -> Mapping[str, Any]:
    """The fields that are changed, with answers as the event's questions want them."""
    if "answers" not in fields:
        return fields
    answers = checked(event.questions, fields["answers"], lenient=intent.actor.staff)
    return {**fields, "answers": answers}


def _address(person: Person, salt: str) -> str:
    try:
        return person_id_of(person.email, salt)
    except ValueError as error:
        raise refuse("invalid-request", "/person/email", why="email") from error
