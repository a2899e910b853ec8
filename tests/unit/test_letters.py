"""Whether a message is still true, and what its letter may say."""

from datetime import date, timedelta

import pytest

from chalicelib.domain.letters import Method
from chalicelib.domain.messages import STAFF, Kind, message
from chalicelib.domain.people import Person
from chalicelib.services import confirming, login, outbox, sender
from chalicelib.services.expiry import expire_due
from chalicelib.services.letters import letter_of, waiting_for_staff
from chalicelib.services.seat_letters import KINDS
from chalicelib.services.verdicts import Drop
from tests.builders import ANYBODY, EERO, PIA, an_intent, on
from tests.builders import STAFF as SAMI
from tests.unit.mailing import DAY, NEW_YEAR, office, utc
from tests.unit.steps import approve, cancel, change, deny

ENTRANCE = (Kind.LOGIN, Kind.INVITATION)
ASKED, CONFIRMATION = Kind.APPROVAL_ASKED, Kind.CONFIRMATION


@pytest.fixture
def life(lab):
    """The letters of a life: a hold that became a booking, what befell three others, and ways in."""
    lab = office(lab, prove_address=True)
    hold = lab.book("loft", by=ANYBODY)
    lab.deliver()
    confirming.confirm(lab.ports, hold.booking_id, lab.sent[0].code, an_intent(ANYBODY))
    sender.digest(lab.ports)
    lab.deliver()
    booking = approve(lab.ports, hold)
    lab.deliver()
    change(lab.ports, booking, by=SAMI, **on(DAY, "10-12"))
    deny(lab.ports, lab.book("loft", hours="13-14"))
    other = lab.book("pod", hours="13-14")
    lab.run(utc("2027-01-19 09:00"))
    cancel(lab.ports, other)
    lab.deliver()
    lab.book("loft", hours="14-15")
    lab.clock.time = utc("2027-01-20 12:00")
    expire_due(lab.ports)
    login.ask(lab.ports, EERO.email, EERO.language)
    lab.invite(PIA, date(2027, 1, 31))
    lab.deliver()
    return lab


def by_kind(lab, *kinds: Kind):
    return [letter for letter in lab.sent if letter.kind in kinds]


def test_every_kind_of_mail_is_sent_in_a_life(life):
    """Those about sign-ups have a life of their own: test_seat_mails."""
    assert {letter.kind for letter in life.sent} == set(Kind) - set(KINDS)


def test_only_the_mails_that_prove_an_address_have_a_code(life):
    for letter in life.sent:
        assert bool(letter.code) == (letter.kind in (Kind.HOLD, Kind.LOGIN))
        assert bool(letter.confirm_url) == (letter.kind is Kind.HOLD)
        assert bool(letter.login_url) == (letter.kind in ENTRANCE)


def test_only_reminders_can_be_switched_off(life):
    for letter in life.sent:
        assert bool(letter.unsubscribe_url) == (letter.kind is Kind.REMINDER)
        assert bool(letter.rule) == (letter.kind is Kind.REMINDER)


def test_staff_are_not_given_the_links_of_a_person(life):
    for letter in life.sent:
        to_staff = letter.kind in (ASKED, Kind.DIGEST)
        assert (letter.to.email == "lab@lab.example") == to_staff
        assert bool(letter.manage_url) != (to_staff or letter.kind in ENTRANCE)
        if letter.booking:
            assert (letter.to == letter.booking.person) != to_staff
        else:
            assert letter.kind in (Kind.DIGEST, *ENTRANCE)


def test_calendar_parts_go_to_those_who_have_the_place(life):
    """I-02"""
    found = {letter.kind: letter.method for letter in life.sent}
    given = {kind for kind, method in found.items() if method is Method.REQUEST}
    assert given == {CONFIRMATION, Kind.APPROVED, Kind.CHANGE}
    assert {kind for kind, method in found.items() if method is Method.CANCEL} == {
        Kind.CANCELLATION
    }


