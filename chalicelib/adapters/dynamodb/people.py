"""Persons and their quotas.

An address has no item of its own: a person's id is its keyed digest, so the address finds the person,
and two of them can never be one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from datetime import date, datetime
from typing import Any

from chalicelib.adapters.dynamodb.batch import batch_get
from chalicelib.adapters.dynamodb.client import read
from chalicelib.adapters.dynamodb.codec import SCHEMA, Item, instant, iso, plain, typed
from chalicelib.adapters.dynamodb.transaction import Rank, Transaction
from chalicelib.domain.errors import QuotaChanged, VersionRaced, refuse
from chalicelib.domain.people import Person, Role
from chalicelib.domain.profiles import Profile
from chalicelib.services.ports import Clock, Fields, Page, Quota

QUOTA = "quota"
ROLES, ADMINS = "roles", "admins"  # partitions of their own, which are no persons
PROFILE = "profile"
SUPPRESSED, PREFERENCES = "suppressed", "preferences"
MOMENTS = ("created_at", "logged_in_at", "erase_from")
MOST_GONE = 100  # in one expression of 4,096 bytes


class People:
    """Profiles, quotas and preferences in the table of people."""

    def __init__(self, client: Any, prefix: str, clock: Clock) -> None:
        self._client = client
        self._table = f"{prefix}people"
        self._clock = clock

    def profile(self, person_id: str) -> Profile | None:
        """What is known of a person, strongly consistent."""
        answer = read(
            self._clock,
            self._client.get_item,
            TableName=self._table,
            Key=typed({"person_id": person_id, "item": PROFILE}),
            ConsistentRead=True,
        )
        return profile_of(plain(answer["Item"])) if "Item" in answer else None

    def profiles(self, person_ids: Iterable[str]) -> list[Profile]:
        """Those that are known, strongly consistent, in no order."""
        keys = [
            (self._table, {"person_id": person_id, "item": PROFILE})
            for person_id in dict.fromkeys(person_ids)
        ]
        return [profile_of(plain(item)) for _, item in batch_get(self._client, self._clock, keys)]

    def save_profile(self, tx: Transaction, profile: Profile) -> None:
        """Replace the version before this one, or write version 1; VersionRaced otherwise."""
        first = profile.version == 1
        tx.put(
            "people",
            profile_item(profile),
            ("person_id", "item"),
            condition="attribute_not_exists(person_id)" if first else "#version = :before",
            names=None if first else {"#version": "version"},
            values=None if first else {":before": profile.version - 1},
            failure=lambda _: VersionRaced(),
        )

    def save_standing(self, tx: Transaction, before: Role | None, after: Profile) -> None:
        """Keep the list of whoever has a role or an invitation, of whom `before` was the role.

        Refused with `stale-state` where the last admin would be none any more.
        """
        place = {"person_id": ROLES, "item": after.person_id}
        if after.granted or after.partner_until:
            tx.put("people", {"schema": SCHEMA, **place}, ("person_id", "item"))
        else:
            tx.delete("people", place)
        if (before is Role.ADMIN) != (after.granted is Role.ADMIN):
            self._count_admin(tx, after.person_id, leaves=before is Role.ADMIN)

    def with_standing(self, limit: int, after: Fields | None) -> Page[str]:
        """The ids of some of them, strongly consistent, in order."""
        page = query_partition(self._client, self._clock, self._table, ROLES, limit, after)
        return Page([item["item"] for item in page.items], page.next)

    def _count_admin(self, tx: Transaction, person_id: str, *, leaves: bool) -> None:
        """All admins are named in one item, so that of two who remove each other one comes too late."""
        values: Item = {":one": {person_id}, ":schema": SCHEMA}
        if leaves:
            values |= {":least": 1, ":id": person_id}
        tx.update(
            "people",
            {"person_id": ADMINS, "item": ADMINS},
            f"SET #schema = :schema {'DELETE' if leaves else 'ADD'} ids :one",
            condition="size(ids) > :least OR NOT contains(ids, :id)" if leaves else "",
            names={"#schema": "schema"},
            values=values,
            failure=lambda _: refuse("stale-state", "/role", why="last-admin"),
        )

    def save_quota(self, tx: Transaction, old: Quota, new: Quota, *, strict: bool) -> None:
        """Write the difference; with `strict`, QuotaChanged where the version is not `old`'s.

        QuotaChanged also where a booking is added to one that is closed. Each booking is an attribute
        of its own, so that without a limit nobody waits for anybody.
        """
        added = {key: span for key, span in new.bookings.items() if old.bookings.get(key) != span}
        # What is over and does not fit into one expression is taken out the next time.
        gone = [key for key in old.bookings if key not in new.bookings][:MOST_GONE]
        if not added and not gone:
            return
        sets = ["#schema = :schema", *(f"{key} = :{key}" for key in added)]
        values: Item = {":schema": SCHEMA, ":one": 1}
        removes = f"REMOVE {', '.join(gone)} " if gone else ""
        values |= {f":{key}": f"{start}-{end}" for key, (start, end) in added.items()}
        names = {"#version": "version", "#schema": "schema"}
        conditions = []
        if strict:
            conditions = [_version_is(old.version)]
            values |= {":version": old.version} if old.version else {}
        if added:
            conditions.append("attribute_not_exists(#closed)")
            names["#closed"] = "closed"
        tx.update(
            "people",
            {"person_id": new.person_id, "item": QUOTA},
            f"SET {', '.join(sets)} {removes}ADD #version :one",
            condition=" AND ".join(conditions),
            names=names,
            values=values,
            rank=Rank.QUOTA,
            failure=lambda _: QuotaChanged(),
        )

    def close_quota(self, tx: Transaction, quota: Quota) -> None:
        """Let no booking be added any more; QuotaChanged where the version is not this one's."""
        values: Item = {":schema": SCHEMA, ":one": 1, ":yes": True}
        tx.update(
            "people",
            {"person_id": quota.person_id, "item": QUOTA},
            "SET #closed = :yes, #schema = :schema ADD #version :one",
            condition=_version_is(quota.version),
            names={"#version": "version", "#schema": "schema", "#closed": "closed"},
            values=values | ({":version": quota.version} if quota.version else {}),
            rank=Rank.QUOTA,
            failure=lambda _: QuotaChanged(),
        )

    def suppress(self, person_id: str, reason: str, at: datetime) -> None:
        """Send nothing more to a person's address: it bounced, or its owner complained."""
        item = {"item": SUPPRESSED, "reason": reason, "at": iso(at)}
        self._put(person_id, item)

    def suppressed(self, person_id: str) -> str:
        """Why nothing is sent to a person's address, or ""."""
        return str(self._get(person_id, SUPPRESSED).get("reason", ""))

    def suppressions(self, person_ids: Iterable[str]) -> dict[str, str]:
        """As `suppressed`, of several: those alone to whose addresses nothing is sent."""
        keys = [
            (self._table, {"person_id": person_id, "item": SUPPRESSED})
            for person_id in dict.fromkeys(person_ids)
        ]
        found = [plain(item) for _, item in batch_get(self._client, self._clock, keys)]
        return {each["person_id"]: each["reason"] for each in found}

    def unsuppress(self, person_id: str) -> bool:
        """Send again; whether it had been suppressed."""
        answer = read(
            self._clock,
            self._client.delete_item,
            TableName=self._table,
            Key=typed({"person_id": person_id, "item": SUPPRESSED}),
            ReturnValues="ALL_OLD",
        )
        return "Attributes" in answer

    def reminders(self, person_id: str) -> bool:
        """Whether a person wants reminders."""
        return self._get(person_id, PREFERENCES).get("reminders") is not False

    def set_reminders(self, person_id: str, *, on: bool) -> None:
        """Switch them on or off."""
        now = iso(self._clock.now())
        self._put(person_id, {"item": PREFERENCES, "reminders": on, "at": now})

    def save_reminders(self, tx: Transaction, person_id: str, *, on: bool) -> None:
        """As `set_reminders`, together with something else."""
        item = {"schema": SCHEMA, "person_id": person_id, "item": PREFERENCES, "reminders": on}
        tx.put("people", item, ("person_id", "item"))

    def _get(self, person_id: str, name: str) -> Item:
        """An item, strongly consistent; an empty one where there is none."""
        answer = read(
            self._clock,
            self._client.get_item,
            TableName=self._table,
            Key=typed({"person_id": person_id, "item": name}),
            ConsistentRead=True,
        )
        return plain(answer.get("Item", {}))

    def _put(self, person_id: str, item: Item) -> None:
        whole = {"schema": SCHEMA, "person_id": person_id, **item}
        read(self._clock, self._client.put_item, TableName=self._table, Item=typed(whole))


