"""Proving an address: the code, what it makes of a hold, and how often it is mailed."""

import pytest

from chalicelib.domain.bookings import State
from chalicelib.domain.errors import Refused
from chalicelib.domain.messages import Kind
from chalicelib.services import confirming, links
from chalicelib.services.expiry import expire_due
from tests.builders import ANYBODY, EERO, an_intent
from tests.builders import STAFF as SAMI
from tests.unit.mailing import office
from tests.unit.steps import approve, cancel, change, deny

SECONDS = 30 * 60  # of a hold


def held(lab, *spaces: str, **site):
    """A hold, and the code that its mail brought."""
    lab = office(lab, prove_address=True, **site)
    hold = lab.book(*spaces, by=ANYBODY)
    lab.work()
    return lab, hold, lab.sent[-1].code


def confirm(lab, booking_id: str, code: str, key: str | None = None):
    return confirming.confirm(lab.ports, booking_id, code, an_intent(ANYBODY, key))


def refusal(lab, booking_id: str, code: str) -> Refused:
    before = (dict(lab.store.bookings), dict(lab.store.messages), len(lab.store.audit))
    with pytest.raises(Refused) as caught:
        confirm(lab, booking_id, code)
    assert (lab.store.bookings, lab.store.messages, len(lab.store.audit)) == before
    return caught.value


def test_the_code_of_the_mail_confirms_the_hold(lab):
    lab, hold, code = held(lab)
    booking = confirm(lab, hold.booking_id, code).value
    assert (booking.state, booking.confirm_by) == (State.CONFIRMED, None)
    assert lab.store.bookings[hold.booking_id] == booking
    assert lab.store.audit[-1]["action"] == "confirm"
    assert {until for day in lab.store.ledger.values() for until in day.until.values()} == set()
    lab.deliver()
    assert lab.kinds == ["hold", "confirmation"]
    lab.clock.forward(seconds=SECONDS)
    assert expire_due(lab.ports) == 0


def test_a_code_is_read_as_people_type_it(lab):
    lab, hold, code = held(lab)
    typed = f" {code[:4].lower()} - {code[4:]} "
    assert confirm(lab, hold.booking_id, typed).value.state is State.CONFIRMED


@pytest.mark.parametrize("wrong", ["", "22222222", "ÄÖ", "{code}2", "{short}"])
def test_a_wrong_code_is_refused_like_that_of_a_booking_that_there_is_not(lab, wrong):
    lab, hold, code = held(lab)
    typed = wrong.format(code=code, short=code[:-1])
    first, other = refusal(lab, hold.booking_id, typed), refusal(lab, "b_none", typed)
    assert first.problems == other.problems
    assert (first.code, first.problems[0].pointer) == ("invalid-request", "/code")


def test_the_code_of_one_hold_is_not_that_of_another(lab):
    lab, first, code = held(lab)
    second = lab.book("studio", by=ANYBODY, person=EERO)
    assert refusal(lab, second.booking_id, code).code == "invalid-request"
    assert links.code_of(lab.ports, first) != links.code_of(lab.ports, second)


def test_a_wrong_code_does_not_tell_what_became_of_a_booking(lab):
    lab, hold, _ = held(lab)
    cancel(lab.ports, hold, by=SAMI)
    assert refusal(lab, hold.booking_id, "22222222").code == "invalid-request"


@pytest.mark.parametrize(("seconds", "expected"), [(SECONDS - 1, None), (SECONDS, "hold-expired")])
@pytest.mark.parametrize("tidied", [True, False])
def test_a_hold_that_ran_out_is_too_late(lab, seconds, expected, tidied):
    """B55: whether or not the clock has released it yet."""
    lab, hold, code = held(lab)
    lab.clock.forward(seconds=seconds)
    if tidied:
        expire_due(lab.ports)
    if expected is None:
        assert confirm(lab, hold.booking_id, code).value.state is State.CONFIRMED
        return
    assert refusal(lab, hold.booking_id, code).code == expected
    again = lab.book(by=ANYBODY)
    code = links.code_of(lab.ports, again)
    assert confirm(lab, again.booking_id, code).value.state is State.CONFIRMED


