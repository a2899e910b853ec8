"""What pages say of an event in one language: what it is called, where it is, who may still come."""

from datetime import datetime
from typing import Any

from chalicelib.api.texts import name_of
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.events import Event, Seats, State, Way
from chalicelib.domain.spoken import found_in
from chalicelib.pages.form import label
from chalicelib.pages.words import Words


def title_of(event: Event, words: Words) -> str:
    """What it is called, in the reader's language or the next best."""
    return name_of(event.title, words.language) or words("events.untitled")


def where(event: Event, catalog: Catalog, words: Words) -> str:
    """One of our spaces, another address, or that it is nowhere but online."""
    said, house = event.programme, name_of(catalog.site.name, words.language)
    space = catalog.spaces.get(said.space_id)
    if space:
        return f"{label(space, words)}, {house}"
    if said.address:
        return said.address
    return house if Way.ROOM in event.ways else words("events.remote")


def seats_of(event: Event, words: Words) -> list[str]:
    """Of each way to take part, how many seats are left or how many people wait (P-07)."""
    told = [
        (way, seats_text(seats, words)) for way, seats in sorted(event.ways.items(), reverse=True)
    ]
    if list(event.ways) == [Way.ROOM]:
        return [seats for _, seats in told]
    return [words("events.of_way", way=words(f"events.{way}"), seats=seats) for way, seats in told]


def seats_text(seats: Seats, words: Words) -> str:
    """How the seats of one way stand."""
    if seats.waiting:
        room = seats.waiting < seats.most_waiting
        return words("events.full_waiting" if room else "events.full_queue", count=seats.waiting)
    if seats.limit is None:
        return words("events.unlimited")
    if not seats.to_be_had:
        return words("events.full")
    key = "events.left_one" if seats.to_be_had == 1 else "events.left"
    return words(key, count=seats.to_be_had)


def chance_of(event: Event) -> str:
    """What there is for who signs up now: a "seat", a place in the "queue", or nothing ("")."""
    if any(each.to_be_had for each in event.ways.values()):
        return "seat"
    return "queue" if any(each.waiting < each.most_waiting for each in event.ways.values()) else ""


def window_of(event: Event, words: Words, now: datetime) -> str:
    """Where its sign-up is: not open yet, open until when, or over."""
    if event.state is State.CANCELLED:
        return words("events.is_cancelled")
    if now >= event.ends_at:
        return words("events.over")
    if now < event.opens_at:
        return words("events.opens", when=words.at(event.opens_at))
    if now < event.closes_at:
        return words("events.closes", when=words.at(event.closes_at))
    return words("events.closed")


def in_short(event: Event, catalog: Catalog, words: Words, now: datetime) -> dict[str, Any]:
    """An event as a line of a list."""
    day = event.starts_at.astimezone(words.zone).date()
    one_day = event.ends_at.astimezone(words.zone).date() == day
    write = words.span if one_day else words.when
    shown = seats_of(event, words) if event.open_at(now) else [window_of(event, words, now)]
    return {
        "event_id": event.event_id,
        "title": title_of(event, words),
        "language": found_in(event.title, words.language),
        "when": write(event.starts_at, event.ends_at),
        "where": where(event, catalog, words),
        "cancelled": event.state is State.CANCELLED,
        "told": shown,
    }
