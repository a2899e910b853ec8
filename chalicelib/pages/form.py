"""The booking form: what was typed, what is wrong with each field, and what it can be filled with."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl

from chalicelib.api import texts
from chalicelib.api.call import Call
from chalicelib.api.http import MOST_BYTES
from chalicelib.api.reading import MOST_PARAMETERS
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import Problem
from chalicelib.domain.spaces import Kind, Space
from chalicelib.domain.times import UnknownLocalTime, in_zone, parse
from chalicelib.pages.words import Words

FIELDS = (
    "space_id",
    "start",
    "end",
    "units",
    "title",
    "attendees",
    "facilitation_wanted",
    "facilitation_notes",
    "name",
    "email",
    "organisation",
    "language",
    "accept_terms",
)
CARRIED = ("notes", "next")  # what a form on another site may send besides: kept, not shown
LABELS = {"title": "title_field", "facilitation_wanted": "facilitation", "accept_terms": "terms"}
SHORT = 30  # a message that long says what it is about
MISSING = ("missing", "string_too_short")
NUMBERS = ("int_parsing", "int_type", "int_from_float", "int_parsing_size")


@dataclass
class Form:
    """What a form shows. `errors` has messages by field; `general` those of no field."""

    values: dict[str, str] = field(default_factory=dict)
    space_ids: tuple[str, ...] = ()
    errors: dict[str, list[str]] = field(default_factory=dict)
    general: list[str] = field(default_factory=list)
    key: str = ""

    def value(self, name: str, default: str = "") -> str:
        """What was typed into a field."""
        return self.values.get(name, default)

    def refuse(self, name: str | None, message: str) -> None:
        """Note what is wrong, once."""
        found = self.errors.setdefault(name, []) if name else self.general
        if message not in found:
            found.append(message)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time to fill in: `value` for an ordinary one; `choices` for one that comes twice."""

    value: str
    choices: tuple[datetime, ...] = ()
    chosen: datetime | None = None


