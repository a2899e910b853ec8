"""The tree and the headers of a mail (RFC 5322, RFC 2045, RFC 6047).

mixed(alternative(plain, html, calendar), invite.ics) with a calendar part, else alternative(plain,
html). Clients take the last alternative that they understand, so the calendar part comes last.
"""

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from typing import Any

from chalicelib.adapters.mail.headers import FOLD_AT, registry
from chalicelib.adapters.plain import line
from chalicelib.domain.letters import Letter
from chalicelib.domain.messages import DECLINABLE, UNPROVED
from chalicelib.domain.people import normalised
from chalicelib.domain.spoken import in_language

LONGEST_NAME = 75
IN_NAMES = re.compile(r'[:;@,<>()\[\]\\"]')  # what has a meaning in an address (RFC 5322, 3.4)


def mail(letter: Letter, subject: str, text: str, html: str, calendar: bytes | None) -> bytes:
    """A whole mail, the same for the same letter."""
    message = EmailMessage(_policy(letter))
    for name, value in _headers(letter, subject):
        message[name] = value
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    if calendar is not None and letter.method is not None:
        _add_calendar(message, calendar, letter.method.value)
    message["Content-Language"] = letter.to.language
    _name_boundaries(message, letter.message_id)
    return message.as_bytes()


def display_name(text: str) -> str:
    """A name as it may stand before an address: without what has a meaning there, and not too long."""
    return line(IN_NAMES.sub(" ", line(text)))[:LONGEST_NAME].rstrip()


def _policy(letter: Letter) -> "EmailPolicy[EmailMessage]":
    ours = f"{letter.site.address}{letter.to.email}"
    return SMTP.clone(header_factory=registry(), max_line_length=FOLD_AT, utf8=not ours.isascii())


def _headers(letter: Letter, subject: str) -> list[tuple[str, Any]]:
    site, to = letter.site, letter.to
    # Until an address is proved, whoever typed it chose the name too.
    known = letter.kind not in UNPROVED
    headers: list[tuple[str, Any]] = [
        ("From", _address(in_language(site.name, to.language), site.address)),
        ("To", _address(to.name if known else "", to.email or site.address)),
        ("Reply-To", _address("", site.address)),
        ("Subject", line(subject)),
        ("Date", letter.now.astimezone(site.zone)),
        ("Message-ID", f"<{letter.message_id}@{site.address.rpartition('@')[2]}>"),
        ("Auto-Submitted", "auto-generated"),  # RFC 3834: no machine is to answer
        ("X-Auto-Response-Suppress", "All"),  # the same for Exchange
        ("X-Labbokning-Message", letter.message_id),
        ("X-Labbokning-Attempt", str(letter.attempt)),
    ]
    if letter.unsubscribe_url and letter.kind in DECLINABLE:
        headers += [
            ("List-Unsubscribe", f"<{letter.unsubscribe_url}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),  # RFC 8058
        ]
    return headers


def _address(name: str, email: str) -> Address:
    if email.isascii():
        return Address(display_name(name), addr_spec=email)
    local, _, domain = normalised(email).rpartition("@")  # RFC 6532, which addr_spec does not know
    return Address(display_name(name), local, domain)


def _add_calendar(message: EmailMessage, calendar: bytes, method: str) -> None:
    """The part that mail programs act on, and the same bytes as a file for those that do not."""
    message.add_alternative(
        calendar,
        maintype="text",
        subtype="calendar",
        cte="base64",
        params={"method": method, "charset": "utf-8"},
    )
    message.add_attachment(
        calendar, maintype="application", subtype="ics", cte="base64", filename="invite.ics"
    )


def _name_boundaries(message: EmailMessage, message_id: str) -> None:
    """Boundaries that are the same each time; `=_` comes in no encoded text (RFC 2045, 6.7)."""
    for part in message.walk():
        if part.is_multipart():
            part.set_boundary(f"=_{message_id}_{part.get_content_subtype()}")
