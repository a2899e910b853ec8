"""The transaction: all or nothing, one action an item, and which error is told when several apply."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chalicelib.domain.errors import (
    Broken,
    KeyUsed,
    LabError,
    QuotaChanged,
    Refused,
    SettingsChanged,
    SlotTaken,
    VersionRaced,
)
from chalicelib.domain.times import first_slot
from chalicelib.services.ports import KeyRecord, Quota, Transaction
from tests.contract.backends import Backend
from tests.contract.test_ledger import held, move, slots
from tests.contract.things import a_booking, a_record, written

NOW = datetime(2026, 12, 1, 7, 0, tzinfo=UTC)
BASE = first_slot("2026-12-02")

Adding = Callable[[Backend, Transaction], None]


def used_key(backend: Backend, tx: Transaction) -> None:
    backend.ports.keys.put(tx, a_record(attempt="second"), 1000)


def stale_booking(backend: Backend, tx: Transaction) -> None:
    backend.ports.bookings.save(tx, a_booking(version=9))


def stale_settings(backend: Backend, tx: Transaction) -> None:
    backend.ports.catalog.check(tx, {"pod": 7})


def stale_quota(backend: Backend, tx: Transaction) -> None:
    old, new = Quota("p_aino", {}, 5), Quota("p_aino", {"b_new": (1, 2)}, 5)
    backend.ports.people.save_quota(tx, old, new, strict=True)


def taken_slot(backend: Backend, tx: Transaction) -> None:
    backend.ports.ledger.move(tx, "b_new", {}, slots(30, 31))


# In the order of the table "Reasons in a cancelled transaction".
REASONS: list[tuple[Adding, type[LabError]]] = [
    (used_key, KeyUsed),
    (stale_booking, VersionRaced),
    (stale_settings, SettingsChanged),
    (stale_quota, QuotaChanged),
    (taken_slot, SlotTaken),
]


@pytest.fixture
def spoilt(lab: Backend) -> Backend:
    """Where each of the five conditions fails."""
    written(lab, lambda tx: lab.ports.keys.put(tx, a_record(attempt="first"), 0))
    written(lab, lambda tx: lab.ports.bookings.create(tx, a_booking()))
    move(lab, "b_other", {}, slots(30, 31))
    return lab


@pytest.mark.parametrize("first", range(len(REASONS)))
def test_the_first_reason_in_the_order_of_the_table_is_told(spoilt: Backend, first: int):
    left = REASONS[first:]
    for order in (left, left[::-1], [*left[1:], left[0]]):
        tx = spoilt.ports.begin()
        for add, _ in order:
            add(spoilt, tx)
        with pytest.raises(left[0][1]) as raised:
            tx.commit()
        assert type(raised.value) is left[0][1]


def test_of_any_two_reasons_the_first_is_told(spoilt: Backend):
    for (first, error), (second, _) in itertools.combinations(REASONS, 2):
        tx = spoilt.ports.begin()
        second(spoilt, tx)
        first(spoilt, tx)
        with pytest.raises(error):
            tx.commit()


def test_a_failed_condition_writes_nothing_at_all(spoilt: Backend):
    ports, before = spoilt.ports, held(spoilt)
    for spoil, error in REASONS:
        tx = ports.begin()
        spoil(spoilt, tx)
        for number in range(3):
            ports.bookings.create(tx, a_booking(booking_id=f"b_{error.__name__}{number}"))
        ports.ledger.move(tx, "b_fine", {}, slots(0, 9, "studio"))
        ports.audit.add(tx, subject="booking#b_fine", actor="x", action="book", at=NOW)
        with pytest.raises(error):
            tx.commit()
    assert held(spoilt) == before
    assert [each.booking_id for each in ports.bookings.all()] == ["b_one"]
    assert (spoilt.audit(), spoilt.keys()) == ([], 1)


def test_two_actions_on_one_item_are_a_bug(lab: Backend):
    ports = lab.ports
    tx = ports.begin()
    ports.ledger.move(tx, "b_one", {}, slots(30, 31))
    with pytest.raises(Broken):
        ports.ledger.move(tx, "b_two", {}, slots(40, 41))
    tx = ports.begin()
    ports.bookings.create(tx, a_booking())
    with pytest.raises(Broken):
        ports.bookings.save(tx, a_booking(version=2))


def test_a_check_beside_a_write_of_the_same_item_is_the_writes_own(lab: Backend):
    ports = lab.ports
    pod = ports.catalog.load().spaces["pod"]
    tx = ports.begin()
    ports.catalog.save_space(tx, replace(pod, capacity=3, version=2))
    ports.catalog.check(tx, {"pod": 1, "studio": 1})
    tx.commit()
    assert ports.catalog.load().spaces["pod"].capacity == 3
    tx = ports.begin()
    ports.bookings.create(tx, a_booking())
    ports.bookings.check(tx, "b_one", None)
    tx.commit()


def test_the_same_check_twice_is_one(lab: Backend):
    tx = lab.ports.begin()
    for _ in range(2):
        lab.ports.catalog.check(tx, {"pod": 1})
        lab.ports.bookings.check(tx, "b_none", None)
    lab.ports.ledger.move(tx, "b_one", {}, slots(30, 31))
    tx.commit()


def many_days(count: int) -> dict[str, tuple[tuple[int, int], ...]]:
    return {f"desks.{number}": ((BASE, BASE + 1),) for number in range(count)}


def test_a_hundred_actions_are_written_together(backend: Backend):
    tx = backend.ports.begin()
    backend.ports.ledger.move(tx, "c_long", {}, many_days(100))
    tx.commit()
    assert len(held(backend)) == 100


def test_more_than_a_hundred_actions_are_refused_before_anything_is_sent(backend: Backend):
    sent = []
    if backend.client is not None:
        backend.client.meta.events.register("before-send.dynamodb.*", lambda **_: sent.append(1))
    tx = backend.ports.begin()
    backend.ports.ledger.move(tx, "c_long", {}, many_days(100))
    backend.ports.audit.add(tx, subject="closure#c_long", actor="x", action="close", at=NOW)
    with pytest.raises(Refused) as refused:
        tx.commit()
    assert refused.value.code == "too-long"
    assert sent == (backend.store.calls if backend.store else [])
    assert held(backend) == {}


def test_a_transaction_says_once_what_it_wrote(backend: Backend):
    """Two transactions alike are two: only repeats of one are the same."""
    record = KeyRecord("t1", "f", "a1", {}, 2000)
    written(backend, lambda tx: backend.ports.keys.put(tx, record, 1000))
    with pytest.raises(KeyUsed):
        written(backend, lambda tx: backend.ports.keys.put(tx, record, 1000))
