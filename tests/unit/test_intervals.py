"""Touching and overlapping times, setup and cleanup, whole days."""

from dataclasses import asdict

import pytest

from chalicelib.domain.footprints import merged
from chalicelib.domain.times import slot_ceil, slot_floor
from chalicelib.services import spaces
from tests.builders import ALWAYS_OPEN, EERO, STAFF, a_space, at, on, wed
from tests.unit.steps import (
    alternatives,
    begin_to_close,
    book,
    cancel,
    change,
    close,
    codes,
    refused,
    set_space,
    starts,
)


@pytest.mark.parametrize("hours", ["11-12", "9-10"])
def test_times_that_touch_do_not_overlap(lab, hours):
    """B1"""
    ports, store, _ = lab()
    book(ports, "pod", **wed("10-11"))
    book(ports, "pod", **wed(hours))
    assert len(store.bookings) == 2


@pytest.mark.parametrize(
    ("taken", "asked"),
    [
        ("10-13", "10:30-12"),
        ("14-14:30", "14-15"),
        ("10-12", "9-13"),
        ("10-12", "10-12"),
        ("10-12", "11:45-12:45"),
        ("10-12", "9:15-10:15"),
        ("10-12", "11-12"),
    ],
)
def test_times_that_overlap_in_any_way_are_refused(lab, taken, asked):
    """B3, B4, B5: inside, containing from the same start, containing; and the same, either end."""
    ports, store, _ = lab()
    book(ports, "pod", **wed(taken))
    found = refused(ports, "pod", person=EERO, **wed(asked))
    assert codes(found) == ["slot-taken"]
    assert len(store.bookings) == 1


def test_a_conflict_names_the_taken_time_and_no_more(lab):
    ports, _, _ = lab()
    book(ports, "pod", **wed("10-13"))
    (conflict,) = refused(ports, "pod", **wed("10:30-12")).conflicts
    assert (conflict.starts_at, conflict.ends_at) == (
        at("2026-12-02 10:30"),
        at("2026-12-02 12:00"),
    )
    assert (conflict.reason, conflict.space_id, conflict.resource_id) == ("booked", "pod", None)


def test_setup_and_cleanup_never_share_a_slot(lab):
    """B7"""
    ports, _, _ = lab()
    book(ports, "studio", **wed("10-11"))
    for hours in ("11-12", "11:15-12:15", "9-10", "8:45-9:45"):
        assert codes(refused(ports, "studio", **wed(hours))) == ["slot-taken"]
    book(ports, "studio", **wed("11:30-12:30"))
    book(ports, "studio", **wed("8:30-9:30"))


def test_the_cleanup_of_the_booking_before_counts(lab):
    """B8"""
    ports, _, _ = lab(a_space("atelier", cleanup_minutes=30))
    book(ports, "atelier", **wed("10-11"))
    found = refused(ports, "atelier", **wed("11:15-12"))
    assert codes(found) == ["slot-taken"]
    assert [each.reason for each in found.conflicts] == ["buffer"]
    book(ports, "atelier", **wed("11:30-12"))


def test_a_new_setup_hits_an_old_booking_that_has_no_buffers(lab):
    """B9"""
    ports, _, _ = lab(a_space("atelier"))
    old = book(ports, "atelier", **wed("10-11"))
    set_space(ports, "atelier", setup_minutes=30)
    found = refused(ports, "atelier", **wed("11:15-12"))
    assert codes(found) == ["slot-taken"]
    assert [each.reason for each in found.conflicts] == ["booked"]
    book(ports, "atelier", **wed("11:30-12"))
    slots = slot_floor(old.starts_at), slot_ceil(old.ends_at)
    assert ports.bookings.get(old.booking_id).footprint == {"atelier": (slots,)}


def test_buffers_may_lie_outside_opening_hours(lab):
    """B11"""
    ports, _, _ = lab()
    late = book(ports, "studio", **wed("17-18"))
    book(ports, "studio", **wed("8-9"))
    assert late.footprint["studio"][0][1] == slot_floor(at("2026-12-02 18:15"))


