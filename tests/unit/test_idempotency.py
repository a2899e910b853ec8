"""The same request again, another request under its key, and outcomes that nobody knows."""

import pytest

from chalicelib.domain.errors import (
    IdempotencyMismatch,
    OutcomeUnknown,
    QuotaChanged,
    Race,
    Refused,
    SlotTaken,
    Unavailable,
    VersionRaced,
)
from chalicelib.domain.people import Actor, Scope
from chalicelib.services import bookings, closures, spaces
from chalicelib.services.writing import ATTEMPTS, KEY_LIFE, write
from tests.builders import EERO, FORM, STAFF, a_request, a_space, an_intent, on, wed
from tests.deaths import Died
from tests.unit.steps import begin_to_close, book, cancel, refused


def again(ports, request=None, **intent):
    return bookings.book(ports, request or a_request(), an_intent(**{"key": "one", **intent}))


def test_the_same_request_again_gives_the_first_answer(lab):
    """B38, B30: once booked, once told."""
    ports, store, _ = lab()
    first, second = again(ports), again(ports)
    assert (first.replayed, second.replayed) == (False, True)
    assert second.answer == first.answer
    assert second.value is None
    assert len(store.bookings) == len(store.audit) == 1


def test_another_request_under_the_same_key_is_a_mismatch(lab):
    """B39"""
    ports, store, _ = lab()
    again(ports)
    with pytest.raises(IdempotencyMismatch):
        again(ports, a_request("pod", **wed("14-15")), fingerprint="g")
    assert len(store.bookings) == 1


def test_a_mismatch_comes_before_any_refusal(lab):
    """B39"""
    ports, _, _ = lab()
    again(ports)
    for wrong in (a_request("attic"), a_request(attendees=99), a_request("pod", **wed("10-11"))):
        with pytest.raises(IdempotencyMismatch):
            again(ports, wrong, fingerprint="g")


def test_the_first_answer_is_given_whatever_has_become_of_the_booking(lab):
    ports, _, _ = lab()
    first = again(ports)
    cancel(ports, first.value)
    book(ports, "pod", person=EERO, **wed("10-11"))
    assert again(ports).answer == first.answer
    spaces.change(ports, "pod", {"active": False}, None, an_intent(STAFF))
    assert again(ports).replayed


def test_a_key_belongs_to_its_actor_method_and_path(lab):
    ports, store, _ = lab()
    again(ports)
    again(ports, a_request("studio"), actor=Actor("k_other", scopes=(Scope.BOOK,)))
    again(ports, a_request("hall-a"), path="/v1/elsewhere")
    again(ports, a_request("hall-b"), method="PUT")
    assert len(store.bookings) == 4


def test_a_key_lasts_two_days(lab):
    ports, store, clock = lab()
    later = a_request("pod", **on("2026-12-08", "10-11"))
    again(ports, later)
    clock.forward(seconds=KEY_LIFE - 1)
    assert again(ports, later).replayed
    clock.forward(seconds=1)
    cancel(ports, next(iter(store.bookings.values())))
    assert not again(ports, later).replayed
    assert len(store.bookings) == 2


def test_a_refusal_is_not_kept(lab):
    ports, store, _ = lab()
    other = book(ports, "pod", person=EERO, **wed("10-11"))
    with pytest.raises(Refused):
        again(ports)
    cancel(ports, other)
    assert not again(ports).replayed
    assert len(store.records) == 3


def test_without_a_key_every_request_is_a_new_one(lab):
    ports, store, _ = lab()
    book(ports, "desks", **wed("10-11"))
    book(ports, "desks", **wed("10-11"))
    assert len(store.bookings) == len(store.records) == 2


def test_every_kind_of_write_is_made_once(lab):
    ports, store, _ = lab(a_space("loft", needs_approval=True))
    booking = book(ports, "loft", **wed("10-11"))
    key = an_intent(STAFF, "one", path="/v1/this")
    writes = {
        "approve": lambda intent: bookings.approve(ports, booking.booking_id, None, intent),
        "cancel": lambda intent: bookings.cancel(ports, booking.booking_id, "", None, intent),
        "space": lambda intent: spaces.create(ports, a_space("attic"), intent),
        "site": lambda intent: spaces.change_site(ports, {"hold_minutes": 20}, None, intent),
        "close": lambda intent: closures.close(
            ports, closures.ClosureRequest(("pod",), **wed("8-18")), intent
        ),
    }
    for name, act in writes.items():
        intent = an_intent(STAFF, "one", path=f"/v1/{name}")
        first = act(intent)
        entries = len(store.audit)
        second = act(intent)
        assert (name, second.replayed, second.answer) == (name, True, first.answer)
        assert len(store.audit) == entries
    closure_id = begin_to_close(ports, "studio", **wed("8-18"))
    first = closures.lift(ports, closure_id, None, key)
    assert closures.lift(ports, closure_id, None, key).answer == first.answer


