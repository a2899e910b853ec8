"""Who asks, and which e-mail addresses may book."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a request: nobody in particular, a system with a key, or staff."""

    actor_id: str = "anonymous"
    staff: bool = False
    vouches: bool = False
    person: Person | None = None
    manages: str = ""  # the one booking that a link is for

    @property
    def anonymous(self) -> bool:
        """Nobody showed any credentials."""
        return self.actor_id == "anonymous"


ANONYMOUS = Actor()
CLOCK = Actor(actor_id="clock")


def normalised(email: str) -> str:
    """One spelling for each address: NFKC, lower case, the domain as its IDNA A-label.

    Raises ValueError where the address is none: it has to be a dot-string at a host name (RFC 5321,
    4.1.2, and RFC 6531; quoted locals and address literals are refused), so that nothing in it can
    mean a second address to whoever reads it as a header.
    """
    local, _, domain = unicodedata.normalize("NFKC", email).strip().lower().rpartition("@")
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


def email_allowed(email: str, domains: Iterable[str]) -> bool:
    """Whether an address is of an allowed domain or of a true subdomain of one."""
    domain = normalised(email).rpartition("@")[2]
    return any(domain == allowed or domain.endswith(f".{allowed}") for allowed in domains)


def person_id_of(email: str, salt: str) -> str:
    """The same pseudonymous id for every spelling of an address, useless without the site's salt."""
    digest = hashlib.blake2b(
        normalised(email).encode(), key=salt.encode()[:64], digest_size=16
    ).hexdigest()
    return f"p_{digest}"
