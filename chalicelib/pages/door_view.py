"""What the page at the door shows: who is expected, who came, and how many."""

import itertools
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.api import attendance_sheet
from chalicelib.api.call import Call
from chalicelib.api.replies import Reply
from chalicelib.domain.attendance import arrivals
from chalicelib.domain.events import Event, Way
from chalicelib.domain.events import State as EventState
from chalicelib.domain.figures import Figures, figures
from chalicelib.domain.signups import SignUp, State
from chalicelib.domain.spoken import in_language
from chalicelib.pages.form import Form, label, new_key
from chalicelib.pages.html import render, words_of
from chalicelib.pages.words import Words
from chalicelib.services import attendance
from chalicelib.services.attendance import Listing

MOST = 100  # parties of a page: as many as are noted to have been looked at
WAITING = (State.HELD, State.OFFERED, State.WAITING)


@dataclass
class Door:
    """What is asked of the page, and what happened just now."""

    query: str = ""  # a part of a name
    part: int = 1
    ending: bool = False  # whether it is asked how the event is called off
    done: str = ""  # what was done
    who: str = ""  # with whose sign-up
    more: bool = False  # whether what one does with it elsewhere than at the door is asked for
    refused: list[str] = field(default_factory=list)
    form: Form = field(default_factory=lambda: Form(key=new_key()))  # of a walk-in
    override: str = ""  # what a host may say to a refusal
    anyway: tuple[str, str] = ("", "")  # whom they may let in all the same, and by which override
    status: int = 200


@dataclass(frozen=True, slots=True)
class View:
    """What parties are shown with."""

    event: Event
    words: Words
    unreached: Container[str]  # to whom mail does not arrive


def page(call: Call, event_id: str, door: Door) -> Reply:
    """The page at the door of an event. Whom it shows is noted."""
    found = attendance.listing(call.ports, event_id)
    catalog, now = call.catalog, call.ports.clock.now()
    words, event = words_of(call, catalog), found.event
    coming = list(found.shown(State.CONFIRMED, door.query))
    parts = max(1, -(-len(coming) // MOST))
    part = min(max(1, door.part), parts)
    here = coming[(part - 1) * MOST : part * MOST]
    others = _others(found, door.query)[:MOST]
    one = [each for each in found.signups if each.signup_id == door.who]
    seen = dict.fromkeys(each.signup_id for each in (*here, *others, *one))
    shown = _of(found, seen)
    attendance.note(call.ports, call.actor, event_id, "list-signups", shown)
    view = View(event, words, attendance.unreached(call.ports, shown))
    place = {"page": f"staff/events/{event_id}", "q": door.query, "part": str(part)}
    return render(
        call,
        "door.html",
        catalog,
        status=door.status,
        private=True,
        here={name: value for name, value in place.items() if value not in ("", "1")},
        event=event,
        title=in_language(event.title, call.language),
        when=words.when(event.starts_at, event.ends_at),
        where=_where(call, event, words),
        off=not event.live,
        draft=event.state is EventState.DRAFT,
        door=door,
        form=door.form,
        part=part,
        parts=parts,
        coming=[_party(each, view) for each in here],
        others=[_party(each, view) | _standing(each, found, words) for each in others],
        one=[_party(each, view) | _standing(each, found, words) for each in one][0:1],
        ways=list(_ways(event, words)),
        counts=_counts(found, words, now),
        told=_told(found, now, words),
        address=f"staff/events/{event_id}",
        files=f"v1/staff/events/{event_id}/signups",
    )


def _of(found: Listing, ids: Iterable[str]) -> list[SignUp]:
    wanted = set(ids)
    return [each for each in found.signups if each.signup_id in wanted]


def _others(found: Listing, query: str) -> list[SignUp]:
    """Who has no confirmed seat: what runs out first, then each queue in its order."""
    others = (each for each in found.shown(None, query) if each.state in WAITING)
    return sorted(others, key=lambda each: (each.waiting, each.way is Way.REMOTE, each.number or 0))


def _where(call: Call, event: Event, words: Words) -> str:
    space = call.catalog.spaces.get(event.programme.space_id)
    return label(space, words) if space else event.programme.address


def _party(one: SignUp, view: View) -> dict[str, Any]:
    """A party with its persons, each with when they came."""
    words = view.words
    names = (one.person.name, *(each.name for each in one.members))
    needs = (one.accessibility, *(each.accessibility for each in one.members))
    people = [
        {
            "number": number,
            "name": name,
            "came": words.bare_clock(at) if at else "",
            "need": need,
        }
        for number, (name, at, need) in enumerate(zip(names, arrivals(one), needs, strict=True))
    ]
    facts = [one.person.organisation]
    if len(view.event.ways) > 1:
        facts.append(attendance_sheet.way_name(one.way, words.language))
    if one.person_id in view.unreached:
        facts.append(words("door.unreached"))
    return {
        "id": one.signup_id,
        "name": one.person.name,
        "facts": ", ".join(filter(None, facts)),
        "people": people,
        "missing": sum(at is None for at in arrivals(one)),
        "confirmed": one.state is State.CONFIRMED,
        "waits": one.waiting,
        "live": one.live,
    }


def _standing(one: SignUp, found: Listing, words: Words) -> dict[str, str]:
    place = found.place(one)
    if place:
        return {"stands": words("door.waits", position=place.position)}
    return {"stands": attendance_sheet.state_name(one.state, words.language)}


def _ways(event: Event, words: Words) -> Iterable[tuple[str, str]]:
    for way in event.ways:
        yield way.value, words(f"door.way_{way.value}")


def _counts(found: Listing, words: Words, now: datetime) -> list[tuple[str, str]]:
    """By way: how many of how many came, and how many seats are left, are too few, or are waited for."""
    counted = _figures(found, now).ways
    return [
        (words(f"door.way_{way.value}"), ", ".join(_count(way, found.event, counted, words)))
        for way in found.event.ways
    ]


def _count(way: Way, event: Event, counted: Any, words: Words) -> Iterable[str]:
    heads, seats = counted[way], event.ways[way]
    yield words("door.arrived_of", arrived=heads.arrived, confirmed=heads.confirmed)
    if seats.over:
        yield words("door.over", count=seats.over)
    elif seats.limit is not None:
        yield words("door.free", count=seats.free)
    if heads.waiting:
        yield words("door.waiting", count=heads.waiting)


def _told(found: Listing, now: datetime, words: Words) -> list[tuple[str, list[tuple[str, int]]]]:
    """What is counted for the caterer and the room."""
    counted = _figures(found, now)
    return [
        (words("door.diets"), list(counted.diets.items())),
        (words("door.needs"), list(counted.accessibility.items())),
    ]


def _figures(found: Listing, now: datetime) -> Figures:
    return figures(found.signups, found.event.ways, (), now, found.event.counted)


def guests_of(text: str) -> list[str]:
    """The names that stand in a field, one a line."""
    lines = (line.strip() for line in text.splitlines())
    return list(itertools.islice(filter(None, lines), 101))
