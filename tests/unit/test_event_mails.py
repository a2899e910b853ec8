"""What everybody of an event is told from one message each: reminders, and that it has changed."""

from datetime import timedelta

import pytest
from icalendar import Calendar

from chalicelib.domain.errors import PostRefused
from chalicelib.domain.events import State as EventState
from chalicelib.domain.events import Way
from chalicelib.domain.messages import EVERYBODY, Kind, State
from chalicelib.domain.programmes import Programme
from chalicelib.services import (
    erasure,
    event_copies,
    event_series,
    events,
    sender,
    signup_changes,
    traces,
)
from chalicelib.services.signups import Guest
from tests.builders import ADMIN, ANYBODY, STAFF, an_intent, at
from tests.event_builders import END, START, a_hybrid, an_event, some_seats, somebody
from tests.event_scene import EVENT, edits, id_of, signs_up
from tests.seat_office import FIVE, Office, sequence

A_DAY_BEFORE, AN_HOUR_BEFORE = START - timedelta(days=1), START - timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def published(*people: str, **changes) -> Office:
    """An event that staff have just published, and people who know that they have signed up."""
    office = Office(an_event(state=EventState.DRAFT, announced=False, **changes))
    events.publish(office.ports, EVENT, an_intent(STAFF))
    office.sign_up(*people)
    office.deliver()
    return office


def moves(office: Office, days: float) -> None:
    time = timedelta(days=days)
    edits(office.ports, {"starts_at": START + time, "ends_at": END + time})


def reminded(office: Office, until) -> list[tuple[str, str]]:
    """Who is reminded until a moment, and by which rule."""
    found = [each for each in office.run(until) if each.kind is Kind.EVENT_REMINDER]
    return sorted((each.to.name, each.rule) for each in found)


def test_a_draft_reminds_nobody_and_what_is_published_does_by_one_message_a_rule():
    office = Office(an_event(state=EventState.DRAFT))
    moves(office, 1)
    assert not office.store.messages
    events.publish(office.ports, EVENT, an_intent(STAFF))
    rules = [(each.rule, each.person_id) for each in office.store.messages.values()]
    assert sorted(rules) == [("P1D", EVERYBODY), ("PT1H", EVERYBODY)]


def test_each_confirmed_person_is_reminded_once_a_rule_and_nobody_who_waits():
    """R-01, R-02"""
    office = published(*FIVE, "liisa")
    assert reminded(office, A_DAY_BEFORE - MINUTE) == []
    assert reminded(office, A_DAY_BEFORE) == [(name.title(), "P1D") for name in FIVE]
    assert reminded(office, START) == [(name.title(), "PT1H") for name in FIVE]


def test_who_is_promoted_after_the_time_of_one_gets_the_others():
    """R-03"""
    office = published(*FIVE, "liisa")
    office.run(A_DAY_BEFORE + timedelta(hours=1))
    office.leave("aino")
    assert ("Liisa", "PT1H") in reminded(office, START)
    (first,) = [
        e for e in office.of_kind(Kind.EVENT_REMINDER, "P1D") if e.person_id == id_of("liisa")
    ]
    assert (first.state, first.reason) == (State.DROPPED, "waiting")


def test_who_is_promoted_shortly_before_the_start_is_not_reminded():
    """W-25"""
    office = published(*FIVE, "liisa")
    office.run(START - 20 * MINUTE)
    office.leave("aino")
    assert reminded(office, START) == []


