"""What every operation has in common: who asks, in which language, how errors and headers look.

A request becomes a `Call`; a handler answers it with a `Reply`; every error becomes problem+json
(RFC 9457). Nothing else in the system knows a status code.
"""

import hashlib
import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NoReturn

from chalice import Blueprint, Response
from chalice.app import Request
from pydantic import BaseModel, ValidationError

from chalicelib import bootstrap
from chalicelib.api import problems
from chalicelib.api.language import preferred
from chalicelib.api.problems import ApiProblem
from chalicelib.api.routing import ALL_METHODS, Operation, Routes
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import LabError, Problem, Refused
from chalicelib.domain.people import ANONYMOUS, Actor
from chalicelib.domain.times import UnknownLocalTime, parse
from chalicelib.services import people
from chalicelib.services.ports import Ports
from chalicelib.services.writing import Intent, Outcome

log = logging.getLogger(__name__)
MOST_BYTES = 65_536
MOST_PARAMETERS = 200
JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
FORM_FIELDS = ("next", "idempotency_key", "website", "form_token")

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
        if scheme.lower() == "bearer" and 0 < len(key.strip()) <= 200:
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
        """As `tags`; 428 where there is none."""
        tags = self.tags()
        if tags is None:
            raise ApiProblem("precondition-required")
        return tags

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

    def intent(self, render: Callable[[Any], Mapping[str, Any]]) -> Intent:
        """This request as a write."""
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
            reply = Reply(None, 204, {"Allow": allowed, "Access-Control-Allow-Methods": allowed})
        else:
            reply = problem_reply(call, ApiProblem("method-not-allowed"))
            reply.headers["Allow"] = allowed
        return _finished(call, reply)
    call = Call(operation, request, params)
    return _finished(call, _answered(call))


def _answered(call: Call) -> Reply:
    try:
        _admit(call)
        return call.operation.handler(call)
    except (LabError, ValidationError, ApiProblem) as error:
        return problem_reply(call, error)
    except Exception:
        log.exception("unhandled", extra={"request_id": call.request_id})
        return problem_reply(call, ApiProblem("internal"))


def _admit(call: Call) -> None:
    """Deny first: credentials, then the body, before a handler sees anything."""
    actor = call.actor
    if call.operation.who != "anyone" and actor.anonymous:
        raise ApiProblem("unauthorised")
    if call.operation.who == "staff" and not actor.staff:
        raise ApiProblem("not-found")
    for name in call.params:
        call.id(name)
    if call.operation.query is not None:
        _ = call.query
    elif call.request.query_params:
        _unknown_parameters(list(call.request.query_params))
    if call.operation.body is not None:
        _ = call.body


def _parsed_query(call: Call) -> BaseModel:
    model = call.operation.query
    assert model is not None
    given: Any = call.request.query_params or {}
    if len(given) > MOST_PARAMETERS:
        _unknown_parameters(list(given)[:MOST_PARAMETERS])
    many = {name for name, info in model.model_fields.items() if problems.is_list(info.annotation)}
    values: dict[str, Any] = {}
    for name in given:
        found = given.getlist(name)
        if name in many:
            values[name] = found
        elif len(found) > 1:
            raise Refused([Problem("invalid-request", f"/{name}", {"why": "repeated"})])
        else:
            values[name] = found[0]
    return model.model_validate(values)


def _unknown_parameters(names: list[str]) -> NoReturn:
    raise Refused(
        [
            Problem("invalid-request", "/" + name[:64], {"why": "extra_forbidden"})
            for name in names[:20]
        ]
    )


def _parsed_body(call: Call) -> BaseModel:
    model = call.operation.body
    assert model is not None
    raw = call.request.raw_body or b""
    if isinstance(raw, str):
        raw = raw.encode("utf-8", "surrogatepass")
    if len(raw) > MOST_BYTES:
        raise ApiProblem("too-large")
    content_type = (call.headers.get("content-type") or "").split(";")[0].strip().lower()
    if content_type == JSON_TYPE:
        return model.model_validate_json(raw or b"{}", strict=True)
    if content_type == FORM_TYPE and call.operation.forms:
        call.form, values = _form(raw)
        from_form = getattr(model, "from_form", None)
        return model.model_validate(from_form(values) if from_form else values)
    if not raw and not content_type and not _requires_body(model):
        return model.model_validate({})
    raise ApiProblem("unsupported-media-type")


def _requires_body(model: type[BaseModel]) -> bool:
    return any(info.is_required() for info in model.model_fields.values())


def _form(raw: bytes) -> tuple[dict[str, str], dict[str, Any]]:
    """A form's own fields, and the rest: empty ones are absent, repeated ones are lists."""
    from urllib.parse import parse_qsl

    try:
        pairs = parse_qsl(
            raw.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_PARAMETERS
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
    """An error as problem+json, in the reader's language."""
    status, body, headers = problems.presented(error, call.language, call.request_id, _named(call))
    if status >= 500:
        log.error("problem", extra={"request_id": call.request_id, "type": body["type"]})
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


def _finished(call: Call, reply: Reply) -> Response:
    headers: dict[str, Any] = {**SECURITY_HEADERS, **_cors(call), **reply.headers}
    headers.setdefault(
        "Cache-Control", "no-store" if reply.private or not call.actor_is_nobody else "no-cache"
    )
    headers["X-Request-Id"] = call.request_id
    if reply.etag is not None and reply.status == 200:
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
    """JSON as it goes out."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _matches(call: Call, etag: str) -> bool:
    """Whether If-None-Match names this tag; here weak comparison is right (RFC 9110, 13.1.2)."""
    header = call.headers.get("if-none-match") or ""
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return etag in tags or "*" in tags


def _cors(call: Call) -> dict[str, str]:
    """For the sites on the allowed list only; what depends on the origin says so."""
    headers = {"Vary": "Origin, Accept-Language"}
    origin = call.headers.get("origin")
    if origin and origin in _named(call).site.allowed_sites:
        headers |= {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Headers": "Content-Type, Idempotency-Key, If-Match",
            "Access-Control-Expose-Headers": "ETag, Location, Retry-After, X-Request-Id",
            "Access-Control-Max-Age": "600",
        }
    return headers
