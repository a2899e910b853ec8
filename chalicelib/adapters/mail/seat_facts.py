"""What a mail tells of a sign-up, in the reader's language."""

from datetime import datetime, timedelta
from typing import Any

from chalicelib.adapters import markdown
from chalicelib.adapters.mail.facts import Change, Row, Teller
from chalicelib.adapters.mail.words import Words
from chalicelib.adapters.plain import line, lines
from chalicelib.domain.events import Way
from chalicelib.domain.letters import Letter, Seat, venue_of
from chalicelib.domain.notices import Notice
from chalicelib.domain.spoken import in_language

NEAR = timedelta(hours=24)
HEADING_LEVEL = 1  # of a mail
WAYS = {Way.ROOM: "way.room", Way.REMOTE: "way.remote"}


def about_seat(seat: Seat, now: datetime, words: Words) -> dict[str, Any]:
    """What templates may say of a sign-up."""
    event, signup = seat.event, seat.signup
    title = line(in_language(event.title, words.language))
    when = words.when(event.starts_at, event.ends_at)
    found = {
        "event": title,
        "when": f"{when} ({words.zone_name})" if words.zone_name not in when else when,
        "where": line(seat.venue),
        "link": seat.link,
        "way": words(WAYS[signup.way]),
        "persons": str(signup.size) if signup.members else "",
        "ticket": seat.ticket,
        "contact": line(event.programme.contact),
        "event_number": event.event_id,
    }
    return {
        "title": title,
        "when": when,
        "start_at": words.at(event.starts_at),
        "start": f"{words.at(event.starts_at)} ({words.zone_name})",
        "near": event.starts_at - now <= NEAR,  # then the start is said first (W-25)
        "position": seat.position,
        "feedback_url": event.programme.feedback_link,
        "state": signup.state.value,
        "until": words.at(signup.lapses_at) if signup.lapses_at else "",
        "details": [
            Row(words(f"row.{name}"), value, seat.link if name == "link" else "")
            for name, value in found.items()
            if value
        ],
        "reason": "" if event.live else lines(event.reason),
        "called_off": not event.live,
        "live": signup.live,
    }


def about_notice(notice: Notice | None, language: str) -> dict[str, str]:
    """What staff say to those of an event: as plain text, and as HTML below the heading of the mail."""
    if notice is None:
        return {}
    text = in_language(notice.text, language)
    return {
        "said": line(in_language(notice.subject, language)),
        "notice": markdown.plain(text),
        "notice_html": markdown.html(text, HEADING_LEVEL),
    }


def seat_changes(letter: Letter, teller: Teller) -> dict[str, Any]:
    """What is not as this person was told last. Of a link only what it is now: the old one is dead."""
    words, seat, before = teller.words, letter.seat, letter.before
    if seat is None or before is None:
        return {"changes": [], "new_link": False}
    event = seat.event
    was, now = (
        f"{words.when(*each)} ({words.zone_name})"
        for each in ((before.starts_at, before.ends_at), (event.starts_at, event.ends_at))
    )
    rows = [("when", was, now)]
    if not seat.remote:
        # Who took part remotely was told the link: it is not theirs any more (I-14).
        where = words(WAYS[Way.REMOTE])
        if before.space_ids != (Way.REMOTE.value,):
            where = venue_of(before.place, letter.site, teller.spaces, words.language)
        rows.append(("where", line(where), line(seat.venue)))
    found = [Change(words(f"row.{name}"), old, new) for name, old, new in rows if old != new]
    return {"changes": found, "new_link": bool(seat.link) and seat.link != before.place}
