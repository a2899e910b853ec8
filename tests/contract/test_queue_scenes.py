"""The scenarios of the waiting list, over each store, one call after another; at the end of each I1-I6 hold.

Every order of the storage calls of several is explored in tests/simulation, and what many do at once in
test_event_rush.py.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.errors import Refused, Unavailable, VersionRaced
from chalicelib.domain.events import Way
from chalicelib.domain.messages import Kind, State
from chalicelib.domain.questions import Question
from chalicelib.domain.signups import State as SignUpState
from chalicelib.services import erasure, events, queues, signup_changes, signups, traces
from chalicelib.services.signups import Guest
from tests.builders import ADMIN, STAFF, an_intent
from tests.contract.event_stage import Stage, at_commit, at_commits, die
from tests.contract.wire import always, cancelled, tapped
from tests.contract.wire import on as at_the
from tests.deaths import Died
from tests.event_builders import START, an_event
from tests.event_scene import EVENT, id_of

MakeStage = Callable[..., Stage]
NEAR = {"offers_within": timedelta(hours=24), "offer_time": timedelta(hours=2)}
FIVE = ("aino", "eero", "iida", "otto", "ulla")
WRITE, CONFLICT = "TransactWriteItems", cancelled("None", "TransactionConflict")


def offered(stage: MakeStage, **changes: Any) -> Stage:
    """One seat, had by Eero, who leaves three hours before the start: Aino has an offer, Pia waits."""
    scene = stage(an_event(1, **(NEAR | changes)))
    scene.sign_up("eero", "aino", "pia")
    scene.deliver()
    scene.clock.time = START - timedelta(hours=3)
    scene.leave("eero")
    return scene


@pytest.mark.parametrize("first", ["leaves", "comes"])
def test_a_newcomer_has_the_seat_that_is_given_up_whoever_is_first(stage: MakeStage, first: str):
    """W-03"""
    scene = stage(an_event(1))
    scene.sign_up("eero")
    scene.deliver()
    if first == "leaves":
        scene.leave("eero")
        scene.check()
        assert scene.counters == (1, 0)
        scene.sign_up("aino")
    else:
        scene.sign_up("aino")
        scene.check()
        assert scene.counters == (0, 1)
        scene.leave("eero")
    assert scene.states("eero", "aino") == ["left", "confirmed"]
    assert scene.counters == (0, 0)


@pytest.mark.parametrize("first", ["leaves", "comes"])
def test_who_waits_has_the_seat_before_a_newcomer_whoever_is_first(stage: MakeStage, first: str):
    """W-04, I-03"""
    scene = stage(an_event(1))
    scene.sign_up("eero", "aino")
    scene.deliver()
    if first == "leaves":
        scene.leave("eero")
        scene.sign_up("pia")
    else:
        scene.sign_up("pia")
        scene.leave("eero")
    assert scene.states("eero", "aino", "pia") == ["left", "confirmed", "waiting"]
    assert scene.counters == (0, 1)
    assert scene.news("aino") == ["waiting", "promotion"]
    assert scene.news("eero") == ["confirmation", "cancellation"]
    scene.check()
    assert scene.mails("eero") == ["REQUEST", "CANCEL"]
    assert scene.mails("aino") == ["", "REQUEST"]


def test_a_party_that_leaves_makes_room_for_several_one_by_one_in_order(stage: MakeStage):
    """W-05, one after another"""
    scene = stage(an_event(4, most_waiting=9))
    scene.party("eero", 3)
    scene.sign_up("a", "b")
    scene.party("pia", 2)
    scene.sign_up("c")
    scene.leave("eero")
    assert scene.states("a", "b", "pia", "c") == ["confirmed", "confirmed", "waiting", "waiting"]
    for name in ("a", "b"):
        assert scene.news(name) == ["waiting", "promotion"]
    scene.check()
    assert scene.counters == (2, 4)  # nobody passes a party that does not fit


@pytest.mark.parametrize("first", ["the seat", "the queue"])
def test_who_leaves_the_queue_and_who_leaves_a_seat_whoever_is_first(stage: MakeStage, first: str):
    """W-07"""
    scene = stage(an_event(1))
    scene.sign_up("eero", "aino", "pia")
    scene.deliver()
    if first == "the seat":
        scene.leave("eero")
        with pytest.raises(Refused, match="stale-state") as refusal:
            scene.leave("aino", in_queue=True)
        assert refusal.value.problems[0].params == {"state": "confirmed", "why": "seated"}
        assert scene.states("aino", "pia") == ["confirmed", "waiting"]
    else:
        scene.leave("aino", in_queue=True)
        scene.leave("eero")
        assert scene.states("aino", "pia") == ["left", "confirmed"]
        assert scene.news("aino") == ["waiting", "departure"]
    assert len(scene.messages(Kind.PROMOTION)) == 1


def test_who_leaves_the_queue_promotes_nobody(stage: MakeStage):
    """W-08"""
    scene = stage(an_event(1))
    scene.sign_up("eero", "aino", "pia")
    scene.leave("aino")
    assert scene.states("eero", "aino", "pia") == ["confirmed", "left", "waiting"]
    assert scene.counters == (0, 1)
    assert scene.news("aino") == ["waiting", "departure"]


@pytest.mark.parametrize("first", ["more seats", "comes"])
def test_more_seats_go_to_who_waits_and_then_to_newcomers(stage: MakeStage, first: str):
    """W-09"""
    scene = stage(an_event(1))
    scene.sign_up("eero", "aino", "pia")
    if first == "more seats":
        scene.resize(4)
        scene.sign_up("sami")
        assert scene.news("sami") == ["confirmation"]
    else:
        scene.sign_up("sami")
        scene.resize(4)
        assert scene.news("sami") == ["waiting", "promotion"]
    assert scene.states("aino", "pia", "sami") == ["confirmed"] * 3
    assert scene.counters == (0, 0)
    promoted = [each for each in scene.log() if each.more.get("news") == "promotion"]
    assert len(promoted) == 2 + (first == "comes")


def test_fewer_seats_remove_nobody_and_are_filled_when_enough_have_left(stage: MakeStage):
    """W-11"""
    scene = stage()
    scene.sign_up(*FIVE, "pia")
    scene.resize(3)
    assert scene.counters == (-2, 1)
    assert scene.event.ways[Way.ROOM].over == 2
    scene.leave("aino", "eero")
    assert scene.states("pia") == ["waiting"]
    assert scene.counters == (0, 1)
    scene.leave("iida")
    assert scene.states("pia") == ["confirmed"]


@pytest.mark.parametrize("first", ["fewer seats", "leaves"])
def test_a_seat_less_and_a_seat_given_up_are_both_counted(stage: MakeStage, first: str):
    """W-12"""
    scene = stage(an_event(2))
    scene.sign_up("eero", "aino", "pia")
    steps = [lambda: scene.resize(1), lambda: scene.leave("eero")]
    for step in steps if first == "fewer seats" else reversed(steps):
        step()
    # Who was promoted before there was a seat less keeps the seat.
    waits = first == "fewer seats"
    assert scene.states("aino", "pia") == ["confirmed", "waiting" if waits else "confirmed"]
    assert scene.counters == ((0, 1) if waits else (-1, 0))


def test_one_seat_and_five_who_come_are_one_seated_and_four_in_order(stage: MakeStage):
    """B41, one after another"""
    scene = stage(an_event(20, most_waiting=9, group_size=19))
    scene.party("pia", 18)
    scene.sign_up(*FIVE)
    assert scene.states(*FIVE) == ["confirmed"] + ["waiting"] * 4
    places = [signups.place(scene.ports, scene.of(name)) for name in FIVE[1:]]
    assert [place.position for place in places if place] == [1, 2, 3, 4]


def test_a_host_who_removes_somebody_promotes_the_next(stage: MakeStage):
    """W-13"""
    scene = stage(an_event(1))
    scene.sign_up("eero", "aino")
    scene.deliver()
    scene.do(signup_changes.remove, "eero", actor=STAFF)
    assert scene.states("eero", "aino") == ["removed", "confirmed"]
    assert scene.news("eero") == ["confirmation", "cancellation"]
    scene.check()
    assert scene.mails("eero") == ["REQUEST", "CANCEL"]


def test_who_leaves_twice_leaves_once(stage: MakeStage):
    """W-15"""
    scene = stage(an_event(1))
    scene.sign_up("eero", "aino", "pia")
    first, second = (scene.do(signup_changes.leave, "eero") for _ in range(2))
    assert first == second == scene.of("eero")
    assert scene.states("eero", "aino", "pia") == ["left", "confirmed", "waiting"]
    assert len(scene.messages(Kind.PROMOTION)) == 1
    assert scene.news("eero") == ["confirmation", "cancellation"]


@pytest.mark.parametrize("dies", [False, True], ids=["whole", "after four of eight"])
def test_an_event_that_is_called_off_tells_everybody_once_whoever_dies(
    stage: MakeStage, dies: bool
):
    """W-16, W-17"""
    scene, people = stage(), (*FIVE, "x", "y", "z")
    scene.sign_up(*people)
    scene.deliver()
    with pytest.raises(Died) if dies else nullcontext():
        worker = at_commit(scene.worker(), 5, die) if dies else scene.worker()
        events.call_off(worker, EVENT, "Sairaus", an_intent(STAFF))
    ended = [each for each in scene.everybody() if not each.live]
    assert len(ended) == (4 if dies else 8)
    assert events.reconcile_all(scene.worker()) == 1
    assert {each.state for each in scene.everybody()} == {SignUpState.CALLED_OFF}
    assert scene.counters == (0, 3)  # they stand still
    assert not scene.messages(Kind.PROMOTION)
    scene.check()
    assert [scene.mails(name) for name in people] == [["REQUEST", "CANCEL"]] * 5 + [["", ""]] * 3
    for late in (lambda: scene.leave("aino"), lambda: scene.sign_up("w"), lambda: scene.resize(9)):
        with pytest.raises(Refused):
            late()
    with pytest.raises(Refused, match="stale-state"):
        scene.sign_up("w", actor=STAFF)


def test_near_the_start_a_seat_is_offered_and_taken_once(stage: MakeStage):
    """W-20"""
    scene = offered(stage)
    assert scene.states("aino", "pia") == ["offered", "waiting"]
    assert scene.of("aino").offer_until == START - timedelta(hours=1)
    assert scene.event.ways[Way.ROOM].held == 1
    scene.check()
    first = scene.do(signup_changes.accept, "aino")
    assert scene.do(signup_changes.accept, "aino") == first
    assert scene.states("aino") == ["confirmed"]
    assert scene.news("aino") == ["waiting", "offer", "confirmation"]


def test_a_declined_offer_is_the_next_one_s(stage: MakeStage):
    """W-20"""
    scene = offered(stage)
    scene.do(signup_changes.decline, "aino")
    scene.do(signup_changes.decline, "aino")
    assert scene.states("aino", "pia") == ["declined", "offered"]
    assert scene.news("aino") == ["waiting", "offer", "departure"]


def test_an_offer_is_over_at_its_last_moment_whoever_tidies(stage: MakeStage):
    """W-19, W-21"""
    scene = offered(stage)
    scene.later(hours=2, microseconds=-1)
    assert queues.expire_lapsed(scene.ports, EVENT) == 0
    scene.later(microseconds=1)
    with pytest.raises(Refused, match="hold-expired"):
        scene.do(signup_changes.accept, "aino")
    assert queues.expire_lapsed(scene.ports, EVENT) == 1
    assert queues.expire_lapsed(scene.worker(), EVENT) == 0
    assert scene.states("aino", "pia") == ["expired", "offered"]
    with pytest.raises(Refused, match="hold-expired"):
        scene.do(signup_changes.accept, "aino")


def test_a_late_sweeper_keeps_no_newcomer_out(stage: MakeStage):
    """W-21: nobody has tidied for forty minutes."""
    scene = stage(an_event(1, **NEAR))
    scene.sign_up("eero", "aino")
    scene.clock.time = START - timedelta(hours=20)
    scene.leave("eero")
    scene.later(hours=2, minutes=40)
    scene.sign_up("pia", actor=STAFF)
    assert scene.states("aino", "pia") == ["expired", "confirmed"]


def test_who_accepts_and_leaves_is_not_offered_the_seat_again(stage: MakeStage):
    """W-23"""
    scene = offered(stage)
    scene.do(signup_changes.accept, "aino")
    scene.deliver()
    scene.leave("aino")
    assert scene.states("aino", "pia") == ["left", "offered"]
    scene.check()
    assert scene.mails("aino") == ["", "REQUEST", "CANCEL"]


def test_after_the_cut_off_a_seat_stays_free_for_staff_to_see(stage: MakeStage):
    """W-24"""
    scene = stage(an_event(1, promote_until=START - timedelta(hours=1)))
    scene.sign_up("eero", "aino")
    scene.clock.time = START - timedelta(hours=1)
    scene.leave("eero")
    assert scene.states("aino") == ["waiting"]
    assert scene.counters == (1, 1)
    assert scene.event.ways[Way.ROOM].to_be_had == 0
    assert queues.settle(scene.ports, EVENT, Way.ROOM) == 0
    with pytest.raises(Refused, match="held-for-waiting-list"):
        scene.sign_up("pia", actor=STAFF)
    assert scene.news("aino") == ["waiting"]


def test_answers_are_carried_over(stage: MakeStage):
    """W-28"""
    scene = stage(an_event(1, questions=(Question("team"),)))
    scene.sign_up("eero")
    scene.sign_up("aino", answers={"team": "A"}, diet="vegaani", accessibility="portaaton")
    before = scene.of("aino")
    scene.leave("eero")
    mine = scene.of("aino")
    assert (mine.state, mine.answers) == ("confirmed", {"team": "A"})
    assert (mine.diet, mine.accessibility) == (before.diet, before.accessibility)


def conflicts(scene: Stage, times: int | None) -> AbstractContextManager[Any]:
    """A store that refuses that many writes in a row, or all of them, since others are at the same items."""
    if scene.lab.client is not None:
        every = always(WRITE, CONFLICT)
        return tapped(scene.lab, every if times is None else at_the(WRITE, *[CONFLICT] * times))
    left = iter(range(times or 1_000_000))

    def race() -> None:
        if next(left, None) is not None:
            raise VersionRaced

    scene.ports = at_commits(scene.ports, race)
    return nullcontext()


@pytest.mark.parametrize("times", [5, None], ids=["five times", "for ever"])
def test_conflicts_in_a_row_are_tried_again_and_given_up_in_the_end(
    stage: MakeStage, times: int | None
):
    """W-29: with a wait before each try; who gives up has written nothing, and says to try again."""
    scene = stage()
    waited, ports = scene.clock.waited, scene.ports
    with conflicts(scene, times):
        if times is None:
            with pytest.raises(Unavailable):
                scene.sign_up("aino")
        else:
            scene.sign_up("aino")
    scene.ports = ports
    assert scene.clock.waited > waited
    assert len(scene.everybody()) == len(scene.messages()) == (0 if times is None else 1)


def test_near_the_start_a_promotion_is_sent_in_time_or_not_at_all(stage: MakeStage):
    """W-25"""
    scene = stage(an_event(1))
    scene.sign_up("eero", "aino", "pia")
    scene.deliver()
    scene.clock.time = START - timedelta(minutes=20)
    scene.leave("eero")
    scene.deliver()
    assert scene.mails("aino") == ["", "REQUEST"]
    scene.leave("aino")
    scene.later(minutes=10)
    scene.deliver()
    ends = {(each.state, each.expires_at) for each in scene.messages(Kind.PROMOTION)}
    in_time = START - timedelta(minutes=10)
    assert ends == {(State.SENT, in_time), (State.MISSED, in_time)}
    assert scene.mails("pia") == [""]


def test_a_newcomer_gives_on_what_a_crash_left_free(stage: MakeStage):
    """W-09: whoever raised the limit died before giving the seat on."""
    scene = stage(an_event(1))
    scene.sign_up("eero", "aino")
    scene.resize_without_settling(2)
    scene.sign_up("pia")
    assert scene.states("aino", "pia") == ["confirmed", "waiting"]


def test_a_party_at_the_head_that_grew_smaller_meanwhile_is_looked_at_again(stage: MakeStage):
    """P-08, I4: a guest is forgotten between the look at the head and the write of who leaves."""
    scene = stage(an_event(3, most_waiting=9))
    scene.sign_up("eero", "otto")
    scene.sign_up("aino", guests=(Guest("Iida", "iida@gov.fi"), Guest("Ulla")))
    forget = an_intent(ADMIN, method="DELETE", path="/v1/staff/persons")
    erasure.begin(scene.ports, id_of("iida"), forget)

    def shrinks() -> None:
        traces.signups(scene.worker(), id_of("iida"), lambda: False)

    scene.ports, ports = at_commit(scene.ports, 0, shrinks), scene.ports
    scene.leave("eero")
    scene.ports = ports
    assert scene.states("aino") == ["confirmed"]
    assert scene.counters == (0, 0)
