"""The use cases, end to end over each store: with the same answers, and with the same left behind."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from chalicelib.domain.bookings import State
from chalicelib.domain.closures import ClosureState
from chalicelib.domain.errors import IdempotencyMismatch, NotFound, Refused, StaleVersion
from chalicelib.services import availability, bookings, check, closures, events, expiry, spaces
from chalicelib.services.closures import ClosureRequest
from tests.builders import ANYBODY, FORM, STAFF, a_change, a_request, an_intent, at, on, wed
from tests.contract.backends import Backend, in_memory
from tests.contract.scenarios import (
    SCENARIOS,
    Scenario,
    asked,
    assert_sound,
    booked,
    damaged,
    held_until_proved,
    lapsed,
    picture,
    the_value,
)
from tests.event_builders import a_placed_event


@pytest.fixture(autouse=True)
def sound(lab: Backend) -> Iterator[None]:
    """At the end of every history ledger and bookings agree."""
    yield
    assert_sound(lab)


@cache
def expected(name: str) -> dict[str, Any]:
    """What a scenario leaves behind in memory."""
    return _play(next(each for each in SCENARIOS if each.name == name), in_memory().stock())


def _play(scenario: Scenario, lab: Backend) -> dict[str, Any]:
    before = scenario.prepare(lab)
    scenario.act(lab.ports, before, scenario.intent())
    return picture(lab)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_every_store_is_left_with_the_same(lab: Backend, scenario: Scenario):
    assert _play(scenario, lab) == expected(scenario.name)


def test_a_booking_is_there_and_in_the_way_of_the_next(lab: Backend):
    first = booked(lab)
    assert first.state is State.CONFIRMED
    assert bookings.read(lab.worker(), first.booking_id, FORM) == first
    with pytest.raises(Refused) as refused:
        bookings.book(lab.ports, a_request(**wed("10:30-12")), an_intent())
    assert refused.value.code == "slot-taken"
    conflicts = [(each.starts_at, each.ends_at, each.reason) for each in refused.value.conflicts]
    assert conflicts == [(at("2026-12-02 10:30"), at("2026-12-02 11:00"), "booked")]
    assert refused.value.alternatives
    booked(lab, **wed("11-12"))


def test_the_first_answer_is_given_again_and_another_request_is_not_taken_for_it(lab: Backend):
    first = bookings.book(lab.ports, a_request(), an_intent(key="k1"))
    again = bookings.book(lab.worker(), a_request(), an_intent(key="k1"))
    assert (again.replayed, again.answer) == (True, first.answer)
    with pytest.raises(IdempotencyMismatch):
        bookings.book(lab.ports, a_request(), an_intent(key="k1", fingerprint="other"))
    lab.clock.forward(hours=49)
    with pytest.raises(Refused):
        bookings.book(lab.ports, a_request(**wed("10-11")), an_intent(key="k1"))
    later = bookings.book(lab.ports, a_request(**on("2026-12-09", "10-11")), an_intent(key="k1"))
    assert not later.replayed


def test_a_moved_booking_leaves_its_old_time_free(lab: Backend):
    booking = booked(lab)
    change = a_change(**wed("10:30-11:30"))
    moved = the_value(bookings.change(lab.ports, booking.booking_id, change, ('"1"',), an_intent()))
    assert (moved.version, moved.starts_at) == (2, at("2026-12-02 10:30"))
    with pytest.raises(StaleVersion):
        bookings.change(lab.ports, booking.booking_id, change, ('"1"',), an_intent())
    booked(lab, **wed("9:30-10:30"))
    with pytest.raises(Refused) as refused:
        bookings.change(lab.ports, booking.booking_id, a_change(**wed("10-11")), None, an_intent())
    assert refused.value.code == "slot-taken"


def test_a_cancelled_booking_frees_its_time_and_is_cancelled_once(lab: Backend):
    booking = booked(lab)
    gone = bookings.cancel(lab.ports, booking.booking_id, "", None, an_intent())
    again = bookings.cancel(lab.ports, booking.booking_id, "", None, an_intent())
    assert gone.value == again.value
    assert the_value(gone).state is State.CANCELLED
    booked(lab)
    with pytest.raises(NotFound):
        bookings.cancel(lab.ports, "b_none", "", None, an_intent())


def test_a_request_is_approved_or_denied_and_granted_after_all(lab: Backend):
    request = asked(lab)
    assert request.state is State.PENDING
    with pytest.raises(Refused):
        booked(lab)
    denied = the_value(bookings.deny(lab.ports, request.booking_id, "", None, an_intent(STAFF)))
    assert denied.state is State.DENIED
    other = booked(lab)
    with pytest.raises(Refused) as refused:
        bookings.approve(lab.ports, request.booking_id, ('"2"',), an_intent(STAFF))
    assert refused.value.code == "slot-taken"
    bookings.cancel(lab.ports, other.booking_id, "", None, an_intent())
    granted = bookings.approve(lab.ports, request.booking_id, ('"2"',), an_intent(STAFF))
    assert the_value(granted).state is State.CONFIRMED


@pytest.mark.parametrize("first", ["event", "request"])
def test_whoever_comes_second_to_a_space_is_refused(lab: Backend, first: str):
    """B36: of an event and of a request that staff have not answered yet; both hold their time."""
    spaces.change(lab.ports, "studio", {"needs_approval": True}, None, an_intent(STAFF))
    steps = {
        "event": lambda: events.create(lab.ports, a_placed_event(), an_intent(STAFF)),
        "request": lambda: booked(lab, "studio", **wed("11-12")),
    }
    steps.pop(first)()
    for second in (*steps.values(), lambda: booked(lab, "studio", **wed("11-12"))):
        with pytest.raises(Refused) as refused:
            second()
        assert refused.value.code == "slot-taken"
    assert (lab.ports.events.look("e_one").event is not None) == (first == "event")


def test_a_hold_ends_by_itself_and_is_tidied_once(lab: Backend):
    held_until_proved(lab)
    hold = booked(lab, actor=ANYBODY)
    assert hold.state is State.HELD
    assert expiry.expire_due(lab.ports) == 0
    lab.clock.forward(minutes=30)
    assert bookings.read(lab.ports, hold.booking_id, STAFF).state is State.EXPIRED
    assert expiry.expire_due(lab.worker()) == 1
    assert expiry.expire_due(lab.ports) == 0
    assert lab.quota(hold.person_id) == {}


def test_a_hold_ends_to_the_microsecond(lab: Backend):
    """What the ledger says of it and what the booking says of itself must not differ for a moment."""
    held_until_proved(lab)
    lab.clock.forward(microseconds=700_000)
    hold = booked(lab, actor=ANYBODY)
    lab.clock.time = lab.clock.time.replace(microsecond=0)
    lab.clock.forward(minutes=30)
    for _ in range(4):
        gone = bookings.read(lab.ports, hold.booking_id, STAFF).state is State.EXPIRED
        assert _can_be_booked(lab) == gone
        if gone:
            return
        lab.clock.forward(milliseconds=250)
    raise AssertionError("the hold never ended")


def _can_be_booked(lab: Backend) -> bool:
    try:
        booked(lab, actor=ANYBODY)
    except Refused:
        return False
    return True


def test_an_ended_hold_is_in_nobodys_way(lab: Backend):
    lapsed(lab)
    booked(lab, actor=STAFF)


def test_a_limit_holds(lab: Backend):
    spaces.change_site(lab.ports, {"live_bookings": 2}, None, an_intent(STAFF))
    first = booked(lab)
    booked(lab, "studio")
    with pytest.raises(Refused) as refused:
        booked(lab, **wed("14-15"))
    assert refused.value.code == "quota-exceeded"
    bookings.cancel(lab.ports, first.booking_id, "", None, an_intent())
    booked(lab, **wed("14-15"))


def test_a_closure_takes_what_is_free_and_the_rest_when_it_is(lab: Backend):
    booking = booked(lab)
    request = ClosureRequest(("pod", "studio"), **wed("10-12"))
    closure_id = the_value(closures.close(lab.ports, request, an_intent(STAFF))).closure_id
    assert closures.go_on(lab.ports, closure_id).state is ClosureState.BLOCKED
    assert closures.view(lab.ports, closure_id).conflicts == (booking,)
    with pytest.raises(Refused) as refused:
        booked(lab, "studio", **wed("11-12"))
    assert refused.value.code == "closed"
    bookings.cancel(lab.ports, booking.booking_id, "", None, an_intent())
    closures.continue_all(lab.ports)
    assert closures.view(lab.ports, closure_id).closure.state is ClosureState.CLOSED
    closures.lift(lab.ports, closure_id, None, an_intent(STAFF))
    assert closures.go_on(lab.ports, closure_id).state is ClosureState.LIFTED
    booked(lab)


def test_a_change_of_settings_lists_what_no_longer_fits(lab: Backend):
    booking = booked(lab, "studio", attendees=10)
    spaces.change(
        lab.ports, "studio", {"capacity": 5, "cleanup_minutes": 30}, None, an_intent(STAFF)
    )
    (found,) = spaces.affected(lab.ports, "studio")
    assert found.booking == booking
    assert {problem.code for problem in found.problems} == {"over-capacity"}


def test_a_worker_with_old_settings_looks_again(lab: Backend):
    """Settings are cached for a minute, so the transaction checks them and the cache is thrown away."""
    worker = lab.worker()
    worker.settings.get()
    spaces.change(lab.ports, "pod", {"setup_minutes": 15}, None, an_intent(STAFF))
    booking = the_value(bookings.book(worker, a_request(), an_intent()))
    ((start, end),) = booking.footprint["pod"]
    assert end - start == 5


def test_what_is_taken_is_shown_as_taken(lab: Backend):
    booked(lab)
    search = availability.Search(at("2026-12-02 08:00"), at("2026-12-02 18:00"), minutes=60)
    (pod,) = [
        each for each in availability.search(lab.ports, search) if each.space.space_id == "pod"
    ]
    assert [(each.starts_at, each.ends_at) for each in pod.busy] == [
        (at("2026-12-02 10:00"), at("2026-12-02 11:00"))
    ]


def test_the_check_finds_and_mends_what_differs(lab: Backend, capsys: pytest.CaptureFixture[str]):
    booking = damaged(lab)
    assert check.main([], lab.ports) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{booking.booking_id} hall-a 2026-12-02: missing t32 t33 t34 t35",
        f"{booking.booking_id} studio 2026-12-02: surplus t32 t33 t34 t35",
        "1 differences, 1 left",
    ]
    assert check.main(["--repair"], lab.ports) == 0
    assert check.main([], lab.ports) == 0
