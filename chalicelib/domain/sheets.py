"""A table of people's data that leaves the system: what it says first, its columns, and cells that are only text."""

from dataclasses import dataclass

# What programs take for the beginning of a formula, wide forms of it too (OWASP, CSV Injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows of text under a head; `note` is what has to be read before."""

    title: str  # at most 31 signs, none of []:*?/\
    note_title: str  # likewise
    note: tuple[str, ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def harmless(text: str) -> str:
    """A cell of a file without types that no program takes for a formula: an apostrophe before it."""
    return f"'{text}" if text.lstrip(" \u00a0").startswith(FORMULA) else text
