"""Two thousand people by 64 clients at one event, on the deployed local cloud; then everybody seated leaves at once."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.events import Way
from chalicelib.domain.messages import Kind, Message, State
from chalicelib.domain.signups import SignUp, place_of
from chalicelib.domain.signups import State as SignUpState
from tests.system.crowd import Lab, Request, statuses, told

PEOPLE = int(os.environ.get("RUSH_PEOPLE", "2000"))
SEATS, MOST_WAITING = 100, 500
STUCK_SECONDS = 90  # the clock's minute, and a slow machine
PATIENCE = (
    300  # of a client, in seconds: what makes it wait is the local cloud, one request at a time
)


def announced(lab: Lab) -> str:
    """An event of the rush's size, published."""
    starts_at = (datetime.now(UTC) + timedelta(days=60)).replace(microsecond=0)
    body = {
        "title": {"fi": "Ruuhka"},
        "start": starts_at.isoformat(),
        "end": (starts_at + timedelta(hours=2)).isoformat(),
        "room": {"limit": SEATS, "most_waiting": MOST_WAITING},
    }
    made = lab.ask(Request("POST", "/v1/staff/events", body, who="staff"))
    assert made.status == 201, made.body
    event_id = str(made.body["event_id"])
    publish = Request("POST", f"/v1/staff/events/{event_id}/publish", {}, who="staff")
    assert lab.ask(publish).status == 200
    return event_id


def comes(event_id: str, number: int) -> Request:
    """Somebody wants to come, by a form that vouches for them."""
    person = {"name": f"Aino {number}", "email": f"rush.{number}@gov.fi"}
    body = {"person": person, "accept_terms": True}
    return Request("POST", f"/v1/events/{event_id}/signups", body)


def leaves(signup: SignUp) -> Request:
    """Somebody gives their seat up."""
    return Request("DELETE", f"/v1/signups/{signup.signup_id}", headers={"If-Match": "*"})


def signups(lab: Lab, event_id: str) -> list[SignUp]:
    """All there are, as stored."""
    found, after = [], None
    while True:
        page = lab.ports.events.signups(event_id, 500, after)
        found += page.items
        after = page.next
        if after is None:
            return found


def messages(lab: Lab, event_id: str) -> Iterator[Message]:
    """All that was written about an event to people, but for what is to come."""
    after = None
    while True:
        page = lab.ports.outbox.by_subject(f"event#{event_id}", 500, after)
        yield from (each for each in page.items if each.kind is not Kind.EVENT_REMINDER)
        after = page.next
        if after is None:
            return


def wait_for_mails(lab: Lab, event_id: str) -> list[Message]:
    """The messages, when each has come to its end; as long as it takes while something goes on."""
    last, since = -1, time.monotonic()
    while True:
        found = list(messages(lab, event_id))
        done = sum(each.final for each in found)
        if done == len(found):
            return found
        if done > last:
            last, since = done, time.monotonic()
        assert time.monotonic() - since < STUCK_SECONDS, Counter(each.state for each in found)
        time.sleep(2)


@pytest.mark.timeout(1800)  # three minutes on a quiet machine, a third of it mails
def test_in_a_rush_nobody_is_lost_doubled_or_overtaken(lab: Lab) -> None:
    """W-01, W-05: 100 are seated, 500 wait in order, the rest are refused; 100 leave, 100 are promoted."""
    event_id = announced(lab)
    answers = lab.rush((comes(event_id, number) for number in range(PEOPLE)), patience=PATIENCE)
    print(told(answers))
    assert statuses(answers) == {201: SEATS + MOST_WAITING, 409: PEOPLE - SEATS - MOST_WAITING}
    assert {each.problem for each in answers if each.status == 409} == {"event-full"}
    given = Counter(each.body["state"] for each in answers if each.status == 201)
    assert given == {"confirmed": SEATS, "waiting": MOST_WAITING}
    positions = sorted(each.body["position"] for each in answers if each.body.get("position"))
    assert positions == list(range(1, MOST_WAITING + 1))

    stored = signups(lab, event_id)
    queue = lab.ports.events.queue(event_id, Way.ROOM)
    assert [each.number for each in queue] == list(range(1, MOST_WAITING + 1))
    places = {each.person_id: place_of(each.number, queue).position for each in queue}
    said = {
        each.body["signup_id"]: each.body["position"]
        for each in answers
        if each.body.get("position")
    }
    assert said == {each.signup_id: places[each.person_id] for each in stored if each.waiting}
    seats = lab.ports.events.look(event_id).event
    assert seats
    room = seats.ways[Way.ROOM]
    assert (room.free, room.waiting, room.next_number) == (0, MOST_WAITING, MOST_WAITING + 1)

    seated = [each for each in stored if each.state is SignUpState.CONFIRMED]
    gone = lab.rush((leaves(each) for each in seated), patience=PATIENCE)
    print(told(gone))
    assert statuses(gone) == {200: SEATS}
    after = {each.person_id: each for each in signups(lab, event_id)}
    promoted = [each.person_id for each in queue[:SEATS]]
    assert {after[each].state for each in promoted} == {SignUpState.CONFIRMED}
    assert {after[each.person_id].state for each in seated} == {SignUpState.LEFT}
    rest = lab.ports.events.queue(event_id, Way.ROOM)
    assert [each.number for each in rest] == list(range(SEATS + 1, MOST_WAITING + 1))

    written = wait_for_mails(lab, event_id)
    mails = [each for each in written if each.kind is Kind.PROMOTION]
    assert Counter(each.person_id for each in mails) == dict.fromkeys(promoted, 1)
    assert {each.state for each in mails} <= {State.SENT, State.DELIVERED}
