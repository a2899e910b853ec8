"""The front page: the week, or one day of it, of every space that fits."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from chalicelib.api.call import Call
from chalicelib.api.replies import Reply
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.times import LAST_YEAR
from chalicelib.pages import week
from chalicelib.pages.booking import form_context, introduced
from chalicelib.pages.errors import asked_language
from chalicelib.pages.form import form_of, label
from chalicelib.pages.html import HTML, choose_language, link, render, words_of
from chalicelib.pages.routes import routes
from chalicelib.pages.week import Piece, Row, Wish
from chalicelib.pages.words import Words
from chalicelib.services.access import Action, seen_by

LENGTHS = (30, 60, 90, 120, 180, 240, 480)
MOST_PEOPLE = 10_000
SIGNS = {
    "free": "○",
    "booked": "●",
    "tentative": "◐",
    "buffer": "◌",
    "hours": "–",
    "closure": "✕",
    "past": "–",
}


@routes.add("GET", "/", "The week", answers={200: None}, produces=HTML, action=Action.LOOK)
def front(call: Call) -> Reply:
    """What is free in a week (`?week=2026-W49`) or on a day (`?day=2026-12-02`), and the form to book it."""
    choose_language(call, asked_language(call))
    query: Any = call.request.query_params or {}
    catalog = seen_by(call.actor, call.ports.settings.recent())
    words = words_of(call, catalog)
    wish, monday = _wish(query, week.today(call.ports, catalog))
    found = week.rows(call.ports, catalog, wish)
    kept = _kept(wish, monday)
    return render(
        call,
        "week.html",
        catalog,
        private=True,  # its form has a key that is for one booking
        here={"page": "", **kept},
        wish=wish,
        heading=_heading(wish, words),
        number=monday.isocalendar().week,
        dates=words.days(monday, monday + timedelta(days=6)),
        weeks=_weeks(call, catalog, monday, kept),
        days=_days(call, catalog, monday, wish, kept),
        columns=[wish.first + timedelta(days=number) for number in range(wish.days)],
        today=week.today(call.ports, catalog),
        rows=sorted(
            (_row(call, row, wish, words) for row in found), key=lambda row: row["name"].casefold()
        ),
        lengths=[(minutes, words.length(minutes)) for minutes in LENGTHS],
        signs=SIGNS,
        kept=kept,
        **form_context(call, catalog, introduced(call, form_of({}))),
    )


def _wish(query: Mapping[str, str], today: date) -> tuple[Wish, date]:
    """What is asked for, and the Monday of its week. Raises Refused for a week or day that is none."""
    people = _number(query.get("people"), MOST_PEOPLE)
    minutes = _number(query.get("minutes"), 1440)
    if minutes is not None:
        minutes = -(-minutes // 15) * 15
    if query.get("day"):
        day = week.day_of(query["day"])
        return Wish(day, 1, people, minutes), day - timedelta(days=day.weekday())
    name = query.get("week")
    monday = week.monday_of(name) if name else today - timedelta(days=today.weekday())
    return Wish(monday, 7, people, minutes), monday


def _number(text: str | None, most: int) -> int | None:
    """A number of a search; what is none does not narrow it."""
    return (
        int(text)
        if text and text.isascii() and text.isdigit() and 0 < int(text[:9]) <= most
        else None
    )


def _kept(wish: Wish, monday: date) -> dict[str, str]:
    """The parameters that lead here again."""
    kept = {"week": week.name_of_week(monday)}
    if wish.days == 1:
        kept = {"day": wish.first.isoformat()}
    if wish.people:
        kept["people"] = str(wish.people)
    if wish.minutes:
        kept["minutes"] = str(wish.minutes)
    return kept


def _heading(wish: Wish, words: Words) -> str:
    if wish.days == 1:
        return words("week.day_heading", day=words.day(wish.first, year=True))
    return words("week.heading", week=wish.first.isocalendar().week)


def _weeks(
    call: Call, catalog: Catalog, monday: date, kept: Mapping[str, str]
) -> list[tuple[str, str, str, str]]:
    """Links to the week before, this week and the week after: id, address, number and dates."""
    words = words_of(call, catalog)
    today = week.today(call.ports, catalog)
    this = today - timedelta(days=today.weekday())
    need = {name: kept[name] for name in ("people", "minutes") if name in kept}
    found = []
    for name, first in (
        ("previous", monday - timedelta(days=7)),
        ("this", this),
        ("next", monday + timedelta(days=7)),
    ):
        if first.isocalendar().year <= LAST_YEAR and (name != "this" or this != monday):
            target = link(call, "", lang=call.language, week=week.name_of_week(first), **need)
            number = words("week.number", week=first.isocalendar().week)
            found.append((name, target, number, words.days(first, first + timedelta(days=6))))
    return found


def _days(
    call: Call, catalog: Catalog, monday: date, wish: Wish, kept: Mapping[str, str]
) -> list[tuple[str, str, bool]]:
    """Links to the whole week and to each of its days: words, address, and whether it is shown now."""
    words = words_of(call, catalog)
    need = {name: kept[name] for name in ("people", "minutes") if name in kept}
    lang = call.language
    name = week.name_of_week(monday)
    whole = link(call, "", lang=lang, week=name, **need)
    found = [(words("week.whole"), whole, wish.days == 7)]
    for number in range(7):
        day = monday + timedelta(days=number)
        target = link(call, "", lang=lang, day=day.isoformat(), **need)
        found.append((words.day(day), target, wish.days == 1 and wish.first == day))
    return found


def _row(call: Call, row: Row, wish: Wish, words: Words) -> dict[str, Any]:
    space = row.space
    count = space.capacity * space.units
    key = "week.capacity" if count != 1 else "week.capacity_one"
    return {
        "id": space.space_id,
        "name": label(space, words),
        "size": words("week.units", count=space.units)
        if space.units > 1
        else words(key, count=count),
        "hours": words.hours(space.hours),
        "approval": space.needs_approval,
        "cells": [
            {
                "day": cell.day,
                "whole": cell.whole,
                "pieces": [_piece(call, piece, row, wish, words) for piece in cell.pieces],
            }
            for cell in row.cells
        ],
    }


def _piece(call: Call, piece: Piece, row: Row, wish: Wish, words: Words) -> dict[str, Any]:
    target = ""
    if piece.book:
        start, end = (words.iso(each) for each in piece.book)
        target = link(
            call,
            "book",
            lang=call.language,
            space_id=row.space.space_id,
            start=start,
            end=end,
            attendees=str(wish.people or ""),
            units=str(row.units) if row.units > 1 else "",
        )
    return {
        "span": words.span(piece.starts_at, piece.ends_at),
        "state": piece.state,
        "href": target,
    }
