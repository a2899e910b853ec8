"""Events with their counters, sign-ups, and what stands beside them so that they can be found and guarded.

An item of an event is one of these, by its sort key: `event`; `signup#<person>`; `person#<person>`, whose
party somebody is in, so that nobody is in two; `guest#<person>#<lead>`, with whom somebody comes or came along;
`waiting#<way>#<number>`, the queue in its order; and `due#<instant>#<person>`, what is over by itself, by when.
All but the first two follow from the sign-ups and are written with them, in `write` alone.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from chalicelib.adapters.dynamodb.batch import batch_get
from chalicelib.adapters.dynamodb.client import pages, read
from chalicelib.adapters.dynamodb.codec import SCHEMA, Item, iso, plain, typed
from chalicelib.adapters.dynamodb.event_expressions import Counting, edit
from chalicelib.adapters.dynamodb.event_items import (
    DUE,
    EVENT,
    PERSON,
    SIGNUP,
    SITE,
    WAITING,
    due_key,
    entry_of,
    event_item,
    event_of,
    guest_item,
    part_of,
    signup_item,
    signup_of,
    waiting_item,
    waiting_key,
)
from chalicelib.adapters.dynamodb.transaction import Rank, Transaction
from chalicelib.domain.errors import VersionRaced
from chalicelib.domain.events import Event, Way
from chalicelib.domain.queueing import Change, Count, Needs, counts, entries, guards, guests
from chalicelib.domain.signups import Entry, Part, SignUp
from chalicelib.services.ports import Clock, Fields, Look, Page

T = TypeVar("T")
KEYS = ("event_id", "item")


class Events:
    """The table `events`."""

    def __init__(self, client: Any, prefix: str, clock: Clock) -> None:
        self._client = client
        self._table = f"{prefix}events"
        self._clock = clock

    def look(self, event_id: str, person_ids: Iterable[str] = ()) -> Look:
        """An event and what some people have to do with it, strongly consistent."""
        people = sorted(set(person_ids))
        wanted = [EVENT, *(f"{kind}{each}" for each in people for kind in (SIGNUP, PERSON))]
        keys = [(self._table, _key(event_id, item)) for item in wanted]
        found = [plain(item) for _, item in batch_get(self._client, self._clock, keys)]
        items = {item["item"]: item for item in found}
        signups = {each: items.get(f"{SIGNUP}{each}") for each in people}
        parties = {each: items.get(f"{PERSON}{each}") for each in people}
        return Look(
            event=event_of(items[EVENT]) if EVENT in items else None,
            signups={each: signup_of(item) for each, item in signups.items() if item},
            parties={each: item["led_by"] for each, item in parties.items() if item},
        )

    def head(self, event_id: str, way: Way) -> Entry | None:
        """Who waits first, strongly consistent."""
        found = self._query(event_id, f"{WAITING}{way}#", limit=1)
        return entry_of(found[0]) if found else None

    def queue(self, event_id: str, way: Way, before: int | None = None) -> list[Entry]:
        """Everybody who waits, or those alone before a number, in order, strongly consistent."""
        first = f"{WAITING}{way}#"
        arguments = (
            self._beginning(event_id, first)
            if before is None
            else self._between(event_id, first, waiting_key(way, before - 1))
        )
        return [entry_of(each) for each in pages(self._clock, self._client.query, **arguments)]

    def lapsed(self, event_id: str, now: datetime, limit: int) -> list[str]:
        """Whose sign-ups are over by themselves at `now`, longest first, strongly consistent."""
        # What stands behind an instant begins with "#", and "$" is the sign after it.
        arguments = self._between(event_id, DUE, f"{DUE}{iso(now)}$") | {"Limit": limit}
        answer = read(self._clock, self._client.query, **arguments)
        return [plain(item)["led_by"] for item in answer["Items"]]

    def signups(self, event_id: str, limit: int, after: Fields | None) -> Page[SignUp]:
        """Some of an event's sign-ups, those that are over too, strongly consistent, by person."""
        arguments = self._beginning(event_id, SIGNUP) | {"Limit": limit}
        return self._page(arguments, after, signup_of)

    def by_month(
        self, month: str, first: datetime, last: datetime, limit: int, after: Fields | None
    ) -> Page[Event]:
        """Those that start in a UTC month (2026-12) and in [first, last), by start."""
        if first >= last:
            return Page([])  # BETWEEN refuses bounds that are the wrong way round
        before = last - timedelta(microseconds=1)
        arguments = {
            "TableName": self._table,
            "IndexName": "by_month",
            "KeyConditionExpression": "site_month = :month AND starts_at BETWEEN :first AND :last",
            "ExpressionAttributeValues": typed(
                {":month": f"{SITE}#{month}", ":first": iso(first), ":last": iso(before)}
            ),
            "Limit": limit,
        }
        return self._page(arguments, after, event_of)

    def parts_of(self, person_id: str, limit: int, after: Fields | None) -> Page[Part]:
        """The parties that a person leads or comes along with, those that are over too, by the index."""
        arguments = {
            "TableName": self._table,
            "IndexName": "by_person",
            "KeyConditionExpression": "person_id = :person",
            "ExpressionAttributeValues": typed({":person": person_id}),
            "Limit": limit,
        }
        return self._page(arguments, after, part_of)

    def parties(self, parts: Iterable[Part]) -> list[tuple[Event, SignUp]]:
        """Those parties that there are, each with its event, strongly consistent, in no order."""
        wanted = {(each.event_id, f"{SIGNUP}{each.led_by}") for each in parts}
        wanted |= {(event_id, EVENT) for event_id, _ in wanted}
        keys = [(self._table, _key(*each)) for each in sorted(wanted)]
        found = [plain(item) for _, item in batch_get(self._client, self._clock, keys)]
        events = {item["event_id"]: event_of(item) for item in found if item["item"] == EVENT}
        signups = [signup_of(item) for item in found if item["item"] != EVENT]
        return [(events[each.event_id], each) for each in signups if each.event_id in events]

    def create(self, tx: Transaction, event: Event) -> None:
        """VersionRaced where the id is in use."""
        tx.put(
            "events",
            event_item(event),
            KEYS,
            condition="attribute_not_exists(event_id)",
            failure=lambda _: VersionRaced(),
        )

    def save(self, tx: Transaction, before: Event, after: Event) -> None:
        """What staff edited; VersionRaced where the version is not `before`'s.

        Counters go on from where they are: of them, only `free` is moved, with the limit.
        """
        expression, names, values = edit(before, after)
        tx.update(
            "events",
            _key(after.event_id, EVENT),
            expression,
            condition="#version = :before",
            names=names,
            values=values | {":before": before.version},
            failure=lambda _: VersionRaced(),
        )

    def write(
        self,
        tx: Transaction,
        event: Event,
        changes: Iterable[Change],
        needs: Mapping[Way, Needs] | None = None,
    ) -> None:
        """Change sign-ups, and all that follows from it; those of a cancelled event leave its counters.

        VersionRaced where anything that was read is no longer so: the event's version, what is
        needed, a sign-up's version, whose party somebody is in, a place in the queue.
        """
        made, wanted = list(changes), needs or {}
        self._count(tx, event, counts(made) if event.live else {}, wanted)
        for before, after in made:
            self._put(tx, before, after)
        for person_id, (old, new) in guards(made).items():
            self._guard(tx, event.event_id, person_id, old, new)
        for was, will in entries(made).values():
            self._queue_up(tx, was, will)
        for need in wanted.values():
            if need.head is not None:
                self._stands(tx, need.head)

    def check(self, tx: Transaction, event_id: str, person_id: str, version: int) -> None:
        """VersionRaced where a sign-up has another version."""
        tx.check_version(
            "events",
            _key(event_id, f"{SIGNUP}{person_id}"),
            version,
            rank=Rank.VERSION,
            failure=lambda _: VersionRaced(),
        )

    def skip(self, tx: Transaction, event: Event, entry: Entry) -> None:
        """Take a place out of the queue that is nobody's any more; VersionRaced where it changed."""
        self._count(tx, event, {entry.way: Count(waiting=-entry.size, parties=-1)}, {})
        self._queue_up(tx, entry, None)

    def _count(
        self,
        tx: Transaction,
        event: Event,
        made: Mapping[Way, Count],
        needs: Mapping[Way, Needs],
    ) -> None:
        said = Counting(event.version)
        for way in sorted({*made, *needs}):
            said.add(way, made.get(way, Count()), needs.get(way, Needs()))
        key = _key(event.event_id, EVENT)
        how: Item = {
            "condition": " AND ".join(said.conditions),
            "names": said.names,
            "values": said.values,
            "failure": lambda _: VersionRaced(),
        }
        if said.sets:
            tx.update("events", key, f"SET {', '.join(said.sets)}", **how)
        else:
            tx.check("events", key, rank=Rank.VERSION, **how)

    def _put(self, tx: Transaction, before: SignUp | None, after: SignUp) -> None:
        if before is not None and before.person_id != after.person_id:
            self._remove(tx, before)
            before = None
        known = {":before": before.version} if before else {}
        tx.put(
            "events",
            signup_item(after),
            KEYS,
            condition="#version = :before" if before else "attribute_not_exists(event_id)",
            names={"#version": "version"} if before else {},
            values=known,
            failure=lambda _: VersionRaced(),
        )
        old, new = (due_key(each) if each else None for each in (before, after))
        if old != new:
            self._due(tx, after, old, new)
        gone, there = guests(before, after)
        for person_id in sorted(gone):
            tx.delete("events", _guest_key(after, person_id))
        for person_id in sorted(there):
            item = guest_item(after.event_id, person_id, after.person_id)
            tx.put("events", item, KEYS)

    def _remove(self, tx: Transaction, signup: SignUp) -> None:
        """What was somebody's and will be nobody's, from where it is found by who they are."""
        tx.delete(
            "events",
            _key(signup.event_id, f"{SIGNUP}{signup.person_id}"),
            condition="#version = :before",
            names={"#version": "version"},
            values={":before": signup.version},
            failure=lambda _: VersionRaced(),
        )
        if old := due_key(signup):
            self._due(tx, signup, old, None)
        for person_id in set(signup.person_ids) - {signup.person_id}:
            tx.delete("events", _guest_key(signup, person_id))

    def _due(self, tx: Transaction, signup: SignUp, old: str | None, new: str | None) -> None:
        if old:
            tx.delete("events", _key(signup.event_id, old))
        if new:
            item = {**_key(signup.event_id, new), "schema": SCHEMA, "led_by": signup.person_id}
            tx.put("events", item, KEYS)

    def _guard(self, tx: Transaction, event_id: str, person_id: str, old: str, new: str) -> None:
        key = _key(event_id, f"{PERSON}{person_id}")
        how: Item = {
            "condition": "led_by = :old" if old else "attribute_not_exists(event_id)",
            "values": {":old": old} if old else {},
            "failure": lambda _: VersionRaced(),
        }
        if new:
            tx.put("events", {**key, "schema": SCHEMA, "led_by": new}, KEYS, **how)
        else:
            tx.delete("events", key, **how)

    def _queue_up(self, tx: Transaction, was: Entry | None, will: Entry | None) -> None:
        how: Item = {
            "condition": "led_by = :was" if was else "attribute_not_exists(event_id)",
            "values": {":was": was.person_id} if was else {},
            "failure": lambda _: VersionRaced(),
        }
        if will is not None:
            tx.put("events", waiting_item(will), KEYS, **how)
        elif was is not None:
            tx.delete("events", _key(was.event_id, waiting_key(was.way, was.number)), **how)

    def _stands(self, tx: Transaction, head: Entry) -> None:
        tx.check(
            "events",
            _key(head.event_id, waiting_key(head.way, head.number)),
            condition="led_by = :head AND #size = :size",
            names={"#size": "size"},
            values={":head": head.person_id, ":size": head.size},
            rank=Rank.VERSION,
            failure=lambda _: VersionRaced(),
        )

    def _query(self, event_id: str, beginning: str, limit: int) -> list[Item]:
        arguments = self._beginning(event_id, beginning) | {"Limit": limit}
        answer = read(self._clock, self._client.query, **arguments)
        return [plain(item) for item in answer["Items"]]

    def _beginning(self, event_id: str, beginning: str) -> Item:
        return {
            "TableName": self._table,
            "ConsistentRead": True,
            "KeyConditionExpression": "event_id = :event AND begins_with(#item, :beginning)",
            "ExpressionAttributeNames": {"#item": "item"},
            "ExpressionAttributeValues": typed({":event": event_id, ":beginning": beginning}),
        }

    def _between(self, event_id: str, first: str, last: str) -> Item:
        return {
            "TableName": self._table,
            "ConsistentRead": True,
            "KeyConditionExpression": "event_id = :event AND #item BETWEEN :first AND :last",
            "ExpressionAttributeNames": {"#item": "item"},
            "ExpressionAttributeValues": typed(
                {":event": event_id, ":first": first, ":last": last}
            ),
        }

    def _page(self, arguments: Item, after: Fields | None, made: Callable[[Item], T]) -> Page[T]:
        if after:
            arguments["ExclusiveStartKey"] = typed(after)
        answer = read(self._clock, self._client.query, **arguments)
        more = answer.get("LastEvaluatedKey")
        return Page([made(plain(item)) for item in answer["Items"]], plain(more) if more else None)


def _guest_key(signup: SignUp, person_id: str) -> dict[str, str]:
    return _key(signup.event_id, guest_item("", person_id, signup.person_id)["item"])


def _key(event_id: str, item: str) -> dict[str, str]:
    return {"event_id": event_id, "item": item}
