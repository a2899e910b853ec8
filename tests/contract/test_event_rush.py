"""A rush on one event at the local cloud's DynamoDB: many threads, and nobody is lost, doubled or overtaken."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from chalicelib.adapters.system import SystemClock
from chalicelib.bootstrap import make_ports
from chalicelib.domain.errors import Refused, Unavailable
from chalicelib.domain.events import Way
from chalicelib.domain.people import person_id_of
from chalicelib.services import events, signup_changes, signups
from chalicelib.services.ports import Ports
from tests.builders import FORM, STAFF, a_store, an_intent
from tests.contract.backends import on_ministack
from tests.event_builders import NOW, an_event, somebody
from tests.event_scene import EVENT, a_wish

THREADS, PEOPLE, SEATS, MOST_WAITING, LEAVING = 8, 200, 20, 50, 10


class RushClock(SystemClock):
    """Waits and counts as the real one, on the day of the fixture."""

    def now(self) -> datetime:
        return NOW


def comes(ports: Ports, number: int) -> str:
    """One person signs up, and asks again where the answer is to do so."""
    intent = an_intent(FORM, f"key-{number}", fingerprint=f"{number}")
    while True:
        try:
            outcome = signups.sign_up(ports, a_wish(f"n{number}"), intent)
        except Unavailable:
            continue
        except Refused as refusal:
            return refusal.code
        return outcome.value.signup.state.value if outcome.value else "replayed"


def leaves(ports: Ports, number: int) -> None:
    """One person gives their seat up, and asks again where the answer is to do so."""
    person_id = person_id_of(somebody(f"n{number}").email, a_store().site.salt)
    while True:
        try:
            signup_changes.leave(ports, EVENT, person_id, an_intent(FORM, f"leave-{number}"))
        except Unavailable:
            continue
        return


def test_a_rush_seats_and_queues_exactly_as_many_as_there_are_places(ministack: str, aws: None):
    """W-01, W-05: 200 people for 20 seats and a list of 50; then ten leave at once."""
    backend = on_ministack(ministack).stock(("pod",))
    ports = make_ports(backend.client, backend.prefix, RushClock())
    event = an_event(SEATS, most_waiting=MOST_WAITING)
    events.create(ports, event, an_intent(STAFF))
    ports.settings.get()
    with ThreadPoolExecutor(THREADS) as pool:
        said = list(pool.map(lambda number: comes(ports, number), range(PEOPLE)))
    assert Counter(said) == {"confirmed": 20, "waiting": 50, "event-full": 130}
    queue = ports.events.queue(EVENT, Way.ROOM)
    assert [each.number for each in queue] == list(range(1, MOST_WAITING + 1))
    found = ports.events.signups(EVENT, PEOPLE, None).items
    numbers = {each.number: signups.place(ports, each) for each in found if each.waiting}
    assert {number: place and place.position for number, place in numbers.items()} == {
        number: number for number in range(1, MOST_WAITING + 1)
    }
    seats = ports.events.look(EVENT).event.ways[Way.ROOM]
    assert (seats.free, seats.waiting, seats.next_number) == (0, 50, 51)

    seated = [number for number, state in enumerate(said) if state == "confirmed"][:LEAVING]
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda number: leaves(ports, number), seated))
    rest = ports.events.queue(EVENT, Way.ROOM)
    assert [each.number for each in rest] == list(range(LEAVING + 1, MOST_WAITING + 1))
    told = [item for item in backend.items("audit") if item.get("news") == "promotion"]
    assert Counter(item["person_id"] for item in told) == {
        each.person_id: 1 for each in queue[:LEAVING]
    }
    seats = ports.events.look(EVENT).event.ways[Way.ROOM]
    assert (seats.free, seats.waiting) == (0, MOST_WAITING - LEAVING)
