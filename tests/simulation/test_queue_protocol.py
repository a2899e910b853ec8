"""The queue of an event under every order of its storage calls, and with deaths between them.

Judged at each commit: nobody is seated where no seat was, nobody passes who waits, nobody waits beside a free
seat, counters are what the sign-ups say. Judged at the end: nobody waits beside a seat that fits, if
nobody died at once, and else after one run of the clock.
"""

from collections import Counter
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import LabError, Race
from chalicelib.domain.events import Event, Way
from chalicelib.domain.people import ERASED
from chalicelib.domain.signups import SignUp, State, lapsed
from chalicelib.services import erasure, events, signup_changes, traces, walk_ins
from chalicelib.services.ports import Ports
from chalicelib.services.signups import Guest
from tests.builders import ADMIN, ANYBODY, STAFF, a_store, an_intent
from tests.event_builders import END, NOW, START, a_hybrid, an_event, somebody
from tests.event_scene import (
    EVENT,
    check_counters,
    check_nobody_waits_beside_a_seat,
    does,
    edits,
    id_of,
    signs_up,
)
from tests.event_scene import resizes as to_seats
from tests.fakes import FakeClock, Store, memory_ports
from tests.simulation.explorer import Ending, Scene, explore

# A scene of a thousand endings takes a while on a busy machine.
pytestmark = pytest.mark.timeout(600)
T = TypeVar("T")
Act = Callable[[Ports], Any]
ROOM = Way.ROOM
ALONE = ("snapshot", "catalog")  # what nobody else can make a difference to here
NEAR = {"offers_within": timedelta(hours=24), "offer_time": timedelta(hours=2)}


class Restarting(FakeClock):
    """Whoever lost a race waits, and then begins anew: of what it had read it remembers nothing."""

    forget: Callable[[], None]

    def pause(self, attempt: int) -> None:
        super().pause(attempt)
        self.forget()

    def restarts(self, forget: Callable[[], None]) -> None:
        self.forget = forget

    def silent(self, _: Callable[[], None]) -> None:
        self.forget = lambda: None


@dataclass
class Watched(Store):
    """A store that is judged after each commit."""

    now: datetime = NOW

    def call(self, name: str, action: Callable[[], T]) -> T:
        if name.startswith(ALONE):
            return action()
        self.before(name)
        try:
            found = self.found = self._judged(action) if name == "commit" else action()
        except Race:
            self.found = "raced"
            self.after(name)
            raise
        self.after(name)
        return found

    def _judged(self, action: Callable[[], T]) -> T:
        before, event = dict(self.signups), self.events.get(EVENT)
        done = action()
        check_counters(self)
        if event is not None:
            _check_fair(before, event, self)
        return done


def _check_fair(before: dict[Any, SignUp], event: Event, store: Store) -> None:
    """What one transaction did to who stands where."""
    for key, after in store.signups.items():
        old = before.get(key)
        was = event.ways[after.way]
        ahead = [
            each
            for each in before.values()
            if each.waiting
            and each.way is after.way
            and (old is None or old.number is None or each.number < old.number)
        ]
        if after.seated and not (old and old.seated):
            assert store.events[EVENT].ways[after.way].free >= 0, "a seat that was not there"
            if _handed_over(before, store):
                continue  # it was nobody's meanwhile
            assert not [each for each in ahead if each.person_id != after.person_id], "overtaken"
        if after.waiting and not (old and old.waiting):
            assert was.waiting or was.free < after.size, "waits beside a free seat"
            assert store.events[EVENT].ways[after.way].waiting <= was.most_waiting, "too many wait"
            assert event.live, "signed up for what was called off"


def _handed_over(before: dict[Any, SignUp], store: Store) -> bool:
    gone = [key for key, each in store.signups.items() if each.state is State.HANDED_OVER]
    return any(before[key].seated for key in gone)


