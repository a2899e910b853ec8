"""Proving an address by a mail: a link and a code go out, and whoever shows one of them gets a session.

Asking is one write and no read, the same for every address: whether it may log in at all is found out
when the mail is to be sent.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.domain.errors import (
    OutcomeUnknown,
    Race,
    Refused,
    TooMany,
    Unavailable,
    refuse,
)
from chalicelib.domain.limits import By, Counter, Purpose
from chalicelib.domain.logins import LIFE, Login, digest_of, failed, open_at, same, used
from chalicelib.domain.messages import Kind, Message, message
from chalicelib.domain.people import Person, normalised, person_id_of
from chalicelib.domain.profiles import Profile, newcomer
from chalicelib.services import sessions
from chalicelib.services.limits import Things, counters
from chalicelib.services.links import link_token, login_code, typed_code
from chalicelib.services.ports import Ports, Transaction
from chalicelib.services.sender import nudge
from chalicelib.services.sessions import Entered, long_secret

COOKIE = re.compile(r"(l_[A-Za-z0-9_]{1,40})\.(p_[0-9a-f]{32})\.([A-Za-z0-9_]{1,64})")
NO_BROWSER_S = digest_of("")  # what is compared with where there is no login
ATTEMPTS = 20
SECONDS = 10.0


def ask(ports: Ports, email: str, language: str, next_page: str = "", *, network: str = "") -> str:
    """Mail a link and a code to an address; returns what the browser that asked has to keep.

    One transaction, which also counts. Raises TooMany for the network that it comes from; where an
    address was asked for too often, the same is answered and no mail goes out. Raises Unavailable where
    it could not be written.
    """
    site, now = ports.settings.get().site, ports.clock.now()
    address = normalised(email)
    secret = long_secret(ports)
    login_id = ports.clock.new_id("l")
    person_id = person_id_of(address, site.salt)
    key_id = ports.secrets.current
    login = Login(
        login_id=login_id,
        person_id=person_id,
        email=address,
        language=language,
        browser_hash=digest_of(secret),
        link_hash=digest_of(link_token(ports, login_id, key_id)),
        key_id=key_id,
        created_at=now,
        expires_at=now + LIFE,
        next=next_page,
    )
    one = message(
        Kind.LOGIN,
        f"login#{login_id}",
        person_id,
        0,
        due_at=now,
        now=now,
        expires_at=login.expires_at,
    )
    try:
        _ask(ports, login, one, {**_from(network), By.ADDRESS: person_id})
        nudge(ports, [one])
    except TooMany as error:
        if error.by != By.ADDRESS:
            raise
        _ask(ports, login, None, _from(network))
    return f"{login_id}.{person_id}.{secret}"


def by_link(
    ports: Ports, cookie: str, login_id: str, token: str, before: str = "", *, network: str = ""
) -> Entered:
    """Log in by the link of a mail, in the browser that asked for it.

    `before` is the digest of the session that the browser had. Refused with `invalid-request` for
    whatever is wrong with it: unknown, used, too late, another browser's. Raises TooMany for the
    network that it comes from.
    """
    tries = _tries(ports, network)
    found = COOKIE.fullmatch(cookie)
    if found is None or found[1] != login_id:
        raise _counted(ports, tries)
    return _enter(ports, cookie, lambda login: same(token, login.link_hash), before, tries)


def by_code(
    ports: Ports, cookie: str, code: str, before: str = "", *, network: str = ""
) -> Entered:
    """Log in by the code of a mail. Five wrong ones, and it is used up; errors as those of `by_link`."""

    def proved(login: Login) -> bool:
        return same(typed_code(code), digest_of(login_code(ports, login)))

    return _enter(ports, cookie, proved, before, _tries(ports, network))


def written(tx: Transaction) -> None:
    """Write what is all new. Its ids are its own: where no answer comes, whatever is there is it."""
    try:
        tx.commit()
    except OutcomeUnknown:
        return
    except Race as error:
        raise Unavailable from error


def _from(network: str) -> Things:
    return {By.NETWORK: network} if network else {}


def _ask(ports: Ports, login: Login, mail: Message | None, things: Things) -> None:
    tx = ports.begin()
    ports.logins.put(tx, login)
    if mail is not None:
        ports.outbox.put(tx, mail)
    ports.limits.add(tx, counters(ports, (Purpose.LINK,), things))
    written(tx)


def _tries(ports: Ports, network: str) -> list[Counter]:
    return counters(ports, (Purpose.CODE,), _from(network))


def _counted(ports: Ports, tries: Sequence[Counter]) -> Refused:
    """The refusal of a try of which nothing else is written."""
    ports.limits.count(tries)
    return refused()


def _enter(
    ports: Ports,
    cookie: str,
    proved: Callable[[Login], bool],
    before: str,
    tries: Sequence[Counter],
) -> Entered:
    found = COOKIE.fullmatch(cookie)
    if found is None:
        raise _counted(ports, tries)
    login_id, person_id, secret = found.groups()
    with ports.clock.within(SECONDS):
        for number in range(ATTEMPTS):
            if number:
                ports.clock.pause(number)
            login, profile = ports.logins.read(login_id, person_id)
            now = ports.clock.now()
            here = same(secret, login.browser_hash if login else NO_BROWSER_S)
            usable = (
                login is not None
                and here
                and login.person_id == person_id
                and open_at(login, now)
                and login.key_id in ports.secrets.known
            )
            if login is None or not usable:
                raise _counted(ports, tries)
            try:
                if not proved(login):
                    # The guess counts before it is answered: many at once are no more than five.
                    _count(ports, login, tries)
                    raise refused()
                person = Person("", login.email, language=login.language)
                return completed(ports, login, person, profile, before, now, tries)
            except Race:
                continue
    raise Unavailable


def _count(ports: Ports, login: Login, tries: Sequence[Counter]) -> None:
    tx = ports.begin()
    ports.logins.save(tx, failed(login))
    ports.limits.add(tx, tries)
    tx.commit()


def completed(
    ports: Ports,
    login: Login,
    person: Person,
    profile: Profile | None,
    before: str,
    now: datetime,
    tries: Sequence[Counter] = (),
) -> Entered:
    """One transaction: the proof is used up, and the session of this browser is a new one.

    `person` is whose address it proved, `profile` what was known of them; `tries` are counted. Raises
    Refused, TooMany, Race.
    """
    person_id = person_id_of(person.email, ports.settings.get().site.salt)
    tx = ports.begin()
    entered = sessions.begin(ports, tx, profile or newcomer(person_id, person, now), before, now)
    digest = digest_of(entered.cookie)
    ports.logins.save(tx, used(login, digest, now))
    ports.limits.add(tx, tries)
    try:
        tx.commit()
    except OutcomeUnknown as error:
        after, _ = ports.logins.read(login.login_id)
        if after is None or after.session != digest:
            raise (error.refused or Unavailable()) from error
    return replace(entered, next=login.next)


def refused() -> Refused:
    """The same for whatever is wrong with a proof."""
    return refuse("invalid-request", "/code", why="login")
