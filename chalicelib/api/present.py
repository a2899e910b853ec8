"""Things as JSON. Written by hand for speed; a test holds them to the schemas."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.api import texts
from chalicelib.api.problems import alternative_json, conflict_json
from chalicelib.domain.availability import SpaceAvailability
from chalicelib.domain.bookings import Booking
from chalicelib.domain.catalog import Catalog, Site
from chalicelib.domain.closures import Closure
from chalicelib.domain.domains import AllowedDomain
from chalicelib.domain.errors import Problem
from chalicelib.domain.messages import Message
from chalicelib.domain.people import ERASED
from chalicelib.domain.quotas import Share
from chalicelib.domain.spaces import DAYS, Openings, Space
from chalicelib.domain.stretches import Stretch
from chalicelib.services.account import Account
from chalicelib.services.api_keys import KeyView
from chalicelib.services.availability import Preview
from chalicelib.services.persons import PersonView
from chalicelib.services.spaces import Affected

Json = dict[str, Any]


@lru_cache(maxsize=8192)  # the edges of a week's slots are told again and again
def moment(instant: datetime, zone: ZoneInfo) -> str:
    """An instant with the offset of the site's zone, to the second."""
    return instant.astimezone(zone).isoformat(timespec="seconds")


class Told(dict[datetime, str]):
    """Instants as `moment` tells them, each once: the edges of a week's slots are the same for many."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    def __missing__(self, instant: datetime) -> str:
        text = self[instant] = moment(instant, self._zone)
        return text


def booking(one: Booking, catalog: Catalog, *, staff: bool = False) -> Json:
    """A booking; for staff also whose it is."""
    zone = catalog.site.zone
    change = one.pending_change
    body: Json = {
        "booking_id": one.booking_id,
        "state": one.state.value,
        "space_ids": list(one.space_ids),
        "units": one.units,
        "start": moment(one.starts_at, zone),
        "end": moment(one.ends_at, zone),
        "time_zone": catalog.site.time_zone,
        "title": one.title,
        "notes": one.notes,
        "attendees": one.attendees,
        "equipment": dict(one.equipment),
        "facilitator": one.facilitator,
        "version": one.version,
        "created_at": moment(one.created_at, zone),
        "confirm_by": moment(one.confirm_by, zone) if one.confirm_by else None,
        "pending_change": change
        and {
            "start": moment(change.starts_at, zone),
            "end": moment(change.ends_at, zone),
            "space_ids": list(change.space_ids),
            "units": change.units,
            "equipment": dict(change.equipment),
        },
        "reason": one.reason,
    }
    if staff:
        nobody_s = one.person_id == ERASED or one.event_id
        body["person"] = (
            None
            if nobody_s
            else {
                "name": one.person.name,
                "email": one.person.email,
                "organisation": one.person.organisation,
                "language": one.person.language,
            }
        )
        body["facilitation_notes"] = one.facilitation_notes
        body["made_by"] = one.made_by
        body["event_id"] = one.event_id or None
    return body


def space(one: Space) -> Json:
    """A space with its rules."""
    return {
        "space_id": one.space_id,
        "name": _texts(one.name),
        "instructions": _texts(one.instructions),
        "kind": one.kind.value,
        "parts": list(one.parts),
        "capacity": one.capacity,
        "units": one.units,
        "equipment": list(one.equipment),
        "accessibility": list(one.accessibility),
        "setup_minutes": one.setup_minutes,
        "cleanup_minutes": one.cleanup_minutes,
        "min_minutes": one.min_minutes,
        "max_minutes": one.max_minutes,
        "grid_minutes": one.grid_minutes,
        "whole_day": one.whole_day,
        "notice_minutes": one.notice_minutes,
        "horizon_days": one.horizon_days,
        "cancel_before_minutes": one.cancel_before_minutes,
        "needs_approval": one.needs_approval,
        "open_to": list(one.open_to),
        "hours": {name: _hours(day) for name, day in zip(DAYS, one.hours.week, strict=True)},
        "exceptions": [
            {"date": day.isoformat(), "hours": _hours(openings)}
            for day, openings in one.hours.exceptions
        ],
        "active": one.active,
        "version": one.version,
    }


def site(one: Site) -> Json:
    """The site's settings, but for the salt."""
    return {
        "name": _texts(one.name),
        "time_zone": one.time_zone,
        "base_url": one.base_url,
        "prove_address": one.prove_address,
        "hold_minutes": one.hold_minutes,
        "anonymous_holds": one.anonymous_holds,
        "live_bookings": one.live_bookings,
        "hours_per_week": one.hours_per_week,
        "organisation_live_bookings": one.organisation_live_bookings,
        "organisation_hours_per_week": one.organisation_hours_per_week,
        "allowed_domains": [_domain(each) for each in one.allowed_domains],
        "allowed_sites": list(one.allowed_sites),
        "mailbox": one.mailbox,
        "mail_texts": {kind: _texts(texts) for kind, texts in one.mail_texts.items()},
        "version": one.version,
    }


def me(one: Account) -> Json:
    """A person, to themselves."""
    profile = one.profile
    return {
        "person_id": profile.person_id,
        "name": profile.person.name,
        "email": profile.person.email,
        "organisation": profile.person.organisation,
        "language": profile.person.language,
        "role": one.role.value,
        "partner_until": profile.partner_until.isoformat() if profile.partner_until else None,
        "reminders": one.reminders,
        "quota": {
            **_share(one.standing.person),
            "organisation": _share(one.standing.organisation)
            if one.standing.organisation
            else None,
        },
        "version": profile.version,
    }


