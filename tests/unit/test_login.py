"""Logging in without passwords: what proves an address, and what proves nothing."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from chalicelib.domain.errors import OutcomeUnknown, Race, Refused, Unavailable
from chalicelib.domain.logins import digest_of
from chalicelib.domain.messages import Kind
from chalicelib.domain.people import Role, person_id_of
from chalicelib.domain.profiles import Profile, invited, newcomer
from chalicelib.services import login, sessions
from chalicelib.services.ports import Ports
from tests.builders import AINO, NOW, PIA, SAMI, the_ports
from tests.fakes import Store

SALT = "a salt for tests"
AINOS = person_id_of(AINO.email, SALT)


def the_login(store: Store):
    """The one proof that was asked for."""
    (found,) = store.logins.values()
    return found


def code(ports: Ports, store: Store) -> str:
    return login.login_code(ports, the_login(store))


def token(ports: Ports, store: Store) -> str:
    found = the_login(store)
    return login.link_token(ports, found.login_id, found.key_id)


def known(store: Store, profile: Profile) -> Profile:
    """A profile that is stored already."""
    stored = replace(profile, version=max(profile.version, 1))
    store.profiles[stored.person_id] = stored
    return stored


@pytest.fixture
def asked():
    """Aino has asked for a link: ports, store, clock, and what her browser keeps."""
    ports, store, clock = the_ports()
    return ports, store, clock, login.ask(ports, AINO.email, "fi", "book")


def test_asking_is_one_write_and_no_read_whoever_it_is_for():
    for email in (AINO.email, "nobody.knows@gov.fi", "somebody@elsewhere.example"):
        ports, store, _ = the_ports()
        ports.settings.get()
        store.calls.clear()
        login.ask(ports, email, "fi")
        assert store.calls == ["commit", "queue.send"]
        (message,) = store.messages.values()
        assert (message.kind, message.subject.partition("#")[0]) == (Kind.LOGIN, "login")
        assert message.expires_at == NOW + timedelta(minutes=10)
        assert store.queue == [message.message_id]


def test_the_code_logs_in_with_three_storage_calls_in_all():
    ports, store, _ = the_ports()
    ports.settings.get()
    store.calls.clear()
    cookie = login.ask(ports, AINO.email, "sv", "book")
    entered = login.by_code(ports, cookie, code(ports, store).lower())
    assert [each for each in store.calls if each != "queue.send"] == [
        "commit",
        "logins.read",
        "commit",
    ]
    assert (entered.role, entered.next) == (Role.PERSON, "book")
    assert entered.profile.person_id == AINOS
    assert (entered.profile.person.email, entered.profile.person.language) == (AINO.email, "sv")
    actor = sessions.actor_of(ports, entered.cookie)
    assert actor
    assert (actor.person_id, actor.role, actor.anonymous) == (AINOS, Role.PERSON, False)


def test_the_link_logs_in_where_it_was_asked_for(asked):
    ports, store, _, cookie = asked
    entered = login.by_link(ports, cookie, the_login(store).login_id, token(ports, store))
    assert sessions.actor_of(ports, entered.cookie)


def test_every_spelling_of_an_address_is_one_person(asked):
    """S-08"""
    ports, store, _, _ = asked
    store.logins.clear()
    cookie = login.ask(ports, " AINO.Aalto@GOV.fi ", "fi")
    assert login.by_code(ports, cookie, code(ports, store)).profile.person_id == AINOS


def test_no_secret_is_stored(asked):
    ports, store, _, cookie = asked
    entered = login.by_code(ports, cookie, code(ports, store))
    stored = repr(store)
    secrets = [code(ports, store), token(ports, store)]
    secrets += [each.split(".")[-1] for each in (cookie, entered.cookie)]
    assert not [secret for secret in secrets if secret in stored]


def test_a_proof_is_used_once(asked):
    ports, store, _, cookie = asked
    proof, link = code(ports, store), token(ports, store)
    login.by_code(ports, cookie, proof)
    with pytest.raises(Refused):
        login.by_code(ports, cookie, proof)
    with pytest.raises(Refused):
        login.by_link(ports, cookie, the_login(store).login_id, link)


@pytest.mark.parametrize(("minutes", "holds"), [(9.99, True), (10, False)])
def test_a_proof_holds_for_ten_minutes(asked, minutes, holds):
    ports, store, clock, cookie = asked
    clock.forward(minutes=minutes)
    if holds:
        assert login.by_code(ports, cookie, code(ports, store))
        return
    with pytest.raises(Refused):
        login.by_code(ports, cookie, code(ports, store))
    assert not store.sessions


def test_a_proof_is_of_no_use_in_another_browser(asked):
    """Whoever opens, or posts, the links of other people's mails proves nothing."""
    ports, store, _, cookie = asked
    login_id, person_id, _ = cookie.split(".")
    another = login.ask(ports, "eero.eskola@gov.fi", "fi")
    mine = store.logins[login_id]
    proof, link = login.login_code(ports, mine), login.link_token(ports, login_id, mine.key_id)
    secret = another.split(".")[2]
    strangers = ("", "nonsense", another, f"{login_id}.{person_id}.{secret}")
    for stranger in strangers:
        with pytest.raises(Refused):
            login.by_code(ports, stranger, proof)
        with pytest.raises(Refused):
            login.by_link(ports, stranger, login_id, link)
    assert not store.sessions
    assert login.by_link(ports, cookie, login_id, link)


