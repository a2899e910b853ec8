"""Two or three at once, in every order of their storage calls."""

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest

from chalicelib.domain.bookings import Booking, State
from chalicelib.domain.errors import Broken, LabError, Refused
from chalicelib.services import bookings, check, closures, confirming, events, expiry, links, spaces
from chalicelib.services.ports import Ports
from tests.builders import (
    ANYBODY,
    EERO,
    FORM,
    NOW,
    STAFF,
    a_change,
    a_request,
    a_store,
    an_intent,
    wed,
)
from tests.event_builders import NOW as EVENT_NOW
from tests.event_builders import a_placed_event, an_event
from tests.event_scene import signs_up
from tests.fakes import FakeClock, Store, memory_ports
from tests.simulation.invariant import Violation
from tests.simulation.turnstile import Actor, Case, Run, every_order

Prepare = Callable[[Ports], Any]
THIRD = replace(EERO, email="third@gov.fi")


def a_case(
    *actors: Callable[[Ports, Any], Any],
    given: Prepare = lambda _ports: None,
    leave_out: frozenset[str] = frozenset(),
    minutes: int = 0,
    **site: Any,
) -> Callable[[], Case]:
    """A case over the fixture: each actor is a worker of its own, whose settings are a little old."""

    def make() -> Case:
        store: Store = a_store(**site)
        clock = FakeClock(NOW)
        things = given(memory_ports(store, clock))
        workers = [memory_ports(store, clock) for _ in actors]
        for worker in workers:
            worker.settings.get()
        clock.forward(minutes=minutes)
        store.leave_out = leave_out
        made: list[Actor] = [
            lambda act=act, worker=worker: act(worker, things)
            for act, worker in zip(actors, workers, strict=True)
        ]
        return Case(store, made)

    return make


def books(*space_ids: str, **changes: Any) -> Callable[[Ports, Any], Booking | None]:
    """An actor who books."""
    key = changes.pop("key", None)
    actor = changes.pop("actor", FORM)
    request = a_request(*space_ids, **changes)
    return lambda ports, _: bookings.book(ports, request, an_intent(actor, key)).value


def moves(hours: str, number: int = 0) -> Callable[[Ports, Any], Booking | None]:
    """An actor who moves one of the prepared bookings."""
    return lambda ports, things: (
        bookings.change(
            ports, things[number].booking_id, a_change(**wed(hours)), ("*",), an_intent()
        ).value
    )


def booked(*hours: str, space: str = "pod", actor: Any = FORM) -> Callable[[Ports], list[Any]]:
    """Bookings there are before, one for each time."""
    return lambda ports: [
        bookings.book(ports, a_request(space, **wed(each)), an_intent(actor)).value
        for each in hours
    ]


def plans(space: str, **changes: Any) -> Callable[[Ports, Any], Any]:
    """An actor who writes an event with its place."""
    event = a_placed_event(space, **changes)
    return lambda ports, _: events.create(ports, event, an_intent(STAFF)).value


def moves_event(hours: str) -> Callable[[Ports, Any], Any]:
    """An actor who moves the event that was prepared."""
    return lambda ports, _: (
        events.change(ports, "e_one", wed(hours), {}, None, an_intent(STAFF)).value
    )


def winners(run: Run) -> list[Any]:
    """Who was not refused."""
    return [result for result in run.results if not isinstance(result, LabError)]


def losers(run: Run) -> list[str]:
    """What the refused were told."""
    return [
        result.code if isinstance(result, Refused) else type(result).__name__
        for result in run.results
        if isinstance(result, LabError)
    ]


def live(store: Store) -> list[Booking]:
    return [booking for booking in store.bookings.values() if booking.live]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (books("pod"), books("pod", person=EERO)),
        (books("hall"), books("hall-a", person=EERO)),
        (books("lab", actor=STAFF), books("studio", person=EERO)),
        (books("pod", **wed("10-12")), books("pod", **wed("11-13"), person=EERO)),
        (books("studio", **wed("10-11")), books("studio", **wed("11:15-12"), person=EERO)),
        (books("pod", actor=ANYBODY), books("pod", actor=ANYBODY, person=EERO)),
    ],
    ids=["same", "hall and half", "all and part", "overlap", "cleanup", "anonymous"],
)
def test_exactly_one_of_two_wins_in_every_order(one: Any, other: Any) -> None:
    """B24, B29, B31: never both, and never neither."""
    for run in every_order(a_case(one, other)):
        assert len(winners(run)) == 1
        assert losers(run) == ["slot-taken"]
        assert len(live(run.store)) == 1


