"""Every request to DynamoDB that goes through a client, and what it would cost."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.benchmarks.capacity import index_units, read_units, size_of, write_units
from tests.contract.tables import definitions


@dataclass
class Cost:
    """What an operation asked of DynamoDB."""

    requests: Counter[str] = field(default_factory=Counter)
    actions: int = 0
    items: int = 0
    read_units: float = 0
    write_units: int = 0
    write_units_of: Counter[str] = field(default_factory=Counter)  # by table

    @property
    def reads(self) -> int:
        """Requests that only read."""
        return self.requests.total() - self.writes

    @property
    def writes(self) -> int:
        """Requests that write."""
        return self.requests["TransactWriteItems"] + self.requests["UpdateItem"]


class Meter:
    """Listens to a client. `looker` is another client of the same tables, which is not counted."""

    def __init__(self, client: Any, looker: Any, prefix: str) -> None:
        self._looker = looker
        self._prefix = prefix
        self._cost: Cost | None = None
        self._before: list[Any] = []
        client.meta.events.register("provide-client-params.dynamodb", self._asked)
        client.meta.events.register("after-call.dynamodb", self._answered)

    @contextmanager
    def counting(self) -> Iterator[Cost]:
        """The cost of what is done inside."""
        self._cost = Cost()
        try:
            yield self._cost
        finally:
            self._cost = None

    def _asked(self, params: dict[str, Any], **_: Any) -> None:
        self._params = params
        self._actions = params.get("TransactItems", ())
        if "UpdateExpression" in params:
            self._actions = [{"Update": params}]
        if self._cost is not None:
            self._before = [self._look(action) for action in self._actions]

    def _answered(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        if self._cost is None:
            return
        self._cost.requests[model.name] += 1
        match model.name:
            case "TransactWriteItems":
                self._wrote(2)
            case "UpdateItem":
                self._wrote(1)
            case "BatchGetItem":
                for table, wanted in self._params["RequestItems"].items():
                    sizes = [size_of(item) for item in parsed["Responses"].get(table, ())]
                    missing = len(wanted["Keys"]) - len(sizes)
                    self._read(sizes + [0] * missing, wanted)
            case "GetItem":
                self._read([size_of(parsed.get("Item"))], self._params)
            case "Query" | "Scan":
                self._cost.items += len(parsed["Items"]) - 1
                self._read([sum(map(size_of, parsed["Items"]))], self._params)
            case other:
                raise AssertionError(f"{other} is not counted")

    def _read(self, sizes: list[int], request: dict[str, Any]) -> None:
        assert self._cost is not None
        self._cost.items += len(sizes)
        consistent = bool(request.get("ConsistentRead"))
        self._cost.read_units += read_units(sizes, consistent=consistent)

    def _wrote(self, times: int) -> None:
        assert self._cost is not None
        for action, before in zip(self._actions, self._before, strict=True):
            after = self._look(action)
            table = _target(action)["TableName"].removeprefix(self._prefix)
            self._cost.actions += 1
            units = times * write_units(before, after)
            units += sum(index_units(keys, before, after) for keys in _indexes(table))
            self._cost.write_units += units
            self._cost.write_units_of[table] += units

    def _look(self, action: dict[str, Any]) -> Any:
        target = _target(action)
        schema = definitions()[target["TableName"].removeprefix(self._prefix)]["KeySchema"]
        names = [each["AttributeName"] for each in schema]
        key = {name: (target.get("Key") or target["Item"])[name] for name in names}
        answer = self._looker.get_item(TableName=target["TableName"], Key=key)
        return answer.get("Item")


def _target(action: dict[str, Any]) -> dict[str, Any]:
    (target,) = action.values()
    return target


def _indexes(table: str) -> list[tuple[str, ...]]:
    return [
        tuple(each["AttributeName"] for each in index["KeySchema"])
        for index in definitions()[table].get("GlobalSecondaryIndexes", [])
    ]
