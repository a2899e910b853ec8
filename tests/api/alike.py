"""Requests that have to be answered alike, whatever there is or is not behind them.

Each kind makes its request in a world of its own, set up in memory and not through the interface.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pytest
from chalice.test import Client

from app import app
from chalicelib import bootstrap
from chalicelib.domain.bookings import ERASED
from chalicelib.domain.logins import LIFE, Login, Session, digest_of
from chalicelib.domain.people import Person, Scope, person_id_of
from chalicelib.domain.private_feeds import PrivateFeed
from chalicelib.domain.profiles import Profile
from chalicelib.services import bookings, links, signup_changes, signups
from chalicelib.services.opening import bearer_of
from chalicelib.services.signups import SignUpRequest
from tests.builders import NOW, a_key, a_profile, a_request, an_intent, on, the_ports
from tests.event_builders import an_event

CLIENT = Client(app)
# As long as one another, so that no request is longer than another.
KNOWN, UNKNOWN, FORGOTTEN = "reader.one@gov.fi", "nobody.one@gov.fi", "oblivi.one@gov.fi"
PARTNER, STRANGER, BOUNCES = "guest@lab.partner", "guest@any.strange", "bounce.us@gov.fi"
SECRET, OTHER = "s" * 44, "o" * 44
NOWHERE = f"p_{'0' * 32}"


@dataclass
class World:
    """The Lab with somebody in it, and the request that is to be made there."""

    method: str = "GET"
    path: str = "/"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def __post_init__(self) -> None:
        self.ports, self.store, self.clock = the_ports()

    def send(self) -> Any:
        """Make the request."""
        bootstrap.ports = lambda: self.ports
        return CLIENT.http.request(self.method, self.path, self.headers, self.body)

    def knows(self, email: str, **known: Any) -> Profile:
        """Somebody has a profile."""
        person_id = person_id_of(email, self.store.site.salt)
        profile = a_profile(Person("", email), person_id, **known)
        self.store.profiles[person_id] = profile
        return profile

    def posts(self, path: str, body: Mapping[str, Any], **headers: str) -> "World":
        """The request: JSON to an address."""
        self.method, self.path, self.body = "POST", path, json.dumps(body).encode()
        self.headers = {"Content-Type": "application/json", **headers}
        return self

    def gets(self, path: str, **headers: str) -> "World":
        """The request: an address."""
        self.path, self.headers = path, headers
        return self

    def booking(self, hours: str = "10-11", **changes: Any) -> str:
        """A booking of the form's, and its id."""
        asked = a_request("pod", **on("2026-12-02", hours), **changes)
        return bookings.book(self.ports, asked, an_intent()).value.booking_id


Kind = Callable[[World], World]


def asks_for_a_link(email: str, **known: Any) -> Kind:
    """An address is to be proved; with `known` it is somebody's who has a profile."""

    def kind(world: World) -> World:
        if known:
            world.knows(email, **known)
        if email == BOUNCES:
            world.store.suppressed[person_id_of(email, world.store.site.salt)] = "Permanent"
        return world.posts("/v1/auth/links", {"email": email})

    return kind


def shows_a_session(cookie: str = "", owner: str = KNOWN, **known: Any) -> Kind:
    """Somebody comes in a session; with `known` there is one, though none that opens anything."""

    def kind(world: World) -> World:
        person = world.knows(owner)
        shown = f"{person.person_id}.{SECRET}"
        if known:
            defaults = {
                "epoch": 1,
                "created_at": NOW,
                "seen_at": NOW,
                "person_id": person.person_id,
            }
            world.store.sessions[digest_of(shown)] = Session(digest_of(shown), **(defaults | known))
        return world.gets("/v1/me", Cookie=f"__Host-session={cookie or shown}")

    return kind


def shows_a_key(text: str = f"lab.k_000000.{SECRET}", stored: str = "", **known: Any) -> Kind:
    """A system comes with a key; with `known` there is one of that id, by the text `stored`."""

    def kind(world: World) -> World:
        if known:
            key = a_key(text, (Scope.STAFF,), **({"digest": digest_of(stored or text)} | known))
            world.store.api_keys[key.key_id] = key
        return world.gets("/v1/staff/settings", Authorization=f"Bearer {text}")

    return kind


