"""From due to sent: what crashes, outages and a carrier's answers do to a message."""

import heapq
import itertools
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.adapters.dynamodb.outbox import message_item, message_of
from chalicelib.domain import messages as domain
from chalicelib.domain.errors import (
    OutcomeUnknown,
    PostPaused,
    PostRefused,
    PostThrottled,
    PostUnknown,
    Unavailable,
    VersionRaced,
)
from chalicelib.domain.messages import STAFF, Kind, State, message
from chalicelib.services import mail_events, outbox, sender
from chalicelib.services.mail_events import MailEvent
from tests.builders import ANYBODY, EERO, an_intent, on
from tests.builders import STAFF as SAMI
from tests.unit.mailing import LOFT, NEW_YEAR, accepts, office, says, utc
from tests.unit.steps import approve, cancel, deny

CONFIRMATION, REMINDER = Kind.CONFIRMATION, Kind.REMINDER
MINUTE = timedelta(minutes=1)


class Death(BaseException):
    """The process is no more."""


def dies(lab, name: str, after: bool = False, times: int = 1):
    """Let the next process that makes a storage call die before it, or right after."""
    left = [times]

    def die(called: str) -> None:
        if called == name and left[0]:
            left[0] -= 1
            raise Death

    if after:
        lab.store.after = die
    else:
        lab.store.before = die


def booked(lab, **site):
    """A confirmation that is due, without reminders."""
    lab = office(lab, **site)
    lab.book()
    for each in lab.messages(REMINDER):
        del lab.store.messages[each.message_id]
    return lab


def confirmation(lab):
    return lab.message(CONFIRMATION)


def crowd(lab, number: int, **changes):
    """So many reminders of one booking that are due now, each to somebody else."""
    booking = lab.told()
    for each in lab.messages(REMINDER):
        del lab.store.messages[each.message_id]
    lab.store.calls.clear()
    for each in range(number):
        one = message(
            REMINDER,
            f"booking#{booking.booking_id}",
            f"p_{each}",
            booking.revision,
            due_at=lab.clock.now(),
            now=lab.clock.now(),
            rule="P1D",
            **changes,
        )
        lab.store.messages[one.message_id] = one


def recipients(lab) -> list[str]:
    return [lab.store.messages[mail.message_id].person_id for mail in lab.store.mails]


def ended(lab) -> dict[str, int]:
    """In which states the reminders are."""
    return dict(Counter(each.state.value for each in lab.messages(REMINDER)))


# One mail for each message


def test_a_message_goes_out_once(lab):
    lab = booked(lab)
    assert lab.deliver() == ["sent"]
    assert lab.deliver() == []
    (mail,) = lab.store.mails
    assert (mail.to, mail.attempt) == ("aino.aalto@gov.fi", 1)
    done = confirmation(lab)
    assert (done.state, done.look_at, done.settled_at) == (State.SENT, None, NEW_YEAR)


@pytest.mark.parametrize("seconds", [0, 200])
def test_what_the_queue_delivers_twice_is_sent_once(lab, seconds):
    """X-13"""
    lab = booked(lab)
    sender.poll(lab.ports)
    (message_id,) = lab.store.queue
    assert sender.work(lab.ports, message_id) == "sent"
    lab.clock.forward(seconds=seconds)
    assert sender.work(lab.ports, message_id) == "nothing to do"
    assert lab.kinds == ["confirmation"]


def test_a_tick_that_comes_twice_sends_once(lab):
    """X-14"""
    lab = booked(lab)
    sender.poll(lab.ports)
    assert sender.poll(lab.ports) == sender.Polled(0, 0.0)
    lab.work()
    assert lab.kinds == ["confirmation"]


def test_two_ticks_at_once_queue_once(lab):
    """X-14: both have read the index before either writes."""
    lab = booked(lab)

    def before(name: str) -> None:
        if name == "commit":
            lab.store.before = lambda _: None
            sender.poll(lab.ports)

    lab.store.before = before
    assert sender.poll(lab.ports).queued == 0
    assert lab.work() == ["sent"]


def test_a_batch_that_fails_half_way_sends_nothing_again(lab):
    """X-15: the fourth of ten fails, and all ten are tried again."""
    lab = office(lab)
    crowd(lab, 10)
    sender.poll(lab.ports)
    batch = list(lab.store.queue)
    lab.store.refuse_mail = says(RuntimeError(), times=0)
    for message_id in batch[:3]:
        sender.work(lab.ports, message_id)
    lab.store.refuse_mail = says(RuntimeError(), times=1)
    with pytest.raises(RuntimeError):
        sender.work(lab.ports, batch[3])
    done = [sender.work(lab.ports, message_id) for message_id in batch]
    assert done == ["nothing to do"] * 3 + ["another worker's"] + ["sent"] * 6
    assert len(lab.store.mails) == len(set(recipients(lab))) == 9