def test_a_cookie_about_somebody_else_is_none(asked):
    """The person that a cookie names is the one that the proof is of, or there is no proof."""
    ports, store, _, cookie = asked
    login_id, _, secret = cookie.split(".")
    other = person_id_of("eero.eskola@gov.fi", SALT)
    known(store, newcomer(other, replace(AINO, email="eero.eskola@gov.fi"), NOW))
    with pytest.raises(Refused):
        login.by_code(ports, f"{login_id}.{other}.{secret}", code(ports, store))


def test_five_wrong_codes_and_the_right_one_is_of_no_use_either(asked):
    ports, store, _, cookie = asked
    for _ in range(5):
        with pytest.raises(Refused) as refused:
            login.by_code(ports, cookie, "AAAAAAAA")
        assert refused.value.problems[0].pointer == "/code"
    with pytest.raises(Refused):
        login.by_code(ports, cookie, code(ports, store))
    assert the_login(store).tries == 5
    assert not store.sessions


def test_four_wrong_codes_leave_one_try(asked):
    ports, store, _, cookie = asked
    for _ in range(4):
        with pytest.raises(Refused):
            login.by_code(ports, cookie, "AAAAAAAA")
    assert login.by_code(ports, cookie, code(ports, store))


def test_wrong_links_count_too(asked):
    ports, store, _, cookie = asked
    for _ in range(5):
        with pytest.raises(Refused):
            login.by_link(ports, cookie, the_login(store).login_id, "0" * 64)
    with pytest.raises(Refused):
        login.by_link(ports, cookie, the_login(store).login_id, token(ports, store))


def test_of_guesses_at_the_same_moment_each_counts(asked):
    """While one guess is being written, others are: whoever is overtaken looks again."""
    ports, store, _, cookie = asked
    guesses = iter(range(10))

    def others(name: str) -> None:
        if name == "commit" and next(guesses, 10) < 5:
            store.before = lambda _: None
            try:
                with pytest.raises(Refused):
                    login.by_code(ports, cookie, "BBBBBBBB")
            finally:
                store.before = others

    store.before = others
    with pytest.raises(Refused):
        login.by_code(ports, cookie, code(ports, store))
    assert not store.sessions


