"""The ports in memory, with a clock that is set by hand.

A transaction checks all its conditions and then applies all its writes, or raises the error of the
first that fails in data.md's order. Every storage call goes through `Store.call`, where a test can
stop it, count it, or let the process "die" before or after it.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from chalicelib.adapters import markdown
from chalicelib.bootstrap import Calendars, Sheets, picture_of_code
from chalicelib.domain.api_keys import ApiKey
from chalicelib.domain.audit import Entry
from chalicelib.domain.bookings import Booking, Until
from chalicelib.domain.catalog import Catalog, Site
from chalicelib.domain.closures import Closure
from chalicelib.domain.erasures import Erasure
from chalicelib.domain.errors import (
    Broken,
    KeyUsed,
    SettingsChanged,
    SlotTaken,
    VersionRaced,
    refuse,
)
from chalicelib.domain.events import Event, Way
from chalicelib.domain.footprints import DayKey, Footprint, bits_by_day
from chalicelib.domain.holds import Holds
from chalicelib.domain.letters import Told
from chalicelib.domain.logins import Login, Session
from chalicelib.domain.messages import Message
from chalicelib.domain.notices import Notice
from chalicelib.domain.occupancy import LedgerDay
from chalicelib.domain.private_feeds import PrivateFeed
from chalicelib.domain.profiles import Profile
from chalicelib.domain.retention import Night
from chalicelib.domain.signups import Entry as QueueEntry
from chalicelib.domain.signups import SignUp
from chalicelib.domain.spaces import Space
from chalicelib.domain.times import first_slot
from chalicelib.services.availability import iso_week
from chalicelib.services.catalog_cache import CatalogCache
from chalicelib.services.ports import Fields, KeyRecord, Page, Ports, Quota, Snapshot
from tests.fake_access import FakeApiKeys, FakeFeeds, FakeHolds, FakeLimits, FakeLogins, FakePeople
from tests.fake_events import FakeEvents
from tests.fake_keeping import FakeKeeping
from tests.fake_messages import (
    FakeAudiences,
    FakeNotices,
    FakeOutbox,
    FakePost,
    FakeQueue,
    FakeSecrets,
    Mail,
    plain_letter,
    plain_preview,
)

T = TypeVar("T")
MOST_ACTIONS = 100
KEY, VERSION, SETTINGS, QUOTA, LEDGER = range(5)


@dataclass
class Store:
    """What is stored, and every call to it."""

    bookings: dict[str, Booking] = field(default_factory=dict)
    spaces: dict[str, Space] = field(default_factory=dict)
    closures: dict[str, Closure] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)
    signups: dict[tuple[str, str], SignUp] = field(default_factory=dict)  # by event and person
    parties: dict[tuple[str, str], str] = field(default_factory=dict)  # who leads whose
    queues: dict[tuple[str, Way, int], QueueEntry] = field(default_factory=dict)
    site: Site = Site(version=0)  # never written
    revision: int = 0
    ledger: dict[DayKey, LedgerDay] = field(default_factory=dict)
    records: dict[str, KeyRecord] = field(default_factory=dict)
    quotas: dict[str, Quota] = field(default_factory=dict)
    api_keys: dict[str, ApiKey] = field(default_factory=dict)
    profiles: dict[str, Profile] = field(default_factory=dict)
    standing: set[str] = field(default_factory=set)  # who has a role or an invitation
    admins: set[str] = field(default_factory=set)
    logins: dict[str, Login] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    feeds: dict[str, PrivateFeed] = field(default_factory=dict)  # by digest
    feed_lists: dict[str, int] = field(default_factory=dict)  # the version of each person's
    erasures: dict[str, Erasure] = field(default_factory=dict)
    night: Night | None = None  # of the work of a night
    counters: dict[str, int] = field(default_factory=dict)
    holds: dict[str, Holds] = field(default_factory=dict)
    audit: list[dict[str, Any]] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    told: dict[str, Told] = field(default_factory=dict)
    notices: dict[str, Notice] = field(default_factory=dict)
    audiences: dict[str, tuple[int, list[str]]] = field(default_factory=dict)  # revision, people
    suppressed: dict[str, str] = field(default_factory=dict)
    reminders_off: set[str] = field(default_factory=set)
    came: dict[str, datetime] = field(default_factory=dict)  # traces of events without names
    paused_until: datetime | None = None
    queue: list[str] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    refuse_mail: Callable[[Mail], None] = lambda mail: None  # raise what a carrier says to it
    lose_answer: Callable[[Mail], None] = lambda mail: None  # the same, after it took the mail
    calls: list[str] = field(default_factory=list)
    before: Callable[[str], None] = lambda name: None
    after: Callable[[str], None] = lambda name: None
    leave_out: frozenset[str] = frozenset()  # conditions to forget: what a broken store would
    found: Any = None  # what the last call found, for who looks on
    torn: bool = False  # whether others may write between the items of one read: BatchGetItem does

    def call(self, name: str, action: Callable[[], T]) -> T:
        """One storage call."""
        self.before(name)
        self.calls.append(name)
        found = self.found = action()
        self.after(name)
        return found


class FakeClock:
    """A clock that stands still until it is told otherwise; ids count up."""

    def __init__(self, now: datetime | None = None) -> None:
        self.time = now or datetime(2026, 12, 1, 7, 0, tzinfo=UTC)
        self._numbers = itertools.count(1)
        self.waited = 0.0
        self._deadline = math.inf

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.waited

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        outer = self._deadline
        self._deadline = min(outer, self.waited + seconds)
        try:
            yield
        finally:
            self._deadline = outer

    def deadline(self) -> float:
        return self._deadline

    def pause(self, attempt: int) -> None:
        self.waited += 0.01 * attempt

    def new_id(self, prefix: str) -> str:
        return f"{prefix}_{next(self._numbers):06d}"

    def forward(self, **delta: float) -> None:
        self.time += timedelta(**delta)


@dataclass
class _Action:
    key: tuple[str, ...]
    rank: int
    check: Callable[[], Exception | None]
    apply: Callable[[], None]


class FakeTransaction:
    """Actions, one an item, as DynamoDB has them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.actions: dict[tuple[str, ...], _Action] = {}

    def add(
        self,
        key: tuple[str, ...],
        rank: int,
        check: Callable[[], Exception | None],
        apply: Callable[[], None],
    ) -> None:
        if key in self.actions:
            raise Broken(f"two actions on {key}")
        self.actions[key] = _Action(key, rank, check, apply)

    def require(
        self, key: tuple[str, ...], rank: int, check: Callable[[], Exception | None]
    ) -> None:
        if key not in self.actions:
            self.add(key, rank, check, lambda: None)

    def commit(self) -> None:
        if len(self.actions) > MOST_ACTIONS:
            raise refuse("too-long", "/end", minutes=None)
        self.store.call("commit", self._commit)

    def _commit(self) -> None:
        failed = [
            (action.rank, number, error)
            for number, action in enumerate(self.actions.values())
            if (error := action.check()) is not None
        ]
        if failed:
            raise min(failed, key=lambda each: each[:2])[2]
        for action in self.actions.values():
            action.apply()


