"""The slots of the resources that a booking or closure holds, as sorted ranges per resource."""

from collections.abc import Iterable, Mapping

from chalicelib.domain.times import SLOTS_A_DAY, day_of, first_slot

Range = tuple[int, int]
Ranges = tuple[Range, ...]
Footprint = Mapping[str, Ranges]
DayKey = tuple[str, str]  # resource_id and UTC day: the key of a ledger item


def merged(ranges: Iterable[Range]) -> Ranges:
    """The same slots as sorted ranges that neither overlap nor touch."""
    out: list[Range] = []
    for start, end in sorted(ranges):
        if start >= end:
            continue
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return tuple(out)


def minus(ranges: Iterable[Range], taken: Iterable[Range]) -> Ranges:
    """The slots of `ranges` that are not in `taken`."""
    left = list(merged(ranges))
    for cut_start, cut_end in merged(taken):
        left = [
            piece
            for start, end in left
            for piece in ((start, min(end, cut_start)), (max(start, cut_end), end))
            if piece[0] < piece[1]
        ]
    return tuple(left)


def common(one: Iterable[Range], other: Iterable[Range]) -> Ranges:
    """The slots that are in both."""
    other = tuple(other)
    return merged(
        (max(start, other_start), min(end, other_end))
        for start, end in one
        for other_start, other_end in other
    )


def union(*footprints: Footprint) -> dict[str, Ranges]:
    """The slots that are in any of them."""
    resources = sorted({resource for footprint in footprints for resource in footprint})
    return {
        resource: merged(piece for each in footprints for piece in each.get(resource, ()))
        for resource in resources
    }


def difference(one: Footprint, other: Footprint) -> dict[str, Ranges]:
    """The slots of `one` that `other` does not have."""
    left = {resource: minus(ranges, other.get(resource, ())) for resource, ranges in one.items()}
    return {resource: ranges for resource, ranges in left.items() if ranges}


def bits_by_day(footprint: Footprint) -> dict[DayKey, int]:
    """For each ledger item, the slots of its day in the footprint as bits (bit 0 is t00)."""
    out: dict[DayKey, int] = {}
    for resource, ranges in footprint.items():
        for start, end in ranges:
            for day in range(start // SLOTS_A_DAY, (end - 1) // SLOTS_A_DAY + 1):
                base = day * SLOTS_A_DAY
                first, last = max(start - base, 0), min(end - base, SLOTS_A_DAY)
                key = (resource, day_of(base))
                out[key] = out.get(key, 0) | (1 << last) - (1 << first)
    return out


def slots_by_day(footprint: Footprint) -> dict[DayKey, list[int]]:
    """For each ledger item, the slots of its day (0 to 95) in the footprint, in order."""
    return {
        key: [slot for slot in range(SLOTS_A_DAY) if bits >> slot & 1]
        for key, bits in bits_by_day(footprint).items()
    }


def footprint_of_bits(days: Mapping[DayKey, int]) -> dict[str, Ranges]:
    """The opposite of `bits_by_day`."""
    found: dict[str, list[Range]] = {}
    for (resource, day), bits in days.items():
        base = first_slot(day)
        found.setdefault(resource, []).extend(
            (base + slot, base + slot + 1) for slot in range(SLOTS_A_DAY) if bits >> slot & 1
        )
    return {resource: merged(ranges) for resource, ranges in found.items() if ranges}


def day_keys(footprint: Footprint) -> list[DayKey]:
    """The keys of the ledger items that a footprint touches."""
    return sorted(bits_by_day(footprint))
