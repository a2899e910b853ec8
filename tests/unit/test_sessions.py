"""Sessions: until when they hold, and what ends them."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from chalicelib.domain.domains import AllowedDomain
from chalicelib.domain.people import Role, person_id_of
from chalicelib.domain.profiles import granted, invited, leaving
from chalicelib.services import login, sessions
from tests.builders import AINO, NOW, an_intent, the_ports

AINOS = person_id_of(AINO.email, "a salt for tests")


@pytest.fixture
def entered():
    """Aino has logged in: ports, store, clock, and her cookie."""
    ports, store, clock = the_ports()
    return ports, store, clock, a_session(ports, store)


def a_session(ports, store) -> str:
    cookie = login.ask(ports, AINO.email, "fi")
    asked = store.logins[cookie.split(".")[0]]
    return login.by_code(ports, cookie, login.login_code(ports, asked)).cookie


def test_who_asks_is_known_by_one_read(entered):
    ports, store, _, cookie = entered
    ports.settings.get()
    store.calls.clear()
    assert sessions.actor_of(ports, cookie)
    assert store.calls == ["logins.session"]


@pytest.mark.parametrize("cookie", ["", "nonsense", "p_1.x", f"{AINOS}.", f"{AINOS}.a b", "ä"])
def test_what_can_be_no_session_is_not_looked_for(entered, cookie):
    ports, store, _, _ = entered
    store.calls.clear()
    assert sessions.actor_of(ports, cookie) is None
    assert store.calls == []


def test_a_session_is_of_one_person_and_one_secret(entered):
    ports, _, _, cookie = entered
    other = person_id_of("eero.eskola@gov.fi", "a salt for tests")
    assert sessions.actor_of(ports, cookie + "x") is None
    assert sessions.actor_of(ports, f"{other}.{cookie.partition('.')[2]}") is None


def test_eight_idle_hours_end_it(entered):
    ports, _, clock, cookie = entered
    clock.forward(hours=8, seconds=-1)
    assert sessions.actor_of(ports, cookie)
    clock.forward(hours=8)
    assert sessions.actor_of(ports, cookie) is None


def test_twelve_hours_end_it_however_busy_it_is(entered):
    ports, _, clock, cookie = entered
    for _ in range(71):
        clock.forward(minutes=10)
        assert sessions.actor_of(ports, cookie)
    clock.forward(minutes=10)
    assert sessions.actor_of(ports, cookie) is None


def test_that_it_is_in_use_is_noted_every_ten_minutes(entered):
    ports, store, clock, cookie = entered
    store.calls.clear()
    for _ in range(20):
        sessions.actor_of(ports, cookie)
        clock.forward(minutes=1)
    assert store.calls.count("logins.touch") == 1
    assert store.calls.count("logins.session") == 20


def test_leaving_ends_it(entered):
    ports, store, _, cookie = entered
    actor = sessions.actor_of(ports, cookie)
    assert actor
    other = a_session(ports, store)
    sessions.end(ports, actor)
    assert sessions.actor_of(ports, cookie) is None
    assert sessions.actor_of(ports, other)
    sessions.end(ports, actor)  # twice is once


def test_leaving_everywhere_ends_them_all(entered):
    ports, store, clock, cookie = entered
    others = [a_session(ports, store) for _ in range(3)]
    actor = sessions.actor_of(ports, cookie)
    assert actor
    clock.time -= timedelta(minutes=5)  # no clock decides that
    sessions.end_all(ports, an_intent(actor))
    assert not [each for each in (cookie, *others) if sessions.actor_of(ports, each)]
    clock.forward(minutes=5)
    assert sessions.actor_of(ports, a_session(ports, store))


@pytest.mark.parametrize(
    "change",
    [
        lambda profile: granted(profile, Role.STAFF),
        lambda profile: granted(profile, None),
        lambda profile: invited(profile, date(2027, 1, 1), "p_sami"),
        lambda profile: leaving(profile, NOW),
    ],
)
def test_a_change_of_what_somebody_is_ends_them(entered, change):
    ports, store, _, cookie = entered
    store.profiles[AINOS] = change(store.profiles[AINOS])
    assert sessions.actor_of(ports, cookie) is None


def test_a_domain_that_is_allowed_no_longer_ends_them(entered):
    ports, store, clock, cookie = entered
    last = AllowedDomain("gov.fi", until=date(2026, 12, 1))
    store.site = replace(store.site, allowed_domains=(last,))
    store.revision += 1
    ports.settings.forget()
    assert sessions.actor_of(ports, cookie)
    clock.forward(hours=7)
    assert sessions.actor_of(ports, cookie)  # still the first of December, 16 o'clock
    clock.time = NOW + timedelta(hours=7, minutes=59)
    store.site = replace(store.site, allowed_domains=())
    ports.settings.forget()
    assert sessions.actor_of(ports, cookie) is None


def test_of_somebody_who_is_forgotten_nothing_is_left_to_enter_by(entered):
    ports, store, clock, cookie = entered
    del store.profiles[AINOS]
    assert sessions.actor_of(ports, cookie) is None
    clock.forward(minutes=1)
    a_session(ports, store)  # somebody with the same address is a newcomer
    assert store.profiles[AINOS].epoch == 1
    assert sessions.actor_of(ports, cookie) is None