@pytest.mark.parametrize("expanded", [False, True])
def test_who_is_promoted_while_a_reminder_is_late_is_told_of_the_seat_alone(expanded: bool):
    """R-03: the poller stood still; whether or not there were messages for each already."""
    office = published(*FIVE, "liisa")
    office.clock.time = A_DAY_BEFORE
    if expanded:
        (one,) = [each for each in office.store.messages.values() if each.rule == "P1D"]
        sender.work(office.ports, one.message_id)
    office.clock.time = A_DAY_BEFORE + timedelta(hours=1)
    office.leave("aino")
    found = [(each.to.name, each.kind) for each in office.run(office.clock.time + MINUTE)]
    assert [kind for name, kind in found if name == "Liisa"] == [Kind.PROMOTION]
    assert ("Eero", Kind.EVENT_REMINDER) in found
    (row,) = [e for e in office.of_kind(Kind.EVENT_REMINDER) if e.person_id == id_of("liisa")]
    assert (row.state, row.reason) == (State.DROPPED, "too-late")
    assert ("Liisa", "PT1H") in reminded(office, START)


def test_who_is_promoted_twenty_minutes_before_the_start_while_a_reminder_is_late():
    """W-25: the promotion mail says the start first, and no reminder follows it."""
    office = published(*FIVE, "liisa")
    office.run(AN_HOUR_BEFORE - MINUTE)
    office.clock.time = START - 20 * MINUTE
    office.leave("aino")
    found = {each.to.name: each.kind for each in office.run(START)}
    assert found["Liisa"] is Kind.PROMOTION
    assert found["Eero"] is Kind.EVENT_REMINDER
    mails = zip(office.letters, office.mails(), strict=True)
    (mail,) = [mail for letter, mail in mails if letter.kind is Kind.PROMOTION]
    assert "klo 9.00" in mail.text.splitlines()[2]


def test_who_proves_an_address_after_the_time_of_a_late_one_is_told_of_the_seat_alone():
    """R-03"""
    office = Office(an_event(state=EventState.DRAFT, announced=False), prove_address=True)
    events.publish(office.ports, EVENT, an_intent(STAFF))
    office.clock.time = A_DAY_BEFORE - MINUTE
    office.sign_up("aino", actor=ANYBODY)
    office.clock.time = A_DAY_BEFORE + MINUTE
    office.do(signup_changes.prove, "aino", actor=ANYBODY)
    found = [each.kind for each in office.run(A_DAY_BEFORE + 2 * MINUTE)]
    assert found == [Kind.SEAT]


def test_an_event_that_staff_move_reminds_who_was_promoted_of_its_new_time():
    """R-06, W-25: what is armed anew is due after they came to their seat."""
    office = published(*FIVE, "liisa")
    office.run(A_DAY_BEFORE + timedelta(hours=1))
    office.leave("aino")
    office.deliver()
    moves(office, 2)
    found = reminded(office, START + timedelta(days=2))
    assert [rule for name, rule in found if name == "Liisa"] == ["P1D", "PT1H"]
    assert not any(name == "Aino" for name, _ in found)


def test_who_signs_up_after_the_time_of_a_late_one_is_not_reminded_of_it():
    """R-03, X-31"""
    office = published("aino")
    office.clock.time = A_DAY_BEFORE + MINUTE
    office.sign_up("eero")
    assert reminded(office, A_DAY_BEFORE + 2 * MINUTE) == [("Aino", "P1D")]
    (late,) = [
        each for each in office.of_kind(Kind.EVENT_REMINDER) if each.person_id == id_of("eero")
    ]
    assert (late.state, late.reason) == (State.DROPPED, "too-late")


def test_who_leaves_a_second_before_is_not_reminded():
    """R-05"""
    office = published("aino", "eero")
    office.run(A_DAY_BEFORE - timedelta(seconds=1))
    office.leave("aino")
    assert reminded(office, A_DAY_BEFORE) == [("Eero", "P1D")]


@pytest.mark.parametrize("what", ["called off", "left"])
def test_what_changes_between_the_expansion_and_the_mail_is_seen(what: str):
    """R-05, X-27"""
    office = published("aino")
    office.clock.time = A_DAY_BEFORE
    (one,) = [each for each in office.store.messages.values() if each.rule == "P1D"]
    sender.work(office.ports, one.message_id)
    if what == "left":
        office.leave("aino")
    else:
        events.call_off(office.ports, EVENT, "", an_intent(STAFF))
    assert reminded(office, START) == []
    (row,) = office.of_kind(Kind.EVENT_REMINDER, "P1D")
    assert row.state is State.DROPPED


