"""Dates from a rule (RFC 5545, 3.3.10), on the wall-clock: what is at nine stays at nine."""

import re
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from chalicelib.domain.errors import refuse
from chalicelib.domain.times import parse

MOST = 52  # dates of a rule, the first included
FARTHEST = timedelta(days=3 * 366)  # no date of a rule is later: some rules have none at all
PARTS = re.compile(r"[A-Z]+=[A-Z0-9,+-]+(;[A-Z]+=[A-Z0-9,+-]+)*")
KNOWN = {"INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST"}
OFTEN = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")


def dates(rule: str, starts_at: datetime, length: timedelta, zone: ZoneInfo) -> list[datetime]:
    """The later starts of what begins at `starts_at` and lasts `length`, by the wall-clock of `zone`.

    COUNT counts the first. A start that the clock skips is as long after midnight as it would have been.
    Refused at /rrule: `invalid-request`, `series-empty`, `series-too-long` (also for a rule without an
    end), `series-overlaps-itself`.
    """
    parts = _parts(rule)
    first = starts_at.astimezone(zone).replace(tzinfo=None)
    count, until = _end(parts, first, zone)
    starts = [each for each in _expanded(parts, first, until, count) if each > first]
    if not starts:
        raise refuse("series-empty", "/rrule")
    if len(starts) >= MOST:
        raise refuse("series-too-long", "/rrule", most=MOST)
    if any(later - each < length for each, later in zip([first, *starts], starts, strict=False)):
        raise refuse("series-overlaps-itself", "/rrule")
    return [each.replace(tzinfo=zone).astimezone(starts_at.tzinfo) for each in starts]


def _parts(rule: str) -> dict[str, str]:
    text = rule.upper().removeprefix("RRULE:")
    pairs = [each.split("=") for each in text.split(";")] if PARTS.fullmatch(text) else []
    parts = dict(pairs)
    if parts.pop("FREQ", None) not in OFTEN or set(parts) - KNOWN or len(parts) + 1 != len(pairs):
        raise refuse("invalid-request", "/rrule", why="rrule")
    if not re.fullmatch("[1-9][0-9]{0,2}", parts.get("INTERVAL", "1")):
        raise refuse("invalid-request", "/rrule", why="rrule")
    return {"FREQ": dict(pairs)["FREQ"], **parts}


def _end(parts: dict[str, str], first: datetime, zone: ZoneInfo) -> tuple[int, datetime]:
    """How many there may be, and until when; takes both out of the rule, which names one of them."""
    count, until = parts.pop("COUNT", None), parts.pop("UNTIL", None)
    if (count is None) == (until is None):
        raise refuse("series-too-long" if count is None else "invalid-request", "/rrule", most=MOST)
    farthest = first + FARTHEST
    try:
        if until is None:
            return min(int(count or 0), MOST + 1), farthest
        return MOST + 1, min(_until(until, zone), farthest)
    except ValueError as error:
        raise refuse("invalid-request", "/rrule", why="rrule") from error


def _until(text: str, zone: ZoneInfo) -> datetime:
    """The last moment as a local time: of a date, its end. Raises ValueError."""
    day = f"{text[:4]}-{text[4:6]}-{text[6:8]}"
    if len(text) == 8:
        return datetime.fromisoformat(f"{day}T23:59:59")
    clock = f"{text[9:11]}:{text[11:13]}:{text[13:15]}"
    instant = parse(f"{day}T{clock}{'Z' if text.endswith('Z') else ''}", zone)
    return instant.astimezone(zone).replace(tzinfo=None)


def _expanded(
    parts: dict[str, str], first: datetime, until: datetime, count: int
) -> list[datetime]:
    from dateutil.rrule import rrulestr

    text = ";".join(f"{name}={value}" for name, value in parts.items())
    text += f";UNTIL={until:%Y%m%dT%H%M%S}"
    try:
        return list(islice(rrulestr(text, dtstart=first), count))
    except (ValueError, TypeError, IndexError) as error:
        raise refuse("invalid-request", "/rrule", why="rrule") from error
