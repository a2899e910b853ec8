"""What a person has signed up for, or comes along to: in their own list, their calendars and their export.

An index names the parties; each is then read strongly, and those that they are in no more are left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain import attending
from chalicelib.domain.attending import Attending
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.letters import Seat
from chalicelib.domain.people import Actor
from chalicelib.domain.private_feeds import attended_in_sight
from chalicelib.domain.signups import Part, Place, judged
from chalicelib.services import queues
from chalicelib.services.ports import Fields, Page, Ports
from chalicelib.services.seat_letters import content

AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Listed:
    """What somebody is or was in, and where it stands in the queue, if it does."""

    one: Attending
    place: Place | None


def parts_of(ports: Ports, person_id: str) -> list[Part]:
    """Every party that a person is or was in, by event: as many as there were events in a year."""
    found: list[Part] = []
    after: Fields | None = None
    while True:
        page = ports.events.parts_of(person_id, AT_ONCE, after)
        found += page.items
        after = page.next
        if after is None:
            return sorted(found, key=lambda each: (each.event_id, each.led_by))


def of_parts(ports: Ports, person_id: str, parts: Iterable[Part], now: datetime) -> list[Attending]:
    """Those of them that a person is in, as they are at `now`, by event."""
    wanted = list(parts)
    stored = ports.events.parties(wanted) if wanted else []
    found = [
        Attending(event, judged(signup, now), person_id)
        for event, signup in stored
        if person_id in signup.person_ids
    ]
    return sorted(found, key=lambda each: (each.event.event_id, each.signup.person_id))


def all_of(ports: Ports, person_id: str) -> list[Attending]:
    """One an event that everybody may see, as it is now, in no order."""
    parts, now = parts_of(ports, person_id), ports.clock.now()
    found = attending.standing(of_parts(ports, person_id, parts, now))
    return [each for each in found if each.event.public]


def listed(ports: Ports, actor: Actor, limit: int, after: Fields | None) -> Page[Listed]:
    """One's own: those to come by start, then those that were over when the list was begun, the last first."""
    at = datetime.fromisoformat(after["at"]) if after else ports.clock.now()
    ordered = sorted(
        (attending.place_of(each, at), number, each)
        for number, each in enumerate(all_of(ports, actor.person_id))
    )
    left = [(place, each) for place, _, each in ordered if not after or place > after["place"]]
    page = left[:limit]
    more = {"at": at.isoformat(), "place": page[-1][0]} if len(left) > limit else None
    return Page([shown(ports, each) for _, each in page], more)


def shown(ports: Ports, one: Attending) -> Listed:
    """With its place in the queue."""
    return Listed(one, queues.place(ports, one.signup, one.event))


def seats(
    ports: Ports, person_id: str, catalog: Catalog, language: str, most: int
) -> tuple[Seat, ...]:
    """The first of those that a person's calendar shows now, by start."""
    found = attended_in_sight(all_of(ports, person_id), ports.clock.now())
    return tuple(seat_of(each, catalog, language) for each in found[:most])


def seat_of(one: Attending, catalog: Catalog, language: str) -> Seat:
    """As an entry of a calendar has it, in a language; never what lets somebody in, or acts."""
    venue, link = content(one.event, one.signup, catalog, language)
    return Seat(one.event, one.signup, venue=venue, link=link, revised_at=one.revised_at)
