"""Who is who: partners until a day, hosts by role, and always one admin at least."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from chalicelib.domain.errors import NotFound, Refused, StaleVersion
from chalicelib.domain.messages import Kind
from chalicelib.domain.people import Actor, Person, Role, Scope, person_id_of
from chalicelib.domain.profiles import longest_invitation
from chalicelib.services import api_keys, erasure, persons
from chalicelib.services.api_keys import KeyRequest
from chalicelib.services.persons import PersonChange, Wanted
from chalicelib.services.ports import Ports
from tests.builders import (
    ADMIN,
    AINO,
    ANYBODY,
    EERO,
    NOW,
    PIA,
    SAMI,
    STAFF,
    an_intent,
    at,
    the_ports,
)
from tests.fakes import memory_ports
from tests.simulation.turnstile import Case, every_order

UNTIL = date(2027, 6, 30)
TO_STAFF = PersonChange(("role",), role=Role.STAFF)
TO_NOTHING = PersonChange(("role",))


def invite(ports: Ports, person: Person = PIA, until: date = UNTIL, **intent):
    return persons.invite(ports, person, until, an_intent(STAFF, **intent)).value


def appoint(ports: Ports, person: Person, role: Role = Role.ADMIN):
    return persons.appoint(ports, person, role, an_intent(Actor("console"))).value


def change(ports: Ports, person_id: str, wanted: PersonChange, by: Actor = ADMIN, tags=None):
    return persons.change(ports, person_id, wanted, tags, an_intent(by)).value


def id_of(ports: Ports, person: Person) -> str:
    return person_id_of(person.email, ports.settings.get().site.salt)


def why(refused: pytest.ExceptionInfo) -> list[tuple[str, str, str]]:
    return [
        (each.code, each.pointer, each.params.get("why", "")) for each in refused.value.problems
    ]


def test_an_invitation_makes_a_partner_and_a_mail_in_one_transaction():
    ports, store, _ = the_ports()
    view = invite(ports)
    assert store.calls.count("commit") == 1
    assert view.role is Role.PARTNER
    (profile,) = store.profiles.values()
    assert (profile.person, profile.partner_until, profile.invited_by) == (PIA, UNTIL, "p_sami")
    (one,) = store.messages.values()
    assert (one.kind, one.subject) == (Kind.INVITATION, f"person#{profile.person_id}")
    assert (one.person_id, one.due_at) == (profile.person_id, NOW)
    assert one.expires_at == at("2027-07-01 00:00")
    assert store.standing == {profile.person_id}
    (entry,) = store.audit
    assert (entry["subject"], entry["actor"], entry["action"]) == (one.subject, "p_sami", "invite")
    assert PIA.email not in repr(store.audit)


def test_the_answer_that_is_kept_is_known_to_be_of_who_was_invited():
    """So that it goes with them when they are forgotten."""
    ports, store, _ = the_ports()
    view = invite(ports, key="one")
    (record,) = store.records.values()
    assert record.person_id == view.profile.person_id


@pytest.mark.parametrize(
    ("until", "allowed"),
    [
        (date(2026, 11, 30), "day-over"),
        (date(2026, 12, 1), ""),
        (date(2028, 12, 1), ""),
        (date(2028, 12, 2), "day-too-far"),
    ],
)
def test_an_invitation_ends_between_today_and_two_years_on(until, allowed):
    ports, store, clock = the_ports()
    clock.time = at("2026-12-01 23:59")
    if not allowed:
        assert invite(ports, until=until).profile.partner_until == until
        return
    for attempt in (
        lambda: invite(ports, until=until),
        lambda: change(ports, "p_aino", PersonChange(("partner_until",), until)),
    ):
        store.profiles["p_aino"] = replace(appoint(ports, AINO).profile, person_id="p_aino")
        with pytest.raises(Refused) as refused:
            attempt()
        assert why(refused) == [("invalid-request", "/partner_until", allowed)]
    assert not store.messages


def test_today_is_the_day_of_the_lab():
    ports, _, clock = the_ports()
    clock.time = at("2026-12-02 00:00")
    with pytest.raises(Refused):
        invite(ports, until=date(2026, 12, 1))


def test_two_years_from_a_leap_day():
    assert longest_invitation(date(2028, 2, 29)) == date(2030, 3, 1)
    assert longest_invitation(date(2028, 2, 28)) == date(2030, 2, 28)


def test_who_is_invited_again_gets_another_mail_and_has_to_log_in_again():
    ports, store, _ = the_ports()
    before = invite(ports).profile
    after = invite(ports, until=date(2027, 12, 31)).profile
    assert (after.version, after.epoch) == (before.version + 1, before.epoch + 1)
    assert len(store.messages) == 2
    assert len(store.profiles) == 1


def test_who_was_forgotten_is_invited_as_if_for_the_first_time():
    """The mails of their first life are still known by their ids."""
    ports, store, clock = the_ports()
    first = invite(ports).profile
    store.profiles.clear()
    clock.forward(minutes=10)
    again = invite(ports).profile
    assert again.version == first.version
    assert len(store.messages) == 2


def test_who_is_invited_before_they_ever_logged_in_is_called_as_staff_say():
    ports, _, _ = the_ports()
    invite(ports)
    again = replace(PIA, name="Pia Pelto", organisation="Pelto Oy", language="sv")
    assert invite(ports, again).profile.person == again


def test_who_has_logged_in_speaks_for_themselves():
    ports, store, _ = the_ports()
    known = invite(ports).profile
    store.profiles[known.person_id] = replace(known, logged_in_at=NOW)
    assert invite(ports, replace(PIA, name="P. P.")).profile.person == PIA


def test_the_address_is_kept_in_its_one_spelling():
    ports, _, _ = the_ports()
    view = invite(ports, replace(PIA, email="Pia.Peltola@PARTNER.example"))
    assert view.profile.person.email == PIA.email
    assert view.profile.person_id == id_of(ports, PIA)


def test_nobody_is_invited_while_they_are_being_forgotten():
    ports, store, _ = the_ports()
    known = invite(ports).profile
    store.profiles[known.person_id] = replace(known, erase_from=NOW)
    for attempt in (
        lambda: invite(ports),
        lambda: change(ports, known.person_id, TO_STAFF),
        lambda: appoint(ports, PIA),
    ):
        with pytest.raises(Refused) as refused:
            attempt()
        assert why(refused) == [("stale-state", "", "being-erased")]
    assert len(store.messages) == 1


def test_staff_say_how_long_somebody_is_a_partner():
    ports, store, _ = the_ports()
    before = invite(ports).profile
    longer = change(
        ports, before.person_id, PersonChange(("partner_until",), date(2028, 1, 1)), STAFF
    )
    assert longer.profile.partner_until == date(2028, 1, 1)
    ended = change(ports, before.person_id, PersonChange(("partner_until",)), STAFF)
    assert (ended.role, ended.profile.partner_until) == (Role.VISITOR, None)
    assert ended.profile.epoch == before.epoch + 2
    assert not store.standing
    assert len(store.messages) == 1


@pytest.mark.parametrize("by", [STAFF, replace(ADMIN, scopes=(Scope.STAFF,)), ANYBODY])
def test_only_an_admin_says_who_is_a_host(by):
    """And what is asked for besides is refused with it."""
    ports, store, _ = the_ports()
    known = invite(ports).profile
    for wanted in (TO_STAFF, TO_NOTHING, PersonChange(("partner_until", "role"), date(2028, 1, 1))):
        with pytest.raises(NotFound):
            change(ports, known.person_id, wanted, by)
    assert store.profiles == {known.person_id: known}


def test_nobody_is_changed_who_is_not_there():
    ports, _, _ = the_ports()
    with pytest.raises(NotFound):
        change(ports, "p_none", TO_STAFF)


def test_a_new_role_ends_sessions_and_keys_of_their_own():
    ports, store, _ = the_ports()
    sami = appoint(ports, SAMI, Role.STAFF).profile
    request = KeyRequest("own", (Scope.STAFF,), owner_id=sami.person_id)
    made = api_keys.make(ports, request, an_intent(ADMIN)).value
    text = api_keys.text_of(ports, made.key.key_id)
    assert api_keys.actor_of(ports, text).person_id == sami.person_id
    after = change(ports, sami.person_id, PersonChange(("role",), role=Role.ADMIN)).profile
    assert (after.granted, after.epoch, after.grants) == (
        Role.ADMIN,
        sami.epoch + 1,
        sami.grants + 1,
    )
    assert api_keys.actor_of(ports, text) is None
    assert [each["action"] for each in store.audit] == ["grant", "create", "change"]
    assert store.admins == {sami.person_id}


def test_both_changes_are_one_version():
    ports, _, _ = the_ports()
    known = invite(ports).profile
    wanted = PersonChange(("partner_until", "role"), date(2028, 1, 1), Role.STAFF)
    after = change(ports, known.person_id, wanted).profile
    assert after.version == known.version + 1
    assert (after.granted, after.partner_until) == (Role.STAFF, date(2028, 1, 1))


def test_what_is_so_already_is_left_as_it_is():
    ports, store, _ = the_ports()
    known = invite(ports).profile
    entries = len(store.audit)
    for wanted in (PersonChange(()), PersonChange(("partner_until",), UNTIL), TO_NOTHING):
        assert change(ports, known.person_id, wanted).profile == known
    assert store.profiles == {known.person_id: known}
    assert len(store.audit) == entries


def test_a_stale_view_changes_nothing():
    ports, _, _ = the_ports()
    view = invite(ports)
    tag = persons.etag(view)
    ended = change(ports, view.person_id, PersonChange(("partner_until",)), tags=(tag,))
    with pytest.raises(StaleVersion):
        change(ports, view.person_id, TO_STAFF, tags=(tag,))
    change(ports, view.person_id, TO_STAFF, tags=(persons.etag(ended),))


def test_what_somebody_has_become_by_the_calendar_is_another_version():
    ports, _, clock = the_ports()
    view = invite(ports, until=date(2026, 12, 2))
    clock.time = at("2026-12-03 00:00")
    seen = persons.get(ports, view.person_id, STAFF)
    assert seen.role is Role.VISITOR
    assert persons.etag(seen) != persons.etag(view)
    with pytest.raises(StaleVersion):
        change(ports, view.person_id, TO_STAFF, tags=(persons.etag(view),))


# Always one admin


def test_the_last_admin_stays_one():
    ports, store, _ = the_ports()
    sami = appoint(ports, SAMI).profile
    me = replace(ADMIN, actor_id=sami.person_id, person_id=sami.person_id)
    for wanted in (TO_NOTHING, TO_STAFF):
        with pytest.raises(Refused) as refused:
            change(ports, sami.person_id, wanted, me)
        assert why(refused) == [("stale-state", "/role", "last-admin")]
    assert store.profiles[sami.person_id] == sami
    eero = appoint(ports, EERO).profile
    change(ports, sami.person_id, TO_NOTHING, me)
    assert store.admins == {eero.person_id}
    assert store.standing == {eero.person_id}


def test_two_admins_who_remove_each_other_at_once_are_one_in_every_order():
    def make() -> Case:
        ports, store, clock = the_ports()
        pair = [appoint(ports, person).profile.person_id for person in (SAMI, EERO)]
        workers = [memory_ports(store, clock) for _ in pair]
        return Case(
            store,
            [
                lambda each=each, other=other, mine=mine: change(
                    mine, other, TO_NOTHING, replace(ADMIN, actor_id=each, person_id=each)
                )
                for each, other, mine in zip(pair, reversed(pair), workers, strict=True)
            ],
        )

    outcomes = set()
    for run in every_order(make):
        assert len(run.store.admins) == 1
        (left,) = run.store.admins
        roles = {each.person_id: each.granted for each in run.store.profiles.values()}
        assert [key for key, role in roles.items() if role is Role.ADMIN] == [left]
        refused = [each for each in run.results if isinstance(each, Refused)]
        assert [each.code for each in refused] == ["stale-state"]
        outcomes.add(left)
    assert len(outcomes) == 2


def test_two_who_leave_at_once_leave_one():
    """Each of their own accord."""

    def make() -> Case:
        ports, store, clock = the_ports()
        pair = [appoint(ports, person).profile.person_id for person in (SAMI, EERO)]
        return Case(
            store,
            [
                lambda each=each: change(
                    memory_ports(store, clock),
                    each,
                    TO_STAFF,
                    replace(ADMIN, actor_id=each, person_id=each),
                )
                for each in pair
            ],
        )

    for run in every_order(make):
        assert len(run.store.admins) == 1
        assert sum(isinstance(each, Refused) for each in run.results) == 1


def test_two_invitations_at_once_are_both_kept_one_after_the_other():
    def make() -> Case:
        _, store, clock = the_ports()
        days = (date(2027, 1, 1), date(2027, 2, 2))
        return Case(
            store,
            [lambda day=day: invite(memory_ports(store, clock), until=day) for day in days],
        )

    for run in every_order(make):
        (profile,) = run.store.profiles.values()
        assert profile.version == 2
        assert len(run.store.messages) == 2
        assert not [each for each in run.results if isinstance(each, Exception)]


def test_the_last_admin_is_not_forgotten_either():
    ports, store, clock = the_ports()
    sami = appoint(ports, SAMI).profile
    me = replace(ADMIN, actor_id=sami.person_id, person_id=sami.person_id)
    forgetting = an_intent(me, method="DELETE", path="/v1/me")
    with pytest.raises(Refused) as refused:
        erasure.begin(ports, sami.person_id, forgetting)
    assert why(refused) == [("stale-state", "/role", "last-admin")]
    assert store.profiles[sami.person_id] == sami
    assert not store.erasures
    eero = appoint(ports, EERO).person_id
    erasure.begin(ports, sami.person_id, forgetting)
    assert store.admins == {eero} == store.standing


def test_who_is_forgotten_leaves_neither_a_place_in_a_list_nor_a_key_that_opens():
    ports, store, clock = the_ports()
    appoint(ports, EERO)
    sami = appoint(ports, SAMI, Role.STAFF).person_id
    for request in (
        KeyRequest("Sami's laptop", (Scope.STAFF,), owner_id=sami),
        KeyRequest("The site", (Scope.BOOK,)),
    ):
        api_keys.make(ports, request, an_intent(ADMIN, key=request.label))
    mine = next(each.key_id for each in store.api_keys.values() if each.owner_id)
    text = api_keys.text_of(ports, mine)
    begun = erasure.begin(ports, sami, an_intent(ADMIN, method="DELETE", path="/v1/me")).value
    assert api_keys.actor_of(ports, text) is None
    erasure.work(ports, begun)
    clock.forward(minutes=5)
    assert erasure.go_on_all(ports, 60.0) == 0
    assert "laptop" not in repr(store.api_keys)
    assert sami not in repr(store.api_keys)
    assert sami not in store.profiles
    assert sami not in store.standing


# The console


def test_who_runs_the_system_makes_the_first_admin():
    ports, store, _ = the_ports()
    view = appoint(ports, replace(SAMI, email="Sami.Salo@TYO2LAB.fi"))
    assert (view.role, view.profile.granted) == (Role.ADMIN, Role.ADMIN)
    assert view.profile.person == SAMI
    assert store.admins == {view.person_id} == store.standing
    assert [(each["actor"], each["action"]) for each in store.audit] == [("console", "grant")]


def test_at_the_console_nobody_is_made_less():
    ports, _, _ = the_ports()
    admin = appoint(ports, SAMI).profile
    assert appoint(ports, SAMI).profile == admin
    assert appoint(ports, SAMI, Role.STAFF).profile == admin
    host = appoint(ports, EERO, Role.STAFF).profile
    assert appoint(ports, EERO).profile.granted is Role.ADMIN
    assert appoint(ports, EERO).profile.grants == host.grants + 1


def test_who_never_said_their_name_is_called_as_at_the_console():
    ports, store, _ = the_ports()
    nameless = appoint(ports, Person("", EERO.email), Role.STAFF).profile
    assert store.profiles[nameless.person_id].person.name == ""
    assert appoint(ports, EERO).profile.person == EERO
    assert appoint(ports, replace(EERO, name="E. E.")).profile.person == EERO


# Looking


def seen(ports: Ports, by: Actor = STAFF, limit: int = 10, after=None, **wanted):
    page = persons.find(ports, Wanted(**wanted), limit, after, by)
    return [each.profile.person.name for each in page.items], page.next


def test_hosts_and_partners_are_listed_by_what_they_are_now():
    ports, _, clock = the_ports()
    appoint(ports, SAMI)
    appoint(ports, EERO, Role.STAFF)
    invite(ports, until=date(2026, 12, 2))
    assert sorted(seen(ports)[0]) == sorted(each.name for each in (SAMI, EERO, PIA))
    assert seen(ports, role=Role.ADMIN)[0] == [SAMI.name]
    assert seen(ports, role=Role.STAFF)[0] == [EERO.name]
    assert seen(ports, role=Role.PARTNER)[0] == [PIA.name]
    clock.forward(days=2)
    assert seen(ports, role=Role.PARTNER)[0] == []
    assert PIA.name in seen(ports)[0]


def test_the_list_comes_in_pages():
    ports, _, _ = the_ports()
    for person in (SAMI, EERO, PIA):
        appoint(ports, person, Role.STAFF)
    first, place = seen(ports, limit=2)
    rest, end = seen(ports, limit=2, after=place)
    assert (len(first), len(rest), end) == (2, 1, None)
    assert {*first, *rest} == {SAMI.name, EERO.name, PIA.name}


def test_somebody_is_found_by_any_spelling_of_their_address():
    ports, _, _ = the_ports()
    invite(ports)
    assert seen(ports, email="PIA.Peltola@partner.example") == ([PIA.name], None)
    assert seen(ports, email=EERO.email) == ([], None)
    assert seen(ports, email=PIA.email, role=Role.STAFF) == ([], None)


def test_who_looks_stands_in_the_log_before_they_see_and_their_own_is_theirs():
    ports, store, _ = the_ports()
    pia, sami = invite(ports).person_id, appoint(ports, SAMI).person_id
    store.audit.clear()
    me = replace(ADMIN, actor_id=sami, person_id=sami)
    persons.get(ports, pia, me)
    seen(ports, me)
    persons.get(ports, sami, me)
    seen(ports, me, email="nobody@gov.fi")
    assert [(each["subject"], each["actor"], each["action"]) for each in store.audit] == [
        (f"person#{pia}", sami, "read")
    ] * 2
    with pytest.raises(NotFound):
        persons.get(ports, "p_none", me)


def test_a_longer_invitation_is_no_new_role():
    ports, _, _ = the_ports()
    known = invite(ports).profile
    longer = change(ports, known.person_id, PersonChange(("partner_until",), UNTIL + timedelta(1)))
    assert longer.profile.grants == known.grants
