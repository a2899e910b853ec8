"""Persons, their quotas, and the digests of API keys."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import date, datetime
from typing import Any

from chalicelib.adapters.dynamodb.client import read
from chalicelib.adapters.dynamodb.codec import SCHEMA, Item, instant, iso, plain, typed
from chalicelib.adapters.dynamodb.transaction import Rank, Transaction
from chalicelib.domain.errors import QuotaChanged, VersionRaced
from chalicelib.domain.people import Actor, Person, Role, Scope
from chalicelib.domain.profiles import Profile
from chalicelib.services.ports import Clock, Quota

QUOTA = "quota"
PROFILE = "profile"
KEY = "key"
SUPPRESSED, PREFERENCES = "suppressed", "preferences"
MOMENTS = ("created_at", "logged_in_at", "erase_from")
MOST_GONE = 100  # in one expression of 4,096 bytes


class People:
    """Quotas and API keys in the table of people."""

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

    def save_quota(self, tx: Transaction, old: Quota, new: Quota, *, strict: bool) -> None:
        """Write the difference; with `strict`, QuotaChanged where the version is not `old`'s.

        Each booking is an attribute of its own, so that without a limit nobody waits for anybody.
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
        condition = ""
        if strict:
            condition = "#version = :version" if old.version else "attribute_not_exists(#version)"
            values |= {":version": old.version} if old.version else {}
        tx.update(
            "people",
            {"person_id": new.person_id, "item": QUOTA},
            f"SET {', '.join(sets)} {removes}ADD #version :one",
            condition=condition,
            names={"#version": "version", "#schema": "schema"},
            values=values,
            rank=Rank.QUOTA,
            failure=lambda _: QuotaChanged(),
        )

    def actor_by_key(self, digest: str) -> Actor | None:
        """Whom an API key speaks for."""
        answer = read(
            self._clock,
            self._client.get_item,
            TableName=self._table,
            Key=typed({"person_id": f"key#{digest}", "item": KEY}),
        )
        if "Item" not in answer:
            return None
        item = plain(answer["Item"])
        person = item.get("person")
        return Actor(
            actor_id=item["actor_id"],
            role=Role(item["role"]),
            scopes=tuple(Scope(each) for each in item["scopes"]),
            person=person_of(person) if person else None,
            person_id=item.get("owner_id", ""),
        )

    def save_key(self, digest: str, actor: Actor, label: str, created_at: datetime) -> None:
        """Store the digest of a key, never the key."""
        item = {
            "schema": SCHEMA,
            "person_id": f"key#{digest}",
            "item": KEY,
            "actor_id": actor.actor_id,
            "role": actor.role.value,
            "scopes": [each.value for each in actor.scopes],
            "owner_id": actor.person_id,
            "label": label,
            "person": asdict(actor.person) if actor.person else None,
            "created_at": iso(created_at),
        }
        read(self._clock, self._client.put_item, TableName=self._table, Item=typed(item))

    def suppress(self, person_id: str, reason: str, at: datetime) -> None:
        """Send nothing more to a person's address: it bounced, or its owner complained."""
        item = {"item": SUPPRESSED, "reason": reason, "at": iso(at)}
        self._put(person_id, item)

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
        answer = read(
            self._clock,
            self._client.get_item,
            TableName=self._table,
            Key=typed({"person_id": person_id, "item": PREFERENCES}),
            ConsistentRead=True,
        )
        return "Item" not in answer or plain(answer["Item"]).get("reminders") is not False

    def set_reminders(self, person_id: str, *, on: bool) -> None:
        """Switch them on or off."""
        self._put(person_id, {"item": PREFERENCES, "reminders": on})

    def save_reminders(self, tx: Transaction, person_id: str, *, on: bool) -> None:
        """As `set_reminders`, together with something else."""
        item = {"schema": SCHEMA, "person_id": person_id, "item": PREFERENCES, "reminders": on}
        tx.put("people", item, ("person_id", "item"))

    def _put(self, person_id: str, item: Item) -> None:
        whole = {"schema": SCHEMA, "person_id": person_id, **item}
        read(self._clock, self._client.put_item, TableName=self._table, Item=typed(whole))


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
    return Quota(item["person_id"], bookings, item.get("version", 0))
