"""One message for everybody becomes one for each, whoever dies and whatever moves meanwhile."""

from datetime import timedelta

import pytest

from chalicelib.domain import messages as domain
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.messages import EVERYBODY, Kind, Message, State
from chalicelib.services import expanding, sender
from tests.builders import NOW, the_ports
from tests.deaths import Died, dies_at_commit

EVENT = "event#e_1"
START = NOW + timedelta(hours=24)
PEOPLE = [f"p_{number:03d}" for number in range(450)]


@pytest.fixture
def hall():
    """An event of 450 people whose reminder is due."""
    ports, store, clock = the_ports()
    store.audiences[EVENT] = (1, list(PEOPLE))
    plan(ports, 1)
    return ports, store, clock


def plan(ports, revision: int) -> Message:
    """The one item that an event's reminder is until it is due."""
    one = domain.message(
        Kind.REMINDER,
        EVENT,
        EVERYBODY,
        revision,
        due_at=NOW,
        now=NOW,
        expires_at=START - timedelta(minutes=10),
        rule="P1D",
    )
    assert sender.announce(ports, one)
    return one


def the_plan(store) -> Message:
    (found,) = [each for each in store.messages.values() if each.person_id == EVERYBODY]
    return found


def told(store) -> list[str]:
    """Whom there is a message for, each as often as there is one."""
    return sorted(each.person_id for each in store.messages.values() if each.person_id != EVERYBODY)


def test_everybody_has_one_message_of_the_same_time_and_revision(hall):
    ports, store, clock = hall
    one = the_plan(store)
    store.calls.clear()
    assert sender.work(ports, one.message_id) == "expanded"
    assert told(store) == PEOPLE
    assert the_plan(store).final
    for each in store.messages.values():
        if each.person_id != EVERYBODY:
            assert (each.kind, each.rule, each.revision) == (Kind.REMINDER, "P1D", 1)
            assert (each.due_at, each.expires_at) == (one.due_at, one.expires_at)
            assert each.state is State.DUE
    # One to claim it, and one for each page of ninety.
    assert store.calls.count("commit") == 1 + 5
    assert store.calls.count("audiences.page") == 5


def test_the_poller_finds_it_and_then_what_it_became(hall):
    ports, store, clock = hall
    assert sender.poll(ports).queued == 1
    assert sender.work(ports, store.queue.pop()) == "expanded"
    assert sender.poll(ports).queued == 450


def test_what_it_became_is_handed_on_at_once(hall):
    """R-27: by the poller it would be a minute later."""
    ports, store, clock = hall
    one = the_plan(store)
    store.queue.clear()
    sender.work(ports, one.message_id)
    became = {each.message_id for each in store.messages.values()} - {one.message_id}
    assert sorted(store.queue) == sorted(became)


def test_what_cannot_be_handed_on_is_found_by_the_poller(hall):
    ports, store, clock = hall
    one = the_plan(store)

    def refuse(name: str) -> None:
        if name == "queue.send":
            raise Unavailable

    store.before = refuse
    assert sender.work(ports, one.message_id) == "expanded"
    store.before = lambda name: None
    assert store.queue == []
    assert sender.poll(ports).queued == 450


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", range(1, 7))
def test_a_death_at_any_page_loses_nobody_and_tells_nobody_twice(hall, number, after):
    """X-29"""
    ports, store, clock = hall
    one = the_plan(store)
    dies_at_commit(store, number, after=after)
    with pytest.raises(Died):
        sender.work(ports, one.message_id)
    before = len(told(store))
    assert before % 90 == 0
    assert sender.work(ports, one.message_id) in ("another worker's", "expanded", "nothing to do")
    clock.forward(seconds=181)
    store.calls.clear()
    sender.work(ports, one.message_id)
    assert told(store) == PEOPLE
    assert the_plan(store).state is State.EXPANDED
    # It goes on where it stopped.
    assert store.calls.count("audiences.page") <= 5 - before // 90


def test_what_is_done_is_not_done_again(hall):
    """X-14"""
    ports, store, clock = hall
    one = the_plan(store)
    sender.work(ports, one.message_id)
    assert sender.work(ports, one.message_id) == "nothing to do"
    assert told(store) == PEOPLE


