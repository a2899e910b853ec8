"""Bookings a second on the local cloud, beside what an empty function costs there."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from infra.local.__main__ import start, stop
from infra.local.cloud import STACK, Cloud
from infra.package import REGION
from tests.benchmarks.figures import Figure, Section, median, quantile
from tests.cloud import RunningCloud, free_port
from tests.system.crowd import Answer, Lab, Request, book, statuses

METHOD = (
    "Over HTTP, each with an idempotency key, every booking of another time, clients with kept connections\n"
    "on the same machine; workers warm, functions bounded to six workers as on the local cloud. The empty\n"
    "function answers 200 behind an interface of the same kind; the two are measured in turns, in\n"
    "{rounds} rounds. MiniStack answers DynamoDB's requests one at a time."
)
EMPTY = "def answer(event, context):\n    return {'statusCode': 200, 'body': '{}'}\n"
ROUNDS = 3
REQUESTS = {1: 30, 16: 160}
_times = count()


@contextmanager
def a_cloud(folder: Path) -> Iterator[RunningCloud]:
    """A local cloud of our own, stopped in the end."""
    cloud = Cloud(folder / "home", free_port())
    try:
        yield RunningCloud(cloud, start(cloud))
    finally:
        stop(cloud)


def long_address(cloud: RunningCloud, api_id: str) -> str:
    """The short one is for a cloud with a single interface."""
    return f"{cloud.cloud.address}/_aws/execute-api/{api_id}/api"


def deploy_empty(cloud: RunningCloud) -> str:
    """A function that does nothing, behind an interface; its address."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("empty.py", EMPTY)
    functions, interfaces = cloud.boto("lambda"), cloud.boto("apigateway")
    ours = functions.get_function_configuration(FunctionName=f"{STACK}-api")
    made = functions.create_function(
        FunctionName="empty",
        Runtime="python3.11",
        Handler="empty.answer",
        Role=ours["Role"],
        Code={"ZipFile": packed.getvalue()},
    )
    api = interfaces.create_rest_api(name="empty")["id"]
    (root,) = interfaces.get_resources(restApiId=api)["items"]
    place = {"restApiId": api, "resourceId": root["id"], "httpMethod": "POST"}
    interfaces.put_method(**place, authorizationType="NONE")
    target = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{made['FunctionArn']}"
    interfaces.put_integration(
        **place, type="AWS_PROXY", integrationHttpMethod="POST", uri=f"{target}/invocations"
    )
    interfaces.create_deployment(restApiId=api, stageName="api")
    return long_address(cloud, api)


def another_booking() -> Request:
    """Half an hour of the pod, which is always open; neighbours in time come from different days."""
    number = next(_times)
    day = datetime.now(UTC).date() + timedelta(days=200 + number % 400)
    slot = number // 400
    hours = f"{slot // 2:02d}:{slot % 2 * 30:02d}-{(slot + 1) // 2:02d}:{(slot + 1) % 2 * 30:02d}"
    return book("pod", day=day.isoformat(), hours=hours)


def measure(folder: Path) -> Section:
    """Both, with one client and with sixteen."""
    with a_cloud(folder) as cloud:
        (api,) = [
            each["id"]
            for each in cloud.boto("apigateway").get_rest_apis()["items"]
            if each["name"] == STACK
        ]
        lab = Lab(RunningCloud(cloud.cloud, long_address(cloud, api)))
        empty = Lab(RunningCloud(cloud.cloud, deploy_empty(cloud)))
        empty.rush((Request("POST", "", {}) for _ in range(64)), 16)
        lab.rush((another_booking() for _ in range(64)), 16)
        rows: dict[str, dict[str, float]] = {}
        for clients, requests in REQUESTS.items():
            found: dict[str, list[list[Answer]]] = {"empty function": [], "booking": []}
            for _ in range(ROUNDS):
                body = another_booking().body
                found["empty function"].append(
                    empty.rush((Request("POST", "", body) for _ in range(requests)), clients)
                )
                found["booking"].append(
                    lab.rush((another_booking() for _ in range(requests)), clients)
                )
            for name, rounds in found.items():
                rows[f"{name}, {clients} client{'s' * (clients > 1)}"] = _row(rounds)
        assert statuses(found["booking"][0]) == {201: REQUESTS[16]}
    beside = rows["booking, 1 client"]["median ms"] - rows["empty function, 1 client"]["median ms"]
    figures = (Figure("a booking beside an empty function, 1 client", beside, "ms more"),)
    return Section("Bookings on the local cloud", METHOD.format(rounds=ROUNDS), figures, rows)


def _row(rounds: list[list[Answer]]) -> dict[str, float]:
    seconds = [answer.ended - answer.began for answers in rounds for answer in answers]
    spans = [answers[-1].ended - min(each.began for each in answers) for answers in rounds]
    return {
        "a second": sum(map(len, rounds)) / sum(spans),
        "median ms": median(seconds) * 1000,
        "99th pct ms": quantile(seconds, 0.99) * 1000,
    }
