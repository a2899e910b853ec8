"""The consistency check: what the ledger should say, recomputed from bookings and closures.

    python -m chalicelib.services.check [--repair]

reports every difference and exits with 1 where any is left; with `--repair` it mends them, in
transactions on the version of the booking or closure, so that it can run on a live system. A restore
drill runs it on the restored tables, which may be of different seconds. It is set up like the
functions, by TABLE_PREFIX and AWS's own variables.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from chalicelib.domain.bookings import Until
from chalicelib.domain.errors import Race
from chalicelib.domain.footprints import DayKey, Footprint, bits_by_day, footprint_of_bits
from chalicelib.domain.occupancy import LedgerDay, is_closure
from chalicelib.services.ports import Ports

ITEMS = 70  # of one repairing transaction


@dataclass(frozen=True, slots=True)
class Entry:
    """What one ledger item says of one holder: its slots as bits, and the notes on it."""

    bits: int = 0
    until: Until = None
    marks: str | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """A booking or closure as it says of itself; version None where there is none."""

    version: int | None = None
    days: Mapping[DayKey, Entry] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the ledger and a holder disagree; `others` are slots that somebody else has."""

    holder_id: str
    holder: Holder
    seen: Mapping[DayKey, Entry]
    others: Mapping[DayKey, int]

    def wrong_days(self) -> list[DayKey]:
        """The ledger items that are wrong."""
        return sorted(
            key
            for key in {*self.seen, *self.holder.days}
            if self.seen.get(key, Entry()) != self.holder.days.get(key, Entry())
        )

    def lines(self) -> Iterator[str]:
        """For people, a line an item: ids and slots, nothing personal."""
        for resource, day in self.wrong_days():
            seen = self.seen.get((resource, day), Entry())
            said = self.holder.days.get((resource, day), Entry())
            others = self.others.get((resource, day), 0)
            parts = [
                f"{name} {_slots(bits)}"
                for name, bits in (
                    ("missing", said.bits & ~seen.bits & ~others),
                    ("taken by another", said.bits & ~seen.bits & others),
                    ("surplus", seen.bits & ~said.bits),
                )
                if bits
            ]
            yield f"{self.holder_id} {resource} {day}: {', '.join(parts) or 'other notes'}"


def check(ports: Ports) -> list[Difference]:
    """Every difference there is.

    Who seems to differ is read again, strongly consistent: what changed while the tables were being
    read is no difference.
    """
    seen: dict[str, dict[DayKey, Entry]] = {}
    for day in ports.ledger.all_days():
        for holder_id, entry in _entries(day):
            seen.setdefault(holder_id, {})[day.resource_id, day.day] = entry
    said = {
        booking.booking_id: _days(booking.held, booking.until, booking.marks())
        for booking in ports.bookings.all()
    }
    said |= {
        closure.closure_id: _days(closure.footprint) for closure in ports.catalog.load().closures
    }
    suspects = [
        holder_id
        for holder_id in sorted({*seen, *said})
        if seen.get(holder_id, {}) != said.get(holder_id, {})
    ]
    looked = (examine(ports, each, [*seen.get(each, {})]) for each in suspects)
    return [found for found in looked if found.wrong_days()]


def examine(ports: Ports, holder_id: str, days: list[DayKey]) -> Difference:
    """One holder against the ledger items that it should be in, and `days` besides."""
    holder = _holder(ports, holder_id)
    read = ports.snapshots.read(days=sorted({*days, *holder.days})).days
    seen = {
        key: entry
        for key, day in read.items()
        for each, entry in _entries(day)
        if each == holder_id
    }
    others = {
        key: sum(bits for each, bits in day.holders.items() if each != holder_id)
        for key, day in read.items()
    }
    return Difference(holder_id, holder, seen, others)


def repair(ports: Ports, found: Difference) -> bool:
    """Make the ledger say what the holder says; whether it then does, whole.

    Slots that somebody else has are left to them: of the two, the ledger's holder is right, and the
    other is reported until staff move or cancel it.
    """
    wrong = found.wrong_days()
    for first in range(0, len(wrong), ITEMS):
        days = wrong[first : first + ITEMS]
        said = {key: found.holder.days.get(key, Entry()) for key in days}
        old = {key: found.seen.get(key, Entry()).bits for key in days}
        new = {key: said[key].bits & ~found.others.get(key, 0) for key in days}
        until = next((entry.until for entry in said.values() if entry.until is not None), None)
        tx = ports.begin()
        ports.ledger.move(
            tx,
            found.holder_id,
            footprint_of_bits(old),
            footprint_of_bits(new),
            until=until,
            marks={key: entry.marks for key, entry in said.items() if entry.marks},
        )
        if is_closure(found.holder_id):
            ports.catalog.check_closure(tx, found.holder_id, found.holder.version)
        else:
            ports.bookings.check(tx, found.holder_id, found.holder.version)
        ports.audit.add(
            tx,
            subject=f"ledger#{found.holder_id}",
            actor="check",
            action="repair",
            at=ports.clock.now(),
        )
        try:
            tx.commit()
        except Race:
            break  # lost, or won without hearing of it: what is there now tells
    return not examine(ports, found.holder_id, wrong).wrong_days()


def main(arguments: list[str] | None = None, ports: Ports | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="check", description="Compare the ledger with bookings.")
    parser.add_argument("--repair", action="store_true", help="mend what differs")
    options = parser.parse_args(arguments)
    if ports is None:
        from chalicelib.bootstrap import ports as from_environment

        ports = from_environment()
    differences = check(ports)
    left = 0
    for found in differences:
        mended = options.repair and repair(ports, found)
        left += not mended
        for line in found.lines():
            print(("mended: " if mended else "") + line)
    print(f"{len(differences)} differences, {left} left")
    return 1 if left else 0


def _holder(ports: Ports, holder_id: str) -> Holder:
    if is_closure(holder_id):
        closure = ports.catalog.closure(holder_id)
        return Holder(closure.version, _days(closure.footprint)) if closure else Holder()
    booking = ports.bookings.get(holder_id)
    if booking is None:
        return Holder()
    return Holder(booking.version, _days(booking.held, booking.until, booking.marks()))


def _days(
    footprint: Footprint, until: Until = None, marks: Mapping[DayKey, str] | None = None
) -> dict[DayKey, Entry]:
    notes = marks or {}
    return {key: Entry(bits, until, notes.get(key)) for key, bits in bits_by_day(footprint).items()}


def _entries(day: LedgerDay) -> Iterator[tuple[str, Entry]]:
    for holder_id, bits in day.holders.items():
        yield holder_id, Entry(bits, day.until.get(holder_id), day.marks.get(holder_id))


def _slots(bits: int) -> str:
    return " ".join(f"t{slot:02d}" for slot in range(bits.bit_length()) if bits >> slot & 1)


if __name__ == "__main__":
    sys.exit(main())
