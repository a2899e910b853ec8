"""Whom an API key speaks for, and until when."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from chalicelib.domain.api_keys import Standing, standing
from chalicelib.domain.errors import NotFound, OutcomeUnknown
from chalicelib.domain.people import Actor, Role, Scope
from chalicelib.services import api_keys
from chalicelib.services.api_keys import KeyRequest
from tests.builders import ADMIN, NOW, SAMI, a_key, a_profile, an_intent, the_ports
from tests.fakes import memory_ports
from tests.simulation.turnstile import Case, every_order

TODAY = date(2026, 12, 1)
SYSTEM = KeyRequest("A form", (Scope.AVAILABILITY, Scope.BOOK))


def make(ports, request: KeyRequest = SYSTEM, **intent) -> str:
    made = api_keys.make(ports, request, an_intent(ADMIN, **intent)).value
    return api_keys.text_of(ports, made.key.key_id)


def test_a_system_speaks_for_itself():
    ports, store, _ = the_ports()
    text = make(ports)
    (key,) = store.api_keys.values()
    assert api_keys.actor_of(ports, text) == Actor(
        key.key_id, scopes=SYSTEM.scopes, key_id=key.key_id
    )


def test_a_host_s_own_key_speaks_for_them_with_its_scopes_and_not_their_role():
    ports, store, _ = the_ports()
    store.profiles["p_sami"] = a_profile(SAMI, "p_sami", granted=Role.ADMIN, grants=2)
    text = make(ports, KeyRequest("own", (Scope.STAFF,), owner_id="p_sami"))
    (key,) = store.api_keys.values()
    assert key.owner_grants == 2
    actor = api_keys.actor_of(ports, text)
    assert (actor.actor_id, actor.person, actor.person_id) == ("p_sami", SAMI, "p_sami")
    assert (actor.role, actor.scopes, actor.key_id) == (Role.VISITOR, (Scope.STAFF,), key.key_id)


def test_only_the_very_text_of_a_key_opens_anything():
    ports, store, _ = the_ports()
    store.profiles["p_sami"] = a_profile(SAMI, "p_sami", granted=Role.STAFF)
    for request in (SYSTEM, KeyRequest("own", (Scope.STAFF,), owner_id="p_sami")):
        text = make(ports, request)
        parts = text.split(".")
        assert api_keys.actor_of(ports, text)
        for wrong in (
            text[:-1] + ("0" if text[-1] != "0" else "1"),
            ".".join([*parts[:-1], parts[-1].upper()]),
            ".".join([parts[0], parts[1], parts[-1][:-1]]),
            ".".join([parts[0], parts[1], "p_eero", parts[-1]]),
            text.replace("lab.", "lab_"),
            text + "\n",
            parts[-1],
            parts[1],
            "",
        ):
            assert api_keys.actor_of(ports, wrong) is None, wrong


def test_keys_of_one_moment_are_not_alike():
    ports, _, _ = the_ports()
    assert make(ports) != make(ports)


def test_only_a_host_has_a_key_of_their_own():
    ports, store, _ = the_ports()
    store.profiles["p_sami"] = a_profile(SAMI, "p_sami")
    for owner in ("p_sami", "p_none"):
        with pytest.raises(NotFound):
            make(ports, KeyRequest("own", (Scope.STAFF,), owner_id=owner))
    assert not store.api_keys


HOST = a_profile(SAMI, "p_sami", granted=Role.STAFF, grants=3)
OWN = a_key("lab.k_own.p_sami.x", (Scope.STAFF,), owner_id="p_sami", owner_grants=3)


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        (HOST, Standing.ACTIVE),
        (None, Standing.REVOKED),
        (replace(HOST, granted=None), Standing.REVOKED),
        (replace(HOST, granted=Role.ADMIN, grants=4), Standing.REVOKED),
        (replace(HOST, erase_from=NOW), Standing.REVOKED),
        # Forgotten, come again, and given the role as often as before.
        (replace(HOST, created_at=NOW + timedelta(minutes=5)), Standing.REVOKED),
        (replace(HOST, epoch=9), Standing.ACTIVE),  # having logged out everywhere
    ],
)
def test_a_key_of_one_s_own_lives_as_long_as_the_role_that_it_was_made_in(owner, expected):
    assert standing(OWN, owner, TODAY) is expected


def test_a_system_s_key_needs_nobody():
    assert standing(a_key("lab.k_form.x"), None, TODAY) is Standing.ACTIVE


def test_what_is_revoked_is_not_called_expired():
    key = a_key("lab.k_form.x", expires_on=date(2026, 11, 30))
    assert standing(key, None, TODAY) is Standing.EXPIRED
    assert standing(replace(key, revoked_at=NOW), None, TODAY) is Standing.REVOKED


def test_a_key_whose_answer_was_lost_is_made_once():
    ports, store, _ = the_ports()

    def lose(name: str) -> None:
        if name == "commit":
            store.after = lambda _: None
            raise OutcomeUnknown

    store.after = lose
    text = make(ports)
    assert api_keys.actor_of(ports, text)
    assert len(store.api_keys) == 1


def test_two_who_revoke_a_key_at_once_both_see_it_revoked():
    def make_case() -> Case:
        ports, store, clock = the_ports()
        make(ports)
        (key,) = store.api_keys
        return Case(
            store,
            [
                lambda: api_keys.revoke(memory_ports(store, clock), key, an_intent(ADMIN)).value
                for _ in range(2)
            ],
        )

    for run in every_order(make_case):
        assert [each.standing for each in run.results] == [Standing.REVOKED] * 2
        (key,) = run.store.api_keys.values()
        assert key.revoked_at == NOW
        assert [each["action"] for each in run.store.audit] == ["create", "revoke"]


def test_a_use_that_comes_with_the_revoking_does_not_undo_it():
    def make_case() -> Case:
        ports, store, clock = the_ports()
        text = make(ports)
        (key,) = store.api_keys
        return Case(
            store,
            [
                lambda: api_keys.revoke(memory_ports(store, clock), key, an_intent(ADMIN)),
                lambda: api_keys.actor_of(memory_ports(store, clock), text),
            ],
        )

    for run in every_order(make_case):
        (key,) = run.store.api_keys.values()
        assert key.revoked_at is not None
