"""Times and names as people say them in Finnish, Swedish and English: the same on pages and in mails."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

LANGUAGES = ("fi", "sv", "en")
NEXT_BEST = ("fi", "en", "sv")
DAYS = {
    "fi": ("ma", "ti", "ke", "to", "pe", "la", "su"),
    "sv": ("mån", "tis", "ons", "tors", "fre", "lör", "sön"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
HELSINKI = {"fi": "Suomen aikaa", "sv": "finsk tid", "en": "Helsinki time"}
ELSEWHERE = {
    "fi": "aikavyöhykkeen {zone} aikaa",
    "sv": "tid i tidszonen {zone}",
    "en": "time in the zone {zone}",
}


def in_language(texts: Mapping[str, str], language: str) -> str:
    """A text in a language, or in the next best one (R-21)."""
    return texts.get(found_in(texts, language), "")


def found_in(texts: Mapping[str, str], language: str) -> str:
    """The language in which there is a text: the one asked for, or the next best."""
    return next((each for each in (language, *NEXT_BEST) if texts.get(each)), language)


class Spoken:
    """One language, and the zone in which its times are told."""

    def __init__(self, language: str, zone: ZoneInfo) -> None:
        self.language = language
        self.zone = zone

    @property
    def zone_name(self) -> str:
        """Whose time it is: Suomen aikaa."""
        if self.zone.key == "Europe/Helsinki":
            return HELSINKI[self.language]
        return ELSEWHERE[self.language].format(zone=self.zone.key)

    def clock(self, instant: datetime, day: date | None = None) -> str:
        """A time of day: 9.00, or 9:00 in English; the midnight that ends `day` is 24."""
        local = instant.astimezone(self.zone)
        hour = 24 if day and local.date() > day and not local.hour + local.minute else local.hour
        return f"{hour}{self.point}{local.minute:02d}{self.which(local)}"

    def bare_clock(self, instant: datetime) -> str:
        """A time of day as the clock on the wall shows it."""
        local = instant.astimezone(self.zone)
        return f"{local.hour}{self.point}{local.minute:02d}"

    def span(self, start: datetime, end: datetime) -> str:
        """Two times of one day: 10.00–12.00."""
        day = start.astimezone(self.zone).date()
        return f"{self.clock(start, day)}–{self.clock(end, day)}"

    def day(self, day: date, *, year: bool = False) -> str:
        """A day in short: ke 2.12. or, with the year, ke 2.12.2026."""
        name = DAYS[self.language][day.weekday()]
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
        return f"{self.at(start)} – {self._dated_end(end, ends_on)}"

    def offset(self, instant: datetime) -> str:
        """How far from UTC: UTC+2."""
        seconds = instant.astimezone(self.zone).utcoffset() or timedelta(0)
        hours = seconds.total_seconds() / 3600
        return f"UTC{hours:+g}"

    @property
    def point(self) -> str:
        """What stands between hours and minutes."""
        return ":" if self.language == "en" else "."

    def which(self, local: datetime) -> str:
        """Of a time that comes twice in a night, which one: its offset."""
        if local.utcoffset() == local.replace(fold=1 - local.fold).utcoffset():
            return ""
        return f" ({self.offset(local)})"

    def _dated(self, instant: datetime, clock: str) -> str:
        return self._joined(instant.astimezone(self.zone).date(), clock)

    def _dated_end(self, end: datetime, day: date) -> str:
        """An end at midnight belongs to the day that it ends: pe 4.12.2026 klo 24.00."""
        return self._joined(day, self.clock(end, day))

    def _joined(self, day: date, clock: str) -> str:
        joint = {"fi": " klo ", "sv": " kl. "}.get(self.language, " at ")
        return f"{self.day(day, year=True)}{joint}{clock}"
