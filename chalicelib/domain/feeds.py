"""Busy times of one thing as calendars that ask see them: when, and nothing of whom or what for."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib.domain.availability import space_masks
from chalicelib.domain.catalog import Catalog, Site
from chalicelib.domain.footprints import DayKey
from chalicelib.domain.occupancy import (
    BOOKED,
    CLOSURE,
    TENTATIVE,
    LedgerDay,
    Masks,
    Occupancy,
    has_ended,
    is_closure,
    marked,
    ranges_of,
)
from chalicelib.domain.spaces import Kind, Space
from chalicelib.domain.times import first_slot, instant_of, slot_floor

DAYS_BACK = 30
SHARED = (Kind.POOL, Kind.EQUIPMENT)  # of several units: nobody in particular makes them busy
NEVER = datetime(2026, 1, 1, tzinfo=UTC)  # of what was written before anybody noted when


@dataclass(frozen=True, slots=True)
class Entry:
    """A time that is taken. `entry_id` is the same for the same booking, and tells nothing of it."""

    entry_id: str
    starts_at: datetime
    ends_at: datetime
    reason: str  # BOOKED, TENTATIVE or CLOSURE
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Feed:
    """What is known of one thing in a window; `changed_at` is when any of it last changed."""

    space: Space
    site: Site
    starts_at: datetime
    ends_at: datetime
    entries: tuple[Entry, ...]
    busy: Masks  # bit 0 is the slot at `starts_at`
    changed_at: datetime


def window(space: Space, now: datetime) -> tuple[int, int]:
    """The slots of a feed: thirty days back and the horizon ahead, in whole UTC days."""
    today = slot_floor(now.replace(hour=0, minute=0, second=0, microsecond=0))
    return today - 96 * DAYS_BACK, today + 96 * (space.horizon_days + 2)


def feed_of(space: Space, catalog: Catalog, days: Iterable[LedgerDay], now: datetime) -> Feed:
    """The feed of a thing from the items of its calendars within the window."""
    first, last = window(space, now)
    by_key = {(day.resource_id, day.day): day for day in days}
    masks = space_masks(space, catalog, Occupancy(by_key, first, last, now))
    if space.kind in SHARED:
        entries = _of_shared(space, masks, by_key, first)
    else:
        entries = [
            *_of_holders(space, by_key, first, now),
            *_of_closures(space, catalog, first, last),
        ]
    entries.sort(key=lambda each: (each.starts_at, each.entry_id))
    return Feed(
        space,
        catalog.site,
        instant_of(first),
        instant_of(last),
        tuple(entries),
        masks,
        _changed(by_key, entries, now),
    )


def _changed(days: Mapping[DayKey, LedgerDay], entries: Iterable[Entry], now: datetime) -> datetime:
    """When any of it changed: a write, a hold that ran out, or the day by which the window moves."""
    ended = (
        datetime.fromtimestamp(until, UTC)
        for day in days.values()
        for until in day.until.values()
        if isinstance(until, int) and has_ended(until, now)
    )
    written = (day.changed_at or NEVER for day in days.values())
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return max([today, *ended, *written, *(each.changed_at for each in entries)])


def _of_holders(
    space: Space, days: Mapping[DayKey, LedgerDay], first: int, now: datetime
) -> list[Entry]:
    """An entry for each booking; what a change that waits for an answer would take is one more."""
    firm: dict[str, int] = {}
    extra: dict[str, int] = {}
    unsure: set[str] = set()
    changed: dict[str, datetime] = {}
    for day in days.values():
        offset = first_slot(day.day) - first
        for holder, bits in day.holders.items():
            until = day.until.get(holder)
            if is_closure(holder) or has_ended(until, now):
                continue
            waits = marked(day.marks[holder])[1] & bits if holder in day.marks else 0
            firm[holder] = firm.get(holder, 0) | (bits & ~waits) << offset
            extra[holder] = extra.get(holder, 0) | waits << offset
            changed[holder] = max(changed.get(holder, NEVER), day.changed_at or NEVER)
            if until is not None:
                unsure.add(holder)
    return [
        Entry(
            _entry_id(space, holder, rest, number),
            instant_of(start),
            instant_of(end),
            TENTATIVE if rest or holder in unsure else BOOKED,
            changed[holder],
        )
        for found, rest in ((firm, ""), (extra, "change"))
        for holder, bits in found.items()
        for number, (start, end) in enumerate(ranges_of(bits, first))
    ]


def _of_closures(space: Space, catalog: Catalog, first: int, last: int) -> list[Entry]:
    mine = set(catalog.resource_ids(space))
    return [
        Entry(
            _entry_id(space, closure.closure_id),
            instant_of(max(closure.first_slot, first)),
            instant_of(min(closure.last_slot, last)),
            CLOSURE,
            closure.created_at or NEVER,
        )
        for closure in catalog.closures
        if closure.live
        and mine & set(closure.resource_ids)
        and closure.first_slot < last
        and closure.last_slot > first
    ]


def _of_shared(
    space: Space, masks: Masks, days: Mapping[DayKey, LedgerDay], first: int
) -> list[Entry]:
    """The times at which nothing is left of it, known by when they begin."""
    changed: dict[str, datetime] = {}
    for day in days.values():
        changed[day.day] = max(changed.get(day.day, NEVER), day.changed_at or NEVER)
    layers = ((masks.booked | masks.buffer, BOOKED), (masks.tentative, TENTATIVE))
    return [
        Entry(
            _entry_id(space, reason, start),
            instant_of(start),
            instant_of(end),
            reason,
            changed.get(f"{instant_of(start):%Y-%m-%d}", NEVER),
        )
        for mask, reason in (*layers, (masks.closure, CLOSURE))
        for start, end in ranges_of(mask, first)
    ]


def _entry_id(space: Space, *parts: object) -> str:
    """A name of an entry in this feed, from which nothing can be found out."""
    text = "\n".join((space.space_id, *(str(part) for part in parts if part)))
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def fingerprint(feed: Feed, *said: str) -> str:
    """The same for the same feed, told in the same words; of all that a reader sees of it."""
    busy = (feed.busy.booked | feed.busy.buffer, feed.busy.tentative, feed.busy.closure)
    site, space = feed.site, feed.space
    seen = (
        (*said, space.space_id, site.host, site.address),
        (sorted(space.name.items()), sorted(site.name.items())),
        (feed.starts_at, feed.ends_at, feed.changed_at),
        feed.entries,
        [f"{mask:x}" for mask in busy],  # as decimals they would be too long for Python
    )
    return hashlib.blake2b(repr(seen).encode(), digest_size=16).hexdigest()
