"""Every order in which the storage calls of several actors can happen.

Each actor is a thread that stops before every storage call until it is let through; one is let through
at a time, so a call and all that is computed up to the next one are a single step. Orders are enumerated
depth first, by running again from the beginning with other choices. Orders that differ only in which of
two reads came first show the same things: with `once`, one of them stands for all.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.errors import LabError
from tests.fakes import Store
from tests.simulation.invariant import Invariant

Actor = Callable[[], Any]
WRITES = ("commit", "keys.amend", "api_keys.use")
HANGING = 60.0  # seconds after which an actor that never comes to a call or an end is a bug of ours


@dataclass
class Run:
    """One order: who went when, what each actor returned or raised, and the store after it."""

    store: Store
    results: list[Any]
    order: list[int] = field(default_factory=list)
    possible: list[list[int]] = field(default_factory=list)  # who could have gone, at each step
    told: bool = False  # whether another order has shown all of this


@dataclass
class Case:
    """A fresh store and the actors upon it."""

    store: Store
    actors: list[Actor]


def every_order(
    make: Callable[[], Case], most: int = 5000, *, check: bool = True, once: bool = False
) -> Iterator[Run]:
    """All orders of a case, each from a fresh one; an AssertionError where there are too many.

    The invariant is checked after every step, unless the store is broken on purpose (`check`).
    """
    choices: list[int] = []
    for _ in range(most):
        run = _run(make(), choices, check, once)
        if not run.told:
            yield run
        position = len(run.order) - 1
        while position >= 0 and run.order[position] == run.possible[position][-1]:
            position -= 1
        if position < 0:
            return
        others = run.possible[position]
        following = others[others.index(run.order[position]) + 1]
        choices = [*run.order[:position], following]
    raise AssertionError(f"more than {most} orders")


def _run(case: Case, choices: list[int], check: bool, once: bool) -> Run:
    """One order: the first steps as `choices` say, then always the first who can go."""
    invariant = Invariant(case.store)
    gates = [_Gate() for _ in case.actors]
    run = Run(case.store, [None] * len(gates))
    threads = _start(case, gates, run.results)
    last: tuple[int, str] | None = None
    while waiting := [number for number, gate in enumerate(gates) if not gate.done]:
        possible = [each for each in waiting if not (once and _told(last, each, gates[each].name))]
        run.told = run.told or not possible
        step = len(run.order)
        choice = choices[step] if step < len(choices) else (possible or waiting)[0]
        if not run.told:
            run.order.append(choice)
            run.possible.append(possible)
        last = choice, gates[choice].name
        gates[choice].let_through()
        if check:
            invariant.check()
    for thread in threads:
        thread.join()
    case.store.before = lambda _name: None
    if check:
        invariant.check_all()
    for result in run.results:
        if isinstance(result, BaseException) and not isinstance(result, LabError):
            raise result
    return run


def _told(last: tuple[int, str] | None, number: int, name: str) -> bool:
    """Whether a read could as well have come before the last step, another's read, and then did."""
    return last is not None and number < last[0] and not {name, last[1]} & {*WRITES}


def _start(case: Case, gates: list["_Gate"], results: list[Any]) -> list[threading.Thread]:
    """The actors' threads, each stopped before its first storage call."""
    here = threading.local()

    def stop(name: str) -> None:
        gate: _Gate | None = getattr(here, "gate", None)
        if gate is not None:
            gate.wait(name)

    def act(number: int) -> None:
        here.gate = gates[number]
        try:
            results[number] = case.actors[number]()
        except BaseException as error:  # noqa: BLE001  # it is raised again, by who reads it
            results[number] = error
        gates[number].finish()

    case.store.before = stop
    threads = [
        threading.Thread(target=act, args=(number,), daemon=True) for number in range(len(gates))
    ]
    for thread, gate in zip(threads, gates, strict=True):
        thread.start()
        gate.await_arrival()
    return threads


class _Gate:
    """Where one actor waits for its turn; `name` is the call that it waits to make."""

    def __init__(self) -> None:
        self._arrived = threading.Semaphore(0)
        self._go = threading.Semaphore(0)
        self.name = ""
        self.done = False

    def wait(self, name: str) -> None:
        self.name = name
        self._arrived.release()
        self._go.acquire()

    def finish(self) -> None:
        self.done = True
        self._arrived.release()

    def let_through(self) -> None:
        self._go.release()
        self.await_arrival()

    def await_arrival(self) -> None:
        assert self._arrived.acquire(timeout=HANGING), f"an actor hangs after {self.name!r}"
