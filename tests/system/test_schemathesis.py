"""The deployed system against its own OpenAPI document: no 5xx, no status or shape it does not know.

The runs go side by side (tests/system/schemathesis_runs.py).
"""

import json
import subprocess
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.people import Role
from infra.local.cloud import STACK
from tests.builders import AINO, EERO, SAMI
from tests.cloud import RunningCloud
from tests.system.crowd import Lab, Request
from tests.system.schemathesis_runs import SEED, Run, Setting, a_session, start

PREFIX = f"{STACK}-"
ACCOUNTS = (
    "me",
    "own",
    "own_signups",
    "export",
    "staff_persons",
    "staff_keys",
    "staff_audit",
    "staff_outbox",
)
EVENTS = ("staff_events", "staff_event_copies", "staff_event_imports", "staff_event_series")
AT_EVENTS = ("events", "signups", "tickets", "staff_attendance", "staff_notices")
ENDING = ("me.forget", "auth.end")  # after them there is no session to go on with
# Hosts reach everything, so they alone go through every edge of every schema ("coverage").
RUNS = [
    Run("staff", "coverage", ("meta", "spaces", "availability")),
    Run("staff", "coverage", ("bookings", "staff_bookings")),
    Run("staff", "coverage", ("staff_settings", "staff_closures")),
    Run("staff", "coverage", EVENTS),
    Run("staff", "coverage", AT_EVENTS),
    Run("staff", "examples,fuzzing,stateful"),
    Run("admin", "coverage", ACCOUNTS),
    Run("person", "examples,fuzzing,stateful", but=ENDING),
    Run("form", "examples,fuzzing,stateful"),
    Run("anonymous", "examples,fuzzing"),
]


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


def an_event_beforehand(lab: Lab) -> tuple[str, str]:
    """The ids of an event with more seats than are asked for, and of a sign-up for it."""
    day = date.today() + timedelta(days=60)
    body = {
        "title": {"fi": "Työpaja"},
        "start": f"{day}T07:00:00Z",
        "end": f"{day}T09:00:00Z",
        "room": {"limit": None},
    }
    event = lab.ask(Request("POST", "/v1/staff/events", body, who="staff"))
    assert event.status == 201, event.body
    event_id = str(event.body["event_id"])
    publish = f"/v1/staff/events/{event_id}/publish"
    assert lab.ask(Request("POST", publish, {}, who="staff")).status == 200
    person = {"name": "Eero Eskola", "email": "eero.eskola@gov.fi"}
    signup = lab.ask(
        Request("POST", f"/v1/events/{event_id}/signups", {"person": person, "accept_terms": True})
    )
    assert signup.status == 201, signup.body
    return event_id, str(signup.body["signup_id"])


@pytest.fixture(scope="module")
def runs(
    borrowed: RunningCloud, lab: Lab, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, tuple[subprocess.Popen[bytes], Path]]]:
    """All runs, begun at once."""
    people = {
        "person": a_session(lab.ports, AINO),
        "another": a_session(lab.ports, EERO),
        "admin": a_session(lab.ports, SAMI, Role.ADMIN),
    }
    keys = {"staff": borrowed.staff_key, "form": borrowed.form_key}
    there = (made_beforehand(lab), *an_event_beforehand(lab))
    setting = Setting(borrowed.endpoint, keys, people, *there)
    folder = tmp_path_factory.mktemp("schemathesis")
    started = {}
    for number, run in enumerate(RUNS):
        log = folder / f"{number}.log"
        started[run.name] = (start(run, setting, log), log)
    yield started
    for process, _ in started.values():
        process.kill()
        process.wait()


@pytest.mark.slow
@pytest.mark.timeout(940)
@pytest.mark.parametrize("name", [run.name for run in RUNS])
def test_whatever_is_sent_the_answer_is_one_that_the_document_knows(
    runs: dict[str, tuple[subprocess.Popen[bytes], Path]], name: str
) -> None:
    print(f"seed {SEED}")
    process, log = runs[name]
    status = process.wait(timeout=900)
    said = log.read_text()
    assert status == 0, said[-20_000:]
    assert "Tested:" in said
    print(said[said.index("Test cases:") :])


@pytest.mark.slow
@pytest.mark.timeout(940)
def test_requests_get_past_the_rules(
    runs: dict[str, tuple[subprocess.Popen[bytes], Path]],
) -> None:
    """Otherwise the runs above would prove little: their answers would all be refusals."""
    answered: set[str] = set()
    for process, log in runs.values():
        process.wait(timeout=900)
        answered |= set(log.with_suffix(".answered").read_text().splitlines())
    assert {
        "GET /v1/availability 200",
        "GET /v1/freebusy 200",
        "POST /v1/bookings 201",
        "GET /v1/bookings/{booking_id} 200",
        "PATCH /v1/bookings/{booking_id} 200",
        "POST /v1/staff/closures 201",
        "POST /v1/staff/events 201",
        "GET /v1/events/{event_id} 200",
        "PATCH /v1/staff/events/{event_id} 200",
        "GET /v1/staff/events/{event_id}/signups 200",
        "POST /v1/events/{event_id}/signups 201",
        "GET /v1/signups/{signup_id} 200",
        "PATCH /v1/signups/{signup_id} 200",
        "PATCH /v1/staff/settings 200",
        "PATCH /v1/staff/spaces/{space_id} 200",
    } <= answered, sorted(answered)