def opens_a_link(how: str, *, bearer: bool) -> Kind:
    """Somebody opens a manage link, on the page or as a program, that opens nothing."""

    def kind(world: World) -> World:
        booking_id, other = world.booking(), world.booking("12-13")
        token = links.token_of(world.ports, "manage", booking_id)
        if how == "over":
            world.clock.forward(days=2)
            world.ports.settings.get()
        elif how == "forgotten":
            erased = replace(world.store.bookings[booking_id], person_id=ERASED)
            world.store.bookings[booking_id] = erased
        elif how == "another's":
            token = links.token_of(world.ports, "manage", other)
        elif how == "unknown":
            del world.store.bookings[booking_id]
        else:
            token = "d" * (47 if how == "malformed" else 48)
        shown = f"Bearer {bearer_of(booking_id, token)}"
        page = f"/manage/{booking_id}/{token}"
        return (
            world.gets(f"/v1/bookings/{booking_id}", Authorization=shown)
            if bearer
            else world.gets(page)
        )

    return kind


def subscribes(how: str) -> Kind:
    """A calendar asks at an address that shows nothing."""

    def kind(world: World) -> World:
        token = how if len(how) == 64 else "f" * 64
        owner = world.knows(STRANGER if how == "may not log in" else KNOWN)
        if how in ("may not log in", "nobody's"):
            person_id = owner.person_id if how == "may not log in" else NOWHERE
            feed = PrivateFeed("f_1", person_id, digest_of(token), "k1", "fi", NOW)
            world.store.feeds[feed.token_hash] = feed
        return world.gets(f"/v1/feeds/{token}/calendar.ics")

    return kind


def logs_in(email: str = KNOWN, cookie: str = "", *, by: str = "code", **state: Any) -> Kind:
    """Somebody types a code, or presses the button of a link; with `state` an address is to be proved."""

    def kind(world: World) -> World:
        person_id = person_id_of(email, world.store.site.salt)
        if email in (KNOWN, PARTNER):
            world.knows(email, **({"partner_until": date(2099, 1, 1)} if email == PARTNER else {}))
        if state:
            login = Login(
                login_id="l_000001",
                person_id=person_id,
                email=email,
                language="fi",
                browser_hash=digest_of(SECRET),
                link_hash=digest_of("a" * 64),
                key_id="k1",
                created_at=NOW,
                expires_at=NOW + LIFE,
            )
            world.store.logins[login.login_id] = replace(login, **state)
        said = {"code": "23456789"} if by == "code" else {"login_id": "l_000001", "token": "b" * 64}
        shown = cookie or f"l_000001.{person_id}.{SECRET}"
        return world.posts("/v1/auth/session", said, Cookie=f"__Host-login={shown}")

    return kind


def looks_at_a_booking(*, there_is_one: bool) -> Kind:
    """Somebody who has logged in asks for a booking that is not theirs."""

    def kind(world: World) -> World:
        booking_id = world.booking()
        if not there_is_one:
            del world.store.bookings[booking_id]
        made = shows_a_session(owner=UNKNOWN, epoch=1)(world)
        return world.gets(f"/v1/bookings/{booking_id}", **made.headers)

    return kind


def confirms(how: str) -> Kind:
    """Somebody types a wrong code for a booking."""

    def kind(world: World) -> World:
        world.store.site = replace(world.store.site, prove_address=how == "held")
        anybody = an_intent().actor if how != "held" else None
        asked = a_request("pod", **on("2026-12-02", "10-11"))
        intent = an_intent(anybody) if anybody else an_intent(replace(an_intent().actor, scopes=()))
        booking_id = bookings.book(world.ports, asked, intent).value.booking_id
        if how == "unknown":
            del world.store.bookings[booking_id]
        return world.posts(f"/v1/bookings/{booking_id}/confirm", {"code": "23456789"})

    return kind


def signs_up(there: str, *, waits: bool = False, left: bool = False) -> Kind:
    """Nobody in particular signs one up for an event at which somebody is in already, or was."""

    def kind(world: World) -> World:
        world.store.site = replace(world.store.site, prove_address=True)
        event = an_event(0 if waits else 5, opens_at=NOW)
        world.store.events[event.event_id] = event
        person = Person("Reader One", there)
        asked = SignUpRequest(event.event_id, person=person, accept_terms=True)
        found = signups.sign_up(world.ports, asked, an_intent()).value
        if left:
            intent = an_intent(path="leave")
            signup_changes.leave(world.ports, event.event_id, found.person_id, intent)
        world.ports.settings.get()
        said = {"person": {"name": "Reader One", "email": KNOWN}, "accept_terms": True}
        return world.posts(f"/v1/events/{event.event_id}/signups", said)

    return kind


