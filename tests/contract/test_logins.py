"""Persons, logins and sessions: the same over every store."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from chalicelib.domain.domains import AllowedDomain
from chalicelib.domain.errors import VersionRaced
from chalicelib.domain.logins import Session, failed, used
from chalicelib.domain.people import Role
from chalicelib.domain.profiles import Profile, granted, logged_in
from tests.builders import PIA
from tests.contract.backends import Backend, from_the_future
from tests.contract.things import NOW, a_login, a_profile, written

AINOS = "p_aino"


def a_session(**changes) -> Session:
    return replace(Session("s_1", AINOS, NOW, NOW, 1), **changes)


def save(backend: Backend, profile: Profile) -> None:
    written(backend, lambda tx: backend.ports.people.save_profile(tx, profile))


def begin(backend: Backend, session: Session) -> None:
    written(backend, lambda tx: backend.ports.logins.begin(tx, session))


def test_a_profile_is_what_was_written(backend: Backend):
    everything = replace(
        a_profile(),
        person=replace(PIA, organisation="Työ 2.0"),
        granted=Role.ADMIN,
        partner_until=date(2027, 2, 28),
        invited_by="p_sami",
        erase_from=datetime(2027, 1, 1, 12, 30, 15, 123456, tzinfo=UTC),
        epoch=7,
    )
    save(backend, everything)
    assert backend.ports.people.profile(AINOS) == everything
    assert backend.ports.snapshots.read(person_id=AINOS).profile == everything
    assert backend.ports.people.profile("p_nobody") is None
    assert backend.ports.snapshots.read(person_id="p_nobody").profile is None


def test_of_two_who_change_a_profile_one_looks_again(backend: Backend):
    save(backend, a_profile())
    with pytest.raises(VersionRaced):
        save(backend, a_profile())
    second = granted(a_profile(), Role.STAFF)
    save(backend, second)
    with pytest.raises(VersionRaced):
        save(backend, logged_in(a_profile(), NOW))
    assert backend.ports.people.profile(AINOS) == second


def test_a_login_is_what_was_written(backend: Backend):
    everything = a_login(next="book?space_id=pod", tries=3, used_at=NOW, session="digest")
    written(backend, lambda tx: backend.ports.logins.put(tx, everything))
    save(backend, a_profile())
    assert backend.ports.logins.read("l_1", AINOS) == (everything, a_profile())
    assert backend.ports.logins.read("l_1") == (everything, None)
    assert backend.ports.logins.read("l_2", AINOS) == (None, a_profile())


def test_a_login_may_be_nobody_s_yet(backend: Backend):
    """Of a browser that was sent to a provider; no index takes an empty text as a key."""
    written(backend, lambda tx: backend.ports.logins.put(tx, a_login(person_id="")))
    assert backend.ports.logins.read("l_1")[0] == a_login(person_id="")


def test_a_login_is_asked_for_once_and_changes_version_by_version(backend: Backend):
    logins = backend.ports.logins
    written(backend, lambda tx: logins.put(tx, a_login()))
    with pytest.raises(VersionRaced):
        written(backend, lambda tx: logins.put(tx, a_login()))
    tried = failed(a_login())
    written(backend, lambda tx: logins.save(tx, tried))
    with pytest.raises(VersionRaced):
        written(backend, lambda tx: logins.save(tx, used(a_login(), "digest", NOW)))
    written(backend, lambda tx: logins.save(tx, used(tried, "digest", NOW)))
    assert logins.read("l_1")[0] == used(tried, "digest", NOW)


def test_a_session_is_what_was_written_until_it_is_ended(backend: Backend):
    logins = backend.ports.logins
    begin(backend, a_session())
    save(backend, a_profile())
    assert logins.session("s_1", AINOS) == (a_session(), a_profile())
    assert logins.session("s_2", AINOS) == (None, a_profile())
    assert logins.session("s_1", "p_nobody") == (a_session(), None)
    written(backend, lambda tx: logins.end(tx, "s_1"))
    assert logins.session("s_1", AINOS) == (None, a_profile())
    written(backend, lambda tx: logins.end(tx, "s_1"))


def test_what_was_seen_is_noted_of_sessions_that_there_are(backend: Backend):
    logins, later = backend.ports.logins, NOW + timedelta(minutes=15)
    begin(backend, a_session())
    logins.touch(a_session(seen_at=later))
    assert logins.session("s_1", AINOS)[0] == a_session(seen_at=later)
    logins.touch(a_session(token_hash="s_2", seen_at=later))
    assert logins.session("s_2", AINOS)[0] is None


def test_one_kind_of_token_is_never_taken_for_another(dynamodb: Backend):
    logins = dynamodb.ports.logins
    begin(dynamodb, a_session())
    written(dynamodb, lambda tx: logins.put(tx, a_login()))
    (login_item,) = [each for each in dynamodb.items("tokens") if each["kind"] == "login"]
    assert logins.session(login_item["token_hash"], AINOS)[0] is None


def test_what_expires_says_so_to_the_store(dynamodb: Backend):
    """TTL tidies; every read looks at the clock itself."""
    begin(dynamodb, a_session())
    written(dynamodb, lambda tx: dynamodb.ports.logins.put(tx, a_login()))
    ends = {each["kind"]: each["expires_at"] for each in dynamodb.items("tokens")}
    now = int(NOW.timestamp())
    assert ends == {"login": now + 600, "session": now + 12 * 3600}


def test_a_newer_schema_is_read_all_the_same(dynamodb: Backend):
    save(dynamodb, a_profile())
    begin(dynamodb, a_session())
    written(dynamodb, lambda tx: dynamodb.ports.logins.put(tx, a_login()))
    from_the_future(dynamodb)
    assert dynamodb.ports.people.profile(AINOS) == a_profile()
    assert dynamodb.ports.logins.session("s_1", AINOS)[0] == a_session()
    assert dynamodb.ports.logins.read("l_1")[0] == a_login()


def test_reminders_are_switched_together_with_something_else(backend: Backend):
    people = backend.ports.people
    for on in (False, True):
        written(backend, lambda tx, on=on: people.save_reminders(tx, AINOS, on=on))
        assert people.reminders(AINOS) is on


def test_allowed_domains_keep_their_days(backend: Backend):
    domains = (
        AllowedDomain("gov.fi"),
        AllowedDomain("vanha.fi", date(2020, 1, 1), date(2026, 12, 31), confirmed=False, note="?"),
    )
    site = replace(backend.ports.settings.fresh().site, allowed_domains=domains, version=1)
    written(backend, lambda tx: backend.ports.catalog.save_site(tx, site))
    assert backend.ports.catalog.load().site.allowed_domains == domains
