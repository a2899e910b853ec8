"""A worker that dies: before or after a storage call, or a commit, of a certain number."""

from collections.abc import Callable
from typing import Any


class Died(BaseException):
    """The process is no more: nothing catches it."""


def dies_at_call(store: Any, kind: str, number: int, run: Callable[[], Any]) -> bool:
    """Run until right `before` or `after` the storage call of that number; whether there were as many."""
    calls = 0

    def count(_name: str) -> None:
        nonlocal calls
        calls += 1
        if calls == number:
            raise Died

    setattr(store, kind, count)
    try:
        run()
    except Died:
        return True
    finally:
        setattr(store, kind, lambda _name: None)
    return False


def dies_at_commit(store: Any, number: int, *, after: bool) -> None:
    """Whoever uses the store dies before or after the commit of that number; the next one lives."""
    seen = 0

    def count(name: str) -> None:
        nonlocal seen
        seen += name == "commit"
        if name == "commit" and seen == number:
            store.before = store.after = lambda _name: None
            raise Died

    setattr(store, "after" if after else "before", count)
