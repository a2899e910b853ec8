"""How many come, and what they eat and need: for the caterer and for reports, and never who."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.domain.attendance import arrivals
from chalicelib.domain.collation import folded
from chalicelib.domain.events import Way
from chalicelib.domain.questions import Kind, Question
from chalicelib.domain.signups import SignUp, State, judged
from chalicelib.domain.tallies import Tally

BETWEEN = re.compile(r"[,;/+&\n]")
NOTHING = frozenset(
    ("ei", "ei ole", "ei mitään", "no", "none", "nothing", "n/a", "nej", "ingen", "inga", "inget")
)
SEVERAL = (Kind.CHOICE, Kind.YES_NO, Kind.CONSENT)  # whose answers can be counted


@dataclass(frozen=True, slots=True)
class Heads:
    """Persons of a way, by how they stand now; `arrived` are of those that are confirmed."""

    confirmed: int = 0
    arrived: int = 0
    held: int = 0
    offered: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """What is counted of an event. Texts are as `told` has them, answers by question and choice.

    Diets are of the confirmed in the room, who eat there; needs of all that are confirmed; answers are
    counted once a party, since who leads it answers.
    """

    ways: Mapping[Way, Heads] = field(default_factory=dict)
    diets: Mapping[str, int] = field(default_factory=dict)
    accessibility: Mapping[str, int] = field(default_factory=dict)
    answers: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def figures(
    signups: Iterable[SignUp],
    ways: Iterable[Way],
    questions: Iterable[Question],
    now: datetime,
    tally: Tally | None = None,
    answered: Mapping[str, Mapping[str, int]] | None = None,
) -> Figures:
    """The figures of an event's sign-ups as they are at `now`.

    Of diets and needs a tally, if there is one, and of answers what was counted of them when they went.
    """
    found = [judged(each, now) for each in signups]
    coming = [each for each in found if each.state is State.CONFIRMED]
    here = [each for each in coming if each.way is Way.ROOM]
    return Figures(
        ways={way: _heads(each for each in found if each.way is way) for way in ways},
        diets=tally.diets if tally else _counted(text for each in here for text in diets(each)),
        accessibility=tally.accessibility
        if tally
        else _counted(text for each in coming for text in needs(each)),
        answers=answered
        or {each.id: _answers(each, coming) for each in questions if each.kind in SEVERAL},
    )


def diets(signup: SignUp) -> tuple[str, ...]:
    """What each person of a party said of their diet."""
    return (signup.diet, *(each.diet for each in signup.members))


def needs(signup: SignUp) -> tuple[str, ...]:
    """What each person of a party said of accessibility."""
    return (signup.accessibility, *(each.accessibility for each in signup.members))


def told(text: str) -> str:
    """One spelling of what means the same: parts in order, without capitals; "" where it says nothing."""
    if folded(text).strip(" .") in NOTHING:
        return ""
    parts = {folded(part).strip(" .-–") for part in BETWEEN.split(text)}
    return ", ".join(sorted(parts - NOTHING - {""}))


def _heads(signups: Iterable[SignUp]) -> Heads:
    persons: Counter[State] = Counter()
    arrived = 0
    for each in signups:
        persons[each.state] += each.size
        if each.state is State.CONFIRMED:
            arrived += sum(at is not None for at in arrivals(each))
    return Heads(
        confirmed=persons[State.CONFIRMED],
        arrived=arrived,
        held=persons[State.HELD],
        offered=persons[State.OFFERED],
        waiting=persons[State.WAITING],
    )


def _counted(texts: Iterable[str]) -> dict[str, int]:
    """How many said what, most often said first."""
    found = Counter(filter(None, map(told, texts)))
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _answers(question: Question, coming: Iterable[SignUp]) -> dict[str, int]:
    """By choice, those that nobody chose too; of yes and no, by these words."""
    counts = {each.id: 0 for each in question.choices} or {"yes": 0, "no": 0}
    for each in coming:
        answer = each.answers.get(question.id)
        key = answer if isinstance(answer, str) else _word(answer)
        if key in counts:
            counts[key] += 1
    return counts


def _word(answer: object) -> str:
    return "yes" if answer is True else "no" if answer is False else ""
