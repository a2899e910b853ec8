"""The scenarios of signing up, over each store; at the end of each I1-I6 hold.

S-09, S-10, S-13 and S-21 say nothing of a store: they are in tests/unit.
"""

from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes

import pytest

from chalicelib.domain.errors import Refused
from chalicelib.domain.events import Way
from chalicelib.domain.messages import Kind
from chalicelib.domain.people import Person
from chalicelib.domain.programmes import Programme
from chalicelib.services import signup_changes, signup_imports, signups
from chalicelib.services.signups import MOST_KNOWN, Guest
from tests.builders import FORM, STAFF, an_intent
from tests.contract.event_stage import Stage, at_commit, at_commits, die
from tests.deaths import Died
from tests.event_builders import CLOSES, OPENS, a_hybrid, an_event, somebody
from tests.event_scene import EVENT, a_wish, id_of, signs_up

MakeStage = Callable[..., Stage]
A_MILLISECOND = timedelta(milliseconds=1)
FIVE = ("aino", "eero", "iida", "otto", "ulla")


def pointer(refusal: pytest.ExceptionInfo[Refused]) -> str:
    return refusal.value.problems[0].pointer


def test_at_the_first_moment_one_has_a_seat_and_one_confirmation(stage: MakeStage):
    """S-01"""
    scene = stage()
    scene.clock.time = OPENS
    scene.sign_up("aino")
    assert scene.states("aino") == ["confirmed"]
    assert scene.counters == (4, 0)
    assert scene.news("aino") == ["confirmation"]


@pytest.mark.parametrize("now", [OPENS - A_MILLISECOND, CLOSES], ids=["before", "after"])
def test_outside_the_window_nothing_is_written(stage: MakeStage, now):
    """S-02"""
    scene = stage()
    scene.clock.time = now
    with pytest.raises(Refused, match="signup-not-open"):
        scene.sign_up("aino")
    assert not scene.everybody()
    assert scene.counters == (5, 0)
    assert scene.messages() == []


def test_a_host_adds_somebody_past_the_window_and_the_log_says_who(stage: MakeStage):
    """S-04"""
    scene = stage()
    scene.clock.time = CLOSES
    scene.sign_up("aino", actor=STAFF)
    assert scene.news("aino") == ["confirmation"]
    entry = scene.log()[-1]
    assert (entry.actor, entry.action, entry.more["person_id"]) == (
        "p_sami",
        "sign-up",
        id_of("aino"),
    )


def test_the_same_key_twice_is_one_sign_up_and_one_answer(stage: MakeStage):
    """S-05"""
    scene = stage()
    intent = an_intent(key="k")
    first = signups.sign_up(scene.ports, a_wish("aino"), intent)
    second = signups.sign_up(scene.worker(), a_wish("aino"), intent)
    assert second.replayed
    assert second.answer == first.answer
    assert scene.news("aino") == ["confirmation"]


def test_the_same_person_later_and_by_another_key_is_signed_up_already(stage: MakeStage):
    """S-06"""
    scene = stage()
    scene.sign_up("aino", key="k")
    scene.later(minutes=11)
    with pytest.raises(Refused, match="already-signed-up") as refusal:
        scene.sign_up("aino", key="another")
    assert pointer(refusal) == "/person/email"
    assert refusal.value.problems[0].params == {}
    assert len(scene.everybody()) == 1


def test_one_address_has_one_seat_however_it_is_spelt(stage: MakeStage):
    """S-08"""
    scene = stage()
    scene.sign_up("maija", person=Person("Maija", "Maija.Meri@GOV.fi"))
    for other in (" maija.meri@gov.fi ", "MAIJA.MERI@GOV.FI"):
        with pytest.raises(Refused, match="already-signed-up"):
            scene.sign_up("maija", person=Person("Maija", other))
    assert scene.counters == (4, 0)


