"""Settings are kept for a minute, checked when written, and looked at again before a refusal."""

from dataclasses import replace

import pytest

from chalicelib.domain.errors import Refused, StaleVersion
from chalicelib.domain.spaces import Hours, Kind
from chalicelib.services import closures, spaces
from chalicelib.services.catalog_cache import CatalogCache
from tests.builders import ALWAYS_OPEN, STAFF, a_space, an_intent, at, on, the_ports, wed
from tests.fakes import memory_ports
from tests.unit.steps import (
    approve,
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


def reads(store):
    """What was asked of the settings since the last look."""
    found = [name for name in store.calls if name.startswith("catalog.")]
    store.calls.clear()
    return found


@pytest.fixture
def cache():
    ports, store, clock = the_ports()
    store.calls.clear()
    return CatalogCache(ports.catalog, clock), store, clock


@pytest.fixture
def two_workers(lab):
    """Two workers over one store, the first of which has old settings in its cache."""

    def make(*changed, **site):
        ports, store, clock = lab(*changed, **site)
        other = memory_ports(store, clock)
        ports.settings.get()
        return ports, other, store, clock

    return make


def test_settings_are_kept_for_a_minute(cache):
    settings, store, clock = cache
    settings.get()
    assert reads(store) == ["catalog.load"]
    clock.forward(seconds=59.999)
    settings.get()
    assert reads(store) == []
    clock.forward(seconds=0.001)
    settings.get()
    assert reads(store) == ["catalog.load"]


def test_what_is_only_shown_asks_every_other_second_whether_anything_changed(cache):
    settings, store, clock = cache
    settings.recent()
    settings.recent()
    assert reads(store) == ["catalog.load"]
    clock.forward(seconds=2)
    settings.recent()
    settings.recent()
    assert reads(store) == ["catalog.revision"]
    store.revision += 1
    settings.recent()
    assert reads(store) == []
    clock.forward(seconds=2)
    settings.recent()
    assert reads(store) == ["catalog.revision", "catalog.load"]


def test_fresh_settings_are_as_of_now(cache):
    settings, store, _ = cache
    settings.fresh()
    settings.fresh()
    assert reads(store) == ["catalog.load", "catalog.revision"]
    store.revision += 1
    assert settings.fresh().revision == store.revision
    assert reads(store) == ["catalog.revision", "catalog.load"]


def test_having_asked_is_as_good_as_having_read(cache):
    settings, store, clock = cache
    settings.get()
    clock.forward(seconds=50)
    settings.fresh()
    clock.forward(seconds=50)
    store.calls.clear()
    settings.get()
    assert reads(store) == []


def test_forgotten_settings_are_read_again(cache):
    settings, store, _ = cache
    settings.get()
    settings.forget()
    settings.get()
    assert reads(store) == ["catalog.load"] * 2


def test_a_clock_that_jumps_back_does_not_make_settings_immortal(cache):
    settings, store, clock = cache
    settings.get()
    store.calls.clear()
    clock.forward(hours=-1)
    settings.get()
    assert reads(store) == ["catalog.load"]
    clock.forward(hours=-1)
    settings.recent()
    assert reads(store) == ["catalog.revision"]


def test_a_booking_by_old_settings_is_not_written(two_workers):
    """The space was archived a moment ago; this worker does not know it yet."""
    ports, other, store, _ = two_workers()
    set_space(other, "pod", active=False)
    assert ports.settings.get().spaces["pod"].active
    assert codes(refused(ports, "pod", **wed("10-11"))) == ["unknown-space"]
    assert not store.bookings


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"max_minutes": 30}, "too-long"),
        ({"min_minutes": 90}, "too-short"),
        ({"hours": Hours()}, "outside-opening-hours"),
        ({"capacity": 0}, "over-capacity"),
        ({"horizon_days": 0}, "too-far-ahead"),
        ({"notice_minutes": 60 * 48}, "too-soon"),
        ({"grid_minutes": 45}, "off-grid"),
    ],
)
def test_no_rule_is_broken_by_a_worker_that_does_not_know_it(two_workers, fields, rule):
    ports, other, store, _ = two_workers()
    set_space(other, "pod", **fields)
    assert codes(refused(ports, "pod", **wed("10-11"))) == [rule]
    assert not store.bookings


def test_a_part_that_changed_matters_to_the_whole(two_workers):
    ports, other, store, _ = two_workers()
    set_space(other, "hall-a", hours=Hours())
    assert codes(refused(ports, "hall", **wed("10-11"))) == ["outside-opening-hours"]


def test_a_facilitator_that_changed_matters_to_who_claims_them(two_workers):
    ports, other, _, _ = two_workers()
    set_space(other, "facilitator-1", active=False)
    assert book(ports, "pod", facilitation=True, **wed("10-11")).facilitator == "facilitator-2"


def test_equipment_that_changed_matters_to_who_takes_it(two_workers):
    ports, other, _, _ = two_workers()
    set_space(other, "screen", units=1)
    found = refused(ports, "pod", equipment={"screen": 2}, **wed("10-11"))
    assert codes(found) == ["over-capacity"]


def test_a_change_by_old_settings_is_not_written(two_workers):
    ports, other, _, _ = two_workers()
    booking = book(ports, "pod", **wed("10-11"))
    set_space(other, "pod", max_minutes=60, capacity=1)
    for fields, rule in (
        (wed("10-12"), "too-long"),
        ({"attendees": 2}, "over-capacity"),
    ):
        ports.settings._catalog = replace(
            ports.settings.fresh(), spaces=_before(ports, "pod"), revision=1
        )
        with pytest.raises(Refused) as caught:
            change(ports, booking, **fields)
        assert codes(caught.value) == [rule]


