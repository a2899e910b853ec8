"""Nothing tells who there is: neither a status, nor a byte, nor a storage call, nor the time that it takes.

Time is compared by the probability of superiority (tests/superiority.py): between any two kinds that have
to be alike it has to be within 0.5 ± 0.1, over 500 requests of each in one random order. Where there is no
difference its standard error is 0.018, so that the bound is 5.5 of them: one false alarm in 2.6 · 10⁷ pairs.
Where one kind takes longer in 65 cases of 100, it is found but for one time in 300.
"""

import os
import random
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.alike import (
    ASKED_ONCE,
    KINDS,
    KNOWN,
    UNTIMED,
    Kind,
    World,
    asks_for_a_link,
    its_own_worlds,
)
from tests.superiority import superiority, timed, told_apart

__all__ = ["its_own_worlds"]
pytestmark = pytest.mark.usefixtures("its_own_worlds")
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(10**6)))


def answered(kind: Kind) -> tuple[Any, ...]:
    """All that can be seen of an answer, and what was asked of the store."""
    world = kind(World())
    world.store.calls.clear()
    answer = world.send()
    lengths = sorted((name, len(value)) for name, value in answer.headers.items())
    return answer.status_code, answer.body, lengths, list(world.store.calls)


def ready(kind: Kind) -> Callable[[], Callable[[], object]]:
    return lambda: kind(World()).send


@pytest.mark.parametrize("what", KINDS)
def test_every_answer_is_the_same_to_the_byte(what: str) -> None:
    """L-04."""
    first, *others = (answered(kind) for kind in KINDS[what].values())
    assert first[0] in (202, 401, 404, 422)
    for other in others:
        assert other == first


@pytest.mark.parametrize("what", ASKED_ONCE)
def test_signing_up_tells_nobody_who_is_in_or_was(what: str) -> None:
    """S-06"""
    first, other = (answered(kind) for kind in ASKED_ONCE[what].values())
    assert first[0] == 201
    assert other == first


@pytest.mark.parametrize("what", UNTIMED)
def test_what_opens_nothing_is_answered_as_what_there_never_was(what: str) -> None:
    """L-04."""
    first = answered(next(iter(KINDS[what].values())))
    for kind in UNTIMED[what].values():
        assert answered(kind)[:3] == first[:3]


@pytest.mark.parametrize("what", KINDS)
def test_no_answer_takes_longer_than_another(what: str) -> None:
    """L-04."""
    print(f"seed {SEED}")
    times = timed({name: ready(kind) for name, kind in KINDS[what].items()}, SEED)
    assert told_apart(times) == {}


def test_a_look_at_who_there_is_would_be_found() -> None:
    """A store that takes longer for known people, by no more than requests differ anyway."""
    print(f"seed {SEED}")
    kinds = {"known": asks_for_a_link(KNOWN, version=1), "unknown": asks_for_a_link(KNOWN)}
    before = timed({name: ready(kind) for name, kind in kinds.items()}, SEED, 100)
    spread = sorted(before["unknown"])[75] - sorted(before["unknown"])[25]

    def leaking(kind: Kind) -> Kind:
        def made(world: World) -> World:
            def slow(name: str) -> None:
                until = time.perf_counter_ns() + spread
                while name == "commit" and world.store.profiles and time.perf_counter_ns() < until:
                    pass

            world.store.before = slow
            return kind(world)

        return made

    times = timed({name: ready(leaking(kind)) for name, kind in kinds.items()}, SEED)
    assert ("known", "unknown") in told_apart(times)


def test_superiority_is_counted_by_pairs_of_which_equal_ones_are_half() -> None:
    assert superiority([1, 2], [1, 2]) == 0.5
    assert superiority([3, 4], [1, 2]) == 1.0
    assert superiority([1, 5], [2, 3]) == 0.5
    assert superiority([1], [1, 2, 0, 0]) == 0.625
