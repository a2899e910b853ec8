"""Which messages a change makes, and in which order a person hears of what happened."""

from collections import Counter
from dataclasses import replace

import pytest

from chalicelib.domain.bookings import State as Booked
from chalicelib.domain.errors import PostPaused, PostRefused, PostThrottled, PostUnknown, Refused
from chalicelib.domain.letters import Method
from chalicelib.domain.messages import STAFF, Kind, State
from chalicelib.services import confirming, links
from chalicelib.services.expiry import expire_due
from tests.builders import ANYBODY, EERO, FORM, an_intent, on, the_ports
from tests.builders import STAFF as SAMI
from tests.unit.mailing import DAY, accepts, office, says, utc
from tests.unit.steps import approve, book, cancel, change, deny, refused

REMINDERS = {"reminder": 2}
SAMIS_FORM = replace(FORM, actor_id=SAMI.actor_id)  # what he made, without being staff


def kinds(store) -> Counter[str]:
    return Counter(each.kind.value for each in store.messages.values())


def prove(lab, booking):
    code = links.code_of(lab.ports, booking)
    return confirming.confirm(lab.ports, booking.booking_id, code, an_intent(ANYBODY)).value


def entries(lab) -> list[tuple[str, int]]:
    """The calendar parts that went out: method and SEQUENCE."""
    return [(letter.method.value, letter.booking.sequence) for letter in lab.sent if letter.method]


def grows(lab) -> None:
    numbers = [number for _, number in entries(lab)]
    assert numbers == sorted(set(numbers)), entries(lab)


# What each transition makes


def test_a_booking_is_confirmed_and_reminded_of(lab):
    lab = office(lab)
    booking = lab.book()
    assert kinds(lab.store) == {"confirmation": 1} | REMINDERS
    one = lab.message(Kind.CONFIRMATION)
    assert (one.subject, one.person_id) == (f"booking#{booking.booking_id}", booking.person_id)
    assert (one.revision, one.due_at) == (1, lab.clock.now())
    assert one.expires_at == booking.ends_at


def test_a_hold_is_asked_to_be_confirmed_and_for_no_longer_than_it_lasts(lab):
    lab = office(lab, prove_address=True)
    hold = lab.book(by=ANYBODY)
    assert kinds(lab.store) == {"hold": 1}
    assert lab.message(Kind.HOLD).expires_at == hold.confirm_by


def test_a_proved_address_is_confirmed_or_asked_for(lab):
    lab = office(lab, prove_address=True)
    prove(lab, lab.book(by=ANYBODY))
    assert kinds(lab.store) == {"hold": 1, "confirmation": 1} | REMINDERS
    prove(lab, lab.book("loft", by=ANYBODY))
    assert kinds(lab.store)["pending"] == kinds(lab.store)["approval-asked"] == 1
    assert kinds(lab.store)["confirmation"] == 1


def test_a_request_is_told_of_to_its_person_and_to_staff(lab):
    lab = office(lab)
    request = lab.book("loft")
    assert kinds(lab.store) == {"pending": 1, "approval-asked": 1}
    people = {each.kind: each.person_id for each in lab.store.messages.values()}
    assert people == {Kind.PENDING: request.person_id, Kind.APPROVAL_ASKED: STAFF}
    assert {each.expires_at for each in lab.store.messages.values()} == {request.starts_at}


def test_an_answer_is_told(lab):
    lab = office(lab)
    approve(lab.ports, lab.book("loft"))
    assert kinds(lab.store) == {"pending": 1, "approval-asked": 1, "approved": 1} | REMINDERS
    deny(lab.ports, lab.book("loft", hours="12-13"))
    assert kinds(lab.store)["denied"] == 1
    assert lab.message(Kind.DENIED).expires_at == utc("2027-01-04 07:00")


def test_a_request_that_nobody_answered_is_told_of_and_a_hold_is_not(lab):
    lab = office(lab, prove_address=True)
    request = lab.book("loft")
    lab.book(by=ANYBODY)
    lab.clock.time = request.starts_at
    assert expire_due(lab.ports) == 2
    assert [each.subject for each in lab.messages(Kind.EXPIRY)] == [f"booking#{request.booking_id}"]
    assert kinds(lab.store)["cancellation"] == 0
    lab.deliver()
    assert lab.kinds == ["expiry"]


def test_a_hold_given_up_is_no_news(lab):
    lab = office(lab, prove_address=True)
    cancel(lab.ports, lab.book(by=ANYBODY), by=SAMI)
    assert kinds(lab.store) == {"hold": 1}
    lab.deliver()
    assert lab.outcome(Kind.HOLD) == "dropped: cancelled"