def test_exactly_one_of_three_wins_in_every_order() -> None:
    """B29, B31."""
    people = [replace(EERO, email=f"eero{number}@gov.fi") for number in range(3)]
    case = a_case(*(books("pod", person=person) for person in people))
    orders = 0
    for run in every_order(case, most=20_000):
        orders += 1
        assert len(winners(run)) == 1
        assert losers(run) == ["slot-taken"] * 2
    print(f"{orders} orders")
    assert orders >= 50


def test_two_halves_are_both_booked_in_every_order() -> None:
    """B23."""
    for run in every_order(a_case(books("hall-a"), books("hall-b", person=EERO))):
        assert len(winners(run)) == 2


def test_units_of_a_pool_go_to_as_many_as_there_are() -> None:
    """Who loses the race for one unit tries the others before being refused."""
    case = a_case(books("desks", units=3), books("desks", units=3, person=EERO))
    for run in every_order(case):
        assert len(winners(run)) == 2
    case = a_case(books("desks", units=4), books("desks", units=3, person=EERO))
    for run in every_order(case):
        assert len(winners(run)) == 1


def test_the_last_screen_goes_to_one_and_the_other_gets_nothing() -> None:
    """B25: all or nothing, also in a race."""

    def prepare(ports: Ports) -> Any:
        request = a_request("hall-a", **wed("10-11"), equipment={"screen": 1})
        return [bookings.book(ports, request, an_intent()).value]

    case = a_case(
        books("hall-b", equipment={"screen": 1}),
        books("studio", equipment={"screen": 1}, person=EERO),
        given=prepare,
    )
    for run in every_order(case):
        assert len(winners(run)) == 1
        assert len(live(run.store)) == 2


def test_one_key_books_once_in_every_order() -> None:
    """Two requests with one key: one booking, and both get its answer."""
    for run in every_order(a_case(books("pod", key="k"), books("pod", key="k"))):
        assert len(run.store.bookings) == 1
        assert not losers(run)


def test_a_quota_of_one_holds_in_every_order() -> None:
    """B40."""
    case = a_case(books("studio"), books("pod"), live_bookings=1)
    for run in every_order(case):
        assert len(winners(run)) == 1
        assert losers(run) == ["quota-exceeded"]


@pytest.mark.parametrize(
    "limit",
    [{"hours_per_week": 1}, {"organisation_live_bookings": 1}, {"organisation_hours_per_week": 1}],
    ids=lambda limit: next(iter(limit)),
)
def test_hours_and_organisations_have_no_more_in_any_order(limit: dict[str, int]) -> None:
    """B40, B113: an hour each for two spaces; where the organisation is meant, by two people."""
    other = {} if "hours_per_week" in limit else {"person": EERO}
    case = a_case(books("studio"), books("pod", **other), **limit)
    for run in every_order(case):
        assert len(winners(run)) == 1
        assert losers(run) == ["quota-exceeded"]


def holds(space: str, **changes: Any) -> Callable[[Ports, Any], Booking | None]:
    """An actor who books without logging in."""
    network = changes.pop("network", "n")
    request = a_request(space, **changes)
    return lambda ports, _: bookings.book(ports, request, an_intent(ANYBODY, network=network)).value


@pytest.mark.parametrize(
    ("other", "site"),
    [
        ({"network": "another"}, {}),
        ({"person": EERO}, {}),
        ({"person": EERO, "network": "another"}, {"anonymous_holds": 2}),
    ],
    ids=["address", "network", "site"],
)
def test_of_two_who_want_the_last_hold_one_has_it_in_every_order(
    other: dict[str, Any], site: dict[str, int]
) -> None:
    """B40: one is held already, and two at most may be; never both, and never neither."""

    def one_before(ports: Ports) -> Any:
        return holds("hall-a", **({} if not site else {"network": "third", "person": THIRD}))(
            ports, None
        )

    case = a_case(
        holds("studio"), holds("pod", **other), given=one_before, prove_address=True, **site
    )
    for run in every_order(case):
        assert len(winners(run)) == 1
        assert losers(run) == ["quota-exceeded"]
        assert max(len(each.until) for each in run.store.holds.values()) == 2


