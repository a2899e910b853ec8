"""Handing mails to SES: once, since SES has no token by which to know a repeat."""

from typing import Any

from chalicelib.domain.errors import PostPaused, PostRefused, PostThrottled, PostUnknown

CONNECT_SECONDS, READ_SECONDS = 2, 20  # a worker has a minute
THROTTLED = ("TooManyRequestsException", "ThrottlingException", "Throttling")
PAUSED = ("SendingPausedException", "AccountSuspendedException")
DAILY = "daily message quota"  # what SES says where its other words are those of the rate


class SesPost:
    """SES's second version, with raw mails."""

    def __init__(self, client: Any, configuration_set: str) -> None:
        self._client = client
        self._configuration_set = configuration_set

    def send(self, raw: bytes, to: str, message_id: str, attempt: int) -> str:
        """Hand over a mail and return SES's id for it; the errors are those of the port."""
        from botocore.exceptions import (
            ClientError,
            ConnectTimeoutError,
            EndpointConnectionError,
            HTTPClientError,
        )
        from botocore.exceptions import ConnectionError as BotoConnectionError

        try:
            answer = self._client.send_email(
                FromEmailAddress=_sender(raw),
                Destination={"ToAddresses": [to]},
                Content={"Raw": {"Data": raw}},
                ConfigurationSetName=self._configuration_set,
                EmailTags=[
                    {"Name": "message_id", "Value": message_id},
                    {"Name": "attempt", "Value": str(attempt)},
                ],
            )
        except (ConnectTimeoutError, EndpointConnectionError) as error:
            raise PostThrottled from error  # a connection that was never made carried nothing
        except (HTTPClientError, BotoConnectionError) as error:
            raise PostUnknown from error
        except ClientError as error:
            raise _meaning(error) from error
        return str(answer["MessageId"])


def _sender(raw: bytes) -> str:
    """The address in From: what it is sent on behalf of is judged by it."""
    from email.parser import BytesHeaderParser
    from email.utils import parseaddr

    return parseaddr(BytesHeaderParser().parsebytes(raw).get("From", ""))[1]


def _meaning(error: Any) -> Exception:
    code = error.response["Error"]["Code"]
    said = str(error.response["Error"].get("Message", "")).lower()
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in PAUSED or DAILY in said:
        return PostPaused()
    if code in THROTTLED or code == "LimitExceededException":
        return PostThrottled()
    if status >= 500:
        return PostUnknown()
    return PostRefused(code)


def make_post_client(endpoint_url: str | None) -> Any:
    """An SES client that sends a request once. botocore's own way is up to three times on a time-out."""
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": 1},
    )
    return boto3.client("sesv2", endpoint_url=endpoint_url, config=config)
