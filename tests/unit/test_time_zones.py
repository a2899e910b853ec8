"""Local times, summer time, days of 23 and 25 hours, and what belongs to which day."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from chalicelib.domain.spaces import Hours
from chalicelib.domain.times import (
    UnknownLocalTime,
    day_of,
    days_between,
    first_slot,
    in_zone,
    instant_of,
    local_date,
    midnight,
    parse,
    plus_days,
    slot_ceil,
    slot_floor,
    wall,
)
from chalicelib.services import availability, listing
from chalicelib.services.availability import Search, iso_week
from tests.builders import ALWAYS_OPEN, HELSINKI, OFFICE_HOURS, STAFF, a_space, at, on
from tests.unit.steps import book, codes, refused, starts

NIGHT_AND_DAY = a_space("pod", hours=ALWAYS_OPEN, horizon_days=800, max_minutes=24 * 60)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_time_that_comes_twice_is_refused_with_both_candidates():
    """B79"""
    with pytest.raises(UnknownLocalTime) as caught:
        parse("2027-10-31T03:30", HELSINKI)
    assert caught.value.code == "ambiguous-local-time"
    assert caught.value.candidates == (utc("2027-10-31 00:30"), utc("2027-10-31 01:30"))


def test_with_an_offset_each_of_the_two_hours_can_be_booked(lab):
    """B79"""
    ports, _, _ = lab(NIGHT_AND_DAY)
    for offset in ("+03:00", "+02:00"):
        start = parse(f"2027-10-31T03:00{offset}", HELSINKI)
        book(ports, "pod", starts_at=start, ends_at=start + timedelta(hours=1))
    both = {"starts_at": utc("2027-10-31 00:00"), "ends_at": utc("2027-10-31 02:00")}
    (found,) = availability.search(ports, Search(**both, space_ids=("pod",)))
    assert [(each.starts_at, each.ends_at) for each in found.busy] == [tuple(both.values())]


@pytest.mark.parametrize("text", ["2027-03-28T03:00", "2027-03-28T03:30", "2027-03-28T03:59:59"])
def test_a_time_that_the_clock_skips_is_refused_with_candidates(text):
    """B79, the other way round"""
    with pytest.raises(UnknownLocalTime) as caught:
        parse(text, HELSINKI)
    assert caught.value.code == "nonexistent-local-time"
    first, second = caught.value.candidates
    assert second - first == timedelta(hours=1)
    assert second == datetime.fromisoformat(text).replace(tzinfo=UTC) - timedelta(hours=2)


@pytest.mark.parametrize("text", ["2027-03-28T02:59", "2027-03-28T04:00", "2027-10-31T02:59"])
def test_the_times_beside_a_change_are_plain(text):
    assert parse(text, HELSINKI).astimezone(HELSINKI).isoformat().startswith(text)


def test_a_night_that_loses_an_hour_is_an_hour_shorter(lab):
    """B80"""
    ports, _, _ = lab(NIGHT_AND_DAY)
    start, end = parse("2027-03-28T02:30", HELSINKI), parse("2027-03-28T04:30", HELSINKI)
    assert (start, end) == (utc("2027-03-28 00:30"), utc("2027-03-28 01:30"))
    booking = book(ports, "pod", starts_at=start, ends_at=end)
    assert booking.ends_at - booking.starts_at == timedelta(minutes=60)


@pytest.mark.parametrize(("least", "broken"), [(60, []), (75, ["too-short"])])
def test_the_shortest_time_is_one_that_passes(lab, least, broken):
    """B80"""
    ports, _, _ = lab(a_space("pod", hours=ALWAYS_OPEN, horizon_days=800, min_minutes=least))
    times = {
        "starts_at": parse("2027-03-28T02:30", HELSINKI),
        "ends_at": parse("2027-03-28T04:30", HELSINKI),
    }
    if broken:
        assert codes(refused(ports, "pod", **times)) == broken
    else:
        book(ports, "pod", **times)


@pytest.mark.parametrize(("most", "broken"), [(240, []), (225, ["too-long"])])
def test_a_night_that_gains_an_hour_is_an_hour_longer(lab, most, broken):
    """B81"""
    ports, _, _ = lab(a_space("pod", hours=ALWAYS_OPEN, horizon_days=800, max_minutes=most))
    start, end = parse("2027-10-31T02:00", HELSINKI), parse("2027-10-31T05:00", HELSINKI)
    assert (start, end) == (utc("2027-10-30 23:00"), utc("2027-10-31 03:00"))
    assert end - start == timedelta(hours=4)
    if broken:
        assert codes(refused(ports, "pod", starts_at=start, ends_at=end)) == broken
    else:
        booking = book(ports, "pod", starts_at=start, ends_at=end)
        assert booking.footprint == {"pod": ((slot_floor(start), slot_floor(end)),)}
        assert slot_floor(end) - slot_floor(start) == 16


@pytest.mark.parametrize("day", ["2027-03-28", "2027-10-31", "2027-06-06"])
def test_opening_hours_are_wall_time_on_the_days_of_change(lab, day):
    """B83"""
    sundays = Hours(week=((),) * 6 + (((12 * 60, 16 * 60),),))
    ports, _, _ = lab(a_space("pod", hours=sundays, horizon_days=800))
    found = starts(ports, "pod", day, 60)
    assert found[0] == at(f"{day} 12:00")
    assert found[-1] == at(f"{day} 15:00")
    book(ports, "pod", starts_at=found[0], ends_at=found[0] + timedelta(hours=1))
    book(ports, "pod", starts_at=found[-1], ends_at=found[-1] + timedelta(hours=1))


def test_notice_over_a_change_does_not_shift_the_days_after_it(lab):
    """B84"""
    space = a_space(
        "pod", hours=OFFICE_HOURS, horizon_days=800, notice_minutes=24 * 60, grid_minutes=60
    )
    ports, _, clock = lab(space)
    clock.time = at("2027-03-27 10:00")
    assert starts(ports, "pod", "2027-03-29", 60)[0] == at("2027-03-29 08:00")
    assert starts(ports, "pod", "2027-03-29", 60) == [
        at(f"2027-03-29 {hour:02d}:00") for hour in range(8, 18)
    ]


def test_notice_is_time_that_passes(lab):
    """B84"""
    space = a_space("pod", hours=ALWAYS_OPEN, notice_minutes=24 * 60)
    ports, _, clock = lab(space)
    clock.time = at("2027-03-27 10:00")
    assert starts(ports, "pod", "2027-03-28", 60)[0] == at("2027-03-28 11:00")
    assert starts(ports, "pod", "2027-03-29", 60)[0] == at("2027-03-29 00:00")
    early = at("2027-03-28 10:45")
    found = refused(ports, "pod", starts_at=early, ends_at=early + timedelta(hours=1))
    assert codes(found) == ["too-soon"]


def test_the_horizon_is_counted_in_days_of_the_calendar(lab):
    """B85"""
    ports, _, clock = lab(a_space("pod", horizon_days=30))
    clock.time = at("2027-03-02 10:00")
    found = refused(ports, "pod", **on("2027-04-01", "10:15-11:15"))
    assert codes(found) == ["too-far-ahead"]
    assert found.problems[0].params["latest"] == at("2027-04-01 10:00")
    assert starts(ports, "pod", "2027-04-01", 60)[-1] == at("2027-04-01 10:00")
    assert starts(ports, "pod", "2027-04-02", 60) == []
    book(ports, "pod", **on("2027-04-01", "10-11"))


def test_notice_of_a_day_is_counted_from_the_local_day(lab):
    """B87"""
    ports, _, clock = lab(a_space("pod", hours=ALWAYS_OPEN, notice_minutes=24 * 60))
    clock.time = at("2026-12-01 00:30")
    assert clock.time == utc("2026-11-30 22:30")
    assert codes(refused(ports, "pod", **on("2026-12-01", "23-24"))) == ["too-soon"]
    assert starts(ports, "pod", "2026-12-01", 60) == []
    assert starts(ports, "pod", "2026-12-02", 60)[0] == at("2026-12-02 00:30")
    book(ports, "pod", **on("2026-12-02", "0:30-1:30"))


def test_a_booking_at_night_belongs_to_its_local_day(lab):
    """B88"""
    ports, _, clock = lab(a_space("pod", hours=ALWAYS_OPEN))
    clock.time = at("2026-11-30 12:00")
    booking = book(ports, "pod", **on("2026-12-01", "0:15-1"))
    assert booking.starts_at == utc("2026-11-30 22:15")
    assert local_date(booking.starts_at, HELSINKI) == date(2026, 12, 1)

    def busy(day):
        (found,) = availability.search(ports, Search(**on(day, "0-24"), space_ids=("pod",)))
        return [(each.starts_at, each.ends_at) for each in found.busy]

    def listed(day):
        return listing.overlapping(ports, listing.Wanted(**on(day, "0-24")), 10, None).items

    assert busy("2026-11-30") == []
    assert busy("2026-12-01") == [(booking.starts_at, booking.ends_at)]
    assert list(listed("2026-11-30")) == []
    assert list(listed("2026-12-01")) == [booking]


def test_a_weekend_event_is_for_staff_with_leave_to_break_the_hours(lab):
    """B89"""
    ports, _, _ = lab()
    times = {"starts_at": at("2027-02-05 16:00"), "ends_at": at("2027-02-06 12:00")}
    assert codes(refused(ports, "pod", **times)) == ["too-long", "outside-opening-hours"]
    assert codes(refused(ports, "pod", by=STAFF, **times)) == ["too-long", "outside-opening-hours"]
    asked = ("outside-opening-hours", "too-long")
    assert codes(refused(ports, "pod", override=asked, **times)) == [
        "too-long",
        "outside-opening-hours",
    ]
    book(ports, "pod", by=STAFF, override=asked, **times)
    assert codes(refused(ports, "pod", **on("2027-02-05", "17-18"))) == ["slot-taken"]
    saturday = refused(ports, "pod", by=STAFF, override=asked, **on("2027-02-06", "11-13"))
    assert codes(saturday) == ["slot-taken"]
    (found,) = availability.search(ports, Search(**on("2027-02-06", "0-24"), space_ids=("pod",)))
    assert [(each.starts_at, each.ends_at) for each in found.busy] == [
        (at("2027-02-06 00:00"), at("2027-02-06 12:00"))
    ]


def test_times_from_another_zone_are_the_same_instants(lab):
    """B91"""
    ports, _, _ = lab()
    book(ports, "pod", **on("2026-12-02", "10-11"))
    there = (
        parse("2026-12-02T08:00:00+01:00", HELSINKI),
        parse("2026-12-02T10:30:00+01:00", HELSINKI),
    )
    here = parse("2026-12-02T09:00", HELSINKI), parse("2026-12-02T11:30", HELSINKI)
    assert there == here
    one, other = (
        availability.search(ports, Search(*times, space_ids=("pod",))) for times in (there, here)
    )
    assert one == other
    assert one[0].busy[0].starts_at.astimezone(ZoneInfo("Europe/Brussels")).hour == 9
    assert ports.settings.get().site.time_zone == "Europe/Helsinki"


def test_a_leap_day_is_a_day_of_february(lab):
    """B92"""
    ports, _, clock = lab()
    clock.time = at("2028-02-01 09:00")
    booking = book(ports, "pod", **on("2028-02-29", "10-12"))
    wanted = listing.Wanted(
        midnight(date(2028, 2, 1), HELSINKI), midnight(date(2028, 3, 1), HELSINKI)
    )
    assert list(listing.overlapping(ports, wanted, 10, None).items) == [booking]
    march = listing.Wanted(
        midnight(date(2028, 3, 1), HELSINKI), midnight(date(2028, 4, 1), HELSINKI)
    )
    assert list(listing.overlapping(ports, march, 10, None).items) == []


@pytest.mark.parametrize("text", ["2029-02-29", "2029-02-29T10:00", "2028-02-30"])
def test_a_leap_day_of_another_year_is_no_day(text):
    """B92"""
    with pytest.raises(ValueError):
        parse(text, HELSINKI)


def test_a_year_ahead_of_a_leap_day_is_counted_in_days():
    """B92"""
    assert plus_days(at("2028-02-29 10:00"), 365, HELSINKI) == at("2029-02-28 10:00")
    assert plus_days(at("2028-02-29 10:00"), 366, HELSINKI) == at("2029-03-01 10:00")


def test_week_53_is_one_week_over_two_years(lab):
    """B93"""
    days = [f"2026-12-{day}" for day in range(28, 32)] + [f"2027-01-0{day}" for day in range(1, 4)]
    assert {iso_week(day) for day in days} == {"2026-W53"}
    assert iso_week("2026-12-27") == "2026-W52"
    assert iso_week("2027-01-04") == "2027-W01"
    ports, store, _ = lab(a_space("pod", hours=ALWAYS_OPEN))
    book(ports, "pod", **on("2026-12-31", "10-11"))
    book(ports, "pod", **on("2027-01-01", "10-11"))
    store.calls.clear()
    week = {"starts_at": at("2026-12-28 00:00"), "ends_at": at("2027-01-04 00:00")}
    found = {each.space.space_id: each for each in availability.search(ports, Search(**week))}
    assert [each.starts_at for each in found["pod"].busy] == [
        at("2026-12-31 10:00"),
        at("2027-01-01 10:00"),
    ]
    (found,) = availability.search(ports, Search(**week, space_ids=("pod",)))
    assert len(found.busy) == 2


def test_a_wide_search_reads_the_ledger_by_the_week(lab):
    """At most two reads for a week, whatever the number of spaces: a local Monday is a UTC Sunday."""
    ports, store, _ = lab(a_space("sauna", hours=ALWAYS_OPEN, units=1))
    book(ports, "sauna", **on("2026-12-07", "0-1"))
    many = [a_space(f"room-{number}") for number in range(20)]
    store.spaces |= {space.space_id: space for space in many}
    store.revision += 1
    ports.settings.fresh()
    store.calls.clear()
    week = {"starts_at": at("2026-12-07 00:00"), "ends_at": at("2026-12-14 00:00")}
    found = {each.space.space_id: each for each in availability.search(ports, Search(**week))}
    assert store.calls.count("ledger.week") == 2
    assert "snapshot" not in store.calls
    assert [each.starts_at for each in found["sauna"].busy] == [at("2026-12-07 00:00")]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-12-02T10:00:00+02:00", "2026-12-02 08:00"),
        ("2026-12-02T08:00:00Z", "2026-12-02 08:00"),
        ("2026-12-02t08:00:00z", "2026-12-02 08:00"),
        ("2026-12-02T10:00", "2026-12-02 08:00"),
        ("2026-12-02 10:00", "2026-12-02 08:00"),
        ("2026-12-02", "2026-12-01 22:00"),
        ("2026-06-02", "2026-06-01 21:00"),
    ],
)
def test_times_are_read_as_they_are_written(text, instant):
    assert parse(text, HELSINKI) == utc(instant)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "10:00",
        "2026-12-02T10",
        "2026-12-02X10:00",
        "2026-13-02",
        "2026-12-02T25:00",
        "20261202T10:00:00",
        "0001-01-01T00:00",
        "9999-12-31",
        "9999-12-31T23:59:59-12:00",
        "1999-12-31T10:00",
        "2200-01-01",
        "huomenna klo 10",
    ],
)
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError):
        parse(text, HELSINKI)


def test_a_wall_time_that_is_skipped_counts_from_before_the_change():
    assert wall(date(2027, 3, 28), 3 * 60 + 30, HELSINKI) == utc("2027-03-28 01:30")
    assert wall(date(2027, 10, 31), 3 * 60 + 30, HELSINKI) == utc("2027-10-31 00:30")
    assert wall(date(2026, 12, 31), 24 * 60, HELSINKI) == utc("2026-12-31 22:00")


def test_a_day_has_as_many_slots_as_it_has_quarters_of_an_hour():
    for day, hours in ((date(2027, 3, 28), 23), (date(2027, 10, 31), 25), (date(2027, 6, 1), 24)):
        start, end = midnight(day, HELSINKI), midnight(day + timedelta(days=1), HELSINKI)
        assert slot_ceil(end) - slot_floor(start) == hours * 4


def test_slots_begin_on_the_quarters_of_an_hour():
    moment = utc("2026-12-02 10:15")
    slot = slot_floor(moment)
    assert instant_of(slot) == moment
    assert slot_ceil(moment) == slot
    assert slot_floor(moment - timedelta(microseconds=1)) == slot - 1
    assert slot_ceil(moment + timedelta(microseconds=1)) == slot + 1
    assert first_slot(day_of(slot)) + 41 == slot


def test_the_days_of_a_range_are_those_that_it_touches():
    first = first_slot("2026-12-02")
    assert days_between(first, first + 96) == ["2026-12-02"]
    assert days_between(first - 1, first + 97) == ["2026-12-01", "2026-12-02", "2026-12-03"]


def test_a_naive_time_means_the_sites_zone():
    assert in_zone(datetime(2026, 12, 2, 10), ZoneInfo("Europe/Stockholm")) == utc(
        "2026-12-02 09:00"
    )
