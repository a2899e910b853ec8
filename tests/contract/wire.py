"""The wire between botocore and DynamoDB, where requests and answers get lost and errors are made up.

It takes the place of the client's HTTP session, so that everything of botocore's above it is real:
what is raised or answered here is what a network and a service do.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from tests.contract.backends import Backend

READ_SECONDS, CONNECT_SECONDS = 4.0, 1.0  # as the client has them


@dataclass
class Call:
    """One request on its way."""

    number: int
    operation: str
    body: dict[str, Any]
    request: AWSPreparedRequest
    wire: "Wire"

    def perform(self) -> AWSResponse:
        """Let it happen."""
        return self.wire.perform(self.request)

    @property
    def writes(self) -> bool:
        """Whether it is meant to change anything."""
        return self.operation in ("TransactWriteItems", "PutItem")


Fault = Callable[[Call], AWSResponse]
Script = Callable[[Call], Fault | None]


@dataclass
class Wire:
    """Every request of a backend's client passes here; `script` says which fault meets which."""

    backend: Backend
    perform: Callable[[AWSPreparedRequest], AWSResponse]
    script: Script = lambda _: None
    calls: list[Call] = field(default_factory=list)

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        operation = request.headers["X-Amz-Target"]
        name = operation.decode() if isinstance(operation, bytes) else operation
        body = json.loads(request.body)
        call = Call(len(self.calls), name.rpartition(".")[2], body, request, self)
        self.calls.append(call)
        fault = self.script(call)
        return fault(call) if fault else call.perform()

    def close(self) -> None:
        """As a session has it."""

    def names(self) -> list[str]:
        return [call.operation for call in self.calls]

    def writes(self) -> list[Call]:
        return [call for call in self.calls if call.operation == "TransactWriteItems"]


@contextmanager
def tapped(backend: Backend, script: Script = lambda _: None) -> Iterator[Wire]:
    """Put a wire between a backend's client and its store."""
    endpoint = backend.client._endpoint
    session = endpoint.http_session
    events = backend.client.meta.events
    if backend.name == "moto":
        from moto.core.models import botocore_stubber

        # moto answers in an event of every client; here it answers where the network would.
        events.unregister("before-send", botocore_stubber)
        endpoint.http_session = Wire(
            backend, lambda request: botocore_stubber("before-send", request), script
        )
    else:
        endpoint.http_session = Wire(backend, session.send, script)
    try:
        yield endpoint.http_session
    finally:
        endpoint.http_session = session
        if backend.name == "moto":
            events.register("before-send", botocore_stubber)


def on(operation: str, *faults: Fault | None) -> Script:
    """The first, second … call of an operation meets these faults; later ones none."""
    left = list(faults)

    def script(call: Call) -> Fault | None:
        return left.pop(0) if call.operation == operation and left else None

    return script


def always(operation: str, fault: Fault) -> Script:
    """Every call of an operation meets a fault."""
    return lambda call: fault if call.operation == operation else None


def at_call(number: int, fault: Fault) -> Script:
    """One call meets a fault."""
    return lambda call: fault if call.number == number else None


def from_call(number: int, fault: Fault) -> Script:
    """That call and all after it meet a fault."""
    return lambda call: fault if call.number >= number else None


def lost_request(call: Call) -> AWSResponse:
    """It never arrives, and the client waits for its answer in vain."""
    call.wire.backend.clock.waited += READ_SECONDS
    raise ReadTimeoutError(endpoint_url=call.request.url, error="lost request")


def lost_answer(call: Call) -> AWSResponse:
    """It is done, and the client waits for its answer in vain."""
    call.perform()
    call.wire.backend.clock.waited += READ_SECONDS
    raise ReadTimeoutError(endpoint_url=call.request.url, error="lost answer")


def no_connection(call: Call) -> AWSResponse:
    """Nobody listens."""
    raise EndpointConnectionError(endpoint_url=call.request.url, error="refused")


def slow_connection(call: Call) -> AWSResponse:
    """A connection is not made in time."""
    call.wire.backend.clock.waited += CONNECT_SECONDS
    raise ConnectTimeoutError(endpoint_url=call.request.url, error="slow")


def answer(status: int, body: dict[str, Any]) -> Fault:
    """An answer that is made up; the request is not carried out."""

    def fault(call: Call) -> AWSResponse:
        return AWSResponse(call.request.url, status, {}, _Raw(json.dumps(body).encode()))

    return fault


def error(code: str, status: int = 400) -> Fault:
    """An error of DynamoDB's, instead of doing anything."""
    return answer(status, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": code})


def done_and(fault: Fault) -> Fault:
    """It is done, and then answered with a fault all the same."""

    def both(call: Call) -> AWSResponse:
        call.perform()
        return fault(call)

    return both


def cancelled(*codes: str) -> Fault:
    """A cancelled transaction: the reasons of its first actions, None for the others."""

    def fault(call: Call) -> AWSResponse:
        none = ["None"] * (len(call.body["TransactItems"]) - len(codes))
        reasons = [{"Code": code} for code in [*codes, *none]]
        kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException"
        body = {"__type": kind, "Message": "cancelled", "CancellationReasons": reasons}
        return answer(400, body)(call)

    return fault


def garbled(status: int) -> Fault:
    """A page of something in between, instead of DynamoDB's answer."""
    return lambda call: AWSResponse(call.request.url, status, {}, _Raw(b"<html>gateway</html>"))


def nothing_processed(call: Call) -> AWSResponse:
    """BatchGetItem that got to none of its keys."""
    return answer(200, {"Responses": {}, "UnprocessedKeys": call.body["RequestItems"]})(call)


def half_processed(call: Call) -> AWSResponse:
    """BatchGetItem that got to every other key of each table."""
    later = {
        table: {**each, "Keys": each["Keys"][1::2]}
        for table, each in call.body["RequestItems"].items()
        if each["Keys"][1:]
    }
    found = json.loads(call.perform().content)["Responses"]
    for table, each in later.items():
        found[table] = [
            item
            for item in found.get(table, [])
            if not any(key.items() <= item.items() for key in each["Keys"])
        ]
    return answer(200, {"Responses": found, "UnprocessedKeys": later})(call)


def then(fault: Fault, happens: Callable[[], Any]) -> Fault:
    """Something happens meanwhile, elsewhere."""

    def both(call: Call) -> AWSResponse:
        happens()
        return fault(call)

    return both


def meanwhile(happens: Callable[[], Any]) -> Fault:
    """Something happens elsewhere just before the request arrives."""
    return then(lambda call: call.perform(), happens)


class _Raw(BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()
