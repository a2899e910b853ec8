"""Text as RFC 5545 (3.3.11) has it; imported by what writes a calendar, since it loads icalendar."""

from icalendar import vText

ESCAPED = str.maketrans({"\\": r"\\", ";": r"\;", ",": r"\,", "\n": r"\n"})


class Text(vText):
    r"""Text in which a typed \N stays what was typed: icalendar 7.3 makes a line break of it."""

    def to_ical(self) -> bytes:
        """The escaped text."""
        return self.translate(ESCAPED).encode()
