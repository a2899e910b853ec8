"""Who asks: people by their addresses, systems by their keys, and what each of them is."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

# What RFC 5322 (3.2.3) has and RFC 6531 adds, by what they leave out: that compiles in no time.
ATOM = r"[^\x00-\x20\"(),.:;<>@A-Z\[\\\]\x7f]+"
LOCAL = re.compile(rf"{ATOM}(\.{ATOM})*")
LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
HOST = re.compile(rf"({LABEL}\.)+{LABEL}")
MOST_LOCAL, MOST = 64, 254  # octets of RFC 5321, 4.5.3.1


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who books: what they told us of themselves."""

    name: str
    email: str
    organisation: str = ""
    language: str = "fi"


class Role(StrEnum):
    """What somebody is to the Lab, from the least on."""

    VISITOR = "visitor"  # nobody in particular
    PERSON = "person"  # an address of an allowed domain, proved: a state employee
    PARTNER = "partner"  # invited in person, until a day
    STAFF = "staff"  # the Lab's hosts
    ADMIN = "admin"  # a host who also says who is what, and issues keys


class Scope(StrEnum):
    """What another system's key is for."""

    AVAILABILITY = "availability"  # to read what is free
    BOOK = "book"  # on behalf of people, whom it vouches for
    STAFF = "staff"  # whatever a host may


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a request: nobody in particular, a person, a system with a key, or a link's holder."""

    actor_id: str = "anonymous"
    role: Role = Role.VISITOR
    scopes: tuple[Scope, ...] = ()  # of a system's key
    person: Person | None = None
    person_id: str = ""  # whose address was proved
    manages: str = ""  # the one booking that a link is for
    allows: tuple[str, ...] = ()  # what may be done with it, as `access.Action` names it
    session: str = ""  # the digest of the session that the request came in
    key_id: str = ""  # of the API key that it came with

    @property
    def anonymous(self) -> bool:
        """Nobody showed any credentials."""
        return self.actor_id == "anonymous"

    @property
    def staff(self) -> bool:
        """Whether it is a host of the Lab, or a system that may do what they may."""
        return self.role in (Role.STAFF, Role.ADMIN) or Scope.STAFF in self.scopes

    @property
    def admin(self) -> bool:
        """Whether it may say who is what."""
        return self.role is Role.ADMIN

    @property
    def vouches(self) -> bool:
        """Whether the addresses of whom it books for need no proof."""
        return self.staff or Scope.BOOK in self.scopes


# Whose everything is that was a forgotten person's: of sign-ups, which are found by it, with a part of its own.
ERASED = "p_erased"
ANONYMOUS = Actor()
CLOCK = Actor(actor_id="clock")


def normalised(email: str) -> str:
    """One spelling for each address: NFKC, lower case, the domain as its IDNA A-label.

    Raises ValueError where the address is none: it has to be a dot-string at a host name (RFC 5321,
    4.1.2, and RFC 6531; quoted locals and address literals are refused), so that nothing in it can
    mean a second address to whoever reads it as a header. Letters are Latin ones: those of other
    scripts look like them (UTS 39, 4), and whoever answers a person's mails cannot tell.
    """
    local, _, domain = unicodedata.normalize("NFKC", email).strip().lower().rpartition("@")
    if not all(_latin(sign) for sign in local + domain):
        raise ValueError("email")
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise ValueError("email") from error
    address = f"{local}@{domain}"
    if not (LOCAL.fullmatch(local) and local.isprintable() and HOST.fullmatch(domain)):
        raise ValueError("email")
    if len(local.encode()) > MOST_LOCAL or len(address.encode()) > MOST:
        raise ValueError("email")
    return address


def person_id_of(email: str, salt: str) -> str:
    """The same pseudonymous id for every spelling of an address, useless without the site's salt."""
    digest = hashlib.blake2b(
        normalised(email).encode(), key=salt.encode()[:64], digest_size=16
    ).hexdigest()
    return f"p_{digest}"


def _latin(sign: str) -> bool:
    return sign.isascii() or not sign.isalpha() or unicodedata.name(sign, "").startswith("LATIN ")
