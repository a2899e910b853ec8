"""A letter as a mail: its texts from the templates of its kind, then the whole as it is sent.

Nothing is looked up here and nothing is guessed: a text or a fact that a template misses is an error,
since half a mail is worse than one that is late.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.calendar.attendance import attendance
from chalicelib.adapters.calendar.invitation import invitation
from chalicelib.adapters.mail.facts import Teller, wanted
from chalicelib.adapters.mail.mime import mail
from chalicelib.adapters.mail.seat_facts import about_notice, about_seat, seat_changes
from chalicelib.adapters.mail.words import FOLDER, Words
from chalicelib.adapters.plain import line, lines
from chalicelib.domain.bookings import Booking, State
from chalicelib.domain.letters import Letter, facts_of
from chalicelib.domain.logins import LIFE
from chalicelib.domain.messages import UNPROVED, Kind
from chalicelib.domain.spoken import in_language
from chalicelib.domain.times import local_date

if TYPE_CHECKING:
    from jinja2 import Environment

SOON = timedelta(hours=2)
TO_STAFF = (Kind.APPROVAL_ASKED, Kind.DIGEST)
LONGEST_SUBJECT = 150


@dataclass(frozen=True, slots=True)
class Written:
    """The texts of a mail."""

    subject: str
    text: str
    html: str


def render(letter: Letter) -> bytes:
    """The whole mail, as it is sent (RFC 5322)."""
    calendar = calendar_part(letter)
    texts = written(letter)
    return mail(letter, texts.subject, texts.text, texts.html, calendar)


def calendar_part(letter: Letter) -> bytes | None:
    """What goes into the reader's calendar, where anything does."""
    if letter.method is None:
        return None
    return attendance(letter) if letter.seat else invitation(letter)


def written(letter: Letter) -> Written:
    """The subject, the plain text and the HTML of a letter."""
    context = _context(letter)
    subject = _shortened(line(_filled(letter.kind, "subject.txt", context)))
    context["subject"] = subject
    text = _filled(letter.kind, "body.txt", context)
    html = _filled(letter.kind, "body.html", context)
    return Written(subject, re.sub(r"\n{3,}", "\n\n", text).strip() + "\n", html)


def _filled(kind: Kind, name: str, context: dict[str, Any]) -> str:
    return _environment().get_template(f"{kind.value}/{name}").render(context)


def _shortened(subject: str) -> str:
    if len(subject) <= LONGEST_SUBJECT:
        return subject
    return subject[: LONGEST_SUBJECT - 1].rstrip() + "…"


def _context(letter: Letter) -> dict[str, Any]:
    words = Words(letter.to.language, letter.site.zone)
    teller = Teller(words, letter.spaces)
    context = {
        "t": words,
        "kind": letter.kind.value,
        "site_name": line(in_language(letter.site.name, words.language)),
        "name": "" if letter.kind in (*TO_STAFF, *UNPROVED) else line(letter.to.name),
        "extra": lines(letter.extra),
        "manage_url": letter.manage_url,
        "unsubscribe_url": letter.unsubscribe_url,
        "method": letter.method.value if letter.method else "",
        "to_staff": letter.kind in TO_STAFF,
        "of_event": letter.seat is not None,
    }
    if letter.kind is Kind.DIGEST:
        return context | {"waiting": _waiting(letter, teller)}
    if letter.kind in (Kind.LOGIN, Kind.INVITATION):
        return context | _entrance(letter, teller)
    if letter.seat is not None:
        code = {"code": letter.code, "confirm_url": letter.confirm_url}
        return (
            context
            | code
            | about_seat(letter.seat, letter.now, words)
            | about_notice(letter.notice, words.language)
            | seat_changes(letter, teller)
        )
    if letter.booking is None:
        raise ValueError("a letter about no booking")
    return context | _about(letter, letter.booking, teller)


def _about(letter: Letter, booking: Booking, teller: Teller) -> dict[str, Any]:
    """What a mail may say of its booking."""
    words = teller.words
    present = facts_of(booking)
    asked = letter.kind in (Kind.PENDING, Kind.APPROVAL_ASKED)
    before, after = (present, wanted(booking)) if asked else (letter.before, present)
    changes = teller.changes(before, after)
    about = {
        "which": "_change" if _of_a_change(letter, booking) else "",
        "where": teller.where(booking.space_ids),
        "when": words.when(booking.starts_at, booking.ends_at),
        "start": words.at(booking.starts_at),
        "details": teller.details(booking),
        "place": teller.place(booking),
        "booker": teller.booker(booking),
        "wishes": teller.wishes(booking),
        "instructions": teller.instructions(booking),
        "changes": changes,
        "reason": lines(booking.reason),
        "live": booking.live,
        "waits": booking.state is State.PENDING,
        "decide_url": letter.decide_urls.get(booking.booking_id, ""),
    }
    if letter.kind is Kind.REMINDER:
        about["nearness"] = _nearness(letter.now, booking.starts_at, words)
    if letter.kind is Kind.HOLD:
        about |= {"code": letter.code, "confirm_url": letter.confirm_url}
    if booking.confirm_by is not None:
        about["until"] = words.at(booking.confirm_by)
    return about


def _entrance(letter: Letter, teller: Teller) -> dict[str, Any]:
    """What a mail may say of a way in."""
    about: dict[str, Any] = {"login_url": letter.login_url}
    if letter.until is not None:
        minutes = int(LIFE.total_seconds()) // 60
        about |= {"code": letter.code, "minutes": minutes, "until": teller.words.at(letter.until)}
    if letter.last_day is not None:
        last_day = teller.words.day(letter.last_day, year=True)
        about |= {"last_day": last_day, "guest": teller.guest(letter.to, last_day)}
    return about


def _of_a_change(letter: Letter, booking: Booking) -> bool:
    """Whether the answer, or the lack of one, is about a change of what is confirmed already."""
    if letter.kind is Kind.APPROVED:
        return letter.before is not None and letter.before != facts_of(booking)
    if letter.kind in (Kind.PENDING, Kind.APPROVAL_ASKED):
        return booking.pending_change is not None
    return letter.kind in (Kind.DENIED, Kind.EXPIRY) and booking.state is State.CONFIRMED


def _nearness(now: datetime, starts_at: datetime, words: Words) -> str:
    """How near the start is when the mail is written: rules are no use, since nights bring mails forward."""
    if starts_at - now <= SOON:
        return "soon"
    days = (local_date(starts_at, words.zone) - local_date(now, words.zone)).days
    return {0: "today", 1: "tomorrow"}.get(days, "later")


def _waiting(letter: Letter, teller: Teller) -> list[dict[str, Any]]:
    """The requests that wait for an answer, oldest first."""
    words = teller.words
    return [
        {
            "details": teller.place(booking),
            "booker": teller.booker(booking),
            "changes": teller.changes(facts_of(booking), wanted(booking)),
            "asked_at": f"{words.at(booking.created_at)} ({words.zone_name})",
            "decide_url": letter.decide_urls.get(booking.booking_id, ""),
        }
        for booking in sorted(letter.waiting, key=lambda each: (each.created_at, each.booking_id))
    ]


@lru_cache(maxsize=1)
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(enabled_extensions=("html",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
