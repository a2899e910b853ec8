"""How much of the Lab one person, or one organisation, may have: bookings at once, and hours in a week."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chalicelib.domain.catalog import Site
from chalicelib.domain.domains import domain_of
from chalicelib.domain.errors import Problem
from chalicelib.domain.people import normalised
from chalicelib.domain.times import local_date, midnight

Span = tuple[int, int]  # of a booking, in epoch seconds
LONGEST_SECONDS = (
    8 * 24 * 3600
)  # of what is counted by weeks: whatever is longer breaks other rules


@dataclass(frozen=True, slots=True)
class Limit:
    """What somebody may have; None is no limit. `quota` names it among the problems."""

    live: int | None = None
    hours: int | None = None  # in an ISO week of the site's zone
    quota: str = ""

    @property
    def set(self) -> bool:
        """Whether there is anything to keep to."""
        return self.live is not None or self.hours is not None


@dataclass(frozen=True, slots=True)
class Use:
    """How much of something is used, and of how much (None: no limit)."""

    used: int
    limit: int | None


@dataclass(frozen=True, slots=True)
class Share:
    """What somebody has: live bookings, and minutes by ISO week (2026-W49)."""

    live: Use
    weeks: Mapping[str, Use]


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands, and the organisation that they count for where that has a limit."""

    person: Share
    organisation: Share | None = None


def limit_of_person(site: Site) -> Limit:
    """What a person may have."""
    return Limit(site.live_bookings, site.hours_per_week)


def limit_of_organisation(site: Site) -> Limit:
    """What all the people of an organisation may have together."""
    live, hours = site.organisation_live_bookings, site.organisation_hours_per_week
    return Limit(live, hours, "organisation")


def organisation_of(email: str, site: Site, now: datetime) -> str:
    """The domain that an address counts for: the one that allows it, or a partner's own."""
    found = domain_of(email, site.allowed_domains, local_date(now, site.zone))
    return found.domain if found else normalised(email).rpartition("@")[2]


def organisation_id_of(email: str, site: Site, now: datetime) -> str:
    """The id of an address's organisation: a keyed digest, as a person's is."""
    name, key = organisation_of(email, site, now), site.salt.encode()[:64]
    return f"o_{hashlib.blake2b(name.encode(), key=key, digest_size=16).hexdigest()}"


def week_of(instant: datetime, site: Site) -> str:
    """The ISO week of the site's zone that an instant lies in, as 2026-W53."""
    year, week, _ = local_date(instant, site.zone).isocalendar()
    return f"{year}-W{week:02d}"


def minutes_by_week(span: Span, site: Site) -> dict[str, int]:
    """The elapsed minutes of a span in each ISO week that it touches."""
    return {week: (end - start) // 60 for week, start, end in _pieces(span, site)}


def over(span: Span, now: datetime, site: Site) -> bool:
    """Whether the last week of a span is over: it counts for nothing any more."""
    return _of(span[1]) <= _monday(now, site)


def broken(
    wanted: Span,
    had: Span | None,
    others: Iterable[Span],
    limit: Limit,
    now: datetime,
    site: Site,
) -> list[Problem]:
    """The quotas that a booking would break beside the others that somebody has.

    With `had`, what it takes now, only what is gained is judged: it is live already, and hours are
    counted in the weeks where there would be more of them.
    """
    spans = list(others)
    named = {"quota": limit.quota} if limit.quota else {}
    found = []
    live = _live(spans, now)
    if limit.live is not None and had is None and live >= limit.live:
        found.append(Problem("quota-exceeded", "", {**named, "limit": limit.live, "used": live}))
    if limit.hours is None or wanted[1] - wanted[0] > LONGEST_SECONDS:
        return found
    before = minutes_by_week(had, site) if had else {}
    used = _minutes(spans, site)
    for week, minutes in minutes_by_week(wanted, site).items():
        if minutes > before.get(week, 0) and used[week] + minutes > limit.hours * 60:
            params = {
                "quota": "-".join(filter(None, (limit.quota, "hours"))),
                "limit": limit.hours,
                "used": timedelta(minutes=used[week]),
                "week": int(week[-2:]),
            }
            found.append(Problem("quota-exceeded", "", params))
    return found


def share_of(spans: Iterable[Span], limit: Limit, now: datetime, site: Site) -> Share:
    """What somebody has now, in this week and in the next."""
    counted = list(spans)
    used = _minutes(counted, site)
    monday = _monday(now, site)
    weeks = [week_of(now, site), week_of(_next_monday(monday, site), site)]
    most = None if limit.hours is None else limit.hours * 60
    return Share(
        Use(_live(counted, now), limit.live), {week: Use(used[week], most) for week in weeks}
    )


def _live(spans: Iterable[Span], now: datetime) -> int:
    """A booking counts until its end, its cleanup does not."""
    return sum(end > now.timestamp() for _, end in spans)


def _minutes(spans: Iterable[Span], site: Site) -> Counter[str]:
    total: Counter[str] = Counter()
    for span in spans:
        total.update(minutes_by_week(span, site))
    return total


def _pieces(span: Span, site: Site) -> Iterator[tuple[str, int, int]]:
    start, end = span
    while start < end:
        instant = _of(start)
        following = int(_next_monday(_monday(instant, site), site).timestamp())
        yield week_of(instant, site), start, min(end, following)
        start = following


def _monday(instant: datetime, site: Site) -> datetime:
    """The beginning of an instant's ISO week."""
    day = local_date(instant, site.zone)
    return midnight(day - timedelta(days=day.weekday()), site.zone)


def _next_monday(monday: datetime, site: Site) -> datetime:
    return midnight(local_date(monday, site.zone) + timedelta(days=7), site.zone)


def _of(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
