"""The ledger: claims, releases and moves, and what each of them refuses."""

from collections.abc import Iterable

import pytest

from chalicelib.domain.errors import Broken, SlotTaken
from chalicelib.domain.footprints import Footprint, bits_by_day
from chalicelib.domain.occupancy import LedgerDay
from chalicelib.domain.times import first_slot
from tests.contract.backends import Backend

DAY, NEXT_DAY = "2026-12-02", "2026-12-03"
BASE = first_slot(DAY)
AINOS, EEROS, CLOSURE = "b_aino", "b_eero", "c_holiday"


def slots(first: int, last: int, resource: str = "pod") -> dict[str, tuple[tuple[int, int], ...]]:
    """The slots [first, last) of Wednesday, the next day's from 96 on."""
    return {resource: ((BASE + first, BASE + last),)}


def move(
    backend: Backend,
    holder: str,
    old: Footprint,
    new: Footprint,
    until=None,
    marks=None,
) -> None:
    tx = backend.ports.begin()
    backend.ports.ledger.move(tx, holder, old, new, until=until, marks=marks)
    tx.commit()


def held(backend: Backend) -> dict[tuple[str, str], dict[str, int]]:
    """Who holds what, of the items where anybody holds anything."""
    days = backend.ports.ledger.all_days()
    return {(day.resource_id, day.day): dict(day.holders) for day in days if day.holders}


def days_of(backend: Backend, *footprints: Footprint) -> dict[tuple[str, str], LedgerDay]:
    keys = [key for footprint in footprints for key in bits_by_day(footprint)]
    return dict(backend.ports.snapshots.read(days=keys).days)


def test_a_claim_holds_exactly_its_slots(backend: Backend):
    move(backend, AINOS, {}, slots(30, 40) | slots(32, 34, "studio"))
    assert held(backend) == {
        ("pod", DAY): {AINOS: (1 << 40) - (1 << 30)},
        ("studio", DAY): {AINOS: 0b11 << 32},
    }


def test_every_way_of_reading_finds_the_same(backend: Backend):
    footprint = slots(90, 100) | slots(0, 1, "studio")
    notes = {("pod", DAY): "b90-91"}
    move(backend, AINOS, {}, footprint, until=1796200000, marks=notes)
    expected = {
        ("pod", DAY): LedgerDay(
            "pod", DAY, {AINOS: 0b111111 << 90}, {AINOS: 1796200000}, {AINOS: "b90-91"}
        ),
        ("pod", NEXT_DAY): LedgerDay("pod", NEXT_DAY, {AINOS: 0b1111}, {AINOS: 1796200000}, {}),
        ("studio", DAY): LedgerDay("studio", DAY, {AINOS: 1}, {AINOS: 1796200000}, {}),
    }
    ports = backend.ports

    def found(days: Iterable[LedgerDay]) -> dict[tuple[str, str], LedgerDay]:
        return {(day.resource_id, day.day): day for day in days}

    assert days_of(backend, footprint) == expected
    assert found(ports.ledger.all_days()) == expected
    assert found(ports.ledger.week("2026-W49")) == expected
    pod = ports.ledger.resource_days("pod", DAY)
    assert [day.day for day in pod] == [DAY, NEXT_DAY]
    assert found(pod) == {key: day for key, day in expected.items() if key[0] == "pod"}


def test_an_item_knows_when_it_was_last_written(backend: Backend):
    move(backend, AINOS, {}, slots(30, 40))
    (claimed,) = backend.ports.ledger.resource_days("pod", DAY)
    assert claimed.changed_at == backend.clock.now()
    backend.clock.forward(minutes=5)
    move(backend, AINOS, slots(30, 40), {})
    (released,) = backend.ports.ledger.resource_days("pod", DAY)
    assert released.changed_at == backend.clock.now() > claimed.changed_at


def test_a_resource_is_read_from_a_day_on_and_in_order(backend: Backend):
    for number in (3, 1, 2, 0):
        move(backend, AINOS, {}, slots(96 * number, 96 * number + 1))
    days = backend.ports.ledger.resource_days("pod", NEXT_DAY)
    assert [day.day for day in days] == [NEXT_DAY, "2026-12-04", "2026-12-05"]
    assert backend.ports.ledger.resource_days("studio", DAY) == []


