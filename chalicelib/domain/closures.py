"""Staff's own holds: closing spaces for any length of time, a few days at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.footprints import Footprint, Ranges, difference, union
from chalicelib.domain.times import SLOTS_A_DAY, instant_of, slot_ceil, slot_floor

RESOURCE_DAYS = 70  # of one transaction of 100 actions: the rest is left for what comes with it


class ClosureState(StrEnum):
    """How far a closure has come."""

    CLOSING = "closing"  # days are left to claim
    BLOCKED = "blocked"  # all days were tried; bookings are in the way of some slots
    CLOSED = "closed"  # every slot is held
    LIFTING = "lifting"  # days are left to release
    LIFTED = "lifted"


@dataclass(frozen=True, slots=True)
class Closure:
    """A closure and how much of it is held; `footprint` is what it holds in the ledger now."""

    closure_id: str
    space_ids: tuple[str, ...]
    resource_ids: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    reason: str = ""
    state: ClosureState = ClosureState.CLOSING
    done: int = 0  # chunks of days behind us
    footprint: Footprint = field(default_factory=dict)
    version: int = 1
    created_at: datetime | None = None
    made_by: str = ""

    @property
    def live(self) -> bool:
        """Whether it closes anything, now or soon."""
        return self.state in (ClosureState.CLOSING, ClosureState.BLOCKED, ClosureState.CLOSED)

    @property
    def first_slot(self) -> int:
        """Its first slot; one begun before it is closed whole."""
        return slot_floor(self.starts_at)

    @property
    def last_slot(self) -> int:
        """The slot after its last."""
        return slot_ceil(self.ends_at)

    @property
    def chunk_slots(self) -> int:
        """How many slots go into one transaction: whole UTC days, one at the least."""
        return SLOTS_A_DAY * max(1, RESOURCE_DAYS // len(self.resource_ids))

    @property
    def total(self) -> int:
        """How many transactions it takes in all."""
        return -(-(self.last_slot - self._first_day) // self.chunk_slots)

    def chunk(self, number: int) -> dict[str, Ranges]:
        """What one transaction is to hold, when nothing is in the way."""
        start = self._first_day + number * self.chunk_slots
        end = min(start + self.chunk_slots, self.last_slot)
        return {resource: ((max(start, self.first_slot), end),) for resource in self.resource_ids}

    @property
    def _first_day(self) -> int:
        return self.first_slot - self.first_slot % SLOTS_A_DAY

    def wanted(self) -> dict[str, Ranges]:
        """All that it is to hold."""
        whole = ((self.first_slot, self.last_slot),)
        return dict.fromkeys(self.resource_ids, whole)


def after_claim(closure: Closure, claimed: Footprint) -> Closure:
    """The closure with one more chunk behind it."""
    footprint = union(closure.footprint, claimed)
    done = closure.done + 1
    state = closure.state
    if done >= closure.total:
        missing = difference(closure.wanted(), footprint)
        state = ClosureState.BLOCKED if missing else ClosureState.CLOSED
    return _next(closure, footprint, min(done, closure.total), state)


def restarted(closure: Closure) -> Closure:
    """A blocked closure that tries again from its first day; what it holds it keeps."""
    return _next(closure, closure.footprint, 0, ClosureState.CLOSING)


def lifting(closure: Closure) -> Closure:
    """A closure whose days are to be released."""
    return _next(closure, closure.footprint, 0, ClosureState.LIFTING)


def after_release(closure: Closure, released: Footprint) -> Closure:
    """The closure with one chunk less."""
    footprint = difference(closure.footprint, released)
    state = closure.state if footprint else ClosureState.LIFTED
    done = closure.total if not footprint else min(closure.done + 1, closure.total)
    return _next(closure, footprint, done, state)


def held_chunk(closure: Closure) -> dict[str, Ranges]:
    """The earliest part of what a closure holds, no more than one transaction takes."""
    first = min(ranges[0][0] for ranges in closure.footprint.values())
    first -= first % SLOTS_A_DAY
    window = ((first, first + closure.chunk_slots),)
    kept = difference(closure.footprint, dict.fromkeys(closure.footprint, window))
    return difference(closure.footprint, kept)


def interval_of(ranges: Ranges) -> tuple[datetime, datetime]:
    """The instants between which a set of slots lies."""
    return instant_of(ranges[0][0]), instant_of(ranges[-1][1])


def _next(
    closure: Closure, footprint: Mapping[str, Ranges], done: int, state: ClosureState
) -> Closure:
    return replace(
        closure, footprint=footprint, done=done, state=state, version=closure.version + 1
    )