def test_a_hold_that_is_confirmed_makes_room_or_comes_too_late() -> None:
    """Two are held; one is confirmed while a third is asked for: whatever the order, two at most."""

    def two_before(ports: Ports) -> Any:
        return [holds(space)(ports, None) for space in ("hall-a", "hall-b")]

    def confirms(ports: Ports, things: Any) -> Any:
        code = links.code_of(ports, things[0])
        return confirming.confirm(ports, things[0].booking_id, code, an_intent(ANYBODY)).value

    case = a_case(holds("pod"), confirms, given=two_before, prove_address=True)
    seen = set()
    for run in every_order(case):
        assert losers(run) in ([], ["quota-exceeded"])
        seen.add(len(losers(run)))
        for each in run.store.holds.values():
            held = {one.booking_id for one in live(run.store) if one.state is State.HELD}
            assert set(each.until) == held
            assert len(held) <= 2
    assert seen == {0, 1}


def test_a_store_that_forgets_the_version_of_holds_is_caught() -> None:
    case = a_case(
        holds("studio"),
        holds("pod"),
        given=lambda ports: holds("hall-a")(ports, None),
        prove_address=True,
        leave_out=frozenset({"holds"}),
    )
    assert max(len(winners(run)) for run in every_order(case)) == 2


def test_two_bookings_that_grow_share_the_hours_that_are_left() -> None:
    """Two of one person, of an hour each in a week of three: one of them gains the third."""

    def longer(number: int) -> Callable[[Ports, Any], Booking | None]:
        return lambda ports, things: (
            bookings.change(
                ports,
                things[number].booking_id,
                a_change(ends_at=wed(("11-12", "15-16")[number])["ends_at"]),
                ("*",),
                an_intent(),
            ).value
        )

    case = a_case(longer(0), longer(1), given=booked("10-11", "14-15"), hours_per_week=3)
    for run in every_order(case):
        assert len(winners(run)) == 1
        assert losers(run) == ["quota-exceeded"]


def test_a_move_and_a_booking_for_one_time() -> None:
    """B32: one wins; the booking that moves keeps its time if it loses."""
    case = a_case(moves("14-15"), books("pod", **wed("14-15"), person=EERO), given=booked("10-11"))
    for run in every_order(case):
        moved, made = run.results
        first = min(live(run.store), key=lambda booking: booking.created_at)
        if isinstance(moved, LabError):
            assert first.starts_at == wed("10-11")["starts_at"]
            assert not isinstance(made, LabError)
        else:
            assert losers(run) == ["slot-taken"]
            assert made.code == "slot-taken"


@pytest.mark.parametrize(
    "one",
    [plans("hall"), plans("hall-a"), plans("lab")],
    ids=["hall", "half", "lab"],
)
def test_an_event_and_a_booking_for_one_place(one: Any) -> None:
    """B24: never both, and never neither; an event that loses is not written."""
    for run in every_order(a_case(one, books("hall-a", person=EERO))):
        assert len(winners(run)) == 1
        assert losers(run) == ["slot-taken"]
        assert len(live(run.store)) == 1
        assert {each.event_id for each in live(run.store)} == {*run.store.events} or not (
            run.store.events
        )


def test_an_event_that_moves_and_a_booking_for_one_time() -> None:
    """B32, B33: an event that loses keeps its time and its place; nobody has them meanwhile."""
    case = a_case(
        moves_event("14-16"),
        books("hall-a", **wed("15-16"), person=EERO),
        books("hall-a", **wed("10-11"), person=THIRD),
        given=lambda ports: plans("hall-a", **wed("10-12"))(ports, None),
    )
    seen = set()
    for run in every_order(case, most=20_000, once=True):
        moved = not isinstance(run.results[0], LabError)
        event = run.store.events["e_one"]
        (place,) = [each for each in live(run.store) if each.event_id]
        assert (place.booking_id, place.starts_at) == (event.booking_id, event.starts_at)
        assert place.starts_at == wed("14-15" if moved else "10-11")["starts_at"]
        assert isinstance(run.results[1], LabError) is moved
        assert moved or isinstance(run.results[2], LabError)
        seen.add(moved)
    assert seen == {True, False}


def test_an_event_that_is_moved_and_called_off_at_once_leaves_nothing_in_the_ledger() -> None:
    case = a_case(
        moves_event("14-16"),
        lambda ports, _: events.call_off(ports, "e_one", "", an_intent(STAFF)).value,
        given=lambda ports: plans("hall-a")(ports, None),
    )
    for run in every_order(case, once=True):
        assert live(run.store) == []
        assert not any(day.holders for day in run.store.ledger.values())


