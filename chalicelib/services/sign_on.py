"""Proving an address by an OpenID provider's word: what comes of it is what comes of a mail's link or code.

The browser goes away with a state that it alone can bring back: it is derived from what its cookie holds,
as all else is that has to be known then, so that nothing secret is kept, and what is wrong is seen without
a look at any table. One write to begin, a read and a write to end.
"""

import hmac
import re
from dataclasses import dataclass

from chalicelib.domain.errors import Forbidden, NotFound, Race, Unavailable, refuse
from chalicelib.domain.logins import LIFE, Login, digest_of, open_at
from chalicelib.domain.people import Person, Role, normalised, person_id_of
from chalicelib.domain.profiles import role_of
from chalicelib.services.login import ATTEMPTS, SECONDS, completed, refused, written
from chalicelib.services.ports import Identity, Ports, Provider
from chalicelib.services.sessions import Entered, long_secret

COOKIE = re.compile(r"(l_[A-Za-z0-9_]{1,40})\.([A-Za-z0-9_]{1,64})")
STATE = re.compile(r"[0-9a-f]{64}\.([A-Za-z0-9_-]{1,64})\.([a-z]{2})")
MOST_NAME = 200


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a browser is sent, and what it has to keep meanwhile."""

    address: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Returned:
    """What a browser brings back (OpenID Connect Core, 3.1.2.5 and 3.1.2.6).

    `code` is "" where nobody logged in there, `issuer` where it is not said.
    """

    state: str
    code: str
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class _Away:
    """A browser that is at the provider, by what is in its cookie and in the state."""

    login_id: str
    secret: str
    key_id: str
    language: str


def begin(ports: Ports, language: str, next_page: str = "") -> Sent:
    """Send a browser to the provider. Raises NotFound where there is none, Unavailable."""
    provider, now = _provider(ports), ports.clock.now()
    secret = long_secret(ports)
    login = Login(
        login_id=ports.clock.new_id("l"),
        person_id="",  # nobody yet: the provider will say
        email="",
        language=language,
        browser_hash=digest_of(secret),
        link_hash="",
        key_id=ports.secrets.current,
        created_at=now,
        expires_at=now + LIFE,
        next=next_page,
    )
    away = _Away(login.login_id, secret, login.key_id, language)
    address = provider.address(
        state=_state(ports, away),
        nonce=_derived(ports, away, "nonce"),
        verifier=_derived(ports, away, "verifier"),
        redirect_uri=_redirect_uri(ports),
        language=language,
    )
    tx = ports.begin()
    ports.logins.put(tx, login)
    written(tx)
    return Sent(address, f"{login.login_id}.{secret}")


def finish(ports: Ports, cookie: str, returned: Returned, before: str = "") -> Entered:
    """Log in whom the provider vouches for, in the browser that was sent there.

    `before` is the digest of the session that the browser had. Refused with `invalid-request` for
    another browser, a login that is over or was used, with `email-not-allowed` for whoever may not log
    in; Forbidden where the provider vouches for nobody, Unavailable where it does not answer.
    """
    provider = _provider(ports)
    if not returned.code:
        raise Forbidden("nobody logged in there")
    away = _away(ports, cookie, returned.state)
    identity = provider.identity(
        code=returned.code,
        issuer=returned.issuer,
        nonce=_derived(ports, away, "nonce"),
        verifier=_derived(ports, away, "verifier"),
        redirect_uri=_redirect_uri(ports),
    )
    return _entered(ports, away, _person(identity, away.language), before)


def _provider(ports: Ports) -> Provider:
    if ports.provider is None:
        raise NotFound
    return ports.provider


def _redirect_uri(ports: Ports) -> str:
    return f"{ports.settings.get().site.base_url}/login/callback"


def _state(ports: Ports, away: _Away) -> str:
    """What the browser has to bring back; its reader's language and the key's id can be read off it."""
    return f"{_derived(ports, away, 'state')}.{away.key_id}.{away.language}"


def _derived(ports: Ports, away: _Away, what: str) -> str:
    """64 characters that nobody can guess (RFC 7636, 4.1: a verifier has 43 to 128)."""
    parts = (away.login_id, digest_of(away.secret), away.language)
    return ports.secrets.derive(f"sign-on-{what}", *parts, key_id=away.key_id).hex()


def _away(ports: Ports, cookie: str, state: str) -> _Away:
    """The browser that was sent away with a state: the one whose cookie it is derived from."""
    kept, said = COOKIE.fullmatch(cookie), STATE.fullmatch(state)
    if kept is None or said is None or said[1] not in ports.secrets.known:
        raise refused()
    away = _Away(kept[1], kept[2], said[1], said[2])
    if not hmac.compare_digest(state, _state(ports, away)):
        raise refused()
    return away


def _person(identity: Identity, language: str) -> Person:
    try:
        address = normalised(identity.email)
    except ValueError as error:
        raise Forbidden("no address") from error
    return Person(
        _line(identity.name),
        address,
        _line(identity.organisation),
        identity.language or language,
    )


def _line(text: str) -> str:
    """Text as somebody may say it of themselves in one line; what is none is left out."""
    line = " ".join(text.split())
    return line if line.isprintable() and len(line) <= MOST_NAME else ""


def _entered(ports: Ports, away: _Away, person: Person, before: str) -> Entered:
    """As by a mail; who is not let in was told whose address it is, so they are told why, too."""
    site = ports.settings.get().site
    person_id = person_id_of(person.email, site.salt)
    with ports.clock.within(SECONDS):
        for number in range(ATTEMPTS):
            if number:
                ports.clock.pause(number)
            login, profile = ports.logins.read(away.login_id, person_id)
            now = ports.clock.now()
            if login is None or not open_at(login, now):
                raise refused()
            if role_of(person.email, profile, site, now) is Role.VISITOR:
                raise refuse("email-not-allowed", "/email")
            try:
                return completed(ports, login, person, profile, before, now)
            except Race:
                continue
    raise Unavailable
