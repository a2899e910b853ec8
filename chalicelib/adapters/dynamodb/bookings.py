"""Bookings, with their footprints, as items."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from chalicelib.adapters.dynamodb.batch import batch_get
from chalicelib.adapters.dynamodb.client import read
from chalicelib.adapters.dynamodb.codec import SCHEMA, Item, instant, iso, plain, typed
from chalicelib.adapters.dynamodb.people import person_of
from chalicelib.adapters.dynamodb.transaction import Rank, Transaction
from chalicelib.domain.bookings import Booking, PendingChange, State
from chalicelib.domain.errors import VersionRaced
from chalicelib.domain.footprints import Footprint, Ranges
from chalicelib.services.ports import Clock, Fields, Page

SITE = "lab"
DUE_SHARD = "0"


class Bookings:
    """Bookings by id, and lists of them from indexes."""

    def __init__(self, client: Any, prefix: str, clock: Clock) -> None:
        self._client = client
        self._table = f"{prefix}bookings"
        self._clock = clock

    def get(self, booking_id: str) -> Booking | None:
        """One booking, strongly consistent."""
        answer = read(
            self._clock,
            self._client.get_item,
            TableName=self._table,
            Key=typed({"booking_id": booking_id}),
            ConsistentRead=True,
        )
        return booking_of(plain(answer["Item"])) if "Item" in answer else None

    def get_many(self, booking_ids: Iterable[str]) -> list[Booking]:
        """Those that exist, strongly consistent."""
        unique = sorted(set(booking_ids))
        keys = [(self._table, {"booking_id": booking_id}) for booking_id in unique]
        return [booking_of(plain(item)) for _, item in batch_get(self._client, self._clock, keys)]

    def create(self, tx: Transaction, booking: Booking) -> None:
        """VersionRaced where the id is in use."""
        tx.put(
            "bookings",
            self._noted(booking),
            ("booking_id",),
            condition="attribute_not_exists(booking_id)",
            failure=lambda _: VersionRaced(),
        )

    def save(self, tx: Transaction, booking: Booking) -> None:
        """Replace the version before this one; VersionRaced where that is not there."""
        tx.put(
            "bookings",
            self._noted(booking),
            ("booking_id",),
            condition="#version = :before",
            names={"#version": "version"},
            values={":before": booking.version - 1},
            failure=lambda _: VersionRaced(),
        )

    def check(self, tx: Transaction, booking_id: str, version: int | None) -> None:
        """VersionRaced where a booking has another version (None: where there is one)."""
        tx.check_version(
            "bookings",
            {"booking_id": booking_id},
            version,
            rank=Rank.VERSION,
            failure=lambda _: VersionRaced(),
        )

    def due(self, now: datetime, limit: int) -> list[str]:
        """Ids of what the clock has something to do with, from the index, earliest first."""
        answer = read(
            self._clock,
            self._client.query,
            TableName=self._table,
            IndexName="due",
            KeyConditionExpression="due_shard = :shard AND due_at <= :now",
            ExpressionAttributeValues=typed({":shard": DUE_SHARD, ":now": iso(now)}),
            Limit=limit,
        )
        return [item["booking_id"]["S"] for item in answer["Items"]]

    def by_month(
        self, month: str, first: datetime, last: datetime, limit: int, after: Fields | None
    ) -> Page[Booking]:
        """Those that start in a UTC month (2026-12) and in [first, last), by start."""
        return self._list("by_month", "site_month", f"{SITE}#{month}", first, last, limit, after)

    def by_person(
        self, person_id: str, first: datetime, last: datetime, limit: int, after: Fields | None
    ) -> Page[Booking]:
        """A person's that start in [first, last), by start."""
        return self._list("by_person", "person_id", person_id, first, last, limit, after)

    def all(self) -> Iterator[Booking]:
        """Every booking there is, for the consistency check."""
        arguments: Item = {"TableName": self._table, "ConsistentRead": True}
        while True:
            answer = read(self._clock, self._client.scan, **arguments)
            yield from (booking_of(plain(item)) for item in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _noted(self, booking: Booking) -> Item:
        return {**item_of(booking), "changed_at": iso(self._clock.now())}

    def _list(
        self,
        index: str,
        attribute: str,
        value: str,
        first: datetime,
        last: datetime,
        limit: int,
        after: Fields | None,
    ) -> Page[Booking]:
        if first >= last:
            return Page([])  # BETWEEN refuses bounds that are the wrong way round
        arguments: Item = {
            "TableName": self._table,
            "IndexName": index,
            "KeyConditionExpression": f"{attribute} = :value AND starts_at BETWEEN :first AND :last",
            "ExpressionAttributeValues": typed(
                {
                    ":value": value,
                    ":first": iso(first),
                    ":last": iso(last - timedelta(microseconds=1)),
                }
            ),
            "Limit": limit,
        }
        if after:
            arguments["ExclusiveStartKey"] = typed(after)
        answer = read(self._clock, self._client.query, **arguments)
        more = answer.get("LastEvaluatedKey")
        return Page(
            [booking_of(plain(item)) for item in answer["Items"]], plain(more) if more else None
        )


def item_of(booking: Booking) -> Item:
    """A booking as an item. Instants are text in UTC, footprints slot numbers since 1970."""
    due_at = booking.due_at
    return {
        "schema": SCHEMA,
        "booking_id": booking.booking_id,
        "site_month": f"{SITE}#{booking.starts_at:%Y-%m}",
        "person_id": booking.person_id,
        "due_shard": DUE_SHARD if due_at else None,
        "due_at": iso(due_at) if due_at else None,
        "state": booking.state.value,
        **_place(booking),
        "person": asdict(booking.person),
        "made_by": booking.made_by,
        "created_at": iso(booking.created_at),
        "title": booking.title,
        "notes": booking.notes,
        "attendees": booking.attendees,
        "facilitation_notes": booking.facilitation_notes,
        "confirm_by": iso(booking.confirm_by) if booking.confirm_by else None,
        "planned_end": iso(booking.planned_end) if booking.planned_end else None,
        "pending_change": _place(booking.pending_change) if booking.pending_change else None,
        "override": list(booking.override),
        "reason": booking.reason,
        "series_id": booking.series_id,
        "network": booking.network,
        "organisation_id": booking.organisation_id,
        "sequence": booking.sequence,
        "revision": booking.revision,
        "version": booking.version,
    }


def booking_of(item: Mapping[str, Any]) -> Booking:
    """The opposite of `item_of`."""
    change = item.get("pending_change")
    return Booking(
        booking_id=item["booking_id"],
        state=State(item["state"]),
        **_place_of(item),
        person=person_of(item["person"]),
        person_id=item["person_id"],
        made_by=item["made_by"],
        created_at=instant(item["created_at"]),
        title=item["title"],
        notes=item["notes"],
        attendees=item["attendees"],
        facilitation_notes=item["facilitation_notes"],
        confirm_by=_maybe(item.get("confirm_by")),
        planned_end=_maybe(item.get("planned_end")),
        pending_change=PendingChange(**_place_of(change)) if change else None,
        override=tuple(item["override"]),
        reason=item["reason"],
        series_id=item.get("series_id"),
        network=item.get("network", ""),
        organisation_id=item.get("organisation_id", ""),
        sequence=item.get("sequence", 0),
        revision=item.get("revision", 0),
        version=item["version"],
        changed_at=_maybe(item.get("changed_at")),
    )


def footprint_item(footprint: Footprint) -> Item:
    """A footprint as lists, which is what DynamoDB has."""
    return {resource: [list(piece) for piece in ranges] for resource, ranges in footprint.items()}


def footprint_of(item: Mapping[str, Any]) -> dict[str, Ranges]:
    """The opposite of `footprint_item`."""
    return {
        resource: tuple((piece[0], piece[1]) for piece in ranges)
        for resource, ranges in sorted(item.items())
    }


def _place(of: Booking | PendingChange) -> Item:
    return {
        "starts_at": iso(of.starts_at),
        "ends_at": iso(of.ends_at),
        "space_ids": list(of.space_ids),
        "units": of.units,
        "equipment": dict(of.equipment),
        "facilitator": of.facilitator,
        "footprint": footprint_item(of.footprint),
    }


def _place_of(item: Mapping[str, Any]) -> Item:
    return {
        "starts_at": instant(item["starts_at"]),
        "ends_at": instant(item["ends_at"]),
        "space_ids": tuple(item["space_ids"]),
        "units": item["units"],
        "equipment": dict(item["equipment"]),
        "facilitator": item.get("facilitator"),
        "footprint": footprint_of(item["footprint"]),
    }


def _maybe(text: str | None) -> datetime | None:
    return instant(text) if text else None
