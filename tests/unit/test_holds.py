"""How many times may be held before an address is proved: by address, from a network, and in all."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.bookings import State
from chalicelib.domain.errors import Refused, TooMany
from chalicelib.domain.people import Person
from chalicelib.services import availability, bookings, confirming, links, spaces
from chalicelib.services.expiry import expire_due
from tests.builders import AINO, ANYBODY, EERO, FORM, STAFF, a_request, an_intent, on, wed
from tests.unit.steps import cancel, change, codes

HOURS = ["8-9", "9-10", "10-11", "11-12", "12-13", "13-14", "14-15", "15-16"]


def hold(ports, hours: str, person: Person = AINO, network: str = "n", by=ANYBODY, **more):
    """A hold of an hour of the pod."""
    intent = an_intent(by, network=network, key=more.pop("key", None))
    return bookings.book(ports, a_request(person=person, **wed(hours), **more), intent).value


def refused(ports, hours: str, *who) -> Refused:
    with pytest.raises(Refused) as caught:
        hold(ports, hours, *who)
    return caught.value


def somebody(number: int) -> Person:
    return replace(AINO, email=f"aino.{number}@gov.fi")


def kinds(refusal: Refused) -> list[str]:
    return [each.params["quota"] for each in refusal.problems]


def confirm(ports, booking):
    code = links.code_of(ports, booking)
    return confirming.confirm(ports, booking.booking_id, code, an_intent(ANYBODY)).value


@pytest.fixture
def proving(lab):
    """A Lab where addresses have to be proved."""
    return lab(prove_address=True)


def test_two_are_held_for_an_address_from_wherever(proving):
    ports, store, _ = proving
    for number in range(2):
        hold(ports, HOURS[number], AINO, f"n{number}")
    found = refused(ports, HOURS[2], AINO, "n2")
    assert (codes(found), kinds(found)) == (["quota-exceeded"], ["holds"])
    assert found.problems[0].params["limit"] == 2
    assert len(store.bookings) == 2
    hold(ports, HOURS[3], EERO, "n3")


def test_two_are_held_from_a_network_for_whomever(proving):
    ports, _, _ = proving
    for number in range(2):
        hold(ports, HOURS[number], somebody(number))
    assert kinds(refused(ports, HOURS[2], somebody(2))) == ["holds"]
    hold(ports, HOURS[3], somebody(3), "another")


def test_every_spelling_of_an_address_is_one(proving):
    ports, _, _ = proving
    for number, email in enumerate(("aino.aalto@gov.fi", "AINO.Aalto@GOV.fi")):
        hold(ports, HOURS[number], replace(AINO, email=email), f"n{number}")
    assert kinds(refused(ports, HOURS[2], AINO, "n2")) == ["holds"]


def test_all_of_the_site_together_are_so_many(lab):
    """A network each, and an address each: what is left of the Lab is for who logs in."""
    ports, _, _ = lab(prove_address=True, anonymous_holds=3)
    for number in range(3):
        hold(ports, HOURS[number], somebody(number), f"n{number}")
    assert kinds(refused(ports, HOURS[3], somebody(3), "n3")) == ["all-holds"]
    assert hold(ports, HOURS[3], somebody(3), "", FORM).state is State.CONFIRMED


def test_twenty_of_the_site_where_nothing_else_is_said(proving):
    ports, store, _ = proving
    times = [(space, hours) for space in ("pod", "hall-a", "hall-b") for hours in HOURS]
    for number, (space, hours) in enumerate(times[:20]):
        request = a_request(space, person=somebody(number), **wed(hours))
        bookings.book(ports, request, an_intent(ANYBODY, network=f"n{number}"))
    assert store.site.anonymous_holds == 20
    request = a_request("pod", person=somebody(20), **on("2026-12-07", "10-11"))
    with pytest.raises(Refused) as caught:
        bookings.book(ports, request, an_intent(ANYBODY, network="n20"))
    assert kinds(caught.value) == ["all-holds"]


def test_nobody_holds_anything_where_there_are_to_be_none(lab):
    """The switch for a bad day: who wants to book logs in."""
    ports, _, _ = lab(prove_address=True, anonymous_holds=0)
    assert kinds(refused(ports, HOURS[0])) == ["all-holds"]


def test_without_a_limit_all_of_them_are_nowhere_counted(lab):
    ports, store, _ = lab(prove_address=True, anonymous_holds=None)
    hold(ports, HOURS[0])
    assert len(store.holds) == 2


def test_a_hold_leaves_no_room_for_three_at_once_and_then_does(proving):
    """Confirmed, given up and run out: each makes room for another."""
    ports, store, clock = proving
    first, second = hold(ports, HOURS[0]), hold(ports, HOURS[1])
    assert kinds(refused(ports, HOURS[2])) == ["holds"]
    assert confirm(ports, first).state is State.CONFIRMED
    third = hold(ports, HOURS[2])
    assert kinds(refused(ports, HOURS[3])) == ["holds"]
    cancel(ports, second, by=STAFF)
    hold(ports, HOURS[3])
    assert kinds(refused(ports, HOURS[4])) == ["holds"]
    clock.time = third.confirm_by
    assert expire_due(ports) == 2
    assert {each.until == {} for each in store.holds.values()} == {True}
    hold(ports, HOURS[4])


def test_what_has_lapsed_counts_no_more_before_anything_tidies_it(proving):
    ports, store, clock = proving
    first = hold(ports, HOURS[0])
    hold(ports, HOURS[1])
    clock.time = first.confirm_by - timedelta(seconds=1)
    assert kinds(refused(ports, HOURS[2])) == ["holds"]
    clock.time = first.confirm_by
    third = hold(ports, HOURS[2])
    assert {tuple(each.until) for each in store.holds.values()} == {(third.booking_id,)}


def test_a_change_of_a_hold_leaves_it_counted(proving):
    ports, store, _ = proving
    first = hold(ports, HOURS[0])
    before = dict(store.holds)
    moved = change(ports, first, by=STAFF, **wed(HOURS[5]))
    assert (moved.state, moved.network, store.holds) == (State.HELD, "n", before)


def test_where_it_came_from_is_known_only_while_it_is_held(proving):
    ports, store, clock = proving
    first, second = hold(ports, HOURS[0]), hold(ports, HOURS[1])
    assert {each.network for each in store.bookings.values()} == {"n"}
    confirm(ports, first)
    clock.time = second.confirm_by
    expire_due(ports)
    third = hold(ports, HOURS[2])
    cancel(ports, third, by=STAFF)
    assert {each.network for each in store.bookings.values()} == {""}


def test_who_is_vouched_for_holds_nothing(proving):
    ports, store, _ = proving
    for number, actor in enumerate((FORM, STAFF, FORM, STAFF, FORM)):
        assert hold(ports, HOURS[number], AINO, "n", actor).state is State.CONFIRMED
    assert store.holds == {}


def test_where_no_address_is_proved_nothing_is_held(lab):
    ports, store, _ = lab(prove_address=False)
    for number in range(4):
        assert hold(ports, HOURS[number]).state is State.CONFIRMED
    assert (store.holds, store.counters) == ({}, {})
    assert {each.network for each in store.bookings.values()} == {""}


def test_a_network_that_is_not_known_is_not_counted(proving):
    ports, store, _ = proving
    for number in range(3):
        hold(ports, HOURS[number], somebody(number), "")
    assert len(store.holds) == 3 + 1


def test_six_holds_a_day_for_an_address(proving):
    """However they end: each was a mail to somebody who may not have asked for it."""
    ports, store, clock = proving
    for number in range(6):
        cancel(ports, hold(ports, HOURS[number], AINO, f"n{number}"), by=STAFF)
    with pytest.raises(TooMany) as caught:
        hold(ports, HOURS[6], AINO, "n6")
    found = caught.value
    assert (found.purpose, found.by, found.retry_after) == ("hold", "address", 17 * 3600)
    assert len(store.bookings) == 6
    hold(ports, HOURS[6], EERO, "n6")
    clock.forward(hours=17)
    bookings.book(
        ports, a_request("studio", **on("2026-12-03", "10-11")), an_intent(ANYBODY, network="n7")
    )


def test_twenty_holds_a_day_from_a_network(proving):
    """Half an hour each, one after the other: through with them by noon."""
    ports, store, _ = proving
    for number in range(20):
        cancel(ports, hold(ports, HOURS[number % 8], somebody(number)), by=STAFF)
    with pytest.raises(TooMany) as caught:
        hold(ports, HOURS[0], somebody(20))
    assert (caught.value.purpose, caught.value.by) == ("hold", "network")
    assert len(store.bookings) == 20


def test_what_was_refused_is_no_hold_of_the_day(proving):
    ports, _, _ = proving
    hold(ports, HOURS[0])
    for _ in range(10):
        assert codes(refused(ports, HOURS[0])) == ["slot-taken"]
    hold(ports, HOURS[1])


def test_a_repeat_under_its_key_is_one_hold(proving):
    ports, store, _ = proving
    first = hold(ports, HOURS[0], key="k")
    for _ in range(8):
        intent = an_intent(ANYBODY, network="n", key="k")
        assert bookings.book(ports, a_request(**wed(HOURS[0])), intent).replayed
    assert {tuple(each.until) for each in store.holds.values()} == {(first.booking_id,)}
    assert sorted(store.counters.values()) == [1, 1]


def test_a_preview_says_so_too(proving):
    ports, _, _ = proving
    hold(ports, HOURS[0])
    hold(ports, HOURS[1])
    request = a_request(**wed(HOURS[2]))
    shown = availability.preview(ports, request, ANYBODY, network="n")
    assert kinds(shown) == ["holds"]
    assert availability.preview(ports, request, FORM).possible
    other = replace(request, person=EERO)
    assert not availability.preview(ports, other, ANYBODY, network="n").possible
    assert availability.preview(ports, other, ANYBODY, network="another").possible


def test_a_hold_is_one_read_and_one_transaction_with_all_that_it_counts_in(proving):
    ports, store, _ = proving
    ports.settings.get()
    store.calls.clear()
    hold(ports, HOURS[0])
    assert [each for each in store.calls if each != "queue.send"] == ["snapshot", "commit"]
    assert len(store.holds) == 3


def test_a_limit_that_is_lowered_leaves_what_is_held(proving):
    ports, store, _ = proving
    for number in range(3):
        hold(ports, HOURS[number], somebody(number), f"n{number}")
    spaces.change_site(ports, {"anonymous_holds": 1}, None, an_intent(STAFF))
    assert kinds(refused(ports, HOURS[3], somebody(3), "n3")) == ["all-holds"]
    assert all(each.live for each in store.bookings.values())
