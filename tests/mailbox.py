"""The mailbox of a running local cloud: what people would find in it."""

import json
import re
import time
import urllib.request
from email import message_from_bytes, policy
from email.message import EmailMessage

from tests.cloud import RunningCloud

SECONDS = 100  # the clock's minute, and a slow machine
CODE = re.compile(r"\b([2-9A-HJ-NP-Z]{8})\b")
LOGIN_LINK = re.compile(r"https?://\S+/login/l_\w+/[0-9a-f]{64}\b")


def mails(cloud: RunningCloud, to: str) -> list[EmailMessage]:
    """The mails to an address, as they came, oldest first."""
    page, listed = (cloud.cloud.home / "mailbox").read_text().split()
    with urllib.request.urlopen(listed, timeout=10) as answer:
        rows = [row for row in json.load(answer)["data"] if to in row["recipients_envelope"]]
    found = []
    for row in sorted(rows, key=lambda each: each["id"]):
        with urllib.request.urlopen(f"{page}/api/messages/{row['id']}.eml", timeout=10) as answer:
            mail = message_from_bytes(answer.read(), policy=policy.default)
            assert isinstance(mail, EmailMessage)
            found.append(mail)
    return found


def wait_for_mails(cloud: RunningCloud, to: str, count: int) -> list[EmailMessage]:
    """As `mails`, when there are so many."""
    for _ in range(SECONDS * 2):
        if len(found := mails(cloud, to)) >= count:
            return found
        time.sleep(0.5)
    raise AssertionError(f"{len(mails(cloud, to))} mails to {to}, not {count}")


def code_in(mail: EmailMessage) -> str:
    """The code in the text of a mail about a hold."""
    found = CODE.search(_text(mail))
    assert found
    return found[1]


def login_code(mail: EmailMessage) -> str:
    """The code in the text of a mail to log in by."""
    return code_in(mail)


def login_link(mail: EmailMessage) -> str:
    """The link in the text of a mail to log in by; its last two parts are the login's id and the token."""
    found = LOGIN_LINK.search(_text(mail))
    assert found
    return found[0]


def _text(mail: EmailMessage) -> str:
    plain = mail.get_body(("plain",))
    assert plain is not None
    return str(plain.get_content())
