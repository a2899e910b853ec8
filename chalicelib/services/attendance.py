"""What hosts do at the door: look who is expected, check people in, and take it back."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain import attendance as domain
from chalicelib.domain.collation import folded, name_key
from chalicelib.domain.errors import NotFound, refuse
from chalicelib.domain.events import Event, Way, check_running
from chalicelib.domain.figures import Figures
from chalicelib.domain.figures import figures as count
from chalicelib.domain.people import Actor
from chalicelib.domain.queueing import Needs
from chalicelib.domain.signups import (
    Place,
    SignUp,
    State,
    entry_of,
    judged,
    parts_of,
    place_of,
)
from chalicelib.services import links, reading_log
from chalicelib.services.access import Action, may
from chalicelib.services.ports import Fields, Ports
from chalicelib.services.writing import AlreadyDone, Attempt, Intent, Outcome, write

BATCH = 500
NO_NEEDS: Mapping[Way, Needs] = {}
Step = Callable[[SignUp, Iterable[int] | None, datetime], SignUp]


@dataclass(frozen=True, slots=True)
class Listing:
    """An event's sign-ups as they are now, by name."""

    event: Event
    signups: tuple[SignUp, ...]

    def place(self, signup: SignUp) -> Place | None:
        """Where one stands in its queue, if it does."""
        entry = entry_of(signup)
        if entry is None:
            return None
        queue = (entry_of(each) for each in self.signups if each.way is entry.way)
        return place_of(entry.number, filter(None, queue))

    def shown(
        self, state: State | None = None, name: str = "", after: str = ""
    ) -> Iterator[SignUp]:
        """Those of one state, or with a text in a name of the party, after a person; by name.

        Refused with `invalid-request` at /cursor where that person is not there any more.
        """
        text, places = folded(name), [each.person_id for each in self.signups]
        if after and after not in places:
            raise refuse("invalid-request", "/cursor")
        first = places.index(after) + 1 if after else 0
        for each in self.signups[first:]:
            if state in (None, each.state) and any(text in folded(said) for said in _names(each)):
                yield each


class _Already(AlreadyDone):
    def __init__(self, signup: SignUp) -> None:
        self.signup = signup


def all_of(ports: Ports, event_id: str) -> Iterator[SignUp]:
    """Every sign-up of an event as stored, in the order of the store."""
    after: Fields | None = None
    while True:
        page = ports.events.signups(event_id, BATCH, after)
        yield from page.items
        after = page.next
        if after is None:
            return


def listing(ports: Ports, event_id: str) -> Listing:
    """Who signed up for an event. All of it is read: no index knows the order of names."""
    event, now = ports.events.look(event_id).event, ports.clock.now()
    if event is None:
        raise NotFound
    found = [judged(each, now) for each in all_of(ports, event_id)]
    found.sort(key=lambda each: (*name_key(each.person.name), each.person_id))
    return Listing(event, tuple(found))


def unreached(ports: Ports, signups: Iterable[SignUp]) -> Mapping[str, str]:
    """Why mail does not arrive, by the ids of those who lead a party and have such an address (R-18)."""
    return ports.people.suppressions(each.person_id for each in signups if each.person.email)


def figures(ports: Ports, event_id: str) -> tuple[Event, Figures]:
    """An event, and what is counted of it now: for the caterer, without anybody's name."""
    event = ports.events.look(event_id).event
    if event is None:
        raise NotFound
    signups, now = all_of(ports, event_id), ports.clock.now()
    found = count(signups, event.ways, event.questions, now, event.counted, event.answered)
    return event, found


def note(
    ports: Ports,
    actor: Actor,
    event_id: str,
    action: str,
    signups: Iterable[SignUp] = (),
    filters: Iterable[str] = (),
) -> None:
    """Say in the log whose data of an event somebody is about to see; Unavailable where that fails."""
    ids = [each.signup_id for each in signups]
    reading_log.note(ports, actor, f"event#{event_id}", action, signups=ids, filters=filters)