def test_the_index_may_show_what_is_done_already(lab):
    """X-25"""
    lab = booked(lab)
    stale = lab.store.messages.copy()
    lab.deliver()
    lab.ports = replace(lab.ports, outbox=StaleIndex(lab.ports.outbox, list(stale.values())))
    assert sender.poll(lab.ports).queued == 0
    assert lab.store.queue == []
    assert sender.work(lab.ports, confirmation(lab).message_id) == "nothing to do"
    assert lab.kinds == ["confirmation"]


class StaleIndex:
    """An outbox whose index shows what has been."""

    def __init__(self, real, found) -> None:
        self._real, self._found = real, found

    def __getattr__(self, name: str):
        return getattr(self._real, name)

    def due(self, now, limit):
        return list(self._found)


def test_of_a_write_that_loses_its_race_the_others_are_queued(lab):
    """X-25: one of many is stale; the rest do not wait for the next minute."""
    lab = office(lab)
    crowd(lab, 30)
    stale = lab.messages(REMINDER)
    done = domain.sent(stale[7], NEW_YEAR)
    lab.store.messages[done.message_id] = done
    lab.ports = replace(lab.ports, outbox=StaleIndex(lab.ports.outbox, stale))
    assert sender.poll(lab.ports).queued == 29
    assert sorted(lab.store.queue) == sorted(
        each.message_id for each in stale if each.message_id != done.message_id
    )


def test_what_is_queued_is_not_queued_again_until_a_worker_would_be_done(lab):
    lab = booked(lab)
    assert sender.poll(lab.ports).queued == 1
    lab.clock.time = NEW_YEAR + domain.LEASE - timedelta(seconds=1)
    assert sender.poll(lab.ports).queued == 0
    lab.clock.forward(seconds=1)
    assert sender.poll(lab.ports) == sender.Polled(1, domain.LEASE.total_seconds())


def test_what_is_not_due_yet_is_not_sent_though_it_is_in_the_queue(lab):
    lab = office(lab)
    lab.told()
    reminder = lab.message(REMINDER, "P1D")
    assert sender.work(lab.ports, reminder.message_id) == "another worker's"
    assert lab.kinds == []


def test_what_there_is_not_is_nothing_to_do(lab):
    lab = office(lab)
    assert sender.work(lab.ports, "m_none") == "nothing to do"


def test_nothing_due_costs_one_query(lab):
    lab = office(lab)
    lab.store.calls.clear()
    assert sender.poll(lab.ports) == sender.Polled(0, 0.0)
    assert lab.store.calls == ["outbox.due"]


def test_the_poller_stops_in_time_and_the_rest_is_found_the_next_minute(lab):
    lab = office(lab)
    crowd(lab, 60)

    def slow(name: str) -> None:
        if name == "queue.send":
            lab.clock.waited += 25.0

    lab.store.before = slow
    assert sender.poll(lab.ports).queued == 50
    assert sender.poll(lab.ports).queued == 10


def test_the_poller_says_how_long_the_oldest_has_waited(lab):
    lab = office(lab)
    crowd(lab, 2)
    lab.clock.forward(seconds=90)
    assert sender.poll(lab.ports) == sender.Polled(2, 90.0)


# Deaths


def test_a_process_that_dies_after_the_commit_has_its_mail_sent(lab):
    """B43, X-21: by the clock, within two minutes."""
    lab = office(lab)
    dies(lab, "commit", after=True)
    with pytest.raises(Death):
        lab.book()
    lab.clock.forward(seconds=61)
    lab.run(lab.clock.now() + MINUTE)
    assert len(lab.store.bookings) == 1
    assert lab.kinds == ["confirmation"]
    lab.run(utc("2027-01-02 07:00"))
    assert lab.kinds == ["confirmation"]


def test_a_worker_that_died_before_it_did_anything_is_replaced(lab):
    lab = booked(lab)
    dies(lab, "outbox.context")
    with pytest.raises(Death):
        lab.deliver()
    assert confirmation(lab).state is State.CLAIMED
    lab.run(NEW_YEAR + domain.LEASE - MINUTE)
    assert lab.kinds == []
    lab.run(NEW_YEAR + domain.LEASE + MINUTE)
    assert (lab.kinds, confirmation(lab).attempt) == (["confirmation"], 2)


