"""Holds of an address, of a network and of all, in the table of tokens: they live half an hour."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.adapters.dynamodb.codec import SCHEMA, Item
from chalicelib.adapters.dynamodb.transaction import Rank, Transaction
from chalicelib.domain import holds as domain
from chalicelib.domain.errors import QuotaChanged

HOLDS = "holds"
KEPT = 3600  # seconds longer than the last of them
THINGS = ("b_", "s_")  # bookings and sign-ups, as attributes
MOST_GONE = 55  # in one expression of 4,096 bytes
NAMES = {"#version": "version", "#schema": "schema", "#kind": "kind"}


class Holds:
    """One item for each of those by whom holds are counted, each hold an attribute of it."""

    def add(
        self, tx: Transaction, before: domain.Holds, thing: str, until: int, now: datetime
    ) -> None:
        """Add one, and leave out what has lapsed; QuotaChanged where the version is not `before`'s."""
        kept = domain.live(before, now)
        # What has lapsed and does not fit into one expression is taken out the next time.
        gone = [key for key in before.until if key not in kept][:MOST_GONE]
        removes = f"REMOVE {', '.join(gone)} " if gone else ""
        known = before.version > 0
        values = _values(max([until, *kept.values()]) + KEPT) | {":until": until}
        tx.update(
            "tokens",
            {"token_hash": before.key},
            f"SET {thing} = :until, expires_at = :ends, #schema = :schema, #kind = :kind "
            f"{removes}ADD #version :one",
            condition="#version = :version" if known else "attribute_not_exists(#version)",
            names=NAMES,
            values=values | ({":version": before.version} if known else {}),
            rank=Rank.QUOTA,
            failure=lambda _: QuotaChanged(),
        )

    def remove(self, tx: Transaction, key: str, thing: str, now: datetime) -> None:
        """Take one out, if it is there. An item that is gone already is not left for ever."""
        tx.update(
            "tokens",
            {"token_hash": key},
            "SET expires_at = if_not_exists(expires_at, :ends), #schema = :schema, #kind = :kind "
            f"REMOVE {thing} ADD #version :one",
            names=NAMES,
            values=_values(int(now.timestamp()) + KEPT),
        )


def holds_of(item: Mapping[str, Any]) -> domain.Holds:
    """An item as holds; attributes of a newer schema are left alone."""
    until = {name: int(value) for name, value in item.items() if name.startswith(THINGS)}
    return domain.Holds(item["token_hash"], until, item.get("version", 0))


def _values(ends: int) -> Item:
    return {":ends": ends, ":schema": SCHEMA, ":kind": HOLDS, ":one": 1}
