"""Sign-ups of somebody who is forgotten: those to come are given on, those that are over are nobody's."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.erasures import Step
from chalicelib.domain.errors import Refused
from chalicelib.domain.events import Way, cancelled
from chalicelib.domain.people import ERASED
from chalicelib.domain.questions import Question
from chalicelib.domain.signups import SignUp, State
from chalicelib.services import erasure, events, remains, signup_changes, traces
from chalicelib.services.signups import MOST_KNOWN, Guest
from tests.builders import ADMIN, ANYBODY, FORM, STAFF, an_intent
from tests.event_builders import END, START, an_event, somebody
from tests.event_scene import EVENT, Scene, edits, id_of, signs_up

NEVER = lambda: False  # noqa: E731 -- nobody stops it
WHY = (Question("why"),)
SAID = {"answers": {"why": "Aino wants to"}, "diet": "No nuts, Aino", "accessibility": "A ramp"}


def begun(scene: Scene, name: str = "aino"):
    intent = an_intent(ADMIN, method="DELETE", path="/v1/staff/persons")
    return erasure.begin(scene.ports, id_of(name), intent).value


def forget(scene: Scene, name: str = "aino") -> None:
    """The request, and the clock until nobody is left."""
    erasure.work(scene.ports, begun(scene, name))
    scene.later(minutes=5)
    assert erasure.go_on_all(scene.ports, 60.0) == 0


def nobody_s(scene: Scene) -> SignUp:
    """The one that is nobody's."""
    (found,) = [each for each in scene.store.signups.values() if ERASED in each.person_id]
    return found


def everything(scene: Scene) -> str:
    """All that is stored of events."""
    store = scene.store
    return repr((store.signups, store.parties, store.queues, store.events))


def check_forgotten(scene: Scene, name: str = "aino") -> None:
    for word in (id_of(name), name.title(), name):
        assert word not in everything(scene), word
    assert remains.left(scene.ports, id_of(name)) == []
    # What the leaders of their parties were answered is kept for two days more, and is theirs.
    assert id_of(name) not in {each.person_id for each in scene.store.records.values()}


def test_a_seat_to_come_is_the_next_one_s_and_nothing_is_left_of_who_had_it():
    """B117, W-04"""
    scene = Scene(an_event(1, questions=WHY))
    scene.sign_up("aino", **SAID)
    scene.sign_up("eero")
    forget(scene)
    check_forgotten(scene)
    found = nobody_s(scene)
    assert (found.state, found.number, found.answers, found.diet) == (State.LEFT, None, {}, "")
    assert (found.made_by, found.person.name) == ("k_form", "")
    assert scene.states("eero") == ["confirmed"]
    assert scene.news("eero") == ["waiting", "promotion"]
    assert scene.counters == (0, 0)
    scene.check_settled()


def test_nobody_is_told_of_it():
    scene = Scene()
    scene.sign_up("aino")
    forget(scene)
    entry = next(each for each in scene.store.audit if each["action"] == "forget")
    assert (entry["news"], entry["subject"]) == ("", f"event#{EVENT}")
    assert entry["person_id"] == nobody_s(scene).person_id


def test_the_request_itself_frees_the_seat():
    scene = Scene(an_event(1))
    scene.sign_up("aino", "eero")
    found = erasure.work(scene.ports, begun(scene))
    assert Step.SIGNUPS not in found.left
    assert scene.states("eero") == ["confirmed"]


def test_who_waits_leaves_the_queue():
    """P-08"""
    scene = Scene(an_event(1))
    scene.sign_up("eero", "aino", "pia")
    forget(scene)
    check_forgotten(scene)
    assert scene.counters == (0, 1)
    scene.leave("eero")
    assert scene.states("pia") == ["confirmed"]
    scene.check_settled()


def test_a_party_s_leader_takes_all_of_it_along():
    scene = Scene(an_event(3))
    guests = [Guest("Sami Salo", "sami@gov.fi", "vegan", "A ramp"), Guest("Anna")]
    scene.sign_up("aino", guests=guests)
    scene.sign_up("eero")
    forget(scene)
    check_forgotten(scene)
    for word in ("Sami", id_of("sami"), "Anna", "vegan", "ramp"):
        assert word not in everything(scene), word
    assert nobody_s(scene).size == 3
    assert scene.counters == (2, 0)
    assert scene.states("eero") == ["confirmed"]
    scene.check_settled()


