"""A booking, its states, and the changes it can go through."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.errors import StaleVersion, refuse
from chalicelib.domain.footprints import (
    DayKey,
    Footprint,
    difference,
    minus,
    slots_by_day,
    union,
)
from chalicelib.domain.people import ERASED, Person
from chalicelib.domain.times import instant_of, slot_ceil, slot_floor


class State(StrEnum):
    """Where a booking is in its life."""

    HELD = "held"
    PENDING = "pending"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    DENIED = "denied"
    EXPIRED = "expired"


LIVE = (State.HELD, State.PENDING, State.CONFIRMED)
TOLD = ("ends_at", "space_ids", "units", "equipment", "facilitator")  # besides start and state
PENDING_UNTIL = "pending"
EVENT_IDS = "e_"  # what an event's id begins with: a booking is a person's or an event's
Until = (
    int | str | None
)  # of a ledger item: when a hold ends (epoch seconds), "pending", or for good


@dataclass(frozen=True, slots=True)
class PendingChange:
    """A change that waits for approval; its footprint is held besides the booking's own."""

    starts_at: datetime
    ends_at: datetime
    space_ids: tuple[str, ...]
    units: int
    equipment: Mapping[str, int]
    facilitator: str | None
    footprint: Footprint


@dataclass(frozen=True, slots=True)
class Booking:
    """What is booked, for whom, and the slots that it holds. `footprint` is never recomputed."""

    booking_id: str
    state: State
    space_ids: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    footprint: Footprint
    person: Person
    person_id: str
    made_by: str
    created_at: datetime
    units: int = 1
    title: str = ""
    notes: str = ""
    attendees: int = 1
    equipment: Mapping[str, int] = field(default_factory=dict)
    facilitator: str | None = None
    facilitation_notes: str = ""
    confirm_by: datetime | None = None
    planned_end: datetime | None = None  # kept for statistics when a booking ends early
    pending_change: PendingChange | None = None
    override: tuple[str, ...] = ()
    reason: str = ""  # why it was cancelled or denied
    series_id: str | None = None
    network: str = ""  # a digest of where a hold was made from, for as long as it is one
    organisation_id: str = ""  # whose quota it counts in besides its person's, where there was one
    sequence: int = (
        0  # of its calendar entries (RFC 5545, 3.8.7.4): grows with what people are told
    )
    revision: int = (
        0  # grows with its time, and when it is given up or granted again: re-arms reminders
    )
    version: int = 1
    # When this version was written, as the store noted it; two that differ in it alone are the same.
    changed_at: datetime | None = field(default=None, compare=False)

    @property
    def event_id(self) -> str:
        """The event whose place it is, and which it is moved and given back with; "" for people's."""
        return self.person_id if self.person_id.startswith(EVENT_IDS) else ""

    @property
    def live(self) -> bool:
        """Whether its slots are its own in the ledger (a hold past its time still has them)."""
        return self.state in LIVE

    @property
    def held(self) -> Footprint:
        """All slots that it holds in the ledger, those of a pending change included."""
        if not self.live:
            return {}
        if self.pending_change is None:
            return self.footprint
        return union(self.footprint, self.pending_change.footprint)

    @property
    def until(self) -> Until:
        """What its ledger items say of how long it holds them."""
        if self.state is State.HELD and self.confirm_by is not None:
            return int(self.confirm_by.timestamp())
        return PENDING_UNTIL if self.state is State.PENDING else None

    @property
    def due_at(self) -> datetime | None:
        """When the clock has something to do with it: an end of a hold, or of waiting for an answer."""
        if self.state is State.HELD:
            return self.confirm_by
        if self.state is State.PENDING:
            return self.starts_at
        if self.state is State.CONFIRMED and self.pending_change is not None:
            return self._change_due_at(self.pending_change)
        return None

    def _change_due_at(self, change: PendingChange) -> datetime:
        """The beginning of the time that is asked for besides; or of the booking, if that moves."""
        extra = difference(change.footprint, self.footprint)
        first = instant_of(min(ranges[0][0] for ranges in extra.values()))
        return first if change.starts_at == self.starts_at else min(first, self.starts_at)

    def marks(self) -> dict[DayKey, str]:
        """What its ledger items say of slots that are not plainly booked.

        Runs of slots of the day, end included: `b` is setup or cleanup, `t` waits for approval, as
        in "b35-35 t48-51". Days where all is plainly booked have none.
        """
        if not self.live:
            return {}
        core = ((slot_floor(self.starts_at), slot_ceil(self.ends_at)),)
        buffers = {key: minus(ranges, core) for key, ranges in self.footprint.items()}
        extra = difference(self.held, self.footprint)
        out: dict[DayKey, list[str]] = {}
        for letter, ranges in (("b", buffers), ("t", extra)):
            for day_key, slots in slots_by_day(ranges).items():
                out.setdefault(day_key, []).extend(
                    f"{letter}{first}-{last}" for first, last in _runs(slots)
                )
        return {day_key: " ".join(runs) for day_key, runs in out.items()}


