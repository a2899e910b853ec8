"""The life of a booking: moved, edited, approved, ended early, cancelled."""

from datetime import timedelta

import pytest

from chalicelib.domain.bookings import State, etag, judged
from chalicelib.domain.errors import NotFound, Refused, StaleVersion
from chalicelib.domain.footprints import union
from chalicelib.domain.people import Actor, Scope
from chalicelib.domain.spaces import Hours, Kind
from chalicelib.domain.times import slot_ceil, slot_floor
from chalicelib.services import availability, bookings
from chalicelib.services.expiry import expire_due
from chalicelib.services.requests import ChangeRequest
from tests.builders import (
    ALWAYS_OPEN,
    ANYBODY,
    EERO,
    FORM,
    STAFF,
    a_space,
    an_intent,
    at,
    on,
    wed,
)
from tests.unit.steps import (
    approve,
    book,
    cancel,
    change,
    change_refused,
    close,
    codes,
    deny,
    refused,
    set_space,
    starts,
)

LOFT = a_space("loft", needs_approval=True, capacity=20)


def read(ports, booking, by=FORM):
    return bookings.read(ports, booking.booking_id, by)


def test_a_booking_does_not_conflict_with_itself(lab):
    """B45"""
    ports, _, _ = lab()
    booking = book(ports, "studio", **wed("10-12"))
    moved = change(ports, booking, **wed("11-13"))
    assert (moved.starts_at, moved.ends_at) == (at("2026-12-02 11:00"), at("2026-12-02 13:00"))
    assert moved.version == 2
    assert read(ports, booking) == moved
    book(ports, "studio", **wed("9-10:30"))


def test_a_moved_booking_frees_what_it_had(lab):
    ports, _, _ = lab()
    booking = book(ports, "pod", **wed("10-12"))
    change(ports, booking, **on("2026-12-03", "14-16"))
    book(ports, "pod", **wed("10-12"))
    assert codes(refused(ports, "pod", **on("2026-12-03", "15-16"))) == ["slot-taken"]


def test_a_move_that_fails_keeps_the_old_time(lab):
    """B33, B32 one after the other: the old time was never free for anybody else."""
    ports, _, _ = lab()
    book(ports, "pod", person=EERO, **wed("14-15"))
    booking = book(ports, "pod", **wed("10-11"))
    assert codes(change_refused(ports, booking, **wed("14-15"))) == ["slot-taken"]
    assert codes(refused(ports, "pod", person=EERO, **wed("10-11"))) == ["slot-taken"]
    assert read(ports, booking) == booking


def test_a_booking_can_move_to_another_space(lab):
    ports, _, _ = lab()
    booking = book(ports, "hall-a", **wed("10-11"))
    moved = change(ports, booking, space_ids=("hall",))
    assert sorted(moved.footprint) == ["hall-a", "hall-b"]
    moved = change(ports, moved, space_ids=("hall-b",))
    assert sorted(moved.footprint) == ["hall-b"]
    book(ports, "hall-a", **wed("10-11"))


def test_a_booking_keeps_its_units_when_it_moves_or_grows(lab):
    ports, _, _ = lab()
    book(ports, "desks", units=2, attendees=2, **wed("10-11"))
    booking = book(ports, "desks", **wed("10-11"))
    assert set(booking.footprint) == {"desks.3"}
    moved = change(ports, booking, **wed("12-13"))
    assert set(moved.footprint) == {"desks.3"}
    grown = change(ports, moved, units=2, attendees=2)
    assert set(grown.footprint) == {"desks.1", "desks.3"}


def test_a_booking_keeps_its_facilitator_when_it_moves(lab):
    ports, _, _ = lab()
    book(ports, "pod", facilitation=True, **wed("10-11"))
    booking = book(ports, "studio", facilitation=True, **wed("10-11"))
    assert booking.facilitator == "facilitator-2"
    moved = change(ports, booking, **wed("13-14"))
    assert moved.facilitator == "facilitator-2"
    assert "facilitator-2" in moved.footprint


