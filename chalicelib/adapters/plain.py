"""What people typed, made harmless where it stands in a header, a calendar or a mail: it stays text.

Control characters could begin a header or a calendar line of their own, and signs of writing direction
could make an address or a time read as another.
"""

import re
import unicodedata

DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
BREAKS = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
FORBIDDEN = ("Cc", "Cs")  # control characters, halves of surrogate pairs


def line(text: str) -> str:
    """One line of text."""
    return " ".join(printable(BREAKS.sub(" ", text)).split())


def lines(text: str) -> str:
    """Text with its line breaks, and no other sign that acts."""
    return "\n".join(each.rstrip() for each in printable_lines(text).split("\n")).strip()


def printable_lines(text: str) -> str:
    """As `lines`, with the blanks at the ends of lines: to some readers they mean something."""
    return "\n".join(printable(each) for each in BREAKS.split(text))


def printable(text: str) -> str:
    """Text of one line without signs that act, and otherwise as it was typed."""
    kept = DIRECTION.sub("", text)
    return "".join(" " if unicodedata.category(sign) in FORBIDDEN else sign for sign in kept)
