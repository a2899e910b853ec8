"""After an event: those who were there are asked how it was, once, on a working morning."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.closures import Closure, ClosureState
from chalicelib.domain.days_off import is_working_day
from chalicelib.domain.errors import PostUnknown
from chalicelib.domain.events import State as EventState
from chalicelib.domain.events import Way
from chalicelib.domain.feedback import day_of, feedback_due
from chalicelib.domain.messages import EVERYBODY, Kind, State
from chalicelib.domain.programmes import Programme
from chalicelib.domain.spaces import Hours
from chalicelib.services import attendance, event_copies, event_series, events, sender
from chalicelib.services.closures import ClosureRequest, close
from tests.builders import HELSINKI, STAFF, an_intent, at, the_spaces
from tests.deaths import Died, dies_at_commit
from tests.event_builders import END, START, a_hybrid, an_event
from tests.event_scene import EVENT, edits, id_of
from tests.mails import Page
from tests.seat_office import FIVE, Office

FORM = "https://forms.example/verkstad"
MORNING = at("2027-01-21 09:00")  # Thursday, the day after
MINUTE = timedelta(minutes=1)
LIFTED = ClosureState.LIFTED
FIXTURE = Catalog(spaces=the_spaces())


def held(*people: str, link: str = FORM, event=None, **more) -> Office:
    """An event with a form that staff have published, and people who have signed up."""
    event = event or an_event(**more)
    programme = Programme(feedback_link=link)
    office = Office(
        replace(event, state=EventState.DRAFT, announced=False, programme=programme, reminders=())
    )
    events.publish(office.ports, EVENT, an_intent(STAFF))
    office.sign_up(*people)
    office.deliver()
    return office


def comes(office: Office, *names: str) -> None:
    """They are checked in half an hour after the start."""
    office.run(START + 30 * MINUTE)
    for name in names:
        intent = an_intent(STAFF, path="check-in", fingerprint=name)
        attendance.check_in(office.ports, office.of(name).signup_id, None, intent)


def links(office: Office, link: str) -> None:
    edits(office.ports, {"programme": {"feedback_link": link}})


def asked(office: Office, until) -> list[str]:
    """Who is asked until a moment."""
    found = [each for each in office.run(until) if each.kind is Kind.EVENT_FEEDBACK]
    return sorted(each.to.name for each in found)


def ended(office: Office) -> list[tuple[str, str]]:
    """How the messages to everybody ended."""
    return [
        (each.state.value, each.reason)
        for each in office.store.messages.values()
        if each.person_id == EVERYBODY and each.kind is Kind.EVENT_FEEDBACK
    ]


@pytest.mark.parametrize(
    ("ends", "now", "due"),
    [
        ("2027-01-20 11:00", "2027-01-13 09:00", "2027-01-21 09:00"),
        ("2027-01-20 23:30", "2027-01-13 09:00", "2027-01-21 09:00"),
        ("2027-01-21 00:00", "2027-01-13 09:00", "2027-01-21 09:00"),
        ("2027-01-21 00:30", "2027-01-13 09:00", "2027-01-22 09:00"),
        ("2027-01-22 11:00", "2027-01-13 09:00", "2027-01-25 09:00"),  # Friday
        ("2027-01-23 11:00", "2027-01-13 09:00", "2027-01-25 09:00"),
        ("2027-01-20 11:00", "2027-01-21 08:59", "2027-01-21 09:00"),
        ("2027-01-20 11:00", "2027-01-21 09:00", "2027-01-22 09:00"),
        ("2027-01-20 11:00", "2027-01-22 20:30", "2027-01-25 09:00"),
        ("2027-03-27 11:00", "2027-03-01 09:00", "2027-03-29 09:00"),  # summer time begins
    ],
)
def test_it_is_asked_on_the_first_working_morning(ends: str, now: str, due: str):
    """R-19: never at night, nor at a weekend."""
    assert feedback_due(an_event(ends_at=at(ends)), FIXTURE, at(now)) == at(due)


def closed(first: str, last: str, *space_ids: str) -> Closure:
    """A closure of whole days, the last of them included."""
    until = at(f"{last} 00:00") + timedelta(days=1)
    return Closure("c_off", space_ids, space_ids, at(f"{first} 00:00"), until)


EVERYTHING = ("hall-a", "hall-b", "studio", *(f"desks.{unit}" for unit in range(1, 7)))


@pytest.mark.parametrize(
    ("closure", "due"),
    [
        (closed("2026-12-24", "2026-12-26", *EVERYTHING), "2026-12-28 09:00"),  # and a Sunday
        (closed("2026-12-24", "2026-12-26", *EVERYTHING[1:]), "2026-12-24 09:00"),
        (closed("2026-12-24", "2027-01-31", *EVERYTHING), "2026-12-24 09:00"),
        (
            replace(closed("2026-12-24", "2026-12-24", *EVERYTHING), state=LIFTED),
            "2026-12-24 09:00",
        ),
    ],
)
def test_a_public_holiday_is_a_day_on_which_all_that_keeps_hours_is_closed(closure, due):
    """The booth, open day and night, stays open on every one of them."""
    pod = replace(FIXTURE.spaces["pod"], hours=Hours(week=(((0, 1440),),) * 7))
    catalog = replace(FIXTURE, closures=(closure,), spaces={**FIXTURE.spaces, "pod": pod})
    event = an_event(ends_at=at("2026-12-23 16:00"))
    assert feedback_due(event, catalog, at("2026-12-01 09:00")) == at(due)


def test_a_day_without_hours_is_a_day_off_and_where_nothing_keeps_hours_a_weekday_is_none():
    day = date(2026, 12, 7)
    spaces = {
        name: replace(each, hours=replace(each.hours, exceptions=((day, ()),)))
        for name, each in FIXTURE.spaces.items()
    }
    assert not is_working_day(day, replace(FIXTURE, spaces=spaces))
    assert is_working_day(day, FIXTURE)
    assert is_working_day(day, Catalog())


def test_staff_who_close_the_lab_for_a_holiday_ask_the_day_after():
    office = Office(an_event(state=EventState.DRAFT, announced=False))
    day = MORNING.replace(hour=0)
    request = ClosureRequest(("lab", "pod"), day, day + timedelta(days=1), "Arkipyhä")
    close(office.ports, request, an_intent(STAFF, "holiday"))
    edits(office.ports, {"programme": {"feedback_link": FORM}})
    events.publish(office.ports, EVENT, an_intent(STAFF))
    office.sign_up("aino")
    assert asked(office, MORNING) == []
    assert asked(office, MORNING + timedelta(days=1)) == ["Aino"]


def test_what_ends_at_midnight_is_of_the_day_before():
    assert day_of(an_event(ends_at=at("2027-01-21 00:00")), HELSINKI) == "2027-01-20"
    assert day_of(an_event(ends_at=at("2027-01-21 00:01")), HELSINKI) == "2027-01-21"


def test_who_came_is_asked_once_and_neither_who_stayed_away_nor_left_nor_waited():
    office = held(*FIVE, "liisa", "maija")
    office.leave("ulla")  # and liisa is in
    comes(office, "aino", "eero")
    assert asked(office, MORNING - MINUTE) == []
    assert asked(office, MORNING) == ["Aino", "Eero"]
    assert asked(office, MORNING + timedelta(days=30)) == []


def test_where_nobody_was_checked_in_everybody_with_a_seat_is_asked():
    office = held(*FIVE, "liisa")
    assert asked(office, MORNING) == [name.title() for name in FIVE]


def test_who_takes_part_from_elsewhere_comes_to_no_door():
    """Of a way in which nobody is checked in it is not known who was there."""
    office = held("aino", "eero", event=a_hybrid())
    office.sign_up("iida", way=Way.REMOTE)
    comes(office, "aino")
    assert asked(office, MORNING) == ["Aino", "Iida"]


def test_a_check_in_that_was_taken_back_is_none():
    office = held("aino", "eero")
    comes(office, "aino")
    attendance.check_out(office.ports, office.of("aino").signup_id, None, an_intent(STAFF))
    assert asked(office, MORNING) == ["Aino", "Eero"]


def test_a_guest_who_came_is_enough_to_ask_who_brought_them():
    office = held("aino")
    office.party("eero", 2)
    office.run(START)
    eero = office.of("eero").signup_id
    attendance.check_in(office.ports, eero, [2], an_intent(STAFF))
    assert asked(office, MORNING) == ["Eero"]


def test_without_a_form_nobody_is_asked_and_nothing_is_written():
    office = held("aino", link="")
    assert asked(office, MORNING) == []
    assert ended(office) == []


def test_an_event_called_off_asks_nobody():
    office = held("aino")
    events.call_off(office.ports, EVENT, "", an_intent(STAFF))
    assert asked(office, MORNING) == []
    assert ended(office) == [("dropped", "cancelled")]


def test_a_form_that_is_taken_away_asks_nobody_and_one_that_comes_back_does():
    office = held("aino")
    links(office, "")
    assert asked(office, MORNING) == []
    assert ended(office) == [("dropped", "no-link")]
    links(office, FORM)
    assert asked(office, MORNING + timedelta(days=1)) == ["Aino"]


def test_a_form_that_comes_late_is_sent_on_the_next_working_morning():
    office = held("aino", link="")
    office.run(at("2027-01-22 16:00"))  # Friday
    links(office, FORM)
    assert asked(office, at("2027-01-25 08:59")) == []
    assert asked(office, at("2027-01-25 09:00")) == ["Aino"]


@pytest.mark.parametrize(("after", "messages"), [(-MINUTE, 1), (0 * MINUTE, 0)])
def test_a_form_that_comes_after_a_week_is_of_no_use(after: timedelta, messages: int):
    office = held("aino", link="")
    office.run(END + timedelta(days=7) + after)
    links(office, FORM)
    assert len(ended(office)) == messages


@pytest.mark.parametrize("when", [at("2027-01-20 12:00"), MORNING + MINUTE, at("2027-01-22 10:00")])
def test_another_form_asks_nobody_twice(when):
    """Deterministic ids: of a day each person has one message, however often staff edit."""
    office = held("aino", "eero")
    first = asked(office, when)
    links(office, "https://forms.example/korjattu")
    edits(office.ports, {"programme": {"address": "Rantatie 2"}, "reminders": ("PT3H",)})
    links(office, FORM)
    assert first + asked(office, MORNING + timedelta(days=10)) == ["Aino", "Eero"]
    assert len(office.of_kind(Kind.EVENT_FEEDBACK)) == 2


def test_the_form_is_the_one_there_is_when_the_mail_is_written():
    office = held("aino")
    links(office, "https://forms.example/korjattu")
    assert asked(office, MORNING) == ["Aino"]
    (mail,) = office.mails()
    assert "https://forms.example/korjattu" in mail.text
    assert FORM not in mail.text


def test_an_event_that_is_moved_is_asked_of_after_its_new_day():
    """R-06"""
    office = held("aino")
    week = timedelta(days=7)
    edits(office.ports, {"starts_at": START + week, "ends_at": END + week})
    assert asked(office, MORNING + week - MINUTE) == []
    assert asked(office, MORNING + week) == ["Aino"]
    assert ("dropped", "moved") in ended(office)


def test_one_that_ends_later_on_the_same_day_is_asked_of_once():
    office = held("aino")
    edits(office.ports, {"ends_at": END + 60 * MINUTE})
    assert asked(office, MORNING + timedelta(days=7)) == ["Aino"]


@pytest.mark.parametrize("what", ["called off", "no form", "moved", "left"])
def test_what_changes_between_the_expansion_and_the_mail_is_seen(what: str):
    """X-27, X-30"""
    office = held("aino")
    office.clock.time = MORNING
    (one,) = [e for e in office.store.messages.values() if e.kind is Kind.EVENT_FEEDBACK]
    assert sender.work(office.ports, one.message_id) == "expanded"
    if what == "called off":
        events.call_off(office.ports, EVENT, "", an_intent(STAFF))
    elif what == "no form":
        links(office, "")
    elif what == "moved":
        edits(
            office.ports, {"starts_at": at("2027-02-03 09:00"), "ends_at": at("2027-02-03 11:00")}
        )
    else:
        office.leave("aino", actor=STAFF)
    assert asked(office, MORNING + 10 * MINUTE) == []
    (row,) = office.of_kind(Kind.EVENT_FEEDBACK)
    assert row.state is State.DROPPED


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_death_of_the_expansion_asks_nobody_twice_and_forgets_nobody(number: int, after: bool):
    """X-29"""
    names = [f"n{number:03d}" for number in range(120)]
    office = held(*names, event=an_event(200))
    office.clock.time = MORNING
    (one,) = [e for e in office.store.messages.values() if e.kind is Kind.EVENT_FEEDBACK]
    dies_at_commit(office.store, number, after=after)
    with pytest.raises(Died):
        sender.work(office.ports, one.message_id)
    found = asked(office, MORNING + timedelta(hours=1))
    assert found == sorted(name.title() for name in names)


def test_after_an_outage_of_days_nobody_is_asked_any_more():
    """R-25"""
    office = held("aino")
    office.clock.time = MORNING + timedelta(days=3)
    assert office.deliver() == []
    assert ended(office) == [("missed", "expired")]


def test_who_wants_no_reminders_is_not_asked():
    """R-17"""
    office = held("aino", "eero")
    office.store.reminders_off.add(id_of("aino"))
    assert asked(office, MORNING) == ["Eero"]


def test_a_mail_of_unknown_fate_is_not_sent_again():
    """X-02: a miss is better than being asked twice."""
    office = held("aino")

    def lost(mail) -> None:
        raise PostUnknown

    office.store.refuse_mail = lost
    assert asked(office, MORNING + timedelta(hours=2)) == ["Aino"]
    (row,) = office.of_kind(Kind.EVENT_FEEDBACK)
    assert (row.state, row.reason) == (State.UNKNOWN, "no-evidence")


def test_the_mail_has_the_form_and_one_click_to_decline_and_nothing_of_what_is_over():
    """I-02, I-20: no calendar part, no ticket, no link to join or to a sign-up that is closed."""
    office = held("aino", event=a_hybrid())
    office.sign_up("iida", way=Way.REMOTE)
    edits(office.ports, {"programme": {"remote_link": "https://meet.example/x"}})
    office.run(MORNING - MINUTE)
    assert asked(office, MORNING) == ["Aino", "Iida"]
    for letter, mail in zip(office.letters, office.mails(), strict=True):
        assert letter.kind is Kind.EVENT_FEEDBACK
        assert mail.calendars == []
        assert "List-Unsubscribe" in mail.message
        assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        shown = [each for each in Page(mail.html).links() if "unsubscribe" not in each]
        assert shown == [FORM]
        assert "meet.example" not in mail.text
        assert "Lippu" not in mail.text


def test_a_copy_has_no_form_and_those_of_a_series_have_the_first_s():
    """R-14: answers of two events do not fall into one form, unless they are of one series."""
    office = held("aino")
    made = event_copies.copy(office.ports, EVENT, at("2027-02-17 09:00"), an_intent(STAFF)).value
    assert made.programme.feedback_link == ""
    event_series.begin(office.ports, EVENT, "FREQ=WEEKLY;COUNT=2", an_intent(STAFF, "weekly"))
    series = event_series.go_on(office.ports, EVENT, an_intent(STAFF, "weekly"))
    (other,) = series.others
    assert other.event.programme.feedback_link == FORM
    events.publish(office.ports, other.event.event_id, an_intent(STAFF, "publish the next"))
    mine = [
        each.due_at
        for each in office.store.messages.values()
        if each.subject == f"event#{other.event.event_id}"
    ]
    assert mine == [at("2027-01-28 09:00")]
