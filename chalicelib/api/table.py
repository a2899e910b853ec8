"""All operations of the interface: what the application registers and the document describes."""

from chalicelib.api import (
    auth,
    availability,
    bookings,
    calendars,
    export,
    me,
    meta,
    private_feeds,
    spaces,
    staff_audit,
    staff_bookings,
    staff_closures,
    staff_keys,
    staff_outbox,
    staff_persons,
    staff_settings,
)

ALL = (
    meta.routes,
    spaces.routes,
    availability.routes,
    bookings.routes,
    calendars.routes,
    auth.routes,
    me.routes,
    private_feeds.routes,
    export.routes,
    staff_bookings.routes,
    staff_settings.routes,
    staff_closures.routes,
    staff_outbox.routes,
    staff_audit.routes,
    staff_keys.routes,
    staff_persons.routes,
)
