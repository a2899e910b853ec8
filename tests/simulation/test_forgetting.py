"""Forgetting people while workers die and others write: killed at every storage call, and in every order.

Whoever dies is followed by somebody who knows nothing of it; whoever was under way comes to its write when
it comes. In the end everything has to be as if nobody had died and nothing had come between.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.api_keys import ApiKey
from chalicelib.domain.erasures import Step
from chalicelib.domain.errors import LabError, NotFound, Refused
from chalicelib.domain.logins import Session
from chalicelib.domain.people import ERASED, Person, Role, Scope, person_id_of
from chalicelib.domain.profiles import Profile, actor_of, newcomer
from chalicelib.services import (
    account,
    bookings,
    confirming,
    erasure,
    events,
    expiry,
    links,
    login,
    private_feeds,
    remains,
    retention,
    sender,
    sessions,
    signups,
    traces,
)
from chalicelib.services.ports import Ports
from chalicelib.services.signups import Guest, SignUpRequest
from tests.builders import (
    ADMIN,
    AINO,
    ANYBODY,
    EERO,
    NOW,
    PIA,
    SAMI,
    STAFF,
    a_change,
    a_request,
    a_store,
    an_intent,
    on,
    wed,
)
from tests.deaths import Died
from tests.event_builders import an_event
from tests.event_scene import check_counters
from tests.fakes import FakeClock, Store, memory_ports
from tests.simulation.invariant import Invariant
from tests.simulation.test_interleavings import a_case
from tests.simulation.turnstile import Run, every_order

AINOS = person_id_of(AINO.email, "a salt for tests")
PIA_OF_OURS = replace(PIA, email="pia.peltola@gov.fi")
NIGHT = datetime.fromisoformat("2027-12-07T00:30:00+00:00")  # half past two in Helsinki


def known(ports: Ports) -> Profile:
    """Aino has logged in once."""
    profile = replace(newcomer(AINOS, AINO, NOW), version=1, logged_in_at=NOW)
    tx = ports.begin()
    ports.people.save_profile(tx, profile)
    tx.commit()
    return profile


def aino(profile: Profile) -> Any:
    return actor_of(profile, Role.PERSON, "s_1")


def asks(ports: Ports) -> None:
    """The request of an admin, as a whole."""
    intent = an_intent(ADMIN, method="DELETE", path="/v1/staff/persons")
    found = erasure.begin(ports, AINOS, intent).value
    assert found is not None
    erasure.work(ports, found)


def asks_only(ports: Ports) -> None:
    """The one write that begins it."""
    erasure.begin(ports, AINOS, an_intent(ADMIN, method="DELETE", path="/v1/staff/persons"))


def a_life(ports: Ports, clock: FakeClock) -> None:
    """Aino has done everything, and some of it is just under way."""
    profile = known(ports)
    me = aino(profile)
    tx = ports.begin()
    ports.logins.begin(tx, Session("s_1", AINOS, NOW, NOW, 1))
    ports.api_keys.create(
        tx, ApiKey("k_1", "Aino's", (Scope.BOOK,), "d", "1", AINOS, NOW, owner_id=AINOS)
    )
    tx.commit()
    bookings.book(ports, a_request("studio", person=EERO), an_intent())
    bookings.book(ports, a_request("pod", **wed("8-9")), an_intent(me))
    clock.time = wed("9:30-10")["starts_at"]
    for hours in ("10-11", "14-15"):
        bookings.book(ports, a_request("pod", title="Aino's", **wed(hours)), an_intent(me))
    bookings.book(ports, a_request("lab", **wed("16-17")), an_intent(me))  # waits for an answer
    private_feeds.make(ports, "Aino's telephone", "fi", an_intent(me, path="/v1/me/feeds"))
    goes_out(ports, clock)
    ports.people.set_reminders(AINOS, on=False)
    login.ask(ports, AINO.email, "fi")
    clock.time = wed("10:30-11")["starts_at"]
    sender.poll(ports)
    for message_id in sorted(ports.queue._store.queue)[:3]:  # the others are on their way
        sender.work(ports, message_id)


def goes_out(ports: Ports, clock: FakeClock) -> None:
    """Aino has a seat, leads a party, comes along with others, and waits; somebody waits for her seat."""
    for event_id, day, limit in (
        ("e_past", 1, 9),
        ("e_one", 3, 1),
        ("e_two", 4, 1),
        ("e_six", 5, 2),
    ):
        times = on(f"2026-12-0{day}", "8-9")
        window = {"opens_at": NOW - timedelta(days=2), "closes_at": NOW + timedelta(days=2)}
        event = an_event(limit, event_id=event_id, **times, **window)
        events.create(ports, event, an_intent(STAFF))

    def comes(person: Person, event_id: str, *guests: Guest) -> None:
        wish = SignUpRequest(event_id, person=person, guests=guests, accept_terms=True)
        intent = an_intent(render=lambda _: {"status": 201}, path=event_id)
        signups.sign_up(ports, wish, intent)

    along = Guest(AINO.name, AINO.email, diet="Aino's own")
    comes(AINO, "e_past", Guest("Aino's friend"))
    comes(AINO, "e_one")
    comes(EERO, "e_one")
    comes(EERO, "e_two")
    comes(AINO, "e_two")
    comes(SAMI, "e_two")
    comes(EERO, "e_six", along)
    comes(PIA_OF_OURS, "e_six")


def of_events(store: Store) -> Any:
    """Sign-ups and who waits, whatever nobody's are called, and whenever who waited came to a seat."""

    def named(person_id: str) -> str:
        return ERASED if person_id.startswith(ERASED) else person_id

    return (
        store.events,
        sorted(
            repr(
                replace(
                    each,
                    person_id=named(each.person_id),
                    version=0,
                    confirmed_at=each.confirmed_at and NOW,
                )
            )
            for each in store.signups.values()
        ),
        sorted((*key[:2], named(entry.person_id)) for key, entry in store.queues.items()),
        sorted(store.parties.items()),
        store.holds,
    )