def test_staff_are_written_to_in_the_name_of_the_lab(life):
    (letter,) = by_kind(life, Kind.DIGEST)
    assert letter.to == Person("Työ 2.0 Lab", "lab@lab.example", language="fi")


def test_a_paragraph_of_staffs_own_is_that_of_kind_and_language(lab):
    texts = {"confirmation": {"fi": "Ovi on auki.", "sv": "Dörren är öppen."}}
    lab = office(lab, mail_texts=texts)
    lab.book()
    lab.book("studio", person=EERO)
    lab.book("loft")
    lab.deliver()
    extras = {(letter.kind.value, letter.to.language): letter.extra for letter in lab.sent}
    assert extras == {
        ("confirmation", "fi"): "Ovi on auki.",
        ("confirmation", "sv"): "Dörren är öppen.",
        ("pending", "fi"): "",
        ("approval-asked", "fi"): "",
    }


def test_a_letter_is_of_the_moment_it_is_sent(lab):
    lab = office(lab)
    lab.book()
    lab.clock.forward(minutes=3)
    lab.deliver()
    (letter,) = lab.sent
    assert letter.now == NEW_YEAR + timedelta(minutes=3)
    assert set(letter.spaces) == set(lab.store.spaces)
    assert letter.site == lab.store.site


# Dropped


def judged(lab, one):
    return letter_of(lab.ports, one, lab.clock.now())


def a_message(lab, kind: Kind, booking, **changes):
    person_id = STAFF if kind is ASKED else booking.person_id
    fields = {"due_at": lab.clock.now(), "now": lab.clock.now()} | changes
    return message(kind, f"booking#{booking.booking_id}", person_id, 1, **fields)


def test_a_message_about_nothing_is_dropped(lab):
    lab = office(lab)
    one = message(CONFIRMATION, "booking#b_none", "p_1", 1, due_at=NEW_YEAR, now=NEW_YEAR)
    assert judged(lab, one) == Drop("no-subject")


def held(lab):
    return lab.book(by=ANYBODY)


def pending(lab):
    return lab.book("loft")


def confirmed(lab):
    return lab.book()


def asking(lab):
    return change(lab.ports, approve(lab.ports, pending(lab)), **on(DAY, "9-12"))


def cancelled(lab):
    return cancel(lab.ports, confirmed(lab))


def denied(lab):
    return deny(lab.ports, pending(lab))


def expired(lab):
    booking = pending(lab)
    lab.clock.time = booking.starts_at
    return booking  # the clock has not tidied it, and it has run out


LIVES = (held, pending, confirmed, asking, cancelled, denied, expired)
TRUE = {
    Kind.HOLD: (held,),
    CONFIRMATION: (confirmed, asking),
    Kind.PENDING: (pending, asking),
    ASKED: (pending, asking),
    Kind.APPROVED: (confirmed, asking),
    Kind.DENIED: (denied,),
    Kind.EXPIRY: (expired, confirmed, asking),
    Kind.CHANGE: (held, pending, confirmed, asking),
    Kind.CANCELLATION: (cancelled,),
    Kind.REMINDER: (confirmed, asking),
}


@pytest.mark.parametrize("kind", TRUE)
@pytest.mark.parametrize("make", LIVES)
def test_a_message_is_sent_only_while_it_is_so(lab, kind, make):
    """Dropped, it says what its booking is instead; a change or cancellation may be no news besides."""
    lab = office(lab, prove_address=True)
    booking = make(lab)
    booking = lab.store.bookings[booking.booking_id]
    found = judged(lab, a_message(lab, kind, booking))
    state = "expired" if make is expired else booking.state.value
    untrue = isinstance(found, Drop) and found.reason == state
    assert untrue == (make not in TRUE[kind]), found


