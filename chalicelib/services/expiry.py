"""What runs out by itself: holds that nobody confirmed, requests that nobody answered in time."""

import logging
from collections.abc import Iterable

from chalicelib.domain.bookings import expired, judged
from chalicelib.domain.errors import Broken, Race
from chalicelib.domain.people import CLOCK
from chalicelib.services import holds, quotas
from chalicelib.services.announcing import announce_in
from chalicelib.services.ports import Ports

log = logging.getLogger(__name__)
BATCH = 100


def expire_due(ports: Ports) -> int:
    """Release everything that has run out by now; returns how many. Safe to run twice at once."""
    done, wrong = 0, None
    for booking_id in ports.bookings.due(ports.clock.now(), BATCH):
        try:
            done += expire(ports, booking_id)
        except Broken as error:
            # One that contradicts its tables keeps none of the others waiting.
            log.exception("expiry is broken", extra={"booking_id": booking_id})
            wrong = error
    if wrong:
        raise wrong
    return done


def release_ended(ports: Ports, holders: Iterable[str]) -> bool:
    """Release lapsed holds that are in somebody's way; whether there were any."""
    ended = sorted(holders)
    for booking_id in ended:
        expire(ports, booking_id)
    return bool(ended)


def expire(ports: Ports, booking_id: str) -> bool:
    """Release one booking if it has run out; losing the race to do so is fine."""
    booking, now = ports.bookings.get(booking_id), ports.clock.now()
    if booking is None or judged(booking, now) == booking:
        return False
    after = expired(booking)
    tx = ports.begin()
    ports.ledger.move(
        tx,
        booking_id,
        booking.held,
        after.held,
        until=after.until,
        marks=after.marks(),
    )
    ports.bookings.save(tx, after)
    site = ports.settings.get().site
    quotas.keep(ports, tx, site, booking, after, now)
    holds.end(ports, tx, booking, after, now)
    ports.audit.add(
        tx, subject=f"booking#{booking_id}", actor=CLOCK.actor_id, action="expire", at=now
    )
    # As stored, not as judged: that a request ran out unanswered is what this tells.
    announce_in(ports, tx, booking, after, "expire", now, site.zone)
    try:
        tx.commit()
    except Race:
        log.info("expiry lost a race", extra={"booking_id": booking_id})
        return False
    return True
