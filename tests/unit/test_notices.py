"""What staff write to those of an event: to whom it goes, what it says, and how far it has come."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain import retention as rules
from chalicelib.domain.errors import NotFound, PostRefused, Refused
from chalicelib.domain.events import State as EventState
from chalicelib.domain.events import Way
from chalicelib.domain.messages import EVERYBODY, PRECEDENCE, Kind, State
from chalicelib.domain.notices import KEPT, Notice, To, is_for
from chalicelib.domain.people import Person
from chalicelib.domain.programmes import Programme
from chalicelib.domain.retention import Moment
from chalicelib.domain.signups import State as SignUpState
from chalicelib.services import events, notices, sender
from tests.builders import ANYBODY, FORM, HELSINKI, STAFF, an_intent
from tests.deaths import Died, dies_at_commit
from tests.event_builders import END, NOW, START, a_hybrid, a_signup, an_event, some_seats, somebody
from tests.event_scene import EVENT, edits, id_of
from tests.mails import Page
from tests.seat_office import FIVE, Office

MINUTE = timedelta(minutes=1)
SUBJECT = {"fi": "Ota tietokone mukaan", "sv": "Ta med datorn", "en": ""}
TEXT = {"fi": "Teemme **harjoituksia**.", "sv": "Vi gör **övningar**.", "en": ""}


def scene(*people: str, event=None, **more) -> Office:
    """An event and people who know that they have signed up."""
    office = Office(event or an_event(reminders=(), **more))
    office.sign_up(*people)
    office.deliver()
    return office


def a_notice(office: Office, **changes) -> Notice:
    fields = {"subject": SUBJECT, "text": TEXT, "written_at": office.clock.now()} | changes
    return Notice(fields.pop("notice_id", "n_1"), EVENT, **fields)


def sends(office: Office, key: str | None = None, **changes) -> notices.Written:
    notice = a_notice(office, **changes)
    intent = an_intent(STAFF, key, path="notices", fingerprint=notice.notice_id)
    return notices.send(office.ports, notice, intent).value


def reached(office: Office) -> list[str]:
    """Who is written to until the sender has no more to do."""
    found = office.run(office.clock.now() + 5 * MINUTE)
    return sorted(each.to.name for each in found if each.kind is Kind.EVENT_NOTICE)


@pytest.mark.parametrize(
    ("state", "to"),
    [
        (SignUpState.CONFIRMED, (To.CONFIRMED, To.BOTH)),
        (SignUpState.WAITING, (To.WAITING, To.BOTH)),
        (SignUpState.OFFERED, (To.WAITING, To.BOTH)),
        (SignUpState.LEFT, ()),
        (SignUpState.REMOVED, ()),
        (SignUpState.HELD, ()),
        (SignUpState.CALLED_OFF, ()),
    ],
)
def test_to_whom_it_goes(state: SignUpState, to: tuple[To, ...]):
    held = {"confirm_by": NOW} if state is SignUpState.HELD else {}
    signup = a_signup(state=state, **held)
    found = [
        each for each in To if is_for(Notice("n_1", EVENT, SUBJECT, TEXT, NOW, to=each), signup)
    ]
    assert tuple(found) == to


def test_who_waits_and_has_proved_nothing_is_not_written_to():
    signup = a_signup(state=SignUpState.WAITING, number=1, confirm_by=NOW)
    assert not is_for(Notice("n_1", EVENT, SUBJECT, TEXT, NOW, to=To.BOTH), signup)


@pytest.mark.parametrize(
    ("to", "names"),
    [
        (To.CONFIRMED, [name.title() for name in FIVE]),
        (To.WAITING, ["Liisa", "Maija"]),
        (To.BOTH, sorted(name.title() for name in (*FIVE, "liisa", "maija"))),
    ],
)
def test_each_gets_one_mail_and_the_counters_say_how_many_it_is_about(to: To, names: list[str]):
    office = scene(*FIVE, "liisa", "maija")
    assert sends(office, to=to).persons == len(names)
    assert reached(office) == names
    assert reached(office) == []


def test_to_write_to_a_thousand_is_one_write():
    office = scene(event=an_event(1000, reminders=()))
    office.sign_up(*(f"n{number:03d}" for number in range(300)))
    office.deliver()
    office.store.calls.clear()
    assert sends(office).persons == 300
    assert office.store.calls.count("commit") == 1
    assert len(reached(office)) == 300


def test_guests_count_and_unlimited_seats_do_too():
    office = scene(event=an_event(None, reminders=()))
    office.party("aino", 2)
    assert sends(office).persons == 3
    assert reached(office) == ["Aino"]


def test_of_one_way_alone():
    office = scene("aino", event=a_hybrid(reminders=()))
    office.sign_up("eero", way=Way.REMOTE)
    assert sends(office, way=Way.REMOTE).persons == 1
    assert "Eero" in reached(office)
    assert len(office.of_kind(Kind.EVENT_NOTICE)) == 1


def test_a_seat_that_is_only_held_is_nobody_s_yet():
    event = an_event(ways={Way.ROOM: some_seats(5, free=2, held=1, waiting=2)})
    office = Office(event)
    assert sends(office, to=To.CONFIRMED).persons == 2
    assert sends(office, notice_id="n_2", to=To.WAITING).persons == 2


def test_one_key_sends_once_and_is_answered_as_at_first():
    office = scene("aino")
    first = notices.send(office.ports, a_notice(office), an_intent(STAFF, "k"))
    other = a_notice(office, notice_id="n_2")
    again = notices.send(office.ports, other, an_intent(STAFF, "k"))
    assert again.answer == first.answer
    assert reached(office) == ["Aino"]
    assert list(office.store.notices) == ["n_1"]


def test_who_did_it_is_in_the_log_and_the_words_are_not():
    office = scene("aino")
    sends(office, to=To.BOTH)
    entry = office.store.audit[-1]
    assert (entry["subject"], entry["action"]) == (f"event#{EVENT}", "notice")
    assert (entry["notice"], entry["to"], entry["actor"]) == ("n_1", "both", STAFF.actor_id)
    assert "tietokone" not in str(office.store.audit)


@pytest.mark.parametrize("actor", [ANYBODY, FORM])
def test_only_hosts_write_to_everybody(actor):
    office = scene("aino")
    with pytest.raises(NotFound):
        notices.send(office.ports, a_notice(office), an_intent(actor))
    assert reached(office) == []


def test_nobody_can_be_written_to_of_an_event_there_is_not():
    office = scene()
    notice = Notice("n_1", "e_none", SUBJECT, TEXT, office.clock.now())
    with pytest.raises(NotFound):
        notices.send(office.ports, notice, an_intent(STAFF))
    with pytest.raises(NotFound):
        notices.of_event(office.ports, "e_none")


@pytest.mark.parametrize("state", [EventState.DRAFT, EventState.CANCELLED])
def test_of_what_nobody_sees_or_what_is_off_nobody_is_written_to(state: EventState):
    office = Office(an_event(state=state))
    with pytest.raises(Refused) as refused:
        sends(office)
    assert [each.code for each in refused.value.problems] == ["stale-state"]


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"subject": {"fi": "Hei", "en": "Hello"}}, ["/text/en", "/subject/sv"]),
        ({"text": {"fi": "  "}}, ["/text/fi", "/text/sv"]),
        ({"way": Way.REMOTE}, ["/way"]),
    ],
)
def test_a_language_has_both_or_neither_and_a_way_is_the_event_s(changes, pointers):
    office = scene("aino")
    with pytest.raises(Refused) as refused:
        sends(office, **changes)
    assert sorted(each.pointer for each in refused.value.problems) == sorted(pointers)
    assert office.store.notices == {}


LINK = "https://meet.example/x"


@pytest.mark.parametrize(
    ("to", "way", "allowed"),
    [
        (To.CONFIRMED, Way.REMOTE, True),
        (To.CONFIRMED, None, False),
        (To.CONFIRMED, Way.ROOM, False),
        (To.WAITING, Way.REMOTE, False),
        (To.BOTH, Way.REMOTE, False),
    ],
)
def test_the_link_to_join_is_written_to_nobody_who_has_no_remote_seat(to, way, allowed):
    """I-14"""
    office = scene(event=a_hybrid(programme=Programme(remote_link=LINK)))
    text = {"fi": f"Liity [tästä]({LINK})."}
    if allowed:
        sends(office, to=to, way=way, subject={"fi": "Linkki"}, text=text)
        return
    with pytest.raises(Refused) as refused:
        sends(office, to=to, way=way, subject={"fi": "Linkki"}, text=text)
    (problem,) = refused.value.problems
    assert (problem.pointer, problem.params["why"]) == ("/text/fi", "remote-link")


def test_where_all_are_remote_all_who_are_confirmed_have_the_link_anyway():
    """I-14"""
    event = an_event(ways={Way.REMOTE: some_seats(5)}, programme=Programme(remote_link=LINK))
    office = Office(event)
    sends(office, subject={"fi": "Linkki"}, text={"fi": LINK})
    with pytest.raises(Refused):
        sends(office, notice_id="n_2", to=To.BOTH, subject={"fi": "Linkki"}, text={"fi": LINK})


def test_each_is_written_to_in_their_language_and_else_in_the_next_best():
    """R-21"""
    office = scene("aino")
    for name, language in (("sven", "sv"), ("ewan", "en")):
        person = somebody(name)
        told = Person(person.name, person.email, person.organisation, language)
        office.sign_up(name, person=told)
    office.deliver()
    sends(office)
    reached(office)
    by_name = dict(zip((e.to.name for e in office.letters), office.mails(), strict=True))
    assert "övningar" in by_name["Sven"].text
    assert by_name["Sven"].message["Subject"] == "Verkstad: Ta med datorn"
    assert "harjoituksia" in by_name["Ewan"].text
    assert "A message from the hosts" in by_name["Ewan"].text


def test_the_mail_is_markdown_made_safe_and_cannot_be_declined():
    """I-02, I-20: automatic, without a calendar part, without List-Unsubscribe."""
    office = scene("aino")
    text = {
        "fi": "# Ohjelma\n\n- Kahvia\n- [Kartta](https://kartta.example)\n\n<script>x</script>"
        "![kuva](https://spy.example/x.png) [paha](javascript:alert(1))"
    }
    sends(office, subject={"fi": "Hei <b>kaikki</b>"}, text=text)
    assert reached(office) == ["Aino"]
    (mail,) = office.mails()
    page = Page(mail.html)
    tags = [tag for tag, _ in page.elements]
    assert [tag for tag in tags if tag in ("h1", "h2", "li", "script", "img", "b")] == [
        *("h1", "h2", "li", "li")
    ]
    assert "https://kartta.example" in page.links()
    assert not any("javascript" in each for each in page.links())
    assert "spy.example" not in mail.html
    assert "– Kahvia" in mail.text
    assert "Kartta (https://kartta.example)" in mail.text
    assert "<script>x</script>" in mail.seen
    assert mail.calendars == []
    assert mail.message["List-Unsubscribe"] is None
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert mail.message["X-Auto-Response-Suppress"] == "All"


def test_who_declines_reminders_is_written_to_all_the_same():
    office = scene("aino")
    office.store.reminders_off.add(id_of("aino"))
    sends(office)
    assert reached(office) == ["Aino"]


def test_no_mail_holds_the_address_or_the_link_of_another():
    """I-07"""
    event = a_hybrid(programme=Programme(remote_link=LINK), reminders=())
    office = scene(*FIVE, event=event)
    office.sign_up("remi", way=Way.REMOTE)
    office.sign_up("liisa")  # waits for the room
    office.deliver()
    sends(office, to=To.BOTH)
    assert len(reached(office)) == 7
    urls = [each.manage_url for each in office.letters]
    for letter, mail in zip(office.letters, office.mails(), strict=True):
        others = {somebody(name).email for name in (*FIVE, "remi", "liisa")} - {letter.to.email}
        assert not any(each in mail.text + mail.html for each in others)
        assert [each for each in urls if each in mail.text] == [letter.manage_url]
        assert (LINK in mail.text) == (letter.to.name == "Remi")


def test_after_the_end_it_has_no_link_that_opens_nothing():
    office = scene("aino", event=a_hybrid(programme=Programme(remote_link=LINK)))
    office.sign_up("remi", way=Way.REMOTE)
    office.run(END + MINUTE)
    sends(office)
    assert reached(office) == ["Aino", "Remi"]
    for mail in office.mails():
        assert Page(mail.html).links() == []
        assert LINK not in mail.text
        assert "Lippu" not in mail.text


def test_what_is_edited_meanwhile_does_not_stop_it_and_what_is_called_off_does():
    office = scene("aino")
    sends(office)
    edits(
        office.ports, {"starts_at": START + timedelta(days=1), "ends_at": END + timedelta(days=1)}
    )
    assert reached(office) == ["Aino"]
    sends(office, notice_id="n_2")
    events.call_off(office.ports, EVENT, "", an_intent(STAFF))
    assert reached(office) == []


def test_who_leaves_or_gets_a_seat_before_the_mail_is_written_is_judged_as_they_are():
    """R-05"""
    office = scene(*FIVE, "liisa", "maija")
    sends(office, to=To.WAITING)
    (one,) = [e for e in office.store.messages.values() if e.kind is Kind.EVENT_NOTICE]
    assert sender.work(office.ports, one.message_id) == "expanded"
    office.leave("aino")  # liisa is in
    assert reached(office) == ["Maija"]
    ended = {e.person_id: (e.state, e.reason) for e in office.of_kind(Kind.EVENT_NOTICE)}
    assert ended[id_of("liisa")] == (State.DROPPED, "confirmed")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_death_of_the_expansion_writes_to_nobody_twice_and_forgets_nobody(number, after):
    """X-29"""
    names = [f"n{number:03d}" for number in range(120)]
    office = scene(*names, event=an_event(200, reminders=()))
    sends(office)
    (one,) = [e for e in office.store.messages.values() if e.kind is Kind.EVENT_NOTICE]
    dies_at_commit(office.store, number, after=after)
    with pytest.raises(Died):
        sender.work(office.ports, one.message_id)
    assert reached(office) == sorted(name.title() for name in names)


def test_staff_see_what_went_out_what_did_not_and_what_is_left():
    office = scene(*FIVE)
    office.store.suppressed[id_of("otto")] = "bounced"

    def refuses(mail) -> None:
        if mail.to == somebody("iida").email:
            raise PostRefused("bad-address")

    office.store.refuse_mail = refuses
    sends(office)
    (before,) = notices.of_event(office.ports, EVENT)
    assert (before.progress.total, before.progress.done) == (0, False)
    (one,) = [e for e in office.store.messages.values() if e.kind is Kind.EVENT_NOTICE]
    sender.work(office.ports, one.message_id)
    (half,) = notices.of_event(office.ports, EVENT)
    assert (half.progress.total, half.progress.left, half.progress.done) == (5, 5, False)
    reached(office)
    (after,) = notices.of_event(office.ports, EVENT)
    counts = after.progress
    assert (counts.total, counts.sent, counts.failed, counts.dropped) == (5, 3, 1, 1)
    assert (counts.left, counts.done) == (0, True)
    assert after.notice.text == TEXT


def test_the_newest_is_first():
    office = scene("aino")
    sends(office)
    reached(office)
    sends(office, notice_id="n_2")
    found = notices.of_event(office.ports, EVENT)
    assert [each.notice_id for each in found] == ["n_2", "n_1"]
    assert [each.progress.total for each in found] == [0, 1]


def test_after_a_month_the_words_are_gone_and_what_became_of_it_is_not():
    """P-04: by the night's work, and before that for whoever reads."""
    office = scene("aino")
    sends(office)
    reached(office)
    (one,) = office.store.notices.values()
    end = one.written_at + KEPT
    assert rules.message_due(one, Moment(end - MINUTE, HELSINKI)) is None
    assert rules.message_due(one, Moment(end, HELSINKI)) is rules.NOTICES
    office.clock.time = end
    (found,) = notices.of_event(office.ports, EVENT)
    assert found.notice is None
    assert (found.progress.sent, found.written_at) == (1, one.written_at)


