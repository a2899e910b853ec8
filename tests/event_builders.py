"""The fixture of the event scenarios: Wed 2027-01-20 09-11 in Helsinki, five seats, three may wait.

Sign-up opens on 2027-01-01 at 8 and closes on the day before at 16; now is a week before, at 9.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from chalicelib.domain.events import Event, Seats, State, Way
from chalicelib.domain.people import Person
from chalicelib.domain.programmes import Programme
from chalicelib.domain.signups import SignUp
from chalicelib.domain.signups import State as SignUpState
from tests.builders import AINO, at, wed

START, END = at("2027-01-20 09:00"), at("2027-01-20 11:00")
OPENS, CLOSES = at("2027-01-01 08:00"), at("2027-01-19 16:00")
NOW = at("2027-01-13 09:00")


def some_seats(limit: int | None = 5, **changes: Any) -> Seats:
    """Seats of which as many are free as there are, unless told otherwise."""
    free = changes.pop("free", 1_000_000 if limit is None else limit)
    return Seats(limit, free, **({"most_waiting": 3} | changes))


def an_event(limit: int | None = 5, **changes: Any) -> Event:
    """The fixture's, published, in a room; counters of the room may be named too."""
    named = {"free", "held", "waiting", "parties", "lapsing", "most_waiting", "next_number"}
    counters = {name: changes.pop(name) for name in named & set(changes)}
    defaults = Event(
        event_id="e_one",
        starts_at=START,
        ends_at=END,
        opens_at=OPENS,
        closes_at=CLOSES,
        ways={Way.ROOM: some_seats(limit, **counters)},
        state=State.PUBLISHED,
        announced=True,
        title={"fi": "Työpaja", "sv": "Verkstad", "en": "Workshop"},
        group_size=4,
    )
    return replace(defaults, **changes)


def a_hybrid(room: int | None = 5, remote: int | None = None, **changes: Any) -> Event:
    """The fixture's, in a room and remote."""
    ways = {Way.ROOM: some_seats(room), Way.REMOTE: some_seats(remote)}
    return an_event(ways=ways, **changes)


def a_signup(person_id: str = "p_aino", **changes: Any) -> SignUp:
    """Aino's, confirmed, in the room."""
    defaults: dict[str, Any] = {
        "event_id": "e_one",
        "person_id": person_id,
        "person": AINO,
        "way": Way.ROOM,
        "state": SignUpState.CONFIRMED,
        "created_at": NOW - timedelta(hours=1),
    }
    return SignUp(**(defaults | changes))


def somebody(name: str) -> Person:
    """A person of that name, with an address of an allowed domain."""
    return Person(name.title(), f"{name}@gov.fi")


def a_placed_event(space_id: str = "studio", limit: int | None = 5, **changes: Any) -> Event:
    """A draft in one of the spaces of the bookings' fixture: Wed 2026-12-02 10-12, unless told otherwise."""
    defaults: dict[str, Any] = {
        **wed("10-12"),
        "opens_at": at("2026-11-01 08:00"),
        "closes_at": at("2026-12-02 09:00"),
        "state": State.DRAFT,
        "announced": False,
        "programme": Programme(space_id=space_id),
    }
    return an_event(limit, **(defaults | changes))
