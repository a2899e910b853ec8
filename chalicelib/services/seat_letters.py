"""Whether a message about a sign-up is still true, and the letter that it becomes."""

from dataclasses import replace
from datetime import datetime

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.events import Event, Way
from chalicelib.domain.letters import Method, Seat, Telling, Told, facts_of_seat
from chalicelib.domain.messages import Kind, Message
from chalicelib.domain.signups import SignUp, State, judged
from chalicelib.domain.spoken import in_language
from chalicelib.services.links import signup_url
from chalicelib.services.ports import MessageContext, Ports
from chalicelib.services.signups import place
from chalicelib.services.verdicts import Drop, Ready, Wait, blank, settled

INVITING = (Kind.SEAT, Kind.PROMOTION)
OWN = (State.LEFT, State.HANDED_OVER)  # over by what its person did
KINDS = (*INVITING, Kind.WAITING, Kind.SEAT_CANCELLATION, Kind.DEPARTURE)


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
    signup = judged(context.signup, now)
    told = settled(ports, context.told or Told(message.subject, message.person_id), message)
    if told is None:
        return Wait()
    if reason := _untrue(message, signup, told.told):
        return Drop(reason)
    where = place(ports, signup)
    venue, link = content(context.event, signup, catalog)
    seat = Seat(context.event, signup, where.position if where else 0, venue, link)
    method = _method(message, seat, told.told)
    letter = replace(
        blank(message, signup.person, catalog, now),
        seat=seat,
        method=method,
        manage_url=signup_url(ports, signup),
    )
    # A mail without a calendar part leaves the entry of an earlier one where it is.
    entry = method or (told.told.method if told.told else None)
    telling = Telling(message.message_id, facts_of_seat(seat.event, signup), seat.sequence, entry)
    after = replace(told, telling=telling, version=told.version + 1)
    return Ready(letter, context.signup.version, after)


def content(event: Event, signup: SignUp, catalog: Catalog) -> tuple[str, str]:
    """Where it is, and the link to join by: of those who have a seat to take part remotely (I-14)."""
    programme = event.programme
    if signup.way is Way.REMOTE:
        return "", programme.remote_link if signup.state is State.CONFIRMED else ""
    space = catalog.spaces.get(programme.space_id)
    name = in_language(space.name, signup.person.language) if space else ""
    return name or programme.address, ""


def _untrue(message: Message, signup: SignUp, told: Telling | None) -> str:
    """Why a message is not to be sent; "" if it is true and news."""
    true = {
        Kind.SEAT: signup.state is State.CONFIRMED,
        Kind.PROMOTION: signup.state is State.CONFIRMED,
        Kind.WAITING: signup.waiting and signup.confirm_by is None,
        Kind.SEAT_CANCELLATION: not signup.live,
        Kind.DEPARTURE: not signup.live,
    }[message.kind]
    if not true:
        return signup.state.value
    if message.kind is Kind.SEAT_CANCELLATION and told is None and signup.state in OWN:
        return "never-told"  # they know, and no calendar does
    if message.kind is Kind.SEAT_CANCELLATION and told and told.method is Method.CANCEL:
        return "nothing-new"
    return ""


def _method(message: Message, seat: Seat, told: Telling | None) -> Method | None:
    """Calendar parts go to those who have a seat (I-02); and take back only what was given."""
    if message.kind in INVITING:
        known = told and (told.method, told.sequence) == (Method.REQUEST, seat.sequence)
        return None if known and not message.reached else Method.REQUEST
    if message.kind is Kind.SEAT_CANCELLATION and told and told.method is Method.REQUEST:
        return Method.CANCEL
    return None