def a_scene(
    *actors: Act,
    given: Act = lambda _ports: None,
    event: Event | None = None,
    leave_out: frozenset[str] = frozenset(),
    now: datetime = NOW,
    lapses: bool = False,
    **site: Any,
) -> Callable[[], Scene]:
    """Each actor is a worker of its own."""

    plain = a_store(**site)
    first = memory_ports(plain, FakeClock(NOW))
    events.create(first, event or an_event(), an_intent(STAFF))
    given(first)
    plain.records.clear()

    def make() -> Scene:
        store = Watched(**{each.name: copy(getattr(plain, each.name)) for each in fields(plain)})
        store.now = now
        clock = Restarting(now)
        store.leave_out = leave_out
        workers = [memory_ports(store, clock) for _ in actors]
        for worker in workers:
            worker.settings.get()

        def state() -> Any:
            return repr((store.events, sorted(store.signups.items()), sorted(store.queues)))

        made = [
            lambda act=act, worker=worker: _acted(act, worker)
            for act, worker in zip(actors, workers, strict=True)
        ]
        # What is ended on the way belongs to what is remembered, of who begins anew, too.
        return Scene(store, made, state, _brief, clock.silent if lapses else clock.restarts)

    return make


def _brief(found: Any) -> Any:
    return found.revision if isinstance(found, Catalog) else repr(found)


def _acted(act: Act, ports: Ports) -> None:
    try:
        act(ports)
    except LabError:
        return  # to be refused is an end, too


def leaves(name: str, **more: Any) -> Act:
    return lambda ports: does(ports, signup_changes.leave, name, **more)


def comes(name: str, guests: Any = 0) -> Act:
    return lambda ports: signs_up(ports, name, guests)


def takes(what: Any, name: str, **more: Any) -> Act:
    return lambda ports: does(ports, what, name, **more)


def resizes(limit: int) -> Act:
    return lambda ports: to_seats(ports, limit)


def tidies(ports: Ports) -> None:
    events.reconcile(ports, EVENT)


def calls_off(ports: Ports) -> None:
    events.call_off(ports, EVENT, "", an_intent(STAFF))


def there(*people: Any, then: Act = lambda _ports: None) -> Act:
    """Who has signed up before: names, or names with guests or their number; and what came after."""

    def given(ports: Ports) -> None:
        for each in people:
            name, guests = each if isinstance(each, tuple) else (each, 0)
            signs_up(ports, name, guests)
        then(ports)

    return given


def hands_over(name: str, to: str) -> Act:
    return takes(signup_changes.hand_over, name, colleague=somebody(to))


def walks_in(name: str) -> Act:
    wish = walk_ins.WalkIn(EVENT, somebody(name))
    return lambda ports: walk_ins.walk_in(ports, wish, an_intent(STAFF))


def moves(start: datetime) -> Act:
    """To another time of the same length, with sign-up open until then."""
    fields = {"starts_at": start, "ends_at": start + (END - START), "closes_at": start}
    return lambda ports: edits(ports, fields)


def erased(name: str) -> Act:
    """Somebody is being forgotten: what the clock does about their sign-ups."""
    return lambda ports: traces.signups(ports, id_of(name), lambda: False)


def leaving_us(*names: str) -> Act:
    """These have asked to be forgotten."""

    def then(ports: Ports) -> None:
        for name in names:
            intent = an_intent(ADMIN, method="DELETE", path="/v1/staff/persons")
            erasure.begin(ports, id_of(name), intent)

    return then


def near(*leaving: str) -> Act:
    """Three hours before the start these leave, so that their seats are offered."""

    def then(ports: Ports) -> None:
        ports.clock.time = START - timedelta(hours=3)  # type: ignore[attr-defined]  # the fake's
        for name in leaving:
            does(ports, signup_changes.leave, name)

    return then


def forgets(name: str) -> Act:
    """Of somebody who waits nothing is left but the place in the queue (P-08)."""

    def then(ports: Ports) -> None:
        store: Store = ports.events._store  # type: ignore[attr-defined]  # the fake's
        signup = store.signups.pop((EVENT, id_of(name)))
        del store.parties[EVENT, id_of(name)]
        place = (EVENT, ROOM, signup.number)
        store.queues[place] = replace(store.queues[place], person_id=ERASED)

    return then


