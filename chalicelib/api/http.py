"""What every operation has in common: who asks, in which language, how errors and headers look.

A request becomes a `Call`; a handler answers it with a `Reply`; every error becomes problem+json
(RFC 9457). Nothing else in the system knows a status code.
"""

import hashlib
import itertools
import json
import logging
import re
import traceback
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from chalice import Blueprint, Response
from chalice.app import Request
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from chalicelib import bootstrap
from chalicelib.api import problems
from chalicelib.api.language import preferred
from chalicelib.api.problems import ApiProblem
from chalicelib.api.routing import ALL_METHODS, Operation, Routes
from chalicelib.api.schemas import EmptyIn
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import LabError, Problem, Refused, StaleVersion
from chalicelib.domain.people import ANONYMOUS, Actor
from chalicelib.domain.times import UnknownLocalTime, parse
from chalicelib.services import people
from chalicelib.services.ports import Ports
from chalicelib.services.writing import Intent, Outcome, complete

log = logging.getLogger(__name__)
MOST_BYTES = 65_536
MOST_PARAMETERS = 200  # of a form
MOST_NAMED = 20  # unknown parameters that a refusal names
JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
KEY = re.compile(r"[\x21-\x7e]{1,200}")
# In a query "+" is a space (WHATWG URL), so an offset that was not encoded arrives as one.
LOST_PLUS = re.compile(r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?) (\d\d:\d\d)")
FORM_FIELDS = ("next", "idempotency_key", "website", "form_token", "lang")

# Of other sites' pages: no Authorization, since a key is for servers and never for a browser.
ACCEPTED = "Accept-Language, Content-Type, Idempotency-Key, If-Match, If-None-Match"
EXPOSED = "ETag, Idempotency-Replayed, Location, Retry-After, X-Request-Id"
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