def result(store: Store) -> Any:
    """What is left, but for when exactly it was written and how often it was tried."""
    return (
        store.bookings,
        of_events(store),
        {
            key: (one.kind, one.subject, one.person_id, one.state, one.reason)
            for key, one in store.messages.items()
        },
        store.told,
        store.profiles,
        {key: quota.bookings for key, quota in store.quotas.items()},
        store.sessions,
        store.logins,
        store.feeds,
        store.feed_lists,
        store.reminders_off,
        {key: (one.label, one.owner_id) for key, one in store.api_keys.items()},
        sorted(record.person_id for record in store.records.values()),
        [each.done for each in store.erasures.values()],
        sorted(entry["action"] for entry in store.audit if entry["action"] != "erase"),
    )


def dying_at(store: Store, number: int, moment: str) -> None:
    calls = iter(range(10_000))

    def hook(_name: str) -> None:
        if next(calls) == number:
            raise Died

    store.before = store.after = lambda _name: None
    setattr(store, moment, hook)


def a_scene() -> tuple[Store, FakeClock]:
    store, clock = a_store(), FakeClock(NOW)
    a_life(memory_ports(store, clock), clock)
    store.calls.clear()
    return store, clock


def request_and_clock(store: Store, clock: FakeClock) -> None:
    """The request, and the run of the clock that ends it, by workers that have just begun."""
    asks(memory_ports(store, clock))
    clock.forward(minutes=5)
    erasure.go_on_all(memory_ports(store, clock), 60.0)


def recover(store: Store, clock: FakeClock) -> None:
    """Somebody asks again if it had not begun, and the clock goes on."""
    store.before = store.after = lambda _name: None
    if AINOS not in store.erasures:
        asks(memory_ports(store, clock))
    for _ in range(2):
        clock.forward(minutes=5)
        retention.run(memory_ports(store, clock))
    assert store.erasures[AINOS].done


def test_whoever_dies_and_wherever_somebody_is_forgotten_once() -> None:
    """B117, at every crash point of the request and of the clock's run."""
    store, clock = a_scene()
    request_and_clock(store, clock)
    whole, calls = result(store), len(store.calls)
    assert store.erasures[AINOS].done
    words = repr((whole, store.quotas, store.records))
    assert not [word for word in ("Aino", "Aalto", AINOS) if word in words]
    print(f"{calls} calls, {2 * calls} deaths")
    assert calls > 60
    for number in range(calls):
        for moment in ("before", "after"):
            store, clock = a_scene()
            dying_at(store, number, moment)
            with pytest.raises(Died):
                request_and_clock(store, clock)
            recover(store, clock)
            assert result(store) == whole, f"died {moment} call {number}"
            Invariant(store).check_all()
            check_counters(store)


