"""The consistency check finds every difference between ledger and bookings, and mends it."""

from dataclasses import replace

import pytest

from chalicelib.domain.errors import VersionRaced
from chalicelib.domain.occupancy import LedgerDay
from chalicelib.services import closures
from chalicelib.services.check import check, main, repair
from tests.builders import ANYBODY, EERO, a_space, an_intent, at, on, the_ports, wed
from tests.unit.steps import approve, book, cancel, change, close, deny

LOFT = a_space("loft", needs_approval=True, setup_minutes=15, cleanup_minutes=15)
STUDIO = ("studio", "2026-12-02")
POD = ("pod", "2026-12-02")
TEN = 1 << 32  # 08:00 UTC is 10:00 here


def lines(ports):
    return [line for found in check(ports) for line in found.lines()]


def mended(ports):
    """Whether one repair leaves no difference."""
    assert all(repair(ports, found) for found in check(ports))
    return check(ports) == []


def a_life(ports, clock):
    """Something of everything that the ledger can hold."""
    book(ports, "studio", **wed("10-11"))
    book(ports, "pod", by=ANYBODY, **wed("10-11"))
    grown = book(ports, "loft", **wed("10-11"))
    approve(ports, grown)
    change(ports, grown, **wed("10-13"))
    denied = book(ports, "loft", **wed("15-16"))
    deny(ports, denied)
    book(ports, "loft", **on("2026-12-03", "15-16"))
    cancel(ports, book(ports, "studio", **wed("13-14")))
    close(ports, "hall", starts_at=at("2026-12-07 00:00"), ends_at=at("2026-12-20 00:00"))
    lifting = close(
        ports, "desks", starts_at=at("2026-12-07 00:00"), ends_at=at("2027-02-20 00:00")
    )
    closures.lift(ports, lifting.closure_id, None, an_intent())
    closures.go_on(ports, lifting.closure_id, seconds=0)
    clock.forward(minutes=45)


def test_what_the_system_itself_writes_agrees(lab, capsys):
    ports, _, clock = lab(LOFT, prove_address=True)
    a_life(ports, clock)
    assert check(ports) == []
    assert main([], ports) == 0
    assert capsys.readouterr().out == "0 differences, 0 left\n"


def test_missing_slots_are_found_and_claimed(lab, capsys):
    ports, store, _ = lab()
    booking = book(ports, "studio", **wed("10-11"))
    whole = store.ledger[STUDIO]
    store.ledger[STUDIO] = replace(
        whole, holders={booking.booking_id: whole.holders[booking.booking_id] & ~(TEN | TEN << 1)}
    )
    assert lines(ports) == [f"{booking.booking_id} studio 2026-12-02: missing t32 t33"]
    assert main([], ports) == 1
    assert main(["--repair"], ports) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "1 differences, 0 left"
    assert store.ledger[STUDIO] == whole


def test_a_whole_ledger_that_is_lost_is_written_again(lab):
    ports, store, clock = lab(LOFT, prove_address=True)
    a_life(ports, clock)
    before = dict(store.ledger)
    store.ledger.clear()
    assert mended(ports)
    assert store.ledger == {key: day for key, day in before.items() if day.holders}


def test_surplus_slots_are_found_and_released(lab):
    ports, store, _ = lab()
    booking = book(ports, "pod", **wed("10-11"))
    whole = store.ledger[POD]
    more = whole.holders[booking.booking_id] | TEN << 40
    store.ledger[POD] = replace(whole, holders={booking.booking_id: more})
    store.ledger["pod", "2026-12-09"] = LedgerDay("pod", "2026-12-09", {booking.booking_id: 1})
    assert lines(ports) == [
        f"{booking.booking_id} pod 2026-12-02: surplus t72",
        f"{booking.booking_id} pod 2026-12-09: surplus t00",
    ]
    assert mended(ports)
    assert store.ledger[POD] == whole
    assert not store.ledger["pod", "2026-12-09"].holders


def test_holders_that_there_are_not_are_found_and_put_out(lab):
    ports, store, _ = lab()
    store.ledger[POD] = LedgerDay(*POD, {"b_ghost": 6, "c_ghost": 8}, {"b_ghost": "pending"})
    assert lines(ports) == [
        "b_ghost pod 2026-12-02: surplus t01 t02",
        "c_ghost pod 2026-12-02: surplus t03",
    ]
    assert mended(ports)
    assert not store.ledger[POD].holders
    assert [entry["actor"] for entry in store.audit] == ["check", "check"]
    assert [entry["subject"] for entry in store.audit] == ["ledger#b_ghost", "ledger#c_ghost"]


@pytest.mark.parametrize("end", [cancel, deny])
def test_slots_of_what_is_over_are_released(lab, end):
    ports, store, _ = lab(LOFT)
    booking = book(ports, "loft", **wed("10-11"))
    before = dict(store.ledger)
    end(ports, booking)
    store.ledger.update(before)
    assert len(check(ports)) == 1
    assert mended(ports)
    assert all(not day.holders for day in store.ledger.values())


