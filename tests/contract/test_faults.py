"""Faults between botocore and DynamoDB: the answer is right, never a guess; nothing double, nothing lost.

moto ignores ClientRequestToken, so a repeat of what was done meets its own conditions there: that is the
hard case. MiniStack remembers the token, as DynamoDB does. No test sleeps: time-outs turn a clock.
"""

import copy
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.bookings import State
from chalicelib.domain.errors import (
    Broken,
    IdempotencyMismatch,
    LabError,
    Refused,
    StaleVersion,
    Unavailable,
)
from chalicelib.services import bookings, closures, spaces
from chalicelib.services.closures import ClosureRequest
from chalicelib.services.ports import Ports
from tests.builders import ANYBODY, EERO, STAFF, a_change, a_key, a_request, an_intent, on, wed
from tests.contract.backends import Backend, moto_backend
from tests.contract.scenarios import (
    SCENARIOS,
    Scenario,
    assert_sound,
    booked,
    held_until_proved,
    picture,
    the_value,
)
from tests.contract.test_ledger import held
from tests.contract.things import a_record, written
from tests.contract.wire import (
    Call,
    Fault,
    always,
    answer,
    at_call,
    cancelled,
    done_and,
    error,
    from_call,
    garbled,
    half_processed,
    lost_answer,
    lost_request,
    meanwhile,
    no_connection,
    nothing_processed,
    slow_connection,
    tapped,
    then,
)
from tests.contract.wire import (
    on as at_the,
)

WRITE, READ, KEY = "TransactWriteItems", "BatchGetItem", "GetItem"
GATEWAY_SECONDS = 29.0

# Nothing was done, and the client knows it.
REFUSED: dict[str, Fault] = {
    "throttled": error("ThrottlingException"),
    "over-capacity": error("ProvisionedThroughputExceededException"),
    "too-many": error("RequestLimitExceeded"),
    "conflict": cancelled("None", "TransactionConflict"),
    "throttled-action": cancelled("ThrottlingError"),
    "over-capacity-action": cancelled("None", "None", "ProvisionedThroughputExceeded"),
    "conflict-and-throttled": cancelled("ThrottlingError", "TransactionConflict"),
    "no-connection": no_connection,
    "slow-connection": slow_connection,
}
WITHOUT_REASONS = [error("ThrottlingException"), no_connection, slow_connection]
# Nobody knows what was done.
UNKNOWN: dict[str, Fault] = {
    "lost-request": lost_request,
    "in-progress": error("TransactionInProgressException"),
    "internal": error("InternalServerError", 500),
    "unavailable": error("ServiceUnavailable", 503),
    "bad-gateway": garbled(502),
    "gateway-time-out": garbled(504),
    "lost-answer": lost_answer,
    "done-in-progress": done_and(error("TransactionInProgressException")),
    "done-internal": done_and(error("InternalServerError", 500)),
    "done-bad-gateway": done_and(garbled(502)),
}


def book(lab: Backend, key: str | None = "key", **changes: Any) -> Any:
    return bookings.book(lab.ports, a_request(**changes), an_intent(key=key))


def the_only(lab: Backend) -> Any:
    found = list(lab.ports.bookings.all())
    assert len(found) == 1
    assert_sound(lab)
    return found[0]


def nothing_was_written(lab: Backend) -> None:
    assert list(lab.ports.bookings.all()) == []
    assert (held(lab), lab.keys(), lab.audit()) == ({}, 0, [])


class Rewind:
    """A store and a worker as they were, again and again."""

    def __init__(self, lab: Backend) -> None:
        lab.ports.settings.get()
        self._store = moto_backend()
        self._tables = copy.deepcopy(self._store.tables)
        self._ports = lab.ports
        self._settings = copy.copy(lab.ports.settings)

    def worker(self) -> Ports:
        """The worker, over the store as it was."""
        self._store.tables = copy.deepcopy(self._tables)
        return self.another()

    def another(self) -> Ports:
        """The worker as it was, over the store as it is."""
        return replace(self._ports, settings=copy.copy(self._settings))