def test_a_second_worker_leaves_alone_what_the_first_may_still_do(lab):
    lab = booked(lab)
    message_id = confirmation(lab).message_id
    for name in ("outbox.context", "post.send"):
        dies(lab, name)
        with pytest.raises(Death):
            sender.work(lab.ports, message_id)
        lab.store.before = lambda _: None
        lab.clock.forward(seconds=179)
        assert sender.work(lab.ports, message_id) == "another worker's"
        lab.clock.forward(seconds=1)
    assert confirmation(lab).state is State.SENDING
    assert sender.work(lab.ports, message_id) == "unknown"


@pytest.mark.parametrize("kind", [CONFIRMATION, REMINDER])
def test_ses_says_what_became_of_the_mail_of_a_dead_worker(lab, kind):
    """X-01"""
    lab = office(lab)
    if kind is REMINDER:
        crowd(lab, 1)
    else:
        lab.book()
    dies(lab, "post.send", after=True)
    with pytest.raises(Death):
        lab.deliver()
    (mail,) = lab.store.mails
    lab.run(NEW_YEAR + timedelta(minutes=5))
    assert lab.store.messages[mail.message_id].state is State.UNKNOWN
    event = MailEvent("Send", mail.message_id, mail.attempt)
    assert mail_events.receive(lab.ports, event) == "sent"
    lab.run(utc("2027-01-02 07:00"))
    done = lab.store.messages[mail.message_id]
    assert (len(lab.store.mails), done.state) == (1, State.SENT)


def test_without_ses_word_it_is_sent_once_more_and_no_more(lab):
    """X-02: of reminders at most two, and the second is counted as one sent again."""
    lab = office(lab)
    crowd(lab, 1)
    dies(lab, "post.send", after=True, times=3)
    for _ in range(2):
        with pytest.raises(Death):
            lab.run(lab.clock.now() + timedelta(minutes=30))
    lab.run(utc("2027-01-02 07:00"))
    (one,) = lab.messages(REMINDER)
    assert (len(lab.store.mails), one.state, one.reason) == (2, State.UNKNOWN, "no-evidence")
    assert one.resent
    assert one.final


def test_nobody_is_asked_again_before_a_quarter_of_an_hour(lab):
    """X-02: from when it was marked, not from when somebody noticed."""
    lab = office(lab)
    crowd(lab, 1)
    lab.store.lose_answer = says(PostUnknown(), times=1)
    lab.deliver()
    lab.clock.time = NEW_YEAR + timedelta(minutes=15, seconds=-1)
    (one,) = lab.messages(REMINDER)
    assert sender.work(lab.ports, one.message_id) == "waiting for evidence"
    assert lab.deliver() == []
    lab.clock.forward(seconds=1)
    assert lab.deliver() == ["sent"]


def test_a_digest_of_unknown_fate_is_not_sent_again(lab):
    """X-02: it comes again tomorrow."""
    lab = office(lab)
    lab.told("loft")
    sender.digest(lab.ports)
    lab.store.lose_answer = says(PostUnknown(), Kind.DIGEST)
    lab.run(NEW_YEAR + timedelta(hours=1))
    assert lab.kinds == ["digest"]
    assert lab.outcome(Kind.DIGEST) == "unknown: no-evidence"


def test_the_mark_is_tried_again_and_the_mail_is_not(lab):
    """X-03"""
    lab = booked(lab)
    left = [2]

    def before(name: str) -> None:
        if name == "commit" and lab.store.mails and left[0]:
            left[0] -= 1
            raise OutcomeUnknown

    lab.store.before = before
    assert lab.deliver() == ["sent"]
    assert (lab.kinds, left) == (["confirmation"], [0])


def test_a_mark_that_was_written_though_the_store_did_not_say_so_is_enough(lab):
    """X-03"""
    lab = booked(lab)

    def after(name: str) -> None:
        if name == "commit" and lab.store.mails:
            lab.store.after = lambda _: None
            raise OutcomeUnknown

    lab.store.after = after
    lab.deliver()
    assert confirmation(lab).state is State.SENT
    lab.run(utc("2027-01-02 07:00"))
    assert lab.kinds == ["confirmation"]


def test_a_worker_that_dies_after_its_mark_has_sent_nothing(lab):
    """X-05"""
    lab = booked(lab)
    dies(lab, "post.send")
    with pytest.raises(Death):
        lab.deliver()
    lab.run(NEW_YEAR + timedelta(minutes=14))
    assert (lab.kinds, confirmation(lab).state) == ([], State.UNKNOWN)
    lab.run(NEW_YEAR + timedelta(minutes=16))
    assert lab.kinds == ["confirmation"]
    assert lab.outcome(CONFIRMATION) == "sent"