class FakeSnapshots:
    def __init__(self, store: Store) -> None:
        self._store = store

    def read(
        self,
        *,
        token: str | None = None,
        booking_id: str | None = None,
        person_id: str | None = None,
        organisation_id: str | None = None,
        holds: Iterable[str] = (),
        days: Iterable[DayKey] = (),
    ) -> Snapshot:
        keys, places = list(days), list(holds)
        store = self._store

        def take(things: Mapping[Any, T], wanted: list[Any]) -> dict[Any, T]:
            return {key: things[key] for key in wanted if key in things}

        def part(things: Mapping[Any, T], wanted: list[Any]) -> dict[Any, T]:
            return store.call("snapshot", lambda: take(things, wanted)) if wanted else {}

        if not store.torn:
            return store.call(
                "snapshot",
                lambda: Snapshot(
                    record=store.records.get(token or ""),
                    booking=store.bookings.get(booking_id or ""),
                    quota=store.quotas.get(person_id or ""),
                    profile=store.profiles.get(person_id or ""),
                    organisation=store.quotas.get(organisation_id or ""),
                    holds=take(store.holds, places),
                    days=take(store.ledger, keys),
                ),
            )
        records = part(store.records, [token] if token else [])
        bookings = part(store.bookings, [booking_id] if booking_id else [])
        quotas = part(store.quotas, [person_id] if person_id else [])
        profiles = part(store.profiles, [person_id] if person_id else [])
        organisations = part(store.quotas, [organisation_id] if organisation_id else [])
        held: dict[str, Holds] = {}
        for place in places:
            held |= part(store.holds, [place])
        found: dict[DayKey, LedgerDay] = {}
        for key in keys:
            found |= part(store.ledger, [key])
        return Snapshot(
            record=next(iter(records.values()), None),
            booking=next(iter(bookings.values()), None),
            quota=next(iter(quotas.values()), None),
            profile=next(iter(profiles.values()), None),
            organisation=next(iter(organisations.values()), None),
            holds=held,
            days=found,
        )


