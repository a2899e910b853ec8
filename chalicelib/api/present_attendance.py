"""Who is expected, and who came, as JSON.

Answers to writes are kept for replays, so they name nobody.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from chalicelib.api.present import moment
from chalicelib.domain.attendance import arrivals
from chalicelib.domain.catalog import Site
from chalicelib.domain.events import Event
from chalicelib.domain.figures import Figures
from chalicelib.domain.signups import Place, SignUp

Json = dict[str, Any]


def checked(one: SignUp, site: Site) -> Json:
    """A party without names, and who of it is there."""
    return {
        **_stands(one),
        "arrived_at": [_maybe(at, site) for at in arrivals(one)],
    }


def expected(one: SignUp, place: Place | None, site: Site, suppressed: str) -> Json:
    """A party as the attendance list has it. `suppressed` is why mail does not arrive, or ""."""
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
            "suppressed": suppressed,
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


def figures(event: Event, found: Figures) -> Json:
    """Counts of an event."""
    return {
        "event_id": event.event_id,
        "ways": {
            way.value: {"limit": event.ways[way].limit, **asdict(heads)}
            for way, heads in found.ways.items()
        },
        "diets": _said(found.diets),
        "accessibility": _said(found.accessibility),
        "answers": [
            {"question_id": key, "counts": dict(counts)} for key, counts in found.answers.items()
        ],
    }


def _said(counts: Mapping[str, int]) -> list[Json]:
    return [{"text": text, "persons": persons} for text, persons in counts.items()]


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
