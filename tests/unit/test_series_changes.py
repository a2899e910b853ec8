"""An event of a series and those after it: changed one by one, again to the same end, and none left in doubt."""

from datetime import timedelta

import pytest

from chalicelib.domain.errors import NotFound, Unavailable
from chalicelib.domain.events import State, Way
from chalicelib.services import event_series, events, series_changes
from chalicelib.services.series_changes import Other, Reach
from tests.builders import STAFF, a_space, an_intent, at, on
from tests.deaths import Died
from tests.event_builders import START, a_placed_event, an_event, some_seats
from tests.event_scene import EVENT, Scene, signs_up
from tests.unit.steps import book

RULE = "FREQ=WEEKLY;COUNT=4"


def a_series(scene: Scene) -> list[str]:
    """Four Wednesdays at nine, from 2027-01-20 on; their ids in order."""
    event_series.begin(scene.ports, EVENT, RULE, an_intent(STAFF))
    series = event_series.go_on(scene.ports, EVENT, an_intent(STAFF))
    return [EVENT, *(each.event.event_id for each in series.others)]


def edits(ports, event_id, seats=None, key=None, **fields):
    intent = an_intent(STAFF, key, method="PATCH", fingerprint=repr(fields))
    series_changes.change(ports, event_id, fields, seats or {}, None, intent)
    return series_changes.go_on(ports, event_id, fields, seats or {}, intent)


def starts(scene: Scene, ids: list[str]) -> list[str]:
    found = (scene.store.events[each].starts_at + timedelta(hours=2) for each in ids)
    return [f"{each:%m-%d %H}" for each in found]


def times(day: str, hours: str) -> dict:
    start, end = hours.split("-")
    return {"starts_at": at(f"{day} {start}:00"), "ends_at": at(f"{day} {end}:00")}


def test_texts_and_seats_change_from_here_on_and_not_before():
    scene = Scene()
    ids = a_series(scene)
    later = edits(scene.ports, ids[1], {Way.ROOM: {"limit": 9}}, title={"fi": "Toinen"})
    assert [each.done for each in later] == [True, True]
    titles = [scene.store.events[each].title["fi"] for each in ids]
    assert titles == ["Työpaja", "Toinen", "Toinen", "Toinen"]
    assert [scene.store.events[each].ways[Way.ROOM].free for each in ids] == [5, 9, 9, 9]


def test_another_time_of_day_and_day_is_that_of_each_date():
    scene = Scene()
    ids = a_series(scene)
    edits(scene.ports, ids[1], **times("2027-01-28", "10-12"))
    assert starts(scene, ids) == ["01-20 09", "01-28 10", "02-04 10", "02-11 10"]
    assert {scene.store.events[each].apart for each in ids} == {False}


def test_one_that_was_moved_by_itself_stays_where_it_is():
    """B72's like: its texts change, its times do not."""
    scene = Scene()
    ids = a_series(scene)
    events.change(
        scene.ports,
        ids[2],
        times("2027-02-02", "09-11"),
        {},
        None,
        an_intent(STAFF),
    )
    edits(scene.ports, ids[1], title={"fi": "Toinen"}, **times("2027-01-27", "10-12"))
    assert starts(scene, ids) == ["01-20 09", "01-27 10", "02-02 09", "02-10 10"]
    assert scene.store.events[ids[2]].title["fi"] == "Toinen"
    assert scene.store.events[ids[2]].apart


def test_the_same_again_changes_nothing_and_who_was_called_off_stays_so():
    scene = Scene()
    ids = a_series(scene)
    events.call_off(scene.ports, ids[2], "", an_intent(STAFF))
    for _ in range(2):
        later = edits(scene.ports, EVENT, key="k", **times("2027-01-20", "10-12"))
        assert [each.event.event_id for each in later] == [ids[1], ids[3]]
        assert all(each.done for each in later)
    assert [scene.store.events[each].version for each in ids] == [3, 2, 2, 2]
    assert scene.store.events[ids[2]].state is State.CANCELLED


