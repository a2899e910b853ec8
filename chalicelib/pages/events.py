"""Events for everybody: what is coming, and a page for each, with seats as numbers and never a name."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from chalicelib.api.call import Call
from chalicelib.api.replies import Reply
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.events import Event, State, Way
from chalicelib.domain.spoken import found_in, in_language
from chalicelib.domain.times import local_date, midnight
from chalicelib.pages import week
from chalicelib.pages.errors import asked_language
from chalicelib.pages.event_data import data_of
from chalicelib.pages.event_facts import chance_of, in_short, seats_of, title_of, where, window_of
from chalicelib.pages.form import label
from chalicelib.pages.html import HTML, choose_language, link, render, to_be_embedded, words_of
from chalicelib.pages.routes import routes
from chalicelib.pages.words import Words
from chalicelib.services import event_listing
from chalicelib.services.access import Action, seen_by

AHEAD = timedelta(days=60)  # what is shown at once
MOST = 100
SUMMARY = 200  # signs of a description, where it is shown in short
KEPT = ("way", "free", "space_id")


@routes.add(
    "GET", "/events", "Coming events", answers={200: None}, produces=HTML, action=Action.LOOK
)
def coming(call: Call) -> Reply:
    """The events of two months by day, from today or a later day (`?from=2026-12-02`) on."""
    choose_language(call, asked_language(call))
    query: Any = call.request.query_params or {}
    catalog = seen_by(call.actor, call.ports.settings.recent())
    words, now = words_of(call, catalog), call.ports.clock.now()
    today = week.today(call.ports, catalog)
    first = max(today, week.day_of(query["from"])) if query.get("from") else today
    asked = _asked(query, catalog)
    start = max(now, midnight(first, catalog.site.zone))
    wanted = _wanted(asked, start, midnight(first + AHEAD, catalog.site.zone))
    page = event_listing.overlapping(call.ports, wanted, MOST, None)
    following = first + AHEAD
    if page.next and page.items:
        following = max(_day(page.items[-1], words), first + timedelta(days=1))
    framed = {"embed": "1"} if to_be_embedded(call) else {}
    kept = asked | framed | ({} if first == today else {"from": first.isoformat()})
    return render(
        call,
        "events.html",
        catalog,
        here={"page": "events", **kept},
        base=catalog.site.base_url,
        span=words.days(first, following - timedelta(days=1)),
        asked=asked,
        first="" if first == today else first.isoformat(),
        framed=framed,
        later=link(
            call, "events", lang=call.language, **asked | framed | {"from": following.isoformat()}
        ),
        places=[(space.space_id, label(space, words)) for space in catalog.places()],
        days=_by_day(page.items, first, catalog, words, now),
    )


@routes.add(
    "GET",
    "/events/{event_id}",
    "The page of an event",
    answers={200: None},
    produces=HTML,
    action=Action.LOOK,
)
def one(call: Call) -> Reply:
    """All that everybody may know of an event, and the way to its form while sign-up is open."""
    choose_language(call, asked_language(call))
    event = event_listing.public(call.ports, call.id("event_id"))
    catalog = call.ports.settings.recent()
    words, now = words_of(call, catalog), call.ports.clock.now()
    described = event.programme.description
    text = in_language(described, call.language)
    plain = call.ports.markdown.plain(text)
    when = words.when(event.starts_at, event.ends_at)
    url = f"{catalog.site.base_url}/events/{event.event_id}"
    return render(
        call,
        "event.html",
        catalog,
        here={"page": f"events/{event.event_id}"}
        | ({"embed": "1"} if to_be_embedded(call) else {}),
        base=catalog.site.base_url,
        event=event,
        title=title_of(event, words),
        title_language=found_in(event.title, call.language),
        when=when,
        where=where(event, catalog, words),
        remote=Way.REMOTE in event.ways,
        seats=seats_of(event, words) if event.live and now < event.ends_at else [],
        window=window_of(event, words, now),
        sign_up_time=words.when(event.opens_at, event.closes_at),
        cancelled=event.state is State.CANCELLED,
        open=event.open_at(now),
        chance=chance_of(event),
        audience=[words(f"events.{each}") for each in event.audience],
        about=call.ports.markdown.html(text),
        about_language=found_in(described, call.language),
        summary=shortened(plain) or f"{when} ({words.zone_name})",
        data=data_of(event, catalog, words, url, shortened(plain)),
    )


def shortened(text: str) -> str:
    """The beginning of a text as one line, cut between words."""
    whole = " ".join(text.split())
    if len(whole) <= SUMMARY:
        return whole
    return whole[: SUMMARY - 1].rpartition(" ")[0] + "…"


def _asked(query: Mapping[str, str], catalog: Catalog) -> dict[str, str]:
    """What a reader narrows the list down to; what is none does not narrow it."""
    asked = {name: query.get(name, "") for name in KEPT}
    if asked["way"] not in set(Way):
        asked["way"] = ""
    if catalog.active(asked["space_id"]) is None:
        asked["space_id"] = ""
    asked["free"] = "on" if asked["free"] else ""
    return {name: value for name, value in asked.items() if value}


def _wanted(
    asked: Mapping[str, str], starts_at: datetime, ends_at: datetime
) -> event_listing.Wanted:
    return event_listing.Wanted(
        starts_at,
        ends_at,
        way=Way(asked["way"]) if "way" in asked else None,
        space_id=asked.get("space_id"),
        free="free" in asked,
    )


def _by_day(
    events: Iterable[Event], first: date, catalog: Catalog, words: Words, now: datetime
) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """Days with their events: id, heading, lines. What goes on already stands on the first of them."""
    found: dict[date, list[dict[str, Any]]] = {}
    for event in events:
        day = max(first, _day(event, words))
        found.setdefault(day, []).append(in_short(event, catalog, words, now))
    return [(day.isoformat(), words.long_day(day), found[day]) for day in sorted(found)]


def _day(event: Event, words: Words) -> date:
    return local_date(event.starts_at, words.zone)
