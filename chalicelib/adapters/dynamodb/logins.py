"""Logins and sessions in the table of tokens, by digests; who is behind them in that of people."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from chalicelib.adapters.dynamodb.batch import batch_get
from chalicelib.adapters.dynamodb.client import Fault, attempt, pages
from chalicelib.adapters.dynamodb.codec import SCHEMA, Item, instant, iso, plain, typed
from chalicelib.adapters.dynamodb.keys import IDEMPOTENCY, record_of
from chalicelib.adapters.dynamodb.people import PROFILE, profile_of
from chalicelib.adapters.dynamodb.transaction import Transaction
from chalicelib.domain.errors import VersionRaced
from chalicelib.domain.logins import LONGEST, Login, Session, digest_of
from chalicelib.domain.profiles import Profile
from chalicelib.services.ports import Clock, InFlight

LOGIN, SESSION = "login", "session"
INSTANTS = ("created_at", "used_at")


class Logins:
    """Proofs that were asked for, and sessions."""

    def __init__(self, client: Any, prefix: str, clock: Clock) -> None:
        self._client = client
        self._prefix = prefix
        self._clock = clock

    def read(self, login_id: str, person_id: str = "") -> tuple[Login | None, Profile | None]:
        """A proof, and what is known of a person, in one strongly consistent read."""
        item, profile = self._read(login_key(login_id), person_id)
        return (login_of(item) if item else None), profile

    def put(self, tx: Transaction, login: Login) -> None:
        """A new one; VersionRaced where it is there."""
        tx.put(
            "tokens",
            _login_item(login),
            ("token_hash",),
            condition="attribute_not_exists(token_hash)",
            failure=lambda _: VersionRaced(),
        )

    def save(self, tx: Transaction, login: Login) -> None:
        """Replace the version before this one; VersionRaced where that is not there."""
        tx.put(
            "tokens",
            _login_item(login),
            ("token_hash",),
            condition="#version = :before",
            names={"#version": "version"},
            values={":before": login.version - 1},
            failure=lambda _: VersionRaced(),
        )

    def session(self, token_hash: str, person_id: str) -> tuple[Session | None, Profile | None]:
        """A session and its person, in one strongly consistent read."""
        item, profile = self._read(token_hash, person_id)
        found = item and item.get("kind") == SESSION
        return (_session_of(item) if item and found else None), profile

    def begin(self, tx: Transaction, session: Session) -> None:
        """A new session."""
        tx.put(
            "tokens",
            {
                "schema": SCHEMA,
                "kind": SESSION,
                "token_hash": session.token_hash,
                "person_id": session.person_id,
                "created_at": iso(session.created_at),
                "seen_at": iso(session.seen_at),
                "epoch": session.epoch,
                "expires_at": int((session.created_at + LONGEST).timestamp()),
            },
            ("token_hash",),
        )

    def touch(self, session: Session) -> None:
        """Note when it was last seen. A lost note only ends an idle session sooner."""
        from botocore.exceptions import ClientError

        try:
            attempt(
                self._client.update_item,
                TableName=f"{self._prefix}tokens",
                Key=typed({"token_hash": session.token_hash}),
                UpdateExpression="SET seen_at = :now",
                ConditionExpression="attribute_exists(token_hash)",
                ExpressionAttributeValues=typed({":now": iso(session.seen_at)}),
            )
        except (Fault, ClientError):
            return

    def end(self, tx: Transaction, token_hash: str) -> None:
        """End one, if there is one."""
        tx.delete("tokens", {"token_hash": token_hash})

    def of_person(self, person_id: str) -> InFlight:
        """A person's sessions, proofs and idempotency items, by the index."""
        found: dict[str, list[Item]] = {SESSION: [], LOGIN: [], IDEMPOTENCY: []}
        for item in pages(
            self._clock,
            self._client.query,
            TableName=f"{self._prefix}tokens",
            IndexName="by_person",
            KeyConditionExpression="person_id = :person",
            ExpressionAttributeValues=typed({":person": person_id}),
        ):
            found.get(item.get("kind", ""), []).append(item)
        logins = (login_of(item) for item in found[LOGIN])
        return InFlight(
            [_session_of(item) for item in found[SESSION]],
            [login for login in logins if login],
            [record_of(item) for item in found[IDEMPOTENCY]],
        )

    def _read(self, token_hash: str, person_id: str) -> tuple[Item | None, Profile | None]:
        keys = [(f"{self._prefix}tokens", {"token_hash": token_hash})]
        if person_id:
            keys.append((f"{self._prefix}people", {"person_id": person_id, "item": PROFILE}))
        item = profile = None
        for table, found in batch_get(self._client, self._clock, keys):
            if table == f"{self._prefix}tokens":
                item = plain(found)
            else:
                profile = profile_of(plain(found))
        return item, profile


def login_key(login_id: str) -> str:
    """Where a proof is kept."""
    return digest_of(f"login\n{login_id}")


def login_of(item: Mapping[str, Any]) -> Login | None:
    """An item as a proof; None for something else."""
    if item.get("kind") != LOGIN:
        return None
    known = {each.name: item[each.name] for each in fields(Login) if each.name in item}
    known.setdefault("person_id", "")
    times = {name: instant(known[name]) for name in INSTANTS if known.get(name)}
    return Login(**known | times | {"expires_at": instant(item["until"])})


def _login_item(login: Login) -> Item:
    item = {each.name: getattr(login, each.name) for each in fields(Login)}
    times = {name: iso(item[name]) for name in INSTANTS if item.get(name)}
    return {
        **item,
        **times,
        "schema": SCHEMA,
        "kind": LOGIN,
        "person_id": login.person_id or None,  # an index takes no empty text
        "token_hash": login_key(login.login_id),
        "until": iso(login.expires_at),
        "expires_at": int(login.expires_at.timestamp()),
    }


def _session_of(item: Mapping[str, Any]) -> Session:
    return Session(
        token_hash=item["token_hash"],
        person_id=item["person_id"],
        created_at=instant(item["created_at"]),
        seen_at=instant(item["seen_at"]),
        epoch=item["epoch"],
    )
