"""How long what people said of diet and accessibility is kept, what is left of it, and who is not forgotten early."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest

from chalicelib.domain import retention as rules
from chalicelib.domain.event_copies import copied
from chalicelib.domain.events import Way, cancelled, cleared, revised, tallied
from chalicelib.domain.profiles import newcomer
from chalicelib.domain.retention import STAGES, Moment, Table
from chalicelib.domain.signups import Member, SignUp, has_needs
from chalicelib.domain.tallies import LONGEST, MOST, OTHERS, anybodys
from chalicelib.services import (
    attendance,
    events,
    remains,
    retention,
    signup_changes,
    tallies,
    walk_ins,
)
from chalicelib.services.retention import PAGE
from chalicelib.services.signups import Guest
from tests.builders import HELSINKI, STAFF, an_intent, at
from tests.deaths import dies_at_call
from tests.event_builders import END, NOW, START, a_signup, an_event, somebody
from tests.event_scene import EVENT, Scene, edits, id_of

WEEK, SECOND = timedelta(days=7), timedelta(seconds=1)
NIGHT = at("2027-01-28 02:30")  # the first that is a week after the event
SECRET = "Diabetic since the accident, Aino"
LEFT = {"vegaani": 2, "gluteeniton": 1, OTHERS: 1}
WISHES = {"hissi": 1}


def a_lunch(**changes) -> Scene:
    """Aino with Bertta and Carl, Eero, Pia and Sami have said what they eat and need; Pia has left."""
    scene = Scene(an_event(9, asks_diet=True, asks_accessibility=True, **changes))
    guests = [Guest("Bertta", diet="Vegaani", accessibility="Hissi"), Guest("Carl")]
    scene.sign_up("aino", guests=guests, diet=SECRET)
    scene.sign_up("eero", diet="vegaani.")
    scene.sign_up("pia", diet="Vegaani", accessibility="pyörätuoli")
    scene.sign_up("sami", diet="Gluteeniton")
    scene.leave("pia")
    retention.run(scene.ports)  # by day: a Lab that is new has no night to make up for
    return scene


def runs(scene: Scene, at_time: datetime = NIGHT) -> retention.Retained:
    scene.clock.time = at_time
    return retention.run(scene.ports)


def counted(scene: Scene) -> tuple[dict[str, int], dict[str, int]]:
    found = attendance.figures(scene.ports, EVENT)[1]
    return dict(found.diets), dict(found.accessibility)


def versions(scene: Scene) -> dict[str, int]:
    return {each.person_id: each.version for each in scene.store.signups.values()}


def check_gone(scene: Scene) -> None:
    assert not any(map(has_needs, scene.store.signups.values()))
    assert counted(scene) == (LEFT, WISHES)
    assert scene.event.counted is not None
    assert scene.event.counted.cleared
    scene.check()


def moment(at_time: datetime) -> Moment:
    return Moment(at_time, HELSINKI)


def test_it_goes_seven_days_after_the_end_and_not_before():
    """P-02"""
    event = an_event()
    assert rules.event_due(event, moment(END + WEEK)) is rules.NEEDS
    assert rules.event_due(event, moment(END + WEEK - SECOND)) is None
    assert rules.event_due(cancelled(event, ""), moment(END + WEEK)) is rules.NEEDS
    counted_only = tallied(event, {}, {}, END + WEEK)
    assert rules.event_due(counted_only, moment(END + WEEK)) is rules.NEEDS
    assert rules.event_due(cleared(counted_only), moment(END + WEEK)) is None


def test_what_people_eat_and_need_is_gone_and_how_many_is_kept():
    """P-02"""
    scene = a_lunch()
    before = dict(scene.store.signups)
    runs(scene, NIGHT - timedelta(days=1))
    assert scene.store.signups == before
    assert runs(scene).overdue == 0
    check_gone(scene)
    for each in ("Diabetic", "Vegaani", "pyörätuoli", "accident"):
        assert each not in repr((scene.store.signups, scene.store.events)), each
    assert scene.store.night is not None
    assert scene.store.night.counts == {"needs": 1}


def test_all_else_of_a_sign_up_stays():
    """P-02"""
    scene = a_lunch()
    eero, aino, ways = scene.of("eero"), scene.of("aino"), scene.event.ways
    runs(scene)
    assert scene.of("eero") == replace(eero, diet="", version=eero.version + 1)
    after = scene.of("aino")
    assert [each.name for each in after.members] == ["Bertta", "Carl"]
    assert (after.person, after.state, after.size) == (aino.person, aino.state, 3)
    assert (scene.event.ways, scene.event.changed_at) == (ways, None)


def test_figures_are_the_same_before_and_after_but_for_what_is_somebodys_own():
    """P-02"""
    scene = a_lunch()
    before = attendance.figures(scene.ports, EVENT)[1]
    runs(scene)
    after = attendance.figures(scene.ports, EVENT)[1]
    assert (after.ways, after.answers) == (before.ways, before.answers)
    assert after.accessibility == before.accessibility
    assert sum(after.diets.values()) == sum(before.diets.values()) == 4


def test_it_is_noted_without_a_word_of_it(caplog):
    scene = a_lunch()
    with caplog.at_level("INFO"):
        runs(scene)
    (entry,) = [each for each in scene.store.audit if each["action"] == "forget-needs"]
    assert entry["subject"] == f"event#{EVENT}"
    said = repr(entry) + "".join(str(each.__dict__) for each in caplog.records)
    assert "vegaani" not in said.casefold()


def test_a_second_run_does_nothing_and_a_second_night_reads_no_sign_up():
    """P-03: the same result, and no second pass over what is done."""
    scene = a_lunch()
    runs(scene)
    stored = repr((scene.store.signups, scene.store.events))
    scene.store.calls.clear()
    runs(scene, NIGHT + timedelta(minutes=5))
    assert "events.by_month" not in scene.store.calls
    # Until a month after, sign-ups are looked through for those that nobody proved.
    runs(scene, NIGHT + timedelta(days=31))
    assert "events.by_month" in scene.store.calls
    assert not {"events.look", "events.signups"} & set(scene.store.calls)
    assert repr((scene.store.signups, scene.store.events)) == stored


@pytest.mark.parametrize("kind", ["before", "after"])
def test_who_dies_at_any_call_is_followed_by_the_same_result(kind: str, monkeypatch):
    """P-03: in two pieces of two sign-ups, killed at every storage call."""
    monkeypatch.setattr(tallies, "TOGETHER", 2)
    for death in range(1, 200):
        scene = a_lunch()
        before = versions(scene)
        died = dies_at_call(scene.store, kind, death, partial(runs, scene))
        scene.check()
        following = scene.worker()
        scene.clock.time = NIGHT + timedelta(minutes=5)
        assert retention.run(following).overdue == 0, death
        check_gone(scene)
        once = {person_id: version + 1 for person_id, version in before.items()}
        assert versions(scene) == once, f"each is written once: {death}"
        if not died:
            assert death > 15
            return
    pytest.fail("it never comes to its end")


def test_what_was_removed_half_way_was_counted_whole(monkeypatch):
    """P-03: the figures are right at every moment."""
    monkeypatch.setattr(tallies, "TOGETHER", 1)
    scene = a_lunch()
    seen = []

    def look(_name: str) -> None:
        scene.store.after = lambda _name: None
        seen.append(sum(counted(scene)[0].values()))
        scene.store.after = look

    scene.store.after = look
    runs(scene)
    assert set(seen) == {4}


def test_two_workers_at_once_do_it_once():
    """P-03"""
    scene = a_lunch()
    before = versions(scene)
    other: list[int] = []

    def second(name: str) -> None:
        if name == "events.signups" and not other:
            other.append(1)
            retention.run(scene.worker())

    scene.store.after = second
    assert runs(scene).overdue == 0
    check_gone(scene)
    assert versions(scene) == {person_id: version + 1 for person_id, version in before.items()}


@pytest.mark.parametrize("reading", [1, 2])
def test_who_writes_meanwhile_is_waited_for_and_what_they_said_goes_too(reading: int):
    """While it is counted, and while it is removed."""
    scene = a_lunch()
    readings = iter(range(1, 100))

    def edit(name: str) -> None:
        if name == "events.signups" and next(readings) == reading:
            scene.do(signup_changes.edit, "eero", actor=STAFF, fields={"diet": "Vegaani ja kala"})

    scene.store.after = edit
    assert runs(scene).overdue == 0
    assert not any(map(has_needs, scene.store.signups.values()))


def test_who_decided_before_it_was_counted_and_writes_afterwards_loses():
    event = an_event()
    counted_then = tallied(event, {}, {}, END + WEEK)
    assert (counted_then.version, cleared(counted_then).version) == (2, 3)


def test_it_is_done_in_its_time_and_once():
    """P-03"""
    scene = a_lunch()
    scene.clock.time = NIGHT
    assert not tallies.clear(scene.ports, EVENT, moment(END + WEEK - SECOND))
    assert scene.event.tally is None
    assert tallies.clear(scene.ports, EVENT, moment(NIGHT))
    done = scene.event
    assert not tallies.clear(scene.ports, EVENT, moment(NIGHT))
    assert not tallies.clear(scene.ports, "e_nothing", moment(NIGHT))
    assert scene.event == done


def test_an_index_that_is_late_makes_nothing_overdue():
    scene = a_lunch()
    stale = scene.event
    runs(scene)
    assert rules.event_due(stale, moment(NIGHT))
    assert retention.WALKS[Table.EVENTS].due(scene.ports, stale, moment(NIGHT)) is None


def test_what_only_a_guest_said_is_something_said():
    assert has_needs(a_signup(members=(Member("B", diet="kala"),)))
    assert has_needs(a_signup(members=(Member("B", accessibility="hissi"),)))
    assert not has_needs(a_signup(members=(Member("B"),)))


def test_what_keeps_being_written_is_overdue_and_keeps_no_other_waiting(monkeypatch):
    scene = a_lunch()
    numbers = iter(range(1000))

    def edit(name: str) -> None:
        if name == "events.signups":
            scene.store.after = lambda _name: None
            wish = {"answers": {}, "accessibility": f"{next(numbers)}"}
            scene.do(signup_changes.edit, "eero", actor=STAFF, fields=wish)
            scene.store.signups[EVENT, id_of("eero")] = replace(scene.of("eero"), diet="kala")
            scene.store.after = edit

    scene.store.after = edit
    assert runs(scene).overdue == 1
    scene.store.after = lambda _name: None
    assert runs(scene, NIGHT + timedelta(days=1)).overdue == 0
    assert not any(map(has_needs, scene.store.signups.values()))


def signs_up(scene: Scene) -> SignUp | None:
    return scene.sign_up("late", actor=STAFF, diet="kala", guests=[Guest("G", diet="kala")])


def walks_in(scene: Scene) -> SignUp | None:
    wish = walk_ins.WalkIn(
        EVENT, somebody("late"), guests=(Guest("G", accessibility="hissi"),), diet="kala"
    )
    return walk_ins.walk_in(scene.ports, wish, an_intent(STAFF)).value


def is_edited(scene: Scene) -> SignUp | None:
    return scene.do(signup_changes.edit, "eero", actor=STAFF, fields={"diet": "kala"})


def names_its_way(scene: Scene) -> SignUp | None:
    fields = {"diet": "kala"}
    return scene.do(signup_changes.switch, "eero", way=Way.ROOM, actor=STAFF, fields=fields)


def switches(scene: Scene) -> SignUp | None:
    events.change(scene.ports, EVENT, {}, {Way.REMOTE: {}}, None, an_intent(STAFF))
    fields = {"accessibility": "hissi"}
    return scene.do(signup_changes.switch, "eero", way=Way.REMOTE, actor=STAFF, fields=fields)


AFTERWARDS = [signs_up, walks_in, is_edited, names_its_way, switches]


@pytest.mark.parametrize("what", AFTERWARDS)
def test_what_is_said_afterwards_is_not_kept(what: Callable[[Scene], SignUp | None]):
    scene = a_lunch()
    runs(scene)
    scene.clock.time = NIGHT + timedelta(hours=8)
    made = what(scene)
    assert made is not None
    assert not has_needs(made)
    check_gone(scene)


def test_one_that_is_moved_after_that_is_to_come_and_is_counted_anew():
    scene = a_lunch()
    runs(scene)
    scene.clock.time = NIGHT + timedelta(hours=8)
    later = timedelta(days=30)
    edits(scene.ports, {"starts_at": START + later, "ends_at": END + later})
    assert counted(scene) == ({}, {})
    is_edited(scene)
    assert counted(scene) == ({"kala": 1}, {})
    runs(scene, NIGHT + later)
    assert counted(scene) == ({OTHERS: 1}, {})
    assert not any(map(has_needs, scene.store.signups.values()))


def test_a_copy_has_figures_of_its_own():
    event = tallied(an_event(), {"vegaani": 2}, {}, END + WEEK)
    assert copied(event, "e_two", START + timedelta(days=30), HELSINKI).tally is None


def test_what_was_counted_stays_when_staff_edit_something_else():
    event = cleared(tallied(an_event(), {"vegaani": 2}, {}, END + WEEK))
    assert revised(event, {"group_size": 2}, {}).counted == event.counted


def test_of_an_event_that_was_cancelled_it_goes_too():
    """P-02"""
    scene = a_lunch()
    scene.store.events[EVENT] = cancelled(scene.event, "")
    runs(scene)
    assert not any(map(has_needs, scene.store.signups.values()))


def test_events_are_found_page_by_page_in_every_month_of_two_years(monkeypatch):
    monkeypatch.setattr(retention, "PAGE", 2)
    scene = a_lunch()
    for months in range(24):
        ago = timedelta(days=30 * months)
        event = an_event(event_id=f"e_{months}", starts_at=START - ago, ends_at=END - ago)
        scene.store.events[event.event_id] = event
    assert runs(scene).overdue == 0
    assert all(each.counted for each in scene.store.events.values())
    assert scene.store.night is not None
    assert scene.store.night.counts["needs"] == 25
    assert PAGE > 2


def test_a_night_that_is_cut_off_goes_on_in_another_month(monkeypatch):
    """P-03: what is walked over is that of the night's beginning, whenever it goes on."""
    monkeypatch.setattr(retention, "PAGE", 1)
    monkeypatch.setattr(retention, "NIGHT_SECONDS", 6.0)
    scene = a_lunch()
    old = an_event(event_id="e_old", starts_at=NIGHT - rules.EVENTS_SINCE + SECOND * 60)
    scene.store.events["e_old"] = replace(old, ends_at=old.starts_at + timedelta(hours=1))
    scene.store.after = lambda _name: setattr(scene.clock, "waited", scene.clock.waited + 0.2)
    night = NIGHT
    runs(scene, night)
    assert scene.store.night is not None
    assert not scene.store.night.over
    for _ in range(50):
        night += timedelta(days=32)
        runs(scene, night)
        if scene.store.night.finished_at and scene.store.night.finished_at >= NIGHT:
            break
    assert all(each.counted for each in scene.store.events.values())