def test_half_a_second_late_is_late(lab):
    """B55"""
    lab, hold, code = held(lab)
    lab.clock.forward(seconds=SECONDS + 0.5)
    assert refusal(lab, hold.booking_id, code).code == "hold-expired"


def test_confirming_twice_is_answered_twice_and_told_once(lab):
    lab, hold, code = held(lab)
    first = confirm(lab, hold.booking_id, code)
    assert confirm(lab, hold.booking_id, code).answer == first.answer
    assert len(lab.messages(Kind.CONFIRMATION)) == 1
    assert [each["action"] for each in lab.store.audit].count("confirm") == 1


def test_two_who_confirm_at_once_confirm_once(lab):
    """The button and the code, pressed together: the second has read what the first then wrote."""
    lab, hold, code = held(lab)
    done = []

    def before(name: str) -> None:
        if name == "commit":
            lab.store.before = lambda _: None
            done.append(confirm(lab, hold.booking_id, code))

    lab.store.before = before
    done.append(confirm(lab, hold.booking_id, code))
    assert done[0].answer == done[1].answer
    assert len(lab.messages(Kind.CONFIRMATION)) == 1


def test_a_repeated_request_is_answered_as_the_first_time(lab):
    lab, hold, code = held(lab)
    first = confirm(lab, hold.booking_id, code, key="once")
    cancel(lab.ports, hold, by=SAMI)
    again = confirm(lab, hold.booking_id, code, key="once")
    assert (again.answer, again.replayed) == (first.answer, True)


@pytest.mark.parametrize("proved", [True, False])
def test_what_was_given_up_is_not_confirmed(lab, proved):
    lab, hold, code = held(lab)
    if proved:
        confirm(lab, hold.booking_id, code)
    cancel(lab.ports, hold, by=SAMI)
    assert refusal(lab, hold.booking_id, code).code == "stale-state"


def test_where_staff_decide_it_becomes_a_request_and_both_are_told(lab):
    lab, hold, code = held(lab, "loft")
    booking = confirm(lab, hold.booking_id, code).value
    assert booking.state is State.PENDING
    assert {until for day in lab.store.ledger.values() for until in day.until.values()} == {
        "pending"
    }
    lab.deliver()
    assert lab.kinds == ["hold", "pending", "approval-asked"]
    assert [letter.to.email for letter in lab.sent[1:]] == ["aino.aalto@gov.fi", "lab@lab.example"]
    assert lab.messages(Kind.REMINDER) == []


def test_of_several_spaces_one_that_staff_decide_on_is_enough(lab):
    lab, hold, code = held(lab, "pod", "loft")
    assert confirm(lab, hold.booking_id, code).value.state is State.PENDING


def test_a_request_confirmed_again_stays_with_staff(lab):
    lab, hold, code = held(lab, "loft")
    confirm(lab, hold.booking_id, code)
    assert confirm(lab, hold.booking_id, code).value.state is State.PENDING
    assert len(lab.messages(Kind.PENDING)) == 1


def test_what_staff_denied_is_not_confirmed(lab):
    lab, hold, code = held(lab, "loft")
    deny(lab.ports, confirm(lab, hold.booking_id, code).value)
    assert refusal(lab, hold.booking_id, code).code == "stale-state"


def test_what_staff_granted_is_confirmed_already(lab):
    lab, hold, code = held(lab, "loft")
    approve(lab.ports, confirm(lab, hold.booking_id, code).value)
    assert confirm(lab, hold.booking_id, code).value.state is State.CONFIRMED


def test_the_code_stays_when_staff_change_the_hold(lab):
    lab, hold, code = held(lab)
    change(lab.ports, hold, by=SAMI, title="Muu")
    assert confirm(lab, hold.booking_id, code).value.title == "Muu"


# Sent again


