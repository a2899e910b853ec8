"""Bookings by id and in lists: what is written is read back, versions guard it, lists lose nothing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.bookings import Booking, State, changed
from chalicelib.domain.errors import VersionRaced
from chalicelib.services.ports import Fields, Page
from tests.builders import EERO, at, on
from tests.contract.backends import Backend, from_the_future, small_pages
from tests.contract.things import NOW, a_booking, a_full_booking, written


def store(backend: Backend, *bookings: Booking) -> None:
    for booking in bookings:
        written(backend, lambda tx, each=booking: backend.ports.bookings.create(tx, each))


def save(backend: Backend, booking: Booking) -> None:
    written(backend, lambda tx: backend.ports.bookings.save(tx, booking))


def walk(read: Callable[[Fields | None], Page[Booking]], limit: int) -> list[str]:
    """The ids on all pages, none longer than asked for."""
    found: list[str] = []
    after: Fields | None = None
    for _ in range(100):
        page = read(after)
        assert len(page.items) <= limit
        found += [booking.booking_id for booking in page.items]
        if page.next is None:
            return found
        after = page.next
    raise AssertionError("the list has no end")


@pytest.mark.parametrize("make", [a_booking, a_full_booking])
def test_a_booking_is_read_back_as_it_was_written(backend: Backend, make: Callable[..., Booking]):
    booking = make()
    store(backend, booking)
    ports = backend.ports
    assert ports.bookings.get(booking.booking_id) == booking
    assert ports.bookings.get_many([booking.booking_id]) == [booking]
    assert list(ports.bookings.all()) == [booking]
    assert ports.snapshots.read(booking_id=booking.booking_id).booking == booking
    first, last = at("2026-12-01 00:00"), at("2027-01-01 00:00")
    assert list(ports.bookings.by_month("2026-12", first, last, 9, None).items) == [booking]
    assert list(ports.bookings.by_person("p_aino", first, last, 9, None).items) == [booking]


def test_a_booking_that_is_not_there_is_none(backend: Backend):
    assert backend.ports.bookings.get("b_none") is None
    assert backend.ports.bookings.get_many(["b_none"]) == []
    assert backend.ports.bookings.get_many([]) == []
    assert list(backend.ports.bookings.all()) == []


def test_an_id_is_used_once(backend: Backend):
    store(backend, a_booking(title="first"))
    with pytest.raises(VersionRaced):
        store(backend, a_booking(title="second"))
    found = backend.ports.bookings.get("b_one")
    assert found is not None
    assert found.title == "first"


def test_a_save_replaces_the_version_before_it_alone(backend: Backend):
    store(backend, a_full_booking(version=1))
    second = a_booking(booking_id="b_full", version=2, title="second")
    save(backend, second)
    assert backend.ports.bookings.get("b_full") == second
    for wrong in (1, 2, 4):
        with pytest.raises(VersionRaced):
            save(backend, replace(second, version=wrong))
    with pytest.raises(VersionRaced):
        save(backend, a_booking(booking_id="b_none", version=2))
    assert backend.ports.bookings.get("b_full") == second
    assert backend.ports.bookings.get("b_none") is None


@pytest.mark.parametrize(
    ("booking_id", "version", "stands"),
    [
        ("b_one", 1, True),
        ("b_one", 2, False),
        ("b_one", None, False),
        ("b_none", None, True),
        ("b_none", 1, False),
    ],
)
def test_a_check_holds_a_transaction_to_a_version(
    backend: Backend, booking_id: str, version: int | None, *, stands: bool
):
    store(backend, a_booking())
    tx = backend.ports.begin()
    backend.ports.bookings.check(tx, booking_id, version)
    backend.ports.bookings.create(tx, a_booking(booking_id="b_two"))
    if stands:
        tx.commit()
    else:
        with pytest.raises(VersionRaced):
            tx.commit()
    assert (backend.ports.bookings.get("b_two") is not None) == stands


def test_more_than_a_hundred_are_read_in_one_go(backend: Backend):
    wanted = [f"b_{number:03d}" for number in range(104)]
    for first in range(0, 104, 52):
        tx = backend.ports.begin()
        for booking_id in wanted[first : first + 52]:
            backend.ports.bookings.create(tx, a_booking(booking_id=booking_id))
        tx.commit()
    found = backend.ports.bookings.get_many([*wanted, "b_none", "b_000"])
    assert sorted(booking.booking_id for booking in found) == wanted


def test_due_are_those_whose_time_has_come_earliest_first(backend: Backend):
    nine = at("2026-12-01 09:00")
    store(
        backend,
        a_booking(booking_id="b_3", state=State.HELD, confirm_by=nine),
        a_booking(
            booking_id="b_1",
            state=State.HELD,
            confirm_by=nine - timedelta(minutes=1, microseconds=1),
        ),
        a_booking(booking_id="b_2", state=State.HELD, confirm_by=nine - timedelta(minutes=1)),
        a_booking(booking_id="b_4", state=State.HELD, confirm_by=nine + timedelta(seconds=1)),
        a_booking(booking_id="b_5", state=State.PENDING),
        a_booking(booking_id="b_6"),
        a_booking(booking_id="b_7", state=State.CANCELLED, confirm_by=nine),
    )
    due = backend.ports.bookings.due
    assert due(nine - timedelta(minutes=2), 9) == []
    assert due(nine, 9) == ["b_1", "b_2", "b_3"]
    assert due(nine, 2) == ["b_1", "b_2"]
    assert due(nine + timedelta(microseconds=1), 9) == ["b_1", "b_2", "b_3"]
    assert due(at("2026-12-02 10:00"), 9) == ["b_1", "b_2", "b_3", "b_4", "b_5"]


def test_what_the_clock_is_done_with_is_due_no_more(backend: Backend):
    nine = at("2026-12-01 09:00")
    held = a_booking(state=State.HELD, confirm_by=nine)
    store(backend, held)
    assert backend.ports.bookings.due(nine, 9) == ["b_one"]
    save(backend, replace(held, state=State.EXPIRED, version=2))
    assert backend.ports.bookings.due(nine, 9) == []


def test_a_pending_change_is_due_too(backend: Backend):
    store(backend, a_full_booking(state=State.CONFIRMED, confirm_by=None, planned_end=None))
    assert backend.ports.bookings.due(at("2026-12-02 09:59"), 9) == []
    assert backend.ports.bookings.due(at("2026-12-02 10:00"), 9) == ["b_full"]


def many(backend: Backend) -> None:
    """Seven a day for three days, every other one Eero's, and one in each month around."""
    for day in range(1, 4):
        tx = backend.ports.begin()
        for hour in range(7):
            booking_id = f"b_{day}_{hour}"
            times = on(f"2026-12-{day:02d}", f"{8 + hour // 2}-{16 + hour % 2}")
            person = {"person": EERO, "person_id": "p_eero"} if hour % 2 else {}
            backend.ports.bookings.create(tx, a_booking(booking_id=booking_id, **times, **person))
        tx.commit()
    store(
        backend,
        a_booking(booking_id="b_november", **on("2026-12-01", "1-3")),  # 23:00 in UTC
        a_booking(booking_id="b_january", **on("2027-01-01", "2-3")),
    )


