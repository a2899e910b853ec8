"""Events, sign-ups and queues in memory, on the same conditions as the table's."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from chalicelib.domain.errors import VersionRaced
from chalicelib.domain.events import Event, Way
from chalicelib.domain.queueing import Change, Count, Needs, counted, counts, entries, guards, met
from chalicelib.domain.signups import Entry, Part, SignUp
from chalicelib.services.ports import Fields, Look, Page

if TYPE_CHECKING:
    from tests.fakes import FakeTransaction, Store

T = TypeVar("T")
VERSION = 1


class FakeEvents:
    def __init__(self, store: "Store") -> None:
        self._store = store

    def look(self, event_id: str, person_ids: Iterable[str] = ()) -> Look:
        store, people = self._store, sorted(set(person_ids))

        def read() -> Look:
            return Look(
                event=store.events.get(event_id),
                signups=_found(store.signups, event_id, people),
                parties=_found(store.parties, event_id, people),
            )

        return store.call("events.look", read)

    def head(self, event_id: str, way: Way) -> Entry | None:
        return self._store.call("events.head", lambda: next(iter(self._queue(event_id, way)), None))

    def queue(self, event_id: str, way: Way, before: int | None = None) -> list[Entry]:
        def read() -> list[Entry]:
            found = self._queue(event_id, way)
            return [each for each in found if before is None or each.number < before]

        return self._store.call("events.queue", read)

    def _queue(self, event_id: str, way: Way) -> list[Entry]:
        found = sorted(self._store.queues.items())
        return [entry for key, entry in found if key[:2] == (event_id, way)]

    def lapsed(self, event_id: str, now: datetime, limit: int) -> list[str]:
        def read() -> list[str]:
            due = sorted(
                (each.lapses_at, each.person_id)
                for each in self._of(event_id)
                if each.lapses_at is not None and each.lapses_at <= now
            )
            return [person_id for _, person_id in due][:limit]

        return self._store.call("events.lapsed", read)

    def signups(self, event_id: str, limit: int, after: Fields | None) -> Page[SignUp]:
        def read() -> Page[SignUp]:
            found = sorted(self._of(event_id), key=lambda each: each.person_id)
            return _page(found, limit, after, lambda each: each.person_id)

        return self._store.call("events.signups", read)

    def by_month(
        self, month: str, first: datetime, last: datetime, limit: int, after: Fields | None
    ) -> Page[Event]:
        def read() -> Page[Event]:
            found = sorted(
                (
                    each
                    for each in self._store.events.values()
                    if f"{each.starts_at:%Y-%m}" == month and first <= each.starts_at < last
                ),
                key=lambda each: (each.starts_at, each.event_id),
            )
            return _page(
                found, limit, after, lambda each: [each.starts_at.isoformat(), each.event_id]
            )

        return self._store.call("events.by_month", read)

    def parts_of(self, person_id: str, limit: int, after: Fields | None) -> Page[Part]:
        def read() -> Page[Part]:
            found = sorted(
                (
                    Part(each.event_id, each.person_id)
                    for each in self._store.signups.values()
                    if person_id in each.person_ids
                ),
                key=lambda each: (each.event_id, each.led_by),
            )
            return _page(found, limit, after, lambda each: [each.event_id, each.led_by])

        return self._store.call("events.parts_of", read)

    def parties(self, parts: Iterable[Part]) -> list[tuple[Event, SignUp]]:
        store, wanted = self._store, sorted({(each.event_id, each.led_by) for each in parts})

        def read() -> list[tuple[Event, SignUp]]:
            return [
                (store.events[key[0]], store.signups[key])
                for key in wanted
                if key in store.signups and key[0] in store.events
            ]

        return self._store.call("events.parties", read)

    def create(self, tx: "FakeTransaction", event: Event) -> None:
        tx.add(
            _at(event.event_id, "event"),
            VERSION,
            lambda: VersionRaced() if event.event_id in self._store.events else None,
            lambda: self._store.events.__setitem__(event.event_id, event),
        )

    def save(self, tx: "FakeTransaction", before: Event, after: Event) -> None:
        def apply() -> None:
            ways = {
                way: replace(
                    self._store.events[after.event_id].ways[way],
                    limit=seats.limit,
                    most_waiting=seats.most_waiting,
                    free=self._store.events[after.event_id].ways[way].free
                    + seats.free
                    - before.ways[way].free,
                )
                for way, seats in after.ways.items()
                if way in before.ways
            }
            ways |= {way: after.ways[way] for way in set(after.ways) - set(before.ways)}
            self._store.events[after.event_id] = replace(after, ways=ways)

        tx.add(_at(after.event_id, "event"), VERSION, lambda: self._event(before, {}), apply)

    def write(
        self,
        tx: "FakeTransaction",
        event: Event,
        changes: Iterable[Change],
        needs: Mapping[Way, Needs] | None = None,
    ) -> None:
        made, wanted = list(changes), needs or {}
        self._count(tx, event, counts(made) if event.live else {}, wanted)
        for before, after in made:
            self._put(tx, before, after)
        for person_id, (old, new) in guards(made).items():
            key = (event.event_id, person_id)
            _swap(
                tx, _at(*key, "person"), self._store.parties, key, old, new, out=self._out("guard")
            )
        for was, will in entries(made).values():
            self._queue_up(tx, was, will)
        for need in wanted.values():
            if need.head is not None:
                self._stands(tx, need.head)

    def check(self, tx: "FakeTransaction", event_id: str, person_id: str, version: int) -> None:
        def found() -> Exception | None:
            stored = self._store.signups.get((event_id, person_id))
            return None if stored and stored.version == version else VersionRaced()

        tx.require(_at(event_id, f"signup#{person_id}"), VERSION, found)

    def skip(self, tx: "FakeTransaction", event: Event, entry: Entry) -> None:
        self._count(tx, event, {entry.way: Count(waiting=-entry.size, parties=-1)}, {})
        self._queue_up(tx, entry, None)

    def _count(
        self,
        tx: "FakeTransaction",
        event: Event,
        made: Mapping[Way, Count],
        needs: Mapping[Way, Needs],
    ) -> None:
        def apply() -> None:
            stored = self._store.events[event.event_id]
            ways = dict(stored.ways)
            for way in {*made, *needs}:
                ways[way] = counted(ways[way], made.get(way, Count()), needs.get(way))
            self._store.events[event.event_id] = replace(stored, ways=ways)

        tx.add(_at(event.event_id, "event"), VERSION, lambda: self._event(event, needs), apply)

    def _event(self, event: Event, needs: Mapping[Way, Needs]) -> Exception | None:
        stored = self._store.events.get(event.event_id)
        if stored is None:
            return VersionRaced()
        kept = {"event-version": stored.version == event.version}
        for way, need in needs.items():
            kept |= {f"{way}/{name}": ok for name, ok in met(stored.ways[way], need).items()}
        out = self._store.leave_out
        missed = [name for name, ok in kept.items() if not ok and name.split("/")[-1] not in out]
        return VersionRaced() if missed else None

    def _put(self, tx: "FakeTransaction", before: SignUp | None, after: SignUp) -> None:
        if before is not None and before.person_id != after.person_id:
            self._remove(tx, before)
            before = None
        key = (after.event_id, after.person_id)

        def check() -> Exception | None:
            stored = self._store.signups.get(key)
            same = (stored and stored.version) == (before and before.version)
            return None if same or self._out("signup-version") else VersionRaced()

        tx.add(
            _at(*key, "signup"), VERSION, check, lambda: self._store.signups.__setitem__(key, after)
        )

    def _remove(self, tx: "FakeTransaction", signup: SignUp) -> None:
        key, signups = (signup.event_id, signup.person_id), self._store.signups

        def check() -> Exception | None:
            stored = signups.get(key)
            same = stored is not None and stored.version == signup.version
            return None if same or self._out("signup-version") else VersionRaced()

        tx.add(_at(*key, "signup"), VERSION, check, lambda: signups.pop(key, None))

    def _queue_up(self, tx: "FakeTransaction", was: Entry | None, will: Entry | None) -> None:
        entry = was or will
        assert entry is not None
        key = (entry.event_id, entry.way, entry.number)
        _swap(tx, _at(*key), self._store.queues, key, was, will, out=self._out("entry"))

    def _stands(self, tx: "FakeTransaction", head: Entry) -> None:
        key = (head.event_id, head.way, head.number)
        tx.require(
            _at(*key),
            VERSION,
            lambda: (
                None if self._store.queues.get(key) == head or self._out("head") else VersionRaced()
            ),
        )

    def _out(self, name: str) -> bool:
        return name in self._store.leave_out

    def _of(self, event_id: str) -> list[SignUp]:
        return [each for each in self._store.signups.values() if each.event_id == event_id]


def _swap(
    tx: "FakeTransaction",
    at: tuple[str, ...],
    things: dict[Any, Any],
    key: Any,
    old: Any,
    new: Any,
    *,
    out: bool,
) -> None:
    """Put `new` where `old` is; either may be nothing."""

    def apply() -> None:
        things.pop(key, None)
        if new:
            things[key] = new

    def check() -> Exception | None:
        return None if out or things.get(key) == (old or None) else VersionRaced()

    tx.add(at, VERSION, check, apply)


def _at(*key: Any) -> tuple[str, ...]:
    return ("events", *map(str, key))


def _found(things: Mapping[tuple[str, str], T], event_id: str, people: list[str]) -> dict[str, T]:
    return {each: things[event_id, each] for each in people if (event_id, each) in things}


def _page(found: list[T], limit: int, after: Fields | None, place: Any) -> Page[T]:
    if after:
        found = [each for each in found if place(each) > after["place"]]
    more = {"place": place(found[limit - 1])} if len(found) > limit else None
    return Page(found[:limit], more)