@pytest.mark.parametrize("waits", [False, True])
def test_who_comes_along_leaves_the_party_and_it_stays(waits: bool):
    scene = Scene(an_event(2, most_waiting=9))
    if waits:
        scene.sign_up("sami", "pia")
    scene.sign_up("eero", guests=[Guest("Aino", "aino@gov.fi", "No nuts")])
    scene.sign_up("anna")
    forget(scene)
    check_forgotten(scene)
    assert scene.of("eero").size == 1
    assert scene.states("eero", "anna") == (
        ["waiting", "waiting"] if waits else ["confirmed", "confirmed"]
    )
    assert scene.counters == ((0, 2) if waits else (0, 0))
    scene.check_settled()


def test_a_party_that_is_smaller_now_has_the_seat_that_was_too_few():
    scene = Scene(an_event(2, most_waiting=9))
    scene.sign_up("sami")
    scene.sign_up("eero", guests=[Guest("Aino", "aino@gov.fi")])
    assert scene.states("eero") == ["waiting"]
    forget(scene)
    assert scene.states("eero") == ["confirmed"]
    scene.check_settled()


def test_what_is_over_is_counted_as_it_was():
    """B117: counters and who came stay, names go."""
    scene = Scene(an_event(3, questions=WHY))
    signup = scene.sign_up("aino", guests=[Guest("Sami", "sami@gov.fi")], **SAID)
    scene.sign_up("eero")
    came = replace(
        signup,
        arrived_at=START,
        members=tuple(replace(each, arrived_at=START) for each in signup.members),
    )
    scene.store.signups[EVENT, id_of("aino")] = came
    scene.clock.time = END
    before = scene.event
    forget(scene)
    check_forgotten(scene)
    found = nobody_s(scene)
    assert (found.state, found.way, found.created_at) == (
        State.CONFIRMED,
        Way.ROOM,
        signup.created_at,
    )
    assert [found.arrived_at, *(each.arrived_at for each in found.members)] == [START, START]
    assert {each.name for each in found.members} == {""}
    assert scene.event == before
    scene.check()


def test_who_came_along_to_what_is_over_is_counted_without_a_name():
    scene = Scene(an_event(3))
    scene.sign_up("eero", guests=[Guest("Aino", "aino@gov.fi", "No nuts"), Guest("Pia")])
    scene.clock.time = END
    forget(scene)
    check_forgotten(scene)
    assert [each.name for each in scene.of("eero").members] == ["", "Pia"]
    scene.check()


@pytest.mark.parametrize("name", ["aino", "eero"])
def test_of_what_was_left_before_nothing_is_left_either(name: str):
    scene = Scene(an_event(3))
    scene.sign_up("eero", guests=[Guest("Aino", "aino@gov.fi", "No nuts")])
    scene.leave("eero")
    forget(scene, name)
    check_forgotten(scene, name)
    assert len(scene.store.signups) == 1


def test_of_a_hand_over_both_are_forgotten_apart():
    """S-25"""
    scene = Scene()
    scene.sign_up("aino")
    scene.clock.time = START - timedelta(days=2)
    signup = scene.of("aino")
    colleague = replace(signup.person, name="Eero", email="eero@gov.fi")
    scene.do(signup_changes.hand_over, "aino", colleague=colleague)
    forget(scene)
    assert nobody_s(scene).state is State.HANDED_OVER
    assert scene.states("eero") == ["confirmed"]
    scene.check()


def test_what_waited_to_the_end_is_passed_over_where_the_queue_goes_on():
    """P-08: the event was over, and is then moved to another day."""
    scene = Scene(an_event(1))
    scene.sign_up("eero", "aino", "pia")
    scene.clock.time = END
    forget(scene)
    assert (nobody_s(scene).state, scene.counters) == (State.WAITING, (0, 2))
    week = timedelta(days=7)
    edits(scene.ports, {"starts_at": START + week, "ends_at": END + week})
    scene.leave("eero")
    scene.check_settled()
    assert scene.states("pia") == ["confirmed"]
    assert (nobody_s(scene).state, scene.counters) == (State.EXPIRED, (0, 0))