def test_an_event_moved_before_a_reminder_reminds_once_at_the_new_time():
    """R-06"""
    office = published("aino")
    moves(office, 2)
    assert reminded(office, START + timedelta(hours=1)) == []
    assert reminded(office, A_DAY_BEFORE + timedelta(days=2)) == [("Aino", "P1D")]


def test_an_event_moved_after_a_reminder_reminds_again():
    """R-07"""
    office = published("aino")
    office.run(A_DAY_BEFORE + MINUTE)
    moves(office, 2)
    assert reminded(office, START + timedelta(days=2)) == [("Aino", "P1D"), ("Aino", "PT1H")]
    assert len(office.of_kind(Kind.EVENT_REMINDER, "P1D")) == 2


def test_a_rule_that_is_switched_off_and_on_again_is_armed_once_and_tells_nobody_of_it():
    """R-15"""
    office = published("aino")
    for rules in (("PT1H",), ("P1D", "PT1H"), ("PT2H",)):
        edits(office.ports, {"reminders": rules})
    assert [each.kind for each in office.run(START)] == [Kind.EVENT_REMINDER]
    assert [each.rule for each in office.of_kind(Kind.EVENT_REMINDER)] == ["PT2H"]


def test_other_rules_right_after_a_move_leave_it_told():
    office = published("aino")
    moves(office, 1)
    edits(office.ports, {"reminders": ()})
    assert [each.kind for each in office.run(START + timedelta(days=1))] == [Kind.EVENT_CHANGE]


def test_a_copy_has_reminders_of_its_own_once_it_is_published():
    """R-14"""
    office = published("aino")
    before = len(office.store.messages)
    later = START + timedelta(days=28)
    made = event_copies.copy(office.ports, EVENT, later, an_intent(STAFF)).value
    assert len(office.store.messages) == before
    events.publish(office.ports, made.event_id, an_intent(STAFF, "publish the copy"))
    assert reminded(office, START) == [("Aino", "P1D"), ("Aino", "PT1H")]
    assert reminded(office, later) == []
    mine = [e for e in office.store.messages.values() if e.subject == f"event#{made.event_id}"]
    assert [each.state for each in mine] == [State.EXPANDED] * 2


@pytest.mark.parametrize("skipped", ["called off", "never published"])
def test_of_twelve_weekly_dates_of_which_one_is_skipped_eleven_are_reminded_of(skipped: str):
    """R-22: what comes again are events here, each with a life of its own. The twelve dates of a booking are
    those of a series, and the one that is skipped was called off, or was never published.
    """
    office = published("aino", reminders=("P1D",))
    event_series.begin(office.ports, EVENT, "FREQ=WEEKLY;COUNT=12", an_intent(STAFF))
    series = event_series.go_on(office.ports, EVENT, an_intent(STAFF))
    others = [each.event.event_id for each in series.others]
    for event_id in others:
        if skipped == "called off" or event_id != others[4]:
            events.publish(office.ports, event_id, an_intent(STAFF))
        signs_up(office.ports, "aino", event_id=event_id, actor=STAFF)
    if skipped == "called off":
        events.call_off(office.ports, others[4], "", an_intent(STAFF))
    office.run(START + timedelta(weeks=12))
    sent = [e for e in office.of_kind(Kind.EVENT_REMINDER) if e.state is State.SENT]
    told = sorted(sent, key=lambda each: each.due_at)
    assert [each.subject for each in told] == [
        f"event#{each}" for each in (EVENT, *others) if each != others[4]
    ]
    assert len(told) == 11
    zone = office.store.site.zone
    assert {f"{each.due_at.astimezone(zone):%a %H:%M}" for each in told} == {"Tue 09:00"}


