"""What an event asks, whether it is answered, and for whom an event is."""

from dataclasses import replace
from datetime import date

import pytest

from chalicelib.domain.errors import Problem, Refused
from chalicelib.domain.people import Person, Role, person_id_of
from chalicelib.domain.profiles import Profile
from chalicelib.domain.questions import (
    MOST_TEXT,
    Choice,
    Kind,
    Question,
    answered,
    check_questions,
    checked,
)
from chalicelib.services import signup_changes
from chalicelib.services.signups import Guest
from tests.builders import FORM, STAFF
from tests.event_builders import NOW, an_event, somebody
from tests.event_scene import Scene, signs_up

TEXT = {"fi": "Kysymys"}
TOPIC = Question("topic", text=TEXT)
GROUP = Question("group", Kind.CHOICE, TEXT, choices=(Choice("a", TEXT), Choice("b", TEXT)))
LUNCH = Question("lunch", Kind.YES_NO, TEXT, required=True)
PHOTOS = Question("photos", Kind.CONSENT, TEXT, required=True)
ASKED = (TOPIC, GROUP, LUNCH, PHOTOS)
ENOUGH = {"lunch": False, "photos": True}


def whys(problems: list[Problem]) -> dict[str, str]:
    return {problem.pointer: problem.params["why"] for problem in problems}


def test_answers_are_kept_as_they_are_and_what_is_blank_is_none():
    """S-21: HTML is text, and stays as it came."""
    html = "<b>=SUM(1)</b>\nhei"
    given = {**ENOUGH, "topic": html, "group": "b"}
    assert answered(ASKED, given) == (given, [])
    assert answered(ASKED, {**ENOUGH, "topic": " ", "group": ""}) == (ENOUGH, [])


@pytest.mark.parametrize(("said", "meant"), [("yes", True), ("on", True), ("no", False)])
def test_a_form_says_yes_and_no_in_words(said, meant):
    assert answered([LUNCH], {"lunch": said}) == ({"lunch": meant}, [])


def test_what_is_missing_is_named_and_to_hosts_it_is_not():
    """S-21: a required consent has to be ticked, and a required question answered."""
    missing = {"/answers/lunch": "missing", "/answers/photos": "consent"}
    for given in ({}, {"photos": False}, {"photos": "off", "lunch": ""}):
        assert whys(answered(ASKED, given)[1]) == missing
        assert answered(ASKED, given, lenient=True) == ({}, [])


@pytest.mark.parametrize("lenient", [False, True])
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("other", "x"),
        ("topic", True),
        ("topic", 7),
        ("group", "c"),
        ("group", True),
        ("lunch", "maybe"),
        ("photos", 1),
    ],
)
def test_what_was_not_asked_is_refused_whoever_says_it(key, value, lenient):
    found, problems = answered(ASKED, {**ENOUGH, key: value}, lenient=lenient)
    assert whys(problems) == {f"/answers/{key}": "unknown"}
    assert key not in found


def test_an_answer_has_its_limit():
    """S-21: 2,000 characters are taken, and 2,001 refused with the limit."""
    assert answered([TOPIC], {"topic": "x" * 2000})[1] == []
    (problem,) = answered([TOPIC], {"topic": "x" * 2001})[1]
    assert (problem.pointer, problem.params["max_length"]) == ("/answers/topic", 2000)
    with pytest.raises(Refused):
        checked([TOPIC], {"topic": "x" * 2001}, lenient=True)


@pytest.mark.parametrize(
    ("questions", "pointers"),
    [
        ([TOPIC, GROUP, TOPIC], ["/questions/2/id"]),
        ([replace(TOPIC, text={"fi": ""})], ["/questions/0/text"]),
        ([replace(GROUP, choices=())], ["/questions/0/choices"]),
        ([replace(TOPIC, choices=GROUP.choices)], ["/questions/0/choices"]),
        ([replace(GROUP, choices=(Choice("a"),))], ["/questions/0/choices/0/text"]),
        ([replace(GROUP, choices=GROUP.choices[:1] * 2)], ["/questions/0/choices/1/id"]),
        ([replace(TOPIC, text={"fi": "x" * (MOST_TEXT + 1)})], ["/questions"]),
    ],
)
def test_questions_that_cannot_be_asked_are_refused(questions, pointers):
    check_questions(ASKED)
    with pytest.raises(Refused) as refusal:
        check_questions(questions)
    assert [each.pointer for each in refusal.value.problems] == pointers


