"""How every write goes: look up the key, decide, commit, and find out what an unknown outcome was.

A use case is given a transaction and decides what to put in it; this module repeats it while it loses
races, and makes sure that an answer is never a guess.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import (
    IdempotencyMismatch,
    LabError,
    NotFound,
    OutcomeUnknown,
    Race,
    Refused,
    SettingsChanged,
    StaleVersion,
    Unavailable,
)
from chalicelib.domain.footprints import DayKey
from chalicelib.domain.people import Actor
from chalicelib.services.ports import Fields, KeyRecord, Ports, Snapshot, Transaction

T = TypeVar("T")
SECONDS = 20.0  # for all attempts together: API Gateway gives up after 29
ATTEMPTS = 40
KEY_LIFE = 48 * 3600


@dataclass(frozen=True, slots=True)
class Intent:
    """A request to write: whose, under which key, and how its success is to be answered.

    `fingerprint` is a digest of the parsed request, `render` makes the answer (status, headers and
    body, as JSON) that is stored and given again, word for word.
    """

    actor: Actor
    method: str
    path: str
    fingerprint: str
    render: Callable[[Any], Fields]
    key: str | None = None
    network: str = ""  # a digest of where nobody in particular asks from

    def token(self, key: str) -> str:
        """Where the answer is kept: apart for each actor, method and path."""
        scope = f"idempotency\n{self.actor.actor_id}\n{self.method}\n{self.path}\n{key}"
        return hashlib.sha256(scope.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What was written. A replay has the answer of the first time, and no value."""

    value: T | None
    answer: Fields
    replayed: bool = False


class AlreadyDone(LabError):
    """Nothing is left to be written: an answer, but not before the key was looked up."""


class _Replay(LabError):
    def __init__(self, record: KeyRecord) -> None:
        self.record = record


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a write: the settings to decide by, and the transaction to fill.

    `again`: an earlier try may have been applied late, so even a key of our own is looked up.
    """

    ports: Ports
    intent: Intent
    token: str
    catalog: Catalog
    tx: Transaction
    again: bool = False

    def read(
        self,
        *,
        booking_id: str | None = None,
        person_id: str | None = None,
        organisation_id: str | None = None,
        holds: Iterable[str] = (),
        days: Iterable[DayKey] = (),
    ) -> Snapshot:
        """Read what the decision needs together with the idempotency key, which comes first."""
        snapshot = self.ports.snapshots.read(
            token=self.token if self.intent.key or self.again else None,
            booking_id=booking_id,
            person_id=person_id,
            organisation_id=organisation_id,
            holds=holds,
            days=days,
        )
        self.settle(snapshot.record)
        return snapshot

    def settle(self, record: KeyRecord | None) -> None:
        """End the attempt where its key has been used: with the first answer, or a mismatch."""
        if record is None or record.expires_at <= self.ports.clock.now().timestamp():
            return
        if record.fingerprint != self.intent.fingerprint:
            raise IdempotencyMismatch
        raise _Replay(record)


def write(ports: Ports, intent: Intent, decide: Callable[[Attempt], T]) -> Outcome[T]:
    """Run `decide` and commit what it wrote, again and again while it loses races.

    Raises what `decide` raises, IdempotencyMismatch, or Unavailable when time or tries run out or
    when the store cannot be made to say what happened.
    """
    with ports.clock.within(SECONDS):
        return _write(ports, intent, decide)


def complete(ports: Ports, intent: Intent, answer: Fields) -> None:
    """Keep, for replays, an answer that could be made whole only after its commit."""
    if intent.key is None:
        return
    record = ports.keys.get(intent.token(intent.key))
    if record is not None and record.fingerprint == intent.fingerprint:
        ports.keys.amend(replace(record, answer=answer))


def _write(ports: Ports, intent: Intent, decide: Callable[[Attempt], T]) -> Outcome[T]:
    token = intent.token(intent.key or ports.clock.new_id("k"))
    for number in range(ATTEMPTS):
        if number:
            ports.clock.pause(number)
        if ports.clock.monotonic() > ports.clock.deadline():
            break
        catalog = ports.settings.get()
        attempt = Attempt(ports, intent, token, catalog, ports.begin(), again=number > 0)
        try:
            return _once(attempt, decide)
        except _Replay as replay:
            return Outcome(None, replay.record.answer, replayed=True)
        except SettingsChanged:
            ports.settings.forget()
        except Race:
            continue
        except (Refused, NotFound, StaleVersion, AlreadyDone) as refusal:
            if first := _written_meanwhile(attempt):
                return first
            # Nobody is turned away by settings that are no longer so: shorter buffers or one more
            # desk can free what was taken.
            stale = ports.settings.fresh().revision != attempt.catalog.revision
            if not (isinstance(refusal, Refused) and stale):
                raise
    raise Unavailable


def _written_meanwhile(attempt: Attempt) -> Outcome[Any] | None:
    """The answer of the same request where it was written after this attempt had read the key.

    One read of several items is not of one moment, and some use cases read more than once: what
    stands in the way may be what the client's own first try did.
    """
    if attempt.intent.key is None:
        return None
    try:
        attempt.settle(attempt.ports.keys.get(attempt.token))
    except _Replay as replay:
        return Outcome(None, replay.record.answer, replayed=True)
    return None


def _once(attempt: Attempt, decide: Callable[[Attempt], T]) -> Outcome[T]:
    ports, intent = attempt.ports, attempt.intent
    value = decide(attempt)
    now = int(ports.clock.now().timestamp())
    record = KeyRecord(
        token=attempt.token,
        fingerprint=intent.fingerprint,
        attempt=ports.clock.new_id("a"),
        answer=intent.render(value),
        expires_at=now + KEY_LIFE,
        person_id=getattr(value, "person_id", "") or intent.actor.person_id,
    )
    ports.keys.put(attempt.tx, record, now)
    try:
        attempt.tx.commit()
    except OutcomeUnknown as error:
        found = ports.keys.get(attempt.token)
        if found is None or found.attempt != record.attempt:
            raise (error.refused or Unavailable()) from error
    return Outcome(value, record.answer)
