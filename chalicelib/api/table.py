"""All operations of the interface: what the application registers and the document describes."""

from chalicelib.api import (
    availability,
    bookings,
    calendars,
    meta,
    spaces,
    staff_bookings,
    staff_closures,
    staff_outbox,
    staff_settings,
)

ALL = (
    meta.routes,
    spaces.routes,
    availability.routes,
    bookings.routes,
    calendars.routes,
    staff_bookings.routes,
    staff_settings.routes,
    staff_closures.routes,
    staff_outbox.routes,
)
