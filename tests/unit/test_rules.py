"""Every rule of booking: what breaks it, what just does not, and what staff may break."""

from datetime import timedelta

import pytest

from chalicelib.domain.bookings import State
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import RULES, Problem, Refused
from chalicelib.domain.rules import OVERRIDABLE, Ask, broken
from tests.builders import (
    ALWAYS_OPEN,
    ANYBODY,
    FORM,
    NOW,
    STAFF,
    a_space,
    at,
    on,
    the_spaces,
    wed,
)
from tests.unit.steps import book, codes, refused

CATALOG = Catalog(spaces=the_spaces())


def problems(*space_ids, staff=False, **ask):
    found = broken(Ask(space_ids or ("pod",), **(wed("10-11") | ask), staff=staff), CATALOG, NOW)
    return [problem.code for problem in found]


@pytest.mark.parametrize(
    ("hours", "broken_rules"),
    [
        ("10-10:45", []),
        ("10-10:40", ["off-grid"]),
        ("10-10:30", []),
        ("10-10:15", ["too-short"]),
        ("8-16", []),
        ("8-16:15", ["too-long"]),
        ("10:05-11", ["off-grid"]),
    ],
)
def test_the_length_and_the_slots_of_a_booking(lab, hours, broken_rules):
    """B59: shortest 30 minutes, longest 8 hours, slots of 15 minutes."""
    ports, store, _ = lab()
    if broken_rules:
        assert codes(refused(ports, "pod", **wed(hours))) == broken_rules
        assert not store.bookings
    else:
        book(ports, "pod", **wed(hours))


@pytest.mark.parametrize("extra", [timedelta(seconds=1), timedelta(microseconds=1)])
def test_a_slot_begins_to_the_instant(extra):
    """B59"""
    assert problems(starts_at=at("2026-12-02 10:00") + extra) == ["off-grid"]
    assert problems(ends_at=at("2026-12-02 11:00") + extra) == ["off-grid"]


def test_slots_of_15_minutes_are_for_staff_too(lab):
    ports, _, _ = lab(a_space("pod", grid_minutes=60))
    assert codes(refused(ports, "pod", by=STAFF, **wed("10:15-11"))) == ["off-grid"]
    book(ports, "pod", by=STAFF, override=("off-grid",), **wed("10:15-11"))
    found = refused(ports, "pod", by=STAFF, override=("off-grid",), **wed("12:10-13"))
    assert codes(found) == ["off-grid"]


def test_a_booking_ends_after_it_begins():
    for hours in ("11-11", "11-10"):
        times = wed(hours)
        assert problems(**times) == ["invalid-request"]


def test_a_booking_begins_now_at_the_earliest():
    assert problems(starts_at=NOW, ends_at=NOW + timedelta(hours=1)) == []
    before = NOW - timedelta(minutes=15)
    assert problems(starts_at=before, ends_at=NOW + timedelta(hours=1)) == ["in-the-past"]
    assert problems(starts_at=before, ends_at=NOW + timedelta(hours=1), staff=True) == []


def test_notice_ends_to_the_instant(lab):
    ports, _, clock = lab(a_space("pod", notice_minutes=60))
    clock.time = at("2026-12-02 09:00")
    book(ports, "pod", **wed("10-11"))
    clock.forward(seconds=1)
    found = refused(ports, "pod", **wed("10-11"))
    assert codes(found) == ["too-soon", "slot-taken"]
    assert found.problems[0].params["minutes"] == 60


def test_what_has_begun_is_in_the_past_and_not_too_soon(lab):
    ports, _, clock = lab(a_space("pod", notice_minutes=60))
    clock.time = at("2026-12-02 10:10")
    assert codes(refused(ports, "pod", **wed("10-11"))) == ["in-the-past"]
    book(ports, "pod", by=STAFF, **wed("10-11"))


def test_the_horizon_ends_to_the_instant(lab):
    ports, _, clock = lab(a_space("pod", horizon_days=2))
    clock.time = at("2026-12-02 10:00")
    book(ports, "pod", **on("2026-12-04", "10-11"))
    assert codes(refused(ports, "pod", **on("2026-12-04", "11-12"))) == ["too-far-ahead"]


