"""Idempotency items: the answer to a write, kept in the same transaction as its effect."""

import json
import logging
from collections.abc import Mapping
from typing import Any

from chalicelib.adapters.dynamodb.client import Fault, attempt, read
from chalicelib.adapters.dynamodb.codec import SCHEMA, Item, plain, typed
from chalicelib.adapters.dynamodb.transaction import Rank, Transaction
from chalicelib.domain.errors import KeyUsed
from chalicelib.services.ports import Clock, KeyRecord

log = logging.getLogger(__name__)
IDEMPOTENCY = "idempotency"


class Keys:
    """Idempotency items in the table of tokens."""

    def __init__(self, client: Any, prefix: str, clock: Clock) -> None:
        self._client = client
        self._table = f"{prefix}tokens"
        self._clock = clock

    def get(self, token: str) -> KeyRecord | None:
        """One record, strongly consistent."""
        answer = read(
            self._clock,
            self._client.get_item,
            TableName=self._table,
            Key=typed({"token_hash": token}),
            ConsistentRead=True,
        )
        return record_of(plain(answer["Item"])) if "Item" in answer else None

    def put(self, tx: Transaction, record: KeyRecord, now: int) -> None:
        """KeyUsed where there is one that has not expired: TTL may be days late."""
        tx.put(
            "tokens",
            _item(record),
            ("token_hash",),
            condition="attribute_not_exists(token_hash) OR expires_at <= :now",
            values={":now": now},
            rank=Rank.KEY,
            failure=lambda _: KeyUsed(),
        )

    def amend(self, record: KeyRecord) -> None:
        """Complete a stored answer. Losing this costs a replay the completion, nothing else."""
        from botocore.exceptions import ClientError

        try:
            attempt(
                self._client.put_item,
                TableName=self._table,
                Item=typed(_item(record)),
                ConditionExpression="attempt = :attempt",
                ExpressionAttributeValues=typed({":attempt": record.attempt}),
            )
        except (Fault, ClientError) as error:
            log.warning("answer not completed", extra={"fault": str(error)})


def _item(record: KeyRecord) -> Item:
    return {
        "schema": SCHEMA,
        "token_hash": record.token,
        "kind": IDEMPOTENCY,
        "person_id": record.person_id or None,  # an index takes no empty text
        "fingerprint": record.fingerprint,
        "attempt": record.attempt,
        "answer": json.dumps(record.answer, ensure_ascii=False, separators=(",", ":")),
        "expires_at": record.expires_at,
    }


def record_of(item: Mapping[str, Any]) -> KeyRecord:
    """An idempotency item as a record."""
    return KeyRecord(
        token=item["token_hash"],
        fingerprint=item["fingerprint"],
        attempt=item["attempt"],
        answer=json.loads(item["answer"]),
        expires_at=item["expires_at"],
        person_id=item.get("person_id", ""),
    )