def judge(ending: Ending) -> None:
    """What has to be so at the end, after one run of the clock where somebody died."""
    store = ending.store
    promoted = Counter(entry["person_id"] for entry in store.audit if entry["action"] == "promote")
    assert not promoted or max(promoted.values()) == 1, "promoted twice"
    if ending.deaths:
        assert isinstance(store, Watched)
        events.reconcile(memory_ports(store, FakeClock(store.now)), EVENT)
        over = [each for each in store.signups.values() if lapsed(each, store.now)]
        assert not over, "over, and there"
    check_counters(store)
    if store.events[EVENT].live:
        check_nobody_waits_beside_a_seat(store)
    else:
        assert not [each for each in store.signups.values() if each.live], "not called off"


SCENES: dict[str, Callable[..., Callable[[], Scene]]] = {}


def scene(name: str, *actors: Act, **more: Any) -> None:
    SCENES[name] = lambda **other: a_scene(*actors, **(more | other))


ONE, TWO = an_event(1), an_event(2)
scene(
    "two newcomers, one seat, one leaves (W-03)",
    comes("a"),
    comes("b"),
    leaves("c"),
    given=there("c"),
    event=ONE,
)
scene(
    "the last place on the list",
    comes("a"),
    comes("b"),
    leaves("c"),
    given=there("c"),
    event=an_event(1, most_waiting=1),
)
scene(
    "one waits, one leaves, one comes (W-04)",
    leaves("c"),
    comes("a"),
    leaves("w", in_queue=True),
    given=there("c", "w"),
    event=ONE,
)
scene(
    "two leave, two wait (W-05)",
    leaves("c"),
    leaves("d"),
    comes("a"),
    given=there("c", "d", "v", "w"),
    event=TWO,
)
scene(
    "twice away (W-15)",
    leaves("c"),
    leaves("c"),
    leaves("v"),
    given=there("c", "v", "w"),
    event=ONE,
)
scene("more seats (W-09)", resizes(3), comes("a"), given=there("c", "v"), event=ONE)
scene(
    "fewer seats (W-12)", resizes(1), leaves("c"), comes("a"), given=there("c", "d", "w"), event=TWO
)
scene(
    "a party at the head",
    leaves("c"),
    leaves("g", in_queue=True),
    comes("a"),
    given=there("c", "d", ("g", 1), "w"),
    event=an_event(2, most_waiting=9),
)
scene("a party comes", comes("a", 1), leaves("c"), leaves("d"), given=there("c", "d"), event=TWO)
scene(
    "a guest of two",
    comes("a", [Guest("B", "b@gov.fi")]),
    comes("b"),
    leaves("c"),
    given=there("c"),
    event=an_event(3),
)
scene(
    "moved up",
    takes(signup_changes.move_up, "w", actor=STAFF),
    leaves("c"),
    leaves("g"),
    given=there("c", "d", ("g", 1), "w"),
    event=an_event(2, most_waiting=9),
)
scene(
    "an offer is taken and declined (W-20)",
    takes(signup_changes.accept, "v"),
    takes(signup_changes.decline, "v"),
    leaves("w"),
    given=there("c", "v", "w", then=near("c")),
    event=replace(ONE, **NEAR),
    now=START - timedelta(hours=3),
)
scene(
    "an offer at its end (W-19)",
    takes(signup_changes.accept, "v"),
    tidies,
    leaves("w"),
    given=there("c", "v", "w", then=near("c")),
    event=replace(ONE, **NEAR),
    now=START - timedelta(hours=1),
)
scene(
    "two who tidy (W-21)",
    tidies,
    tidies,
    given=there("c", "v", "w", then=near("c")),
    event=replace(ONE, **NEAR),
    now=START - timedelta(hours=1),
)
scene("called off (W-16)", calls_off, comes("a"), leaves("c"), given=there("c", "w"), event=ONE)
scene(
    "a place of nobody (P-08)",
    leaves("c"),
    leaves("d"),
    tidies,
    given=there("c", "d", "v", "w", then=forgets("v")),
    event=TWO,
)
scene(
    "who has a seat is forgotten, and asks twice",
    erased("c"),
    erased("c"),
    comes("a"),
    given=there("c", "w", then=leaving_us("c")),
    event=ONE,
)
scene(
    "who comes along is forgotten (P-08)",
    erased("b"),
    leaves("c"),
    erased("w"),
    given=there("c", ("g", [Guest("B", "b@gov.fi")]), "w", then=leaving_us("b", "w")),
    event=an_event(2, most_waiting=9),
)
scene(
    "the head grows smaller, and fits (P-08)",
    leaves("c"),
    erased("b"),
    given=there("c", "d", ("g", [Guest("B", "b@gov.fi"), Guest("C")]), "w", then=leaving_us("b")),
    event=an_event(3, most_waiting=9),
)
scene(
    "the room for remote, and one leaves (S-24)",
    takes(signup_changes.switch, "c", way=Way.REMOTE),
    leaves("d"),
    comes("a"),
    given=there("c", "d", "v", "w"),
    event=a_hybrid(2, 1),
)
scene(
    "two for the last remote seat (S-24)",
    takes(signup_changes.switch, "c", way=Way.REMOTE),
    takes(signup_changes.switch, "d", way=Way.REMOTE),
    leaves("v", in_queue=True),
    given=there("c", "d", "v", "w"),
    event=a_hybrid(2, 1),
)
scene(
    "handed over, and left (S-25)",
    hands_over("c", "x"),
    leaves("c"),
    comes("x"),
    given=there("c", "v"),
    event=ONE,
)
scene(
    "one seat, handed over twice (S-25)",
    hands_over("c", "x"),
    hands_over("c", "y"),
    leaves("v", in_queue=True),
    given=there("c", "v", "w"),
    event=ONE,
)
scene(
    "fewer seats while an offer is taken (W-12, W-20)",
    resizes(0),
    takes(signup_changes.accept, "v"),
    tidies,
    given=there("c", "v", "w", then=near("c")),
    event=replace(ONE, **NEAR),
    now=START - timedelta(hours=1),
)
scene(
    "moved nearer while an offer runs (W-24)",
    moves(START - timedelta(hours=2)),
    takes(signup_changes.decline, "v"),
    comes("a"),
    given=there("c", "v", "w", then=near("c")),
    event=replace(ONE, **NEAR),
    now=START - timedelta(hours=3),
)


