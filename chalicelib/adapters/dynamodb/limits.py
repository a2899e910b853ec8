"""Counters of limits in the table of tokens: one item a window, gone with it."""

from collections.abc import Sequence
from typing import Any

from chalicelib.adapters.dynamodb.client import condition_failed, read
from chalicelib.adapters.dynamodb.codec import SCHEMA, Item, typed
from chalicelib.adapters.dynamodb.transaction import OnFailure, Rank, Transaction
from chalicelib.domain.errors import Broken, OutcomeUnknown
from chalicelib.domain.limits import Counter, too_many
from chalicelib.services.ports import Clock

LIMIT = "limit"
UPDATE = "SET #schema = :schema, #kind = :kind, expires_at = :ends ADD #n :one"
CONDITION = "attribute_not_exists(#n) OR #n < :most"
NAMES = {"#n": "n", "#schema": "schema", "#kind": "kind"}


class Limits:
    """Conditional counters."""

    def __init__(self, client: Any, prefix: str, clock: Clock) -> None:
        self._client = client
        self._prefix = prefix
        self._clock = clock

    def count(self, counters: Sequence[Counter]) -> None:
        """Count one more in each, or in none: an update of one item, a transaction of several.

        Raises TooMany where one is full. What is sent again for want of an answer may count twice.
        """
        if len(counters) == 1:
            self._count(counters[0])
        elif counters:
            tx = Transaction(self._client, self._prefix, self._clock)
            self.add(tx, counters)
            try:
                tx.commit()
            except OutcomeUnknown:
                return

    def add(self, tx: Transaction, counters: Sequence[Counter]) -> None:
        """Count within a transaction; TooMany where one is full."""
        for each in counters:
            tx.update(
                "tokens",
                {"token_hash": each.token},
                UPDATE,
                condition=CONDITION,
                names=NAMES,
                values=_values(each),
                rank=Rank.QUOTA,
                failure=_failure(each),
            )

    def _count(self, counter: Counter) -> None:
        try:
            read(
                self._clock,
                self._client.update_item,
                TableName=f"{self._prefix}tokens",
                Key=typed({"token_hash": counter.token}),
                UpdateExpression=UPDATE,
                ConditionExpression=CONDITION,
                ExpressionAttributeNames=NAMES,
                ExpressionAttributeValues=typed(_values(counter)),
            )
        except Broken as error:
            if not condition_failed(error):
                raise
            raise too_many(counter) from error


def _failure(counter: Counter) -> OnFailure:
    return lambda _: too_many(counter)


def _values(counter: Counter) -> Item:
    return {
        ":schema": SCHEMA,
        ":kind": LIMIT,
        ":ends": counter.ends_at,
        ":one": 1,
        ":most": counter.limit.most,
    }
