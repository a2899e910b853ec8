"""A local cloud of the tests' own: the code of `make run` in a folder and on a port of its own."""

import shutil
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.local.__main__ import start
from infra.local.cloud import STACK, Cloud
from tests.log_watch import WATCH

MOST_LINES = 10_000  # of an answer; the local cloud tells no token for the rest


@dataclass(frozen=True)
class RunningCloud:
    """What a test needs of a running local cloud."""

    cloud: Cloud
    endpoint: str

    @property
    def staff_key(self) -> str:
        return (self.cloud.home / "staff-key").read_text()

    @property
    def form_key(self) -> str:
        return (self.cloud.home / "form-key").read_text()

    @property
    def table_prefix(self) -> str:
        return f"{STACK}-"

    def boto(self, service: str, **credentials: str) -> Any:
        """A boto3 client, of the cloud's owner unless credentials are given."""
        return self.cloud.client(service, **credentials)

    def role_credentials(self, function: str) -> dict[str, str]:
        """Credentials of the role that `api`, `expire-due` or `continue-closures` runs under."""
        functions = self.boto("lambda")
        configuration = functions.get_function_configuration(FunctionName=f"{STACK}-{function}")
        answer = self.boto("sts").assume_role(
            RoleArn=configuration["Role"], RoleSessionName="test"
        )["Credentials"]
        return {
            "aws_access_key_id": answer["AccessKeyId"],
            "aws_secret_access_key": answer["SecretAccessKey"],
            "aws_session_token": answer["SessionToken"],
        }

    def logged(self) -> Iterator[str]:
        """Every line that the functions have logged, and what the process says of them."""
        logs = self.boto("logs")
        for group in logs.describe_log_groups()["logGroups"]:
            name = group["logGroupName"]
            for page in logs.get_paginator("describe_log_streams").paginate(logGroupName=name):
                yield from _lines(
                    logs, name, [each["logStreamName"] for each in page["logStreams"]]
                )
        yield from (line for line in self.cloud.log.read_text().splitlines() if "[lambda" in line)


def _lines(logs: Any, group: str, streams: list[str]) -> Iterator[str]:
    """The lines of some streams by one request: the local cloud keeps a stream for every call of a function."""
    if not streams:  # which would mean all of them
        return
    found = logs.filter_log_events(logGroupName=group, logStreamNames=streams)["events"]
    assert len(found) < MOST_LINES, f"{group}: there may be more than were told"
    yield from (each["message"] for each in found)


def far_day(number: int) -> str:
    """A day that is to come wherever this runs, and that nothing else in these tests books: 0, 1, 2 …"""
    return (date.today() + timedelta(days=500 + number)).isoformat()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def cloud() -> Iterator[RunningCloud]:
    """A fresh local cloud, deployed and seeded, for the whole session; its logs tell nothing of anybody."""
    home = Path(tempfile.mkdtemp(prefix="labivaraus-"))
    fresh = Cloud(home, free_port())
    try:
        running = RunningCloud(fresh, start(fresh))
        yield running
        lines = list(running.logged())
        assert any(line.startswith("START RequestId") for line in lines)
        told = WATCH.search_lines(lines)
        assert not told, "\n".join(told)
    finally:
        fresh.stop(keep=False)  # writing down what thousands of calls left takes minutes
        shutil.rmtree(home, ignore_errors=True)
