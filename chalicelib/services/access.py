"""Who may do what: one table of rules, and nothing that it does not allow.

Every operation of the interface names an action, and every use case asks again with the very thing it
is about. What somebody may not do is answered as what there is not.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.kept import is_somebody
from chalicelib.domain.people import ANONYMOUS, Actor, Role

if TYPE_CHECKING:
    from chalicelib.domain.bookings import Booking
    from chalicelib.domain.signups import SignUp
    from chalicelib.domain.spaces import Space

    Thing = Booking | SignUp | Space


class Action(StrEnum):
    """What can be done."""

    LOOK = "look"  # at what is free, at spaces, at the interface itself
    ENTER = "enter"  # where addresses are proved; links of mails
    BOOK = "book"
    CONFIRM = "confirm"  # by a code
    USE_SPACE = "use-space"  # see that there is one, and book it
    READ_BOOKING = "read-booking"
    CHANGE_BOOKING = "change-booking"
    CANCEL_BOOKING = "cancel-booking"
    READ_SIGNUP = "read-signup"
    CHANGE_SIGNUP = "change-signup"  # and accept, decline, hand over, leave
    OWN = "own"  # one's own data, feeds and sessions
    RUN = "run"  # the Lab: all bookings, approvals, closures, mails, spaces, the site
    SEE_PEOPLE = "see-people"
    INVITE = "invite"
    AUDIT = "audit"
    GRANT = "grant"  # roles, and keys


CHANGES = (Action.CHANGE_BOOKING, Action.CHANGE_SIGNUP)
Rule = Callable[[Actor, "Thing | None"], bool]
EMPLOYEE, PARTNER = "employee", "partner"  # to whom a space may be open
AUDIENCES: Mapping[Role, frozenset[str]] = {
    Role.VISITOR: frozenset((EMPLOYEE, PARTNER)),  # one of them, who has not said yet which
    Role.PERSON: frozenset((EMPLOYEE,)),
    Role.PARTNER: frozenset((PARTNER,)),
}


def may(actor: Actor, action: Action | None, thing: "Thing | None" = None) -> bool:
    """Whether somebody may do something, to a thing or (None) to anything of the kind at all."""
    rule = RULES.get(action) if action else None
    return rule is not None and rule(actor, thing)


def open_to(role: Role, space: "Space") -> bool:
    """Whether a space is for people of a role, who are no hosts."""
    return among(role, space.open_to)


def among(role: Role, audience: Iterable[str]) -> bool:
    """Whether people of a role, who are no hosts, belong to those that something is for."""
    return not AUDIENCES.get(role, frozenset()).isdisjoint(audience)


def seen_by(actor: Actor, catalog: Catalog) -> Catalog:
    """The settings as far as they are somebody's affair: of other spaces there is nothing to see."""
    spaces = catalog.spaces.items()
    hidden = [key for key, space in spaces if not may(actor, Action.USE_SPACE, space)]
    return replace(catalog, hidden=frozenset(hidden)) if hidden else catalog


def times_seen_by(actor: Actor, catalog: Catalog) -> Catalog:
    """The settings as far as busy times are somebody's affair: but for what is hosts' alone, everybody's."""
    return seen_by(actor if actor.staff else ANONYMOUS, catalog)


def owns(actor: Actor, thing: "Booking | SignUp") -> bool:
    """Whether a booking or a sign-up is one's own: as whose it is, as what made it, or by its link."""
    if actor.manages:
        return _id_of(thing) == actor.manages
    return _is_of(actor, thing)


def _nobody_s_link(actor: Actor, _: "Thing | None") -> bool:
    """Everybody; but a link is for its own thing, and a key for what it was issued for."""
    return not actor.manages


def _books(actor: Actor, _: "Thing | None") -> bool:
    return not actor.manages and (not actor.scopes or actor.vouches)


def _enters(actor: Actor, _: "Thing | None") -> bool:
    """Everybody but a system: that has no address to prove, and asks in nobody's place for a link."""
    return not actor.scopes or actor.staff


def _confirms(actor: Actor, _: "Thing | None") -> bool:
    return not actor.scopes or actor.vouches


def _uses(actor: Actor, thing: "Thing | None") -> bool:
    if thing is None or actor.staff:
        return True
    return open_to(actor.role, thing)  # type: ignore[arg-type]  # the action is of spaces


def _owns(action: Action) -> Rule:
    """Whose booking it is, and what made it, and who has its link as far as the link goes."""

    def rule(actor: Actor, thing: "Thing | None") -> bool:
        if actor.anonymous:
            return False
        if action in CHANGES and thing is not None and _nobody_s(thing):  # type: ignore[arg-type]
            return actor.staff
        if actor.manages:
            return action.value in actor.allows and (
                thing is None or owns(actor, thing)  # type: ignore[arg-type]
            )
        if actor.scopes and not actor.vouches:
            return False
        return thing is None or actor.staff or _is_of(actor, thing)  # type: ignore[arg-type]

    return rule


def _nobody_s(thing: "Booking | SignUp") -> bool:
    """Whether its person was forgotten: whoever still has its link writes nothing into it."""
    return not is_somebody(thing.person_id)


def _id_of(thing: "Booking | SignUp") -> str:
    """What a link calls it."""
    found: str = getattr(thing, "booking_id", "") or getattr(thing, "signup_id", "")
    return found


def _is_of(actor: Actor, thing: "Booking | SignUp") -> bool:
    if actor.person_id and thing.person_id == actor.person_id:
        return True
    return thing.made_by == actor.actor_id and not actor.session


def _has_account(actor: Actor, _: "Thing | None") -> bool:
    return bool(actor.session)


def _staff(actor: Actor, _: "Thing | None") -> bool:
    return actor.staff and not actor.manages


def _runs(actor: Actor, thing: "Thing | None") -> bool:
    """Hosts; and who reads the Lab's mailbox, as far as the one request that its mail is about."""
    if actor.manages:
        return actor.staff and thing is not None and owns(actor, thing)  # type: ignore[arg-type]
    return actor.staff


def _admin(actor: Actor, _: "Thing | None") -> bool:
    """An admin in person: whatever an admin's key may, it is not this."""
    return actor.admin and not actor.scopes


RULES: Mapping[Action, Rule] = {
    Action.LOOK: _nobody_s_link,
    Action.ENTER: _enters,
    Action.BOOK: _books,
    Action.CONFIRM: _confirms,
    Action.USE_SPACE: _uses,
    Action.READ_BOOKING: _owns(Action.READ_BOOKING),
    Action.CHANGE_BOOKING: _owns(Action.CHANGE_BOOKING),
    Action.CANCEL_BOOKING: _owns(Action.CANCEL_BOOKING),
    Action.READ_SIGNUP: _owns(Action.READ_SIGNUP),
    Action.CHANGE_SIGNUP: _owns(Action.CHANGE_SIGNUP),
    Action.OWN: _has_account,
    Action.RUN: _runs,
    Action.SEE_PEOPLE: _staff,
    Action.INVITE: _staff,
    Action.AUDIT: _staff,
    Action.GRANT: _admin,
}
SIGNUP_LINK_ACTIONS = (Action.READ_SIGNUP.value, Action.CHANGE_SIGNUP.value)
LINK_ACTIONS = (Action.READ_BOOKING.value, Action.CHANGE_BOOKING.value, Action.CANCEL_BOOKING.value)