def test_a_hold_that_is_edited_is_still_only_to_be_confirmed(lab):
    lab = office(lab, prove_address=True)
    change(lab.ports, lab.book(by=ANYBODY), by=SAMI, **on(DAY, "10-12"))
    assert kinds(lab.store) == {"hold": 1}


def test_a_change_that_waits_is_told_of_and_so_is_its_answer(lab):
    lab = office(lab)
    booking = approve(lab.ports, lab.book("loft"))
    lab.store.messages.clear()
    asking = change(lab.ports, booking, **on(DAY, "9-12"))
    assert kinds(lab.store) == {"pending": 1, "approval-asked": 1}
    renamed = change(lab.ports, asking, title="Toinen nimi")
    assert kinds(lab.store) == {"pending": 1, "approval-asked": 1}
    other = change(lab.ports, renamed, **on(DAY, "9-13"))
    assert kinds(lab.store) == {"pending": 2, "approval-asked": 2}
    granted = approve(lab.ports, other)
    assert kinds(lab.store)["approved"] == 1
    deny(lab.ports, change(lab.ports, granted, **on(DAY, "9-14")))
    assert kinds(lab.store)["denied"] == 1
    assert kinds(lab.store)["reminder"] == kinds(lab.store)["change"] == 0


def test_a_change_that_lapses_unanswered_is_told_of(lab):
    lab = office(lab)
    booking = approve(lab.ports, lab.book("loft"))
    change(lab.ports, booking, **on(DAY, "9-12"))
    lab.run(utc("2027-01-01 07:10"))
    lab.clock.time = booking.ends_at
    assert expire_due(lab.ports) == 1
    assert kinds(lab.store)["expiry"] == 1
    lab.deliver()
    assert lab.kinds[-1] == "expiry"
    assert kinds(lab.store)["reminder"] == 2


@pytest.mark.parametrize("news", [{"title": "Muu"}, {"notes": "x"}, {"attendees": 2}])
def test_what_a_mail_would_not_show_is_no_news(lab, news):
    lab = office(lab)
    change(lab.ports, lab.book(), **news)
    assert kinds(lab.store) == {"confirmation": 1} | REMINDERS


def test_a_message_of_a_transition_is_written_once():
    """Its id is of what it tells: put twice, the second transaction was the first."""
    ids = set()
    for _ in range(2):
        ports, store, _ = the_ports()
        book(ports)
        ids |= set(store.messages)
    assert len(ids) == 3


def test_nothing_is_announced_of_what_was_refused(lab):
    lab = office(lab)
    lab.book()
    before = dict(lab.store.messages)
    assert refused(lab.ports, "pod", **on(DAY, "10-12")).code == "slot-taken"
    assert lab.store.messages == before


# How often


def meanwhile(store, *others) -> None:
    """Others act between what the next one has read and what it writes."""

    def before(name: str) -> None:
        if name == "commit":
            store.before = lambda _: None
            for other in others:
                other()

    store.before = before


def attempt(results: list, act) -> None:
    try:
        act()
        results.append("done")
    except Refused as refusal:
        results.append(refusal.code)


def test_of_twenty_who_want_one_slot_one_is_confirmed(lab):
    """B29"""
    lab = office(lab)
    people = [replace(EERO, email=f"eero.{number}@gov.fi") for number in range(20)]
    results: list[str] = []
    tries = [
        lambda person=person: attempt(results, lambda: lab.book(person=person)) for person in people
    ]
    meanwhile(lab.store, *tries[1:])
    tries[0]()
    assert Counter(results) == {"done": 1, "slot-taken": 19}
    assert kinds(lab.store) == {"confirmation": 1} | REMINDERS
    lab.deliver()
    assert lab.kinds == ["confirmation"]


@pytest.mark.parametrize("order", [(approve, deny), (deny, approve)])
def test_of_two_answers_at_once_one_is_told(lab, order):
    """B35"""
    lab = office(lab)
    request = lab.told("loft")
    late, soon = order
    results: list[str] = []
    meanwhile(lab.store, lambda: attempt(results, lambda: soon(lab.ports, request)))
    attempt(results, lambda: late(lab.ports, request))
    assert results == ["done", "stale-state"]
    lab.deliver()
    assert lab.kinds == ["approved" if soon is approve else "denied"]


