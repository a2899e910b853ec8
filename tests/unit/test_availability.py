"""What is shown as free, busy and closed, what is offered, and what is offered instead."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.errors import Refused
from chalicelib.domain.spaces import Hours, Kind
from chalicelib.services import availability
from chalicelib.services.availability import Search
from tests.builders import (
    AINO,
    ALWAYS_OPEN,
    ANYBODY,
    FORM,
    STAFF,
    a_request,
    a_space,
    at,
    on,
    wed,
)
from tests.unit.steps import (
    alternatives,
    approve,
    begin_to_close,
    book,
    change,
    close,
    codes,
    refused,
    set_space,
    starts,
)

LOFT = a_space("loft", needs_approval=True)
DAY = "2026-12-02"


def show(ports, space_id, **search):
    """Each stretch of Wednesday, or of the times asked for, as (reason, start, end) in hours."""
    times = {"starts_at": at(f"{DAY} 00:00"), "ends_at": at("2026-12-03 00:00")} | search
    (found,) = availability.search(ports, Search(**times, space_ids=(space_id,)))
    pieces = [*found.free, *found.busy, *found.closed]
    midnight = at(f"{DAY} 00:00")
    return sorted(
        (
            (each.starts_at - midnight) / timedelta(hours=1),
            (each.ends_at - midnight) / timedelta(hours=1),
            each.reason or "free",
        )
        for each in pieces
    )


def free_busy(ports, *resources, minutes=60, hours="8-18", day=DAY):
    times = on(day, hours)
    return availability.free_busy(ports, resources, times["starts_at"], times["ends_at"], minutes)


def test_every_time_that_is_not_free_says_why(lab):
    ports, _, clock = lab()
    book(ports, "studio", **wed("10-11"))
    close(ports, "studio", **wed("14-15"))
    clock.time = at(f"{DAY} 09:05")
    assert show(ports, "studio") == [
        (0, 8, "hours"),
        (8, 9.25, "past"),
        (9.25, 9.75, "free"),
        (9.75, 10, "buffer"),
        (10, 11, "booked"),
        (11, 11.25, "buffer"),
        (11.25, 14, "free"),
        (14, 15, "closure"),
        (15, 18, "free"),
        (18, 24, "hours"),
    ]


def test_what_waits_for_an_answer_is_tentative(lab):
    ports, _, _ = lab(LOFT)
    booking = book(ports, "loft", **wed("10-11"))
    assert (10, 11, "tentative") in show(ports, "loft")
    approve(ports, booking)
    change(ports, booking, **wed("10-12"))
    assert show(ports, "loft")[2:4] == [(10, 11, "booked"), (11, 12, "tentative")]


def test_a_hold_is_tentative_until_it_ends_and_free_at_that_instant(lab):
    ports, _, clock = lab(prove_address=True)
    held = book(ports, "pod", by=ANYBODY, **wed("10-11"))
    assert (10, 11, "tentative") in show(ports, "pod")
    clock.time = held.confirm_by
    assert show(ports, "pod")[1] == (8, 18, "free")


def test_a_closure_is_shown_before_the_ledger_has_it(lab):
    ports, _, _ = lab()
    booking = book(ports, "pod", **wed("10-11"))
    begin_to_close(ports, "pod", **wed("9-12"))
    assert show(ports, "pod")[1:5] == [
        (8, 9, "free"),
        (9, 10, "closure"),
        (10, 11, "booked"),
        (11, 12, "closure"),
    ]
    assert ports.bookings.get(booking.booking_id) == booking


def test_a_range_may_begin_and_end_between_slots(lab):
    ports, _, _ = lab()
    book(ports, "pod", **wed("10-11"))
    shown = show(ports, "pod", starts_at=at(f"{DAY} 09:50"), ends_at=at(f"{DAY} 10:10"))
    assert [reason for _, _, reason in shown] == ["free", "booked"]
    assert shown[0][0] == pytest.approx(9 + 50 / 60)
    assert shown[1][1] == pytest.approx(10 + 10 / 60)


def test_a_hall_is_busy_where_any_part_is(lab):
    ports, _, _ = lab(
        a_space("hall-a", capacity=20, setup_minutes=15), a_space("hall-b", needs_approval=True)
    )
    book(ports, "hall-a", **wed("10-11"))
    book(ports, "hall-b", **wed("10:30-12"))
    close(ports, "hall-b", **wed("14-15"))
    assert show(ports, "hall")[1:-1] == [
        (8, 9.75, "free"),
        (9.75, 10, "buffer"),
        (10, 11, "booked"),
        (11, 12, "tentative"),
        (12, 14, "free"),
        (14, 15, "closure"),
        (15, 18, "free"),
    ]


def test_a_pool_is_busy_where_too_few_units_are_left(lab):
    ports, _, _ = lab()
    book(ports, "desks", units=4, attendees=4, **wed("10-12"))
    book(ports, "desks", units=2, attendees=2, **wed("11-13"))

    def busy(units):
        (found,) = availability.search(
            ports, Search(**wed("8-18"), space_ids=("desks",), units=units)
        )
        return [(each.starts_at, each.ends_at) for each in found.busy]

    assert busy(1) == [tuple(wed("11-12").values())]
    assert busy(3) == [tuple(wed("10-12").values())]
    assert busy(5) == [tuple(wed("10-13").values())]


def test_a_pool_offers_only_times_at_which_the_same_unit_is_free(lab):
    ports, _, _ = lab(a_space("booths", kind=Kind.POOL, units=2))
    first = book(ports, "booths", **wed("10-11"))
    second = book(ports, "booths", units=1, **wed("11-12"))
    assert first.footprint.keys() == second.footprint.keys()
    offered = starts(ports, "booths", DAY, 120)
    assert at(f"{DAY} 10:00") in offered
    book(ports, "booths", **wed("12-13"))
    third = book(ports, "booths", units=2, attendees=2, **wed("16-17"))
    assert len(third.footprint) == 2
    assert at(f"{DAY} 15:30") not in starts(ports, "booths", DAY, 60)
    assert at(f"{DAY} 15:00") in starts(ports, "booths", DAY, 60, units=2)


def test_starts_follow_the_grid_from_the_opening(lab):
    """B60"""
    hours = Hours(week=(((8 * 60 + 15, 18 * 60),),) * 7)
    ports, _, _ = lab(a_space("pod", hours=hours, grid_minutes=90))
    offered = starts(ports, "pod", DAY, 90)
    assert offered[:3] == [at(f"{DAY} {time}") for time in ("08:15", "09:45", "11:15")]
    assert at(f"{DAY} 09:00") not in offered
    assert codes(refused(ports, "pod", **wed("9-10:30"))) == ["off-grid"]
    book(ports, "pod", starts_at=offered[1], ends_at=offered[1] + timedelta(minutes=90))


def test_each_opening_of_a_day_has_a_grid_of_its_own(lab):
    """B60"""
    hours = Hours(week=(((8 * 60, 10 * 60), (10 * 60 + 30, 13 * 60)),) * 7)
    ports, _, _ = lab(a_space("pod", hours=hours, grid_minutes=60))
    assert starts(ports, "pod", DAY, 60) == [
        at(f"{DAY} {time}") for time in ("08:00", "09:00", "10:30", "11:30")
    ]
    book(ports, "pod", **wed("10:30-11:30"))
    assert codes(refused(ports, "pod", **wed("12-13"))) == ["off-grid"]


def test_openings_that_overlap_offer_what_can_be_booked(lab):
    """B60"""
    hours = Hours(week=(((8 * 60, 12 * 60), (10 * 60, 15 * 60)),) * 7)
    ports, _, _ = lab(a_space("pod", hours=hours, grid_minutes=90))
    for start in starts(ports, "pod", DAY, 90):
        request = a_request("pod", starts_at=start, ends_at=start + timedelta(minutes=90))
        assert availability.preview(ports, request, FORM).possible


def test_nothing_is_offered_that_has_begun(lab):
    """B61"""
    ports, _, clock = lab()
    clock.time = at(f"{DAY} 09:00") + timedelta(seconds=30)
    assert starts(ports, "pod", DAY, 30)[0] == at(f"{DAY} 09:15")
    assert codes(refused(ports, "pod", **wed("9-10"))) == ["in-the-past"]
    clock.time = at(f"{DAY} 09:15")
    assert starts(ports, "pod", DAY, 30)[0] == at(f"{DAY} 09:15")
    book(ports, "pod", **wed("9:15-10"))


def test_starts_leave_room_for_setup_and_cleanup_beyond_the_range(lab):
    ports, _, _ = lab(a_space("pod", setup_minutes=60, cleanup_minutes=30, hours=ALWAYS_OPEN))
    book(ports, "pod", **wed("8-9"))
    book(ports, "pod", **wed("14-15"))
    (found,) = availability.search(ports, Search(**wed("10-13"), space_ids=("pod",), minutes=60))
    assert found.starts[0] == at(f"{DAY} 10:30")
    assert found.starts[-1] == at(f"{DAY} 11:30")


def test_starts_leave_room_for_the_buffers_of_the_parts(lab):
    ports, _, _ = lab(a_space("hall-a", setup_minutes=60, capacity=20))
    book(ports, "hall-b", **wed("8-10"))
    book(ports, "hall-a", **wed("13-14"))
    offered = starts(ports, "hall", DAY, 60)
    assert offered[0] == at(f"{DAY} 10:00")
    assert at(f"{DAY} 11:00") in offered
    assert at(f"{DAY} 11:15") not in offered
    assert at(f"{DAY} 14:45") not in offered
    assert at(f"{DAY} 15:00") in offered


def test_only_lengths_that_can_be_booked_are_offered(lab):
    ports, _, _ = lab()
    assert starts(ports, "pod", DAY, 15) == []
    assert starts(ports, "pod", DAY, 40) == []
    assert starts(ports, "pod", DAY, 495) == []
    assert starts(ports, "pod", DAY, 480) == [
        at(f"{DAY} 08:00") + timedelta(minutes=15) * number for number in range(9)
    ]


def test_free_time_without_a_start_is_not_shown_where_a_length_is_asked_for(lab):
    ports, _, _ = lab()
    book(ports, "pod", **wed("10-11"))
    book(ports, "pod", **wed("11:30-12:30"))
    (found,) = availability.search(ports, Search(**wed("8-18"), space_ids=("pod",), minutes=45))
    assert [(each.starts_at, each.ends_at) for each in found.free] == [
        tuple(wed("8-10").values()),
        tuple(wed("12:30-18").values()),
    ]
    (found,) = availability.search(ports, Search(**wed("8-18"), space_ids=("pod",)))
    assert len(found.free) == 3
    assert found.starts is None


def test_a_whole_day_space_offers_only_days_that_are_empty(lab):
    """B20"""
    ports, _, _ = lab(a_space("annex", whole_day=True, hours=ALWAYS_OPEN))
    book(ports, "annex", **wed("10-11"))
    assert starts(ports, "annex", DAY, 60) == []
    assert starts(ports, "annex", "2026-12-03", 60)[0] == at("2026-12-03 00:00")
    (found,) = availability.search(ports, Search(**wed("12-18"), space_ids=("annex",), minutes=60))
    assert found.starts == ()


def test_the_setup_of_a_whole_day_may_reach_into_a_day_that_is_partly_taken(lab):
    """B20: the day itself has to be empty, of the day before only the hour that it takes."""
    parts = [a_space(space_id, capacity=20, hours=ALWAYS_OPEN) for space_id in ("hall-a", "hall-b")]
    fair = {"kind": Kind.COMBINED, "parts": ("hall-a", "hall-b"), "hours": ALWAYS_OPEN}
    ports, _, _ = lab(*parts, a_space("annex", whole_day=True, setup_minutes=60, **fair))
    book(ports, "hall-a", **wed("10-11"))
    offered = starts(ports, "annex", "2026-12-03", 60)
    assert offered[0] == at("2026-12-03 00:00")
    book(ports, "annex", starts_at=offered[0], ends_at=offered[0] + timedelta(hours=1))
    book(ports, "hall-a", **wed("22-23"))
    assert codes(refused(ports, "hall-a", **wed("23-24"))) == ["slot-taken"]


@pytest.mark.parametrize(("days", "allowed"), [(62, True), (63, False)])
def test_a_range_is_at_most_62_days(lab, days, allowed):
    ports, _, _ = lab()
    start = at("2026-12-02 00:00")
    search = Search(start, start + timedelta(days=days), space_ids=("pod",))
    if allowed:
        assert availability.search(ports, search)
        return
    with pytest.raises(Refused) as caught:
        availability.search(ports, search)
    assert codes(caught.value) == ["range-too-long"]


def test_62_days_may_have_a_25th_hour(lab):
    ports, _, _ = lab()
    assert availability.search(
        ports, Search(at("2027-10-01 00:00"), at("2027-12-02 00:00"), ("pod",))
    )
    with pytest.raises(Refused):
        availability.search(ports, Search(at("2027-10-01 00:00"), at("2027-12-02 00:30"), ("pod",)))


def test_an_empty_range_is_refused(lab):
    ports, _, _ = lab()
    with pytest.raises(Refused) as caught:
        availability.search(ports, Search(at(f"{DAY} 10:00"), at(f"{DAY} 10:00")))
    assert codes(caught.value) == ["invalid-request"]


def test_the_digits_of_free_busy_are_the_highest_of_their_interval(lab):
    ports, _, _ = lab(LOFT)
    book(ports, "loft", by=STAFF, **wed("10-10:30"))
    book(ports, "loft", **wed("10:30-11:30"))
    close(ports, "loft", **wed("14:45-15"))
    found = free_busy(ports, "loft", "attic")
    assert found["attic"].found is None
    assert found["loft"].view == "0021003000"
    assert free_busy(ports, "loft", minutes=30, hours="10-12")["loft"].view == "2110"
    assert free_busy(ports, "loft", minutes=45, hours="10-12")["loft"].view == "210"
    assert free_busy(ports, "loft", hours="17-19")["loft"].view == "03"


def test_free_busy_has_everything_that_can_be_booked(lab):
    ports, _, _ = lab()
    book(ports, "pod", facilitation=True, equipment={"screen": 2}, **wed("10-11"))
    found = free_busy(ports, "facilitator-1", "facilitator-2", "screen", "hall")
    assert {key: each.view for key, each in found.items()} == {
        "facilitator-1": "0020000000",
        "facilitator-2": "0000000000",
        "screen": "0020000000",
        "hall": "0000000000",
    }


def test_other_times_are_offered_nearest_first_and_shown_in_order(lab):
    ports, _, _ = lab()
    book(ports, "pod", **wed("10-12"))
    assert alternatives(refused(ports, "pod", **wed("11-12"))) == [
        at(f"{DAY} {time}") for time in ("12:00", "12:15", "12:30")
    ]
    book(ports, "pod", **wed("13-18"))
    assert alternatives(refused(ports, "pod", **wed("11-12"))) == [
        at(f"{DAY} {time}") for time in ("08:45", "09:00", "12:00")
    ]


def test_other_spaces_are_offered_at_the_time_that_was_asked_for(lab):
    ports, _, _ = lab()
    book(ports, "studio", **wed("10-12"))
    found = availability.preview(ports, a_request("studio", attendees=10, **wed("10-12")), FORM)
    assert [each.code for each in found.problems] == ["slot-taken"]
    places = [each.space_ids for each in found.alternatives if each.starts_at == at(f"{DAY} 10:00")]
    assert places == [("hall-a",), ("hall-b",), ("hall",)]
    others = [each for each in found.alternatives if each.starts_at != at(f"{DAY} 10:00")]
    assert {each.space_ids for each in others} == {("studio",)}
    assert len(others) == 3


def test_a_hall_is_not_offered_to_two(lab):
    ports, _, _ = lab(a_space("arena", capacity=400))
    book(ports, "pod", **wed("10-12"))
    found = availability.preview(ports, a_request("pod", attendees=2, **wed("10-12")), FORM)
    offered = {each.space_ids for each in found.alternatives}
    assert ("arena",) not in offered
    assert ("studio",) in offered


def test_who_wants_several_of_a_pool_is_offered_no_single_room(lab):
    """What is offered can be booked as it was asked for, with the same number of units."""
    ports, _, _ = lab(a_space("booths", kind=Kind.POOL, units=3, capacity=1))
    book(ports, "desks", units=5, **wed("10-12"))
    wish = a_request("desks", units=2, **wed("10-12"))
    found = availability.preview(ports, wish, FORM)
    there = {each.space_ids for each in found.alternatives if each.starts_at == wish.starts_at}
    assert there == {("booths",)}
    for each in found.alternatives:
        times = {"starts_at": each.starts_at, "ends_at": each.ends_at}
        again = availability.preview(ports, a_request(*each.space_ids, units=2, **times), FORM)
        assert again.possible


def test_a_preview_offers_other_days_too(lab):
    ports, _, _ = lab()
    for day in range(2, 5):
        book(ports, "pod", **on(f"2026-12-0{day}", "8-16"))
        book(ports, "pod", **on(f"2026-12-0{day}", "16-18"))
    found = availability.preview(ports, a_request("pod", **on("2026-12-02", "10-11")), FORM)
    times = [each.starts_at for each in found.alternatives if each.space_ids == ("pod",)]
    assert times == [at(f"2026-12-07 08:{minute}") for minute in ("00", "15", "30")]


def test_a_preview_of_what_breaks_a_rule_names_it_and_offers_what_does_not(lab):
    ports, _, _ = lab()
    found = availability.preview(ports, a_request("pod", **wed("17:30-18:30")), FORM)
    assert [each.code for each in found.problems] == ["outside-opening-hours"]
    assert at(f"{DAY} 17:00") in [each.starts_at for each in found.alternatives]


def test_a_preview_needs_neither_person_nor_terms(lab):
    ports, _, _ = lab()
    request = a_request("pod", person=None, accept_terms=False)
    assert availability.preview(ports, request, ANYBODY).possible


def test_a_preview_looks_at_the_quota(lab):
    ports, _, _ = lab(live_bookings=1)
    assert availability.preview(ports, a_request("studio"), FORM).possible
    book(ports, "pod", **wed("12-13"))
    found = availability.preview(ports, a_request("studio"), FORM)
    assert [each.code for each in found.problems] == ["quota-exceeded"]


def test_a_preview_of_an_absurd_request_is_an_answer_and_no_more(lab):
    ports, store, _ = lab()
    century = {"starts_at": at("2026-12-02 08:00"), "ends_at": at("2126-12-02 08:00")}
    found = availability.preview(ports, a_request("lab", **century), FORM)
    assert not found.possible
    assert "too-long" in [each.code for each in found.problems]
    assert found.alternatives == ()
    nowhere = availability.preview(ports, a_request("attic"), FORM)
    assert [each.code for each in nowhere.problems] == ["unknown-space"]


def test_a_booking_that_would_never_end_is_too_long_even_for_staff(lab):
    ports, store, _ = lab()
    times = {"starts_at": at("2026-12-02 08:00"), "ends_at": at("2126-12-02 08:00")}
    override = ("too-long", "outside-opening-hours")
    found = refused(ports, "pod", by=STAFF, override=override, **times)
    assert codes(found) == ["too-long"]
    assert not store.bookings


def test_whole_days_are_not_offered_where_nobody_looked(lab):
    """A refusal offers times of the days that it read, and a whole-day space needs all of its day."""
    parts = [a_space(space_id, capacity=20, hours=ALWAYS_OPEN) for space_id in ("hall-a", "hall-b")]
    fair = {"kind": Kind.COMBINED, "parts": ("hall-a", "hall-b"), "hours": ALWAYS_OPEN}
    ports, _, _ = lab(*parts, a_space("annex", whole_day=True, **fair))
    for day in ("2026-12-01", DAY, "2026-12-03"):
        book(ports, "hall-a", **on(day, "10-11"))
    found = refused(ports, "annex", **wed("22-23"))
    assert codes(found) == ["slot-taken"]
    for each in found.alternatives:
        request = a_request("annex", starts_at=each.starts_at, ends_at=each.ends_at)
        assert availability.preview(ports, request, FORM).possible


def test_alternatives_keep_what_else_was_asked_for(lab):
    ports, _, _ = lab()
    book(ports, "pod", **wed("10-11"))
    book(ports, "studio", equipment={"screen": 2}, **wed("11-12:30"))
    found = refused(ports, "pod", equipment={"screen": 1}, **wed("10-11"))
    assert at(f"{DAY} 11:00") not in alternatives(found)
    assert at(f"{DAY} 09:00") in alternatives(found)


def test_settings_changed_a_moment_ago_are_seen_by_who_looks(lab):
    ports, _, clock = lab()
    assert len(starts(ports, "pod", DAY, 60)) == 37
    set_space(ports, "pod", hours=Hours(week=(((8 * 60, 9 * 60),),) * 7))
    assert len(starts(ports, "pod", DAY, 60)) == 1


def test_no_other_time_is_offered_to_whom_the_rules_on_people_refuse(lab):
    """What is offered can be booked."""
    ports, _, _ = lab(live_bookings=1)
    book(ports, "pod", **wed("10-11"))
    for wish in (
        a_request("studio", **wed("10-11")),
        a_request("pod", person=replace(AINO, email="aino@example.com"), **wed("10-11")),
    ):
        found = availability.preview(ports, wish, FORM)
        assert not found.possible
        assert found.alternatives == ()
