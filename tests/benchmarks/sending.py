"""Mails: how fast they are written and handed over, and what each asks of DynamoDB."""

import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from chalicelib import bootstrap
from chalicelib.domain.messages import Kind, Message, message
from chalicelib.domain.people import Person
from chalicelib.domain.reminders import TOO_LATE
from chalicelib.services import sender
from chalicelib.services.ports import Ports
from tests.benchmarks.figures import Figure, Section
from tests.benchmarks.meter import Cost
from tests.benchmarks.operations import BOOK, Lab, a_body, a_lab
from tests.builders import NOW, the_ports, wed
from tests.fake_messages import FakeSecrets
from tests.fakes import Store
from tests.mails import a_booking

METHOD = (
    "{count} due messages of as many bookings, confirmations with their calendar part and reminders in three\n"
    "languages, by the poller and a worker over ports in memory, each written whole and handed to a carrier\n"
    "that takes it at once. Processor time; what SES and the network take is left out. Requests and units\n"
    "are counted over moto, as above."
)
MESSAGES = 10_000
SHARE = 1000  # the first and the last thousand, which are held side by side
LANGUAGES = ("fi", "sv", "en")
KINDS = (Kind.CONFIRMATION, Kind.REMINDER)
REQUESTS = {
    "gets": "GetItem",
    "batches": "BatchGetItem",
    "queries": "Query",
    "transactions": "TransactWriteItems",
}


def a_backlog() -> tuple[Ports, Store]:
    """All of it due, as after an outage; the writing of mails is the real one."""
    ports, store, _ = the_ports()
    for number in range(MESSAGES):
        one = a_message(number)
        name = one.subject.partition("#")[2]
        person = Person("Aino Aalto", f"aino.{number}@gov.fi", "VM", LANGUAGES[number % 3])
        store.bookings[name] = replace(
            a_booking(**wed("10-12")), booking_id=name, person=person, person_id=one.person_id
        )
        store.messages[one.message_id] = one
    return replace(ports, render=bootstrap.make_ports(None, "", ports.clock).render), store


def a_message(number: int) -> Message:
    kind = KINDS[number // 3 % 2]
    starts_at = wed("10-12")["starts_at"]
    return message(
        kind,
        f"booking#b_{number:05d}",
        f"p_{number:05d}",
        0,
        due_at=NOW - timedelta(minutes=1),
        now=NOW,
        expires_at=starts_at - TOO_LATE,
        rule="P1D" if kind is Kind.REMINDER else "",
    )


def throughput() -> tuple[Figure, ...]:
    """The whole backlog, poll by poll."""
    ports, store = a_backlog()
    sender.work(ports, next(iter(store.messages)))  # what is loaded at the first mail
    times: list[float] = []
    polling = 0.0
    while len(times) < MESSAGES - 1:
        began = time.process_time()
        sender.poll(ports)
        polling += time.process_time() - began
        waiting, store.queue = store.queue, []
        for message_id in waiting:
            began = time.process_time()
            done = sender.work(ports, message_id)
            times.append(time.process_time() - began)
            assert done == "sent", done
    assert len(store.mails) == MESSAGES
    whole, rendering = sum(times), _rendering(ports, store)
    size = sum(len(mail.raw) for mail in store.mails) / MESSAGES
    growth = sum(times[-SHARE:]) / sum(times[:SHARE])
    return (
        Figure("mails a second, one worker", len(times) / whole, "mails"),
        Figure("processor time a mail", whole / len(times) * 1000, "ms"),
        Figure("of it writing the mail", rendering * 1000, "ms"),
        Figure("processor time of the poller a mail", polling / len(times) * 1000, "ms"),
        Figure("size of a mail", size / 1024, "KB"),
        Figure(f"the last {SHARE} beside the first {SHARE}", growth, "times", 1.5),
    )


def _rendering(ports: Ports, store: Store) -> float:
    """Seconds of processor time that the writing of one mail takes."""
    from chalicelib.services.letters import letter_of
    from chalicelib.services.verdicts import Ready

    found = [letter_of(ports, each, NOW) for each in map(a_message, range(0, MESSAGES, 49))]
    letters = [each.letter for each in found if isinstance(each, Ready)]
    assert letters
    began = time.process_time()
    for letter in letters:
        ports.render(letter)
    return (time.process_time() - began) / len(letters)


class Taking:
    """A carrier that takes everything."""

    def send(self, raw: bytes, to: str, message_id: str, attempt: int) -> str:
        return "taken"


class Keeping:
    """A queue that somebody else reads."""

    def __init__(self) -> None:
        self.message_ids: list[str] = []

    def send(self, message_ids: list[str], delay_seconds: int = 0) -> None:
        self.message_ids += message_ids


def costs() -> dict[str, Cost]:
    """The poller with nothing to do, and the way of a confirmation."""
    found: dict[str, Cost] = {}
    with a_lab() as lab:
        queue = Keeping()
        ports = replace(
            lab.ports,
            post=Taking(),
            queue=queue,
            secrets=FakeSecrets(),
            render=lambda letter: b"",
        )
        found["poll, nothing due"] = _counted(lab, ports)
        _, found[BOOK] = lab.ask("POST", "/v1/bookings", a_body("room-01"))
        found["poll, one message due"] = _counted(lab, ports)
        with lab.counting() as cost:
            assert sender.work(ports, queue.message_ids[0]) == "sent"
        found["send a confirmation"] = cost
        for number in range(2, 14):
            lab.ask("POST", "/v1/bookings", a_body(f"room-{number:02d}"))
            sender.poll(ports)
            assert sender.work(ports, queue.message_ids[-1]) == "sent"
        found["poll, nothing due, others sent"] = _counted(lab, ports)
    return found


def _counted(lab: Lab, ports: Ports) -> Cost:
    ports.settings.get()
    with lab.counting() as cost:
        sender.poll(ports)
    return cost


def message_units() -> int:
    """Write units of a booking's transaction that its confirmation and its two reminders take."""
    with a_lab() as lab:
        _, booked = lab.ask("POST", "/v1/bookings", a_body("room-01"))
    return booked.write_units_of["outbox"]


def measure() -> Section:
    """Throughput, and the cost of each step."""
    found = costs()
    idle = found["poll, nothing due, others sent"]
    rows = {
        name: {
            **{said: cost.requests[each] for said, each in REQUESTS.items()},
            "read units": cost.read_units,
            "write units": cost.write_units,
        }
        for name, cost in found.items()
    }
    figures = (
        *throughput(),
        Figure("poll with nothing due: requests", idle.requests.total(), "requests", 1),
        Figure("poll with nothing due: read units", idle.read_units, "units", 0.5),
        Figure("a booking's messages in its transaction", message_units(), "write units"),
    )
    return Section("Mails", METHOD.format(count=MESSAGES), figures, rows)


def idle_requests(found: dict[str, Cost]) -> list[Counter[str]]:
    """What the poller asks for when nothing is due, in an empty table and in one of old messages."""
    return [
        found[each].requests for each in ("poll, nothing due", "poll, nothing due, others sent")
    ]
