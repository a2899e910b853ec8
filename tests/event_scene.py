"""An event over the memory ports, with people who do things: short names for the scenarios of its queue."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from chalicelib.domain.events import Event, Way, resized
from chalicelib.domain.people import Actor, person_id_of
from chalicelib.domain.queueing import behind_the_others
from chalicelib.domain.signups import Entry, SignUp, State, place_of
from chalicelib.services import events, signup_changes, signups
from chalicelib.services.ports import Ports
from chalicelib.services.signups import Guest, SignUpRequest
from tests.builders import FORM, STAFF, a_store, an_intent
from tests.event_builders import NOW, an_event, somebody
from tests.fakes import FakeClock, Store, memory_ports

EVENT = "e_one"


def id_of(name: str) -> str:
    """The id of somebody by their first name."""
    return person_id_of(somebody(name).email, "a salt for tests")


def a_wish(name: str, guests: int | Iterable[Guest] = 0, **changes: Any) -> SignUpRequest:
    """A request of somebody's, with so many guests of whom no address is known."""
    party = (
        tuple(Guest(f"{name} {number}") for number in range(guests))
        if isinstance(guests, int)
        else tuple(guests)
    )
    defaults: dict[str, Any] = {
        "event_id": EVENT,
        "person": somebody(name),
        "guests": party,
        "accept_terms": True,
    }
    return SignUpRequest(**(defaults | changes))


def signs_up(
    ports: Ports, name: str, guests: int | Iterable[Guest] = 0, **more: Any
) -> SignUp | None:
    """Sign somebody up, by a system that vouches for them unless told otherwise."""
    actor: Actor = more.pop("actor", FORM)
    key = more.pop("key", None)
    intent = an_intent(actor, key, path=f"/v1/events/{EVENT}/signups", fingerprint=name)
    made = signups.sign_up(ports, a_wish(name, guests, **more), intent).value
    return made.signup if made else None


def does(ports: Ports, what: Any, name: str, actor: Actor = FORM, **more: Any) -> SignUp | None:
    """One step of somebody's place: `does(ports, signup_changes.leave, "aino")`."""
    intent = an_intent(actor, more.pop("key", None), path=what.__name__, fingerprint=name)
    return what(ports, EVENT, id_of(name), intent=intent, **more).value


def edits(ports: Ports, fields: Mapping[str, Any], key: str | None = None) -> Event | None:
    """What staff change of an event besides its seats."""
    return events.change(ports, EVENT, fields, {}, None, an_intent(STAFF, key)).value


def resizes(
    ports: Ports, limit: int | None, most_waiting: int | None = None, key: str | None = None
) -> Event | None:
    """Another number of seats in the room."""
    named = {} if most_waiting is None else {"most_waiting": most_waiting}
    ways = {Way.ROOM: {"limit": limit, **named}}
    return events.change(ports, EVENT, {}, ways, None, an_intent(STAFF, key)).value


class Play:
    """People who do things to one event, over any ports; how it is looked at is up to who plays."""

    ports: Ports
    clock: FakeClock

    def sign_up(self, *names: str, **more: Any) -> SignUp | None:
        """Sign several up, one after another; the last of them is returned."""
        found = None
        for name in names:
            found = signs_up(self.ports, name, **more)
        return found

    def party(self, name: str, guests: int, **more: Any) -> SignUp | None:
        """Sign up somebody with guests."""
        return signs_up(self.ports, name, guests, **more)

    def leave(self, *names: str, **more: Any) -> None:
        """Let them go, one after another."""
        for name in names:
            does(self.ports, signup_changes.leave, name, **more)

    def do(self, what: Any, name: str, **more: Any) -> SignUp | None:
        """One step of somebody's place."""
        return does(self.ports, what, name, **more)

    def resize(self, limit: int | None, most_waiting: int | None = None) -> None:
        """Another number of seats in the room."""
        resizes(self.ports, limit, most_waiting)

    def resize_without_settling(self, limit: int) -> None:
        """As who dies right after the write."""
        before = self.event
        tx = self.ports.begin()
        self.ports.events.save(tx, before, resized(before, Way.ROOM, limit))
        tx.commit()

    def later(self, **delta: float) -> None:
        """Let time pass, and nothing else."""
        self.clock.time += timedelta(**delta)

    def of(self, name: str) -> SignUp:
        """Somebody's sign-up, as stored."""
        raise NotImplementedError

    def states(self, *names: str) -> list[str]:
        """Where they stand."""
        return [self.of(name).state.value for name in names]

    @property
    def event(self) -> Event:
        """As stored."""
        raise NotImplementedError

    @property
    def counters(self) -> tuple[int, int]:
        """(free, waiting) of the room."""
        room = self.event.ways[Way.ROOM]
        return room.free, room.waiting