def test_an_event_called_off_reminds_nobody():
    """W-16, R-13"""
    office = published("aino")
    events.call_off(office.ports, EVENT, "", an_intent(STAFF))
    assert reminded(office, START) == []


def test_who_wants_none_gets_no_reminder_and_hears_of_changes():
    """R-17"""
    office = published("aino")
    office.store.reminders_off.add(id_of("aino"))
    moves(office, 2)
    kinds = [each.kind for each in office.run(START + timedelta(days=2))]
    assert kinds == [Kind.EVENT_CHANGE]


def test_no_reminder_goes_out_at_night():
    """R-19"""
    office = published("aino", starts_at=at("2027-01-21 07:30"), ends_at=at("2027-01-21 09:00"))
    office.run(at("2027-01-20 19:58"))
    assert reminded(office, at("2027-01-20 19:59")) == [("Aino", "PT1H")]


def test_an_address_that_is_refused_costs_nobody_else_the_reminder():
    """R-23"""
    office = published(*FIVE)

    def refuses(mail) -> None:
        if mail.to == somebody("iida").email:
            raise PostRefused("bad-address")

    office.store.refuse_mail = refuses
    office.run(A_DAY_BEFORE + timedelta(hours=1))
    ended = [each.state for each in office.of_kind(Kind.EVENT_REMINDER, "P1D")]
    assert sorted(ended) == [State.FAILED, *[State.SENT] * 4]


def test_no_mail_to_everybody_holds_the_address_of_another():
    """I-07"""
    office = published(*FIVE)
    moves(office, 1)
    office.run(START)
    assert {each.kind for each in office.letters} == {Kind.EVENT_CHANGE, Kind.EVENT_REMINDER}
    for letter, mail in zip(office.letters, office.mails(), strict=True):
        raw = mail.text + mail.html + "".join(map(str, mail.calendars))
        others = {somebody(name).email for name in FIVE} - {letter.to.email}
        assert not any(each in raw for each in others)


def test_what_is_too_late_is_missed():
    """R-25"""
    office = published("aino")
    office.clock.time = START - 5 * MINUTE
    assert office.deliver() == []
    assert {
        each.state for each in office.store.messages.values() if each.person_id == EVERYBODY
    } == {State.MISSED}


def test_a_reminder_can_be_declined_by_one_click_and_a_change_cannot():
    """I-20"""
    office = published("aino")
    office.run(A_DAY_BEFORE)
    (mail,) = office.mails()
    assert "List-Unsubscribe" in mail.message
    moves(office, 2)
    office.run(A_DAY_BEFORE + 6 * MINUTE)
    (mail,) = office.mails()
    assert "List-Unsubscribe" not in mail.message


def test_edits_within_five_minutes_make_one_notice_from_the_first_old_to_the_last_new():
    """R-10, I-04, X-23"""
    office = published("aino")
    for days in (1, 2, 3):
        moves(office, days)
        office.later(minutes=1)
    (letter,) = office.run(office.clock.time + 5 * MINUTE)
    assert (letter.kind, letter.before.starts_at) == (Kind.EVENT_CHANGE, START)
    (mail,) = office.mails()
    (entry,) = Calendar.from_ical(mail.calendars[0]).walk("VEVENT")
    assert entry["DTSTART"].dt == START + timedelta(days=3)
    assert sequence(letter) == 3
    assert "20.1.2027" in mail.text
    assert "23.1.2027" in mail.text


def test_what_is_taken_back_within_minutes_is_no_news():
    """R-09"""
    office = published("aino")
    moves(office, -10)
    office.later(minutes=2)
    moves(office, 0)
    assert office.run(office.clock.time + 10 * MINUTE) == []
    assert {each.reason for each in office.of_kind(Kind.EVENT_CHANGE)} == {"nothing-new"}


