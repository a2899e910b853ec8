"""The place of an event: booked with it, moved with it, given back with it, and never without it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.bookings import State
from chalicelib.domain.errors import Refused
from chalicelib.domain.events import Way
from chalicelib.domain.programmes import Programme
from chalicelib.domain.retention import Moment, booking_due
from chalicelib.services import closures, events, feeds, spaces
from chalicelib.services.closures import ClosureRequest
from tests.builders import EERO, FORM, HELSINKI, STAFF, a_space, an_intent, at, on, wed
from tests.event_builders import a_placed_event, some_seats
from tests.unit.steps import approve, book, cancel, change, codes, deny, refused

LOFT = a_space("loft", needs_approval=True, capacity=20)


def plan(ports, *space_ids, override=(), **changes):
    return events.create(
        ports, a_placed_event(*space_ids, **changes), an_intent(STAFF), override
    ).value


def edit(ports, override=(), ways=None, **fields):
    return events.change(ports, "e_one", fields, ways or {}, None, an_intent(STAFF), override).value


def not_planned(ports, *space_ids, **changes):
    with pytest.raises(Refused) as caught:
        plan(ports, *space_ids, **changes)
    return caught.value


def place_of(store, event):
    return store.bookings[event.booking_id]


def test_a_draft_has_its_place_with_setup_and_cleanup(lab):
    ports, store, _ = lab()
    event = plan(ports, "studio", **wed("10-12"))
    place = place_of(store, event)
    assert (place.event_id, place.state, place.title) == ("e_one", State.CONFIRMED, "Työpaja")
    assert (place.starts_at, place.ends_at) == (event.starts_at, event.ends_at)
    found = refused(ports, "studio", **wed("12-13"))
    assert codes(found) == ["slot-taken"]
    assert [each.reason for each in found.conflicts] == ["booked", "buffer"]
    assert found.alternatives
    book(ports, "studio", **wed("12:30-13"))


def test_an_event_does_not_take_what_somebody_has(lab):
    ports, store, _ = lab()
    book(ports, "hall-a", **wed("11-12"))
    found = not_planned(ports, "hall", **wed("10-12"))
    assert codes(found) == ["slot-taken"]
    (conflict,) = found.conflicts
    assert (conflict.space_id, conflict.starts_at) == ("hall", wed("11-12")["starts_at"])
    assert found.alternatives
    assert not store.events
    assert len(store.bookings) == 1


def test_a_request_that_is_not_decided_keeps_an_event_out_as_well(lab):
    """B36"""
    ports, store, _ = lab(LOFT)
    book(ports, "loft", **wed("10-11"))
    found = not_planned(ports, "loft")
    assert codes(found) == ["slot-taken"]
    assert [each.reason for each in found.conflicts] == ["tentative"]
    assert not store.events


def test_an_event_needs_nobody_s_approval_and_what_it_breaks_staff_may_allow(lab):
    ports, store, _ = lab(LOFT)
    late = {**wed("20-21"), "closes_at": wed("19-20")["starts_at"]}
    found = not_planned(ports, "loft", ways={Way.ROOM: some_seats(30)}, **late)
    assert {each.code: each.pointer for each in found.problems} == {
        "outside-opening-hours": "/start",
        "over-capacity": "/room/limit",
    }
    rules = ("outside-opening-hours", "over-capacity")
    event = plan(ports, "loft", ways={Way.ROOM: some_seats(30)}, override=rules, **late)
    assert place_of(store, event).state is State.CONFIRMED
    booked = next(each for each in store.audit if each["subject"].startswith("booking#"))
    assert (booked["actor"], booked["override"]) == ("p_sami", list(rules))
    edit(ports, starts_at=wed("19:30-20")["starts_at"])  # what was allowed once stays allowed


def test_a_place_that_there_is_not_is_named_where_the_event_names_it(lab):
    ports, _, _ = lab()
    found = not_planned(ports, "cellar")
    assert [(each.code, each.pointer) for each in found.problems] == [
        ("unknown-space", "/space_id")
    ]


def test_an_event_is_moved_with_its_place_and_keeps_both_where_it_cannot_be(lab):
    ports, store, _ = lab()
    before = plan(ports, "pod", ways={Way.ROOM: some_seats(2)}, **wed("10-11"))
    taken = book(ports, "pod", **wed("14-15"))
    with pytest.raises(Refused, match="slot-taken"):
        edit(ports, **wed("14-15"))
    assert store.events["e_one"] == before
    cancel(ports, taken)
    after = edit(ports, **wed("14-15"))
    assert after.booking_id == before.booking_id
    assert place_of(store, after).starts_at == after.starts_at
    book(ports, "pod", **wed("10-11"))


def test_another_space_or_none_gives_the_first_back(lab):
    ports, store, _ = lab()
    first = plan(ports, "studio")
    second = edit(ports, programme={"space_id": "hall-a"})
    assert second.booking_id == first.booking_id
    assert place_of(store, second).space_ids == ("hall-a",)
    book(ports, "studio", **wed("10-12"))
    third = edit(ports, programme={"space_id": "", "address": "Snellmaninkatu 1"})
    assert third.booking_id == ""
    assert store.bookings[first.booking_id].state is State.CANCELLED
    book(ports, "hall-a", **wed("10-12"))
    fourth = edit(ports, programme={"space_id": "hall-b"})
    assert fourth.booking_id not in ("", first.booking_id)
    assert codes(refused(ports, "hall-b", **wed("10-12"))) == ["slot-taken"]


def test_an_event_without_a_space_of_ours_books_nothing(lab):
    ports, store, _ = lab()
    assert plan(ports, programme=Programme(address="Snellmaninkatu 1")).booking_id == ""
    edit(ports, **wed("14-15"))
    assert (store.bookings, store.ledger) == ({}, {})


def test_calling_off_gives_the_place_back(lab):
    ports, store, _ = lab()
    event = plan(ports, "studio")
    events.publish(ports, "e_one", an_intent(STAFF))
    after = events.call_off(ports, "e_one", "Sairaus", an_intent(STAFF)).value
    assert after.booking_id == ""
    place = store.bookings[event.booking_id]
    assert (place.state, place.reason) == (State.CANCELLED, "")  # why is told of the event alone
    book(ports, "studio", **wed("10-12"))


def test_what_the_place_has_nothing_to_do_with_leaves_it_alone(lab):
    ports, store, _ = lab()
    event = plan(ports, "studio")
    store.calls.clear()
    edit(ports, group_size=3, programme={"contact": "Sami Salo"})
    events.publish(ports, "e_one", an_intent(STAFF))
    assert place_of(store, event).version == 1
    assert not [each for each in store.calls if each.startswith(("bookings", "ledger"))]
    edit(ports, title={"fi": "Iltapaja"})
    assert (place_of(store, event).title, place_of(store, event).version) == ("Iltapaja", 2)


def test_more_seats_than_the_place_has_are_refused(lab):
    ports, store, _ = lab()
    event = plan(ports, "studio")
    with pytest.raises(Refused, match="over-capacity") as caught:
        edit(ports, ways={Way.ROOM: {"limit": 13}})
    assert caught.value.problems[0].pointer == "/room/limit"
    edit(ports, ways={Way.ROOM: {"limit": 12}})
    assert place_of(store, event).attendees == 12
    edit(ports, ways={Way.ROOM: {"limit": 13}}, override=("over-capacity",))
    edit(ports, ways={Way.ROOM: {"limit": None}})
    assert place_of(store, event).attendees == 1


def test_texts_of_what_is_over_can_still_be_changed(lab):
    ports, store, clock = lab()
    event = plan(ports, "studio")
    clock.forward(days=9)
    edit(ports, title={"fi": "Oli mukavaa"})
    assert place_of(store, event).title == "Oli mukavaa"


def test_nobody_changes_the_place_by_itself(lab):
    ports, store, _ = lab()
    place = place_of(store, plan(ports, "studio"))
    attempts = [
        lambda: change(ports, place, STAFF, **wed("14-15")),
        lambda: cancel(ports, place, STAFF),
        lambda: approve(ports, place),
        lambda: deny(ports, place),
    ]
    for attempt in attempts:
        with pytest.raises(Refused, match="stale-state") as caught:
            attempt()
        assert caught.value.problems[0].params["why"] == "of-event"
    assert place_of(store, store.events["e_one"]) == place


def test_an_event_counts_for_nobody(lab):
    limits = {"live_bookings": 1, "hours_per_week": 1, "organisation_live_bookings": 1}
    ports, store, _ = lab(**limits)
    plan(ports, "studio", **wed("10-15"))
    edit(ports, **on("2026-12-03", "10-15"))
    assert store.quotas == {}
    book(ports, "pod", by=FORM)
    events.call_off(ports, "e_one", "", an_intent(STAFF))
    assert len(store.quotas) == 2  # Eero's and that of where he works


def test_a_closure_and_new_rules_find_the_place_as_any_booking(lab):
    ports, store, _ = lab()
    event = plan(ports, "studio")
    closure = closures.close(
        ports, ClosureRequest(("studio",), **on("2026-12-02", "8-16")), an_intent(STAFF)
    ).value
    closures.go_on(ports, closure.closure_id)
    seen = closures.view(ports, closure.closure_id)
    assert [each.event_id for each in seen.conflicts] == [event.event_id]
    spaces.change(ports, "studio", {"capacity": 2}, None, an_intent(STAFF))
    assert [each.booking.booking_id for each in spaces.affected(ports, "studio")] == [
        event.booking_id
    ]
    assert store.bookings[event.booking_id].live


def test_a_calendar_of_the_space_is_busy(lab):
    ports, _, _ = lab()
    plan(ports, "studio")
    assert feeds.feed(ports, "studio").entries


def test_an_event_s_place_is_nobody_s_data(lab):
    """P-02: nothing of it is anybody's, so there is nothing to forget."""
    ports, store, _ = lab()
    place = place_of(store, plan(ports, "studio"))
    assert (place.person.name, place.person.email, place.made_by) == ("", "", "e_one")
    later = Moment(at("2036-12-02 10:00"), HELSINKI, {})
    assert booking_due(place, later) is None
    assert booking_due(replace(place, person_id="p_eero"), later) is not None


def test_an_event_longer_than_any_booking_has_no_place_of_ours(lab):
    ports, _, _ = lab()
    week = {**wed("8-9"), "ends_at": wed("8-9")["starts_at"] + timedelta(days=8)}
    override = ("too-long", "outside-opening-hours", "over-capacity")
    found = not_planned(ports, "studio", override=override, **week)
    assert "too-long" in codes(found)
    with pytest.raises(Refused):
        book(ports, "studio", by=STAFF, person=EERO, override=override, **week)