class FakeLedger:
    def __init__(self, store: Store, clock: FakeClock) -> None:
        self._store = store
        self._clock = clock

    def move(
        self,
        tx: FakeTransaction,
        holder: str,
        old: Footprint,
        new: Footprint,
        until: Until = None,
        marks: Mapping[DayKey, str] | None = None,
    ) -> None:
        before, after = bits_by_day(old), bits_by_day(new)
        for key in sorted({*before, *after}):
            had, has = before.get(key, 0), after.get(key, 0)
            mark = (marks or {}).get(key)
            tx.add(
                ("ledger", *key),
                LEDGER,
                lambda key=key, had=had, has=has: self._check(key, holder, had, has),
                lambda key=key, had=had, has=has, mark=mark: self._apply(
                    key, holder, had, has, until if has else None, mark
                ),
            )

    def _check(self, key: DayKey, holder: str, had: int, has: int) -> Exception | None:
        day = self._store.ledger.get(key) or LedgerDay(*key)
        gained, released = has & ~had, had & ~has
        if "released" not in self._store.leave_out and released & ~day.holders.get(holder, 0):
            return Broken(f"{holder} does not hold its slots of {key}")
        if "gained" in self._store.leave_out:
            return None
        holders = {each for each, bits in day.holders.items() if bits & gained}
        return SlotTaken(holders) if holders else None

    def _apply(
        self, key: DayKey, holder: str, had: int, has: int, until: Until, mark: str | None
    ) -> None:
        day = self._store.ledger.get(key) or LedgerDay(*key)
        # A slot has one holder: writing it takes it from whoever had it.
        gained = has & ~had
        holders = {each: bits & ~gained for each, bits in day.holders.items()}
        holders[holder] = (holders.get(holder, 0) | gained) & ~(had & ~has)
        notes = {"until": dict(day.until), "marks": dict(day.marks)}
        for name, value in (("until", until), ("marks", mark)):
            notes[name].pop(holder, None)
            if value is not None:
                notes[name][holder] = value
        self._store.ledger[key] = LedgerDay(
            *key,
            {each: bits for each, bits in holders.items() if bits},
            **notes,
            changed_at=self._clock.now(),
        )

    def resource_days(self, resource_id: str, first_day: str) -> list[LedgerDay]:
        return self._store.call(
            "ledger.resource_days",
            lambda: [
                day
                for key, day in sorted(self._store.ledger.items())
                if key[0] == resource_id and key[1] >= first_day
            ],
        )

    def week(self, week: str, first_day: str = "0000", last_day: str = "9999") -> list[LedgerDay]:
        return self._store.call(
            "ledger.week",
            lambda: [
                day
                for key, day in sorted(self._store.ledger.items())
                if iso_week(key[1]) == week and first_day <= key[1] <= last_day
            ],
        )

    def all_days(self) -> Iterable[LedgerDay]:
        return self._store.call("ledger.all_days", lambda: list(self._store.ledger.values()))


