"""What is free, busy and closed, for people who look for a space and for calendars that ask."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from chalicelib.domain.availability import (
    SpaceAvailability,
    alternatives,
    availability,
    margin,
    view,
)
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import Alternative, Conflict, Problem, Refused, refuse
from chalicelib.domain.footprints import DayKey
from chalicelib.domain.holds import exceeded as too_many_holds
from chalicelib.domain.occupancy import LedgerDay, Occupancy
from chalicelib.domain.people import ANONYMOUS, Actor
from chalicelib.domain.planning import make_plan, reach
from chalicelib.domain.spaces import Space
from chalicelib.domain.times import (
    days_between,
    first_slot,
    local_date,
    midnight,
    slot_ceil,
    slot_floor,
)
from chalicelib.services import holds, quotas
from chalicelib.services.access import seen_by, times_seen_by
from chalicelib.services.ports import Ports
from chalicelib.services.requests import (
    BookRequest,
    ask_of,
    ledger_keys,
    standing,
    too_much,
    who,
)

MOST_DAYS = 62
MOST_RESOURCES = 50
BATCH = 100  # ledger items of one BatchGetItem; more come from the index by week
NEAR_DAYS = 7
OF_PEOPLE = ("email-not-allowed", "terms-not-accepted", "quota-exceeded")


@dataclass(frozen=True, slots=True)
class Search:
    """A search by need; `space_ids` None asks for every space."""

    starts_at: datetime
    ends_at: datetime
    space_ids: tuple[str, ...] | None = None
    people: int = 0
    minutes: int | None = None
    units: int = 1
    equipment: tuple[str, ...] = ()
    accessibility: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FreeBusy:
    """One resource's answer; `found` is None for one that is not known."""

    found: SpaceAvailability | None
    view: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a booking would be answered."""

    possible: bool
    problems: tuple[Problem, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    alternatives: tuple[Alternative, ...] = ()


def check_range(starts_at: datetime, ends_at: datetime, catalog: Catalog) -> None:
    """Refuse an empty range and one of more than 62 local days."""
    if ends_at <= starts_at:
        raise refuse("invalid-request", "/to", why="end-before-start")
    zone = catalog.site.zone
    longest = midnight(local_date(starts_at, zone) + timedelta(days=MOST_DAYS + 1), zone)
    if ends_at - starts_at > timedelta(days=MOST_DAYS, hours=1) or ends_at > longest:
        raise refuse("range-too-long", "/to", days=MOST_DAYS)


def search(ports: Ports, wanted: Search, actor: Actor = ANONYMOUS) -> list[SpaceAvailability]:
    """The availability of every space for somebody that fits a need, in the order asked for or by id."""
    catalog = seen_by(actor, ports.settings.recent())
    check_range(wanted.starts_at, wanted.ends_at, catalog)
    spaces = [space for space in _spaces(wanted, catalog) if _suits(space, wanted)]
    around = margin(spaces, catalog) if wanted.minutes is not None else timedelta(0)
    occupancy = occupied(ports, catalog, spaces, wanted.starts_at - around, wanted.ends_at + around)
    now = ports.clock.now()
    return [
        availability(
            space,
            catalog,
            occupancy,
            wanted.starts_at,
            wanted.ends_at,
            now,
            minutes=wanted.minutes,
            units=wanted.units,
        )
        for space in spaces
    ]


def free_busy(
    ports: Ports,
    resources: Iterable[str],
    starts_at: datetime,
    ends_at: datetime,
    interval_minutes: int,
    actor: Actor = ANONYMOUS,
) -> Mapping[str, FreeBusy]:
    """Busy times and a digit an interval for each resource, by the id that was asked for."""
    catalog = times_seen_by(actor, ports.settings.recent())
    check_range(starts_at, ends_at, catalog)
    named = {resource: catalog.active(resource) for resource in resources}
    spaces = [space for space in named.values() if space is not None]
    occupancy = occupied(ports, catalog, spaces, starts_at, ends_at)
    now = ports.clock.now()
    out: dict[str, FreeBusy] = {}
    for resource, space in named.items():
        if space is None:
            out[resource] = FreeBusy(None)
            continue
        found = availability(space, catalog, occupancy, starts_at, ends_at, now)
        out[resource] = FreeBusy(found, view(found, starts_at, ends_at, interval_minutes))
    return out


def preview(
    ports: Ports,
    request: BookRequest,
    actor: Actor,
    also: Iterable[Problem] = (),
    network: str = "",
) -> Preview:
    """What `book` would answer now, with other times and other spaces where it would refuse.

    Nobody needs to have accepted the terms yet; `also` is what else is wrong with the request, `network`
    a digest of where nobody in particular asks from.
    """
    catalog, now = ports.settings.fresh(), ports.clock.now()
    ask = ask_of(request, actor)
    person, person_id, problems = who(replace(request, accept_terms=True), actor, catalog)
    # A preview may come before anybody has said who they are.
    problems = [*also, *(problem for problem in problems if problem.pointer != "/person")]
    keys = ledger_keys(ask, catalog)
    problems += too_much(ask, catalog, keys)
    day = midnight(local_date(ask.starts_at, catalog.site.zone), catalog.site.zone)
    # A day more on each side, so that no buffer reaches into what was not read.
    first = min([slot_floor(day), *(first_slot(key[1]) for key in keys)]) - 96
    last = max([slot_floor(day) + 96 * NEAR_DAYS, *(first_slot(key[1]) + 96 for key in keys)]) + 96
    others = [space for space in catalog.places() if space.capacity >= ask.attendees]
    resources, _ = reach(ask, catalog)
    near = there = set[DayKey]()
    if keys:
        around = days_between(slot_floor(ask.starts_at) - 96, slot_ceil(ask.ends_at) + 96)
        near = {(key, day) for key in resources for day in days_between(first, last)}
        there = {
            (resource, day)
            for space in others
            for resource in catalog.resource_ids(space)
            for day in around
        }
    site = catalog.site
    organisation_id = quotas.organisation_id_of(person, site, now)
    places = holds.places(actor, person_id, network, site)
    snapshot = ports.snapshots.read(
        person_id=person_id,
        organisation_id=organisation_id,
        holds=[place.key for place in places],
        days=sorted({*keys, *near, *there}),
    )
    seen, outside = standing(person, snapshot.profile, actor, catalog, now)
    catalog = seen if person else seen_by(actor, catalog)
    counted = quotas.counted(snapshot, person_id, organisation_id)
    problems += [*outside, *quotas.exceeded(ask, counted, actor, site, now)]
    problems += too_many_holds(places, snapshot.holds, now)
    others = [space for space in others if catalog.active(space.space_id)]
    occupancy = Occupancy(snapshot.days, first, last, now)
    try:
        make_plan(ask, catalog, occupancy, now, also=problems)
    except Refused as refused:
        between = (max(now, day), day + timedelta(days=NEAR_DAYS))
        # No other time or place helps whom the rules on people refuse.
        elsewhere = keys and not any(each.code in OF_PEOPLE for each in refused.problems)
        found = (
            alternatives(ask, catalog, occupancy, now, between=between, spaces=others)
            if elsewhere
            else []
        )
        return Preview(False, refused.problems, refused.conflicts, tuple(found))
    return Preview(True)


def occupied(
    ports: Ports,
    catalog: Catalog,
    spaces: Iterable[Space],
    starts_at: datetime,
    ends_at: datetime,
) -> Occupancy:
    """The ledger of some spaces over a range: by key where that is one request, else by week."""
    first, last = slot_floor(starts_at), slot_ceil(ends_at)
    resources = dict.fromkeys(
        resource for space in spaces for resource in catalog.resource_ids(space)
    )
    days = days_between(first, last)
    found: Mapping[DayKey, LedgerDay]
    if len(resources) * len(days) <= BATCH:
        found = ports.snapshots.read(days=[(key, day) for key in resources for day in days]).days
    else:
        found = {
            (item.resource_id, item.day): item
            for week in dict.fromkeys(iso_week(day) for day in days)
            for item in ports.ledger.week(week, days[0], days[-1])
        }
    return Occupancy(found, first, last, ports.clock.now())


def iso_week(day: str) -> str:
    """The ISO week of a UTC day, as 2026-W49."""
    year, week, _ = date.fromisoformat(day).isocalendar()
    return f"{year}-W{week:02d}"


def _spaces(wanted: Search, catalog: Catalog) -> list[Space]:
    if wanted.space_ids is None:
        return catalog.places()
    found = []
    for index, space_id in enumerate(dict.fromkeys(wanted.space_ids)):
        space = catalog.active(space_id)
        if space is None:
            raise refuse("unknown-space", f"/space_id/{index}", space_id=space_id)
        found.append(space)
    return found


def _suits(space: Space, wanted: Search) -> bool:
    units = wanted.units if space.units > 1 else 1
    return (
        space.capacity * units >= wanted.people
        and (wanted.units <= space.units or wanted.units == 1)
        and set(wanted.equipment) <= set(space.equipment)
        and set(wanted.accessibility) <= set(space.accessibility)
    )
