"""Slots as times with a reason: what a space is, from when until when."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from chalicelib.domain.times import instant_of


class Stretch(NamedTuple):
    """A time and, unless it is free, why it is not. A tuple, since a week has a thousand of them."""

    starts_at: datetime
    ends_at: datetime
    reason: str = ""


def laid_out(
    groups: Sequence[Mapping[str, int]], base: int, starts_at: datetime, ends_at: datetime
) -> list[tuple[Stretch, ...]]:
    """The times of each group, which has bits (bit 0 the slot `base`) for each reason, in order.

    No bit may be in two masks. The first and the last time of a group are cut to the range.
    """
    found = [list[Stretch]() for _ in groups]
    layers = [
        (mask, reason, into)
        for group, into in zip(groups, found, strict=True)
        for reason, mask in group.items()
        if mask
    ]
    edges = 0  # a bit where a run of any mask begins, and one after its end
    for mask, _, _ in layers:
        edges |= mask ^ (mask << 1)
    end = 0
    while edges:  # from the last down: the highest bit is the one that is found at once
        start = edges.bit_length() - 1
        bit = 1 << start
        edges ^= bit
        for mask, reason, into in layers:
            if mask & bit:
                into.append(_stretch(base + start, base + end, reason))
                break
        end = start
    return [_cut(times[::-1], starts_at, ends_at) for times in found]


def joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Stretches in order, those that touch made one: what it is that takes the time is left out."""
    out: list[Stretch] = []
    for each in stretches:
        if out and each.starts_at <= out[-1].ends_at:
            out[-1] = Stretch(out[-1].starts_at, max(out[-1].ends_at, each.ends_at))
        else:
            out.append(Stretch(each.starts_at, each.ends_at))
    return out


@lru_cache(maxsize=8192)  # nights, and bookings of whole hours, are the same of many spaces
def _stretch(first: int, last: int, reason: str) -> Stretch:
    return Stretch(instant_of(first), instant_of(last), reason)


def _cut(times: list[Stretch], starts_at: datetime, ends_at: datetime) -> tuple[Stretch, ...]:
    if times and times[0].starts_at < starts_at:
        times[0] = times[0]._replace(starts_at=starts_at)
    if times and times[-1].ends_at > ends_at:
        times[-1] = times[-1]._replace(ends_at=ends_at)
    return tuple(times)
