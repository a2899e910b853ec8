"""What is kept: walked over and removed, the same over every store."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from chalicelib.domain.erasures import Erasure, Step, begun, ended, without
from chalicelib.domain.errors import QuotaChanged, VersionRaced
from chalicelib.domain.letters import Telling, Told, facts_of
from chalicelib.domain.logins import Login, Session
from chalicelib.domain.messages import Kind, message, queued
from chalicelib.domain.people import ERASED, Role
from chalicelib.domain.profiles import newcomer
from chalicelib.domain.retention import Night, Token, Trace, turned
from chalicelib.services import bookings, erasure, remains, retention, traces
from chalicelib.services.ports import Quota
from tests.builders import ADMIN, AINO, EERO, a_request, an_intent, on
from tests.contract.backends import Backend, from_the_future
from tests.contract.things import NOW, a_booking, a_full_booking, a_record, written

AINOS = "p_aino"
ONE = message(Kind.REMINDER, "booking#b_one", AINOS, 1, due_at=NOW, now=NOW, rule="P1D")


def everything(read, limit: int = 2) -> list:
    """All of a walk, page by page; no page is longer than it may be."""
    found, after = [], None
    while True:
        page = read(limit, after)
        assert len(page.items) <= limit
        found += page.items
        after = page.next
        if after is None:
            return found


def told(backend: Backend) -> Told:
    telling = Telling("m_1", facts_of(a_booking()), 0, None)
    one = Told("booking#b_one", AINOS, telling=telling, version=1)
    written(backend, lambda tx: backend.ports.outbox.save_told(tx, one))
    return one


def test_every_booking_is_walked_over_once(backend: Backend):
    some = [a_full_booking(booking_id=f"b_{number}") for number in range(5)]
    for each in some:
        written(backend, lambda tx, each=each: backend.ports.bookings.create(tx, each))
    found = everything(backend.ports.keeping.bookings)
    assert sorted(found, key=lambda each: each.booking_id) == some


def test_every_message_is_walked_over_once_and_what_people_were_told(backend: Backend):
    others = [replace(ONE, message_id=f"m_{number}") for number in range(4)]
    for each in (ONE, *others):
        written(backend, lambda tx, each=each: backend.ports.outbox.put(tx, each))
    known = told(backend)
    backend.ports.outbox.pause(NOW)  # which stands in the same table, and is neither
    found = everything(backend.ports.keeping.messages)
    assert known in found
    assert {each.message_id for each in found if each != known} == {
        ONE.message_id,
        *(each.message_id for each in others),
    }


def test_a_message_is_removed_as_it_was_seen(backend: Backend):
    ports = backend.ports
    written(backend, lambda tx: ports.outbox.put(tx, ONE))
    written(backend, lambda tx: ports.outbox.save(tx, queued(ONE, NOW)))
    with pytest.raises(VersionRaced):
        written(backend, lambda tx: ports.keeping.remove_message(tx, ONE))
    written(backend, lambda tx: ports.keeping.remove_message(tx, queued(ONE, NOW)))
    written(backend, lambda tx: ports.keeping.remove_message(tx, ONE))  # gone is gone
    assert ports.outbox.get(ONE.message_id) is None


def test_what_somebody_was_told_is_removed(backend: Backend):
    one = told(backend)
    for _ in range(2):
        written(
            backend, lambda tx: backend.ports.keeping.remove_told(tx, one.subject, one.person_id)
        )
    assert everything(backend.ports.keeping.messages) == []


def test_tokens_of_every_kind_are_walked_over_found_and_removed(backend: Backend):
    ports = backend.ports
    login = Login("l_1", AINOS, AINO.email, "fi", "b", "l", "1", NOW, NOW + timedelta(minutes=10))
    session = Session("s_1", AINOS, NOW, NOW, 1)
    records = [
        a_record(token="t_mine", person_id=AINOS, expires_at=2000),
        a_record(token="t_other", person_id="p_eero", expires_at=2000),
        a_record(token="t_nobody", expires_at=2000),
    ]
    written(
        backend,
        lambda tx: ports.logins.put(tx, login),
        lambda tx: ports.logins.begin(tx, session),
        *(lambda tx, each=each: ports.keys.put(tx, each, 1000) for each in records),
    )
    found = everything(ports.keeping.tokens)
    assert len(found) == 5
    assert Token("t_mine", "idempotency", AINOS, 2000) in found
    assert {each.kind for each in found} == {"idempotency", "session", "login"}
    mine = ports.keeping.tokens_of(AINOS)
    assert sorted(each.kind for each in mine) == ["idempotency", "login", "session"]
    assert {each.person_id for each in mine} == {AINOS}
    for _ in range(2):
        written(
            backend,
            *(lambda tx, each=each: ports.keeping.remove_token(tx, each) for each in mine),
        )
    assert ports.keeping.tokens_of(AINOS) == []
    assert len(everything(ports.keeping.tokens)) == 2


def test_a_token_that_is_another_one_by_now_stays(backend: Backend):
    ports = backend.ports
    old = Token("token", "idempotency", "", 1000)
    written(backend, lambda tx: ports.keys.put(tx, a_record(expires_at=5000), 2000))
    with pytest.raises(VersionRaced):
        written(backend, lambda tx: ports.keeping.remove_token(tx, old))
    assert ports.keys.get("token")


def test_what_is_kept_under_a_person_and_when_it_was_last_heard_of(backend: Backend):
    ports = backend.ports
    profile = replace(newcomer(AINOS, AINO, NOW), version=1, logged_in_at=NOW + timedelta(days=2))
    written(
        backend,
        lambda tx: ports.people.save_profile(tx, profile),
        lambda tx: ports.people.save_quota(
            tx, Quota(AINOS), Quota(AINOS, {"b_1": (1, 2000), "b_2": (1, 3000)}), strict=False
        ),
        lambda tx: ports.people.save_profile(tx, replace(profile, person_id="p_eero")),
    )
    ports.people.suppress(AINOS, "bounce", NOW)
    found = {each.item: each for each in ports.keeping.traces_of(AINOS)}
    assert set(found) == {"profile", "quota", "suppressed"}
    assert found["profile"] == Trace(AINOS, "profile", NOW + timedelta(days=2), profile, 1)
    assert found["quota"] == Trace(AINOS, "quota", datetime.fromtimestamp(3000, UTC), version=1)
    walked = everything(ports.keeping.traces)
    assert len(walked) == 4
    assert {each.person_id for each in walked} == {AINOS, "p_eero"}


def test_an_empty_quota_says_nothing_of_when(backend: Backend):
    ports = backend.ports
    full = Quota(AINOS, {"b_1": (1, 2000)}, 1)
    for old, new in ((Quota(AINOS), full), (full, Quota(AINOS))):
        written(
            backend,
            lambda tx, old=old, new=new: ports.people.save_quota(tx, old, new, strict=False),
        )
    (trace,) = ports.keeping.traces_of(AINOS)
    assert trace.last is None


def test_a_trace_is_removed_as_it_was_seen(backend: Backend):
    ports = backend.ports
    profile = replace(newcomer(AINOS, AINO, NOW), version=1)
    written(backend, lambda tx: ports.people.save_profile(tx, profile))
    written(backend, lambda tx: ports.people.save_profile(tx, replace(profile, version=2)))
    ports.people.suppress(AINOS, "bounce", NOW)
    seen = Trace(AINOS, "profile", version=1)
    with pytest.raises(VersionRaced):
        written(backend, lambda tx: ports.keeping.remove_trace(tx, seen))
    for _ in range(2):
        written(
            backend,
            lambda tx: ports.keeping.remove_trace(tx, Trace(AINOS, "profile", version=2)),
            lambda tx: ports.keeping.remove_trace(tx, Trace(AINOS, "suppressed")),
        )
    assert ports.keeping.traces_of(AINOS) == []


def test_a_quota_that_is_closed_takes_nothing_new_and_gives_back(backend: Backend):
    ports = backend.ports

    def save(old: Quota, new: Quota, *, strict: bool = False) -> None:
        written(backend, lambda tx: ports.people.save_quota(tx, old, new, strict=strict))

    def stored() -> Quota:
        return ports.snapshots.read(person_id=AINOS).quota or Quota(AINOS)

    one = {"b_1": (1, 2)}
    save(Quota(AINOS), Quota(AINOS, one))
    with pytest.raises(QuotaChanged):
        written(backend, lambda tx: ports.people.close_quota(tx, Quota(AINOS)))
    written(backend, lambda tx: ports.people.close_quota(tx, stored()))
    assert stored() == Quota(AINOS, one, 2, closed=True)
    for strict in (False, True):
        with pytest.raises(QuotaChanged):
            save(stored(), Quota(AINOS, {**one, "b_2": (1, 2)}), strict=strict)
    save(Quota(AINOS, one), Quota(AINOS))
    assert stored() == Quota(AINOS, {}, 3, closed=True)


def test_a_quota_that_was_never_there_can_be_closed(backend: Backend):
    ports = backend.ports
    written(backend, lambda tx: ports.people.close_quota(tx, Quota(AINOS)))
    with pytest.raises(QuotaChanged):
        written(
            backend,
            lambda tx: ports.people.save_quota(
                tx, Quota(AINOS), Quota(AINOS, {"b_1": (1, 2)}), strict=False
            ),
        )


def test_an_erasure_goes_on_by_its_versions(backend: Backend):
    ports = backend.ports
    first = begun(AINOS, None, NOW)
    assert ports.keeping.erasure(AINOS) is None
    written(backend, lambda tx: ports.keeping.save_erasure(tx, first))
    with pytest.raises(VersionRaced):
        written(backend, lambda tx: ports.keeping.save_erasure(tx, first))
    after = without(first, Step.BOOKINGS)
    written(backend, lambda tx: ports.keeping.save_erasure(tx, after))
    with pytest.raises(VersionRaced):
        written(backend, lambda tx: ports.keeping.save_erasure(tx, ended(first, NOW)))
    assert ports.keeping.erasure(AINOS) == after
    done = ended(after, NOW + timedelta(minutes=5))
    written(backend, lambda tx: ports.keeping.save_erasure(tx, done))
    other = Erasure("p_eero", NOW)
    written(backend, lambda tx: ports.keeping.save_erasure(tx, other))
    assert sorted(ports.keeping.erasures(), key=lambda each: each.person_id) == [done, other]
    with pytest.raises(VersionRaced):
        written(backend, lambda tx: ports.keeping.remove_erasure(tx, after))
    written(backend, lambda tx: ports.keeping.remove_erasure(tx, done))
    assert ports.keeping.erasures() == [other]


def test_a_night_is_what_was_written(backend: Backend):
    ports = backend.ports
    assert ports.keeping.night() is None
    first = Night(date(2026, 12, 1), NOW, stage=0, finished_at=NOW)
    written(backend, lambda tx: ports.keeping.save_night(tx, first))
    cursor = {"key": "b_17"} if backend.store else {"booking_id": "b_17"}
    after = turned(first, cursor, {"bookings": 3}, 0, NOW)
    written(backend, lambda tx: ports.keeping.save_night(tx, after))
    assert ports.keeping.night() == after
    with pytest.raises(VersionRaced):
        written(backend, lambda tx: ports.keeping.save_night(tx, after))


def test_a_newer_schema_is_walked_over_all_the_same(dynamodb: Backend):
    ports = dynamodb.ports
    written(
        dynamodb,
        lambda tx: ports.bookings.create(tx, a_booking()),
        lambda tx: ports.outbox.put(tx, ONE),
        lambda tx: ports.keys.put(tx, a_record(person_id=AINOS), 1000),
        lambda tx: ports.people.save_profile(tx, replace(newcomer(AINOS, AINO, NOW), version=1)),
        lambda tx: ports.keeping.save_erasure(tx, begun(AINOS, None, NOW)),
    )
    from_the_future(dynamodb)
    assert everything(ports.keeping.bookings) == [a_booking()]
    assert everything(ports.keeping.messages) == [ONE]
    assert len(everything(ports.keeping.tokens)) == 1
    assert len(ports.keeping.traces_of(AINOS)) == 1
    assert ports.keeping.erasures() == [begun(AINOS, None, NOW)]


def test_somebody_is_forgotten_and_others_are_not(lab: Backend, monkeypatch: pytest.MonkeyPatch):
    """B117, P-04: the whole of it, over each store, in small pages."""
    monkeypatch.setattr(remains, "PAGE", 2)
    monkeypatch.setattr(traces, "TOGETHER", 2)
    ports = lab.ports
    admin = replace(ADMIN, person_id="p_sami", role=Role.ADMIN)
    made = [
        bookings.book(ports, a_request(**on("2026-12-02", f"{hour}-{hour + 1}")), an_intent()).value
        for hour in range(9, 14)
    ]
    others = bookings.book(ports, a_request("studio", person=EERO), an_intent()).value
    assert others
    person_id = made[0].person_id
    intent = an_intent(admin, method="DELETE", path="/v1/staff/persons")
    begun_now = erasure.begin(ports, person_id, intent).value
    erasure.work(ports, begun_now)
    assert erasure.go_on_all(ports, 60.0) == 1
    lab.clock.forward(minutes=5)
    assert erasure.go_on_all(ports, 60.0) == 0
    assert remains.left(ports, person_id) == []
    stored = {each.booking_id: each for each in lab.contents()[0]}
    assert {stored[each.booking_id].person_id for each in made} == {ERASED}
    assert stored[others.booking_id] == others
    assert ports.people.profile(person_id) is None
    assert person_id not in {each.person_id for each in lab.quotas()}


def test_a_night_s_work_goes_through_all_tables(lab: Backend, monkeypatch: pytest.MonkeyPatch):
    """P-03: page by page, over each store; the second run of the night does nothing."""
    monkeypatch.setattr(retention, "PAGE", 2)
    ports = lab.ports
    retention.run(ports)
    made = [
        bookings.book(ports, a_request(**on("2026-12-02", f"{hour}-{hour + 1}")), an_intent()).value
        for hour in range(9, 14)
    ]
    written_then = len(everything(ports.keeping.messages))
    lab.clock.time = datetime.fromisoformat("2028-01-12T00:30:00+00:00")
    assert retention.run(ports).overdue == 0
    night = ports.keeping.night()
    assert night
    assert night.over
    assert night.counts["bookings"] == 5
    assert night.counts["tokens"] == 5
    assert night.counts["messages"] == written_then > 10
    assert {each.version for each in lab.contents()[0]} == {2}
    assert len(made) == 5
    retention.run(ports)
    assert ports.keeping.night() == night
