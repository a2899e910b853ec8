"""Somebody at the door who has not signed up, over the fakes: a seat and a check-in at once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.errors import NotFound, Refused
from chalicelib.domain.events import State as EventState
from chalicelib.domain.events import Way
from chalicelib.domain.people import Person, Role
from chalicelib.domain.signups import SignUp
from chalicelib.services import events, signup_changes
from chalicelib.services.signups import Guest
from chalicelib.services.walk_ins import WalkIn, let_in, walk_in
from tests.builders import ANYBODY, FORM, STAFF, a_profile, an_intent
from tests.event_builders import CLOSES, START, a_hybrid, an_event, somebody
from tests.event_scene import EVENT, Scene, id_of, signs_up

FULL, HELD = ("event-full",), ("held-for-waiting-list",)


def enters(scene: Scene, name="Ohto Ohikulkija", email="", guests=0, *, by=STAFF, **more) -> SignUp:
    key = more.pop("key", None)
    party = tuple(Guest(f"{name} {number}") for number in range(guests))
    request = WalkIn(more.pop("event_id", EVENT), Person(name, email), guests=party, **more)
    return walk_in(scene.ports, request, an_intent(by, key, fingerprint=repr(request))).value


def full(**more) -> Scene:
    scene = Scene(an_event(**more))
    scene.sign_up("a", "b", "c", "d", "e")
    return scene


def test_who_is_at_the_door_has_a_seat_and_is_there_past_the_window_too():
    scene = Scene()
    scene.clock.time = START + timedelta(minutes=5)
    made = enters(scene, guests=2, diet="Vegaani")
    assert made.state.value == "confirmed"
    assert made.arrived_at == scene.clock.time
    assert all(each.arrived_at for each in made.members)
    assert (made.diet, made.made_by) == ("Vegaani", "p_sami")
    assert scene.counters == (2, 0)
    scene.check()


def test_without_an_address_they_are_somebody_of_their_own_and_are_told_nothing():
    scene = Scene()
    one, two = enters(scene), enters(scene)
    assert one.person_id != two.person_id
    assert scene.counters == (3, 0)
    assert [each["news"] for each in scene.store.audit if each["action"] == "walk-in"] == ["", ""]
    assert scene.store.messages == {}
    scene.check()


def test_with_one_they_are_who_they_are_and_get_a_confirmation():
    scene = Scene()
    made = enters(scene, email="AINO@gov.fi")
    assert made.person_id == id_of("aino")
    assert scene.news("aino") == ["confirmation"]
    with pytest.raises(Refused, match="already-signed-up") as refusal:
        enters(scene, email="aino@gov.fi")
    assert refusal.value.problems[0].pointer == "/email"
    scene.check()


def test_who_left_comes_after_all_and_goes_on_from_there():
    scene = Scene()
    scene.sign_up("aino")
    scene.leave("aino")
    before = scene.of("aino")
    made = enters(scene, email="aino@gov.fi")
    assert (made.version, made.sequence) == (before.version + 1, before.sequence + 1)
    scene.check()


def test_a_repeated_request_lets_one_in():
    scene = Scene()
    enters(scene, key="k")
    assert enters(scene, key="k") is None  # a replay
    assert scene.counters == (4, 0)


def test_if_it_is_full_nobody_is_let_in_but_by_a_host_who_says_so():
    """W-11: seats may fall below zero, and who leaves then frees none."""
    scene = full(most_waiting=0)
    scene.clock.time = CLOSES
    for override in ((), HELD):
        with pytest.raises(Refused, match="event-full") as refusal:
            enters(scene, override=override)
    assert refusal.value.problems[0].pointer == "/way"
    enters(scene, guests=1, override=FULL)
    assert scene.counters == (-2, 0)
    assert scene.event.ways[Way.ROOM].over == 2
    scene.leave("a")
    assert scene.counters == (-1, 0)
    scene.check_settled()


def test_an_override_is_noted_and_what_needed_none_is_not():
    scene = full(most_waiting=0)
    scene.leave("a")
    enters(scene)
    assert "override" not in [each["action"] for each in scene.store.audit]
    made = enters(scene, override=FULL)
    entry = scene.store.audit[-1]
    assert (entry["actor"], entry["action"], entry["person_id"], entry["override"]) == (
        "p_sami",
        "override",
        made.person_id,
        ["event-full"],
    )


def test_nobody_who_waits_is_passed_while_the_queue_moves():
    """The seats of a party at the head that does not fit are not for who stands at the door."""
    scene = full()
    scene.party("pia", 2)
    scene.leave("a", "b")
    assert scene.counters == (2, 3)
    for override in ((), FULL):
        with pytest.raises(Refused, match="held-for-waiting-list"):
            enters(scene, override=override)
    enters(scene, override=HELD)
    assert scene.counters == (1, 3)
    scene.leave("c", "d")
    assert scene.states("pia") == ["confirmed"]
    scene.check_settled()


def test_a_full_event_with_a_queue_takes_one_more_by_override_and_the_queue_stays_in_order():
    scene = full()
    scene.sign_up("f", "g")
    enters(scene, override=FULL)
    assert scene.counters == (-1, 2)
    scene.leave("a")
    assert scene.states("f", "g") == ["waiting", "waiting"]
    assert scene.counters == (0, 2)
    scene.leave("b")
    assert scene.states("f", "g") == ["confirmed", "waiting"]
    scene.check_settled()


def test_after_the_start_a_free_seat_is_for_who_is_there():
    """W-24: nobody is promoted any more."""
    scene = full()
    scene.sign_up("f")
    scene.clock.time = START + timedelta(minutes=30)
    scene.leave("a")
    assert scene.counters == (1, 1)
    enters(scene)
    assert scene.counters == (0, 1)
    assert scene.states("f") == ["waiting"]
    with pytest.raises(Refused, match="event-full"):
        enters(scene)
    scene.check()


def test_a_hold_that_ran_out_is_in_nobody_s_way():
    """W-21"""
    scene = Scene(an_event(1, most_waiting=0), prove_address=True)
    signs_up(scene.ports, "aino", actor=ANYBODY)
    with pytest.raises(Refused, match="event-full"):
        enters(scene)
    scene.later(hours=1)
    enters(scene)
    assert scene.states("aino") == ["expired"]
    assert scene.counters == (0, 0)
    scene.check()


def test_one_s_own_hold_that_ran_out_is_ended_first():
    scene = Scene(prove_address=True)
    signs_up(scene.ports, "aino", actor=ANYBODY)
    with pytest.raises(Refused, match="already-signed-up"):
        enters(scene, email="aino@gov.fi")
    scene.later(hours=1)
    assert enters(scene, email="aino@gov.fi").state.value == "confirmed"
    assert scene.counters == (4, 0)
    scene.check()


def test_two_for_the_last_seat_at_once_are_one_and_a_refusal():
    scene = Scene(an_event(1, most_waiting=0))

    def first(name: str) -> None:
        if name == "commit":
            scene.store.before = lambda _: None
            scene.sign_up("aino")

    scene.store.before = first
    with pytest.raises(Refused, match="event-full"):
        enters(scene)
    scene.check()


def test_a_seat_that_was_freed_meanwhile_is_not_taken_from_who_waits():
    """It was decided as full; by its commit it is not, so it is looked at again."""
    scene = full()
    scene.party("pia", 2)

    def free_some(name: str) -> None:
        if name == "commit":
            scene.store.before = lambda _: None
            scene.leave("a", "b")

    scene.store.before = free_some
    with pytest.raises(Refused, match="held-for-waiting-list"):
        enters(scene, override=FULL)
    scene.check_settled()


def test_somebody_who_joins_the_queue_meanwhile_is_not_passed():
    scene = Scene(an_event(1))

    def join(name: str) -> None:
        if name == "commit":
            scene.store.before = lambda _: None
            scene.party("pia", 1)  # who does not fit, and waits

    scene.store.before = join
    with pytest.raises(Refused, match="held-for-waiting-list"):
        enters(scene)
    scene.check()


def test_remotely_too_and_not_in_a_way_that_there_is_not():
    scene = Scene(a_hybrid(room=0, remote=None))
    assert enters(scene, way=Way.REMOTE).way is Way.REMOTE
    with pytest.raises(Refused, match="invalid-request"):
        enters(Scene(), way=Way.REMOTE)


@pytest.mark.parametrize("state", [EventState.DRAFT, EventState.CANCELLED])
def test_into_what_is_no_event_nobody_comes(state):
    scene = Scene()
    scene.store.events[EVENT] = replace(scene.event, state=state)
    with pytest.raises(Refused, match="stale-state"):
        enters(scene)
    with pytest.raises(NotFound):
        enters(scene, event_id="e_nothing")


@pytest.mark.parametrize("by", [FORM, ANYBODY])
def test_only_hosts_stand_at_the_door(by):
    with pytest.raises(NotFound):
        enters(Scene(), by=by)


def test_who_is_being_forgotten_is_not_signed_up_again():
    scene = Scene()
    profile = a_profile(somebody("aino"), id_of("aino"), granted=Role.PERSON)
    scene.store.profiles[id_of("aino")] = replace(profile, erase_from=scene.clock.time)
    with pytest.raises(Refused, match="email-not-allowed") as refusal:
        enters(scene, email="aino@gov.fi")
    assert refusal.value.problems[0].pointer == "/email"


def test_a_walk_in_can_be_removed_like_anybody():
    scene = full(most_waiting=0)
    made = enters(scene, override=FULL)
    intent = an_intent(STAFF, fingerprint="x")
    signup_changes.remove(scene.ports, EVENT, made.person_id, intent)
    assert scene.counters == (0, 0)
    events.reconcile(scene.ports, EVENT)
    scene.check()


def lets_in(scene: Scene, name: str, override=(), *, by=STAFF) -> SignUp:
    intent = an_intent(by, fingerprint=name)
    return let_in(scene.ports, scene.of(name).signup_id, override, intent).value


def test_who_waits_and_is_there_has_a_seat_that_is_free_after_the_start():
    """W-24"""
    scene = full()
    scene.sign_up("f", "g")
    scene.clock.time = START + timedelta(minutes=5)
    with pytest.raises(Refused, match="event-full"):
        lets_in(scene, "g")
    scene.leave("a")
    made = lets_in(scene, "g")
    assert (made.state.value, made.arrived_at, made.number) == (
        "confirmed",
        scene.clock.time,
        None,
    )
    assert scene.counters == (0, 1)
    version = scene.of("g").version
    assert lets_in(scene, "g").arrived_at == made.arrived_at
    assert scene.of("g").version == version, "twice is once"
    scene.check()


def test_nobody_in_a_queue_that_moves_passes_another_but_by_an_override():
    scene = full()
    scene.party("pia", 1)
    scene.sign_up("g")
    scene.leave("a")
    with pytest.raises(Refused, match="held-for-waiting-list"):
        lets_in(scene, "g")
    lets_in(scene, "g", HELD)
    assert scene.counters == (0, 2)
    lets_in(scene, "pia", FULL)
    assert scene.counters == (-2, 0)
    assert all(each.arrived_at for each in scene.of("pia").members)
    assert [each["action"] for each in scene.store.audit].count("override") == 2
    scene.check_settled()


def test_a_seat_that_is_held_or_offered_is_confirmed_and_no_other_is_needed():
    """Who stands there has shown who they are."""
    scene = Scene(an_event(1, offers_within=timedelta(days=30)), prove_address=True)
    signs_up(scene.ports, "aino", actor=ANYBODY)
    assert scene.states("aino") == ["held"]
    lets_in(scene, "aino")
    assert scene.states("aino") == ["confirmed"]
    assert scene.counters == (0, 0)
    scene.sign_up("eero")
    scene.leave("aino", actor=STAFF)
    assert scene.states("eero") == ["offered"]
    assert lets_in(scene, "eero").arrived_at
    scene.check_settled()


@pytest.mark.parametrize("by", [FORM, ANYBODY])
def test_who_is_over_or_unknown_is_not_let_in_and_only_hosts_do(by):
    scene = Scene()
    scene.sign_up("aino")
    with pytest.raises(NotFound):
        lets_in(scene, "aino", by=by)
    with pytest.raises(NotFound):
        let_in(scene.ports, "s_one_nobody", (), an_intent(STAFF))
    scene.leave("aino")
    with pytest.raises(Refused, match="stale-state"):
        lets_in(scene, "aino")