class Scene(Play):
    """The fixture over one store, with a worker of its own."""

    def __init__(self, event: Event | None = None, **site: Any) -> None:
        self.store: Store = a_store(**site)
        self.clock = FakeClock(NOW)
        self.ports = memory_ports(self.store, self.clock)
        events.create(self.ports, event or an_event(), an_intent(STAFF))

    def worker(self) -> Ports:
        """Another one."""
        return memory_ports(self.store, self.clock)

    def of(self, name: str) -> SignUp:
        """Somebody's sign-up, as stored."""
        return self.store.signups[EVENT, id_of(name)]

    @property
    def event(self) -> Event:
        """As stored."""
        return self.store.events[EVENT]

    def news(self, name: str) -> list[str]:
        """What somebody was told, in order."""
        return [
            entry["news"]
            for entry in self.store.audit
            if entry.get("person_id") == id_of(name) and entry["news"]
        ]

    def check(self) -> None:
        """The invariants that hold after every transaction, whatever died."""
        check_counters(self.store)

    def check_settled(self) -> None:
        """Those that hold after one run of the clock, too."""
        events.reconcile(self.ports, EVENT)
        check_counters(self.store)
        check_nobody_waits_beside_a_seat(self.store)


def check_counters(store: Store) -> None:
    """I1-I3: counters are what the sign-ups say, nobody is too many, and the queue is who waits."""
    for event in store.events.values():
        _check_event(store, event)


def _check_event(store: Store, event: Event) -> None:
    event_id = event.event_id
    live = [each for each in store.signups.values() if each.live and each.event_id == event_id]
    if event.live:
        for way, seats in event.ways.items():
            here = [each for each in live if each.way is way]
            taken = sum(each.size for each in here if each.seated)
            limit = 1_000_000 if seats.limit is None else seats.limit
            assert seats.free == limit - taken, f"{way}: {seats} with {taken} taken"
            pending = [each for each in here if each.state in (State.HELD, State.OFFERED)]
            assert seats.held == sum(each.size for each in pending)
            assert seats.waiting == sum(each.size for each in here if each.waiting)
            assert seats.parties == sum(each.waiting for each in here)
            assert seats.lapsing == sum(bool(each.lapses_at) for each in here)
    waiting = {(event_id, each.way, each.number): each.person_id for each in live if each.waiting}
    queued = {key: entry.person_id for key, entry in store.queues.items() if key[0] == event_id}
    assert queued == waiting
    if event.live:
        _check_places(event, [entry for key, entry in store.queues.items() if key[0] == event_id])

    parties = {(event_id, person): each.person_id for each in live for person in each.person_ids}
    assert {key: led for key, led in store.parties.items() if key[0] == event_id} == parties
    assert len(parties) == sum(len(each.person_ids) for each in live)


def _check_places(event: Event, queue: list[Entry]) -> None:
    """What the counters say of a place is where it is; and of who joined last they say it."""
    for each in queue:
        known = behind_the_others(event, each)
        assert (known is not None) == (each.number == event.ways[each.way].next_number - 1)
        beside = [other for other in queue if other.way is each.way]
        assert known in (None, place_of(each.number, beside))


def check_nobody_waits_beside_a_seat(store: Store) -> None:
    """I4: no free seat that fits the head of the list."""
    for way, seats in store.events[EVENT].ways.items():
        queue = sorted(item for item in store.queues.items() if item[0][1] is way)
        assert not queue or queue[0][1].size > seats.free
