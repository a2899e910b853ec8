"""What is measured on: a Lab of twenty spaces, some 60 % of whose open hours are booked."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from chalicelib.adapters.dynamodb.codec import SCHEMA, typed
from chalicelib.adapters.dynamodb.ledger import expires_at, slot_name, week_of
from chalicelib.adapters.system import SystemClock
from chalicelib.bootstrap import make_ports
from chalicelib.domain.catalog import Site
from chalicelib.domain.closures import Closure, ClosureState
from chalicelib.domain.domains import allowed
from chalicelib.domain.spaces import Kind, Space
from chalicelib.services.ports import Ports
from tests.benchmarks.memory import PREFIX, Item, MemoryClient
from tests.builders import a_space

MONDAY = date(2026, 12, 7)
NOW = datetime(2026, 12, 1, 7, 0, tzinfo=UTC)
OPEN_SLOTS = range(24, 64)  # 08:00-18:00 in Helsinki's winter, in slots of the UTC day
CLOSURES = 34


class StandingClock(SystemClock):
    """The present is always the same, so that every run does the same work."""

    def now(self) -> datetime:
        return NOW


@dataclass(frozen=True)
class Scene:
    """Ports over a client in memory."""

    client: MemoryClient
    ports: Ports


def the_spaces() -> list[Space]:
    """Sixteen rooms, four of them with setup and cleanup, three halls made of two each, six desks.

    The last room needs approval.
    """
    rooms = [
        a_space(
            f"room-{number:02d}",
            capacity=4 + number,
            setup_minutes=15 if number % 4 == 0 else 0,
            cleanup_minutes=15 if number % 4 == 0 else 0,
            needs_approval=number == 16,
        )
        for number in range(1, 17)
    ]
    halls = [
        a_space(
            f"hall-{number}",
            kind=Kind.COMBINED,
            parts=(f"room-{2 * number - 1:02d}", f"room-{2 * number:02d}"),
        )
        for number in range(1, 4)
    ]
    return [*rooms, *halls, a_space("desks", kind=Kind.POOL, units=6, capacity=1)]


def the_helpers() -> list[Space]:
    """Two facilitators and two screens, which are no spaces."""
    people = [a_space(f"facilitator-{number}", kind=Kind.PERSON) for number in (1, 2)]
    return [*people, a_space("screen", kind=Kind.EQUIPMENT, units=2)]


def a_scene(past_bookings: int = 0) -> Scene:
    """The Lab with one full week, and a past of so many bookings before it."""
    client = MemoryClient()
    ports = make_ports(client, PREFIX, StandingClock())
    stock(ports)
    client.load("ledger", a_week())
    client.load("ledger", a_past(past_bookings))
    client.frozen = True
    return Scene(client, ports)


def stock(ports: Ports) -> None:
    """Write the settings."""
    for space in [*the_spaces(), *the_helpers()]:
        tx = ports.begin()
        ports.catalog.create_space(tx, space)
        tx.commit()
    tx = ports.begin()
    ports.catalog.save_site(
        tx, Site(allowed_domains=allowed(("gov.fi",)), base_url="https://lab.example")
    )
    tx.commit()
    for number in range(CLOSURES):
        tx = ports.begin()
        ports.catalog.create_closure(tx, a_closure(number))
        tx.commit()


def a_closure(number: int) -> Closure:
    """One of the public holidays of three years, as settings have them; none is in the full week."""
    start = datetime(2027, 1, 6, tzinfo=UTC) + timedelta(days=30 * number)
    return Closure(
        f"c_{number:022}",
        tuple(space.space_id for space in the_spaces()),
        tuple(_resources()),
        start,
        start + timedelta(days=1),
        "Vapaapäivä",
        ClosureState.CLOSED,
        created_at=NOW,
    )


def a_week() -> Iterator[Item]:
    """The ledger of the week of MONDAY: every resource, Monday to Friday."""
    chance = random.Random(1)
    for number in range(5):
        day = MONDAY + timedelta(days=number)
        yield from (a_day(resource, day, chance)[0] for resource in _resources())


def a_past(bookings: int) -> Iterator[Item]:
    """The ledger of as many days before the week as so many bookings fill."""
    chance, day, done = random.Random(2), MONDAY, 0
    while done < bookings:
        day -= timedelta(days=1)
        if day.weekday() > 4:
            continue
        for resource in _resources():
            item, number = a_day(resource, day, chance)
            done += number
            yield item
            if done >= bookings:
                return


def a_day(resource: str, day: date, chance: random.Random) -> tuple[Item, int]:
    """A ledger item with bookings of half an hour to three hours, and how many there are in it.

    One in twelve waits for approval, one in twelve is held; rooms with buffers have marks.
    """
    text = day.isoformat()
    item: dict[str, Any] = {
        "schema": SCHEMA,
        "resource_id": resource,
        "day": text,
        "site_week": week_of(text),
        "day_resource": f"{text}#{resource}",
        "expires_at": expires_at(text),
    }
    buffered = resource.startswith("room-") and int(resource[-2:]) % 4 == 0
    slot, count = OPEN_SLOTS.start, 0
    while True:
        slot += chance.choice((0, 0, 2, 4, 6, 8))
        length = chance.choice((2, 4, 4, 6, 8, 12))
        if slot + length > OPEN_SLOTS.stop:
            return typed(item), count
        holder = f"b_{chance.getrandbits(130):022x}"[:24]
        item |= {slot_name(each): holder for each in range(slot, slot + length)}
        if buffered:
            item[f"marks_{holder}"] = f"b{slot}-{slot} b{slot + length - 1}-{slot + length - 1}"
        match chance.randrange(12):
            case 0:
                item[f"until_{holder}"] = "pending"
            case 1:
                item[f"until_{holder}"] = int(NOW.timestamp()) + 900
        slot += length
        count += 1


def _resources() -> list[str]:
    return [
        *(f"room-{number:02d}" for number in range(1, 17)),
        *(f"desks.{number}" for number in range(1, 7)),
    ]
