"""Logging in without passwords: a proof that is asked for, and the session that comes of it.

A link proves something only in the browser that asked for it, and a code only five times: whoever opens
or posts the links of other people's mails, as scanners do, proves nothing.
"""

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.domain.profiles import Profile

LIFE = timedelta(minutes=10)  # of a link and its code
TRIES = 5
IDLE = timedelta(hours=8)
LONGEST = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=10)  # how exactly it is noted that a session is in use


@dataclass(frozen=True, slots=True)
class Login:
    """A proof of an address that somebody asked for. Secrets are held as SHA-256 digests only."""

    login_id: str
    person_id: str
    email: str  # in its one spelling
    language: str
    browser_hash: str  # of what the browser that asked was given
    link_hash: str
    key_id: str  # of the key that link and code are derived with
    created_at: datetime
    expires_at: datetime
    next: str = ""  # where on our pages to go then
    tries: int = 0
    used_at: datetime | None = None
    session: str = ""  # the digest of the session that came of it
    version: int = 1


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody in a browser, by the digest of what its cookie says."""

    token_hash: str
    person_id: str
    created_at: datetime
    seen_at: datetime
    epoch: int  # of its person when it began


def digest_of(secret: str) -> str:
    """What is stored of a secret that nobody can guess: a plain SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(secret: str, digest: str) -> bool:
    """Whether a secret is the one of a digest, in the same time whatever it is."""
    return hmac.compare_digest(digest_of(secret).encode(), digest.encode())


def open_at(login: Login, now: datetime) -> bool:
    """Whether a proof may still be shown."""
    return login.used_at is None and now < login.expires_at and login.tries < TRIES


def failed(login: Login) -> Login:
    """With one more wrong code."""
    return replace(login, tries=login.tries + 1, version=login.version + 1)


def used(login: Login, session: str, now: datetime) -> Login:
    """Used up by a session. Who it was for is known to that from here on."""
    return replace(login, used_at=now, session=session, version=login.version + 1)


def alive(session: Session, profile: Profile, now: datetime) -> bool:
    """Whether a session is neither idle nor old, and was not ended with the others of its person.

    All of it is looked at, whatever is wrong, so that the time does not tell what is.
    """
    return all(
        (
            session.person_id == profile.person_id,
            session.epoch == profile.epoch,
            session.created_at >= profile.created_at,
            now < session.created_at + LONGEST,
            now < session.seen_at + IDLE,
        )
    )
