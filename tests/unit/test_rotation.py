"""A rotated signing key: what was made with one of the ring holds, with one that was taken out no longer."""

import pytest

from chalicelib.domain.errors import Refused
from chalicelib.domain.people import Scope
from chalicelib.services import api_keys, bookings, links, login
from chalicelib.services.api_keys import KeyRequest
from tests.builders import ADMIN, AINO, ANYBODY, a_request, an_intent, the_ports

ROTATED, GONE = ("k2", "k1"), ("k2",)


def a_hold(ports):
    return bookings.book(ports, a_request("pod"), an_intent(ANYBODY)).value


@pytest.fixture
def proving():
    """A Lab that has addresses proved."""
    return the_ports(prove_address=True)


@pytest.mark.parametrize("purpose", ["manage", "decide", "unsubscribe"])
def test_a_link_lives_as_long_as_its_key(purpose):
    ports, _, _ = the_ports()
    old = links.token_of(ports, purpose, "b_1")
    ports.secrets.known = ROTATED
    new = links.token_of(ports, purpose, "b_1")
    assert new != old
    assert links.token_matches(ports, purpose, "b_1", old)
    assert links.token_matches(ports, purpose, "b_1", new)
    ports.secrets.known = GONE
    assert not links.token_matches(ports, purpose, "b_1", old)
    assert links.token_matches(ports, purpose, "b_1", new)


def test_a_code_to_confirm_lives_as_long_as_its_key(proving):
    ports, _, _ = proving
    hold = a_hold(ports)
    old = links.code_of(ports, hold)
    ports.secrets.known = ROTATED
    new = links.code_of(ports, hold)
    assert new != old
    assert links.code_matches(ports, hold.booking_id, old)
    assert links.code_matches(ports, hold.booking_id, new)
    ports.secrets.known = GONE
    assert not links.code_matches(ports, hold.booking_id, old)
    assert links.code_matches(ports, hold.booking_id, new)


def the_mail(ports, store):
    """The link's token and the code that were mailed, whatever became of the ring since."""
    (asked,) = store.logins.values()
    known, ports.secrets.known = ports.secrets.known, ("k1",)
    said = login.link_token(ports, asked.login_id, asked.key_id), login.login_code(ports, asked)
    ports.secrets.known = known
    return asked, *said


def by_link(ports, store, cookie):
    asked, token, _ = the_mail(ports, store)
    return login.by_link(ports, cookie, asked.login_id, token)


def by_code(ports, store, cookie):
    return login.by_code(ports, cookie, the_mail(ports, store)[2])


@pytest.mark.parametrize("prove", [by_link, by_code])
def test_a_login_lives_as_long_as_its_key(prove):
    ports, store, _ = the_ports()
    cookie = login.ask(ports, AINO.email, "fi")
    ports.secrets.known = ROTATED
    assert prove(ports, store, cookie).profile.person.email == AINO.email
    ports, store, _ = the_ports()
    cookie = login.ask(ports, AINO.email, "fi")
    ports.secrets.known = GONE
    with pytest.raises(Refused) as refused:
        prove(ports, store, cookie)
    assert refused.value.problems[0].params == {"why": "login"}
    (asked,) = store.logins.values()
    assert asked.tries == 0  # who has the right one is told that it is over, not that it is wrong


def test_a_system_s_key_outlives_the_key_that_it_was_derived_with():
    """Only its digest is compared; it is shown again no more."""
    ports, _, _ = the_ports()
    made = api_keys.make(ports, KeyRequest("A form", (Scope.BOOK,)), an_intent(ADMIN)).value
    text = api_keys.text_of(ports, made.key.key_id)
    ports.secrets.known = ROTATED
    assert api_keys.text_of(ports, made.key.key_id) == text
    ports.secrets.known = GONE
    assert api_keys.actor_of(ports, text).key_id == made.key.key_id
    assert api_keys.text_of(ports, made.key.key_id) is None
