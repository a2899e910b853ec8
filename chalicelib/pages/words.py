"""Texts of the pages in three languages, and what only pages say of times."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.domain.spaces import Hours, Openings
from chalicelib.domain.spoken import DAYS, Spoken

FOLDER = Path(__file__).parent / "texts"


@lru_cache(maxsize=4)
def texts(language: str) -> dict[str, Any]:
    """All texts of a language, by section and name."""
    found: dict[str, Any] = json.loads((FOLDER / f"{language}.json").read_text("utf-8"))
    return found


class Words(Spoken):
    """One language with its texts, and the zone in which its times are told."""

    def __init__(self, language: str, zone: ZoneInfo) -> None:
        super().__init__(language, zone)
        self.texts = texts(language)

    def __call__(self, key: str, **params: Any) -> str:
        """A text by "section.name", its blanks filled."""
        section, _, name = key.partition(".")
        return str(self.texts[section][name]).format(**params)

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        section, _, name = key.partition(".")
        return name in self.texts[section]

    def long_day(self, day: date) -> str:
        """A day in full, as a heading: Keskiviikko 2.12.2026."""
        name = str(self.texts["long_days"][day.weekday()])
        short = DAYS[self.language][day.weekday()]
        return name.capitalize() + self.day(day, year=True).removeprefix(short)

    def length(self, minutes: int) -> str:
        """How long: 1 tunti, 90 minuuttia as 1 tunti 30 minuuttia."""
        hours, rest = divmod(minutes, 60)
        if not hours:
            return self("length.minutes", count=rest)
        if rest:
            name = "length.hour_half" if hours == 1 else "length.half"
            return self(name, hours=hours, minutes=rest)
        return self("length.hour") if hours == 1 else self("length.hours", count=hours)

    def in_hours(self, minutes: int) -> str:
        """A number of hours: 3, or 3,25."""
        text = f"{minutes / 60:g}"
        return text if self.language == "en" else text.replace(".", ",")

    def hours(self, hours: Hours) -> str:
        """Weekly opening hours: Auki ma–pe 8.00–18.00."""
        if not any(hours.week):
            return self("week.closed_days")
        if all(openings == ((0, 1440),) for openings in hours.week):
            return self("week.always")
        parts = [
            f"{self._weekdays(first, last)} {self._openings(openings)}"
            for first, last, openings in _runs(hours.week)
            if openings
        ]
        return self("week.open", hours=", ".join(parts))

    def iso(self, instant: datetime) -> str:
        """A time as a form's field has it; with its offset where it would be ambiguous without."""
        local = instant.astimezone(self.zone)
        text = local.isoformat(timespec="minutes")
        return text if self.which(local) else text[:16]

    def _weekdays(self, first: int, last: int) -> str:
        names = DAYS[self.language]
        return names[first] if first == last else f"{names[first]}–{names[last]}"

    def _openings(self, openings: Openings) -> str:
        return ", ".join(
            f"{start // 60}{self.point}{start % 60:02d}–{end // 60}{self.point}{end % 60:02d}"
            for start, end in openings
        )


def _runs(week: tuple[Openings, ...]) -> Iterator[tuple[int, int, Openings]]:
    """Weekdays in a row with the same openings."""
    first = 0
    for index in range(1, 8):
        if index == 7 or week[index] != week[first]:
            yield first, index - 1, week[first]
            first = index
