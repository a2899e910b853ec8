"""What a decision needs, in one strongly consistent read over several tables."""

from collections.abc import Iterable
from typing import Any

from chalicelib.adapters.dynamodb.batch import batch_get
from chalicelib.adapters.dynamodb.bookings import booking_of
from chalicelib.adapters.dynamodb.codec import plain
from chalicelib.adapters.dynamodb.keys import record_of
from chalicelib.adapters.dynamodb.ledger import ledger_day
from chalicelib.adapters.dynamodb.people import PROFILE, QUOTA, profile_of, quota_of
from chalicelib.domain.footprints import DayKey
from chalicelib.services.ports import Clock, Snapshot


class Snapshots:
    """BatchGetItem of an idempotency key, a booking, a person with their quota, and ledger items."""

    def __init__(self, client: Any, prefix: str, clock: Clock) -> None:
        self._client = client
        self._prefix = prefix
        self._clock = clock

    def read(
        self,
        *,
        token: str | None = None,
        booking_id: str | None = None,
        person_id: str | None = None,
        days: Iterable[DayKey] = (),
    ) -> Snapshot:
        """Read all of it; what does not exist is None or not in `days`."""
        prefix = self._prefix
        keys: list[tuple[str, dict[str, str]]] = []
        if token:
            keys.append((f"{prefix}tokens", {"token_hash": token}))
        if booking_id:
            keys.append((f"{prefix}bookings", {"booking_id": booking_id}))
        if person_id:
            keys += [
                (f"{prefix}people", {"person_id": person_id, "item": item})
                for item in (QUOTA, PROFILE)
            ]
        keys += [
            (f"{prefix}ledger", {"resource_id": resource, "day": day})
            for resource, day in dict.fromkeys(days)
        ]
        record = booking = quota = profile = None
        found: dict[DayKey, Any] = {}
        for table, item in batch_get(self._client, self._clock, keys):
            kind = table.removeprefix(prefix)
            if kind == "ledger":
                day = ledger_day(item)
                found[day.resource_id, day.day] = day
            elif kind == "tokens":
                record = record_of(plain(item))
            elif kind == "bookings":
                booking = booking_of(plain(item))
            elif item["item"]["S"] == QUOTA:
                quota = quota_of(plain(item))
            else:
                profile = profile_of(plain(item))
        return Snapshot(record, booking, quota, profile, found)
