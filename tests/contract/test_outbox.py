"""Messages, what people were told, and what stands around a message."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.domain import messages as domain
from chalicelib.domain.errors import VersionRaced
from chalicelib.domain.letters import Facts, Method, Telling, Told
from chalicelib.domain.messages import Kind, Message, State
from tests.contract.backends import Backend
from tests.contract.things import NOW, a_booking, a_login, a_profile, written
from tests.contract.wire import tapped

SUBJECT = "booking#b_one"
AINO = "p_aino"


def a_message(kind: Kind = Kind.CONFIRMATION, revision: int = 1, **changes) -> Message:
    fields = {"due_at": NOW, "now": NOW} | changes
    return domain.message(kind, SUBJECT, AINO, revision, **fields)


def put(backend: Backend, *messages: Message) -> None:
    for each in messages:
        written(backend, lambda tx, each=each: backend.ports.outbox.put(tx, each))


def save(backend: Backend, message: Message) -> None:
    written(backend, lambda tx: backend.ports.outbox.save(tx, message))


def a_full_message() -> Message:
    """One that uses every field there is."""
    return replace(
        a_message(Kind.REMINDER, 7, rule="PT1H", expires_at=NOW + timedelta(hours=1)),
        state=State.SENDING,
        reason="because",
        lease_until=NOW + timedelta(seconds=180, microseconds=1),
        attempt=3,
        failures=2,
        resent=True,
        marked_at=NOW,
        settled_at=NOW,
    )


def test_a_message_is_read_as_it_was_written(backend: Backend):
    one, full = a_message(), a_full_message()
    put(backend, one, full)
    assert backend.ports.outbox.get(one.message_id) == one
    assert backend.ports.outbox.get(full.message_id) == full
    assert backend.ports.outbox.get("m_none") is None


def test_writing_a_message_twice_is_writing_it_once(backend: Backend):
    put(backend, a_message())
    with pytest.raises(VersionRaced):
        put(backend, a_message(due_at=NOW + timedelta(hours=1)))
    assert backend.ports.outbox.get(a_message().message_id) == a_message()


def test_who_acts_on_an_old_view_of_a_message_loses(backend: Backend):
    one = a_message()
    put(backend, one)
    claimed = domain.claimed(one, NOW)
    save(backend, claimed)
    with pytest.raises(VersionRaced):
        save(backend, domain.claimed(one, NOW))
    with pytest.raises(VersionRaced):
        save(backend, domain.sent(domain.sending(claimed, NOW), NOW))
    assert backend.ports.outbox.get(one.message_id) == claimed


def test_what_is_due_is_found_longest_waiting_first(backend: Backend):
    early = a_message(revision=1, due_at=NOW - timedelta(minutes=5))
    late = a_message(revision=2, due_at=NOW)
    later = a_message(revision=3, due_at=NOW + timedelta(seconds=1))
    put(backend, late, later, early)
    assert backend.ports.outbox.due(NOW, 10) == [early, late]
    assert backend.ports.outbox.due(NOW, 1) == [early]
    save(backend, domain.queued(early, NOW))
    save(backend, domain.dropped(late, NOW, "moved"))
    assert backend.ports.outbox.due(NOW, 10) == []
    assert len(backend.ports.outbox.due(NOW + domain.LEASE, 10)) == 2


def pages(find, limit: int) -> list[Message]:
    found, after = [], None
    for _ in range(20):
        page = find(limit, after)
        assert len(page.items) <= limit
        found += page.items
        after = page.next
        if after is None:
            return found
    raise AssertionError("a list without end")


def test_lists_by_subject_and_person_go_by_when_messages_are_due(backend: Backend):
    messages = [a_message(revision=each, due_at=NOW + timedelta(hours=each)) for each in range(5)]
    other = domain.message(Kind.CHANGE, "booking#b_two", "p_eero", 1, due_at=NOW, now=NOW)
    put(backend, *reversed(messages), other)
    outbox = backend.ports.outbox
    by_subject = pages(lambda limit, after: outbox.by_subject(SUBJECT, limit, after), 2)
    by_person = pages(lambda limit, after: outbox.by_person(AINO, limit, after), 2)
    assert by_subject == by_person == messages
    assert pages(lambda limit, after: outbox.by_person("p_eero", limit, after), 2) == [other]


def test_a_list_by_time_can_be_of_one_state(backend: Backend):
    def at(day: int) -> datetime:
        return datetime(2026, 12, day, tzinfo=NOW.tzinfo)

    messages = [a_message(revision=day, due_at=at(day)) for day in range(1, 8)]
    failed = domain.failed(messages[3], NOW, "MessageRejected")
    put(backend, *messages)
    save(backend, failed)

    def find(state: str):
        month = backend.ports.outbox.by_month
        return pages(lambda limit, after: month("2026-12", at(2), at(6), state, limit, after), 2)

    assert [each.due_at.day for each in find("")] == [2, 3, 4, 5]
    assert find("failed") == [failed]
    assert backend.ports.outbox.by_month("2026-12", at(2), at(2), "", 5, None).items == []


def test_the_context_of_a_message_is_read_at_once(backend: Backend):
    one = a_message()
    empty = backend.ports.outbox.context(one)
    assert (empty.booking, empty.told, empty.suppressed) == (None, None, "")
    assert (empty.reminders_off, empty.paused_until) == (False, None)
    booking = a_booking()
    written(backend, lambda tx: backend.ports.bookings.create(tx, booking))
    facts = Facts(booking.starts_at, booking.ends_at, ("pod",), 2, {"screen": 1}, "facilitator-1")
    told = Told(
        SUBJECT,
        AINO,
        told=Telling("m_1", facts, 0, Method.REQUEST),
        telling=Telling("m_2", replace(facts, facilitator=None, place="Aulakatu 1"), 1, None),
        version=1,
    )
    written(backend, lambda tx: backend.ports.outbox.save_told(tx, told))
    backend.ports.people.suppress(AINO, "bounce", NOW)
    backend.ports.people.set_reminders(AINO, on=False)
    backend.ports.outbox.pause(NOW + timedelta(minutes=5))
    found = backend.ports.outbox.context(one)
    assert (found.booking, found.told, found.suppressed) == (booking, told, "bounce")
    assert (found.reminders_off, found.paused_until) == (True, NOW + timedelta(minutes=5))
    assert backend.ports.outbox.paused_until() == NOW + timedelta(minutes=5)
    backend.ports.outbox.pause(None)
    backend.ports.people.set_reminders(AINO, on=True)
    assert backend.ports.people.unsuppress(AINO)
    assert not backend.ports.people.unsuppress(AINO)
    again = backend.ports.outbox.context(one)
    assert (again.suppressed, again.reminders_off, again.paused_until) == ("", False, None)


def test_the_context_of_a_login_is_who_asked_and_what_they_are(backend: Backend):
    proof, profile = a_login(), a_profile()
    of_login, of_person = about(f"login#{proof.login_id}"), about(f"person#{AINO}")
    for message in (of_login, of_person):
        found = backend.ports.outbox.context(message)
        assert (found.login, found.profile) == (None, None)
    written(backend, lambda tx: backend.ports.logins.put(tx, proof))
    written(backend, lambda tx: backend.ports.people.save_profile(tx, profile))
    backend.ports.people.suppress(AINO, "bounce", NOW)
    found = backend.ports.outbox.context(of_login)
    assert (found.login, found.profile, found.suppressed) == (proof, profile, "bounce")
    found = backend.ports.outbox.context(of_person)
    assert (found.login, found.profile, found.suppressed) == (None, profile, "bounce")
    found = backend.ports.outbox.context(a_message())
    assert (found.login, found.profile, found.suppressed) == (None, None, "bounce")
    other = about("login#l_none")
    assert backend.ports.outbox.context(other).login is None


def test_a_context_is_one_strongly_consistent_read(dynamodb: Backend):
    for subject in (SUBJECT, "login#l_1", f"person#{AINO}"):
        with tapped(dynamodb) as wire:
            dynamodb.ports.outbox.context(about(subject))
        assert wire.names() == ["BatchGetItem"]
        tables = wire.calls[0].body["RequestItems"].values()
        assert [each["ConsistentRead"] for each in tables] == [True] * len(tables)


def about(subject: str) -> Message:
    return domain.message(Kind.LOGIN, subject, AINO, 0, due_at=NOW, now=NOW)


def test_what_people_were_told_has_versions(backend: Backend):
    told = Told(SUBJECT, AINO, version=1)
    for version in (1, 2):
        each = replace(told, version=version)
        written(backend, lambda tx, each=each: backend.ports.outbox.save_told(tx, each))
    for version in (1, 2, 4):
        each = replace(told, version=version)
        with pytest.raises(VersionRaced):
            written(backend, lambda tx, each=each: backend.ports.outbox.save_told(tx, each))
    assert backend.ports.outbox.by_subject(SUBJECT, 5, None).items == []
    assert backend.ports.outbox.by_person(AINO, 5, None).items == []


def test_what_somebody_was_told_is_found_by_subjects(backend: Backend):
    """Of two subjects, to this person: what another was told of the same is not theirs."""
    others = [Told("booking#b_2", AINO, version=1), Told(SUBJECT, "p_eero", version=1)]
    for told in (Told(SUBJECT, AINO, version=1), *others):
        written(backend, lambda tx, told=told: backend.ports.outbox.save_told(tx, told))
    wanted = [SUBJECT, "booking#b_2", "booking#b_3", SUBJECT]
    found = backend.ports.outbox.told_of(wanted, AINO)
    assert sorted(each.subject for each in found) == sorted({SUBJECT, "booking#b_2"})
    assert {each.person_id for each in found} == {AINO}
    assert backend.ports.outbox.told_of([], AINO) == []


def test_why_nothing_is_sent_to_an_address(backend: Backend):
    people = backend.ports.people
    assert people.suppressed(AINO) == ""
    people.suppress(AINO, "complaint", NOW)
    assert people.suppressed(AINO) == "complaint"
    assert people.suppressed("p_eero") == ""
    people.suppress("p_200", "bounce", NOW)
    crowd = [f"p_{number}" for number in range(250)]  # more than one read takes
    found = people.suppressions(["p_eero", AINO, AINO, *crowd])
    assert found == {AINO: "complaint", "p_200": "bounce"}
    assert people.suppressions([]) == {}
