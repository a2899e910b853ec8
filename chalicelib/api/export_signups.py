"""A person's sign-ups as they take them with them: of a party that another leads, their own part alone.

With whom somebody came along is that person's data as much as theirs, so it is not said.
"""

from collections.abc import Callable
from datetime import datetime
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
    signup, part = attending.signup, attending.part
    own = _own(signup, catalog) | {"made_by": by} | followed(one) if attending.leads else None
    return {
        "event": present_events.in_short(attending.event, catalog.site),
        "leads": attending.leads,
        "state": signup.state.value,
        "way": signup.way.value,
        "size": signup.size,
        "created_at": _maybe(signup.created_at, catalog),
        "name": _name(attending),
        "diet": part.diet,
        "accessibility": part.accessibility,
        "arrived_at": _maybe(part.arrived_at, catalog),
        "own": own,
    }


def _own(signup: SignUp, catalog: Catalog) -> Json:
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
        "confirm_by": _maybe(signup.confirm_by, catalog),
        "offer_until": _maybe(signup.offer_until, catalog),
        "confirmed_at": _maybe(signup.confirmed_at, catalog),
        "network": signup.network,
        "sequence": signup.sequence,
        "version": signup.version,
    }


def _guest(one: Member, catalog: Catalog) -> Json:
    return {
        "name": one.name,
        "diet": one.diet,
        "accessibility": one.accessibility,
        "arrived_at": _maybe(one.arrived_at, catalog),
    }


def _maybe(instant: datetime | None, catalog: Catalog) -> str | None:
    return present.moment(instant, catalog.site.zone) if instant else None


def _name(attending: Attending) -> str:
    """As whoever signed them up wrote it."""
    part = attending.part
    return part.name if isinstance(part, Member) else part.person.name