@pytest.fixture(params=SCENARIOS, ids=lambda each: each.name)
def scene(request: pytest.FixtureRequest, moto: Backend) -> tuple[Scenario, Any, Rewind]:
    before = request.param.prepare(moto)
    return request.param, before, Rewind(moto)


def rehearse(
    moto: Backend, scene: tuple[Scenario, Any, Rewind]
) -> tuple[list[tuple[int, Fault]], dict[str, Any]]:
    """What can be lost at which of a scenario's calls, and what the scenario leaves behind."""
    scenario, before, rewind = scene
    worker = rewind.worker()
    with tapped(moto) as wire:
        scenario.act(worker, before, scenario.intent())
    # The answer of a read is lost like its request: to be asked again.
    lost = [
        (call.number, fault)
        for call in wire.calls
        for fault in ([lost_request, lost_answer] if call.writes else [lost_request])
    ]
    assert any(call.writes for call in wire.calls)
    return lost, picture(moto)


def test_one_fault_at_any_point_changes_nothing(moto: Backend, scene: tuple[Scenario, Any, Rewind]):
    scenario, before, rewind = scene
    faults, expected = rehearse(moto, scene)
    for number, fault in faults:
        worker = rewind.worker()
        with tapped(moto, at_call(number, fault)):
            scenario.act(worker, before, scenario.intent())
        if scenario.by_clock:  # which comes again every minute
            scenario.act(worker, before, scenario.intent())
        assert picture(moto) == expected, f"{fault.__name__} at call {number}"


def test_an_outage_from_any_point_on_is_said_and_can_be_repeated(
    moto: Backend, scene: tuple[Scenario, Any, Rewind]
):
    """Unavailable, in time; then the same request again, by another worker, does it once."""
    scenario, before, rewind = scene
    faults, expected = rehearse(moto, scene)
    for number, fault in faults:
        worker, began = rewind.worker(), moto.clock.waited
        # What the clock does may also end early without a word: it comes again.
        said = suppress(Unavailable) if scenario.by_clock else pytest.raises(Unavailable)
        with tapped(moto, from_call(number, fault)) as wire, said:
            scenario.act(worker, before, scenario.intent())
        assert moto.clock.waited - began < GATEWAY_SECONDS
        assert len(wire.calls) < number + 20
        scenario.act(rewind.another(), before, scenario.intent())
        assert picture(moto) == expected, f"{fault.__name__} from call {number}"


@pytest.mark.parametrize("fault", [*REFUSED.values(), *UNKNOWN.values()], ids=[*REFUSED, *UNKNOWN])
def test_a_fault_of_the_transaction_is_met_with_the_very_same_again(
    dynamodb: Backend, fault: Fault
):
    with tapped(dynamodb, at_the(WRITE, fault)) as wire:
        outcome = book(dynamodb)
    assert outcome.value == the_only(dynamodb)
    assert not outcome.replayed
    first, *others = wire.writes()
    assert len(others) == 1
    assert all(call.body == first.body for call in others)
    assert len(first.body["ClientRequestToken"]) <= 36


@pytest.mark.parametrize("fault", REFUSED.values(), ids=REFUSED)
def test_a_transaction_that_is_always_refused_is_unavailable(moto: Backend, fault: Fault):
    with tapped(moto, always(WRITE, fault)) as wire, pytest.raises(Unavailable):
        book(moto)
    assert 1 < len(wire.writes()) <= 50
    assert wire.names()[-1] == WRITE  # what is certain is not asked about
    nothing_was_written(moto)


UNDONE = ["lost-request", "in-progress", "internal", "unavailable", "bad-gateway"]


@pytest.mark.parametrize("name", UNDONE)
def test_an_outcome_that_stays_unknown_is_looked_up(moto: Backend, name: str):
    began = moto.clock.waited
    with tapped(moto, always(WRITE, UNKNOWN[name])) as wire, pytest.raises(Unavailable) as raised:
        book(moto)
    assert raised.value.retry_after > 0
    assert wire.names()[-1] == KEY
    assert len({str(call.body) for call in wire.writes()}) == 1
    assert moto.clock.waited - began < GATEWAY_SECONDS
    nothing_was_written(moto)


