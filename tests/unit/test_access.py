"""The rules of who may do what, each for everybody, over own and foreign things and over none."""

from dataclasses import replace

import pytest

from chalicelib.domain.people import ANONYMOUS, CLOCK, ERASED, Actor, Role, Scope
from chalicelib.services import access
from chalicelib.services.access import Action, may
from chalicelib.services.links import actor_of_decision, actor_of_link, actor_of_signup_link
from tests.builders import AINO, EERO, PIA, SAMI, a_space
from tests.contract.things import a_booking
from tests.event_builders import a_signup
from tests.rights import (
    ADMIN,
    ADMIN_S_KEY,
    ASKERS,
    BOOKER,
    FINDS,
    HOST,
    HOST_S_KEY,
    HOSTS,
    LINK,
    NOBODY,
    PARTNER,
    PERSON,
    READER,
    SIGNUP_LINK,
    SYSTEM,
    WHO,
    allowed,
)

BOOKINGS = (Action.READ_BOOKING, Action.CHANGE_BOOKING, Action.CANCEL_BOOKING)
SIGNUPS = (Action.READ_SIGNUP, Action.CHANGE_SIGNUP)
REST = [action for action in Action if action not in (*BOOKINGS, *SIGNUPS, Action.USE_SPACE)]


def in_session(person_id: str, role: Role, person) -> Actor:
    return Actor(person_id, role, person=person, person_id=person_id, session="digest")


def by_key(key_id: str, *scopes: Scope, owner: str = "") -> Actor:
    return Actor(owner or key_id, scopes=scopes, person_id=owner, key_id=key_id)


ACTORS = {
    NOBODY: ANONYMOUS,
    PERSON: in_session("p_aino", Role.PERSON, AINO),
    PARTNER: in_session("p_pia", Role.PARTNER, PIA),
    HOST: in_session("p_sami", Role.STAFF, SAMI),
    ADMIN: in_session("p_sami", Role.ADMIN, SAMI),
    READER: by_key("k_reads", Scope.AVAILABILITY),
    BOOKER: by_key("k_books", Scope.BOOK),
    SYSTEM: by_key("k_runs", Scope.STAFF),
    HOST_S_KEY: by_key("k_sami", Scope.STAFF, owner="p_sami"),
    ADMIN_S_KEY: by_key("k_admin", Scope.STAFF, owner="p_sami"),
    LINK: actor_of_link("b_own"),
    SIGNUP_LINK: actor_of_signup_link("s_one_own"),
}


def own_of(who: str):
    """A booking of somebody's, as far as they can have one."""
    actor = ACTORS[who]
    whose = {"person_id": actor.person_id or "p_eero", "made_by": actor.actor_id}
    return a_booking(booking_id="b_own", person=EERO, **whose)


def foreign_to(who: str):
    return a_booking(booking_id="b_other", person=EERO, person_id="p_eero", made_by="p_eero")


def signup_of(who: str):
    """A sign-up of somebody's, as far as they can have one."""
    actor = ACTORS[who]
    return a_signup(actor.person_id or "p_own", person=EERO, made_by=actor.actor_id)


def test_everybody_and_every_action_has_an_expectation_and_a_rule() -> None:
    assert set(ACTORS) == set(ASKERS)
    assert set(WHO) == set(Action) == set(access.RULES)


@pytest.mark.parametrize("who", ASKERS)
@pytest.mark.parametrize("action", Action)
def test_what_somebody_may_do_at_all(action: Action, who: str) -> None:
    assert may(ACTORS[who], action) == allowed(action, who)


@pytest.mark.parametrize("who", ASKERS)
@pytest.mark.parametrize("action", SIGNUPS)
def test_what_somebody_may_do_with_their_own_sign_up_and_with_others(
    action: Action, who: str
) -> None:
    foreign = a_signup("p_other", person=EERO, made_by="p_other")
    assert may(ACTORS[who], action, signup_of(who)) == allowed(action, who, own=True)
    assert may(ACTORS[who], action, foreign) == allowed(action, who, own=False)


