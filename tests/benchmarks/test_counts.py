"""What may not grow: the requests of a booking and of a week of twenty spaces."""

from collections import Counter

import pytest

from chalicelib.services.availability import Search, search
from tests.benchmarks import sending
from tests.benchmarks.capacity import index_units, read_units, size_of, write_units
from tests.benchmarks.event_speed import ACTIONS
from tests.benchmarks.meter import Cost
from tests.benchmarks.operations import (
    BOOK,
    ENTER,
    LAST,
    LINK,
    LOOK,
    MANY_IN,
    MIDDLE,
    MOVE,
    NOBODY,
    SEAT,
    SOMEBODY,
    WAIT,
    costs,
)
from tests.benchmarks.scene import a_scene
from tests.builders import at


@pytest.fixture(scope="module")
def counted() -> dict[str, Cost]:
    return costs()


def test_booking_one_space_is_one_transaction_of_six_actions_two_reads_and_a_counter(
    counted: dict[str, Cost],
) -> None:
    """Ledger, booking, quota, settings check, idempotency and audit; the reads are key and ledger."""
    cost = counted[BOOK]
    assert cost.requests == {"BatchGetItem": 2, "UpdateItem": 1, "TransactWriteItems": 1}
    assert cost.actions <= 10  # three of them messages, one the counter


def test_counters_of_several_kinds_are_one_request(counted: dict[str, Cost]) -> None:
    """Of nobody in particular by network and organisation, of a person by minute and by day."""
    nobody, somebody = counted[NOBODY].requests, counted[SOMEBODY].requests
    assert nobody == {"BatchGetItem": 1, "TransactWriteItems": 2}
    assert somebody == {"BatchGetItem": 2, "TransactWriteItems": 2}


def test_logging_in_is_three_requests_with_its_counters(counted: dict[str, Cost]) -> None:
    assert counted[LINK].requests == {"TransactWriteItems": 1}
    assert counted[ENTER].requests == {"BatchGetItem": 1, "TransactWriteItems": 1}


def test_signing_up_is_one_transaction_whoever_is_in_already(counted: dict[str, Cost]) -> None:
    few, many = counted[SEAT], counted[f"{SEAT}, {MANY_IN // 2} are in"]
    assert few.requests["TransactWriteItems"] == 1
    assert (few.requests, few.actions) == (many.requests, many.actions)
    assert many.write_units == few.write_units
    assert few.actions == ACTIONS + 1  # the counter of its limits


def test_joining_a_queue_reads_no_queue(counted: dict[str, Cost]) -> None:
    """In a rush it is tried again and again, and each time who waits would be read."""
    few, many = counted[WAIT], counted[f"{WAIT}, {MANY_IN // 2} wait"]
    assert many.requests == {"BatchGetItem": 3, "UpdateItem": 1, "TransactWriteItems": 1}
    assert (few.requests, few.actions, few.items) == (many.requests, many.actions, many.items)


def test_a_place_in_a_queue_is_read_with_those_before_it_alone_and_the_last_with_nobody(
    counted: dict[str, Cost],
) -> None:
    last, middle = counted[LAST], counted[MIDDLE]
    assert "Query" not in last.requests
    assert middle.requests == last.requests + Counter(Query=1)
    assert middle.items == last.items + MANY_IN // 4


def test_moving_an_event_is_one_transaction_however_many_are_in(counted: dict[str, Cost]) -> None:
    assert counted[MOVE].requests["TransactWriteItems"] == 1
    assert counted[MOVE].actions <= 10


def test_looking_is_not_counted(counted: dict[str, Cost]) -> None:
    looks = [name for name, cost in counted.items() if not cost.writes]
    assert {LOOK, "spaces", "read a booking", "preview", "one's own account"} <= set(looks)


def test_all_that_a_booking_needs_is_read_at_once(counted: dict[str, Cost]) -> None:
    """However many things it is of, and with an idempotency key."""
    for name in (f"{BOOK}, with Idempotency-Key", "book a hall of two, a screen, a facilitator"):
        assert counted[name].reads == 2
        assert counted[name].requests["TransactWriteItems"] == 1


def test_every_write_of_a_booking_is_one_transaction(counted: dict[str, Cost]) -> None:
    names = ("rename a booking", "move it to another space", "cancel a booking", "approve", "deny")
    assert {counted[name].requests["TransactWriteItems"] for name in names} == {1}


def test_the_week_of_twenty_spaces_is_two_queries(counted: dict[str, Cost]) -> None:
    assert counted[LOOK].requests == {"Query": 2}


def test_the_week_of_twenty_spaces_reads_the_same_whatever_the_history() -> None:
    asked = []
    for past in (0, 1000, 5000):
        scene = a_scene(past)
        scene.ports.settings.get()
        scene.client.forget_counts()
        search(scene.ports, Search(at("2026-12-07 00:00"), at("2026-12-14 00:00")))
        asked.append((dict(scene.client.requests), scene.client.items_read))
    assert asked[0] == asked[1] == asked[2]
    assert asked[0][0] == {"Query": 2}


def test_the_poller_asks_once_when_nothing_is_due() -> None:
    found = sending.costs()
    assert sending.idle_requests(found) == [{"Query": 1}, {"Query": 1}]
    assert found["send a confirmation"].requests == {
        "GetItem": 1,
        "BatchGetItem": 1,
        "TransactWriteItems": 3,
    }


def test_capacity_units_are_reckoned_as_dynamodb_does() -> None:
    """Known figures of DynamoDB's developer guide."""
    small, large = {"id": {"S": "a" * 100}}, {"id": {"S": "a" * 1500}}
    assert size_of({"name": {"S": "öljy"}, "n": {"N": "27"}}) == 4 + 5 + 1 + 2
    assert read_units([0, 4096, 4097], consistent=True) == 4
    assert read_units([100], consistent=False) == 0.5
    assert write_units(None, small) == 1
    assert write_units(large, small) == 2
    assert index_units(("id",), small, small) == 0
    assert index_units(("id",), None, small) == 1
    assert index_units(("id",), small, large) == 3
    assert index_units(("other",), small, large) == 0
