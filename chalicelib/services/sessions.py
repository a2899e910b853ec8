"""Somebody in a browser: from a proved address until they leave, are idle for long, or are ended."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from chalicelib.domain import profiles
from chalicelib.domain.errors import NotFound, refuse
from chalicelib.domain.logins import SEEN_EVERY, Session, alive, digest_of
from chalicelib.domain.people import Actor, Person, Role
from chalicelib.domain.profiles import Profile, role_of
from chalicelib.services.ports import Ports, Transaction
from chalicelib.services.writing import Attempt, Intent, Outcome, write

COOKIE = re.compile(r"(p_[0-9a-f]{32})\.[A-Za-z0-9_]{1,64}")

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
NOBODY = Profile("", Person("", ""), created_at=LONG_AGO, version=0)
NOBODY_S = Session("", "", LONG_AGO, LONG_AGO, NOBODY.epoch)


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody who has logged in. `cookie` is what their browser has to show from now on."""

    cookie: str
    profile: Profile
    role: Role
    next: str = ""


def begin(ports: Ports, tx: Transaction, profile: Profile, before: str, now: datetime) -> Entered:
    """Write a new session of somebody whose address was proved, in the place of the browser's last.

    `before` is the digest of that, or "". Refused where they are nobody who may log in.
    """
    role = role_of(profile.person.email, profile, ports.settings.get().site, now)
    if role is Role.VISITOR:
        raise refuse("invalid-request", "/code", why="login")
    after = profiles.logged_in(profile, now)
    cookie = f"{after.person_id}.{long_secret(ports)}"
    ports.people.save_profile(tx, after)
    ports.logins.begin(tx, Session(digest_of(cookie), after.person_id, now, now, after.epoch))
    if before:
        ports.logins.end(tx, before)
    subject = f"person#{after.person_id}"
    ports.audit.add(tx, subject=subject, actor=after.person_id, action="log-in", at=now)
    return Entered(cookie, after, role)


def actor_of(ports: Ports, cookie: str) -> Actor | None:
    """Whose session a cookie stands for, or None. One read; and seldom a note that it is in use."""
    found = COOKIE.fullmatch(cookie)
    if found is None:
        return None
    session, profile = ports.logins.session(digest_of(cookie), found[1])
    now = ports.clock.now()
    # One that there is not takes as long as one that is over.
    held = alive(session or NOBODY_S, profile or NOBODY, now)
    if session is None or profile is None or not held:
        return None
    role = role_of(profile.person.email, profile, ports.settings.get().site, now)
    if role is Role.VISITOR:
        return None
    if now >= session.seen_at + SEEN_EVERY:
        ports.logins.touch(replace(session, seen_at=now))
    return profiles.actor_of(profile, role, session.token_hash)


def end(ports: Ports, actor: Actor) -> None:
    """Leave: end the session that a request came in."""
    tx = ports.begin()
    ports.logins.end(tx, actor.session)
    tx.commit()


def end_all(ports: Ports, intent: Intent) -> Outcome[Profile]:
    """Leave everywhere: every session of a person that there is by now."""

    def decide(attempt: Attempt) -> Profile:
        attempt.read()
        profile, now = ports.people.profile(intent.actor.person_id), ports.clock.now()
        if profile is None:
            raise NotFound
        after = profiles.logged_out(profile)
        ports.people.save_profile(attempt.tx, after)
        subject = f"person#{profile.person_id}"
        actor = intent.actor.actor_id
        ports.audit.add(attempt.tx, subject=subject, actor=actor, action="log-out", at=now)
        return after

    return write(ports, intent, decide)


def long_secret(ports: Ports) -> str:
    """What nobody can guess: 44 letters and digits, over 256 bits."""
    return ports.clock.new_id("")[1:] + ports.clock.new_id("")[1:]
