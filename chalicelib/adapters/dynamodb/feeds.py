"""Secret addresses in the table of people: under their digests, to be found, and under whose they are.

Both items are written and removed together. A third one counts the changes of a person's list, so that
two requests at once cannot both add the last that is allowed.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.adapters.dynamodb.client import pages, read
from chalicelib.adapters.dynamodb.codec import SCHEMA, Item, instant, iso, plain, typed
from chalicelib.adapters.dynamodb.transaction import Transaction
from chalicelib.domain.errors import VersionRaced
from chalicelib.domain.private_feeds import PrivateFeed
from chalicelib.services.ports import Clock

FEED, FEEDS = "feed", "feeds"


class Feeds:
    """Addresses by digest and by person."""

    def __init__(self, client: Any, prefix: str, clock: Clock) -> None:
        self._client = client
        self._table = f"{prefix}people"
        self._clock = clock

    def find(self, token_hash: str) -> PrivateFeed | None:
        """One, strongly consistent: what was revoked is gone at once."""
        answer = read(
            self._clock,
            self._client.get_item,
            TableName=self._table,
            Key=typed(_by_digest(token_hash)),
            ConsistentRead=True,
        )
        return _feed_of(plain(answer["Item"])) if "Item" in answer else None

    def of_person(self, person_id: str) -> tuple[list[PrivateFeed], int]:
        """A person's, and the version of their list, strongly consistent."""
        found: list[PrivateFeed] = []
        version = 0
        for item in pages(
            self._clock,
            self._client.query,
            TableName=self._table,
            KeyConditionExpression="person_id = :person AND begins_with(#item, :feed)",
            ExpressionAttributeNames={"#item": "item"},
            ExpressionAttributeValues=typed({":person": person_id, ":feed": FEED}),
            ConsistentRead=True,
        ):
            if item["item"] == FEEDS:
                version = item["version"]
            else:
                found.append(_feed_of(item))
        return found, version

    def add(self, tx: Transaction, feed: PrivateFeed, version: int) -> None:
        """VersionRaced where the list has another version."""
        for key in (_by_digest(feed.token_hash), _of_owner(feed)):
            tx.put("people", {**_item(feed), **key}, ("person_id", "item"))
        tx.put(
            "people",
            {
                "schema": SCHEMA,
                "person_id": feed.person_id,
                "item": FEEDS,
                "version": version + 1,
            },
            ("person_id", "item"),
            condition="#version = :before" if version else "attribute_not_exists(person_id)",
            names={"#version": "version"} if version else None,
            values={":before": version} if version else None,
            failure=lambda _: VersionRaced(),
        )

    def remove(self, tx: Transaction, feed: PrivateFeed) -> None:
        """An address, if it is there."""
        for key in (_by_digest(feed.token_hash), _of_owner(feed)):
            tx.delete("people", key)

    def note_read(self, tx: Transaction, feed: PrivateFeed, at: datetime) -> None:
        """When it was last read; VersionRaced where it was revoked meanwhile."""
        for key in (_by_digest(feed.token_hash), _of_owner(feed)):
            tx.update(
                "people",
                key,
                "SET read_at = :at",
                condition="attribute_exists(person_id)",
                values={":at": iso(at)},
                failure=lambda _: VersionRaced(),
            )


def _by_digest(token_hash: str) -> dict[str, str]:
    return {"person_id": f"{FEED}#{token_hash}", "item": FEED}


def _of_owner(feed: PrivateFeed) -> dict[str, str]:
    return {"person_id": feed.person_id, "item": f"{FEED}#{feed.feed_id}"}


def _item(feed: PrivateFeed) -> Item:
    return {
        "schema": SCHEMA,
        "feed_id": feed.feed_id,
        "owner_id": feed.person_id,
        "token_hash": feed.token_hash,
        "made_with": feed.made_with,
        "language": feed.language,
        "label": feed.label,
        "created_at": iso(feed.created_at),
        "read_at": iso(feed.read_at) if feed.read_at else None,
    }


def _feed_of(item: Mapping[str, Any]) -> PrivateFeed:
    return PrivateFeed(
        feed_id=item["feed_id"],
        person_id=item["owner_id"],
        token_hash=item["token_hash"],
        made_with=item["made_with"],
        language=item["language"],
        created_at=instant(item["created_at"]),
        label=item["label"],
        read_at=instant(item["read_at"]) if item.get("read_at") else None,
    )
