"""The outbox: messages, and what each person was told of each subject."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any

from chalicelib.adapters.dynamodb.batch import batch_get
from chalicelib.adapters.dynamodb.bookings import SITE, booking_of
from chalicelib.adapters.dynamodb.client import pages, read
from chalicelib.adapters.dynamodb.codec import SCHEMA, Item, instant, iso, plain, typed
from chalicelib.adapters.dynamodb.event_items import EVENT, SIGNUP, event_of, signup_of
from chalicelib.adapters.dynamodb.logins import login_key, login_of
from chalicelib.adapters.dynamodb.notices import notice_key, notice_of
from chalicelib.adapters.dynamodb.people import PREFERENCES, PROFILE, SUPPRESSED, profile_of
from chalicelib.adapters.dynamodb.transaction import Transaction
from chalicelib.domain.errors import VersionRaced
from chalicelib.domain.letters import Facts, Method, Telling, Told
from chalicelib.domain.messages import Kind, Message, State
from chalicelib.services.ports import Clock, Fields, MessageContext, Page

SHARD = "0"
PAUSE = {"message_id": "pause"}
KEPT = timedelta(days=400)
INSTANTS = (
    "due_at",
    "look_at",
    "created_at",
    "expires_at",
    "lease_until",
    "marked_at",
    "settled_at",
)


class Outbox:
    """Messages in the table `outbox`."""

    def __init__(self, client: Any, prefix: str, clock: Clock) -> None:
        self._client = client
        self._prefix = prefix
        self._table = f"{prefix}outbox"
        self._clock = clock

    def get(self, message_id: str) -> Message | None:
        """One message, strongly consistent."""
        item = self._get({"message_id": message_id})
        return message_of(item) if item else None

    def put(self, tx: Transaction, message: Message) -> None:
        """A new one; VersionRaced where it is there: then all of the transaction was done before."""
        self._write(tx, message_item(message), None)

    def save(self, tx: Transaction, message: Message) -> None:
        """Replace the version before this one; VersionRaced where that is not there."""
        self._write(tx, message_item(message), message.version - 1)

    def save_told(self, tx: Transaction, told: Told) -> None:
        """As `save`, of what a person was told; version 1 is new."""
        self._write(tx, _told_item(told), told.version - 1 or None)

    def told_of(self, subjects: Iterable[str], person_id: str) -> list[Told]:
        """What a person was told of some subjects, strongly consistent, in no order."""
        ids = dict.fromkeys(told_id(subject, person_id) for subject in subjects)
        keys = [(self._table, {"message_id": each}) for each in ids]
        found = batch_get(self._client, self._clock, keys)
        return [told_of(plain(item)) for _, item in found]

    def context(self, message: Message) -> MessageContext:
        """What stands around a message, in one read."""
        found: Item = {}
        for table, item in batch_get(self._client, self._clock, self._around(message)):
            value = plain(item)
            if table == self._table:
                found[value["message_id"].partition("#")[0]] = value
            elif table.endswith("people"):
                found[value["item"]] = value
            elif table.endswith("events"):
                found["event" if value["item"] == EVENT else "signup"] = value
            else:
                found[table.removeprefix(self._prefix)] = value
        return MessageContext(
            booking=booking_of(found["bookings"]) if "bookings" in found else None,
            event=event_of(found["event"]) if "event" in found else None,
            signup=signup_of(found["signup"]) if "signup" in found else None,
            told=told_of(found["told"]) if "told" in found else None,
            suppressed=found.get(SUPPRESSED, {}).get("reason", ""),
            reminders_off=found.get(PREFERENCES, {}).get("reminders") is False,
            paused_until=instant(found["pause"]["until"]) if "pause" in found else None,
            login=login_of(found["tokens"]) if "tokens" in found else None,
            profile=profile_of(found[PROFILE]) if PROFILE in found else None,
            notice=notice_of(found["notice"]) if "notice" in found else None,
        )

    def _around(self, message: Message) -> list[tuple[str, dict[str, str]]]:
        """The keys of what stands around a message; who its person is only where it is about that."""
        kind, _, name = message.subject.partition("#")
        people = f"{self._prefix}people"
        keys = [
            (self._table, PAUSE),
            (self._table, {"message_id": told_id(message.subject, message.person_id)}),
            (people, {"person_id": message.person_id, "item": SUPPRESSED}),
            (people, {"person_id": message.person_id, "item": PREFERENCES}),
        ]
        if kind == "booking":
            keys.append((f"{self._prefix}bookings", {"booking_id": name}))
        if kind == "event":
            events = f"{self._prefix}events"
            keys += [
                (events, {"event_id": name, "item": each})
                for each in (EVENT, f"{SIGNUP}{message.person_id}")
            ]
        if message.kind is Kind.EVENT_NOTICE:
            keys.append((self._table, {"message_id": notice_key(message.rule)}))
        if kind == "login":
            keys.append((f"{self._prefix}tokens", {"token_hash": login_key(name)}))
        if kind in ("login", "person"):
            keys.append((people, {"person_id": message.person_id, "item": PROFILE}))
        return keys

    def due(self, now: datetime, limit: int) -> list[Message]:
        """What somebody has to look at by now, from the index, longest waiting first."""
        answer = read(
            self._clock,
            self._client.query,
            TableName=self._table,
            IndexName="due",
            KeyConditionExpression="#shard = :shard AND look_at <= :now",
            ExpressionAttributeNames={"#shard": "shard"},
            ExpressionAttributeValues=typed({":shard": SHARD, ":now": iso(now)}),
            Limit=limit,
        )
        return [message_of(plain(item)) for item in answer["Items"]]

    def pause(self, until: datetime | None) -> None:
        """Stop all sending until a time; None: go on."""
        if until is None:
            read(self._clock, self._client.delete_item, TableName=self._table, Key=typed(PAUSE))
            return
        item = {**PAUSE, "schema": SCHEMA, "until": iso(until)}
        read(self._clock, self._client.put_item, TableName=self._table, Item=typed(item))

    def paused_until(self) -> datetime | None:
        """Until when sending is stopped, if it is."""
        item = self._get(PAUSE)
        return instant(item["until"]) if item else None

    def by_subject(self, subject: str, limit: int, after: Fields | None) -> Page[Message]:
        """The messages about a thing, by when they are due."""
        return self._list("by_subject", "#key = :key", {":key": subject}, "subject", limit, after)

    def of_kind(self, subject: str, kind: Kind) -> list[Message]:
        """All messages of a kind about a thing, by when they are due."""
        arguments: Item = {
            "TableName": self._table,
            "IndexName": "by_subject",
            "KeyConditionExpression": "#subject = :subject",
            "FilterExpression": "#kind = :kind",
            "ExpressionAttributeNames": {"#subject": "subject", "#kind": "kind"},
            "ExpressionAttributeValues": typed({":subject": subject, ":kind": kind.value}),
        }
        return [message_of(each) for each in pages(self._clock, self._client.query, **arguments)]

    def by_person(self, person_id: str, limit: int, after: Fields | None) -> Page[Message]:
        """The messages to a person, by when they are due."""
        return self._list(
            "by_person", "#key = :key", {":key": person_id}, "person_id", limit, after
        )

    def by_month(
        self,
        month: str,
        first: datetime,
        last: datetime,
        state: str,
        limit: int,
        after: Fields | None,
    ) -> Page[Message]:
        """Those due in a UTC month (2026-12) and in [first, last), of a state or of all ("")."""
        if first >= last:
            return Page([])  # BETWEEN refuses bounds that are the wrong way round
        values = {
            ":key": f"{SITE}#{month}",
            ":first": iso(first),
            ":last": iso(last - timedelta(microseconds=1)),
        }
        condition = "#key = :key AND due_at BETWEEN :first AND :last"
        return self._list("by_month", condition, values, "site_month", limit, after, state)

    def _list(
        self,
        index: str,
        condition: str,
        values: Item,
        key: str,
        limit: int,
        after: Fields | None,
        state: str = "",
    ) -> Page[Message]:
        arguments: Item = {
            "TableName": self._table,
            "IndexName": index,
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": {"#key": key},
            "Limit": limit,
        }
        if state:
            arguments["FilterExpression"] = "#state = :state"
            arguments["ExpressionAttributeNames"]["#state"] = "state"
            values = {**values, ":state": state}
        arguments["ExpressionAttributeValues"] = typed(values)
        if after:
            arguments["ExclusiveStartKey"] = typed(after)
        answer = read(self._clock, self._client.query, **arguments)
        more = answer.get("LastEvaluatedKey")
        found = [message_of(plain(item)) for item in answer["Items"]]
        return Page(found, plain(more) if more else None)

    def _get(self, key: Mapping[str, str]) -> Item | None:
        answer = read(
            self._clock,
            self._client.get_item,
            TableName=self._table,
            Key=typed(key),
            ConsistentRead=True,
        )
        return plain(answer["Item"]) if "Item" in answer else None

    def _write(self, tx: Transaction, item: Item, before: int | None) -> None:
        new = before is None
        tx.put(
            "outbox",
            item,
            ("message_id",),
            condition="attribute_not_exists(message_id)" if new else "#version = :before",
            names={} if new else {"#version": "version"},
            values={} if new else {":before": before},
            failure=lambda _: VersionRaced(),
        )


def message_item(message: Message) -> Item:
    """A message as an item; only those that somebody has to look at stand in the index `due`."""
    item = {each.name: getattr(message, each.name) for each in fields(Message)}
    for name in INSTANTS:
        item[name] = iso(item[name]) if item[name] else None
    return {
        **item,
        "schema": SCHEMA,
        "kind": message.kind.value,
        "state": message.state.value,
        "shard": SHARD if message.look_at else None,
        "site_month": f"{SITE}#{message.due_at:%Y-%m}",
        "remove_at": int((message.due_at + KEPT).timestamp()),
    }


def message_of(item: Mapping[str, Any]) -> Message:
    """The opposite of `message_item`; attributes of a newer schema are left alone."""
    known = {each.name: item[each.name] for each in fields(Message) if each.name in item}
    times = {name: instant(item[name]) if item.get(name) else None for name in INSTANTS}
    return Message(**{**known, **times, "kind": Kind(item["kind"]), "state": State(item["state"])})


def told_id(subject: str, person_id: str) -> str:
    return f"told#{subject}#{person_id}"


def _told_item(told: Told) -> Item:
    return {
        "schema": SCHEMA,
        "message_id": told_id(told.subject, told.person_id),
        "told": _telling_item(told.told),
        "telling": _telling_item(told.telling),
        "told_of": told.subject,  # not `subject`: it is not to stand in the lists of messages
        "told_to": told.person_id,
        "version": told.version,
    }


def told_of(item: Mapping[str, Any]) -> Told:
    return Told(
        subject=item["told_of"],
        person_id=item["told_to"],
        told=_telling_of(item.get("told")),
        telling=_telling_of(item.get("telling")),
        version=item["version"],
    )


def _telling_item(telling: Telling | None) -> Item | None:
    if telling is None:
        return None
    facts = telling.facts
    return {
        "message_id": telling.message_id,
        "sequence": telling.sequence,
        "method": telling.method.value if telling.method else None,
        "facts": {
            **asdict(facts),
            "starts_at": iso(facts.starts_at),
            "ends_at": iso(facts.ends_at),
            "space_ids": list(facts.space_ids),
            "equipment": dict(facts.equipment),
        },
    }


def _telling_of(item: Mapping[str, Any] | None) -> Telling | None:
    if item is None:
        return None
    facts = item["facts"]
    return Telling(
        item["message_id"],
        Facts(
            starts_at=instant(facts["starts_at"]),
            ends_at=instant(facts["ends_at"]),
            space_ids=tuple(facts["space_ids"]),
            units=facts["units"],
            equipment=dict(facts["equipment"]),
            facilitator=facts.get("facilitator"),
            place=facts.get("place", ""),
        ),
        item["sequence"],
        Method(item["method"]) if item.get("method") else None,
    )
