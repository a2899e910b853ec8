"""Every order in which the storage calls of several actors can happen.

Each actor is a thread that stops before every storage call until it is let through; one is let through
at a time, so a call and all that is computed up to the next one are a single step. Orders are enumerated
depth first, by running again from the beginning with other choices.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.errors import LabError
from tests.fakes import Store
from tests.simulation.invariant import Invariant

Actor = Callable[[], Any]


@dataclass
class Run:
    """One order: who went when, what each actor returned or raised, and the store after it."""

    store: Store
    order: list[int]
    results: list[Any]
    open_choices: list[int] = field(default_factory=list)  # how many could have gone, at each step


@dataclass
class Case:
    """A fresh store and the actors upon it."""

    store: Store
    actors: list[Actor]


def every_order(make: Callable[[], Case], most: int = 5000, *, check: bool = True) -> Iterator[Run]:
    """All orders of a case, each from a fresh one; an AssertionError where there are too many.

    The invariant is checked after every step, unless the store is broken on purpose (`check`).
    """
    choices: list[int] = []
    for _ in range(most):
        run = _run(make(), choices, check)
        yield run
        position = len(run.order) - 1
        while position >= 0 and run.order[position] + 1 >= run.open_choices[position]:
            position -= 1
        if position < 0:
            return
        choices = [*run.order[:position], run.order[position] + 1]
    raise AssertionError(f"more than {most} orders")


def _run(case: Case, choices: list[int], check: bool) -> Run:
    """One order: the first steps as `choices` say, then always the first who can go."""
    invariant = Invariant(case.store)
    run = Run(case.store, [], [None] * len(case.actors))
    gates, threads = _start(case, run.results)
    while waiting := [gate for gate in gates if not gate.done]:
        step = len(run.order)
        choice = choices[step] if step < len(choices) else 0
        run.order.append(choice)
        run.open_choices.append(len(waiting))
        waiting[choice].let_through()
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


def _start(case: Case, results: list[Any]) -> tuple[list["_Gate"], list[threading.Thread]]:
    """Start the actors, each up to its first storage call."""
    here = threading.local()
    gates = [_Gate() for _ in case.actors]

    def stop(_name: str) -> None:
        gate: _Gate | None = getattr(here, "gate", None)
        if gate is not None:
            gate.wait()

    def act(number: int) -> None:
        here.gate = gates[number]
        try:
            results[number] = case.actors[number]()
        except BaseException as error:  # noqa: BLE001  # an answer, or raised again by who reads it
            results[number] = error
        gates[number].finish()

    case.store.before = stop
    threads = [
        threading.Thread(target=act, args=(number,), daemon=True)
        for number in range(len(case.actors))
    ]
    for thread, gate in zip(threads, gates, strict=True):
        thread.start()
        gate.arrived.acquire()
    return gates, threads


class _Gate:
    """Where one actor waits for its turn."""

    def __init__(self) -> None:
        self.arrived = threading.Semaphore(0)
        self._go = threading.Semaphore(0)
        self.done = False

    def wait(self) -> None:
        self.arrived.release()
        self._go.acquire()

    def finish(self) -> None:
        self.done = True
        self.arrived.release()

    def let_through(self) -> None:
        self._go.release()
        self.arrived.acquire()
