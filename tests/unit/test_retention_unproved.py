"""Who was signed up and never showed that the address was theirs is not kept: a week later it is nobody's."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain import retention as rules
from chalicelib.domain.people import ERASED
from chalicelib.domain.retention import Moment, Table
from chalicelib.domain.signups import Member, State, accepted, expired, judged, proved
from chalicelib.services import events, kept_events, retention, signup_changes, traces
from chalicelib.services.signups import Guest
from tests.builders import ANYBODY, HELSINKI, at
from tests.event_builders import CLOSES, NOW, START, a_signup, an_event
from tests.event_scene import Scene, id_of

WEEK, SECOND = timedelta(days=7), timedelta(seconds=1)
HALF_AN_HOUR = timedelta(minutes=30)
NIGHT = at("2027-01-21 02:30")  # the first that is a week after it ran out
HELD: dict[str, Any] = {"state": State.HELD, "confirm_by": NOW, "network": "a digest"}


def moment(when: datetime) -> Moment:
    return Moment(when, HELSINKI)


def runs(scene: Scene, when: datetime = NIGHT) -> retention.Retained:
    scene.clock.time = when
    return retention.run(scene.ports)


def a_stranger(**changes: Any) -> Scene:
    """Aino and a guest are signed up by nobody in particular, and Eero by somebody who vouches."""
    scene = Scene(an_event(9, **changes), prove_address=True)
    scene.sign_up("aino", actor=ANYBODY, guests=[Guest("Salainen")], diet="Kala")
    scene.sign_up("eero")
    retention.run(scene.ports)
    return scene


def check_gone(scene: Scene) -> None:
    stored = repr((scene.store.signups, scene.store.parties, scene.store.queues))
    for word in ("Aino", "aino", "Salainen", "Kala", id_of("aino")):
        assert word not in stored, word
    assert sorted(each.state for each in scene.store.signups.values()) == ["confirmed", "expired"]
    assert {each.size for each in scene.store.signups.values()} == {1, 2}
    scene.check()


def test_one_that_ran_out_says_that_it_was_never_proved_and_nothing_of_from_where() -> None:
    over = expired(a_signup(**HELD))
    assert over.never_proved
    assert (over.confirm_by, over.network, over.live, over.lapses_at) == (NOW, "", False, None)
    offered = a_signup(state=State.OFFERED, offer_until=NOW)
    assert not expired(offered).never_proved
    assert not proved(a_signup(**HELD), NOW - SECOND).never_proved
    assert not accepted(offered, NOW - SECOND).never_proved
    waiting = a_signup(state=State.WAITING, number=1, confirm_by=NOW)
    assert expired(waiting).never_proved


@pytest.mark.parametrize("tidied", [True, False])
def test_it_goes_a_week_after_it_ran_out_and_not_before(tidied: bool) -> None:
    held = a_signup(**HELD)
    stored = judged(held, NOW) if tidied else held
    assert rules.signup_due(stored, moment(NOW + WEEK)) is rules.HOLDS
    assert rules.signup_due(stored, moment(NOW + WEEK - SECOND)) is None
    nobody_s = replace(stored, person_id=f"{ERASED}_1")
    assert rules.signup_due(nobody_s, moment(NOW + WEEK)) is None


@pytest.mark.parametrize("state", [State.CONFIRMED, State.LEFT, State.WAITING, State.REMOVED])
def test_what_was_proved_or_given_up_is_no_such_hold(state: State) -> None:
    assert rules.signup_due(a_signup(state=state), moment(NOW + timedelta(days=99))) is None


@pytest.mark.parametrize("tidied", [True, False])
def test_nobody_s_address_is_kept_on_the_word_of_somebody_else(tidied: bool) -> None:
    """Long before its event, whether or not the clock has come by; its seats are free."""
    later = timedelta(days=90)
    scene = a_stranger(
        starts_at=START + later, ends_at=START + later + HALF_AN_HOUR, closes_at=CLOSES + later
    )
    if tidied:
        scene.later(hours=1)
        events.reconcile(scene.ports, "e_one")
    runs(scene, NIGHT - timedelta(days=1))
    assert "Aino" in repr(scene.store.signups)
    assert runs(scene).overdue == 0
    check_gone(scene)
    assert scene.counters == (8, 0)
    assert scene.store.night is not None
    assert scene.store.night.counts["holds"] == 1


def test_who_proves_it_or_is_let_in_is_kept_as_others_are() -> None:
    scene = a_stranger()
    scene.do(signup_changes.prove, "aino")
    runs(scene)
    assert scene.of("aino").state is State.CONFIRMED
    assert scene.of("aino").members == (Member("Salainen", diet=""),)


def test_somebody_who_signs_up_again_is_somebody_else_s_affair() -> None:
    scene = a_stranger()
    scene.later(days=5)
    scene.sign_up("aino")
    runs(scene)
    assert scene.of("aino").state is State.CONFIRMED
    assert scene.of("aino").confirm_by is None


def test_nobody_is_told_of_it() -> None:
    scene = a_stranger()
    messages = set(scene.store.messages)
    runs(scene)
    assert set(scene.store.messages) <= messages
    (entry,) = [each for each in scene.store.audit if each["action"] == "forget"]
    assert (entry["actor"], entry["news"]) == ("clock", "")
    assert entry["person_id"].startswith(ERASED)


def test_a_second_run_writes_nothing() -> None:
    """P-03"""
    scene = a_stranger()
    runs(scene)
    stored = repr((scene.store.signups, scene.store.events))
    assert runs(scene, NIGHT + timedelta(days=1)).overdue == 0
    assert repr((scene.store.signups, scene.store.events)) == stored


def test_those_of_which_nobody_can_be_left_are_not_read() -> None:
    event, waits = an_event(), HALF_AN_HOUR + WEEK + rules.UNPROVED_SINCE
    assert rules.may_be_unproved(event, moment(CLOSES + waits - SECOND))
    assert not rules.may_be_unproved(event, moment(CLOSES + waits))
    scene = a_stranger()
    scene.store.calls.clear()
    late = moment(CLOSES + waits)
    assert kept_events.unproved_due(scene.ports, scene.event, late) is None
    assert scene.store.calls == []


def test_a_night_reads_the_sign_ups_of_an_event_once_and_where_something_goes_till_nothing_is_left() -> (
    None
):
    """Nothing can be due later that night that was not when it was looked at; but what went is looked for."""
    scene = a_stranger()
    runs(scene, NIGHT - timedelta(days=1))
    assert scene.store.calls.count("events.signups") == 1
    scene.store.calls.clear()
    assert runs(scene).overdue == 0
    assert scene.store.calls.count("events.signups") == 3  # is there any, which, and is there still
    check_gone(scene)


def test_where_time_is_up_it_goes_on_and_who_writes_meanwhile_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """P-03"""
    scene = a_stranger()
    scene.sign_up("pia", actor=ANYBODY)
    scene.clock.time = NIGHT
    stops = iter([False, True])
    walk = retention.WALKS[Table.UNPROVED]
    event, now, rule = scene.event, moment(NIGHT), rules.HOLDS
    assert not walk.act(scene.ports, event, rule, now, lambda: next(stops))
    left = [each for each in scene.store.signups.values() if each.person.name]
    assert len(left) == 2
    assert walk.due(scene.ports, event, now) is rule
    whole = traces.signup
    monkeypatch.setattr(traces, "signup", lambda *_given, **_how: False)
    assert not walk.act(scene.ports, event, rule, now, lambda: False)
    monkeypatch.setattr(traces, "signup", whole)
    assert walk.act(scene.ports, event, rule, now, lambda: False)
    assert walk.due(scene.ports, event, now) is None


def test_events_of_the_years_to_come_are_looked_at_and_those_of_long_ago_are_not() -> None:
    scene = a_stranger()
    for name, days in (("e_far", 700), ("e_old", -120)):
        ago = timedelta(days=days)
        starts_at, ends_at = START + ago, START + ago + HALF_AN_HOUR
        event = an_event(event_id=name, starts_at=starts_at, ends_at=ends_at)
        scene.store.events[name] = event
    page = retention.WALKS[Table.UNPROVED].page(scene.ports, moment(NIGHT), 9, None)
    assert [each.event_id for each in page.items] == ["e_one", "e_far"]
