"""Queries and bodies as an operation's models: JSON and forms, with every error in them at once."""

import itertools
import json
import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from chalicelib.api import problems
from chalicelib.api.problems import ApiProblem
from chalicelib.api.schemas.base import EmptyIn
from chalicelib.domain.errors import Problem, Refused

if TYPE_CHECKING:
    from chalicelib.api.call import Call

MOST_PARAMETERS = 200  # of a form
MOST_NAMED = 20  # unknown parameters that a refusal names
JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
# In a query "+" is a space (WHATWG URL), so an offset that was not encoded arrives as one.
LOST_PLUS = re.compile(r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?) (\d\d:\d\d)")
FORM_FIELDS = ("next", "idempotency_key", "website", "form_token", "lang")


def parsed_query(call: "Call") -> BaseModel:
    model = call.operation.query or EmptyIn
    given: Any = call.request.query_params or {}
    known = {info.alias or name: info for name, info in model.model_fields.items()}
    values: dict[str, Any] = {}
    wrong = unknown(given, known)
    for name, info in known.items():
        found = [_with_plus(value) for value in given.getlist(name)] if name in given else []
        several = problems.is_list(info.annotation)
        if found:
            values[name] = found if several else found[0]
        if len(found) > 1 and not several:
            wrong.append(Problem("invalid-request", f"/{name}", {"why": "repeated"}))
    try:
        parsed = model.model_validate(values)
    except ValidationError as error:
        raise Refused([*wrong, *problems.from_validation(error)]) from error
    if wrong:
        raise Refused(wrong)
    return parsed


def _with_plus(value: str) -> str:
    lost = LOST_PLUS.fullmatch(value)
    return f"{lost[1]}+{lost[2]}" if lost else value


def unknown(given: Iterable[str], known: Container[str]) -> list[Problem]:
    """A problem for each parameter that is not known; of many, for the first of them."""
    names = itertools.islice((name for name in given if name not in known), MOST_NAMED)
    why = {"why": "extra_forbidden"}
    return [Problem("invalid-request", problems.pointer(name), why) for name in names]


def parsed_body(call: "Call") -> BaseModel:
    model, raw = call.operation.body or EmptyIn, call.raw
    content_type = content_type_of(call)
    if content_type == JSON_TYPE:
        raw = raw or b"{}"
        try:
            return model.model_validate_json(raw, strict=True)
        except ValidationError as error:
            raise _invalid(call, lambda: json.loads(raw), error, strict=True) from error
    if content_type == FORM_TYPE and call.operation.forms:
        call.form, values = _form(raw)
        from_form = getattr(model, "from_form", None)
        given = from_form(values) if from_form else values
        try:
            return model.model_validate(given)
        except ValidationError as error:
            raise _invalid(call, lambda: given, error, strict=False) from error
    if not raw and not content_type and not _requires_body(model):
        return model.model_validate({})
    raise ApiProblem("unsupported-media-type")


def _invalid(
    call: "Call", read: Callable[[], Any], error: ValidationError, *, strict: bool
) -> Exception:
    """The refusal of a body, which also names the rules that the valid rest of it breaks."""
    found = error.errors(include_url=False, include_input=False)
    wrong = {each["loc"][0] for each in found if each["loc"]}
    model, besides = call.operation.body, call.operation.besides
    if besides is None or model is None or not wrong:
        return error
    rest = {name: value for name, value in read().items() if name not in wrong}
    stand_in = getattr(model, "stand_in", dict)
    try:
        body = model.model_validate({**rest, **stand_in(rest)}, strict=strict)
    except ValidationError:
        return error
    return Refused([*problems.from_validation(error), *besides(call, body)])


def checked(model: type[Any], said: Mapping[str, Any], where: str = "") -> Any:
    """What was typed on a page, held to the same rules as in a request; `where` is before its pointers.

    Raises Refused.
    """
    try:
        return model.model_validate(said)
    except ValidationError as error:
        found = problems.from_validation(error)
        raise Refused([replace(each, pointer=where + each.pointer) for each in found]) from error


def content_type_of(call: "Call") -> str:
    return (call.headers.get("content-type") or "").split(";")[0].strip().lower()


def _requires_body(model: type[BaseModel]) -> bool:
    return any(info.is_required() for info in model.model_fields.values())


def form_value(call: "Call", name: str) -> str:
    """The last value of a field of a form, as it came; "" where there is none."""
    from urllib.parse import parse_qsl

    try:
        pairs = parse_qsl(call.raw.decode(), max_num_fields=MOST_PARAMETERS)
    except (UnicodeDecodeError, ValueError):
        return ""
    return next((value for key, value in reversed(pairs) if key == name), "")


def _form(raw: bytes) -> tuple[dict[str, str], dict[str, Any]]:
    """A form's own fields, and the rest: empty ones are absent, repeated ones are lists."""
    from urllib.parse import parse_qsl

    try:
        pairs = parse_qsl(
            raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS
        )
    except (UnicodeDecodeError, ValueError) as error:
        raise Refused([Problem("invalid-request", "", {"why": "form"})]) from error
    own: dict[str, str] = {}
    values: dict[str, Any] = {}
    for name, value in pairs:
        if value == "":
            continue
        if name in FORM_FIELDS:
            own[name] = value
        elif name in values:
            present = values[name]
            values[name] = [*(present if isinstance(present, list) else [present]), value]
        else:
            values[name] = value
    if "website" in own:  # no person sees this field
        raise Refused([Problem("invalid-request", "/website", {"why": "extra_forbidden"})])
    return own, values
