"""What is told of a sign-up, from its change to the letter, over the fakes."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from icalendar import Calendar

from chalicelib.adapters.mail.render import render
from chalicelib.domain.events import Way
from chalicelib.domain.letters import Letter
from chalicelib.domain.messages import Kind, State
from chalicelib.domain.signups import State as SignUpState
from chalicelib.services import events, signup_changes
from chalicelib.services.seat_letters import content
from tests.builders import ANYBODY, STAFF, an_intent
from tests.deaths import Died
from tests.event_builders import START, a_hybrid, a_signup, an_event, somebody
from tests.event_scene import EVENT, edits, id_of
from tests.mails import a_letter, read
from tests.seat_office import FIVE, Office, full, sequence


def test_who_has_a_seat_is_told_with_an_entry_for_the_calendar():
    office = full()
    office.deliver()
    assert office.to("aino") == [("seat", "REQUEST")]
    assert len(office.store.mails) == 5


def test_who_waits_is_told_the_place_and_gets_no_entry():
    """I-02"""
    office = full("liisa", "matti")
    office.deliver()
    assert office.to("matti") == [("waiting", "-")]
    waiting = [each for each in office.letters if each.kind is Kind.WAITING]
    assert sorted(each.seat.position for each in waiting) == [1, 2]
    assert not any(read(render(each)).calendars for each in waiting)


def test_the_place_is_that_of_the_moment_in_which_the_mail_is_sent():
    office = full("liisa", "matti")
    office.leave("liisa")
    office.deliver()
    (letter,) = [each for each in office.letters if each.kind is Kind.WAITING]
    assert letter.seat.position == 1


def test_no_queue_is_read_for_who_joined_last_or_for_what_does_not_tell_the_place():
    """However many wait: the event's counters know the last one's place, and its news names none."""
    office = Office()
    office.sign_up(*FIVE)
    for number, name in enumerate(["liisa", "matti", "pia"], start=1):
        office.sign_up(name)
        (letter,) = [each for each in office.deliver() if each.kind is Kind.WAITING]
        assert letter.seat.position == number
    later = {"starts_at": START + timedelta(hours=1), "ends_at": START + timedelta(hours=2)}
    edits(office.ports, later)
    told = office.run(office.clock.now() + timedelta(hours=1))
    assert [each.kind for each in told].count(Kind.EVENT_CHANGE) == 8
    assert "events.queue" not in office.store.calls


def test_who_is_promoted_gets_an_entry_that_is_newer_than_any_before():
    """I-03"""
    office = full("liisa")
    office.deliver()
    office.leave("aino")
    office.deliver()
    assert office.to("liisa") == [("promotion", "REQUEST")]
    assert office.to("aino") == [("seat-cancellation", "CANCEL")]
    assert all(sequence(each) > 0 for each in office.letters)


def test_near_the_start_a_promotion_says_the_start_first_and_comes_in_time_or_never():
    """W-25"""
    office = full("liisa")
    office.deliver()
    office.clock.time = START - timedelta(minutes=20)
    office.leave("aino")
    office.deliver()
    (mail,) = [each for each in office.mails() if "pian" in each.text]
    assert mail.text.index("klo 9.00") < mail.text.index("jonotuslistalla")
    (message,) = [e for e in office.store.messages.values() if e.kind is Kind.PROMOTION]
    assert message.expires_at == START - timedelta(minutes=10)


def test_who_was_promoted_and_left_before_the_mail_is_not_told_of_a_seat():
    """W-07"""
    office = full("liisa")
    office.deliver()
    office.leave("aino", "liisa")
    office.deliver()
    assert "promotion" not in [kind for kind, _ in office.to("liisa")]


def test_who_leaves_between_the_look_and_the_mark_is_not_told_of_a_seat():
    office = Office()
    office.sign_up("aino")
    once = iter([True])

    def leaves(letter: Letter) -> bytes:
        if next(once, False):
            office.leave("aino")
        return office.render(letter)

    office.ports = replace(office.ports, render=leaves)
    office.deliver()
    assert not office.store.mails


def test_an_event_called_off_is_told_to_all_and_taken_out_of_the_calendars_that_have_it():
    """W-16, I-06"""
    office = full("liisa", "matti", "sanna")
    office.deliver()
    events.call_off(office.ports, EVENT, "Kouluttaja on sairaana.", an_intent(STAFF))
    events.go_on(office.ports, EVENT)
    office.deliver()
    kinds = sorted((each.kind.value, each.method is not None) for each in office.letters)
    assert kinds == [("departure", False)] * 3 + [("seat-cancellation", True)] * 5
    for mail in office.mails():
        assert "Kouluttaja on sairaana." in mail.text
        assert "tapahtuma on peruttu" in mail.text
        assert str(mail.message["Subject"]).startswith("Tapahtuma peruttu: Työpaja, ")
        assert "Tapahtuma on peruttu</h1>" in mail.html


def test_who_is_taken_out_is_told_of_the_seat_and_not_of_the_event():
    office = full()
    office.deliver()
    office.leave("aino")
    office.deliver()
    (mail,) = office.mails()
    assert str(mail.message["Subject"]).startswith("Ilmoittautuminen peruttu: Työpaja, ")
    assert "Paikkasi on peruttu</h1>" in mail.html


def test_an_event_called_off_before_a_seat_was_told_is_told_all_the_same():
    """W-16"""
    office = full("liisa")
    events.call_off(office.ports, EVENT, "", an_intent(STAFF))
    office.deliver()
    assert office.to("aino") == [("seat-cancellation", "-")]
    assert office.to("liisa") == [("departure", "-")]


def test_who_gives_up_a_seat_that_nobody_has_told_them_of_knows():
    office = Office()
    office.sign_up("aino")
    office.leave("aino")
    assert office.deliver() == []


def test_a_mail_of_half_the_cancellations_is_sent_once_whatever_died():
    """W-17"""
    office = full("liisa", "matti", "sanna")
    office.deliver()
    left = iter(range(5))  # the event's own write, and four of eight

    def die(name: str) -> None:
        if name == "commit" and next(left, None) is None:
            raise Died

    office.store.before = die
    with pytest.raises(Died):
        events.call_off(office.ports, EVENT, "", an_intent(STAFF))
    office.store.before = lambda _name: None
    office.deliver()
    told = len(office.letters)
    events.reconcile_all(office.ports)
    events.reconcile_all(office.ports)
    office.deliver()
    assert (told, len(office.letters)) == (4, 4)
    assert len(office.store.mails) == 16


def test_who_never_proved_an_address_is_not_told_of_the_end_of_a_hold():
    office = Office(prove_address=True)
    office.sign_up("aino", actor=ANYBODY)
    office.later(minutes=31)
    office.check_settled()
    assert office.of("aino").state is SignUpState.EXPIRED
    assert office.deliver() == []


def test_no_mail_holds_the_address_of_another():
    """I-07"""
    office = full("liisa")
    office.deliver()
    for letter in office.letters:
        raw = read(render(letter)).text + "".join(map(str, read(render(letter)).calendars))
        others = {somebody(name).email for name in (*FIVE, "liisa")} - {letter.to.email}
        assert not any(each in raw for each in others)


def test_a_seat_handed_over_leaves_one_calendar_and_enters_another():
    """S-25"""
    office = full("liisa")
    office.deliver()
    office.do(signup_changes.hand_over, "aino", colleague=somebody("reino"))
    office.deliver()
    assert office.to("aino") == [("seat-cancellation", "CANCEL")]
    assert office.to("reino") == [("seat", "REQUEST")]
    assert office.to("liisa") == []


def test_nothing_is_sent_to_an_address_that_does_not_work():
    """R-18"""
    office = Office()
    office.store.suppressed[id_of("aino")] = "bounced"
    office.sign_up("aino")
    assert office.deliver() == []
    (message,) = office.store.messages.values()
    assert (message.state, message.reason) == (State.DROPPED, "suppressed")


def test_nothing_is_sent_to_who_walked_in_without_an_address():
    office = Office()
    signup = office.sign_up("aino")
    nobody = replace(signup.person, email="")
    office.store.signups[EVENT, id_of("aino")] = replace(signup, person=nobody)
    assert office.deliver() == []
    (message,) = office.store.messages.values()
    assert (message.state, message.reason) == (State.DROPPED, "no-address")


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_the_title_is_that_of_the_readers_language(language):
    """R-21"""
    office = Office(an_event())
    office.sign_up("aino", person=replace(somebody("aino"), language=language))
    office.deliver()
    title = {"fi": "Työpaja", "sv": "Verkstad", "en": "Workshop"}[language]
    assert title in office.mails()[0].text


def test_who_takes_part_in_another_way_is_confirmed_anew():
    """S-24"""
    office = Office(a_hybrid())
    office.sign_up("aino")
    (first,) = office.deliver()
    office.do(signup_changes.switch, "aino", way=Way.REMOTE)
    (second,) = office.deliver()
    assert office.to("aino") == [("seat", "REQUEST")]
    assert sequence(second) > sequence(first)
    assert "Etänä" in office.mails()[0].text


@pytest.mark.parametrize("way", list(Way))
@pytest.mark.parametrize("state", list(SignUpState))
def test_the_link_is_for_confirmed_remote_people_and_nobody_else(way, state):
    """I-14"""
    programme = SimpleNamespace(
        space_id="", address="Aulakatu 1", remote_link="https://meet.example/x"
    )
    office = Office()
    catalog = office.ports.settings.get()
    signup = a_signup(way=way, state=state)
    _, link = content(SimpleNamespace(programme=programme), signup, catalog, "fi")
    assert bool(link) == (way is Way.REMOTE and state is SignUpState.CONFIRMED)


def test_the_link_is_in_the_mail_and_in_its_entry():
    """I-14"""
    letter = a_letter(Kind.SEAT)
    remote = replace(letter.seat, link="https://meet.example/x")
    mail = read(render(replace(letter, seat=remote)))
    (entry,) = Calendar.from_ical(mail.calendars[0]).walk("VEVENT")
    assert entry["CONFERENCE"] == entry["DESCRIPTION"] == "https://meet.example/x"
    assert "https://meet.example/x" in mail.text
    assert '<a href="https://meet.example/x"' in mail.html


@pytest.mark.parametrize(
    ("language", "said"),
    [("fi", "Vastaa tarjoukseen"), ("sv", "Svara på erbjudandet"), ("en", "Answer the offer")],
)
def test_an_offer_asks_for_an_answer_and_once_it_is_over_for_none(language: str, said: str):
    letter = a_letter(Kind.OFFER, language)
    mail = read(render(letter))
    assert f"{said}:\n{letter.manage_url}" in mail.text
    assert said in mail.html
    over = replace(letter.seat, signup=replace(letter.seat.signup, state=SignUpState.EXPIRED))
    assert said not in read(render(replace(letter, seat=over))).text


@pytest.mark.parametrize("mailbox", ["tilat@lab.example", "isannat@muu.example"])
def test_who_declines_in_a_calendar_writes_to_the_hosts_and_keeps_the_seat(mailbox: str):
    """I-16: the reply goes to whom the mail came from, the mailbox of the settings; none is asked for
    (RFC 5545, 3.2.17), nothing reads it by itself, and a seat is given up by the link of the mail alone.
    """
    office = Office(mailbox=mailbox)
    office.sign_up("aino")
    office.deliver()
    before = office.of("aino")
    (mail,) = office.mails()
    (entry,) = Calendar.from_ical(mail.calendars[0]).walk("VEVENT")
    assert entry["ORGANIZER"] == f"mailto:{mailbox}"
    assert mail.message["Reply-To"] == mailbox
    assert mail.message["From"].addresses[0].addr_spec == mailbox
    assert entry["ATTENDEE"].params["RSVP"] == "FALSE"
    assert entry["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"
    office.run(START - timedelta(days=2))
    assert office.of("aino") == before
    assert office.counters == (4, 0)


@pytest.mark.parametrize("over", [signup_changes.leave, signup_changes.remove])
def test_who_gives_up_a_seat_and_queues_again_at_once_has_no_entry_left(over):
    """S-12, I-06: the CANCEL is not for naught because they wait by the time it goes out."""
    office = full("liisa")
    office.deliver()
    office.do(over, "aino", actor=STAFF)
    office.sign_up("aino")
    office.deliver()
    assert office.states("aino") == ["waiting"]
    assert sorted(office.to("aino")) == [("seat-cancellation", "CANCEL"), ("waiting", "-")]
    (taken,) = [each for each in office.letters if each.kind is Kind.SEAT_CANCELLATION]
    office.leave("liisa")
    (given,) = [each for each in office.deliver() if each.kind is Kind.PROMOTION]
    assert office.to("aino") == [("promotion", "REQUEST")]
    assert sequence(given) > sequence(taken)


def test_who_gives_up_a_seat_and_has_one_again_at_once_keeps_the_entry():
    office = full()
    office.deliver()
    office.leave("aino")
    office.sign_up("aino")
    office.deliver()
    assert office.to("aino") == [("seat", "REQUEST")]
