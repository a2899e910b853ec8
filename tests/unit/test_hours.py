"""How many hours of the Lab a person, and an organisation, may have in a week."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from chalicelib.domain import quotas as domain
from chalicelib.domain.catalog import Site
from chalicelib.domain.domains import AllowedDomain
from chalicelib.domain.people import Actor, Person, Role, person_id_of
from chalicelib.domain.profiles import newcomer
from chalicelib.services import availability, bookings, quotas, spaces
from chalicelib.services.expiry import expire_due
from tests.builders import (
    AINO,
    ALWAYS_OPEN,
    ANYBODY,
    EERO,
    FORM,
    NOW,
    PIA,
    STAFF,
    a_change,
    a_request,
    a_space,
    an_intent,
    at,
    on,
    wed,
)
from tests.unit.steps import approve, book, cancel, change, change_refused, codes, deny, refused

SITE = Site()
NIGHT = a_space("attic", hours=ALWAYS_OPEN, horizon_days=400)
SALT = "a salt for tests"
AINOS = person_id_of(AINO.email, SALT)
AINO_IN = Actor(AINOS, Role.PERSON, person=AINO, person_id=AINOS, session="s")
TWO_AGENCIES = (AllowedDomain("gov.fi"), AllowedDomain("vero.gov.fi"))
VERO = Person("Eero Eskola", "eero.eskola@vero.gov.fi")


def span(start: str, end: str) -> tuple[int, int]:
    return int(at(start).timestamp()), int(at(end).timestamp())


def span_of(booking) -> tuple[int, int]:
    return int(booking.starts_at.timestamp()), int(booking.ends_at.timestamp())


def hours(found) -> list[int]:
    """What a refusal says that is used, in minutes."""
    return [each.params["used"] // timedelta(minutes=1) for each in found.problems]


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("2026-12-02 10:00", "2026-12-02 11:30", {"2026-W49": 90}),
        # B113
        ("2026-12-06 22:00", "2026-12-07 02:00", {"2026-W49": 120, "2026-W50": 120}),
        # B93: one week of two years
        ("2026-12-31 23:00", "2027-01-01 01:00", {"2026-W53": 120}),
        ("2026-12-28 00:00", "2027-01-04 00:00", {"2026-W53": 7 * 24 * 60}),
        ("2027-01-03 23:00", "2027-01-04 01:00", {"2026-W53": 60, "2027-W01": 60}),
        # what has passed counts, not what the clock shows: it goes back at 4, and forward at 3
        ("2026-10-25 02:00", "2026-10-25 05:00", {"2026-W43": 4 * 60}),
        ("2026-03-29 02:00", "2026-03-29 05:00", {"2026-W13": 2 * 60}),
        ("2026-12-02 10:00", "2026-12-02 10:00", {}),
    ],
)
def test_minutes_count_in_each_week_that_they_lie_in(start, end, minutes):
    assert domain.minutes_by_week(span(start, end), SITE) == minutes


def test_a_week_is_one_of_the_sites_zone():
    elsewhere = Site(time_zone="America/New_York")
    assert domain.minutes_by_week(span("2026-12-07 01:00", "2026-12-07 02:00"), elsewhere) == {
        "2026-W49": 60
    }


def test_hours_of_a_week_are_counted(lab):
    ports, store, _ = lab(hours_per_week=3)
    book(ports, "pod", **wed("10-12"))
    found = refused(ports, "studio", **on("2026-12-04", "10-11:15"))
    assert codes(found) == ["quota-exceeded"]
    assert found.problems[0].params == {
        "quota": "hours",
        "limit": 3,
        "used": timedelta(hours=2),
        "week": 49,
    }
    assert len(store.bookings) == 1
    book(ports, "studio", **on("2026-12-04", "10-11"))
    book(ports, "studio", **on("2026-12-07", "10-13"))
    book(ports, "studio", person=EERO, **wed("10-13"))


def test_a_booking_over_a_weekend_counts_in_both_weeks(lab):
    """B113: Sun 22 - Mon 02 is 2 h in each of them."""
    ports, _, _ = lab(NIGHT, hours_per_week=10)
    book(ports, "attic", **on("2026-12-05", "10-18"))
    book(ports, "attic", **on("2026-12-08", "10-18"))
    book(ports, "attic", starts_at=at("2026-12-06 22:00"), ends_at=at("2026-12-07 02:00"))
    for day in ("2026-12-06", "2026-12-09"):
        found = refused(ports, "attic", **on(day, "10-10:30"))
        assert hours(found) == [600]


def test_week_53_is_one_week_of_two_years(lab):
    """B93"""
    ports, _, _ = lab(NIGHT, hours_per_week=4)
    book(ports, "attic", **on("2026-12-30", "10-12"))
    book(ports, "attic", **on("2027-01-02", "10-12"))
    assert hours(refused(ports, "attic", **on("2027-01-03", "10-10:30"))) == [240]
    book(ports, "attic", **on("2027-01-04", "10-14"))


def test_what_is_over_counts_for_its_week_and_not_as_live(lab):
    """B112"""
    ports, _, clock = lab(hours_per_week=3, live_bookings=1)
    book(ports, "pod", **on("2026-12-01", "10-12"))
    clock.time = at("2026-12-01 12:00")
    book(ports, "pod", **wed("10-11"))
    found = refused(ports, "pod", **wed("12-12:30"))
    assert [problem.params.get("quota") for problem in found.problems] == [None, "hours"]
    assert found.problems[1].params["used"] == timedelta(hours=3)


@pytest.mark.parametrize("end", [cancel, deny])
def test_what_is_given_up_counts_no_hours(lab, end):
    ports, _, _ = lab(a_space("loft", needs_approval=True), hours_per_week=2)
    booking = book(ports, "loft", **wed("10-12"))
    assert hours(refused(ports, "pod", **wed("12-13"))) == [120]
    end(ports, booking)
    book(ports, "pod", **wed("12-14"))


def test_what_expired_counts_no_hours(lab):
    ports, _, clock = lab(hours_per_week=2, prove_address=True)
    held = book(ports, "pod", by=ANYBODY, **wed("10-12"))
    refused(ports, "pod", **wed("12-13"))
    clock.time = held.confirm_by
    assert expire_due(ports) == 1
    book(ports, "pod", **wed("12-14"))


def test_hours_that_were_given_back_can_be_had_again(lab):
    """B51"""
    ports, _, clock = lab(hours_per_week=4)
    booking = book(ports, "pod", **on("2026-12-01", "10-14"))
    clock.time = at("2026-12-01 11:00")
    change(ports, booking, ends_at=clock.time)
    assert hours(refused(ports, "pod", **wed("10-13:15"))) == [60]
    book(ports, "pod", **wed("10-13"))


def test_a_change_is_judged_by_the_hours_that_it_gains(lab):
    ports, _, _ = lab(hours_per_week=4)
    first = book(ports, "pod", **wed("10-12"))
    book(ports, "studio", **wed("10-12"))
    book(ports, "studio", **on("2026-12-09", "10-13"))
    found = change_refused(ports, first, ends_at=at("2026-12-02 12:15"))
    assert (codes(found), hours(found)) == (["quota-exceeded"], [120])
    # Next week there are three hours of its four already: two more do not fit, one does.
    assert codes(change_refused(ports, first, **on("2026-12-10", "10-12"))) == ["quota-exceeded"]
    moved = change(ports, first, **on("2026-12-10", "10-11"))
    assert hours(refused(ports, "pod", **on("2026-12-11", "10-11"))) == [240]
    change(ports, moved, **on("2026-12-11", "14-15"))
    book(ports, "pod", **wed("10-12"))


def test_who_is_over_a_lower_quota_may_still_change_what_gains_nothing(lab):
    """B49"""
    ports, _, _ = lab()
    booking = book(ports, "pod", **wed("10-12"))
    book(ports, "studio", **wed("10-12"))
    spaces.change_site(ports, {"hours_per_week": 1}, None, an_intent(STAFF))
    booking = change(ports, booking, title="Toinen")
    booking = change(ports, booking, **on("2026-12-03", "14-16"))
    booking = change(ports, booking, ends_at=at("2026-12-03 15:30"))
    assert codes(change_refused(ports, booking, ends_at=at("2026-12-03 16:00"))) == [
        "quota-exceeded"
    ]


def test_staff_may_let_somebody_have_more(lab):
    ports, store, _ = lab(hours_per_week=1)
    booking = book(ports, "pod", **wed("10-11"))
    asked = {"person": AINO, **wed("12-13")}
    assert codes(refused(ports, "pod", by=STAFF, **asked)) == ["quota-exceeded"]
    assert codes(refused(ports, "pod", override=("quota-exceeded",), **asked)) == ["quota-exceeded"]
    book(ports, "pod", by=STAFF, override=("quota-exceeded",), **asked)
    longer = {"ends_at": at("2026-12-02 11:30")}
    assert codes(change_refused(ports, booking, by=STAFF, **longer)) == ["quota-exceeded"]
    change(ports, booking, by=STAFF, override=("quota-exceeded",), **longer)
    assert store.audit[-1]["override"] == ["quota-exceeded"]


def test_an_organisation_has_its_own_quota(lab):
    """Everybody of a domain together, apart from those of another."""
    ports, store, _ = lab(
        allowed_domains=TWO_AGENCIES, organisation_live_bookings=2, organisation_hours_per_week=3
    )
    book(ports, "pod", **wed("10-11"))
    book(ports, "studio", person=EERO, **wed("10-11"))
    found = refused(ports, "hall-a", person=replace(AINO, email="b@gov.fi"), **wed("10-11:15"))
    assert [each.params["quota"] for each in found.problems] == [
        "organisation",
        "organisation-hours",
    ]
    assert [each.params["used"] for each in found.problems] == [2, timedelta(hours=2)]
    book(ports, "hall-a", person=VERO, **wed("10-13"))
    assert len([each for each in store.quotas if each.startswith("o_")]) == 2


def test_a_subdomain_counts_for_the_domain_that_allows_it(lab):
    ports, _, _ = lab(organisation_live_bookings=1)
    book(ports, "pod", **wed("10-11"))
    assert codes(refused(ports, "studio", person=VERO, **wed("12-13"))) == ["quota-exceeded"]


def test_a_partner_counts_for_their_own_domain(lab):
    ports, store, _ = lab(organisation_live_bookings=1)
    known = newcomer(person_id_of(PIA.email, SALT), PIA, NOW)
    partner = replace(known, version=1, partner_until=date(2026, 12, 31))
    store.profiles[partner.person_id] = partner
    book(ports, "pod", **wed("10-11"))
    book(ports, "studio", person=PIA, **wed("10-11"))
    assert codes(refused(ports, "pod", person=PIA, **wed("12-13"))) == ["quota-exceeded"]


def test_an_organisations_bookings_leave_its_quota_as_they_end(lab):
    ports, store, clock = lab(
        a_space("loft", needs_approval=True), organisation_live_bookings=1, prove_address=True
    )
    given_up = book(ports, "pod", **wed("10-11"))
    (quota,) = [each for key, each in store.quotas.items() if key.startswith("o_")]
    assert set(quota.bookings) == {given_up.booking_id}
    cancel(ports, given_up)
    denied = book(ports, "loft", **wed("10-11"))
    deny(ports, denied)
    lapsed = book(ports, "pod", by=ANYBODY, **wed("10-11"))
    clock.time = lapsed.confirm_by
    assert expire_due(ports) == 1
    tag = f'"{store.bookings[denied.booking_id].version}"'
    approve(ports, denied, (tag,))
    assert codes(refused(ports, "pod", **wed("12-13"))) == ["quota-exceeded"]


def test_the_organisation_is_the_one_of_when_it_was_booked(lab):
    """A domain of its own later on does not leave a booking behind in the quota of the old one."""
    ports, store, _ = lab(organisation_live_bookings=5)
    booking = book(ports, "pod", person=VERO, **wed("10-11"))
    spaces.change_site(ports, {"allowed_domains": TWO_AGENCIES}, None, an_intent(STAFF))
    moved = change(ports, booking, **wed("12-13"))
    (quota,) = [each for key, each in store.quotas.items() if key.startswith("o_")]
    assert quota.bookings == {booking.booking_id: span_of(moved)}
    cancel(ports, booking)
    assert not [each for key, each in store.quotas.items() if key[:2] == "o_" and each.bookings]


def test_a_limit_that_is_lifted_leaves_nothing_behind(lab):
    ports, store, _ = lab(organisation_live_bookings=5)
    booking = book(ports, "pod", **wed("10-11"))
    spaces.change_site(ports, {"organisation_live_bookings": None}, None, an_intent(STAFF))
    cancel(ports, booking)
    assert not [each for key, each in store.quotas.items() if key[:2] == "o_" and each.bookings]


def test_what_was_booked_without_a_limit_counts_from_when_it_moves(lab):
    ports, _, _ = lab()
    booking = book(ports, "pod", **wed("10-11"))
    spaces.change_site(ports, {"organisation_hours_per_week": 2}, None, an_intent(STAFF))
    change(ports, booking, **wed("10-12"))
    assert codes(refused(ports, "studio", **wed("10-11"))) == ["quota-exceeded"]


def test_without_limits_of_organisations_nothing_of_them_is_kept(lab):
    ports, store, _ = lab(live_bookings=5, hours_per_week=5)
    booking = book(ports, "pod", **wed("10-11"))
    change(ports, booking, **wed("12-13"))
    assert set(store.quotas) == {AINOS}


def test_a_refusal_tells_what_is_used_to_who_has_shown_who_they_are(lab):
    """Anybody may type Aino's address: how much she has booked is her affair."""
    ports, store, _ = lab(hours_per_week=1, live_bookings=1)
    store.profiles[AINOS] = newcomer(AINOS, AINO, NOW)
    book(ports, "pod", **wed("10-11"))
    for actor, told in ((AINO_IN, True), (FORM, True), (ANYBODY, False)):
        found = refused(ports, "pod", by=actor, **wed("12-13"))
        assert [each.params["used"] is not None for each in found.problems] == [told, told]
        shown = availability.preview(ports, a_request(**wed("12-13")), actor)
        assert codes(shown) == codes(found) == ["quota-exceeded", "quota-exceeded"]
        assert [each.params["used"] is not None for each in shown.problems] == [told, told]