FROM, TO = datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("limit", [1, 4, 7, 21, 50])
def test_a_months_list_is_whole_and_by_start_whatever_the_page(backend: Backend, limit: int):
    many(backend)
    found = walk(
        lambda after: backend.ports.bookings.by_month("2026-12", FROM, TO, limit, after), limit
    )
    assert sorted(found) == [f"b_{day}_{hour}" for day in range(1, 4) for hour in range(7)]
    starts = [(int(each[2]), 8 + int(each[4]) // 2) for each in found]
    assert starts == sorted(starts)


@pytest.mark.parametrize("limit", [1, 3, 50])
def test_a_persons_list_is_theirs_alone_over_all_months(backend: Backend, limit: int):
    many(backend)
    everything = (at("2020-01-01 00:00"), at("2030-01-01 00:00"))
    read = backend.ports.bookings.by_person
    eeros = walk(lambda after: read("p_eero", *everything, limit, after), limit)
    assert sorted(eeros) == [f"b_{day}_{hour}" for day in range(1, 4) for hour in (1, 3, 5)]
    ainos = walk(lambda after: read("p_aino", *everything, limit, after), limit)
    assert ainos[0] == "b_november"
    assert ainos[-1] == "b_january"
    assert len(ainos) == 14
    assert walk(lambda after: read("p_nobody", *everything, limit, after), limit) == []


def test_a_list_has_its_first_instant_and_not_its_last(backend: Backend):
    eight = at("2026-12-02 08:00")
    moments = [eight, eight + timedelta(microseconds=1), eight + timedelta(seconds=1)]
    for number, starts_at in enumerate(moments):
        store(backend, a_booking(booking_id=f"b_{number}", starts_at=starts_at))

    def found(first: datetime, last: datetime) -> list[str]:
        page = backend.ports.bookings.by_month("2026-12", first, last, 9, None)
        assert page == replace(page, items=page.items, next=None)
        return [booking.booking_id for booking in page.items]

    assert found(eight, moments[2] + timedelta(microseconds=1)) == ["b_0", "b_1", "b_2"]
    assert found(eight, moments[2]) == ["b_0", "b_1"]
    assert found(moments[1], moments[2]) == ["b_1"]
    assert found(eight, moments[1]) == ["b_0"]
    assert found(eight - timedelta(days=1), eight) == []


def test_a_list_of_no_time_at_all_is_empty(backend: Backend):
    store(backend, a_booking())
    ten = at("2026-12-02 10:00")
    assert list(backend.ports.bookings.by_month("2026-12", ten, ten, 9, None).items) == []
    later = ten + timedelta(hours=1)
    assert list(backend.ports.bookings.by_person("p_aino", later, ten, 9, None).items) == []


def test_all_reads_every_page(backend: Backend):
    many(backend)
    small_pages(backend)
    found = [booking.booking_id for booking in backend.ports.bookings.all()]
    assert len(found) == len(set(found)) == 23


def test_a_newer_schema_is_read_all_the_same(dynamodb: Backend):
    written(dynamodb, lambda tx: dynamodb.ports.bookings.create(tx, a_full_booking()))
    from_the_future(dynamodb)
    ports = dynamodb.ports
    assert ports.bookings.get("b_full") == a_full_booking()
    assert list(ports.bookings.all()) == [a_full_booking()]
    assert list(ports.bookings.by_month("2026-12", FROM, TO, 9, None).items) == [a_full_booking()]


def test_when_a_version_was_written_is_noted_by_the_store(backend: Backend):
    created = a_booking()
    written(backend, lambda tx: backend.ports.bookings.create(tx, created))
    found = backend.ports.bookings.get("b_one")
    assert found is not None
    assert found.changed_at == NOW
    backend.clock.forward(hours=1)
    after = changed(found, title="Toinen")
    written(backend, lambda tx: backend.ports.bookings.save(tx, after))
    found = backend.ports.bookings.get("b_one")
    assert found is not None
    assert found.changed_at == NOW + timedelta(hours=1)
    assert found == after
