"""Forgetting people: what goes at once, what the clock ends, and that nothing new comes between."""

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.bookings import State
from chalicelib.domain.erasures import FENCE, Step
from chalicelib.domain.errors import NotFound, Race, Refused, Unavailable
from chalicelib.domain.kept import NOBODY
from chalicelib.domain.messages import State as Sending
from chalicelib.domain.people import ERASED, Actor, Role, person_id_of
from chalicelib.domain.profiles import actor_of, newcomer
from chalicelib.services import (
    bookings,
    erasure,
    login,
    mail_events,
    outbox,
    remains,
    sender,
    sessions,
    traces,
)
from chalicelib.services.links import actor_of_link
from chalicelib.services.mail_events import MailEvent
from tests.builders import (
    ADMIN,
    AINO,
    ANYBODY,
    EERO,
    FORM,
    STAFF,
    an_intent,
    the_ports,
    wed,
)
from tests.fakes import FakeClock, memory_ports
from tests.simulation.invariant import Invariant
from tests.unit.steps import book, change, codes, refused

AINOS = person_id_of(AINO.email, "a salt for tests")
EEROS = person_id_of(EERO.email, "a salt for tests")


@pytest.fixture
def lab():
    """Aino has a profile: ports, store and clock."""
    ports, store, clock = the_ports()
    store.profiles[AINOS] = replace(newcomer(AINOS, AINO, clock.now()), version=1)
    return ports, store, clock


def aino(store) -> Actor:
    return actor_of(store.profiles[AINOS], Role.PERSON, "s_1")


def begin(ports, by: Actor, person_id: str = AINOS):
    return erasure.begin(ports, person_id, an_intent(by, method="DELETE", path="/v1/me")).value


def forget(ports, store, clock, by: Actor | None = None, person_id: str = AINOS):
    """Everything: the request, and the clock until nobody is left."""
    erasure.work(ports, begin(ports, by or aino(store), person_id))
    clock.forward(minutes=5)
    assert erasure.go_on_all(ports, 60.0) == 0


def everything(store) -> str:
    """All that is stored but the log, and that there was an erasure."""
    return repr(
        (
            store.bookings,
            store.ledger,
            store.records,
            store.quotas,
            store.profiles,
            store.logins,
            store.sessions,
            store.messages,
            store.told,
            store.suppressed,
            store.reminders_off,
        )
    )


def test_b117_who_is_forgotten_is_nowhere_and_their_bookings_are_still_counted(lab):
    """B117: person erased: bookings remain for statistics, personal fields emptied."""
    ports, store, clock = lab
    past = book(ports, "studio", title="Aino Aallon juhlat", notes="Aino", **wed("8-9"))
    clock.time = wed("12-13")["starts_at"]
    future = book(ports, "pod", **wed("15-16"))
    login.ask(ports, AINO.email, "fi")
    sender.poll(ports)
    for message_id in list(store.messages):
        sender.work(ports, message_id)
    ports.people.set_reminders(AINOS, on=False)
    assert store.told
    forget(ports, store, clock)
    words = everything(store)
    for word in ("Aino", "Aalto", "aalto", "VM'", AINOS):
        assert word not in words
    assert store.bookings[past.booking_id].state is State.CONFIRMED
    assert store.bookings[past.booking_id].person_id == ERASED
    assert store.bookings[future.booking_id].state is State.CANCELLED
    assert store.profiles == {}
    Invariant(store).check_all()


def test_their_slots_are_free_at_once_and_no_mail_says_so(lab):
    ports, store, _ = lab
    made = book(ports, "pod", **wed("10-11"))
    store.mails.clear()
    erasure.work(ports, begin(ports, aino(store)))
    assert store.bookings[made.booking_id].state is State.CANCELLED
    assert book(ports, "pod", person=EERO, **wed("10-11")).state is State.CONFIRMED
    mine = [each for each in store.messages.values() if each.person_id in (AINOS, ERASED)]
    assert mine
    assert {(each.state, each.reason) for each in mine} == {(Sending.DROPPED, "erased")}
    assert store.mails == []