def test_one_whose_new_place_is_taken_is_named_and_keeps_its_old(lab):
    ports, store, _ = lab(a_space("studio", horizon_days=400))
    events.create(ports, a_placed_event("studio"), an_intent(STAFF))
    event_series.begin(ports, EVENT, RULE, an_intent(STAFF))
    event_series.go_on(ports, EVENT, an_intent(STAFF))
    book(ports, "studio", **on("2026-12-16", "13-14"))
    later = edits(ports, EVENT, **on("2026-12-02", "13-15"))
    assert [(each.done, [one.code for one in each.problems]) for each in later] == [
        (True, []),
        (False, ["slot-taken"]),
        (True, []),
    ]
    hours = [f"{each.starts_at + timedelta(hours=2):%H}" for each in store.events.values()]
    assert sorted(hours) == ["10", "13", "13", "13"]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_whoever_dies_and_wherever_the_same_again_ends_the_same(moment):
    def run(scene: Scene) -> None:
        edits(scene.worker(), EVENT, key="k", **times("2027-01-20", "10-12"))

    whole = Scene()
    a_series(whole)
    whole.store.calls.clear()
    run(whole)
    for number in range(len(whole.store.calls)):
        scene = Scene()
        a_series(scene)
        calls = iter(range(1000))

        def hook(_name: str, calls=calls, number=number) -> None:
            if next(calls) == number:
                raise Died

        setattr(scene.store, moment, hook)
        with pytest.raises(Died):
            run(scene)
        setattr(scene.store, moment, lambda _name: None)
        run(scene)
        assert scene.store.events == whole.store.events, f"died {moment} call {number}"


def test_what_there_is_no_time_for_is_left(monkeypatch):
    scene = Scene()
    ids = a_series(scene)
    monkeypatch.setattr(event_series, "SECONDS", 0.0)
    later = edits(scene.ports, ids[1], title={"fi": "Toinen"})
    assert [(each.done, each.problems) for each in later] == [(False, ())] * 2
    monkeypatch.undo()

    def away(*_: object) -> None:
        raise Unavailable

    intent = an_intent(STAFF)
    monkeypatch.setattr(events, "change", away)
    again = series_changes.go_on(scene.ports, ids[1], {"title": {"fi": "Toinen"}}, {}, intent)
    assert [(each.done, each.problems) for each in again] == [(False, ())] * 2


def test_an_event_of_no_series_has_none_after_it():
    scene = Scene()
    with pytest.raises(NotFound):
        edits(scene.ports, EVENT, title={"fi": "Toinen"})
    assert scene.event.title["fi"] == "Työpaja"
    assert scene.event.ways[Way.ROOM] == some_seats(5)


FROM_HERE, ALL = Reach.FROM_HERE, Reach.ALL
A_DRAFT = an_event(state=State.DRAFT, announced=False)


def publishes(ports, event_id: str, reach: Reach, key: str | None = None) -> list[Other]:
    intent = an_intent(STAFF, key, path="publish")
    series_changes.publish(ports, event_id, intent, None)
    return series_changes.publish_others(ports, event_id, reach, intent)


def calls_off(ports, event_id: str, reach: Reach, key: str | None = None) -> list[Other]:
    intent = an_intent(STAFF, key, method="DELETE")
    series_changes.call_off(ports, event_id, "Sairaus", intent, None)
    return series_changes.call_off_others(ports, event_id, reach, "Sairaus", intent)


def states(scene: Scene, ids: list[str]) -> list[str]:
    return [scene.store.events[each].state.value for each in ids]


@pytest.mark.parametrize(
    ("reach", "found"),
    [
        (FROM_HERE, ["draft", "published", "published", "published"]),
        (ALL, ["published"] * 4),
    ],
)
def test_a_series_is_published_as_far_as_it_is_meant(reach, found):
    scene = Scene(A_DRAFT)
    ids = a_series(scene)
    others = publishes(scene.ports, ids[1], reach)
    assert states(scene, ids) == found
    assert [each.event.event_id for each in others] == [
        each for each in ids if each != ids[1] and (reach is ALL or each != EVENT)
    ]
    assert all(each.done for each in others)
    planned = {each.subject for each in scene.store.messages.values()}
    assert planned == {
        f"event#{each}" for each, state in zip(ids, found, strict=True) if state == "published"
    }


def test_what_is_published_or_called_off_or_over_already_stays_as_it_is():
    scene = Scene(A_DRAFT)
    ids = a_series(scene)
    events.publish(scene.ports, ids[1], an_intent(STAFF))
    events.call_off(scene.ports, ids[2], "", an_intent(STAFF))
    scene.clock.time = START + timedelta(hours=2)  # the first is over, a draft for ever
    for _ in range(2):
        others = publishes(scene.ports, ids[1], ALL)
        assert [(each.event.event_id, each.done) for each in others] == [(ids[3], True)]
        assert states(scene, ids) == ["draft", "published", "cancelled", "published"]
    assert publishes(scene.ports, ids[2], FROM_HERE)[0].done
    assert states(scene, ids)[2] == "cancelled"
    assert [scene.store.events[each].version for each in ids] == [2, 2, 2, 2]


