"""Signing up, over the fakes: windows, duplicates, parties, holds, and what is told to whom."""

import unicodedata
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.errors import NotFound, Refused, StaleVersion
from chalicelib.domain.events import State as EventState
from chalicelib.domain.events import Way
from chalicelib.domain.people import ANONYMOUS, Actor, Person, Role
from chalicelib.services import events, signup_changes, signups
from chalicelib.services.signups import Guest
from tests.builders import ANYBODY, FORM, STAFF, an_intent
from tests.event_builders import START, a_hybrid, an_event, somebody
from tests.event_scene import EVENT, Scene, edits, id_of, signs_up

A_MILLISECOND = timedelta(milliseconds=1)
A_PERSON = Actor("p_x", Role.PERSON, person=somebody("aino"), person_id=id_of("aino"), session="s")


def pointer(refusal: pytest.ExceptionInfo[Refused]) -> str:
    return refusal.value.problems[0].pointer


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Maija.Meri@GOV.fi", " maija.meri@gov.fi "),
        ("maija.meri@gov.fi", "MAIJA.MERI@GOV.FI"),
        ("matti@mäki.gov.fi", "matti@xn--mki-qla.gov.fi"),
        ("tyo\u0308@gov.fi", unicodedata.normalize("NFC", "tyo\u0308@gov.fi")),
    ],
)
def test_one_address_has_one_seat_however_it_is_spelt(one, other):
    """S-08, S-09"""
    scene = Scene()
    scene.sign_up("maija", person=Person("Maija", one))
    with pytest.raises(Refused, match="already-signed-up"):
        scene.sign_up("maija", person=Person("Maija", other))
    assert scene.counters == (4, 0)


def test_what_stands_behind_a_plus_makes_another_person():
    """S-10"""
    scene = Scene()
    scene.sign_up("a", person=Person("A", "a+x@gov.fi"))
    scene.sign_up("a", person=Person("A", "a+y@gov.fi"))
    assert scene.counters == (3, 0)


def test_an_address_that_is_not_allowed_is_refused_and_no_other_is_named():
    """S-13"""
    scene = Scene()
    with pytest.raises(Refused, match="email-not-allowed") as refusal:
        scene.sign_up("x", person=Person("X", "x@elsewhere.example"))
    assert refusal.value.problems[0].params == {}
    assert not scene.store.signups


def test_a_session_signs_up_its_own_person_alone():
    with pytest.raises(Refused, match="email-not-allowed"):
        Scene().sign_up("eero", actor=A_PERSON)


def test_the_terms_are_accepted_first():
    """S-21"""
    with pytest.raises(Refused, match="terms-not-accepted"):
        Scene().sign_up("aino", accept_terms=False)


def test_nobody_is_in_one_party_twice():
    with pytest.raises(Refused, match="already-signed-up") as refusal:
        signs_up(
            Scene().ports, "aino", [Guest("A"), Guest("B", "b@gov.fi"), Guest("B", "b@gov.fi")]
        )
    assert pointer(refusal) == "/guests/2/email"


def test_what_is_no_address_is_named_by_its_row():
    with pytest.raises(Refused, match="invalid-request") as refusal:
        signs_up(Scene().ports, "aino", [Guest("A"), Guest("B", "nowhere")])
    assert pointer(refusal) == "/guests/1/email"


def test_a_draft_is_nobody_s_affair():
    scene = Scene(an_event(state=EventState.DRAFT))
    with pytest.raises(NotFound):
        scene.sign_up("aino")
    scene.sign_up("eero", actor=STAFF)
    events.publish(scene.ports, EVENT, an_intent(STAFF))
    scene.sign_up("aino")
    assert scene.counters == (3, 0)
    with pytest.raises(NotFound):
        scene.sign_up("aino", event_id="e_other")


def test_who_may_not_book_may_not_sign_up():
    with pytest.raises(NotFound):
        Scene().sign_up("aino", actor=replace(ANONYMOUS, manages="b_one"))


def test_a_way_that_an_event_has_not_is_refused():
    with pytest.raises(Refused, match="invalid-request"):
        Scene().sign_up("aino", way=Way.REMOTE)


def test_what_is_not_proved_is_held_and_then_confirmed():
    scene = Scene(prove_address=True)
    held = scene.sign_up("aino", actor=ANYBODY)
    assert (held.state.value, held.confirm_by) == (
        "held",
        scene.clock.now() + timedelta(minutes=30),
    )
    assert scene.event.ways[Way.ROOM].held == 1
    assert scene.counters == (4, 0)
    scene.check()
    scene.do(signup_changes.prove, "aino", actor=ANYBODY)
    scene.do(signup_changes.prove, "aino", actor=ANYBODY)
    assert scene.states("aino") == ["confirmed"]
    assert scene.news("aino") == ["proof", "confirmation"]
    scene.check()