def check_in(
    ports: Ports, signup_id: str, persons: Iterable[int] | None, intent: Intent
) -> Outcome[SignUp]:
    """Note that some of a party are there (None: all); twice is once. `stale-state` as `checked_in` says."""
    return _change(ports, _named(signup_id), persons, intent, domain.checked_in, "check-in")


def check_out(
    ports: Ports, signup_id: str, persons: Iterable[int] | None, intent: Intent
) -> Outcome[SignUp]:
    """Take a check-in back; twice is once."""
    return _change(ports, _named(signup_id), persons, intent, domain.checked_out, "check-out")


def check_in_by_code(
    ports: Ports, event_id: str, code: str, persons: Iterable[int] | None, intent: Intent
) -> Outcome[SignUp]:
    """As `check_in`, by a ticket: what was scanned, or its code as somebody typed it.

    Refused with `invalid-request` at /code where it is of nobody who signed up for this event.
    """

    def find() -> tuple[str, str]:
        found = find_ticket(ports, event_id, code)
        if found is None:
            raise refuse("invalid-request", "/code", why="code")
        return event_id, found

    return _change(ports, find, persons, intent, domain.checked_in, "check-in")


def find_ticket(ports: Ports, event_id: str, code: str) -> str | None:
    """Whose ticket of an event it is, or None.

    What was scanned names the sign-up. Of a code that was typed no table is kept: it is compared with that
    of every sign-up, which for a thousand of them takes some reads and hundredths of a second.
    """
    scanned = links.scanned_ticket(code)
    if scanned is None:
        return links.owner_of_ticket(
            ports, event_id, (each.person_id for each in all_of(ports, event_id)), code
        )
    named = parts_of(scanned[0])
    if named is None or named[0] != event_id:
        return None
    return links.owner_of_ticket(ports, event_id, (named[1],), scanned[1])


def _names(signup: SignUp) -> Iterator[str]:
    yield signup.person.name
    yield from (each.name for each in signup.members)


def _named(signup_id: str) -> Callable[[], tuple[str, str]]:
    def find() -> tuple[str, str]:
        found = parts_of(signup_id)
        if found is None:
            raise NotFound
        return found

    return find


def _change(
    ports: Ports,
    find: Callable[[], tuple[str, str]],
    persons: Iterable[int] | None,
    intent: Intent,
    step: Step,
    action: str,
) -> Outcome[SignUp]:
    wanted = None if persons is None else sorted(set(persons))
    if not may(intent.actor, Action.RUN):
        raise NotFound

    def decide(attempt: Attempt) -> SignUp:
        attempt.read()
        now = ports.clock.now()
        event_id, person_id = find()
        look = ports.events.look(event_id, [person_id])
        event, before = look.event, look.signups.get(person_id)
        if event is None or before is None:
            raise NotFound
        check_running(event)
        after = step(before, wanted, now)
        if after is before:
            raise _Already(before)
        ports.events.write(attempt.tx, event, [(before, after)], NO_NEEDS)
        log(attempt, after, action, now, persons=_changed(before, after))
        return after

    try:
        return write(ports, intent, decide)
    except _Already as done:
        return Outcome(done.signup, intent.render(done.signup))


def log(
    attempt: Attempt, signup: SignUp, action: str, now: datetime, *, persons: Iterable[int]
) -> None:
    """Put who checked whom in into the transaction: persons by their numbers in the party."""
    attempt.ports.audit.add(
        attempt.tx,
        subject=f"event#{signup.event_id}",
        actor=attempt.intent.actor.actor_id,
        action=action,
        at=now,
        person_id=signup.person_id,
        persons=list(persons),
        version=signup.version,
    )


def _changed(before: SignUp, after: SignUp) -> list[int]:
    both = zip(domain.arrivals(before), domain.arrivals(after), strict=True)
    return [number for number, (old, new) in enumerate(both) if old != new]
