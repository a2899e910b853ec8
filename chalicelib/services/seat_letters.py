"""Whether a message about a sign-up is still true, and the letter that it becomes."""

from dataclasses import replace
from datetime import datetime

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.events import Event, Way
from chalicelib.domain.feedback import unasked
from chalicelib.domain.letters import Letter, Method, Seat, Telling, Told, facts_of_seat, venue_of
from chalicelib.domain.messages import REMINDERS, Kind, Message
from chalicelib.domain.notices import is_for
from chalicelib.domain.signups import (
    SignUp,
    State,
    has_links,
    judged,
    told_of_the_event,
)
from chalicelib.services.links import (
    signup_code,
    signup_proof_url,
    signup_url,
    ticket_code,
    unsubscribe_url,
)
from chalicelib.services.ports import MessageContext, Ports
from chalicelib.services.queues import place
from chalicelib.services.rearming import stands
from chalicelib.services.verdicts import Drop, Ready, Wait, blank, settled

INVITING = (Kind.SEAT, Kind.PROMOTION)
# What tells a person the facts of a sign-up, to be compared with by what comes after.
TELLING = (
    *INVITING,
    *(Kind.WAITING, Kind.OFFER, Kind.OFFER_EXPIRY),
    *(Kind.SEAT_CANCELLATION, Kind.DEPARTURE, Kind.EVENT_CHANGE),
)
LATER = (Kind.EVENT_NOTICE, Kind.EVENT_FEEDBACK)  # than the event, or that may be
OF_THE_EVENT = (Kind.EVENT_CHANGE, Kind.EVENT_REMINDER, *LATER)
KINDS = (*TELLING, *OF_THE_EVENT, Kind.SIGNUP_PROOF, Kind.KNOWN)
OWN = (State.LEFT, State.HANDED_OVER)  # over by what its person did


def seat_letter(
    ports: Ports, message: Message, context: MessageContext, catalog: Catalog, now: datetime
) -> Ready | Drop | Wait:
    """The letter of a message about a sign-up, or why there is none (yet)."""
    if context.event is None or context.signup is None:
        return Drop("no-subject")
    if not context.signup.person.email:
        return Drop("no-address")  # of who walked in, and told none
    if context.suppressed:
        return Drop("suppressed")
    if message.kind in REMINDERS and context.reminders_off:
        return Drop("opted-out")
    signup = judged(context.signup, now)
    told = context.told or Told(message.subject, message.person_id)
    if message.kind in TELLING:
        known = settled(ports, told, message)
        if known is None:
            return Wait()
        told = known
    if message.kind is Kind.EVENT_NOTICE and not _kept(context, now):
        return Drop("no-text")
    outdated = "moved" if _outdated(ports, message, context.event) else ""
    if reason := _untrue(message, context, signup, told.told, catalog) or outdated:
        return Drop(reason)
    seat = _seat(ports, message.kind, context.event, signup, catalog)
    method = _method(message, seat, told.told)
    letter = _letter(ports, message, seat, method, catalog, now)
    before = told.told.facts if told.told else None
    letter = replace(letter, before=before, notice=context.notice)
    if message.kind not in TELLING:
        return Ready(letter, context.signup.version)
    # A mail without a calendar part leaves the entry of an earlier one where it is.
    entry = method or (told.told.method if told.told else None)
    telling = Telling(message.message_id, facts_of_seat(seat.event, signup), seat.sequence, entry)
    after = replace(told, telling=telling, version=told.version + 1)
    return Ready(letter, context.signup.version, after)


def _kept(context: MessageContext, now: datetime) -> bool:
    return context.notice is not None and now < context.notice.kept_until


def content(event: Event, signup: SignUp, catalog: Catalog, language: str) -> tuple[str, str]:
    """Where it is, and the link to join by: of those who have a seat to take part remotely (I-14)."""
    programme = event.programme
    if signup.way is Way.REMOTE:
        return "", programme.remote_link if signup.state is State.CONFIRMED else ""
    place = programme.space_id or programme.address
    return venue_of(place, catalog.site, catalog.spaces, language), ""


def _seat(ports: Ports, kind: Kind, event: Event, signup: SignUp, catalog: Catalog) -> Seat:
    # Others who wait are told of the event, however many they are: nobody's queue is read for that.
    waits_at = place(ports, signup, event) if kind is Kind.WAITING else None
    venue, link = content(event, signup, catalog, signup.person.language)
    # At the door they are asked for it: who takes part from elsewhere comes to none.
    comes = signup.state is State.CONFIRMED and signup.way is Way.ROOM
    return Seat(
        event,
        signup,
        position=waits_at.position if waits_at else 0,
        venue=venue,
        link=link,
        ticket=ticket_code(ports, signup.signup_id) if comes else "",
    )