@pytest.mark.parametrize("step", Step)
def test_what_is_left_is_never_taken_for_done(monkeypatch: pytest.MonkeyPatch, step: Step) -> None:
    """Whichever step does nothing, the pass behind the fence sees it: it goes on, and after hours rings."""
    monkeypatch.setattr(erasure, "STEPS", {**erasure.STEPS, step: lambda *_: True})
    monkeypatch.setattr(erasure, "AT_ONCE", {})
    store, clock = a_scene()
    request_and_clock(store, clock)
    assert not store.erasures[AINOS].done
    clock.forward(hours=6)
    assert retention.run(memory_ports(store, clock)) == retention.Retained(erasing=1, overdue=1)


def a_year_ago() -> tuple[Store, FakeClock]:
    """Bookings, a hold, messages and tokens that are all due, and a person who is."""
    store, clock = a_store(prove_address=True), FakeClock(NOW)
    ports = memory_ports(store, clock)
    retention.run(ports)
    known(ports)
    for hours in ("10-11", "12-13", "14-15"):
        bookings.book(ports, a_request("pod", person=EERO, **wed(hours)), an_intent())
    bookings.book(ports, a_request("studio"), an_intent(ANYBODY))
    sender.poll(ports)
    for message_id in sorted(store.messages):
        sender.work(ports, message_id)
    clock.time = NIGHT + timedelta(days=740)
    store.calls.clear()
    return store, clock


def nightly(store: Store, clock: FakeClock) -> None:
    retention.run(memory_ports(store, clock))


def test_p03_whoever_dies_half_way_the_next_run_goes_on_from_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """P-03: dies half-way: same result, no second pass over done rows, resumes."""
    monkeypatch.setattr(retention, "PAGE", 2)
    store, clock = a_year_ago()
    nightly(store, clock)
    whole, calls = result(store), len(store.calls)
    assert store.night is not None
    assert store.night.over
    assert {each.person_id for each in store.bookings.values()} == {ERASED}
    print(f"{calls} calls, {2 * calls} deaths")
    for number in range(calls):
        for moment in ("before", "after"):
            store, clock = a_year_ago()
            dying_at(store, number, moment)
            with pytest.raises(Died):
                nightly(store, clock)
            stage = store.night.stage if store.night and not store.night.over else None
            store.before = store.after = lambda _name: None
            store.calls.clear()
            nightly(store, clock)
            assert result(store) == whole, f"died {moment} call {number}"
            assert {each.version for each in store.bookings.values()} == {2}
            if stage:
                assert store.calls.count("keeping.page") < 2 * calls
                assert store.night.day == date(2029, 12, 16)
            Invariant(store).check_all()


def test_p03_a_run_after_a_death_reads_only_the_pages_that_are_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retention, "PAGE", 1)
    store, clock = a_year_ago()
    nightly(store, clock)
    pages = store.calls.count("keeping.page")
    for number in range(1, len(store.calls), 7):
        store, clock = a_year_ago()
        dying_at(store, number, "after")
        with pytest.raises(Died):
            nightly(store, clock)
        store.before = store.after = lambda _name: None
        before = store.calls.count("keeping.page")
        nightly(store, clock)
        # A page that was read and not yet noted is read once more, and what it did is not done again.
        assert store.calls.count("keeping.page") in (pages, pages + 1)
        assert before <= pages


# In every order of storage calls.


def books(**changes: Any) -> Callable[[Ports, Any], Any]:
    """An actor who books, as Aino, in a session that was read before."""
    return lambda ports, profile: (
        bookings.book(
            ports, a_request(person=None, title="Aino's", **changes), an_intent(aino(profile))
        ).value
    )


def forgets(ports: Ports, _: Any) -> None:
    """An actor who has Aino forgotten, as far as the request does it."""
    asks(ports)


def named(store: Store) -> list[Any]:
    """The bookings that are hers, or speak of her, or hold anything for her."""
    return [
        each
        for each in store.bookings.values()
        if each.person_id == AINOS or "Aino" in repr(each) or each.live
    ]


def finished(run: Run) -> None:
    """The clock comes by behind the fence: then nothing is left in any order."""
    clock = FakeClock(NOW + timedelta(minutes=5))
    ports = memory_ports(run.store, clock)
    erasure.go_on_all(ports, 60.0)
    assert run.store.erasures[AINOS].done
    assert remains.left(ports, AINOS) == []
    words = repr(
        (
            run.store.bookings,
            run.store.messages,
            run.store.profiles,
            run.store.quotas,
            run.store.sessions,
            run.store.records,
            run.store.feeds,
            run.store.told,
            run.store.signups,
            run.store.parties,
            run.store.queues,
        )
    )
    assert AINOS not in words
    assert "Aino" not in words
    Invariant(run.store).check_all()


