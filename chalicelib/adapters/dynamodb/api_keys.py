"""API keys in a partition of the table of people: there are few, and they are listed whole."""

import logging
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from chalicelib.adapters.dynamodb.batch import batch_get
from chalicelib.adapters.dynamodb.client import Fault, attempt
from chalicelib.adapters.dynamodb.codec import SCHEMA, Item, instant, iso, plain, typed
from chalicelib.adapters.dynamodb.people import PROFILE, profile_of, query_partition
from chalicelib.adapters.dynamodb.transaction import Transaction
from chalicelib.domain.api_keys import ApiKey
from chalicelib.domain.errors import VersionRaced
from chalicelib.domain.people import Scope
from chalicelib.domain.profiles import Profile
from chalicelib.services.ports import Clock, Fields, Page

log = logging.getLogger(__name__)
KEYS = "keys"  # the partition; the items are named for the keys' ids


class ApiKeys:
    """Keys by their ids."""

    def __init__(self, client: Any, prefix: str, clock: Clock) -> None:
        self._client = client
        self._table = f"{prefix}people"
        self._clock = clock

    def find(self, key_id: str, owner_id: str = "") -> tuple[ApiKey | None, Profile | None]:
        """A key and whose own it is, in one strongly consistent read."""
        keys = [(self._table, _place(key_id))]
        if owner_id:
            keys.append((self._table, {"person_id": owner_id, "item": PROFILE}))
        key = owner = None
        for _, found in batch_get(self._client, self._clock, keys):
            item = plain(found)
            if item["person_id"] == KEYS:
                key = _key_of(item)
            else:
                owner = profile_of(item)
        return key, owner

    def all(self, limit: int, after: Fields | None) -> Page[ApiKey]:
        """Some of all keys, strongly consistent, by their ids."""
        page = query_partition(self._client, self._clock, self._table, KEYS, limit, after)
        return Page([_key_of(item) for item in page.items], page.next)

    def create(self, tx: Transaction, key: ApiKey) -> None:
        """VersionRaced where the id is in use."""
        self._put(tx, key, "attribute_not_exists(person_id)")

    def save(self, tx: Transaction, key: ApiKey) -> None:
        """Replace the version before this one; VersionRaced where that is not there."""
        version = {"names": {"#version": "version"}, "values": {":before": key.version - 1}}
        self._put(tx, key, "#version = :before", **version)

    def use(self, key_id: str, now: datetime, noted_before: datetime) -> None:
        """Note that a key is in use. A lost note costs nobody anything."""
        from botocore.exceptions import ClientError

        try:
            attempt(
                self._client.update_item,
                TableName=self._table,
                Key=typed(_place(key_id)),
                UpdateExpression="SET used_at = :now",
                # Of many requests at once one writes.
                ConditionExpression="attribute_exists(person_id) AND "
                "(attribute_not_exists(used_at) OR used_at <= :before)",
                ExpressionAttributeValues=typed({":now": iso(now), ":before": iso(noted_before)}),
            )
        except (Fault, ClientError) as error:
            log.info("use of a key not noted", extra={"key_id": key_id, "fault": _code(error)})

    def _put(self, tx: Transaction, key: ApiKey, condition: str, **more: Any) -> None:
        tx.put(
            "people",
            _item(key),
            ("person_id", "item"),
            condition=condition,
            failure=lambda _: VersionRaced(),
            **more,
        )


def _place(key_id: str) -> dict[str, str]:
    return {"person_id": KEYS, "item": key_id}


def _code(error: Any) -> str:
    return str(getattr(error, "code", "") or error.response["Error"]["Code"])


def _item(key: ApiKey) -> Item:
    return {
        "schema": SCHEMA,
        **_place(key.key_id),
        "label": key.label,
        "scopes": [each.value for each in key.scopes],
        "digest": key.digest,
        "made_with": key.made_with,
        "created_by": key.created_by,
        "created_at": iso(key.created_at),
        "owner_id": key.owner_id,
        "owner_grants": key.owner_grants,
        "expires_on": key.expires_on.isoformat() if key.expires_on else None,
        "used_at": iso(key.used_at) if key.used_at else None,
        "revoked_at": iso(key.revoked_at) if key.revoked_at else None,
        "version": key.version,
    }


def _key_of(item: Mapping[str, Any]) -> ApiKey:
    expires_on = item.get("expires_on")
    moments = {name: instant(item[name]) for name in ("used_at", "revoked_at") if name in item}
    return ApiKey(
        key_id=item["item"],
        label=item["label"],
        scopes=tuple(Scope(each) for each in item["scopes"]),
        digest=item["digest"],
        made_with=item["made_with"],
        created_by=item["created_by"],
        created_at=instant(item["created_at"]),
        owner_id=item["owner_id"],
        owner_grants=item["owner_grants"],
        expires_on=date.fromisoformat(expires_on) if expires_on else None,
        version=item["version"],
        **moments,
    )
