"""Letters to test with, and a mail as a mail program would read it."""

import re
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

from chalicelib.adapters.mail.example import example
from chalicelib.adapters.mail.render import render
from chalicelib.domain.bookings import Booking, State
from chalicelib.domain.catalog import Site
from chalicelib.domain.letters import Letter
from chalicelib.domain.messages import Kind
from chalicelib.domain.spoken import LANGUAGES
from tests.builders import AINO, NOW, the_spaces, wed

SITE = Site(
    name={"fi": "Työ 2.0 Lab", "sv": "Arbete 2.0 Lab", "en": "Work 2.0 Lab"},
    base_url="https://lab.example/api",
    mailbox="tilat@lab.example",
)
INSTRUCTIONS = {"fi": "Avain on aulassa.", "sv": "Nyckeln finns i foajén.", "en": "Key: lobby."}
SPACES = {
    key: replace(space, instructions=INSTRUCTIONS if space.parts == () else {})
    for key, space in the_spaces().items()
}
ALL = [(kind, language) for kind in Kind for language in LANGUAGES]
DIRECTION = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@dataclass(frozen=True)
class Read:
    """A mail after a strict parser has read it."""

    raw: bytes
    message: EmailMessage

    @property
    def parts(self) -> list[EmailMessage]:
        return [part for part in self.message.walk() if not part.is_multipart()]

    def body(self, content_type: str) -> str:
        """The one part of a type, decoded."""
        (found,) = [part for part in self.parts if part.get_content_type() == content_type]
        return found.get_content().replace("\r\n", "\n")

    @property
    def text(self) -> str:
        return self.body("text/plain")

    @property
    def html(self) -> str:
        return self.body("text/html")

    @property
    def calendars(self) -> list[bytes]:
        types = ("text/calendar", "application/ics")
        return [
            part.get_payload(decode=True) for part in self.parts if part.get_content_type() in types
        ]

    @property
    def seen(self) -> str:
        """What the HTML shows, in one line."""
        return re.sub(r"\s+", " ", Page(self.html).text)


class Page(HTMLParser):
    """The elements and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.text += " "

    def handle_data(self, data: str) -> None:
        self.text += data

    def links(self) -> list[str]:
        return [str(attrs["href"]) for tag, attrs in self.elements if tag == "a"]


def read(raw: bytes) -> Read:
    """A mail as read; raises where anything in it is not as the RFCs want it."""
    return Read(raw, message_from_bytes(raw, policy=policy.strict + policy.SMTP))


def a_letter(kind: Kind = Kind.CONFIRMATION, language: str = "fi", **changes: Any) -> Letter:
    """An example letter; what is named of its booking or of itself is as told."""
    letter = example(kind, language, changes.pop("site", SITE), SPACES, NOW)
    ours = {name: value for name, value in changes.items() if name in Letter.__slots__}
    rest = {name: value for name, value in changes.items() if name not in ours}
    if rest and letter.booking is not None:
        ours["booking"] = replace(letter.booking, **rest)
        ours.setdefault("to", ours["booking"].person if letter.manage_url else letter.to)
    return replace(letter, **ours)


def a_mail(kind: Kind = Kind.CONFIRMATION, language: str = "fi", **changes: Any) -> Read:
    """The same, rendered and read."""
    return read(render(a_letter(kind, language, **changes)))


def a_booking(**changes: Any) -> Booking:
    """Aino's booking of the pod on Wednesday 10-12."""
    defaults: dict[str, Any] = {
        "booking_id": "b_01",
        "state": State.CONFIRMED,
        "space_ids": ("pod",),
        **wed("10-12"),
        "footprint": {},
        "person": AINO,
        "person_id": "p_aino",
        "made_by": "p_aino",
        "created_at": NOW,
        "title": "Suunnittelu",
    }
    return Booking(**(defaults | changes))