def test_extra_time_that_needs_approval_waits_beside_what_stands(lab):
    """B47"""
    ports, _, _ = lab(LOFT)
    booking = book(ports, "loft", by=FORM, **wed("10-12"))
    assert booking.state is State.PENDING
    approve(ports, booking)
    asking = change(ports, booking, **wed("10-14"))
    assert (asking.state, asking.ends_at) == (State.CONFIRMED, at("2026-12-02 12:00"))
    assert asking.pending_change.ends_at == at("2026-12-02 14:00")
    found = refused(ports, "loft", person=EERO, **wed("13-14"))
    assert codes(found) == ["slot-taken"]
    assert [each.reason for each in found.conflicts] == ["tentative"]
    found = refused(ports, "loft", person=EERO, **wed("11-12"))
    assert [each.reason for each in found.conflicts] == ["booked"]


def test_a_denial_releases_only_the_extra_time(lab):
    """B47"""
    ports, _, _ = lab(LOFT)
    booking = book(ports, "loft", **wed("10-12"))
    approve(ports, booking)
    change(ports, booking, **wed("10-14"))
    kept = deny(ports, booking)
    assert (kept.state, kept.ends_at, kept.pending_change) == (
        State.CONFIRMED,
        at("2026-12-02 12:00"),
        None,
    )
    assert kept.held == booking.footprint
    assert codes(refused(ports, "loft", **wed("11-12"))) == ["slot-taken"]
    book(ports, "loft", **wed("12-14"))


def test_an_approval_makes_the_extra_time_its_own(lab):
    """B47"""
    ports, _, _ = lab(LOFT)
    booking = book(ports, "loft", **wed("10-12"))
    approve(ports, booking)
    change(ports, booking, **wed("10-14"))
    grown = approve(ports, booking)
    assert (grown.ends_at, grown.pending_change) == (at("2026-12-02 14:00"), None)
    found = refused(ports, "loft", **wed("13-14"))
    assert [each.reason for each in found.conflicts] == ["booked"]


def test_extra_time_that_nobody_answers_lapses_when_it_begins(lab):
    """B47"""
    ports, _, clock = lab(LOFT)
    booking = book(ports, "loft", **wed("10-12"))
    approve(ports, booking)
    asking = change(ports, booking, **wed("10-14"))
    clock.time = at("2026-12-02 11:59")
    assert read(ports, booking) == asking
    clock.time = at("2026-12-02 12:00")
    assert read(ports, booking).pending_change is None
    assert etag(read(ports, booking)) != etag(asking)
    assert expire_due(ports) == 1
    assert read(ports, booking).held == booking.footprint
    book(ports, "loft", **wed("12-14"))


def test_asking_for_the_present_time_withdraws_what_was_asked_for(lab):
    ports, _, _ = lab(LOFT)
    booking = book(ports, "loft", **wed("10-12"))
    approve(ports, booking)
    change(ports, booking, **wed("10-14"))
    kept = change(ports, booking, ends_at=at("2026-12-02 12:00"))
    assert (kept.pending_change, kept.held) == (None, booking.footprint)
    book(ports, "loft", **wed("12-14"))


def test_a_new_title_leaves_what_was_asked_for(lab):
    ports, _, _ = lab(LOFT)
    booking = book(ports, "loft", **wed("10-12"))
    approve(ports, booking)
    asking = change(ports, booking, **wed("10-14"))
    assert change(ports, booking, title="Uusi").pending_change == asking.pending_change


def test_time_given_back_needs_no_approval(lab):
    """B47: shortening is done at once."""
    ports, _, _ = lab(LOFT)
    booking = book(ports, "loft", **wed("10-12"))
    approve(ports, booking)
    shorter = change(ports, booking, **wed("10-11"))
    assert (shorter.state, shorter.ends_at) == (State.CONFIRMED, at("2026-12-02 11:00"))
    assert shorter.pending_change is None
    book(ports, "loft", **wed("11-12"))


def test_staffs_own_changes_need_no_approval(lab):
    ports, _, _ = lab(LOFT)
    booking = book(ports, "loft", by=STAFF, **wed("10-12"))
    assert booking.state is State.CONFIRMED
    assert change(ports, booking, STAFF, **wed("10-14")).ends_at == at("2026-12-02 14:00")


def test_a_request_that_still_waits_is_moved_whole(lab):
    ports, _, _ = lab(LOFT)
    booking = book(ports, "loft", **wed("10-12"))
    moved = change(ports, booking, **wed("12-14"))
    assert (moved.state, moved.starts_at) == (State.PENDING, at("2026-12-02 12:00"))
    assert moved.pending_change is None
    book(ports, "loft", **wed("10-12"))


