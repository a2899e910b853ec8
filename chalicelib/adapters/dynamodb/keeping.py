"""Everything that is kept, walked over page by page, and removed when its time has come."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from chalicelib.adapters.dynamodb.bookings import booking_of
from chalicelib.adapters.dynamodb.client import read
from chalicelib.adapters.dynamodb.codec import SCHEMA, Item, instant, iso, plain, typed
from chalicelib.adapters.dynamodb.notices import notice_key, notice_of
from chalicelib.adapters.dynamodb.outbox import PAUSE, message_of, told_id, told_of
from chalicelib.adapters.dynamodb.people import PROFILE, QUOTA, profile_of, quota_of
from chalicelib.adapters.dynamodb.transaction import Rank, Transaction
from chalicelib.domain.bookings import Booking
from chalicelib.domain.erasures import Erasure, Step
from chalicelib.domain.errors import VersionRaced
from chalicelib.domain.letters import Told
from chalicelib.domain.messages import Message
from chalicelib.domain.notices import Notice
from chalicelib.domain.retention import CAME, Night, Token, Trace
from chalicelib.services.ports import Clock, Fields, Page

T = TypeVar("T")
ERASURES, RETENTION = "erasures", "retention"  # partitions of their own among the persons
NIGHT = {"person_id": RETENTION, "item": "night"}
# What says that somebody was about: not that their calendar program asks again and again.
SEEN = ("at", "created_at", "logged_in_at")


class Keeping:
    """Scans, and deletions on condition."""

    def __init__(self, client: Any, prefix: str, clock: Clock) -> None:
        self._client = client
        self._prefix = prefix
        self._clock = clock

    def bookings(self, limit: int, after: Fields | None) -> Page[Booking]:
        """Some of all bookings."""
        return self._scan("bookings", booking_of, limit, after)

    def messages(self, limit: int, after: Fields | None) -> Page[Message | Told | Notice]:
        """Some of all messages, of what people were told, and of notices."""
        page = self._scan("outbox", lambda item: item, limit, after)
        found = [item for item in page.items if item["message_id"] != PAUSE["message_id"]]
        return Page([_of_the_outbox(item) for item in found], page.next)

    def tokens(self, limit: int, after: Fields | None) -> Page[Token]:
        """Some of all sessions, proofs, answers and counters."""
        return self._scan("tokens", _token_of, limit, after)

    def traces(self, limit: int, after: Fields | None) -> Page[Trace]:
        """Some of what is kept under all persons."""
        return self._scan("people", _trace_of, limit, after)

    def traces_of(self, person_id: str) -> list[Trace]:
        """Everything that is kept under a person."""
        return [_trace_of(item) for item in self._partition(person_id)]

    def tokens_of(self, person_id: str) -> list[Token]:
        """A person's sessions, proofs and answers, by the index."""
        return [
            _token_of(item)
            for item in self._query(
                TableName=f"{self._prefix}tokens",
                IndexName="by_person",
                KeyConditionExpression="person_id = :person",
                ExpressionAttributeValues=typed({":person": person_id}),
            )
        ]

    def remove_message(self, tx: Transaction, message: Message) -> None:
        """VersionRaced where it has another version."""
        _delete(tx, "outbox", {"message_id": message.message_id}, message.version)

    def remove_notice(self, tx: Transaction, notice_id: str) -> None:
        """The words of a notice, if they are there."""
        tx.delete("outbox", {"message_id": notice_key(notice_id)})

    def remove_told(self, tx: Transaction, subject: str, person_id: str) -> None:
        """What somebody was told of a subject."""
        tx.delete("outbox", {"message_id": told_id(subject, person_id)})

    def remove_token(self, tx: Transaction, token: Token) -> None:
        """VersionRaced where there is another in its place."""
        tx.delete(
            "tokens",
            {"token_hash": token.token_hash},
            condition="attribute_not_exists(token_hash) OR expires_at = :seen",
            values={":seen": token.expires_at},
            failure=lambda _: VersionRaced(),
        )

    def note_came(self, tx: Transaction, person_id: str, at: datetime) -> None:
        """Until when an event was that a person signed up for and is named in no more."""
        item = {"person_id": person_id, "item": CAME, "schema": SCHEMA, "at": iso(at)}
        tx.put("people", item, ("person_id", "item"))

    def remove_trace(self, tx: Transaction, trace: Trace) -> None:
        """One thing of a person's; VersionRaced where it has another version."""
        _delete(tx, "people", {"person_id": trace.person_id, "item": trace.item}, trace.version)

    def erasure(self, person_id: str) -> Erasure | None:
        """Whether somebody is being forgotten, or was not long ago."""
        item = self._get({"person_id": ERASURES, "item": person_id})
        return _erasure_of(item) if item else None

    def erasures(self) -> list[Erasure]:
        """All of those."""
        return [_erasure_of(item) for item in self._partition(ERASURES)]

    def save_erasure(self, tx: Transaction, erasure: Erasure) -> None:
        """Replace the version before this one, or write version 1; VersionRaced otherwise."""
        _put(tx, _erasure_item(erasure), erasure.version)

    def check_erasing(self, tx: Transaction, person_id: str) -> None:
        """VersionRaced where somebody is not being forgotten, or not any more."""
        tx.check(
            "people",
            {"person_id": ERASURES, "item": person_id},
            condition="attribute_exists(person_id) AND attribute_not_exists(done_at)",
            names={},
            values={},
            rank=Rank.VERSION,
            failure=lambda _: VersionRaced(),
        )

    def remove_erasure(self, tx: Transaction, erasure: Erasure) -> None:
        """VersionRaced where it has another version."""
        _delete(tx, "people", {"person_id": ERASURES, "item": erasure.person_id}, erasure.version)

    def night(self) -> Night | None:
        """How far the night's work has come."""
        item = self._get(NIGHT)
        return _night_of(item) if item else None

    def save_night(self, tx: Transaction, night: Night) -> None:
        """As `save_erasure`."""
        _put(tx, _night_item(night), night.version)

    def _scan(
        self, table: str, thing_of: Callable[[Item], T], limit: int, after: Fields | None
    ) -> Page[T]:
        arguments: Item = {"TableName": self._prefix + table, "Limit": limit}
        if after:
            arguments["ExclusiveStartKey"] = typed(after)
        answer = read(self._clock, self._client.scan, ConsistentRead=True, **arguments)
        more = answer.get("LastEvaluatedKey")
        found = [thing_of(plain(item)) for item in answer["Items"]]
        return Page(found, plain(more) if more else None)

    def _partition(self, person_id: str) -> list[Item]:
        return self._query(
            TableName=f"{self._prefix}people",
            KeyConditionExpression="person_id = :person",
            ExpressionAttributeValues=typed({":person": person_id}),
            ConsistentRead=True,
        )

    def _query(self, **arguments: Any) -> list[Item]:
        found: list[Item] = []
        while True:
            answer = read(self._clock, self._client.query, **arguments)
            found += [plain(item) for item in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                return found
            arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _get(self, key: Mapping[str, str]) -> Item | None:
        answer = read(
            self._clock,
            self._client.get_item,
            TableName=f"{self._prefix}people",
            Key=typed(key),
            ConsistentRead=True,
        )
        return plain(answer["Item"]) if "Item" in answer else None


def _delete(tx: Transaction, table: str, key: Mapping[str, str], version: int | None) -> None:
    if version is None:
        tx.delete(table, key)
        return
    tx.delete(
        table,
        key,
        condition=f"attribute_not_exists({next(iter(key))}) OR #version = :version",
        names={"#version": "version"},
        values={":version": version},
        failure=lambda _: VersionRaced(),
    )


def _put(tx: Transaction, item: Item, version: int) -> None:
    first = version == 1
    tx.put(
        "people",
        {**item, "schema": SCHEMA, "version": version},
        ("person_id", "item"),
        condition="attribute_not_exists(person_id)" if first else "#version = :before",
        names=None if first else {"#version": "version"},
        values=None if first else {":before": version - 1},
        failure=lambda _: VersionRaced(),
    )


def _of_the_outbox(item: Mapping[str, Any]) -> Message | Told | Notice:
    if "told_of" in item:
        return told_of(item)
    return notice_of(item) if "notice_of" in item else message_of(item)


def _token_of(item: Mapping[str, Any]) -> Token:
    expires_at = item.get("expires_at")
    return Token(item["token_hash"], item.get("kind", ""), item.get("person_id", ""), expires_at)


def _trace_of(item: Mapping[str, Any]) -> Trace:
    moments = [instant(item[name]) for name in SEEN if item.get(name)]
    if item["item"] == QUOTA:
        ends = [end for _, end in quota_of(item).bookings.values()]
        moments += [datetime.fromtimestamp(max(ends), UTC)] if ends else []
    return Trace(
        item["person_id"],
        item["item"],
        last=max(moments, default=None),
        profile=profile_of(item) if item["item"] == PROFILE else None,
        version=item.get("version"),
    )


def _erasure_item(erasure: Erasure) -> Item:
    return {
        "person_id": ERASURES,
        "item": erasure.person_id,
        "begun_at": iso(erasure.begun_at),
        "left": [step.value for step in erasure.left],
        "done_at": iso(erasure.done_at) if erasure.done_at else None,
    }


def _erasure_of(item: Mapping[str, Any]) -> Erasure:
    return Erasure(
        person_id=item["item"],
        begun_at=instant(item["begun_at"]),
        left=tuple(Step(each) for each in item["left"]),
        done_at=instant(item["done_at"]) if item.get("done_at") else None,
        version=item["version"],
    )


def _night_item(night: Night) -> Item:
    return {
        **NIGHT,
        "day": night.day.isoformat(),
        "as_of": iso(night.as_of),
        "stage": night.stage,
        "cursor": dict(night.cursor) if night.cursor else None,
        "counts": dict(night.counts),
        "overdue": night.overdue,
        "last_overdue": night.last_overdue,
        "finished_at": iso(night.finished_at) if night.finished_at else None,
    }


def _night_of(item: Mapping[str, Any]) -> Night:
    return Night(
        day=date.fromisoformat(item["day"]),
        as_of=instant(item["as_of"]),
        stage=item["stage"],
        cursor=item.get("cursor"),
        counts=item["counts"],
        overdue=item["overdue"],
        last_overdue=item["last_overdue"],
        finished_at=instant(item["finished_at"]) if item.get("finished_at") else None,
        version=item["version"],
    )
