"""Staff's settings: spaces, people and equipment with their rules, and the site's own.

A change is written first and its consequences are looked up after, in the ledger, so that no booking
falls between. Nothing is ever dropped: what no longer fits is listed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.bookings import Booking, check_version, judged
from chalicelib.domain.catalog import Catalog, Site
from chalicelib.domain.errors import NotFound, Problem, Refused, refuse
from chalicelib.domain.footprints import Footprint, common, difference
from chalicelib.domain.occupancy import is_closure
from chalicelib.domain.planning import window
from chalicelib.domain.rules import Ask, Wanted, broken_for, too_many, unique
from chalicelib.domain.spaces import DAYS, Hours, Kind, Space
from chalicelib.domain.times import day_of, instant_of, slot_floor
from chalicelib.services.ports import Ports
from chalicelib.services.writing import Attempt, Intent, Outcome, write


@dataclass(frozen=True, slots=True)
class Affected:
    """A future booking that the present settings would not allow, and why."""

    booking: Booking
    problems: tuple[Problem, ...]


def etag(version: int) -> str:
    """A strong ETag of settings."""
    return f'"{version}"'


def get(ports: Ports, space_id: str) -> Space:
    """A space as it is now, in use or not."""
    space = ports.settings.fresh().spaces.get(space_id)
    if space is None:
        raise NotFound
    return space


def create(ports: Ports, space: Space, intent: Intent) -> Outcome[Space]:
    """Add a space. Refused with `stale-state` where its id is in use."""

    def decide(attempt: Attempt) -> Space:
        attempt.read()
        catalog = ports.settings.fresh()
        if space.space_id in catalog.spaces:
            raise refuse("stale-state", "/space_id")
        _check(space, catalog)
        ports.catalog.create_space(attempt.tx, space)
        _audit(ports, attempt, space.space_id, "create", [])
        return space

    outcome = write(ports, intent, decide)
    ports.settings.forget()
    return outcome


def change(
    ports: Ports,
    space_id: str,
    fields: Mapping[str, Any],
    tags: tuple[str, ...] | None,
    intent: Intent,
) -> Outcome[Space]:
    """Change a space's fields; `affected` then lists the bookings that no longer fit."""

    def decide(attempt: Attempt) -> Space:
        attempt.read()
        catalog = ports.settings.fresh()
        before = catalog.spaces.get(space_id)
        if before is None:
            raise NotFound
        check_version(tags, etag(before.version))
        space = replace(applied(before, fields), version=before.version + 1)
        _check(space, catalog)
        ports.catalog.save_space(attempt.tx, space)
        _audit(ports, attempt, space_id, "change", sorted(fields))
        return space

    outcome = write(ports, intent, decide)
    ports.settings.forget()
    return outcome


def applied(space: Space, fields: Mapping[str, Any]) -> Space:
    """A space with some fields changed.

    Of `name`, `instructions` and `week` (openings by weekday) only what is named changes;
    `exceptions` are replaced whole.
    """
    others = dict(fields)
    hours = others.pop("hours", space.hours)
    week = others.pop("week", {})
    exceptions = others.pop("exceptions", hours.exceptions)
    for name in ("name", "instructions"):
        if name in others:
            others[name] = {**getattr(space, name), **others[name]}
    days = tuple(week.get(day, present) for day, present in zip(DAYS, hours.week, strict=True))
    after = replace(space, **others, hours=Hours(days, exceptions))
    return replace(after, most_units=max(space.most_units, space.units, after.units))


def change_site(
    ports: Ports, fields: Mapping[str, Any], tags: tuple[str, ...] | None, intent: Intent
) -> Outcome[Site]:
    """Change the site's settings; the first change also makes its salt."""

    def decide(attempt: Attempt) -> Site:
        attempt.read()
        before = ports.settings.fresh().site
        check_version(tags, etag(before.version))
        name = {**before.name, **fields.get("name", {})}
        salt = ports.clock.new_id("salt") if before.salt == Site().salt else before.salt
        changes = {**fields, "name": name, "salt": salt}
        site = replace(before, **changes, version=before.version + 1)
        ports.catalog.save_site(attempt.tx, site)
        _audit(ports, attempt, "site", "change", sorted(fields))
        return site

    outcome = write(ports, intent, decide)
    ports.settings.forget()
    return outcome


