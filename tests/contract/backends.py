"""The three stores that the contract suite runs over: in memory, moto and the local cloud's DynamoDB."""

import copy
import fcntl
import itertools
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest

from chalicelib.adapters.dynamodb.bookings import booking_of
from chalicelib.adapters.dynamodb.catalog import closure_of, site_of, space_of
from chalicelib.adapters.dynamodb.codec import plain
from chalicelib.adapters.dynamodb.holds import holds_of
from chalicelib.adapters.dynamodb.ledger import ledger_day
from chalicelib.adapters.dynamodb.people import quota_of
from chalicelib.bootstrap import make_ports
from chalicelib.domain.bookings import Booking
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.occupancy import LedgerDay
from chalicelib.services.ports import Ports, Quota
from tests.builders import NOW, a_store
from tests.cloud import free_port
from tests.contract.limits import watch
from tests.contract.tables import create_tables, definitions
from tests.fake_messages import FakeSecrets
from tests.fakes import FakeClock, Store, memory_ports

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / ".local" / "ministack-env"
REGION = "eu-north-1"
START_SECONDS = 30
FEW = ("pod", "studio", "hall", "hall-a", "hall-b", "facilitator-1", "screen")
_prepared: dict[str, tuple[Any, Catalog | None]] = {}


class UniqueClock(FakeClock):
    """Its ids are as long as real ones and never the same twice: a store remembers request tokens."""

    def __init__(self, now: datetime = NOW) -> None:
        super().__init__(now)
        self._salt = uuid4().hex[:16]
        self._count = itertools.count(1)

    def new_id(self, prefix: str) -> str:
        return f"{prefix}_{self._salt}{next(self._count):06d}"


@dataclass
class Backend:
    """A store, the ports over it, and what tests need to look behind them."""

    name: str
    clock: UniqueClock = field(default_factory=UniqueClock)
    store: Store | None = None
    client: Any = None
    prefix: str = ""
    ports: Ports = field(init=False)

    def __post_init__(self) -> None:
        if self.store is not None:
            self.ports = memory_ports(self.store, self.clock)
        else:
            ports = make_ports(self.client, self.prefix, self.clock)
            self.ports = replace(ports, secrets=FakeSecrets())

    def worker(self) -> Ports:
        """Another process over the same store, which has read the same settings as the first."""
        return replace(self.ports, settings=copy.copy(self.ports.settings))

    def stock(self, only: Collection[str] = ()) -> "Backend":
        """Write the settings of the fixture, or some of its spaces."""
        wanted = a_store()
        for space in wanted.spaces.values():
            if only and space.space_id not in only:
                continue
            tx = self.ports.begin()
            self.ports.catalog.create_space(tx, space)
            tx.commit()
        tx = self.ports.begin()
        self.ports.catalog.save_site(tx, wanted.site)
        tx.commit()
        return self

    def items(self, table: str) -> list[dict[str, Any]]:
        """All of a table of DynamoDB, in plain values."""
        return [plain(item) for item in self._raw(table)]

    def _raw(self, table: str) -> list[dict[str, Any]]:
        if self.name == "moto":  # whose own way of answering takes most of a test's time
            stored = moto_backend().tables[self.prefix + table].all_items()
            return [item.to_json()["Attributes"] for item in stored]
        answer = self.client.scan(TableName=self.prefix + table, ConsistentRead=True)
        assert "LastEvaluatedKey" not in answer
        return list(answer["Items"])

    def contents(self) -> tuple[list[Booking], list[LedgerDay], Catalog]:
        """Every booking, every ledger item and all settings."""
        if self.store is not None:
            ports = self.ports
            return list(ports.bookings.all()), list(ports.ledger.all_days()), ports.catalog.load()
        found: dict[str, list[dict[str, Any]]] = {"site": [], "space": [], "closure": []}
        for item in self.items("catalog"):
            found[item["kind"]].append(item)
        (revision,) = [item for item in found["site"] if item["id"] == "revision"]
        (site,) = [item for item in found["site"] if item["id"] == "site"]
        catalog = Catalog(
            site_of(site),
            {item["id"]: space_of(item) for item in found["space"]},
            tuple(closure_of(item) for item in found["closure"]),
            revision["number"],
        )
        stored = [booking_of(item) for item in self.items("bookings")]
        return stored, [ledger_day(item) for item in self._raw("ledger")], catalog

    def quotas(self) -> list[Quota]:
        """The live bookings of every person."""
        if self.store is not None:
            return list(self.store.quotas.values())
        return [quota_of(item) for item in self.items("people") if item["item"] == "quota"]

    def audit(self) -> list[tuple[str, str, str]]:
        """The entries of the audit log: subject, actor and action."""
        entries = self.store.audit if self.store is not None else self.items("audit")
        return sorted((entry["subject"], entry["actor"], entry["action"]) for entry in entries)

    def keys(self) -> int:
        """How many idempotency items there are."""
        return len(self.store.records if self.store is not None else self._tokens("idempotency"))

    def holds(self) -> dict[str, dict[str, int]]:
        """What is counted as held, by where it is counted."""
        if self.store is not None:
            return {key: dict(each.until) for key, each in self.store.holds.items()}
        found = [holds_of(item) for item in self._tokens("holds")]
        return {each.key: dict(each.until) for each in found}

    def limits(self) -> dict[str, int]:
        """How far the counters of limits have come."""
        if self.store is not None:
            return dict(self.store.counters)
        return {item["token_hash"]: item["n"] for item in self._tokens("limit")}

    def _tokens(self, kind: str) -> list[dict[str, Any]]:
        return [item for item in self.items("tokens") if item["kind"] == kind]

    def quota(self, person_id: str) -> dict[str, tuple[int, int]]:
        """The live bookings of a person."""
        quota = self.ports.snapshots.read(person_id=person_id).quota
        return dict(quota.bookings) if quota else {}


