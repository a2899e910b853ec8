"""What an event asks of those who sign up, and whether they have answered it.

Answers are text as it came: whoever shows them escapes them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from chalicelib.domain.errors import Problem, Refused

LONGEST = 2000  # characters of an answer
MOST_TEXT = 20_000  # characters of all questions of an event: it is read whole, in lists too
YES, NO = ("true", "yes", "on"), ("false", "no", "off")  # as forms say it

Answer = str | bool


class Kind(StrEnum):
    """How a question is answered."""

    TEXT = "text"
    CHOICE = "choice"  # by the id of one of its choices
    YES_NO = "yes-no"
    CONSENT = "consent"  # ticked or not; where it is required it has to be ticked


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer among several; `text` by language."""

    id: str
    text: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked; `text` by language."""

    id: str
    kind: Kind = Kind.TEXT
    text: Mapping[str, str] = field(default_factory=dict)
    required: bool = False
    choices: tuple[Choice, ...] = ()


def answered(
    questions: Iterable[Question], answers: Mapping[str, Any], *, lenient: bool = False
) -> tuple[dict[str, Answer], list[Problem]]:
    """The answers there are, by question, and what is wrong with them, with pointers /answers/<id>.

    `lenient`: required ones may be missing. What is blank is not answered.
    """
    asked = {question.id: question for question in questions}
    problems = [_wrong(each, "unknown") for each in answers if each not in asked]
    found: dict[str, Answer] = {}
    for key, question in asked.items():
        value, problem = _read(question, answers.get(key))
        if problem is None and value is None and question.required and not lenient:
            problem = _wrong(key, "consent" if question.kind is Kind.CONSENT else "missing")
        if problem is not None:
            problems.append(problem)
        elif value is not None:
            found[key] = value
    return found, problems


def checked(
    questions: Iterable[Question], answers: Mapping[str, Any], *, lenient: bool = False
) -> dict[str, Answer]:
    """As `answered`; Refused with everything that is wrong."""
    found, problems = answered(questions, answers, lenient=lenient)
    if problems:
        raise Refused(problems)
    return found


def check_questions(questions: Iterable[Question]) -> None:
    """Refused with `invalid-request` where questions cannot be asked, or told apart, by /questions/<row>."""
    asked = tuple(questions)
    problems = [problem for row, each in enumerate(asked) for problem in _unsound(row, each)]
    problems += _twice("/questions", [each.id for each in asked])
    if sum(map(_length, asked)) > MOST_TEXT:
        why = {"why": "string_too_long", "max_length": MOST_TEXT}
        problems.append(Problem("invalid-request", "/questions", why))
    if problems:
        raise Refused(problems)


def _read(question: Question, value: Any) -> tuple[Answer | None, Problem | None]:
    """What somebody answered, None where they did not, or what is wrong with it."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None, None
    if question.kind in (Kind.YES_NO, Kind.CONSENT):
        said = _said(value)
        if said is None:
            return None, _wrong(question.id, "unknown")
        return (None if question.kind is Kind.CONSENT and not said else said), None
    if not isinstance(value, str):
        return None, _wrong(question.id, "unknown")
    if question.kind is Kind.CHOICE:
        known = any(value == choice.id for choice in question.choices)
        return (value, None) if known else (None, _wrong(question.id, "unknown"))
    if len(value) > LONGEST:
        return None, _wrong(question.id, "string_too_long", max_length=LONGEST)
    return value, None


def _said(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return True if value in YES else False if value in NO else None


def _unsound(row: int, question: Question) -> list[Problem]:
    at = f"/questions/{row}"
    problems = [] if any(question.text.values()) else [_missing(f"{at}/text")]
    if (question.kind is Kind.CHOICE) != bool(question.choices):
        why = "missing" if question.kind is Kind.CHOICE else "extra_forbidden"
        problems.append(Problem("invalid-request", f"{at}/choices", {"why": why}))
    problems += [
        _missing(f"{at}/choices/{number}/text")
        for number, each in enumerate(question.choices)
        if not any(each.text.values())
    ]
    return problems + _twice(f"{at}/choices", [each.id for each in question.choices])


def _twice(at: str, ids: list[str]) -> list[Problem]:
    rows = [row for row, each in enumerate(ids) if each in ids[:row]]
    return [Problem("invalid-request", f"{at}/{row}/id", {"why": "repeated"}) for row in rows]


def _length(question: Question) -> int:
    texts = [question.text, *(each.text for each in question.choices)]
    return sum(len(text) for each in texts for text in each.values())


def _missing(pointer: str) -> Problem:
    return Problem("invalid-request", pointer, {"why": "missing"})


def _wrong(key: str, why: str, **more: Any) -> Problem:
    return Problem("invalid-request", f"/answers/{key}", {"why": why, **more})
