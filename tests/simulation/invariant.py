"""The invariant of data.md, checked on what changed: slot t of resource r is held by b if and only if b
is live and (r, t) is in b's stored footprint.

The store's dictionaries are replaced by ones that remember what was written, so that a check after each
of a million operations costs little; `check_all` looks at everything.
"""

from typing import Any

from chalicelib.domain.bookings import Booking, State, Until
from chalicelib.domain.footprints import DayKey, bits_by_day
from chalicelib.domain.occupancy import LedgerDay, is_closure
from tests.fakes import Store

Entry = tuple[int, Until, str | None]
NOTHING: Entry = (0, None, None)


class Violation(AssertionError):
    """The tables contradict each other."""


class Remembering(dict[Any, Any]):
    """A dictionary that knows which of its keys were written."""

    def __init__(self, items: dict[Any, Any]) -> None:
        super().__init__(items)
        self.written: set[Any] = set(items)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        self.written.add(key)

    def taken(self) -> set[Any]:
        """What was written since the last time."""
        written, self.written = self.written, set()
        return written


class Invariant:
    """Checks a store, by what changed since the last check."""

    def __init__(self, store: Store) -> None:
        self.store = store
        store.ledger = Remembering(store.ledger)
        store.bookings = Remembering(store.bookings)
        store.closures = Remembering(store.closures)
        self._said: dict[str, dict[DayKey, Entry]] = {}
        self._claims: dict[DayKey, dict[str, int]] = {}

    def check(self) -> None:
        """Raise Violation where something written since the last check is wrong."""
        holders = self.store.bookings.taken() | self.store.closures.taken()
        days = self.store.ledger.taken()
        for holder in holders:
            days |= set(self._said.get(holder, {}))
            self._said[holder] = self._of(holder)
            days |= set(self._said[holder])
        for key in days:
            self._check_day(key)

    def check_all(self) -> None:
        """Look at everything, and from both sides."""
        self.store.bookings.written = set(self.store.bookings)
        self.store.closures.written = set(self.store.closures)
        self.store.ledger.written = set(self.store.ledger)
        self._said, self._claims = {}, {}
        self.check()
        for person_id, quota in self.store.quotas.items():
            for booking in self._bookings_of(person_id):
                span = (int(booking.starts_at.timestamp()), int(booking.ends_at.timestamp()))
                if quota.bookings.get(booking.booking_id, span) != span:
                    raise Violation(f"the quota has another time for {booking.booking_id}")

        for held in self.store.holds.values():
            for booking_id, until in held.until.items():
                booking = self.store.bookings[booking_id]
                if booking.until != until or booking.state is not State.HELD:
                    raise Violation(f"{booking_id} is {booking.state}, and counted as a hold")

    def _bookings_of(self, person_id: str) -> list[Booking]:
        return [each for each in self.store.bookings.values() if each.person_id == person_id]

    def _check_day(self, key: DayKey) -> None:
        day = self.store.ledger.get(key) or LedgerDay(*key)
        seen = 0
        for holder, bits in day.holders.items():
            if seen & bits:
                raise Violation(f"two holders of one slot of {key}")
            seen |= bits
            entry = (bits, day.until.get(holder), day.marks.get(holder))
            said = self._said_of(holder).get(key, NOTHING)
            if entry != said:
                raise Violation(f"{key}: the ledger says {entry} of {holder}, itself {said}")
        for holder in {*day.until, *day.marks}:
            if holder not in day.holders:
                raise Violation(f"{key}: a note on {holder}, which holds nothing")
        for holder, said in self._claims.get(key, {}).items():
            if said and holder not in day.holders:
                raise Violation(f"{key}: {holder} says that it holds {said:b}, the ledger not")

    def _said_of(self, holder: str) -> dict[DayKey, Entry]:
        if holder not in self._said:
            self._said[holder] = self._of(holder)
        return self._said[holder]

    def _of(self, holder: str) -> dict[DayKey, Entry]:
        if is_closure(holder):
            closure = self.store.closures.get(holder)
            days = bits_by_day(closure.footprint) if closure else {}
            entries: dict[DayKey, Entry] = {key: (bits, None, None) for key, bits in days.items()}
        else:
            booking = self.store.bookings.get(holder)
            entries = {}
            if booking is not None:
                marks = booking.marks()
                entries = {
                    key: (bits, booking.until, marks.get(key))
                    for key, bits in bits_by_day(booking.held).items()
                }
        self._note_claims(holder, entries)
        return entries

    def _note_claims(self, holder: str, entries: dict[DayKey, Entry]) -> None:
        for key in self._said.get(holder, {}):
            self._claims.get(key, {}).pop(holder, None)
        for key, entry in entries.items():
            self._claims.setdefault(key, {})[holder] = entry[0]