def in_memory() -> Backend:
    """The fake."""
    return Backend("memory", store=Store())


@contextmanager
def in_moto(name: str = "empty") -> Iterator[Backend]:
    """moto, which is right for one thread: `empty`, with `all` settings, or with `few`.

    What comes first in many tests is done once and copied, since moto takes its time.
    """
    from moto import mock_aws

    from chalicelib.adapters.dynamodb.client import make_client

    with mock_aws(), _quick_answers():
        client = make_client(region=REGION)
        watch(client)
        found = Backend("moto", client=client, prefix="moto-")
        if name not in _prepared:
            create_tables(client, "moto-")
            if name != "empty":
                found.stock(FEW if name == "few" else ()).ports.settings.get()
            catalog = getattr(found.ports.settings, "_catalog", None)
            _prepared[name] = (copy.deepcopy(moto_backend().tables), catalog)
        tables, catalog = _prepared[name]
        moto_backend().tables = copy.deepcopy(tables)
        if catalog:
            found.ports.settings._catalog = catalog
            found.ports.settings._loaded_at = found.ports.settings._checked_at = found.clock.now()
        yield found


@contextmanager
def _quick_answers() -> Iterator[None]:
    """Attribute values under their own names alone.

    moto looks for aliases of all ten members of each, which is most of the time that it takes.
    """
    from moto.core.serialize import ResponseSerializer

    get_value = ResponseSerializer.get_value

    def quick(self: Any, value: Any, key: str, shape: Any) -> Any:
        if type(value) is dict and shape.parent.name == "AttributeValue":
            return value.get(key)
        return get_value(self, value, key, shape)

    with patch.object(ResponseSerializer, "get_value", quick):
        yield


def moto_backend() -> Any:
    """What moto has in memory."""
    from moto.dynamodb.models import dynamodb_backends

    return dynamodb_backends["123456789012"][REGION]


def on_ministack(endpoint: str) -> Backend:
    """Fresh tables on the local cloud."""
    from chalicelib.adapters.dynamodb.client import make_client

    client = make_client(endpoint, REGION)
    watch(client)
    prefix = f"contract-{uuid4().hex[:12]}-"
    create_tables(client, prefix)
    return Backend("ministack", client=client, prefix=prefix)


@contextmanager
def ministack_process(folder: Path) -> Iterator[str]:
    """MiniStack's DynamoDB alone, on a free port of this machine; yields its address."""
    _build()
    port = free_port()
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    environment = kept | {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "SERVICES": "dynamodb",
        "MINISTACK_REGION": REGION,
        "LOG_LEVEL": "WARNING",
    }
    log = folder / "ministack.log"
    command = [ENVIRONMENT / "bin/python", "-m", "hypercorn", "ministack.app:app"]
    command += ["--bind", f"127.0.0.1:{port}", "--log-level", "WARNING", "--keep-alive", "75"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=out, stderr=out)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(process, f"{address}/_ministack/health", log)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _build() -> None:
    """The local cloud's environment, built once where `make` has not done so already."""
    ENVIRONMENT.parent.mkdir(exist_ok=True)
    with (ENVIRONMENT.parent / "contract.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (ENVIRONMENT / "ready").exists():
            return
        script, wanted = "infra/local/environment.sh", "infra/local/requirements.txt"
        done = subprocess.run(
            [ROOT / script, ENVIRONMENT, wanted], cwd=ROOT, capture_output=True, check=False
        )
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            pytest.fail(f"The local cloud's environment could not be built by {script}: {said}")


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    stop = time.monotonic() + START_SECONDS
    ask = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
    while time.monotonic() < stop and process.poll() is None:
        try:
            with ask(address, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    said = log.read_text(errors="replace").strip()[-500:]
    pytest.fail(f"The local cloud's DynamoDB did not start within {START_SECONDS} s: {said}")


def small_pages(backend: Backend, limit: int = 2) -> None:
    """Let every Query and Scan that names no limit read `limit` items at a time."""

    def cut(params: dict[str, Any], **_: Any) -> None:
        params.setdefault("Limit", limit)

    if backend.client is not None:
        for operation in ("Query", "Scan"):
            backend.client.meta.events.register(f"before-parameter-build.dynamodb.{operation}", cut)


def from_the_future(backend: Backend) -> None:
    """Give every item attributes of a newer schema, of every type that there is."""
    for table in definitions():
        for item in backend.client.scan(TableName=backend.prefix + table)["Items"]:
            backend.client.put_item(TableName=backend.prefix + table, Item=newer(item))


def newer(item: dict[str, Any]) -> dict[str, Any]:
    """An item of DynamoDB's with more in it than this version of the code knows, maps included."""
    more = {
        "schema": {"N": "2"},
        "tag": {"S": "x"},
        "t1": {"S": "not a slot"},
        "t99": {"S": "nor this"},
        "weight": {"N": "0.5"},
        "huge": {"N": "1E+30"},
        "colours": {"SS": ["red", "blue"]},
        "sizes": {"NS": ["1.5", "2"]},
        "blob": {"B": b"\x00\x01"},
        "more": {"M": {"deep": {"L": [{"NULL": True}, {"BOOL": False}, {"N": "1.5"}]}}},
    }
    known = {
        name: {"M": value["M"] | {"nickname": {"S": "x"}}} if name == "person" else value
        for name, value in item.items()
    }
    return known | more
