"""The queue of messages that somebody has to look at: SQS."""

import logging
from collections.abc import Iterable
from typing import Any

from chalicelib.domain.errors import Unavailable

log = logging.getLogger(__name__)
TOGETHER = 10  # in one request


class SqsQueue:
    """Ids of messages, each an item of an SQS queue."""

    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, message_ids: Iterable[str], delay_seconds: int = 0) -> None:
        """Have workers look at messages. Raises Unavailable where some could not be queued."""
        from botocore.exceptions import BotoCoreError, ClientError

        ids = list(message_ids)
        for number in range(0, len(ids), TOGETHER):
            entries = [
                {"Id": str(place), "MessageBody": each, "DelaySeconds": delay_seconds}
                for place, each in enumerate(ids[number : number + TOGETHER])
            ]
            try:
                answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
            except (BotoCoreError, ClientError) as error:
                raise Unavailable from error
            if failed := answer.get("Failed"):
                log.warning("not queued", extra={"count": len(failed)})
                raise Unavailable


def make_queue_client(endpoint_url: str | None) -> Any:
    """An SQS client that waits for nobody: what it loses the clock finds."""
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2})
    return boto3.client("sqs", endpoint_url=endpoint_url, config=config)