def _share(one: Share) -> Json:
    return {
        "live_bookings": {"used": one.live.used, "limit": one.live.limit},
        "weeks": [
            {"week": week, "used_minutes": use.used, "limit_minutes": use.limit}
            for week, use in one.weeks.items()
        ],
    }


def person(one: PersonView, catalog: Catalog) -> Json:
    """A person, to staff."""
    profile, zone = one.profile, catalog.site.zone
    return {
        "person_id": profile.person_id,
        "name": profile.person.name,
        "email": profile.person.email,
        "organisation": profile.person.organisation,
        "language": profile.person.language,
        "role": one.role.value,
        "granted": profile.granted.value if profile.granted else None,
        "partner_until": profile.partner_until.isoformat() if profile.partner_until else None,
        "invited_by": profile.invited_by or None,
        "created_at": moment(profile.created_at, zone),
        "logged_in_at": moment(profile.logged_in_at, zone) if profile.logged_in_at else None,
        "version": profile.version,
    }


def api_key(one: KeyView, catalog: Catalog) -> Json:
    """A key, without what is shown of it."""
    key, zone = one.key, catalog.site.zone
    return {
        "key_id": key.key_id,
        "label": key.label,
        "scopes": [each.value for each in key.scopes],
        "state": one.standing.value,
        "owner_id": key.owner_id or None,
        "created_by": key.created_by,
        "created_at": moment(key.created_at, zone),
        "expires_on": key.expires_on.isoformat() if key.expires_on else None,
        "used_at": moment(key.used_at, zone) if key.used_at else None,
        "revoked_at": moment(key.revoked_at, zone) if key.revoked_at else None,
    }


def availability(
    found: Iterable[SpaceAvailability], starts_at: datetime, ends_at: datetime, catalog: Catalog
) -> Json:
    """The availability of several spaces."""
    told = Told(catalog.site.zone)
    return {
        "from": told[starts_at],
        "to": told[ends_at],
        "time_zone": catalog.site.time_zone,
        "items": [_space_availability(each, told) for each in found],
    }


def intervals(stretches: Iterable[Stretch], told: Told) -> list[Json]:
    """Times, each with its reason where it has one."""
    return [
        {"start": told[start], "end": told[end], "reason": reason}
        if reason
        else {"start": told[start], "end": told[end]}
        for start, end, reason in stretches
    ]


def preview(
    found: Preview, starts_at: datetime, ends_at: datetime, catalog: Catalog, language: str
) -> Json:
    """What a booking would be answered."""
    zone = catalog.site.zone
    item = {
        "start": moment(starts_at, zone),
        "end": moment(ends_at, zone),
        "possible": found.possible,
        "errors": errors(found.problems, catalog, language),
        "conflicts": [conflict_json(each, catalog) for each in found.conflicts],
        "alternatives": [alternative_json(each, catalog) for each in found.alternatives],
    }
    return {"items": [item]}


def errors(problems: Iterable[Problem], catalog: Catalog, language: str) -> list[Json]:
    """Broken rules."""
    return [
        {
            "pointer": problem.pointer,
            "code": problem.code,
            "message": texts.message(problem, language, catalog),
        }
        for problem in problems
    ]


def affected(found: Iterable[Affected], catalog: Catalog, language: str) -> list[Json]:
    """Bookings that no longer fit, and why."""
    return [
        {**_in_short(each.booking, catalog), "errors": errors(each.problems, catalog, language)}
        for each in found
    ]


def closure(one: Closure, conflicts: Iterable[Booking], catalog: Catalog) -> Json:
    """A closure and what is in its way."""
    zone = catalog.site.zone
    return {
        "closure_id": one.closure_id,
        "state": one.state.value,
        "done": one.done,
        "total": one.total,
        "conflicts": [_in_short(each, catalog) for each in conflicts],
        "space_ids": list(one.space_ids),
        "start": moment(one.starts_at, zone),
        "end": moment(one.ends_at, zone),
        "reason": one.reason,
    }


def message(one: Message, catalog: Catalog) -> Json:
    """A message; never what it says, which is rendered when it is sent."""
    zone = catalog.site.zone
    return {
        "message_id": one.message_id,
        "kind": one.kind.value,
        "rule": one.rule,
        "subject": one.subject,
        "person_id": one.person_id,
        "state": one.state.value,
        "reason": one.reason,
        "due_at": moment(one.due_at, zone),
        "expires_at": moment(one.expires_at, zone) if one.expires_at else None,
        "attempts": one.attempt,
        "created_at": moment(one.created_at, zone),
        "settled_at": moment(one.settled_at, zone) if one.settled_at else None,
    }


def _in_short(one: Booking, catalog: Catalog) -> Json:
    zone = catalog.site.zone
    return {
        "booking_id": one.booking_id,
        "space_ids": list(one.space_ids),
        "start": moment(one.starts_at, zone),
        "end": moment(one.ends_at, zone),
        "state": one.state.value,
    }


def _space_availability(found: SpaceAvailability, told: "Told") -> Json:
    body: Json = {
        "space_id": found.space.space_id,
        "free": intervals(found.free, told),
        "busy": intervals(found.busy, told),
        "closed": intervals(found.closed, told),
    }
    if found.starts is not None:
        body["starts"] = [told[each] for each in found.starts]
    return body


def _domain(one: AllowedDomain) -> Json:
    return {
        "domain": one.domain,
        "since": one.since.isoformat() if one.since else None,
        "until": one.until.isoformat() if one.until else None,
        "confirmed": one.confirmed,
        "note": one.note,
    }


def _texts(names: Any) -> Json:
    return {language: names.get(language, "") for language in ("fi", "sv", "en")}


def _hours(openings: Openings) -> list[list[str]]:
    return [[_clock(start), _clock(end)] for start, end in openings]


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
