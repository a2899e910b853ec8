"""The space tree, pools, people and equipment in one request; staff's changes to spaces."""

from datetime import date

import pytest

from chalicelib.domain.errors import NotFound, Refused, StaleVersion
from chalicelib.domain.spaces import Hours, Kind
from chalicelib.services import availability, spaces
from tests.builders import (
    AINO,
    ALWAYS_OPEN,
    ANYBODY,
    EERO,
    OFFICE_HOURS,
    STAFF,
    a_space,
    an_intent,
    at,
    on,
    wed,
)
from tests.unit.steps import book, change, close, codes, refused, set_space

TILL_FOUR = Hours(week=(((8 * 60, 16 * 60),),) * 5 + ((), ()))


def test_a_half_that_is_taken_takes_the_whole(lab):
    """B21"""
    ports, _, _ = lab()
    book(ports, "hall-a", **wed("10-12"))
    found = refused(ports, "hall", **wed("11-13"))
    assert codes(found) == ["slot-taken"]
    (conflict,) = found.conflicts
    assert conflict.space_id == "hall"
    assert (conflict.starts_at, conflict.ends_at) == (
        at("2026-12-02 11:00"),
        at("2026-12-02 12:00"),
    )


def test_the_whole_that_is_taken_takes_its_halves(lab):
    ports, _, _ = lab()
    book(ports, "hall", **wed("10-12"))
    assert codes(refused(ports, "hall-a", **wed("11-13"))) == ["slot-taken"]
    assert codes(refused(ports, "hall-b", **wed("9-10:15"))) == ["slot-taken"]
    assert codes(refused(ports, "lab", **wed("11-13"))) == ["slot-taken"]
    book(ports, "studio", **wed("10-12"))


def test_both_halves_can_be_booked_at_once(lab):
    """B23"""
    ports, _, _ = lab()
    book(ports, "hall-a", person=AINO, **wed("10-12"))
    book(ports, "hall-b", person=EERO, **wed("10-12"))


@pytest.mark.parametrize(("first", "second"), [("hall", "hall-a"), ("hall-a", "hall")])
def test_of_a_hall_and_its_half_exactly_one_is_booked(lab, first, second):
    """B24, one after the other"""
    ports, store, _ = lab()
    book(ports, first, **wed("10-12"))
    refused(ports, second, **wed("10-12"))
    assert len(store.bookings) == 1


def test_a_hall_and_its_half_together_are_the_union(lab):
    ports, _, _ = lab()
    booking = book(ports, "hall", "hall-a", attendees=40, **wed("10-12"))
    assert sorted(booking.footprint) == ["hall-a", "hall-b"]
    assert codes(refused(ports, "hall", "hall-a", attendees=41, **on("2026-12-03", "10-12"))) == [
        "over-capacity"
    ]


@pytest.mark.parametrize("asked", [("hall", "hall-a"), ("hall-a", "hall")])
def test_the_longer_setup_of_two_spaces_that_share_a_part_is_looked_at(lab, asked):
    """The half alone would be free; the hall's setup is not."""
    hall = a_space(
        "hall", kind=Kind.COMBINED, parts=("hall-a", "hall-b"), capacity=40, setup_minutes=60
    )
    ports, _, _ = lab(hall)
    book(ports, "hall-a", **wed("8-9:30"))
    assert codes(refused(ports, *asked, **wed("10-12"))) == ["slot-taken"]
    book(ports, *asked, **wed("10:30-12"))


def test_a_busy_facilitator_means_that_nothing_is_booked(lab):
    """B25"""
    ports, store, _ = lab()
    wish = {"equipment": {"screen": 1}, "facilitation": True}
    book(ports, "hall-b", facilitation=True, **on("2026-12-03", "10-11"))
    book(ports, "pod", facilitation=True, **on("2026-12-03", "10-11"))
    before = dict(store.ledger), dict(store.bookings)
    found = refused(ports, "studio", **wish, **on("2026-12-03", "10-11"))
    assert codes(found) == ["slot-taken"]
    assert {each.resource_id for each in found.conflicts} == {"facilitator"}
    assert (store.ledger, store.bookings) == before
    booking = book(ports, "studio", **wish, **wed("13-14"))
    assert booking.facilitator == "facilitator-1"
    assert sorted(booking.footprint) == ["facilitator-1", "screen.1", "studio"]


def test_one_free_facilitator_is_enough(lab):
    ports, _, _ = lab()
    first = book(ports, "pod", facilitation=True, **wed("10-11"))
    second = book(ports, "hall-a", facilitation=True, **wed("10-11"))
    assert {first.facilitator, second.facilitator} == {"facilitator-1", "facilitator-2"}


