"""Events that come again: dates by the wall-clock, made once each, and what could not be made is named."""

from datetime import timedelta

import pytest

from chalicelib.domain.errors import NotFound, Refused, Unavailable
from chalicelib.domain.events import State
from chalicelib.services import event_series, events
from chalicelib.services.event_series import Series
from chalicelib.services.ports import Ports
from chalicelib.services.recurrence import dates
from tests.builders import FORM, HELSINKI, STAFF, a_space, an_intent, at, on
from tests.deaths import Died
from tests.event_builders import START, a_placed_event, an_event
from tests.event_scene import EVENT, Scene
from tests.unit.steps import book, cancel

WEEKLY = "FREQ=WEEKLY;COUNT=4"
HOURS = timedelta(hours=2)


def makes(ports: Ports, rule: str = WEEKLY, key: str | None = None, **more) -> Series:
    intent = an_intent(STAFF, key, path="series", fingerprint=rule)
    event_series.begin(ports, EVENT, rule, intent)
    return event_series.go_on(ports, EVENT, intent, **more)


def days(rule: str, start: str = "2027-03-17 09:00", length: timedelta = HOURS) -> list[str]:
    found = dates(rule, at(start), length, HELSINKI)
    return [f"{each.astimezone(HELSINKI):%m-%d %H:%M}" for each in found]


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("FREQ=WEEKLY;COUNT=3", ["03-24 09:00", "03-31 09:00"]),
        ("RRULE:freq=weekly;interval=2;count=2", ["03-31 09:00"]),
        ("FREQ=WEEKLY;UNTIL=20270331", ["03-24 09:00", "03-31 09:00"]),
        ("FREQ=WEEKLY;UNTIL=20270331T055959Z", ["03-24 09:00"]),
        ("FREQ=WEEKLY;UNTIL=20270331T060000Z", ["03-24 09:00", "03-31 09:00"]),
        ("FREQ=WEEKLY;BYDAY=WE,FR;COUNT=3", ["03-19 09:00", "03-24 09:00"]),
        ("FREQ=MONTHLY;BYDAY=-1WE;COUNT=2", ["03-31 09:00", "04-28 09:00"]),
    ],
)
def test_a_rule_counts_on_the_wall_clock(rule, found):
    """I-12: nine stays nine, over 2027-03-28 too."""
    assert days(rule) == found


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("FREQ=WEEKLY", "series-too-long"),
        ("FREQ=DAILY;COUNT=53", "series-too-long"),
        ("FREQ=DAILY;COUNT=99999999999", "series-too-long"),
        ("FREQ=DAILY;UNTIL=21990101", "series-too-long"),
        ("FREQ=DAILY;COUNT=1", "series-empty"),
        ("FREQ=DAILY;COUNT=0", "series-empty"),
        ("FREQ=DAILY;UNTIL=20200101", "series-empty"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31;COUNT=3", "series-empty"),
        ("FREQ=HOURLY;COUNT=3", "invalid-request"),
        ("FREQ=DAILY;BYHOUR=3;COUNT=3", "invalid-request"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20270401", "invalid-request"),
        ("FREQ=DAILY;COUNT=3;COUNT=4", "invalid-request"),
        ("FREQ=DAILY;INTERVAL=0;COUNT=3", "invalid-request"),
        ("FREQ=DAILY;INTERVAL=1000;COUNT=3", "invalid-request"),
        ("FREQ=DAILY;COUNT=-3", "invalid-request"),
        ("FREQ=DAILY;COUNT=X", "invalid-request"),
        ("FREQ=DAILY;UNTIL=2027", "invalid-request"),
        ("FREQ=WEEKLY;BYDAY=XX;COUNT=3", "invalid-request"),
        ("FREQ=MONTHLY;BYMONTHDAY=X;COUNT=3", "invalid-request"),
        ("every week", "invalid-request"),
        ("", "invalid-request"),
    ],
)
def test_what_is_no_rule_is_refused(rule, code):
    with pytest.raises(Refused) as caught:
        days(rule)
    assert [(each.code, each.pointer) for each in caught.value.problems] == [(code, "/rrule")]


def test_a_year_of_weeks_is_as_long_as_a_series_may_be():
    assert len(days("FREQ=WEEKLY;COUNT=52")) == 51


def test_a_series_that_would_meet_itself_is_refused():
    """B65's like: 26 hours every day."""
    with pytest.raises(Refused, match="series-overlaps-itself"):
        days("FREQ=DAILY;COUNT=3", length=timedelta(hours=26))
    assert days("FREQ=DAILY;COUNT=3", length=timedelta(hours=24))