def test_a_rename_is_not_judged_by_todays_rules(lab):
    """B48"""
    ports, _, _ = lab()
    booking = book(ports, "pod", attendees=2, **wed("10-14"))
    set_space(ports, "pod", max_minutes=120, capacity=1)
    renamed = change(ports, booking, title="Uusi nimi", notes="Muistiinpano")
    assert (renamed.title, renamed.notes) == ("Uusi nimi", "Muistiinpano")
    assert renamed.held == booking.held
    assert codes(change_refused(ports, booking, ends_at=at("2026-12-02 15:00"))) == ["too-long"]


def test_what_is_shortened_need_not_be_short_enough(lab):
    """B48"""
    ports, _, _ = lab()
    booking = book(ports, "pod", **wed("10-14"))
    set_space(ports, "pod", max_minutes=120)
    assert change(ports, booking, ends_at=at("2026-12-02 13:00")).ends_at == at("2026-12-02 13:00")
    assert codes(change_refused(ports, booking, ends_at=at("2026-12-02 10:15"))) == ["too-short"]


def test_what_is_lengthened_need_not_be_long_enough(lab):
    """B48"""
    ports, _, _ = lab()
    booking = book(ports, "pod", **wed("10-10:30"))
    set_space(ports, "pod", min_minutes=120)
    assert change(ports, booking, ends_at=at("2026-12-02 11:00")).ends_at == at("2026-12-02 11:00")
    assert codes(change_refused(ports, booking, ends_at=at("2026-12-02 10:45"))) == ["too-short"]


def test_a_start_that_stays_is_not_judged_again(lab):
    """B48"""
    ports, _, _ = lab()
    booking = book(ports, "pod", **wed("10:15-11"))
    set_space(ports, "pod", horizon_days=0, grid_minutes=60, notice_minutes=3 * 24 * 60)
    assert change(ports, booking, **wed("10:15-12")).ends_at == at("2026-12-02 12:00")
    found = change_refused(ports, booking, **wed("10:30-12"))
    assert codes(found) == ["off-grid", "too-soon", "too-far-ahead"]


def test_a_space_that_is_new_to_a_booking_judges_all_of_it(lab):
    """B48"""
    short = a_space("pod", max_minutes=60, horizon_days=0, notice_minutes=3 * 24 * 60)
    ports, _, _ = lab(short)
    booking = book(ports, "studio", **wed("10-12"))
    found = change_refused(ports, booking, space_ids=("pod",))
    assert codes(found) == ["too-long", "too-soon", "too-far-ahead"]
    assert codes(change_refused(ports, booking, space_ids=("studio", "pod"))) == codes(found)


def test_fewer_people_are_never_too_many(lab):
    """B48"""
    ports, _, _ = lab()
    booking = book(ports, "studio", attendees=12, **wed("10-11"))
    set_space(ports, "studio", capacity=8)
    assert change(ports, booking, attendees=11).attendees == 11
    assert codes(change_refused(ports, booking, attendees=12)) == ["over-capacity"]


def test_more_people_have_to_fit(lab):
    ports, _, _ = lab()
    booking = book(ports, "studio", attendees=10, **wed("10-11"))
    assert change(ports, booking, attendees=12).attendees == 12
    found = change_refused(ports, booking, attendees=13)
    assert [(each.code, each.pointer) for each in found.problems] == [
        ("over-capacity", "/attendees")
    ]


def test_only_the_time_that_is_gained_has_to_be_open(lab):
    """B48"""
    ports, _, _ = lab()
    booking = book(ports, "pod", **wed("15-18"))
    set_space(ports, "pod", hours=Hours(week=(((8 * 60, 16 * 60),),) * 5 + ((), ())))
    earlier = change(ports, booking, **wed("14-17"))
    assert earlier.starts_at == at("2026-12-02 14:00")
    assert codes(change_refused(ports, earlier, **wed("14-17:15"))) == ["outside-opening-hours"]


def test_a_shorter_booking_keeps_the_buffers_that_it_was_made_with(lab):
    """B15, B48: longer ones would meet the neighbour."""
    ports, _, _ = lab()
    booking = book(ports, "studio", **wed("10-12"))
    book(ports, "studio", **wed("12:30-13:30"))
    set_space(ports, "studio", setup_minutes=60, cleanup_minutes=60)
    shorter = change(ports, booking, **wed("10:30-11:45"))
    assert shorter.footprint["studio"] == (
        (slot_floor(at("2026-12-02 10:15")), slot_floor(at("2026-12-02 12:00"))),
    )


