"""The largest expressions that each operation makes fit DynamoDB, and what is too large is noticed."""

from typing import Any

import pytest

from chalicelib.services.ports import Quota
from tests.contract.backends import Backend
from tests.contract.limits import expressions, operators
from tests.contract.test_ledger import slots
from tests.contract.things import written

LONG_ID = "b_" + "x" * 22


def sizes(backend: Backend, *adding: Any) -> tuple[int, int]:
    """Bytes and operators of the largest expression of one transaction."""
    found: list[str] = []
    backend.client.meta.events.register(
        "before-parameter-build.dynamodb.TransactWriteItems",
        lambda params, **_: found.extend(text for _, _, text in expressions(params)),
    )
    written(backend, *adding)
    return max(len(text) for text in found), max(operators(text) for text in found)


def test_a_whole_day_claimed_and_released(moto: Backend):
    """The figures of data.md: 2,875 bytes and 191 operators."""
    move = moto.ports.ledger.move
    whole, notes = slots(0, 96), {("pod", "2026-12-02"): "b0-95"}
    assert sizes(moto, lambda tx: move(tx, LONG_ID, {}, whole, 1, notes)) == (2875, 191)
    size, count = sizes(moto, lambda tx: move(tx, LONG_ID, whole, {}))
    assert size <= 2875
    assert count <= 191


def test_half_a_day_moved_to_the_other_half(moto: Backend):
    move = moto.ports.ledger.move
    written(moto, lambda tx: move(tx, LONG_ID, {}, slots(0, 48)))
    move_on = slots(48, 96)
    size, count = sizes(moto, lambda tx: move(tx, LONG_ID, slots(0, 48), move_on, "pending"))
    assert size <= 2875
    assert count <= 191


def test_a_quota_with_hundreds_of_bookings_that_are_over(moto: Backend):
    old = Quota("p_aino", {f"b_{number:022d}": (1, 2) for number in range(300)}, 1)
    new = Quota("p_aino", {LONG_ID: (3, 4)}, 1)
    save = moto.ports.people.save_quota
    size, count = sizes(moto, lambda tx: save(tx, old, new, strict=False))
    assert 2000 < size < 4096
    assert count < 10


@pytest.mark.parametrize(
    "expression",
    [
        "a_" + "x" * 4096,
        " AND ".join(f"t{number} = :x" for number in range(160)),
        "state = :x",
        ":y",
    ],
)
def test_what_dynamodb_would_refuse_is_noticed(moto: Backend, expression: str):
    with pytest.raises(AssertionError):
        moto.client.put_item(
            TableName="moto-tokens",
            Item={"token_hash": {"S": "x"}},
            ConditionExpression=expression,
            ExpressionAttributeValues={":x": {"S": "x"}},
        )