def test_it_begins_with_one_write_that_blanks_the_profile(lab):
    ports, store, clock = lab
    book(ports)
    store.calls.clear()
    begin(ports, aino(store))
    assert store.calls.count("commit") == 1
    profile = store.profiles[AINOS]
    assert (profile.person, profile.erase_from) == (NOBODY, clock.now())
    assert store.quotas[AINOS].closed
    assert ("person#" + AINOS, "erase") in {(e["subject"], e["action"]) for e in store.audit}


def test_the_request_does_what_is_seen_and_the_clock_the_rest(lab):
    ports, store, clock = lab
    book(ports)
    found = erasure.work(ports, begin(ports, aino(store)))
    assert found.left == (Step.MESSAGES, Step.ACCOUNT)
    erasure.go_on_all(ports, 60.0)
    assert store.erasures[AINOS].left == ()
    assert not store.erasures[AINOS].done  # not before what was under way is written
    clock.time = store.erasures[AINOS].begun_at + FENCE - timedelta(seconds=1)
    assert erasure.go_on_all(ports, 60.0) == 1
    clock.forward(seconds=1)
    assert erasure.go_on_all(ports, 60.0) == 0
    assert store.erasures[AINOS].done


def test_a_session_is_over_when_it_begins(lab):
    ports, store, _ = lab
    cookie = login.ask(ports, AINO.email, "fi")
    asked = store.logins[cookie.split(".")[0]]
    entered = login.by_code(ports, cookie, login.login_code(ports, asked))
    actor = sessions.actor_of(ports, entered.cookie)
    assert actor
    begin(ports, actor)
    assert sessions.actor_of(ports, entered.cookie) is None


@pytest.mark.parametrize("by", [ANYBODY, FORM, STAFF])
def test_nobody_books_for_who_is_being_forgotten(lab, by):
    ports, store, clock = lab
    begin(ports, aino(store))
    assert codes(refused(ports, by=by)) == ["email-not-allowed"]
    clock.forward(minutes=5)
    erasure.go_on_all(ports, 60.0)
    assert book(ports, by=by).person == AINO  # a newcomer with the same address


def test_nobody_logs_in_who_is_being_forgotten(lab):
    ports, store, _ = lab
    cookie = login.ask(ports, AINO.email, "fi")
    asked = store.logins[cookie.split(".")[0]]
    begin(ports, aino(store))
    with pytest.raises(Refused):
        login.by_code(ports, cookie, login.login_code(ports, asked))


def test_a_session_whose_person_is_gone_books_nothing(lab):
    """It was read before they were forgotten, and comes to its write after that."""
    ports, store, clock = lab
    late = aino(store)
    forget(ports, store, clock)
    assert codes(refused(ports, by=late, person=None)) == ["email-not-allowed"]


def test_the_condition_on_the_quota_refuses_what_was_decided_before(lab):
    ports, store, _ = lab
    begin(ports, aino(store))
    tx = ports.begin()
    quota = store.quotas[AINOS]
    ports.people.save_quota(tx, quota, replace(quota, bookings={"b_1": (1, 2)}), strict=False)
    with pytest.raises(Race):
        tx.commit()


def test_twice_is_once(lab):
    ports, store, _ = lab
    book(ports)
    first = begin(ports, aino(store))
    again = begin(ports, ADMIN)
    assert again == first
    erasure.work(ports, again)
    erasure.work(ports, again)
    assert [e["action"] for e in store.audit].count("erase") == 1
    assert [e["action"] for e in store.audit].count("forget") == 1


def test_an_admin_forgets_whoever_asks_for_it(lab):
    ports, store, clock = lab
    book(ports, person=EERO)
    forget(ports, store, clock, ADMIN, EEROS)  # who never had a profile
    assert "Eero" not in everything(store)
    assert begin(ports, ADMIN, EEROS).done  # asked once more


@pytest.mark.parametrize("by", [STAFF, FORM, ANYBODY])
def test_only_they_themselves_and_admins_may(lab, by):
    ports, store, _ = lab
    with pytest.raises(NotFound):
        begin(ports, by)
    assert store.erasures == {}


@pytest.mark.parametrize("person_id", ["p_nobody", "keys", "erasures", ERASED, "staff"])
def test_who_is_unknown_or_no_person_at_all_is_not_found(lab, person_id):
    ports, store, _ = lab
    with pytest.raises(NotFound):
        begin(ports, ADMIN, person_id)
    assert store.erasures == {}