def test_a_step_that_does_nothing_is_overdue(monkeypatch):
    scene = a_lunch()
    walk = replace(retention.WALKS[Table.EVENTS], act=lambda *_: False)
    monkeypatch.setattr(retention, "WALKS", {**retention.WALKS, Table.EVENTS: walk})
    assert runs(scene).overdue == 1
    assert (Table.EVENTS, True) in STAGES


# What might be anybody's, and what is somebody's own.


def test_a_text_that_one_person_wrote_is_kept_only_of_words_that_anybody_says():
    counts = {
        "kala, kana": 2,
        "gluteeniton, laktoositon": 1,
        SECRET.casefold(): 1,
        "gluteeniton, eero": 1,
    }
    assert anybodys(counts) == {"kala, kana": 2, "gluteeniton, laktoositon": 1, OTHERS: 2}
    assert anybodys({}) == {}


def test_a_tally_stays_small():
    long = {"x" * (LONGEST + 1): 9}
    assert anybodys(long) == {OTHERS: 9}
    many = {f"text {number}": 2 for number in range(MOST + 5)}
    assert len(anybodys(many)) == MOST + 1
    assert anybodys(many)[OTHERS] == 10


# Who signs up is not forgotten as one of whom nothing was heard.


def a_guest_of_old(scene: Scene, name: str) -> str:
    """Somebody who has logged in once, long ago."""
    person_id = id_of(name)
    profile = replace(newcomer(person_id, somebody(name), NOW - timedelta(days=800)), version=1)
    scene.store.profiles[person_id] = profile
    return person_id