def test_who_signs_up_answers_and_a_host_adds_somebody_without():
    """S-21."""
    scene = Scene(an_event(questions=ASKED))
    with pytest.raises(Refused) as refusal:
        scene.sign_up("aino", answers={"photos": False})
    assert whys(list(refusal.value.problems)) == {
        "/answers/lunch": "missing",
        "/answers/photos": "consent",
    }
    assert not scene.store.signups
    scene.sign_up("aino", answers={**ENOUGH, "lunch": "yes", "topic": " "})
    assert scene.of("aino").answers == {"lunch": True, "photos": True}
    scene.sign_up("eero", actor=STAFF)
    assert scene.of("eero").answers == {}
    with pytest.raises(Refused, match="invalid-request"):
        scene.sign_up("pia", actor=STAFF, answers={"other": "x"})


PIA = Person("Pia Peltola", "pia@partner.example")
A_DAY = date(2027, 6, 30)


def knows(scene: Scene, person: Person, **more) -> None:
    """What an admin or an invitation made somebody to the Lab."""
    key = person_id_of(person.email, "a salt for tests")
    scene.store.profiles[key] = Profile(key, person, NOW, **more)


@pytest.mark.parametrize(
    ("audience", "employee", "partner"),
    [((), True, True), (("employee",), True, False), (("partner",), False, True)],
)
def test_an_event_is_for_whom_it_is_for(audience, employee, partner):
    scene = Scene(an_event(audience=audience))
    knows(scene, PIA, partner_until=A_DAY)
    for name, person, welcome in (("aino", somebody("aino"), employee), ("pia", PIA, partner)):
        if welcome:
            scene.sign_up(name, person=person)
            continue
        with pytest.raises(Refused, match="email-not-allowed") as refusal:
            scene.sign_up(name, person=person)
        assert refusal.value.problems[0].params["why"] == "audience"
        scene.sign_up(name, person=person, actor=STAFF)
    assert len(scene.store.signups) == 2


def test_hosts_come_to_whatever_there_is_and_places_are_handed_to_the_audience():
    scene = Scene(an_event(audience=("employee",)))
    knows(scene, PIA, partner_until=A_DAY)
    partners = Scene(an_event(audience=("partner",)))
    knows(partners, somebody("sami"), granted=Role.STAFF)
    partners.sign_up("sami")
    scene.sign_up("aino")
    with pytest.raises(Refused, match="email-not-allowed"):
        scene.do(signup_changes.hand_over, "aino", colleague=PIA, actor=FORM)
    scene.do(signup_changes.hand_over, "aino", colleague=somebody("eero"), actor=FORM)
    assert scene.states("aino", "eero") == ["handed-over", "confirmed"]


@pytest.mark.parametrize("email", ["", PIA.email, "x@elsewhere.example"])
def test_who_comes_along_comes_on_the_word_of_who_may_come(email):
    """Decision 23: nobody is judged by an address that could as well have been left out."""
    scene = Scene(an_event(audience=("employee",), group_size=2))
    knows(scene, PIA, partner_until=A_DAY)
    signs_up(scene.ports, "aino", [Guest("Pia", email)])
    assert scene.counters == (3, 0)
    if email != PIA.email:
        with pytest.raises(Refused, match="email-not-allowed"):
            scene.sign_up("pia", person=PIA)
        with pytest.raises(Refused, match="email-not-allowed"):
            scene.do(signup_changes.hand_over, "aino", colleague=PIA)
