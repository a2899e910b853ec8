"""The sender's protocol: every order of two pollers and two workers, with up to two deaths anywhere."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain import messages as domain
from chalicelib.domain.messages import Message, State
from chalicelib.services import bookings, sender
from chalicelib.services.ports import MessageContext, Ports
from tests.builders import NOW, a_request, a_store, an_intent
from tests.fakes import FakeClock, Store, memory_ports
from tests.simulation.explorer import Ending, Scene, explore

MOST = 12  # rounds of recovery: a lease, a quarter of an hour, a lease again, with room to spare


def confirmation(store: Store) -> Message:
    (found,) = (each for each in store.messages.values() if each.kind is domain.Kind.CONFIRMATION)
    return found


def a_scene(leave_out: frozenset[str] = frozenset()) -> Callable[[], Scene]:
    """A confirmation that is due, two runs of the poller, and two workers on the queue."""

    booked: Store = a_store()
    bookings.book(memory_ports(booked, FakeClock(NOW)), a_request("pod"), an_intent())
    settings = memory_ports(booked, FakeClock(NOW)).settings
    settings.get()

    def make() -> Scene:
        lists: dict[str, Any] = {"queue": [], "mails": [], "calls": [], "told": {}}
        messages = dict(booked.messages)
        store = replace(booked, messages=messages, leave_out=leave_out, **lists)
        workers = [
            replace(memory_ports(store, FakeClock(NOW)), settings=settings) for _ in range(4)
        ]

        def state() -> Any:
            told = [each.version for each in store.told.values()]
            return (brief([*store.messages.values()]), *told, tuple(store.queue), len(store.mails))

        poll = [lambda ports=ports: sender.poll(ports) for ports in workers[:2]]
        take = [lambda ports=ports: deliver(store, ports) for ports in workers[2:]]
        return Scene(store, [*poll, *take], state, brief)

    return make


def brief(found: Any) -> Any:
    """Messages by what changes in them, and the rest of what is read by its version."""
    if isinstance(found, list):
        return tuple(brief(each) for each in found)
    if isinstance(found, Message):
        return (found.message_id, found.state, found.version, found.look_at, found.lease_until)
    if isinstance(found, MessageContext):
        return (found.told and found.told.version, found.paused_until)
    return found


def deliver(store: Store, ports: Ports) -> None:
    """A worker that is handed what the queue has; a message stays in it, as in SQS, until it is done."""
    queued = store.call("queue.receive", lambda: list(store.queue)[:1])
    for message_id in queued:
        sender.work(ports, message_id)
        store.call("queue.delete", lambda message_id=message_id: _delete(store, message_id))


def _delete(store: Store, message_id: str) -> None:
    if message_id in store.queue:
        store.queue.remove(message_id)


def recover(store: Store, *, evidence: bool = False) -> None:
    """Time passes and the clock goes on doing what it does, until everything is final.

    What SES says of its mails comes late: when the leases are over, and before a quarter of an hour.
    """
    clock = FakeClock(NOW)
    ports = memory_ports(store, clock)
    for number in range(MOST):
        if confirmation(store).final:
            return
        clock.forward(seconds=200)
        sender.poll(ports)
        waiting, store.queue[:] = list(dict.fromkeys(store.queue)), []
        for message_id in waiting:
            sender.work(ports, message_id)
        if evidence and number == 0:
            tell(store)


def tell(store: Store) -> None:
    """SES says of every mail that it took it."""
    for mail in store.mails:
        settled = domain.evident(store.messages[mail.message_id], State.SENT, NOW)
        if settled is not None:
            store.messages[mail.message_id] = settled


def sent(store: Store) -> int:
    message_id = confirmation(store).message_id
    return sum(mail.message_id == message_id for mail in store.mails)


def judged(ending: Ending, *, evidence: bool) -> str:
    """What is wrong with how a history ended, or nothing."""
    recover(ending.store, evidence=evidence)
    count, deaths = sent(ending.store), ending.deaths
    if count == 0:
        return "lost"
    if evidence and count > 1:
        return "sent twice, and SES had said so"
    if count > 1 + deaths:
        return f"{count} mails with {deaths} deaths"
    if confirmation(ending.store).state is not State.SENT and deaths == 0:
        return f"ended {confirmation(ending.store).state}"
    return "" if confirmation(ending.store).final else "never ended"


@pytest.mark.parametrize("evidence", [False, True])
def test_nothing_is_lost_and_nothing_sent_twice_without_a_death(evidence: bool) -> None:
    """At most one mail without a death, 1 + deaths with them, exactly one with SES's word."""
    endings = 0
    for ending in explore(a_scene(), deaths=2):
        wrong = judged(ending, evidence=evidence)
        assert not wrong, (wrong, ending.history)
        endings += 1
    print(f"{endings} endings")
    assert endings > 500


def test_without_the_condition_of_the_lease_a_mail_is_sent_twice() -> None:
    wrong = {
        judged(ending, evidence=False) for ending in explore(a_scene(frozenset({"message"})), 0)
    }
    assert "2 mails with 0 deaths" in wrong


def test_without_the_mark_a_mail_is_sent_again_though_ses_had_said_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sender, "_mark", lambda _ports, _marked, _ready: True)
    monkeypatch.setattr(
        sender, "_is_ours", lambda present, marked: present.attempt == marked.attempt
    )
    wrong = {judged(ending, evidence=True) for ending in explore(a_scene(), deaths=1)}
    assert "sent twice, and SES had said so" in wrong
