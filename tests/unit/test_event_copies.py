"""Events again at another time: what is the same, what is new, and what does not fire."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from chalicelib.domain.errors import NotFound, Refused
from chalicelib.domain.event_copies import copied
from chalicelib.domain.events import Event, State, Way
from chalicelib.domain.programmes import Programme
from chalicelib.domain.questions import Question
from chalicelib.services import event_copies, events
from tests.builders import FORM, HELSINKI, STAFF, an_intent, at, on
from tests.event_builders import NOW, START, a_hybrid, a_placed_event, an_event, some_seats
from tests.event_scene import EVENT, Scene
from tests.unit.steps import book

OWN = {  # what a copy has for itself
    "event_id",
    "starts_at",
    "ends_at",
    "opens_at",
    "closes_at",
    "promote_until",
    "ways",
    "state",
    "announced",
    "booking_id",
    "series_id",
    "rrule",
    "series_from",
    "apart",
    "reason",
    "calendar_sequence",
    "revision",
    "version",
    "changed_at",
}


def copy(ports, start, actor=STAFF, **more):
    return event_copies.copy(ports, EVENT, at(start), an_intent(actor), **more).value


def test_a_copy_says_the_same_and_has_all_its_seats():
    """R-14: a draft of its own, whatever became of the first."""
    event = a_hybrid(
        programme=Programme({"fi": "Hei"}, address="Snellmaninkatu 1", contact="Sami Salo"),
        questions=(Question("topic"),),
        audience=("employee",),
        asks_diet=True,
        offers_within=timedelta(days=1),
        state=State.CANCELLED,
        reason="Sairaus",
        booking_id="b_1",
        series_id="e_one",
        rrule="FREQ=DAILY;COUNT=2",
        series_from=START,
        apart=True,
        calendar_sequence=3,
        revision=4,
        version=5,
        changed_at=at("2027-01-01 09:00"),
    )
    made = copied(event, "e_two", at("2027-02-17 09:00"), HELSINKI)
    for each in fields(Event):
        if each.name not in OWN:
            assert getattr(made, each.name) == getattr(event, each.name), each.name
    fresh = Event("e_two", *[event.starts_at] * 4, ways={})
    for name in OWN - {"starts_at", "ends_at", "opens_at", "closes_at", "promote_until", "ways"}:
        assert getattr(made, name) == getattr(fresh, name), name
    taken = replace(
        event, ways={Way.ROOM: some_seats(5, free=-1, held=2, waiting=3, next_number=9)}
    )
    made = copied(taken, "e_two", at("2027-02-17 09:00"), HELSINKI)
    assert made.ways == {Way.ROOM: some_seats(5)}


def test_its_times_stand_to_its_start_as_they_did_over_a_change_of_the_clock():
    """I-12: on the wall-clock, whatever the clock does on 2027-03-28."""
    event = an_event(promote_until=at("2027-01-20 08:00"))
    made = copied(event, "e_two", at("2027-03-30 09:30"), HELSINKI)
    assert (made.starts_at, made.ends_at) == (at("2027-03-30 09:30"), at("2027-03-30 11:30"))
    assert (made.opens_at, made.closes_at) == (at("2027-03-11 08:30"), at("2027-03-29 16:30"))
    assert made.promote_until == at("2027-03-30 08:30")
    night = an_event(starts_at=at("2027-01-20 23:00"), ends_at=at("2027-01-21 09:00"))
    made = copied(night, "e_two", at("2027-03-27 23:00"), HELSINKI)
    assert made.ends_at == at("2027-03-28 09:00")


def test_of_a_copy_nobody_is_told_and_the_first_stays_as_it_is():
    """R-14: nothing fires for the copy before it is published, nor for the original twice."""
    scene = Scene()
    scene.sign_up("aino")
    messages, first = dict(scene.store.messages), scene.event
    made = copy(scene.ports, "2027-02-17 09:00")
    assert made.event_id != EVENT
    assert (made.state, made.public) == (State.DRAFT, False)
    assert scene.store.events[made.event_id] == made
    assert scene.event == first
    assert scene.store.messages == messages
    assert {key[0] for key in scene.store.signups} == {EVENT}
    entry = scene.store.audit[-1]
    assert (entry["subject"], entry["action"]) == (f"event#{made.event_id}", "copy")
    events.reconcile_all(scene.worker())
    assert scene.store.messages == messages


def test_a_copy_books_its_place_and_is_not_written_where_it_is_taken(lab):
    ports, store, _ = lab()
    first = events.create(ports, a_placed_event("pod", 2), an_intent(STAFF)).value
    book(ports, "pod", **on("2026-12-10", "11-13"))
    with pytest.raises(Refused, match="slot-taken"):
        copy(ports, "2026-12-10 10:00")
    assert list(store.events) == [EVENT]
    made = copy(ports, "2026-12-11 10:00")
    assert made.booking_id not in ("", first.booking_id)
    assert store.bookings[made.booking_id].event_id == made.event_id
    assert store.bookings[first.booking_id].live


def test_what_cannot_be_copied_and_by_whom():
    scene = Scene()
    with pytest.raises(Refused, match="in-the-past"):
        event_copies.copy(scene.ports, EVENT, NOW, an_intent(STAFF))
    with pytest.raises(NotFound):
        copy(scene.ports, "2027-02-17 09:00", FORM)
    with pytest.raises(NotFound):
        event_copies.copy(scene.ports, "e_none", at("2027-02-17 09:00"), an_intent(STAFF))
    assert list(scene.store.events) == [EVENT]


def test_one_key_makes_one_copy():
    scene = Scene()
    for _ in range(2):
        event_copies.copy(scene.ports, EVENT, at("2027-02-17 09:00"), an_intent(STAFF, "k"))
    assert len(scene.store.events) == 2