def test_a_refusal_names_every_rule_in_order(lab):
    ports, store, _ = lab()
    found = refused(
        ports,
        "pod",
        "attic",
        attendees=5,
        accept_terms=False,
        **on("2027-12-05", "19:05-19:10"),
    )
    assert codes(found) == [
        "unknown-space",
        "terms-not-accepted",
        "off-grid",
        "off-grid",
        "too-short",
        "too-far-ahead",
        "outside-opening-hours",
        "over-capacity",
    ]
    assert found.code == "unknown-space"
    assert [each.pointer for each in found.problems[2:4]] == ["/start", "/end"]
    assert not store.bookings


def test_rules_and_conflicts_are_named_together(lab):
    ports, _, _ = lab()
    book(ports, "pod", **wed("10-11"))
    found = refused(ports, "pod", attendees=3, **wed("10-11"))
    assert codes(found) == ["over-capacity", "slot-taken"]
    assert found.conflicts
    assert found.alternatives == ()


def test_problems_stand_in_the_order_of_the_interface():
    found = Refused([Problem("slot-taken"), Problem("closed"), Problem("in-the-past")])
    assert [each.code for each in found.problems] == ["in-the-past", "closed", "slot-taken"]
    assert list(RULES).index("in-the-past") < list(RULES).index("closed")


def test_each_rule_is_named_once_for_a_space():
    assert problems("hall-a", "hall-b", **wed("19-20")) == ["outside-opening-hours"] * 2
    assert problems("hall-a", "hall-a", **wed("19-20")) == ["outside-opening-hours"]


def test_capacity_is_that_of_all_the_spaces_together():
    assert problems("hall-a", "hall-b", attendees=40) == []
    assert problems("hall-a", "hall-b", attendees=41) == ["over-capacity"]
    assert problems("hall-a", "studio", attendees=32) == []
    assert problems("desks", units=3, attendees=3) == []
    assert problems("desks", units=3, attendees=4) == ["over-capacity"]
    assert problems("desks", "pod", units=3, attendees=5) == []


OVERRIDES = [
    ("outside-opening-hours", {}, wed("19-20")),
    ("too-short", {}, wed("10-10:15")),
    ("too-long", {"hours": ALWAYS_OPEN}, wed("8-17")),
    ("too-soon", {"notice_minutes": 3 * 24 * 60}, wed("10-11")),
    ("too-far-ahead", {"horizon_days": 0}, wed("10-11")),
    ("over-capacity", {"capacity": 0}, wed("10-11")),
    ("off-grid", {"grid_minutes": 60}, wed("10:30-11:30")),
]


@pytest.mark.parametrize(("rule", "space", "times"), OVERRIDES)
def test_staff_may_break_a_rule_that_they_name(lab, rule, space, times):
    ports, store, _ = lab(a_space("pod", **space))
    assert codes(refused(ports, "pod", by=STAFF, **times)) == [rule]
    assert codes(refused(ports, "pod", by=FORM, override=OVERRIDABLE, **times)) == [rule]
    others = tuple(each for each in OVERRIDABLE if each != rule)
    assert codes(refused(ports, "pod", by=STAFF, override=others, **times)) == [rule]
    booking = book(ports, "pod", by=STAFF, override=(rule,), **times)
    assert booking.override == (rule,)
    assert store.audit[-1]["override"] == [rule]


def test_staff_may_break_the_rules_of_people_and_equipment_too(lab):
    ports, _, _ = lab(a_space("pod", hours=ALWAYS_OPEN))
    wish = {"facilitation": True, "equipment": {"screen": 1}}
    found = refused(ports, "pod", by=STAFF, **wish, **wed("19-20"))
    assert [each.pointer for each in found.problems] == ["/start", "/facilitation/wanted"]
    assert codes(found) == ["outside-opening-hours"] * 2
    booking = book(
        ports, "pod", by=STAFF, override=("outside-opening-hours",), **wish, **wed("19-20")
    )
    assert booking.facilitator == "facilitator-1"


