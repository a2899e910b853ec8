"""Many clients at once against the deployed system, and what must hold of it afterwards.

A client is what a careful program on another machine is: one kept connection, an idempotency key for
each thing that it wants, and after a 503 or a lost connection the same request again, under the same
key, until the answer is definite.
"""

import http.client
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from threading import Barrier, Lock
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from chalicelib.adapters.system import SystemClock
from chalicelib.bootstrap import make_ports
from chalicelib.domain.bookings import Booking
from chalicelib.domain.footprints import DayKey
from chalicelib.services import check
from tests.cloud import RunningCloud

CLIENTS = 64
GIVE_UP_SECONDS = 60
Holders = dict[DayKey, dict[str, int]]


@dataclass(frozen=True)
class Request:
    """Something that somebody wants; `who` is the key that it is asked with."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    who: str = "form"
    key: str = field(default_factory=lambda: uuid4().hex)


@dataclass(frozen=True)
class Answer:
    """The definite answer to a request, and between which seconds it was found."""

    request: Request
    status: int
    body: Any
    headers: Mapping[str, str]
    began: float
    ended: float
    tries: int

    @property
    def problem(self) -> str:
        """The name of the problem, or nothing."""
        return str(self.body.get("type", "")).removeprefix("/problems/")


class Lab:
    """The deployed system as its clients see it, and its tables as their owner does."""

    def __init__(self, cloud: RunningCloud) -> None:
        self.cloud = cloud
        self.address = urlsplit(cloud.endpoint)
        self.keys = {"form": cloud.form_key, "staff": cloud.staff_key}
        self.ports = make_ports(cloud.boto("dynamodb"), cloud.table_prefix, SystemClock())
        self._days = self._workdays()

    def fresh_day(self) -> str:
        """A day on which everything is open and nothing was booked yet, another one each time."""
        return next(self._days)

    def ask(self, request: Request) -> Answer:
        """One client with one request."""
        with closing(Client(self)) as client:
            return client.ask(request)

    def rush(
        self,
        requests: Iterable[Request],
        clients: int = CLIENTS,
        patience: float = GIVE_UP_SECONDS,
    ) -> list[Answer]:
        """All of them, by clients that take the next when they have an answer; answers by time."""
        waiting, lock, start = iter(list(requests)), Lock(), Barrier(clients)

        def work(_: int) -> list[Answer]:
            found: list[Answer] = []
            with closing(Client(self)) as client:
                start.wait(timeout=30)
                while True:
                    with lock:
                        request = next(waiting, None)
                    if request is None:
                        return found
                    found.append(client.ask(request, patience))

        with ThreadPoolExecutor(clients) as pool:
            found = [answer for part in pool.map(work, range(clients)) for answer in part]
        return sorted(found, key=lambda answer: answer.ended)

    def bookings(self) -> dict[str, Booking]:
        """Every booking there is."""
        return {booking.booking_id: booking for booking in self.ports.bookings.all()}

    def holders(self) -> Holders:
        """Who has which slots: the whole ledger."""
        return {
            (day.resource_id, day.day): dict(day.holders)
            for day in self.ports.ledger.all_days()
            if day.holders
        }

    def check(self) -> None:
        """The ledger says what bookings and closures say, and nobody has a slot twice."""
        assert [line for found in check.check(self.ports) for line in found.lines()] == []

    def _workdays(self) -> Iterator[str]:
        today = datetime.now(UTC).date()
        for number in count(60):
            day: date = today + timedelta(days=number)
            if day.weekday() < 5 and not self._taken(day.isoformat()):
                yield day.isoformat()

    def _taken(self, day: str) -> bool:
        """Judged when the day's turn comes: other tests book as well."""
        return any(held == day for _, held in self.holders())


class Client:
    """One client with one connection."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._connection = self._connect()

    def ask(self, request: Request, patience: float = GIVE_UP_SECONDS) -> Answer:
        """Ask until the answer is definite, for so many seconds at most."""
        began = time.monotonic()
        for tries in count(1):
            assert time.monotonic() - began < patience, f"no definite answer to {request}"
            try:
                status, headers, body = self._send(request)
            except (OSError, http.client.HTTPException):
                self.close()
                self._connection = self._connect()
                time.sleep(0.1)
                continue
            if status == 503:
                time.sleep(float(headers["Retry-After"]))
                continue
            return Answer(request, status, body, headers, began, time.monotonic(), tries)
        raise AssertionError

    def close(self) -> None:
        self._connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        address = self._lab.address
        return http.client.HTTPConnection(str(address.hostname), address.port, timeout=35)

    def _send(self, request: Request) -> tuple[int, Mapping[str, str], Any]:
        headers = {
            "Authorization": f"Bearer {self._lab.keys[request.who]}",
            "Content-Type": "application/json",
            "Idempotency-Key": request.key,
            **request.headers,
        }
        body = None if request.body is None else json.dumps(request.body)
        path = self._lab.address.path + request.path
        self._connection.request(request.method, path, body, headers)
        answer = self._connection.getresponse()
        text = answer.read()
        return answer.status, dict(answer.getheaders()), json.loads(text)


_people = count(1)


def book(*space_ids: str, day: str, hours: str, **more: Any) -> Request:
    """Somebody new wants spaces: book("hall", day="2027-03-01", hours="10:00-11:30")."""
    number = next(_people)
    start, _, end = hours.partition("-")
    body = {
        "space_ids": list(space_ids),
        "start": f"{day}T{start}",
        "end": f"{day}T{end}",
        "title": f"Ruuhka {number}",
        "person": {"name": f"Aino {number}", "email": f"aino.{number}@gov.fi"},
        "accept_terms": True,
        **more,
    }
    return Request("POST", "/v1/bookings", body)


def move(booking_id: str, tag: str = "*", **changes: Any) -> Request:
    """A booking is to be changed: move(id, start=…, end=…)."""
    return Request("PATCH", f"/v1/bookings/{booking_id}", changes, {"If-Match": tag})


def cancel(booking_id: str) -> Request:
    """A booking is to be cancelled."""
    return Request("DELETE", f"/v1/bookings/{booking_id}", headers={"If-Match": "*"})


def statuses(answers: Iterable[Answer]) -> dict[int, int]:
    """How many answers had which status."""
    return dict(Counter(answer.status for answer in answers))


def told(answers: list[Answer]) -> str:
    """The figures of a rush, for people."""
    seconds = sorted(answer.ended - answer.began for answer in answers)
    whole = max(each.ended for each in answers) - min(each.began for each in answers)
    repeats = sum(answer.tries - 1 for answer in answers)
    middle, high = seconds[len(seconds) // 2], seconds[int(len(seconds) * 0.99)]
    return (
        f"{len(answers)} attempts in {whole:.1f} s: {len(answers) / whole:.0f} a second, median "
        f"{middle * 1000:.0f} ms, 99th percentile {high * 1000:.0f} ms, {repeats} repeats, "
        f"{statuses(answers)}"
    )