def test_shortening_obeys_the_rules_of_length_and_grid(lab):
    ports, _, _ = lab(a_space("pod", grid_minutes=60))
    booking = book(ports, "pod", **wed("10-12"))
    assert codes(change_refused(ports, booking, **wed("11:45-12"))) == ["off-grid", "too-short"]
    assert change(ports, booking, **wed("11-12")).starts_at == at("2026-12-02 11:00")


def test_a_whole_day_that_is_shortened_stays_whole(lab):
    ports, _, _ = lab(a_space("annex", whole_day=True))
    booking = book(ports, "annex", **wed("10-12"))
    shorter = change(ports, booking, **wed("10-11"))
    assert shorter.footprint == booking.footprint


def test_a_booking_that_ends_early_gives_back_the_rest(lab):
    """B51"""
    ports, _, clock = lab()
    booking = book(ports, "studio", **on("2026-12-01", "10-12"))
    clock.time = at("2026-12-01 11:05")
    ended = change(ports, booking, ends_at=at("2026-12-01 11:05"))
    assert ended.ends_at == at("2026-12-01 11:15")
    assert ended.planned_end == at("2026-12-01 12:00")
    assert ended.held == {
        "studio": ((slot_floor(at("2026-12-01 09:45")), slot_ceil(at("2026-12-01 11:30"))),)
    }
    assert codes(refused(ports, "studio", **on("2026-12-01", "11:30-12"))) == ["slot-taken"]
    book(ports, "studio", **on("2026-12-01", "11:45-12:30"))


def test_a_booking_that_ends_early_twice_keeps_its_first_plan(lab):
    """B51"""
    ports, _, clock = lab()
    booking = book(ports, "pod", **on("2026-12-01", "10-12"))
    clock.time = at("2026-12-01 11:30")
    change(ports, booking, ends_at=at("2026-12-01 11:00"))
    clock.time = at("2026-12-01 11:29")
    assert change(ports, booking, ends_at=at("2026-12-01 11:00")).planned_end == at(
        "2026-12-01 12:00"
    )


def test_a_booking_that_ends_on_the_edge_of_a_slot_ends_there(lab):
    """B51"""
    ports, _, clock = lab()
    booking = book(ports, "pod", **on("2026-12-01", "10-12"))
    clock.time = at("2026-12-01 11:15")
    assert change(ports, booking, ends_at=clock.time).ends_at == at("2026-12-01 11:15")
    book(ports, "pod", **on("2026-12-01", "11:15-12"))


def test_a_booking_that_has_not_begun_cannot_end_in_the_past(lab):
    ports, _, _ = lab()
    booking = book(ports, "pod", **wed("10-12"))
    assert codes(change_refused(ports, booking, ends_at=at("2026-12-01 08:00"))) == [
        "invalid-request"
    ]


def test_a_running_booking_can_be_renamed_and_lengthened_but_not_moved(lab):
    ports, _, clock = lab()
    booking = book(ports, "pod", **on("2026-12-01", "10-12"))
    clock.time = at("2026-12-01 10:00")
    change(ports, booking, title="Käynnissä")
    clock.time = at("2026-12-01 10:05")
    longer = change(ports, booking, ends_at=at("2026-12-01 13:00"), starts_at=booking.starts_at)
    assert longer.ends_at == at("2026-12-01 13:00")
    for moved in (
        {"starts_at": at("2026-12-01 10:30")},
        {"space_ids": ("studio",)},
        {"equipment": {"screen": 1}},
        {"units": 2},
    ):
        assert codes(change_refused(ports, booking, **moved)) == ["already-started"]


def test_a_booking_that_is_over_is_left_alone(lab):
    ports, _, clock = lab()
    booking = book(ports, "pod", **on("2026-12-01", "10-12"))
    clock.time = at("2026-12-01 12:00")
    assert codes(change_refused(ports, booking, title="Jälkikäteen")) == ["already-started"]
    assert change(ports, booking, STAFF, title="Jälkikäteen").title == "Jälkikäteen"
    clock.time = at("2026-12-02 01:00")
    assert codes(change_refused(ports, booking, STAFF, title="Eilen")) == ["already-started"]


