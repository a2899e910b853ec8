"""One transaction for all that must be written together.

Whoever adds an action says which error its failed condition means, and the rank of that error among
the others of the transaction: the order of the table "Reasons in a cancelled transaction" in data.md.
"""

import logging
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any

from chalicelib.adapters.dynamodb.client import MOST_TRIES, THROTTLED, Fault, attempt, stop_at
from chalicelib.adapters.dynamodb.codec import Item, plain, typed
from chalicelib.domain.errors import Broken, OutcomeUnknown, Race, TooMany, Unavailable, refuse
from chalicelib.services.ports import Clock

log = logging.getLogger(__name__)
MOST_ACTIONS = 100
MOST_BYTES = 4096  # of one expression
RESERVED_SECONDS = 4.0  # of a request, for finding out what an unknown outcome was

OnFailure = Callable[[Item | None], Exception]


class Rank(IntEnum):
    """In which order failed conditions are read."""

    KEY = 0
    VERSION = 1
    SETTINGS = 2
    QUOTA = 3
    LEDGER = 4


class Transaction:
    """Actions on items, one an item, committed all together or not at all."""

    def __init__(self, client: Any, prefix: str, clock: Clock) -> None:
        self._client = client
        self._prefix = prefix
        self._clock = clock
        self._actions: list[Item] = []
        self._failures: list[tuple[Rank, OnFailure]] = []
        self._at: dict[tuple[str, ...], int] = {}

    def put(
        self,
        table: str,
        item: Mapping[str, Any],
        keys: tuple[str, ...],
        *,
        condition: str = "",
        names: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
        rank: Rank = Rank.VERSION,
        failure: OnFailure | None = None,
    ) -> None:
        """Write a whole item; `keys` names its key attributes."""
        action = {"Item": typed(item)}
        where = (table, *(str(item[key]) for key in keys))
        self._add("Put", where, table, action, condition, names, values, rank, failure)

    def update(
        self,
        table: str,
        key: Mapping[str, str],
        expression: str,
        *,
        condition: str = "",
        names: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
        rank: Rank = Rank.VERSION,
        failure: OnFailure | None = None,
    ) -> None:
        """Change attributes of an item."""
        if len(expression) > MOST_BYTES or len(condition) > MOST_BYTES:
            raise Broken("expression too long")
        action = {"Key": typed(key), "UpdateExpression": expression}
        where = (table, *key.values())
        self._add("Update", where, table, action, condition, names, values, rank, failure)

    def delete(
        self,
        table: str,
        key: Mapping[str, str],
        *,
        condition: str = "",
        names: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
        rank: Rank = Rank.VERSION,
        failure: OnFailure | None = None,
    ) -> None:
        """Remove an item, if it is there."""
        where, action = (table, *key.values()), {"Key": typed(key)}
        self._add("Delete", where, table, action, condition, names, values, rank, failure)

    def check(
        self,
        table: str,
        key: Mapping[str, str],
        *,
        condition: str,
        names: Mapping[str, str],
        values: Mapping[str, Any],
        rank: Rank,
        failure: OnFailure,
    ) -> None:
        """Require something of an item; one that is also written must require it itself."""
        if (table, *key.values()) in self._at:
            return
        action = {"Key": typed(key)}
        where = (table, *key.values())
        self._add("ConditionCheck", where, table, action, condition, names, values, rank, failure)

    def check_version(
        self,
        table: str,
        key: Mapping[str, str],
        version: int | None,
        *,
        rank: Rank,
        failure: OnFailure,
    ) -> None:
        """Require an item to have a version; None: not to be there."""
        absent = f"attribute_not_exists({next(iter(key))})"
        self.check(
            table,
            key,
            condition=absent if version is None else "#version = :version",
            names={} if version is None else {"#version": "version"},
            values={} if version is None else {":version": version},
            rank=rank,
            failure=failure,
        )

    def commit(self) -> None:
        """Write, repeating the identical transaction while the outcome is unknown.

        Raises the error of the first failed condition in rank order; OutcomeUnknown when an earlier
        send of this very transaction may have been applied; Unavailable when nothing was written and
        time is up; Refused `too-long` for more than 100 actions, before anything is sent.
        """
        if len(self._actions) > MOST_ACTIONS:
            raise refuse("too-long", "/end", minutes=None)
        token = self._clock.new_id("t")[:36]
        stop = stop_at(self._clock, RESERVED_SECONDS)
        uncertain = False
        tries = 0
        while True:
            try:
                self._send(token)
            except Fault as fault:
                uncertain = uncertain or not fault.certain
                tries += 1
                log.warning("transaction repeated", extra={"fault": fault.code, "tries": tries})
                if self._clock.monotonic() >= stop or tries >= MOST_TRIES:
                    raise (OutcomeUnknown() if uncertain else Unavailable()) from fault
            except (Race, Broken, TooMany) as error:
                # After an unknown outcome the condition that failed may be our own success.
                raise (OutcomeUnknown(error) if uncertain else error) from error.__cause__
            else:
                return
            self._clock.pause(tries)

    def _send(self, token: str) -> None:
        from botocore.exceptions import ClientError

        try:
            attempt(
                self._client.transact_write_items,
                TransactItems=self._actions,
                ClientRequestToken=token,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "TransactionCanceledException":
                raise Broken(str(error)) from error
            raise self._reason(error.response.get("CancellationReasons", [])) from error

    def _reason(self, reasons: list[Item]) -> Exception:
        failed = [
            (*self._failures[number], reason)
            for number, reason in enumerate(reasons)
            if reason.get("Code") == "ConditionalCheckFailed"
        ]
        if failed:
            _, failure, reason = min(failed, key=lambda each: each[0])
            old = reason.get("Item")
            return failure(plain(old) if old else None)
        codes = {reason.get("Code", "None") for reason in reasons} - {"None"}
        if codes and codes <= THROTTLED:
            return Fault(min(codes), certain=True)
        return Broken(f"transaction refused: {sorted(codes)}")

    def _add(
        self,
        verb: str,
        where: tuple[str, ...],
        table: str,
        action: Item,
        condition: str,
        names: Mapping[str, str] | None,
        values: Mapping[str, Any] | None,
        rank: Rank,
        failure: OnFailure | None,
    ) -> None:
        if where in self._at:
            raise Broken(f"two actions on one item of {table}")
        action["TableName"] = self._prefix + table
        if condition:
            action["ConditionExpression"] = condition
            action["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        if names:
            action["ExpressionAttributeNames"] = dict(names)
        if values:
            action["ExpressionAttributeValues"] = typed(values)
        self._at[where] = len(self._actions)
        self._actions.append({verb: action})
        self._failures.append((rank, failure or (lambda _: Broken("condition"))))
