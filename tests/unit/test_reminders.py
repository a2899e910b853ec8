"""Reminders: when they are due, who gets one, and what makes them drop."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from chalicelib.domain.messages import Kind, State
from chalicelib.domain.reminders import reminder_due, reminders_ahead
from chalicelib.services import sender
from tests.builders import ANYBODY, EERO, FORM, HELSINKI, at, on
from tests.unit.mailing import NEW_YEAR, office, utc
from tests.unit.steps import approve, cancel, change, deny

REMINDER = Kind.REMINDER


def local(instant) -> str:
    return f"{instant.astimezone(HELSINKI):%Y-%m-%d %H:%M}"


def due(rule: str, start: str) -> str:
    return local(reminder_due(rule, at(start), HELSINKI))


def reminded(lab) -> list[str]:
    return [letter.rule for letter in lab.sent if letter.kind is REMINDER]


@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [
        ("P1D", "2027-01-20 09:00", "2027-01-19 09:00"),
        ("PT1H", "2027-01-20 09:00", "2027-01-20 08:00"),
        ("P1D", "2027-03-28 09:00", "2027-03-27 09:00"),  # T-03: 23 hours
        ("P1D", "2027-10-31 09:00", "2027-10-30 09:00"),  # T-04: 25 hours
        ("PT1H", "2027-01-21 07:30", "2027-01-20 19:59"),
        ("PT1H", "2027-01-21 08:00", "2027-01-21 07:00"),  # the night is over at 7
        ("PT1H", "2027-01-21 07:59", "2027-01-20 19:59"),
        ("PT1H", "2027-01-21 21:00", "2027-01-21 19:59"),  # and begins at 20
        ("PT1H", "2027-01-21 20:59", "2027-01-21 19:59"),
        ("P1D", "2027-01-21 21:00", "2027-01-20 19:59"),
        ("P1D", "2027-01-21 00:30", "2027-01-19 19:59"),
        ("PT1H", "2027-01-21 00:30", "2027-01-20 19:59"),
    ],
)
def test_days_are_wall_time_hours_elapsed_and_the_night_is_quiet(rule, start, expected):
    """R-19, T-03, T-04"""
    assert due(rule, start) == expected


def test_an_hour_is_elapsed_time_where_the_clock_is_changed(monkeypatch):
    """An hour before 04:30 of the night in which 03:xx comes not: 02:30, out of the quiet hours."""
    monkeypatch.setattr("chalicelib.domain.reminders.QUIET_TO", time(0))
    assert due("PT1H", "2027-03-28 04:30") == "2027-03-28 02:30"


def test_a_reminder_whose_time_has_come_already_is_not_made_up_for():
    start = at("2027-01-20 09:00")
    one_day = start - timedelta(days=1)
    before, then = one_day - timedelta(microseconds=1), one_day
    assert [rule for rule, _ in reminders_ahead(start, HELSINKI, before)] == ["P1D", "PT1H"]
    assert [rule for rule, _ in reminders_ahead(start, HELSINKI, then)] == ["PT1H"]


def test_a_booking_is_reminded_of_a_day_and_an_hour_before(lab):
    """R-01"""
    lab = office(lab)
    lab.told()
    lab.run(utc("2027-01-19 06:59"))
    assert reminded(lab) == []
    lab.run(utc("2027-01-19 07:02"))
    assert reminded(lab) == ["P1D"]
    assert utc("2027-01-19 07:00") <= lab.message(REMINDER, "P1D").settled_at <= lab.clock.now()
    lab.run(utc("2027-01-20 06:02"))
    assert reminded(lab) == ["P1D", "PT1H"]
    lab.run(utc("2027-01-21 12:00"))
    assert reminded(lab) == ["P1D", "PT1H"]


@pytest.mark.parametrize(("space", "by"), [("loft", FORM), ("pod", ANYBODY)])
def test_who_has_no_place_yet_is_not_reminded(lab, space, by):
    """R-02, of a request and a hold."""
    lab = office(lab, prove_address=True)
    lab.book(space, by=by)
    assert lab.messages(REMINDER) == []


def test_who_booked_after_a_reminder_was_due_gets_only_those_that_follow(lab):
    """R-03"""
    lab = office(lab, now=utc("2027-01-19 08:00"))
    lab.told()
    lab.run(utc("2027-01-20 07:00"))
    assert reminded(lab) == ["PT1H"]


def test_a_request_that_is_granted_late_is_reminded_of_from_then_on(lab):
    """R-03, of approval."""
    lab = office(lab)
    request = lab.book("loft")
    lab.clock.time = utc("2027-01-19 08:00")
    approve(lab.ports, request)
    lab.run(utc("2027-01-20 07:00"))
    assert reminded(lab) == ["PT1H"]


def test_nobody_is_reminded_of_what_was_cancelled_a_second_before(lab):
    """R-05, B103"""
    lab = office(lab)
    booking = lab.told()
    lab.clock.time = utc("2027-01-19 06:59") + timedelta(seconds=59)
    cancel(lab.ports, booking)
    lab.run(utc("2027-01-20 09:00"))
    assert reminded(lab) == []
    assert lab.outcome(REMINDER, "P1D") == lab.outcome(REMINDER, "PT1H") == "dropped: cancelled"


def test_what_is_moved_before_its_reminder_is_reminded_of_once_at_the_new_time(lab):
    """R-06, B104"""
    lab = office(lab)
    booking = lab.told()
    lab.clock.time = utc("2027-01-18 10:00")
    change(lab.ports, booking, **on("2027-01-22", "9-11"))
    lab.run(utc("2027-01-21 06:59"))
    assert lab.kinds == ["change"]
    old, new = lab.messages(REMINDER, "P1D")
    assert (old.state, old.reason) == (State.DROPPED, "moved")
    assert new.due_at == utc("2027-01-21 07:00")
    lab.run(utc("2027-01-23 00:00"))
    assert reminded(lab) == ["P1D", "PT1H"]


def test_what_is_moved_after_its_reminder_is_reminded_of_again(lab):
    """R-07"""
    lab = office(lab)
    booking = lab.told()
    lab.run(utc("2027-01-19 10:00"))
    change(lab.ports, booking, **on("2027-01-22", "9-11"))
    lab.run(utc("2027-01-23 00:00"))
    assert lab.kinds == ["reminder", "change", "reminder", "reminder"]
    assert [each.state for each in lab.messages(REMINDER, "P1D")] == [State.SENT, State.SENT]


def test_what_is_moved_away_and_back_is_reminded_of_once(lab):
    """R-09"""
    lab = office(lab)
    booking = lab.told()
    moved = change(lab.ports, booking, **on("2027-01-13", "9-11"))
    lab.clock.forward(minutes=2)
    change(lab.ports, moved, **on("2027-01-20", "9-11"))
    lab.run(utc("2027-01-21 00:00"))
    assert lab.kinds == ["reminder", "reminder"]


def test_a_reminder_names_the_room_of_the_day_it_is_sent(lab):
    """R-11: the reminder keeps its due time, and shows what was not so when it was written."""
    lab = office(lab)
    booking = lab.told()
    before = lab.messages(REMINDER)
    change(lab.ports, booking, space_ids=("studio",))
    assert lab.messages(REMINDER) == before
    lab.run(utc("2027-01-20 07:00"))
    assert lab.kinds == ["change", "reminder", "reminder"]
    assert {letter.booking.space_ids for letter in lab.sent} == {("studio",)}


def test_a_request_denied_and_granted_after_all_is_reminded_of_once(lab):
    """R-13"""
    lab = office(lab)
    request = lab.told("loft")
    denied = deny(lab.ports, request)
    lab.run(utc("2027-01-02 07:00"))
    approve(lab.ports, request, (f'"{denied.version}"',))
    lab.run(utc("2027-01-21 00:00"))
    assert lab.kinds == ["denied", "approved", "reminder", "reminder"]


def test_reminders_of_what_is_cancelled_do_not_come_back_with_the_next_booking(lab):
    """R-13: the time is booked again, by the same person."""
    lab = office(lab)
    cancel(lab.ports, lab.told())
    again = lab.told()
    lab.run(utc("2027-01-21 00:00"))
    assert reminded(lab) == ["P1D", "PT1H"]
    assert {letter.booking.booking_id for letter in lab.sent if letter.kind is REMINDER} == {
        again.booking_id
    }


def test_who_wants_no_reminders_still_hears_of_changes(lab):
    """R-17"""
    lab = office(lab)
    booking = lab.told()
    lab.ports.people.set_reminders(booking.person_id, on=False)
    lab.run(utc("2027-01-19 08:00"))
    assert lab.outcome(REMINDER, "P1D") == "dropped: opted-out"
    change(lab.ports, booking, **on("2027-01-22", "9-11"))
    lab.run(utc("2027-01-19 09:00"))
    cancel(lab.ports, booking)
    lab.run(utc("2027-01-23 00:00"))
    assert lab.kinds == ["change", "cancellation"]


def test_who_wants_reminders_again_gets_them(lab):
    lab = office(lab)
    booking = lab.told()
    lab.ports.people.set_reminders(booking.person_id, on=False)
    lab.ports.people.set_reminders(booking.person_id, on=True)
    lab.run(utc("2027-01-21 00:00"))
    assert reminded(lab) == ["P1D", "PT1H"]


def test_an_address_that_takes_no_mail_is_left_alone(lab):
    """R-18"""
    lab = office(lab)
    booking = lab.told()
    lab.ports.people.suppress(booking.person_id, "bounce", lab.clock.now())
    lab.run(utc("2027-01-21 00:00"))
    assert lab.kinds == []
    assert lab.outcome(REMINDER, "P1D") == "dropped: suppressed"


def test_reminders_that_nobody_polled_for_in_time_are_missed(lab):
    """R-25: the poller stood still until five minutes before the start."""
    lab = office(lab)
    lab.told()
    lab.clock.time = utc("2027-01-20 06:55")
    lab.deliver()
    assert lab.kinds == []
    assert lab.outcome(REMINDER, "P1D") == lab.outcome(REMINDER, "PT1H") == "missed: expired"


@pytest.mark.parametrize(("second", "expected"), [(-1, ["P1D", "PT1H"]), (0, [])])
def test_ten_minutes_before_the_start_it_is_too_late_to_remind(lab, second, expected):
    lab = office(lab)
    lab.told()
    lab.clock.time = utc("2027-01-20 06:50") + timedelta(seconds=second)
    lab.deliver()
    assert sorted(reminded(lab)) == expected


def test_a_job_that_runs_twice_or_late_reminds_once_and_never_after_the_start(lab):
    """B107: a day before it comes 40 minutes late, an hour before it comes after the start."""
    lab = office(lab)
    lab.told()
    lab.clock.time = utc("2027-01-19 07:40")
    for _ in range(2):
        sender.poll(lab.ports)
    lab.deliver()
    assert reminded(lab) == ["P1D"]
    lab.clock.time = utc("2027-01-20 07:00")
    lab.deliver()
    assert reminded(lab) == ["P1D"]


def test_a_reminder_that_cannot_be_written_is_given_up_and_stops_no_other(lab):
    """R-26"""
    lab = office(lab)
    poisoned = lab.told()
    other = lab.told("studio", person=EERO)

    def render(letter):
        if letter.booking.booking_id == poisoned.booking_id:
            raise ValueError("a template of Aino's event")
        return written(letter)

    written = lab.render
    lab.ports = replace(lab.ports, render=render)
    lab.run(utc("2027-01-19 12:00"))
    assert [letter.booking.booking_id for letter in lab.sent] == [other.booking_id]
    ended = {each.subject: each for each in lab.messages(REMINDER, "P1D")}
    failed = ended[f"booking#{poisoned.booking_id}"]
    assert (failed.state, failed.reason, failed.failures) == (State.FAILED, "not-rendered", 5)
    assert ended[f"booking#{other.booking_id}"].state is State.SENT


def test_reminders_are_of_the_fixture_what_the_scenarios_say(lab):
    """Fixture F: due 2027-01-19 07:00Z and 2027-01-20 06:00Z, of no use ten minutes before."""
    lab = office(lab)
    lab.told()
    day, hour = lab.message(REMINDER, "P1D"), lab.message(REMINDER, "PT1H")
    assert (day.due_at, hour.due_at) == (utc("2027-01-19 07:00"), utc("2027-01-20 06:00"))
    assert day.expires_at == hour.expires_at == utc("2027-01-20 06:50")
    assert day.created_at == NEW_YEAR