@pytest.mark.parametrize("took", [True, False])
def test_no_answer_is_not_a_reason_to_try_at_once(lab, took):
    """X-06 (a time-out, though SES took it) and X-07 (its error 500)."""
    lab = booked(lab)
    if took:
        lab.store.lose_answer = says(PostUnknown(), times=1)
    else:
        lab.store.refuse_mail = says(PostUnknown(), times=1)
    assert lab.deliver() == ["unknown"]
    assert lab.store.calls.count("post.send") == 1
    lab.run(NEW_YEAR + timedelta(minutes=14))
    assert lab.store.calls.count("post.send") == 1
    lab.run(NEW_YEAR + timedelta(minutes=16))
    assert lab.store.calls.count("post.send") == 2
    assert lab.outcome(CONFIRMATION) == "sent"


def test_a_late_mark_does_not_undo_what_another_worker_does(lab):
    """X-17: A hangs in its call until B has taken over and sent again."""
    lab = booked(lab)
    seen: list[str] = []

    def hang(name: str) -> None:
        if name == "post.send":
            lab.store.after = lambda _: None
            lab.run(NEW_YEAR + timedelta(minutes=14))
            dies(lab, "post.send")  # B is about to send
            with pytest.raises(Death):
                lab.run(NEW_YEAR + timedelta(minutes=16))
            lab.store.before = lambda _: None
            seen.append(confirmation(lab).state.value)

    lab.store.after = hang
    assert lab.deliver() == [sender.LOST]
    assert seen == ["sending"]
    one = confirmation(lab)
    assert (one.state, one.attempt, one.lease_until is not None) == (State.SENDING, 2, True)


def test_a_mark_that_comes_while_nobody_has_taken_over_still_counts(lab):
    """X-17: the lease is over and the message in doubt, and its first worker knows better."""
    lab = booked(lab)

    def hang(name: str) -> None:
        if name == "post.send":
            lab.store.after = lambda _: None
            lab.run(NEW_YEAR + timedelta(minutes=5))
            assert confirmation(lab).state is State.UNKNOWN

    lab.store.after = hang
    assert lab.deliver() == ["sent"]
    lab.run(utc("2027-01-02 07:00"))
    assert lab.kinds == ["confirmation"]


@pytest.mark.parametrize("early", [True, False])
def test_ses_word_and_the_workers_come_in_any_order(lab, early):
    """X-18"""
    lab = booked(lab)
    event = MailEvent("Send", confirmation(lab).message_id, 1)

    def after(name: str) -> None:
        if early and name == "post.send":
            mail_events.receive(lab.ports, event)

    lab.store.after = after
    lab.deliver()
    if not early:
        assert mail_events.receive(lab.ports, event) == "nothing new"
    assert confirmation(lab).state is State.SENT
    lab.run(utc("2027-01-02 07:00"))
    assert lab.kinds == ["confirmation"]


def test_a_poisoned_message_keeps_no_other_waiting(lab):
    """X-26: what the queue gives up after five deliveries is for a person to look at."""
    lab = office(lab)
    crowd(lab, 4)
    poison = lab.messages(REMINDER)[0].message_id

    class Poisoned(StaleIndex):
        def context(self, one):
            if one.message_id == poison:
                raise RuntimeError
            return self._real.context(one)

        def due(self, now, limit):
            return self._real.due(now, limit)

    lab.ports = replace(lab.ports, outbox=Poisoned(lab.ports.outbox, ()))
    sender.poll(lab.ports)
    queue, failures = list(lab.store.queue), 0
    for _ in range(5):
        for message_id in list(queue):
            try:
                sender.work(lab.ports, message_id)
                queue.remove(message_id)
            except RuntimeError:
                failures += 1
        lab.clock.forward(seconds=200)  # the queue's visibility timeout, longer than a lease
    assert (queue, failures) == ([poison], 5)
    assert len(lab.store.mails) == 3


def test_what_was_cancelled_between_claim_and_send_is_not_reminded_of(lab):
    """X-27"""
    lab = office(lab)
    booking = lab.told()
    lab.clock.time = utc("2027-01-19 07:00")

    def before(name: str) -> None:
        if name == "outbox.context":  # after the claim
            lab.store.before = lambda _: None
            cancel(lab.ports, booking)

    lab.store.before = before
    lab.deliver()
    assert lab.outcome(REMINDER, "P1D") == "dropped: cancelled"
    lab.deliver()
    assert lab.kinds == ["cancellation"]