class FakeBookings:
    def __init__(self, store: Store, clock: FakeClock) -> None:
        self._store = store
        self._clock = clock

    def get(self, booking_id: str) -> Booking | None:
        return self._store.call("bookings.get", lambda: self._store.bookings.get(booking_id))

    def get_many(self, booking_ids: Iterable[str]) -> list[Booking]:
        wanted = sorted(set(booking_ids))
        return self._store.call(
            "bookings.get_many",
            lambda: [self._store.bookings[key] for key in wanted if key in self._store.bookings],
        )

    def create(self, tx: FakeTransaction, booking: Booking) -> None:
        self._write(tx, booking, None)

    def save(self, tx: FakeTransaction, booking: Booking) -> None:
        self._write(tx, booking, booking.version - 1)

    def check(self, tx: FakeTransaction, booking_id: str, version: int | None) -> None:
        tx.require(("bookings", booking_id), VERSION, lambda: self._version(booking_id, version))

    def _version(self, booking_id: str, version: int | None) -> Exception | None:
        present = self._store.bookings.get(booking_id)
        return None if (present and present.version) == version else VersionRaced()

    def _write(self, tx: FakeTransaction, booking: Booking, before: int | None) -> None:
        def check() -> Exception | None:
            if before is not None and "version" in self._store.leave_out:
                return None
            return self._version(booking.booking_id, before)

        tx.add(
            ("bookings", booking.booking_id),
            VERSION,
            check,
            lambda: self._store.bookings.__setitem__(
                booking.booking_id, replace(booking, changed_at=self._clock.now())
            ),
        )

    def due(self, now: datetime, limit: int) -> list[str]:
        return self._store.call(
            "bookings.due",
            lambda: [
                booking.booking_id
                for booking in sorted(
                    (each for each in self._store.bookings.values() if each.due_at),
                    key=lambda each: (each.due_at, each.booking_id),
                )
                if booking.due_at and booking.due_at <= now
            ][:limit],
        )

    def by_month(
        self, month: str, first: datetime, last: datetime, limit: int, after: Fields | None
    ) -> Page[Booking]:
        return self._list(
            lambda each: f"{each.starts_at:%Y-%m}" == month, first, last, limit, after
        )

    def by_person(
        self, person_id: str, first: datetime, last: datetime, limit: int, after: Fields | None
    ) -> Page[Booking]:
        return self._list(lambda each: each.person_id == person_id, first, last, limit, after)

    def _list(
        self,
        wanted: Callable[[Booking], bool],
        first: datetime,
        last: datetime,
        limit: int,
        after: Fields | None,
    ) -> Page[Booking]:
        def read() -> Page[Booking]:
            def place(each: Booking) -> tuple[str, str]:
                return (each.starts_at.isoformat(), each.booking_id)

            found = sorted(
                (
                    each
                    for each in self._store.bookings.values()
                    if wanted(each) and first <= each.starts_at < last
                ),
                key=place,
            )
            if after:
                mark = (after["starts_at"], after["booking_id"])
                found = [each for each in found if place(each) > mark]
            page = found[:limit]
            more = None
            if len(found) > limit:
                starts_at, booking_id = place(page[-1])
                more = {"starts_at": starts_at, "booking_id": booking_id}
            return Page(page, more)

        return self._store.call("bookings.list", read)

    def all(self) -> Iterable[Booking]:
        return self._store.call("bookings.all", lambda: list(self._store.bookings.values()))


class FakeCatalogStore:
    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self) -> Catalog:
        store = self._store
        return store.call(
            "catalog.load",
            lambda: Catalog(
                store.site, dict(store.spaces), tuple(store.closures.values()), store.revision
            ),
        )

    def revision(self) -> int:
        return self._store.call("catalog.revision", lambda: self._store.revision)

    def check(self, tx: FakeTransaction, versions: Mapping[str, int]) -> None:
        for space_id, version in sorted(versions.items()):
            tx.require(
                ("catalog", "space", space_id),
                SETTINGS,
                lambda space_id=space_id, version=version: self._stands(space_id, version),
            )

    def _stands(self, space_id: str, version: int) -> Exception | None:
        if "settings" in self._store.leave_out:
            return None
        space = self._store.spaces.get(space_id)
        return None if space and space.version == version else SettingsChanged()

    def check_closure(self, tx: FakeTransaction, closure_id: str, version: int | None) -> None:
        def stands() -> Exception | None:
            present = self._store.closures.get(closure_id)
            return None if (present and present.version) == version else VersionRaced()

        tx.require(("catalog", "closure", closure_id), VERSION, stands)

    def create_space(self, tx: FakeTransaction, space: Space) -> None:
        self._save(tx, "space", self._store.spaces, space.space_id, space, None)

    def save_space(self, tx: FakeTransaction, space: Space) -> None:
        self._save(tx, "space", self._store.spaces, space.space_id, space, space.version - 1)

    def save_site(self, tx: FakeTransaction, site: Site) -> None:
        tx.add(
            ("catalog", "site", "site"),
            VERSION,
            lambda: None if self._store.site.version == site.version - 1 else VersionRaced(),
            lambda: setattr(self._store, "site", site),
        )
        self._raise_revision(tx)

    def closure(self, closure_id: str) -> Closure | None:
        return self._store.call("catalog.closure", lambda: self._store.closures.get(closure_id))

    def create_closure(self, tx: FakeTransaction, closure: Closure) -> None:
        self._save(tx, "closure", self._store.closures, closure.closure_id, closure, None)

    def save_closure(self, tx: FakeTransaction, closure: Closure) -> None:
        before = closure.version - 1
        self._save(tx, "closure", self._store.closures, closure.closure_id, closure, before)

    def _save(
        self,
        tx: FakeTransaction,
        kind: str,
        things: dict[str, Any],
        key: str,
        thing: Any,
        before: int | None,
    ) -> None:
        def check() -> Exception | None:
            present = things.get(key)
            return None if (present and present.version) == before else VersionRaced()

        tx.add(("catalog", kind, key), VERSION, check, lambda: things.__setitem__(key, thing))
        self._raise_revision(tx)

    def _raise_revision(self, tx: FakeTransaction) -> None:
        def apply() -> None:
            self._store.revision += 1

        tx.add(("catalog", "site", "revision"), VERSION, lambda: None, apply)


