"""Letters about nobody's seat at an event that never was: what staff look at before a mail goes out."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.domain.catalog import Site
from chalicelib.domain.events import Event, State, Way, seats
from chalicelib.domain.letters import Facts, Letter, Method, Seat, facts_of_seat, venue_of
from chalicelib.domain.messages import REMINDERS, Kind
from chalicelib.domain.notices import Notice
from chalicelib.domain.people import Person
from chalicelib.domain.programmes import Programme
from chalicelib.domain.signups import SignUp
from chalicelib.domain.signups import State as SignUpState
from chalicelib.domain.spaces import PLACES, Space
from chalicelib.domain.times import local_date, midnight, wall

SUBJECT = {
    "fi": "Ota oma tietokone mukaan",
    "sv": "Ta med din egen dator",
    "en": "Bring your own computer",
}
TEXT = {
    "fi": "Teemme harjoituksia ryhmissä.\n\n- Kahvia on tarjolla alusta alkaen.\n- Lounas on kello 11.",
    "sv": "Vi gör övningar i grupper.\n\n- Kaffe serveras från början.\n- Lunchen är klockan 11.",
    "en": "We do exercises in groups.\n\n- There is coffee from the beginning.\n- Lunch is at 11.",
}
CONTACT = "Sami Salo, sami.salo@agency.example"
FORM = "https://forms.example/EXAMPLE"
TITLE = {"fi": "Syksyn työpaja", "sv": "Höstens workshop", "en": "Autumn workshop"}
STATES = {
    Kind.SEAT: SignUpState.CONFIRMED,
    Kind.WAITING: SignUpState.WAITING,
    Kind.PROMOTION: SignUpState.CONFIRMED,
    Kind.SEAT_CANCELLATION: SignUpState.LEFT,
    Kind.DEPARTURE: SignUpState.LEFT,
    Kind.SIGNUP_PROOF: SignUpState.HELD,
    Kind.KNOWN: SignUpState.CONFIRMED,
    Kind.OFFER: SignUpState.OFFERED,
    Kind.OFFER_EXPIRY: SignUpState.EXPIRED,
    Kind.EVENT_CHANGE: SignUpState.CONFIRMED,
    Kind.EVENT_REMINDER: SignUpState.CONFIRMED,
    Kind.EVENT_NOTICE: SignUpState.CONFIRMED,
    Kind.EVENT_FEEDBACK: SignUpState.CONFIRMED,
}
METHODS = {
    Kind.SEAT: Method.REQUEST,
    Kind.PROMOTION: Method.REQUEST,
    Kind.EVENT_CHANGE: Method.REQUEST,
    Kind.SEAT_CANCELLATION: Method.CANCEL,
}
SEATED = tuple(STATES)


def a_seat(
    kind: Kind, language: str, site: Site, spaces: Mapping[str, Space], now: datetime
) -> Letter:
    """A letter about a sign-up."""
    place = next(
        (each.space_id for each in spaces.values() if each.kind in PLACES and each.active), ""
    )
    tomorrow = local_date(now + timedelta(days=1), site.zone)
    starts_at = wall(tomorrow, 10 * 60, site.zone)
    event = Event(
        event_id="e_EXAMPLE",
        starts_at=starts_at,
        ends_at=wall(tomorrow, 12 * 60, site.zone),
        opens_at=midnight(local_date(now, site.zone), site.zone),
        closes_at=starts_at,
        ways={Way.ROOM: seats(20, 10)},
        state=State.PUBLISHED,
        title=TITLE,
        programme=Programme(
            space_id=place,
            contact=CONTACT,
            feedback_link=FORM if kind is Kind.EVENT_FEEDBACK else "",
        ),
    )
    person = Person("Aino Aalto", "aino.aalto@agency.example", language=language)
    state = STATES[kind]
    signup = SignUp(
        event_id=event.event_id,
        person_id="p_example",
        person=person,
        way=Way.ROOM,
        state=state,
        created_at=event.opens_at,
        confirm_by=now + event.hold_time if kind is Kind.SIGNUP_PROOF else None,
        offer_until=now + event.offer_time if kind is Kind.OFFER else None,
    )
    proving, address = (
        kind is Kind.SIGNUP_PROOF,
        f"{site.base_url}/signup/s_EXAMPLE_example/example",
    )
    return Letter(
        message_id="m_example",
        attempt=1,
        kind=kind,
        to=person,
        site=site,
        spaces=spaces,
        now=now,
        seat=Seat(
            event,
            signup,
            venue=venue_of(place, site, spaces, language),
            position=2 if kind is Kind.WAITING else 0,
            ticket="EFGH6789"
            if state is SignUpState.CONFIRMED and kind is not Kind.EVENT_FEEDBACK
            else "",
        ),
        notice=_notice(event, now) if kind is Kind.EVENT_NOTICE else None,
        method=METHODS.get(kind),
        before=_before(event, signup) if kind is Kind.EVENT_CHANGE else None,
        unsubscribe_url=(
            f"{site.base_url}/unsubscribe/p_example/example" if kind in REMINDERS else ""
        ),
        code="ABCD2345" if proving else "",
        confirm_url=f"{address}?code=ABCD2345" if proving else "",
        manage_url="" if kind is Kind.EVENT_FEEDBACK else address,
        extra=site.mail_texts.get(kind.value, {}).get(language, ""),
    )


def _notice(event: Event, now: datetime) -> Notice:
    return Notice("n_EXAMPLE", event.event_id, SUBJECT, TEXT, now)


def _before(event: Event, signup: SignUp) -> Facts:
    """What it was: an hour earlier."""
    was, hour = facts_of_seat(event, signup), timedelta(hours=1)
    return replace(was, starts_at=was.starts_at - hour, ends_at=was.ends_at - hour)