def test_what_was_cancelled_between_the_check_and_the_mark_is_not_reminded_of(lab):
    """X-27: what was read is no longer so when it is to be marked, and is read again."""
    lab = office(lab)
    booking = lab.told()
    lab.clock.time = utc("2027-01-19 07:00")
    seen = [0]

    def before(name: str) -> None:
        seen[0] += name == "commit"
        if name == "commit" and seen[0] == 3:  # queued, claimed, and now the mark
            lab.store.before = lambda _: None
            cancel(lab.ports, booking)

    lab.store.before = before
    lab.deliver()
    assert lab.outcome(REMINDER, "P1D") == "dropped: cancelled"
    lab.deliver()
    assert lab.kinds == ["cancellation"]


def test_what_ses_took_already_is_followed_by_the_cancellation(lab):
    """X-27"""
    lab = office(lab)
    booking = lab.told()
    lab.clock.time = utc("2027-01-19 07:00")

    def after(name: str) -> None:
        if name == "post.send":
            lab.store.after = lambda _: None
            cancel(lab.ports, booking)

    lab.store.after = after
    lab.deliver()
    lab.deliver()
    assert lab.kinds == ["reminder", "cancellation"]


def test_a_booking_that_never_stands_still_is_looked_at_again_later(lab):
    lab = office(lab)
    booking = lab.book()

    def before(name: str) -> None:
        if name == "outbox.context":
            lab.store.after = touch

    def touch(name: str) -> None:
        lab.store.after = lambda _: None
        present = lab.store.bookings[booking.booking_id]
        lab.store.bookings[booking.booking_id] = replace(present, version=present.version + 1)

    lab.store.before = before
    assert lab.deliver() == ["due"]
    assert confirmation(lab).look_at == NEW_YEAR + timedelta(seconds=30)
    assert confirmation(lab).attempt == 0
    assert lab.store.calls.count("outbox.context") == 3
    lab.store.before = lambda _: None
    lab.run(NEW_YEAR + MINUTE)
    assert lab.kinds == ["confirmation"]


def test_who_was_overtaken_before_the_mark_sends_nothing(lab):
    lab = booked(lab)

    def hang(name: str) -> None:
        if name == "outbox.context":
            lab.store.after = lambda _: None
            lab.run(NEW_YEAR + timedelta(minutes=4))  # another takes over and sends

    lab.store.after = hang
    assert lab.deliver() == [sender.LOST]
    assert (lab.kinds, confirmation(lab).attempt) == (["confirmation"], 2)


def test_a_claim_that_another_made_meanwhile_is_lost(lab):
    lab = booked(lab)
    message_id = confirmation(lab).message_id

    def before(name: str) -> None:
        if name == "commit":
            lab.store.before = lambda _: None
            sender.work(lab.ports, message_id)

    lab.store.before = before
    assert sender.work(lab.ports, message_id) == sender.LOST
    assert lab.kinds == ["confirmation"]


def test_rows_of_another_version_of_the_code_can_be_read():
    """X-22: attributes that a newer one writes are left alone, those an older one lacks have defaults."""
    one = message(CONFIRMATION, "booking#b_1", "p_1", 1, due_at=NEW_YEAR, now=NEW_YEAR)
    item = message_item(one)
    assert message_of({**item, "channel": "pigeon", "schema": 99}) == one
    old = {
        name: value
        for name, value in item.items()
        if name not in ("resent", "reached", "failures", "rule", "marked_at", "lease_until")
    }
    assert message_of(old) == one


# What a carrier says


def test_what_is_refused_is_never_tried_again(lab):
    """X-09"""
    lab = booked(lab)
    lab.store.refuse_mail = says(PostRefused("MessageRejected"))
    assert lab.deliver() == ["failed"]
    lab.run(utc("2027-01-02 07:00"))
    assert lab.store.calls.count("post.send") == 1
    assert lab.outcome(CONFIRMATION) == "failed: MessageRejected"
    assert confirmation(lab).settled_at == NEW_YEAR


def test_an_address_that_is_refused_is_refused_alone(lab):
    """R-23: of 500, the seventeenth."""
    lab = office(lab)
    crowd(lab, 500)
    bad = lab.messages(REMINDER)[16].message_id

    def refuse(mail) -> None:
        if mail.message_id == bad:
            raise PostRefused("BadRequestException")

    lab.store.refuse_mail = refuse
    lab.run(utc("2027-01-02 07:00"))
    assert ended(lab) == {"sent": 499, "failed": 1}
    assert len(lab.store.mails) == len(set(recipients(lab))) == 499
    assert lab.store.messages[bad].reason == "BadRequestException"