def test_who_left_comes_back_at_the_end_of_the_queue(stage: MakeStage):
    """S-12"""
    scene = stage(an_event(1))
    scene.sign_up("aino", "eero", "pia")
    scene.deliver()
    scene.leave("aino")
    scene.deliver()
    scene.sign_up("aino")
    assert scene.states("eero", "pia", "aino") == ["confirmed", "waiting", "waiting"]
    mine = scene.of("aino")
    place = signups.place(scene.ports, mine)
    assert place
    assert place.position == 2
    assert signups.place(scene.ports, scene.of("eero")) is None
    assert (mine.version, mine.sequence) == (3, 2)  # a calendar takes nothing older than it has
    scene.check()
    scene.leave("eero", "pia")
    assert scene.states("aino") == ["confirmed"]


def test_a_party_waits_whole(stage: MakeStage):
    """S-14"""
    scene = stage(an_event(2))
    made = scene.party("aino", 2)
    assert made
    assert made.waiting
    assert scene.counters == (2, 3)
    assert scene.news("aino") == ["waiting"]
    scene.check()
    assert scene.counters == (2, 3)


def test_a_party_with_somebody_who_is_there_already_is_refused_whole(stage: MakeStage):
    """S-16"""
    scene = stage()
    scene.sign_up("eero")
    party = [Guest("Pia"), Guest("Eero", "EERO@gov.fi"), Guest("Sami", "sami@gov.fi")]
    with pytest.raises(Refused, match="already-signed-up") as refusal:
        signs_up(scene.ports, "aino", party)
    assert pointer(refusal) == "/guests/1/email"
    assert scene.counters == (4, 0)


def test_a_guest_whose_address_is_known_is_not_signed_up_again(stage: MakeStage):
    """S-16, the other way round"""
    scene = stage()
    signs_up(scene.ports, "aino", [Guest("Pia"), Guest("Eero", "eero@gov.fi")])
    with pytest.raises(Refused, match="already-signed-up"):
        scene.sign_up("eero")
    scene.leave("aino")
    scene.sign_up("eero")
    assert scene.counters == (4, 0)


def test_a_party_counts_its_persons_and_has_a_limit(stage: MakeStage):
    """S-17"""
    scene = stage(an_event(10))
    scene.party("aino", 3)
    assert scene.counters == (6, 0)
    with pytest.raises(Refused, match="group-too-large") as refusal:
        scene.party("eero", 4)
    assert refusal.value.problems[0].params == {"most": 4}
    scene.party("pia", 4, actor=STAFF)
    assert scene.counters == (1, 0)


def test_many_at_once_are_signed_up_each_in_a_transaction_and_who_dies_is_followed(
    stage: MakeStage,
):
    """S-18: in the scenario forty; here eight, of whom five have a seat and three wait."""
    scene = stage()
    names = (*FIVE, "a", "b", "c")
    requests = tuple(a_wish(name, accept_terms=False) for name in names)
    intent = an_intent(STAFF, "k", render=lambda made: {"id": made})
    batch_id = str(signup_imports.begin(scene.ports, EVENT, len(names), intent).answer["id"])
    with pytest.raises(Died):
        signup_imports.go_on(at_commit(scene.worker(), 4, die), batch_id, requests, intent)
    assert len(scene.everybody()) == 4
    scene.check()
    again = signup_imports.begin(scene.worker(), EVENT, len(names), intent)
    assert again.replayed
    batch = signup_imports.go_on(scene.worker(), batch_id, requests, intent)
    states = [row.done["state"] for row in batch.rows if row.done]
    assert states == ["confirmed"] * 5 + ["waiting"] * 3
    assert [scene.of(name).number for name in "abc"] == [1, 2, 3]
    assert len(scene.messages()) == len(names)


def test_without_seats_everybody_waits_and_the_first_seat_is_the_first_s(stage: MakeStage):
    """S-20"""
    scene = stage(an_event(0))
    scene.sign_up("aino", "eero", "pia")
    with pytest.raises(Refused, match="event-full"):
        scene.sign_up("sami")
    scene.resize(1)
    assert scene.states("aino", "eero", "pia") == ["confirmed", "waiting", "waiting"]
    assert scene.news("aino") == ["waiting", "promotion"]