def test_cancelling_twice_is_told_once(lab):
    """B53"""
    lab = office(lab)
    booking = lab.told()
    first = cancel(lab.ports, booking)
    assert cancel(lab.ports, booking).version == first.version
    lab.run(utc("2027-01-21 00:00"))
    assert lab.kinds == ["cancellation"]


def test_a_text_of_staffs_own_makes_no_second_cancellation(lab):
    """B108"""
    texts = {"cancellation": {"fi": "Tervetuloa toiste.", "en": "Come again."}}
    lab = office(lab, mail_texts=texts)
    cancel(lab.ports, lab.told())
    lab.run(utc("2027-01-21 00:00"))
    assert [(letter.kind, letter.extra) for letter in lab.sent] == [
        (Kind.CANCELLATION, "Tervetuloa toiste.")
    ]


# Changes


def test_a_change_is_told_after_five_minutes(lab):
    lab = office(lab)
    change(lab.ports, lab.told(), **on(DAY, "10-12"))
    lab.run(utc("2027-01-01 07:04"))
    assert lab.kinds == []
    lab.run(utc("2027-01-01 07:06"))
    assert lab.kinds == ["change"]


def test_three_edits_make_one_mail_from_the_first_to_the_last(lab):
    """R-10, X-23; the SEQUENCE jumps by three."""
    lab = office(lab)
    booking = lab.told()
    for hours in ("10-12", "12-14", "13-15"):
        change(lab.ports, booking, **on(DAY, hours))
        lab.clock.forward(minutes=1)
    lab.run(utc("2027-01-02 07:00"))
    (letter,) = lab.sent
    assert letter.kind is Kind.CHANGE
    assert letter.before.starts_at == booking.starts_at
    assert letter.booking.starts_at == on(DAY, "13-15")["starts_at"]
    assert letter.booking.sequence == booking.sequence + 3
    ended = [(each.state, each.reason) for each in lab.messages(Kind.CHANGE)]
    assert ended == [(State.SENT, "")] + [(State.DROPPED, "nothing-new")] * 2


def test_a_change_made_after_the_mail_is_told_from_what_that_mail_said(lab):
    lab = office(lab)
    booking = lab.told()
    change(lab.ports, booking, **on(DAY, "10-12"))
    lab.run(utc("2027-01-01 08:00"))
    change(lab.ports, booking, **on(DAY, "13-15"))
    lab.run(utc("2027-01-01 09:00"))
    assert [letter.before.starts_at for letter in lab.sent] == [
        booking.starts_at,
        on(DAY, "10-12")["starts_at"],
    ]


def test_what_comes_to_nothing_is_not_told(lab):
    """R-09"""
    lab = office(lab)
    booking = lab.told()
    change(lab.ports, booking, **on(DAY, "13-15"))
    lab.clock.forward(minutes=2)
    change(lab.ports, booking, **on(DAY, "9-11"))
    lab.run(utc("2027-01-02 07:00"))
    assert lab.kinds == []
    assert {(each.state, each.reason) for each in lab.messages(Kind.CHANGE)} == {
        (State.DROPPED, "nothing-new")
    }


def test_another_room_is_a_change_and_the_next_sequence(lab):
    """R-11"""
    lab = office(lab)
    booking = lab.told()
    change(lab.ports, booking, space_ids=("studio",))
    lab.run(utc("2027-01-02 07:00"))
    (letter,) = lab.sent
    assert (letter.kind, letter.method) == (Kind.CHANGE, Method.REQUEST)
    assert letter.before.space_ids == ("pod",)
    assert letter.booking.sequence == booking.sequence + 1


def test_what_changed_before_it_was_confirmed_is_confirmed_as_it_is(lab):
    lab = office(lab)
    change(lab.ports, lab.book(), **on(DAY, "13-15"))
    lab.run(utc("2027-01-02 07:00"))
    (letter,) = lab.sent
    assert letter.kind is Kind.CONFIRMATION
    assert letter.booking.starts_at == on(DAY, "13-15")["starts_at"]
    assert lab.outcome(Kind.CHANGE) == "dropped: nothing-new"


def test_what_was_cancelled_is_not_told_to_have_changed_before(lab):
    lab = office(lab)
    booking = lab.told()
    change(lab.ports, booking, **on(DAY, "13-15"))
    lab.clock.forward(minutes=2)
    cancel(lab.ports, booking)
    lab.run(utc("2027-01-02 07:00"))
    assert lab.kinds == ["cancellation"]
    assert lab.outcome(Kind.CHANGE) == "dropped: cancelled"
    assert lab.sent[0].before.starts_at == booking.starts_at


