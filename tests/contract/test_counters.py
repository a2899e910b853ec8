"""Counters of limits: so many in a window and not one more, alone, together and within a transaction."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.domain.errors import Broken, TooMany, Unavailable, VersionRaced
from chalicelib.domain.limits import By, Counter, Limit, Purpose, counter
from tests.contract.backends import Backend, from_the_future
from tests.contract.counting import counted
from tests.contract.things import NOW, a_booking, written
from tests.contract.wire import (
    Fault,
    always,
    error,
    lost_answer,
    lost_request,
    no_connection,
    on,
    tapped,
)

THREE = Limit(Purpose.BOOK, By.NETWORK, 3, 60)
FIVE = Limit(Purpose.BOOK, By.ORGANISATION, 5, 3600)
WIDE = counter(Limit(Purpose.BOOK, By.ORGANISATION, 1000, 3600), "all", NOW)


def of(who: str, limit: Limit = THREE, now: datetime = NOW) -> Counter:
    return counter(limit, who, now)


def count(backend: Backend, *counters: Counter) -> None:
    backend.ports.limits.count(counters)


def too_many(backend: Backend, *counters: Counter) -> TooMany:
    with pytest.raises(TooMany) as caught:
        count(backend, *counters)
    return caught.value


def test_so_many_are_counted_and_not_one_more(backend: Backend):
    for _ in range(3):
        count(backend, of("one"))
    found = too_many(backend, of("one", now=NOW + timedelta(seconds=48)))
    assert (found.retry_after, found.purpose, found.by) == (12, "book", "network")
    count(backend, of("another"))
    count(backend, of("one", replace(THREE, purpose=Purpose.CODE)))
    count(backend, of("one", replace(THREE, seconds=600)))


def test_the_next_window_begins_at_nothing(backend: Backend):
    for _ in range(3):
        count(backend, of("one"))
    for seconds in (0, 59.9):
        too_many(backend, of("one", now=NOW + timedelta(seconds=seconds)))
    count(backend, of("one", now=NOW + timedelta(seconds=60)))


def test_of_several_all_are_counted_or_none(backend: Backend):
    """The wide one is not used up by those whom the narrow one turns away."""
    for _ in range(3):
        count(backend, of("one"), of("all", FIVE))
    for _ in range(4):
        assert too_many(backend, of("one"), of("all", FIVE)).by == "network"
    for _ in range(2):
        count(backend, of("another"), of("all", FIVE))
    assert too_many(backend, of("another"), of("all", FIVE)).by == "organisation"
    count(backend, of("another"))
    too_many(backend, of("another"))


def test_nothing_to_count_is_no_call(dynamodb: Backend):
    with counted(dynamodb.client) as bill:
        count(dynamodb)
    assert bill.names == []


def test_one_is_an_update_and_several_are_one_transaction(dynamodb: Backend):
    with counted(dynamodb.client) as bill:
        count(dynamodb, of("one"))
        count(dynamodb, of("one"), of("all", FIVE))
    assert bill.names == ["UpdateItem", "TransactWriteItems"]


def test_a_full_counter_stops_the_whole_transaction(backend: Backend):
    def add(tx) -> None:
        backend.ports.bookings.create(tx, a_booking())
        backend.ports.limits.add(tx, [of("one"), of("all", FIVE)])

    for _ in range(3):
        count(backend, of("one"))
    with pytest.raises(TooMany) as caught:
        written(backend, add)
    assert caught.value.by == "network"
    assert backend.ports.bookings.get("b_one") is None


def test_a_transaction_that_fails_counts_nothing(backend: Backend):
    def add(tx) -> None:
        backend.ports.bookings.create(tx, a_booking())
        backend.ports.limits.add(tx, [of("one")])

    written(backend, add)
    for _ in range(3):
        with pytest.raises(VersionRaced):
            written(backend, add)
    for _ in range(2):
        count(backend, of("one"))
    too_many(backend, of("one"))


def test_a_counter_is_gone_with_its_window_and_names_nobody(dynamodb: Backend):
    count(dynamodb, of("192.0.2.7"))
    (item,) = [each for each in dynamodb.items("tokens") if each["kind"] == "limit"]
    assert set(item) == {"token_hash", "schema", "kind", "n", "expires_at"}
    assert item["n"] == 1
    assert item["expires_at"] == int(NOW.timestamp()) + 60
    assert "192.0.2" not in str(item)


def test_a_newer_schema_is_counted_on(dynamodb: Backend):
    count(dynamodb, of("one"))
    from_the_future(dynamodb)
    for _ in range(2):
        count(dynamodb, of("one"))
    too_many(dynamodb, of("one"))


@pytest.mark.parametrize("fault", [error("ThrottlingException"), no_connection, lost_request])
def test_what_did_not_arrive_is_counted_once(dynamodb: Backend, fault: Fault):
    for name, counters in (("UpdateItem", [of("one")]), ("TransactWriteItems", [of("two"), WIDE])):
        for _ in range(3):
            with tapped(dynamodb, on(name, fault, fault)):
                count(dynamodb, *counters)
        too_many(dynamodb, *counters)


def test_what_was_counted_is_not_refused_for_want_of_an_answer(moto: Backend):
    """moto forgets ClientRequestToken, so the repeat of the last one meets a full counter."""
    last = [of("one", replace(THREE, most=1)), WIDE]
    with tapped(moto, on("TransactWriteItems", lost_answer)):
        count(moto, *last)
    too_many(moto, *last)


@pytest.mark.parametrize("name", ["UpdateItem", "TransactWriteItems"])
def test_who_cannot_be_counted_is_asked_to_come_again(moto: Backend, name: str):
    counters = [of("one")] if name == "UpdateItem" else [of("one"), WIDE]
    with tapped(moto, always(name, error("ThrottlingException"))), pytest.raises(Unavailable):
        count(moto, *counters)


@pytest.mark.parametrize("name", ["UpdateItem", "TransactWriteItems"])
def test_a_wrong_call_is_our_own_fault(moto: Backend, name: str):
    counters = [of("one")] if name == "UpdateItem" else [of("one"), WIDE]
    with tapped(moto, on(name, error("ValidationException"))), pytest.raises(Broken):
        count(moto, *counters)
