"""Sign-ups as JSON.

Answers to writes are kept for replays, so they have nothing in them that a person told of themselves.
"""

from typing import Any

from chalicelib.api import present_events
from chalicelib.api.present import moment
from chalicelib.domain.catalog import Site
from chalicelib.domain.events import Way
from chalicelib.domain.signups import Place, SignUp, State
from chalicelib.services.own_signups import Listed
from chalicelib.services.signups import Seen

Json = dict[str, Any]


def signup(one: SignUp, place: Place | None, site: Site) -> Json:
    """Where somebody stands."""
    zone, pending = site.zone, one.live
    return {
        "signup_id": one.signup_id,
        "event_id": one.event_id,
        "state": one.state.value,
        "way": one.way.value,
        "size": one.size,
        **_place(place),
        "confirm_by": moment(one.confirm_by, zone) if one.confirm_by and pending else None,
        "offer_until": moment(one.offer_until, zone) if one.offer_until and pending else None,
        "created_at": moment(one.created_at, zone),
    }


def detail(seen: Seen, site: Site) -> Json:
    """A sign-up with what was answered."""
    one = seen.signup
    joins = one.way is Way.REMOTE and one.state is State.CONFIRMED
    return {
        **signup(one, seen.place, site),
        "person": {
            "name": one.person.name,
            "email": one.person.email,
            "organisation": one.person.organisation,
            "language": one.person.language,
        },
        "guests": [
            {"name": each.name, "diet": each.diet, "accessibility": each.accessibility}
            for each in one.members
        ],
        "answers": dict(one.answers),
        "diet": one.diet,
        "accessibility": one.accessibility,
        "remote_link": seen.event.programme.remote_link if joins else "",
    }


def own(listed: Listed, site: Site) -> Json:
    """A line of one's own list; what it is called is for who leads it, and may change it."""
    one = listed.one
    said = signup(one.signup, listed.place, site)
    del said["event_id"]
    return {
        **said,
        "signup_id": one.signup.signup_id if one.leads else None,
        "leads": one.leads,
        "event": present_events.in_short(one.event, site),
    }


def _place(place: Place | None) -> Json:
    if place is None:
        return {"position": None, "persons_before": None}
    return {"position": place.position, "persons_before": place.persons}
