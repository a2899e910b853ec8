"""The arithmetic of slots, held against plain sets of numbers."""

from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.bookings import Booking, PendingChange, State
from chalicelib.domain.footprints import (
    bits_by_day,
    common,
    day_keys,
    difference,
    footprint_of_bits,
    merged,
    minus,
    slots_by_day,
    union,
)
from chalicelib.domain.occupancy import Masks, Occupancy, mask_of, ranges_of, run_starts
from chalicelib.domain.stretches import laid_out
from chalicelib.domain.times import (
    SLOTS_A_DAY,
    days_between,
    first_slot,
    instant_of,
    slot_ceil,
    slot_floor,
    slots_of,
)
from tests.builders import AINO
from tests.fakes import Store, memory_ports

BASE = first_slot("2026-12-01")
MANY = settings(max_examples=100, deadline=None)

slot = st.integers(BASE - 50, BASE + 250)
a_range = st.tuples(slot, slot)
some_ranges = st.lists(a_range, max_size=6)
a_footprint = st.dictionaries(
    st.sampled_from(["hall-a", "pod", "desks.1"]),
    st.lists(a_range, min_size=1, max_size=4).map(merged).filter(bool),
    max_size=3,
)
an_instant = st.datetimes(datetime(2026, 11, 30), datetime(2026, 12, 3)).map(
    lambda naive: naive.replace(tzinfo=UTC)
)


def slots(ranges):
    return {number for start, end in ranges for number in range(start, end)}


def held(footprint):
    return {(key, number) for key, ranges in footprint.items() for number in slots(ranges)}


def is_plain(ranges):
    """Sorted, not empty, neither overlapping nor touching."""
    flat = [edge for piece in ranges for edge in piece]
    return flat == sorted(set(flat))


@MANY
@given(some_ranges)
def test_merged_ranges_are_the_same_slots_in_their_plainest_form(ranges):
    assert slots(merged(ranges)) == slots(ranges)
    assert is_plain(merged(ranges))


@MANY
@given(some_ranges, some_ranges)
def test_minus_and_common_are_those_of_sets(one, other):
    assert slots(minus(one, other)) == slots(one) - slots(other)
    assert slots(common(one, other)) == slots(one) & slots(other)
    assert is_plain(minus(one, other))
    assert is_plain(common(one, other))


@MANY
@given(a_footprint, a_footprint)
def test_union_and_difference_are_those_of_sets(one, other):
    assert held(union(one, other)) == held(one) | held(other)
    assert held(difference(one, other)) == held(one) - held(other)
    assert all(difference(one, other).values())


@MANY
@given(a_footprint)
def test_a_footprint_comes_back_from_its_bits(footprint):
    bits = bits_by_day(footprint)
    assert footprint_of_bits(bits) == footprint
    assert day_keys(footprint) == sorted(bits)
    assert all(0 < each < 1 << SLOTS_A_DAY for each in bits.values())
    named = {
        (key, first_slot(day) + number)
        for (key, day), numbers in slots_by_day(footprint).items()
        for number in numbers
    }
    assert named == held(footprint)


@MANY
@given(some_ranges, slot, st.integers(0, 300))
def test_ranges_come_back_from_their_mask_cut_to_its_window(ranges, base, size):
    mask = mask_of(merged(ranges), base, size)
    window = set(range(base, base + size))
    assert {base + bit for bit in range(size) if mask >> bit & 1} == slots(ranges) & window
    assert mask < 1 << size
    assert slots(ranges_of(mask, base)) == slots(ranges) & window
    assert is_plain(ranges_of(mask, base))


@MANY
@given(
    st.lists(st.sampled_from([None, ("free", ""), ("busy", "booked"), ("busy", "buffer")])),
    st.integers(0, 899),
    st.integers(0, 899),
)
def test_what_is_laid_out_is_every_slot_once_in_the_group_and_for_the_reason_of_its_mask(
    line, late, early
):
    """Held against a walk over the slots one by one, cut to a range that begins and ends between slots."""
    masks = {
        kind: sum(1 << bit for bit, each in enumerate(line) if each == kind)
        for kind in (("free", ""), ("busy", "booked"), ("busy", "buffer"))
    }
    groups = [
        {reason: mask for (group, reason), mask in masks.items() if group == name}
        for name in ("free", "busy")
    ]
    starts_at = instant_of(BASE) + timedelta(seconds=late)
    ends_at = instant_of(BASE + len(line)) - timedelta(seconds=early)
    expected = {"free": [], "busy": []}
    for kind, run in groupby(enumerate(line), key=itemgetter(1)):
        numbers = [number for number, _ in run]
        if kind:
            edges = instant_of(BASE + numbers[0]), instant_of(BASE + numbers[-1] + 1)
            expected[kind[0]].append((max(edges[0], starts_at), min(edges[1], ends_at), kind[1]))
    found = laid_out(groups, BASE, starts_at, ends_at)
    assert [list(times) for times in found] == list(expected.values())


