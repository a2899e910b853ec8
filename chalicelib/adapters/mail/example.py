"""Letters about nobody: what staff look at before a mail of some kind goes to somebody."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.adapters.mail.seat_example import SEATED, a_seat
from chalicelib.domain.bookings import Booking, PendingChange, State
from chalicelib.domain.catalog import Site
from chalicelib.domain.letters import Facts, Letter, Method, facts_of
from chalicelib.domain.logins import LIFE
from chalicelib.domain.messages import Kind
from chalicelib.domain.people import Person
from chalicelib.domain.spaces import PLACES, Space
from chalicelib.domain.spoken import in_language
from chalicelib.domain.times import local_date, midnight, plus_days, wall

NUMBER = "b_EXAMPLE"
HALF_A_YEAR = timedelta(days=182)
TITLES = {"fi": "Syksyn työpaja", "sv": "Höstens workshop", "en": "Autumn workshop"}
AGENCIES = {"fi": "Esimerkkivirasto", "sv": "Exempelverket", "en": "Example Agency"}
PARTNERS = {"fi": "Esimerkkiyhdistys", "sv": "Exempelföreningen", "en": "Example Society"}
REASONS = {
    "fi": "Tilassa on silloin remontti.",
    "sv": "Utrymmet renoveras då.",
    "en": "The space is being renovated at that time.",
}
NOTES = {
    "fi": "Tarvitsemme pöydät neljään ryhmään.",
    "sv": "Vi behöver bord för fyra grupper.",
    "en": "We need tables for four groups.",
}
STATES = {
    Kind.HOLD: State.HELD,
    Kind.PENDING: State.PENDING,
    Kind.APPROVAL_ASKED: State.PENDING,
    Kind.DIGEST: State.PENDING,
    Kind.DENIED: State.DENIED,
    Kind.CANCELLATION: State.CANCELLED,
    Kind.EXPIRY: State.EXPIRED,
}
INVITING = (Kind.CONFIRMATION, Kind.APPROVED, Kind.CHANGE)


def example(
    kind: Kind, language: str, site: Site, spaces: Mapping[str, Space], now: datetime
) -> Letter:
    """A letter of a kind with made-up contents, but the Lab's own spaces and staff's own texts."""
    if kind in SEATED:
        return a_seat(kind, language, site, spaces, now)
    if kind in (Kind.LOGIN, Kind.INVITATION):
        return _entrance(kind, language, site, spaces, now)
    booking = _booking(kind, language, site, spaces, now)
    staff = kind in (Kind.APPROVAL_ASKED, Kind.DIGEST)
    house = Person(in_language(site.name, language), site.address, language=language)
    link = f"{site.base_url}/manage/{NUMBER}/example"
    return Letter(
        message_id="m_example",
        attempt=1,
        kind=kind,
        to=house if staff else booking.person,
        site=site,
        spaces=spaces,
        now=now,
        booking=None if kind is Kind.DIGEST else booking,
        rule="P1D" if kind is Kind.REMINDER else "",
        before=_before(kind, booking, site),
        method=_method(kind),
        code="ABCD2345" if kind is Kind.HOLD else "",
        confirm_url=f"{link}?code=ABCD2345" if kind is Kind.HOLD else "",
        manage_url="" if staff else link,
        unsubscribe_url=f"{site.base_url}/unsubscribe/p_example/example"
        if kind is Kind.REMINDER
        else "",
        waiting=(booking, _moving(booking, site)) if kind is Kind.DIGEST else (),
        decide_urls={
            number: f"{site.base_url}/decide/{number}/example" for number in (NUMBER, f"{NUMBER}2")
        }
        if staff and site.base_url
        else {},
        extra=site.mail_texts.get(kind.value, {}).get(language, ""),
    )


def _entrance(
    kind: Kind, language: str, site: Site, spaces: Mapping[str, Space], now: datetime
) -> Letter:
    """A letter about a way in, not about a booking."""
    login = kind is Kind.LOGIN
    guest = Person("Pia Peltola", "pia.peltola@partner.example", PARTNERS[language], language)
    address = f"{site.base_url}/login"
    return Letter(
        message_id="m_example",
        attempt=1,
        kind=kind,
        to=Person("", "aino.aalto@agency.example", language=language) if login else guest,
        site=site,
        spaces=spaces,
        now=now,
        code="ABCD2345" if login else "",
        login_url=f"{address}/l_EXAMPLE/example" if login else address,
        until=now + LIFE if login else None,
        last_day=None if login else local_date(now, site.zone) + HALF_A_YEAR,
        extra=site.mail_texts.get(kind.value, {}).get(language, ""),
    )


def _booking(
    kind: Kind, language: str, site: Site, spaces: Mapping[str, Space], now: datetime
) -> Booking:
    places = sorted(
        (each for each in spaces.values() if each.kind in PLACES and each.active),
        key=lambda each: (PLACES.index(each.kind), each.space_id),
    )
    tomorrow = local_date(now + timedelta(days=1), site.zone)
    reasoned = kind in (Kind.DENIED, Kind.CANCELLATION)
    return Booking(
        booking_id=NUMBER,
        state=STATES.get(kind, State.CONFIRMED),
        space_ids=tuple(each.space_id for each in places[:1]),
        starts_at=wall(tomorrow, 10 * 60, site.zone),
        ends_at=wall(tomorrow, 12 * 60, site.zone),
        footprint={},
        person=Person("Aino Aalto", "aino.aalto@agency.example", AGENCIES[language], language),
        person_id="p_example",
        made_by="p_example",
        created_at=midnight(local_date(now, site.zone), site.zone),
        title=TITLES[language],
        notes=NOTES[language],
        attendees=8,
        confirm_by=now + timedelta(minutes=site.hold_minutes) if kind is Kind.HOLD else None,
        reason=REASONS[language] if reasoned else "",
        sequence=1,
    )


def _before(kind: Kind, booking: Booking, site: Site) -> Facts | None:
    """Of a change: what it was, a day earlier."""
    if kind is not Kind.CHANGE:
        return None
    starts_at, ends_at = (
        plus_days(each, -1, site.zone) for each in (booking.starts_at, booking.ends_at)
    )
    return replace(facts_of(booking), starts_at=starts_at, ends_at=ends_at)


def _method(kind: Kind) -> Method | None:
    if kind is Kind.CANCELLATION:
        return Method.CANCEL
    return Method.REQUEST if kind in INVITING else None


def _moving(booking: Booking, site: Site) -> Booking:
    """A booking that somebody asks to have a day later."""
    starts_at, ends_at = (
        plus_days(each, 1, site.zone) for each in (booking.starts_at, booking.ends_at)
    )
    change = PendingChange(
        starts_at, ends_at, booking.space_ids, 1, booking.equipment, None, booking.footprint
    )
    return replace(booking, booking_id=f"{NUMBER}2", state=State.CONFIRMED, pending_change=change)
