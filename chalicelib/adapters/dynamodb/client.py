"""The connection to DynamoDB: short time-outs, and repeats that we count ourselves.

botocore's own retries are off, so that every repeat is seen by the deadline of the request and by
the code that has to know whether an outcome is certain.
"""

from collections.abc import Callable, Iterator
from typing import Any

from chalicelib.adapters.dynamodb.codec import Item, plain
from chalicelib.domain.errors import Broken, Unavailable
from chalicelib.services.ports import Clock

CONNECT_SECONDS = 1
READ_SECONDS = 4  # botocore's 60 would outlive API Gateway's 29
CALL_SECONDS = 12.0  # for one call with its repeats, within what the whole request is allowed
MOST_TRIES = 50  # whatever the clock says

THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
        "ThrottlingException",
        "ThrottlingError",
        "Throttling",
        "TransactionConflict",
        "TransactionConflictException",
    }
)  # as the code of an error, or as the reason of a cancelled transaction
UNCERTAIN = frozenset(
    {"InternalServerError", "ServiceUnavailable", "TransactionInProgressException"}
)


def make_client(endpoint_url: str | None = None, region: str | None = None) -> Any:
    """A DynamoDB client. Loads boto3, which takes a while: call it when it is needed."""
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 1},
        max_pool_connections=50,
    )
    return boto3.client("dynamodb", endpoint_url=endpoint_url, region_name=region, config=config)


class Fault(Exception):
    """A call that failed and may be repeated; `certain` where it surely had no effect."""

    def __init__(self, code: str, *, certain: bool) -> None:
        self.code = code
        self.certain = certain
        super().__init__(code)


def attempt(operation: Callable[..., Any], **arguments: Any) -> Any:
    """One call. Raises Fault where it may be repeated, and the client's own error otherwise."""
    from botocore.exceptions import (
        ClientError,
        ConnectTimeoutError,
        EndpointConnectionError,
        HTTPClientError,
    )
    from botocore.exceptions import ConnectionError as BotoConnectionError

    try:
        return operation(**arguments)
    except (HTTPClientError, BotoConnectionError) as error:
        # A connection that was never made carried nothing.
        unmade = isinstance(error, (ConnectTimeoutError, EndpointConnectionError))
        raise Fault(type(error).__name__, certain=unmade) from error
    except ClientError as error:
        code = error.response["Error"]["Code"]
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in THROTTLED:
            raise Fault(code, certain=True) from error
        if code in UNCERTAIN or status >= 500:
            raise Fault(code, certain=False) from error
        raise


def stop_at(clock: Clock, reserve: float = 0.0) -> float:
    """Until when a call may be repeated, leaving `reserve` seconds of the request for what follows."""
    return min(clock.monotonic() + CALL_SECONDS, clock.deadline() - reserve)


def pages(clock: Clock, operation: Callable[..., Any], **arguments: Any) -> Iterator[Item]:
    """All items of a query or a scan in plain values, page after page; errors are those of `read`."""
    while True:
        answer = read(clock, operation, **arguments)
        yield from (plain(item) for item in answer["Items"])
        if "LastEvaluatedKey" not in answer:
            return
        arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def condition_failed(error: Broken) -> bool:
    """Whether a call was refused for its condition, and for nothing else."""
    response = getattr(error.__cause__, "response", None) or {}
    return response.get("Error", {}).get("Code") == "ConditionalCheckFailedException"


def read(clock: Clock, operation: Callable[..., Any], **arguments: Any) -> Any:
    """A call without effects, repeated with full jitter until it answers.

    Raises Unavailable when time is up, Broken where the call itself is wrong.
    """
    from botocore.exceptions import ClientError

    stop = stop_at(clock)
    tries = 0
    while True:
        try:
            return attempt(operation, **arguments)
        except Fault as fault:
            tries += 1
            if clock.monotonic() >= stop or tries >= MOST_TRIES:
                raise Unavailable from fault
            clock.pause(tries)
        except ClientError as error:
            raise Broken(str(error)) from error
