"""What counts for a person and for their organisation: read with a decision, and written with it.

Where a limit holds, the items' versions are conditions of the booking's own transaction, so of two
bookings at once no two are the last.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain import quotas as domain
from chalicelib.domain.bookings import Booking
from chalicelib.domain.catalog import Site
from chalicelib.domain.errors import Problem
from chalicelib.domain.kept import NOBODY
from chalicelib.domain.people import Actor, Person
from chalicelib.domain.profiles import Profile
from chalicelib.domain.quotas import Limit, Span, Standing
from chalicelib.domain.rules import Ask
from chalicelib.services.ports import Ports, Quota, Snapshot, Transaction


@dataclass(frozen=True, slots=True)
class Counted:
    """What counted when a decision was made, as it was read; the organisation's where it has a limit."""

    person: Quota
    organisation: Quota | None = None


def organisation_id_of(person: Person | None, site: Site, now: datetime) -> str | None:
    """Whose quota a person's bookings count in besides their own; None where nothing limits it."""
    if person in (None, NOBODY) or not domain.limit_of_organisation(site).set:
        return None
    return domain.organisation_id_of(person.email, site, now)


def counted(snapshot: Snapshot, person_id: str | None, organisation_id: str | None) -> Counted:
    """What a snapshot says of quotas."""
    person = snapshot.quota or Quota(person_id or "")
    if not organisation_id:
        return Counted(person)
    return Counted(person, snapshot.organisation or Quota(organisation_id))


def exceeded(
    ask: Ask,
    found: Counted,
    actor: Actor,
    site: Site,
    now: datetime,
    before: Booking | None = None,
) -> list[Problem]:
    """The quotas that a request breaks, or (with `before`) a change by what it gains.

    How much is used is told only to who has shown who they are.
    """
    if "quota-exceeded" in ask.override:
        return []
    wanted = (int(ask.starts_at.timestamp()), int(ask.ends_at.timestamp()))
    had = _span(before) if before else None
    problems = []
    for quota, limit in _limited(found, site):
        others = [span for key, span in quota.bookings.items() if not _is(before, key)]
        problems += domain.broken(wanted, had, others, limit, now, site)
    return [_told(problem, actor) for problem in problems]


def keep(
    ports: Ports,
    tx: Transaction,
    site: Site,
    before: Booking | None,
    after: Booking,
    now: datetime,
    found: Counted | None = None,
) -> None:
    """Write what a booking counts from now on.

    `found` is what a decision relied on: where a limit is set, QuotaChanged if it is no longer so.
    """
    limits = {
        after.person_id: domain.limit_of_person(site),
        after.organisation_id: domain.limit_of_organisation(site),
    }
    for holder, limit in limits.items():
        read = _read(found, holder)
        if not holder or after.event_id:
            continue
        old = read or with_booking(Quota(holder), before)
        new = with_booking(current(old, now, site) if read else old, after)
        ports.people.save_quota(tx, old, new, strict=bool(read) and limit.set)


def current(quota: Quota, now: datetime, site: Site) -> Quota:
    """The quota without what counts for nothing any more: the weeks of those bookings are over."""
    kept = {key: span for key, span in quota.bookings.items() if not domain.over(span, now, site)}
    return replace(quota, bookings=kept)


def with_booking(quota: Quota, booking: Booking | None) -> Quota:
    """The quota after a booking was written."""
    if booking is None:
        return quota
    others = {key: span for key, span in quota.bookings.items() if key != booking.booking_id}
    if booking.live:
        others[booking.booking_id] = _span(booking)
    return replace(quota, bookings=others)


def standing_of(ports: Ports, actor: Actor) -> Standing:
    """How somebody who has logged in stands: what is shown before they book. One read."""
    return known_of(ports, actor)[1]


def known_of(ports: Ports, actor: Actor) -> tuple[Profile | None, Standing]:
    """What is known of somebody who has logged in, and how they stand, in one read."""
    site, now = ports.settings.get().site, ports.clock.now()
    person_id, organisation_id = actor.person_id, organisation_id_of(actor.person, site, now)
    snapshot = ports.snapshots.read(person_id=person_id, organisation_id=organisation_id)
    found = counted(snapshot, person_id, organisation_id)
    shares = [
        domain.share_of(quota.bookings.values(), limit, now, site)
        for quota, limit in _each(found, site)
    ]
    return snapshot.profile, Standing(*shares)


def _each(found: Counted, site: Site) -> Iterable[tuple[Quota, Limit]]:
    yield found.person, domain.limit_of_person(site)
    if found.organisation is not None:
        yield found.organisation, domain.limit_of_organisation(site)


def _limited(found: Counted, site: Site) -> Iterable[tuple[Quota, Limit]]:
    return ((quota, limit) for quota, limit in _each(found, site) if limit.set)


def _read(found: Counted | None, holder: str) -> Quota | None:
    known = (found.person, found.organisation) if found else ()
    return next((quota for quota in known if quota and quota.person_id == holder), None)


def _is(booking: Booking | None, booking_id: str) -> bool:
    return booking is not None and booking.booking_id == booking_id


def _span(booking: Booking) -> Span:
    return int(booking.starts_at.timestamp()), int(booking.ends_at.timestamp())


def _told(problem: Problem, actor: Actor) -> Problem:
    if not actor.anonymous:
        return problem
    return replace(problem, params={**problem.params, "used": None})