@pytest.mark.parametrize(
    "wrong",
    [{"until": {}}, {"marks": {}}, {"until": {"b_000001": 12345}}, {"marks": {"b_000001": "b1-2"}}],
)
def test_wrong_notes_are_found_and_put_right(lab, wrong):
    ports, store, _ = lab(LOFT)
    booking = book(ports, "loft", **wed("10-11"))
    assert booking.booking_id == "b_000001"
    (key,) = store.ledger
    whole = store.ledger[key]
    store.ledger[key] = replace(whole, **wrong)
    assert lines(ports) == [f"{booking.booking_id} loft 2026-12-02: other notes"]
    assert mended(ports)
    assert store.ledger[key] == whole


def test_a_slot_that_somebody_else_has_is_left_to_them(lab, capsys):
    ports, store, _ = the_ports()
    booking = book(ports, "pod", **wed("10-11"))
    other = book(ports, "pod", person=EERO, **wed("11-12"))
    day = store.ledger[POD]
    mine = day.holders[booking.booking_id]
    store.ledger[POD] = replace(
        day,
        holders={
            booking.booking_id: mine & ~(TEN | TEN << 1),
            other.booking_id: day.holders[other.booking_id] | TEN,
        },
    )
    assert lines(ports) == [
        f"{booking.booking_id} pod 2026-12-02: missing t33, taken by another t32",
        f"{other.booking_id} pod 2026-12-02: surplus t32",
    ]
    assert repair(ports, check(ports)[0]) is False
    holders = store.ledger[POD].holders
    assert holders[booking.booking_id] == mine & ~TEN
    assert holders[other.booking_id] & TEN
    assert main(["--repair"], ports) == 1
    assert main(["--repair"], ports) == 0
    assert store.ledger[POD].holders == day.holders
    assert "left" in capsys.readouterr().out


def test_two_bookings_that_say_the_same_slot_are_reported_for_ever(lab):
    """Only people can decide who moves; the ledger's holder keeps the slot."""
    ports, store, _ = the_ports()
    first = book(ports, "pod", **wed("10-11"))
    second = replace(first, booking_id="b_second")
    store.bookings[second.booking_id] = second
    (found,) = check(ports)
    assert repair(ports, found) is False
    assert lines(ports) == ["b_second pod 2026-12-02: taken by another t32 t33 t34 t35"]
    assert list(store.ledger[POD].holders) == [first.booking_id]


def test_a_closure_is_put_right_too(lab):
    ports, store, _ = lab()
    closure = close(ports, "pod", **wed("10-11"))
    whole = store.ledger[POD]
    store.ledger[POD] = replace(whole, holders={closure.closure_id: TEN | TEN << 9})
    assert lines(ports) == [
        f"{closure.closure_id} pod 2026-12-02: missing t33 t34 t35, surplus t41"
    ]
    assert mended(ports)
    assert store.ledger[POD] == whole


def test_many_days_are_mended_some_at_a_time(lab):
    ports, store, _ = lab()
    close(ports, "lab", starts_at=at("2026-12-07 00:00"), ends_at=at("2027-01-07 00:00"))
    before = dict(store.ledger)
    store.ledger.clear()
    store.calls.clear()
    assert mended(ports)
    assert store.ledger == before
    assert store.calls.count("commit") == -(-len(before) // 70)


def test_what_changes_while_it_is_being_mended_is_left_for_the_next_time(lab):
    ports, store, _ = lab()
    booking = book(ports, "pod", **wed("10-11"))
    whole = store.ledger[POD]
    store.ledger[POD] = replace(whole, holders={})
    (found,) = check(ports)
    store.bookings[booking.booking_id] = replace(booking, version=2)
    assert repair(ports, found) is False
    assert not store.ledger[POD].holders
    assert mended(ports)
    assert store.ledger[POD] == whole


def test_a_booking_made_while_the_tables_are_being_read_is_no_difference(lab):
    ports, store, _ = lab()

    def sneak(name):
        if name == "bookings.all":
            store.before = lambda _: None
            book(ports, "pod", **wed("10-11"))

    store.before = sneak
    assert check(ports) == []
    assert store.bookings


def test_a_ghost_that_turns_out_to_be_somebody_is_left(lab):
    ports, store, _ = lab()
    store.ledger[POD] = LedgerDay(*POD, {"b_late": TEN})
    (found,) = check(ports)
    booking = book(ports, "studio", **wed("10-11"))
    store.bookings["b_late"] = replace(
        booking,
        booking_id="b_late",
        footprint={"pod": ((booking.footprint["studio"][0][0] + 1,) * 2,)},
    )
    assert repair(ports, found) is False
    assert store.ledger[POD].holders == {"b_late": TEN}
    del store.bookings["b_late"]
    assert mended(ports)


def test_a_difference_says_nothing_personal(lab):
    ports, store, _ = lab()
    book(ports, "pod", title="Salaisuus", **wed("10-11"))
    store.ledger.clear()
    assert "alaisuus" not in repr(lines(ports))
    assert "aino" not in repr(lines(ports)).lower()
    assert mended(ports)


def test_the_memory_notices_a_version_that_is_not_there(lab):
    """The guard of the guard: a repair is conditioned on the booking's version."""
    ports, _, _ = lab()
    tx = ports.begin()
    ports.bookings.check(tx, "b_nowhere", 1)
    with pytest.raises(VersionRaced):
        tx.commit()
