"""Where holds are counted: each an attribute of its own, on the item's version, gone with the last of them."""

from datetime import timedelta

import pytest

from chalicelib.domain.bookings import State
from chalicelib.domain.errors import QuotaChanged, Refused, TooMany
from chalicelib.domain.holds import Holds
from chalicelib.services import bookings, confirming, expiry, links
from tests.builders import ANYBODY, EERO, a_request, an_intent, wed
from tests.contract.backends import Backend, from_the_future
from tests.contract.counting import counted
from tests.contract.scenarios import held_until_proved, the_value
from tests.contract.test_limits import sizes
from tests.contract.things import NOW, a_record, written

KEY, SECONDS = "k_holds", int(NOW.timestamp())
LATER = SECONDS + 1800


def stored(backend: Backend, key: str = KEY) -> Holds:
    return backend.ports.snapshots.read(holds=[key]).holds.get(key) or Holds(key)


def add(backend: Backend, before: Holds, booking_id: str, until: int = LATER, now=NOW) -> None:
    written(backend, lambda tx: backend.ports.holds.add(tx, before, booking_id, until, now))


def remove(backend: Backend, booking_id: str) -> None:
    written(backend, lambda tx: backend.ports.holds.remove(tx, KEY, booking_id, NOW))


def test_what_is_held_is_found_until_it_is_taken_out(backend: Backend):
    add(backend, Holds(KEY), "b_1")
    assert stored(backend) == Holds(KEY, {"b_1": LATER}, 1)
    add(backend, stored(backend), "b_2", LATER + 60)
    assert stored(backend) == Holds(KEY, {"b_1": LATER, "b_2": LATER + 60}, 2)
    for _ in range(2):
        remove(backend, "b_1")
    assert stored(backend).until == {"b_2": LATER + 60}
    add(backend, stored(backend), "s_1_2")  # a sign-up's
    assert stored(backend).until == {"b_2": LATER + 60, "s_1_2": LATER}
    remove(backend, "s_1_2")
    assert stored(backend, "another") == Holds("another")


def test_the_second_of_two_looks_again(backend: Backend):
    """B40"""
    add(backend, Holds(KEY), "b_1")
    with pytest.raises(QuotaChanged):
        add(backend, Holds(KEY), "b_2")
    seen = stored(backend)
    remove(backend, "b_1")
    with pytest.raises(QuotaChanged):
        add(backend, seen, "b_3")
    add(backend, stored(backend), "b_3")
    assert stored(backend).until == {"b_3": LATER}


def test_what_has_lapsed_is_left_out_when_one_is_added(backend: Backend):
    for number in range(3):
        add(backend, stored(backend), f"b_{number}", SECONDS + number)
    add(backend, stored(backend), "b_new", now=NOW + timedelta(seconds=1))
    assert stored(backend).until == {"b_2": SECONDS + 2, "b_new": LATER}


def test_an_idempotency_key_beside_them_is_none_of_them(backend: Backend):
    add(backend, Holds(KEY), "b_1")
    written(backend, lambda tx: backend.ports.keys.put(tx, a_record(), 1000))
    found = backend.ports.snapshots.read(token="token", holds=[KEY, "none"])
    assert found.record == a_record()
    assert found.holds == {KEY: Holds(KEY, {"b_1": LATER}, 1)}


def test_an_item_is_gone_an_hour_after_the_last_of_them(dynamodb: Backend):
    add(dynamodb, Holds(KEY), "b_1", LATER)
    add(dynamodb, stored(dynamodb), "b_2", LATER - 600)
    remove(dynamodb, "b_1")
    written(dynamodb, lambda tx: dynamodb.ports.holds.remove(tx, "k_none", "b_3", NOW))
    found = {item["token_hash"]: item for item in dynamodb.items("tokens")}
    assert found[KEY]["expires_at"] == LATER + 3600
    assert found["k_none"]["expires_at"] == SECONDS + 3600
    assert {item["kind"] for item in found.values()} == {"holds"}


def test_a_newer_schema_is_read_all_the_same(dynamodb: Backend):
    add(dynamodb, Holds(KEY), "b_1")
    from_the_future(dynamodb)
    assert stored(dynamodb) == Holds(KEY, {"b_1": LATER}, 1)


def test_hundreds_that_have_lapsed_fit_into_no_expression_and_do_not_have_to(moto: Backend):
    before = Holds(KEY, {f"b_{number:022d}": 1 for number in range(300)})
    size, count = sizes(
        moto, lambda tx: moto.ports.holds.add(tx, before, "b_" + "x" * 22, LATER, NOW)
    )
    assert 1500 < size < 4096
    assert count < 10


def test_sign_ups_have_longer_names_and_fit_as_well(moto: Backend):
    name = f"s_{'x' * 22}_{'a' * 32}"
    before = Holds(KEY, {f"{name}{number:03d}": 1 for number in range(300)})
    size, _ = sizes(moto, lambda tx: moto.ports.holds.add(tx, before, name, LATER, NOW))
    assert 3000 < size < 4096


def hold(lab: Backend, hours: str, **more):
    intent = an_intent(ANYBODY, network="n")
    return the_value(bookings.book(lab.ports, a_request(**wed(hours), **more), intent))


def test_two_are_held_and_a_third_when_one_of_them_is_none_any_more(lab: Backend):
    held_until_proved(lab)
    first, second = hold(lab, "10-11"), hold(lab, "11-12")
    with pytest.raises(Refused) as caught:
        hold(lab, "12-13", person=EERO)
    assert caught.value.code == "quota-exceeded"
    code = links.code_of(lab.ports, first)
    confirmed = confirming.confirm(lab.ports, first.booking_id, code, an_intent(ANYBODY)).value
    assert confirmed is not None
    assert (confirmed.state, confirmed.network) == (State.CONFIRMED, "")
    third = hold(lab, "12-13")
    lab.clock.forward(minutes=31)
    assert expiry.expire_due(lab.ports) == 2
    assert lab.ports.bookings.get(third.booking_id).network == ""
    for hours in ("13-14", "14-15"):
        hold(lab, hours)
    assert second.network == "n"


def test_a_day_has_six_of_an_address(lab: Backend):
    held_until_proved(lab)
    for number in range(6):
        hold(lab, f"{8 + number}-{9 + number}")
        lab.clock.forward(minutes=30)
    with pytest.raises(TooMany) as caught:
        hold(lab, "15-16")
    assert caught.value.by == "address"


def test_a_hold_is_one_read_and_one_transaction(dynamodb: Backend):
    held_until_proved(dynamodb)
    dynamodb.ports.settings.get()
    with counted(dynamodb.client) as bill:
        hold(dynamodb, "10-11")
    assert bill.names == ["BatchGetItem", "TransactWriteItems"]
    assert bill.kinds[0]["Update tokens"] == 3 + 2