def _letter(
    ports: Ports,
    message: Message,
    seat: Seat,
    method: Method | None,
    catalog: Catalog,
    now: datetime,
) -> Letter:
    signup, proving = seat.signup, message.kind is Kind.SIGNUP_PROOF
    theirs = signup.state is not State.HANDED_OVER  # or else the link is dead (S-25)
    if over := message.kind in LATER and not has_links(signup, seat.event, now):
        seat = replace(seat, ticket="", link="")
    return replace(
        blank(message, signup.person, catalog, now),
        seat=seat,
        method=method,
        manage_url=signup_url(ports, signup) if theirs and not over else "",
        code=signup_code(ports, signup) if proving else "",
        confirm_url=signup_proof_url(ports, signup) if proving else "",
        until=signup.lapses_at,
        rule=message.rule,
        unsubscribe_url=(
            unsubscribe_url(ports, message.person_id) if message.kind in REMINDERS else ""
        ),
    )


def _untrue(
    message: Message,
    context: MessageContext,
    signup: SignUp,
    told: Telling | None,
    catalog: Catalog,
) -> str:
    """Why a message is not to be sent; "" if it is true and news."""
    event, notice = context.event, context.notice
    if event is None:
        return "no-subject"
    proved, confirmed = signup.confirm_by is None, signup.state is State.CONFIRMED
    true = {
        Kind.SIGNUP_PROOF: signup.live and not proved,
        Kind.KNOWN: signup.live and proved,
        Kind.SEAT: confirmed,
        Kind.PROMOTION: confirmed,
        Kind.WAITING: signup.waiting and proved,
        Kind.OFFER: signup.state is State.OFFERED,
        Kind.OFFER_EXPIRY: signup.state is State.EXPIRED,
        # Who queues again at once has no seat either, and an entry that is to go.
        Kind.SEAT_CANCELLATION: not signup.live or (not confirmed and _entered(told)),
        Kind.DEPARTURE: not signup.live,
        Kind.EVENT_CHANGE: told_of_the_event(signup),
        Kind.EVENT_REMINDER: confirmed,
        Kind.EVENT_NOTICE: notice is not None and is_for(notice, signup),
        Kind.EVENT_FEEDBACK: confirmed,
    }[message.kind]
    if not true:
        return signup.state.value
    if message.kind in OF_THE_EVENT and not event.live:
        return event.state.value
    if message.kind is Kind.EVENT_REMINDER:
        return _untimely(message, signup)
    if message.kind is Kind.EVENT_FEEDBACK:
        return unasked(event, message.rule, catalog.site.zone)
    if message.kind is Kind.EVENT_CHANGE:
        if told is None:
            return "never-told"  # the first mail was not sent, and will tell the present state
        return "nothing-new" if told.facts == facts_of_seat(event, signup) else ""
    if message.kind is Kind.SEAT_CANCELLATION and told is None and signup.state in OWN:
        return "never-told"  # they know, and no calendar does
    if message.kind is Kind.SEAT_CANCELLATION and told and told.method is Method.CANCEL:
        return "nothing-new"
    return ""


def _outdated(ports: Ports, message: Message, event: Event) -> bool:
    return message.kind is Kind.EVENT_REMINDER and not stands(ports, message, event)


def _untimely(message: Message, signup: SignUp) -> str:
    # However late it is sent: who came to a seat after its time has just been told of it (R-03, W-25).
    since = signup.confirmed_at or signup.created_at
    return "too-late" if since > message.due_at else ""


def _method(message: Message, seat: Seat, told: Telling | None) -> Method | None:
    """Calendar parts go to those who have a seat (I-02); and take back only what was given."""
    confirmed = seat.signup.state is State.CONFIRMED
    if message.kind in INVITING or (message.kind is Kind.EVENT_CHANGE and confirmed):
        known = told and (told.method, told.sequence) == (Method.REQUEST, seat.sequence)
        return None if known and not message.reached else Method.REQUEST
    if message.kind is Kind.SEAT_CANCELLATION and _entered(told):
        return Method.CANCEL
    return None


def _entered(told: Telling | None) -> bool:
    """Whether a calendar has an entry of it, as far as is known."""
    return told is not None and told.method is Method.REQUEST
