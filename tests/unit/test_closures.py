"""Closing and opening again: what a closure holds, what stands in its way, how it goes on."""

from datetime import timedelta

import pytest

from chalicelib.domain.closures import Closure, ClosureState
from chalicelib.domain.errors import Broken, NotFound, Refused, StaleVersion
from chalicelib.domain.times import slot_ceil, slot_floor
from chalicelib.services import closures
from tests.builders import ALWAYS_OPEN, ANYBODY, STAFF, a_space, an_intent, at, on, the_ports, wed
from tests.unit.steps import begin_to_close, book, cancel, close, codes, refused

CHRISTMAS = {"starts_at": at("2026-12-21 00:00"), "ends_at": at("2027-01-20 00:00")}


def lift(ports, closure_id, tags=None):
    return closures.lift(ports, closure_id, tags, an_intent(STAFF, method="DELETE")).value


def held(store):
    """Slots by holder, all of the ledger."""
    found: dict[str, int] = {}
    for day in store.ledger.values():
        for holder, bits in day.holders.items():
            found[holder] = found.get(holder, 0) + bits.bit_count()
    return found


def test_a_closure_holds_its_time_and_nobody_books_it(lab):
    ports, store, _ = lab()
    closure = close(ports, "pod", **wed("8-18"))
    assert closure.state is ClosureState.CLOSED
    assert held(store) == {closure.closure_id: 40}
    found = refused(ports, "pod", **wed("10-11"))
    assert codes(found) == ["closed"]
    assert found.problems[0].params["part"] == "time"
    assert "maintenance" not in repr((found.problems, found.conflicts))


def test_nobody_overrides_a_closure(lab):
    """B17, of closures"""
    ports, _, _ = lab()
    close(ports, "pod", **wed("8-18"))
    found = refused(ports, "pod", by=STAFF, override=("buffers", "closed"), **wed("10-11"))
    assert codes(found) == ["closed"]


def test_a_closure_keeps_people_out_before_the_ledger_has_it(lab):
    ports, store, _ = lab()
    begin_to_close(ports, "hall-a", **wed("8-18"))
    assert not store.ledger
    assert codes(refused(ports, "hall", **wed("10-11"))) == ["closed"]
    assert codes(refused(ports, "lab", **wed("10-11"))) == ["closed"]
    book(ports, "hall-b", **wed("10-11"))


def test_a_closure_of_a_hall_closes_its_halves(lab):
    ports, _, _ = lab()
    close(ports, "hall", **wed("8-18"))
    for space_id in ("hall", "hall-a", "hall-b", "lab"):
        assert codes(refused(ports, space_id, **wed("10-11"))) == ["closed"]


def test_a_facilitator_can_be_away(lab):
    ports, _, _ = lab()
    close(ports, "facilitator-1", **wed("8-18"))
    assert book(ports, "pod", facilitation=True, **wed("10-11")).facilitator == "facilitator-2"
    close(ports, "facilitator-2", **wed("14-18"))
    found = refused(ports, "studio", facilitation=True, **wed("15-16"))
    assert codes(found) == ["closed"]
    assert found.problems[0].params["space_id"] == "facilitator"


def test_bookings_in_the_way_are_listed_and_left_alone(lab):
    ports, store, _ = lab()
    first = book(ports, "hall", **wed("10-11"))
    book(ports, "hall-a", **on("2026-12-03", "10-11"))
    second = book(ports, "hall-b", **wed("14-15"))
    closure = close(ports, "hall", **wed("8-18"))
    assert closure.state is ClosureState.BLOCKED
    view = closures.view(ports, closure.closure_id)
    assert list(view.conflicts) == [first, second]
    assert ports.bookings.get(first.booking_id) == first
    assert held(store)[closure.closure_id] == 2 * 40 - 2 * 4 - 4


def test_what_was_in_the_way_is_closed_when_it_is_given_up(lab):
    ports, store, _ = lab()
    booking = book(ports, "pod", **wed("10-11"))
    closure = close(ports, "pod", **wed("8-18"))
    version = ports.catalog.closure(closure.closure_id).version
    assert closures.continue_all(ports) == 0
    assert ports.catalog.closure(closure.closure_id).version == version
    cancel(ports, booking)
    assert codes(refused(ports, "pod", **wed("10-11"))) == ["closed"]
    assert closures.continue_all(ports) == 1
    assert ports.catalog.closure(closure.closure_id).state is ClosureState.CLOSED
    assert held(store) == {closure.closure_id: 40}
    assert closures.view(ports, closure.closure_id).conflicts == ()


def test_a_blocked_closure_that_is_over_is_left(lab):
    ports, _, clock = lab()
    booking = book(ports, "pod", **on("2026-12-01", "10-11"))
    closure = close(ports, "pod", **on("2026-12-01", "10-12"))
    cancel(ports, booking)
    clock.time = closure.ends_at
    assert closures.continue_all(ports) == 0


