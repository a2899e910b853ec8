"""Which e-mail addresses are a state employee's: by domain, each from a day until a day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from chalicelib.domain.people import normalised


@dataclass(frozen=True, slots=True)
class AllowedDomain:
    """A domain whose addresses, and those of its subdomains, may book; an agency, to the quotas.

    `domain` is a host name in lower case, international ones as A-labels. `until` is its last day.
    """

    domain: str
    since: date | None = None
    until: date | None = None
    confirmed: bool = True  # whether somebody has made sure that it is what it is taken for
    note: str = ""

    def holds(self, day: date) -> bool:
        """Whether it is allowed on a day."""
        return (self.since or day) <= day <= (self.until or day)


def allowed(domains: Iterable[str]) -> tuple[AllowedDomain, ...]:
    """Domains that are allowed for good."""
    return tuple(AllowedDomain(each) for each in domains)


def domain_of(email: str, domains: Iterable[AllowedDomain], day: date) -> AllowedDomain | None:
    """The allowed domain that an address is of: its host itself or a true subdomain of it.

    Where several are, the longest. Raises ValueError for what is no address.
    """
    host = normalised(email).rpartition("@")[2]
    found = [
        each
        for each in domains
        if each.holds(day) and (host == each.domain or host.endswith(f".{each.domain}"))
    ]
    return max(found, key=lambda each: len(each.domain), default=None)
