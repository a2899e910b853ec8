"""Notices: the same over every store, beside the messages that they become."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.errors import VersionRaced
from chalicelib.domain.events import Way
from chalicelib.domain.messages import EVERYBODY, Kind, message, to_person
from chalicelib.domain.notices import KEPT, Notice, To
from tests.contract.backends import Backend
from tests.contract.things import NOW, written

ONE = Notice(
    "n_one",
    "e_one",
    subject={"fi": "Hei", "sv": "", "en": "Hello"},
    text={"fi": "**Tervetuloa**", "sv": "", "en": "Welcome"},
    written_at=NOW,
    to=To.BOTH,
    way=Way.REMOTE,
)
TO_ALL = message(
    Kind.EVENT_NOTICE, "event#e_one", EVERYBODY, 0, due_at=NOW, now=NOW, rule=ONE.notice_id
)


def put(backend: Backend, notice: Notice) -> None:
    written(backend, lambda tx: backend.ports.notices.put(tx, notice))


def test_a_notice_is_read_as_it_was_written_and_written_once(backend: Backend):
    other = Notice("n_two", "e_one", {"fi": "Hei"}, {"fi": "Moi"}, NOW)
    for each in (ONE, other):
        put(backend, each)
    found = backend.ports.notices.of(["n_one", "n_two", "n_none"])
    assert sorted(found, key=lambda each: each.notice_id) == [ONE, other]
    assert backend.ports.notices.of([]) == []
    with pytest.raises(VersionRaced):
        put(backend, replace(ONE, text={"fi": "muuta"}))
    assert backend.ports.notices.of(["n_one"]) == [ONE]


def test_what_the_store_has_not_cleared_in_time_is_not_read(backend: Backend):
    """P-04: DynamoDB's own clearing promises no day."""
    put(backend, replace(ONE, written_at=backend.ports.clock.now() - KEPT))
    young = backend.ports.clock.now() - KEPT + timedelta(hours=1)
    put(backend, replace(ONE, notice_id="n_young", written_at=young))
    (found,) = backend.ports.notices.of(["n_one", "n_young"])
    assert found.notice_id == "n_young"


def test_it_stands_around_its_messages_and_around_no_other(backend: Backend):
    put(backend, ONE)
    mine = to_person(TO_ALL, "p_aino", NOW)
    assert backend.ports.outbox.context(mine).notice == ONE
    assert backend.ports.outbox.context(replace(mine, rule="n_none")).notice is None
    other = message(Kind.EVENT_REMINDER, "event#e_one", "p_aino", 0, due_at=NOW, now=NOW)
    assert backend.ports.outbox.context(other).notice is None


def test_the_messages_of_a_kind_are_found_and_no_others(backend: Backend):
    ports = backend.ports
    mine = [TO_ALL, *(to_person(TO_ALL, f"p_{number}", NOW) for number in range(5))]
    reminder = message(Kind.EVENT_REMINDER, "event#e_one", "p_aino", 0, due_at=NOW, now=NOW)
    elsewhere = message(Kind.EVENT_NOTICE, "event#e_two", EVERYBODY, 0, due_at=NOW, now=NOW)
    put(backend, ONE)
    for each in (*mine, reminder, elsewhere):
        written(backend, lambda tx, each=each: ports.outbox.put(tx, each))
    found = ports.outbox.of_kind("event#e_one", Kind.EVENT_NOTICE)
    assert {each.message_id for each in found} == {each.message_id for each in mine}


def test_it_is_walked_over_and_removed(backend: Backend):
    """P-04"""
    keeping = backend.ports.keeping
    put(backend, ONE)
    assert list(keeping.messages(10, None).items) == [ONE]
    for _ in range(2):  # gone is gone
        written(backend, lambda tx: keeping.remove_notice(tx, ONE.notice_id))
    assert list(keeping.messages(10, None).items) == []
    assert backend.ports.notices.of([ONE.notice_id]) == []