def test_whoever_has_the_link_of_a_forgotten_person_s_sign_up_writes_nothing_into_it() -> None:
    gone, actor = a_signup(ERASED, person=EERO), actor_of_signup_link(f"s_one_{ERASED[2:]}")
    assert may(actor, Action.READ_SIGNUP, gone)
    assert not may(actor, Action.CHANGE_SIGNUP, gone)
    assert may(ACTORS[HOST], Action.CHANGE_SIGNUP, gone)


@pytest.mark.parametrize("who", ASKERS)
@pytest.mark.parametrize("action", BOOKINGS)
def test_what_somebody_may_do_with_their_own_booking_and_with_others(
    action: Action, who: str
) -> None:
    # Of what nobody in particular has booked, nobody in particular is the owner.
    assert may(ACTORS[who], action, own_of(who)) == allowed(action, who, own=True)
    assert may(ACTORS[who], action, foreign_to(who)) == allowed(action, who, own=False)


@pytest.mark.parametrize("who", ASKERS)
@pytest.mark.parametrize("action", REST)
def test_no_booking_opens_what_is_not_about_it(action: Action, who: str) -> None:
    for booking in (own_of(who), foreign_to(who)):
        assert may(ACTORS[who], action, booking) == allowed(action, who)


@pytest.mark.parametrize("who", ASKERS)
@pytest.mark.parametrize("audience", FINDS)
def test_who_finds_that_there_is_a_space(audience: str, who: str) -> None:
    """B115."""
    open_to = () if audience == "nobody else" else (audience,)
    space = a_space(open_to=open_to)
    assert may(ACTORS[who], Action.USE_SPACE, space) == (who in FINDS[audience])


@pytest.mark.parametrize("who", ASKERS)
@pytest.mark.parametrize("action", [None, "", "run ", "RUN", "anything", 0])
def test_what_has_no_rule_nobody_may(action, who: str) -> None:
    assert may(ACTORS[who], action) is False
    assert may(ACTORS[who], action, own_of(who)) is False


def test_a_rule_that_is_taken_away_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "RULES", {})
    assert not any(may(ACTORS[ADMIN], action) for action in Action)


@pytest.mark.parametrize("action", Action)
def test_the_mailbox_s_link_is_for_its_one_request(action: Action) -> None:
    """Whoever reads the Lab's own mailbox decides that one request, and does nothing else."""
    holder = actor_of_decision("b_own")
    own, other = own_of(HOST), replace(own_of(HOST), booking_id="b_other")
    may_do = action in (Action.RUN, Action.READ_BOOKING)
    always = action in (Action.ENTER, Action.CONFIRM, Action.USE_SPACE)
    assert may(holder, action, own) == (may_do or always)
    assert may(holder, action, other) == always


def test_a_link_allows_what_it_was_made_for() -> None:
    reads = replace(ACTORS[LINK], allows=(Action.READ_BOOKING.value,))
    assert [action for action in BOOKINGS if may(reads, action, own_of(LINK))] == [BOOKINGS[0]]
    assert not any(may(replace(reads, allows=()), action, own_of(LINK)) for action in BOOKINGS)


def test_a_session_has_what_its_person_booked_otherwise_and_a_key_what_it_made() -> None:
    by_system = a_booking(person_id="p_aino", made_by="k_books")
    assert may(ACTORS[PERSON], Action.READ_BOOKING, by_system)
    assert may(ACTORS[BOOKER], Action.READ_BOOKING, by_system)
    assert not may(by_key("k_other", Scope.BOOK), Action.READ_BOOKING, by_system)


@pytest.mark.parametrize("action", Action)
def test_the_clock_is_no_host(action: Action) -> None:
    assert may(CLOCK, action) == (
        action
        in (
            *(Action.LOOK, Action.ENTER, Action.BOOK, Action.CONFIRM, Action.USE_SPACE),
            *(*BOOKINGS, *SIGNUPS),
        )
    )
    assert not any(may(CLOCK, each, foreign_to(NOBODY)) for each in BOOKINGS)


def test_hosts_are_who_is_known_to_be_one() -> None:
    assert {who for who, actor in ACTORS.items() if actor.staff} == HOSTS
