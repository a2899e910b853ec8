"""Mails that somebody has to answer: an address to be proved, an offer; and what is told nobody but a mailbox."""

from datetime import timedelta

import pytest

from chalicelib.domain.errors import Refused
from chalicelib.domain.messages import Kind
from chalicelib.domain.signups import State
from chalicelib.services import links, signup_changes, signup_proof
from tests.builders import ANYBODY, an_intent
from tests.event_builders import START, an_event, somebody
from tests.event_scene import EVENT, id_of
from tests.seat_office import FIVE, Office


def proving(**changes) -> Office:
    return Office(an_event(**changes), prove_address=True)


def near() -> Office:
    """A full event a few hours ahead, of whose freed seats offers are made."""
    office = Office(an_event(offers_within=timedelta(hours=24)))
    office.sign_up(*FIVE, "liisa", "matti")
    office.deliver()
    office.clock.time = START - timedelta(hours=20)
    office.leave("aino")
    return office


def test_the_code_of_the_mail_proves_the_address_and_what_is_then_so_is_told():
    office = proving()
    made = office.sign_up("aino", actor=ANYBODY)
    assert office.store.queue == [each.message_id for each in office.of_kind(Kind.SIGNUP_PROOF)]
    (letter,) = office.deliver()
    assert office.to("aino") == [("signup-proof", "-")]
    (mail,) = office.mails()
    assert f"{links.signup_url(office.ports, made)}?code={letter.code}" in mail.text
    assert "Aino" not in mail.raw.decode(errors="replace")
    signup_proof.confirm(office.ports, made.signup_id, letter.code.lower(), an_intent(ANYBODY))
    office.deliver()
    assert office.to("aino") == [("seat", "REQUEST")]


def test_who_waits_proves_too_and_is_then_told_the_place():
    office = proving(limit=1)
    office.sign_up("eero")
    made = office.sign_up("aino", actor=ANYBODY)
    office.deliver()
    assert office.to("aino") == [("signup-proof", "-")]
    code = links.signup_code(office.ports, made)
    signup_proof.confirm(office.ports, made.signup_id, code, an_intent(ANYBODY))
    office.deliver()
    assert office.to("aino") == [("waiting", "-")]


def test_a_code_is_mailed_once_more_every_few_minutes_at_most():
    office = proving()
    made = office.sign_up("aino", actor=ANYBODY)
    office.deliver()
    for minutes, mails in ((0, 2), (1, 2), (4.9, 2), (5.1, 3)):
        office.clock.time = made.created_at + timedelta(minutes=minutes)
        signup_proof.send_again(office.ports, made.signup_id)
        office.deliver()
        assert len(office.store.mails) == mails, minutes
    office.clock.time = made.confirm_by
    signup_proof.send_again(office.ports, made.signup_id)
    signup_proof.send_again(office.ports, "s_one_nobody")
    assert office.deliver() == []


def test_a_hold_that_is_over_before_its_mail_goes_out_is_not_told_of():
    office = proving()
    made = office.sign_up("aino", actor=ANYBODY)
    office.clock.time = made.confirm_by
    assert office.deliver() == []


def test_who_is_in_already_is_told_so_by_mail_and_by_nothing_else():
    """S-06"""
    office = proving()
    office.sign_up("aino")
    office.deliver()
    for _ in range(3):
        made = office.sign_up("aino", actor=ANYBODY)
        assert made.state is State.HELD
    office.deliver()
    assert office.to("aino") == [("already-signed-up", "-")]
    assert "Sinulla on paikka" in office.mails()[0].text
    assert office.of("aino").state is State.CONFIRMED


def test_who_has_still_to_prove_an_earlier_one_is_sent_that_code():
    """S-06"""
    office = proving()
    first = office.sign_up("aino", actor=ANYBODY)
    office.deliver()
    office.later(minutes=6)
    office.sign_up("aino", actor=ANYBODY)
    (letter,) = office.deliver()
    assert letter.code == links.signup_code(office.ports, first)


def test_an_offer_says_until_when_it_stands():
    office = near()
    office.deliver()
    assert office.to("liisa") == [("offer", "-")]
    (mail,) = [each for each in office.mails() if "tarjolla sinulle" in each.text]
    assert "klo 15.00" in mail.text
    assert links.signup_url(office.ports, office.of("liisa")) in mail.text
    office.do(signup_changes.accept, "liisa")
    office.deliver()
    assert office.to("liisa") == [("seat", "REQUEST")]


def test_an_offer_that_nobody_took_is_told_to_have_ended_and_the_next_is_asked():
    """W-21"""
    office = near()
    office.deliver()
    office.later(hours=2)
    with pytest.raises(Refused, match="hold-expired"):
        office.do(signup_changes.accept, "liisa")
    office.check_settled()
    office.deliver()
    assert office.to("liisa") == [("offer-expiry", "-")]
    assert office.to("matti") == [("offer", "-")]


def test_an_offer_that_is_declined_is_told_of_as_a_departure():
    office = near()
    office.deliver()
    office.do(signup_changes.decline, "liisa")
    office.deliver()
    assert office.to("liisa") == [("departure", "-")]
    assert office.to("matti") == [("offer", "-")]


def test_an_offer_of_which_its_person_hears_too_late_is_not_told():
    office = near()
    office.later(hours=2)
    assert "offer" not in [kind for _ in office.deliver() for kind, _ in office.to("liisa")]


def test_who_comes_has_a_code_for_the_door_and_the_old_one_is_dead_with_its_link():
    """S-25"""
    office = Office()
    office.sign_up("aino")
    office.deliver()
    code = links.ticket_code(office.ports, office.of("aino").signup_id)
    assert code in office.mails()[0].text
    office.do(signup_changes.hand_over, "aino", colleague=somebody("reino"))
    office.deliver()
    by_kind = {letter.kind: letter for letter in office.letters}
    assert by_kind[Kind.SEAT].seat.ticket not in ("", code)
    assert by_kind[Kind.SEAT_CANCELLATION].manage_url == ""
    assert links.owner_of_ticket(office.ports, EVENT, [id_of("reino")], code) is None
