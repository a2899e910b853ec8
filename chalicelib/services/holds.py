"""Holds of nobody in particular: counted where they are made, and no longer where they end."""

from collections.abc import Mapping
from datetime import datetime

from chalicelib.domain import holds as domain
from chalicelib.domain.bookings import Booking
from chalicelib.domain.catalog import Site
from chalicelib.domain.holds import Holds, Place
from chalicelib.domain.limits import By, Purpose
from chalicelib.domain.people import Actor
from chalicelib.domain.signups import SignUp
from chalicelib.services.limits import counters
from chalicelib.services.ports import Ports, Transaction


def to_be_proved(actor: Actor, person_id: str | None, site: Site) -> bool:
    """Whether what is booked is only held until its address is proved."""
    proved = actor.vouches or actor.person_id == person_id
    return site.prove_address and not proved


def places(actor: Actor, person_id: str | None, network: str, site: Site) -> tuple[Place, ...]:
    """Where what somebody books would count as a hold; nowhere where it would be none."""
    if person_id is None or not to_be_proved(actor, person_id, site):
        return ()
    return domain.places(person_id, network, site)


def begin(
    ports: Ports,
    tx: Transaction,
    thing: Booking | SignUp,
    site: Site,
    found: Mapping[str, Holds],
) -> None:
    """Count a new hold. QuotaChanged where others were counted meanwhile, TooMany a day."""
    hold = domain.hold_of(thing)
    if hold is None:
        return
    for place in domain.places_of(hold, site):
        before = found.get(place.key) or Holds(place.key)
        ports.holds.add(tx, before, hold.thing, int(hold.until.timestamp()), hold.since)
    things = {By.ADDRESS: hold.person_id} | ({By.NETWORK: hold.network} if hold.network else {})
    ports.limits.add(tx, counters(ports, (Purpose.HOLD,), things))


def end(
    ports: Ports,
    tx: Transaction,
    before: Booking | SignUp | None,
    after: Booking | SignUp,
    now: datetime,
) -> None:
    """Count a hold no longer that was proved, given up, or has run out."""
    hold = domain.hold_of(before) if before else None
    if hold is None or domain.hold_of(after):
        return
    for place in domain.places_of(hold, ports.settings.get().site):
        ports.holds.remove(tx, place.key, hold.thing, now)