def test_a_change_waits_for_the_confirmation_of_which_nobody_knows(lab):
    lab = office(lab)
    lab.store.lose_answer = says(PostUnknown(), times=1)
    booking = lab.book()
    lab.deliver()
    change(lab.ports, booking, **on(DAY, "13-15"))
    lab.run(utc("2027-01-01 07:14"))
    assert lab.kinds == ["confirmation"]
    lab.run(utc("2027-01-02 07:00"))
    assert lab.kinds == ["confirmation", "confirmation"]  # the second tells the change
    assert lab.outcome(Kind.CHANGE) == "dropped: nothing-new"


# A CANCEL never overtakes the REQUEST that it cancels


def test_a_cancellation_takes_back_what_was_given(lab):
    lab = office(lab)
    booking = lab.told()
    cancel(lab.ports, booking)
    lab.deliver()
    assert entries(lab) == [("CANCEL", booking.sequence + 1)]


def test_of_what_was_never_told_there_is_no_cancellation(lab):
    lab = office(lab)
    cancel(lab.ports, lab.book())
    lab.run(utc("2027-01-21 00:00"))
    assert lab.kinds == []
    assert lab.outcome(Kind.CONFIRMATION) == "dropped: cancelled"
    assert lab.outcome(Kind.CANCELLATION) == "dropped: never-told"


def test_of_what_a_carrier_refused_there_is_no_cancellation_either(lab):
    lab = office(lab)
    lab.store.refuse_mail = says(PostRefused("MessageRejected"), Kind.CONFIRMATION)
    booking = lab.told()
    cancel(lab.ports, booking)
    lab.deliver()
    assert lab.outcome(Kind.CONFIRMATION) == "failed: MessageRejected"
    assert lab.outcome(Kind.CANCELLATION) == "dropped: never-told"


def test_a_cancellation_waits_while_the_confirmation_is_on_its_way(lab):
    """Another worker has it in hand while the cancellation is looked at."""
    lab = office(lab)
    booking = lab.book()
    done: list[str] = []

    def before(name: str) -> None:
        if name == "post.send":
            lab.store.before = lambda _: None
            cancel(lab.ports, booking)
            done.extend(lab.deliver())

    lab.store.before = before
    lab.deliver()
    assert done == ["due"]  # the cancellation, given back
    assert lab.message(Kind.CANCELLATION).attempt == 0
    assert lab.kinds == ["confirmation"]
    lab.run(utc("2027-01-01 07:02"))
    assert [kind for kind, _ in entries(lab)] == ["REQUEST", "CANCEL"]
    grows(lab)


@pytest.mark.parametrize("arrived", [True, False])
def test_a_cancellation_waits_while_nobody_knows_of_the_confirmation(lab, arrived):
    """It may have arrived, so it is taken back, though it is not sent once more."""
    lab = office(lab)
    fault = says(PostUnknown(), Kind.CONFIRMATION)
    lab.store.lose_answer, lab.store.refuse_mail = (fault, accepts) if arrived else (accepts, fault)
    booking = lab.book()
    lab.deliver()
    cancel(lab.ports, booking)
    lab.run(utc("2027-01-01 07:14"))
    assert lab.message(Kind.CANCELLATION).state is State.DUE
    lab.run(utc("2027-01-01 08:00"))
    assert lab.kinds == (["confirmation"] if arrived else []) + ["cancellation"]
    assert lab.sent[-1].method is None or lab.sent[-1].method is Method.CANCEL
    assert lab.sent[-1].method is Method.CANCEL
    grows(lab)


def test_a_cancellation_follows_a_confirmation_that_was_being_sent_again(lab):
    """Staff send it once more as its person cancels: it had arrived before."""
    from chalicelib.services import outbox

    lab = office(lab)
    booking = lab.told()
    outbox.send_again(lab.ports, lab.message(Kind.CONFIRMATION).message_id, an_intent(SAMI))
    cancel(lab.ports, booking)
    lab.run(utc("2027-01-01 08:00"))
    assert lab.outcome(Kind.CONFIRMATION) == "dropped: cancelled"
    assert [(each.kind, each.method) for each in lab.sent] == [(Kind.CANCELLATION, Method.CANCEL)]


def test_a_confirmation_that_was_only_throttled_was_not_told(lab):
    lab = office(lab)
    lab.store.refuse_mail = says(PostThrottled(), Kind.CONFIRMATION, times=1)
    booking = lab.book()
    lab.deliver()
    cancel(lab.ports, booking)
    lab.run(utc("2027-01-01 08:00"))
    assert lab.kinds == []
    assert lab.outcome(Kind.CANCELLATION) == "dropped: never-told"