HOUR = timedelta(hours=1)
KINDS: dict[str, dict[str, Kind]] = {
    "asking for a link": {
        "known": asks_for_a_link(KNOWN, version=2),
        "unknown": asks_for_a_link(UNKNOWN),
        "partner": asks_for_a_link(PARTNER, partner_until=date(2099, 1, 1)),
        "stranger": asks_for_a_link(STRANGER),
        "suppressed": asks_for_a_link(BOUNCES, version=2),
        "forgotten": asks_for_a_link(FORGOTTEN, erase_from=NOW),
    },
    "a wrong code": {
        "known": logs_in(KNOWN, version=1),
        "unknown": logs_in(UNKNOWN, version=1),
        "partner": logs_in(PARTNER, version=1),
        "stranger": logs_in(STRANGER, version=1),
    },
    "a code for nothing": {
        "unknown": logs_in(),
        "another browser's": logs_in(browser_hash=digest_of(OTHER)),
        "another person's": logs_in(person_id=NOWHERE),
        "used": logs_in(used_at=NOW),
        "late": logs_in(expires_at=NOW),
        "tried": logs_in(tries=5),
    },
    "a link for nothing": {
        "unknown": logs_in(by="link"),
        "another browser's": logs_in(by="link", browser_hash=digest_of(OTHER)),
        "used": logs_in(by="link", used_at=NOW),
        "late": logs_in(by="link", expires_at=NOW),
    },
    "a session": {
        "unknown": shows_a_session(),
        "nobody's": shows_a_session(f"{NOWHERE}.{SECRET}"),
        "idle": shows_a_session(seen_at=NOW - 9 * HOUR),
        "old": shows_a_session(created_at=NOW - 13 * HOUR),
        "ended": shows_a_session(epoch=0),
        "another's": shows_a_session(person_id=NOWHERE),
    },
    "a key": {
        "unknown": shows_a_key(),
        "wrong": shows_a_key(stored="lab.k_000000.other", version=1),
        "revoked": shows_a_key(revoked_at=NOW),
        "expired": shows_a_key(expires_on=date(2026, 11, 30)),
    },
    "a page's link": {
        how: opens_a_link(how, bearer=False) for how in ("unknown", "another's", "wrong")
    },
    "a link's token": {
        how: opens_a_link(how, bearer=True) for how in ("unknown", "another's", "wrong")
    },
    "a dead link": {
        how: opens_a_link(how, bearer=True) for how in ("unknown", "over", "forgotten")
    },
    "a feed": {how: subscribes(how) for how in ("unknown", "nobody's")},
    "a booking": {
        "unknown": looks_at_a_booking(there_is_one=False),
        "another's": looks_at_a_booking(there_is_one=True),
    },
    "the code of a booking": {how: confirms(how) for how in ("unknown", "held", "confirmed")},
}
# Answered alike, but not in the same time, which tells nobody more than they know already: what can be
# no token is turned away without a look, and whoever shows one that nobody can guess was given it.
UNTIMED: dict[str, dict[str, Kind]] = {
    "a code for nothing": {"malformed": logs_in(cookie="l_1.p_1.x")},
    "a link for nothing": {"malformed": logs_in(by="link", cookie="l_1.p_1.x")},
    "a session": {
        "malformed": shows_a_session("nothing"),
        "a stranger's": shows_a_session(owner=STRANGER, epoch=1),
    },
    "a key": {"malformed": shows_a_key("nothing"), "empty": shows_a_key(" ")},
    "a page's link": {"malformed": opens_a_link("malformed", bearer=False)},
    "a link's token": {"malformed": opens_a_link("malformed", bearer=True)},
    "a feed": {"malformed": subscribes("f" * 63), "a stranger's": subscribes("may not log in")},
}

# Alike to the byte and in what the store is asked, though the one transaction of who is new holds more.
# Nobody can measure that twice: who has asked once of somebody has signed them up (decision 20).
ASKED_ONCE: dict[str, dict[str, Kind]] = {
    "a seat": {"new": signs_up(UNKNOWN), "in": signs_up(KNOWN)},
    "a place in the queue": {
        "new": signs_up(UNKNOWN, waits=True),
        "in": signs_up(KNOWN, waits=True),
    },
    "a seat, having left": {
        "new": signs_up(UNKNOWN, left=True),
        "gone": signs_up(KNOWN, left=True),
    },
}


@pytest.fixture
def its_own_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    """What worlds set is put back."""
    monkeypatch.setattr(bootstrap, "ports", bootstrap.ports)
