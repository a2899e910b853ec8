"""The audit log: appended to in the transactions that it tells of, never changed."""

from datetime import datetime
from typing import Any

from chalicelib.adapters.dynamodb.codec import SCHEMA, iso
from chalicelib.adapters.dynamodb.transaction import Transaction
from chalicelib.services.ports import Clock


class Audit:
    """Entries by subject and time."""

    def __init__(self, clock: Clock) -> None:
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
        tx.put("audit", entry, ("subject", "at"))