def _before(ports, space_id):
    """The spaces as they were before the last change of one."""
    present = ports.settings.fresh().spaces
    return {**present, space_id: a_space("pod", capacity=2)}


def test_a_shorter_booking_by_old_settings_is_not_written(two_workers):
    ports, other, _, _ = two_workers()
    booking = book(ports, "pod", **wed("10-12"))
    set_space(other, "pod", min_minutes=90)
    with pytest.raises(Refused) as caught:
        change(ports, booking, **wed("10-11"))
    assert codes(caught.value) == ["too-short"]


def test_another_space_that_changed_does_not_stop_a_booking(two_workers):
    ports, other, store, _ = two_workers()
    set_space(other, "studio", capacity=1)
    store.calls.clear()
    book(ports, "pod", **wed("10-11"))
    assert reads(store) == []


@pytest.mark.parametrize(
    ("space", "fields", "times"),
    [
        ({"max_minutes": 60}, {"max_minutes": 120}, wed("10-12")),
        ({"hours": Hours()}, {"hours": ALWAYS_OPEN}, wed("10-12")),
        ({"active": False}, {"active": True}, wed("10-12")),
        ({"horizon_days": 0}, {"horizon_days": 30}, wed("10-12")),
    ],
)
def test_nobody_is_refused_by_rules_that_are_no_longer_so(two_workers, space, fields, times):
    ports, other, _, _ = two_workers(a_space("pod", **space))
    set_space(other, "pod", **fields)
    book(ports, "pod", **times)


def test_nobody_is_refused_for_buffers_that_are_no_longer_so(two_workers):
    ports, other, _, _ = two_workers(a_space("pod", setup_minutes=60))
    book(other, "pod", **wed("9-10"))
    set_space(other, "pod", setup_minutes=0)
    book(ports, "pod", **wed("10-11"))


def test_nobody_is_refused_while_there_is_one_desk_more(two_workers):
    ports, other, _, _ = two_workers(a_space("booths", kind=Kind.POOL, units=1))
    book(other, "booths", **wed("10-11"))
    set_space(other, "booths", units=2)
    book(ports, "booths", **wed("10-11"))


def test_nobody_is_kept_out_by_a_closure_that_was_lifted(two_workers):
    ports, other, _, _ = two_workers()
    closure = close(other, "pod", **wed("8-18"))
    ports.settings.forget()
    ports.settings.get()
    closures.lift(other, closure.closure_id, None, an_intent(STAFF))
    closures.go_on(other, closure.closure_id)
    book(ports, "pod", **wed("10-11"))


def test_a_new_quota_holds_for_every_worker_within_a_minute(two_workers):
    ports, other, _, clock = two_workers()
    spaces.change_site(other, {"live_bookings": 1}, None, an_intent(STAFF))
    book(ports, "pod", **wed("10-11"))
    clock.forward(seconds=60)
    assert codes(refused(ports, "pod", **wed("12-13"))) == ["quota-exceeded"]


def test_a_refusal_costs_one_look_at_the_revision(two_workers):
    ports, _, store, _ = two_workers()
    book(ports, "pod", **wed("10-11"))
    store.calls.clear()
    refused(ports, "pod", **wed("10-11"))
    assert reads(store) == ["catalog.revision"]


def test_a_booking_costs_two_calls_where_settings_are_known(two_workers):
    ports, _, store, _ = two_workers()
    store.calls.clear()
    book(ports, "pod", **wed("10-11"))
    assert store.calls == ["snapshot", "commit"]


def test_a_closure_that_a_worker_does_not_know_is_still_a_closure(two_workers):
    ports, other, _, _ = two_workers()
    close(other, "pod", **wed("8-18"))
    assert codes(refused(ports, "pod", **wed("10-11"))) == ["closed"]


def test_decisions_by_old_settings_still_see_the_ledger(two_workers):
    ports, other, _, _ = two_workers(a_space("loft", needs_approval=True))
    booking = book(other, "loft", **wed("10-11"))
    set_space(other, "loft", needs_approval=False)
    assert approve(ports, booking).version == 2
    assert cancel(ports, booking).version == 3


def test_changes_of_the_site_are_versioned_and_audited(lab):
    ports, store, _ = lab()
    site = spaces.change_site(ports, {"hold_minutes": 10}, ('"1"',), an_intent(STAFF)).value
    assert (site.version, site.hold_minutes) == (2, 10)
    assert store.audit[-1]["fields"] == ["hold_minutes"]
    with pytest.raises(StaleVersion):
        spaces.change_site(ports, {"hold_minutes": 20}, ('"1"',), an_intent(STAFF))


def test_opening_days_change_one_by_one(lab):
    ports, _, _ = lab()
    set_space(ports, "pod", week={"wed": ((600, 660),)})
    assert starts(ports, "pod", "2026-12-02", 60) == [at("2026-12-02 10:00")]
    assert len(starts(ports, "pod", "2026-12-03", 60)) == 37


def test_a_closure_begun_elsewhere_is_known_within_two_seconds_where_times_are_shown(two_workers):
    ports, other, _, clock = two_workers()
    ports.settings.recent()
    begin_to_close(other, "pod", **on("2026-12-02", "8-18"))
    clock.forward(seconds=2)
    assert starts(ports, "pod", "2026-12-02", 60) == []
