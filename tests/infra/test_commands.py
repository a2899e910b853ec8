"""What is done at the console of whoever runs the system: first admins, keys, allowed domains."""

import pytest

from chalicelib import bootstrap
from chalicelib.domain.catalog import Site
from chalicelib.domain.people import Role, Scope, person_id_of
from chalicelib.services import api_keys, spaces
from infra import allowed_domains, issue_key
from tests.builders import SAMI, Ports, an_intent, the_ports
from tests.fakes import Store, memory_ports


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> tuple[Ports, Store]:
    ports, store, _ = the_ports()
    monkeypatch.setattr(bootstrap, "ports", lambda: ports)
    return ports, store


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command says, which is a key and nothing else."""
    assert issue_key.main(list(arguments)) == 0
    (line,) = capsys.readouterr().out.splitlines()
    return line


@pytest.mark.parametrize("role", [Role.ADMIN, Role.STAFF])
def test_a_host_can_log_in_and_has_a_key_that_grants_nothing(lab, capsys, role: Role):
    ports, store = lab
    key = printed(capsys, role.value, "Sami Salo", "Sami.Salo@tyo2lab.fi")
    (profile,) = store.profiles.values()
    assert (profile.granted, profile.person.name, profile.person.email) == (
        role,
        SAMI.name,
        SAMI.email,
    )
    actor = api_keys.actor_of(ports, key)
    assert (actor.person_id, actor.scopes) == (profile.person_id, (Scope.STAFF,))
    assert (actor.staff, actor.admin) == (True, False)
    assert store.admins == ({profile.person_id} if role is Role.ADMIN else set())
    assert key.rpartition(".")[2] not in repr(store)
    assert SAMI.name not in repr(store.api_keys)


def test_the_first_admin_of_a_new_site_is_known_by_the_id_that_they_keep(capsys, monkeypatch):
    """Ids hang on the site's salt, which is made with its first settings."""
    store = Store()
    ports = memory_ports(store)
    monkeypatch.setattr(bootstrap, "ports", lambda: ports)
    key = printed(capsys, "admin", "Sami Salo", SAMI.email)
    salt = store.site.salt
    assert salt != Site().salt
    staff = api_keys.actor_of(ports, key)
    spaces.change_site(ports, {"base_url": "https://lab.example"}, ("*",), an_intent(staff))
    assert store.site.salt == salt
    assert staff.person_id == person_id_of(SAMI.email, salt)
    assert store.profiles[staff.person_id].granted is Role.ADMIN


def test_an_admin_stays_one_who_gets_another_key(lab, capsys):
    ports, store = lab
    first = printed(capsys, "admin", "Sami Salo", SAMI.email)
    second = printed(capsys, "staff", "Sami Salo", SAMI.email)
    assert first != second
    assert all(api_keys.actor_of(ports, key) for key in (first, second))
    (profile,) = store.profiles.values()
    assert profile.granted is Role.ADMIN


def test_a_system_has_what_it_is_given_and_no_more(lab, capsys):
    ports, store = lab
    usual = api_keys.actor_of(ports, printed(capsys, "system", "The Lab's site"))
    assert usual.scopes == (Scope.AVAILABILITY, Scope.BOOK)
    looks = printed(capsys, "system", "A screen", "--scopes", "availability")
    assert api_keys.actor_of(ports, looks).scopes == (Scope.AVAILABILITY,)
    assert {each.label for each in store.api_keys.values()} == {"The Lab's site", "A screen"}
    assert not store.profiles


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["admin", "Sami Salo"],
        ["admin", "Sami Salo", "sami"],
        ["system"],
        ["system", "x", "--scopes", "admin"],
        ["guest", "x", "x@gov.fi"],
    ],
)
def test_what_is_not_understood_makes_nothing(lab, capsys, arguments):
    _, store = lab
    with pytest.raises(SystemExit):
        issue_key.main(arguments)
    assert "usage" in capsys.readouterr().err
    assert not store.api_keys
    assert not store.profiles


def test_only_confirmed_domains_are_added_unless_it_is_said(lab, capsys):
    _, store = lab
    assert allowed_domains.main([]) == 0
    before = {each.domain for each in store.site.allowed_domains}
    assert "Added 0" in capsys.readouterr().out
    assert before == {"gov.fi", "tyo2lab.fi"}
    assert allowed_domains.main(["--unconfirmed"]) == 0
    added = {each.domain: each for each in store.site.allowed_domains if each.domain not in before}
    assert set(added) == {each.domain for each in allowed_domains.listed()} - before
    assert not any(each.confirmed for each in added.values())
    assert allowed_domains.main(["--all"]) == 2
