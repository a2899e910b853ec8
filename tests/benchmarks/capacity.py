"""DynamoDB's capacity units, reckoned from sizes of items by its published rules.

Neither moto nor MiniStack charges by size. A read unit is 4 KB, half for eventually consistent reads; a
write unit is 1 KB, twice that in a transaction, checks of conditions included; an item costs at least one
unit, there or not. An entry of an index that changes costs its own write units, once; where its key
changes, the old and the new one.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

Item = Mapping[str, Any]


def size_of(item: Item | None) -> int:
    """The bytes of an item: its names and values."""
    return sum(len(name.encode()) + _value(value) for name, value in (item or {}).items())


def read_units(sizes: Iterable[int], *, consistent: bool) -> float:
    """What reading items one by one costs."""
    units = sum(max(1, math.ceil(size / 4096)) for size in sizes)
    return units if consistent else units / 2


def write_units(before: Item | None, after: Item | None) -> int:
    """What writing an item costs outside a transaction."""
    return max(1, math.ceil(max(size_of(before), size_of(after)) / 1024))


def index_units(keys: tuple[str, ...], before: Item | None, after: Item | None) -> int:
    """What a write costs in one index that has all attributes; `keys` are the index's."""
    old = before if before and all(key in before for key in keys) else None
    new = after if after and all(key in after for key in keys) else None
    if old == new:
        return 0
    if old and new and any(old[key] != new[key] for key in keys):
        return write_units(old, None) + write_units(None, new)
    return write_units(old, new)


def _value(value: Item) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return math.ceil(len(content.lstrip("-").strip("0")) / 2) + 1
        case "M":
            return 3 + len(content) + size_of(content)
        case "L":
            return 3 + sum(1 + _value(each) for each in content)
        case _:
            return 1
