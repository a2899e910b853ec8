"""Lists that an index has by the month, read as one: a page may begin in one month and end in another."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from chalicelib.services.ports import Fields, Page

T = TypeVar("T")
Read = Callable[[str, int, Fields | None], Page[T]]  # a month, how many at most, and after which


def between(first: datetime, last: datetime) -> list[str]:
    """The UTC months that [first, last] touches, as 2026-12."""
    day, months = first.date().replace(day=1), []
    while day <= last.date():
        months.append(f"{day:%Y-%m}")
        day = (day + timedelta(days=32)).replace(day=1)
    return months


def page(
    months: list[str],
    limit: int,
    after: Fields | None,
    read: Read[T],
    fits: Callable[[T], bool] = lambda _: True,
) -> Page[T]:
    """At most `limit` of what fits, month by month, after the place that an earlier page named."""
    month = after["month"] if after else months[0]
    place = after["place"] if after else None
    found: list[T] = []
    while True:
        part = read(month, limit - len(found), place)
        found += filter(fits, part.items)
        place = part.next
        if place is None:
            if month == months[-1]:
                return Page(found)
            month = months[months.index(month) + 1]
        if len(found) >= limit:
            return Page(found, {"month": month, "place": place})
