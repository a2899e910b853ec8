"""How often somebody may write: the table, the windows, and the networks that requests come from."""

from datetime import timedelta

import pytest

from chalicelib.domain.limits import (
    DAY,
    HOUR,
    LIMITS,
    MINUTE,
    UNKNOWN,
    By,
    Limit,
    Purpose,
    counter,
    limits_for,
    network_of,
)
from chalicelib.services import limits
from tests.builders import NOW, the_ports

ONE = Limit(Purpose.WRITE, By.PERSON, 60, MINUTE)


def test_the_figures_are_those_that_were_decided():
    assert {(each.purpose, each.by, each.seconds): each.most for each in LIMITS} == {
        (Purpose.BOOK, By.NETWORK, MINUTE): 10,
        (Purpose.BOOK, By.NETWORK, HOUR): 60,
        (Purpose.BOOK, By.ORGANISATION, HOUR): 600,
        (Purpose.BOOK, By.PERSON, DAY): 120,
        (Purpose.HOLD, By.ADDRESS, DAY): 6,
        (Purpose.HOLD, By.NETWORK, DAY): 20,
        (Purpose.LINK, By.NETWORK, 10 * MINUTE): 100,
        (Purpose.LINK, By.ADDRESS, HOUR): 5,
        (Purpose.CODE, By.NETWORK, 10 * MINUTE): 100,
        (Purpose.LOOK_UP, By.NETWORK, MINUTE): 30,
        (Purpose.WRITE, By.NETWORK, MINUTE): 60,
        (Purpose.WRITE, By.PERSON, MINUTE): 60,
        (Purpose.WRITE, By.KEY, MINUTE): 12_000,
    }


def test_only_what_is_known_of_who_asks_is_counted():
    assert [each.seconds for each in limits_for({Purpose.BOOK}, {By.NETWORK})] == [MINUTE, HOUR]
    assert limits_for({Purpose.CODE}, {By.PERSON}) == ()


def test_a_window_ends_when_the_clock_says_so():
    first = counter(ONE, "who", NOW + timedelta(seconds=12.5))
    assert (first.ends_at - int(NOW.timestamp()), first.seconds_left) == (60, 48)
    last, following = (
        counter(ONE, "who", NOW + timedelta(seconds=seconds)) for seconds in (59.999, 60)
    )
    assert last.token == first.token != following.token
    assert (last.seconds_left, following.seconds_left) == (1, 60)


def test_each_limit_has_a_counter_of_its_own_for_each_of_those_it_is_about():
    tokens = [counter(limit, who, NOW).token for limit in LIMITS for who in ("one", "another")]
    assert len(set(tokens)) == 2 * len(LIMITS)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:0DB8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("", UNKNOWN),
        (None, UNKNOWN),
        ("192.0.2.7, 198.51.100.1", UNKNOWN),
        ("<script>", UNKNOWN),
    ],
)
def test_the_network_of_an_address(address, network):
    assert network_of(address) == network


def test_what_is_kept_of_who_is_counted_is_derived_with_a_key():
    ports, store, _ = the_ports()
    limits.count(ports, {Purpose.LINK}, {By.NETWORK: "192.0.2.7", By.ADDRESS: "aino.aalto@gov.fi"})
    assert len(store.counters) == 2
    assert not [each for each in ("192.0.2.7", "aino") if each in repr(store.counters)]
    digests = {limits.digest_of(ports, by, "192.0.2.7") for by in By}
    assert len(digests) == len(By)
    assert {len(each) for each in digests} == {64}
