"""One read of all that a decision needs, however much that is."""

from dataclasses import replace

from chalicelib.domain.occupancy import LedgerDay
from chalicelib.domain.profiles import newcomer
from chalicelib.services.ports import Quota, Snapshot
from tests.builders import AINO
from tests.contract.backends import Backend, from_the_future, small_pages
from tests.contract.test_ledger import days_of, held, move, slots
from tests.contract.things import BASE, NOW, a_booking, a_record, written

DAY = "2026-12-02"


def everything(backend: Backend) -> Snapshot:
    return backend.ports.snapshots.read(
        token="token",
        booking_id="b_one",
        person_id="p_aino",
        organisation_id="o_vm",
        days=[("pod", DAY), ("none", DAY)],
    )


def fill(backend: Backend) -> Snapshot:
    """Write one of each, and say what is to be read."""
    ports, profile = backend.ports, replace(newcomer("p_aino", AINO, NOW), version=1)
    quotas = [Quota(each, {"b_one": (1, 2)}) for each in ("p_aino", "o_vm")]
    written(
        backend,
        lambda tx: ports.keys.put(tx, a_record(), 1000),
        lambda tx: ports.bookings.create(tx, a_booking()),
        *(
            lambda tx, quota=quota: ports.people.save_quota(
                tx, Quota(quota.person_id), quota, strict=False
            )
            for quota in quotas
        ),
        lambda tx: ports.people.save_profile(tx, profile),
        lambda tx: ports.ledger.move(tx, "b_one", {}, slots(32, 36), until="pending"),
    )
    day = LedgerDay("pod", DAY, {"b_one": 0b1111 << 32}, {"b_one": "pending"}, {})
    return Snapshot(
        record=a_record(),
        booking=a_booking(),
        quota=Quota("p_aino", {"b_one": (1, 2)}, 1),
        profile=profile,
        organisation=Quota("o_vm", {"b_one": (1, 2)}, 1),
        days={("pod", DAY): day},
    )


def test_a_snapshot_has_what_exists_of_what_was_asked_for(backend: Backend):
    assert everything(backend) == Snapshot()
    wanted = fill(backend)
    assert everything(backend) == wanted
    assert backend.ports.snapshots.read(days=[("pod", DAY)]) == Snapshot(days=wanted.days)
    assert backend.ports.snapshots.read(token="token") == Snapshot(record=wanted.record)
    assert backend.ports.snapshots.read() == Snapshot()


def test_a_day_asked_for_twice_is_read_once(backend: Backend):
    wanted = fill(backend)
    read = backend.ports.snapshots.read(days=[("pod", DAY), ("pod", DAY)])
    assert read.days == wanted.days


def test_more_than_a_hundred_keys_are_read_in_one_go(backend: Backend):
    resources = [f"desks.{number}" for number in range(104)]
    for first in range(0, 104, 52):
        some = dict.fromkeys(resources[first : first + 52], ((BASE, BASE + 1),))
        move(backend, f"c_{first}", {}, some)
    wanted = [(each, DAY) for each in resources]
    found = backend.ports.snapshots.read(token="token", days=[*wanted, ("none", DAY)]).days
    assert sorted(found) == sorted(wanted)
    assert found["desks.103", DAY].holders == {"c_52": 1}


def test_the_whole_ledger_is_read_page_by_page(backend: Backend):
    move(backend, "c_one", {}, {f"desks.{each}": ((BASE, BASE + 1),) for each in range(8)})
    for day in range(7):
        start = BASE + 96 * day
        move(backend, "c_two", {}, {"pod": ((start, start + 1),)})
    small_pages(backend, 3)
    assert len(held(backend)) == 15
    assert len(backend.ports.ledger.week("2026-W49")) == 13
    assert len(backend.ports.ledger.resource_days("pod", DAY)) == 7


def test_a_newer_schema_is_read_all_the_same(dynamodb: Backend):
    wanted = fill(dynamodb)
    from_the_future(dynamodb)
    assert everything(dynamodb) == wanted
    assert days_of(dynamodb, slots(0, 1)) == wanted.days
    assert list(dynamodb.ports.ledger.all_days()) == [*wanted.days.values()]
    assert dynamodb.ports.ledger.week("2026-W49") == [*wanted.days.values()]