def test_of_five_who_want_the_last_seat_one_has_it_and_four_wait_in_order() -> None:
    """B41: in a hundred of the orders; the queue's own tests have all of those of three."""

    def five() -> Case:
        store, clock = a_store(), FakeClock(EVENT_NOW)
        events.create(
            memory_ports(store, clock), an_event(20, free=1, most_waiting=10), an_intent(STAFF)
        )
        workers = [memory_ports(store, clock) for _ in range(5)]
        return Case(
            store,
            [
                lambda worker=worker, name=name: signs_up(worker, name)
                for worker, name in zip(workers, "abcde", strict=True)
            ],
        )

    for run in islice(every_order(five, most=9999, once=True), 100):
        states = sorted(each.state.value for each in run.store.signups.values())
        assert states == ["confirmed", *["waiting"] * 4]
        numbers = [each.number for each in run.store.signups.values() if each.number]
        assert sorted(numbers) == [1, 2, 3, 4]


def test_the_old_time_of_a_move_is_never_free_before_the_move_is_done() -> None:
    """B33: while X moves 10 to 14, Z tries 10 and Y holds 14."""
    case = a_case(
        moves("14-15"), books("pod", **wed("10-11"), person=EERO), given=booked("10-11", "14-15")
    )
    for run in every_order(case):
        assert losers(run) == ["slot-taken", "slot-taken"]


def test_two_who_want_each_others_time_both_keep_their_own() -> None:
    case = a_case(moves("14-15", 0), moves("10-11", 1), given=booked("10-11", "14-15"))
    for run in every_order(case):
        assert len(winners(run)) == 0
        assert len(live(run.store)) == 2


def test_approval_and_denial_make_one_transition() -> None:
    """B35: the other is told that the state has changed."""
    case = a_case(
        lambda ports, things: (
            bookings.approve(ports, things[0].booking_id, None, an_intent(STAFF)).value
        ),
        lambda ports, things: (
            bookings.deny(ports, things[0].booking_id, "", None, an_intent(STAFF)).value
        ),
        given=booked("10-11", space="lab"),
    )
    for run in every_order(case):
        assert losers(run) == ["stale-state"]
        assert winners(run)[0].version == 2


def test_a_cancellation_and_a_move_leave_one_consistent_end() -> None:
    case = a_case(
        moves("14-15"),
        lambda ports, things: (
            bookings.cancel(ports, things[0].booking_id, "", ("*",), an_intent()).value
        ),
        given=booked("10-11"),
    )
    for run in every_order(case):
        booking = next(iter(run.store.bookings.values()))
        assert booking.state is State.CANCELLED
        assert losers(run) in ([], ["stale-state"])


def test_a_booking_takes_an_expired_hold_while_the_clock_tidies() -> None:
    """B55: the hold has run out, so whoever comes gets the time, whoever releases it first."""
    case = a_case(
        books("pod", person=EERO),
        lambda ports, _: expiry.expire_due(ports),
        given=booked("10-11", actor=ANYBODY),
        prove_address=True,
        minutes=30,
    )
    for run in every_order(case):
        assert not losers(run)
        assert [booking.person for booking in live(run.store)] == [EERO]


def test_two_bookings_that_meet_one_expired_hold_have_one_winner() -> None:
    case = a_case(
        books("pod", person=EERO),
        books("pod", **wed("10:30-11:30")),
        given=booked("10-11", actor=ANYBODY),
        prove_address=True,
        minutes=30,
    )
    for run in every_order(case, most=20000):
        assert losers(run) == ["slot-taken"]


def test_a_closure_and_a_booking_never_share_a_slot() -> None:
    """The booking is refused, or it stands in the closure's way and is listed."""

    def close(ports: Ports, _: Any) -> Any:
        request = closures.ClosureRequest(("hall",), **wed("8-18"))
        closure = closures.close(ports, request, an_intent(STAFF)).value
        assert closure is not None
        closures.go_on(ports, closure.closure_id)
        return closures.view(ports, closure.closure_id)

    for run in every_order(a_case(close, books("hall-a", person=EERO))):
        view, made = run.results
        if isinstance(made, LabError):
            assert losers(run) == ["closed"]
        else:
            seen = closures.in_the_way(memory_ports(run.store), view.closure)
            assert [booking.booking_id for booking in seen] == [made.booking_id]


