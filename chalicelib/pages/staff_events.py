"""What hosts see of all that is coming: how each event stands, and where its door, its page and its list are."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from chalicelib.api.call import Call
from chalicelib.api.replies import Reply
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.events import Event, Seats, Way, number_of
from chalicelib.domain.spoken import found_in
from chalicelib.domain.times import local_date, midnight
from chalicelib.pages import week
from chalicelib.pages.errors import asked_language
from chalicelib.pages.event_facts import title_of, where
from chalicelib.pages.html import HTML, choose_language, link, render, words_of
from chalicelib.pages.routes import routes
from chalicelib.pages.words import Words
from chalicelib.services import event_listing
from chalicelib.services.access import Action

PAGE = "staff/events"
AHEAD = timedelta(days=60)  # what is shown at once
MOST = 100


@routes.add(
    "GET",
    "/staff/events",
    "Coming events, for hosts",
    answers={200: None},
    produces=HTML,
    action=Action.RUN,
)
def coming(call: Call) -> Reply:
    """The events and drafts of two months, from today or a later day (`?from=2026-12-02`) on."""
    choose_language(call, asked_language(call))
    query: Any = call.request.query_params or {}
    catalog, words = call.catalog, words_of(call, call.catalog)
    today = week.today(call.ports, catalog)
    first = max(today, week.day_of(query["from"])) if query.get("from") else today
    zone, following = catalog.site.zone, first + AHEAD
    wanted = event_listing.Wanted(midnight(first, zone), midnight(following, zone), drafts=True)
    page = event_listing.overlapping(call.ports, wanted, MOST, None)
    if page.next and page.items:
        following = max(_day(page.items[-1], words), first + timedelta(days=1))
    later = first != today
    return render(
        call,
        "staff_events.html",
        catalog,
        private=True,
        here={"page": PAGE} | ({"from": first.isoformat()} if later else {}),
        span=words.days(first, following - timedelta(days=1)),
        items=[_line(each, catalog, words) for each in page.items],
        nearest=link(call, PAGE, lang=call.language) if later else "",
        later=link(call, PAGE, lang=call.language, **{"from": following.isoformat()}),
    )


def _line(event: Event, catalog: Catalog, words: Words) -> dict[str, Any]:
    return {
        "event_id": event.event_id,
        "title": title_of(event, words),
        "language": found_in(event.title, words.language),
        "when": words.when(event.starts_at, event.ends_at),
        "where": where(event, catalog, words),
        "state": words(f"hosts.state_{event.state.value}"),
        "off": not event.live,
        "public": event.public,
        "seats": list(_seats(event, words)),
    }


def _seats(event: Event, words: Words) -> Iterator[str]:
    """Of each way to take part: how many seats are taken, left or too few, and how many people wait."""
    for way in sorted(event.ways, reverse=True):
        told = ", ".join(_counted(event.ways[way], words))
        alone = list(event.ways) == [Way.ROOM]
        yield (
            told if alone else words("events.of_way", way=words(f"events.{way.value}"), seats=told)
        )


def _counted(seats: Seats, words: Words) -> Iterator[str]:
    taken = number_of(seats.limit) - seats.free
    if seats.limit is None:
        yield words("hosts.taken_unlimited", taken=taken)
    else:
        yield words("hosts.taken", taken=taken, limit=seats.limit)
        over = seats.over > 0
        yield words("door.over", count=seats.over) if over else words("door.free", count=seats.free)
    if seats.waiting:
        yield words("door.waiting", count=seats.waiting)


def _day(event: Event, words: Words) -> date:
    return local_date(event.starts_at, words.zone)
