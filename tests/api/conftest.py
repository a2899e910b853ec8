"""The HTTP interface over ports in memory, through Chalice's own test client.

Every answer is held to the OpenAPI document.
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from chalice.test import Client

from app import app
from chalicelib import bootstrap
from chalicelib.api import forms
from chalicelib.domain.people import Person, Role, Scope, person_id_of
from chalicelib.domain.profiles import newcomer
from chalicelib.domain.spaces import Space
from chalicelib.services import links
from chalicelib.services.check import check as check_ledger
from chalicelib.services.ports import Ports
from tests.api import contract
from tests.builders import FORM, SAMI, STAFF, a_key, a_profile, the_ports
from tests.fakes import FakeClock, Store
from tests.form_tokens import form_token

STAFF_KEY, FORM_KEY = "lab.k_staff.p_sami.staff-key", "lab.k_form.form-key"
OURS = {"Sec_Fetch_Site": "same-origin"}  # what a browser says of a request of one of our own pages
# What a store holds, and not what a test makes of it, nor that somebody asked: that is counted first.
STORED = {each.name for each in fields(Store)} - {
    *(
        "counters",
        "calls",
        "before",
        "after",
        "leave_out",
        "found",
        "torn",
        "refuse_mail",
        "lose_answer",
    ),
}


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
        assert self.json["status"] == self.status
        return str(self.json["type"]).removeprefix("/problems/")

    @property
    def codes(self) -> list[str]:
        """The names of all rules that are broken, in order."""
        return [error["code"] for error in self.json["errors"]]

    @property
    def pointers(self) -> dict[str, str]:
        """The code of each field that is wrong."""
        return {error["pointer"]: error["code"] for error in self.json["errors"]}


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
    ) -> Answer:
        """Send a request; keyword arguments are headers, with _ for -."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if key:
            sent["Authorization"] = f"Bearer {key}"
        raw = b""
        if isinstance(form, dict) and not sent.keys() & {"Authorization", "Cookie"}:
            form = {"form_token": form_token(), **form}
        if form is not None:
            raw = form if isinstance(form, bytes) else urlencode(form, doseq=True).encode()
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        elif body is not None:
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        response = self.client.http.request(method, path, headers=sent, body=raw)
        contract.check(method, path, response.status_code, response.headers, response.body)
        return Answer(response.status_code, response.headers, response.body)

    def come_from(self, address: str) -> None:
        """Send what follows from another address of the network (at first all is from 127.0.0.1)."""
        gateway: Any = self.client.http._local_gateway
        gateway.event_converter.LOCAL_SOURCE_IP = address

    def books(self, key: str | None = FORM_KEY, **changes: Any) -> Any:
        """A booking that has to succeed, as answered."""
        answer = self("POST", "/v1/bookings", booking(**changes), key)
        assert answer.status == 201, answer.text
        return answer.json

    def logs_in(self, email: str = "aino.aalto@gov.fi", name: str = "", **known: Any) -> str:
        """Log a person in by the code of their mail; returns the Cookie header of their session.

        `known` are fields of their profile that an admin has set before: `granted`, `partner_until`.
        """
        if name or known:
            self._knows(Person(name, email), known)
        asked = self("POST", "/v1/auth/links", {"email": email})
        pair = asked.headers["Set-Cookie"].partition(";")[0]
        login_id = pair.partition("=")[2].partition(".")[0]
        code = links.login_code(self.ports, self.store.logins[login_id])
        entered = self("POST", "/v1/auth/session", {"code": code}, Cookie=pair)
        assert entered.status == 200, entered.text
        return entered.headers["Set-Cookie"].partition(";")[0]

    def person_id(self, email: str) -> str:
        """The id of whoever has an address."""
        return person_id_of(email, self.store.site.salt)

    def _knows(self, person: Person, known: dict[str, Any]) -> None:
        person_id = self.person_id(person.email)
        profile = newcomer(person_id, person, self.clock.now())
        before = self.store.profiles.get(person_id, profile)
        after = replace(before, version=before.version + 1, **known)
        self.store.profiles[person_id] = after

    def contents(self) -> Any:
        """All that is stored, to compare with later."""
        return deepcopy({name: getattr(self.store, name) for name in STORED})


def booking(*space_ids: str, **changes: Any) -> dict[str, Any]:
    """A booking that is taken: Aino's, of the pod, Wednesday 10-11. A field that is ... is left out."""
    body = {
        "space_ids": list(space_ids) or ["pod"],
        "start": "2026-12-02T10:00:00+02:00",
        "end": "2026-12-02T11:00:00+02:00",
        "title": "Suunnittelu",
        "attendees": 1,
        "person": {"name": "Aino Aalto", "email": "aino.aalto@gov.fi", "organisation": "VM"},
        "accept_terms": True,
    } | changes
    return {name: value for name, value in body.items() if value is not ...}


def eero() -> dict[str, str]:
    """Somebody else who books."""
    return {"name": "Eero Eskola", "email": "eero.eskola@gov.fi", "language": "sv"}


@pytest.fixture
def make_api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Makes clients over the fixture of the scenarios with other spaces and another site."""

    def make(*changed: Space, **site: Any) -> Api:
        ports, store, clock = the_ports(*changed, **site)
        store.api_keys = {
            "k_staff": a_key(STAFF_KEY, (Scope.STAFF,), owner_id=STAFF.person_id),
            "k_form": a_key(FORM_KEY, FORM.scopes),
        }
        store.profiles = {STAFF.person_id: a_profile(SAMI, STAFF.person_id, granted=Role.STAFF)}
        monkeypatch.setattr(bootstrap, "ports", lambda: ports)
        monkeypatch.setattr(
            forms, "SOONEST", timedelta(0)
        )  # the clock stands while a form is filled in
        made.append(Api(Client(app), ports, store, clock))
        return made[-1]

    made: list[Api] = []
    yield make
    for each in made:
        each.store.before = lambda name: None
        assert [line for found in check_ledger(each.ports) for line in found.lines()] == []


@pytest.fixture
def api(make_api: Any) -> Api:
    """A client over the fixture of the scenarios, with two keys."""
    return make_api()


@pytest.fixture
def untouched(api: Api) -> Iterator[None]:
    """Nothing is written in the test."""
    before = api.contents()
    yield
    assert api.contents() == before