@pytest.mark.parametrize("name", UNDONE)
def test_what_was_done_at_first_is_found_though_no_answer_ever_comes(moto: Backend, name: str):
    never = UNKNOWN[name]
    script = at_the(WRITE, lost_answer, *[never] * 60)
    with tapped(moto, script) as wire:
        outcome = book(moto)
    assert outcome.value == the_only(moto)
    assert wire.names()[-1] == KEY
    assert len(wire.writes()) > 1


def test_time_outs_stop_at_the_deadline_whenever_they_begin(moto: Backend):
    """However late in a request its last transaction begins, the answer comes in time."""
    for late in (0.0, 10.0, 15.0, 19.0, 19.9):

        def script(call: Call, late: float = late) -> Fault | None:
            if call.number == 0:
                moto.clock.waited += late
            return lost_request if call.operation == WRITE else None

        began = moto.clock.waited
        with tapped(moto, script) as wire, pytest.raises(Unavailable):
            book(moto)
        assert moto.clock.waited - began < GATEWAY_SECONDS
        assert wire.names()[-1] == KEY


def test_an_unknown_outcome_that_cannot_be_looked_up_is_unavailable_and_replayed(moto: Backend):
    def script(call: Call) -> Fault | None:
        return {WRITE: lost_answer, KEY: lost_request}.get(call.operation)

    with tapped(moto, script), pytest.raises(Unavailable):
        book(moto)
    booking = the_only(moto)
    again = book(moto)
    assert (again.replayed, again.answer) == (True, moto.ports.keys.get(_token(moto)).answer)
    assert the_only(moto) == booking


def test_a_repeat_before_the_first_answer_was_found_books_once(dynamodb: Backend):
    """The client gives up waiting and asks again with its key, while the first may still arrive."""
    late: list[Call] = []

    def delayed(call: Call) -> Any:
        late.append(call)
        return lost_request(call)

    with tapped(dynamodb, always(WRITE, delayed)), pytest.raises(Unavailable):
        book(dynamodb)
    second = book(dynamodb)
    late[0].perform()
    assert the_only(dynamodb) == second.value


@pytest.mark.parametrize("key", ["key", None])
def test_a_transaction_that_arrives_late_is_not_taken_for_somebody_elses(
    dynamodb: Backend, key: str | None
):
    """Its repeat met a rival, who then gave up; then it arrived, before anybody looked again."""
    late: list[Call] = []
    rival = dynamodb.worker()

    def delayed(call: Call) -> Any:
        late.append(call)
        rivals = bookings.book(rival, a_request(person=EERO), an_intent(key="rival"))
        late.append(the_value(rivals).booking_id)
        return lost_request(call)

    def arrive() -> None:
        bookings.cancel(rival, late[1], "", None, an_intent(key="gone"))
        late[0].perform()

    script = at_the(WRITE, delayed, None, None, None)
    reads = at_the(READ, None, None, meanwhile(arrive))
    with tapped(dynamodb, lambda call: _first(script(call), reads(call))):
        outcome = book(dynamodb, key=key)
    assert outcome.answer["status"] == 201
    live = [each for each in dynamodb.ports.bookings.all() if each.live]
    assert [each.booking_id for each in live] == [_booking_id_in(late[0])]
    assert_sound(dynamodb)


BUGS: dict[str, Fault] = {
    "validation": error("ValidationException"),
    "validation-reason": cancelled("None", "ValidationError"),
    "validation-beside-a-conflict": cancelled("TransactionConflict", "ValidationError"),
    "item-too-large": cancelled("ItemCollectionSizeLimitExceeded"),
    "access-denied": error("AccessDeniedException"),
    "access-denied-reason": cancelled("AccessDenied"),
    "no-such-table": error("ResourceNotFoundException"),
    "another-request-under-the-token": error("IdempotentParameterMismatchException"),
    "no-reasons": cancelled(),
}


