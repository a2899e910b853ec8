"""How often somebody may write: so many times in a window of time, by who it is or where it comes from.

Windows begin when the clock says so and not with the first request, which makes of each a counter and
nothing else; around the edge of two, twice as much may come as in one.
"""

import hashlib
import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.errors import TooMany

MINUTE, HOUR, DAY = 60, 3600, 86_400
UNKNOWN = "unknown"


class By(StrEnum):
    """By what requests are told apart."""

    NETWORK = "network"  # the address that they come from
    ADDRESS = "address"  # the person whose address they name
    ORGANISATION = "organisation"  # the domain of that address
    PERSON = "person"  # who has logged in
    KEY = "key"  # of another system, or a host of the Lab


class Purpose(StrEnum):
    """What requests are for, as far as they are counted apart."""

    BOOK = "book"
    HOLD = "hold"  # an anonymous booking that was made
    LINK = "link"  # a mail to log in by
    CODE = "code"  # a try of one, or the wish for another mail with it
    LOG_IN = "log-in"  # a try of one, too, which is counted with what comes of it
    LOOK_UP = "look-up"  # what would be answered if somebody booked
    WRITE = "write"  # whatever else changes something


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests of a kind in a window."""

    purpose: Purpose
    by: By
    most: int
    seconds: int


# Whole offices share one address of the network, so what stands by it is no measure of a person.
LIMITS = (
    # A form takes a person half a minute, and an office does not fill in sixty of them in an hour.
    Limit(Purpose.BOOK, By.NETWORK, 10, MINUTE),
    Limit(Purpose.BOOK, By.NETWORK, 60, HOUR),
    # From many networks at once, somebody who makes up addresses of one domain.
    Limit(Purpose.BOOK, By.ORGANISATION, 600, HOUR),
    # A script that books, cancels and books again fills the mailboxes of the hosts, not only the Lab.
    Limit(Purpose.BOOK, By.PERSON, 120, DAY),
    # Each of these is a mail to an address that nobody has proved: six are no flood.
    Limit(Purpose.HOLD, By.ADDRESS, 6, DAY),
    # Who holds times for half an hour at a time, one after the other, is through with them by noon.
    Limit(Purpose.HOLD, By.NETWORK, 20, DAY),
    # Forty guests log in at nine o'clock through the one address of the house; more than twice that
    # is a program. Nobody's mailbox is filled meanwhile: that is what the next one is for.
    Limit(Purpose.LINK, By.NETWORK, 100, 10 * MINUTE),
    # Mails to somebody who may not want them: five an hour are enough for who has lost one.
    Limit(Purpose.LINK, By.ADDRESS, 5, HOUR),
    # The same guests type their codes. Of 40 bits that hold for half an hour nobody guesses one in so
    # few tries, and of a login's own there are five.
    Limit(Purpose.CODE, By.NETWORK, 100, 10 * MINUTE),
    # Whoever may book is told of by a preview: a list of addresses is not to be tried out by it.
    Limit(Purpose.LOOK_UP, By.NETWORK, 30, MINUTE),
    # Links of mails, and whatever comes to be.
    Limit(Purpose.WRITE, By.NETWORK, 60, MINUTE),
    # Nobody presses a button more than once in a second for a minute.
    Limit(Purpose.WRITE, By.PERSON, 60, MINUTE),
    # Systems book for everybody, and hosts close the whole Lab: only what runs wild is stopped.
    Limit(Purpose.WRITE, By.KEY, 12_000, MINUTE),
)


@dataclass(frozen=True, slots=True)
class Counter:
    """A limit for one of those that it holds for, in the present window: one item."""

    token: str
    limit: Limit
    ends_at: int  # of the window, in epoch seconds
    seconds_left: int


def limits_for(purposes: Collection[Purpose], bys: Collection[By]) -> tuple[Limit, ...]:
    """The limits that hold for requests of these purposes, by what is known of who asks."""
    return tuple(each for each in LIMITS if each.purpose in purposes and each.by in bys)


def counter(limit: Limit, who: str, now: datetime) -> Counter:
    """The counter of a limit. `who` is a digest: from the item, nobody finds out whom it is about."""
    second = int(now.timestamp())
    window = second // limit.seconds
    ends_at = (window + 1) * limit.seconds
    text = f"limit\n{limit.purpose}\n{limit.by}\n{limit.seconds}\n{who}\n{window}"
    token = hashlib.sha256(text.encode()).hexdigest()
    return Counter(token, limit, ends_at, ends_at - second)


def too_many(full: Counter) -> TooMany:
    """What is said of a counter that is full: to come again when its window is over."""
    return TooMany(full.seconds_left, full.limit.purpose.value, full.limit.by.value)


def network_of(address: object) -> str:
    """The network that an address belongs to: of IPv6 the /64 that one household has (RFC 6177).

    What is no address is all one network, so that nobody is left uncounted.
    """
    try:
        found = ipaddress.ip_address(str(address))
    except ValueError:
        return UNKNOWN
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), 64), strict=False))
