"""The local cloud's process: MiniStack, with what we need of it and a service here and there less.

Run by the interpreter of MiniStack's own environment. Changed in it, and why:

- Requests to a function wait for one of WORKERS workers. MiniStack starts a process for every request
  that comes while all are busy, which a stampede of clients turns into minutes of start-up.
- After a request it waits up to 50 ms for a line in the function's log. A line that comes later is found
  by the next request all the same, so the wait is 2 ms.
- A worker that dies while it starts fails its own request. MiniStack ends all others of its function for
  it, whatever they are doing.
- The interface is served at /api too: an address that outlives a new deployment, which gives it another
  id, and that needs no name service.
- Mails that SES takes go to a mail server for development (Sendria), which ends when this process does.
- A batch of SQS messages is allowed by `sqs:SendMessage`, as on AWS, which knows no action of the
  batch's own name.
- Raw mails go to that server as they came.
- A mail is sent on the identity of its sender's domain, as on AWS; MiniStack asks for leave on `*`.
- What SNS says to functions has the form that it has on AWS, and a signature: by a key that lives as long
  as this process, whose certificate stands at this address. Functions take it from nowhere but their
  AWS_ENDPOINT_URL, which MiniStack gives them.
- An expression is parsed once. MiniStack's queries parse it anew for every item of the partition.
- SIGUSR1 writes all state to disk, so that a deployment outlives a machine that is switched off.
"""

import asyncio
import base64
import ctypes
import json
import os
import secrets
import signal
import sys
import threading
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.utils import parseaddr
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack import app as ministack
from ministack.core import iam_actions, lambda_runtime
from ministack.core.persistence import save_all
from ministack.services import apigateway_v1, dynamodb, ses_v2, sns

PR_SET_PDEATHSIG = 1  # linux/prctl.h
WORKERS = int(os.environ.get("LOCAL_WORKERS", "6"))
CERTIFICATE = f"/SimpleNotificationService-{secrets.token_hex(16)}.pem"
SIGNED = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")


def bound_workers() -> None:
    """Let at most WORKERS requests into functions at once; the others wait their turn."""
    call = apigateway_v1._call_lambda_raw
    places = asyncio.Semaphore(WORKERS)

    async def wait_and_call(*args: Any, **kwargs: Any) -> Any:
        async with places:
            return await call(*args, **kwargs)

    apigateway_v1._call_lambda_raw = wait_and_call


def die_alone() -> None:
    """Let a start that fails be told as a death in the middle is: as the answer to that request."""
    invoke = lambda_runtime.Worker.invoke

    def invoked(*args: Any, **kwargs: Any) -> Any:
        try:
            return invoke(*args, **kwargs)
        except (RuntimeError, OSError) as error:
            return {"status": "error", "error": str(error)}

    lambda_runtime.Worker.invoke = invoked


