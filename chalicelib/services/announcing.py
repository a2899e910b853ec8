"""Putting the messages of a change into its own transaction: no mail tells of what was rolled back."""

from datetime import datetime
from zoneinfo import ZoneInfo

from chalicelib.domain.announcements import announcements
from chalicelib.domain.bookings import Booking
from chalicelib.domain.messages import Message
from chalicelib.services.ports import Ports, Transaction
from chalicelib.services.writing import Attempt


def announce(
    attempt: Attempt, before: Booking | None, after: Booking, action: str, now: datetime
) -> list[Message]:
    """The messages of a change, as they were put. `before` is as judged at `now`."""
    zone = attempt.catalog.site.zone
    return announce_in(attempt.ports, attempt.tx, before, after, action, now, zone)


def announce_in(
    ports: Ports,
    tx: Transaction,
    before: Booking | None,
    after: Booking,
    action: str,
    now: datetime,
    zone: ZoneInfo,
) -> list[Message]:
    """As `announce`, of what the clock does."""
    found = announcements(before, after, action, now, zone)
    for message in found:
        ports.outbox.put(tx, message)
    return found