def test_a_newcomer_with_the_same_address_can_be_forgotten_too(lab):
    ports, store, clock = lab
    forget(ports, store, clock)
    made = book(ports)
    assert not begin(ports, ADMIN).done
    clock.forward(minutes=5)
    assert erasure.go_on_all(ports, 60.0) == 0
    assert store.bookings[made.booking_id].person_id == ERASED


def test_who_still_has_the_link_writes_nothing_into_a_booking_that_is_nobody_s(lab):
    """It is running, so it was not given up."""
    ports, store, clock = lab
    made = book(ports, "pod", **wed("10-12"))
    clock.time = wed("11-12")["starts_at"]
    erasure.work(ports, begin(ports, aino(store)))
    link = actor_of_link(made.booking_id)
    for by in (link, FORM):
        with pytest.raises(NotFound):
            change(ports, made, by, title="Aino's")
    assert bookings.read(ports, made.booking_id, link).title == ""
    assert change(ports, made, STAFF, title="Lab's own").title == "Lab's own"


def test_what_is_of_others_stays_as_it_is(lab):
    ports, store, clock = lab
    others = book(ports, "studio", person=EERO)
    book(ports, "pod")
    before = {key: one for key, one in store.messages.items() if one.person_id == EEROS}
    forget(ports, store, clock)
    assert store.bookings[others.booking_id] == others
    assert {key: store.messages[key] for key in before} == before
    assert others.booking_id in store.quotas[EEROS].bookings


def test_a_mail_that_is_just_going_out_is_not_sent_again(lab):
    ports, store, clock = lab
    book(ports)
    sender.poll(ports)
    (message_id,) = {m.message_id for m in store.messages.values() if m.kind == "confirmation"}

    def meanwhile(_mail) -> None:
        erasure.work(ports, begin(ports, aino(store)))

    store.lose_answer = meanwhile
    assert sender.work(ports, message_id) == "sent"
    assert store.messages[message_id].state is Sending.SENT
    store.lose_answer = lambda mail: None
    clock.forward(minutes=5)
    assert erasure.go_on_all(ports, 60.0) == 0
    assert store.messages[message_id].person_id == ERASED
    clock.forward(minutes=20)
    sender.poll(ports)
    assert [sender.work(ports, each) for each in store.messages] == ["nothing to do"] * 3
    assert len(store.mails) == 1


def test_a_bounce_that_comes_late_suppresses_nobody(lab):
    ports, store, clock = lab
    book(ports)
    forget(ports, store, clock)
    for message_id in store.messages:
        mail_events.receive(ports, MailEvent("Bounce", message_id, 1, "Permanent"))
    assert store.suppressed == {}


def test_a_message_to_nobody_is_dropped_whoever_sends_it_again(lab):
    ports, store, clock = lab
    book(ports)
    sender.poll(ports)
    for message_id in list(store.messages):
        sender.work(ports, message_id)
    store.mails.clear()
    forget(ports, store, clock)
    for message_id in list(store.messages):
        outbox.send_again(ports, message_id, an_intent(STAFF))
        assert sender.work(ports, message_id) == "dropped"
    assert store.mails == []


def test_a_lost_race_is_run_again(lab):
    """Staff deny a request while its person is being forgotten: the booking is read once more."""
    ports, store, clock = lab
    made = book(ports, "lab", attendees=1)
    begun = begin(ports, aino(store))
    moments = iter(range(100))

    def meanwhile(name: str) -> None:
        if name == "bookings.get" and next(moments) == 0:
            bookings.deny(ports, made.booking_id, "Aino ei sovi", None, an_intent(STAFF))

    store.after = meanwhile
    erasure.work(ports, begun)
    store.after = lambda name: None
    after = store.bookings[made.booking_id]
    assert (after.state, after.reason, after.person_id) == (State.DENIED, "", ERASED)


