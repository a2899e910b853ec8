"""Lists of bookings for staff, from the indexes, a page at a time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain.bookings import Booking, judged
from chalicelib.domain.people import Actor, normalised, person_id_of
from chalicelib.services import reading_log
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
    months = _months(wanted)
    month = after["month"] if after else months[0]
    place = after["place"] if after else None
    found: list[Booking] = []
    while True:
        page = _page(ports, wanted, month, limit - len(found), place, catalog.site.salt)
        judged_now = (judged(booking, now) for booking in page.items)
        found += [booking for booking in judged_now if _fits(booking, wanted)]
        place = page.next
        if place is None:
            if wanted.person or month == months[-1]:
                return Page(found)
            month = months[months.index(month) + 1]
        if len(found) >= limit:
            return Page(found, {"month": month, "place": place})


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


def _months(wanted: Wanted) -> list[str]:
    day = (wanted.starts_at - LONGEST).date().replace(day=1)
    months = []
    while day < wanted.ends_at.date() + timedelta(days=1):
        months.append(f"{day:%Y-%m}")
        day = (day + timedelta(days=32)).replace(day=1)
    return months
