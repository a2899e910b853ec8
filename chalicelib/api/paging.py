"""A page of a short list that is in memory anyway."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from chalicelib.api.call import Call
from chalicelib.api.cursors import opened, sealed

T = TypeVar("T")


def paged(
    call: Call, things: Iterable[T], key: Callable[[T], str], present: Callable[[T], Any]
) -> dict[str, Any]:
    """`limit` things by key, after the one that the cursor names."""
    place = opened(call.query.cursor, call.listed)
    after = place["after"] if place else ""
    left = sorted((thing for thing in things if key(thing) > after), key=key)
    page = left[: call.query.limit]
    more = sealed({"after": key(page[-1])}, call.listed) if len(left) > len(page) else None
    return {"items": [present(thing) for thing in page], "next": more}
