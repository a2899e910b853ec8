"""DynamoDB's limits of expressions, watched on every call that a test makes: moto checks none of them."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

MOST_BYTES = 4096
MOST_OPERATORS = 300
WORDS = re.compile(r"[:#]?[A-Za-z_][A-Za-z0-9_]*|<>|<=|>=|[=<>+,()-]")
OPERATORS = {"AND", "OR", "NOT", "BETWEEN", "IN", "=", "<>", "<", ">", "<=", ">=", "+", "-"}
FUNCTIONS = {
    "attribute_exists",
    "attribute_not_exists",
    "begins_with",
    "contains",
    "if_not_exists",
    "size",
}
CLAUSES = {"SET", "REMOVE", "ADD", "DELETE"}
EXPRESSION = re.compile(r"^(Update|Condition|Projection|Filter|KeyCondition)Expression$")


def watch(client: Any) -> None:
    """Fail every call of a client whose expressions DynamoDB would refuse."""
    client.meta.events.register("before-parameter-build.dynamodb.*", _check)


def expressions(params: Any) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Every expression in a call's parameters: where it stands, its kind and its text."""
    if isinstance(params, dict):
        for name, value in params.items():
            if EXPRESSION.match(name):
                yield params, name, value
            elif name not in ("Item", "Key", "ExpressionAttributeValues"):
                yield from expressions(value)
    elif isinstance(params, list):
        for each in params:
            yield from expressions(each)


def operators(expression: str) -> int:
    """How many operators and functions an expression has."""
    return sum(word in OPERATORS or word in FUNCTIONS for word in WORDS.findall(expression))


def _check(params: dict[str, Any], **_: Any) -> None:
    used: dict[int, set[str]] = {}
    places: dict[int, dict[str, Any]] = {}
    for place, kind, text in expressions(params):
        assert len(text.encode()) <= MOST_BYTES, f"{kind} of {len(text)} bytes"
        assert operators(text) <= MOST_OPERATORS, f"{kind} of {operators(text)} operators"
        words = WORDS.findall(text)
        bare = {word for word in words if word[0].isalpha() or word[0] == "_"}
        bare -= OPERATORS | FUNCTIONS | CLAUSES
        reserved = {word for word in bare if word.upper() in _reserved()}
        assert not reserved, f"{kind} has reserved words: {reserved}"
        places[id(place)] = place
        used.setdefault(id(place), set()).update(word for word in words if word[0] in ":#")
    for number, place in places.items():
        named = {
            *place.get("ExpressionAttributeNames", ()),
            *place.get("ExpressionAttributeValues", ()),
        }
        assert named == used[number], f"{named ^ used[number]} are not both named and used"


@cache
def _reserved() -> frozenset[str]:
    from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

    return frozenset(ReservedKeywords.get_reserved_keywords())