def test_a_facilitator_may_go_from_one_booking_to_the_next(lab):
    """B28"""
    ports, _, _ = lab(a_space("facilitator-2", kind=Kind.PERSON, active=False))
    book(ports, "pod", facilitation=True, **wed("10-11"))
    found = refused(ports, "studio", facilitation=True, **wed("10:30-11:30"))
    assert [each.resource_id for each in found.conflicts] == ["facilitator"]
    next_one = book(ports, "studio", facilitation=True, **wed("11-12"))
    assert next_one.facilitator == "facilitator-1"


def test_a_facilitator_works_in_their_own_hours(lab):
    mornings = Hours(week=(((8 * 60, 12 * 60),),) * 5 + ((), ()))
    ports, _, _ = lab(
        a_space("facilitator-1", kind=Kind.PERSON, hours=mornings),
        a_space("facilitator-2", kind=Kind.PERSON, active=False),
    )
    book(ports, "pod", facilitation=True, **wed("10-12"))
    (problem,) = refused(ports, "pod", facilitation=True, **wed("12-13")).problems
    assert (problem.code, problem.pointer) == ("outside-opening-hours", "/facilitation/wanted")
    assert problem.params["space_id"] == "facilitator"


def test_with_no_facilitator_at_all_it_says_so(lab):
    ports, _, _ = lab(
        a_space("facilitator-1", kind=Kind.PERSON, active=False),
        a_space("facilitator-2", kind=Kind.PERSON, active=False),
    )
    (problem,) = refused(ports, "pod", facilitation=True, **wed("12-13")).problems
    assert (problem.code, problem.pointer) == ("unknown-space", "/facilitation/wanted")


def test_a_pool_is_taken_unit_by_unit(lab):
    ports, _, _ = lab()
    first = book(ports, "desks", units=4, attendees=4, **wed("10-12"))
    second = book(ports, "desks", units=2, attendees=2, **wed("11-13"))
    assert not set(first.footprint) & set(second.footprint)
    found = refused(ports, "desks", **wed("11-12"))
    assert codes(found) == ["slot-taken"]
    assert {each.space_id for each in found.conflicts} == {"desks"}
    third = book(ports, "desks", units=4, attendees=4, **wed("12-13"))
    assert set(third.footprint) == set(first.footprint)


def test_a_pool_needs_the_same_unit_over_the_whole_time(lab):
    """At every moment one of two is free, but neither for the hour."""
    ports, _, _ = lab(a_space("booths", kind=Kind.POOL, units=2))
    book(ports, "booths", units=2, **wed("10-10:30"))
    first = book(ports, "booths", **wed("9:30-10"))
    book(ports, "booths", **wed("10:30-11"))
    assert set(first.footprint) == {"booths.1"}
    assert codes(refused(ports, "booths", units=2, **wed("9-10"))) == ["slot-taken"]
    other = book(ports, "booths", **wed("9-10"))
    assert set(other.footprint) == {"booths.2"}


def test_no_more_units_than_there_are(lab):
    ports, _, _ = lab()
    (problem,) = refused(ports, "desks", units=7, **wed("10-11")).problems
    assert (problem.code, problem.pointer, problem.params["limit"]) == (
        "over-capacity",
        "/units",
        6,
    )
    (problem,) = refused(ports, "pod", equipment={"screen": 3}, **wed("10-11")).problems
    assert (problem.code, problem.pointer) == ("over-capacity", "/equipment/screen")
    assert problem.params["limit"] == 2
    (problem,) = refused(ports, "pod", units=2, **wed("10-11")).problems
    assert (problem.code, problem.pointer, problem.params["limit"]) == (
        "over-capacity",
        "/units",
        1,
    )


def test_equipment_that_is_out_is_named(lab):
    ports, _, _ = lab()
    book(ports, "studio", equipment={"screen": 2}, **wed("10-11"))
    found = refused(ports, "pod", equipment={"screen": 1}, **wed("10-11"))
    assert codes(found) == ["slot-taken"]
    assert {each.resource_id for each in found.conflicts} == {"screen"}
    book(ports, "pod", equipment={"screen": 2}, **wed("11-12"))


def test_no_equipment_asked_for_takes_none(lab):
    ports, _, _ = lab()
    assert set(book(ports, "pod", equipment={"screen": 0}, **wed("10-11")).footprint) == {"pod"}


def test_the_whole_lab_takes_every_desk(lab):
    ports, _, _ = lab()
    book(ports, "lab", by=STAFF, **wed("10-12"))
    for space_id in ("hall", "studio", "desks"):
        assert codes(refused(ports, space_id, **wed("10-12"))) == ["slot-taken"]
    book(ports, "pod", **wed("10-12"))


