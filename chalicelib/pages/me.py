"""A person's own page: their bookings and events, what they said of themselves, and what they can do with all of it."""

import itertools
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from chalicelib.api import problems
from chalicelib.api.call import Call
from chalicelib.api.replies import Reply
from chalicelib.api.schemas.auth import MeForm
from chalicelib.domain.bookings import Booking
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import StaleVersion
from chalicelib.domain.private_feeds import BACK, in_sight
from chalicelib.domain.private_feeds import MOST as MOST_FEEDS
from chalicelib.domain.times import local_date
from chalicelib.pages import own_events
from chalicelib.pages.errors import asked_language, why_again
from chalicelib.pages.form import Form, explain, label, last, new_key, typed
from chalicelib.pages.html import HTML, choose_language, link, render, see, words_of
from chalicelib.pages.refusal import problems_of
from chalicelib.pages.routes import routes
from chalicelib.pages.standing import told
from chalicelib.pages.words import Words
from chalicelib.services import account, links, own_bookings, private_feeds
from chalicelib.services.access import Action
from chalicelib.services.account import Account, AccountChange
from chalicelib.services.listing import LONGEST

FIELDS = ("name", "organisation", "language", "reminders", "seen")
DONE = ("saved", "revoked")
MOST = 300  # bookings; what is more is left to the interface


@routes.add("GET", "/me", "One's own page", answers={200: None}, produces=HTML, action=Action.OWN)
def show(call: Call) -> Reply:
    """What there is of somebody, and what they said."""
    choose_language(call, asked_language(call))
    query: Any = call.request.query_params or {}
    found = account.read(call.ports, call.actor)
    return own_page(call, found, form_of(found), done=query.get("done", ""))


def again(call: Call, error: Exception, catalog: Catalog) -> Reply | None:
    """The page with what was typed, and what is wrong with it."""
    status, _, headers = problems.presented(error, call.language, call.request_id, catalog)
    if status >= 500 or not call.reader:
        return None
    words = words_of(call, catalog)
    found, form = account.read(call.ports, call.actor), _typed(call)
    if status == 403:
        form.refuse(None, why_again(call, words))
    else:
        explain(form, problems_of(error), catalog, words)
    heading = words("again.title" if status == 403 else "book.errors")
    reply = own_page(call, found, form, status=status, heading=heading)
    reply.headers |= headers
    return reply


@routes.add(
    "POST",
    "/me",
    "Change oneself, by the page",
    body=MeForm,
    answers={303: None},
    produces=HTML,
    forms=True,
    guarded=True,
    again=again,
    action=Action.OWN,
)
def change(call: Call) -> Reply:
    """Keep what was typed; where something was changed elsewhere meanwhile, show it again first."""
    choose_language(call, asked_language(call))
    body: MeForm = call.body
    wanted = AccountChange(body.name, body.organisation, body.language, body.reminders)
    try:
        account.change(call.ports, wanted, (body.seen,), call.intent(lambda _: {"status": 303}))
    except StaleVersion:
        return _stale(call)
    return see(link(call, "me", lang=call.language, done="saved"))


def _stale(call: Call) -> Reply:
    found, form, words = (
        account.read(call.ports, call.actor),
        _typed(call),
        words_of(call, call.catalog),
    )
    form.values["seen"] = account.etag(found.profile)
    form.refuse(None, words("me.stale"))
    return own_page(call, found, form, status=409, heading=words("book.errors"))


def form_of(found: Account) -> Form:
    """What a person said of themselves, as the page has it."""
    person = found.profile.person
    values = {
        "name": person.name,
        "organisation": person.organisation,
        "language": person.language,
        "reminders": "on" if found.reminders else "",
        "seen": account.etag(found.profile),
    }
    return Form(values, key=new_key())


def _typed(call: Call) -> Form:
    given = typed(call)
    return Form({name: last(given, name) for name in FIELDS}, key=new_key())


def own_page(
    call: Call, found: Account, form: Form, *, status: int = 200, heading: str = "", done: str = ""
) -> Reply:
    """One's own page."""
    catalog, now = call.catalog_or_defaults, call.ports.clock.now()
    words = words_of(call, catalog)
    ahead, over = own_bookings_of(call, now)
    coming, gone = own_events.of_reader(call, now)
    until = found.profile.partner_until
    return render(
        call,
        "me.html",
        catalog,
        status=status,
        private=True,
        here={"page": "me"},
        form=form,
        refusal=heading,
        done=done if done in DONE else "",
        email=found.profile.person.email,
        role=found.role.value,
        until=words.day(until, year=True) if found.role.value == "partner" and until else "",
        standing=told(found.standing, words),
        feeds=_feeds(call, words),
        most_feeds=MOST_FEEDS,
        ahead=_lines(call, ahead, catalog, words),
        over=_lines(call, reversed(over), catalog, words),
        coming=[own_events.line(call, each, catalog, words, now) for each in coming],
        gone=[own_events.line(call, each, catalog, words, now) for each in gone],
    )


def own_bookings_of(call: Call, now: datetime) -> tuple[list[Booking], list[Booking]]:
    """The reader's bookings to come, and those that are over or were given up, of the last days."""
    first = now - BACK - LONGEST
    found = itertools.islice(own_bookings.all_of(call.ports, call.actor.person_id, first), MOST)
    seen = in_sight(found, now)
    to_come = [booking for booking in seen if booking.live and booking.ends_at > now]
    return to_come, [booking for booking in seen if booking not in to_come]


def _feeds(call: Call, words: Words) -> list[dict[str, str]]:
    """The addresses of one's own calendar, without their secret part."""
    zone = words.zone
    return [
        {
            "feed_id": feed.feed_id,
            "label": feed.label,
            "made": words.day(local_date(feed.created_at, zone), year=True),
            "read": words.day(local_date(feed.read_at, zone), year=True) if feed.read_at else "",
        }
        for feed in private_feeds.listing(call.ports, call.actor)
    ]


def _lines(
    call: Call, found: Iterable[Booking], catalog: Catalog, words: Words
) -> list[dict[str, str]]:
    """Bookings as the page lists them: when, where and what, how they stand, and where that is changed."""
    return [
        {
            "when": words.when(booking.starts_at, booking.ends_at),
            "where": ", ".join(
                label(catalog.spaces[each], words)
                for each in booking.space_ids
                if each in catalog.spaces
            ),
            "title": booking.title,
            "state": words(f"decide.state_{booking.state.value}"),
            "page": links.manage_page(call.ports, booking.booking_id),
        }
        for booking in found
    ]
