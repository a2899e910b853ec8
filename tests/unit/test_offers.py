"""Worlds made by chance: what is shown adds up, and what is offered, and only that, can be booked."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.availability import fits
from chalicelib.domain.errors import Refused
from chalicelib.domain.rules import OVERRIDABLE, Ask
from chalicelib.domain.spaces import Hours, Kind
from chalicelib.domain.times import midnight
from chalicelib.services import availability, bookings, closures, expiry
from chalicelib.services.availability import Search
from chalicelib.services.check import check
from chalicelib.services.ports import Ports
from tests.builders import (
    ANYBODY,
    FORM,
    HELSINKI,
    STAFF,
    a_request,
    a_space,
    an_intent,
    the_ports,
)

QUARTER = timedelta(minutes=15)
DAYS = {"2027-03-28": 23, "2027-10-31": 25, "2027-06-02": 24}
SPACES = ("one", "two", "both", "pool")
WEEKS = [
    ((0, 1440),),
    ((480, 1080),),
    ((0, 150), (195, 705), (720, 1440)),
    ((180, 240), (255, 1425)),
    (),
]
SOME = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@dataclass
class World:
    ports: Ports
    day: date
    begins: datetime
    ends: datetime

    def shown(self, **search):
        times = {"starts_at": self.begins, "ends_at": self.ends}
        return availability.search(self.ports, Search(**(times | search)))


rules = st.fixed_dictionaries(
    {
        "hours": st.sampled_from(WEEKS).map(lambda openings: Hours(week=(openings,) * 7)),
        "setup_minutes": st.sampled_from([0, 0, 15, 60]),
        "cleanup_minutes": st.sampled_from([0, 0, 30, 105]),
        "min_minutes": st.sampled_from([15, 60]),
        "max_minutes": st.sampled_from([120, 1440]),
        "grid_minutes": st.sampled_from([15, 15, 60, 90]),
        "whole_day": st.sampled_from([False] * 5 + [True]),
        "notice_minutes": st.sampled_from([0, 0, 200]),
        "horizon_days": st.sampled_from([800, 800, 1]),
        "needs_approval": st.booleans(),
    }
)
steps = st.lists(
    st.tuples(
        st.sampled_from(["book", "staff", "hold", "close", "begin to close", "cancel"]),
        st.sampled_from(SPACES),
        st.integers(-100, 110),
        st.integers(1, 30),
    ),
    max_size=8,
)


@st.composite
def worlds(draw):
    """Four spaces with rules of their own, things that happened to them, and a time of the day."""
    day = draw(st.sampled_from(sorted(DAYS)))
    begins = midnight(date.fromisoformat(day), HELSINKI)
    ports, _, clock = the_ports(
        a_space("one", **draw(rules)),
        a_space("two", **draw(rules)),
        a_space("both", kind=Kind.COMBINED, parts=("one", "two"), **draw(rules)),
        a_space("pool", kind=Kind.POOL, units=3, **draw(rules)),
        now=begins - timedelta(hours=30),
        prove_address=True,
    )
    made = []
    for step, space_id, offset, length in draw(steps):
        start = begins + offset * QUARTER
        times = {"starts_at": start, "ends_at": start + length * QUARTER}
        happen(ports, made, step, space_id, times)
    clock.time = begins + timedelta(seconds=draw(st.integers(-3600, 36 * 3600)))
    ends = midnight(date.fromisoformat(day) + timedelta(days=1), HELSINKI)
    return World(ports, date.fromisoformat(day), begins, ends)


def happen(ports, made, step, space_id, times):
    if step == "cancel":
        if made:
            booking = made.pop()
            bookings.cancel(ports, booking.booking_id, "", None, an_intent(STAFF))
    elif step in ("close", "begin to close"):
        request = closures.ClosureRequest((space_id,), **times)
        closure = closures.close(ports, request, an_intent(STAFF)).value
        if step == "close":
            closures.go_on(ports, closure.closure_id)
    else:
        actor = {"book": FORM, "staff": STAFF, "hold": ANYBODY}[step]
        request = a_request(space_id, override=OVERRIDABLE[:-1], **times)
        with suppress(Refused):
            made.append(bookings.book(ports, request, an_intent(actor)).value)


@pytest.mark.parametrize(("day", "hours"), DAYS.items())
def test_the_days_are_as_long_as_they_should_be(day, hours):
    day = date.fromisoformat(day)
    length = midnight(day + timedelta(days=1), HELSINKI) - midnight(day, HELSINKI)
    assert length == timedelta(hours=hours)


@SOME
@given(worlds(), st.integers(0, 90_000), st.integers(1, 90_000), st.integers(1, 3))
def test_free_busy_and_closed_partition_every_range(world, skip, seconds, units):
    whole = (world.begins, world.ends)
    begins = world.begins + timedelta(seconds=skip)
    for start, end in (whole, (begins, begins + timedelta(seconds=seconds))):
        for found in world.shown(space_ids=SPACES, starts_at=start, ends_at=end, units=1):
            assert_partition(found, start, end)
        for found in world.shown(space_ids=("pool",), starts_at=start, ends_at=end, units=units):
            assert_partition(found, start, end)


def assert_partition(found, start, end):
    pieces = sorted(
        (each.starts_at, each.ends_at) for each in (*found.free, *found.busy, *found.closed)
    )
    assert pieces[0][0] == start
    assert pieces[-1][1] == end
    assert all(a < b for a, b in pieces)
    assert [b for _, b in pieces[:-1]] == [a for a, _ in pieces[1:]]
    assert all(each.reason == "" for each in found.free)
    assert {each.reason for each in found.busy} <= {"booked", "tentative", "buffer"}
    assert {each.reason for each in found.closed} <= {"hours", "closure", "past"}


@SOME
@given(worlds(), st.sampled_from(SPACES), st.sampled_from([1, 2, 4, 8, 24]), st.integers(1, 2))
def test_what_is_offered_would_be_taken_and_nothing_else(world, space_id, length, units):
    """Every quarter of an hour of the day, offered or not, is held against the plan of a booking."""
    units = units if space_id == "pool" else 1
    minutes = length * 15
    (found,) = world.shown(space_ids=(space_id,), minutes=minutes, units=units)
    ports = world.ports
    catalog, now = ports.settings.fresh(), ports.clock.now()
    around = timedelta(days=2)
    occupancy = availability.occupied(
        ports, catalog, catalog.places(), world.begins - around, world.ends + around
    )
    last = world.ends - length * QUARTER
    asked = [
        world.begins + QUARTER * number for number in range((last - world.begins) // QUARTER + 1)
    ]
    possible = [
        start
        for start in asked
        if fits(
            Ask((space_id,), start, start + length * QUARTER, units=units), catalog, occupancy, now
        )
    ]
    assert list(found.starts) == possible
    for piece in found.free:
        assert any(piece.starts_at <= start < piece.ends_at for start in found.starts)


@SOME
@given(worlds(), st.sampled_from(SPACES), st.sampled_from([2, 4, 8]), st.randoms())
def test_what_is_offered_can_be_booked_and_what_is_not_is_refused(world, space_id, length, random):
    """Through the whole of it: search, book, the ledger and the check."""
    (found,) = world.shown(space_ids=(space_id,), minutes=length * 15)
    every = [
        world.begins + QUARTER * number
        for number in range((world.ends - world.begins) // QUARTER - length + 1)
    ]
    others = [start for start in every if start not in found.starts]
    for start in random.sample(others, min(3, len(others))):
        with pytest.raises(Refused):
            book(world, space_id, start, length)
    for start in random.sample(found.starts, min(3, len(found.starts))):
        give_back(world, book(world, space_id, start, length))
    assert check(world.ports) == []


def give_back(world, booking):
    with suppress(Refused):  # a request for this very instant has expired already
        bookings.cancel(world.ports, booking.booking_id, "", None, an_intent(STAFF))
    expiry.expire_due(world.ports)  # and has its slots until the clock comes by


def book(world, space_id, start, length):
    request = a_request(space_id, starts_at=start, ends_at=start + length * QUARTER)
    return bookings.book(world.ports, request, an_intent(FORM)).value


@SOME
@given(worlds(), st.sampled_from(SPACES), st.integers(0, 90), st.sampled_from([2, 4, 8]))
def test_alternatives_can_be_booked(world, space_id, quarter, length):
    start = world.begins + quarter * QUARTER
    request = a_request(space_id, starts_at=start, ends_at=start + length * QUARTER)
    offered = list(availability.preview(world.ports, request, FORM).alternatives)
    try:
        give_back(world, bookings.book(world.ports, request, an_intent(FORM)).value)
    except Refused as refused:
        offered += refused.alternatives
    for each in offered:
        other = replace(
            request, space_ids=each.space_ids, starts_at=each.starts_at, ends_at=each.ends_at
        )
        assert other != request
        assert availability.preview(world.ports, other, FORM).possible
        give_back(world, bookings.book(world.ports, other, an_intent(FORM)).value)


@SOME
@given(worlds(), st.sampled_from(SPACES), st.integers(0, 90), st.integers(1, 40))
def test_a_preview_says_what_booking_will(world, space_id, quarter, length):
    start = world.begins + quarter * QUARTER
    request = a_request(space_id, starts_at=start, ends_at=start + length * QUARTER)
    told = availability.preview(world.ports, request, FORM)
    if told.possible:
        bookings.book(world.ports, request, an_intent(FORM))
        return
    with pytest.raises(Refused) as caught:
        bookings.book(world.ports, request, an_intent(FORM))
    assert told.problems == caught.value.problems
    assert told.conflicts == caught.value.conflicts


@SOME
@given(worlds(), st.sampled_from([15, 30, 60, 45]))
def test_free_busy_agrees_with_what_is_shown(world, interval):
    found = availability.free_busy(world.ports, SPACES, world.begins, world.ends, interval)
    step = timedelta(minutes=interval)
    grade = {"tentative": 1, "booked": 2, "buffer": 2, "hours": 3, "closure": 3, "past": 3}
    for each in found.values():
        pieces = [*each.found.busy, *each.found.closed]
        expected = ""
        start = world.begins
        while start < world.ends:
            end = min(start + step, world.ends)
            expected += str(
                max(
                    (
                        grade[piece.reason]
                        for piece in pieces
                        if piece.starts_at < end and start < piece.ends_at
                    ),
                    default=0,
                )
            )
            start += step
        assert each.view == expected