def test_the_lab_and_some_of_its_desks_are_the_union(lab):
    ports, _, _ = lab()
    both = book(ports, "lab", "desks", units=2, by=STAFF, **wed("10-12"))
    assert len(both.footprint) == 9


def test_a_desk_that_is_taken_takes_the_lab(lab):
    ports, _, _ = lab()
    book(ports, "desks", **wed("10-11"))
    assert codes(refused(ports, "lab", by=STAFF, **wed("10-12"))) == ["slot-taken"]


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        (("pod", "attic"), "/space_ids/1"),
        (("screen",), "/space_ids/0"),
        (("facilitator-1",), "/space_ids/0"),
    ],
)
def test_only_places_are_spaces(lab, asked, pointer):
    ports, _, _ = lab()
    (problem,) = refused(ports, *asked, **wed("10-11")).problems
    assert (problem.code, problem.pointer) == ("unknown-space", pointer)


def test_a_place_is_no_equipment(lab):
    ports, _, _ = lab()
    (problem,) = refused(ports, "studio", equipment={"pod": 1}, **wed("10-11")).problems
    assert (problem.code, problem.pointer) == ("unknown-space", "/equipment/pod")


def test_a_tree_that_would_make_two_bookings_meet_lists_them(lab):
    """B27"""
    ports, _, _ = lab()
    of_pod = book(ports, "pod", **wed("10-12"))
    of_hall = book(ports, "hall", **wed("11-13"))
    later = book(ports, "hall", **on("2026-12-03", "11-13"))
    set_space(ports, "hall", parts=("hall-a", "hall-b", "pod"))
    listed = {each.booking.booking_id: each.problems for each in spaces.affected(ports, "hall")}
    assert [each.code for each in listed[of_hall.booking_id]] == ["slot-taken"]
    assert listed[of_hall.booking_id][0].params["starts_at"] == at("2026-12-02 11:00")
    assert listed[of_hall.booking_id][0].params["ends_at"] == at("2026-12-02 12:00")
    assert listed[of_pod.booking_id] == listed[of_hall.booking_id]
    assert [each.code for each in listed[later.booking_id]] == ["stale-state"]
    for booking in (of_pod, of_hall, later):
        assert ports.bookings.get(booking.booking_id) == booking
    assert codes(refused(ports, "hall", **wed("10-11"))) == ["slot-taken"]


def test_a_space_that_is_archived_lists_its_bookings_and_keeps_them(lab):
    """B56"""
    ports, _, clock = lab()
    first = book(ports, "pod", **wed("10-12"))
    second = book(ports, "pod", **wed("14-15"))
    set_space(ports, "pod", active=False)
    listed = spaces.affected(ports, "pod")
    assert [each.booking.booking_id for each in listed] == [first.booking_id, second.booking_id]
    assert [each.code for found in listed for each in found.problems] == ["unknown-space"] * 2
    assert ports.bookings.get(first.booking_id) == first
    assert codes(refused(ports, "pod", **wed("16-17"))) == ["unknown-space"]
    clock.time = at("2026-12-02 12:00")
    assert [each.booking.booking_id for each in spaces.affected(ports, "pod")] == [
        second.booking_id
    ]


def test_a_booking_of_an_archived_space_can_be_renamed(lab):
    """B56, B48: nothing of what the archive forbids is changed."""
    ports, _, _ = lab()
    booking = book(ports, "pod", **wed("10-12"))
    set_space(ports, "pod", active=False)
    assert change(ports, booking, title="Muutto").title == "Muutto"


def test_shorter_opening_hours_keep_the_booking_and_list_it(lab):
    """B119"""
    ports, _, _ = lab()
    inside = book(ports, "pod", **wed("14-16"))
    booking = book(ports, "pod", **on("2026-12-03", "15-17"))
    set_space(ports, "pod", hours=TILL_FOUR)
    (found,) = spaces.affected(ports, "pod")
    assert found.booking == booking
    assert [each.code for each in found.problems] == ["outside-opening-hours"]
    assert ports.bookings.get(booking.booking_id) == booking
    assert ports.bookings.get(inside.booking_id) == inside


def test_shorter_hours_of_a_half_list_the_bookings_of_the_hall(lab):
    """B119, through the tree"""
    ports, _, _ = lab()
    booking = book(ports, "hall", **wed("15-17"))
    set_space(ports, "hall-a", hours=TILL_FOUR)
    assert [each.booking for each in spaces.affected(ports, "hall-a")] == [booking]


