"""Who asks, and which e-mail addresses may book."""

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass


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

    @property
    def anonymous(self) -> bool:
        """Nobody showed any credentials."""
        return self.actor_id == "anonymous"


ANONYMOUS = Actor()
CLOCK = Actor(actor_id="clock")


def normalised(email: str) -> str:
    """One spelling for each address: NFKC, lower case, the domain as its IDNA A-label.

    Raises ValueError where the address is none (RFC 5321's quoted locals included).
    """
    local, at, domain = unicodedata.normalize("NFKC", email).strip().lower().rpartition("@")
    if not at or not local or '"' in local or "@" in local or any(map(str.isspace, local)):
        raise ValueError("email")
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise ValueError("email") from error
    if "." not in domain or domain.startswith(".") or domain.endswith("."):
        raise ValueError("email")
    return f"{local}@{domain}"


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
