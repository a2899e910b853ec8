"""Each step of a sign-up, killed before and after each of its storage calls, and then tried again.

The next worker knows nothing of the one that died. A person tries again with the same key, the clock goes
its round, and everything is as if it had happened once.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.events import Event, Way
from chalicelib.services import events, signup_changes
from chalicelib.services.ports import Ports
from tests.builders import ANYBODY, STAFF, an_intent
from tests.deaths import Died
from tests.event_builders import START, a_hybrid, an_event, somebody
from tests.event_scene import (
    EVENT,
    Scene,
    check_nobody_waits_beside_a_seat,
    does,
    resizes,
    signs_up,
)

Act = Callable[[Ports], Any]


@dataclass(frozen=True)
class UseCase:
    """What a worker does, what there is before, and where everybody stands after it was done once."""

    act: Act
    given: Callable[[Scene], Any]
    states: str
    event: Event | None = None


def _offered(scene: Scene) -> None:
    scene.sign_up("c", "v", "w")
    scene.clock.time = START - timedelta(hours=3)
    scene.leave("c")


def _step(what: Any, name: str, **more: Any) -> Act:
    return lambda ports: does(ports, what, name, key="k", **more)


def _resize(ports: Ports) -> None:
    resizes(ports, 3, key="k")


def _call_off(ports: Ports) -> None:
    events.call_off(ports, EVENT, "", an_intent(STAFF, "k"))


ONE = an_event(1)
NEAR = an_event(1, offers_within=timedelta(hours=24))
USE_CASES = {
    "a seat": UseCase(
        lambda ports: signs_up(ports, "c", 1, key="k"), lambda _scene: None, "c confirmed"
    ),
    "a place in the queue": UseCase(
        lambda ports: signs_up(ports, "v", key="k"),
        lambda scene: scene.sign_up("c"),
        "c confirmed, v waiting",
        ONE,
    ),
    "prove": UseCase(
        _step(signup_changes.prove, "c", actor=ANYBODY),
        lambda scene: scene.sign_up("c", actor=ANYBODY),
        "c confirmed",
    ),
    "leave": UseCase(
        _step(signup_changes.leave, "c"),
        lambda scene: (scene.party("c", 1), scene.sign_up("v", "w")),
        "c left, v confirmed, w confirmed",
        an_event(2),
    ),
    "leave the queue": UseCase(
        _step(signup_changes.leave, "v", in_queue=True),
        lambda scene: scene.sign_up("c", "v", "w"),
        "c confirmed, v left, w waiting",
        ONE,
    ),
    "accept": UseCase(
        _step(signup_changes.accept, "v"), _offered, "c left, v confirmed, w waiting", NEAR
    ),
    "decline": UseCase(
        _step(signup_changes.decline, "v"), _offered, "c left, v declined, w offered", NEAR
    ),
    "hand over": UseCase(
        _step(signup_changes.hand_over, "c", colleague=somebody("d")),
        lambda scene: scene.sign_up("c", "v"),
        "c handed-over, d confirmed, v waiting",
        ONE,
    ),
    "switch": UseCase(
        _step(signup_changes.switch, "c", way=Way.REMOTE),
        lambda scene: scene.sign_up("c", "v"),
        "c confirmed, v confirmed",
        a_hybrid(1),
    ),
    "move up": UseCase(
        _step(signup_changes.move_up, "w", actor=STAFF),
        lambda scene: (scene.sign_up("c"), scene.party("v", 1), scene.sign_up("w")),
        "c confirmed, v waiting, w confirmed",
        an_event(2),
    ),
    "more seats": UseCase(
        _resize,
        lambda scene: scene.sign_up("c", "v", "w"),
        "c confirmed, v confirmed, w confirmed",
        ONE,
    ),
    "call off": UseCase(
        _call_off, lambda scene: scene.sign_up("c", "v"), "c called-off, v called-off", ONE
    ),
}


def _scene(use_case: UseCase) -> Scene:
    scene = Scene(use_case.event, prove_address=True)
    use_case.given(scene)
    scene.store.calls.clear()
    return scene


def _deaths(use_case: UseCase) -> list[tuple[int, str]]:
    scene = _scene(use_case)
    use_case.act(scene.worker())
    return [
        (number, moment)
        for number in range(len(scene.store.calls))
        for moment in ("before", "after")
    ]


def _die(scene: Scene, number: int, moment: str) -> None:
    left = iter(range(number))

    def die(_name: str) -> None:
        if next(left, None) is None:
            raise Died

    setattr(scene.store, moment, die)


@pytest.mark.parametrize("name", USE_CASES)
def test_whoever_dies_and_wherever_a_second_try_does_it_once(name: str) -> None:
    use_case = USE_CASES[name]
    deaths = _deaths(use_case)
    for number, moment in deaths:
        scene = _scene(use_case)
        told = Counter(entry.get("news") for entry in scene.store.audit)
        _die(scene, number, moment)
        with pytest.raises(Died):
            use_case.act(scene.worker())
        scene.store.before = scene.store.after = lambda _name: None
        scene.check()
        use_case.act(scene.worker())
        events.reconcile_all(scene.worker())
        scene.check()
        found = sorted(scene.store.signups.values(), key=lambda each: each.person.name)
        said = ", ".join(f"{each.person.name.lower()} {each.state}" for each in found)
        assert said == use_case.states, f"died {moment} call {number}"
        if scene.event.live:
            check_nobody_waits_beside_a_seat(scene.store)
        new = Counter(entry.get("news") for entry in scene.store.audit) - told
        assert new == _news_of(use_case), f"died {moment} call {number}"
    assert len(deaths) > 5


def _news_of(use_case: UseCase) -> Counter[Any]:
    """What is told where nobody dies."""
    scene = _scene(use_case)
    told = Counter(entry.get("news") for entry in scene.store.audit)
    use_case.act(scene.worker())
    return Counter(entry.get("news") for entry in scene.store.audit) - told
