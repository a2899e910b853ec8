"""Counts for the caterer: how many, what they eat and need, and nobody's name."""

from datetime import timedelta

import pytest

from chalicelib.domain.events import Way
from chalicelib.domain.figures import Heads, figures, told
from chalicelib.domain.questions import Choice, Kind, Question
from chalicelib.domain.signups import Member, State
from tests.event_builders import NOW, a_signup

BOTH = (Way.ROOM, Way.REMOTE)
QUESTIONS = (
    Question("level", Kind.CHOICE, {"fi": "Taso"}, choices=(Choice("first"), Choice("second"))),
    Question("lunch", Kind.YES_NO, {"fi": "Lounas?"}),
    Question("why", Kind.TEXT, {"fi": "Miksi?"}),
)


def test_persons_are_counted_by_way_and_state_not_forms():
    """S-17"""
    found = [
        a_signup("p_a", members=(Member("B", arrived_at=NOW), Member("C")), arrived_at=NOW),
        a_signup("p_d", way=Way.REMOTE),
        a_signup("p_e", state=State.WAITING, members=(Member("F"),), number=1),
        a_signup("p_g", state=State.OFFERED, offer_until=NOW + timedelta(hours=1)),
        a_signup("p_h", state=State.HELD, confirm_by=NOW + timedelta(hours=1)),
        a_signup("p_i", state=State.LEFT, members=(Member("J"),), arrived_at=NOW),
    ]
    counted = figures(found, BOTH, (), NOW)
    assert counted.ways == {
        Way.ROOM: Heads(confirmed=3, arrived=2, held=1, offered=1, waiting=2),
        Way.REMOTE: Heads(confirmed=1),
    }
    later = figures(found, BOTH, (), NOW + timedelta(hours=2)).ways[Way.ROOM]
    assert (later.held, later.offered) == (0, 0), "what ran out is over, tidied or not"


def test_diets_are_of_the_confirmed_in_the_room_person_by_person():
    found = [
        a_signup("p_a", diet="Vegaani", members=(Member("B", diet="vegaani. "), Member("C"))),
        a_signup("p_d", diet="Laktoositon, gluteeniton"),
        a_signup("p_e", diet="gluteeniton; LAKTOOSITON"),
        a_signup("p_f", diet="Vegaani", way=Way.REMOTE),
        a_signup("p_g", diet="Vegaani", state=State.WAITING, number=1),
        a_signup("p_h", diet="Ei mitään"),
    ]
    counted = figures(found, BOTH, (), NOW)
    assert list(counted.diets.items()) == [("gluteeniton, laktoositon", 2), ("vegaani", 2)]


def test_needs_are_of_all_that_are_confirmed():
    found = [
        a_signup("p_a", accessibility="Pyörätuoli"),
        a_signup("p_b", accessibility="tekstitys", way=Way.REMOTE),
        a_signup("p_c", accessibility="pyörätuoli", state=State.REMOVED),
    ]
    assert figures(found, BOTH, (), NOW).accessibility == {"pyörätuoli": 1, "tekstitys": 1}


def test_answers_that_can_be_counted_are_counted_once_a_party():
    found = [
        a_signup("p_a", answers={"level": "first", "lunch": True, "why": "Salainen"}),
        a_signup("p_b", answers={"level": "first", "lunch": False}, members=(Member("C"),)),
        a_signup("p_d", answers={"level": "third"}),
        a_signup("p_e", answers={"level": "second"}, state=State.WAITING, number=1),
    ]
    assert figures(found, BOTH, QUESTIONS, NOW).answers == {
        "level": {"first": 2, "second": 0},
        "lunch": {"yes": 1, "no": 1},
    }


def test_no_figure_names_anybody():
    found = [a_signup("p_a", members=(Member("Bertta Öhman"),), diet="Vegaani")]
    said = str(figures(found, BOTH, QUESTIONS, NOW))
    assert not [each for each in ("Aino", "Bertta", "gov.fi", "p_a") if each in said]


@pytest.mark.parametrize("text", ["", " ", "-", "–", "Ei", "ei ole.", "None", "N/A", "nej", ",;"])
def test_what_says_nothing_is_not_counted(text):
    assert told(text) == ""


def test_parts_that_say_nothing_or_are_said_twice_do_not_count():
    assert told("Vegaani, vegaani ,, ei") == "vegaani"
    assert told("A\u0308yria\u0308isallergia") == told("ÄYRIÄISALLERGIA") == "äyriäisallergia"