def test_how_somebody_stands_before_they_book(lab):
    ports, store, _ = lab(
        live_bookings=3, organisation_live_bookings=9, organisation_hours_per_week=20
    )
    book(ports, "pod", **wed("10-12"))
    book(ports, "pod", **on("2026-12-08", "10-11"))
    book(ports, "studio", person=EERO, **wed("10-11"))
    store.calls.clear()
    found = quotas.standing_of(ports, AINO_IN)
    assert store.calls == ["snapshot"]
    use = domain.Use
    assert found.person == domain.Share(
        use(2, 3), {"2026-W49": use(120, None), "2026-W50": use(60, None)}
    )
    assert found.organisation == domain.Share(
        use(3, 9), {"2026-W49": use(180, 1200), "2026-W50": use(60, 1200)}
    )


def test_an_organisation_without_a_limit_is_not_shown(lab):
    ports, _, _ = lab(live_bookings=3)
    assert quotas.standing_of(ports, AINO_IN).organisation is None


def test_one_transaction_and_no_more_calls_with_every_limit_there_is(lab):
    every = {
        "live_bookings": 9,
        "hours_per_week": 9,
        "organisation_live_bookings": 9,
        "organisation_hours_per_week": 9,
    }
    ports, store, _ = lab(**every)
    ports.settings.get()
    store.calls.clear()
    booking = book(ports, "pod", **wed("10-11"))
    assert [each for each in store.calls if each != "queue.send"] == ["snapshot", "commit"]
    store.calls.clear()
    intent = an_intent(FORM, method="PATCH")
    bookings.change(ports, booking.booking_id, a_change(**wed("12-13")), None, intent)
    assert [each for each in store.calls if each != "queue.send"] == [
        "snapshot",
        "snapshot",
        "commit",
    ]
