"""Asking those who were at an event how it was: whom, and when.

It is asked of a day: the messages are named after the day on which the event ended. So whoever
edits the event afterwards asks nobody twice, and one that was moved to another day is another thing to ask of.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from chalicelib.domain.attendance import arrivals
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.days_off import SATURDAY, is_working_day
from chalicelib.domain.events import Event, Way
from chalicelib.domain.signups import SignUp, State
from chalicelib.domain.times import local_date, wall

ASKED_WITHIN = timedelta(days=7)  # after the end: of a form that comes later nobody is told
GOOD_FOR = timedelta(days=3)  # after it was due, should mails not go out
MORNING = 9 * 60  # minutes after midnight
LONGEST = 10  # days that are looked at: Christmas takes five
DAY = timedelta(days=1)


def day_of(event: Event, zone: ZoneInfo) -> str:
    """The local day on which an event ends (2027-01-20); what ends at midnight ends on the day before."""
    return local_date(event.ends_at - timedelta.resolution, zone).isoformat()


def feedback_due(event: Event, catalog: Catalog, now: datetime) -> datetime:
    """When its people are asked: on the first working morning after its day, and after `now`.

    If the Lab is closed for long, on the first from Monday to Friday: by then they would have forgotten.
    """
    zone = catalog.site.zone
    ended = local_date(event.ends_at - timedelta.resolution, zone)
    first = max(ended + DAY, local_date(now, zone))
    days = [first + number * DAY for number in range(LONGEST)]
    ahead = [each for each in days if each.weekday() < SATURDAY and wall(each, MORNING, zone) > now]
    day = next((each for each in ahead if is_working_day(each, catalog)), ahead[0])
    return wall(day, MORNING, zone)


def unasked(event: Event, day: str, zone: ZoneInfo) -> str:
    """Why nobody is asked of a day of an event any more; "" where they are."""
    if not event.live:
        return event.state.value
    if not event.programme.feedback_link:
        return "no-link"
    return "" if day_of(event, zone) == day else "moved"


def counted_ways(signups: Iterable[SignUp]) -> frozenset[Way]:
    """In which ways somebody was checked in: only of those it is known who was there."""
    return frozenset(each.way for each in signups if _came(each))


def was_there(signup: SignUp, counted: frozenset[Way]) -> bool:
    """Whether a party came, or had a seat where nobody was checked in."""
    return signup.state is State.CONFIRMED and (_came(signup) or signup.way not in counted)


def _came(signup: SignUp) -> bool:
    return any(arrivals(signup))
