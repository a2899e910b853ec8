"""What a person says of themselves."""

from dataclasses import replace

import pytest

from chalicelib.domain.errors import NotFound, StaleVersion, Unavailable
from chalicelib.domain.people import Role
from chalicelib.domain.profiles import actor_of, newcomer
from chalicelib.services import account
from chalicelib.services.account import AccountChange
from tests.builders import AINO, NOW, an_intent, the_ports


@pytest.fixture
def aino():
    """Ports, store, and Aino, of whom nothing but her address is known."""
    ports, store, _ = the_ports()
    profile = replace(newcomer("p_aino", replace(AINO, name="", organisation=""), NOW), version=1)
    store.profiles["p_aino"] = profile
    return ports, store, actor_of(profile, Role.PERSON, "session")


def test_what_is_said_is_kept_and_the_rest_stays(aino):
    ports, store, actor = aino
    wanted = AccountChange(name="Aino Aalto", language="sv")
    account.change(ports, wanted, ('"1"',), an_intent(actor))
    person = store.profiles["p_aino"].person
    assert (person.name, person.organisation, person.language) == ("Aino Aalto", "", "sv")
    assert person.email == AINO.email
    assert store.audit[-1]["fields"] == ["language", "name"]
    assert "Aalto" not in repr(store.audit)


def test_all_of_a_change_is_written_or_nothing(aino):
    """Reminders stand in an item of their own; they go with the rest."""
    ports, store, actor = aino

    def down(name: str) -> None:
        if name == "commit":
            raise Unavailable

    store.before = down
    wanted = AccountChange(organisation="VM", reminders=False)
    with pytest.raises(Unavailable):
        account.change(ports, wanted, ('"1"',), an_intent(actor))
    assert store.reminders_off == set()
    store.before = lambda _: None
    done = account.change(ports, wanted, ('"1"',), an_intent(actor)).value
    assert done
    assert (done.reminders, store.reminders_off) == (False, {"p_aino"})
    account.change(ports, AccountChange(reminders=True), ("*",), an_intent(actor))
    assert store.reminders_off == set()


def test_what_was_changed_elsewhere_meanwhile_is_looked_at_first(aino):
    ports, store, actor = aino
    with pytest.raises(StaleVersion):
        account.change(ports, AccountChange(name="Toinen"), ('"7"',), an_intent(actor))
    assert store.profiles["p_aino"].person.name == ""


def test_who_is_no_more_has_no_account(aino):
    ports, store, actor = aino
    store.profiles.clear()
    with pytest.raises(NotFound):
        account.read(ports, actor)
    with pytest.raises(NotFound):
        account.change(ports, AccountChange(name="Aino"), ("*",), an_intent(actor))