def test_a_week_is_its_monday_to_sunday_in_utc(backend: Backend):
    for day in ("2026-12-27", "2026-12-28", "2027-01-03", "2027-01-04"):
        base = first_slot(day)
        move(backend, AINOS, {}, {"pod": ((base, base + 1),)})
    read = [day.day for day in backend.ports.ledger.week("2026-W53")]
    assert sorted(read) == ["2026-12-28", "2027-01-03"]
    assert backend.ports.ledger.week("2027-W30") == []
    for first, last, expected in (
        ("2026-12-28", "2026-12-28", ["2026-12-28"]),
        ("2026-12-29", "2027-01-03", ["2027-01-03"]),
        ("2026-12-29", "2027-01-02", []),
    ):
        read = backend.ports.ledger.week("2026-W53", first, last)
        assert [day.day for day in read] == expected


def test_a_release_frees_its_slots_and_takes_its_notes_away(backend: Backend):
    footprint = slots(30, 40) | slots(10, 12, "studio")
    move(backend, AINOS, {}, footprint, until="pending", marks={("pod", DAY): "b30-30"})
    move(backend, EEROS, {}, slots(40, 41), until=5)
    move(backend, AINOS, footprint, {})
    assert held(backend) == {("pod", DAY): {EEROS: 1 << 40}}
    days = days_of(backend, footprint)
    assert days["pod", DAY].until == {EEROS: 5}
    assert days["pod", DAY].marks == {}
    assert days["studio", DAY] == LedgerDay("studio", DAY)


def test_what_was_released_can_be_claimed(backend: Backend):
    move(backend, AINOS, {}, slots(30, 40))
    move(backend, AINOS, slots(30, 40), {})
    move(backend, EEROS, {}, slots(35, 45))
    assert held(backend) == {("pod", DAY): {EEROS: (1 << 45) - (1 << 35)}}


def test_a_move_releases_keeps_and_gains(backend: Backend):
    move(backend, AINOS, {}, slots(30, 40) | slots(0, 2, "studio"))
    move(backend, EEROS, {}, slots(44, 46))
    move(
        backend,
        AINOS,
        slots(30, 40) | slots(0, 2, "studio"),
        slots(35, 44) | slots(1, 3, "desks.1"),
    )
    assert held(backend) == {
        ("pod", DAY): {AINOS: (1 << 44) - (1 << 35), EEROS: 0b11 << 44},
        ("desks.1", DAY): {AINOS: 0b110},
    }


def test_a_move_can_swap_days(backend: Backend):
    move(backend, AINOS, {}, slots(90, 96))
    move(backend, AINOS, slots(90, 96), slots(96, 102))
    assert held(backend) == {("pod", NEXT_DAY): {AINOS: 0b111111}}


def test_a_move_asks_nothing_of_what_it_keeps(backend: Backend):
    """At most two operators a slot: the version of the booking says that it has what it keeps."""
    move(backend, AINOS, {}, slots(30, 32))
    move(backend, AINOS, slots(30, 36), slots(30, 37))
    assert held(backend) == {("pod", DAY): {AINOS: 0b1000011 << 30}}


@pytest.mark.parametrize(
    ("gained", "holders"),
    [
        (slots(35, 45), {AINOS, CLOSURE}),
        (slots(38, 41), {AINOS, CLOSURE}),
        (slots(39, 40), {AINOS}),
        (slots(40, 96), {CLOSURE}),
        (slots(0, 31), {AINOS}),
    ],
)
def test_taken_slots_are_refused_and_by_whom_they_are_held(
    backend: Backend, gained: Footprint, holders: set[str]
):
    move(backend, AINOS, {}, slots(30, 40))
    move(backend, CLOSURE, {}, slots(40, 44))
    before = held(backend)
    with pytest.raises(SlotTaken) as refused:
        move(backend, EEROS, {}, gained)
    assert refused.value.holders == holders
    assert held(backend) == before


def test_a_neighbour_is_not_in_the_way(backend: Backend):
    move(backend, AINOS, {}, slots(30, 40))
    move(backend, EEROS, {}, slots(40, 41))
    move(backend, CLOSURE, {}, slots(29, 30))
    assert held(backend)["pod", DAY] == {
        AINOS: (1 << 40) - (1 << 30),
        EEROS: 1 << 40,
        CLOSURE: 1 << 29,
    }


