"""The HTTP interface over ports in memory, through Chalice's own test client."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
from chalice.test import Client

from app import app
from chalicelib import bootstrap
from chalicelib.services.people import digest_of
from chalicelib.services.ports import Ports
from tests.builders import FORM, STAFF, the_ports
from tests.fakes import FakeClock, Store

STAFF_KEY, FORM_KEY = "staff-key", "form-key"


@dataclass
class Api:
    """A client that speaks JSON, and the store behind it."""

    client: Client
    ports: Ports
    store: Store
    clock: FakeClock
    headers: dict[str, str] = field(default_factory=dict)

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        key: str | None = None,
        form: Any = None,
        **headers: str,
    ) -> "Answer":
        """Send a request; keyword arguments are headers, with _ for -."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if key:
            sent["Authorization"] = f"Bearer {key}"
        raw = b""
        if form is not None:
            raw = urlencode(form, doseq=True).encode()
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        elif body is not None:
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        response = self.client.http.request(method, path, headers=sent, body=raw)
        return Answer(response.status_code, response.headers, response.body)


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def text(self) -> str:
        return self.raw.decode()

    @property
    def problem(self) -> str:
        """The name of the problem."""
        assert self.headers["Content-Type"] == "application/problem+json"
        return str(self.json["type"]).removeprefix("/problems/")


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """A client over the fixture of the scenarios, with two keys."""
    ports, store, clock = the_ports()
    store.actors = {digest_of(STAFF_KEY): STAFF, digest_of(FORM_KEY): FORM}
    monkeypatch.setattr(bootstrap, "ports", lambda: ports)
    monkeypatch.setattr(bootstrap, "signing_key", lambda: b"a key for tests")
    with Client(app) as client:
        yield Api(client, ports, store, clock)
