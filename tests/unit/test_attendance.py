"""On the day, over the fakes: who came, taken back, by whose ticket, and that no seat moves."""

from dataclasses import replace

import pytest

from chalicelib.domain.errors import NotFound, Refused, VersionRaced
from chalicelib.domain.people import Actor, Role
from chalicelib.domain.signups import SignUp, State, handed_over
from chalicelib.services import attendance, events, links, signup_changes
from chalicelib.services.signups import Guest
from tests.builders import ANYBODY, FORM, STAFF, an_intent
from tests.event_builders import START, a_hybrid, a_signup, somebody
from tests.event_scene import EVENT, Scene, id_of, signs_up

PERSON = Actor("p_x", Role.PERSON, person=somebody("aino"), person_id=id_of("aino"), session="s")


def at_the_door(*names: str, **more) -> Scene:
    scene = Scene(a_hybrid(room=5))
    scene.sign_up(*names, **more)
    scene.clock.time = START
    return scene


def comes(scene: Scene, name: str, persons=None, *, actor=STAFF, key=None) -> SignUp | None:
    intent = an_intent(actor, key, path="check-in", fingerprint=f"{name} {persons}")
    return attendance.check_in(scene.ports, scene.of(name).signup_id, persons, intent).value


def goes(scene: Scene, name: str, persons=None) -> SignUp | None:
    signup_id = scene.of(name).signup_id
    return attendance.check_out(scene.ports, signup_id, persons, an_intent(STAFF)).value


def shows(scene: Scene, code: str, persons=None, event_id: str = EVENT) -> SignUp | None:
    return attendance.check_in_by_code(
        scene.ports, event_id, code, persons, an_intent(STAFF, fingerprint=code)
    ).value


def there(scene: Scene, name: str) -> list[bool]:
    found = scene.of(name)
    return [found.arrived_at is not None, *(each.arrived_at is not None for each in found.members)]


def test_a_party_is_there_whole_or_in_part_and_it_can_be_taken_back():
    scene = at_the_door("aino", guests=2)
    before = scene.counters
    comes(scene, "aino", [0, 2])
    assert there(scene, "aino") == [True, False, True]
    assert scene.of("aino").arrived_at == START
    scene.later(minutes=5)
    comes(scene, "aino")
    assert there(scene, "aino") == [True, True, True]
    assert scene.of("aino").arrived_at == START, "who was there since before stays so"
    goes(scene, "aino", [2])
    assert there(scene, "aino") == [True, True, False]
    goes(scene, "aino")
    assert there(scene, "aino") == [False, False, False]
    assert scene.counters == before
    scene.check()


def test_twice_is_once_and_writes_nothing_more():
    scene = at_the_door("aino")
    comes(scene, "aino")
    version, entries = scene.of("aino").version, len(scene.store.audit)
    assert comes(scene, "aino").arrived_at == START
    goes(scene, "aino")
    goes(scene, "aino")
    assert scene.of("aino").version == version + 1
    assert len(scene.store.audit) == entries + 1


def test_who_checked_in_whom_is_in_the_log_without_names():
    scene = at_the_door("aino", guests=1)
    comes(scene, "aino")
    goes(scene, "aino", [1])
    said = [
        (each["subject"], each["actor"], each["action"], each["person_id"], each["persons"])
        for each in scene.store.audit[-2:]
    ]
    assert said == [
        ("event#e_one", "p_sami", "check-in", id_of("aino"), [0, 1]),
        ("event#e_one", "p_sami", "check-out", id_of("aino"), [1]),
    ]
    assert "Aino" not in str(scene.store.audit)


def test_nobody_is_told_and_no_calendar_hears_of_it():
    scene = at_the_door("aino")
    told, sequence = len(scene.store.messages), scene.of("aino").sequence
    comes(scene, "aino")
    assert scene.of("aino").sequence == sequence
    assert len(scene.store.messages) == told


@pytest.mark.parametrize("number", [-1, 3, 100])
def test_a_person_that_a_party_has_not_is_refused(number):
    scene = at_the_door("aino", guests=2)
    for step in (comes, goes):
        with pytest.raises(Refused, match="invalid-request") as refusal:
            step(scene, "aino", [0, number])
        assert refusal.value.problems[0].pointer.startswith("/persons/")
    assert there(scene, "aino") == [False, False, False]


