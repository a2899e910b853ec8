"""The scenarios of what everybody of an event is told by one item, over each store; at the end of each I1-I6 hold.

In the scenarios it is five pages of a hundred people; here five of four.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from chalicelib.domain.events import State as EventState
from chalicelib.domain.messages import EVERYBODY, Kind, Message, State
from chalicelib.services import event_copies, events, expanding, sender, signup_changes
from tests.builders import STAFF, an_intent
from tests.contract.event_stage import SUBJECT, Stage, at_commit, die
from tests.deaths import Died
from tests.event_builders import END, START, a_signup, an_event, somebody
from tests.event_scene import EVENT, does, edits, id_of, signs_up

MakeStage = Callable[..., Stage]
PAGE, PAGES = 4, 5
NAMES = [f"n{number:02d}" for number in range(PAGE * PAGES)]
PEOPLE = sorted(id_of(name) for name in NAMES)
A_DAY_BEFORE = START - timedelta(days=1)
AN_HOUR, TWO_DAYS = timedelta(hours=1), timedelta(days=2)
REMINDER = Kind.EVENT_REMINDER


def published(stage: MakeStage, limit: int = 5) -> Stage:
    """An event that staff have just published."""
    scene = stage(an_event(limit, state=EventState.DRAFT, announced=False))
    events.publish(scene.ports, EVENT, an_intent(STAFF))
    return scene


@pytest.fixture
def hall(stage: MakeStage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Twenty people, and a reminder that is due."""
    monkeypatch.setattr(expanding, "PAGE", PAGE)
    scene = published(stage, limit=100)
    there = [a_signup(id_of(name), person=somebody(name)) for name in NAMES]
    tx = scene.ports.begin()
    scene.ports.events.write(tx, scene.event, [(None, each) for each in there])
    tx.commit()
    scene.clock.time = A_DAY_BEFORE
    return scene


def plan_of(scene: Stage, subject: str = SUBJECT) -> Message:
    """The item that is the reminder of a day before, of the newest revision."""
    page = scene.ports.outbox.by_subject(subject, 100, None)
    plans = [each for each in page.items if each.person_id == EVERYBODY and each.rule == "P1D"]
    return max(plans, key=lambda each: each.revision)


def reminded(scene: Stage, rule: str = "P1D") -> Counter[str]:
    """How often each person was reminded by a rule."""
    sent = [each for each in scene.messages(REMINDER) if each.state is State.SENT]
    return Counter(each.person_id for each in sent if each.rule == rule)


@pytest.mark.parametrize("page", [1, 3, PAGES])
def test_a_death_at_any_page_loses_nobody_and_tells_nobody_twice(hall: Stage, page: int):
    """X-29: a worker's first commit claims the item, and each of the next writes a page."""
    plan = plan_of(hall)
    with pytest.raises(Died):
        sender.work(at_commit(hall.worker(), page, die), plan.message_id)
    assert len(hall.messages(REMINDER)) == PAGE * (page - 1)
    assert sender.work(hall.worker(), plan.message_id) == "another worker's"
    hall.later(minutes=4)
    assert sender.work(hall.worker(), plan.message_id) == "expanded"
    assert sorted(each.person_id for each in hall.messages(REMINDER)) == PEOPLE


def test_everybody_gets_one_mail_though_whoever_expanded_it_died(hall: Stage):
    """X-29, R-01"""
    with pytest.raises(Died):
        sender.work(at_commit(hall.worker(), 3, die), plan_of(hall).message_id)
    hall.later(minutes=4)
    hall.deliver()
    assert reminded(hall) == dict.fromkeys(PEOPLE, 1)
    assert Counter(each.to for each in hall.outside.mails) == {
        somebody(name).email: 1 for name in NAMES
    }


@pytest.mark.parametrize("page", [1, 3])
def test_an_event_that_moves_while_its_reminder_expands_is_reminded_of_at_its_new_time(
    hall: Stage, page: int
):
    """X-30: what was written for the old time is dropped when it is due, and nobody gets it."""
    other = hall.worker()
    moved = {"starts_at": START + TWO_DAYS, "ends_at": END + TWO_DAYS}
    worker = at_commit(hall.worker(), page, lambda: edits(other, moved))
    assert sender.work(worker, plan_of(hall).message_id) == "dropped"
    hall.deliver()
    old = hall.messages(REMINDER)
    assert len(old) == PAGE * page
    assert {(each.state, each.reason) for each in old} == {(State.DROPPED, "moved")}
    hall.clock.time = A_DAY_BEFORE + TWO_DAYS
    hall.deliver()
    assert reminded(hall) == dict.fromkeys(PEOPLE, 1)


def test_who_comes_or_goes_between_two_pages_is_reminded_once_at_most(hall: Stage):
    """X-31"""
    first, last = (next(each for each in NAMES if id_of(each) == PEOPLE[at]) for at in (0, -1))
    other = hall.worker()

    def change() -> None:
        for name in (first, last):
            does(other, signup_changes.leave, name, actor=STAFF)
        signs_up(other, "aino", actor=STAFF)

    assert sender.work(at_commit(hall.worker(), 2, change), plan_of(hall).message_id) == "expanded"
    hall.deliver()
    told = reminded(hall)
    assert set(told) - {id_of("aino")} == set(PEOPLE) - {id_of(first), id_of(last)}
    assert set(told.values()) == {1}


