"""Every use case, killed before and after each of its storage calls, and what comes after.

The next worker knows nothing of the one that died. A person tries again with the same key, the clock
starts its functions, and then everything has to be as if it had happened once, or not at all.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest

from chalicelib.domain.bookings import State, etag
from chalicelib.domain.errors import Broken, Refused
from chalicelib.services import bookings, check, closures, confirming, events, expiry, links, spaces
from chalicelib.services.ports import Ports
from tests.builders import (
    ANYBODY,
    EERO,
    NOW,
    STAFF,
    a_change,
    a_request,
    a_space,
    a_store,
    an_intent,
    at,
    wed,
)
from tests.deaths import Died
from tests.event_builders import a_placed_event
from tests.fakes import FakeClock, FakeTransaction, Store, memory_ports
from tests.simulation.invariant import Invariant, Violation


@dataclass(frozen=True)
class UseCase:
    """Something that a worker does, what there is before, and how it shows that it was done once."""

    act: Callable[[Ports, Any], Any]
    done: Callable[[Store, Any], bool]
    given: Callable[[Ports], Any] = lambda _ports: None
    minutes: int = 0


def _booked(space: str = "pod", **more: Any) -> Callable[[Ports], Any]:
    actor = more.pop("actor", None)
    intent = an_intent(actor) if actor else an_intent()
    return lambda ports: bookings.book(ports, a_request(space, **more), intent).value


def _denied(ports: Ports) -> Any:
    made = _booked("lab")(ports)
    return bookings.deny(ports, made.booking_id, "", None, an_intent(STAFF)).value


def _closed(ports: Ports) -> Any:
    request = closures.ClosureRequest(("lab",), at("2026-12-07 00:00"), at("2027-01-20 00:00"))
    closure = closures.close(ports, request, an_intent(STAFF)).value
    assert closure is not None
    return closures.go_on(ports, closure.closure_id)


def _close(ports: Ports, _: Any) -> Any:
    request = closures.ClosureRequest(("lab",), at("2026-12-07 00:00"), at("2027-01-20 00:00"))
    outcome = closures.close(
        ports, request, an_intent(STAFF, key="k", render=lambda made: {"id": made.closure_id})
    )
    return closures.go_on(ports, str(outcome.answer["id"]))


def _lift(ports: Ports, closure: Any) -> Any:
    closures.lift(ports, closure.closure_id, None, an_intent(STAFF, key="k"))
    return closures.go_on(ports, closure.closure_id)


def _broken(ports: Ports) -> Any:
    made = _booked("hall")(ports)
    tx = ports.begin()
    ports.ledger.move(tx, made.booking_id, made.footprint, {"pod": ((0, 3),)})
    tx.commit()
    return made


def _repair(ports: Ports, _: Any) -> Any:
    return [check.repair(ports, found) for found in check.check(ports)]


def _state(store: Store, made: Any) -> State:
    return store.bookings[made.booking_id].state


def _held_once(store: Store) -> bool:
    """By address, network and site, and by the day."""
    places = [list(each.until) for each in store.holds.values()]
    counted = sorted(store.counters.values())
    return places == [[_only(store).booking_id]] * 3 and counted == [1, 1]


def _only(store: Store) -> Any:
    assert len(store.bookings) == 1
    return next(iter(store.bookings.values()))


def _placed(ports: Ports) -> Any:
    return events.create(ports, a_placed_event("hall"), an_intent(STAFF)).value


def _at(store: Store, hours: str, state: State = State.CONFIRMED) -> bool:
    """Whether the event has one booking, and both are at one time."""
    booking, event = _only(store), store.events["e_one"]
    there = booking.booking_id == event.booking_id if event.live else not event.booking_id
    times = wed(hours)["starts_at"]
    return there and booking.starts_at == event.starts_at == times and booking.state is state


USE_CASES = {
    "event with its place": UseCase(
        lambda ports, _: events.create(ports, a_placed_event("hall"), an_intent(STAFF, key="k")),
        lambda store, _: _at(store, "10-12"),
    ),
    "move an event": UseCase(
        lambda ports, _: events.change(
            ports, "e_one", wed("14-16"), {}, None, an_intent(STAFF, key="k")
        ),
        lambda store, _: _at(store, "14-16") and _only(store).version == 2,
        given=_placed,
    ),
    "call an event off": UseCase(
        lambda ports, _: events.call_off(ports, "e_one", "", an_intent(STAFF, key="k")),
        lambda store, _: _at(store, "10-12", State.CANCELLED) and _only(store).version == 2,
        given=_placed,
    ),
    "book": UseCase(
        lambda ports, _: bookings.book(
            ports,
            a_request("hall", equipment={"screen": 1}, facilitation=True),
            an_intent(key="k"),
        ),
        lambda store, _: _only(store).state is State.CONFIRMED,
    ),
    "book over an expired hold": UseCase(
        lambda ports, _: bookings.book(ports, a_request(person=EERO), an_intent(key="k")),
        lambda store, made: (
            _state(store, made) is State.EXPIRED
            and sum(each.live for each in store.bookings.values()) == 1
        ),
        given=_booked(actor=ANYBODY),
        minutes=31,
    ),
    "move": UseCase(
        lambda ports, made: bookings.change(
            ports, made.booking_id, a_change(**wed("14-16")), (etag(made),), an_intent(key="k")
        ),
        lambda store, _: (
            _only(store).starts_at == wed("14-16")["starts_at"] and _only(store).version == 2
        ),
        given=_booked("studio"),
    ),
    "cancel": UseCase(
        lambda ports, made: bookings.cancel(
            ports, made.booking_id, "", (etag(made),), an_intent(key="k")
        ),
        lambda store, made: _state(store, made) is State.CANCELLED and _only(store).version == 2,
        given=_booked("hall"),
    ),
    "approve": UseCase(
        lambda ports, made: bookings.approve(
            ports, made.booking_id, None, an_intent(STAFF, key="k")
        ),
        lambda store, made: _state(store, made) is State.CONFIRMED and _only(store).version == 2,
        given=_booked("lab"),
    ),
    "deny": UseCase(
        lambda ports, made: bookings.deny(
            ports, made.booking_id, "", None, an_intent(STAFF, key="k")
        ),
        lambda store, made: _state(store, made) is State.DENIED and _only(store).version == 2,
        given=_booked("lab"),
    ),
    "reopen": UseCase(
        lambda ports, made: bookings.approve(
            ports, made.booking_id, (etag(made),), an_intent(STAFF, key="k")
        ),
        lambda store, made: _state(store, made) is State.CONFIRMED and _only(store).version == 3,
        given=_denied,
    ),
    "expire": UseCase(
        lambda ports, _: expiry.expire_due(ports),
        lambda store, made: _state(store, made) is State.EXPIRED and _only(store).version == 2,
        given=_booked(actor=ANYBODY),
        minutes=31,
    ),
    "hold": UseCase(
        lambda ports, _: bookings.book(
            ports, a_request(), an_intent(ANYBODY, key="k", network="n")
        ),
        lambda store, _: _only(store).state is State.HELD and _held_once(store),
    ),
    "confirm": UseCase(
        lambda ports, made: confirming.confirm(
            ports, made.booking_id, links.code_of(ports, made), an_intent(ANYBODY, key="k")
        ),
        lambda store, made: (
            _state(store, made) is State.CONFIRMED
            and _only(store).version == 2
            and {len(each.until) for each in store.holds.values()} == {0}
        ),
        given=_booked(actor=ANYBODY),
    ),
    "close": UseCase(
        _close,
        lambda store, _: [each.state.value for each in store.closures.values()] == ["closed"],
    ),
    "lift": UseCase(
        _lift,
        lambda store, _: [each.state.value for each in store.closures.values()] == ["lifted"],
        given=_closed,
    ),
    "change a space": UseCase(
        lambda ports, _: spaces.change(
            ports, "pod", {"capacity": 3}, ('"1"',), an_intent(STAFF, key="k")
        ),
        lambda store, _: (store.spaces["pod"].capacity, store.spaces["pod"].version) == (3, 2),
        given=_booked(),
    ),
    "add a space": UseCase(
        lambda ports, _: spaces.create(ports, a_space("loft"), an_intent(STAFF, key="k")),
        lambda store, _: store.spaces["loft"].version == 1,
    ),
    "repair": UseCase(
        _repair,
        lambda store, made: check.check(memory_ports(store)) == [],
        given=_broken,
    ),
}


@dataclass
class Scene:
    """A use case on a fresh store, ready to be started."""

    use_case: UseCase
    store: Store
    clock: FakeClock
    things: Any

    def start(self) -> Any:
        """Do it, by a worker that has just begun."""
        return self.use_case.act(memory_ports(self.store, self.clock), self.things)


def _scene(name: str) -> Scene:
    use_case = USE_CASES[name]
    store, clock = a_store(prove_address=True), FakeClock(NOW)
    things = use_case.given(memory_ports(store, clock))
    clock.forward(minutes=use_case.minutes)
    store.calls.clear()
    return Scene(use_case, store, clock, things)


def _deaths(name: str) -> Iterator[tuple[int, str]]:
    scene = _scene(name)
    scene.start()
    for number in range(len(scene.store.calls)):
        for moment in ("before", "after"):
            yield number, moment


def _die_at(store: Store, number: int, moment: str) -> None:
    calls = iter(range(1000))

    def hook(_name: str) -> None:
        if next(calls) == number:
            raise Died

    setattr(store, moment, hook)


def _alive(store: Store) -> None:
    store.before = store.after = lambda _name: None


def _after_a_death(name: str, number: int, moment: str) -> Scene:
    scene = _scene(name)
    _die_at(scene.store, number, moment)
    with pytest.raises(Died):
        scene.start()
    _alive(scene.store)
    return scene


@pytest.mark.parametrize("name", USE_CASES)
def test_whoever_dies_and_wherever_a_second_try_does_it_once(name: str) -> None:
    """B43's heart: a crash at any point loses nothing and doubles nothing."""
    deaths = list(_deaths(name))
    print(f"{name}: {len(deaths)} deaths")
    for number, moment in deaths:
        scene = _after_a_death(name, number, moment)
        if name != "repair":
            Invariant(scene.store).check_all()
        scene.start()
        _recover(scene)
        assert scene.use_case.done(scene.store, scene.things), f"died {moment} call {number}"