def test_a_booking_can_be_cancelled_at_its_deadline_and_not_after(lab):
    """B52"""
    ports, _, clock = lab(a_space("pod", cancel_before_minutes=24 * 60))
    one = book(ports, "pod", **on("2026-12-03", "10-11"))
    two = book(ports, "pod", **on("2026-12-03", "11-12"))
    clock.time = at("2026-12-02 10:00")
    assert cancel(ports, one).state is State.CANCELLED
    clock.time = at("2026-12-02 11:00") + timedelta(seconds=1)
    with pytest.raises(Refused) as caught:
        cancel(ports, two)
    assert codes(caught.value) == ["cancellation-closed"]
    assert caught.value.problems[0].params["minutes"] == 24 * 60
    assert cancel(ports, two, STAFF).state is State.CANCELLED


def test_a_booking_that_has_begun_cannot_be_cancelled(lab):
    ports, _, clock = lab()
    booking = book(ports, "pod", **on("2026-12-01", "10-12"))
    clock.time = at("2026-12-01 10:00")
    with pytest.raises(Refused) as caught:
        cancel(ports, booking)
    assert codes(caught.value) == ["already-started"]
    clock.time -= timedelta(seconds=1)
    assert cancel(ports, booking).state is State.CANCELLED


def test_cancelling_twice_is_answered_as_the_first_time(lab):
    """B53: whatever the second names as version."""
    ports, store, _ = lab()
    booking = book(ports, "pod", **wed("10-11"))
    first = cancel(ports, booking, tags=('"1"',))
    entries = len(store.audit)
    again = cancel(ports, booking, tags=('"1"',))
    assert again == first
    assert (again.state, again.version) == (State.CANCELLED, 2)
    assert len(store.audit) == entries


def test_what_is_denied_or_expired_cannot_be_cancelled(lab):
    ports, _, clock = lab(LOFT)
    denied = book(ports, "loft", **wed("10-11"))
    deny(ports, denied)
    lapsed = book(ports, "loft", **wed("11-12"))
    clock.time = lapsed.starts_at
    for booking in (denied, lapsed):
        with pytest.raises(Refused) as caught:
            cancel(ports, booking)
        assert codes(caught.value) == ["stale-state"]


@pytest.mark.parametrize("end", [cancel, deny])
def test_what_is_no_longer_live_cannot_be_changed(lab, end):
    ports, _, _ = lab(LOFT)
    booking = book(ports, "loft", **wed("10-11"))
    end(ports, booking)
    assert codes(change_refused(ports, booking, title="Liian myöhään")) == ["stale-state"]


def test_of_two_decisions_the_second_is_told_that_it_is_late(lab):
    """B35, one after the other"""
    ports, _, _ = lab(LOFT)
    booking = book(ports, "loft", **wed("10-11"))
    assert approve(ports, booking).state is State.CONFIRMED
    with pytest.raises(Refused) as caught:
        deny(ports, booking)
    assert codes(caught.value) == ["stale-state"]
    with pytest.raises(Refused) as caught:
        approve(ports, booking)
    assert codes(caught.value) == ["stale-state"]
    assert read(ports, booking).state is State.CONFIRMED


def test_a_request_holds_its_time_before_it_is_decided(lab):
    """B36"""
    ports, _, _ = lab(LOFT)
    book(ports, "loft", **wed("10-11"))
    found = refused(ports, "loft", person=EERO, **wed("10-11"))
    assert codes(found) == ["slot-taken"]
    assert [each.reason for each in found.conflicts] == ["tentative"]


def test_a_denied_request_gives_its_time_back(lab):
    ports, _, _ = lab(LOFT)
    booking = book(ports, "loft", **wed("10-11"))
    assert deny(ports, booking).reason == "taken"
    book(ports, "loft", person=EERO, **wed("10-11"))


