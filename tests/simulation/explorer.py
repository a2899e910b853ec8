"""Every order of several actors' storage calls, with deaths between them, each state visited once.

Actors are coroutines that stop before every storage call. What an actor will do next depends only on what
it has seen, so two histories with the same store and the same things seen go on alike, and one of
them is enough: that makes millions of orders a few thousand states.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from greenlet import getcurrent, greenlet

from tests.fakes import Store

Key = Any
GO, DIE, DIE_AFTER = "goes on", "dies before", "dies after"


class Death(BaseException):
    """A process that is no more."""


@dataclass
class Scene:
    """A fresh store, its actors, and what of the store makes two states the same."""

    store: Store
    actors: list[Callable[[], Any]]
    state: Callable[[], Key]
    brief: Callable[[Any], Key] = repr  # what of a call's result can make a difference
    # Is given what to call when the actor that is at it begins anew, and remembers nothing.
    restarts: Callable[[Callable[[], None]], None] = lambda forget: None


@dataclass
class Ending:
    """What one history came to."""

    store: Store
    history: list[tuple[int, str, str]] = field(default_factory=list)
    deaths: int = 0


def explore(make: Callable[[], Scene], deaths: int) -> Iterator[Ending]:
    """Every ending of a scene, with up to so many deaths at any step."""
    seen: set[Key] = set()
    todo: list[list[tuple[int, str]]] = [[]]
    while todo:
        ending = _play(make(), todo.pop(), deaths, seen, todo)
        if ending is not None:
            yield ending


def _play(
    scene: Scene,
    choices: list[tuple[int, str]],
    deaths: int,
    seen: set[Key],
    todo: list[list[tuple[int, str]]],
) -> Ending | None:
    """Go along `choices`, then always on with the first; None where everything has been seen."""
    stage = _Stage(scene)
    ending = Ending(scene.store)
    path: list[tuple[int, str]] = []
    while alive := stage.alive():
        if len(path) < len(choices):
            choice = choices[len(path)]
        else:
            key = (stage.key(), ending.deaths)
            if key in seen:
                stage.close()
                return None
            seen.add(key)
            fates = (GO, DIE, DIE_AFTER) if ending.deaths < deaths else (GO,)
            options = [(number, fate) for number in alive for fate in fates]
            todo += [[*path, option] for option in options[1:]]
            choice = options[0]
        path.append(choice)
        ending.history.append((choice[0], stage.names[choice[0]], choice[1]))
        ending.deaths += choice[1] != GO
        stage.step(*choice)
    stage.close()
    return ending


class _Stage:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._main = getcurrent()
        self.names = [""] * len(scene.actors)
        self._seen: list[list[Key]] = [[] for _ in scene.actors]
        self._fate = GO
        self._at: int | None = None
        scene.store.before, scene.store.after = self._before, self._after
        scene.restarts(self._forget)
        self._actors = [greenlet(lambda act=act: self._act(act)) for act in scene.actors]
        for number in range(len(self._actors)):
            self._switch(number)

    def alive(self) -> list[int]:
        return [number for number, actor in enumerate(self._actors) if not actor.dead]

    def key(self) -> Key:
        ends = tuple(actor.dead for actor in self._actors)
        return hash((self._scene.state(), tuple(map(tuple, self._seen)), ends))

    def step(self, number: int, fate: str) -> None:
        self._fate = fate
        self._switch(number)

    def close(self) -> None:
        """No hooks are left, and no coroutine either."""
        self._scene.store.before = self._scene.store.after = lambda _name: None
        for number in self.alive():
            self._actors[number].throw(Death)

    def _switch(self, number: int) -> None:
        self._at = number
        self._actors[number].switch()

    def _act(self, act: Callable[[], Any]) -> None:
        try:
            act()
        except Death:
            return

    def _forget(self) -> None:
        assert self._at is not None
        self._seen[self._at].clear()

    def _before(self, name: str) -> None:
        number = self._at
        assert number is not None
        self.names[number] = name
        self._main.switch()
        if self._fate == DIE:
            raise Death

    def _after(self, name: str) -> None:
        assert self._at is not None
        if self._fate == DIE_AFTER:
            raise Death
        self._seen[self._at].append((name, self._scene.brief(self._scene.store.found)))
