"""What runs out by itself."""

from dataclasses import replace

import pytest

from chalicelib.domain.bookings import State, judged
from chalicelib.domain.errors import Broken
from chalicelib.services import bookings
from chalicelib.services.expiry import expire, expire_due, release_ended
from tests.builders import ANYBODY, EERO, STAFF, a_space, at, on, the_ports, wed
from tests.unit.steps import approve, book, cancel, change, deny

LOFT = a_space("loft", needs_approval=True)


def test_holds_and_requests_are_released_when_they_are_due(lab):
    ports, store, clock = lab(LOFT, prove_address=True)
    hold = book(ports, "pod", by=ANYBODY, **wed("10-11"))
    request = book(ports, "loft", **on("2026-12-01", "10-11"))
    firm = book(ports, "studio", **wed("10-11"))
    assert expire_due(ports) == 0
    clock.time = hold.confirm_by
    assert expire_due(ports) == 1
    clock.time = request.starts_at
    assert expire_due(ports) == 1
    assert expire_due(ports) == 0
    states = {each.booking_id: each.state for each in store.bookings.values()}
    assert states == {
        hold.booking_id: State.EXPIRED,
        request.booking_id: State.EXPIRED,
        firm.booking_id: State.CONFIRMED,
    }
    assert {holder for day in store.ledger.values() for holder in day.holders} == {firm.booking_id}
    assert [entry["action"] for entry in store.audit][-2:] == ["expire", "expire"]
    assert store.audit[-1]["actor"] == "clock"


def test_a_lapsed_hold_is_in_nobodys_way_before_it_is_tidied(lab):
    """B55"""
    ports, store, clock = lab(prove_address=True)
    hold = book(ports, "pod", by=ANYBODY, **wed("10-11"))
    clock.time = hold.confirm_by
    booking = book(ports, "pod", person=EERO, **wed("10:30-11:30"))
    assert store.bookings[hold.booking_id].state is State.EXPIRED
    assert {holder for day in store.ledger.values() for holder in day.holders} == {
        booking.booking_id
    }
    assert expire_due(ports) == 0


def test_a_lapsed_hold_is_not_in_the_way_of_a_move(lab):
    ports, _, clock = lab(prove_address=True)
    booking = book(ports, "pod", **wed("14-15"))
    hold = book(ports, "pod", by=ANYBODY, **wed("10-11"))
    clock.time = hold.confirm_by
    assert change(ports, booking, **wed("10-11")).starts_at == at("2026-12-02 10:00")


def test_a_lapsed_hold_is_not_in_the_way_of_reopening(lab):
    ports, _, clock = lab(LOFT, prove_address=True)
    request = book(ports, "loft", **wed("10-11"))
    tag = f'"{deny(ports, request).version}"'
    hold = book(ports, "loft", by=ANYBODY, **wed("10-11"))
    clock.time = hold.confirm_by
    assert approve(ports, request, (tag,)).state is State.CONFIRMED


def test_a_lapsed_change_is_released_and_the_booking_stays(lab):
    """B47"""
    ports, store, clock = lab(LOFT)
    booking = book(ports, "loft", **wed("10-12"))
    approve(ports, booking)
    change(ports, booking, **wed("9-12"))
    clock.time = at("2026-12-02 09:00")
    assert expire_due(ports) == 1
    kept = store.bookings[booking.booking_id]
    assert (kept.state, kept.pending_change) == (State.CONFIRMED, None)
    assert kept.person_id in store.quotas
    assert list(store.quotas[kept.person_id].bookings) == [booking.booking_id]


def test_a_move_that_waits_lapses_when_the_booking_itself_begins(lab):
    """B47: afterwards there is nothing to move."""
    ports, store, clock = lab(LOFT)
    booking = book(ports, "loft", **wed("10-12"))
    approve(ports, booking)
    asking = change(ports, booking, **wed("14-16"))
    assert asking.due_at == at("2026-12-02 10:00")
    clock.time = at("2026-12-02 10:00")
    assert judged(asking, clock.now()).pending_change is None


@pytest.mark.parametrize("end", [cancel, deny])
def test_what_was_decided_does_not_expire(lab, end):
    ports, store, clock = lab(LOFT)
    request = book(ports, "loft", **wed("10-11"))
    ended = end(ports, request)
    clock.time = request.ends_at
    assert expire_due(ports) == 0
    assert store.bookings[request.booking_id] == ended


def test_expiring_twice_or_too_soon_or_nothing_does_nothing(lab):
    ports, _, clock = lab(prove_address=True)
    hold = book(ports, "pod", by=ANYBODY, **wed("10-11"))
    assert expire(ports, hold.booking_id) is False
    assert expire(ports, "b_nowhere") is False
    clock.time = hold.confirm_by
    assert expire(ports, hold.booking_id) is True
    assert expire(ports, hold.booking_id) is False


def test_losing_the_race_to_expire_is_fine(lab):
    """Between its read and its write somebody cancels."""
    ports, store, clock = lab(prove_address=True)
    hold = book(ports, "pod", by=ANYBODY, **wed("10-11"))
    clock.time = hold.confirm_by

    def win(name):
        if name == "commit":
            store.before = lambda _: None
            present = store.bookings[hold.booking_id]
            store.bookings[hold.booking_id] = replace(present, version=present.version + 1)

    store.before = win
    assert expire(ports, hold.booking_id) is False
    assert expire(ports, hold.booking_id) is True


def test_releasing_says_whether_there_was_anything_to_release(lab):
    ports, _, _ = lab()
    assert release_ended(ports, []) is False
    assert release_ended(ports, ["b_nowhere"]) is True


def test_a_held_booking_of_staffs_sight_is_judged_when_read(lab):
    ports, _, clock = lab(LOFT)
    request = book(ports, "loft", **wed("10-11"))
    clock.time = request.starts_at
    assert bookings.read(ports, request.booking_id, STAFF).state is State.EXPIRED


def test_a_hold_that_contradicts_its_tables_keeps_no_other_waiting():
    ports, store, clock = the_ports(prove_address=True)  # wrong at the end, so not the fixture's
    first = book(ports, "pod", by=ANYBODY, **wed("10-11"))
    second = book(ports, "studio", by=ANYBODY, person=EERO, **wed("10-11"))
    del store.ledger["pod", "2026-12-02"]
    clock.time = second.confirm_by
    with pytest.raises(Broken):
        expire_due(ports)
    assert ports.bookings.get(second.booking_id).state is State.EXPIRED
    assert ports.bookings.get(first.booking_id).state is State.HELD
