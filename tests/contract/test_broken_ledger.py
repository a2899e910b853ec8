"""A ledger with a condition left out must not get past this suite: here its own checks are made to fail."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.adapters.dynamodb.transaction import Transaction
from tests.contract import test_faults as faults
from tests.contract import test_ledger as ledger
from tests.contract import test_transactions as transactions
from tests.contract import test_use_cases as use_cases
from tests.contract.backends import Backend, in_memory, in_moto
from tests.contract.limits import WORDS

Check = Callable[[Backend], Any]

NOT_TAKEN: list[Check] = [
    lambda lab: ledger.test_taken_slots_are_refused_and_by_whom_they_are_held(
        lab, ledger.slots(35, 45), {ledger.AINOS, ledger.CLOSURE}
    ),
    ledger.test_a_move_that_gains_a_taken_slot_changes_nothing,
    ledger.test_one_taken_space_of_several_refuses_all,
    ledger.test_a_whole_day_fits_into_one_item,
    ledger.test_many_holders_share_a_day,
    lambda lab: transactions.test_the_first_reason_in_the_order_of_the_table_is_told(
        spoilt(lab), 4
    ),
    lambda lab: transactions.test_a_failed_condition_writes_nothing_at_all(spoilt(lab)),
]
NOT_TAKEN_MEANWHILE: list[Check] = [
    faults.test_ledger_a_rival_in_the_gap_wins,
    faults.test_ledger_a_rival_in_the_gap_of_a_move_wins,
    faults.test_ledger_a_closure_in_the_gap_is_said_to_be_one,
    faults.test_ledger_two_who_lose_to_nobody_both_win,
    faults.test_rivals_and_lost_answers_together,
    lambda lab: faults.test_a_transaction_that_arrives_late_is_not_taken_for_somebody_elses(
        lab, "key"
    ),
]
OWN: list[Check] = [
    ledger.test_nobody_releases_what_another_holds,
    faults.test_ledger_that_contradicts_a_booking_is_our_fault,
]
NOT_AGAIN: list[Check] = [
    faults.test_key_a_request_in_flight_twice_is_answered_twice_and_done_once,
    faults.test_key_another_request_in_flight_under_the_key_is_a_mismatch,
    faults.test_a_repeat_before_the_first_answer_was_found_books_once,
]
SETTINGS: list[Check] = [
    faults.test_settings_that_changed_meanwhile_are_read_again,
    faults.test_settings_that_forbid_it_meanwhile_refuse_it,
    use_cases.test_a_worker_with_old_settings_looks_again,
]


def spoilt(lab: Backend) -> Backend:
    return transactions.spoilt.__wrapped__(lab)


def fails(check: Check, lab: Backend) -> None:
    """The check finds something wrong, and not with how this module breaks it."""
    with pytest.raises((AssertionError, pytest.fail.Exception)) as found:
        check(lab)
    assert "both named and used" not in str(found.value)


@pytest.fixture
def lab(aws: None) -> Iterator[Backend]:
    with in_moto("few") as found:
        yield found


def without(monkeypatch: pytest.MonkeyPatch, table: str, part: str) -> None:
    """Leave out the parts of a table's conditions that begin like this."""
    add = Transaction._add

    def forgetful(
        self: Transaction,
        verb: str,
        where: Any,
        of: str,
        action: Any,
        condition: str,
        names: Any,
        values: Any,
        *rest: Any,
    ) -> None:
        if of == table:
            left = [each for each in condition.split(" AND ") if not each.startswith(part)]
            condition = " AND ".join(left)
            words = set(WORDS.findall(f"{condition} {action.get('UpdateExpression', '')}"))
            names, values = (
                {name: value for name, value in (each or {}).items() if name in words}
                for each in (names, values)
            )
        if condition or verb != "ConditionCheck":
            add(self, verb, where, of, action, condition, names, values, *rest)

    monkeypatch.setattr(Transaction, "_add", forgetful)


@pytest.mark.parametrize("check", [*NOT_TAKEN, *NOT_TAKEN_MEANWHILE])
def test_a_claim_that_does_not_ask_whether_slots_are_free_is_caught(
    lab: Backend, check: Check, monkeypatch: pytest.MonkeyPatch
):
    without(monkeypatch, "ledger", "attribute_not_exists")
    fails(check, lab)


@pytest.mark.parametrize("check", NOT_TAKEN)
def test_a_fake_that_does_not_ask_whether_slots_are_free_is_caught(check: Check):
    lab = in_memory().stock()
    lab.store.leave_out = frozenset({"gained"})
    fails(check, lab)


@pytest.mark.parametrize("check", OWN)
def test_a_release_that_does_not_ask_whose_slots_they_are_is_caught(
    lab: Backend, check: Check, monkeypatch: pytest.MonkeyPatch
):
    without(monkeypatch, "ledger", "t")
    fails(check, lab)


@pytest.mark.parametrize("check", SETTINGS)
def test_a_booking_that_does_not_check_the_settings_is_caught(
    lab: Backend, check: Check, monkeypatch: pytest.MonkeyPatch
):
    without(monkeypatch, "catalog", "#version")
    fails(check, lab)


@pytest.mark.parametrize("check", NOT_AGAIN)
def test_a_write_that_does_not_ask_for_its_key_is_caught(
    lab: Backend, check: Check, monkeypatch: pytest.MonkeyPatch
):
    """With the slots not asked for either: of two alike, one condition alone would stop the second."""
    without(monkeypatch, "tokens", "attribute_not_exists")
    without(monkeypatch, "ledger", "attribute_not_exists")
    fails(check, lab)
