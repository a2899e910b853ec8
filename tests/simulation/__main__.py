"""A long random history: python -m tests.simulation --operations 1000000 --seed 7."""

import argparse
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.world import World

PART = 25_000


def _part(seed: int, operations: int) -> Counter[str]:
    return World(seed).run(operations)


def main() -> None:
    """Run it over both cores, and print what happened."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--operations", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=20261201)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    began = time.monotonic()
    counts: Counter[str] = Counter()
    parts = -(-options.operations // PART)
    print(f"{parts} histories of {PART} operations, seeds from {options.seed}")
    with ProcessPoolExecutor(options.processes) as pool:
        seeds = range(options.seed, options.seed + parts)
        for number, part in enumerate(pool.map(_part, seeds, [PART] * parts), 1):
            counts += part
            seconds = time.monotonic() - began
            rate = counts.total() / seconds
            print(f"{number}/{parts}  {counts.total():>9} operations  {rate:6.0f}/s", flush=True)
    for name, count in sorted(counts.items()):
        print(f"{count:9} {name}")
    print(f"{counts.total()} operations in {time.monotonic() - began:.0f} s: the invariant held")


if __name__ == "__main__":
    main()