def forgotten(scene: Scene, person_id: str) -> bool:
    """Whether retention has begun to forget somebody."""
    return person_id in scene.store.erasures


@pytest.mark.parametrize("leads", [True, False])
def test_who_comes_to_an_event_is_not_forgotten_before_it(leads: bool):
    scene = Scene()
    aino = a_guest_of_old(scene, "aino")
    pia = a_guest_of_old(scene, "pia")
    if leads:
        scene.sign_up("aino")
    else:
        scene.sign_up("eero", guests=[Guest("Aino", somebody("aino").email)])
    retention.run(scene.ports)
    runs(scene, at("2027-01-14 02:30"))
    assert not forgotten(scene, aino)
    assert forgotten(scene, pia)


def test_the_end_of_an_event_is_the_last_that_was_heard_of_who_came():
    scene = Scene()
    aino = a_guest_of_old(scene, "aino")
    scene.sign_up("aino")
    retention.run(scene.ports)
    two_years = timedelta(days=731)
    runs(scene, at("2027-01-20 02:30") + two_years)
    assert not forgotten(scene, aino)
    runs(scene, at("2027-01-21 02:30") + two_years)
    assert forgotten(scene, aino)


def test_all_that_somebody_came_to_is_looked_at(monkeypatch):
    monkeypatch.setattr(remains, "PAGE", 1)
    scene = Scene()
    aino = a_guest_of_old(scene, "aino")
    made = scene.sign_up("aino")
    assert made is not None
    ago = timedelta(days=800)
    old = an_event(event_id="e_a", starts_at=START - ago, ends_at=END - ago)
    scene.store.events["e_a"] = old
    scene.store.signups["e_a", aino] = replace(made, event_id="e_a")
    retention.run(scene.ports)
    runs(scene, at("2027-01-14 02:30"))
    assert not forgotten(scene, aino)