def test_a_denied_request_is_reopened_only_while_its_time_is_free(lab):
    """B37"""
    ports, _, _ = lab(LOFT)
    booking = book(ports, "loft", **wed("10-11"))
    tag = etag(deny(ports, booking))
    other = book(ports, "loft", person=EERO, **wed("10:30-11:30"))
    with pytest.raises(Refused) as caught:
        approve(ports, booking, (tag,))
    assert codes(caught.value) == ["slot-taken"]
    assert read(ports, booking).state is State.DENIED
    cancel(ports, other)
    again = approve(ports, booking, (tag,))
    assert (again.state, again.reason) == (State.CONFIRMED, "")
    assert again.held == booking.footprint
    assert codes(refused(ports, "loft", person=EERO, **wed("10-11"))) == ["slot-taken"]


@pytest.mark.parametrize("tags", [None, ("*",)])
def test_a_denial_is_not_undone_by_somebody_who_has_not_seen_it(lab, tags):
    """B37, B35"""
    ports, _, _ = lab(LOFT)
    booking = book(ports, "loft", **wed("10-11"))
    deny(ports, booking)
    with pytest.raises(Refused) as caught:
        approve(ports, booking, tags)
    assert codes(caught.value) == ["stale-state"]
    with pytest.raises(StaleVersion):
        approve(ports, booking, (etag(booking),))


def test_a_denied_request_is_not_reopened_into_a_closure(lab):
    """B37"""
    ports, _, _ = lab(LOFT)
    booking = book(ports, "loft", **wed("10-11"))
    tag = etag(deny(ports, booking))
    close(ports, "loft", **wed("8-18"))
    with pytest.raises(Refused) as caught:
        approve(ports, booking, (tag,))
    assert codes(caught.value) == ["closed"]


def test_a_denied_request_is_not_reopened_when_its_time_has_come(lab):
    """B37"""
    ports, _, clock = lab(LOFT)
    booking = book(ports, "loft", **wed("10-11"))
    tag = etag(deny(ports, booking))
    clock.time = booking.starts_at
    with pytest.raises(Refused) as caught:
        approve(ports, booking, (tag,))
    assert codes(caught.value) == ["already-started"]


def test_of_two_edits_the_one_with_the_old_version_is_told(lab):
    """B44"""
    ports, _, _ = lab()
    booking = book(ports, "pod", **wed("10-11"))
    moved = change(ports, booking, tags=(etag(booking),), **wed("14-15"))
    with pytest.raises(StaleVersion):
        change(ports, booking, tags=(etag(booking),), title="Toinen")
    assert read(ports, booking) == moved
    both = change(ports, booking, tags=(etag(moved),), title="Toinen")
    assert (both.title, both.starts_at) == ("Toinen", moved.starts_at)
    with pytest.raises(StaleVersion):
        cancel(ports, booking, tags=(etag(booking),))


def test_a_version_is_also_stale_when_time_alone_made_it_so(lab):
    ports, _, clock = lab(prove_address=True)
    held = book(ports, "pod", by=ANYBODY, **wed("10-11"))
    clock.time = held.confirm_by
    with pytest.raises(StaleVersion):
        cancel(ports, held, STAFF, tags=(etag(held),))


def test_any_version_is_meant_by_a_star(lab):
    ports, _, _ = lab()
    booking = book(ports, "pod", **wed("10-11"))
    change(ports, booking, tags=("*",), title="Uusi")
    assert cancel(ports, booking, tags=('"7"', "*")).state is State.CANCELLED


def test_a_hold_ends_to_the_instant(lab):
    """B55"""
    ports, _, clock = lab(prove_address=True)
    held = book(ports, "pod", by=ANYBODY, **wed("10-11"))
    assert (held.state, held.confirm_by) == (State.HELD, clock.now() + timedelta(minutes=30))
    clock.forward(minutes=29, seconds=59.5)
    assert read(ports, held, STAFF).state is State.HELD
    assert codes(refused(ports, "pod", person=EERO, **wed("10-11"))) == ["slot-taken"]
    clock.forward(seconds=1)  # 30:00.5
    assert read(ports, held, STAFF).state is State.EXPIRED
    again = book(ports, "pod", by=ANYBODY, **wed("10-11"))
    assert again.state is State.HELD
    assert read(ports, held, STAFF).state is State.EXPIRED