@MANY
@given(st.integers(0, (1 << 60) - 1), st.integers(1, 12))
def test_a_run_starts_where_all_that_follow_are_set(mask, length):
    found = {bit for bit in range(60) if run_starts(mask, length) >> bit & 1}
    assert found == {
        bit for bit in range(60) if all(mask >> each & 1 for each in range(bit, bit + length))
    }


@MANY
@given(
    a_range.filter(lambda each: each[0] < each[1]), a_range.filter(lambda each: each[0] < each[1])
)
def test_intervals_overlap_exactly_where_they_share_a_slot(one, other):
    (start, end), (begin, finish) = ((instant_of(a), instant_of(b)) for a, b in (one, other))
    assert (start < finish and begin < end) == bool(slots([one]) & slots([other]))


@MANY
@given(an_instant, an_instant, an_instant, an_instant)
def test_intervals_off_the_slots_that_overlap_share_one(start, end, begin, finish):
    (start, end), (begin, finish) = sorted((start, end)), sorted((begin, finish))
    if start < finish and begin < end:
        one = slots([(slot_floor(start), slot_ceil(end))])
        assert one & slots([(slot_floor(begin), slot_ceil(finish))])


@MANY
@given(an_instant)
def test_an_instant_lies_in_its_slot(instant):
    assert instant_of(slot_floor(instant)) <= instant < instant_of(slot_floor(instant) + 1)
    assert instant_of(slot_ceil(instant) - 1) < instant <= instant_of(slot_ceil(instant))


@MANY
@given(st.integers(0, 2000))
def test_minutes_need_as_many_slots_as_they_begin(minutes):
    assert 15 * (slots_of(minutes) - 1) < minutes <= 15 * slots_of(minutes)


@MANY
@given(a_range.filter(lambda each: each[0] < each[1]))
def test_the_days_of_a_range_are_all_that_it_touches(span):
    assert days_between(*span) == sorted({day for _, day in bits_by_day({"pod": (span,)})})


def a_booking(core, buffers, extra, state):
    """A booking of some calendars, perhaps with time that waits for approval."""
    footprint = {
        key: ((core[0] - setup, core[1] + cleanup),) for key, (setup, cleanup) in buffers.items()
    }
    more = {key: ((start, end + extra),) for key, ((start, end),) in footprint.items()}
    change = PendingChange(
        instant_of(core[0]), instant_of(core[1] + extra), ("pod",), 1, {}, None, more
    )
    return Booking(
        booking_id="b_1",
        state=state,
        space_ids=("pod",),
        starts_at=instant_of(core[0]),
        ends_at=instant_of(core[1]),
        footprint=footprint,
        person=AINO,
        person_id="p_1",
        made_by="k_1",
        created_at=instant_of(core[0]) - timedelta(days=1),
        pending_change=change if extra and state is State.CONFIRMED else None,
    )


@MANY
@given(
    a_range.filter(lambda each: each[0] < each[1]),
    st.dictionaries(
        st.sampled_from(["hall-a", "pod"]),
        st.tuples(st.integers(0, 99), st.integers(0, 99)),
        min_size=1,
    ),
    st.integers(0, 120),
    st.sampled_from([State.CONFIRMED, State.PENDING]),
)
def test_what_the_ledger_is_told_comes_back_from_it(core, buffers, extra, state):
    """Setup and cleanup, time that waits, and time that is booked, each in its own mask."""
    booking = a_booking(core, buffers, extra, state)
    store = Store()
    ports = memory_ports(store)
    tx = ports.begin()
    ports.ledger.move(
        tx, booking.booking_id, {}, booking.held, until=booking.until, marks=booking.marks()
    )
    tx.commit()
    first, last = BASE - 300, BASE + 600
    occupancy = Occupancy(store.ledger, first, last, booking.created_at)
    pending = state is State.PENDING
    for key in ("hall-a", "pod"):
        own = slots(booking.footprint.get(key, ()))
        more = slots(booking.held.get(key, ())) - own
        masks = occupancy.masks(key)
        assert slots(ranges_of(masks.taken, first)) == own | more
        firm = set() if pending else own
        assert slots(ranges_of(masks.buffer, first)) == firm - slots([core])
        assert slots(ranges_of(masks.tentative, first)) == more | (own - firm)
        assert slots(ranges_of(masks.booked, first)) == firm & slots([core])
        assert masks.closure == 0
    ignoring = Occupancy(store.ledger, first, last, booking.created_at, ignoring="b_1")
    assert ignoring.masks("pod") == Masks()