def query_partition(
    client: Any, clock: Clock, table: str, name: str, limit: int, after: Fields | None
) -> Page[Item]:
    """Some of the items of a partition of the table of people, strongly consistent, in order."""
    start = {"ExclusiveStartKey": typed({"person_id": name, **after})} if after else {}
    answer = read(
        clock,
        client.query,
        TableName=table,
        KeyConditionExpression="person_id = :name",
        ExpressionAttributeValues=typed({":name": name}),
        ConsistentRead=True,
        Limit=limit,
        **start,
    )
    more = answer.get("LastEvaluatedKey")
    items = [plain(item) for item in answer["Items"]]
    return Page(items, {"item": plain(more)["item"]} if more else None)


def profile_item(profile: Profile) -> Item:
    """A profile as an item."""
    return {
        "schema": SCHEMA,
        "item": PROFILE,
        "person_id": profile.person_id,
        "person": asdict(profile.person),
        "granted": profile.granted.value if profile.granted else None,
        "partner_until": profile.partner_until.isoformat() if profile.partner_until else None,
        "invited_by": profile.invited_by,
        "epoch": profile.epoch,
        "grants": profile.grants,
        "version": profile.version,
        **{name: iso(value) for name in MOMENTS if (value := getattr(profile, name))},
    }


def profile_of(item: Mapping[str, Any]) -> Profile:
    """The opposite of `profile_item`."""
    granted, until = item.get("granted"), item.get("partner_until")
    moments = {name: instant(item[name]) for name in MOMENTS if item.get(name)}
    return Profile(
        person_id=item["person_id"],
        person=person_of(item["person"]),
        granted=Role(granted) if granted else None,
        partner_until=date.fromisoformat(until) if until else None,
        invited_by=item["invited_by"],
        epoch=item["epoch"],
        grants=item["grants"],
        version=item["version"],
        **moments,
    )


def person_of(item: Mapping[str, Any]) -> Person:
    """A person as stored within another item; attributes of a newer schema are left alone."""
    return Person(**{each.name: item[each.name] for each in fields(Person) if each.name in item})


def quota_of(item: Mapping[str, Any]) -> Quota:
    """A quota item as a quota."""
    bookings = {}
    for name, value in item.items():
        if name.startswith("b_"):
            start, _, end = value.partition("-")
            bookings[name] = (int(start), int(end))
    return Quota(item["person_id"], bookings, item.get("version", 0), item.get("closed", False))


def _version_is(version: int) -> str:
    return "#version = :version" if version else "attribute_not_exists(#version)"
