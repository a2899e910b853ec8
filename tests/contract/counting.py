"""The requests that a client sends, counted; what they would cost is the benchmarks' meter's business.

with counted(client) as bill:
    bookings.book(ports, request, intent)
bill.names, bill.kinds
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Bill:
    """Operations in order, and the actions of each transaction as `Update ledger` and the like."""

    names: list[str] = field(default_factory=list)
    kinds: list[Counter[str]] = field(default_factory=list)

    @property
    def actions(self) -> int:
        """How many actions all transactions have together."""
        return sum(kinds.total() for kinds in self.kinds)


@contextmanager
def counted(client: Any) -> Iterator[Bill]:
    """Count what a client sends."""
    bill, event = Bill(), "before-parameter-build.dynamodb.*"

    def count(params: dict[str, Any], model: Any, **_: Any) -> None:
        bill.names.append(model.name)
        actions = [pair for each in params.get("TransactItems", ()) for pair in each.items()]
        if actions:
            bill.kinds.append(Counter(f"{verb} {_table(action)}" for verb, action in actions))

    client.meta.events.register(event, count)
    try:
        yield bill
    finally:
        client.meta.events.unregister(event, count)


def _table(action: dict[str, Any]) -> str:
    """The table's name without the prefix that is the stack's."""
    return str(action["TableName"]).rpartition("-")[2]