def test_what_is_called_off_reminds_nobody_and_what_takes_its_place_does_once(stage: MakeStage):
    """R-13: an event that was called off stays so, and is restored as a copy, with reminders of its own."""
    scene = published(stage)
    scene.sign_up("aino", "eero")
    scene.deliver()
    events.call_off(scene.ports, EVENT, "", an_intent(STAFF))
    made = event_copies.copy(scene.ports, EVENT, START, an_intent(STAFF)).value
    assert made
    events.publish(scene.ports, made.event_id, an_intent(STAFF, path="/v1/staff/events/copy"))
    signs_up(scene.ports, "aino", event_id=made.event_id)
    scene.deliver()
    for moment in (A_DAY_BEFORE, START - timedelta(hours=1)):
        scene.clock.time = moment
        scene.deliver()
        scene.deliver()
    assert not reminded(scene)
    assert not reminded(scene, "PT1H")
    found = scene.ports.outbox.by_subject(f"event#{made.event_id}", 100, None).items
    sent = [(each.person_id, each.rule) for each in found if each.kind is REMINDER]
    everybody, aino = EVERYBODY, id_of("aino")
    assert sorted(sent) == sorted(
        [(everybody, "P1D"), (everybody, "PT1H"), (aino, "P1D"), (aino, "PT1H")]
    )
    assert {each.state for each in found if each.person_id == aino} == {State.SENT}


def run(scene: Stage, *moments: datetime) -> None:
    """The clock goes on, and everything that is due by then is sent."""
    for moment in moments:
        scene.clock.time = moment
        scene.deliver()


def counted(scene: Stage, *names: str, rule: str = "P1D") -> list[int]:
    """How often each of these was reminded."""
    told = reminded(scene, rule)
    return [told[id_of(name)] for name in names]


def test_who_is_promoted_late_gets_the_reminders_that_are_still_to_come(stage: MakeStage):
    """R-01, R-02, R-03"""
    scene = published(stage, limit=1)
    scene.sign_up("eero", "aino")
    run(scene, A_DAY_BEFORE, A_DAY_BEFORE + AN_HOUR)
    scene.leave("eero")
    run(scene, START - AN_HOUR)
    assert counted(scene, "eero", "aino") == [1, 0]
    assert counted(scene, "eero", "aino", rule="PT1H") == [0, 1]


@pytest.mark.parametrize("what", ["left", "called off"])
def test_what_changes_between_the_expansion_and_the_mail_is_seen(stage: MakeStage, what: str):
    """R-05, X-27"""
    scene = published(stage)
    scene.sign_up("aino", "eero")
    scene.deliver()
    scene.clock.time = A_DAY_BEFORE
    assert sender.work(scene.worker(), plan_of(scene).message_id) == "expanded"
    if what == "left":
        scene.leave("aino")
    else:
        events.call_off(scene.ports, EVENT, "", an_intent(STAFF))
    scene.deliver()
    assert counted(scene, "aino", "eero") == [0, 1 if what == "left" else 0]
    ended = [each for each in scene.messages(REMINDER) if each.person_id == id_of("aino")]
    assert [each.state for each in ended] == [State.DROPPED]


@pytest.mark.parametrize("reminded_before", [False, True])
def test_a_move_is_told_and_reminded_of_at_its_new_time(stage: MakeStage, reminded_before: bool):
    """R-06, R-07"""
    scene = published(stage)
    scene.sign_up("aino")
    run(scene, A_DAY_BEFORE + AN_HOUR if reminded_before else A_DAY_BEFORE - AN_HOUR)
    edits(scene.ports, {"starts_at": START + TWO_DAYS, "ends_at": END + TWO_DAYS})
    run(scene, scene.clock.now() + timedelta(minutes=6), START, A_DAY_BEFORE + TWO_DAYS)
    assert counted(scene, "aino") == [2 if reminded_before else 1]
    changes = scene.messages(Kind.EVENT_CHANGE)
    assert [each.state for each in changes] == [State.SENT]


def test_three_moves_within_minutes_are_one_notice(stage: MakeStage):
    """R-09, R-10"""
    scene = published(stage)
    scene.sign_up("aino")
    scene.deliver()
    for days in (1, 2, 3):
        time = timedelta(days=days)
        edits(scene.ports, {"starts_at": START + time, "ends_at": END + time})
        run(scene, scene.clock.now() + timedelta(minutes=1))
    run(scene, scene.clock.now() + timedelta(minutes=6))
    assert scene.mails("aino") == ["REQUEST", "REQUEST"]
    edits(scene.ports, {"starts_at": START, "ends_at": END})
    edits(scene.ports, {"starts_at": START + time, "ends_at": END + time})
    run(scene, scene.clock.now() + timedelta(minutes=6))
    assert scene.mails("aino") == ["REQUEST", "REQUEST"]  # it is where it was


def test_the_same_tick_and_the_same_message_twice_are_one_mail(stage: MakeStage):
    """X-13, X-14, X-21"""
    scene = published(stage)
    scene.sign_up("aino")
    for _ in range(2):
        sender.poll(scene.worker())
        for message_id in [*scene.outside.queue, *scene.outside.queue]:
            sender.work(scene.worker(), message_id)
        scene.later(seconds=200)
    assert scene.mails("aino") == ["REQUEST"]


def test_a_late_mark_counts_as_long_as_nobody_has_taken_over(stage: MakeStage):
    """X-17: its lease is over before its third commit, and another finds the mail in doubt; who sent it knows."""
    scene = published(stage)
    scene.sign_up("aino")
    (one,) = scene.messages()

    def doubt() -> None:
        scene.later(seconds=181)
        assert sender.work(scene.worker(), one.message_id) == "unknown"

    assert sender.work(at_commit(scene.worker(), 2, doubt), one.message_id) == "sent"
    scene.later(minutes=20)
    scene.deliver()
    (after,) = scene.messages()
    assert (after.state, after.attempt) == (State.SENT, 1)
    assert scene.mails("aino") == ["REQUEST"]
