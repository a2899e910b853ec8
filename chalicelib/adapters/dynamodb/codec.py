"""Between plain Python values and DynamoDB's typed ones: boto3's serialiser, with whole numbers.

Attributes that a newer version of the code writes may be of any type: they are read, not understood.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

SCHEMA = 1  # of every item, so that two versions of the code can run side by side
Item = dict[str, Any]


@lru_cache(maxsize=1)
def _types() -> tuple[Any, Any]:
    from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

    class WholeNumbers(TypeDeserializer):
        def _deserialize_n(self, value: str) -> Any:
            number = super()._deserialize_n(value)
            return int(number) if number == number.to_integral_value() else number

    return TypeSerializer(), WholeNumbers()


def typed(item: Mapping[str, Any]) -> Item:
    """An item as DynamoDB takes it; attributes that are None are left out."""
    serialise = _types()[0].serialize
    return {name: serialise(value) for name, value in item.items() if value is not None}


def plain(item: Mapping[str, Any]) -> Item:
    """An item as DynamoDB gives it, in plain values."""
    deserialise = _types()[1].deserialize
    return {name: deserialise(value) for name, value in item.items()}


def iso(instant: datetime) -> str:
    """An instant as text that sorts by time: in UTC, always of one length."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def instant(text: str) -> datetime:
    """The opposite of `iso`."""
    return datetime.fromisoformat(text)