def test_a_worker_whose_lease_was_over_writes_nothing_any_more(hall):
    """X-17: another took over while it slept between two pages."""
    ports, store, clock = hall
    one = the_plan(store)
    seen = 0

    def overtake(name: str) -> None:
        nonlocal seen
        seen += name == "commit"
        if seen == 3:
            store.before = lambda name: None
            clock.forward(seconds=181)
            assert sender.work(ports, one.message_id) == "expanded"
            seen += 1

    store.before = overtake
    assert sender.work(ports, one.message_id) == expanding.LOST
    assert told(store) == PEOPLE
    assert the_plan(store).state is State.EXPANDED


@pytest.mark.parametrize("page", range(1, 6))
def test_an_event_that_moves_meanwhile_has_the_rest_told_of_its_new_time(hall, page):
    """X-30: the item of the new revision is another one; the old one stops where it is."""
    ports, store, clock = hall
    one = the_plan(store)
    seen = 0

    def move(name: str) -> None:
        nonlocal seen
        seen += name == "audiences.page"
        if seen == page:
            store.audiences[EVENT] = (2, list(PEOPLE))

    store.before = move
    assert sender.work(ports, one.message_id) == "dropped"
    assert the_plan(store).reason == "moved"
    store.before = lambda name: None
    old = told(store)
    assert len(old) == 90 * (page - 1)
    new = plan(ports, 2)
    assert sender.work(ports, new.message_id) == "expanded"
    assert told(store) == sorted([*old, *PEOPLE])
    assert len(set(store.messages)) == len(old) + len(PEOPLE) + 2


def test_who_comes_or_goes_between_two_pages_has_one_message_at_most(hall):
    """X-31"""
    ports, store, clock = hall
    one = the_plan(store)
    seen = 0

    def change(name: str) -> None:
        nonlocal seen
        seen += name == "audiences.page"
        if name == "audiences.page" and seen == 3:
            people = [each for each in PEOPLE if each not in ("p_001", "p_449")]
            store.audiences[EVENT] = (1, [*people, "p_000a", "p_300a"])

    store.before = change
    assert sender.work(ports, one.message_id) == "expanded"
    # p_001 has one already, which is judged when it is sent; p_000a came too late for this one.
    assert told(store) == sorted([*(each for each in PEOPLE if each != "p_449"), "p_300a"])


def test_somebody_who_has_the_message_already_does_not_stop_the_others(hall):
    ports, store, clock = hall
    one = the_plan(store)
    for person_id in ("p_000", "p_100"):
        assert sender.announce(ports, domain.to_person(one, person_id, NOW))
    assert sender.work(ports, one.message_id) == "expanded"
    assert told(store) == PEOPLE


def test_nobody_is_a_page_too(hall):
    ports, store, clock = hall
    store.audiences[EVENT] = (1, [])
    assert sender.work(ports, the_plan(store).message_id) == "expanded"
    assert told(store) == []


@pytest.mark.parametrize(
    ("hours", "audience", "state", "reason"),
    [
        (0, None, State.DROPPED, "no-subject"),
        (0, (2, PEOPLE), State.DROPPED, "moved"),
        (24, (1, PEOPLE), State.MISSED, "expired"),
    ],
)
def test_what_is_no_longer_so_tells_nobody(hall, hours, audience, state, reason):
    ports, store, clock = hall
    store.audiences.clear()
    if audience:
        store.audiences[EVENT] = audience
    clock.forward(hours=hours)
    sender.work(ports, the_plan(store).message_id)
    assert (the_plan(store).state, the_plan(store).reason) == (state, reason)
    assert told(store) == []


def test_one_worker_does_not_go_on_for_ever(hall, monkeypatch):
    """What is left is due at once, for the next one."""
    ports, store, clock = hall
    one = the_plan(store)

    def slow(name: str) -> None:
        clock.waited += 15.0 if name == "audiences.page" else 0.0

    store.before = slow
    assert sender.work(ports, one.message_id) == "due"
    assert len(told(store)) == 90 * 3
    assert sender.poll(ports).queued == 1 + 90 * 3
    store.before = lambda name: None
    assert sender.work(ports, one.message_id) == "expanded"
    assert told(store) == PEOPLE