@pytest.mark.parametrize("name", [name for name in USE_CASES if name != "repair"])
def test_whoever_dies_nobody_else_is_in_the_way_of_it(name: str) -> None:
    """Nobody tries again: the clock alone brings everything to a true end."""
    for number, moment in _deaths(name):
        scene = _after_a_death(name, number, moment)
        _recover(scene)
        states = {closure.state.value for closure in scene.store.closures.values()}
        assert states <= {"closed", "lifted"}


def test_the_second_answer_is_the_first() -> None:
    """Died after the commit: the answer of the retry is the one that was stored with it."""
    scene = _after_a_death("book", len(list(_deaths("book"))) // 2 - 1, "after")
    outcome = scene.start()
    assert outcome.replayed
    # When it was written is noted by the store, after the answer was made.
    assert outcome.answer["body"] == repr(replace(_only(scene.store), changed_at=None))


def _recover(scene: Scene) -> None:
    """What the clock does, twice, and the check."""
    ports = memory_ports(scene.store, scene.clock)
    for _ in range(2):
        expiry.expire_due(ports)
        closures.continue_all(ports)
    Invariant(scene.store).check_all()
    assert check.check(ports) == []


class TwoCommits(FakeTransaction):
    """A store that writes the ledger in one transaction and the rest in another: a broken one."""

    def commit(self) -> None:
        ledger = {key: act for key, act in self.actions.items() if key[0] == "ledger"}
        if ledger:
            first = FakeTransaction(self.store)
            first.actions = ledger
            first.commit()
        rest = FakeTransaction(self.store)
        rest.actions = {key: act for key, act in self.actions.items() if key not in ledger}
        rest.commit()


@pytest.mark.parametrize("name", ["book", "move", "cancel", "deny", "expire", "close", "lift"])
def test_a_store_that_commits_in_two_parts_is_caught(name: str) -> None:
    """The checks above fail where claim and booking are not one transaction."""
    caught = 0
    for number, moment in _deaths(name):
        scene = _scene(name)
        ports = memory_ports(scene.store, scene.clock)
        ports = replace(ports, begin=lambda store=scene.store: TwoCommits(store))
        _die_at(scene.store, number, moment)
        with suppress(Died):
            scene.use_case.act(ports, scene.things)
        _alive(scene.store)
        try:
            Invariant(scene.store).check_all()
            scene.start()
        except (Violation, Broken, Refused):
            caught += 1
    assert caught


def test_a_store_that_forgets_that_slots_are_taken_is_caught() -> None:
    """A worker that died while it waited, and whose write arrives after somebody else's."""
    store, clock = a_store(), FakeClock(NOW)
    store.leave_out = frozenset({"gained"})
    late: list[FakeTransaction] = []
    dying = replace(memory_ports(store, clock), begin=lambda: _Late(store, late))
    with pytest.raises(Died):
        bookings.book(dying, a_request(), an_intent(key="k"))
    bookings.book(memory_ports(store, clock), a_request(person=EERO), an_intent())
    FakeTransaction.commit(late[0])
    with pytest.raises(Violation):
        Invariant(store).check_all()


class _Late(FakeTransaction):
    """A write that is on its way when its worker dies."""

    def __init__(self, store: Store, late: list[FakeTransaction]) -> None:
        super().__init__(store)
        self._late = late

    def commit(self) -> None:
        self._late.append(self)
        raise Died