def refusal(result: Any) -> str:
    return result.code if isinstance(result, Refused) else ""


def test_no_booking_that_was_under_way_slips_through() -> None:
    """The claim's own transaction is refused by the closed quota, so the request alone is enough."""
    orders = refused = 0
    for run in every_order(a_case(books(), forgets, given=known), once=True):
        orders += 1
        refused += refusal(run.results[0]) == "email-not-allowed"
        assert named(run.store) == []
        finished(run)
    print(f"{orders} orders, {refused} refused")
    assert 0 < refused < orders


def test_without_the_condition_on_the_quota_one_slips_through_until_the_clock_comes_by() -> None:
    """The condition is what keeps it out; the pass behind the fence finds it all the same."""
    slipped = 0
    case = a_case(books(), forgets, given=known, leave_out=frozenset({"closed"}))
    for run in every_order(case, once=True):
        slipped += bool(named(run.store))
        finished(run)
    assert slipped


def test_an_anonymous_booking_of_the_same_address_does_not_slip_through_either() -> None:
    """She has no profile: the quota is closed all the same."""

    def given(ports: Ports) -> Any:
        return bookings.book(ports, a_request("studio"), an_intent()).value

    def anybody(ports: Ports, _: Any) -> Any:
        return bookings.book(ports, a_request("pod"), an_intent(ANYBODY)).value

    for run in every_order(a_case(anybody, forgets, given=given), once=True):
        assert named(run.store) == []
        finished(run)


def edits(ports: Ports, made: Any) -> Any:
    return bookings.change(
        ports, made.booking_id, a_change(title="Aino's own"), ("*",), an_intent()
    ).value


def moves(ports: Ports, made: Any) -> Any:
    return bookings.change(
        ports, made.booking_id, a_change(**wed("14-15")), ("*",), an_intent()
    ).value


def denies(ports: Ports, made: Any) -> Any:
    return bookings.deny(ports, made.booking_id, "Aino, not today", None, an_intent(STAFF)).value


def approves(ports: Ports, made: Any) -> Any:
    return bookings.approve(ports, made.booking_id, None, an_intent(STAFF)).value


def cancels(ports: Ports, made: Any) -> Any:
    return bookings.cancel(ports, made.booking_id, "Aino is ill", ("*",), an_intent()).value


def expires(ports: Ports, made: Any) -> Any:
    return expiry.expire(ports, made.booking_id)


def confirms(ports: Ports, made: Any) -> Any:
    code = links.code_of(ports, made)
    return confirming.confirm(ports, made.booking_id, code, an_intent(ANYBODY)).value


def booked(space: str, by: Any = None) -> Callable[[Ports], Any]:
    def given(ports: Ports) -> Any:
        known(ports)
        return bookings.book(ports, a_request(space), an_intent(by or ADMIN)).value

    return given


@pytest.mark.parametrize(
    ("space", "by", "act"),
    [
        ("pod", None, edits),
        ("pod", None, moves),
        ("pod", None, cancels),
        ("pod", ANYBODY, confirms),
        ("pod", ANYBODY, expires),
    ],
    ids=lambda each: getattr(each, "__name__", "" if each is None else str(each)[:9]),
)
def test_whatever_else_is_done_to_a_booking_meanwhile_it_is_nobody_s(
    space: str, by: Any, act: Any
) -> None:
    case = a_case(act, forgets, given=booked(space, by), prove_address=True)
    for run in every_order(case, once=True):
        assert named(run.store) == []
        finished(run)


@pytest.mark.parametrize("act", [approves, denies])
def test_an_answer_of_staff_meanwhile_leaves_nothing(act: Any) -> None:
    def given(ports: Ports) -> Any:
        profile = known(ports)
        return bookings.book(ports, a_request("lab"), an_intent(aino(profile))).value

    for run in every_order(a_case(act, forgets, given=given), once=True):
        assert named(run.store) == []
        finished(run)


def test_whoever_logs_in_meanwhile_has_no_session() -> None:
    def given(ports: Ports) -> Any:
        known(ports)
        cookie = login.ask(ports, AINO.email, "fi")
        found, _ = ports.logins.read(cookie.split(".")[0])
        assert found
        return cookie, links.login_code(ports, found)

    def enters(ports: Ports, given: Any) -> Any:
        return login.by_code(ports, *given).cookie

    for run in every_order(a_case(enters, forgets, given=given), once=True):
        ports = memory_ports(run.store, FakeClock(NOW))
        cookie = run.results[0]
        assert isinstance(cookie, LabError) or sessions.actor_of(ports, cookie) is None
        finished(run)


