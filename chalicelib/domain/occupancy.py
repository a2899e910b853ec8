"""What the ledger says of each resource: who holds which slots, and in what way."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.domain.bookings import Until
from chalicelib.domain.footprints import DayKey, Ranges
from chalicelib.domain.times import days_between, first_slot

BOOKED, TENTATIVE, BUFFER, CLOSURE = "booked", "tentative", "buffer", "closure"


@dataclass(frozen=True, slots=True)
class LedgerDay:
    """One ledger item: the slots of each holder as bits (bit 0 is t00), and what is said of them."""

    resource_id: str
    day: str
    holders: Mapping[str, int] = field(default_factory=dict)
    until: Mapping[str, Until] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)
    changed_at: datetime | None = field(default=None, compare=False)  # when it was last written


@dataclass(frozen=True, slots=True)
class Masks:
    """The taken slots of one resource as bits; bit 0 is the slot `base`. No bit is in two masks."""

    booked: int = 0
    tentative: int = 0
    buffer: int = 0
    closure: int = 0

    @property
    def busy(self) -> int:
        """Everything that a booking holds."""
        return self.booked | self.tentative | self.buffer

    @property
    def taken(self) -> int:
        """Everything that is not free."""
        return self.busy | self.closure


def is_closure(holder: str) -> bool:
    """Whether a slot's holder is a closure and not a booking."""
    return holder.startswith("c_")


def has_ended(until: Until, now: datetime) -> bool:
    """Whether a hold has run out at `now`."""
    return isinstance(until, int) and now.timestamp() >= until


class Occupancy:
    """The ledger between two slots. Days that were not read count as free: read what you ask about.

    Holds that have ended by `now` count as free, and so does `ignoring`, the booking being changed.
    """

    def __init__(
        self,
        days: Mapping[DayKey, LedgerDay],
        first: int,
        last: int,
        now: datetime,
        ignoring: str | None = None,
    ) -> None:
        self.first = first
        self.last = last
        self._days = days
        self._now = now
        self._ignoring = ignoring
        self._masks: dict[str, Masks] = {}
        self._utc_days = [(day, first_slot(day) - first) for day in days_between(first, last)]
        self._window = (1 << (last - first)) - 1

    def masks(self, resource_id: str) -> Masks:
        """The taken slots of a resource."""
        found = self._masks.get(resource_id)
        if found is None:
            found = self._masks[resource_id] = self._read(resource_id)
        return found

    def ended_holders(self, resource_ids: Iterable[str]) -> set[str]:
        """The holds that have run out but still stand in the way in the ledger."""
        return {
            holder
            for resource_id in resource_ids
            for day, _ in self._utc_days
            if (item := self._days.get((resource_id, day)))
            for holder, until in item.until.items()
            if has_ended(until, self._now) and holder in item.holders
        }

    def _read(self, resource_id: str) -> Masks:
        booked = tentative = buffer = closure = 0
        for day, offset in self._utc_days:
            item = self._days.get((resource_id, day))
            if item is None:
                continue
            found = [_shift(bits, offset) for bits in self._read_day(item)]
            booked |= found[0]
            tentative |= found[1]
            buffer |= found[2]
            closure |= found[3]
        window = self._window
        return Masks(booked & window, tentative & window, buffer & window, closure & window)

    def _read_day(self, item: LedgerDay) -> tuple[int, int, int, int]:
        """The slots of one ledger item in the order of Masks; most are held plainly and for good."""
        booked = tentative = buffer = closure = 0
        for holder, bits in item.holders.items():
            if holder == self._ignoring:
                continue
            if is_closure(holder):
                closure |= bits
                continue
            if holder in item.until:
                if has_ended(item.until[holder], self._now):
                    continue
                tentative |= bits
            else:
                booked |= bits
            if holder in item.marks:
                buffers, extra = marked(item.marks[holder])
                buffer |= bits & buffers
                tentative |= bits & extra
        buffer &= ~tentative  # the setup of what may not take place is no firmer than that
        return booked & ~(tentative | buffer), tentative, buffer, closure


def _shift(bits: int, offset: int) -> int:
    return bits << offset if offset >= 0 else bits >> -offset


def marked(marks: str) -> tuple[int, int]:
    """What is said of a holder's slots of a day: those of buffers, those of a change that waits."""
    found = {"b": 0, "t": 0}
    for run in marks.split():
        first, _, last = run[1:].partition("-")
        found[run[0]] |= (1 << int(last) + 1) - (1 << int(first))
    return found["b"], found["t"]


def mask_of(ranges: Ranges, base: int, size: int) -> int:
    """Ranges of slots as bits, bit 0 the slot `base`, cut to `size` bits."""
    mask, limit = 0, base + size
    for start, end in ranges:
        if start < min(end, limit) and base < end:
            mask |= (1 << min(end - base, size)) - (1 << max(start - base, 0))
    return mask


def ranges_of(mask: int, base: int) -> Ranges:
    """The opposite of `mask_of`."""
    out = []
    edges = mask ^ (mask << 1)  # a bit where a run begins, and one after its end
    while edges:
        first = edges & -edges
        edges ^= first
        last = edges & -edges
        edges ^= last
        out.append((base + first.bit_length() - 1, base + last.bit_length() - 1))
    return tuple(out)


def run_starts(mask: int, length: int) -> int:
    """The bits from which on `length` bits in a row are set."""
    done = 1
    while done < length:
        step = min(done, length - done)
        mask &= mask >> step
        done += step
    return mask
