"""Whether a message is still true, and the letter that it becomes: judged from the state as it is now."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.domain.bookings import Booking, State, judged
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.erasures import WHY
from chalicelib.domain.kept import ERASED
from chalicelib.domain.letters import Letter, Method, Telling, Told, facts_of
from chalicelib.domain.logins import open_at
from chalicelib.domain.messages import EVIDENCE, STAFF, Kind, Message
from chalicelib.domain.messages import State as Sending
from chalicelib.domain.people import Person, Role
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

# What tells a person the facts of a booking, to be compared with by what comes after.
TELLING = (Kind.CONFIRMATION, Kind.PENDING, Kind.APPROVED, Kind.CHANGE, Kind.CANCELLATION)
HORIZON = timedelta(days=3 * 366)  # beyond which nothing waits
INVITING = (Kind.CONFIRMATION, Kind.APPROVED, Kind.CHANGE)


@dataclass(frozen=True, slots=True)
class Drop:
    """It is not true any more, or not wanted."""

    reason: str


@dataclass(frozen=True, slots=True)
class Wait:
    """It cannot be said yet what this person knows, or nothing may be sent at all until a time."""

    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """It is true of a version of its booking; `told` is what its person will know."""

    letter: Letter
    version: int | None = None
    told: Told | None = None
    resumes: bool = False  # it tries whether sending works again


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
    if message.kind is Kind.DIGEST:
        return _digest(ports, message, catalog, now)
    if message.kind is Kind.LOGIN:
        return _login(ports, message, context, catalog, now)
    if message.kind is Kind.INVITATION:
        return _invitation(message, context, catalog, now)
    if context.booking is None:
        return Drop("no-subject")
    if context.suppressed and message.person_id != STAFF:
        return Drop("suppressed")
    if message.kind is Kind.REMINDER and context.reminders_off:
        return Drop("opted-out")
    booking = judged(context.booking, now)
    told = context.told or Told(message.subject, message.person_id)
    if message.kind in TELLING:
        settled = _settled(ports, told, message)
        if settled is None:
            return Wait()
        told = settled
    if reason := _untrue(message, booking, told.told):
        return Drop(reason)
    return _ready(ports, message, booking, told, catalog, now)


def _forgotten(message: Message, context: MessageContext) -> bool:
    """Whether its person is nobody any more, or the booking is nobody's that it would tell them of."""
    nobody_s = context.booking is not None and context.booking.person_id == ERASED
    return message.person_id == ERASED or (nobody_s and message.person_id != STAFF)


def _settled(ports: Ports, told: Told, message: Message) -> Told | None:
    """What this person knows by now; None where another message is still on its way to them."""
    if told.telling is None or told.telling.message_id == message.message_id:
        return told
    other = ports.outbox.get(told.telling.message_id)
    if other is not None and not other.final:
        return None
    arrived = other is not None and (other.reached or other.state in (*EVIDENCE, Sending.UNKNOWN))
    return replace(told, told=told.telling if arrived else told.told, telling=None)


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
        _blank(message, person, catalog, now),
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


def _blank(message: Message, to: Person, catalog: Catalog, now: datetime) -> Letter:
    """A letter that is about nothing yet, with staff's own paragraph in its reader's language."""
    return Letter(
        message_id=message.message_id,
        attempt=message.attempt,
        kind=message.kind,
        to=to,
        site=catalog.site,
        spaces=catalog.spaces,
        now=now,
        extra=catalog.site.mail_texts.get(message.kind.value, {}).get(to.language, ""),
    )


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
    letter = _blank(message, Person("", login.email, language=login.language), catalog, now)
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
    letter = _blank(message, profile.person, catalog, now)
    address = f"{catalog.site.base_url}/login"
    return Ready(replace(letter, login_url=address, last_day=profile.partner_until))


def _staff(catalog: Catalog) -> Person:
    return Person(catalog.site.name.get("fi", "Lab"), catalog.site.mailbox, language="fi")


def _digest(ports: Ports, message: Message, catalog: Catalog, now: datetime) -> Ready | Drop:
    waiting = waiting_for_staff(ports, now)
    if not waiting:
        return Drop("nothing-new")
    links = {each.booking_id: decide_url(ports, each) for each in waiting}
    letter = _blank(message, _staff(catalog), catalog, now)
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