def _runs(slots: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for slot in slots:
        if runs and slot == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], slot)
        else:
            runs.append((slot, slot))
    return runs


def judged(booking: Booking, now: datetime) -> Booking:
    """The booking as it is at `now`: what has run out counts as run out before anything tidies it.

    An answer has to come before the start; a hold ends at `confirm_by` exactly.
    """
    if booking.due_at is None or now < booking.due_at:
        return booking
    if booking.state is State.CONFIRMED:
        return replace(booking, pending_change=None)
    return replace(booking, state=State.EXPIRED)


def has_links(booking: Booking, now: datetime) -> bool:
    """Whether the links of its mails still open it: until it is over, and as long as it is somebody's."""
    return now < booking.ends_at and booking.person_id != ERASED


def etag(booking: Booking) -> str:
    """A strong ETag (RFC 9110, 8.8.3); `booking` is as judged, since time alone can change it."""
    suffix = "" if booking.state is not State.EXPIRED else "-expired"
    if booking.state is State.CONFIRMED and booking.due_at is not None:
        suffix = "-asking"
    return f'"{booking.version}{suffix}"'


def check_version(tags: tuple[str, ...] | None, present: str) -> None:
    """Raise StaleVersion unless If-Match (`tags`; None: not sent) names the present version."""
    if tags is not None and "*" not in tags and present not in tags:
        raise StaleVersion


def expired(booking: Booking) -> Booking:
    """What the clock makes of a booking whose `due_at` has passed."""
    if booking.state is State.CONFIRMED:
        return _next(booking, pending_change=None)
    return _next(booking, state=State.EXPIRED)


def cancelled(booking: Booking, reason: str) -> Booking:
    """A live booking, given up."""
    if not booking.live:
        raise refuse("stale-state", state=booking.state.value)
    return _next(booking, state=State.CANCELLED, reason=reason, pending_change=None)


def proved(booking: Booking, *, needs_approval: bool) -> Booking:
    """A hold whose person has shown that the address is theirs."""
    if booking.state is not State.HELD:
        raise refuse("stale-state", state=booking.state.value)
    state = State.PENDING if needs_approval else State.CONFIRMED
    return _next(booking, state=state, confirm_by=None)


def approved(booking: Booking) -> Booking:
    """A request granted, or a pending change made."""
    change = booking.pending_change
    if booking.state is State.PENDING:
        return _next(booking, state=State.CONFIRMED)
    if booking.state is State.CONFIRMED and change is not None:
        return _next(
            booking,
            starts_at=change.starts_at,
            ends_at=change.ends_at,
            space_ids=change.space_ids,
            units=change.units,
            equipment=change.equipment,
            facilitator=change.facilitator,
            footprint=change.footprint,
            pending_change=None,
            reason="",
        )
    raise refuse("stale-state", state=booking.state.value)


def denied(booking: Booking, reason: str) -> Booking:
    """A request refused, or a pending change dropped (the booking then stays as it was)."""
    if booking.state is State.PENDING:
        return _next(booking, state=State.DENIED, reason=reason)
    if booking.state is State.CONFIRMED and booking.pending_change is not None:
        return _next(booking, pending_change=None, reason=reason)
    raise refuse("stale-state", state=booking.state.value)


def reopened(booking: Booking) -> Booking:
    """A denied request granted after all; its slots have to be claimed anew."""
    if booking.state is not State.DENIED:
        raise refuse("stale-state", state=booking.state.value)
    return _next(booking, state=State.CONFIRMED, reason="")


def changed(booking: Booking, **changes: object) -> Booking:
    """The next version of a booking; why an earlier change was refused is over with this one."""
    return _next(booking, **{"reason": "", **changes})


def _next(booking: Booking, **changes: object) -> Booking:
    after = replace(booking, version=booking.version + 1, **changes)  # type: ignore[arg-type]
    if after.state is not State.HELD:
        after = replace(after, network="")
    moved = (after.starts_at, after.state) != (booking.starts_at, booking.state)
    told = moved or any(getattr(after, name) != getattr(booking, name) for name in TOLD)
    return replace(after, sequence=booking.sequence + told, revision=booking.revision + moved)