def test_single_events_are_made_each_a_draft_of_its_own():
    """R-14 for each: nobody is told of a draft."""
    scene = Scene()
    scene.sign_up("aino")
    told = dict(scene.store.messages)
    series = makes(scene.ports)
    assert series.done
    made = [each.event for each in series.others]
    assert [each.starts_at for each in made] == [
        at(f"2027-{day} 09:00") for day in ("01-27", "02-03", "02-10")
    ]
    assert {each.series_id for each in (scene.event, *made)} == {EVENT}
    assert {each.state for each in made} == {State.DRAFT}
    assert scene.store.messages == told
    assert (scene.event.rrule, scene.event.version) == (WEEKLY, 2)
    for each in made:
        assert event_series.look(scene.worker(), each.event_id) == event_series.look(
            scene.ports, EVENT
        )


def test_twice_by_one_rule_is_once_and_what_was_changed_since_stays():
    scene = Scene()
    second = makes(scene.ports).others[0].event
    events.call_off(scene.ports, second.event_id, "", an_intent(STAFF))
    later = {"starts_at": START + timedelta(days=1), "ends_at": START + timedelta(days=1, hours=1)}
    events.change(scene.ports, EVENT, later, {}, None, an_intent(STAFF))
    before = dict(scene.store.events)
    assert makes(scene.worker()).done
    assert scene.store.events == before
    with pytest.raises(Refused, match="stale-state"):
        makes(scene.ports, "FREQ=DAILY;COUNT=2")
    with pytest.raises(Refused, match="stale-state"):
        event_series.begin(scene.ports, second.event_id, WEEKLY, an_intent(STAFF))


def test_a_date_whose_place_is_taken_is_named_and_made_once_it_is_free(lab):
    ports, store, _ = lab(a_space("studio", horizon_days=400))
    events.create(ports, a_placed_event("studio"), an_intent(STAFF))
    book(ports, "studio", **on("2026-12-16", "11-13"))
    series = makes(ports)
    assert [each.problems and each.problems[0].code for each in series.others] == [
        (),
        "slot-taken",
        (),
    ]
    assert series.done
    assert len(store.events) == 3
    assert {each.event_id for each in store.bookings.values() if each.event_id} == {*store.events}
    taken = next(each for each in store.bookings.values() if not each.event_id)

    cancel(ports, taken)
    assert [each.problems for each in makes(ports).others] == [()] * 3
    assert len(store.events) == 4


@pytest.mark.parametrize("moment", ["before", "after"])
def test_whoever_dies_and_wherever_the_next_one_makes_what_is_missing(moment):
    whole = Scene()
    whole.store.calls.clear()
    makes(whole.worker(), key="k")
    deaths = len(whole.store.calls)
    for number in range(deaths):
        scene = Scene()
        calls = iter(range(1000))

        def hook(_name: str, calls=calls, number=number) -> None:
            if next(calls) == number:
                raise Died

        setattr(scene.store, moment, hook)
        with pytest.raises(Died):
            makes(scene.worker(), key="k")
        setattr(scene.store, moment, lambda _name: None)
        assert makes(scene.worker(), key="k").done
        assert scene.store.events == whole.store.events, f"died {moment} call {number}"


def test_what_there_is_no_time_for_is_left(monkeypatch):
    scene = Scene()
    monkeypatch.setattr(event_series, "SECONDS", 0.0)
    series = makes(scene.ports)
    assert (series.done, [each.left for each in series.others]) == (False, [True] * 3)
    monkeypatch.undo()

    def away(*_: object) -> None:
        raise Unavailable

    monkeypatch.setattr(event_series, "write", away)
    assert not event_series.go_on(scene.ports, EVENT, an_intent(STAFF)).done
    monkeypatch.undo()
    assert makes(scene.ports).done


def test_what_cannot_come_again_and_for_whom():
    scene = Scene(an_event())
    with pytest.raises(NotFound):
        event_series.look(scene.ports, EVENT)
    with pytest.raises(NotFound):
        event_series.begin(scene.ports, EVENT, WEEKLY, an_intent(FORM))
    with pytest.raises(NotFound):
        event_series.begin(scene.ports, "e_none", WEEKLY, an_intent(STAFF))
    with pytest.raises(Refused, match="series-too-long"):
        makes(scene.ports, "FREQ=WEEKLY")
    assert scene.event.series_id == ""
    makes(scene.ports)
    scene.clock.time = START + timedelta(days=8)
    scene.store.events = {EVENT: scene.event}
    assert [each.problems[0].code if each.problems else "" for each in makes(scene.ports).others][
        :2
    ] == ["in-the-past", ""]
    events.call_off(scene.ports, EVENT, "", an_intent(STAFF))
    with pytest.raises(Refused, match="stale-state"):
        makes(scene.ports)
