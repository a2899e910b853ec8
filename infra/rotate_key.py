"""Give a stack a new signing key: the one that links, codes, forms and cursors are made with from then on.

    python -m infra.rotate_key STACK [--keep 2]
    python -m infra.rotate_key STACK --now

The new key is first made known and only made the current one when every function has surely read it, some
six minutes later; then all but the newest KEEP keys are dropped, and what was made with those holds no
longer. Interrupted, it goes on where it was. With `--now`, for a key that got out, it is current at once
and all others are gone.
"""

import argparse
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chalicelib.adapters.secrets import (
    FRESH_SECONDS,
    Ring,
    make_parameter_client,
    parameter,
    ring_of,
    written,
)

READ_BY_ALL = FRESH_SECONDS + 60  # clocks, and a request that has just begun


def added(ring: Ring) -> Ring:
    """With a new key, which is not the current one yet."""
    key_id = str(max(map(_age, ring.keys)) + 1)
    return replace(ring, keys={**ring.keys, key_id: secrets.token_urlsafe(32).encode()})


def promoted(ring: Ring, keep: int) -> Ring:
    """With its newest key as the current one, and no more than so many in all."""
    kept = sorted(ring.keys, key=_age)[-keep:]
    return Ring(kept[-1], {key_id: ring.keys[key_id] for key_id in kept})


def rotate(client: Any, name: str, keep: int, wait: Callable[[float], None]) -> Ring:
    """The whole way, with a wait in it; the ring at its end."""
    ring = ring_of(parameter(client, name)())
    if max(ring.keys, key=_age) == ring.current:
        ring = added(ring)
        _put(client, name, ring)
    wait(READ_BY_ALL)
    ring = promoted(ring, keep)
    _put(client, name, ring)
    return ring


def replace_now(client: Any, name: str) -> Ring:
    """A new key and no other: whatever was made with one that got out is worth nothing."""
    ring = promoted(added(ring_of(parameter(client, name)())), 1)
    _put(client, name, ring)
    return ring


def main(arguments: list[str]) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.rotate_key",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("stack", metavar="STACK")
    parser.add_argument("--keep", type=_count, default=2)
    parser.add_argument("--now", action="store_true")
    options = parser.parse_args(arguments)
    client, name = make_parameter_client(), f"/{options.stack}/signing-key"
    if options.now:
        ring = replace_now(client, name)
    else:
        print(f"A new key is made known; it is current in {READ_BY_ALL:.0f} seconds.", flush=True)
        ring = rotate(client, name, options.keep, time.sleep)
    print(f"Key {ring.current} is the current one; known are {', '.join(sorted(ring.keys))}.")
    return 0


def _put(client: Any, name: str, ring: Ring) -> None:
    client.put_parameter(Name=name, Value=written(ring), Type="SecureString", Overwrite=True)


def _age(key_id: str) -> int:
    return int(key_id) if key_id.isdigit() else 0


def _count(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError(text)
    return number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