def with_certificate(certificate: bytes) -> Any:
    """What is served, and the certificate of what SNS says."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == CERTIFICATE:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": certificate})
        else:
            await serve_at_short_address(scope, receive, send)

    return application


async def serve_at_short_address(scope: Any, receive: Any, send: Any) -> None:
    """MiniStack, with /api/… standing for /_aws/execute-api/<id>/api/… of the only interface."""
    if scope["type"] == "http" and f"{scope['path']}/".startswith("/api/"):
        ids = [key[2] for key in list(apigateway_v1._rest_apis._data)]
        if len(ids) == 1:
            long = f"/_aws/execute-api/{ids[0]}"
            raw = scope.get("raw_path") or quote(scope["path"]).encode()
            scope = scope | {"path": long + scope["path"], "raw_path": long.encode() + raw}
    await ministack.app(scope, receive, send)


def allow_batches() -> None:
    """Ask for the permission that AWS asks for."""
    extract = iam_actions.extract_iam_action

    def action(*args: Any, **kwargs: Any) -> str | None:
        found = extract(*args, **kwargs)
        return "sqs:SendMessage" if found == "sqs:SendMessageBatch" else found

    iam_actions.extract_iam_action = action


def ask_for_identities() -> None:
    """Judge the sending of a mail by the identity that it is sent from."""
    resource_of = iam_actions._ses_v2_resource_arn

    def arn(method: str, path: str, body: bytes, region: str, account_id: str) -> str:
        if not path.endswith("/outbound-emails"):
            return str(resource_of(method, path, body, region, account_id))
        content = json.loads(body)
        raw = base64.b64decode(content.get("Content", {}).get("Raw", {}).get("Data", ""))
        sender = content.get("FromEmailAddress") or message_from_bytes(raw).get("From", "")
        domain = parseaddr(sender)[1].rpartition("@")[2]
        return f"arn:aws:ses:{region}:{account_id}:identity/{domain}"

    iam_actions._ses_v2_resource_arn = arn


def relay_raw_mails() -> None:
    """Hand raw mails on as they came: MiniStack makes new ones of their subject and texts."""
    here = threading.local()
    parse, build = ses_v2._parse_raw_mime, ses_v2._build_mime_message

    def remembered(raw: str) -> Any:
        here.raw = base64.b64decode(raw)
        return parse(raw)

    def whole(*args: Any) -> Any:
        raw, here.raw = getattr(here, "raw", None), None
        return build(*args) if raw is None else raw

    ses_v2._parse_raw_mime, ses_v2._build_mime_message = remembered, whole


def sign_notifications(key: rsa.RSAPrivateKey) -> None:
    """Give functions what SNS says as AWS does: with a signature, and names of Lambda's own."""
    deliver = sns._deliver_to_lambda
    address = f"http://{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}{CERTIFICATE}"

    def signed(function: str, envelope: str, *more: Any) -> None:
        said = {"Subject": None, "MessageAttributes": {}} | json.loads(envelope)
        lines = "".join(f"{name}\n{said[name]}\n" for name in SIGNED if said[name] is not None)
        signature = key.sign(lines.encode(), padding.PKCS1v15(), SHA256())
        said |= {
            "SignatureVersion": "2",
            "Signature": base64.b64encode(signature).decode(),
            "SigningCertUrl": address,
            "UnsubscribeUrl": said.pop("UnsubscribeURL"),
        }
        del said["SigningCertURL"]
        deliver(function, json.dumps(said), *more)

    sns._deliver_to_lambda = signed


def certificate_of(key: rsa.RSAPrivateKey) -> bytes:
    """A certificate that the key's owner gave themselves."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "local cloud")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=365))
        .sign(key, SHA256())
    )
    return made.public_bytes(Encoding.PEM)


def shorten_waits_for_logs() -> None:
    """At most 2 ms for a first line, 1 ms after a line, 50 ms in all."""
    lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = (0.002, 0.001, 0.050)


def parse_once() -> None:
    """Remember what an expression is made of: who reads it changes nothing in it."""
    dynamodb._tokenize = lru_cache(maxsize=4096)(dynamodb._tokenize)
    dynamodb._condition_syntax_error = lru_cache(maxsize=4096)(dynamodb._condition_syntax_error)


async def serve_mailbox() -> asyncio.subprocess.Process:
    """Start the server that mails can be read at.

    What it says names whom mails go to, so it has a log of its own, anew with each start.
    """
    host, port = os.environ["SMTP_HOST"].split(":")
    mails = Path(os.environ["MAILBOX"])
    with mails.with_suffix(".log").open("wb") as log:
        return await asyncio.create_subprocess_exec(
            str(Path(sys.executable).parent / "sendria"),
            *("--foreground", "--no-quit", "--db", str(mails)),
            *("--smtp-ip", host, "--smtp-port", port),
            *("--http-ip", host, "--http-port", os.environ["MAILBOX_PORT"]),
            preexec_fn=end_with_parent,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def end_with_parent() -> None:
    """Ask Linux to end this process when its parent is gone, killed or not; elsewhere nothing is done."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


async def main() -> None:
    """Serve until SIGTERM, which also writes the state."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    loop.add_signal_handler(signal.SIGINT, stopped.set)
    loop.add_signal_handler(
        signal.SIGUSR1, lambda: save_all(ministack._build_persistence_save_dict())
    )
    config = Config()
    config.bind = [f"{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 2
    config.loglevel = "WARNING"
    config.h11_max_incomplete_size = 2**20  # let our own code refuse an address that is too long
    bound_workers()
    die_alone()
    allow_batches()
    ask_for_identities()
    relay_raw_mails()
    key = rsa.generate_private_key(65537, 2048)
    sign_notifications(key)
    shorten_waits_for_logs()
    parse_once()
    mailbox = await serve_mailbox()
    application = with_certificate(certificate_of(key))
    await serve(application, config, shutdown_trigger=stopped.wait)
    lambda_runtime.reset()
    if mailbox.returncode is None:
        mailbox.terminate()
        await mailbox.wait()


if __name__ == "__main__":
    asyncio.run(main())
