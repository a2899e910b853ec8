"""What each operation asks of DynamoDB, with the settings cached: how many requests, and how large."""

from collections import Counter

import pytest

from chalicelib.domain.errors import Refused
from chalicelib.domain.logins import digest_of
from chalicelib.domain.private_feeds import PrivateFeed
from chalicelib.services import audit, availability, bookings, expiry, private_feeds, spaces
from tests.builders import (
    AINO,
    ANYBODY,
    FORM,
    STAFF,
    a_change,
    a_profile,
    a_request,
    an_intent,
    at,
    wed,
)
from tests.contract.backends import Backend
from tests.contract.counting import counted
from tests.contract.scenarios import SCENARIOS, Scenario, booked, held_until_proved
from tests.contract.things import NOW, written

ONE_SPACE = Counter(
    {
        "Update ledger": 1,
        "Put bookings": 1,
        "ConditionCheck catalog": 1,
        "Put tokens": 1,
        "Put outbox": 3,  # the confirmation and two reminders
        "Put audit": 1,
        "Update people": 1,
    }
)


@pytest.mark.parametrize("key", ["key", None])
def test_a_booking_of_one_space_is_one_read_and_one_transaction_of_nine(
    dynamodb: Backend, key: str | None
):
    with counted(dynamodb.client) as bill:
        bookings.book(dynamodb.ports, a_request(), an_intent(key=key))
    assert bill.names == ["BatchGetItem", "TransactWriteItems"]
    assert bill.kinds == [ONE_SPACE]
    assert bill.actions == 9


def test_a_booking_within_a_limit_costs_the_same(dynamodb: Backend):
    spaces.change_site(dynamodb.ports, {"live_bookings": 3}, None, an_intent(STAFF))
    dynamodb.ports.settings.get()
    with counted(dynamodb.client) as bill:
        bookings.book(dynamodb.ports, a_request(), an_intent(key="key"))
    assert bill.names == ["BatchGetItem", "TransactWriteItems"]
    assert bill.kinds == [ONE_SPACE]


def test_a_refusal_reads_a_little_and_writes_nothing(dynamodb: Backend):
    """Besides: the key and the settings' revision, lest what is no longer so turns anybody away."""
    booked(dynamodb)
    with counted(dynamodb.client) as bill, pytest.raises(Refused):
        bookings.book(dynamodb.ports, a_request(), an_intent(key="key"))
    first, *others = bill.names
    assert first == "BatchGetItem"
    assert others in (["GetItem"], ["GetItem", "GetItem"])


def test_a_replay_is_one_read(dynamodb: Backend):
    bookings.book(dynamodb.ports, a_request(), an_intent(key="key"))
    with counted(dynamodb.client) as bill:
        assert bookings.book(dynamodb.ports, a_request(), an_intent(key="key")).replayed
    assert bill.names == ["BatchGetItem"]


# Requests and actions of each scenario, settings cached.
COSTS = {
    "book": (2, 9),
    "book-several": (2, 16),
    "book-within-a-limit": (2, 9),
    "book-what-an-ended-hold-has": (5, 16),
    "move": (3, 9),
    "edit": (2, 3),
    "cancel": (2, 6),
    "approve": (2, 7),
    "deny": (2, 6),
    "approve-a-change": (2, 8),
    "deny-a-change": (2, 5),
    "reopen": (3, 8),
    "hold": (2, 12),
    "confirm": (2, 10),
    "expire": (3, 7),
    "close": (2, 4),
    "go-on-closing": (4, 4),
    "try-a-blocked-one-again": (7, 5),
    "lift": (3, 4),
    "go-on-lifting": (3, 4),
    "change-a-space": (3, 4),
    "change-the-site": (3, 4),
    "repair": (11, 4),
    "event-with-its-place": (3, 7),
    "move-an-event": (5, 7),
    "event-elsewhere": (5, 6),
    "call-an-event-off": (5, 6),
}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_each_operation_costs_what_it_should(moto: Backend, scenario: Scenario):
    before = scenario.prepare(moto)
    moto.ports.settings.get()
    with counted(moto.client) as bill:
        scenario.act(moto.ports, before, scenario.intent())
    assert (len(bill.names), bill.actions) == COSTS[scenario.name], bill.names


def test_a_week_is_at_most_two_reads(dynamodb: Backend):
    booked(dynamodb)
    search = availability.Search(at("2026-11-30 00:00"), at("2026-12-07 00:00"), minutes=60)
    availability.search(dynamodb.ports, search)
    with counted(dynamodb.client) as bill:
        assert availability.search(dynamodb.ports, search)
    assert 1 <= len(bill.names) <= 2


def test_what_is_not_due_costs_one_query(dynamodb: Backend):
    held_until_proved(dynamodb)
    booked(dynamodb, actor=ANYBODY)
    with counted(dynamodb.client) as bill:
        assert expiry.expire_due(dynamodb.ports) == 0
    assert bill.names == ["Query"]


def test_a_change_that_moves_nothing_leaves_the_ledger_alone(dynamodb: Backend):
    booking = booked(dynamodb)
    with counted(dynamodb.client) as bill:
        change = a_change(title="Toinen", **wed("10-11"))
        bookings.change(dynamodb.ports, booking.booking_id, change, None, an_intent())
    (kinds,) = bill.kinds
    assert "Update ledger" not in kinds


def test_who_reads_another_s_booking_costs_one_write_more(dynamodb: Backend):
    booking = booked(dynamodb)
    for actor, more in ((FORM, []), (STAFF, ["TransactWriteItems"])):
        with counted(dynamodb.client) as bill:
            bookings.read(dynamodb.ports, booking.booking_id, actor)
        assert bill.names == ["GetItem", *more]


def test_a_private_calendar_is_four_reads_and_once_a_day_a_write(dynamodb: Backend):
    booking = booked(dynamodb)
    token, ports = "f" * 64, dynamodb.ports
    feed = PrivateFeed("f_1", booking.person_id, digest_of(token), "k1", "fi", NOW)
    profile = a_profile(AINO, booking.person_id)
    written(
        dynamodb,
        lambda tx: ports.feeds.add(tx, feed, 0),
        lambda tx: ports.people.save_profile(tx, profile),
    )
    for noting in (["TransactWriteItems"], []):
        with counted(dynamodb.client) as bill:
            found = private_feeds.read(ports, token)
        assert [each.booking_id for each in found.bookings] == [booking.booking_id]
        assert bill.names == ["GetItem", "GetItem", "Query", "Query", *noting]


def test_a_page_of_the_audit_log_is_one_read_and_the_note_of_it(dynamodb: Backend):
    booking = booked(dynamodb)
    wanted = audit.Wanted(subject=f"booking#{booking.booking_id}")
    with counted(dynamodb.client) as bill:
        assert audit.shown(dynamodb.ports, STAFF, wanted, 10, None).items
    assert bill.names == ["Query", "TransactWriteItems"]
