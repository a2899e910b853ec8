"""Many signed up at once: what was done stays done, nobody twice, and what failed is seen."""

import pytest

from chalicelib.domain.errors import IdempotencyMismatch, NotFound, Unavailable
from chalicelib.services import signup_imports
from chalicelib.services.ports import Ports
from chalicelib.services.signup_imports import Batch
from tests.builders import FORM, STAFF, an_intent
from tests.deaths import Died
from tests.event_builders import an_event
from tests.event_scene import EVENT, Scene, a_wish

NAMES = ("aino", "eero", "pia")


def imports(ports: Ports, *names: str, key: str | None = "k", event_id: str = EVENT) -> Batch:
    """As the interface does it, from the beginning."""
    requests = tuple(a_wish(name, accept_terms=False) for name in names)
    intent = an_intent(STAFF, key, fingerprint=repr(names), render=lambda made: {"id": made})
    batch_id = str(signup_imports.begin(ports, event_id, len(names), intent).answer["id"])
    return signup_imports.go_on(ports, batch_id, requests, intent)


def states(batch: Batch) -> list[str]:
    return [
        row.done["state"] if row.done else "left" if row.left else row.problems[0].code
        for row in batch.rows
    ]


def told(scene: Scene) -> list[list[str]]:
    return [scene.news(name) for name in NAMES]


def test_forty_are_signed_up_in_order_each_in_a_transaction_of_its_own():
    """S-18: far more than one transaction holds; seats first, then the list, and the rest are named."""
    scene = Scene(an_event(30, most_waiting=5))
    names = [f"n{number}" for number in range(40)]
    batch = imports(scene.ports, *names)
    assert batch.done
    assert states(batch) == ["confirmed"] * 30 + ["waiting"] * 5 + ["event-full"] * 5
    assert [scene.of(name).number for name in names[30:35]] == [1, 2, 3, 4, 5]
    scene.check()
    entry = next(each for each in scene.store.audit if each["action"] == "import")
    assert (entry["batch_id"], entry["size"], entry["actor"]) == (batch.batch_id, 40, "p_sami")
    assert scene.of("n0").made_by == "p_sami"


def test_one_who_is_refused_keeps_nobody_else_out():
    scene = Scene()
    scene.sign_up("eero")
    batch = imports(scene.ports, *NAMES)
    assert states(batch) == ["confirmed", "already-signed-up", "confirmed"]
    assert batch.rows[1].problems[0].pointer == "/person/email"
    assert batch.done


@pytest.mark.parametrize("moment", ["before", "after"])
def test_whoever_dies_and_wherever_the_same_key_goes_on(moment):
    """S-18: what was done is there to be seen, nobody is signed up or told twice, and no mail is half."""
    whole = Scene()
    whole.store.calls.clear()
    imports(whole.worker(), *NAMES)
    deaths = len(whole.store.calls)
    assert deaths > 9
    for number in range(deaths):
        scene = Scene()
        calls = iter(range(1000))

        def hook(_name: str, calls=calls, number=number) -> None:
            if next(calls) == number:
                raise Died

        setattr(scene.store, moment, hook)
        with pytest.raises(Died):
            imports(scene.worker(), *NAMES)
        setattr(scene.store, moment, lambda _name: None)
        scene.check()
        assert imports(scene.worker(), *NAMES).done
        assert scene.states(*NAMES) == ["confirmed"] * 3
        assert told(scene) == [["confirmation"]] * 3
        assert len(scene.store.messages) == len(whole.store.messages)
        started = [each for each in scene.store.audit if each["action"] == "import"]
        assert len(started) == 1, f"died {moment} call {number}"
        scene.check()


def test_where_the_store_is_away_the_rest_is_left_and_done_the_next_time(monkeypatch):
    scene = Scene()
    real, seen = signup_imports.sign_up, []

    def breaks(ports, request, intent):
        seen.append(request)
        if len(seen) == 2:
            raise Unavailable
        return real(ports, request, intent)

    monkeypatch.setattr(signup_imports, "sign_up", breaks)
    first = imports(scene.ports, *NAMES)
    assert (states(first), first.done) == (["confirmed", "left", "left"], False)
    second = imports(scene.worker(), *NAMES)
    assert (states(second), second.done) == (["confirmed"] * 3, True)
    assert second.batch_id == first.batch_id
    assert told(scene) == [["confirmation"]] * 3


def test_a_request_does_what_it_has_time_for(monkeypatch):
    scene = Scene()
    monkeypatch.setattr(signup_imports, "SECONDS", 0.0)
    assert states(imports(scene.ports, *NAMES)) == ["left"] * 3
    assert not scene.store.signups


def test_another_batch_under_the_key_and_who_is_no_host_are_refused():
    scene = Scene()
    imports(scene.ports, *NAMES)
    with pytest.raises(IdempotencyMismatch):
        imports(scene.ports, "sami")
    with pytest.raises(NotFound):
        imports(scene.ports, "sami", key="another", event_id="e_none")
    with pytest.raises(NotFound):
        signup_imports.begin(scene.ports, EVENT, 1, an_intent(FORM))
