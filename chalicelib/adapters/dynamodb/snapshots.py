"""What a decision needs, in one strongly consistent read over several tables."""

from collections.abc import Iterable, Iterator
from typing import Any

from chalicelib.adapters.dynamodb.batch import batch_get
from chalicelib.adapters.dynamodb.bookings import booking_of
from chalicelib.adapters.dynamodb.codec import Item, plain
from chalicelib.adapters.dynamodb.holds import holds_of
from chalicelib.adapters.dynamodb.keys import record_of
from chalicelib.adapters.dynamodb.ledger import ledger_day
from chalicelib.adapters.dynamodb.people import PROFILE, QUOTA, profile_of, quota_of
from chalicelib.domain.footprints import DayKey
from chalicelib.services.ports import Clock, Snapshot

Key = tuple[str, dict[str, str]]  # a table, and the key of an item in it


class Snapshots:
    """BatchGetItem of an idempotency key, a booking, a person, quotas, holds, and ledger items."""

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
        organisation_id: str | None = None,
        holds: Iterable[str] = (),
        days: Iterable[DayKey] = (),
    ) -> Snapshot:
        """Read all of it; what does not exist is None, or not in `holds` and `days`."""
        wanted = [
            *_keys(token, booking_id, person_id, organisation_id),
            *(("tokens", {"token_hash": key}) for key in holds),
            *(("ledger", {"resource_id": key, "day": day}) for key, day in dict.fromkeys(days)),
        ]
        found = self._read(wanted)
        tokens = {each["token_hash"]: each for each in map(plain, found["tokens"])}
        record = tokens.pop(token, None) if token else None
        people = {(each["person_id"], each["item"]): each for each in map(plain, found["people"])}
        booking = [booking_of(plain(each)) for each in found["bookings"]]
        quota, profile = (people.get((person_id, item)) for item in (QUOTA, PROFILE))
        organisation = people.get((organisation_id, QUOTA))
        ledger = [ledger_day(each) for each in found["ledger"]]
        return Snapshot(
            record=record_of(record) if record else None,
            booking=booking[0] if booking else None,
            quota=quota_of(quota) if quota else None,
            profile=profile_of(profile) if profile else None,
            organisation=quota_of(organisation) if organisation else None,
            holds={key: holds_of(item) for key, item in tokens.items()},
            days={(day.resource_id, day.day): day for day in ledger},
        )

    def _read(self, wanted: Iterable[Key]) -> dict[str, list[Item]]:
        """The items that there are, as they come, by table."""
        found: dict[str, list[Item]] = {"tokens": [], "bookings": [], "people": [], "ledger": []}
        keys = [(f"{self._prefix}{table}", key) for table, key in wanted]
        for table, item in batch_get(self._client, self._clock, keys):
            found[table.removeprefix(self._prefix)].append(item)
        return found


def _keys(
    token: str | None,
    booking_id: str | None,
    person_id: str | None,
    organisation_id: str | None,
) -> Iterator[Key]:
    if token:
        yield "tokens", {"token_hash": token}
    if booking_id:
        yield "bookings", {"booking_id": booking_id}
    if person_id:
        yield "people", {"person_id": person_id, "item": QUOTA}
        yield "people", {"person_id": person_id, "item": PROFILE}
    if organisation_id:
        yield "people", {"person_id": organisation_id, "item": QUOTA}
