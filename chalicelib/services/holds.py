"""Holds of nobody in particular: counted where they are made, and no longer where they end."""

from collections.abc import Mapping
from datetime import datetime

from chalicelib.domain import holds as domain
from chalicelib.domain.bookings import Booking, State
from chalicelib.domain.catalog import Site
from chalicelib.domain.holds import Holds, Place
from chalicelib.domain.limits import By, Purpose
from chalicelib.domain.people import Actor
from chalicelib.services.limits import counters
from chalicelib.services.ports import Ports, Transaction


def to_be_proved(actor: Actor, person_id: str | None, site: Site) -> bool:
    """Whether a booking is only held until its address is proved."""
    proved = actor.vouches or actor.person_id == person_id
    return site.prove_address and not proved


def places(actor: Actor, person_id: str | None, network: str, site: Site) -> tuple[Place, ...]:
    """Where what somebody books would count as a hold; nowhere where it would be none."""
    if person_id is None or not to_be_proved(actor, person_id, site):
        return ()
    return domain.places(person_id, network, site)


def begin(
    ports: Ports, tx: Transaction, booking: Booking, site: Site, found: Mapping[str, Holds]
) -> None:
    """Count a new hold. QuotaChanged where others were counted meanwhile, TooMany a day."""
    if booking.confirm_by is None:
        return
    for place in domain.places_of(booking, site):
        before = found.get(place.key) or Holds(place.key)
        until = int(booking.confirm_by.timestamp())
        ports.holds.add(tx, before, booking.booking_id, until, booking.created_at)
    things = {By.ADDRESS: booking.person_id} | (
        {By.NETWORK: booking.network} if booking.network else {}
    )
    ports.limits.add(tx, counters(ports, (Purpose.HOLD,), things))


def end(
    ports: Ports, tx: Transaction, before: Booking, after: Booking, site: Site, now: datetime
) -> None:
    """Count a hold no longer that was confirmed, given up, or has run out."""
    if after.state is State.HELD:
        return
    for place in domain.places_of(before, site):
        ports.holds.remove(tx, place.key, before.booking_id, now)
