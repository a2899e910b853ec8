"""Whether a message is still true, and the letter that it becomes: judged from the state as it is now."""

from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.domain.bookings import Booking, State, judged
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.erasures import WHY
from chalicelib.domain.letters import Method, Telling, Told, facts_of
from chalicelib.domain.logins import open_at
from chalicelib.domain.messages import STAFF, Kind, Message
from chalicelib.domain.people import ERASED, Person, Role
from chalicelib.domain.profiles import role_of
from chalicelib.domain.times import local_date
from chalicelib.services.links import (
    code_of,
    confirm_url,
    decide_url,
    login_code,
    login_url,
    manage_url,
    unsubscribe_url,
)
from chalicelib.services.ports import MessageContext, Ports
from chalicelib.services.seat_letters import KINDS, seat_letter
from chalicelib.services.verdicts import Drop, Ready, Wait, blank, settled

# What tells a person the facts of a booking, to be compared with by what comes after.
TELLING = (Kind.CONFIRMATION, Kind.PENDING, Kind.APPROVED, Kind.CHANGE, Kind.CANCELLATION)
HORIZON = timedelta(days=3 * 366)  # beyond which nothing waits
INVITING = (Kind.CONFIRMATION, Kind.APPROVED, Kind.CHANGE)


def letter_of(ports: Ports, message: Message, now: datetime) -> Ready | Drop | Wait:
    """The letter of a message, or why there is none (yet)."""
    context = ports.outbox.context(message)
    if context.paused_until and context.paused_until > now:
        return Wait(context.paused_until)
    if _forgotten(message, context):
        return Drop(WHY)
    found = _judged(ports, message, context, now)
    if isinstance(found, Ready):
        return replace(found, resumes=context.paused_until is not None)
    return found


def _judged(
    ports: Ports, message: Message, context: MessageContext, now: datetime
) -> Ready | Drop | Wait:
    catalog = ports.settings.get()
    if message.kind in KINDS:
        return seat_letter(ports, message, context, catalog, now)
    if message.kind is Kind.DIGEST:
        return _digest(ports, message, catalog, now)
    if message.kind is Kind.LOGIN:
        return _login(ports, message, context, catalog, now)
    if message.kind is Kind.INVITATION:
        return _invitation(message, context, catalog, now)
    return _of_booking(ports, message, context, catalog, now)


def _of_booking(
    ports: Ports, message: Message, context: MessageContext, catalog: Catalog, now: datetime
) -> Ready | Drop | Wait:
    if context.booking is None:
        return Drop("no-subject")
    if context.suppressed and message.person_id != STAFF:
        return Drop("suppressed")
    if message.kind is Kind.REMINDER and context.reminders_off:
        return Drop("opted-out")
    booking = judged(context.booking, now)
    told = context.told or Told(message.subject, message.person_id)
    if message.kind in TELLING:
        known = settled(ports, told, message)
        if known is None:
            return Wait()
        told = known
    if reason := _untrue(message, booking, told.told):
        return Drop(reason)
    return _ready(ports, message, booking, told, catalog, now)


def _forgotten(message: Message, context: MessageContext) -> bool:
    """Whether its person is nobody any more, or the booking is nobody's that it would tell them of."""
    nobody_s = context.booking is not None and context.booking.person_id == ERASED
    return message.person_id == ERASED or (nobody_s and message.person_id != STAFF)


def _untrue(message: Message, booking: Booking, told: Telling | None) -> str:
    """Why a message is not to be sent; "" if it is true and news."""
    waits = booking.state is State.PENDING or booking.pending_change is not None
    true = {
        Kind.HOLD: booking.state is State.HELD,
        Kind.CONFIRMATION: booking.state is State.CONFIRMED,
        Kind.PENDING: waits,
        Kind.APPROVAL_ASKED: waits,
        Kind.APPROVED: booking.state is State.CONFIRMED,
        Kind.DENIED: booking.state is (State.CONFIRMED if message.rule else State.DENIED),
        Kind.EXPIRY: booking.state in (State.EXPIRED, State.CONFIRMED),
        Kind.CHANGE: booking.live,
        Kind.CANCELLATION: booking.state is State.CANCELLED,
        Kind.REMINDER: booking.state is State.CONFIRMED,
    }[message.kind]
    if not true:
        return booking.state.value
    if message.kind is Kind.REMINDER and message.revision != booking.revision:
        return "moved"
    if message.kind is Kind.CHANGE and told and told.facts == facts_of(booking):
        return "nothing-new"
    if message.kind in (Kind.CHANGE, Kind.CANCELLATION) and told is None:
        return (
            "never-told"  # the first mail was not sent, and will tell the present state or nothing
        )
    if message.kind is Kind.CANCELLATION and told and told.method is Method.CANCEL:
        return "nothing-new"
    return ""


