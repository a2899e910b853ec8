"""The expressions of an event's own item: counters that count, and what staff edit beside them."""

from collections.abc import Iterator

from chalicelib.adapters.dynamodb.codec import Item
from chalicelib.adapters.dynamodb.event_items import EDITED, edited, seats_item
from chalicelib.domain.events import Event, Way
from chalicelib.domain.queueing import Count, Needs

COUNTERS = ("free", "held", "waiting", "parties", "lapsing")


class Counting:
    """What is added to the counters of an event, and on which conditions."""

    def __init__(self, version: int) -> None:
        self.sets: list[str] = []
        self.conditions = ["#version = :version"]
        self.names = {"#version": "version"}
        self.values: Item = {":version": version}

    def add(self, way: Way, count: Count, needs: Needs) -> None:
        """What one way adds to it."""
        for name in COUNTERS:
            if more := getattr(count, name):
                self._more(way, name, more)
        if needs.number is not None:
            self._more(way, "next_number", 1)
        self.conditions += list(self._needs(way, needs))

    def _more(self, way: Way, name: str, number: int) -> None:
        at = self._at(way, name)
        self.sets.append(f"{at} = {at} + {self._value(way, f'more_{name}', number)}")

    def _needs(self, way: Way, needs: Needs) -> Iterator[str]:
        if needs.free_from is not None:
            least = self._value(way, "free_from", needs.free_from)
            yield f"{self._at(way, 'free')} >= {least}"
        if needs.free_below is not None:
            most = self._value(way, "free_below", needs.free_below)
            below = f"{self._at(way, 'free')} < {most}"
            yield f"({below} OR {self._waits(way)})" if needs.or_somebody_waits else below
        if needs.nobody_waits:
            yield f"{self._at(way, 'waiting')} = {self._value(way, 'nobody', 0)}"
        if needs.number is not None:
            number = self._value(way, "number", needs.number)
            yield f"{self._at(way, 'next_number')} = {number}"

    def _waits(self, way: Way) -> str:
        return f"{self._at(way, 'waiting')} > {self._value(way, 'nobody', 0)}"

    def _at(self, way: Way, name: str) -> str:
        self.names |= {"#ways": "ways", f"#{way}": way.value, f"#{name}": name}
        return f"#ways.#{way}.#{name}"

    def _value(self, way: Way, name: str, number: int) -> str:
        self.values[f":{way}_{name}"] = number
        return f":{way}_{name}"


def edit(before: Event, after: Event) -> tuple[str, dict[str, str], Item]:
    """The update of what staff edited, its names and values. `free` moves by as much as the limit."""
    said = edited(after)
    names = {f"#{name}": name for name in EDITED}
    sets = [f"#{name} = :{name}" for name in said]
    gone = [f"#{name}" for name in EDITED if name not in said]
    values: Item = {f":{name}": value for name, value in said.items()}
    for way, seats in after.ways.items():
        at = f"#ways.#{way}"
        names |= {"#ways": "ways", f"#{way}": way.value}
        if way not in before.ways:
            sets.append(f"{at} = :{way}_seats")
            values[f":{way}_seats"] = seats_item(seats)
            continue
        names |= {"#free": "free"}
        names |= {"#limit": "limit", "#most_waiting": "most_waiting"}
        sets += [f"{at}.#free = {at}.#free + :{way}_more", f"{at}.#most_waiting = :{way}_most"]
        values[f":{way}_more"] = seats.free - before.ways[way].free
        values[f":{way}_most"] = seats.most_waiting
        if seats.limit is None:
            gone.append(f"{at}.#limit")
        else:
            sets.append(f"{at}.#limit = :{way}_limit")
            values[f":{way}_limit"] = seats.limit
    removed = f" REMOVE {', '.join(gone)}" if gone else ""
    return f"SET {', '.join(sets)}{removed}", names, values
