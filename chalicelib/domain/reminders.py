"""When reminders go out: days in wall time, hours in elapsed time, and never at night."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from chalicelib.domain.times import plus_days

RULES = ("P1D", "PT1H")  # before the start, as ISO 8601 writes durations
QUIET_FROM, QUIET_TO = time(20), time(7)
LAST_MINUTE = time(19, 59)
TOO_LATE = timedelta(minutes=10)  # before the start a reminder is of no use any more


def reminder_due(rule: str, starts_at: datetime, zone: ZoneInfo) -> datetime:
    """When the reminder of a rule is due: out of the quiet hours, earlier and never later."""
    amount = int(rule.strip("PTDH"))
    if rule.endswith("D"):
        due = plus_days(starts_at, -amount, zone)
    else:
        due = starts_at - timedelta(hours=amount)
    local = due.astimezone(zone)
    if QUIET_TO <= local.time() < QUIET_FROM:
        return due
    evening = local.date() if local.time() >= QUIET_FROM else local.date() - timedelta(days=1)
    return datetime.combine(evening, LAST_MINUTE, zone).astimezone(starts_at.tzinfo)


def reminders_ahead(
    starts_at: datetime, zone: ZoneInfo, now: datetime, rules: Iterable[str] = RULES
) -> list[tuple[str, datetime]]:
    """The rules whose reminder is still to come, with when: what is past is not made up for."""
    found = [(rule, reminder_due(rule, starts_at, zone)) for rule in rules]
    return [(rule, due) for rule, due in found if due > now]