def test_a_lapsed_hold_is_not_in_the_way(lab):
    ports, store, clock = lab(prove_address=True)
    hold = book(ports, "pod", by=ANYBODY, **wed("10-11"))
    clock.time = hold.confirm_by
    closure = close(ports, "pod", **wed("8-18"))
    assert closure.state is ClosureState.CLOSED
    assert held(store) == {closure.closure_id: 40}


def test_a_hold_that_lasts_is_in_the_way_until_it_ends(lab):
    ports, _, clock = lab(prove_address=True)
    hold = book(ports, "pod", by=ANYBODY, **wed("10-11"))
    closure = close(ports, "pod", **wed("8-18"))
    assert [each.booking_id for each in closures.view(ports, closure.closure_id).conflicts] == [
        hold.booking_id
    ]
    clock.time = hold.confirm_by
    assert closures.view(ports, closure.closure_id).conflicts == ()


def test_a_long_closure_goes_day_by_day_with_its_progress_visible(lab):
    """The lab has nine calendars: seven days go into one transaction."""
    ports, _, _ = lab()
    closure_id = begin_to_close(ports, "lab", **CHRISTMAS)
    closure = ports.catalog.closure(closure_id)
    assert (closure.state, closure.done, closure.total) == (ClosureState.CLOSING, 0, 5)
    seen = []
    while closure.state is ClosureState.CLOSING:
        closure = closures.go_on(ports, closure_id, seconds=0)
        seen.append(closure.done)
    assert seen == [1, 2, 3, 4, 5]
    assert closure.state is ClosureState.CLOSED
    assert closure.footprint == closure.wanted()


def test_a_closure_of_one_space_takes_seventy_days_at_once():
    closure = Closure("c_1", ("pod",), ("pod",), at("2026-12-01 00:00"), at("2027-12-01 00:00"))
    assert closure.chunk_slots == 70 * 96
    assert closure.total == 6
    chunks = [closure.chunk(number)["pod"][0] for number in range(closure.total)]
    assert chunks[0][0] == slot_floor(closure.starts_at)
    assert chunks[-1][1] == slot_ceil(closure.ends_at)
    assert [end for _, end in chunks[:-1]] == [start for start, _ in chunks[1:]]
    many = Closure("c_2", (), tuple(map(str, range(71))), closure.starts_at, closure.ends_at)
    assert many.chunk_slots == 96


def test_a_closure_that_was_interrupted_goes_on_where_it_was(lab):
    ports, store, _ = lab()
    closure_id = begin_to_close(ports, "lab", **CHRISTMAS)
    closures.go_on(ports, closure_id, seconds=0)
    assert ports.catalog.closure(closure_id).done == 1
    assert closures.continue_all(ports) == 1
    assert ports.catalog.closure(closure_id).state is ClosureState.CLOSED
    assert held(store) == {closure_id: 9 * 30 * 96}
    assert closures.continue_all(ports) == 0


def test_bookings_may_still_be_made_around_a_closure_that_is_under_way(lab):
    ports, _, _ = lab(a_space("pod", hours=ALWAYS_OPEN))
    closure_id = begin_to_close(ports, "pod", **wed("10-12"))
    book(ports, "pod", **wed("9-10"))
    book(ports, "pod", **wed("12-13"))
    assert closures.go_on(ports, closure_id).state is ClosureState.CLOSED


def test_lifting_gives_everything_back_and_only_once(lab):
    ports, store, _ = lab()
    closure = close(ports, "lab", **CHRISTMAS)
    lifting = lift(ports, closure.closure_id)
    assert (lifting.state, lifting.live) == (ClosureState.LIFTING, False)
    seen = []
    while lifting.state is ClosureState.LIFTING:
        lifting = closures.go_on(ports, closure.closure_id, seconds=0)
        seen.append(lifting.done)
    assert seen == [1, 2, 3, 4, 5]
    assert lifting.state is ClosureState.LIFTED
    assert held(store) == {}
    entries = len(store.audit)
    assert lift(ports, closure.closure_id) == lifting
    assert len(store.audit) == entries
    book(ports, "studio", **on("2026-12-22", "10-11"))


def test_a_lifted_closure_stops_nobody_from_the_first_moment(lab):
    """The ledger still has it; what it has given back can be booked."""
    ports, _, _ = lab()
    closure_id = begin_to_close(ports, "pod", **wed("8-18"))
    lift(ports, closure_id)
    book(ports, "pod", **wed("10-11"))
    assert closures.go_on(ports, closure_id).state is ClosureState.LIFTED


def test_a_closure_that_never_held_anything_is_lifted(lab):
    ports, _, _ = lab()
    closure_id = begin_to_close(ports, "pod", **wed("8-18"))
    lift(ports, closure_id)
    lifted = closures.go_on(ports, closure_id)
    assert (lifted.state, lifted.footprint) == (ClosureState.LIFTED, {})
    assert closures.view(ports, closure_id).conflicts == ()


