"""How many live bookings a person may have."""

from dataclasses import replace

import pytest

from chalicelib.domain.people import person_id_of
from chalicelib.services import spaces
from chalicelib.services.expiry import expire_due
from tests.builders import AINO, ANYBODY, EERO, STAFF, a_space, an_intent, at, on, wed
from tests.unit.steps import approve, book, cancel, change, codes, deny, refused

AINOS = person_id_of(AINO.email, "a salt for tests")
LOFT = a_space("loft", needs_approval=True)


def test_with_a_quota_of_one_only_one_of_two_bookings_is_made(lab):
    """B40, one after the other"""
    ports, store, _ = lab(live_bookings=1)
    book(ports, "studio", **wed("10-11"))
    found = refused(ports, "pod", **wed("10-11"))
    assert codes(found) == ["quota-exceeded"]
    assert found.problems[0].params["limit"] == 1
    assert len(store.bookings) == 1
    book(ports, "pod", person=EERO, **wed("10-11"))


def test_what_is_over_does_not_count(lab):
    """B112: ended a minute ago, its cleanup still going on."""
    ports, _, clock = lab(live_bookings=2)
    book(ports, "studio", **on("2026-12-01", "10-11"))
    book(ports, "pod", **wed("10-11"))
    clock.time = at("2026-12-01 10:59:59")
    assert codes(refused(ports, "pod", **wed("12-13"))) == ["quota-exceeded"]
    clock.time = at("2026-12-01 11:01")
    book(ports, "pod", **wed("12-13"))
    assert codes(refused(ports, "pod", **wed("14-15"))) == ["quota-exceeded"]


def test_what_ends_at_this_instant_is_over(lab):
    """B112"""
    ports, _, clock = lab(live_bookings=1)
    book(ports, "pod", **on("2026-12-01", "10-11"))
    clock.time = at("2026-12-01 11:00")
    book(ports, "pod", **wed("12-13"))


def test_a_lower_quota_does_not_stop_an_edit(lab):
    """B49"""
    ports, _, _ = lab()
    first = book(ports, "pod", **wed("10-11"))
    book(ports, "pod", **wed("12-13"))
    spaces.change_site(ports, {"live_bookings": 1}, None, an_intent(STAFF))
    moved = change(ports, first, **wed("14-15"))
    assert moved.starts_at == at("2026-12-02 14:00")
    assert codes(refused(ports, "pod", **wed("16-17"))) == ["quota-exceeded"]


@pytest.mark.parametrize("end", [cancel, deny])
def test_what_is_given_up_no_longer_counts(lab, end):
    ports, _, _ = lab(LOFT, live_bookings=1)
    booking = book(ports, "loft", **wed("10-11"))
    assert codes(refused(ports, "pod", **wed("12-13"))) == ["quota-exceeded"]
    end(ports, booking)
    book(ports, "pod", **wed("12-13"))


def test_what_expired_no_longer_counts(lab):
    ports, store, clock = lab(LOFT, live_bookings=1, prove_address=True)
    held = book(ports, "pod", by=ANYBODY, **wed("10-11"))
    clock.time = held.confirm_by
    assert expire_due(ports) == 1
    assert store.quotas[held.person_id].bookings == {}
    book(ports, "pod", **wed("12-13"))


def test_a_booking_counts_until_its_new_end(lab):
    ports, _, clock = lab(live_bookings=1)
    booking = book(ports, "pod", **on("2026-12-01", "10-11"))
    change(ports, booking, **on("2026-12-01", "12-13"))
    clock.time = at("2026-12-01 11:30")
    assert codes(refused(ports, "pod", **wed("12-13"))) == ["quota-exceeded"]
    clock.time = at("2026-12-01 13:00")
    book(ports, "pod", **wed("12-13"))


def test_a_booking_that_ended_early_no_longer_counts(lab):
    """B51, B112"""
    ports, _, clock = lab(live_bookings=1)
    booking = book(ports, "pod", **on("2026-12-01", "10-12"))
    clock.time = at("2026-12-01 10:40")
    change(ports, booking, ends_at=clock.time)
    clock.time = at("2026-12-01 10:45")
    book(ports, "pod", **wed("12-13"))


def test_a_reopened_booking_counts_again(lab):
    """B37"""
    ports, _, _ = lab(LOFT, live_bookings=1)
    booking = book(ports, "loft", **wed("10-11"))
    tag = f'"{deny(ports, booking).version}"'
    approve(ports, booking, (tag,))
    assert codes(refused(ports, "pod", **wed("12-13"))) == ["quota-exceeded"]


def test_every_spelling_of_an_address_is_one_person(lab):
    """B114"""
    ports, _, _ = lab(live_bookings=1)
    book(ports, "pod", **wed("10-11"))
    shouted = replace(AINO, email=" Aino.AALTO@GOV.FI ")
    assert codes(refused(ports, "pod", person=shouted, **wed("12-13"))) == ["quota-exceeded"]


def test_staff_may_let_somebody_have_one_more(lab):
    ports, store, _ = lab(live_bookings=1)
    book(ports, "pod", by=STAFF, person=AINO, **wed("10-11"))
    asked = {"person": AINO, **wed("12-13")}
    assert codes(refused(ports, "pod", by=STAFF, **asked)) == ["quota-exceeded"]
    assert codes(refused(ports, "pod", override=("quota-exceeded",), **asked)) == ["quota-exceeded"]
    book(ports, "pod", by=STAFF, override=("quota-exceeded",), **asked)
    assert store.audit[-1]["override"] == ["quota-exceeded"]


def test_without_a_limit_nobody_is_counted_out(lab):
    ports, store, _ = lab()
    for hour in range(8, 18):
        book(ports, "pod", **wed(f"{hour}-{hour + 1}"))
    (quota,) = store.quotas.values()
    assert len(quota.bookings) == 10


def test_a_booking_is_kept_for_its_hours_until_its_week_is_over(lab):
    """The week of Tue 1 Dec ends on Sunday night; a quota of hours may be set meanwhile."""
    ports, store, clock = lab()
    first = book(ports, "pod", **on("2026-12-01", "10-11"))
    clock.time = at("2026-12-06 23:59")
    second = book(ports, "pod", **on("2026-12-07", "10-11"))
    assert set(store.quotas[AINOS].bookings) == {first.booking_id, second.booking_id}
    clock.time = at("2026-12-07 00:00")
    third = book(ports, "pod", **on("2026-12-07", "12-13"))
    assert set(store.quotas[AINOS].bookings) == {second.booking_id, third.booking_id}