@pytest.mark.parametrize("name", SCENES)
def test_every_order_is_fair(name: str) -> None:
    """S-14, W-03, W-04, W-05, W-07, W-09, W-12, W-15, W-16, W-19, W-20, W-21, P-08"""
    endings = 0
    for ending in explore(SCENES[name](), deaths=0):
        judge(ending)
        endings += 1
    print(f"{name}: {endings} endings")
    assert endings > 1


def test_who_comes_while_a_hold_is_being_ended_has_its_seat() -> None:
    """W-21: there is no list, and no moment at which a hold that is over keeps anybody out."""
    make = a_scene(
        comes("a"),
        tidies,
        given=lambda ports: signs_up(ports, "v", actor=ANYBODY),
        event=an_event(1, most_waiting=0),
        now=NOW + timedelta(minutes=30),
        lapses=True,
        prove_address=True,
    )
    for ending in explore(make, deaths=0):
        judge(ending)
        assert ending.store.signups[EVENT, id_of("a")].state is State.CONFIRMED


@pytest.mark.parametrize(
    ("act", "name"),
    [
        (comes("v"), "v"),
        (comes("a", [Guest("V", "v@gov.fi")]), "a"),
        (walks_in("v"), "v"),
        (hands_over("c", "v"), "v"),
    ],
    ids=["oneself", "a guest", "at the door", "a colleague"],
)
def test_who_was_held_a_seat_is_not_in_while_that_is_being_ended(act: Act, name: str) -> None:
    """W-21, S-08: nobody is told that somebody is in whose time to prove an address was over."""

    def given(ports: Ports) -> None:
        signs_up(ports, "c")
        signs_up(ports, "v", actor=ANYBODY)

    over = NOW + timedelta(minutes=30)
    more = {"event": an_event(5), "now": over, "lapses": True, "prove_address": True}
    for ending in explore(a_scene(act, tidies, given=given, **more), deaths=0):
        judge(ending)
        assert ending.store.signups[EVENT, id_of(name)].state is State.CONFIRMED