def test_throttling_is_nobodys_attempt(lab):
    lab = booked(lab)
    lab.store.refuse_mail = says(PostThrottled(), times=9)
    delays: list[int] = []

    class Queue:
        def send(self, message_ids, delay_seconds=0):
            if delay_seconds:
                delays.append(delay_seconds)
            lab.store.queue.extend(message_ids)

    lab.ports = replace(lab.ports, queue=Queue())
    for _ in range(9):
        assert lab.deliver() == ["due"]
        assert (confirmation(lab).attempt, confirmation(lab).marked_at) == (0, None)
        assert confirmation(lab).look_at == lab.clock.now() + timedelta(seconds=delays[-1])
        lab.clock.forward(seconds=delays[-1])
        lab.store.queue.clear()
    assert all(2 <= each <= 15 for each in delays)
    assert len(set(delays)) > 1
    assert lab.deliver() == ["sent"]
    assert confirmation(lab).attempt == 1


def test_three_thousand_reminders_at_fourteen_a_second_take_four_minutes(lab):
    """R-27: a queue that delays, a hundred looks a second, and a carrier that counts."""
    lab = office(lab)
    crowd(lab, 3000)
    start, order = lab.clock.now(), itertools.count()
    queue: list[tuple] = []
    taken: dict[int, int] = {}

    class Queue:
        def send(self, message_ids, delay_seconds=0):
            ready = lab.clock.now() + timedelta(seconds=delay_seconds)
            for message_id in message_ids:
                heapq.heappush(queue, (ready, next(order), message_id))

    def carrier(_mail) -> None:
        second = int((lab.clock.now() - start).total_seconds())
        if taken.get(second, 0) >= 14:
            raise PostThrottled
        taken[second] = taken.get(second, 0) + 1

    lab.ports = replace(lab.ports, queue=Queue())
    lab.store.refuse_mail = carrier
    for second in range(260):
        lab.clock.time = start + timedelta(seconds=second)
        if second % 60 == 0:
            sender.poll(lab.ports)
        for _ in range(100):
            if not queue or queue[0][0] > lab.clock.now():
                break
            sender.work(lab.ports, heapq.heappop(queue)[2])
        if len(lab.store.mails) == 3000:
            break
    assert ended(lab) == {"sent": 3000}
    assert second < 240
    assert {each.attempt for each in lab.messages(REMINDER)} == {1}
    assert len(set(recipients(lab))) == 3000


# Pauses


def test_when_sending_is_paused_the_poller_stops_and_everything_waits(lab):
    """X-10: one tries after five minutes, and when it goes through, all."""
    lab = office(lab)
    crowd(lab, 5)
    lab.store.refuse_mail = says(PostPaused())
    lab.deliver()
    assert lab.store.calls.count("post.send") == 1  # the other four saw the pause
    assert ended(lab) == {"due": 5}
    assert {each.attempt for each in lab.messages(REMINDER)} == {0}
    lab.clock.forward(minutes=1)
    assert sender.poll(lab.ports).queued == 0
    lab.run(NEW_YEAR + timedelta(minutes=5))
    assert lab.store.calls.count("post.send") == 2
    lab.store.refuse_mail = accepts
    lab.run(NEW_YEAR + timedelta(minutes=10))
    assert (len(lab.store.mails), lab.store.paused_until) == (1, None)
    lab.run(NEW_YEAR + timedelta(minutes=12))
    assert len(lab.store.mails) == 5


def test_what_came_due_during_a_pause_waits_too_and_what_ran_out_is_not_sent(lab):
    """X-10"""
    lab = office(lab)
    crowd(lab, 3, expires_at=NEW_YEAR + timedelta(minutes=4))
    lab.ports.outbox.pause(NEW_YEAR + timedelta(minutes=5))
    lab.run(NEW_YEAR + timedelta(minutes=4, seconds=59))
    assert ended(lab) == {"due": 3}
    lab.run(NEW_YEAR + timedelta(minutes=10))
    assert ended(lab) == {"missed": 3}


def test_while_one_tries_the_pause_is_not_lifted_by_what_is_dropped(lab):
    """X-10: only a mail that went out shows that mails go out."""
    lab = office(lab)
    crowd(lab, 2)
    first = min(each.message_id for each in lab.messages(REMINDER))
    person_id = lab.store.messages[first].person_id
    lab.ports.people.suppress(person_id, "bounce", NEW_YEAR)
    lab.ports.outbox.pause(NEW_YEAR)
    assert lab.deliver() == ["dropped"]
    assert lab.store.paused_until == NEW_YEAR
    assert lab.deliver() == ["sent"]
    assert lab.store.paused_until is None


def test_no_pause_is_lifted_by_who_did_not_know_of_it(lab):
    """A worker that was on its way as sending was paused says nothing about what is after."""
    lab = booked(lab)

    def after(name: str) -> None:
        if name == "outbox.context":
            lab.store.paused_until = NEW_YEAR + timedelta(minutes=5)

    lab.store.after = after
    assert lab.deliver() == ["sent"]
    assert lab.store.paused_until == NEW_YEAR + timedelta(minutes=5)