@pytest.mark.parametrize(
    ("lapse", "after"), [(False, State.LEFT), (True, State.EXPIRED)], ids=["held", "lapsed"]
)
def test_a_hold_is_no_more_and_counts_nowhere(lapse: bool, after: State):
    scene = Scene(prove_address=True)
    intent = {"actor": ANYBODY}
    signs_up(scene.ports, "aino", **intent)
    if lapse:
        scene.later(minutes=30)
    forget(scene)
    check_forgotten(scene)
    assert nobody_s(scene).state is after
    assert {each.until == {} for each in scene.store.holds.values()} == {True}
    assert scene.event.ways[Way.ROOM].held == 0
    scene.check()


def test_what_was_called_off_and_is_not_ended_yet_is_called_off():
    scene = Scene()
    scene.sign_up("aino")
    tx = scene.ports.begin()
    scene.ports.events.save(tx, scene.event, cancelled(scene.event, ""))
    tx.commit()
    before = scene.event
    forget(scene)
    assert nobody_s(scene).state is State.CALLED_OFF
    assert scene.event == before
    check_forgotten(scene)


def test_offers_are_given_on_after_the_start_too():
    scene = Scene(an_event(1, offers_within=timedelta(hours=24), offer_time=timedelta(hours=9)))
    scene.sign_up("eero", "aino")
    scene.clock.time = START - timedelta(hours=1)
    scene.leave("eero")
    assert scene.states("aino") == ["offered"]
    scene.clock.time = START
    forget(scene)
    assert nobody_s(scene).state is State.EXPIRED  # at the start an offer is over
    assert scene.counters == (1, 0)


def test_what_was_made_for_others_stays_theirs():
    scene = Scene()
    scene.sign_up("aino", "eero")
    before = scene.of("eero")
    forget(scene)
    assert scene.of("eero") == before
    assert scene.store.records  # of others'


def test_a_party_as_large_as_can_be_is_written_and_forgotten_at_once():
    """Three items for each guest whose address is known, of a hundred in a transaction."""
    scene = Scene(an_event(100, group_size=100))
    guests = [
        Guest(f"Guest {number}", f"guest.{number}@gov.fi") for number in range(MOST_KNOWN + 1)
    ]
    with pytest.raises(Refused, match="group-too-large"):
        scene.sign_up("aino", guests=guests)
    scene.sign_up("aino", guests=guests[1:])
    scene.do(signup_changes.hand_over, "aino", actor=STAFF, colleague=somebody("eero"))
    assert scene.of("eero").size == MOST_KNOWN + 1
    forget(scene, "eero")
    check_forgotten(scene, "eero")
    scene.check_settled()


def test_more_than_a_page_of_them_go():
    scene = Scene()
    for number in range(remains.PAGE + 2):
        event_id = f"e_{number:03d}"
        events.create(scene.ports, replace(an_event(), event_id=event_id), an_intent(STAFF))
        signs_up(scene.ports, "aino", event_id=event_id, key=event_id, actor=FORM)
    forget(scene)
    check_forgotten(scene)
    assert len(scene.store.signups) == remains.PAGE + 2


def test_a_step_that_had_no_time_goes_on_later():
    scene = Scene()
    scene.sign_up("aino")
    begun(scene)
    assert traces.signups(scene.ports, id_of("aino"), lambda: True) is False
    assert scene.states("aino") == ["confirmed"]
    assert traces.signups(scene.ports, id_of("aino"), NEVER) is True


def test_nothing_is_taken_from_a_newcomer():
    """A worker who comes when all is done writes nothing."""
    scene = Scene()
    scene.sign_up("aino")
    forget(scene)
    signs_up(scene.ports, "aino", actor=STAFF)
    assert traces.signups(scene.ports, id_of("aino"), NEVER) is False
    assert scene.states("aino") == ["confirmed"]