@pytest.mark.parametrize(("make", "true"), [(asking, True), (confirmed, True), (denied, False)])
def test_a_denied_change_is_so_while_the_booking_stands(lab, make, true):
    lab = office(lab)
    booking = make(lab)
    found = judged(lab, a_message(lab, Kind.DENIED, booking, rule="change"))
    assert isinstance(found, Drop) != true


def test_changes_and_cancellations_are_news_only_to_who_was_told(lab):
    lab = office(lab)
    kept, gone = confirmed(lab), cancel(lab.ports, lab.book("studio"))
    assert judged(lab, a_message(lab, Kind.CHANGE, kept)) == Drop("never-told")
    assert judged(lab, a_message(lab, Kind.CANCELLATION, gone)) == Drop("never-told")


def test_a_cancellation_is_told_once(lab):
    """Two messages of one cancellation, which no transition makes: the calendar heard the first."""
    lab = office(lab)
    gone = cancel(lab.ports, lab.told())
    lab.deliver()
    second = message(
        Kind.CANCELLATION,
        f"booking#{gone.booking_id}",
        gone.person_id,
        99,
        due_at=NEW_YEAR,
        now=NEW_YEAR,
    )
    assert judged(lab, second) == Drop("nothing-new")


def test_a_cancellation_staff_send_again_takes_back_what_the_first_did(lab):
    lab = office(lab)
    cancel(lab.ports, lab.told())
    lab.deliver()
    outbox.send_again(lab.ports, lab.message(Kind.CANCELLATION).message_id, an_intent(SAMI))
    lab.deliver()
    assert [(each.kind, each.method) for each in lab.sent] == [
        (Kind.CANCELLATION, Method.CANCEL)
    ] * 2


def test_a_confirmation_staff_send_again_brings_its_calendar_part_again(lab):
    lab = office(lab)
    booking = lab.told()
    change(lab.ports, booking, **on(DAY, "13-15"))
    lab.run(NEW_YEAR + timedelta(minutes=6))
    outbox.send_again(lab.ports, lab.message(CONFIRMATION).message_id, an_intent(SAMI))
    lab.deliver()
    assert [(each.kind, each.method) for each in lab.sent] == [
        (Kind.CHANGE, Method.REQUEST),
        (CONFIRMATION, Method.REQUEST),
    ]


def test_a_closed_address_is_no_reason_to_forget_staff(lab):
    lab = office(lab)
    booking = lab.book("loft")
    lab.ports.people.suppress(booking.person_id, "bounce", NEW_YEAR)
    lab.deliver()
    assert lab.kinds == ["approval-asked"]
    assert lab.outcome(Kind.PENDING) == "dropped: suppressed"


def test_only_reminders_are_dropped_for_who_switched_them_off(lab):
    lab = office(lab)
    booking = lab.book()
    lab.ports.people.set_reminders(booking.person_id, on=False)
    lab.deliver()
    assert lab.kinds == ["confirmation"]


# What waits for staff


def test_what_waits_is_told_by_when_it_begins(lab):
    lab = office(lab, prove_address=True)
    late, early = lab.book("loft", hours="14-15"), lab.book("loft", hours="12-13")
    granted = approve(lab.ports, lab.book("loft", hours="9-11"))
    asked = change(lab.ports, granted, **on(DAY, "8-11"))
    lab.book("pod", by=ANYBODY)
    lab.book("studio")
    found = [booking.booking_id for booking in waiting_for_staff(lab.ports, NEW_YEAR)]
    assert found == [asked.booking_id, early.booking_id, late.booking_id]


def test_what_ran_out_unanswered_waits_for_nobody(lab):
    lab = office(lab)
    request = lab.book("loft")
    granted = approve(lab.ports, lab.book("loft", hours="12-13"))
    change(lab.ports, granted, **on(DAY, "12-14"))
    assert len(waiting_for_staff(lab.ports, request.starts_at - timedelta(seconds=1))) == 2
    assert len(waiting_for_staff(lab.ports, request.starts_at)) == 1
    assert waiting_for_staff(lab.ports, granted.ends_at) == []