@pytest.mark.parametrize("state", [each for each in State if each is not State.CONFIRMED])
def test_who_has_no_seat_is_not_checked_in_and_the_host_is_told_how_they_stand(state):
    scene = at_the_door("aino")
    key = (EVENT, id_of("aino"))
    scene.store.signups[key] = replace(scene.store.signups[key], state=state)
    for step in (comes, goes):
        with pytest.raises(Refused, match="stale-state") as refusal:
            step(scene, "aino")
        assert refusal.value.problems[0].params == {"state": state.value}
    assert there(scene, "aino") == [False]


def test_a_hold_that_ran_out_is_told_as_what_it_is():
    scene = Scene(prove_address=True)
    signs_up(scene.ports, "aino", actor=ANYBODY)
    scene.later(hours=1)
    with pytest.raises(Refused) as refusal:
        comes(scene, "aino")
    assert refusal.value.problems[0].params == {"state": "expired"}


def test_of_an_event_that_was_called_off_nobody_comes():
    scene = at_the_door("aino")
    scene.store.events[EVENT] = replace(scene.event, state=scene.event.state.CANCELLED)
    with pytest.raises(Refused, match="stale-state"):
        comes(scene, "aino")


@pytest.mark.parametrize("actor", [FORM, PERSON, ANYBODY])
def test_only_hosts_check_in_and_nobody_themselves(actor):
    scene = at_the_door("aino")
    with pytest.raises(NotFound):
        comes(scene, "aino", actor=actor)
    for name in ("s_one_nobody", "s_other_nobody", "b_1", "s_"):
        with pytest.raises(NotFound):
            attendance.check_in(scene.ports, name, None, an_intent(STAFF))


def test_who_leaves_in_the_same_moment_is_not_checked_in():
    """It is conditional on the sign-up's version: the two meet in one order or the other."""
    scene = at_the_door("aino")

    def leave(name: str) -> None:
        if name == "commit":
            scene.store.before = lambda _: None
            scene.leave("aino")

    scene.store.before = leave
    with pytest.raises(Refused, match="stale-state"):
        comes(scene, "aino")
    assert scene.states("aino") == ["left"]
    assert there(scene, "aino") == [False]
    scene.check()


def test_a_check_in_and_a_queue_that_moves_do_not_meet():
    """Counters and places in the queue are as without it."""
    scene = Scene()
    scene.sign_up("a", "b", "c", "d", "e", "f", "g")
    comes(scene, "a")
    assert scene.counters == (0, 2)
    scene.leave("b")
    assert scene.states("f", "g") == ["confirmed", "waiting"]
    comes(scene, "f")
    goes(scene, "a")
    scene.check_settled()


def test_a_repeated_request_is_answered_as_the_first():
    scene = at_the_door("aino")
    comes(scene, "aino", key="k")
    goes(scene, "aino")
    assert comes(scene, "aino", key="k") is None  # a replay, which has an answer and no value
    assert there(scene, "aino") == [False]


def test_a_place_that_is_handed_over_has_not_arrived_with_who_had_it():
    """S-25"""
    before = a_signup(arrived_at=START)
    _, new = handed_over(before, "p_eero", somebody("eero"), None, START)
    assert new.arrived_at is None


def test_a_ticket_opens_for_its_own_party_scanned_or_typed():
    scene = at_the_door("aino", "eero")
    signup_id = scene.of("aino").signup_id
    code = links.ticket_code(scene.ports, signup_id)
    assert len(code) == 8
    for shown in (
        links.ticket_url(scene.ports, signup_id),
        f"{signup_id}/{code}",
        code,
        f" {code[:4].lower()}-{code[4:]} ",
    ):
        assert shows(scene, shown).signup_id == signup_id, shown
        assert there(scene, "aino") == [True]
        assert there(scene, "eero") == [False]
        goes(scene, "aino")