@dataclass
class Reply:
    """An answer: JSON unless `text` is given. `etag` makes it conditional (RFC 9110, 13)."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    content_type: str = JSON_TYPE
    etag: str | None = None
    private: bool = False


class Call:
    """A request, as handlers see it."""

    def __init__(self, operation: Operation, request: Request, params: Mapping[str, str]) -> None:
        self.operation = operation
        self.request = request
        self.params = params
        self.headers = request.headers
        self.request_id = str(request.context.get("requestId") or "local")
        self.language = preferred(self.headers.get("accept-language"))
        self.form: dict[str, str] | None = None

    @cached_property
    def ports(self) -> Ports:
        """What the use cases are given."""
        return bootstrap.ports()

    @cached_property
    def catalog(self) -> Catalog:
        """The settings as of at most a minute ago, to read times and name spaces by."""
        return self.ports.settings.get()

    @cached_property
    def actor(self) -> Actor:
        """Who asks. Raises 401 for credentials that are none."""
        header = self.headers.get("authorization")
        if header is None:
            return ANONYMOUS
        scheme, _, key = header.partition(" ")
        actor = None
        if scheme.lower() == "bearer" and KEY.fullmatch(key.strip()):
            actor = people.actor_of(self.ports, key.strip())
        if actor is None:
            raise ApiProblem("unauthorised")
        return actor

    @property
    def actor_is_nobody(self) -> bool:
        """Whether no credentials came at all."""
        return self.headers.get("authorization") is None

    @property
    def wants_page(self) -> bool:
        """Whether a person's browser asks, and not a program."""
        return "text/html" in (self.headers.get("accept") or "")

    @property
    def of_pages(self) -> bool:
        """Whether this is a page's address, and not the interface's."""
        return self.operation.tag == "pages"

    @property
    def posts_form(self) -> bool:
        """Whether the body is a form's."""
        return self.operation.forms and _content_type(self) == FORM_TYPE

    @cached_property
    def raw(self) -> bytes:
        """The body as it came. Raises Refused for what is no text at all."""
        try:
            raw = self.request.raw_body or b""
        except UnicodeEncodeError as error:  # half of a surrogate pair, decoded on the way here
            raise Refused([Problem("invalid-request", "", {"why": "json_invalid"})]) from error
        return raw.encode() if isinstance(raw, str) else raw

    @cached_property
    def query(self) -> Any:
        """The query parameters, as the operation's model."""
        return _parsed_query(self)

    @cached_property
    def body(self) -> Any:
        """The body, as the operation's model."""
        return _parsed_body(self)

    def id(self, name: str) -> str:
        """A path parameter; what cannot be an id is not found, and never looked for."""
        value = self.params[name]
        if not ID.fullmatch(value):
            raise ApiProblem("not-found")
        return value

    def tags(self) -> tuple[str, ...] | None:
        """The entity tags of If-Match, or None. Weak ones match nothing (RFC 9110, 13.1.1)."""
        header = self.headers.get("if-match")
        if header is None:
            return None
        return tuple(tag.strip() for tag in header.split(","))

    def required_tags(self) -> tuple[str, ...]:
        """As `tags`, but none where the header is missing: no version matches, which is then 428.

        That is found out where versions are compared, after the idempotency key was looked up.
        """
        return self.tags() or ()

    def instant(self, pointer: str, text: str) -> datetime:
        """A time of the request as an instant. Raises Refused."""
        try:
            return parse(text, self.catalog.site.zone)
        except UnknownLocalTime as error:
            params = {"candidates": error.candidates}
            raise Refused([Problem(error.code, pointer, params)]) from error
        except (ValueError, OverflowError) as error:
            raise Refused([Problem("invalid-request", pointer, {"why": "time"})]) from error

    def instants(self, *fields: tuple[str, str]) -> list[datetime]:
        """Several times at once, so that a refusal names every one that is wrong."""
        found: list[datetime] = []
        wrong: list[Problem] = []
        for pointer, text in fields:
            try:
                found.append(self.instant(pointer, text))
            except Refused as refused:
                wrong += refused.problems
        if wrong:
            raise Refused(wrong)
        return found

    @property
    def listed(self) -> str:
        """Which list is asked for: a cursor belongs to an operation and its filters."""
        asked = self.query.model_dump(mode="json", exclude={"limit", "cursor"})
        return f"{self.operation.path}\n{json.dumps(asked, sort_keys=True)}"

    def intent(self, render: Callable[[Any], Mapping[str, Any]]) -> Intent:
        """The request as a write."""
        return Intent(
            actor=self.actor,
            method=self.operation.method,
            path=self.operation.path.format(**self.params),
            fingerprint=self._fingerprint(),
            render=render,
            key=self._key(),
        )

    def _key(self) -> str | None:
        header = self.headers.get("idempotency-key")
        key = header if header is not None else (self.form or {}).get("idempotency_key")
        if key is None:
            return None
        key = key.strip()
        if len(key) >= 2 and key[0] == key[-1] == '"':
            key = key[1:-1]
        if not re.fullmatch(r"[\x21-\x7e]{1,255}", key):
            raise Refused([Problem("invalid-request", "/idempotency_key", {"why": "key"})])
        return key

    def _fingerprint(self) -> str:
        parts = {
            "body": self.body.model_dump(mode="json") if self.operation.body else None,
            "query": self.query.model_dump(mode="json") if self.operation.query else None,
        }
        text = json.dumps(parts, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def stored(outcome: Outcome[Any]) -> Reply:
    """The answer of a write, given now or a second time."""
    answer = outcome.answer
    headers = dict(answer.get("headers", {}))
    if outcome.replayed:
        headers["Idempotency-Replayed"] = "true"
    return Reply(answer["body"], answer["status"], headers, private=True)


def completed(
    call: Call,
    intent: Intent,
    outcome: Outcome[Any],
    whole: Callable[[Mapping[str, Any]], Mapping[str, Any]],
) -> Reply:
    """As `stored`, of an answer that `whole` completes after the commit, once for all replays.

    What was stored with the commit is marked `partial`; a crash in between leaves it so, and the
    next replay completes it.
    """
    if outcome.answer.get("partial"):
        outcome = replace(outcome, answer=whole(outcome.answer))
        complete(call.ports, intent, outcome.answer)
    return stored(outcome)


def blueprint(routes: Routes) -> Blueprint:
    """A blueprint with every path of a feature, each declared for every method."""
    made = Blueprint(__name__)
    for number, (path, operations) in enumerate(routes.by_path().items()):
        name = f"{routes.tag}_{number}"
        view = _view(made, operations)
        view.__name__ = name
        made.route(path, methods=ALL_METHODS, content_types=["*/*"], name=name)(view)
    return made


def _view(made: Blueprint, operations: Mapping[str, Operation]) -> Callable[..., Response]:
    def view(**params: str) -> Response:
        return respond(made.current_request, operations, params)

    return view


def respond(
    request: Request, operations: Mapping[str, Operation], params: Mapping[str, str]
) -> Response:
    """Answer a request to a path: the operation of its method, or 405; errors as problems."""
    method = request.method
    operation = operations.get("GET" if method == "HEAD" else method)
    allowed = _allowed(operations)
    if operation is None:
        call = Call(next(iter(operations.values())), request, params)
        if method == "OPTIONS":
            reply = Reply(None, 204, {"Allow": allowed})
        else:
            reply = problem_reply(call, ApiProblem("method-not-allowed"))
            reply.headers["Allow"] = allowed
        return _finished(call, reply, allowed)
    call = Call(operation, request, params)
    return _finished(call, _answered(call), allowed)


def _answered(call: Call) -> Reply:
    try:
        _admit(call)
        return call.operation.handler(call)
    except StaleVersion as error:
        missing = call.tags() is None
        return problem_reply(call, ApiProblem("precondition-required") if missing else error)
    except (LabError, ValidationError, ApiProblem) as error:
        return problem_reply(call, error)
    except Exception as error:  # whatever it is, the reader is told in our shape
        log.error("unhandled", extra={"request_id": call.request_id, **fault(error)})  # noqa: TRY400
        return problem_reply(call, ApiProblem("internal"))


def fault(error: Exception) -> dict[str, Any]:
    """An error for the log: what and where, but not its message, which may hold what was sent."""
    frames = traceback.extract_tb(error.__traceback__)
    response = getattr(error, "response", None) or {}
    return {
        "error": type(error).__name__,
        "aws_code": response.get("Error", {}).get("Code"),
        "where": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-12:]],
    }


