"""The audit log: appended to in the transactions that it tells of, never changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.adapters.dynamodb.client import pages, read
from chalicelib.adapters.dynamodb.codec import SCHEMA, Item, instant, iso, plain, typed
from chalicelib.adapters.dynamodb.transaction import Transaction
from chalicelib.domain.audit import Entry
from chalicelib.domain.errors import Broken
from chalicelib.services.ports import Clock, Fields, Page

OWN = ("schema", "subject", "actor", "action", "at")


class Audit:
    """Entries by subject and time, and by actor and time."""

    def __init__(self, client: Any, prefix: str, clock: Clock) -> None:
        self._client = client
        self._table = f"{prefix}audit"
        self._clock = clock

    def add(
        self, tx: Transaction, *, subject: str, actor: str, action: str, at: datetime, **more: Any
    ) -> None:
        """Append an entry: ids and names of fields, never personal values."""
        entry = {
            "schema": SCHEMA,
            "subject": subject,
            # Two entries of one microsecond must not be one.
            "at": f"{iso(at)}#{self._clock.new_id('e')}",
            "actor": actor,
            "action": action,
            **more,
        }
        tx.put(
            "audit",
            entry,
            ("subject", "at"),
            condition="attribute_not_exists(subject)",
            failure=lambda _: Broken("an entry of the audit log is there"),
        )

    def by_subject(
        self, subject: str, first: datetime, last: datetime, limit: int, after: Fields | None
    ) -> Page[Entry]:
        """What was done to something in [first, last), newest first, strongly consistent."""
        return self._list("subject", subject, first, last, limit, after, ConsistentRead=True)

    def by_actor(
        self, actor: str, first: datetime, last: datetime, limit: int, after: Fields | None
    ) -> Page[Entry]:
        """What somebody did in [first, last), newest first, by the index."""
        return self._list("actor", actor, first, last, limit, after, IndexName="by_actor")

    def of_person(self, subject: str, person_id: str) -> list[Entry]:
        """What was done to a person's part in something, newest first, strongly consistent.

        All of the subject is read: of an event with a thousand sign-ups, a request or two.
        """
        found = pages(
            self._clock,
            self._client.query,
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="#subject = :subject",
            FilterExpression="person_id = :person",
            ExpressionAttributeNames={"#subject": "subject"},
            ExpressionAttributeValues=typed({":subject": subject, ":person": person_id}),
            ScanIndexForward=False,
        )
        return [entry_of(item) for item in found]

    def _list(
        self,
        attribute: str,
        value: str,
        first: datetime,
        last: datetime,
        limit: int,
        after: Fields | None,
        **how: Any,
    ) -> Page[Entry]:
        if first >= last:
            return Page([])  # BETWEEN refuses bounds that are the wrong way round
        if after:
            how["ExclusiveStartKey"] = typed(after)
        answer = read(
            self._clock,
            self._client.query,
            TableName=self._table,
            # What stands behind the time sorts after it alone, so `last` itself is not in it.
            KeyConditionExpression="#key = :key AND #at BETWEEN :first AND :last",
            ExpressionAttributeNames={"#key": attribute, "#at": "at"},
            ExpressionAttributeValues=typed(
                {":key": value, ":first": iso(first), ":last": iso(last)}
            ),
            ScanIndexForward=False,
            Limit=limit,
            **how,
        )
        more = answer.get("LastEvaluatedKey")
        found = [entry_of(plain(item)) for item in answer["Items"]]
        return Page(found, plain(more) if more else None)


def entry_of(item: Mapping[str, Any]) -> Entry:
    """An item as an entry."""
    more: Item = {name: value for name, value in item.items() if name not in OWN}
    at = instant(item["at"].partition("#")[0])
    return Entry(item["subject"], item["actor"], item["action"], at, more)
