"""What is asked for, and what has to be read and known before it can be decided."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.domain.availability import alternatives
from chalicelib.domain.bookings import Booking
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import Problem, Refused, refuse
from chalicelib.domain.footprints import DayKey
from chalicelib.domain.occupancy import Occupancy
from chalicelib.domain.people import Actor, Person, Role, person_id_of
from chalicelib.domain.planning import Plan, make_plan, reach
from chalicelib.domain.profiles import Profile, role_of
from chalicelib.domain.rules import LONGEST, Ask, broken
from chalicelib.domain.times import days_between, first_slot, instant_of
from chalicelib.services.access import among, seen_by
from chalicelib.services.ports import Ports, Snapshot

MOST_ITEMS = 400  # ledger items that one request may need to read; more is too long to be booked


@dataclass(frozen=True, slots=True)
class BookRequest:
    """What somebody asks to book, as it came."""

    space_ids: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    title: str = ""
    notes: str = ""
    attendees: int = 1
    units: int = 1
    equipment: Mapping[str, int] = field(default_factory=dict)
    facilitation: bool = False
    facilitation_notes: str = ""
    person: Person | None = None
    accept_terms: bool = False
    override: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """What is to be changed; None leaves a field as it is."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    space_ids: tuple[str, ...] | None = None
    units: int | None = None
    equipment: Mapping[str, int] | None = None
    title: str | None = None
    notes: str | None = None
    attendees: int | None = None
    override: tuple[str, ...] = ()

    def names(self) -> list[str]:
        """The fields that it touches."""
        return [each.name for each in fields(self) if getattr(self, each.name) not in (None, ())]


def ask_of(request: BookRequest, actor: Actor) -> Ask:
    """The request in the terms of the rules; overrides are staff's alone."""
    return Ask(
        space_ids=request.space_ids,
        starts_at=request.starts_at,
        ends_at=request.ends_at,
        attendees=request.attendees,
        units=request.units,
        equipment=request.equipment,
        facilitation=request.facilitation,
        override=request.override if actor.staff else (),
        staff=actor.staff,
    )


class OfPerson(Protocol):
    """A request for somebody: of a booking, or of a place at an event."""

    @property
    def person(self) -> Person | None:
        """For whom; None: the actor."""

    @property
    def accept_terms(self) -> bool:
        """Whether they accept the terms."""


def who(
    request: OfPerson, actor: Actor, catalog: Catalog
) -> tuple[Person | None, str | None, list[Problem]]:
    """The person a request is for, their id, and what is wrong with what is said of them."""
    problems: list[Problem] = []
    person = request.person or actor.person
    person_id = None
    if person is None:
        problems.append(Problem("invalid-request", "/person", {"why": "missing"}))
    else:
        person_id = person_id_of(person.email, catalog.site.salt)
        if actor.session and not actor.staff and person_id != actor.person_id:
            # A session proves one address, and vouches for no other.
            problems.append(Problem("email-not-allowed", "/person/email", {"why": "another"}))
        if not person.name:
            problems.append(Problem("invalid-request", "/person/name", {"why": "missing"}))
    if not request.accept_terms and not actor.staff:
        problems.append(Problem("terms-not-accepted", "/accept_terms"))
    return person, person_id, problems


def standing(
    person: Person | None, profile: Profile | None, actor: Actor, catalog: Catalog, now: datetime
) -> tuple[Catalog, list[Problem]]:
    """The settings as far as they are a person's affair, and whether they may book at all.

    Staff book for anybody, and anything; everybody else is held to what the person is. For who is being
    forgotten nobody books, nor does a session whose person is gone.
    """
    leaving = profile is not None and profile.erase_from is not None
    gone = profile is None and bool(actor.session) and not actor.staff
    if person is not None and (leaving or gone):
        return catalog, [Problem("email-not-allowed", "/person/email")]
    if actor.staff or person is None:
        return catalog, []
    role = role_of(person.email, profile, catalog.site, now)
    if role is Role.VISITOR:
        return catalog, [Problem("email-not-allowed", "/person/email")]
    return seen_by(Actor("person", role), catalog), []


def check_audience(
    audience: tuple[str, ...],
    person: Person,
    profile: Profile | None,
    actor: Actor,
    catalog: Catalog,
    now: datetime,
) -> None:
    """Refused with `email-not-allowed` for who is not among those that an event is for; hosts are."""
    if not audience or actor.staff:
        return
    role = role_of(person.email, profile, catalog.site, now)
    if not (Actor("person", role).staff or among(role, audience)):
        raise refuse("email-not-allowed", "/person/email", why="audience")


def broken_besides(ports: Ports, request: BookRequest, actor: Actor) -> list[Problem]:
    """The rules that a request breaks besides what could not be read of it.

    Where its times are what could not be read, they are one instant, and no rule about times counts.
    """
    catalog, now = ports.settings.recent(), ports.clock.now()
    person, person_id, problems = who(request, actor, catalog)
    profile = ports.people.profile(person_id) if person_id and not actor.staff else None
    seen, outside = standing(person, profile, actor, catalog, now)
    problems += [*outside, *broken(ask_of(request, actor), seen, now)]
    return [problem for problem in problems if problem.code != "invalid-request"]


def ledger_keys(ask: Ask, catalog: Catalog) -> list[DayKey]:
    """The ledger items to read for a request; none where it is far too long to be granted."""
    resources, (first, last) = reach(ask, catalog)
    days = -(-last // 96) - first // 96
    if days < 1 or len(resources) * days > MOST_ITEMS:
        return []
    return [(resource, day) for resource in resources for day in days_between(first, last)]


def too_much(ask: Ask, catalog: Catalog, keys: list[DayKey]) -> list[Problem]:
    """What is wrong with a request for which no ledger items are read."""
    if keys or not timedelta(0) < ask.ends_at - ask.starts_at <= LONGEST:
        return []
    return [Problem("too-long", "/end", {"minutes": None})] if reach(ask, catalog)[0] else []


def known(
    keys: Iterable[DayKey], snapshot: Snapshot, now: datetime, ignoring: str | None = None
) -> Occupancy:
    """The occupancy of the whole UTC days that were read."""
    days = sorted({day for _, day in keys}) or ["2000-01-01"]
    first, last = first_slot(days[0]), first_slot(days[-1]) + 96
    return Occupancy(snapshot.days, first, last, now, ignoring)


def planned(
    ask: Ask,
    catalog: Catalog,
    snapshot: Snapshot,
    keys: list[DayKey],
    now: datetime,
    *,
    before: Booking | None = None,
    also: Iterable[Problem] = (),
) -> Plan:
    """`make_plan`, whose refusal also offers other times of the days that were read anyway."""
    occupancy = known(keys, snapshot, now, before.booking_id if before else None)
    problems = [*also, *too_much(ask, catalog, keys)]
    try:
        return make_plan(ask, catalog, occupancy, now, before=before, also=problems)
    except Refused as refused:
        if refused.code != "slot-taken":
            raise
        between = (instant_of(occupancy.first), instant_of(occupancy.last))
        found = alternatives(ask, catalog, occupancy, now, between=between)
        raise Refused(refused.problems, refused.conflicts, found) from refused
