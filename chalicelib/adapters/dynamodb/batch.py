"""BatchGetItem over several tables, until nothing is left unprocessed."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chalicelib.adapters.dynamodb.client import MOST_TRIES, read, stop_at
from chalicelib.adapters.dynamodb.codec import Item, typed
from chalicelib.domain.errors import Unavailable
from chalicelib.services.ports import Clock

MOST_KEYS = 100


def batch_get(
    client: Any, clock: Clock, keys: Iterable[tuple[str, Mapping[str, str]]]
) -> Iterator[tuple[str, Item]]:
    """The items of those keys (table, key) that exist, strongly consistent, in no order."""
    wanted = list(keys)
    for first in range(0, len(wanted), MOST_KEYS):
        request: dict[str, Any] = {}
        for table, key in wanted[first : first + MOST_KEYS]:
            request.setdefault(table, {"Keys": [], "ConsistentRead": True})
            request[table]["Keys"].append(typed(key))
        yield from _all_of(client, clock, request)


def _all_of(client: Any, clock: Clock, request: dict[str, Any]) -> Iterator[tuple[str, Item]]:
    stop = stop_at(clock)
    tries = 0
    while request:
        if tries and (clock.monotonic() >= stop or tries >= MOST_TRIES):
            raise Unavailable
        answer = read(clock, client.batch_get_item, RequestItems=request)
        for table, items in answer["Responses"].items():
            yield from ((table, item) for item in items)
        request = answer.get("UnprocessedKeys") or {}
        if request:
            tries += 1
            clock.pause(tries)