def test_a_combined_space_is_open_when_all_its_parts_are(lab):
    ports, _, _ = lab(a_space("hall-b", hours=Hours(week=(((10 * 60, 18 * 60),),) * 5 + ((), ()))))
    assert codes(refused(ports, "hall", **wed("9-11"))) == ["outside-opening-hours"]
    book(ports, "hall-a", **wed("9-10"))
    book(ports, "hall", **wed("10-11"))


def test_what_staff_were_allowed_to_break_is_not_listed(lab):
    ports, _, _ = lab()
    book(ports, "pod", by=STAFF, override=("outside-opening-hours",), **wed("19-20"))
    set_space(ports, "pod", capacity=3)
    assert spaces.affected(ports, "pod") == []


def test_a_booking_made_today_that_staff_let_begin_in_the_past_is_not_listed(lab):
    ports, _, _ = lab()
    book(ports, "pod", by=STAFF, **on("2026-12-01", "8-10"))
    set_space(ports, "pod", capacity=3)
    assert spaces.affected(ports, "pod") == []


def test_a_smaller_space_lists_what_no_longer_fits(lab):
    ports, _, _ = lab()
    full = book(ports, "studio", attendees=12, **wed("10-11"))
    book(ports, "studio", attendees=8, **wed("12-13"))
    set_space(ports, "studio", capacity=8)
    (found,) = spaces.affected(ports, "studio")
    assert found.booking == full
    assert [each.code for each in found.problems] == ["over-capacity"]


def test_bookings_that_are_no_more_are_not_listed(lab):
    ports, _, clock = lab(prove_address=True)
    book(ports, "pod", by=ANYBODY, **wed("10-11"))
    clock.forward(minutes=30)
    set_space(ports, "pod", active=False)
    assert spaces.affected(ports, "pod") == []


def test_an_exception_takes_the_place_of_the_weekday(lab):
    hours = Hours(week=OFFICE_HOURS.week, exceptions=((date(2026, 12, 2), ((8 * 60, 12 * 60),)),))
    ports, _, _ = lab(a_space("pod", hours=hours))
    assert codes(refused(ports, "pod", **wed("11-13"))) == ["outside-opening-hours"]
    book(ports, "pod", **wed("11-12"))
    book(ports, "pod", **on("2026-12-03", "11-13"))


def test_two_openings_that_touch_at_midnight_are_one(lab):
    ports, _, _ = lab(a_space("pod", hours=ALWAYS_OPEN))
    book(ports, "pod", starts_at=at("2026-12-02 23:00"), ends_at=at("2026-12-03 01:00"))


def test_a_space_cannot_be_changed_from_an_old_version(lab):
    ports, _, _ = lab()
    set_space(ports, "pod", capacity=3)
    with pytest.raises(StaleVersion):
        spaces.change(ports, "pod", {"capacity": 4}, ('"1"',), an_intent(STAFF))
    assert (
        spaces.change(ports, "pod", {"capacity": 4}, ('"2"',), an_intent(STAFF)).value.version == 3
    )
    assert spaces.get(ports, "pod").capacity == 4


def test_a_space_that_is_not_there_cannot_be_seen_or_changed(lab):
    ports, _, _ = lab()
    with pytest.raises(NotFound):
        spaces.get(ports, "attic")
    with pytest.raises(NotFound):
        spaces.change(ports, "attic", {}, None, an_intent(STAFF))


def test_a_new_space_can_be_booked_at_once_and_its_id_is_its_own(lab):
    ports, store, _ = lab()
    ports.settings.get()
    spaces.create(ports, a_space("attic"), an_intent(STAFF))
    book(ports, "attic", **wed("10-11"))
    with pytest.raises(Refused) as caught:
        spaces.create(ports, a_space("attic", capacity=99), an_intent(STAFF))
    assert codes(caught.value) == ["stale-state"]
    assert store.spaces["attic"].capacity == 12


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"kind": Kind.COMBINED, "parts": ("attic",)}, "/parts/0"),
        ({"kind": Kind.COMBINED, "parts": ("hall-a", "hall")}, "/parts/1"),
        ({"kind": Kind.COMBINED, "parts": ("screen",)}, "/parts/0"),
        ({"kind": Kind.COMBINED, "parts": ("new",)}, "/parts/0"),
        ({"kind": Kind.COMBINED}, "/parts"),
        ({"parts": ("hall-a",)}, "/parts"),
        ({"units": 2}, "/units"),
        ({"min_minutes": 60, "max_minutes": 45}, "/min_minutes"),
    ],
)
def test_a_space_has_to_make_sense(lab, wrong, pointer):
    ports, store, _ = lab()
    with pytest.raises(Refused) as caught:
        spaces.create(ports, a_space("new", **wrong), an_intent(STAFF))
    assert [each.pointer for each in caught.value.problems] == [pointer]
    assert "new" not in store.spaces