def test_another_room_is_told_and_reminders_say_it_at_the_time_they_had():
    """R-11"""
    office = published("aino", programme=Programme(address="Aulakatu 1"))
    edits(office.ports, {"programme": {"address": "Rantatie 2"}})
    office.run(office.clock.time + 5 * MINUTE)
    (mail,) = office.mails()
    assert "Aulakatu 1" in mail.text
    assert office.to("aino") == [("event-change", "REQUEST")]
    assert reminded(office, A_DAY_BEFORE) == [("Aino", "P1D")]
    assert "Rantatie 2" in office.mails()[0].text


def test_another_link_to_join_is_said_to_be_new_and_the_old_one_is_told_to_nobody():
    """R-11, I-14"""
    links = {"remote_link": "https://meet.example/old"}
    office = Office(a_hybrid(programme=Programme(**links)))
    office.sign_up("aino", way=Way.REMOTE)
    office.deliver()
    edits(office.ports, {"programme": {"remote_link": "https://meet.example/new"}})
    office.run(office.clock.time + 5 * MINUTE)
    (mail,) = office.mails()
    assert "Osallistumislinkki on uusi." in mail.text
    assert "https://meet.example/new" in mail.text
    assert "meet.example/old" not in mail.text + mail.html
    moves(office, 1)
    office.run(office.clock.time + 5 * MINUTE)
    assert "Osallistumislinkki on uusi." not in office.mails()[0].text


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"address": "Aulakatu 1"}, "Aulakatu 1"),
        ({"space_id": "hall"}, "Hall, Työ 2.0 Lab"),
        ({}, "Työ 2.0 Lab"),
    ],
)
def test_a_mail_says_where_and_of_whom_one_can_ask_more(said, place):
    office = published("aino", programme=Programme(contact="Sami Salo, 0295 000 000", **said))
    assert office.to("aino") == [("seat", "REQUEST")]
    (mail,) = office.mails()
    assert f"Paikka: {place}\n" in mail.text
    assert "Lisätietoja: Sami Salo, 0295 000 000\n" in mail.text
    (entry,) = Calendar.from_ical(mail.calendars[0]).walk("VEVENT")
    assert (entry["LOCATION"], entry["CONTACT"]) == (place, "Sami Salo, 0295 000 000")


def test_who_waits_hears_of_a_move_and_gets_no_entry():
    """I-02"""
    office = published(*FIVE, "liisa")
    moves(office, 1)
    office.run(office.clock.time + 5 * MINUTE)
    assert office.to("liisa") == [("event-change", "-")]
    told = {each.message["To"].addresses[0].display_name: each.text for each in office.mails()}
    assert "Sijasi jonossa on ennallaan." in told["Liisa"]
    assert "Ilmoittautumisesi on voimassa ennallaan." in told["Aino"]


def test_moving_an_event_of_a_thousand_is_one_write_and_a_notice_each():
    office = Office(an_event(1000, state=EventState.DRAFT))
    events.publish(office.ports, EVENT, an_intent(STAFF))
    names = [f"n{number:04d}" for number in range(1000)]
    office.sign_up(*names)
    office.ports = office.worker()
    office.deliver()
    office.store.calls.clear()
    moves(office, 1)
    assert office.store.calls.count("commit") == 1
    before = len(office.store.mails)
    office.later(minutes=5)
    office.deliver()
    assert len(office.store.mails) - before == 1000
    assert len({mail.to for mail in office.store.mails[before:]}) == 1000


def test_the_link_is_not_told_as_the_old_place_to_who_came_to_the_room_since():
    """S-24, I-14: they were told the link last, and the mail of their new way is still to go."""
    link = "https://meet.example/x"
    programme = Programme(address="Aulakatu 1", remote_link=link)
    ways = {Way.ROOM: some_seats(), Way.REMOTE: some_seats(None)}
    office = published(programme=programme, ways=ways)
    office.sign_up("aino", way=Way.REMOTE)
    office.deliver()
    moves(office, 1)
    office.do(signup_changes.switch, "aino", way=Way.ROOM)
    (change,) = [e for e in office.store.messages.values() if e.kind is Kind.EVENT_CHANGE]
    office.later(minutes=6)
    sender.work(office.ports, change.message_id)  # that there was another way stays unsent
    (mine,) = office.of_kind(Kind.EVENT_CHANGE)
    sender.work(office.ports, mine.message_id)
    (mail,) = [each for each in office.mails() if each.message["Subject"]][-1:]
    assert office.letters[-1].kind is Kind.EVENT_CHANGE
    assert "Aulakatu 1" in mail.text
    assert "Ennen: Etänä" in mail.text
    assert link not in mail.text
    assert link not in mail.html


