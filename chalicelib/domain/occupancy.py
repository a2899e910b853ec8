"""What the ledger says of each resource: who holds which slots, and in what way."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import count

from chalicelib.domain.bookings import Until
from chalicelib.domain.footprints import DayKey, Ranges
from chalicelib.domain.times import SLOTS_A_DAY, days_between

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
        self._utc_days = list(zip(days_between(first, last), count(0, SLOTS_A_DAY)))
        self._skipped = first % SLOTS_A_DAY  # slots of the first day that are before the first slot
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
            found = self._read_day(item)
            booked |= found[0] << offset
            tentative |= found[1] << offset
            buffer |= found[2] << offset
            closure |= found[3] << offset
        layers = (booked, tentative, buffer, closure)
        return Masks(*[bits >> self._skipped & self._window for bits in layers])

    def _read_day(self, item: LedgerDay) -> tuple[int, int, int, int]:
        """The slots of one ledger item in the order of Masks; most are held plainly and for good."""
        booked = tentative = buffer = closure = 0
        until, marks = item.until, item.marks
        for holder, bits in item.holders.items():
            if holder == self._ignoring:
                continue
            if is_closure(holder):
                closure |= bits
                continue
            if holder in until:
                if has_ended(until[holder], self._now):
                    continue
                tentative |= bits
            else:
                booked |= bits
            if holder in marks:
                buffers, extra = marked(marks[holder])
                buffer |= bits & buffers
                tentative |= bits & extra
        buffer &= ~tentative  # the setup of what may not take place is no firmer than that
        return booked & ~(tentative | buffer), tentative, buffer, closure


@lru_cache(maxsize=1024)  # bookings of one time are marked alike
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
        if start < limit and base < end and start < end:
            mask |= (1 << min(end - base, size)) - (1 << max(start - base, 0))
    return mask


def ranges_of(mask: int, base: int) -> Ranges:
    """The opposite of `mask_of`."""
    out = []
    edges = mask ^ (mask << 1)  # a bit where a run begins, and one after its end
    while edges:  # from the highest down, which is found at once
        last = edges.bit_length() - 1
        edges ^= 1 << last
        first = edges.bit_length() - 1
        edges ^= 1 << first
        out.append((base + first, base + last))
    return tuple(out[::-1])


def run_starts(mask: int, length: int) -> int:
    """The bits from which on `length` bits in a row are set."""
    done = 1
    while done < length:
        step = min(done, length - done)
        mask &= mask >> step
        done += step
    return mask
