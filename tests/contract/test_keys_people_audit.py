"""Idempotency items, quotas and the audit log."""

import pytest

from chalicelib.domain.errors import KeyUsed, QuotaChanged
from chalicelib.services.ports import Quota
from tests.contract.backends import Backend, from_the_future
from tests.contract.things import NOW, a_record, written

AINO = "p_aino"


def put(backend: Backend, now: int, **changes) -> None:
    written(backend, lambda tx: backend.ports.keys.put(tx, a_record(**changes), now))


def save(backend: Backend, old: Quota, new: Quota, *, strict: bool) -> None:
    tx = backend.ports.begin()
    backend.ports.people.save_quota(tx, old, new, strict=strict)
    # Beside something else, as always: a quota that did not change adds no action.
    backend.ports.audit.add(tx, subject="person#x", actor="x", action="quota", at=NOW)
    tx.commit()


def stored(backend: Backend) -> Quota:
    return backend.ports.snapshots.read(person_id=AINO).quota or Quota(AINO)


def test_an_answer_is_kept_word_for_word(backend: Backend):
    answer = {
        "status": 201,
        "headers": {"ETag": '"1"', "Location": "/v1/bookings/b_1"},
        "body": {"title": "Työ “2.0” \u2028 🛢", "n": [1, 2.5, None, True, {"a": {}}], "empty": ""},
    }
    put(backend, 1000, answer=answer)
    found = backend.ports.keys.get("token")
    assert found == a_record(answer=answer)
    assert backend.ports.snapshots.read(token="token").record == found
    assert backend.ports.keys.get("another") is None


def test_a_key_is_used_once_until_it_expires(backend: Backend):
    put(backend, 1000, attempt="first", expires_at=2000)
    for now in (1000, 1999):
        with pytest.raises(KeyUsed):
            put(backend, now, attempt="second", expires_at=3000)
    found = backend.ports.keys.get("token")
    assert found is not None
    assert found.attempt == "first"
    put(backend, 2000, attempt="third", expires_at=4000)
    found = backend.ports.keys.get("token")
    assert found is not None
    assert (found.attempt, found.expires_at) == ("third", 4000)


def test_a_used_key_stops_the_whole_transaction(backend: Backend):
    put(backend, 1000)
    tx = backend.ports.begin()
    backend.ports.keys.put(tx, a_record(), 1000)
    backend.ports.people.save_quota(tx, Quota(AINO), Quota(AINO, {"b_1": (1, 2)}), strict=False)
    with pytest.raises(KeyUsed):
        tx.commit()
    assert stored(backend) == Quota(AINO)


def test_an_answer_is_completed_after_the_commit(backend: Backend):
    put(backend, 1000)
    whole = a_record(answer={"status": 200, "body": {"affected": []}})
    backend.ports.keys.amend(whole)
    assert backend.ports.keys.get("token") == whole


def test_only_the_attempt_that_was_written_is_completed(backend: Backend):
    """A key that expired and was used anew, or that was never written, stays as it is."""
    backend.ports.keys.amend(a_record())
    assert backend.ports.keys.get("token") is None
    put(backend, 1000, attempt="second")
    backend.ports.keys.amend(a_record(attempt="first", answer={"late": True}))
    assert backend.ports.keys.get("token") == a_record(attempt="second")


def test_a_quota_is_the_live_bookings_of_a_person(backend: Backend):
    save(backend, Quota(AINO), Quota(AINO, {"b_1": (100, 200)}), strict=False)
    assert stored(backend) == Quota(AINO, {"b_1": (100, 200)}, 1)
    one = Quota(AINO, {"b_1": (100, 200)})
    save(backend, one, Quota(AINO, {"b_1": (150, 250), "b_2": (300, 400)}), strict=False)
    assert stored(backend).bookings == {"b_1": (150, 250), "b_2": (300, 400)}
    save(backend, Quota(AINO, {"b_1": (0, 0)}), Quota(AINO), strict=False)
    assert stored(backend) == Quota(AINO, {"b_2": (300, 400)}, 3)
    assert backend.ports.snapshots.read(person_id="p_eero").quota is None


def test_without_a_limit_nobody_waits_for_anybody(backend: Backend):
    """Two writers that read the same version both write: each booking is an attribute of its own."""
    for number in (1, 2):
        save(backend, Quota(AINO), Quota(AINO, {f"b_{number}": (1, 2)}), strict=False)
    assert set(stored(backend).bookings) == {"b_1", "b_2"}


def test_with_a_limit_the_second_of_two_writers_looks_again(backend: Backend):
    save(backend, Quota(AINO), Quota(AINO, {"b_1": (1, 2)}), strict=True)
    with pytest.raises(QuotaChanged):
        save(backend, Quota(AINO), Quota(AINO, {"b_2": (1, 2)}), strict=True)
    seen = stored(backend)
    save(backend, seen, Quota(AINO, {**seen.bookings, "b_3": (1, 2)}, seen.version), strict=True)
    with pytest.raises(QuotaChanged):
        save(backend, seen, Quota(AINO, {**seen.bookings, "b_4": (1, 2)}), strict=True)
    assert set(stored(backend).bookings) == {"b_1", "b_3"}
    assert stored(backend).version == 2


def test_a_quota_that_does_not_change_is_not_written(backend: Backend):
    same = Quota(AINO, {"b_1": (1, 2)})
    save(backend, same, same, strict=True)
    assert stored(backend) == Quota(AINO)


def test_hundreds_of_bookings_that_are_over_do_not_stop_the_next(backend: Backend):
    """They do not fit into one expression; what is not taken out now is taken out the next time."""
    names = [f"b_{number:022d}" for number in range(250)]
    for first in range(0, 250, 50):
        some = dict.fromkeys(names[first : first + 50], (1, 2))
        save(backend, Quota(AINO), Quota(AINO, some), strict=False)
    for step in range(3):
        seen = stored(backend)
        left = {name: span for name, span in seen.bookings.items() if span[1] > 10}
        new = Quota(AINO, {**left, f"b_new{step}": (10, 20)}, seen.version)
        save(backend, seen, new, strict=True)
    assert set(stored(backend).bookings) == {"b_new0", "b_new1", "b_new2"}


def test_an_entry_is_never_lost_to_another_of_the_same_moment(backend: Backend):
    for action in ("book", "approve", "cancel"):
        written(
            backend,
            lambda tx, action=action: backend.ports.audit.add(
                tx, subject="booking#b_1", actor="p_sami", action=action, at=NOW
            ),
        )
    assert backend.audit() == [
        ("booking#b_1", "p_sami", action) for action in ("approve", "book", "cancel")
    ]


def test_an_entry_says_what_it_is_given(dynamodb: Backend):
    written(
        dynamodb,
        lambda tx: dynamodb.ports.audit.add(
            tx, subject="space#pod", actor="p_sami", action="change", at=NOW, fields=["capacity"]
        ),
    )
    (entry,) = dynamodb.items("audit")
    assert entry["fields"] == ["capacity"]
    assert entry["at"].startswith("2026-12-01T07:00:00.000000Z#")


def test_a_newer_schema_is_read_all_the_same(dynamodb: Backend):
    put(dynamodb, 1000)
    save(dynamodb, Quota(AINO), Quota(AINO, {"b_1": (1, 2)}), strict=False)
    from_the_future(dynamodb)
    assert dynamodb.ports.keys.get("token") == a_record()
    assert stored(dynamodb) == Quota(AINO, {"b_1": (1, 2)}, 1)
