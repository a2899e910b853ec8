"""The waiting list over the fakes: who is next, who is not, and what each of them is told."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.errors import NotFound, Race, Refused, Unavailable
from chalicelib.domain.events import State as EventState
from chalicelib.domain.events import Way, cancelled
from chalicelib.domain.people import ERASED, Actor, Role
from chalicelib.domain.signup_news import News, news
from chalicelib.domain.signups import State
from chalicelib.services import events, queues, signup_changes
from tests.builders import ANYBODY, STAFF, an_intent
from tests.event_builders import END, START, a_hybrid, a_signup, an_event, somebody
from tests.event_scene import EVENT, Scene, does, edits, id_of, signs_up

NEAR = {"offers_within": timedelta(hours=24), "offer_time": timedelta(hours=2)}
FIVE = ("a", "b", "c", "d", "e")


def offered(**changes) -> Scene:
    """One seat, had by Eero, who leaves three hours before the start: Aino has an offer, Pia waits."""
    scene = Scene(an_event(1, **(NEAR | changes)))
    scene.sign_up("eero", "aino", "pia")
    scene.clock.time = START - timedelta(hours=3)
    scene.leave("eero")
    return scene


def test_a_freed_seat_is_the_waiter_s_in_the_same_transaction():
    """W-04, I-03"""
    scene = Scene(an_event(1))
    scene.sign_up("eero", "aino", "pia")
    scene.store.calls.clear()
    scene.leave("eero")
    first = scene.store.calls.index("commit")
    assert scene.states("eero", "aino", "pia") == ["left", "confirmed", "waiting"]
    assert scene.counters == (0, 1)
    assert "commit" not in scene.store.calls[first + 1 :]
    assert scene.news("aino") == ["waiting", "promotion"]
    assert scene.news("eero") == ["confirmation", "cancellation"]
    scene.check()


def test_a_party_that_leaves_the_head_of_the_queue_lets_those_behind_it_in():
    scene = Scene(an_event(2))
    scene.sign_up("eero")
    scene.party("aino", 1)
    scene.sign_up("pia")
    assert scene.counters == (1, 3)
    scene.leave("aino")
    assert scene.states("pia") == ["confirmed"]
    scene.check()


def test_a_request_calls_off_as_many_as_it_has_time_for_and_the_clock_the_rest():
    scene = Scene()
    scene.sign_up(*FIVE, "x", "y")

    def slow(name: str) -> None:
        if name == "commit":
            scene.clock.waited += events.REQUEST_SECONDS / 3

    scene.store.before = slow
    events.call_off(scene.ports, EVENT, "Sairaus", an_intent(STAFF))
    over = [each for each in scene.store.signups.values() if not each.live]
    assert 0 < len(over) < 7
    scene.store.before = lambda _name: None
    events.reconcile(scene.ports, EVENT)
    assert not any(each.live for each in scene.store.signups.values())


def test_the_clock_looks_at_events_as_long_as_they_go_on_and_a_day_more():
    scene = Scene(an_event(1, ends_at=START + timedelta(days=20)))
    for days, found in ((-6, 1), (20, 1), (21, 0)):
        scene.clock.time = START + timedelta(days=days)
        assert events.reconcile_all(scene.ports) == found


def test_a_later_cut_off_lets_a_queue_go_on_at_once():
    scene = Scene(an_event(1, promote_until=START - timedelta(days=2)))
    scene.sign_up("eero", "aino")
    scene.clock.time = START - timedelta(days=1)
    scene.leave("eero")
    assert scene.states("aino") == ["waiting"]
    edits(scene.ports, {"promote_until": START})
    assert scene.states("aino") == ["confirmed"]
    scene.check()


def test_an_offer_that_lapses_after_the_cut_off_frees_its_seat():
    scene = offered(offer_time=timedelta(hours=9))
    scene.clock.time = START
    events.reconcile(scene.ports, EVENT)
    assert scene.states("aino", "pia") == ["expired", "waiting"]
    assert scene.counters == (1, 1)


def test_a_place_that_is_nobody_s_is_passed_over():
    """P-08"""
    scene = Scene(an_event(1))
    scene.sign_up("eero", "aino", "pia", "sami")
    for name in ("aino", "pia"):  # one anonymised, one whose sign-up is gone
        key = (EVENT, id_of(name))
        signup = scene.store.signups.pop(key)
        del scene.store.parties[key]
        if name == "aino":
            place = (EVENT, Way.ROOM, signup.number)
            scene.store.queues[place] = replace(scene.store.queues[place], person_id=ERASED)
    scene.leave("eero")
    assert scene.states("sami") == ["confirmed"]
    assert scene.counters == (0, 0)
    scene.check()


def test_a_seat_is_handed_to_nobody_who_may_not_have_it():
    """S-25"""
    scene = Scene(an_event(1))
    scene.sign_up("pia", "aino")
    with pytest.raises(Refused, match="already-signed-up"):
        scene.do(signup_changes.hand_over, "pia", colleague=somebody("aino"))
    outsider = replace(somebody("x"), email="x@elsewhere.example")
    with pytest.raises(Refused, match="email-not-allowed"):
        scene.do(signup_changes.hand_over, "pia", colleague=outsider)
    with pytest.raises(Refused, match="invalid-request"):
        scene.do(signup_changes.hand_over, "pia", colleague=replace(somebody("x"), email="nowhere"))
    with pytest.raises(Refused, match="stale-state"):
        scene.do(signup_changes.hand_over, "aino", colleague=somebody("sami"))


def test_what_is_over_is_handed_to_nobody_but_by_hosts():
    """S-25"""
    scene = Scene()
    scene.sign_up("eero")
    scene.clock.time = END
    with pytest.raises(Refused, match="stale-state") as refusal:
        scene.do(signup_changes.hand_over, "eero", colleague=somebody("pia"))
    assert refusal.value.problems[0].params == {"why": "over"}
    scene.do(signup_changes.hand_over, "eero", colleague=somebody("pia"), actor=STAFF)
    assert scene.states("eero", "pia") == ["handed-over", "confirmed"]


def test_who_proves_twice_has_proved_once_whatever_came_of_it():
    """W-15: the link is opened again when the seat that they waited for is offered."""
    scene = Scene(an_event(1, **NEAR), prove_address=True)
    scene.sign_up("eero")
    scene.clock.time = START - timedelta(hours=20)
    scene.sign_up("aino", actor=ANYBODY)
    scene.do(signup_changes.prove, "aino")
    scene.leave("eero")
    assert scene.states("aino") == ["offered"]
    before = scene.of("aino")
    assert scene.do(signup_changes.prove, "aino") == before
    scene.later(hours=2)
    with pytest.raises(Refused, match="hold-expired"):
        scene.do(signup_changes.prove, "aino")


def test_what_is_called_off_two_years_ahead_is_ended_by_the_clock():
    """W-17: whoever called it off died before any sign-up was ended."""
    far = timedelta(days=700)
    scene = Scene(an_event(starts_at=START + far, ends_at=END + far))
    scene.sign_up("aino")
    events.call_off(scene.ports, EVENT, "", an_intent(STAFF), seconds=0.0)
    events.reconcile_all(scene.ports)
    assert scene.states("aino") == ["called-off"]


def test_a_party_keeps_its_guests_when_its_lead_hands_over():
    scene = Scene()
    scene.party("eero", 2)
    new = scene.do(signup_changes.hand_over, "eero", colleague=somebody("pia"))
    assert new.size == 3
    scene.check()


def test_a_host_moves_somebody_up_one_place():
    scene = Scene(an_event(1))
    scene.sign_up("eero", "aino", "pia")
    scene.do(signup_changes.move_up, "pia", actor=STAFF)
    scene.do(signup_changes.move_up, "pia", actor=STAFF)  # the first stays the first
    scene.check()
    scene.leave("eero")
    assert scene.states("aino", "pia") == ["waiting", "confirmed"]
    with pytest.raises(Refused, match="stale-state"):
        scene.do(signup_changes.move_up, "pia", actor=STAFF)


def test_whoever_is_moved_before_a_party_that_does_not_fit_has_the_seat():
    scene = Scene(an_event(2))
    scene.sign_up("eero")
    scene.party("aino", 1)
    scene.sign_up("pia")
    scene.do(signup_changes.move_up, "pia", actor=STAFF)
    assert scene.states("aino", "pia") == ["waiting", "confirmed"]
    scene.check()


def test_a_place_is_one_s_own():
    scene = Scene()
    scene.sign_up("aino")
    stranger = Actor("p_x", Role.PERSON, person_id=id_of("eero"), session="s")
    for what in (signup_changes.leave, signup_changes.accept, signup_changes.decline):
        with pytest.raises(NotFound):
            scene.do(what, "aino", actor=stranger)
        with pytest.raises(NotFound):
            scene.do(what, "aino", actor=replace(stranger, manages="b_one"))
        with pytest.raises(NotFound):
            scene.do(what, "pia")
    scene.leave("aino", actor=replace(stranger, person_id=id_of("aino")))


def test_fifty_at_the_door_five_in_three_waiting():
    """W-01, one after another"""
    scene = Scene()
    for number in range(8):
        signs_up(scene.ports, f"n{number}")
    for number in range(8, 50):
        with pytest.raises(Refused, match="event-full"):
            signs_up(scene.ports, f"n{number}")
    assert scene.counters == (0, 3)
    assert sum(bool(entry.get("news")) for entry in scene.store.audit) == 8
    scene.check()


def test_a_store_that_never_lets_anybody_win_is_given_up_and_nothing_is_written():
    """W-29"""
    scene = Scene()

    def lose(name: str) -> None:
        if name == "commit":
            raise Race

    scene.store.before = lose
    with pytest.raises(Unavailable):
        scene.sign_up("aino")
    assert not scene.store.signups


def test_a_queue_that_cannot_move_is_left_to_the_clock():
    scene = Scene(an_event(1))
    scene.sign_up("eero", "aino")
    scene.resize_without_settling(2)

    def lose(name: str) -> None:
        if name == "commit":
            raise Race

    scene.store.before = lose
    assert queues.settle(scene.ports, EVENT, Way.ROOM) == 0
    scene.store.before = lambda _name: None
    assert events.reconcile_all(scene.ports) == 1
    assert scene.states("aino") == ["confirmed"]


def test_one_broken_event_keeps_the_others_from_nothing():
    scene = Scene(an_event(1))
    scene.sign_up("eero", "aino")
    scene.resize_without_settling(2)
    other = an_event(event_id="e_before", starts_at=START - timedelta(hours=1), ways={})
    scene.store.events["e_before"] = replace(other, ways={Way.ROOM: None})
    with pytest.raises(AttributeError):
        events.reconcile_all(scene.ports)
    assert scene.states("aino") == ["confirmed"]


def test_the_clock_looks_at_what_comes_in_any_month_and_leaves_drafts():
    scene = Scene(an_event(1))
    months = [START + timedelta(days=31 * number) for number in range(11)]
    for number, start in enumerate(months):
        event = an_event(event_id=f"e_{number}", starts_at=start)
        scene.store.events[event.event_id] = event
    assert events.reconcile_all(scene.ports) == 12


def test_what_is_told():
    waiting, held = (a_signup(state=state, number=None) for state in (State.WAITING, State.HELD))
    seated = a_signup()
    assert news(None, waiting) is News.WAITING
    assert news(waiting, held) is None
    assert news(waiting, replace(waiting, number=9)) is None
    assert news(waiting, replace(waiting, state=State.OFFERED)) is News.OFFER
    assert news(seated, replace(seated, state=State.REMOVED)) is News.CANCELLATION
    assert news(waiting, replace(waiting, state=State.EXPIRED)) is News.EXPIRY
    assert news(replace(seated, state=State.LEFT), seated) is News.CONFIRMATION


def test_two_workers_are_one_queue():
    scene = Scene(an_event(1))
    one, other = scene.worker(), scene.worker()
    signs_up(one, "eero")
    signs_up(other, "aino")
    does(one, signup_changes.leave, "eero")
    assert scene.states("aino") == ["confirmed"]


def test_a_seat_elsewhere_that_was_held_too_long_is_there_for_who_switches():
    scene = Scene(a_hybrid(5, 1), prove_address=True)
    scene.sign_up("aino")
    scene.sign_up("eero", way=Way.REMOTE, actor=ANYBODY)
    with pytest.raises(Refused, match="event-full"):
        scene.do(signup_changes.switch, "aino", way=Way.REMOTE)
    scene.later(minutes=30)
    assert scene.do(signup_changes.switch, "aino", way=Way.REMOTE).way is Way.REMOTE
    assert scene.states("eero") == ["expired"]
    scene.check()


def test_a_colleague_whose_own_hold_is_over_can_have_the_seat():
    scene = Scene(prove_address=True)
    scene.sign_up("aino")
    scene.sign_up("eero", actor=ANYBODY)
    scene.later(minutes=30)
    assert scene.do(signup_changes.hand_over, "aino", colleague=somebody("eero")).version == 3
    scene.check()


def test_who_ends_something_and_loses_the_race_says_so_and_changes_nothing():
    scene = Scene(prove_address=True)
    scene.sign_up("aino", actor=ANYBODY)
    scene.later(minutes=30)

    def lose(name: str) -> None:
        if name == "commit":
            raise Race

    scene.store.before = lose
    assert not queues.expire(scene.ports, EVENT, id_of("aino"))
    scene.store.before = lambda _name: None
    assert scene.states("aino") == ["held"]
    assert queues.expire(scene.ports, EVENT, id_of("aino"))
    assert not queues.expire(scene.ports, EVENT, id_of("aino"))
    assert not queues.expire(scene.ports, "e_other", id_of("aino"))


def test_of_a_draft_and_of_what_there_is_not_the_clock_does_nothing():
    scene = Scene(an_event(1, state=EventState.DRAFT), prove_address=True)
    scene.sign_up("aino", actor=STAFF)
    scene.store.calls.clear()
    events.reconcile(scene.ports, EVENT)
    events.reconcile(scene.ports, "e_other")
    assert scene.store.calls == ["events.look"] * 2


def test_calling_off_is_done_once_whoever_goes_on():
    scene = Scene(an_event(1))
    scene.sign_up("eero", "aino")
    events.call_off(scene.ports, EVENT, "Sairaus", an_intent(STAFF))
    assert events.go_on(scene.ports, EVENT) == 0
    assert scene.news("eero") == ["confirmation", "cancellation"]


def test_between_the_end_of_an_event_and_that_of_its_sign_ups_no_place_changes_hands():
    scene = Scene(an_event(1))
    scene.sign_up("eero", "aino", "pia")
    called_off = cancelled(scene.event, "Sairaus")
    tx = scene.ports.begin()
    scene.ports.events.save(tx, scene.event, called_off)
    tx.commit()
    assert scene.states("eero", "aino", "pia") == ["confirmed", "waiting", "waiting"]
    with pytest.raises(Refused, match="stale-state"):
        scene.do(signup_changes.hand_over, "eero", colleague=somebody("sami"))
    with pytest.raises(Refused, match="stale-state"):
        scene.do(signup_changes.move_up, "pia", actor=STAFF)


def test_two_who_call_off_at_once_end_everybody_once():
    """W-17"""
    scene = Scene(an_event(1))
    scene.sign_up("eero", "aino")
    other, calls = scene.worker(), iter(range(100))

    def interrupt(name: str) -> None:
        if name == "commit" and next(calls) == 1:
            events.go_on(other, EVENT)

    scene.store.before = interrupt
    events.call_off(scene.ports, EVENT, "Sairaus", an_intent(STAFF))
    for name in ("eero", "aino"):
        assert len(scene.news(name)) == 2
    scene.check()