def test_the_time_itself_may_not(lab):
    """B12"""
    ports, store, _ = lab()
    assert codes(refused(ports, "pod", **wed("17:30-18:15"))) == ["outside-opening-hours"]
    assert codes(refused(ports, "pod", **wed("7:45-8:45"))) == ["outside-opening-hours"]
    assert not store.bookings
    assert not store.ledger


@pytest.mark.parametrize("claimed", [True, False])
def test_a_cleanup_that_reaches_into_a_closure_is_refused_and_named(lab, claimed):
    """B13: also while the ledger has nothing of the closure yet."""
    ports, _, _ = lab()
    (close if claimed else begin_to_close)(ports, "studio", **wed("12-13"))
    found = refused(ports, "studio", **wed("11-12"))
    assert codes(found) == ["closed"]
    (problem,) = found.problems
    assert (problem.params["part"], problem.pointer) == ("cleanup", "/end")
    assert problem.params["space_id"] == "studio"
    assert [each.reason for each in found.conflicts] == ["closure"]
    book(ports, "studio", **wed("10:45-11:45"))


@pytest.mark.parametrize("claimed", [True, False])
def test_a_setup_that_reaches_into_a_closure_is_refused_and_named(lab, claimed):
    """B13, the other side"""
    ports, _, _ = lab()
    (close if claimed else begin_to_close)(ports, "studio", **wed("12-13"))
    (problem,) = refused(ports, "studio", **wed("13-14")).problems
    assert (problem.code, problem.params["part"]) == ("closed", "setup")
    book(ports, "studio", **wed("13:15-14"))


def test_a_time_within_a_closure_names_the_time(lab):
    ports, _, _ = lab()
    close(ports, "studio", **wed("12-13"))
    (problem,) = refused(ports, "studio", **wed("11-12:30")).problems
    assert (problem.code, problem.params["part"], problem.pointer) == ("closed", "time", "/start")
    assert problem.params["starts_at"] == at("2026-12-02 12:00")
    assert problem.params["ends_at"] == at("2026-12-02 12:45")  # as far as the cleanup reaches


def test_longer_buffers_are_for_new_bookings_and_pairs_too_near_are_listed(lab):
    """B15"""
    ports, _, _ = lab()
    first = book(ports, "studio", **wed("10-11"))
    second = book(ports, "studio", **wed("11:30-12:30"))
    set_space(ports, "studio", setup_minutes=60, cleanup_minutes=60)
    listed = spaces.affected(ports, "studio")
    assert [each.booking.booking_id for each in listed] == [first.booking_id, second.booking_id]
    assert all("slot-taken" in [each.code for each in found.problems] for found in listed)
    assert ports.bookings.get(first.booking_id) == first
    assert ports.bookings.get(second.booking_id) == second
    assert codes(refused(ports, "studio", **wed("13:30-14"))) == ["slot-taken"]
    third = book(ports, "studio", **wed("13:45-14:30"))
    assert third.footprint["studio"] == (
        (slot_floor(at("2026-12-02 12:45")), slot_floor(at("2026-12-02 15:30"))),
    )


def test_staff_may_book_without_setup_and_cleanup_and_it_is_audited(lab):
    """B16"""
    ports, store, _ = lab()
    book(ports, "studio", **wed("10-11"))
    bare = book(ports, "studio", by=STAFF, override=("buffers",), **wed("11:15-12:15"))
    assert bare.footprint == {"studio": ((slot_floor(bare.starts_at), slot_ceil(bare.ends_at)),)}
    entry = store.audit[-1]
    assert entry["action"] == "book"
    assert entry["override"] == ["buffers"]
    book(ports, "studio", **wed("12:30-13:30"))


def test_others_than_staff_cannot_do_without_buffers(lab):
    ports, _, _ = lab()
    book(ports, "studio", **wed("10-11"))
    found = refused(ports, "studio", override=("buffers",), **wed("11:15-12:15"))
    assert codes(found) == ["slot-taken"]


