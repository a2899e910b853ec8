"""What most tests do: book, change, cancel, and be refused."""

from datetime import datetime
from typing import Any

import pytest

from chalicelib.domain.bookings import Booking
from chalicelib.domain.closures import Closure
from chalicelib.domain.errors import Refused
from chalicelib.domain.people import Actor
from chalicelib.domain.spaces import Space
from chalicelib.services import availability, bookings, closures, spaces
from chalicelib.services.ports import Ports
from tests.builders import FORM, STAFF, a_change, a_request, an_intent, on


def book(ports: Ports, *space_ids: str, by: Actor = FORM, **changes: Any) -> Booking:
    return bookings.book(ports, a_request(*space_ids, **changes), an_intent(by)).value


def refused(ports: Ports, *space_ids: str, by: Actor = FORM, **changes: Any) -> Refused:
    """The refusal of a booking, after which nothing is written."""
    with pytest.raises(Refused) as caught:
        book(ports, *space_ids, by=by, **changes)
    return caught.value


def change(
    ports: Ports,
    booking: Booking,
    by: Actor = FORM,
    tags: tuple[str, ...] | None = None,
    **changes: Any,
) -> Booking:
    intent = an_intent(by, method="PATCH")
    return bookings.change(ports, booking.booking_id, a_change(**changes), tags, intent).value


def change_refused(ports: Ports, booking: Booking, by: Actor = FORM, **changes: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        change(ports, booking, by, **changes)
    return caught.value


def cancel(
    ports: Ports, booking: Booking, by: Actor = FORM, tags: tuple[str, ...] | None = None
) -> Booking:
    intent = an_intent(by, method="DELETE")
    return bookings.cancel(ports, booking.booking_id, "", tags, intent).value


def approve(ports: Ports, booking: Booking, tags: tuple[str, ...] | None = None) -> Booking:
    return bookings.approve(ports, booking.booking_id, tags, an_intent(STAFF)).value


def deny(ports: Ports, booking: Booking, tags: tuple[str, ...] | None = None) -> Booking:
    return bookings.deny(ports, booking.booking_id, "taken", tags, an_intent(STAFF)).value


def set_space(ports: Ports, space_id: str, **fields: Any) -> Space:
    return spaces.change(ports, space_id, fields, None, an_intent(STAFF)).value


def close(ports: Ports, *space_ids: str, starts_at: datetime, ends_at: datetime) -> Closure:
    """A closure, all of its days claimed."""
    return closures.go_on(
        ports, begin_to_close(ports, *space_ids, starts_at=starts_at, ends_at=ends_at)
    )


def begin_to_close(ports: Ports, *space_ids: str, starts_at: datetime, ends_at: datetime) -> str:
    """The id of a closure of which the ledger has nothing yet."""
    request = closures.ClosureRequest(space_ids, starts_at, ends_at, "maintenance")
    return closures.close(ports, request, an_intent(STAFF)).value.closure_id


def starts(ports: Ports, space_id: str, day: str, minutes: int, **more: Any) -> list[datetime]:
    """The starts that a search offers on a local day."""
    times = on(day, "0-24")
    found = availability.search(
        ports, availability.Search(**times, space_ids=(space_id,), minutes=minutes, **more)
    )
    return list(found[0].starts)


def codes(refusal: Refused) -> list[str]:
    return [problem.code for problem in refusal.problems]


def alternatives(refusal: Refused) -> list[datetime]:
    return [each.starts_at for each in refusal.alternatives]