def test_a_move_that_gains_a_taken_slot_changes_nothing(backend: Backend):
    move(backend, AINOS, {}, slots(30, 40))
    move(backend, EEROS, {}, slots(44, 46) | slots(0, 1, "studio"))
    before = held(backend)
    with pytest.raises(SlotTaken) as refused:
        move(backend, AINOS, slots(30, 40), slots(36, 45))
    assert refused.value.holders == {EEROS}
    assert held(backend) == before


def test_one_taken_space_of_several_refuses_all(backend: Backend):
    move(backend, EEROS, {}, slots(30, 31, "studio"))
    with pytest.raises(SlotTaken) as refused:
        move(backend, AINOS, {}, slots(30, 40) | slots(30, 40, "studio") | slots(9, 10, "desks.1"))
    assert refused.value.holders == {EEROS}
    assert held(backend) == {("studio", DAY): {EEROS: 1 << 30}}


def test_nobody_releases_what_another_holds(backend: Backend):
    move(backend, EEROS, {}, slots(30, 40))
    with pytest.raises(Broken):
        move(backend, AINOS, slots(30, 40), {})
    with pytest.raises(Broken):
        move(backend, AINOS, slots(60, 61), slots(61, 62))
    assert held(backend) == {("pod", DAY): {EEROS: (1 << 40) - (1 << 30)}}


def test_until_and_marks_are_written_replaced_and_removed(backend: Backend):
    footprint, key = slots(30, 40), ("pod", DAY)

    def notes() -> tuple[dict, dict]:
        day = days_of(backend, footprint)[key]
        return dict(day.until), dict(day.marks)

    move(backend, AINOS, {}, footprint, until=1796200000, marks={key: "b30-31"})
    assert notes() == ({AINOS: 1796200000}, {AINOS: "b30-31"})
    move(backend, AINOS, footprint, footprint, until="pending", marks={key: "b30-30 t31-39"})
    assert notes() == ({AINOS: "pending"}, {AINOS: "b30-30 t31-39"})
    move(backend, AINOS, footprint, footprint)
    assert notes() == ({}, {})
    assert held(backend) == {key: {AINOS: (1 << 40) - (1 << 30)}}


def test_notes_are_each_holders_own(backend: Backend):
    key = ("pod", DAY)
    move(backend, AINOS, {}, slots(30, 31), until="pending", marks={key: "t30-30"})
    move(backend, EEROS, {}, slots(31, 32), until=7, marks={key: "b31-31"})
    move(backend, AINOS, slots(30, 31), slots(29, 31))
    day = days_of(backend, slots(30, 31))[key]
    assert (day.until, day.marks) == ({EEROS: 7}, {EEROS: "b31-31"})


def test_a_whole_day_fits_into_one_item(backend: Backend):
    """96 slots: 2,875 bytes and 191 operators of the 4,096 and 300 that an expression may have."""
    whole, key = slots(0, 96), ("pod", DAY)
    long_marks = " ".join(f"b{slot}-{slot}" for slot in range(0, 96, 2))
    move(backend, AINOS, {}, whole, until=1796200000, marks={key: long_marks})
    assert held(backend) == {key: {AINOS: (1 << 96) - 1}}
    with pytest.raises(SlotTaken):
        move(backend, EEROS, {}, slots(95, 97))
    move(backend, AINOS, whole, slots(48, 144), marks={key: "b48-48", ("pod", NEXT_DAY): "b0-0"})
    assert held(backend) == {
        key: {AINOS: (1 << 96) - (1 << 48)},
        ("pod", NEXT_DAY): {AINOS: (1 << 48) - 1},
    }
    move(backend, AINOS, slots(48, 144), {})
    assert held(backend) == {}


def test_half_a_day_for_the_other_half(backend: Backend):
    move(backend, AINOS, {}, slots(0, 48))
    move(backend, AINOS, slots(0, 48), slots(48, 96), until=1)
    assert held(backend) == {("pod", DAY): {AINOS: (1 << 96) - (1 << 48)}}


def test_many_holders_share_a_day(backend: Backend):
    holders = {f"b_{number:022d}": 1 << number for number in range(12)}
    for number, holder in enumerate(holders):
        move(backend, holder, {}, slots(number, number + 1), until=number)
    assert held(backend) == {("pod", DAY): holders}
    with pytest.raises(SlotTaken) as refused:
        move(backend, AINOS, {}, slots(0, 96))
    assert refused.value.holders == set(holders)