def test_when_the_quota_of_the_day_is_used_up_the_rest_waits_and_cancellations_go_first(lab):
    """X-11: at row 300 of 500."""
    lab = office(lab)
    given_up = lab.told("studio", person=EERO)
    crowd(lab, 500)

    def quota(mail) -> None:
        if len(lab.store.mails) >= 300:
            raise PostPaused

    lab.store.refuse_mail = quota
    lab.store.mails.clear()
    lab.deliver()
    assert ended(lab) == {"sent": 300, "due": 200}
    cancel(lab.ports, given_up)
    lab.store.refuse_mail = accepts
    lab.run(NEW_YEAR + timedelta(minutes=6))
    assert len(lab.store.mails) == 501
    assert "cancellation" in lab.kinds[300:302]  # behind the one that tried, at most
    assert ended(lab) == {"sent": 500}


def test_cancellations_go_before_reminders(lab):
    """X-11: what is queued together is queued in the order of what is worth most."""
    lab = office(lab, prove_address=True)
    given_up = lab.told("studio", person=EERO)
    crowd(lab, 30)
    lab.clock.forward(seconds=30)
    lab.book("loft", hours="12-13")
    cancel(lab.ports, given_up)
    lab.book("pod", hours="14-15", by=ANYBODY)
    lab.deliver()
    assert lab.kinds[:4] == ["hold", "cancellation", "pending", "approval-asked"]
    assert set(lab.kinds[4:]) == {"reminder"}


def test_every_kind_has_its_place_in_the_order():
    assert sorted(domain.PRECEDENCE) == sorted(Kind)


def test_a_mail_server_that_is_down_for_two_hours_stops_no_booking(lab):
    """B109: mails go out later, and those that are worth nothing by then do not."""
    lab = office(lab)
    late = lab.told("studio", **on("2027-01-01", "10:15-11"))
    assert late.starts_at == utc("2027-01-01 08:15")
    lab.run(NEW_YEAR + timedelta(minutes=10))
    lab.store.refuse_mail = says(PostPaused())
    booking = lab.book()
    lab.run(NEW_YEAR + timedelta(hours=2))
    assert lab.kinds == []
    lab.store.refuse_mail = accepts
    lab.run(NEW_YEAR + timedelta(hours=3))
    assert lab.kinds == ["confirmation"]
    assert lab.sent[0].booking.booking_id == booking.booking_id
    ended = [each for each in lab.messages(REMINDER) if late.booking_id in each.subject]
    assert [(each.state, each.rule) for each in ended] == [(State.MISSED, "PT1H")]


# What cannot be written