@pytest.mark.parametrize("override", [(), ("buffers",)])
def test_nobody_books_inside_a_neighbours_cleanup_until_it_is_shortened(lab, override):
    """B17"""
    ports, store, _ = lab()
    neighbour = book(ports, "studio", **wed("10-11"))
    found = refused(ports, "studio", by=STAFF, override=override, **wed("11-12"))
    assert codes(found) == ["slot-taken"]
    shorter = change(ports, neighbour, by=STAFF, override=("buffers",))
    assert shorter.footprint == {
        "studio": merged([(slot_floor(shorter.starts_at), slot_ceil(shorter.ends_at))])
    }
    assert store.audit[-1]["action"] == "change"
    assert store.audit[-1]["override"] == ["buffers"]
    if override:
        book(ports, "studio", by=STAFF, override=override, **wed("11-12"))
    else:
        book(ports, "studio", by=STAFF, **wed("11:15-12"))


def test_a_gap_that_is_too_small_is_not_offered(lab):
    """B19"""
    ports, _, _ = lab()
    book(ports, "pod", **wed("10-11"))
    book(ports, "pod", **wed("11:30-12:30"))
    found = refused(ports, "pod", **wed("11-11:45"))
    assert codes(found) == ["slot-taken"]
    assert at("2026-12-02 12:30") in alternatives(found)
    gap = {at(f"2026-12-02 {time}") for time in ("10:45", "11:00", "11:15")}
    assert not gap & set(alternatives(found))
    offered = starts(ports, "pod", "2026-12-02", 45)
    assert not gap & set(offered)
    assert min(start for start in offered if start > min(gap)) == at("2026-12-02 12:30")
    assert at("2026-12-02 11:00") in starts(ports, "pod", "2026-12-02", 30)


def test_a_whole_day_space_is_taken_for_the_day_and_not_for_the_next(lab):
    """B20"""
    ports, _, _ = lab(a_space("annex", whole_day=True, hours=ALWAYS_OPEN))
    book(ports, "annex", **wed("10-11"))
    assert codes(refused(ports, "annex", **wed("16-17"))) == ["slot-taken"]
    assert codes(refused(ports, "annex", **wed("23-24"))) == ["slot-taken"]
    book(ports, "annex", **on("2026-12-03", "0-1"))
    book(ports, "annex", **on("2026-12-05", "20-24"))
    book(ports, "annex", **on("2026-12-06", "0-1"))
    book(ports, "annex", **on("2026-12-04", "0-24"), by=STAFF, override=("too-long",))


def test_a_booking_over_midnight_takes_both_whole_days(lab):
    """B20"""
    ports, _, _ = lab(a_space("annex", whole_day=True, hours=ALWAYS_OPEN))
    book(ports, "annex", starts_at=at("2026-12-03 23:00"), ends_at=at("2026-12-04 00:15"))
    assert codes(refused(ports, "annex", **on("2026-12-03", "9-10"))) == ["slot-taken"]
    assert codes(refused(ports, "annex", **on("2026-12-04", "20-21"))) == ["slot-taken"]
    book(ports, "annex", **on("2026-12-02", "23-24"))
    book(ports, "annex", **on("2026-12-05", "0-1"))


def test_cancelling_frees_the_time_with_its_buffers(lab):
    ports, store, _ = lab()
    booking = book(ports, "studio", **wed("10-11"))
    cancel(ports, booking)
    assert all(not day.holders for day in store.ledger.values())
    book(ports, "studio", **wed("10-11"))


def test_a_refusal_never_says_whose_the_time_is(lab):
    """B116"""
    ports, _, _ = lab()
    book(ports, "pod", title="Salainen palaveri", person=EERO, notes="Oma", **wed("10-11"))
    found = refused(ports, "pod", **wed("10-11"))
    told = repr((found.problems, [asdict(each) for each in found.conflicts], found.alternatives))
    for secret in ("Salainen", "Eero", "eskola", "Oma", "b_0", "DVV"):
        assert secret not in told
    (conflict,) = found.conflicts
    assert conflict.space_id == "pod"
    assert (conflict.starts_at, conflict.ends_at) == (
        at("2026-12-02 10:00"),
        at("2026-12-02 11:00"),
    )
