"""Events as JSON."""

from datetime import datetime
from typing import Any

from chalicelib.api.present import moment
from chalicelib.domain.catalog import Site
from chalicelib.domain.events import Event, Seats
from chalicelib.domain.programmes import LANGUAGES

Json = dict[str, Any]


def event(one: Event, site: Site, now: datetime) -> Json:
    """An event as everybody sees it: numbers of people, none below zero, and never a name (P-07)."""
    zone, said = site.zone, one.programme
    return {
        "event_id": one.event_id,
        "state": one.state.value,
        "title": {each: one.title.get(each, "") for each in LANGUAGES},
        "description": {each: said.description.get(each, "") for each in LANGUAGES},
        "start": moment(one.starts_at, zone),
        "end": moment(one.ends_at, zone),
        "time_zone": site.time_zone,
        "opens_at": moment(one.opens_at, zone),
        "closes_at": moment(one.closes_at, zone),
        "open": one.open_at(now),
        "ways": {way.value: _seats(seats) for way, seats in one.ways.items()},
        "group_size": one.group_size,
        "space_id": said.space_id,
        "address": said.address,
        "contact": said.contact,
        "reason": one.reason,
    }


def for_staff(one: Event, site: Site, now: datetime) -> Json:
    """An event as staff see it."""
    ways = {
        way.value: {**_seats(seats), "held": seats.held, "over": seats.over}
        for way, seats in one.ways.items()
    }
    until = one.promote_until
    return {
        **event(one, site, now),
        "ways": ways,
        "remote_link": one.programme.remote_link,
        "promote_until": moment(until, site.zone) if until else None,
        "offers_within_minutes": int(one.offers_within.total_seconds()) // 60,
        "offer_minutes": int(one.offer_time.total_seconds()) // 60,
        "hold_minutes": int(one.hold_time.total_seconds()) // 60,
        "version": one.version,
    }


def _seats(seats: Seats) -> Json:
    return {
        "limit": seats.limit,
        "free": None if seats.limit is None else seats.to_be_had,
        "waiting": seats.waiting,
        "most_waiting": seats.most_waiting,
    }