def test_a_ticket_of_another_s_of_another_event_or_of_nobody_opens_nothing():
    scene = at_the_door("aino", "eero")
    events.create(scene.ports, replace(scene.event, event_id="e_two"), an_intent(STAFF))
    aino, eero = (scene.of(name).signup_id for name in ("aino", "eero"))
    code = links.ticket_code(scene.ports, aino)
    other = links.signup_code(scene.ports, scene.of("aino"))  # which proves an address, and no more
    for shown in ("", "23456789", other, f"{eero}/{code}", f"{aino}/23456789", "//", f"x/{code}"):
        with pytest.raises(Refused, match="invalid-request") as refusal:
            shows(scene, shown)
        assert refusal.value.problems[0].pointer == "/code"
    for shown in (code, f"{aino}/{code}"):
        with pytest.raises(Refused, match="invalid-request"):
            shows(scene, shown, event_id="e_two")
    assert there(scene, "aino") == there(scene, "eero") == [False]


def test_a_ticket_of_who_left_says_so_and_one_of_a_group_lets_in_who_is_named():
    scene = at_the_door("aino", guests=2)
    code = links.ticket_code(scene.ports, scene.of("aino").signup_id)
    shows(scene, code, [1])
    assert there(scene, "aino") == [False, True, False]
    scene.leave("aino")
    with pytest.raises(Refused) as refusal:
        shows(scene, code)
    assert refusal.value.problems[0].params == {"state": "left"}


def test_a_colleague_s_ticket_is_another_and_the_old_one_is_dead():
    """S-25"""
    scene = at_the_door("aino")
    code = links.ticket_code(scene.ports, scene.of("aino").signup_id)
    scene.do(signup_changes.hand_over, "aino", colleague=somebody("eero"))
    assert links.ticket_code(scene.ports, scene.of("eero").signup_id) != code
    with pytest.raises(Refused, match="stale-state"):
        shows(scene, code)


def test_the_list_is_by_name_and_says_how_each_stands_now():
    """W-28: what was answered is there, however the seat came."""
    scene = Scene(prove_address=True)
    scene.party("zora", 0, diet="Vegaani")
    scene.sign_up("åke", "aino", "wivi", "väinö", "eero", "pia")
    signs_up(scene.ports, "outi", actor=ANYBODY)
    scene.later(hours=1)
    found = attendance.listing(scene.ports, EVENT)
    names = [each.person.name for each in found.signups]
    assert names == ["Aino", "Eero", "Outi", "Pia", "Wivi", "Väinö", "Zora", "Åke"]
    states = {each.person.name: each.state.value for each in found.signups}
    assert states["Outi"] == "expired"
    by_name = {each.person.name: each for each in found.signups}
    assert by_name["Zora"].diet == "Vegaani"
    assert [found.place(by_name[name]).position for name in ("Eero", "Pia")] == [1, 2]
    assert found.place(by_name["Aino"]) is None
    assert [each.person.name for each in found.shown(State.WAITING)] == ["Eero", "Pia"]


def test_a_party_is_found_by_any_name_in_it():
    scene = Scene()
    scene.party("aino", [Guest("Bertta Öhman")])
    scene.sign_up("eero")
    found = attendance.listing(scene.ports, EVENT)
    for text in ("öhm", "BERTTA  ö", "aino"):
        assert [each.person.name for each in found.shown(name=text)] == ["Aino"]
    assert list(found.shown(name="pia")) == []


def test_a_list_goes_on_after_who_came_last_whatever_happened_meanwhile():
    scene = Scene()
    scene.sign_up("aino", "eero", "pia")
    before = attendance.listing(scene.ports, EVENT)
    first = next(before.shown())
    scene.sign_up("bertta")
    scene.leave("aino")
    after = attendance.listing(scene.ports, EVENT)
    rest = after.shown(after=first.person_id)
    assert [each.person.name for each in rest] == ["Bertta", "Eero", "Pia"]
    with pytest.raises(Refused, match="invalid-request"):
        next(after.shown(after="p_gone"))


def test_of_no_event_there_is_no_list():
    with pytest.raises(NotFound):
        attendance.listing(Scene().ports, "e_nothing")


def test_the_version_of_a_sign_up_that_was_read_is_a_condition():
    """The store refuses what was decided on another version, whoever asks."""
    scene = at_the_door("aino")
    event, before = scene.event, scene.of("aino")
    comes(scene, "aino")
    tx = scene.ports.begin()
    scene.ports.events.write(tx, event, [(before, replace(before, version=before.version + 1))])
    with pytest.raises(VersionRaced):
        tx.commit()
