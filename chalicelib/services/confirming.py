"""Completing a held booking: whoever shows the code, or opens the link, has read the mail."""

from datetime import timedelta

from chalicelib.domain import bookings as domain
from chalicelib.domain.bookings import Booking, State, judged
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import refuse
from chalicelib.domain.messages import Kind, message, message_id
from chalicelib.services.announcing import announce
from chalicelib.services.bookings import audit, save
from chalicelib.services.links import code_matches
from chalicelib.services.ports import Ports
from chalicelib.services.sender import announce as announce_alone
from chalicelib.services.sender import nudge
from chalicelib.services.writing import AlreadyDone, Attempt, Intent, Outcome, write

MINUTES_APART = 5  # of two mails with the code: nobody's mailbox is filled by somebody else


class _AlreadyConfirmed(AlreadyDone):
    def __init__(self, booking: Booking) -> None:
        self.booking = booking


def confirm(ports: Ports, booking_id: str, code: str, intent: Intent) -> Outcome[Booking]:
    """Confirm a hold, or hand it to staff where its space needs approval.

    Refused: `invalid-request` at /code for a wrong code, the same for a booking that there is not;
    `hold-expired` where the time is over; `stale-state` where it was given up. One that is
    confirmed already is answered as the first time.
    """

    def decide(attempt: Attempt) -> Booking:
        now = ports.clock.now()
        stored = attempt.read(booking_id=booking_id).booking
        ours = code_matches(ports, booking_id, code)  # also where there is none: it takes as long
        if stored is None or not ours:
            raise refuse("invalid-request", "/code", why="code")
        booking = judged(stored, now)
        if booking.state in (State.CONFIRMED, State.PENDING):
            raise _AlreadyConfirmed(booking)
        if booking.state is State.EXPIRED:
            raise refuse("hold-expired")
        after = domain.proved(booking, needs_approval=_needs_approval(booking, attempt.catalog))
        save(attempt, stored, after)
        audit(ports, attempt.tx, after, intent, "confirm", now)
        announce(attempt, booking, after, "confirm", now)
        return after

    try:
        return write(ports, intent, decide)
    except _AlreadyConfirmed as done:
        return Outcome(done.booking, intent.render(done.booking))


def send_again(ports: Ports, booking_id: str) -> None:
    """Mail the code of a hold once more, at most every few minutes. Never says whether there is one."""
    now = ports.clock.now()
    booking = ports.bookings.get(booking_id)
    if booking is None or judged(booking, now).state is not State.HELD:
        return
    subject, window = f"booking#{booking_id}", int(now.timestamp()) // (60 * MINUTES_APART)
    last = ports.outbox.get(message_id(subject, Kind.HOLD, "", booking.person_id, window - 1))
    if last is not None and now < last.created_at + timedelta(minutes=MINUTES_APART):
        return
    one = message(
        Kind.HOLD,
        subject,
        booking.person_id,
        window,
        due_at=now,
        now=now,
        expires_at=booking.confirm_by,
    )
    if announce_alone(ports, one):
        nudge(ports, [one])


def _needs_approval(booking: Booking, catalog: Catalog) -> bool:
    spaces = (catalog.spaces.get(space_id) for space_id in booking.space_ids)
    return any(space.needs_approval for space in spaces if space is not None)