class FakeKeys:
    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, token: str) -> KeyRecord | None:
        return self._store.call("keys.get", lambda: self._store.records.get(token))

    def put(self, tx: FakeTransaction, record: KeyRecord, now: int) -> None:
        def check() -> Exception | None:
            present = self._store.records.get(record.token)
            return KeyUsed() if present and present.expires_at > now else None

        def apply() -> None:
            self._store.records[record.token] = deepcopy(record)

        tx.add(("tokens", record.token), KEY, check, apply)

    def amend(self, record: KeyRecord) -> None:
        def amend() -> None:
            present = self._store.records.get(record.token)
            if present and present.attempt == record.attempt:
                self._store.records[record.token] = deepcopy(record)

        self._store.call("keys.amend", amend)


class FakeAudit:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._numbers = itertools.count(1)

    def add(
        self,
        tx: FakeTransaction,
        *,
        subject: str,
        actor: str,
        action: str,
        at: datetime,
        **more: Any,
    ) -> None:
        entry = {"subject": subject, "actor": actor, "action": action, "at": at, **more}
        key = ("audit", subject, str(next(self._numbers)))
        tx.add(key, VERSION, lambda: None, lambda: self._store.audit.append(entry))

    def by_subject(
        self, subject: str, first: datetime, last: datetime, limit: int, after: Fields | None
    ) -> Page[Entry]:
        return self._list("subject", subject, first, last, limit, after)

    def by_actor(
        self, actor: str, first: datetime, last: datetime, limit: int, after: Fields | None
    ) -> Page[Entry]:
        return self._list("actor", actor, first, last, limit, after)

    def of_person(self, subject: str, person_id: str) -> list[Entry]:
        def read() -> list[Entry]:
            found = [
                (entry["at"], number)
                for number, entry in enumerate(self._store.audit)
                if (entry["subject"], entry.get("person_id")) == (subject, person_id)
            ]
            return [self._entry(number) for _, number in sorted(found, reverse=True)]

        return self._store.call("audit.of_person", read)

    def _list(
        self,
        name: str,
        value: str,
        first: datetime,
        last: datetime,
        limit: int,
        after: Fields | None,
    ) -> Page[Entry]:
        def read() -> Page[Entry]:
            numbered = enumerate(self._store.audit)
            found = sorted(
                ((entry["at"], number) for number, entry in numbered if entry[name] == value),
                reverse=True,
            )
            found = [each for each in found if first <= each[0] < last]
            if after:
                found = [each for each in found if [each[0].isoformat(), each[1]] < after["place"]]
            page = [self._entry(number) for _, number in found[:limit]]
            at, number = found[limit - 1] if len(found) > limit else (None, 0)
            return Page(page, {"place": [at.isoformat(), number]} if at else None)

        return self._store.call("audit.list", read)

    def _entry(self, number: int) -> Entry:
        entry = dict(self._store.audit[number])
        own = {name: entry.pop(name) for name in ("subject", "actor", "action", "at")}
        return Entry(**own, more=entry)


def memory_ports(store: Store | None = None, clock: FakeClock | None = None) -> Ports:
    """Ports over a store in memory. Two over one store are two workers: each caches settings itself."""
    store = store or Store()
    clock = clock or FakeClock()
    catalog = FakeCatalogStore(store)
    return Ports(
        begin=lambda: FakeTransaction(store),
        snapshots=FakeSnapshots(store),
        ledger=FakeLedger(store, clock),
        bookings=FakeBookings(store, clock),
        events=FakeEvents(store),
        catalog=catalog,
        keys=FakeKeys(store),
        people=FakePeople(store),
        api_keys=FakeApiKeys(store),
        logins=FakeLogins(store),
        feeds=FakeFeeds(store),
        keeping=FakeKeeping(store),
        limits=FakeLimits(store),
        holds=FakeHolds(store),
        audit=FakeAudit(store),
        clock=clock,
        settings=CatalogCache(catalog, clock),
        outbox=FakeOutbox(store),
        queue=FakeQueue(store),
        post=FakePost(store),
        secrets=FakeSecrets(),
        notices=FakeNotices(store, clock),
        audiences=FakeAudiences(store),
        calendars=Calendars(),
        markdown=markdown,
        sheets=Sheets(),
        qr=picture_of_code,
        render=plain_letter,
        preview=plain_preview,
    )


def slots_of_day(day: str) -> range:
    """The slot numbers of a UTC day."""
    return range(first_slot(day), first_slot(day) + 96)
