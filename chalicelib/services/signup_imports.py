"""Signing up many at once, by staff: a transaction for each, so that what was done before a crash stays.

A batch has an id, which its first transaction writes into the log. Each row is signed up under an
idempotency key of its own, made of that id: whoever sends the batch again under the same key goes on where it
stopped, and nobody is signed up, or told, twice (S-18).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.errors import NotFound, Problem, Refused, Unavailable
from chalicelib.services.access import Action, may
from chalicelib.services.ports import Ports
from chalicelib.services.signups import Seen, SignUpRequest, sign_up
from chalicelib.services.writing import Attempt, Intent, Outcome, write

SECONDS = 15.0  # of signing up within one request; the rest by the next


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one: `signup_id` and `state` as they were at first, or what they are refused for."""

    done: Mapping[str, Any] | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def left(self) -> bool:
        """Whether nobody has come to it yet."""
        return self.done is None and not self.problems


@dataclass(frozen=True, slots=True)
class Batch:
    """How far a batch has come, row by row."""

    batch_id: str
    rows: tuple[Row, ...]

    @property
    def done(self) -> bool:
        """Whether every row was tried."""
        return not any(row.left for row in self.rows)


def begin(ports: Ports, event_id: str, size: int, intent: Intent) -> Outcome[str]:
    """Note that so many are to be signed up; the value is the id of the batch. NotFound for no event."""
    batch_id = ports.clock.new_id("i")

    def decide(attempt: Attempt) -> str:
        attempt.read()
        if ports.events.look(event_id).event is None:
            raise NotFound
        ports.audit.add(
            attempt.tx,
            subject=f"event#{event_id}",
            actor=intent.actor.actor_id,
            action="import",
            at=ports.clock.now(),
            batch_id=batch_id,
            size=size,
        )
        return batch_id

    if not may(intent.actor, Action.RUN):
        raise NotFound
    return write(ports, intent, decide)


def go_on(
    ports: Ports, batch_id: str, requests: tuple[SignUpRequest, ...], intent: Intent
) -> Batch:
    """Sign up whom a batch names, until all are or time is up; who was before is answered as then."""
    stop = ports.clock.monotonic() + SECONDS
    rows: list[Row] = []
    for number, request in enumerate(requests):
        if ports.clock.monotonic() >= stop:
            break
        try:
            rows.append(_signed_up(ports, request, _intent(intent, batch_id, number, request)))
        except Unavailable:
            break
    return Batch(batch_id, (*rows, *[Row()] * (len(requests) - len(rows))))


def _signed_up(ports: Ports, request: SignUpRequest, intent: Intent) -> Row:
    try:
        return Row(sign_up(ports, request, intent).answer)
    except Refused as refused:
        return Row(problems=refused.problems)


def _intent(intent: Intent, batch_id: str, number: int, request: SignUpRequest) -> Intent:
    return Intent(
        actor=intent.actor,
        method=intent.method,
        path=f"{intent.path}/{batch_id}",
        fingerprint=hashlib.sha256(repr(request).encode()).hexdigest(),
        render=_rendered,
        key=str(number),
    )


def _rendered(made: Seen) -> dict[str, Any]:
    return {"signup_id": made.signup.signup_id, "state": made.signup.state.value}
