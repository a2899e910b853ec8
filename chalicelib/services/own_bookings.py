"""What a person has booked: in their own list, and in calendars that ask for it."""

from collections.abc import Iterator
from datetime import UTC, datetime

from chalicelib.domain.bookings import Booking, judged
from chalicelib.domain.errors import refuse
from chalicelib.domain.people import Actor
from chalicelib.domain.private_feeds import BACK
from chalicelib.services.ports import Fields, Page, Ports

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
AT_ONCE = 100


def listed(
    ports: Ports,
    actor: Actor,
    first: datetime | None,
    last: datetime | None,
    limit: int,
    after: Fields | None,
) -> Page[Booking]:
    """One's own that start in [first, last), by start, as they are now; from 30 days back on.

    Those are among them that were made without logging in, with an address that was then proved.
    """
    now = ports.clock.now()
    begin, end = first or now - BACK, last or FOREVER
    if begin >= end:
        raise refuse("invalid-request", "/to", why="end-before-start")
    page = ports.bookings.by_person(actor.person_id, begin, end, limit, after)
    return Page([judged(each, now) for each in page.items], page.next)


def all_of(ports: Ports, person_id: str, first: datetime) -> Iterator[Booking]:
    """Every booking of a person that starts at `first` or later, by start, page after page."""
    place: Fields | None = None
    while True:
        page = ports.bookings.by_person(person_id, first, FOREVER, AT_ONCE, place)
        yield from page.items
        place = page.next
        if place is None:
            return