@pytest.mark.parametrize("fault", BUGS.values(), ids=BUGS)
def test_our_own_bugs_are_not_repeated(moto: Backend, fault: Fault):
    with tapped(moto, always(WRITE, fault)) as wire, pytest.raises(Broken):
        book(moto)
    assert len(wire.writes()) == 1
    nothing_was_written(moto)


def test_a_bug_after_an_unknown_outcome_is_our_own_success_or_a_bug(moto: Backend):
    with tapped(moto, at_the(WRITE, lost_answer, BUGS["validation"])):
        outcome = book(moto)
    assert outcome.value == the_only(moto)
    script = at_the(WRITE, lost_request, BUGS["validation"])
    with tapped(moto, script), pytest.raises(Broken):
        book(moto, key="other", **wed("14-15"))
    the_only(moto)


def test_a_failed_condition_counts_though_others_conflict(moto: Backend):
    """ConditionalCheckFailed comes before TransactionConflict in the table."""
    real: list[Any] = []

    def both(call: Call) -> Any:
        real.append(call.body["TransactItems"])
        codes = ["TransactionConflict"] * len(real[0])
        codes[_index_of(real[0], "moto-catalog")] = "ConditionalCheckFailed"
        return cancelled(*codes)(call)

    with tapped(moto, at_the(WRITE, both)) as wire:
        assert book(moto).value == the_only(moto)
    # Again with fresh settings: a transaction of its own.
    first, second = wire.writes()
    assert first.body["ClientRequestToken"] != second.body["ClientRequestToken"]


@pytest.mark.parametrize(
    "fault",
    [*WITHOUT_REASONS, lost_request, error("InternalServerError", 500), garbled(503)],
)
def test_a_read_is_repeated_until_it_answers(moto: Backend, fault: Fault):
    with tapped(moto, at_the(READ, fault, fault)) as wire:
        assert book(moto).value == the_only(moto)
    assert wire.names().count(READ) == 3
    moto.ports.settings.forget()
    with tapped(moto, at_the("Query", fault)):
        assert book(moto, key="two", **wed("14-15")).value is not None


@pytest.mark.parametrize("fault", [lost_request, REFUSED["throttled"], garbled(503), no_connection])
def test_a_read_that_never_answers_is_unavailable(moto: Backend, fault: Fault):
    began = moto.clock.waited
    with tapped(moto, always(READ, fault)) as wire, pytest.raises(Unavailable):
        book(moto)
    assert moto.clock.waited - began < GATEWAY_SECONDS
    assert 1 < wire.names().count(READ) == len(wire.calls) <= 50
    nothing_was_written(moto)


@pytest.mark.parametrize("operation", [READ, KEY, "Query", "Scan"])
def test_a_wrong_read_is_our_bug(moto: Backend, operation: str):
    moto.ports.settings.forget()
    script = always(operation, error("ValidationException"))
    with tapped(moto, script) as wire, pytest.raises(Broken):
        list(moto.ports.ledger.all_days()) if operation == "Scan" else book(moto)
    assert wire.names().count(operation) == 1


def test_what_was_not_processed_is_asked_for_again(dynamodb: Backend):
    rival = booked(dynamodb, "hall", attendees=30)
    keys = [("hall-a", "2026-12-02"), ("hall-b", "2026-12-02"), ("pod", "2026-12-02")]
    expected = dynamodb.ports.snapshots.read(booking_id=rival.booking_id, days=keys)
    for script in (
        at_the(READ, nothing_processed, nothing_processed),
        at_the(READ, half_processed),
        at_the(READ, nothing_processed, half_processed),
        at_the(READ, half_processed, nothing_processed, lost_request),
    ):
        with tapped(dynamodb, script) as wire:
            found = dynamodb.ports.snapshots.read(booking_id=rival.booking_id, days=keys)
        assert found == expected
        assert all(
            each["ConsistentRead"]
            for call in wire.calls
            for each in call.body["RequestItems"].values()
        )
    with tapped(dynamodb, at_the(READ, half_processed)), pytest.raises(Refused) as refused:
        book(dynamodb, space_ids=("hall",), attendees=30)
    assert refused.value.code == "slot-taken"


