"""Whether two kinds of request can be told apart by the time that they take.

The probability of superiority (Mann-Whitney U / n²) is how likely one of the first kind takes longer than
one of the second: 0.5 where time tells nothing. It asks for nothing of how times are spread, and a busy
machine makes all kinds slower alike, for they come in one random order.
"""

import gc
import random
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

BOUND = 0.1  # from 0.5
N = 500  # of each kind: the standard error is √((2n + 1) / 12n²) = 0.018, and the bound 5.5 of them
WARM_UP = 20  # of each kind


def superiority(first: Sequence[int], second: Sequence[int]) -> float:
    """How likely one of the first is more than one of the second; equal ones count by half."""
    ordered = sorted(second)
    wins = sum(bisect_left(ordered, each) + bisect_right(ordered, each) for each in first)
    return wins / (2 * len(first) * len(second))


def told_apart(times: Mapping[str, Sequence[int]]) -> dict[tuple[str, str], float]:
    """The pairs of kinds that time tells apart, and how well."""
    found = {
        (one, other): superiority(times[one], times[other]) for one, other in combinations(times, 2)
    }
    return {pair: chance for pair, chance in found.items() if abs(chance - 0.5) > BOUND}


def timed(
    kinds: Mapping[str, Callable[[], Callable[[], object]]], seed: int, n: int = N
) -> dict[str, list[int]]:
    """The nanoseconds of n requests of each kind, in a random order.

    A kind prepares a request in a world of its own, outside of what is measured, and returns it to be
    made. The garbage collector rests.
    """
    order = [name for name in kinds for _ in range(n)]
    random.Random(seed).shuffle(order)
    times: dict[str, list[int]] = {name: [] for name in kinds}
    for name in [*kinds] * WARM_UP:
        kinds[name]()()
    gc.collect()
    gc.disable()
    try:
        for name in order:
            request = kinds[name]()
            begun = time.perf_counter_ns()
            request()
            times[name].append(time.perf_counter_ns() - begun)
    finally:
        gc.enable()
    return times
