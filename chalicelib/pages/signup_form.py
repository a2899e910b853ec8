"""The form to sign up by: what was typed, what is wrong with each field, and what the event asks."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import Problem
from chalicelib.domain.events import Event, Way
from chalicelib.domain.questions import Question
from chalicelib.domain.spoken import in_language
from chalicelib.pages.event_facts import seats_text
from chalicelib.pages.form import MISSING, Form, last, message_of, new_key
from chalicelib.pages.words import Words

OWN = ("way", "name", "email", "organisation", "language", "diet", "accessibility", "accept_terms")
CARRIED = ("next",)
PARTS = ("name", "email", "diet", "accessibility")
GUEST = re.compile(r"guest_([1-9]\d?)_(name|email|diet|accessibility)")
ORDER = ("way", "name", "email", "organisation", "language", "diet", "accessibility")
# What is wrong with a booking is said in other words.
OWN_WORDS = {
    "terms-not-accepted": "signup.invalid_accept_terms",
    "idempotency-mismatch": "signup.invalid_again",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in the reader's language: its field's name, its kind, and what can be chosen."""

    field: str
    kind: str
    text: str
    required: bool
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A way to take part: its value, what it is called, and how its seats stand."""

    value: str
    name: str
    seats: str


def form_of(given: Mapping[str, list[str]], event: Event) -> Form:
    """A form filled with what was typed; with a key that makes it one sign-up however often sent.

    Guests move up into rows that were left empty, as they do where they are signed up.
    """
    asked = {f"answer_{each.id}" for each in event.questions}
    values = {
        name: each[-1]
        for name, each in given.items()
        if each[-1] and name in {*OWN, *CARRIED, *asked}
    }
    for row, number in enumerate(_rows(given), 1):
        for part in PARTS:
            if value := last(given, f"guest_{number}_{part}"):
                values[f"guest_{row}_{part}"] = value
    return Form(values, key=last(given, "idempotency_key") or new_key())


def guests_of(given: Mapping[str, list[str]], event: Event) -> int:
    """How many guests the form has rows for: one more where that was asked for, as many as may be."""
    said = last(given, "rows")
    rows = int(said) if said.isascii() and said.isdecimal() and len(said) < 3 else 0
    rows = max(rows, len(_rows(given))) + (last(given, "more") == "guest")
    return min(rows, event.group_size - 1)


def asked_of(event: Event, language: str) -> tuple[Asked, ...]:
    """The questions of an event, as a reader is asked them."""
    return tuple(_asked(each, language) for each in event.questions)


def choices_of(event: Event, words: Words) -> tuple[Choice, ...]:
    """The ways to take part, the room first."""
    ways = sorted(event.ways, key=lambda way: way is not Way.ROOM)
    return tuple(
        Choice(way.value, words(f"events.{way}"), seats_text(event.ways[way], words))
        for way in ways
    )


def names_of(event: Event, guests: int) -> list[str]:
    """The fields that the page has, in its order."""
    answers = [f"answer_{each.id}" for each in event.questions]
    rows = [f"guest_{row}_{part}" for row in range(1, guests + 1) for part in PARTS]
    return [*ORDER, *answers, *rows, "accept_terms"]


def explain(
    form: Form,
    problems: Iterable[Problem],
    here: list[str],
    catalog: Catalog,
    words: Words,
    whose: str = "",
) -> None:
    """Put every problem beside its field, in words for people and not for programs.

    `whose` name and address are asked for, where they are not the reader's own: `colleague_`.
    """
    for problem in problems:
        if problem.pointer == "/person":
            form.refuse("name", words("invalid.name"))
            form.refuse("email", words("invalid.email"))
            continue
        name = field_of(problem.pointer)
        own = OWN_WORDS.get(problem.code)
        kind = _kind(name)
        if whose and kind in ("name", "email") and problem.params.get("why") in MISSING:
            kind = f"{whose}{kind}"
        message = words(own) if own else message_of(problem, kind, catalog, words)
        form.refuse(name if name in here else None, message)


def field_of(pointer: str) -> str:
    """The form's name for what a JSON pointer means."""
    parts = pointer.strip("/").split("/")
    if parts[0] == "person":
        return parts[-1]
    if parts[0] == "guests" and len(parts) == 3 and parts[1].isdecimal():
        return f"guest_{int(parts[1]) + 1}_{parts[2]}"
    if parts[0] == "answers" and len(parts) == 2:
        return f"answer_{parts[1]}"
    return parts[0]


def summary(form: Form, here: Iterable[str], labels: Mapping[str, str]) -> list[tuple[str, str]]:
    """Every error in the order of the page, with its field and what the field is called."""
    return [
        (name, f"{labels[name]}: {message}" if name in labels else message)
        for name in here
        for message in form.errors.get(name, ())
    ]


def _rows(given: Mapping[str, list[str]]) -> list[int]:
    """The numbers of the rows in which something was typed."""
    found = {match[1] for name in given if last(given, name) and (match := GUEST.fullmatch(name))}
    return sorted(map(int, found))


def _kind(name: str) -> str:
    """A guest's name is missing as one's own is, but it is said in other words."""
    return name if name in OWN or name in ("website", "next", "") else "other"


def _asked(question: Question, language: str) -> Asked:
    choices = tuple((each.id, in_language(each.text, language)) for each in question.choices)
    text = in_language(question.text, language)
    return Asked(f"answer_{question.id}", question.kind.value, text, question.required, choices)
