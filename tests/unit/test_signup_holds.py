"""Places that are held before an address is proved count where held times do, and no longer than they are held."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.domain.errors import Refused, TooMany
from chalicelib.services import bookings, events, queues, signup_changes, signups
from tests.builders import ANYBODY, FORM, STAFF, a_request, an_intent, on
from tests.event_builders import an_event, somebody
from tests.event_scene import EVENT, Scene, a_wish, id_of, signs_up


def proving(limit: int | None = 5, **site) -> Scene:
    return Scene(an_event(limit, most_waiting=9), prove_address=True, **site)


def hold(scene: Scene, name: str, network: str = "n", event_id: str = EVENT, **more):
    """A place that nobody vouches for."""
    intent = an_intent(ANYBODY, network=network, fingerprint=name)
    wish = a_wish(name, event_id=event_id, **more)
    made = signups.sign_up(scene.ports, wish, intent).value
    return made and made.signup


def another(scene: Scene, event_id: str = "e_two") -> str:
    events.create(scene.ports, replace(an_event(5), event_id=event_id), an_intent(STAFF))
    return event_id


def kinds(refusal: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [each.params["quota"] for each in refusal.value.problems]


def held(scene: Scene) -> set[str]:
    """What counts anywhere."""
    return {thing for each in scene.store.holds.values() for thing in each.until}


def prove(scene: Scene, name: str) -> None:
    scene.do(signup_changes.prove, name, actor=ANYBODY)


def test_two_are_held_for_an_address_from_wherever():
    scene = proving()
    hold(scene, "aino", "n1")
    hold(scene, "aino", "n2", another(scene))
    with pytest.raises(Refused, match="quota-exceeded") as refusal:
        hold(scene, "aino", "n3", another(scene, "e_three"))
    assert kinds(refusal) == ["holds"]
    assert len(scene.store.signups) == 2
    hold(scene, "eero", "n3")


def test_two_are_held_from_a_network_for_whomever():
    scene = proving()
    hold(scene, "aino")
    hold(scene, "eero")
    with pytest.raises(Refused, match="quota-exceeded"):
        hold(scene, "pia")
    hold(scene, "pia", "another")


def test_all_of_the_site_together_are_so_many():
    scene = proving(anonymous_holds=2)
    hold(scene, "aino", "n1")
    hold(scene, "eero", "n2")
    with pytest.raises(Refused) as refusal:
        hold(scene, "pia", "n3")
    assert kinds(refusal) == ["all-holds"]
    scene.sign_up("pia", actor=FORM)


def test_a_time_and_a_place_count_together():
    scene = proving()
    scene.clock.time = on("2026-12-01", "9-10")["starts_at"]
    events.create(
        scene.ports,
        replace(an_event(5), event_id="e_two", opens_at=scene.clock.time),
        an_intent(STAFF),
    )
    person = somebody("aino")
    request = a_request("pod", person=person, **on("2026-12-02", "10-11"))
    made = bookings.book(scene.ports, request, an_intent(ANYBODY, network="n")).value
    hold(scene, "aino", event_id="e_two")
    assert held(scene) == {made.booking_id, scene.store.signups["e_two", id_of("aino")].signup_id}
    with pytest.raises(Refused, match="quota-exceeded"):
        bookings.book(
            scene.ports,
            a_request("pod", person=person, **on("2026-12-02", "12-13")),
            an_intent(ANYBODY, network="n"),
        )


def test_who_waits_unproved_counts_and_still_does_with_a_seat():
    scene = proving(1)
    scene.sign_up("eero")
    hold(scene, "aino")
    assert held(scene) == {scene.of("aino").signup_id}
    scene.leave("eero")
    assert scene.states("aino") == ["held"]
    assert held(scene) == {scene.of("aino").signup_id}
    assert scene.of("aino").network == "n"
    prove(scene, "aino")
    assert (held(scene), scene.of("aino").network) == (set(), "")


ENDS: dict[str, Callable[[Scene], object]] = {
    "proved": lambda scene: prove(scene, "aino"),
    "left": lambda scene: scene.leave("aino", actor=STAFF),
    "removed": lambda scene: scene.do(signup_changes.remove, "aino", actor=STAFF),
    "expired": lambda scene: (
        scene.later(minutes=30),
        queues.expire_lapsed(scene.ports, EVENT),
    ),
    "called off": lambda scene: events.call_off(scene.ports, EVENT, "", an_intent(STAFF)),
}


@pytest.mark.parametrize("waiting", [False, True])
@pytest.mark.parametrize("end", ENDS)
def test_it_counts_no_longer_than_it_is_held(end: str, waiting: bool):
    scene = proving(0 if waiting else 5)
    hold(scene, "aino")
    assert held(scene)
    assert len(scene.store.holds) == 3  # the address, the network, all
    assert scene.of("aino").waiting is waiting
    ENDS[end](scene)
    assert held(scene) == set()
    assert scene.of("aino").network == ""


def test_what_has_lapsed_counts_no_more_before_anything_tidies_it():
    scene = proving()
    hold(scene, "aino")
    hold(scene, "eero")
    scene.later(minutes=30, seconds=-1)
    with pytest.raises(Refused, match="quota-exceeded"):
        hold(scene, "pia")
    scene.later(seconds=1)
    hold(scene, "pia")


def test_who_is_vouched_for_and_where_nothing_is_proved_nothing_is_held():
    scene = proving()
    for name, actor in (("aino", FORM), ("eero", STAFF)):
        signs_up(scene.ports, name, actor=actor)
    open_to_all = Scene(prove_address=False)
    hold(open_to_all, "aino")
    for each in (scene, open_to_all):
        assert (each.store.holds, each.store.counters) == ({}, {})
        assert {one.network for one in each.store.signups.values()} == {""}


def test_six_holds_a_day_for_an_address():
    """However they end: each was a mail to somebody who may not have asked for it."""
    scene = proving()
    for number in range(6):
        hold(scene, "aino", f"n{number}")
        scene.leave("aino", actor=STAFF)
    with pytest.raises(TooMany):
        hold(scene, "aino", "n6")
    hold(scene, "eero", "n6")


def test_two_at_once_are_not_both_the_last():
    """B40: where others were counted meanwhile, it is judged again."""
    scene = proving(anonymous_holds=1)
    event_id, raced = another(scene), []

    def meanwhile(name: str) -> None:
        if name == "commit" and not raced:
            raced.append(name)
            hold(scene, "eero", "n2", event_id)

    scene.store.before = meanwhile
    with pytest.raises(Refused, match="quota-exceeded"):
        hold(scene, "aino", "n1")
    assert len(scene.store.signups) == 1


def test_a_held_place_is_five_reads_and_one_transaction_and_its_mail_is_hurried():
    """One look and two messages more than it needs: as many as for who is in already (S-06)."""
    scene = proving()
    scene.ports.settings.get()
    scene.store.calls.clear()
    hold(scene, "aino")
    reads = ["snapshot", *["events.look"] * 2, *["outbox.get"] * 2]
    assert scene.store.calls == [*reads, "commit", "queue.send"]
    scene.store.calls.clear()
    prove(scene, "aino")
    assert scene.store.calls.count("commit") == 1
