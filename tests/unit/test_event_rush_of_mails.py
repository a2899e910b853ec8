"""An event's mails when much is due at once or something is broken: others go out all the same."""

import heapq
import itertools
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.adapters.mail.render import render
from chalicelib.domain.errors import PostThrottled
from chalicelib.domain.events import State as EventState
from chalicelib.domain.messages import EVERYBODY, MOST_FAILURES, Kind, Message, State
from chalicelib.services import events, outbox, sender
from chalicelib.services.outbox import Wanted
from tests.builders import STAFF, an_intent
from tests.event_builders import START, a_signup, an_event, some_seats, somebody
from tests.event_scene import EVENT, id_of, signs_up
from tests.seat_office import Office

A_DAY_BEFORE = START - timedelta(days=1)
PEOPLE, A_SECOND = 3000, 14  # what SES takes of a new account
OTHER = "e_two"


def two_events() -> Office:
    """Two at the same time, of which Aino and Eero come to one, and Iida and Otto to the other."""
    office = Office(an_event(state=EventState.DRAFT, announced=False))
    draft = an_event(event_id=OTHER, state=EventState.DRAFT, announced=False)
    events.create(office.ports, draft, an_intent(STAFF, "other"))
    for event_id in (EVENT, OTHER):
        events.publish(office.ports, event_id, an_intent(STAFF, f"publish {event_id}"))
    office.sign_up("aino", "eero")
    for name in ("iida", "otto"):
        signs_up(office.ports, name, event_id=OTHER)
    office.deliver()
    return office


def test_one_event_whose_text_cannot_be_written_fails_alone_and_staff_see_it():
    """R-26"""
    office = two_events()

    def breaks(letter) -> bytes:
        if letter.kind is Kind.EVENT_REMINDER and letter.seat.event.event_id == EVENT:
            raise ValueError("a text that nobody can fill in")
        return render(letter)

    office.ports = replace(office.ports, render=breaks)
    before = len(office.store.mails)
    office.run(A_DAY_BEFORE + timedelta(hours=1))
    sent = sorted(mail.to for mail in office.store.mails[before:])
    assert sent == sorted(somebody(name).email for name in ("iida", "otto"))
    wanted = Wanted(subject=f"event#{EVENT}", state="failed")
    failed = outbox.find(office.ports, wanted, 100, None).items
    assert {each.person_id for each in failed} == {id_of("aino"), id_of("eero")}
    assert {(each.reason, each.failures) for each in failed} == {("not-rendered", MOST_FAILURES)}
    assert outbox.find(office.ports, Wanted(subject=f"event#{OTHER}", state="failed"), 9, None) == (
        outbox.Page([])
    )
    # Once the text is mended, staff send it again.
    office.ports = replace(office.ports, render=office.render)
    outbox.send_again(office.ports, failed[0].message_id, an_intent(STAFF, "again"))
    (letter,) = office.run(office.clock.time + timedelta(minutes=1))
    assert letter.kind is Kind.EVENT_REMINDER


class Line:
    """A queue that delays, looked at in the order in which things are ready."""

    def __init__(self, clock) -> None:
        self._clock = clock
        self._heap: list[tuple] = []
        self._order = itertools.count()

    def send(self, message_ids, delay_seconds: int = 0) -> None:
        ready = self._clock.now() + timedelta(seconds=delay_seconds)
        for message_id in message_ids:
            heapq.heappush(self._heap, (ready, next(self._order), message_id))

    def ready(self) -> str | None:
        if not self._heap or self._heap[0][0] > self._clock.now():
            return None
        return heapq.heappop(self._heap)[2]


def crowded() -> Office:
    """An event of three thousand, who know of it, a second before they are reminded."""
    seats = some_seats(PEOPLE, free=0)
    office = Office(an_event(ways={next(iter(an_event().ways)): seats}, state=EventState.DRAFT))
    for number in range(PEOPLE):
        person = somebody(f"n{number}")
        person_id = f"p_{number:04d}"
        office.store.signups[EVENT, person_id] = a_signup(person_id, person=person)
    events.publish(office.ports, EVENT, an_intent(STAFF))
    office.clock.time = A_DAY_BEFORE
    return office


def reminders(office: Office) -> list[Message]:
    return [e for e in office.store.messages.values() if e.kind is Kind.EVENT_REMINDER]


@pytest.mark.parametrize("workers", [10, 40])
def test_three_thousand_due_at_once_go_out_in_four_minutes_and_throttling_costs_nobody(
    workers: int,
):
    """R-27: from one message to everybody, with a carrier that takes 14 a second of many workers."""
    office = crowded()
    line, start, taken = Line(office.clock), office.clock.time, Counter[int]()

    def carrier(_mail) -> None:
        second = int((office.clock.now() - start).total_seconds())
        if taken[second] >= A_SECOND:
            raise PostThrottled
        taken[second] += 1

    office.ports = replace(office.ports, queue=line, render=lambda _: b"")
    office.store.refuse_mail = carrier
    for second in range(600):
        office.clock.time = start + timedelta(seconds=second)
        if second % 60 == 0:
            sender.poll(office.ports)
        for _ in range(workers * 5):  # a look takes a fifth of a second
            message_id = line.ready()
            if message_id is None:
                break
            sender.work(office.ports, message_id)
        if len(office.store.mails) == PEOPLE:
            break
    mine = [e for e in reminders(office) if e.rule == "P1D" and e.person_id != EVERYBODY]
    assert {each.state for each in mine} == {State.SENT}
    assert {each.attempt for each in mine} == {1}
    assert len({mail.message_id for mail in office.store.mails}) == PEOPLE
    assert len(office.store.mails) == PEOPLE
    assert second <= 240  # the carrier alone needs 214