def test_an_old_version_of_a_closure_is_not_lifted(lab):
    ports, _, _ = lab()
    closure = close(ports, "pod", **wed("8-18"))
    with pytest.raises(StaleVersion):
        lift(ports, closure.closure_id, ('"1"',))
    assert lift(ports, closure.closure_id, (f'"{closure.version}"',)).state is ClosureState.LIFTING


def test_of_two_closures_the_second_follows_the_first(lab):
    ports, store, _ = lab()
    first = close(ports, "pod", **wed("8-12"))
    second = close(ports, "pod", **wed("10-18"))
    assert second.state is ClosureState.BLOCKED
    assert closures.view(ports, second.closure_id).conflicts == ()
    lift(ports, first.closure_id)
    closures.go_on(ports, first.closure_id)
    assert codes(refused(ports, "pod", **wed("10-11"))) == ["closed"]
    closures.continue_all(ports)
    assert held(store) == {second.closure_id: 32}
    book(ports, "pod", **wed("9-10"))


def test_a_closure_that_begins_within_a_slot_closes_it_whole(lab):
    ports, _, _ = lab()
    closure = close(ports, "pod", starts_at=at("2026-12-02 10:05"), ends_at=at("2026-12-02 10:50"))
    assert closure.footprint == {
        "pod": ((slot_floor(at("2026-12-02 10:00")), slot_floor(at("2026-12-02 11:00"))),)
    }


def test_a_closure_may_have_begun_and_not_have_ended(lab):
    ports, _, _ = lab()
    assert close(ports, "pod", **on("2026-12-01", "8-12")).state is ClosureState.CLOSED
    with pytest.raises(Refused) as caught:
        close(ports, "studio", **on("2026-12-01", "8-9"))
    assert codes(caught.value) == ["in-the-past"]


@pytest.mark.parametrize(
    ("space_id", "times", "broken"),
    [
        ("attic", wed("8-18"), ["unknown-space"]),
        ("pod", wed("10-10"), ["invalid-request"]),
        ("pod", wed("11-10"), ["invalid-request"]),
        ("attic", wed("11-10"), ["invalid-request", "unknown-space"]),
    ],
)
def test_a_closure_has_to_make_sense(lab, space_id, times, broken):
    ports, store, _ = lab()
    with pytest.raises(Refused) as caught:
        close(ports, space_id, **times)
    assert codes(caught.value) == broken
    assert not store.closures


@pytest.mark.parametrize(("days", "allowed"), [(800, True), (801, False)])
def test_a_closure_is_at_most_800_days(lab, days, allowed):
    ports, _, _ = lab()
    start = at("2027-01-01 00:00")
    if allowed:
        begin_to_close(ports, "pod", starts_at=start, ends_at=start + timedelta(days=days))
        return
    with pytest.raises(Refused) as caught:
        begin_to_close(ports, "pod", starts_at=start, ends_at=start + timedelta(days=days))
    assert codes(caught.value) == ["range-too-long"]


def test_a_closure_that_is_not_there(lab):
    ports, _, _ = lab()
    for action in (closures.view, closures.go_on, lift):
        with pytest.raises(NotFound):
            action(ports, "c_nowhere")


def test_closures_are_listed_by_start_until_they_are_over(lab):
    ports, _, clock = lab()
    later = close(ports, "pod", **on("2026-12-03", "8-18"))
    sooner = close(ports, "pod", **wed("8-18"))
    lifted = close(ports, "studio", **wed("8-18"))
    lift(ports, lifted.closure_id)

    def listed():
        return [each.closure_id for each in closures.listing(ports, clock.now())]

    assert listed() == [sooner.closure_id, later.closure_id]
    clock.time = sooner.ends_at
    assert listed() == [later.closure_id]


def test_closing_and_lifting_are_audited(lab):
    ports, store, _ = lab()
    closure = close(ports, "pod", **wed("8-18"))
    lift(ports, closure.closure_id)
    assert [entry["action"] for entry in store.audit] == ["close", "lift"]
    assert {entry["subject"] for entry in store.audit} == {f"closure#{closure.closure_id}"}
    assert "maintenance" not in repr(store.audit)


def test_a_closure_that_contradicts_its_tables_keeps_no_other_waiting():
    ports, store, _ = the_ports()  # not the fixture's: these tables are wrong at the end too
    first = close(ports, "pod", **wed("8-18"))
    second = close(ports, "studio", **wed("8-18"))
    for closure in (first, second):
        lift(ports, closure.closure_id)
    del store.ledger["pod", "2026-12-02"]
    with pytest.raises(Broken):
        closures.continue_all(ports)
    assert ports.catalog.closure(second.closure_id).state is ClosureState.LIFTED
    assert held(store) == {}
