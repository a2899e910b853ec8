"""A request, as handlers see it: who asks, in which language, for what."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Any

from chalice.app import Request

from chalicelib import bootstrap
from chalicelib.api import cookies, reading
from chalicelib.api.language import preferred
from chalicelib.api.problems import ApiProblem
from chalicelib.api.routing import Operation
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import Problem, Refused
from chalicelib.domain.limits import By, network_of
from chalicelib.domain.logins import digest_of
from chalicelib.domain.people import ANONYMOUS, Actor, Person
from chalicelib.domain.times import UnknownLocalTime, parse
from chalicelib.services import api_keys, limits, opening, sessions
from chalicelib.services.access import Action
from chalicelib.services.ports import Ports
from chalicelib.services.writing import Intent

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
KEY = re.compile(r"[\x21-\x7e]{1,200}")


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

    @property
    def catalog_or_defaults(self) -> Catalog:
        """As `catalog`, but an error has to be told even where the settings cannot be read."""
        try:
            return self.catalog
        except Exception:  # noqa: BLE001  # whatever is out, the reader is told in our shape
            return Catalog()

    @cached_property
    def actor(self) -> Actor:
        """Who asks. Raises 401 for a key that is none; a session that is over is nobody's."""
        header = self.headers.get("authorization")
        if header is None:
            cookie = self.cookie(cookies.SESSION)
            return (sessions.actor_of(self.ports, cookie) if cookie else None) or ANONYMOUS
        scheme, _, key = header.partition(" ")
        actor = None
        if scheme.lower() == "bearer" and KEY.fullmatch(key.strip()):
            actor = self._shown(key.strip())
        if actor is None:
            raise ApiProblem("unauthorised")
        return actor

    def _shown(self, key: str) -> Actor | None:
        """Whom a key, or the token of a booking's link, speaks for."""
        if opening.BEARER.fullmatch(key):
            return opening.bearer(self.ports, key)
        return api_keys.actor_of(self.ports, key)

    @property
    def actor_is_nobody(self) -> bool:
        """Whether no credentials came at all."""
        if self.headers.get("authorization") is not None:
            return False
        return not self.headers.get("cookie") or not self.cookie(cookies.SESSION)

    def cookie(self, name: str) -> str:
        """The value of one of our cookies, or ""."""
        return cookies.read(self.headers.get("cookie"), name, self.catalog_or_defaults.site)

    @cached_property
    def network(self) -> str:
        """Where the request comes from, as API Gateway saw it: a header could say anything."""
        identity: Any = self.request.context.get("identity") or {}
        return network_of(identity.get("sourceIp"))

    @property
    def network_digest(self) -> str:
        """What is kept of it."""
        return limits.digest_of(self.ports, By.NETWORK, self.network)

    @property
    def session_is_over(self) -> bool:
        """Whether the browser shows a session that is nobody's any more."""
        return not self.actor_is_nobody and "actor" in self.__dict__ and self.actor == ANONYMOUS

    @property
    def session_hash(self) -> str:
        """The digest of the session that the browser shows, alive or not, or ""."""
        found = self.cookie(cookies.SESSION)
        return digest_of(found) if found else ""

    @property
    def known_actor(self) -> Actor:
        """Who asks, as far as it was found out: an error is told without another look."""
        found: Actor = self.__dict__.get("actor", ANONYMOUS)
        return found

    @property
    def reader(self) -> Person | None:
        """The person who has logged in and reads a page."""
        return self.known_actor.person if self.known_actor.session else None

    @property
    def embedded(self) -> bool:
        """Whether the page is shown within one of another site (Fetch Metadata)."""
        return self.headers.get("sec-fetch-dest") in ("iframe", "frame", "embed", "object")

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
        return self.operation.forms and reading.content_type_of(self) == reading.FORM_TYPE

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
        return reading.parsed_query(self)

    @cached_property
    def body(self) -> Any:
        """The body, as the operation's model."""
        return reading.parsed_body(self)

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

    def day(self, pointer: str, text: str) -> date:
        """A day of the request. Raises Refused."""
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise Refused([Problem("invalid-request", pointer, {"why": "day"})]) from error

    @property
    def listed(self) -> str:
        """Which list is asked for: a cursor belongs to an operation and its filters, or to a person."""
        asked = self.query.model_dump(mode="json", exclude={"limit", "cursor"})
        whose = self.actor.person_id if self.operation.action is Action.OWN else ""
        return f"{self.operation.path}\n{whose}\n{json.dumps(asked, sort_keys=True)}"

    def intent(self, render: Callable[[Any], Mapping[str, Any]], meant: Any = None) -> Intent:
        """The request as a write. `meant`: it as parsed, where one thing can be said in many ways."""
        return Intent(
            actor=self.actor,
            method=self.operation.method,
            path=self.operation.path.format(**self.params),
            fingerprint=self._fingerprint(meant),
            render=render,
            key=self.idempotency_key(),
            network=self.network_digest if self.actor.anonymous else "",
        )

    def idempotency_key(self) -> str | None:
        """The key of a write, if there is one. Raises Refused for what can be none."""
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

    def _fingerprint(self, meant: Any) -> str:
        if meant is not None:
            return hashlib.sha256(repr(meant).encode()).hexdigest()
        parts = {
            "body": self.body.model_dump(mode="json") if self.operation.body else None,
            "query": self.query.model_dump(mode="json") if self.operation.query else None,
        }
        text = json.dumps(parts, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()
