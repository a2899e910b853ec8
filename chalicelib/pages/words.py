"""Texts of the pages and times as people write them, in three languages."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.api.texts import MONTHS_EN
from chalicelib.domain.spaces import Hours, Openings

FOLDER = Path(__file__).parent / "texts"


@lru_cache(maxsize=4)
def texts(language: str) -> dict[str, Any]:
    """All texts of a language, by section and name."""
    found: dict[str, Any] = json.loads((FOLDER / f"{language}.json").read_text("utf-8"))
    return found


class Words:
    """One language, and the zone in which its times are told."""

    def __init__(self, language: str, zone: ZoneInfo) -> None:
        self.language = language
        self.zone = zone
        self.texts = texts(language)

    def __call__(self, key: str, **params: Any) -> str:
        """A text by "section.name", its blanks filled."""
        section, _, name = key.partition(".")
        return str(self.texts[section][name]).format(**params)

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        section, _, name = key.partition(".")
        return name in self.texts[section]

    @property
    def zone_name(self) -> str:
        """Whose time it is: Suomen aikaa."""
        frame = self.texts["frame"]
        return str(frame.get(self.zone.key) or frame["of"].format(zone=self.zone.key))

    def clock(self, instant: datetime, day: date | None = None) -> str:
        """A time of day: 9.00, or 9:00 in English; the midnight that ends `day` is 24."""
        local = instant.astimezone(self.zone)
        hour = 24 if day and local.date() > day and not local.hour + local.minute else local.hour
        point = ":" if self.language == "en" else "."
        return f"{hour}{point}{local.minute:02d}{self._which(local)}"

    def bare_clock(self, instant: datetime) -> str:
        """A time of day as the clock on the wall shows it."""
        local = instant.astimezone(self.zone)
        return f"{local.hour}{':' if self.language == 'en' else '.'}{local.minute:02d}"

    def span(self, start: datetime, end: datetime) -> str:
        """Two times of one day: 10.00–12.00."""
        day = start.astimezone(self.zone).date()
        return f"{self.clock(start, day)}–{self.clock(end, day)}"

    def day(self, day: date, *, year: bool = False) -> str:
        """A day in short: ke 2.12. or, with the year, ke 2.12.2026."""
        name = self.texts["days"][day.weekday()]
        if self.language == "en":
            text = f"{name} {day.day} {MONTHS_EN[day.month - 1]}"
            return f"{text} {day.year}" if year else text
        dot = "." if self.language == "fi" else ""
        return f"{name} {day.day}.{day.month}{f'.{day.year}' if year else dot}"

    def days(self, first: date, last: date) -> str:
        """Two days, without their names: 30.11.–6.12.2026."""
        if self.language == "en":
            start = f"{first.day} {MONTHS_EN[first.month - 1]}"
            if first.year != last.year:
                start += f" {first.year}"
            return f"{start} – {last.day} {MONTHS_EN[last.month - 1]} {last.year}"
        dot = "." if self.language == "fi" else ""
        start = f"{first.day}.{first.month}{dot}"
        if first.year != last.year:
            start = f"{first.day}.{first.month}.{first.year}"
        return f"{start}–{last.day}.{last.month}.{last.year}"

    def at(self, instant: datetime) -> str:
        """A day and a time: ke 2.12.2026 klo 10.00."""
        return self._dated(instant, self.clock(instant))

    def when(self, start: datetime, end: datetime) -> str:
        """A day and two times, or two days: ke 2.12.2026 klo 10.00–12.00."""
        day = start.astimezone(self.zone).date()
        ends_on = (end - timedelta(microseconds=1)).astimezone(self.zone).date()
        if day == ends_on:
            return self._dated(start, self.span(start, end))
        return f"{self.at(start)} – {self.at(end)}"

    def length(self, minutes: int) -> str:
        """How long: 1 tunti, 90 minuuttia as 1 tunti 30 minuuttia."""
        hours, rest = divmod(minutes, 60)
        if not hours:
            return self("length.minutes", count=rest)
        if rest:
            name = "length.hour_half" if hours == 1 else "length.half"
            return self(name, hours=hours, minutes=rest)
        return self("length.hour") if hours == 1 else self("length.hours", count=hours)

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
        return text if self._which(local) else text[:16]

    def offset(self, instant: datetime) -> str:
        """How far from UTC: UTC+2."""
        seconds = instant.astimezone(self.zone).utcoffset() or timedelta(0)
        hours = seconds.total_seconds() / 3600
        return f"UTC{hours:+g}"

    def _dated(self, instant: datetime, clock: str) -> str:
        day = self.day(instant.astimezone(self.zone).date(), year=True)
        joint = {"fi": " klo ", "sv": " kl. "}.get(self.language, " at ")
        return f"{day}{joint}{clock}"

    def _which(self, local: datetime) -> str:
        """Of a time that comes twice in a night, which one: its offset."""
        if local.utcoffset() == local.replace(fold=1 - local.fold).utcoffset():
            return ""
        return f" ({self.offset(local)})"

    def _weekdays(self, first: int, last: int) -> str:
        names = self.texts["days"]
        return str(names[first]) if first == last else f"{names[first]}–{names[last]}"

    def _openings(self, openings: Openings) -> str:
        point = ":" if self.language == "en" else "."
        return ", ".join(
            f"{start // 60}{point}{start % 60:02d}–{end // 60}{point}{end % 60:02d}"
            for start, end in openings
        )


def _runs(week: tuple[Openings, ...]) -> Iterator[tuple[int, int, Openings]]:
    """Weekdays in a row with the same openings."""
    first = 0
    for index in range(1, 8):
        if index == 7 or week[index] != week[first]:
            yield first, index - 1, week[first]
            first = index