def test_one_that_is_sent_again_when_its_words_are_gone_is_not_sent():
    office = scene("aino")
    sends(office)
    (one,) = [e for e in office.store.messages.values() if e.kind is Kind.EVENT_NOTICE]
    sender.work(office.ports, one.message_id)
    (row,) = office.of_kind(Kind.EVENT_NOTICE)
    office.clock.time += KEPT
    office.store.messages[row.message_id] = replace(row, expires_at=None)
    assert sender.work(office.ports, row.message_id) == "dropped"
    assert office.store.messages[row.message_id].reason == "no-text"


def test_after_an_outage_of_days_it_is_no_news():
    """R-25"""
    office = scene("aino")
    sends(office)
    office.clock.time += timedelta(days=3)
    assert reached(office) == []
    (one,) = [e for e in office.store.messages.values() if e.person_id == EVERYBODY]
    assert one.state is State.MISSED
    (found,) = notices.of_event(office.ports, EVENT)
    assert (found.progress.total, found.progress.done) == (0, True)


def test_it_goes_before_reminders_and_after_what_changes_a_seat():
    """X-11"""
    order = [PRECEDENCE.index(each) for each in (Kind.EVENT_CHANGE, Kind.EVENT_NOTICE)]
    assert order[0] < order[1] < PRECEDENCE.index(Kind.EVENT_REMINDER)
    assert set(PRECEDENCE) == set(Kind)
