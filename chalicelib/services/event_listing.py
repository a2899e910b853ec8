"""Lists of events, from the index, month by month and a page at a time."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.errors import NotFound
from chalicelib.domain.event_feeds import AHEAD, BACK, EventFeed
from chalicelib.domain.events import LONGEST, Event, State, Way
from chalicelib.services import months
from chalicelib.services.availability import check_range
from chalicelib.services.ports import Fields, Page, Ports

BATCH = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events; `free`: those that somebody could still have a seat at."""

    starts_at: datetime
    ends_at: datetime
    state: State | None = None
    way: Way | None = None
    space_id: str | None = None
    free: bool = False
    drafts: bool = False  # for staff's eyes


def overlapping(ports: Ports, wanted: Wanted, limit: int, after: Fields | None) -> Page[Event]:
    """The events that overlap a range, by start, at most `limit` of them.

    Refused with `range-too-long` and what else `check_range` refuses.
    """
    check_range(wanted.starts_at, wanted.ends_at, ports.settings.get())
    now = ports.clock.now()
    first = wanted.starts_at - LONGEST

    def read(month: str, most: int, place: Fields | None) -> Page[Event]:
        return ports.events.by_month(month, first, wanted.ends_at, most, place)

    within = months.between(first, wanted.ends_at)
    return months.page(within, limit, after, read, lambda each: _fits(each, wanted, now))


def feed(ports: Ports) -> EventFeed:
    """What everybody may see of a month back and a year ahead, by start: a query for each month."""
    catalog, now = ports.settings.recent(), ports.clock.now()
    first, last = now - BACK, now + AHEAD
    found: list[Event] = []
    for month in months.between(first - LONGEST, last):
        after: Fields | None = None
        while True:
            page = ports.events.by_month(month, first - LONGEST, last, BATCH, after)
            found += (each for each in page.items if each.public and each.ends_at > first)
            after = page.next
            if after is None:
                break
    return EventFeed(tuple(found), catalog.site, catalog.spaces)


def feed_of(ports: Ports, event_id: str) -> EventFeed:
    """One event that everybody may see. NotFound as `public`."""
    catalog = ports.settings.recent()
    return EventFeed((public(ports, event_id),), catalog.site, catalog.spaces)


def public(ports: Ports, event_id: str) -> Event:
    """An event that everybody may see, as it is now. NotFound for a draft, as for what there is not."""
    event = ports.events.look(event_id).event
    if event is None or not event.public:
        raise NotFound
    return event


def of_staff(ports: Ports, event_id: str) -> Event:
    """An event as it is now, a draft too."""
    event = ports.events.look(event_id).event
    if event is None:
        raise NotFound
    return event


def _fits(event: Event, wanted: Wanted, now: datetime) -> bool:
    ways = event.ways if wanted.way is None else {wanted.way} & set(event.ways)
    return (
        event.ends_at > wanted.starts_at
        and (wanted.drafts or event.public)
        and wanted.state in (None, event.state)
        and wanted.space_id in (None, event.programme.space_id)
        and bool(ways)
        and (
            not wanted.free
            or (event.open_at(now) and any(event.ways[way].to_be_had > 0 for way in ways))
        )
    )