def test_what_is_never_processed_is_unavailable(moto: Backend):
    with tapped(moto, always(READ, nothing_processed)) as wire, pytest.raises(Unavailable):
        book(moto)
    assert 1 < len(wire.calls) <= 50
    nothing_was_written(moto)


def test_a_lost_completion_of_an_answer_harms_nobody(moto: Backend):
    written(moto, lambda tx: moto.ports.keys.put(tx, a_record(), 0))
    whole = a_record(answer={"whole": True})
    for fault in (lost_request, *WITHOUT_REASONS, garbled(500), error("ValidationException")):
        with tapped(moto, always("PutItem", fault)) as wire:
            moto.ports.keys.amend(whole)
        assert len(wire.calls) == 1
        assert moto.ports.keys.get("token") == a_record()
    with tapped(moto, always("PutItem", lost_answer)):
        moto.ports.keys.amend(whole)
    assert moto.ports.keys.get("token") == whole


def test_a_lost_note_that_a_key_is_in_use_harms_nobody(moto: Backend):
    keys, now = moto.ports.api_keys, moto.clock.now()
    written(moto, lambda tx: keys.create(tx, a_key("lab.k_form.x", used_at=None)))
    for fault in (lost_request, *WITHOUT_REASONS, garbled(500), error("ValidationException")):
        with tapped(moto, always("UpdateItem", fault)) as wire:
            keys.use("k_form", now, now)
        assert len(wire.calls) == 1


# --- Reasons in a cancelled transaction: somebody else comes between the read and the write.


def between(lab: Backend, happens: Any) -> Any:
    """Something happens after the first transaction was decided and before it arrives."""
    return tapped(lab, at_the(WRITE, meanwhile(happens)))


def test_key_a_request_in_flight_twice_is_answered_twice_and_done_once(dynamodb: Backend):
    twin = dynamodb.worker()
    answers: list[Any] = []

    def happens() -> None:
        answers.append(bookings.book(twin, a_request(), an_intent(key="key")).answer)

    with between(dynamodb, happens):
        outcome = book(dynamodb)
    assert outcome.replayed
    assert [outcome.answer] == answers
    the_only(dynamodb)


def test_key_another_request_in_flight_under_the_key_is_a_mismatch(dynamodb: Backend):
    twin = dynamodb.worker()

    def happens() -> None:
        bookings.book(twin, a_request("studio"), an_intent(key="key", fingerprint="other"))

    with between(dynamodb, happens), pytest.raises(IdempotencyMismatch):
        book(dynamodb)
    assert the_only(dynamodb).space_ids == ("studio",)


@pytest.mark.parametrize(("tags", "error"), [(('"1"',), StaleVersion), (None, Refused)])
def test_version_a_booking_that_changed_meanwhile(
    dynamodb: Backend, tags: tuple[str, ...] | None, error: type[LabError]
):
    """412 where a version was named; 409 `stale-state` where the new state does not allow it."""
    booking, rival = booked(dynamodb), dynamodb.worker()

    def happens() -> None:
        bookings.cancel(rival, booking.booking_id, "", None, an_intent(key="rival"))

    with between(dynamodb, happens), pytest.raises(error) as raised:
        bookings.change(
            dynamodb.ports, booking.booking_id, a_change(**wed("14-15")), tags, an_intent()
        )
    if isinstance(raised.value, Refused):
        assert raised.value.code == "stale-state"
    assert the_only(dynamodb).state is State.CANCELLED


def test_version_a_change_is_made_to_what_is_there_now(dynamodb: Backend):
    booking, rival = booked(dynamodb), dynamodb.worker()

    def happens() -> None:
        change = a_change(**wed("13-14"))
        bookings.change(rival, booking.booking_id, change, None, an_intent(key="rival"))

    with between(dynamodb, happens):
        change = a_change(title="Toinen")
        bookings.change(dynamodb.ports, booking.booking_id, change, None, an_intent())
    found = the_only(dynamodb)
    assert (found.title, found.starts_at, found.version) == ("Toinen", wed("13-14")["starts_at"], 3)


