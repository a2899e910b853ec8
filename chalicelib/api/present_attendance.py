"""Who is expected, and who came, as JSON.

Answers to writes are kept for replays, so they name nobody.
"""

from datetime import datetime
from typing import Any

from chalicelib.api.present import moment
from chalicelib.domain.attendance import arrivals
from chalicelib.domain.catalog import Site
from chalicelib.domain.signups import Place, SignUp

Json = dict[str, Any]


def checked(one: SignUp, site: Site) -> Json:
    """A party without names, and who of it is there."""
    return {
        **_stands(one),
        "arrived_at": [_maybe(at, site) for at in arrivals(one)],
    }


def expected(one: SignUp, place: Place | None, site: Site) -> Json:
    """A party as the attendance list has it."""
    person = one.person
    return {
        **_stands(one),
        "position": place.position if place else None,
        "number": one.number,
        "person": {
            "name": person.name,
            "email": person.email,
            "organisation": person.organisation,
            "language": person.language,
        },
        "diet": one.diet,
        "accessibility": one.accessibility,
        "answers": dict(one.answers),
        "arrived_at": _maybe(one.arrived_at, site),
        "guests": [
            {
                "name": each.name,
                "diet": each.diet,
                "accessibility": each.accessibility,
                "arrived_at": _maybe(each.arrived_at, site),
            }
            for each in one.members
        ],
        "created_at": moment(one.created_at, site.zone),
        "version": one.version,
    }


def _stands(one: SignUp) -> Json:
    return {
        "signup_id": one.signup_id,
        "event_id": one.event_id,
        "state": one.state.value,
        "way": one.way.value,
        "size": one.size,
    }


def _maybe(at: datetime | None, site: Site) -> str | None:
    return moment(at, site.zone) if at else None
