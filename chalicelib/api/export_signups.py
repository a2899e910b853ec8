"""A person's sign-ups as they take them with them: of a party that another leads, their own part alone.

With whom somebody came along is that person's data as much as theirs, so it is not said.
"""

from collections.abc import Callable
from typing import Any

from chalicelib.api import present, present_events
from chalicelib.domain.attending import Attending
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.signups import Member, SignUp
from chalicelib.services.export import SignedUp

Json = dict[str, Any]
Followed = Callable[[SignedUp], Json]  # by what they were told, and what was done


def signed_up(one: SignedUp, catalog: Catalog, by: str, followed: Followed) -> Json:
    """A person's part in an event; `by` is what whoever made a sign-up of theirs is to them."""
    attending = one.one
    signup, zone, part = attending.signup, catalog.site.zone, attending.part
    arrived_at = part.arrived_at
    own = _own(signup, catalog) | {"made_by": by} | followed(one) if attending.leads else None
    return {
        "event": present_events.in_short(attending.event, catalog.site),
        "leads": attending.leads,
        "state": signup.state.value,
        "way": signup.way.value,
        "size": signup.size,
        "created_at": present.moment(signup.created_at, zone),
        "name": _name(attending),
        "diet": part.diet,
        "accessibility": part.accessibility,
        "arrived_at": present.moment(arrived_at, zone) if arrived_at else None,
        "own": own,
    }


def _own(signup: SignUp, catalog: Catalog) -> Json:
    zone = catalog.site.zone
    confirm_by, offer_until = signup.confirm_by, signup.offer_until
    return {
        "signup_id": signup.signup_id,
        "person": {
            "name": signup.person.name,
            "email": signup.person.email,
            "organisation": signup.person.organisation,
            "language": signup.person.language,
        },
        "guests": [_guest(each, catalog) for each in signup.members],
        "answers": dict(signup.answers),
        "number": signup.number,
        "confirm_by": present.moment(confirm_by, zone) if confirm_by else None,
        "offer_until": present.moment(offer_until, zone) if offer_until else None,
        "network": signup.network,
        "sequence": signup.sequence,
        "version": signup.version,
    }


def _guest(one: Member, catalog: Catalog) -> Json:
    arrived_at = one.arrived_at
    return {
        "name": one.name,
        "diet": one.diet,
        "accessibility": one.accessibility,
        "arrived_at": present.moment(arrived_at, catalog.site.zone) if arrived_at else None,
    }


def _name(attending: Attending) -> str:
    """As whoever signed them up wrote it."""
    part = attending.part
    return part.name if isinstance(part, Member) else part.person.name