DEADLY: dict[str, Callable[[], Scene]] = {
    "one is forgotten": a_scene(
        erased("c"),
        comes("a"),
        given=there(("c", 1), "v", "w", then=leaving_us("c")),
        event=an_event(2),
    ),
    "a party leaves, three wait": a_scene(
        leaves("c"), given=there(("c", 2), "u", "v", "w"), event=an_event(3)
    ),
    "two leave": a_scene(
        leaves("c"), leaves("d"), given=there("c", "d", "v", "w"), event=an_event(2)
    ),
    "more seats": a_scene(resizes(3), given=there("c", "v", "w"), event=an_event(1)),
    "called off": a_scene(calls_off, leaves("c"), given=there("c", "v"), event=an_event(1)),
    "offers lapse": a_scene(
        tidies,
        takes(signup_changes.accept, "v"),
        given=there("c", "v", "w", then=near("c")),
        event=an_event(1, **NEAR),
        now=START - timedelta(hours=1),
        lapses=True,
    ),
    "one moves up": a_scene(
        takes(signup_changes.move_up, "w", actor=STAFF),
        leaves("c"),
        given=there("c", "d", ("g", 1), "w"),
        event=an_event(2, most_waiting=9),
    ),
}


@pytest.mark.parametrize("name", DEADLY)
def test_whoever_dies_one_run_of_the_clock_makes_it_good(name: str) -> None:
    """Two may die, before a call or after it."""
    endings = [ending.deaths for ending in explore(DEADLY[name], deaths=2) if not judge(ending)]
    print(f"{name}: {len(endings)} endings")
    assert sum(map(bool, endings)) > 4


@pytest.mark.parametrize(
    ("left_out", "name"),
    [
        ("free-from", "two newcomers, one seat, one leaves (W-03)"),
        ("free-below", "two newcomers, one seat, one leaves (W-03)"),
        ("nobody-waits", "one waits, one leaves, one comes (W-04)"),
        ("head", "a party at the head"),
        ("event-version", "called off (W-16)"),
        ("guard", "a guest of two"),
        ("entry", "a place of nobody (P-08)"),
        ("signup-version", "an offer is taken and declined (W-20)"),
        # A number that is given twice is kept from harm by its place, so it goes with it.
        ("number entry", "two newcomers, one seat, one leaves (W-03)"),
    ],
)
def test_a_store_that_forgets_a_condition_is_caught(left_out: str, name: str) -> None:
    endings = explore(SCENES[name](leave_out=frozenset(left_out.split())), deaths=0)
    with pytest.raises(AssertionError):
        any(judge(ending) for ending in endings)  # which is of nothing


def test_who_remembers_nothing_leaves_out_no_ending() -> None:
    """Whoever begins anew after a lost race comes to the same ends as one who remembers the race."""
    name = "two newcomers, one seat, one leaves (W-03)"
    ends = [
        {
            tuple(sorted((each.person_id, each.state) for each in ending.store.signups.values()))
            for ending in explore(SCENES[name](lapses=lapses), deaths=0)
        }
        for lapses in (False, True)
    ]
    assert ends[0] == ends[1]
    assert len(ends[0]) > 1