def test_one_who_goes_remote_leaves_the_seat_to_who_waits(stage: MakeStage):
    """S-24: in one transaction, and with the link in the new entry of who goes alone."""
    link = "https://meet.example/x"
    scene = stage(a_hybrid(programme=Programme(remote_link=link)))
    scene.sign_up(*FIVE, "pia")
    scene.deliver()
    commits: list[str] = []
    plain, scene.ports = scene.ports, at_commits(scene.ports, lambda: commits.append("one"))
    mine = scene.do(signup_changes.switch, "aino", way=Way.REMOTE)
    scene.ports = plain
    assert commits == ["one"]
    assert mine
    assert (mine.way, mine.state, mine.sequence) == (Way.REMOTE, "confirmed", 1)
    assert scene.states("pia") == ["confirmed"]
    assert scene.news("aino") == ["confirmation", "change"]
    assert scene.do(signup_changes.switch, "aino", way=Way.REMOTE) == mine
    with pytest.raises(Refused, match="event-full"):
        scene.do(signup_changes.switch, "aino", way=Way.ROOM)
    scene.check()
    assert scene.mails("aino") == ["REQUEST", "REQUEST"]
    told = {each.to: b"CONFERENCE" in _calendar(each.raw) for each in scene.outside.mails}
    assert [to for to, joins in told.items() if joins] == [somebody("aino").email]


def test_a_seat_is_handed_to_a_colleague_past_the_queue(stage: MakeStage):
    """S-25"""
    scene = stage(an_event(1))
    scene.sign_up("eero", "aino")
    scene.deliver()
    new = scene.do(signup_changes.hand_over, "eero", colleague=somebody("pia"))
    assert new
    assert (new.person_id, new.state) == (id_of("pia"), "confirmed")
    assert scene.states("eero", "pia", "aino") == ["handed-over", "confirmed", "waiting"]
    assert scene.counters == (0, 1)
    scene.check()
    assert scene.mails("eero") == ["REQUEST", "CANCEL"]
    assert scene.mails("pia") == ["REQUEST"]
    assert [each.person_id for each in scene.messages(Kind.SEAT)].count(id_of("pia")) == 1
    with pytest.raises(Refused, match="already-signed-up"):
        scene.do(signup_changes.hand_over, "pia", colleague=somebody("aino"))


def test_a_full_way_is_named_and_nobody_waits_for_another(stage: MakeStage):
    """W-27"""
    scene = stage(a_hybrid(5, 0))
    scene.sign_up("a", "b", "c", way=Way.REMOTE)
    with pytest.raises(Refused, match="event-full") as refusal:
        scene.sign_up("d", way=Way.REMOTE)
    assert refusal.value.problems[0].params == {"why": "remote"}
    scene.sign_up("d", actor=FORM)
    assert scene.states("d") == ["confirmed"]


def _calendar(raw: bytes) -> bytes:
    """The calendar part of a mail; nothing of one without."""
    for part in message_from_bytes(raw).walk():
        if part.get_content_type() == "text/calendar":
            return bytes(part.get_payload(decode=True))
    return b""


def known(letter: str) -> tuple[Guest, ...]:
    """As many guests as there may be whose addresses are known."""
    return tuple(
        Guest(f"{letter} {number}", f"{letter}.{number}@gov.fi") for number in range(MOST_KNOWN)
    )


def test_the_largest_party_is_another_one_the_next_time_and_is_handed_over(stage: MakeStage):
    """S-12, S-17, S-25: in one transaction each, which holds a hundred items."""
    scene = stage(an_event(200, group_size=99))
    scene.sign_up("pia", guests=known("a"))
    scene.sign_up("aino", guests=known("b"))
    scene.leave("pia", "aino")
    scene.sign_up("aino", guests=known("c"))
    assert scene.counters == (199 - MOST_KNOWN, 0)
    scene.do(signup_changes.hand_over, "aino", colleague=somebody("pia"))
    assert scene.states("aino", "pia") == ["handed-over", "confirmed"]
    assert scene.of("pia").members == scene.of("aino").members
    scene.sign_up("iida", guests=known("a"))
    assert scene.counters == (198 - 2 * MOST_KNOWN, 0)
