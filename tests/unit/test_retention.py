"""How long things are kept: the rules, and a night's work by them."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from chalicelib.domain import retention as rules
from chalicelib.domain.bookings import State
from chalicelib.domain.erasures import Erasure
from chalicelib.domain.letters import Telling, Told, facts_of
from chalicelib.domain.messages import Kind, message
from chalicelib.domain.notices import Notice
from chalicelib.domain.people import ERASED, Role, person_id_of
from chalicelib.domain.profiles import Profile, newcomer
from chalicelib.domain.retention import RULES, STAGES, Moment, Night, Token, Trace
from chalicelib.domain.signups import State as SignUpState
from chalicelib.services import erasure, notices, retention, sender
from chalicelib.services.ports import Quota
from tests.builders import (
    AINO,
    ANYBODY,
    EERO,
    HELSINKI,
    NOW,
    SAMI,
    STAFF,
    an_intent,
    the_ports,
    wed,
)
from tests.contract.things import a_booking
from tests.event_builders import END, START, a_signup, an_event
from tests.simulation.invariant import Invariant
from tests.unit.steps import book

AINOS = person_id_of(AINO.email, "a salt for tests")
EEROS = person_id_of(EERO.email, "a salt for tests")
NIGHT = datetime.fromisoformat("2026-12-02T00:30:00+00:00")  # half past two in Helsinki
YEAR, TWO_YEARS = timedelta(days=366), timedelta(days=731)


def moment(at: datetime = NOW, **erased: datetime) -> Moment:
    return Moment(at, HELSINKI, erased)


def test_every_rule_says_why():
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(len(rule.reason) > 20 for rule in RULES)


@pytest.mark.parametrize("state", [State.CONFIRMED, State.CANCELLED, State.DENIED])
def test_a_booking_is_anonymised_a_year_after_its_end(state):
    booking = a_booking(state=state)
    end = booking.ends_at + YEAR
    assert rules.booking_due(booking, moment(end)) is rules.BOOKINGS
    assert rules.booking_due(booking, moment(end - timedelta(seconds=1))) is None
    assert rules.booking_due(replace(booking, person_id=ERASED), moment(end)) is None


@pytest.mark.parametrize("state", [State.HELD, State.EXPIRED])
def test_a_hold_that_nobody_confirmed_is_anonymised_after_a_week(state):
    booking = a_booking(state=state, confirm_by=NOW, **wed("10-11"))
    week = NOW + timedelta(days=7)
    assert rules.booking_due(booking, moment(week)) is rules.HOLDS
    assert rules.booking_due(booking, moment(week - timedelta(seconds=1))) is None


def test_a_request_that_staff_never_answered_is_no_such_hold():
    booking = a_booking(state=State.EXPIRED, confirm_by=None, **wed("10-11"))
    assert rules.booking_due(booking, moment(NOW + timedelta(days=30))) is None


def test_a_booking_of_somebody_forgotten_since_is_a_stray():
    booking = a_booking()
    since = NOW + timedelta(days=1)
    assert rules.booking_due(booking, moment(since, p_aino=since)) is rules.STRAYS
    later = replace(booking, created_at=since)  # a newcomer's
    assert rules.booking_due(later, moment(since, p_aino=since)) is None


def test_a_message_goes_400_days_after_it_was_due():
    one = message(Kind.REMINDER, "booking#b_1", "p_aino", 1, due_at=NOW, now=NOW)
    end = NOW + timedelta(days=400)
    assert rules.message_due(one, moment(end)) is rules.MESSAGES
    assert rules.message_due(one, moment(end - timedelta(seconds=1))) is None
    since = NOW + timedelta(days=1)
    assert rules.message_due(one, moment(since, p_aino=since)) is rules.STRAYS


@pytest.mark.parametrize("name", ["told", "telling"])
def test_what_somebody_was_told_goes_400_days_after_the_end_of_it(name):
    booking = a_booking()
    telling = Telling("m_1", facts_of(booking), 0, None)
    told = Told("booking#b_one", "p_aino", **{name: telling}, version=1)
    end = booking.ends_at + timedelta(days=400)
    assert rules.message_due(told, moment(end)) is rules.MESSAGES
    assert rules.message_due(told, moment(end - timedelta(seconds=1))) is None


def test_a_token_goes_a_day_after_it_expired():
    expires = int(NOW.timestamp())
    day = NOW + timedelta(days=1)
    assert rules.token_due(Token("t", "session", "p", expires), moment(day)) is rules.TOKENS
    almost = moment(day - timedelta(seconds=1))
    assert rules.token_due(Token("t", "session", "p", expires), almost) is None
    assert rules.token_due(Token("t", "counter"), moment(day)) is None


def test_a_person_goes_two_years_after_anything_was_heard_of_them():
    profile = newcomer("p", AINO, NOW)
    known = [Trace("p", "profile", NOW, profile), Trace("p", "suppressed")]
    end = NOW + TWO_YEARS
    assert rules.person_due(known, moment(end)) is rules.PERSONS
    assert rules.person_due(known, moment(end - timedelta(seconds=1))) is None
    came_back = [*known, Trace("p", "quota", NOW + timedelta(days=1))]
    assert rules.person_due(came_back, moment(end)) is None
    assert rules.person_due([Trace("p", "quota")], moment(end)) is rules.PERSONS
    assert rules.person_due([], moment(end)) is None


@pytest.mark.parametrize(
    ("known", "stays"),
    [
        ({"granted": Role.STAFF}, True),
        ({"granted": Role.ADMIN}, True),
        ({"partner_until": date(2028, 12, 31)}, True),
        ({"partner_until": date(2028, 11, 30)}, False),
        ({"erase_from": NOW}, True),  # that is under way already
    ],
)
def test_hosts_and_invited_partners_stay(known, stays):
    profile = replace(newcomer("p", AINO, NOW), **known)
    at = datetime.fromisoformat("2028-12-02T00:30:00+00:00")
    found = rules.person_due([Trace("p", "profile", NOW, profile)], moment(at))
    assert (found is None) is stays


def test_that_somebody_was_forgotten_is_known_for_longer_than_any_backup():
    done = Erasure("p", NOW, (), NOW)
    assert rules.erasure_due(done, NOW + timedelta(days=40)) is rules.ERASURES
    assert rules.erasure_due(done, NOW + timedelta(days=40, seconds=-1)) is None
    assert rules.erasure_due(Erasure("p", NOW), NOW + timedelta(days=400)) is None
    assert rules.ERASURES.after > timedelta(days=35)


@pytest.mark.parametrize(
    ("local", "whether"),
    [("01:59", False), ("02:00", True), ("04:59", True), ("05:00", False), ("14:00", False)],
)
def test_the_work_of_a_night_begins_at_night(local, whether):
    at = datetime.fromisoformat(f"2026-12-02T{local}:00+02:00")
    night = Night(date(2026, 12, 1), NOW)
    assert rules.begins(night, at, HELSINKI) is whether
    assert rules.goes_on(replace(night, stage=1), at, HELSINKI) is whether


def test_a_night_is_begun_once_and_what_was_left_goes_first():
    tonight = Night(date(2026, 12, 2), NIGHT)
    assert not rules.begins(tonight, NIGHT, HELSINKI)
    assert not rules.begins(Night(date(2026, 12, 1), NOW, stage=3), NIGHT, HELSINKI)
    assert rules.goes_on(Night(date(2026, 12, 1), NOW, stage=3), NIGHT, HELSINKI)


def test_a_night_that_does_not_come_to_its_end_is_overdue():
    night = Night(date(2026, 12, 1), NOW, finished_at=NOW)
    assert rules.late(night, [], NOW + timedelta(days=2, seconds=-1)) == 0
    assert rules.late(night, [], NOW + timedelta(days=2)) == 1
    assert rules.late(replace(night, finished_at=None), [], NOW) == 1
    assert rules.late(replace(night, last_overdue=7), [], NOW) == 7


def test_an_erasure_that_does_not_come_to_its_end_is_overdue():
    night = Night(date(2026, 12, 1), NOW, finished_at=NOW)
    stuck, done = Erasure("p", NOW), Erasure("q", NOW, (), NOW)
    assert rules.late(night, [stuck, done], NOW + timedelta(hours=6)) == 1
    assert rules.late(night, [stuck, done], NOW + timedelta(hours=5)) == 0


# A night's work, over ports in memory.


@pytest.fixture
def lab():
    """Ports, store and clock; retention has run once, at a time when nothing is done."""
    ports, store, clock = the_ports(prove_address=True)
    retention.run(ports)
    return ports, store, clock


def to_night(clock, days: int) -> None:
    """On to half past two of a night."""
    clock.time = NIGHT + timedelta(days=days)


def known(store, email_of, person_id: str, at: datetime, **more) -> Profile:
    profile = replace(newcomer(person_id, email_of, at), version=1, **more)
    store.profiles[person_id] = profile
    return profile


def test_by_day_nothing_is_looked_at(lab):
    ports, store, clock = lab
    store.calls.clear()
    clock.forward(days=400)
    retention.run(ports)
    assert "keeping.page" not in store.calls


def test_what_is_a_year_old_is_nobody_s_and_what_is_not_is_left(lab):
    ports, store, clock = lab
    old = book(ports)
    sender.poll(ports)
    for message_id in list(store.messages):
        sender.work(ports, message_id)
    clock.forward(days=200)
    start = clock.now().replace(hour=8) + timedelta(days=6)
    new = book(ports, "studio", person=EERO, starts_at=start, ends_at=start + timedelta(hours=1))
    assert store.told
    to_night(clock, 370)
    assert retention.run(ports).overdue == 0
    assert store.bookings[old.booking_id].person_id == ERASED
    assert store.bookings[new.booking_id] == new
    assert store.told == {}
    assert store.night.counts["bookings"] == 1
    Invariant(store).check_all()


def test_holds_tokens_messages_and_persons_go_by_their_rules(lab):
    ports, store, clock = lab
    hold = book(ports, by=ANYBODY)
    known(store, EERO, EEROS, NOW)
    known(store, SAMI, "p_sami", NOW, granted=Role.STAFF)
    to_night(clock, 8)
    retention.run(ports)
    assert store.bookings[hold.booking_id].person_id == ERASED
    assert store.records == {}
    # Whoever made the hold has nothing left but an empty quota, which goes too.
    assert store.profiles.keys() == {EEROS, "p_sami", AINOS}
    assert store.profiles[AINOS].erase_from
    assert store.messages
    clock.forward(minutes=5)
    retention.run(ports)
    assert store.profiles.keys() == {EEROS, "p_sami"}
    to_night(clock, 440)
    retention.run(ports)
    assert store.messages == {}
    to_night(clock, 740)
    assert retention.run(ports) == retention.Retained(erasing=0, overdue=0)
    assert store.profiles[EEROS].erase_from  # begun; the next runs end it
    clock.forward(minutes=5)
    assert retention.run(ports).erasing == 0
    assert set(store.profiles) == {"p_sami"}


def test_the_words_of_a_notice_go_after_a_month_and_that_it_was_sent_stays(lab):
    """P-04"""
    ports, store, clock = lab
    store.events["e_one"] = an_event()
    for number, day in enumerate((0, 5)):
        clock.time = NOW + timedelta(days=day)
        notice = Notice(f"n_{number}", "e_one", {"fi": "Hei"}, {"fi": "Moi"}, clock.now())
        notices.send(ports, notice, an_intent(STAFF, f"k{number}"))
    sent = dict(store.messages)
    to_night(clock, 32)
    assert retention.run(ports).overdue == 0
    assert list(store.notices) == ["n_1"]
    assert store.night.counts["notices"] == 1
    assert store.messages == sent


def test_who_has_booked_within_two_years_stays(lab):
    ports, store, clock = lab
    known(store, AINO, AINOS, NOW)
    clock.forward(days=700)
    start = clock.now().replace(hour=8) + timedelta(days=7)
    book(ports, starts_at=start, ends_at=start + timedelta(hours=1))
    store.quotas[AINOS] = Quota(AINOS)  # pruned: only the booking itself says it
    to_night(clock, 740)
    retention.run(ports)
    assert store.profiles[AINOS].erase_from is None


def test_who_comes_back_in_that_very_moment_stays(lab):
    ports, store, clock = lab
    profile = known(store, AINO, AINOS, NOW)
    to_night(clock, 740)
    moments = iter(range(100))

    def comes_back(name: str) -> None:
        if name == "bookings.list" and next(moments) == 1:
            store.profiles[AINOS] = replace(profile, version=2, logged_in_at=clock.now())

    store.after = comes_back
    assert retention.run(ports).overdue == 0
    assert store.profiles[AINOS].erase_from is None
    assert store.erasures == {}


def test_an_old_hold_that_still_stands_gives_its_slots_back(lab):
    ports, store, clock = lab
    hold = book(ports, by=ANYBODY)
    assert hold.live
    to_night(clock, 30)  # and nobody ran the expiry
    retention.run(ports)
    assert store.bookings[hold.booking_id].state is State.EXPIRED
    Invariant(store).check_all()


def test_p03_run_twice_is_run_once(lab):
    """P-03: the second run of a night does nothing."""
    ports, store, clock = lab
    book(ports)
    to_night(clock, 370)
    retention.run(ports)
    before = repr(store.bookings), repr(store.night), len(store.audit)
    clock.forward(minutes=5)
    store.calls.clear()
    retention.run(ports)
    assert (repr(store.bookings), repr(store.night), len(store.audit)) == before
    calls = [each for each in store.calls if not each.startswith("catalog")]
    assert calls == ["keeping.erasures", "keeping.night", "keeping.erasures"]


def test_time_is_up_and_the_next_run_goes_on_from_there(lab, monkeypatch):
    """P-03: resumes."""
    ports, store, clock = lab
    monkeypatch.setattr(retention, "PAGE", 2)
    for hour in range(8, 17):
        book(ports, **wed(f"{hour}-{hour + 1}"))
    to_night(clock, 370)
    store.after = lambda _name: setattr(clock, "waited", clock.waited + 1.0)  # a slow store
    runs = 0
    while not (store.night.over and store.night.day > date(2026, 12, 1)):
        runs += 1
        retention.run(ports)
        clock.forward(minutes=1)
    assert runs > 2
    assert {each.version for each in store.bookings.values()} == {2}  # each was written once
    assert store.night.last_overdue == 0


def test_a_night_that_was_cut_off_goes_on_the_next(lab, monkeypatch):
    ports, store, clock = lab
    monkeypatch.setattr(retention, "NIGHT_SECONDS", 3.0)
    monkeypatch.setattr(retention, "PAGE", 1)
    for hour in range(8, 12):
        book(ports, **wed(f"{hour}-{hour + 1}"))
    to_night(clock, 370)
    store.after = lambda _name: setattr(clock, "waited", clock.waited + 0.4)
    retention.run(ports)
    left = store.night
    assert not left.over
    to_night(clock, 371)
    while not (store.night.over and store.night.day == date(2027, 12, 8)):
        retention.run(ports)
    assert left.day == date(2027, 12, 7)
    assert {each.version for each in store.bookings.values()} == {2}


def test_two_workers_at_once_do_it_once(lab):
    ports, store, clock = lab
    book(ports)
    to_night(clock, 370)
    other: list[int] = []

    def second(name: str) -> None:
        if name == "keeping.page" and not other:
            other.append(1)
            retention.run(ports)

    store.after = second
    retention.run(ports)
    assert {each.version for each in store.bookings.values()} == {2}
    assert store.night.counts["bookings"] == 1
    assert store.night.over


@pytest.mark.parametrize("table", [table for table, counting in STAGES if not counting])
def test_what_should_have_gone_and_did_not_is_counted(lab, monkeypatch, table):
    """A step that does nothing is seen by the last pass, and rings."""
    ports, store, clock = lab
    book(ports)
    known(store, EERO, EEROS, NOW)
    store.events["e_one"] = an_event()
    later = timedelta(days=700)
    soon = an_event(
        event_id="e_soon", starts_at=START + later, ends_at=END + later, closes_at=START + later
    )
    store.events["e_soon"] = soon
    never_proved = {"state": SignUpState.EXPIRED, "confirm_by": NOW, "event_id": "e_soon"}
    store.signups["e_soon", "p_aino"] = a_signup(**never_proved)
    walk = replace(retention.WALKS[table], act=lambda *_: False)
    monkeypatch.setattr(retention, "WALKS", {**retention.WALKS, table: walk})
    to_night(clock, 740)
    assert retention.run(ports).overdue > 0


def test_a_booking_that_an_index_showed_too_late_is_found(lab):
    ports, store, clock = lab
    book(ports)
    clock.forward(days=1)
    start = clock.now().replace(hour=8) + timedelta(days=2)
    late = book(ports, "studio", starts_at=start, ends_at=start + timedelta(hours=1))
    done = Erasure(AINOS, clock.now(), (), clock.now() + timedelta(minutes=5))
    store.erasures[AINOS] = done
    to_night(clock, 5)
    retention.run(ports)
    assert {each.person_id for each in store.bookings.values()} == {ERASED}
    assert {each.person_id for each in store.messages.values()} == {ERASED}
    assert store.bookings[late.booking_id].state is State.CONFIRMED  # it was over by then
    assert store.night.counts["strays"] >= 2


def test_erasures_are_forgotten_in_their_turn(lab):
    ports, store, clock = lab
    store.erasures["p_x"] = Erasure("p_x", NOW, (), NOW)
    clock.forward(days=39)
    retention.run(ports)
    assert store.erasures
    clock.forward(days=1)
    retention.run(ports)
    assert store.erasures == {}


def test_the_log_has_counts_and_nobody(lab, caplog):
    ports, store, clock = lab
    book(ports)
    to_night(clock, 370)
    with caplog.at_level("INFO"):
        retention.run(ports)
    (line,) = [record for record in caplog.records if record.message == "retention"]
    assert line.counts["bookings"] == 1
    assert line.overdue == 0
    assert "Aino" not in str(line.__dict__)
    assert AINOS not in str(line.__dict__)
    assert erasure.REQUEST_SECONDS <= 10


def test_the_function_has_time_for_both_halves():
    together = retention.ERASING_SECONDS + retention.NIGHT_SECONDS
    assert together < 50  # of the minute that it has