def test_settings_that_changed_meanwhile_are_read_again(dynamodb: Backend):
    rival = dynamodb.worker()

    def happens() -> None:
        spaces.change(rival, "pod", {"setup_minutes": 30}, None, an_intent(STAFF, "rival"))

    with between(dynamodb, happens):
        book(dynamodb)
    ((start, end),) = the_only(dynamodb).footprint["pod"]
    assert end - start == 6


def test_settings_that_forbid_it_meanwhile_refuse_it(dynamodb: Backend):
    rival = dynamodb.worker()

    def happens() -> None:
        spaces.change(rival, "pod", {"active": False}, None, an_intent(STAFF, "rival"))

    with between(dynamodb, happens), pytest.raises(Refused) as refused:
        book(dynamodb)
    assert refused.value.code == "unknown-space"
    assert held(dynamodb) == {}


def test_quota_of_which_the_last_went_meanwhile(dynamodb: Backend):
    spaces.change_site(dynamodb.ports, {"live_bookings": 1}, None, an_intent(STAFF))
    rival = dynamodb.worker()

    def happens() -> None:
        bookings.book(rival, a_request("studio"), an_intent(key="rival"))

    with between(dynamodb, happens), pytest.raises(Refused) as refused:
        book(dynamodb)
    assert refused.value.code == "quota-exceeded"
    assert the_only(dynamodb).space_ids == ("studio",)


def test_ledger_a_rival_in_the_gap_wins(dynamodb: Backend):
    """409 with the taken times, never whose."""
    rival = dynamodb.worker()

    def happens() -> None:
        bookings.book(rival, a_request(**wed("10:30-12"), person=EERO), an_intent(key="rival"))

    with between(dynamodb, happens), pytest.raises(Refused) as refused:
        book(dynamodb)
    assert refused.value.code == "slot-taken"
    (conflict,) = refused.value.conflicts
    assert (conflict.starts_at, conflict.reason) == (wed("10:30-12")["starts_at"], "booked")
    assert the_only(dynamodb).person == EERO


def test_ledger_a_rival_in_the_gap_of_a_move_wins(dynamodb: Backend):
    booking, rival = booked(dynamodb), dynamodb.worker()

    def happens() -> None:
        bookings.book(rival, a_request(**wed("11-12"), person=EERO), an_intent(key="rival"))

    change = a_change(**wed("10:30-11:30"))
    with between(dynamodb, happens), pytest.raises(Refused) as refused:
        bookings.change(dynamodb.ports, booking.booking_id, change, None, an_intent())
    assert refused.value.code == "slot-taken"
    assert dynamodb.ports.bookings.get(booking.booking_id) == booking
    assert_sound(dynamodb)


def test_ledger_two_who_lose_to_nobody_both_win(dynamodb: Backend):
    """A rival who is gone again when the loser looks is in nobody's way."""
    rival = dynamodb.worker()

    def comes() -> None:
        outcome = bookings.book(rival, a_request(person=EERO), an_intent(key="rival"))
        gone.append(the_value(outcome).booking_id)

    def goes() -> None:
        bookings.cancel(rival, gone[0], "", None, an_intent(key="goes"))

    gone: list[str] = []
    writes, reads = at_the(WRITE, meanwhile(comes)), at_the(READ, None, None, meanwhile(goes))
    with tapped(dynamodb, lambda call: _first(writes(call), reads(call))):
        outcome = book(dynamodb)
    assert the_value(outcome).state is State.CONFIRMED
    assert_sound(dynamodb)


def test_ledger_a_closure_in_the_gap_is_said_to_be_one(dynamodb: Backend):
    rival = dynamodb.worker()

    def happens() -> None:
        request = ClosureRequest(("pod",), **wed("10-12"))
        closure = the_value(closures.close(rival, request, an_intent(STAFF, "rival")))
        closures.go_on(rival, closure.closure_id)

    with between(dynamodb, happens), pytest.raises(Refused) as refused:
        book(dynamodb)
    assert refused.value.code == "closed"
    assert list(dynamodb.ports.bookings.all()) == []
    assert_sound(dynamodb)