def test_who_are_fewer_than_they_were_are_not_told_that_the_event_has_changed():
    """R-10: nothing of it has, but the rules of its reminders."""
    office = published()
    office.sign_up("aino", guests=[Guest("Bertta", "bertta@gov.fi"), Guest("Carl")])
    office.deliver()
    forget = an_intent(ADMIN, method="DELETE", path="/v1/staff/persons")
    erasure.begin(office.ports, id_of("bertta"), forget)
    traces.signups(office.ports, id_of("bertta"), lambda: False)
    assert office.of("aino").size == 2
    edits(office.ports, {"reminders": ("PT2H",)})
    assert office.run(office.clock.time + 6 * MINUTE) == []
    assert {each.reason for each in office.of_kind(Kind.EVENT_CHANGE)} == {"nothing-new"}


def late(expanded: bool) -> Office:
    """The day before has come, and Aino's reminder is due; no worker has sent it yet."""
    office = published("aino", programme=Programme(address="Aulakatu 1"))
    office.clock.time = A_DAY_BEFORE
    if expanded:
        (everybody,) = [each for each in office.ports.outbox.due(A_DAY_BEFORE, 9) if each.rule]
        sender.work(office.ports, everybody.message_id)
    office.later(minutes=1)
    return office


@pytest.mark.parametrize("expanded", [False, True], ids=["to everybody", "to each"])
@pytest.mark.parametrize(
    "fields",
    [{"reminders": ("P1D", "PT2H")}, {"programme": {"address": "Rantatie 2"}}],
    ids=["rules", "place"],
)
def test_a_reminder_that_is_late_goes_out_though_staff_edit_the_event(expanded, fields):
    """R-11, X-10: its time is past, so the new revision arms none that could take its place."""
    office = late(expanded)
    edits(office.ports, fields)
    assert reminded(office, office.clock.time) == [("Aino", "P1D")]
    edits(office.ports, {"reminders": ("P1D", "PT3H")})
    assert reminded(office, A_DAY_BEFORE + timedelta(hours=1)) == []


@pytest.mark.parametrize("expanded", [False, True], ids=["to everybody", "to each"])
@pytest.mark.parametrize(
    "fields",
    [{"reminders": ("PT1H",)}, {"starts_at": START + MINUTE}],
    ids=["no such rule", "moved"],
)
def test_a_reminder_that_is_late_does_not_go_out_where_it_is_not_due_any_more(expanded, fields):
    """R-15, X-30"""
    office = late(expanded)
    edits(office.ports, fields)
    assert reminded(office, office.clock.time) == []


def test_of_several_revisions_the_last_that_armed_a_reminder_sends_it():
    office = published("aino")
    office.clock.time = A_DAY_BEFORE - MINUTE
    edits(office.ports, {"reminders": ("P1D", "PT2H")})
    office.later(minutes=2)
    edits(office.ports, {"reminders": ("P1D", "PT3H")})
    assert reminded(office, office.clock.time) == [("Aino", "P1D")]


def test_a_reminder_that_is_late_becomes_none_for_anybody_where_the_event_was_called_off():
    """W-16: with a thousand sign-ups still to be ended, it would be a thousand messages."""
    office = late(expanded=False)
    events.call_off(office.ports, EVENT, "", an_intent(STAFF), seconds=0.0)
    assert reminded(office, office.clock.time) == []
    assert office.of_kind(Kind.EVENT_REMINDER) == []
