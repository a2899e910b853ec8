"""The slot ledger: one item for each resource and UTC day, the only truth about who has what.

Nothing else in the system writes the attributes t00 to t95.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from chalicelib.adapters.dynamodb.client import read
from chalicelib.adapters.dynamodb.codec import SCHEMA, Item, instant, iso
from chalicelib.adapters.dynamodb.transaction import Rank, Transaction
from chalicelib.domain.bookings import Until
from chalicelib.domain.errors import Broken, SlotTaken
from chalicelib.domain.footprints import DayKey, Footprint, slots_by_day
from chalicelib.domain.occupancy import LedgerDay
from chalicelib.domain.times import SLOTS_A_DAY, first_slot
from chalicelib.services.ports import Clock

KEPT_DAYS = 400  # after its day; data.md: never earlier
SITE = "lab"
SLOTS = {f"t{slot:02d}": 1 << slot for slot in range(SLOTS_A_DAY)}  # attribute and bit of each


class Ledger:
    """Slots, claimed, released and moved."""

    def __init__(self, client: Any, prefix: str, clock: Clock) -> None:
        self._client = client
        self._table = f"{prefix}ledger"
        self._clock = clock

    def move(
        self,
        tx: Transaction,
        holder: str,
        old: Footprint,
        new: Footprint,
        until: Until = None,
        marks: Mapping[DayKey, str] | None = None,
    ) -> None:
        """Take a holder from one footprint to another: a claim from nothing, a release to nothing."""
        before, after = slots_by_day(old), slots_by_day(new)
        for day_key in sorted({*before, *after}):
            mark = (marks or {}).get(day_key)
            had, has = set(before.get(day_key, ())), set(after.get(day_key, ()))
            self._write_day(tx, day_key, holder, had, has, until if has else None, mark)

    def _write_day(
        self,
        tx: Transaction,
        day_key: DayKey,
        holder: str,
        had: set[int],
        has: set[int],
        until: Until,
        mark: str | None,
    ) -> None:
        resource_id, day = day_key
        gained, released = sorted(has - had), sorted(had - has)
        values: Item = {
            ":week": week_of(day),
            ":key": f"{day}#{resource_id}",
            ":expires": expires_at(day),
            ":schema": SCHEMA,
            ":changed": iso(self._clock.now()),
        }
        names = {"#until": f"until_{holder}", "#marks": f"marks_{holder}", "#schema": "schema"}
        sets = ["site_week = :week", "day_resource = :key", "expires_at = :expires"]
        sets += [
            "changed_at = :changed",
            "#schema = :schema",
            *(f"{slot_name(slot)} = :holder" for slot in gained),
        ]
        removes = [slot_name(slot) for slot in released]
        for name, value in (("until", until), ("marks", mark)):
            if value is None:
                removes.append(f"#{name}")
            else:
                sets.append(f"#{name} = :{name}")
                values[f":{name}"] = value
        conditions = [
            *(f"attribute_not_exists({slot_name(slot)})" for slot in gained),
            *(f"{slot_name(slot)} = :holder" for slot in released),
        ]
        if conditions:
            values[":holder"] = holder
        tx.update(
            "ledger",
            {"resource_id": resource_id, "day": day},
            f"SET {', '.join(sets)} REMOVE {', '.join(removes)}"
            if removes
            else f"SET {', '.join(sets)}",
            condition=" AND ".join(conditions),
            names=names,
            values=values,
            rank=Rank.LEDGER,
            failure=lambda item: _taken(item, holder, gained, released),
        )

    def resource_days(self, resource_id: str, first_day: str) -> list[LedgerDay]:
        """A resource's items from a UTC day on, strongly consistent, in order."""
        return list(
            self._pages(
                self._client.query,
                KeyConditionExpression="resource_id = :resource AND #day >= :day",
                ExpressionAttributeNames={"#day": "day"},
                ExpressionAttributeValues={
                    ":resource": {"S": resource_id},
                    ":day": {"S": first_day},
                },
                ConsistentRead=True,
            )
        )

    def week(
        self, iso_week: str, first_day: str = "0000", last_day: str = "9999"
    ) -> list[LedgerDay]:
        """The whole site's items of an ISO week, of the UTC days from one to another, by the index."""
        return list(
            self._pages(
                self._client.query,
                IndexName="week",
                KeyConditionExpression="site_week = :week AND day_resource BETWEEN :first AND :last",
                ExpressionAttributeValues={
                    ":week": {"S": f"{SITE}#{iso_week}"},
                    ":first": {"S": first_day},
                    ":last": {"S": f"{last_day}$"},  # the sign after "#", which follows a day
                },
            )
        )

    def all_days(self) -> Iterable[LedgerDay]:
        """Every item there is, for the consistency check."""
        return self._pages(self._client.scan, ConsistentRead=True)

    def _pages(self, operation: Any, **arguments: Any) -> Iterator[LedgerDay]:
        while True:
            answer = read(self._clock, operation, TableName=self._table, **arguments)
            yield from (ledger_day(item) for item in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def ledger_day(item: Item) -> LedgerDay:
    """A ledger item as DynamoDB gives it; written for speed, since a week has hundreds."""
    holders: dict[str, int] = {}
    until: dict[str, Until] = {}
    marks: dict[str, str] = {}
    for name, value in item.items():
        if slot := SLOTS.get(name):
            holder = value["S"]
            holders[holder] = holders[holder] | slot if holder in holders else slot
        elif name[:6] == "until_":
            until[name[6:]] = value["S"] if "S" in value else int(value["N"])
        elif name[:6] == "marks_":
            marks[name[6:]] = value["S"]
    changed = instant(item["changed_at"]["S"]) if "changed_at" in item else None
    return LedgerDay(item["resource_id"]["S"], item["day"]["S"], holders, until, marks, changed)


def slot_name(slot: int) -> str:
    """The attribute of a slot of a day."""
    return f"t{slot:02d}"


def week_of(day: str) -> str:
    """The index key of a UTC day: the site and the ISO week."""
    year, week, _ = date.fromisoformat(day).isocalendar()
    return f"{SITE}#{year}-W{week:02d}"


def expires_at(day: str) -> int:
    """When a ledger item may go, in epoch seconds."""
    return (first_slot(day) // SLOTS_A_DAY + 1 + KEPT_DAYS) * int(timedelta(days=1).total_seconds())


def _taken(item: Item | None, holder: str, gained: list[int], released: list[int]) -> Exception:
    present = item or {}
    if any(present.get(slot_name(slot)) != holder for slot in released):
        # The booking's own version stood, so only the tables can be wrong.
        return Broken(f"the ledger does not say that {holder} holds its slots")
    return SlotTaken(
        {str(present[slot_name(slot)]) for slot in gained if slot_name(slot) in present}
    )
