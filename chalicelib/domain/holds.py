"""Times and places that are held before anybody has proved the address: few at once, of one address, from one
network and in all, since whoever holds them may be nobody.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.domain.bookings import Booking, State
from chalicelib.domain.catalog import Site
from chalicelib.domain.errors import Problem
from chalicelib.domain.signups import SignUp

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


@dataclass(frozen=True, slots=True)
class Hold:
    """What is held, by whom, and until when; a place in a queue is one, too."""

    thing: str  # the id of a booking or a sign-up
    person_id: str
    network: str
    since: datetime
    until: datetime


def hold_of(thing: Booking | SignUp) -> Hold | None:
    """The hold that a booking or a sign-up is, or None where its address need not be proved any more."""
    if thing.confirm_by is None:
        return None
    if isinstance(thing, SignUp):
        held, name = thing.live, thing.signup_id
    else:
        held, name = thing.state is State.HELD, thing.booking_id
    if not held:
        return None
    return Hold(name, thing.person_id, thing.network, thing.created_at, thing.confirm_by)


def places(person_id: str, network: str, site: Site) -> tuple[Place, ...]:
    """Where a hold counts. `network` is a digest, or "" where it is not known."""
    found = [Place(_key("address", person_id), MOST)]
    if network:
        found.append(Place(_key("network", network), MOST))
    if site.anonymous_holds is not None:
        found.append(Place(_key("site"), site.anonymous_holds, "all-holds"))
    return tuple(found)


def places_of(hold: Hold | None, site: Site) -> tuple[Place, ...]:
    """Where a hold counts; nowhere what is none."""
    return places(hold.person_id, hold.network, site) if hold else ()


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
