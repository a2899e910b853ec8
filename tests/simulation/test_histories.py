"""Random histories of many clients: a hundred thousand operations, the invariant after each.

SIMULATION_OPERATIONS asks for more in all; SIMULATION_SEED for other histories.
"""

import os

import pytest

from chalicelib.domain.errors import Broken
from tests.simulation.invariant import Violation
from tests.simulation.world import World

HISTORIES = 8
OPERATIONS = int(os.environ.get("SIMULATION_OPERATIONS", "104000")) // HISTORIES
SEED = int(os.environ.get("SIMULATION_SEED", "20261201"))


@pytest.mark.timeout(0 if OPERATIONS > 20_000 else 280)
@pytest.mark.parametrize("number", range(HISTORIES))
def test_no_history_breaks_the_invariant(number: int) -> None:
    seed = SEED + number
    print(f"seed {seed}, {OPERATIONS} operations")
    world = World(seed)
    counts = world.run(OPERATIONS)
    for name, count in sorted(counts.items()):
        print(f"{count:8} {name}")
    done = sum(count for name, count in counts.items() if "refused" not in name)
    assert done > 0.4 * counts.total()  # a history of refusals alone would show nothing
    assert counts["book: confirmed"] > 0.05 * counts.total()
    assert sum(count for name, count in counts.items() if "Unavailable" in name) == 0


@pytest.mark.parametrize("condition", ["gained", "version"])
def test_a_store_that_forgets_a_condition_is_caught(condition: str) -> None:
    """The same histories over a store that leaves a condition out do break the invariant.

    With it goes the condition of messages, which are there already where a version is written twice.
    """
    caught = 0
    for seed in range(4):
        try:
            World(seed, leave_out=frozenset({condition, "announced"})).run(4000)
        except (Violation, Broken):
            caught += 1
    assert caught == 4
