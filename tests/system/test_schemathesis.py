"""The deployed system against its own OpenAPI document: no 5xx, no status or shape it does not know.

The runs go side by side, each in a process and with one thread of its own: Schemathesis' own threads
trip over each other on Python 3.11 ("AST constructor recursion depth mismatch").
`SEED=… EXAMPLES=…` makes a run again, or a longer one.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.local.cloud import STACK
from infra.package import ROOT
from tests.cloud import RunningCloud
from tests.system.crowd import Lab, Request

PREFIX = f"{STACK}-"
HERE = Path(__file__).parent
SEED = os.environ.get("SEED", "20261202")
EXAMPLES = os.environ.get("EXAMPLES", "12")
SECONDS = "80"  # of going through the edges of every schema, which is the longest run
# Not `unsupported_method`: it tries TRACE, which no API of the gateway's can have, so that the gateway
# answers it and says 404. The other methods are tried in tests/api/test_headers.py.
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "negative_data_rejection",
    "allow_header_conformance",
)


@dataclass(frozen=True)
class Run:
    """Who asks, and what Schemathesis does: `tags` are features, none for all of them."""

    who: str
    phases: str
    tags: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return " ".join((self.who, self.phases.replace(",", "+"), *self.tags))


# Staff reach everything, so they alone go through every edge of every schema ("coverage").
RUNS = [
    Run("staff", "coverage", ("meta", "spaces", "availability")),
    Run("staff", "coverage", ("bookings", "staff_bookings")),
    Run("staff", "coverage", ("staff_settings", "staff_closures")),
    Run("staff", "examples,fuzzing,stateful"),
    Run("form", "examples,fuzzing,stateful"),
    Run("anonymous", "examples,fuzzing"),
]


def start(
    run: Run, endpoint: str, key: str | None, booking_id: str, log: Path
) -> subprocess.Popen[bytes]:
    """Start it as its users do; `booking_id` is one that they may read and change."""
    options = [
        *("--phases", run.phases),
        *("--checks", ",".join(CHECKS)),
        *("--max-examples", EXAMPLES),
        *("--seed", SEED),
        *("--workers", "1"),
        *("--request-timeout", "30"),
        *(part for tag in run.tags for part in ("--include-tag", tag)),
        *(("--max-time", SECONDS) if run.phases == "coverage" else ()),
        *(("--header", f"Authorization: Bearer {key}") if key else ()),
    ]
    command = [sys.executable, "-m", "schemathesis.cli"]
    command += ["--config-file", str(HERE / "schemathesis.toml"), "run"]
    command += [f"{endpoint}/v1/openapi.json", "--continue-on-failure", *options]
    hooks = {
        "SCHEMATHESIS_HOOKS": str(HERE / "schemathesis_hooks.py"),
        "ANSWERED": str(log.with_suffix(".answered")),
        "BOOKING_ID": booking_id,
        "PYTHONPATH": str(ROOT),
    }
    with log.open("wb") as out:
        return subprocess.Popen(
            command,
            cwd=log.parent,  # it keeps a folder of its own where it runs
            env={**os.environ, **hooks},
            stdout=out,
            stderr=subprocess.STDOUT,
        )


@pytest.fixture(scope="module")
def borrowed(cloud: RunningCloud) -> Iterator[RunningCloud]:
    """The cloud; its tables are put back as they were, for made-up settings would fail other tests."""
    client = cloud.boto("dynamodb")
    names = [name for name in client.list_tables()["TableNames"] if name.startswith(PREFIX)]
    before = {name: items(client, name) for name in names}
    yield cloud
    for name in names:
        put_back(client, name, before[name], items(client, name))


def items(client: Any, table: str) -> dict[str, Any]:
    """Every item of a table, by its key."""
    schema = client.describe_table(TableName=table)["Table"]["KeySchema"]
    pages = client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    found = [item for page in pages for item in page["Items"]]
    keys = [
        {part["AttributeName"]: item[part["AttributeName"]] for part in schema} for item in found
    ]
    return {json.dumps(key, sort_keys=True): item for key, item in zip(keys, found, strict=True)}


def put_back(client: Any, table: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    changes = [{"DeleteRequest": {"Key": json.loads(key)}} for key in after if key not in before]
    changes += [
        {"PutRequest": {"Item": item}} for key, item in before.items() if after.get(key) != item
    ]
    for number in range(0, len(changes), 25):
        client.batch_write_item(RequestItems={table: changes[number : number + 25]})


def made_beforehand(lab: Lab) -> str:
    """A booking for runs to find, of a time that they do not ask for."""
    day = date.today() + timedelta(days=700)
    body = {
        "space_ids": ["pod"],
        "start": f"{day}T02:00:00Z",
        "end": f"{day}T03:00:00Z",
        "title": "Beforehand",
        "attendees": 1,
        "person": {"name": "Aino Aalto", "email": "aino.aalto@gov.fi"},
        "accept_terms": True,
    }
    answer = lab.ask(Request("POST", "/v1/bookings", body))
    assert answer.status == 201, answer.body
    return str(answer.body["booking_id"])


@pytest.fixture(scope="module")
def runs(
    borrowed: RunningCloud, lab: Lab, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, tuple[subprocess.Popen[bytes], Path]]]:
    """All runs, begun at once."""
    keys = {"staff": borrowed.staff_key, "form": borrowed.form_key, "anonymous": None}
    folder = tmp_path_factory.mktemp("schemathesis")
    booking_id = made_beforehand(lab)
    started = {}
    for number, run in enumerate(RUNS):
        log = folder / f"{number}.log"
        started[run.name] = (
            start(run, borrowed.endpoint, keys[run.who], booking_id, log),
            log,
        )
    yield started
    for process, _ in started.values():
        process.kill()
        process.wait()


@pytest.mark.slow
@pytest.mark.timeout(320)
@pytest.mark.parametrize("name", [run.name for run in RUNS])
def test_whatever_is_sent_the_answer_is_one_that_the_document_knows(
    runs: dict[str, tuple[subprocess.Popen[bytes], Path]], name: str
) -> None:
    print(f"seed {SEED}")
    process, log = runs[name]
    status = process.wait(timeout=300)
    said = log.read_text()
    assert status == 0, said[-20_000:]
    assert "Tested:" in said
    print(said[said.index("Test cases:") :])


@pytest.mark.slow
@pytest.mark.timeout(320)
def test_requests_get_past_the_rules(
    runs: dict[str, tuple[subprocess.Popen[bytes], Path]],
) -> None:
    """Otherwise the runs above would prove little: their answers would all be refusals."""
    answered: set[str] = set()
    for process, log in runs.values():
        process.wait(timeout=300)
        answered |= set(log.with_suffix(".answered").read_text().splitlines())
    assert {
        "GET /v1/availability 200",
        "GET /v1/freebusy 200",
        "POST /v1/bookings 201",
        "GET /v1/bookings/{booking_id} 200",
        "PATCH /v1/bookings/{booking_id} 200",
        "POST /v1/staff/closures 201",
        "PATCH /v1/staff/settings 200",
        "PATCH /v1/staff/spaces/{space_id} 200",
    } <= answered, sorted(answered)
