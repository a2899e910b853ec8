"""Instants, slots and local times: the only place that turns one into another.

An instant is an aware datetime in UTC. A slot is the number of a quarter of an hour since 1970 in
UTC, so that no change of summer time or of tzdata ever moves one. Intervals are half-open.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

SLOT_MINUTES = 15
SLOT_SECONDS = SLOT_MINUTES * 60
SLOTS_A_DAY = 96
FIRST_YEAR, LAST_YEAR = 2000, 2199  # no zone's offset can push these outside what datetime holds


class UnknownLocalTime(ValueError):
    """A local time that does not exist, or exists twice; `candidates` are the instants it may mean."""

    def __init__(self, code: str, candidates: tuple[datetime, ...]) -> None:
        self.code = code
        self.candidates = candidates
        super().__init__(code)


def slot_floor(instant: datetime) -> int:
    """The slot that `instant` lies in."""
    return int(instant.timestamp() // SLOT_SECONDS)


def slot_ceil(instant: datetime) -> int:
    """The first slot that begins at `instant` or later."""
    return -int(-instant.timestamp() // SLOT_SECONDS)


@lru_cache(maxsize=8192)
def instant_of(slot: int) -> datetime:
    """The beginning of a slot."""
    return datetime.fromtimestamp(slot * SLOT_SECONDS, UTC)


def slots_of(minutes: int) -> int:
    """How many slots `minutes` need, a begun one included."""
    return -(-minutes // SLOT_MINUTES)


def day_of(slot: int) -> str:
    """The UTC day of a slot, as 2026-12-02."""
    return (date(1970, 1, 1) + timedelta(days=slot // SLOTS_A_DAY)).isoformat()


def first_slot(day: str) -> int:
    """The number of the slot t00 of a UTC day."""
    return (date.fromisoformat(day) - date(1970, 1, 1)).days * SLOTS_A_DAY


def days_between(first: int, last: int) -> list[str]:
    """The UTC days that the slots [first, last) touch."""
    return [
        day_of(number * SLOTS_A_DAY)
        for number in range(first // SLOTS_A_DAY, -(-last // SLOTS_A_DAY))
    ]


@lru_cache(maxsize=8192)
def wall(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """The instant of a wall-clock time, minutes after the midnight of `day` (24:00 is 1440).

    A time that the clock skips counts from before the change, as RFC 5545 (3.3.5) has it; one that
    comes twice is the first.
    """
    day += timedelta(days=minutes // 1440)
    hour, minute = divmod(minutes % 1440, 60)
    return datetime.combine(day, time(hour, minute), zone).astimezone(UTC)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The beginning of a local day."""
    return wall(day, 0, zone)


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """The local day that an instant lies in."""
    return instant.astimezone(zone).date()


def plus_days(instant: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The same wall-clock time so many days on (nominal days: 23 to 25 hours each)."""
    moved = instant.astimezone(zone).replace(tzinfo=None) + timedelta(days=days)
    return moved.replace(tzinfo=zone).astimezone(UTC)


def shifted(instant: datetime, first: datetime, second: datetime, zone: ZoneInfo) -> datetime:
    """What stands to `second` as `instant` does to `first`, on the wall-clock; a skipped time as in `wall`."""
    was, is_now, then = (
        each.astimezone(zone).replace(tzinfo=None) for each in (first, second, instant)
    )
    return (then + (is_now - was)).replace(tzinfo=zone).astimezone(UTC)


def in_zone(naive: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a local time.

    Raises UnknownLocalTime, with the candidates, for a time that the clock skips or shows twice.
    """
    first, second = (naive.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return first
    back = first.astimezone(zone).replace(tzinfo=None)
    code = "ambiguous-local-time" if back == naive else "nonexistent-local-time"
    raise UnknownLocalTime(code, tuple(sorted((first, second))))


def parse(text: str, zone: ZoneInfo) -> datetime:
    """RFC 3339, with an offset or without one (then local), as an instant; a date is its midnight.

    Raises ValueError for anything else, and UnknownLocalTime as `in_zone` does.
    """
    if len(text) == 10:
        day = date.fromisoformat(text)
        _check_year(day.year)
        return midnight(day, zone)
    if len(text) < 16 or text[10] not in "Tt " or text[4] != "-":
        raise ValueError(text)
    read = datetime.fromisoformat(text.replace("t", "T").replace("z", "Z"))
    _check_year(read.year)
    if read.tzinfo is None:
        return in_zone(read, zone)
    return read.astimezone(UTC)


def _check_year(year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"year {year}")