def test_what_is_not_proved_in_time_is_in_nobody_s_way():
    """B55's sibling: judged when read, by whoever comes."""
    scene = Scene(an_event(1), prove_address=True)
    scene.sign_up("aino", actor=ANYBODY)
    scene.later(minutes=30)
    with pytest.raises(Refused, match="hold-expired"):
        scene.do(signup_changes.prove, "aino", actor=ANYBODY)
    scene.sign_up("eero")
    assert scene.states("aino", "eero") == ["expired", "confirmed"]
    assert scene.news("aino") == ["proof", "expiry"]
    scene.sign_up("aino", actor=ANYBODY)
    assert scene.states("aino") == ["waiting"]
    scene.check()


def test_whose_own_hold_is_over_signs_up_again():
    scene = Scene(prove_address=True)
    scene.sign_up("aino", actor=ANYBODY)
    scene.later(minutes=30)
    scene.sign_up("aino", actor=ANYBODY)
    assert scene.states("aino") == ["held"]
    assert scene.counters == (4, 0)
    scene.check()


def test_who_waits_unproved_gets_a_hold_or_nothing():
    scene = Scene(an_event(1), prove_address=True)
    scene.sign_up("eero")
    scene.sign_up("aino", "pia", "sami", actor=ANYBODY)
    scene.do(signup_changes.prove, "pia", actor=ANYBODY)
    assert scene.news("pia") == ["proof", "waiting"]
    scene.leave("eero")
    assert scene.states("aino", "pia") == ["held", "waiting"]
    scene.later(minutes=30)
    events.reconcile(scene.ports, EVENT)
    assert scene.states("aino", "pia", "sami") == ["expired", "confirmed", "expired"]
    scene.check()


def test_a_head_that_did_not_prove_is_passed_over_when_a_seat_is_freed():
    scene = Scene(an_event(1), prove_address=True)
    scene.sign_up("eero")
    scene.sign_up("aino", "sami", actor=ANYBODY)
    scene.sign_up("pia")
    scene.later(minutes=30)
    scene.leave("eero")
    assert scene.states("aino", "sami", "pia") == ["expired", "expired", "confirmed"]
    scene.check()


def test_a_list_full_of_who_did_not_prove_has_room_again():
    scene = Scene(an_event(1), prove_address=True)
    scene.sign_up("eero")
    scene.sign_up("a", "b", "c", actor=ANYBODY)
    scene.later(minutes=30)
    scene.sign_up("pia")
    assert signups.place(scene.ports, scene.of("pia")).position == 1
    scene.check()


def test_places_are_told_in_parties_and_persons():
    scene = Scene(an_event(1, most_waiting=9))
    scene.sign_up("eero")
    scene.party("aino", 3)
    scene.sign_up("pia", "sami")
    found = signups.place(scene.ports, scene.of("sami"))
    assert (found.position, found.parties, found.persons) == (3, 2, 5)


def test_unlimited_seats_are_never_full():
    scene = Scene(a_hybrid(0))
    scene.sign_up(*"abcdefgh", way=Way.REMOTE)
    assert {each.state.value for each in scene.store.signups.values()} == {"confirmed"}
    scene.check()


def test_staff_edit_by_version_and_nobody_else_does():
    scene = Scene()
    with pytest.raises(StaleVersion):
        events.change(scene.ports, EVENT, {"group_size": 2}, {}, ('"7"',), an_intent(STAFF))
    for change in (
        lambda: events.create(scene.ports, an_event(event_id="e_two"), an_intent(FORM)),
        lambda: events.publish(scene.ports, EVENT, an_intent(FORM)),
        lambda: events.change(scene.ports, EVENT, {}, {}, None, an_intent(FORM)),
        lambda: events.call_off(scene.ports, EVENT, "", an_intent(FORM)),
        lambda: scene.do(signup_changes.remove, "aino"),
        lambda: scene.do(signup_changes.move_up, "aino"),
    ):
        scene.store.signups.clear()
        with pytest.raises(NotFound):
            change()
    with pytest.raises(NotFound):
        events.change(scene.ports, "e_other", {}, {}, None, an_intent(STAFF))


def test_a_move_is_one_write_and_leaves_the_counters():
    scene = Scene()
    scene.sign_up("aino")
    scene.store.calls.clear()
    later = START + timedelta(days=2)
    edits(scene.ports, {"starts_at": later, "ends_at": later + timedelta(hours=1)})
    assert scene.store.calls.count("commit") == 1
    assert (scene.event.calendar_sequence, scene.event.revision, scene.counters) == (1, 1, (4, 0))