@pytest.mark.parametrize("part", [0, 0.25, 0.5, 0.999])
def test_a_hold_that_began_within_a_second_ends_for_everybody_at_once(lab, part):
    """B55: the ledger counts in seconds; nobody may find a hold that is over and yet not."""
    ports, _, clock = lab(prove_address=True)
    clock.forward(seconds=part)
    held = book(ports, "pod", by=ANYBODY, **wed("10-11"))
    clock.time = held.confirm_by - timedelta(microseconds=1)
    assert codes(refused(ports, "pod", **wed("10-11"))) == ["slot-taken"]
    clock.time = held.confirm_by
    book(ports, "pod", person=EERO, **wed("10-11"))
    assert held.confirm_by - held.created_at > timedelta(minutes=29, seconds=59)


def test_staff_may_put_yesterday_right_in_the_first_hour_of_the_day(lab):
    """B57"""
    ports, _, clock = lab()
    booking = book(ports, "pod", by=STAFF, **on("2026-12-01", "16-17"))
    clock.time = at("2026-12-02 00:10")
    moved = change(ports, booking, STAFF, **on("2026-12-01", "16:30-17:30"))
    assert moved.starts_at == at("2026-12-01 16:30")
    clock.time = at("2026-12-02 00:59:59")
    change(ports, booking, STAFF, **on("2026-12-01", "16-17"))
    clock.time = at("2026-12-02 01:00")
    found = change_refused(ports, booking, STAFF, **on("2026-12-01", "16:30-17:30"))
    assert codes(found) == ["already-started"]


def test_staff_may_book_what_began_today_and_nobody_else_may(lab):
    """B57"""
    ports, _, _ = lab()
    book(ports, "pod", by=STAFF, **on("2026-12-01", "8-10"))
    assert codes(refused(ports, "studio", **on("2026-12-01", "8-10"))) == ["in-the-past"]
    found = refused(ports, "studio", by=STAFF, **on("2026-11-30", "16-17"))
    assert codes(found) == ["in-the-past"]


def test_who_did_not_make_a_booking_cannot_see_or_touch_it(lab):
    ports, _, _ = lab()
    booking = book(ports, "pod", **wed("10-11"))
    anonymous = book(ports, "pod", by=ANYBODY, **wed("11-12"))
    other = Actor("k_other", scopes=(Scope.BOOK,))
    for actor, thing in ((other, booking), (ANYBODY, booking), (ANYBODY, anonymous)):
        with pytest.raises(NotFound):
            read(ports, thing, actor)
        with pytest.raises(NotFound):
            change(ports, thing, actor, title="Kaapattu")
        with pytest.raises(NotFound):
            cancel(ports, thing, actor)
    assert read(ports, booking, STAFF) == booking
    with pytest.raises(NotFound):
        bookings.read(ports, "b_nowhere", STAFF)


def test_every_step_is_audited_with_names_of_fields_and_no_values(lab):
    ports, store, _ = lab(LOFT)
    booking = book(ports, "loft", title="Salaisuus", **wed("10-11"))
    change(ports, booking, title="Toinen salaisuus", notes="Muu")
    approve(ports, booking)
    cancel(ports, booking)
    assert [entry["action"] for entry in store.audit] == ["book", "change", "approve", "cancel"]
    assert store.audit[1]["fields"] == ["title", "notes"]
    assert {entry["subject"] for entry in store.audit} == {f"booking#{booking.booking_id}"}
    assert [entry["actor"] for entry in store.audit] == ["k_form", "k_form", "p_sami", "k_form"]
    assert "alaisuus" not in repr(store.audit)


def test_a_move_takes_only_what_it_gains_and_frees_only_what_it_leaves(lab):
    ports, store, _ = lab()
    booking = book(ports, "studio", **wed("10-12"))
    moved = change(ports, booking, **wed("11-13"))
    held = {key: bits for key, day in store.ledger.items() for bits in day.holders.values() if bits}
    assert list(held) == [("studio", "2026-12-02")]
    assert union(moved.held) == {
        "studio": ((slot_floor(at("2026-12-02 10:45")), slot_floor(at("2026-12-02 13:15"))),)
    }


def test_a_booking_cannot_be_moved_into_a_closure_and_may_stay_under_one(lab):
    ports, _, _ = lab()
    booking = book(ports, "pod", **wed("10-12"))
    close(ports, "pod", **wed("8-18"))
    assert codes(change_refused(ports, booking, **wed("11-13"))) == ["closed"]
    assert change(ports, booking, **wed("10-11")).ends_at == at("2026-12-02 11:00")
    assert change(ports, booking, title="Pysyy").title == "Pysyy"