def test_nobody_may_break_these_rules(lab):
    """No override opens a space that there is not, the past, or a time that is taken."""
    ports, _, _ = lab()
    everything = (*OVERRIDABLE, "slot-taken", "closed")
    book(ports, "pod", **wed("10-11"))
    for asked, rule in (
        ((("attic",), wed("10-11")), "unknown-space"),
        ((("pod",), on("2026-11-30", "10-11")), "in-the-past"),
        ((("pod",), wed("10-11")), "slot-taken"),
    ):
        space_ids, times = asked
        found = refused(ports, *space_ids, by=STAFF, override=everything, **times)
        assert codes(found) == [rule]


@pytest.mark.parametrize(("days", "allowed"), [(7, True), (7.25, False)])
def test_no_booking_is_longer_than_a_week(lab, days, allowed):
    ports, _, _ = lab(a_space("pod", hours=ALWAYS_OPEN))
    times = {
        "starts_at": at("2026-12-02 08:00"),
        "ends_at": at("2026-12-02 08:00") + timedelta(days),
    }
    if allowed:
        book(ports, "pod", by=STAFF, override=("too-long",), **times)
    else:
        found = refused(ports, "pod", by=STAFF, override=("too-long",), **times)
        assert codes(found) == ["too-long"]
        assert found.problems[0].params["minutes"] == 7 * 24 * 60


def test_an_absurd_time_is_refused_at_once():
    forever = {"starts_at": at("2026-12-02 10:00"), "ends_at": at("2190-12-02 10:00")}
    assert problems("lab", **forever) == ["too-long"]


@pytest.mark.parametrize(
    ("actor", "site", "space_id", "state"),
    [
        (FORM, {}, "pod", State.CONFIRMED),
        (FORM, {}, "lab", State.PENDING),
        (FORM, {"prove_address": True}, "pod", State.CONFIRMED),
        (FORM, {"prove_address": True}, "lab", State.PENDING),
        (ANYBODY, {}, "pod", State.CONFIRMED),
        (ANYBODY, {}, "lab", State.PENDING),
        (ANYBODY, {"prove_address": True}, "pod", State.HELD),
        (ANYBODY, {"prove_address": True}, "lab", State.HELD),
        (STAFF, {"prove_address": True}, "pod", State.CONFIRMED),
        (STAFF, {}, "lab", State.CONFIRMED),
    ],
)
def test_how_a_booking_begins_depends_on_who_makes_it(lab, actor, site, space_id, state):
    ports, _, _ = lab(**site)
    booking = book(ports, space_id, by=actor, **wed("10-11"))
    assert booking.state is state
    assert (booking.confirm_by is not None) == (state is State.HELD)


def test_one_space_that_needs_approval_makes_all_of_a_booking_wait(lab):
    ports, _, _ = lab(a_space("pod", needs_approval=True))
    assert book(ports, "studio", "pod", **wed("10-11")).state is State.PENDING


def test_terms_are_accepted_by_all_but_staff(lab):
    ports, _, _ = lab()
    (problem,) = refused(ports, "pod", accept_terms=False, **wed("10-11")).problems
    assert (problem.code, problem.pointer) == ("terms-not-accepted", "/accept_terms")
    book(ports, "pod", by=STAFF, accept_terms=False, **wed("10-11"))


def test_somebody_is_named_for_every_booking(lab):
    ports, store, _ = lab()
    (problem,) = refused(ports, "pod", person=None, **wed("10-11")).problems
    assert (problem.code, problem.pointer) == ("invalid-request", "/person")
    assert not store.bookings
    assert book(ports, "pod", by=STAFF, person=None, **wed("10-11")).person == STAFF.person


def test_what_breaks_one_of_several_spaces_breaks_the_whole(lab):
    ports, store, _ = lab()
    book(ports, "pod", **wed("10-11"))
    found = refused(ports, "studio", "pod", **wed("10-11"))
    assert codes(found) == ["slot-taken"]
    assert {each.space_id for each in found.conflicts} == {"pod"}
    assert len(store.bookings) == 1
    assert ("studio", "2026-12-02") not in store.ledger