def typed(call: Call) -> dict[str, list[str]]:
    """Every field as it came, wrong ones too; nothing of a body that is too large or no form."""
    raw = call.request.raw_body or b""
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
    if len(raw) > MOST_BYTES:
        return {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        return {}
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def last(given: Mapping[str, list[str]], name: str) -> str:
    """The value of a field that is there once, or ""."""
    return (given.get(name) or [""])[-1]


def form_of(given: Mapping[str, list[str]]) -> Form:
    """A form filled with what was typed; with a key that makes it one booking however often sent."""
    known = {*FIELDS, *CARRIED}
    values = {
        name: each[-1]
        for name, each in given.items()
        if (name in known or name.startswith("equipment_")) and each[-1]
    }
    spaces = tuple(dict.fromkeys(each for each in given.get("space_ids", ()) if each))[:20]
    if len(spaces) == 1:
        values.setdefault("space_id", spaces[0])
    key = last(given, "idempotency_key")
    return Form(values, spaces if len(spaces) > 1 else (), key=key or new_key())


def new_key() -> str:
    """A key for a form that is a new one."""
    return secrets.token_urlsafe(18)


def moment(value: str, words: Words) -> Moment:
    """A time as a form shows it: local, without an offset unless it comes twice."""
    try:
        given = datetime.fromisoformat(value) if len(value) >= 16 else None
    except ValueError:
        given = None
    if given is None:
        return Moment(value)
    try:
        if given.tzinfo is None:
            in_zone(given, words.zone)
            return Moment(value)
        local = parse(value, words.zone).astimezone(words.zone).replace(tzinfo=None)
        in_zone(local, words.zone)
        return Moment(local.isoformat(timespec="minutes"))
    except UnknownLocalTime as twice:
        if twice.code != "ambiguous-local-time":
            return Moment(value)
        candidates = tuple(_fixed(each, words) for each in twice.candidates)
        chosen = given if given.tzinfo and given in candidates else candidates[0]
        return Moment(value, candidates, chosen)
    except (ValueError, OverflowError):
        return Moment(value)


def _fixed(instant: datetime, words: Words) -> datetime:
    """A local time with a plain offset: two times of one zone are compared by their clocks alone."""
    offset = instant.astimezone(words.zone).utcoffset() or timedelta(0)
    return instant.astimezone(timezone(offset))


def things(catalog: Catalog, words: Words) -> dict[str, Any]:
    """What the form lets one choose from, by name."""
    places = sorted(catalog.places(), key=lambda space: label(space, words).casefold())
    every = (space for key in catalog.spaces if (space := catalog.active(key)))
    return {
        "places": places,
        "pools": [label(space, words) for space in places if space.kind is Kind.POOL],
        "equipment": [space for space in every if space.kind is Kind.EQUIPMENT],
        "facilitators": bool(catalog.people()),
        "label": lambda space: label(space, words),
    }


def label(space: Space, words: Words) -> str:
    """The name of a space."""
    return texts.name_of(space.name, words.language) or space.space_id


def shown(catalog: Catalog) -> list[str]:
    """The fields that the page has, in its order."""
    active = [space for key in catalog.spaces if (space := catalog.active(key))]
    kinds = {space.kind for space in active}
    names = [name for name in FIELDS if name != "units" or Kind.POOL in kinds]
    if Kind.PERSON not in kinds:
        names = [name for name in names if not name.startswith("facilitation_")]
    equipment = [f"equipment_{space.space_id}" for space in active if space.kind is Kind.EQUIPMENT]
    at = names.index("attendees") + 1
    return names[:at] + equipment + names[at:]


def explain(form: Form, problems: Iterable[Problem], catalog: Catalog, words: Words) -> None:
    """Put every problem beside its field, in words for people and not for programs."""
    here = shown(catalog)
    for problem in problems:
        if problem.pointer == "/person":
            form.refuse("name", words("invalid.name"))
            form.refuse("email", words("invalid.email"))
            continue
        name = field_of(problem.pointer)
        form.refuse(name if name in here else None, message_of(problem, name, catalog, words))


def summary(form: Form, catalog: Catalog, words: Words) -> list[tuple[str, str]]:
    """Every error in the order of the page, with its field; named where it would not say which."""
    return [
        (name, _standing_alone(message, name, catalog, words))
        for name in shown(catalog)
        for message in form.errors.get(name, ())
    ]


def _standing_alone(message: str, name: str, catalog: Catalog, words: Words) -> str:
    if words.has(f"invalid.{name}") or len(message) > SHORT:
        return message
    return f"{_called(name, catalog, words)}: {message[:1].lower()}{message[1:]}"


def _called(name: str, catalog: Catalog, words: Words) -> str:
    if name.startswith("equipment_"):
        return label(catalog.spaces[name.removeprefix("equipment_")], words)
    return words(f"book.{LABELS.get(name, name)}")


def field_of(pointer: str) -> str:
    """The form's name for what a JSON pointer means."""
    parts = pointer.strip("/").split("/")
    if parts[0] in ("space_ids", "space_id"):
        return "space_id"
    if parts[0] == "person":
        return parts[-1]
    if parts[0] in ("facilitation", "equipment"):
        return "_".join(parts)
    return parts[0]


def message_of(problem: Problem, name: str, catalog: Catalog, words: Words) -> str:
    """What is wrong with a field, in words for people."""
    if problem.code == "idempotency-mismatch":
        return words("invalid.again")
    if problem.code != "invalid-request":
        return texts.message(problem, words.language, catalog)
    why = str(problem.params.get("why", ""))
    key = {"website": "robot", "next": "next", "": "form"}.get(name)
    if key is None and why == "extra_forbidden":
        key = "form"
    elif key is None and name in ("start", "end") and why not in ("missing", "end-before-start"):
        key = "time"
    elif key is None and name == "email" and why != "missing":
        key = "email_form"
    elif key is None and why in NUMBERS:
        key = "number"
    elif key is None and (why in MISSING or name == "space_id") and words.has(f"invalid.{name}"):
        key = name
    return words(f"invalid.{key}") if key else texts.message(problem, words.language, catalog)
