"""The mail to a partner: they may log in, and until when."""

from dataclasses import replace
from datetime import date

import pytest

from chalicelib.domain.messages import Kind
from chalicelib.services import outbox
from tests.builders import EERO, PIA, STAFF, an_intent
from tests.unit.mailing import NEW_YEAR, office, utc

LAST = date(2027, 1, 31)


def test_a_partner_is_told_that_they_may_book_and_until_when(lab):
    lab = office(lab)
    lab.invite(PIA, LAST)
    lab.deliver()
    (letter,) = lab.sent
    assert (letter.kind, letter.to, letter.last_day) == (Kind.INVITATION, PIA, LAST)
    assert letter.login_url == "https://lab.example/login"
    assert (letter.code, letter.manage_url, letter.unsubscribe_url) == ("", "", "")


def test_staff_s_own_paragraph_goes_with_it(lab):
    texts = {"invitation": {"en": "Welcome to the breakfast."}, "login": {"sv": "Välkommen!"}}
    lab = office(lab, mail_texts=texts)
    lab.invite(PIA, LAST)
    lab.invite(EERO, LAST)
    lab.deliver()
    extras = {letter.to.language: letter.extra for letter in lab.sent}
    assert extras == {"en": "Welcome to the breakfast.", "sv": ""}


@pytest.mark.parametrize(
    ("moment", "outcome"),
    [("2027-01-31 21:59", "sent"), ("2027-01-31 22:00", "dropped: expired")],
)
def test_it_is_true_to_the_end_of_the_last_day(lab, moment, outcome):
    lab = office(lab)
    lab.invite(PIA, LAST)
    lab.clock.time = utc(moment)
    lab.deliver()
    assert lab.outcome(Kind.INVITATION) == outcome


def test_an_invitation_that_was_taken_back_is_not_sent(lab):
    lab = office(lab)
    profile = lab.invite(PIA, LAST)
    lab.store.profiles[profile.person_id] = replace(profile, partner_until=None)
    lab.deliver()
    assert lab.outcome(Kind.INVITATION) == "dropped: withdrawn"


def test_nobody_is_invited_who_is_not_known(lab):
    lab = office(lab)
    lab.invite(PIA, LAST)
    lab.store.profiles.clear()
    lab.deliver()
    assert lab.outcome(Kind.INVITATION) == "dropped: no-subject"


def test_a_suppressed_address_gets_none_until_it_is_trusted_again(lab):
    lab = office(lab)
    profile = lab.invite(PIA, LAST)
    lab.ports.people.suppress(profile.person_id, "complaint", NEW_YEAR)
    lab.deliver()
    assert lab.outcome(Kind.INVITATION) == "dropped: suppressed"
    lab.ports.people.unsuppress(profile.person_id)
    message_id = lab.message(Kind.INVITATION).message_id
    outbox.send_again(lab.ports, message_id, an_intent(STAFF))
    lab.deliver()
    assert lab.kinds == ["invitation"]


def test_an_invitation_that_is_made_longer_tells_the_new_day(lab):
    """A mail tells of the moment it is sent in, and a new invitation is news."""
    lab = office(lab)
    lab.invite(PIA, LAST)
    lab.deliver()
    lab.invite(PIA, date(2027, 6, 30))
    lab.deliver()
    assert [letter.last_day for letter in lab.sent] == [LAST, date(2027, 6, 30)]