def test_a_cancellation_that_waits_for_what_was_paused_does_not_stop_everybody(lab):
    """After a pause one message tries; one that has to wait for another must not be it for ever."""
    lab = office(lab)
    lab.store.refuse_mail = says(PostPaused(), times=1)
    booking = lab.book()
    lab.deliver()
    cancel(lab.ports, booking)
    lab.book("studio", person=EERO)
    lab.run(utc("2027-01-01 08:00"))
    assert lab.kinds == ["confirmation"]
    assert lab.store.paused_until is None


def test_a_change_that_is_asked_for_does_not_make_the_calendar_entry_forgotten(lab):
    """The mail that says so has no calendar part, and the entry of the first is still there."""
    lab = office(lab)
    booking = approve(lab.ports, lab.told("loft"))
    lab.deliver()
    change(lab.ports, booking, **on(DAY, "9-12"))
    lab.deliver()
    cancel(lab.ports, booking)
    lab.deliver()
    assert lab.kinds[-1] == "cancellation"
    assert [method for method, _ in entries(lab)] == ["REQUEST", "CANCEL"]
    grows(lab)


def test_a_request_given_up_has_no_calendar_entry_to_take_back(lab):
    lab = office(lab)
    cancel(lab.ports, lab.told("loft"))
    lab.deliver()
    assert [(each.kind, each.method) for each in lab.sent] == [(Kind.CANCELLATION, None)]


def test_the_sequence_grows_with_each_calendar_part(lab):
    """I6, over a life with everything in it."""
    lab = office(lab)
    request = lab.book("loft")
    lab.run(utc("2027-01-01 08:00"))
    tag = (f'"{deny(lab.ports, request).version}"',)
    booking = approve(lab.ports, request, tag)
    lab.run(utc("2027-01-01 09:00"))
    asking = change(lab.ports, booking, **on(DAY, "13-15"))
    lab.run(utc("2027-01-01 10:00"))
    approve(lab.ports, asking)
    lab.run(utc("2027-01-01 11:00"))
    change(lab.ports, booking, by=SAMI, **on(DAY, "10-12"))
    lab.run(utc("2027-01-01 12:00"))
    cancel(lab.ports, booking)
    lab.run(utc("2027-01-21 00:00"))
    assert [method for method, _ in entries(lab)] == ["REQUEST"] * 3 + ["CANCEL"]
    grows(lab)


def test_the_sequence_grows_though_all_of_it_is_sent_at_once(lab):
    """I6, after an outage: each mail tells the present state, and one carries its calendar part."""
    lab = office(lab)
    booking = lab.book("loft", by=SAMI)
    asking = change(lab.ports, booking, by=SAMIS_FORM, **on(DAY, "9-12"))
    approve(lab.ports, asking)
    lab.deliver()
    assert sorted(lab.kinds) == ["approved", "confirmation"]
    grows(lab)


def test_a_denial_that_was_taken_back_is_not_told(lab):
    """R-13: granted after all, before anybody heard of the denial."""
    lab = office(lab)
    request = lab.told("loft")
    denied = deny(lab.ports, request)
    approve(lab.ports, request, (f'"{denied.version}"',))
    lab.deliver()
    assert lab.kinds == ["approved"]
    assert lab.outcome(Kind.DENIED) == "dropped: confirmed"
    assert lab.store.bookings[request.booking_id].state is Booked.CONFIRMED


def test_a_change_denied_is_told_though_the_booking_stands(lab):
    lab = office(lab)
    booking = approve(lab.ports, lab.told("loft"))
    lab.deliver()
    deny(lab.ports, change(lab.ports, booking, **on(DAY, "9-12")))
    lab.deliver()
    assert lab.kinds == ["approved", "denied"]


def test_an_approval_that_was_overtaken_by_a_cancellation_is_not_told(lab):
    lab = office(lab)
    request = lab.told("loft")
    cancel(lab.ports, approve(lab.ports, request))
    lab.deliver()
    assert lab.outcome(Kind.APPROVED) == "dropped: cancelled"
    assert [(each.kind, each.method) for each in lab.sent] == [(Kind.CANCELLATION, None)]


def test_news_of_a_request_is_dropped_where_it_was_answered_meanwhile(lab):
    lab = office(lab)
    approve(lab.ports, lab.book("loft"))
    lab.deliver()
    assert lab.kinds == ["approved"]
    assert lab.outcome(Kind.PENDING) == lab.outcome(Kind.APPROVAL_ASKED) == "dropped: confirmed"
