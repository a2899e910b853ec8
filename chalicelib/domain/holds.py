"""Times that are held before anybody has proved the address: few at once, of one address, from one network
and in all, since whoever holds them may be nobody.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.domain.bookings import Booking, State
from chalicelib.domain.catalog import Site
from chalicelib.domain.errors import Problem

MOST = 2  # of an address, and of a network


@dataclass(frozen=True, slots=True)
class Place:
    """Where holds are counted together, and how many there may be at once.

    `key` is a digest: from the item, nobody finds out whose holds they are. `quota` names it among the
    problems.
    """

    key: str
    most: int
    quota: str = "holds"


@dataclass(frozen=True, slots=True)
class Holds:
    """The holds of a place, each with the time (epoch seconds) at which it lapses."""

    key: str
    until: Mapping[str, int] = field(default_factory=dict)
    version: int = 0


def places(person_id: str, network: str, site: Site) -> tuple[Place, ...]:
    """Where a hold counts. `network` is a digest, or "" where it is not known."""
    found = [Place(_key("address", person_id), MOST)]
    if network:
        found.append(Place(_key("network", network), MOST))
    if site.anonymous_holds is not None:
        found.append(Place(_key("site"), site.anonymous_holds, "all-holds"))
    return tuple(found)


def places_of(booking: Booking, site: Site) -> tuple[Place, ...]:
    """Where a booking that is held counts; nowhere any other."""
    if booking.state is not State.HELD:
        return ()
    return places(booking.person_id, booking.network, site)


def live(holds: Holds, now: datetime) -> dict[str, int]:
    """Those that have not lapsed: at its end a hold is over, tidied or not."""
    return {key: until for key, until in holds.until.items() if until > now.timestamp()}


def exceeded(counted: Iterable[Place], found: Mapping[str, Holds], now: datetime) -> list[Problem]:
    """Where one more would be too many."""
    return [
        Problem("quota-exceeded", "", {"quota": place.quota, "limit": place.most})
        for place in counted
        if len(live(found.get(place.key) or Holds(place.key), now)) >= place.most
    ]


def _key(kind: str, thing: str = "") -> str:
    return hashlib.sha256(f"holds\n{kind}\n{thing}".encode()).hexdigest()
