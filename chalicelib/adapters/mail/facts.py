"""What a mail tells of a booking, as labels and values in the reader's language."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from chalicelib.adapters.mail.words import Words
from chalicelib.adapters.plain import line, lines
from chalicelib.domain.bookings import Booking, PendingChange
from chalicelib.domain.letters import Facts
from chalicelib.domain.people import Person
from chalicelib.domain.spaces import Kind, Space
from chalicelib.domain.spoken import in_language


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that is so."""

    label: str
    value: str
    url: str = ""  # where the value leads, if anywhere


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not as it was."""

    label: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class Instruction:
    """How to use what was booked."""

    names: str
    text: str


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells of bookings in one language, with the names of one Lab's spaces."""

    words: Words
    spaces: Mapping[str, Space]

    def where(self, space_ids: Iterable[str]) -> str:
        """Names of spaces."""
        return ", ".join(self._name(each) for each in space_ids)

    def details(self, booking: Booking) -> list[Row]:
        """What was booked; only what says something."""
        pooled = self._pooled(booking.space_ids)
        found = {
            "when": self._when(booking),
            "where": self.where(booking.space_ids),
            "title": line(booking.title),
            "attendees": str(booking.attendees),
            "units": str(booking.units) if pooled else "",
            "equipment": self._equipment(booking.equipment),
            "facilitator": self._facilitator(booking.facilitator),
            "id": booking.booking_id,
        }
        return _rows(self.words, found)

    def place(self, booking: Booking) -> list[Row]:
        """When and where, and the number: nothing that somebody typed."""
        found = {
            "when": self._when(booking),
            "where": self.where(booking.space_ids),
            "id": booking.booking_id,
        }
        return _rows(self.words, found)

    def booker(self, booking: Booking) -> list[Row]:
        """Whose it is."""
        found = {
            "person": line(booking.person.name),
            "organisation": line(booking.person.organisation),
            "email": booking.person.email,
        }
        return _rows(self.words, found)

    def guest(self, person: Person, last_day: str) -> list[Row]:
        """Who is invited, with which address they log in, and until when."""
        found = {
            "name": line(person.name),
            "organisation": line(person.organisation),
            "email": person.email,
            "last_day": last_day,
        }
        return _rows(self.words, found)

    def wishes(self, booking: Booking) -> list[Row]:
        """What they wrote to staff."""
        found = {
            "notes": lines(booking.notes),
            "facilitation_notes": lines(booking.facilitation_notes),
        }
        return _rows(self.words, found)

    def changes(self, before: Facts | None, now: Facts | None) -> list[Change]:
        """What differs, and nothing else."""
        if before is None or now is None:
            return []
        was, told = dict(self._told(before)), dict(self._told(now))
        nothing = self.words("frame.nothing")
        return [
            Change(self.words(f"row.{name}"), was[name] or nothing, told[name] or nothing)
            for name in was
            if was[name] != told[name]
        ]

    def instructions(self, booking: Booking) -> list[Instruction]:
        """How to use the spaces; what is said of several is said once."""
        found: dict[str, list[str]] = {}
        for each in booking.space_ids:
            space = self.spaces.get(each)
            text = lines(in_language(space.instructions, self.words.language)) if space else ""
            if text:
                found.setdefault(text, []).append(self._name(each))
        return [Instruction(", ".join(names), text) for text, names in found.items()]

    def _told(self, facts: Facts) -> Iterator[tuple[str, str]]:
        yield "when", self._when(facts)
        yield "where", self.where(facts.space_ids)
        yield "units", str(facts.units)
        yield "equipment", self._equipment(facts.equipment)
        yield "facilitator", self._facilitator(facts.facilitator)

    def _when(self, one: Booking | Facts | PendingChange) -> str:
        return f"{self.words.when(one.starts_at, one.ends_at)} ({self.words.zone_name})"

    def _equipment(self, equipment: Mapping[str, int]) -> str:
        return ", ".join(f"{self._name(each)}: {count}" for each, count in equipment.items())

    def _facilitator(self, space_id: str | None) -> str:
        return self._name(space_id) if space_id else ""

    def _name(self, space_id: str) -> str:
        space = self.spaces.get(space_id)
        return (line(in_language(space.name, self.words.language)) if space else "") or space_id

    def _pooled(self, space_ids: Iterable[str]) -> bool:
        found = (self.spaces.get(each) for each in space_ids)
        return any(space and space.kind is Kind.POOL for space in found)


def wanted(booking: Booking) -> Facts | None:
    """What a booking would be, were the change that its person asks for made."""
    change = booking.pending_change
    if change is None:
        return None
    return Facts(
        change.starts_at,
        change.ends_at,
        change.space_ids,
        change.units,
        dict(change.equipment),
        change.facilitator,
    )


def _rows(words: Words, found: Mapping[str, str]) -> list[Row]:
    return [Row(words(f"row.{name}"), value) for name, value in found.items() if value]
