"""The settings of the site: what may be booked, by whom, and what is closed when."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from chalicelib.domain.closures import Closure
from chalicelib.domain.domains import AllowedDomain
from chalicelib.domain.footprints import Range, Ranges, merged
from chalicelib.domain.spaces import PLACES, Kind, Space

HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*")
NOWHERE = "labbokning.invalid"  # a name that nobody can ever have (RFC 6761, 6.4)


@dataclass(frozen=True, slots=True)
class Site:
    """What holds for the whole workspace."""

    name: Mapping[str, str] = field(default_factory=lambda: {"en": "Lab"})
    time_zone: str = "Europe/Helsinki"
    base_url: str = ""
    prove_address: bool = True  # who is not vouched for shows by a mail that the address is theirs
    hold_minutes: int = 30
    anonymous_holds: int | None = (
        20  # at once, of everybody who has proved no address; None: no limit
    )
    live_bookings: int | None = None  # how many a person may have at once; None: no limit
    hours_per_week: int | None = None  # of a person's bookings
    organisation_live_bookings: int | None = None  # of all the people of one together
    organisation_hours_per_week: int | None = None
    allowed_domains: tuple[AllowedDomain, ...] = ()
    allowed_sites: tuple[str, ...] = ()  # origins that may embed forms and be redirected to
    mailbox: str = ""  # whom mails come from and answers go to: somebody reads it
    mail_texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # kind, language
    salt: str = "unsalted"
    version: int = 1

    @property
    def zone(self) -> ZoneInfo:
        """The zone that local times and dates are meant in."""
        return ZoneInfo(self.time_zone)

    @property
    def host(self) -> str:
        """What this Lab is called among machines: in addresses, and in the ids of mails and entries."""
        host = urlsplit(self.base_url).hostname or ""
        return host if HOST.fullmatch(host) else NOWHERE

    @property
    def address(self) -> str:
        """The mailbox; where none is set, one at the Lab's own host."""
        return self.mailbox or f"lab@{self.host}"


@dataclass(frozen=True)
class Catalog:
    """All settings as read at one moment; `revision` grows with every change of any of them."""

    site: Site = Site()
    spaces: Mapping[str, Space] = field(default_factory=dict)
    closures: tuple[Closure, ...] = ()
    revision: int = 0
    hidden: frozenset[str] = frozenset()  # spaces that are not for whoever asks

    def active(self, space_id: str) -> Space | None:
        """A space in use, or None; a combined one is in use only with all its parts."""
        space = self.spaces.get(space_id)
        if space is None or not space.active or space_id in self.hidden:
            return None
        parts = (self.spaces.get(part) for part in space.parts)
        return space if all(part and part.active for part in parts) else None

    def places(self) -> list[Space]:
        """The spaces in use, in the order of their ids: no people, no equipment."""
        return [space for space in self._active() if space.kind in PLACES]

    def people(self) -> list[Space]:
        """The facilitators in use."""
        return [space for space in self._active() if space.kind is Kind.PERSON]

    def parts_of(self, space: Space) -> list[Space]:
        """The spaces whose calendars a space uses: its parts, or itself."""
        if space.kind is not Kind.COMBINED:
            return [space]
        return [self.spaces[part] for part in space.parts if part in self.spaces]

    def resource_ids(self, space: Space) -> tuple[str, ...]:
        """Every calendar of a space."""
        if space.kind is not Kind.COMBINED:
            return space.resource_ids()
        return tuple(resource for part in self.parts_of(space) for resource in part.resource_ids())

    def governing(self, spaces: Iterable[Space]) -> dict[str, int]:
        """The versions that a decision about these spaces relies on: theirs and their parts'."""
        return {
            each.space_id: each.version
            for space in spaces
            for each in (space, *self.parts_of(space))
        }

    def closed_ranges(self, resource_id: str) -> Ranges:
        """The slots of a resource that any live closure means to hold, held yet or not."""
        return self._closed.get(resource_id, ())

    @cached_property
    def _closed(self) -> dict[str, Ranges]:
        ranges: dict[str, list[Range]] = {}
        for closure in self.closures:
            if closure.live:
                for resource_id in closure.resource_ids:
                    span = (closure.first_slot, closure.last_slot)
                    ranges.setdefault(resource_id, []).append(span)
        return {resource_id: merged(spans) for resource_id, spans in ranges.items()}

    def _active(self) -> Iterator[Space]:
        return (space for key in sorted(self.spaces) if (space := self.active(key)))
