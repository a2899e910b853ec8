"""The settings: the site, its spaces and its closures."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from datetime import date
from typing import Any

from chalicelib.adapters.dynamodb.bookings import footprint_item, footprint_of
from chalicelib.adapters.dynamodb.client import read
from chalicelib.adapters.dynamodb.codec import SCHEMA, Item, instant, iso, plain, typed
from chalicelib.adapters.dynamodb.ledger import KEPT_DAYS
from chalicelib.adapters.dynamodb.transaction import Rank, Transaction
from chalicelib.domain.catalog import Catalog, Site
from chalicelib.domain.closures import Closure, ClosureState
from chalicelib.domain.domains import AllowedDomain
from chalicelib.domain.errors import SettingsChanged, VersionRaced
from chalicelib.domain.spaces import Hours, Kind, Space
from chalicelib.services.ports import Clock

SITE, SPACE, CLOSURE = "site", "space", "closure"
REVISION = "revision"
NO_LIMIT = -1  # where it is not what a site has that says nothing
UNSET = Site(version=0)  # so that the first change writes version 1
DAY_SECONDS = 86400


class CatalogStore:
    """Settings by kind and id; every write of one raises the revision."""

    def __init__(self, client: Any, prefix: str, clock: Clock) -> None:
        self._client = client
        self._table = f"{prefix}catalog"
        self._clock = clock

    def load(self) -> Catalog:
        """All settings. The revision is read first, so that what changes meanwhile is seen later."""
        revision = self.revision()
        site = next((site_of(item) for item in self._query(SITE) if item["id"] == SITE), UNSET)
        spaces = {item["id"]: space_of(item) for item in self._query(SPACE)}
        closures = tuple(closure_of(item) for item in self._query(CLOSURE))
        return Catalog(site, spaces, closures, revision)

    def revision(self) -> int:
        """The number that every change of settings raises."""
        item = self._get(SITE, REVISION)
        return int(item["number"]) if item else 0

    def check(self, tx: Transaction, versions: Mapping[str, int]) -> None:
        """SettingsChanged where a space has another version."""
        for space_id, version in sorted(versions.items()):
            tx.check_version(
                "catalog",
                {"kind": SPACE, "id": space_id},
                version,
                rank=Rank.SETTINGS,
                failure=lambda _: SettingsChanged(),
            )

    def check_closure(self, tx: Transaction, closure_id: str, version: int | None) -> None:
        """VersionRaced where a closure has another version (None: where there is one)."""
        tx.check_version(
            "catalog",
            {"kind": CLOSURE, "id": closure_id},
            version,
            rank=Rank.VERSION,
            failure=lambda _: VersionRaced(),
        )

    def create_space(self, tx: Transaction, space: Space) -> None:
        """VersionRaced where the id is in use."""
        self._save(tx, SPACE, space.space_id, _space_item(space), 1)

    def save_space(self, tx: Transaction, space: Space) -> None:
        """Replace the version before this one; VersionRaced where that is not there."""
        self._save(tx, SPACE, space.space_id, _space_item(space), space.version)

    def save_site(self, tx: Transaction, site: Site) -> None:
        """Replace the version before this one, or write version 1; VersionRaced otherwise."""
        self._save(tx, SITE, SITE, _site_item(site), site.version)

    def closure(self, closure_id: str) -> Closure | None:
        """One closure, strongly consistent."""
        item = self._get(CLOSURE, closure_id)
        return closure_of(item) if item else None

    def create_closure(self, tx: Transaction, closure: Closure) -> None:
        """VersionRaced where the id is in use."""
        self._save(tx, CLOSURE, closure.closure_id, _closure_item(closure), 1)

    def save_closure(self, tx: Transaction, closure: Closure) -> None:
        """Replace the version before this one; VersionRaced where that is not there."""
        self._save(tx, CLOSURE, closure.closure_id, _closure_item(closure), closure.version)

    def _save(self, tx: Transaction, kind: str, key: str, item: Item, version: int) -> None:
        first = version == 1
        tx.put(
            "catalog",
            {**item, "kind": kind, "id": key, "schema": SCHEMA},
            ("kind", "id"),
            condition="attribute_not_exists(id)" if first else "#version = :before",
            names=None if first else {"#version": "version"},
            values=None if first else {":before": version - 1},
            failure=lambda _: VersionRaced(),
        )
        tx.update(
            "catalog",
            {"kind": SITE, "id": REVISION},
            "ADD #number :one",
            names={"#number": "number"},
            values={":one": 1},
        )

    def _get(self, kind: str, key: str) -> Item | None:
        answer = read(
            self._clock,
            self._client.get_item,
            TableName=self._table,
            Key=typed({"kind": kind, "id": key}),
            ConsistentRead=True,
        )
        return plain(answer["Item"]) if "Item" in answer else None

    def _query(self, kind: str) -> Iterator[Item]:
        arguments: Item = {
            "TableName": self._table,
            "KeyConditionExpression": "kind = :kind",
            "ExpressionAttributeValues": typed({":kind": kind}),
            "ConsistentRead": True,
        }
        while True:
            answer = read(self._clock, self._client.query, **arguments)
            yield from (plain(item) for item in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def site_of(item: Mapping[str, Any]) -> Site:
    """An item as the site; attributes of a newer schema are left alone."""
    known = {each.name: item[each.name] for each in fields(Site) if each.name in item}
    known["allowed_sites"] = tuple(known.get("allowed_sites", ()))
    if known.get("anonymous_holds") == NO_LIMIT:
        known["anonymous_holds"] = None
    known["allowed_domains"] = tuple(_domain_of(each) for each in known.get("allowed_domains", ()))
    return Site(**known)


def _site_item(site: Site) -> Item:
    return {
        **asdict(site),
        "anonymous_holds": NO_LIMIT if site.anonymous_holds is None else site.anonymous_holds,
        "allowed_domains": [
            {
                **asdict(each),
                "since": each.since.isoformat() if each.since else None,
                "until": each.until.isoformat() if each.until else None,
            }
            for each in site.allowed_domains
        ],
    }


def _domain_of(item: Mapping[str, Any] | str) -> AllowedDomain:
    """A domain as stored; before they had dates, only its name was."""
    if isinstance(item, str):
        return AllowedDomain(item)
    known = {each.name: item[each.name] for each in fields(AllowedDomain) if each.name in item}
    for name in ("since", "until"):
        known[name] = date.fromisoformat(known[name]) if known.get(name) else None
    return AllowedDomain(**known)


def _space_item(space: Space) -> Item:
    item = {each.name: getattr(space, each.name) for each in fields(Space)}
    for name in ("parts", "equipment", "accessibility", "open_to"):
        item[name] = list(item[name])
    item["kind_of_space"] = space.kind.value
    del item["kind"]  # which in this table is the partition key
    item["hours"] = {
        "week": [[list(opening) for opening in day] for day in space.hours.week],
        "exceptions": {
            day.isoformat(): [list(opening) for opening in openings]
            for day, openings in space.hours.exceptions
        },
    }
    return item


def space_of(item: Mapping[str, Any]) -> Space:
    """An item as a space; attributes of a newer schema are left alone."""
    known = {each.name: item[each.name] for each in fields(Space) if each.name in item}
    for name in ("parts", "equipment", "accessibility", "open_to"):
        known[name] = tuple(known.get(name, ()))
    known["kind"] = Kind(item["kind_of_space"])
    known["hours"] = Hours(
        week=tuple(_openings(day) for day in item["hours"]["week"]),
        exceptions=tuple(
            (date.fromisoformat(day), _openings(openings))
            for day, openings in sorted(item["hours"]["exceptions"].items())
        ),
    )
    return Space(**known)


def _openings(pairs: list[list[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((pair[0], pair[1]) for pair in pairs)


def _closure_item(closure: Closure) -> Item:
    item = {each.name: getattr(closure, each.name) for each in fields(Closure)}
    return {
        **item,
        "space_ids": list(closure.space_ids),
        "resource_ids": list(closure.resource_ids),
        "starts_at": iso(closure.starts_at),
        "ends_at": iso(closure.ends_at),
        "created_at": iso(closure.created_at) if closure.created_at else None,
        "state": closure.state.value,
        "footprint": footprint_item(closure.footprint),
        # With the last of the ledger items that it holds, so that settings stay small for ever.
        "expires_at": int(closure.ends_at.timestamp()) + (KEPT_DAYS + 1) * DAY_SECONDS,
    }


def closure_of(item: Mapping[str, Any]) -> Closure:
    """An item as a closure."""
    created_at = item.get("created_at")
    return Closure(
        closure_id=item["closure_id"],
        space_ids=tuple(item["space_ids"]),
        resource_ids=tuple(item["resource_ids"]),
        starts_at=instant(item["starts_at"]),
        ends_at=instant(item["ends_at"]),
        reason=item["reason"],
        state=ClosureState(item["state"]),
        done=item["done"],
        footprint=footprint_of(item["footprint"]),
        version=item["version"],
        created_at=instant(created_at) if created_at else None,
        made_by=item["made_by"],
    )