def holds(lab) -> int:
    return len(lab.messages(Kind.HOLD))


def test_the_code_is_sent_again_at_once(lab):
    lab, hold, code = held(lab)
    confirming.send_again(lab.ports, hold.booking_id)
    lab.work()
    assert lab.kinds == ["hold", "hold"]
    assert lab.sent[1].code == code
    assert lab.messages(Kind.HOLD)[1].expires_at == hold.confirm_by


@pytest.mark.parametrize("offset", [0, 1, 150, 299])
def test_the_code_is_sent_again_at_most_once_in_five_minutes(lab, offset):
    """Whenever in an hour somebody begins to press the button."""
    lab, hold, _ = held(lab)
    lab.clock.forward(seconds=offset)
    confirming.send_again(lab.ports, hold.booking_id)
    assert holds(lab) == 2
    for seconds in (0, 1, 148, 150):
        lab.clock.forward(seconds=seconds)
        confirming.send_again(lab.ports, hold.booking_id)
    assert holds(lab) == 2
    lab.clock.forward(seconds=1)
    confirming.send_again(lab.ports, hold.booking_id)
    assert holds(lab) == 3


def test_of_many_who_ask_at_once_one_mail_goes_out(lab):
    lab, hold, _ = held(lab)

    def before(name: str) -> None:
        if name == "commit":
            lab.store.before = lambda _: None
            confirming.send_again(lab.ports, hold.booking_id)

    lab.store.before = before
    confirming.send_again(lab.ports, hold.booking_id)
    assert holds(lab) == 2
    assert len(lab.store.queue) == 1


def test_a_code_asked_for_again_after_the_hold_ended_is_not_sent(lab):
    lab, hold, _ = held(lab)
    lab.clock.forward(seconds=SECONDS)
    confirming.send_again(lab.ports, hold.booking_id)
    assert holds(lab) == 1


@pytest.mark.parametrize("end", ["confirmed", "cancelled"])
def test_of_what_is_no_hold_no_code_is_sent(lab, end):
    lab, hold, code = held(lab)
    if end == "confirmed":
        confirm(lab, hold.booking_id, code)
    else:
        cancel(lab.ports, hold, by=SAMI)
    confirming.send_again(lab.ports, hold.booking_id)
    assert holds(lab) == 1
    confirming.send_again(lab.ports, "b_none")


def test_a_code_that_arrives_when_it_is_of_no_use_is_not_sent(lab):
    """The hold was confirmed by its link while the mail waited."""
    lab, hold, code = held(lab)
    confirming.send_again(lab.ports, hold.booking_id)
    confirm(lab, hold.booking_id, code)
    lab.deliver()
    assert lab.kinds == ["hold", "confirmation"]
    assert lab.messages(Kind.HOLD)[1].reason == "confirmed"


# Links and codes


def test_a_code_can_be_read_aloud(lab):
    lab, hold, code = held(lab)
    assert len(code) == links.CODE_LENGTH == 8
    assert len(set(links.ALPHABET)) == 32
    assert not set("01IO") & set(links.ALPHABET)
    assert set(code) <= set(links.ALPHABET)


def test_links_are_of_the_purpose_and_thing_they_were_made_for(lab):
    ports = office(lab).ports
    token = links.token_of(ports, "manage", "b_1")
    assert len(token) == 48
    assert links.token_matches(ports, "manage", "b_1", token)
    assert not links.token_matches(ports, "manage", "b_2", token)
    assert not links.token_matches(ports, "unsubscribe", "b_1", token)
    assert not links.token_matches(ports, "manage", "b_1", token[:-1])
    assert not links.token_matches(ports, "manage", "b_1", "ä")


def test_links_lead_to_the_lab(lab):
    lab, hold, code = held(lab)
    letter = lab.sent[0]
    token = links.token_of(lab.ports, "manage", hold.booking_id)
    assert letter.manage_url == f"https://lab.example/manage/{hold.booking_id}/{token}"
    assert letter.confirm_url == f"{letter.manage_url}?code={code}"
