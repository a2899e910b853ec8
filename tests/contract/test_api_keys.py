"""API keys, and the list of who has a role: the same over every store."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from chalicelib.domain.api_keys import ApiKey, revoked
from chalicelib.domain.errors import Refused, VersionRaced
from chalicelib.domain.people import Role, Scope
from chalicelib.domain.profiles import Profile
from tests.builders import EERO, SAMI, a_key, a_profile
from tests.contract.backends import Backend, from_the_future
from tests.contract.things import NOW, written

HOUR = timedelta(hours=1)


def create(backend: Backend, key: ApiKey) -> ApiKey:
    written(backend, lambda tx: backend.ports.api_keys.create(tx, key))
    return key


def a_full_key() -> ApiKey:
    """One that uses every field there is."""
    return a_key(
        "lab.k_full.p_sami.x",
        (Scope.BOOK, Scope.STAFF),
        label="Työ “2.0” 🛢",
        owner_id="p_sami",
        owner_grants=3,
        expires_on=date(2027, 2, 28),
        used_at=datetime(2026, 12, 1, 7, 0, 1, 234567, tzinfo=UTC),
        revoked_at=datetime(2027, 1, 1, 12, 30, tzinfo=UTC),
        version=4,
    )


def test_a_key_is_what_was_written(backend: Backend):
    full, plain = create(backend, a_full_key()), a_key("lab.k_plain.x", used_at=None)
    create(backend, plain)
    assert backend.ports.api_keys.find("k_full") == (full, None)
    assert backend.ports.api_keys.find("k_plain") == (plain, None)
    assert backend.ports.api_keys.find("k_none") == (None, None)


def test_a_key_is_found_together_with_whose_own_it_is(backend: Backend):
    sami = a_profile(SAMI, "p_sami", granted=Role.ADMIN, grants=3)
    written(backend, lambda tx: backend.ports.people.save_profile(tx, sami))
    key = create(backend, a_full_key())
    assert backend.ports.api_keys.find("k_full", "p_sami") == (key, sami)
    assert backend.ports.api_keys.find("k_full", "p_eero") == (key, None)
    assert backend.ports.api_keys.find("k_none", "p_sami") == (None, sami)


def test_an_id_is_used_once(backend: Backend):
    create(backend, a_key("lab.k_one.x"))
    with pytest.raises(VersionRaced):
        create(backend, a_key("lab.k_one.y"))


def test_a_key_is_saved_over_the_version_before_it(backend: Backend):
    key = create(backend, a_key("lab.k_one.x"))
    after = revoked(key, NOW)
    written(backend, lambda tx: backend.ports.api_keys.save(tx, after))
    assert backend.ports.api_keys.find("k_one") == (after, None)
    for stale in (after, replace(after, version=7)):
        with pytest.raises(VersionRaced):
            written(backend, lambda tx, stale=stale: backend.ports.api_keys.save(tx, stale))


def test_keys_are_listed_in_pages(backend: Backend):
    keys = [create(backend, a_key(f"lab.k_{number}.x")) for number in range(5)]
    found, place = [], None
    for _ in range(5):
        page = backend.ports.api_keys.all(2, place)
        assert len(page.items) <= 2
        found += page.items
        place = page.next
        if place is None:
            break
    assert found == keys


def test_that_a_key_is_in_use_is_noted_once_in_a_while(backend: Backend):
    """Of many at once, who read the same, one writes."""
    keys = backend.ports.api_keys
    create(backend, a_key("lab.k_one.x", used_at=None))
    seen = []
    for at in (NOW, NOW + timedelta(minutes=59), NOW + HOUR, NOW + HOUR * 1.5):
        keys.use("k_one", at, at - HOUR)
        found, _ = keys.find("k_one")
        assert found is not None
        seen.append(found.used_at)
    assert seen == [NOW, NOW, NOW + HOUR, NOW + HOUR]


def test_a_key_that_is_not_there_is_not_made_by_its_use(backend: Backend):
    backend.ports.api_keys.use("k_none", NOW, NOW)
    assert backend.ports.api_keys.find("k_none") == (None, None)
    assert not backend.ports.api_keys.all(10, None).items


def test_profiles_are_read_many_at_once(backend: Backend):
    sami, eero = a_profile(SAMI, "p_sami"), a_profile(EERO, "p_eero")
    for each in (sami, eero):
        written(backend, lambda tx, each=each: backend.ports.people.save_profile(tx, each))
    found = backend.ports.people.profiles(["p_sami", "p_none", "p_eero", "p_sami"])
    assert {each.person_id: each for each in found} == {"p_sami": sami, "p_eero": eero}
    assert len(found) == 2
    assert not backend.ports.people.profiles([])


def stand(backend: Backend, before: Role | None, after: Profile) -> None:
    written(backend, lambda tx: backend.ports.people.save_standing(tx, before, after))


def listed(backend: Backend, limit: int = 10) -> list[str]:
    return list(backend.ports.people.with_standing(limit, None).items)


def test_who_has_a_role_or_an_invitation_is_listed(backend: Backend):
    stand(backend, None, a_profile(SAMI, "p_sami", granted=Role.STAFF))
    stand(backend, None, a_profile(EERO, "p_eero", partner_until=date(2026, 12, 31)))
    stand(backend, None, a_profile())
    assert listed(backend) == ["p_eero", "p_sami"]
    stand(backend, Role.STAFF, a_profile(SAMI, "p_sami", partner_until=date(2026, 12, 31)))
    assert listed(backend) == ["p_eero", "p_sami"]
    stand(backend, None, a_profile(SAMI, "p_sami"))
    assert listed(backend) == ["p_eero"]


def test_the_list_comes_in_pages(backend: Backend):
    for number in range(5):
        stand(backend, None, a_profile(SAMI, f"p_{number}", granted=Role.STAFF))
    first = backend.ports.people.with_standing(3, None)
    rest = backend.ports.people.with_standing(3, first.next)
    assert [*first.items, *rest.items] == [f"p_{number}" for number in range(5)]
    assert rest.next is None


def test_the_last_admin_stays_one(backend: Backend):
    for name in ("p_sami", "p_eero"):
        stand(backend, None, a_profile(SAMI, name, granted=Role.ADMIN))
    stand(backend, Role.ADMIN, a_profile(EERO, "p_eero", granted=Role.STAFF))
    for after in (None, Role.STAFF):
        with pytest.raises(Refused) as refused:
            stand(backend, Role.ADMIN, a_profile(SAMI, "p_sami", granted=after))
        assert (refused.value.code, refused.value.problems[0].params["why"]) == (
            "stale-state",
            "last-admin",
        )
    assert listed(backend) == ["p_eero", "p_sami"]
    stand(backend, Role.STAFF, a_profile(EERO, "p_eero", granted=Role.ADMIN))
    stand(backend, Role.ADMIN, a_profile(SAMI, "p_sami"))
    assert listed(backend) == ["p_eero"]


def test_an_admin_is_counted_once(backend: Backend):
    for _ in range(2):
        stand(backend, None, a_profile(SAMI, "p_sami", granted=Role.ADMIN))
    with pytest.raises(Refused):
        stand(backend, Role.ADMIN, a_profile(SAMI, "p_sami"))
    stand(backend, Role.ADMIN, a_profile(SAMI, "p_sami", granted=Role.ADMIN))


def test_who_is_not_counted_can_leave(backend: Backend):
    stand(backend, None, a_profile(SAMI, "p_sami", granted=Role.ADMIN))
    stand(backend, Role.ADMIN, a_profile(EERO, "p_eero"))
    with pytest.raises(Refused):
        stand(backend, Role.ADMIN, a_profile(SAMI, "p_sami"))


def test_a_newer_schema_is_read_all_the_same(dynamodb: Backend):
    key = create(dynamodb, a_full_key())
    stand(dynamodb, None, a_profile(SAMI, "p_sami", granted=Role.ADMIN))
    from_the_future(dynamodb)
    assert dynamodb.ports.api_keys.find("k_full") == (key, None)
    assert dynamodb.ports.api_keys.all(10, None).items == [key]
    assert listed(dynamodb) == ["p_sami"]
