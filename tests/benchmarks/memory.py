"""A DynamoDB client that answers from memory at once, as botocore does once it has parsed an answer.

Reads by key and by index are look-ups, whatever else is stored, which is what DynamoDB promises. Of
transactions only the puts are kept, and none once it is frozen. What is left to measure is our own code,
and how much it asks for.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

PREFIX = "bench-"
Item = dict[str, Any]
KEYS = {
    "catalog": ("kind", "id"),
    "ledger": ("resource_id", "day"),
    "bookings": ("booking_id",),
    "people": ("person_id", "item"),
    "tokens": ("token_hash",),
}
INDEX = "site_week"


class MemoryClient:
    """Tables of items by key, and the ledger's index by week."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[tuple[str, ...], Item]] = {name: {} for name in KEYS}
        self._partitions: dict[tuple[str, str], list[Item]] = {}
        self.requests: Counter[str] = Counter()
        self.items_read = 0
        self.frozen = False

    def load(self, table: str, items: Iterable[Item]) -> None:
        """Store items, as DynamoDB has them."""
        for item in items:
            self.tables[table][self._key(table, item)] = item
            for name in (KEYS[table][0], INDEX):
                if name in item:
                    self._partitions.setdefault((name, item[name]["S"]), []).append(item)

    def forget_counts(self) -> None:
        """Count from here on."""
        self.requests.clear()
        self.items_read = 0

    def get_item(self, **request: Any) -> Item:
        item = self._find(request["TableName"], request["Key"])
        return self._answer("GetItem", {"Item": item} if item else {}, int(bool(item)))

    def batch_get_item(self, **request: Any) -> Item:
        found = {
            table: [item for key in wanted["Keys"] if (item := self._find(table, key))]
            for table, wanted in request["RequestItems"].items()
        }
        return self._answer(
            "BatchGetItem", {"Responses": found}, sum(len(items) for items in found.values())
        )

    def query(self, **request: Any) -> Item:
        """By a partition key or, where the condition goes on with its sort key, by the index."""
        name, _, value, *_ = request["KeyConditionExpression"].split()
        values = request["ExpressionAttributeValues"]
        found = self._partitions.get((name, values[value]["S"]), [])
        if name == INDEX:
            low, high = (values[each]["S"] for each in (":first", ":last"))
            found = [item for item in found if low <= item["day_resource"]["S"] <= high]
        return self._answer("Query", {"Items": found}, len(found))

    def transact_write_items(self, **request: Any) -> Item:
        if not self.frozen:
            for put in (action["Put"] for action in request["TransactItems"] if "Put" in action):
                self.load(put["TableName"].removeprefix(PREFIX), [put["Item"]])
        return self._answer("TransactWriteItems", {}, 0)

    def _find(self, table: str, key: Item) -> Item | None:
        name = table.removeprefix(PREFIX)
        return self.tables[name].get(self._key(name, key))

    def _key(self, table: str, item: Item) -> tuple[str, ...]:
        return tuple(item[name]["S"] for name in KEYS[table])

    def _answer(self, operation: str, answer: Item, items: int) -> Item:
        self.requests[operation] += 1
        self.items_read += items
        return answer