def affected(ports: Ports, space_id: str) -> list[Affected]:
    """The bookings from now on that a space's present rules would not allow, by start.

    They are found in the ledger, strongly consistent, through every calendar of the space and every
    combined space that it is part of. A space that takes more than its bookings hold puts them in
    conflict with whoever has it: both are listed (`slot-taken`); a part that nobody has is
    `stale-state`. Longer buffers that meet nobody leave a booking as it is: it keeps its own.
    """
    catalog, now = ports.settings.fresh(), ports.clock.now()
    space = catalog.spaces[space_id]
    concerned = [space] + [
        each
        for each in catalog.spaces.values()
        if space_id in each.parts and each.kind is Kind.COMBINED
    ]
    resources = {resource for each in concerned for resource in catalog.resource_ids(each)}
    resources |= set(space.past_resource_ids())
    bookings = [
        judged(booking, now) for booking in ports.bookings.get_many(_holders(ports, resources, now))
    ]
    bookings = [booking for booking in bookings if booking.live and booking.ends_at > now]
    found: dict[str, list[Problem]] = {booking.booking_id: [] for booking in bookings}
    for booking in bookings:
        mine = found[booking.booking_id]
        for each in concerned:
            if each.space_id not in (*booking.space_ids, *booking.equipment, booking.facilitator):
                continue
            mine += _misfits(booking, each, catalog)
            missing = _missing(booking, each, catalog)
            conflicts = _conflicts(booking, each, missing, bookings)
            for other_id, problem in conflicts:
                found[other_id].append(problem)
                mine.append(problem)
            if not conflicts and set(missing) - set(booking.held):
                why = {"why": "not-held", "space_id": each.space_id}
                mine.append(Problem("stale-state", "", why))
    listed = [
        Affected(booking, tuple(unique(found[booking.booking_id])))
        for booking in bookings
        if found[booking.booking_id]
    ]
    return sorted(listed, key=lambda each: (each.booking.starts_at, each.booking.booking_id))


def _check(space: Space, catalog: Catalog) -> None:
    """The settings of one space must fit together, and with the other spaces."""
    problems = []
    for index, part in enumerate(space.parts):
        other = catalog.spaces.get(part)
        if other is None or other.kind not in (Kind.SPACE, Kind.POOL) or part == space.space_id:
            problems.append(Problem("unknown-space", f"/parts/{index}", {"space_id": part}))
    if (space.kind is Kind.COMBINED) != bool(space.parts):
        problems.append(Problem("invalid-request", "/parts", {"why": "parts"}))
    if space.kind not in (Kind.POOL, Kind.EQUIPMENT) and space.units != 1:
        problems.append(Problem("invalid-request", "/units", {"why": "units"}))
    if space.min_minutes > space.max_minutes:
        problems.append(Problem("invalid-request", "/min_minutes", {"why": "min-over-max"}))
    before = catalog.spaces.get(space.space_id)
    if before and before.kind is not space.kind:
        problems.append(Problem("invalid-request", "/kind", {"why": "fixed"}))
    if problems:
        raise Refused(problems)


def _holders(ports: Ports, resources: Iterable[str], now: datetime) -> set[str]:
    today = day_of(slot_floor(now))
    return {
        holder
        for resource in sorted(resources)
        for day in ports.ledger.resource_days(resource, today)
        for holder in day.holders
        if not is_closure(holder)
    }


def _misfits(booking: Booking, space: Space, catalog: Catalog) -> list[Problem]:
    """What a new booking like this one would be refused for, of what does not change by itself."""
    ask = _ask_of(booking)
    # Judged as of when it was made: notice and horizon are of that day, not of today.
    problems = broken_for(Wanted(space, ""), ask, catalog, booking.created_at, None)
    if catalog.active(space.space_id) is None:
        problems.append(Problem("unknown-space", "", {"space_id": space.space_id}))
    problems += too_many(ask, catalog)
    gone = set(space.past_resource_ids()) - set(space.resource_ids())
    if gone & set(booking.held):
        pointer = "/units" if space.kind is Kind.POOL else f"/equipment/{space.space_id}"
        problems.append(Problem("over-capacity", pointer, {"limit": space.units}))
    return [problem for problem in problems if problem.code not in booking.override]


def _missing(booking: Booking, space: Space, catalog: Catalog) -> Footprint:
    """What a booking does not hold of what its space now takes: a new part, or longer buffers."""
    if space.kind in (Kind.POOL, Kind.EQUIPMENT, Kind.PERSON):
        return {}
    wanted = {
        resource: (window(_ask_of(booking), catalog, space, part),)
        for part in catalog.parts_of(space)
        for resource in part.resource_ids()
    }
    return difference(wanted, booking.held)


def _conflicts(
    booking: Booking, space: Space, missing: Footprint, bookings: Iterable[Booking]
) -> list[tuple[str, Problem]]:
    """Who holds what a booking would need, and when both would."""
    found = []
    for other in bookings:
        both = [
            piece
            for resource, ranges in other.held.items()
            for piece in common(ranges, missing.get(resource, ()))
        ]
        if both and other.booking_id != booking.booking_id:
            params = {
                "space_id": space.space_id,
                "starts_at": instant_of(min(first for first, _ in both)),
                "ends_at": instant_of(max(last for _, last in both)),
            }
            found.append((other.booking_id, Problem("slot-taken", "", params)))
    return found


def _ask_of(booking: Booking) -> Ask:
    return Ask(
        booking.space_ids,
        booking.starts_at,
        booking.ends_at,
        booking.attendees,
        booking.units,
        booking.equipment,
        override=booking.override,
    )


def _audit(ports: Ports, attempt: Attempt, subject: str, action: str, names: list[str]) -> None:
    ports.audit.add(
        attempt.tx,
        subject=f"space#{subject}" if subject != "site" else "site",
        actor=attempt.intent.actor.actor_id,
        action=action,
        at=ports.clock.now(),
        fields=names,
    )
