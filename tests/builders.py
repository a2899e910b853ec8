"""Valid defaults for everything that tests are about: name only what matters.

The fixture is that of the booking scenarios: Hall = Hall-A + Hall-B, Studio with 15 minutes of setup
and of cleanup, Pod; Mon-Fri 8-18; now is Tue 2026-12-01 09:00 in Helsinki.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.domain.api_keys import ApiKey
from chalicelib.domain.catalog import Site
from chalicelib.domain.domains import allowed
from chalicelib.domain.logins import digest_of
from chalicelib.domain.people import Actor, Person, Role, Scope
from chalicelib.domain.profiles import Profile
from chalicelib.domain.spaces import Hours, Kind, Openings, Space
from chalicelib.services.ports import Ports
from chalicelib.services.requests import BookRequest, ChangeRequest
from chalicelib.services.writing import Intent
from tests.fakes import FakeClock, Store, memory_ports

HELSINKI = ZoneInfo("Europe/Helsinki")
NOW = datetime(2026, 12, 1, 7, 0, tzinfo=UTC)  # Tue 09:00 in Helsinki
OFFICE: Openings = ((8 * 60, 18 * 60),)
ALWAYS: Openings = ((0, 24 * 60),)
OFFICE_HOURS = Hours(week=(OFFICE,) * 5 + ((), ()))
ALWAYS_OPEN = Hours(week=(ALWAYS,) * 7)

AINO = Person("Aino Aalto", "aino.aalto@gov.fi", "VM", "fi")
EERO = Person("Eero Eskola", "eero.eskola@gov.fi", "DVV", "sv")
SAMI = Person("Sami Salo", "sami.salo@tyo2lab.fi", "Lab", "fi")
PIA = Person("Pia Peltola", "pia.peltola@partner.example", "", "en")

STAFF = Actor("p_sami", Role.STAFF, person=SAMI, person_id="p_sami")
ADMIN = replace(STAFF, role=Role.ADMIN)
FORM = Actor("k_form", scopes=(Scope.AVAILABILITY, Scope.BOOK), key_id="k_form")
ANYBODY = Actor()


def a_space(space_id: str = "studio", **changes: Any) -> Space:
    """A space of the fixture, open in office hours."""
    names = {"fi": space_id.title(), "sv": space_id.title(), "en": space_id.title()}
    defaults = Space(space_id=space_id, name=names, capacity=12, hours=OFFICE_HOURS)
    return replace(defaults, **changes)


def the_spaces() -> dict[str, Space]:
    """The fixture's spaces, two facilitators and two screens."""
    spaces = [
        a_space("hall-a", capacity=20),
        a_space("hall-b", capacity=20),
        a_space("hall", kind=Kind.COMBINED, parts=("hall-a", "hall-b"), capacity=40),
        a_space("studio", setup_minutes=15, cleanup_minutes=15),
        a_space("pod", capacity=2),
        a_space("desks", kind=Kind.POOL, units=6, capacity=1),
        a_space(
            "lab",
            kind=Kind.COMBINED,
            parts=("hall-a", "hall-b", "studio", "desks"),
            capacity=58,
            needs_approval=True,
        ),
        a_space("facilitator-1", kind=Kind.PERSON),
        a_space("facilitator-2", kind=Kind.PERSON),
        a_space("screen", kind=Kind.EQUIPMENT, units=2),
    ]
    return {space.space_id: space for space in spaces}


def a_store(*changed: Space, **site: Any) -> Store:
    """A store with the fixture in it; `changed` spaces replace or join the fixture's."""
    spaces = the_spaces() | {space.space_id: space for space in changed}
    defaults = Site(
        name={"fi": "Työ 2.0 Lab", "sv": "Arbete 2.0 Lab", "en": "Work 2.0 Lab"},
        base_url="https://lab.example",
        allowed_domains=allowed(("gov.fi", "tyo2lab.fi")),
        salt="a salt for tests",
        prove_address=False,
    )
    return Store(spaces=spaces, site=replace(defaults, **site), revision=1)


def the_ports(*changed: Space, now: datetime = NOW, **site: Any) -> tuple[Ports, Store, FakeClock]:
    """Ports over the fixture, with the store and the clock to look at and to turn."""
    store, clock = a_store(*changed, **site), FakeClock(now)
    return memory_ports(store, clock), store, clock


def at(text: str) -> datetime:
    """A local time of Helsinki as an instant: at("2026-12-02 10:00")."""
    return datetime.fromisoformat(text).replace(tzinfo=HELSINKI).astimezone(UTC)


def wed(hours: str) -> dict[str, datetime]:
    """Start and end on Wed 2026-12-02: wed("10-12"), wed("10:15-11:45")."""
    return on("2026-12-02", hours)


def on(day: str, hours: str) -> dict[str, datetime]:
    """Start and end on a day, in local time; an end of 24 is the next midnight."""
    start, _, end = hours.partition("-")
    return {"starts_at": _clock(day, start), "ends_at": _clock(day, end)}


def _clock(day: str, text: str) -> datetime:
    hour, _, minute = text.partition(":")
    if hour == "24":
        following = date.fromisoformat(day).toordinal() + 1
        return at(f"{date.fromordinal(following)} 00:00")
    return at(f"{day} {int(hour):02d}:{minute or '00'}")


def a_request(*space_ids: str, **changes: Any) -> BookRequest:
    """A request of Aino's for the pod on Wednesday 10-11, unless told otherwise."""
    defaults: dict[str, Any] = {
        "space_ids": space_ids or ("pod",),
        **wed("10-11"),
        "title": "Suunnittelu",
        "attendees": 1,
        "person": AINO,
        "accept_terms": True,
    }
    return BookRequest(**(defaults | changes))


def a_change(**changes: Any) -> ChangeRequest:
    """A change of nothing but what is named."""
    return ChangeRequest(**changes)


def a_key(text: str, scopes: tuple[Scope, ...] = (Scope.BOOK,), **changes: Any) -> ApiKey:
    """A key by what is shown of it, in use a moment ago."""
    defaults: dict[str, Any] = {
        "key_id": text.split(".")[1],
        "label": "A system",
        "scopes": scopes,
        "digest": digest_of(text),
        "made_with": "k1",
        "created_by": ADMIN.actor_id,
        "created_at": NOW,
        "used_at": NOW,
    }
    return ApiKey(**(defaults | changes))


def a_profile(person: Person = AINO, person_id: str = "p_aino", **changes: Any) -> Profile:
    """Somebody who is known from now on."""
    return Profile(person_id, person, **({"created_at": NOW} | changes))


def an_intent(actor: Actor = FORM, key: str | None = None, **changes: Any) -> Intent:
    """An intent whose answer is the id of what was written."""
    defaults: dict[str, Any] = {
        "actor": actor,
        "method": "POST",
        "path": "/v1/bookings",
        "fingerprint": "f",
        "render": lambda thing: {"status": 201, "body": repr(thing)},
        "key": key,
    }
    return Intent(**(defaults | changes))