def test_shorter_hours_refuse_a_booking_or_list_it() -> None:
    """B119 at once with a booking: it is never outside the hours and unlisted."""

    def shorten(ports: Ports, _: Any) -> Any:
        spaces.change(ports, "pod", {"week": {"wed": ((480, 600),)}}, ("*",), an_intent(STAFF))
        return [each.booking.booking_id for each in spaces.affected(ports, "pod")]

    for run in every_order(a_case(shorten, books("pod", person=EERO))):
        listed, made = run.results
        if isinstance(made, LabError):
            assert losers(run) == ["outside-opening-hours"]
        else:
            assert listed == [made.booking_id]


def test_a_space_that_becomes_part_of_another_is_never_silently_shared() -> None:
    """B27: Pod joins Hall while Hall is being booked: the booking holds Pod, or it is listed."""

    def join(ports: Ports, _: Any) -> Any:
        parts = {"parts": ("hall-a", "hall-b", "pod")}
        spaces.change(ports, "hall", parts, ("*",), an_intent(STAFF))
        return [each.booking.booking_id for each in spaces.affected(ports, "hall")]

    for run in every_order(a_case(join, books("hall", person=EERO))):
        listed, made = run.results
        assert "pod" in made.footprint or listed == [made.booking_id]


def test_a_repair_and_a_cancellation_do_not_undo_each_other() -> None:
    def repair(ports: Ports, _: Any) -> Any:
        return [check.repair(ports, found) for found in check.check(ports)]

    def prepare(ports: Ports) -> Any:
        made = booked("10-11")(ports)
        tx = ports.begin()
        ports.ledger.move(tx, made[0].booking_id, made[0].footprint, {})
        tx.commit()
        return made

    case = a_case(
        repair,
        lambda ports, things: (
            bookings.cancel(ports, things[0].booking_id, "", ("*",), an_intent()).value
        ),
        given=prepare,
    )
    broken = 0
    for run in every_order(case, check=False):
        broken += isinstance(run.results[1], Broken)
        ports = memory_ports(run.store)
        for found in check.check(ports):
            assert check.repair(ports, found)
        assert check.check(ports) == []
    assert broken  # a cancellation that meets the broken ledger says so and changes nothing


def test_orders_that_are_told_once_show_all_that_there_is() -> None:
    """Leaving out orders that differ by two reads only leaves out no outcome."""
    case = a_case(moves("14-15"), books("pod", **wed("14-15"), person=EERO), given=booked("10-11"))
    seen = [
        {
            tuple(getattr(result, "code", "won") for result in run.results)
            for run in every_order(case, once=once)
        }
        for once in (False, True)
    ]
    assert seen[0] == seen[1]
    assert len(seen[0]) > 1


@pytest.mark.parametrize("condition", ["gained", "version", "settings"])
def test_a_store_that_forgets_a_condition_is_caught(condition: str) -> None:
    """The checks above fail where a condition is left out.

    That a message is there already stops who writes a version twice too, so it goes with the version.
    """
    out = frozenset({condition, "announced"} if condition == "version" else {condition})
    tests = {
        "gained": (books("pod"), books("pod", person=EERO), booked()),
        "version": (moves("14-15"), moves("15-16"), booked("10-11")),
        "settings": (_joins, books("hall", person=EERO), booked()),
    }
    one, other, given = tests[condition]
    caught = 0
    orders = iter(every_order(a_case(one, other, given=given, leave_out=out)))
    while True:
        try:
            run = next(orders)
        except StopIteration:
            break
        except (Violation, Broken):
            caught += 1
            break
        caught += any(isinstance(result, Broken) for result in run.results)
        if condition == "settings":
            listed, made = run.results
            caught += "pod" not in made.footprint and listed != [made.booking_id]
    assert caught


def test_a_store_that_forgets_the_version_of_a_quota_is_caught() -> None:
    """B40"""
    case = a_case(books("studio"), books("pod"), hours_per_week=1, leave_out=frozenset({"quota"}))
    assert max(len(winners(run)) for run in every_order(case)) == 2


def _joins(ports: Ports, _: Any) -> Any:
    parts = {"parts": ("hall-a", "hall-b", "pod")}
    spaces.change(ports, "hall", parts, ("*",), an_intent(STAFF))
    return [each.booking.booking_id for each in spaces.affected(ports, "hall")]