def test_the_kind_of_a_space_stays(lab):
    ports, _, _ = lab()
    with pytest.raises(Refused) as caught:
        set_space(ports, "pod", kind=Kind.POOL, units=2)
    assert [each.pointer for each in caught.value.problems] == ["/kind"]


def test_a_search_by_need_finds_what_fits(lab):
    ports, _, _ = lab(
        a_space("studio", equipment=("screen", "whiteboard"), accessibility=("step-free",)),
        a_space("pod", capacity=2, equipment=("screen",)),
    )

    def found(**need):
        wanted = availability.Search(**wed("8-18"), **need)
        return [each.space.space_id for each in availability.search(ports, wanted)]

    assert found() == ["desks", "hall", "hall-a", "hall-b", "lab", "pod", "studio"]
    assert found(people=20) == ["hall", "hall-a", "hall-b", "lab"]
    assert found(people=21) == ["hall", "lab"]
    assert found(equipment=("screen",)) == ["pod", "studio"]
    assert found(equipment=("screen", "whiteboard")) == ["studio"]
    assert found(accessibility=("step-free",)) == ["studio"]
    assert found(units=3, people=3) == ["desks"]
    assert found(space_ids=("studio", "pod", "studio")) == ["studio", "pod"]


def test_a_search_for_an_unknown_space_says_which(lab):
    ports, _, _ = lab()
    with pytest.raises(Refused) as caught:
        availability.search(ports, availability.Search(**wed("8-18"), space_ids=("pod", "attic")))
    (problem,) = caught.value.problems
    assert (problem.code, problem.pointer) == ("unknown-space", "/space_id/1")


def test_a_closed_half_closes_the_hall(lab):
    ports, _, _ = lab()
    close(ports, "hall-a", **wed("8-18"))
    assert codes(refused(ports, "hall", **wed("10-11"))) == ["closed"]
    book(ports, "hall-b", **wed("10-11"))


def test_a_pool_is_closed_only_as_far_as_too_few_units_are_left(lab):
    ports, _, _ = lab()
    taken = book(ports, "desks", units=5, attendees=5, **wed("10-11"))
    close(ports, "desks", **wed("10-11"))
    found = refused(ports, "desks", units=1, **wed("10-11"))
    assert codes(found) == ["closed", "slot-taken"]
    assert ports.bookings.get(taken.booking_id) == taken


def listed(ports, space_id):
    """Which rules each affected booking breaks."""
    return {
        each.booking.booking_id: [problem.code for problem in each.problems]
        for each in spaces.affected(ports, space_id)
    }


def test_a_smaller_pool_lists_who_wants_more_than_there_is_and_who_sits_on_what_is_gone(lab):
    ports, _, _ = lab(live_bookings=None)
    six = book(ports, "desks", units=6, **wed("10-11"))
    singles = [book(ports, "desks", **wed("12-13")) for _ in range(4)]
    set_space(ports, "desks", units=2)
    found = listed(ports, "desks")
    assert found[six.booking_id] == ["over-capacity"]
    assert set(found) == {six.booking_id, *(each.booking_id for each in singles[2:])}
    set_space(ports, "desks", units=6)
    assert listed(ports, "desks") == {}


def test_less_equipment_lists_who_has_more_of_it(lab):
    ports, _, _ = lab()
    both = book(ports, "pod", equipment={"screen": 2}, **wed("10-11"))
    book(ports, "pod", equipment={"screen": 1}, **wed("12-13"))
    set_space(ports, "screen", units=1)
    assert listed(ports, "screen") == {both.booking_id: ["over-capacity"]}


def test_a_smaller_space_lists_bookings_of_several_spaces_too(lab):
    ports, _, _ = lab()
    two = book(ports, "studio", "pod", attendees=14, **wed("10-11"))
    set_space(ports, "studio", capacity=3)
    assert listed(ports, "studio") == {two.booking_id: ["over-capacity"]}


def test_longer_buffers_that_meet_nobody_change_nothing_for_a_booking(lab):
    """B15"""
    ports, _, _ = lab()
    first, second = (book(ports, "studio", **wed(hours)) for hours in ("10-11", "11:30-12:30"))
    book(ports, "studio", **wed("16-17"))
    set_space(ports, "studio", setup_minutes=60, cleanup_minutes=60)
    found = listed(ports, "studio")
    assert set(found) == {first.booking_id, second.booking_id}
    assert {code for codes in found.values() for code in codes} == {"slot-taken"}
