"""A year after an event nobody is named any more who signed up for it: what goes, what stays, and whoever dies."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib.domain import retention as rules
from chalicelib.domain.attendance import arrivals
from chalicelib.domain.errors import Refused
from chalicelib.domain.event_copies import copied
from chalicelib.domain.events import Event, cancelled, check_running, closed, unnamed
from chalicelib.domain.people import ERASED
from chalicelib.domain.profiles import newcomer
from chalicelib.domain.questions import Choice, Question
from chalicelib.domain.questions import Kind as QuestionKind
from chalicelib.domain.retention import STAGES, Moment, Table
from chalicelib.domain.signups import SignUp
from chalicelib.services import (
    attendance,
    events,
    nameless,
    own_signups,
    retention,
    signup_changes,
    traces,
    walk_ins,
)
from chalicelib.services.signups import Guest
from tests.builders import HELSINKI, STAFF, an_intent, at
from tests.deaths import dies_at_call
from tests.event_builders import END, NOW, START, an_event, somebody
from tests.event_scene import EVENT, Scene, edits, id_of

YEAR, SECOND = timedelta(days=366), timedelta(seconds=1)
WEEK_AFTER = at("2027-01-28 02:30")
NIGHT = at("2028-01-22 02:30")  # the first that is 366 days after the event
LUNCH = Question(
    "lunch", QuestionKind.CHOICE, choices=(Choice("soup", {"fi": "Keitto"}), Choice("fish", {}))
)
NAMES = ("aino", "bertta", "carl", "eero", "pia", "sami", "liisa", "Salainen", "outi")
PEOPLE = ("aino", "bertta", "eero", "pia", "sami", "liisa")


def a_year_ago(**changes: Any) -> Scene:
    """Aino came with Bertta and Carl, Eero came, Pia left, Sami did not come, Liisa waited in vain, and
    Outi came without having signed up.
    """
    scene = Scene(an_event(5, questions=(LUNCH,), **changes))
    guests = [Guest("Bertta", somebody("bertta").email), Guest("Carl")]
    scene.sign_up("aino", guests=guests, answers={"lunch": "soup"})
    scene.sign_up("pia", answers={"lunch": "fish"})
    scene.sign_up("eero", answers={"lunch": "soup"})
    scene.leave("pia")
    scene.sign_up("sami", answers={"lunch": "fish"})
    scene.sign_up("liisa", answers={"lunch": "fish"})
    scene.clock.time = START
    for name in ("aino", "eero"):
        signup_id = scene.of(name).signup_id
        attendance.check_in(scene.ports, signup_id, [0], an_intent(STAFF, path=name))
    scene.leave("sami", actor=STAFF)
    walk_in = walk_ins.WalkIn(EVENT, replace(somebody("outi"), email=""))
    walk_ins.walk_in(scene.ports, walk_in, an_intent(STAFF))
    retention.run(scene.ports)
    scene.clock.time = WEEK_AFTER
    retention.run(scene.ports)
    return scene


def runs(scene: Scene, when: Any = NIGHT) -> retention.Retained:
    scene.clock.time = when
    return retention.run(scene.ports)


def counted(scene: Scene) -> Any:
    return attendance.figures(scene.ports, EVENT)[1]


def shape(scene: Scene) -> list[Any]:
    """All of the parties but who they are."""
    return sorted(
        (each.state, each.way, each.size, each.created_at, arrivals(each) != (None,) * each.size)
        for each in scene.store.signups.values()
    )


def check_nameless(scene: Scene) -> None:
    said = repr(
        (scene.store.signups, scene.store.parties, scene.store.queues, scene.store.told)
    ).casefold()
    for name in NAMES:
        assert name.casefold() not in said, name
    for name in PEOPLE:
        assert id_of(name) not in said, name
        assert scene.ports.events.parts_of(id_of(name), 9, None).items == []
    assert {key[1].startswith(ERASED) for key in scene.store.signups} == {True}
    assert scene.event.nameless
    scene.check()


def moment(when: Any) -> Moment:
    return Moment(when, HELSINKI)


def test_names_go_a_year_after_the_end_and_not_before() -> None:
    event = an_event()
    assert rules.names_due(event, moment(END + YEAR)) is rules.SIGNUPS
    assert rules.names_due(event, moment(END + YEAR - SECOND)) is None
    assert rules.names_due(cancelled(event, ""), moment(END + YEAR)) is rules.SIGNUPS
    going = closed(event, {}, END + YEAR)
    assert rules.names_due(going, moment(END + YEAR)) is rules.SIGNUPS
    assert rules.names_due(unnamed(going), moment(END + YEAR)) is None


def test_nobody_is_named_and_how_many_signed_up_and_came_is_kept() -> None:
    scene = a_year_ago()
    before, figures, parties = dict(scene.store.signups), counted(scene), shape(scene)
    ways = scene.event.ways
    runs(scene, NIGHT - timedelta(days=1))
    assert scene.store.signups == before
    assert runs(scene).overdue == 0
    check_nameless(scene)
    assert counted(scene) == figures
    assert figures.ways
    assert figures.answers == {"lunch": {"soup": 2, "fish": 0}}
    assert (shape(scene), scene.event.ways) == (parties, ways)
    assert scene.store.night is not None
    assert scene.store.night.counts["signups"] == 1


def test_nobody_is_told_of_it_and_it_is_noted_without_a_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scene = a_year_ago()
    messages, mark = set(scene.store.messages), len(scene.store.audit)
    with caplog.at_level("INFO"):
        runs(scene)
    assert set(scene.store.messages) <= messages
    noted = scene.store.audit[mark:]
    assert {each["action"] for each in noted} == {"forget", "forget-names"}
    assert {each["actor"] for each in noted} == {"clock"}
    assert {each["subject"] for each in noted} == {f"event#{EVENT}"}
    said = (repr(noted) + "".join(str(each.__dict__) for each in caplog.records)).casefold()
    assert not [name for name in (*NAMES, *map(id_of, PEOPLE)) if name.casefold() in said]


def test_a_second_run_does_nothing_and_a_second_night_reads_no_sign_up() -> None:
    """P-03: the same result, and no second pass over what is done."""
    scene = a_year_ago()
    runs(scene)
    stored = repr((scene.store.signups, scene.store.events))
    runs(scene, NIGHT + timedelta(minutes=5))
    scene.store.calls.clear()
    runs(scene, NIGHT + timedelta(days=1))
    assert "events.by_month" in scene.store.calls
    assert not {"events.look", "events.signups"} & set(scene.store.calls)
    assert repr((scene.store.signups, scene.store.events)) == stored


@pytest.mark.parametrize("kind", ["before", "after"])
def test_who_dies_at_any_call_is_followed_by_the_same_result(kind: str) -> None:
    """P-03: killed at every storage call; each party is written once."""
    for death in range(1, 400):
        scene = a_year_ago()
        figures, parties = counted(scene), shape(scene)
        versions = sorted(each.version + 1 for each in scene.store.signups.values())
        died = dies_at_call(scene.store, kind, death, partial(runs, scene))
        scene.check()
        assert counted(scene) == figures, death
        scene.clock.time = NIGHT + timedelta(minutes=5)
        assert retention.run(scene.worker()).overdue == 0, death
        check_nameless(scene)
        assert (counted(scene), shape(scene)) == (figures, parties), death
        assert sorted(each.version for each in scene.store.signups.values()) == versions, death
        if not died:
            assert death > 25
            return
    pytest.fail("it never comes to its end")


def test_two_workers_at_once_do_it_once() -> None:
    """P-03"""
    scene = a_year_ago()
    versions = sorted(each.version + 1 for each in scene.store.signups.values())
    other: list[int] = []

    def second(name: str) -> None:
        if name == "events.signups" and not other:
            other.append(1)
            retention.run(scene.worker())

    scene.store.after = second
    assert runs(scene).overdue == 0
    check_nameless(scene)
    assert sorted(each.version for each in scene.store.signups.values()) == versions


def test_where_time_is_up_it_goes_on_in_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """P-03: a large event takes several; none of it is overdue for that."""
    monkeypatch.setattr(retention, "NIGHT_SECONDS", 10.0)
    scene = a_year_ago()
    runs(scene, NIGHT - timedelta(days=1))  # so that nothing else is left to be done
    left = []

    def slowly(name: str) -> None:
        scene.clock.waited += 3.0 * (name == "commit")

    scene.store.after = slowly
    for minutes in range(0, 150, 5):
        runs(scene, NIGHT + timedelta(minutes=minutes))
        named = [each for each in scene.store.signups.values() if each.person.name]
        left.append(len(named))
        assert scene.store.night
        assert scene.store.night.overdue == 0
        if scene.store.night.over:
            break
    assert left == sorted(left, reverse=True)
    assert len({each for each in left if each}) > 1, left
    check_nameless(scene)


def test_a_party_that_somebody_writes_meanwhile_is_gone_on_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = a_year_ago()
    monkeypatch.setattr(traces, "TRIES", 1)
    races = iter([True])

    def race(name: str) -> None:
        if name == "events.look" and scene.event.closed_at and next(races, False):
            key = (EVENT, id_of("eero"))
            one = scene.store.signups[key]
            scene.store.signups[key] = replace(one, version=one.version + 1)

    scene.store.after = race
    runs(scene)
    scene.store.after = lambda _name: None
    assert runs(scene, NIGHT + timedelta(days=1)).overdue == 0
    check_nameless(scene)


def signs_up(scene: Scene) -> SignUp | None:
    return scene.sign_up("late", actor=STAFF, answers={"lunch": "soup"})


def walks_in(scene: Scene) -> SignUp | None:
    wish = walk_ins.WalkIn(EVENT, somebody("late"), override=("event-full",))
    return walk_ins.walk_in(scene.ports, wish, an_intent(STAFF)).value


def hands_over(scene: Scene) -> SignUp | None:
    return scene.do(signup_changes.hand_over, "aino", actor=STAFF, colleague=somebody("late"))


def is_edited(scene: Scene) -> SignUp | None:
    return scene.do(signup_changes.edit, "eero", actor=STAFF, fields={"answers": {"lunch": "fish"}})


def is_moved(scene: Scene) -> Event | None:
    later = timedelta(days=800)
    return edits(scene.ports, {"starts_at": START + later, "ends_at": END + later})


@pytest.mark.parametrize("what", [signs_up, walks_in, hands_over, is_edited, is_moved])
def test_while_names_go_and_afterwards_nobody_is_named_anew(what: Callable[[Scene], Any]) -> None:
    scene = a_year_ago()
    scene.clock.time = NIGHT
    scene.store.events[EVENT] = replace(closed(scene.event, {}, NIGHT))
    before = dict(scene.store.signups)
    with pytest.raises(Refused) as refused:
        what(scene)
    assert refused.value.code == "stale-state"
    assert scene.store.signups == before


def test_who_decided_before_it_was_closed_and_writes_afterwards_loses() -> None:
    """Its version grows, and every write of a sign-up needs the one that it read."""
    scene = a_year_ago()
    done: list[int] = []

    def close(name: str) -> None:
        if name == "events.look" and not done:
            done.append(1)
            scene.store.events[EVENT] = closed(scene.event, {}, NIGHT)

    scene.store.after = close
    with pytest.raises(Refused):
        walks_in(scene)
    assert "Late" not in repr(scene.store.signups)


def test_a_closed_event_can_still_be_copied() -> None:
    event = unnamed(closed(an_event(), {"lunch": {"soup": 1}}, NIGHT))
    with pytest.raises(Refused):
        check_running(event)
    copy = copied(event, "e_two", NIGHT + YEAR, HELSINKI)
    assert (copy.closed_at, copy.nameless, copy.answered) == (None, False, {})
    check_running(copy)


def test_of_an_event_that_was_called_off_names_go_too() -> None:
    scene = a_year_ago()
    scene.store.events[EVENT] = cancelled(scene.event, "")
    runs(scene)
    check_nameless(scene)


def test_an_index_that_is_late_makes_nothing_overdue() -> None:
    scene = a_year_ago()
    stale = scene.event
    runs(scene)
    assert rules.names_due(stale, moment(NIGHT))
    assert retention.WALKS[Table.SIGNUPS].due(scene.ports, stale, moment(NIGHT)) is None


def test_a_step_that_does_nothing_is_overdue(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = a_year_ago()
    walk = replace(retention.WALKS[Table.SIGNUPS], act=lambda *_: False)
    monkeypatch.setattr(retention, "WALKS", {**retention.WALKS, Table.SIGNUPS: walk})
    assert runs(scene).overdue == 1
    assert (Table.SIGNUPS, True) in STAGES


def test_it_is_done_in_its_time_and_once() -> None:
    """P-03"""
    scene = a_year_ago()
    scene.clock.time = NIGHT
    never = lambda: False  # noqa: E731 -- nobody stops it
    assert not nameless.forget(scene.ports, EVENT, moment(END + YEAR - SECOND), never)
    assert scene.event.closed_at is None
    assert nameless.forget(scene.ports, EVENT, moment(NIGHT), never)
    done = scene.event
    assert not nameless.forget(scene.ports, EVENT, moment(NIGHT), never)
    assert not nameless.forget(scene.ports, "e_nothing", moment(NIGHT), never)
    assert scene.event == done


def test_events_of_the_last_year_are_not_even_looked_at() -> None:
    scene = a_year_ago()
    events.create(
        scene.ports,
        an_event(event_id="e_new", starts_at=NIGHT - timedelta(days=9), ends_at=NIGHT),
        an_intent(STAFF, path="new"),
    )
    page = retention.WALKS[Table.SIGNUPS].page(scene.ports, moment(NIGHT), 9, None)
    assert [each.event_id for each in page.items] == [EVENT]


# Who has an account is not forgotten earlier because of it.


def knows(scene: Scene, name: str, days: int) -> str:
    """Somebody who logged in for the last time so many days before the event."""
    person_id = id_of(name)
    profile = newcomer(person_id, somebody(name), NOW - timedelta(days=days))
    scene.store.profiles[person_id] = replace(profile, version=1)
    return person_id


@pytest.mark.parametrize("name", ["aino", "bertta", "liisa"])
def test_that_somebody_was_at_it_stays_the_last_that_was_heard_of_them(name: str) -> None:
    """Who leads a party, comes along or waits; for two years, as of a booking."""
    scene = a_year_ago()
    person_id = knows(scene, name, 300)
    runs(scene)
    check_nameless(scene)
    assert scene.store.came == {person_id: END}
    runs(scene, END + timedelta(days=730, hours=16))
    assert person_id not in scene.store.erasures
    runs(scene, END + timedelta(days=731, hours=16))
    assert person_id in scene.store.erasures
    scene.later(minutes=10)
    retention.run(scene.ports)
    assert scene.store.came == {}
    assert person_id not in scene.store.profiles


def test_of_who_has_no_account_or_was_heard_of_since_nothing_more_is_kept() -> None:
    scene = a_year_ago()
    profile = newcomer(id_of("aino"), somebody("aino"), END)
    scene.store.profiles[id_of("aino")] = replace(profile, version=1)
    runs(scene)
    assert scene.store.came == {}


def test_one_s_own_list_is_empty_then() -> None:
    scene = a_year_ago()
    assert len(own_signups.all_of(scene.ports, id_of("aino"))) == 1
    runs(scene)
    assert own_signups.all_of(scene.ports, id_of("aino")) == []
