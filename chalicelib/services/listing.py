"""Lists of bookings for staff, from the indexes, a page at a time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain.bookings import Booking, judged
from chalicelib.domain.people import Actor, normalised, person_id_of
from chalicelib.services import months, reading_log
from chalicelib.services.availability import check_range
from chalicelib.services.ports import Fields, Page, Ports

LONGEST = timedelta(days=8)  # no booking is longer, so none that reaches into a range begins before

FILTERS = ("space_id", "state", "person")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which bookings; `person` is an id or an e-mail address."""

    starts_at: datetime
    ends_at: datetime
    space_id: str | None = None
    state: str | None = None
    person: str | None = None


def shown(
    ports: Ports, actor: Actor, wanted: Wanted, limit: int, after: Fields | None
) -> Page[Booking]:
    """As `overlapping`, for somebody's eyes: that they saw them is noted first."""
    page = overlapping(ports, wanted, limit, after)
    filters = [name for name in FILTERS if getattr(wanted, name) is not None]
    ids = [each.booking_id for each in page.items]
    reading_log.note(ports, actor, "bookings", "list", bookings=ids, filters=filters)
    return page


def overlapping(ports: Ports, wanted: Wanted, limit: int, after: Fields | None) -> Page[Booking]:
    """The bookings that overlap a range, by start, at most `limit` of them."""
    catalog = ports.settings.get()
    check_range(wanted.starts_at, wanted.ends_at, catalog)
    now = ports.clock.now()
    within = months.between(wanted.starts_at - LONGEST, wanted.ends_at)

    def read(month: str, most: int, place: Fields | None) -> Page[Booking]:
        page = _page(ports, wanted, month, most, place, catalog.site.salt)
        return Page([judged(booking, now) for booking in page.items], page.next)

    if wanted.person:  # whose index knows no months
        within = within[:1]
    return months.page(within, limit, after, read, lambda each: _fits(each, wanted))


def _page(
    ports: Ports, wanted: Wanted, month: str, limit: int, place: Fields | None, salt: str
) -> Page[Booking]:
    first = wanted.starts_at - LONGEST
    if wanted.person:
        person_id = _person_id(wanted.person, salt)
        return ports.bookings.by_person(person_id, first, wanted.ends_at, limit, place)
    return ports.bookings.by_month(month, first, wanted.ends_at, limit, place)


def _person_id(person: str, salt: str) -> str:
    try:
        return person_id_of(normalised(person), salt)
    except ValueError:
        return person


def _fits(booking: Booking, wanted: Wanted) -> bool:
    return (
        booking.ends_at > wanted.starts_at
        and wanted.space_id in (None, *booking.space_ids)
        and wanted.state in (None, booking.state.value)
    )