@pytest.mark.parametrize(
    ("profile", "role"),
    [
        (None, None),
        (invited(newcomer("p", PIA, NOW), date(2026, 12, 1), "p_sami"), Role.PARTNER),
        (invited(newcomer("p", PIA, NOW), date(2026, 11, 30), "p_sami"), None),
        (replace(newcomer("p", PIA, NOW), granted=Role.STAFF), Role.STAFF),
        (replace(newcomer("p", PIA, NOW), granted=Role.STAFF, erase_from=NOW), None),
    ],
)
def test_who_is_nobody_to_the_lab_gets_no_session(profile, role):
    """The mail is not sent to them; and were it, it would be of no use."""
    ports, store, _ = the_ports()
    if profile:
        known(store, replace(profile, person_id=person_id_of(PIA.email, SALT)))
    cookie = login.ask(ports, PIA.email, "en")
    if role:
        assert login.by_code(ports, cookie, code(ports, store)).role is role
        return
    with pytest.raises(Refused):
        login.by_code(ports, cookie, code(ports, store))
    assert not store.sessions


def test_the_session_of_before_is_over(asked):
    """Rotation: what a browser had before it logged in is worth nothing after."""
    ports, store, _, cookie = asked
    first = login.by_code(ports, cookie, code(ports, store))
    store.logins.clear()
    again = login.ask(ports, AINO.email, "fi")
    second = login.by_code(ports, again, code(ports, store), digest_of(first.cookie))
    assert sessions.actor_of(ports, first.cookie) is None
    assert sessions.actor_of(ports, second.cookie)


def test_a_login_whose_answer_was_lost_is_a_login(asked):
    ports, store, _, cookie = asked

    def lose(name: str) -> None:
        if name == "commit":
            store.after = lambda _: None
            raise OutcomeUnknown

    store.after = lose
    entered = login.by_code(ports, cookie, code(ports, store))
    assert sessions.actor_of(ports, entered.cookie)


def test_a_login_that_was_not_written_is_none(asked):
    ports, store, _, cookie = asked
    proof = code(ports, store)

    def lose(name: str) -> None:
        if name == "commit":
            store.before = lambda _: None
            raise OutcomeUnknown(None)

    store.before = lose
    with pytest.raises(Unavailable):
        login.by_code(ports, cookie, proof)
    assert login.by_code(ports, cookie, proof)


def test_a_link_whose_answer_was_lost_is_asked_for():
    """Ids are new each time: what is found to be there is our own."""
    ports, store, _ = the_ports()

    def lose(name: str) -> None:
        if name == "commit":
            store.after = lambda _: None
            raise OutcomeUnknown

    store.after = lose
    cookie = login.ask(ports, AINO.email, "fi")
    assert login.by_code(ports, cookie, code(ports, store))


def test_a_link_that_cannot_be_written_says_so():
    ports, store, _ = the_ports()

    def race(name: str) -> None:
        if name == "commit":
            raise Race

    store.before = race
    with pytest.raises(Unavailable):
        login.ask(ports, AINO.email, "fi")


def test_what_is_known_of_a_person_stays_known(asked):
    ports, store, _, cookie = asked
    had = known(store, newcomer(AINOS, AINO, NOW - timedelta(days=9)))
    entered = login.by_code(ports, cookie, code(ports, store))
    assert entered.profile == replace(had, logged_in_at=NOW, version=2)
    assert entered.profile.person.name == AINO.name


def test_logging_in_is_audited_without_an_address(asked):
    ports, store, _, cookie = asked
    login.by_code(ports, cookie, code(ports, store))
    assert [(each["subject"], each["action"]) for each in store.audit] == [
        (f"person#{AINOS}", "log-in")
    ]
    assert "aino" not in repr(store.audit).lower()


def test_staff_are_persons_with_a_role():
    ports, store, _ = the_ports()
    person_id = person_id_of(SAMI.email, SALT)
    known(store, replace(newcomer(person_id, SAMI, NOW), granted=Role.ADMIN))
    cookie = login.ask(ports, SAMI.email, "fi")
    actor = sessions.actor_of(ports, login.by_code(ports, cookie, code(ports, store)).cookie)
    assert actor
    assert (actor.staff, actor.admin, actor.person) == (True, True, SAMI)
