"""Headers as they are sent, where `email.policy` would fold them wrongly.

It puts a second blank between a word and an encoded word on the next line, and encodes a long address
of the web as if it were text (seen in Python 3.11).
"""

from email.header import Header
from email.headerregistry import BaseHeader, HeaderRegistry, UniqueAddressHeader
from email.policy import Policy
from typing import Any, ClassVar, Literal

FOLD_AT = 76  # an encoded word may be 75 long, a line with one 76 (RFC 2047, 2)


def registry() -> HeaderRegistry:
    """The standard library's headers, with ours in the place of some."""
    found = HeaderRegistry()
    for name in ("from", "to", "reply-to"):
        found.map_to_type(name, Mailbox)  # type: ignore[arg-type]  # it mixes BaseHeader in
    for name in ("list-unsubscribe", "message-id", "x-labbokning-message"):
        found.map_to_type(name, Whole)
    found.map_to_type("subject", Text)
    return found


class Whole(BaseHeader):
    """A header without blanks: it is never folded inside."""

    max_count: ClassVar[Literal[1]] = 1

    @staticmethod
    def parse(value: str, kwds: dict[str, Any]) -> None:
        """Take the value as it is."""
        kwds["parse_tree"] = None
        kwds["decoded"] = value

    def fold(self, *, policy: Policy) -> str:
        """The header as it is sent."""
        return _joined(self.name, [str(self)], policy)


class Text(Whole):
    """A header of words that people read."""

    def fold(self, *, policy: Policy) -> str:
        """The header as it is sent: all of it in encoded words, or none."""
        if _plain(self) and len(self.name) + len(self) + 2 <= FOLD_AT:
            return _joined(self.name, [str(self)], policy)
        return f"{self.name}: {_encoded(self, len(self.name) + 2, policy)}{policy.linesep}"


class Mailbox(UniqueAddressHeader):
    """One address, with a name before it or none. Names have no quotation marks in them."""

    name: str  # of the header; the registry adds it

    def fold(self, *, policy: Policy) -> str:
        """The header as it is sent."""
        (address,) = self.addresses
        name = address.display_name
        if not name:
            return _joined(self.name, [address.addr_spec], policy)
        if _plain(name) and len(name) + 3 < FOLD_AT:
            shown = f'"{name}"'
        else:
            shown = _encoded(name, len(self.name) + 2, policy)
        return _joined(self.name, [shown, f"<{address.addr_spec}>"], policy)


def _plain(text: str) -> bool:
    """Whether it can be sent as it is, and is not taken for an encoded word by whoever reads it."""
    return text.isascii() and "=?" not in text


def _encoded(text: str, column: int, policy: Policy) -> str:
    """A text in encoded words that begin at a column, no sign cut in two."""
    words = Header(text, "utf-8", maxlinelen=FOLD_AT, header_name="x" * (column - 2))
    return words.encode(linesep=policy.linesep)


def _joined(name: str, parts: list[str], policy: Policy) -> str:
    """A header of parts that stay whole, each on a line of its own where the line is full."""
    text, width = f"{name}:", len(name) + 1
    for part in parts:
        first = part.partition(policy.linesep)[0]
        fits = width + 1 + len(first) <= FOLD_AT
        text += f" {part}" if fits else f"{policy.linesep} {part}"
        width = len(text.rpartition(policy.linesep)[2])
    return text + policy.linesep
