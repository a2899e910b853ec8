"""Events as JSON."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.api.present import moment
from chalicelib.domain.catalog import Site
from chalicelib.domain.events import Event, Seats
from chalicelib.domain.programmes import LANGUAGES
from chalicelib.domain.questions import Question

Json = dict[str, Any]


def event(one: Event, site: Site, now: datetime) -> Json:
    """An event as everybody sees it: numbers of people, none below zero, and never a name (P-07)."""
    zone, said = site.zone, one.programme
    return {
        "event_id": one.event_id,
        "state": one.state.value,
        "title": _texts(one.title),
        "description": _texts(said.description),
        "start": moment(one.starts_at, zone),
        "end": moment(one.ends_at, zone),
        "time_zone": site.time_zone,
        "opens_at": moment(one.opens_at, zone),
        "closes_at": moment(one.closes_at, zone),
        "open": one.open_at(now),
        "ways": {way.value: _seats(seats) for way, seats in one.ways.items()},
        "group_size": one.group_size,
        "audience": list(one.audience),
        "questions": [_question(each) for each in one.questions],
        "asks_diet": one.asks_diet,
        "asks_accessibility": one.asks_accessibility,
        "space_id": said.space_id,
        "address": said.address,
        "contact": said.contact,
        "reason": one.reason,
    }


def in_short(one: Event, site: Site) -> Json:
    """An event as a line of somebody's own list."""
    return {
        "event_id": one.event_id,
        "state": one.state.value,
        "title": _texts(one.title),
        "start": moment(one.starts_at, site.zone),
        "end": moment(one.ends_at, site.zone),
        "time_zone": site.time_zone,
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
        "booking_id": one.booking_id,
        "series_id": one.series_id,
        "remote_link": one.programme.remote_link,
        "feedback_link": one.programme.feedback_link,
        "promote_until": moment(until, site.zone) if until else None,
        "offers_within_minutes": int(one.offers_within.total_seconds()) // 60,
        "offer_minutes": int(one.offer_time.total_seconds()) // 60,
        "hold_minutes": int(one.hold_time.total_seconds()) // 60,
        "reminders": list(one.reminders),
        "version": one.version,
    }


def _texts(by_language: Mapping[str, str]) -> Json:
    return {each: by_language.get(each, "") for each in LANGUAGES}


def _question(one: Question) -> Json:
    return {
        "id": one.id,
        "kind": one.kind.value,
        "text": _texts(one.text),
        "required": one.required,
        "choices": [{"id": each.id, "text": _texts(each.text)} for each in one.choices],
    }


def _seats(seats: Seats) -> Json:
    return {
        "limit": seats.limit,
        "free": None if seats.limit is None else seats.to_be_had,
        "waiting": seats.waiting,
        "most_waiting": seats.most_waiting,
    }