def test_what_they_say_of_themselves_meanwhile_is_gone() -> None:
    def says(ports: Ports, profile: Profile) -> Any:
        wanted = account.AccountChange(name="Aino Maria Aalto", reminders=False)
        return account.change(ports, wanted, None, an_intent(aino(profile), path="/v1/me")).value

    def asks_for_it(ports: Ports, _: Any) -> None:
        asks_only(ports)

    for run in every_order(a_case(says, asks_for_it, given=known), once=True):
        assert run.store.profiles[AINOS].person.name == ""
        finished(run)


def test_an_address_for_calendars_that_is_made_meanwhile_is_gone_behind_the_fence() -> None:
    def subscribes(ports: Ports, profile: Profile) -> Any:
        intent = an_intent(aino(profile), path="/v1/me/feeds")
        return private_feeds.make(ports, "Aino's", "fi", intent).value

    for run in every_order(a_case(subscribes, forgets, given=known), once=True):
        finished(run)
        assert run.store.feeds == {}


def test_a_mail_that_is_going_out_meanwhile_is_to_nobody_afterwards() -> None:
    def given(ports: Ports) -> Any:
        known(ports)
        soon = on("2026-12-01", "9:30-10")  # too soon for a reminder
        made = bookings.book(ports, a_request("pod", **soon), an_intent()).value
        asks_only(ports)
        sender.poll(ports)
        return made

    def sends(ports: Ports, _: Any) -> Any:
        queue = ports.queue._store.queue
        return sender.work(ports, queue[0])

    def quietens(ports: Ports, _: Any) -> Any:
        return traces.quieten(ports, AINOS, lambda: False)

    for run in every_order(a_case(sends, quietens, given=given), once=True):
        assert len(run.store.mails) <= 1
        assert all(each.final for each in run.store.messages.values())
        finished(run)
        assert {each.person_id for each in run.store.messages.values()} == {ERASED}


@pytest.mark.slow
@pytest.mark.parametrize("forgotten", [frozenset(), frozenset({"erasing"})])
def test_a_worker_who_comes_late_takes_nothing_from_a_newcomer(forgotten: frozenset[str]) -> None:
    """An admin asks again just as the clock ends it, and somebody with that address books.

    Where the condition that they are still being forgotten is left out, they lose their booking.
    """

    def given(ports: Ports) -> Any:
        known(ports)
        asks(ports)

    def newcomer_books(ports: Ports, _: Any) -> Any:
        erasure.go_on_all(ports, 60.0)
        return bookings.book(ports, a_request("pod"), an_intent()).value

    case = a_case(forgets, newcomer_books, given=given, minutes=5, leave_out=forgotten)
    booked_since = lost = 0
    for run in every_order(case, most=20_000, once=True):
        made = run.results[1]
        begun = [entry["action"] for entry in run.store.audit].count("erase")
        if isinstance(made, LabError) or begun > 1:  # or the newcomer is to be forgotten, too
            continue
        booked_since += 1
        lost += run.store.bookings[made.booking_id] != made
    print(f"{booked_since} newcomers, {lost} lost their booking")
    assert booked_since
    assert bool(lost) is bool(forgotten)


def test_two_workers_end_it_once() -> None:
    def given(ports: Ports) -> Any:
        known(ports)
        asks(ports)
        erasure.go_on_all(ports, 60.0)  # but for the end of it, which is behind the fence

    def ends(ports: Ports, _: Any) -> Any:
        return erasure.go_on_all(ports, 60.0)

    for run in every_order(a_case(ends, ends, given=given, minutes=5), once=True):
        assert [entry["action"] for entry in run.store.audit].count("erased") == 1
        assert run.store.erasures[AINOS].done
        assert AINOS not in run.store.profiles


def test_two_who_ask_begin_it_once() -> None:
    def given(ports: Ports) -> Any:
        return known(ports)

    def begins(ports: Ports, _: Any) -> Any:
        return asks_only(ports)

    for run in every_order(a_case(begins, begins, given=given), once=True):
        assert [entry["action"] for entry in run.store.audit].count("erase") == 1
        assert not [each for each in run.results if isinstance(each, NotFound)]
        assert {each.version for each in run.store.erasures.values()} == {1}