def test_a_process_that_dies_after_writing_has_booked(lab):
    """B43: the booking stands, and the same request finds its answer."""
    ports, store, _ = lab()

    def die(name):
        if name == "commit":
            store.after = lambda _: None
            raise Died

    store.after = die
    with pytest.raises(Died):
        again(ports)
    assert len(store.bookings) == 1
    answer = again(ports)
    assert answer.replayed
    assert answer.answer["status"] == 201
    refused(ports, "pod", person=EERO, **wed("10-11"))


def test_a_process_that_dies_before_writing_has_not(lab):
    """B43"""
    ports, store, _ = lab()

    def die(name):
        if name == "commit":
            store.before = lambda _: None
            raise Died

    store.before = die
    with pytest.raises(Died):
        again(ports)
    assert not store.bookings
    assert not store.ledger
    assert not again(ports).replayed


def unknown(ports, store, applied, refused_by=None):
    """The next commit says nothing of its outcome."""

    def break_off(name):
        if name == "commit":
            store.before = store.after = lambda _: None
            raise OutcomeUnknown(refused_by)

    setattr(store, "after" if applied else "before", break_off)


@pytest.mark.parametrize("key", ["one", None])
def test_an_unknown_outcome_that_was_written_is_a_success(lab, key):
    ports, store, _ = lab()
    unknown(ports, store, applied=True)
    outcome = again(ports, key=key)
    assert outcome.value.booking_id in store.bookings
    assert not outcome.replayed
    assert len(store.bookings) == 1


@pytest.mark.parametrize("key", ["one", None])
def test_an_unknown_outcome_that_was_not_written_is_never_answered_from_a_guess(lab, key):
    ports, store, _ = lab()
    unknown(ports, store, applied=False)
    with pytest.raises(Unavailable):
        again(ports, key=key)
    assert not store.bookings


def test_an_unknown_outcome_whose_repeat_lost_a_race_is_decided_again(lab):
    ports, store, _ = lab()
    unknown(ports, store, applied=False, refused_by=SlotTaken(["b_other"]))
    assert again(ports).value.booking_id in store.bookings


def test_an_answer_under_the_key_by_another_attempt_is_not_taken_for_ours(lab):
    """Two equal requests at once: the one that does not know its outcome finds the other's answer."""
    ports, store, _ = lab()
    first = again(ports)
    records = dict(store.records)
    store.records.clear()
    store.bookings.clear()
    store.ledger.clear()

    def lose(name):
        if name == "commit":
            store.before = lambda _: None
            store.records.update(records)
            raise OutcomeUnknown

    store.before = lose
    with pytest.raises(Unavailable):
        again(ports)
    assert again(ports).answer == first.answer


@pytest.mark.parametrize("race", [SlotTaken, VersionRaced, QuotaChanged, Race])
def test_a_lost_race_is_run_again(lab, race):
    ports, _, _ = lab()
    tries = []

    def decide(attempt):
        tries.append(attempt)
        if len(tries) < 3:
            raise race
        return "done"

    assert write(ports, an_intent(), decide).value == "done"
    assert [attempt.again for attempt in tries] == [False, True, True]
    assert len({id(attempt.tx) for attempt in tries}) == 3


def test_somebody_who_always_loses_is_told_to_come_again(lab):
    ports, _, _ = lab()
    tries = []

    def decide(attempt):
        tries.append(attempt)
        raise Race

    with pytest.raises(Unavailable) as caught:
        write(ports, an_intent(), decide)
    assert 1 < len(tries) <= ATTEMPTS
    assert caught.value.retry_after > 0


def test_nothing_is_tried_when_time_is_up(lab):
    ports, _, clock = lab()
    tries = []

    def decide(attempt):
        tries.append(attempt)
        clock.waited += 30
        raise Race

    with pytest.raises(Unavailable):
        write(ports, an_intent(), decide)
    assert len(tries) == 1


def test_answers_are_kept_under_no_key_that_can_be_read(lab):
    ports, store, _ = lab()
    again(ports, key="my secret key")
    assert "my secret key" not in repr(store.records)
    assert FORM.actor_id not in "".join(store.records)