@pytest.mark.parametrize(
    ("reach", "found"),
    [
        (FROM_HERE, ["published", "cancelled", "cancelled", "cancelled"]),
        (ALL, ["cancelled"] * 4),
    ],
)
def test_a_series_is_called_off_as_far_as_it_is_meant_and_everybody_is_told(reach, found):
    scene = Scene()
    ids = a_series(scene)
    publishes(scene.ports, EVENT, ALL)
    for event_id in ids:
        signs_up(scene.ports, "aino", event_id=event_id, actor=STAFF)
    others = calls_off(scene.ports, ids[1], reach)
    assert all(each.done for each in others)
    assert states(scene, ids) == found
    here = [scene.store.signups[each, scene.of("aino").person_id] for each in ids]
    assert [each.live for each in here] == [each == "published" for each in found]
    told = [entry["subject"] for entry in scene.store.audit if entry.get("news") == "cancellation"]
    assert sorted(told) == sorted(f"event#{each.event_id}" for each in here if not each.live)
    assert {scene.store.events[each].reason for each in ids[1:]} == {"Sairaus"}


def test_what_is_over_is_not_called_off_with_the_rest():
    scene = Scene()
    ids = a_series(scene)
    scene.clock.time = START + timedelta(hours=2)
    assert calls_off(scene.ports, ids[1], ALL)[-1].done
    assert states(scene, ids) == ["published", "cancelled", "cancelled", "cancelled"]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("run", [publishes, calls_off])
def test_whoever_dies_while_a_series_is_published_or_called_off_the_same_again_ends_the_same(
    run, moment
):
    """W-17's like: the sign-ups of what was called off are ended by the clock."""

    def given() -> Scene:
        scene = Scene(A_DRAFT)
        ids = a_series(scene)
        for event_id in ids:
            signs_up(scene.ports, "aino", event_id=event_id, actor=STAFF)
        scene.store.calls.clear()
        return scene

    whole = given()
    run(whole.worker(), EVENT, ALL, "k")
    for number in range(len(whole.store.calls)):
        scene = given()
        calls = iter(range(1000))

        def hook(_name: str, calls=calls, number=number) -> None:
            if next(calls) == number:
                raise Died

        setattr(scene.store, moment, hook)
        with pytest.raises(Died):
            run(scene.worker(), EVENT, ALL, "k")
        setattr(scene.store, moment, lambda _name: None)
        assert all(each.done for each in run(scene.worker(), EVENT, ALL, "k"))
        events.reconcile_all(scene.worker())
        assert scene.store.events == whole.store.events, f"died {moment} call {number}"
        assert scene.store.signups == whole.store.signups
        assert set(scene.store.messages) == set(whole.store.messages)
        scene.check()


@pytest.mark.parametrize("run", [publishes, calls_off])
def test_a_series_is_published_or_called_off_as_far_as_there_is_time(run, monkeypatch):
    scene = Scene(A_DRAFT)
    ids = a_series(scene)
    with monkeypatch.context() as patched:
        patched.setattr(event_series, "SECONDS", 0.0)
        left = run(scene.ports, EVENT, ALL, "k")
    assert [(each.done, each.problems) for each in left] == [(False, ())] * 3
    assert set(states(scene, ids[1:])) == {"draft"}
    assert all(each.done for each in run(scene.ports, EVENT, ALL, "k"))


def test_a_store_that_is_away_is_asked_for_none_of_the_rest(monkeypatch):
    scene, tried = Scene(A_DRAFT), []
    a_series(scene)

    def away(_ports: object, event_id: str, *_: object, **__: object) -> None:
        tried.append(event_id)
        raise Unavailable

    monkeypatch.setattr(events, "publish", away)
    left = series_changes.publish_others(scene.ports, EVENT, ALL, an_intent(STAFF))
    assert [(each.done, each.problems) for each in left] == [(False, ())] * 3
    assert len(tried) == 1


def test_sign_ups_are_looked_for_when_every_event_is_called_off():
    """So that all of them are, where time is short; and once each."""
    scene = Scene(A_DRAFT)
    a_series(scene)
    intent = an_intent(STAFF, method="DELETE")
    scene.store.calls.clear()
    series_changes.call_off_others(scene.ports, EVENT, ALL, "", intent)
    steps = [each for each in scene.store.calls if each in ("commit", "events.signups")]
    assert steps == ["commit"] * 3 + ["events.signups"] * 3


def test_an_event_of_no_series_is_published_and_called_off_by_itself_alone():
    scene = Scene(A_DRAFT)
    for run in (publishes, calls_off):
        with pytest.raises(NotFound):
            run(scene.ports, EVENT, ALL)
    assert scene.event.state is State.DRAFT