def test_ledger_a_hold_that_came_and_ended_in_the_gap_is_released(dynamodb: Backend):
    held_until_proved(dynamodb)
    rival = dynamodb.worker()

    def happens() -> None:
        bookings.book(rival, a_request(person=EERO), an_intent(ANYBODY, "rival"))
        dynamodb.clock.forward(minutes=30)

    with between(dynamodb, happens):
        outcome = book(dynamodb)
    assert the_value(outcome).state is State.CONFIRMED
    states = {each.person.name: each.state for each in dynamodb.ports.bookings.all()}
    assert states == {"Aino Aalto": State.CONFIRMED, "Eero Eskola": State.EXPIRED}
    assert_sound(dynamodb)


def test_ledger_losing_the_race_to_release_a_hold_is_fine(dynamodb: Backend):
    held_until_proved(dynamodb)
    hold, rival = booked(dynamodb, actor=ANYBODY), dynamodb.worker()
    dynamodb.clock.forward(minutes=30)

    def happens() -> None:
        bookings.book(rival, a_request(**wed("9-10"), person=EERO), an_intent(key="other"))
        bookings.book(rival, a_request(**wed("10-10:30"), person=EERO), an_intent(key="rival"))

    with between(dynamodb, happens), pytest.raises(Refused) as refused:
        book(dynamodb)
    assert refused.value.code == "slot-taken"
    assert dynamodb.ports.bookings.get(hold.booking_id).state is State.EXPIRED
    assert_sound(dynamodb)


def test_ledger_that_contradicts_a_booking_is_our_fault(dynamodb: Backend):
    """500 and an alarm, for the consistency check to mend: nothing is written over it."""
    booking = booked(dynamodb)
    tx = dynamodb.ports.begin()
    dynamodb.ports.ledger.move(tx, booking.booking_id, booking.footprint, {})
    tx.commit()
    with pytest.raises(Broken):
        bookings.cancel(dynamodb.ports, booking.booking_id, "", None, an_intent())
    assert dynamodb.ports.bookings.get(booking.booking_id) == booking


def test_rivals_and_lost_answers_together(moto: Backend):
    """A rival takes the time after the request was lost; the repeat must not think it is its own."""
    rival = moto.worker()

    def happens() -> None:
        bookings.book(rival, a_request(person=EERO), an_intent(key="rival"))

    script = at_the(WRITE, then(lost_request, happens))
    with tapped(moto, script), pytest.raises(Refused) as refused:
        book(moto)
    assert refused.value.code == "slot-taken"
    assert the_only(moto).person == EERO


def test_a_long_closure_goes_on_through_faults(moto: Backend):
    """Day by day, each day once."""
    start, end = on("2026-12-02", "10-11")["starts_at"], on("2026-12-04", "10-11")["ends_at"]
    request = ClosureRequest(("studio",), start, end)
    closure = the_value(closures.close(moto.ports, request, an_intent(STAFF)))
    faults = [lost_answer, REFUSED["conflict"], lost_request, lost_answer, answer(500, {})]
    with tapped(moto, at_the(WRITE, *faults)):
        found = closures.go_on(moto.ports, closure.closure_id, seconds=60)
    assert found.footprint == found.wanted()
    assert_sound(moto)


def _first(*faults: Fault | None) -> Fault | None:
    return next((fault for fault in faults if fault), None)


def _token(lab: Backend) -> str:
    return an_intent(key="key").token("key")


def _index_of(actions: list[dict[str, Any]], table: str) -> int:
    return next(
        number
        for number, action in enumerate(actions)
        if next(iter(action.values()))["TableName"] == table
    )


def _booking_id_in(call: Call) -> str:
    puts = [each["Put"]["Item"] for each in call.body["TransactItems"] if "Put" in each]
    return next(str(item["booking_id"]["S"]) for item in puts if "booking_id" in item)