def test_what_cannot_be_written_is_tried_five_times_ever_later(lab):
    lab = booked(lab)

    def render(letter):
        times.append(int((lab.clock.now() - NEW_YEAR).total_seconds() // 60))
        raise ValueError("Aino Aalto")

    times: list[int] = []
    lab.ports = replace(lab.ports, render=render)
    lab.run(utc("2027-01-02 07:00"))
    assert times == [0, 2, 6, 14, 30]
    assert lab.outcome(CONFIRMATION) == "failed: not-rendered"


def test_what_was_written_in_a_mail_is_not_in_the_log(lab, caplog):
    lab = booked(lab)

    def render(letter):
        raise ValueError(letter.to.name)

    lab.ports = replace(lab.ports, render=render)
    lab.deliver()
    assert "not rendered" in caplog.text
    assert "Aino" not in caplog.text


# The nudge


def test_a_code_does_not_wait_for_the_clock(lab):
    lab = office(lab, prove_address=True)
    lab.book(by=ANYBODY)
    assert lab.work() == ["sent"]
    assert lab.kinds == ["hold"]
    assert lab.deliver() == []


def test_what_nobody_waits_for_waits_for_the_clock(lab):
    lab = office(lab)
    lab.book()
    assert lab.store.queue == []
    assert "queue.send" not in lab.store.calls


def test_a_nudge_that_is_lost_is_made_good_by_the_clock(lab):
    lab = office(lab, prove_address=True)

    def before(name: str) -> None:
        if name == "queue.send":
            raise Unavailable

    lab.store.before = before
    lab.book(by=ANYBODY)
    lab.store.before = lambda _: None
    assert lab.store.queue == []
    lab.deliver()
    assert lab.kinds == ["hold"]


def test_a_repeated_request_nudges_nobody(lab):
    from chalicelib.services import bookings
    from tests.builders import a_request

    lab = office(lab, prove_address=True)
    intent = an_intent(ANYBODY, "once")
    for _ in range(2):
        bookings.book(lab.ports, a_request("pod", **on("2027-01-20", "9-11")), intent)
    assert len(lab.store.queue) == 1


# The digest


def test_staff_are_told_once_a_day_what_waits(lab):
    lab = office(lab)
    request = lab.told("loft")
    assert [sender.digest(lab.ports) for _ in range(2)] == [1, 1]
    lab.deliver()
    assert lab.kinds == ["digest"]
    assert [each.booking_id for each in lab.sent[0].waiting] == [request.booking_id]
    lab.clock.forward(days=1)
    sender.digest(lab.ports)
    lab.deliver()
    assert lab.kinds == ["digest", "digest"]
    one = lab.messages(Kind.DIGEST)[0]
    assert (one.person_id, one.subject) == (STAFF, "day#2027-01-01")
    assert one.expires_at == NEW_YEAR + timedelta(hours=12)


def test_a_day_is_a_day_of_the_labs(lab):
    lab = office(lab, now=utc("2027-01-01 22:30"))
    lab.told("loft")
    sender.digest(lab.ports)
    assert lab.message(Kind.DIGEST).subject == "day#2027-01-02"


@pytest.mark.parametrize("answer", [approve, deny, cancel])
def test_staff_are_not_told_of_nothing(lab, answer):
    lab = office(lab)
    lab.told("pod")
    answer(lab.ports, lab.told("loft"))
    assert sender.digest(lab.ports) == 0
    assert lab.messages(Kind.DIGEST) == []


def test_a_digest_of_what_was_answered_meanwhile_is_dropped(lab):
    lab = office(lab)
    request = lab.told("loft")
    sender.digest(lab.ports)
    cancel(lab.ports, request)
    lab.deliver()
    assert lab.outcome(Kind.DIGEST) == "dropped: nothing-new"


def test_the_digest_comes_on_a_leap_day_too(lab):
    """2028-02-29, a Tuesday: there is no such day three years on."""
    lab = office(lab, now=utc("2028-02-29 05:00"))
    lab.told("loft", **on("2028-03-01", "9-11"))
    assert sender.digest(lab.ports) == 1
    lab.deliver()
    assert lab.kinds == ["digest"]


# Staff send again


def test_staff_send_a_message_again_and_it_tells_what_is_so_now(lab):
    lab = office(lab)
    booking = lab.told()
    again = outbox.send_again(lab.ports, confirmation(lab).message_id, an_intent(SAMI)).value
    assert (again.state, again.expires_at, again.settled_at) == (State.DUE, None, None)
    lab.clock.time = booking.starts_at - timedelta(hours=3)
    lab.deliver()
    assert lab.kinds.count("confirmation") == 1
    letter = next(each for each in lab.sent if each.kind is CONFIRMATION)
    assert (letter.attempt, letter.method) == (2, "REQUEST")


def test_a_message_sent_again_of_which_nothing_is_heard_is_sent_once_more(lab):
    """What staff ask for starts anew: one more try where nobody knows."""
    lab = office(lab)
    crowd(lab, 1)
    lab.store.lose_answer = says(PostUnknown())
    lab.run(NEW_YEAR + timedelta(hours=1))
    (one,) = lab.messages(REMINDER)
    assert (len(lab.store.mails), one.final) == (2, True)
    outbox.send_again(lab.ports, one.message_id, an_intent(SAMI))
    lab.run(NEW_YEAR + timedelta(hours=2))
    assert len(lab.store.mails) == 4


def test_what_is_no_longer_so_is_dropped_though_staff_send_it_again(lab):
    lab = office(lab)
    booking = lab.told()
    lab.run(utc("2027-01-19 08:00"))
    reminder = lab.message(REMINDER, "P1D")
    cancel(lab.ports, booking)
    outbox.send_again(lab.ports, reminder.message_id, an_intent(SAMI))
    lab.deliver()
    assert lab.outcome(REMINDER, "P1D") == "dropped: cancelled"


def test_a_message_is_announced_once(lab):
    lab = office(lab, LOFT)
    one = message(Kind.DIGEST, "day#2027-01-01", STAFF, 0, due_at=NEW_YEAR, now=NEW_YEAR)
    assert sender.announce(lab.ports, one)
    assert not sender.announce(lab.ports, one)


def test_who_saves_an_old_view_of_a_message_loses(lab):
    """The fencing that all of this hangs on."""
    lab = booked(lab)
    one = confirmation(lab)
    lab.deliver()
    tx = lab.ports.begin()
    lab.ports.outbox.save(tx, domain.claimed(one, NEW_YEAR))
    with pytest.raises(VersionRaced):
        tx.commit()