def test_a_pending_request_expires_at_its_start(lab):
    ports, _, clock = lab(LOFT)
    booking = book(ports, "loft", **wed("10-12"))
    clock.time = at("2026-12-02 09:59:59")
    assert judged(booking, clock.now()).state is State.PENDING
    clock.time = at("2026-12-02 10:00")
    assert read(ports, booking).state is State.EXPIRED
    with pytest.raises(Refused) as caught:
        approve(ports, booking)
    assert codes(caught.value) == ["stale-state"]


def test_a_change_under_a_key_is_made_once(lab):
    """B38"""
    ports, _, _ = lab()
    booking = book(ports, "pod", **wed("10-11"))
    intent = an_intent(FORM, "again", method="PATCH")
    request = ChangeRequest(title="Kerran")
    first = bookings.change(ports, booking.booking_id, request, None, intent)
    second = bookings.change(ports, booking.booking_id, request, None, intent)
    assert (first.replayed, second.replayed) == (False, True)
    assert second.answer == first.answer
    assert read(ports, booking).version == 2


def test_a_pool_can_be_changed_to_another_kind_of_place(lab):
    ports, _, _ = lab(a_space("booths", kind=Kind.POOL, units=2, hours=ALWAYS_OPEN))
    booking = book(ports, "booths", units=2, attendees=2, **wed("10-11"))
    found = change_refused(ports, booking, space_ids=("pod",))
    assert [each.pointer for each in found.problems] == ["/units"]
    moved = change(ports, booking, space_ids=("pod",), units=1)
    assert set(moved.footprint) == {"pod"}
    assert len(starts(ports, "booths", "2026-12-02", 60, units=2)) == 93


def test_what_a_preview_promises_is_kept(lab):
    from tests.builders import a_request

    ports, store, _ = lab()
    book(ports, "pod", **wed("10-11"))
    before = len(store.records), dict(store.bookings), dict(store.ledger)
    yes = availability.preview(ports, a_request("pod", **wed("11-12")), FORM)
    no = availability.preview(ports, a_request("pod", **wed("10-11")), FORM)
    assert (yes.possible, no.possible) == (True, False)
    assert [each.code for each in no.problems] == ["slot-taken"]
    assert (len(store.records), store.bookings, store.ledger) == before
    book(ports, "pod", **wed("11-12"))


def test_a_booking_of_an_archived_space_can_still_be_shortened(lab):
    """B48"""
    ports, _, _ = lab()
    booking = book(ports, "pod", **wed("10-12"))
    set_space(ports, "pod", active=False)
    assert change(ports, booking, ends_at=at("2026-12-02 11:00")).ends_at == at("2026-12-02 11:00")
    found = change_refused(ports, booking, **on("2026-12-03", "10-11"))
    assert codes(found) == ["unknown-space"]


def test_a_change_of_nothing_is_no_new_version(lab):
    ports, store, _ = lab()
    booking = book(ports, "pod", title="Suunnittelu", **wed("10-12"))
    entries = len(store.audit)
    assert change(ports, booking) == booking
    assert change(ports, booking, title="Suunnittelu", **wed("10-12")) == booking
    assert len(store.audit) == entries
    assert change(ports, booking, title="Muu").version == 2


def test_a_denied_booking_that_comes_too_late_is_told_what_is_taken(lab):
    """B37"""
    ports, _, _ = lab(LOFT)
    denied = deny(ports, book(ports, "loft", **wed("10-12")))
    book(ports, "loft", by=STAFF, **wed("11-13"))
    with pytest.raises(Refused) as caught:
        approve(ports, denied, tags=(etag(denied),))
    (conflict,) = caught.value.conflicts
    assert (conflict.space_id, conflict.reason) == ("loft", "booked")
    assert (conflict.starts_at, conflict.ends_at) == (
        at("2026-12-02 11:00"),
        at("2026-12-02 12:00"),
    )


def test_why_an_extension_was_denied_is_not_said_for_ever(lab):
    """B47"""
    ports, _, _ = lab(LOFT)
    booking = approve(ports, book(ports, "loft", **wed("10-12")))
    change(ports, booking, **wed("10-14"))
    kept = deny(ports, ports.bookings.get(booking.booking_id))
    assert kept.reason == "taken"
    assert change(ports, kept, title="Muu").reason == ""