def test_what_contradicts_its_tables_keeps_nothing_else_waiting(lab, caplog):
    ports, store, clock = lab
    broken, whole = book(ports, "pod"), book(ports, "studio", **wed("12-13"))
    for key, day in list(store.ledger.items()):
        if key[0] == "pod":
            store.ledger[key] = replace(day, holders={})
    found = erasure.work(ports, begin(ports, aino(store)))
    assert Step.BOOKINGS in found.left
    assert store.bookings[broken.booking_id].person_id == AINOS
    assert store.bookings[whole.booking_id].person_id == ERASED
    clock.forward(minutes=5)
    assert erasure.go_on_all(ports, 60.0) == 1  # it goes on, and after hours rings
    assert "Aino" not in caplog.text


def test_no_time_is_no_harm(lab):
    ports, store, _ = lab
    book(ports)
    begun = begin(ports, aino(store))
    assert erasure.work(ports, begun, seconds=0.0).left == begun.left
    assert erasure.go_on_all(ports, 0.0) == 1


def test_what_went_by_rule_before_is_in_nobody_s_way(lab):
    """The quota still names it: as the last that was heard of them."""
    ports, store, clock = lab
    made = book(ports)
    traces.booking(ports, made.booking_id, AINOS, by_rule=True)
    store.quotas[AINOS] = replace(store.quotas[AINOS], bookings={made.booking_id: (1, 2)})
    forget(ports, store, clock)
    assert store.erasures[AINOS].done


def test_it_counts_for_nothing_in_the_organisation_s_quota_any_more(lab):
    ports, store, clock = lab
    store.site = replace(store.site, organisation_hours_per_week=100)
    store.revision += 1
    ports.settings.forget()
    made = book(ports)
    assert made.organisation_id
    assert store.quotas[made.organisation_id].bookings
    erasure.work(ports, begin(ports, aino(store)))
    assert store.quotas[made.organisation_id].bookings == {}
    assert store.bookings[made.booking_id].organisation_id == ""


def test_whom_a_backup_brought_back_is_forgotten_again(lab):
    """A restore drill: the live tables know who was forgotten since the backup was made."""
    ports, store, clock = lab
    made = book(ports)
    backup = deepcopy(store)
    forget(ports, store, clock)
    clock.forward(hours=3)
    restored = memory_ports(backup, FakeClock(clock.now()))
    assert "Aino" in everything(backup)
    assert erasure.again(restored, ports.keeping.erasures()) == 1
    assert "Aino" not in everything(backup)
    assert AINOS not in everything(backup)
    assert backup.bookings[made.booking_id].person_id == ERASED
    assert backup.erasures[AINOS].done
    assert erasure.again(restored, ports.keeping.erasures()) == 0


def test_who_came_back_before_the_backup_was_made_stays(lab):
    ports, store, clock = lab
    forget(ports, store, clock)
    made = book(ports)
    backup = deepcopy(store)
    restored = memory_ports(backup, FakeClock(clock.now()))
    assert erasure.again(restored, ports.keeping.erasures()) == 0
    assert backup.bookings[made.booking_id] == made


def test_pages_are_gone_through_to_the_end(lab, monkeypatch):
    ports, store, clock = lab
    monkeypatch.setattr(remains, "PAGE", 2)
    monkeypatch.setattr(traces, "TOGETHER", 2)
    for hour in range(8, 17):
        book(ports, "pod", **wed(f"{hour}-{hour + 1}"))
    forget(ports, store, clock)
    assert {each.person_id for each in store.bookings.values()} == {ERASED}
    assert {each.person_id for each in store.messages.values()} == {ERASED}
    assert store.records == {}


def test_the_store_that_fails_leaves_it_to_the_clock(lab):
    ports, store, clock = lab
    book(ports)
    begun = begin(ports, aino(store))

    def fails(name: str) -> None:
        if name == "snapshot":
            raise Unavailable

    store.before = fails
    assert erasure.work(ports, begun) == begun
    store.before = lambda name: None
    clock.forward(minutes=5)
    assert erasure.go_on_all(ports, 60.0) == 0


def test_a_request_is_answered_again_while_its_key_holds(lab):
    ports, store, _ = lab
    intent = an_intent(ADMIN, "key-1", method="DELETE", path="/v1/staff/persons")
    first = erasure.begin(ports, AINOS, intent)
    again = erasure.begin(ports, AINOS, intent)
    assert again.replayed
    assert again.answer == first.answer