def _admit(call: Call) -> None:
    """Deny first: size, credentials, then the rest, before a handler sees anything."""
    if len(call.raw) > MOST_BYTES:
        raise ApiProblem("too-large")
    actor = call.actor
    if call.operation.who != "anyone" and actor.anonymous:
        raise ApiProblem("unauthorised")
    if call.operation.who == "staff" and not actor.staff:
        raise ApiProblem("not-found")
    for name in call.params:
        call.id(name)
    if call.operation.query is not None:
        _ = call.query
    elif not call.of_pages and (wrong := _unknown(call.request.query_params or {}, {})):
        raise Refused(wrong)
    if call.operation.body is not None:
        _ = call.body


def _parsed_query(call: Call) -> BaseModel:
    model = call.operation.query or EmptyIn
    given: Any = call.request.query_params or {}
    known = {info.alias or name: info for name, info in model.model_fields.items()}
    values: dict[str, Any] = {}
    wrong = _unknown(given, known)
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


def _unknown(given: Iterable[str], known: Container[str]) -> list[Problem]:
    """A problem for each parameter that is not known; of many, for the first of them."""
    names = itertools.islice((name for name in given if name not in known), MOST_NAMED)
    why = {"why": "extra_forbidden"}
    return [Problem("invalid-request", problems.pointer(name), why) for name in names]


def _parsed_body(call: Call) -> BaseModel:
    model, raw = call.operation.body or EmptyIn, call.raw
    content_type = _content_type(call)
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
    call: Call, read: Callable[[], Any], error: ValidationError, *, strict: bool
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


def _content_type(call: Call) -> str:
    return (call.headers.get("content-type") or "").split(";")[0].strip().lower()


def _requires_body(model: type[BaseModel]) -> bool:
    return any(info.is_required() for info in model.model_fields.values())


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


def problem_reply(call: Call, error: Exception) -> Reply:
    """An error as problem+json, in the reader's language; as a page where a person is looking at one."""
    status, body, headers = problems.presented(error, call.language, call.request_id, _named(call))
    if status >= 500:
        log.error("problem", extra={"request_id": call.request_id, "type": body["type"]})
    if call.of_pages or (call.posts_form and call.wants_page):
        try:
            from chalicelib.pages.errors import page_of

            if page := page_of(call, error):
                return page
        except Exception as broken:  # then the problem itself has to do
            log.error("no page", extra={"request_id": call.request_id, **fault(broken)})  # noqa: TRY400
    headers["Content-Language"] = call.language
    return Reply(body, status, headers, content_type="application/problem+json", private=True)


def _named(call: Call) -> Catalog:
    """The settings, to name spaces and write local times by; defaults where even they are out."""
    try:
        return call.catalog
    except Exception:
        return Catalog()


def _allowed(operations: Mapping[str, Operation]) -> str:
    methods = {*operations, "OPTIONS"} | ({"HEAD"} if "GET" in operations else set())
    return ", ".join(method for method in ALL_METHODS if method in methods)


def _finished(call: Call, reply: Reply, allowed: str) -> Response:
    headers: dict[str, Any] = {**SECURITY_HEADERS, **_cors(call, allowed), **reply.headers}
    headers.setdefault(
        "Cache-Control", "no-store" if reply.private or not call.actor_is_nobody else "no-cache"
    )
    headers["X-Request-Id"] = call.request_id
    if reply.etag is not None:
        headers["ETag"] = reply.etag
        if call.request.method in ("GET", "HEAD") and _matches(call, reply.etag):
            return Response("", status_code=304, headers=headers)
    text = reply.text
    if text is None:
        text = "" if reply.status == 204 else dumped(reply.body)
    if text or reply.status != 204:
        headers["Content-Type"] = reply.content_type
    return Response("" if call.request.method == "HEAD" else text, headers, reply.status)


def dumped(body: Any) -> str:
    """JSON as it goes out; a week of a Lab is long, so not by Python's own encoder."""
    try:
        return to_json(body).decode()
    except ValueError:  # half a surrogate pair, echoed: JSON can say it, UTF-8 cannot
        return json.dumps(body, separators=(",", ":"))


def _matches(call: Call, etag: str) -> bool:
    """Whether If-None-Match names this tag; here weak comparison is right (RFC 9110, 13.1.2)."""
    header = call.headers.get("if-none-match") or ""
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return etag in tags or "*" in tags


def _cors(call: Call, allowed: str) -> dict[str, str]:
    """For the sites on the allowed list only; what depends on the origin says so."""
    headers = {"Vary": "Origin, Accept-Language"}
    origin = call.headers.get("origin")
    if origin and origin in _named(call).site.allowed_sites:
        headers |= {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": EXPOSED,
        }
        if call.request.method == "OPTIONS":
            headers |= {
                "Access-Control-Allow-Methods": allowed,
                "Access-Control-Allow-Headers": ACCEPTED,
                "Access-Control-Max-Age": "600",
            }
    return headers