def _ready(
    ports: Ports, message: Message, booking: Booking, told: Told, catalog: Catalog, now: datetime
) -> Ready:
    method = _method(message, booking, told.told)
    staff = message.person_id == STAFF
    person = _staff(catalog) if staff else booking.person
    letter = replace(
        blank(message, person, catalog, now),
        booking=booking,
        rule=message.rule,
        before=told.told.facts if told.told else None,
        method=method,
        code=code_of(ports, booking) if message.kind is Kind.HOLD else "",
        confirm_url=confirm_url(ports, booking) if message.kind is Kind.HOLD else "",
        manage_url="" if staff else manage_url(ports, booking),
        decide_urls={booking.booking_id: decide_url(ports, booking)} if staff else {},
        unsubscribe_url=(
            unsubscribe_url(ports, message.person_id) if message.kind is Kind.REMINDER else ""
        ),
    )
    if message.kind not in TELLING:
        return Ready(letter, booking.version)
    # A mail without a calendar part leaves the entry of an earlier one where it is.
    entry = method or (told.told.method if told.told else None)
    telling = Telling(message.message_id, facts_of(booking), booking.sequence, entry)
    after = replace(told, telling=telling, version=told.version + 1)
    return Ready(letter, booking.version, after)


def _method(message: Message, booking: Booking, told: Telling | None) -> Method | None:
    """Calendar parts go to those who have the place; and take back only what was given.

    Two mails after an outage both tell the present state: its SEQUENCE goes out once.
    """
    if message.kind in INVITING and booking.state is State.CONFIRMED:
        known = told is not None and (told.method, told.sequence) == (
            Method.REQUEST,
            booking.sequence,
        )
        return None if known and not message.reached else Method.REQUEST
    if message.kind is Kind.CANCELLATION and told and told.method is Method.REQUEST:
        return Method.CANCEL
    return None


def _login(
    ports: Ports, message: Message, context: MessageContext, catalog: Catalog, now: datetime
) -> Ready | Drop | Wait:
    """Only here is it found out who may log in: asking is the same for everybody."""
    login = context.login
    if login is None:
        return Drop("no-subject")
    if now >= login.expires_at:
        return Drop("expired")
    if not open_at(login, now):
        return Drop("used")
    if context.suppressed:
        return Drop("suppressed")
    if role_of(login.email, context.profile, catalog.site, now) is Role.VISITOR:
        return Drop("not-allowed")
    # A new key is read within minutes; one that is gone is waited for until the login is over.
    if login.key_id not in ports.secrets.known:
        return Wait()
    letter = blank(message, Person("", login.email, language=login.language), catalog, now)
    return Ready(
        replace(
            letter,
            code=login_code(ports, login),
            login_url=login_url(ports, login),
            until=login.expires_at,
        )
    )


def _invitation(
    message: Message, context: MessageContext, catalog: Catalog, now: datetime
) -> Ready | Drop:
    profile = context.profile
    if profile is None or profile.erase_from is not None:
        return Drop("no-subject")
    if context.suppressed:
        return Drop("suppressed")
    if profile.partner_until is None:
        return Drop("withdrawn")
    if local_date(now, catalog.site.zone) > profile.partner_until:
        return Drop("expired")
    letter = blank(message, profile.person, catalog, now)
    address = f"{catalog.site.base_url}/login"
    return Ready(replace(letter, login_url=address, last_day=profile.partner_until))


def _staff(catalog: Catalog) -> Person:
    return Person(catalog.site.name.get("fi", "Lab"), catalog.site.mailbox, language="fi")


def _digest(ports: Ports, message: Message, catalog: Catalog, now: datetime) -> Ready | Drop:
    waiting = waiting_for_staff(ports, now)
    if not waiting:
        return Drop("nothing-new")
    links = {each.booking_id: decide_url(ports, each) for each in waiting}
    letter = blank(message, _staff(catalog), catalog, now)
    return Ready(replace(letter, waiting=tuple(waiting), decide_urls=links))


def waiting_for_staff(ports: Ports, now: datetime) -> list[Booking]:
    """What waits for an answer of staff's, earliest first."""
    horizon = now + HORIZON
    found = ports.bookings.get_many(ports.bookings.due(horizon, 100))
    open_ones = [judged(booking, now) for booking in found]
    waiting = [
        booking
        for booking in open_ones
        if booking.state is State.PENDING
        or (booking.state is State.CONFIRMED and booking.pending_change is not None)
    ]
    return sorted(waiting, key=lambda booking: (booking.starts_at, booking.booking_id))
