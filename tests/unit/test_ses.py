"""Handing mails to SES: what its answers mean, and that a mail is never posted twice by the library."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.adapters import ses
from chalicelib.domain.errors import PostPaused, PostRefused, PostThrottled, PostUnknown

RAW = b"From: Lab <varaukset@lab.example.fi>\r\nTo: aino.aalto@gov.fi\r\n\r\nHei\r\n"


class Client:
    """Notes what it is asked for, and answers or raises."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.asked: dict[str, Any] = {}

    def send_email(self, **asked: Any) -> dict[str, str]:
        self.asked = asked
        if self.error:
            raise self.error
        return {"MessageId": "ses-1"}


def refusal(code: str, status: int = 400, said: str = "") -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": said},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, "SendEmail")


def send(client: Any) -> str:
    return ses.SesPost(client, "lab-mails").send(RAW, "aino.aalto@gov.fi", "m_1", 3)


def test_a_mail_carries_its_id_and_its_attempt() -> None:
    client = Client()
    assert send(client) == "ses-1"
    assert client.asked == {
        "FromEmailAddress": "varaukset@lab.example.fi",
        "Destination": {"ToAddresses": ["aino.aalto@gov.fi"]},
        "Content": {"Raw": {"Data": RAW}},
        "ConfigurationSetName": "lab-mails",
        "EmailTags": [
            {"Name": "message_id", "Value": "m_1"},
            {"Name": "attempt", "Value": "3"},
        ],
    }


@pytest.mark.parametrize(
    ("error", "meant"),
    [
        (refusal("TooManyRequestsException", 429), PostThrottled),
        (refusal("LimitExceededException", said="Maximum sending rate exceeded."), PostThrottled),
        (refusal("LimitExceededException", said="Daily message quota exceeded."), PostPaused),
        (refusal("TooManyRequestsException", 429, "Daily message quota exceeded."), PostPaused),
        (refusal("SendingPausedException"), PostPaused),
        (refusal("AccountSuspendedException"), PostPaused),
        (refusal("MessageRejected"), PostRefused),
        (refusal("BadRequestException"), PostRefused),
        (refusal("MailFromDomainNotVerifiedException"), PostRefused),
        (refusal("InternalFailure", 500), PostUnknown),
        (refusal("ServiceUnavailable", 503), PostUnknown),
    ],
)
def test_what_ses_says_has_a_meaning(error: Exception, meant: type[Exception]) -> None:
    """X-07, X-09, X-10, X-11"""
    with pytest.raises(meant):
        send(Client(error))


@contextmanager
def a_server(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A server that takes requests and answers them all alike, or with b"" not at all."""
    requests: list[bytes] = []
    stopped = threading.Event()

    def serve() -> None:
        while not stopped.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            requests.append(connection.recv(65_536))
            if answer:
                connection.sendall(answer)
            else:
                stopped.wait(3)
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(4)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", requests
        stopped.set()


@pytest.fixture(autouse=True)
def no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")


def test_a_time_out_is_one_request_and_an_unknown_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    """X-06"""
    monkeypatch.setattr(ses, "READ_SECONDS", 0.3)
    with a_server(b"") as (address, requests):
        with pytest.raises(PostUnknown):
            send(ses.make_post_client(address))
        assert len(requests) == 1


def test_an_error_of_the_server_is_one_request_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """X-07"""
    answer = b"HTTP/1.1 500 no\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with a_server(answer) as (address, requests):
        with pytest.raises(PostUnknown):
            send(ses.make_post_client(address))
        assert len(requests) == 1


def test_a_connection_that_was_never_made_carried_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(PostThrottled):
        send(ses.make_post_client(f"http://127.0.0.1:{port}"))
