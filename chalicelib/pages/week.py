"""What is free in a week or on a day: every space, every day, every time with a word for it.

A free time is a link only if a booking that begins there would be taken now: setup, cleanup, notice,
horizon and grid are counted by the same code that books.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from chalicelib.domain.availability import HOURS, PAST, availability, margin
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import refuse
from chalicelib.domain.occupancy import Occupancy
from chalicelib.domain.spaces import Kind, Space
from chalicelib.domain.stretches import Stretch
from chalicelib.domain.times import FIRST_YEAR, LAST_YEAR, local_date, midnight, plus_days
from chalicelib.services.availability import occupied
from chalicelib.services.ports import Ports

USUAL_MINUTES = 60  # what a link offers when nobody said how long
WAKING = 8  # a link into a free day begins at this hour, where it can


@dataclass(frozen=True, slots=True)
class Wish:
    """What a reader narrows the week down to."""

    first: date
    days: int
    people: int | None = None
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A time of one day and its state; `book` is the booking that it offers, if any."""

    starts_at: datetime
    ends_at: datetime
    state: str
    book: tuple[datetime, datetime] | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """A space on a day. `whole` is its state where that is the same all day."""

    day: date
    pieces: tuple[Piece, ...]
    whole: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A space and its days; `units` is how many of a pool a link asks for."""

    space: Space
    cells: tuple[Cell, ...]
    units: int = 1


def monday_of(week: str) -> date:
    """The Monday of an ISO week such as 2026-W49. Raises Refused."""
    try:
        year, number = week.split("-W")
        if len(year) == 4 and len(number) == 2 and FIRST_YEAR <= int(year) <= LAST_YEAR:
            return date.fromisocalendar(int(year), int(number), 1)
    except ValueError:
        pass
    raise refuse("invalid-request", "/week")


def day_of(text: str) -> date:
    """A day such as 2026-12-02. Raises Refused."""
    try:
        if len(text) == 10 and FIRST_YEAR <= int(text[:4]) <= LAST_YEAR:
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise refuse("invalid-request", "/day")


def name_of_week(day: date) -> str:
    """The ISO week of a day, as 2026-W49."""
    year, number, _ = day.isocalendar()
    return f"{year}-W{number:02d}"


def rows(ports: Ports, catalog: Catalog, wish: Wish) -> list[Row]:
    """Every space that is large enough, in the order of the ids: what search reads, and no more."""
    zone = catalog.site.zone
    starts_at = midnight(wish.first, zone)
    ends_at = midnight(wish.first + timedelta(days=wish.days), zone)
    spaces = [space for space in catalog.places() if _large_enough(space, wish.people)]
    around = margin(spaces, catalog)
    occupancy = occupied(ports, catalog, spaces, starts_at - around, ends_at + around)
    now = ports.clock.now()
    return [_row(space, catalog, occupancy, wish, now) for space in spaces]


def _large_enough(space: Space, people: int | None) -> bool:
    units = space.units if space.kind is Kind.POOL else 1
    return space.capacity * units >= (people or 0)


def _row(space: Space, catalog: Catalog, occupancy: Occupancy, wish: Wish, now: datetime) -> Row:
    zone = catalog.site.zone
    units = -(-(wish.people or 1) // space.capacity) if space.kind is Kind.POOL else 1
    need = max(space.min_minutes, wish.minutes or 0)
    days = [wish.first + timedelta(days=number) for number in range(wish.days + 1)]
    starts_at, ends_at = midnight(days[0], zone), midnight(days[-1], zone)
    found = availability(
        space, catalog, occupancy, starts_at, ends_at, now, minutes=need, units=units
    )
    latest = plus_days(now, space.horizon_days, zone)
    states = [
        *((stretch, "free") for stretch in found.free),
        *((stretch, stretch.reason) for stretch in (*found.busy, *found.closed)),
    ]
    states += [
        (stretch, _why_not(stretch, need, latest))
        for stretch in _gaps([stretch for stretch, _ in states], starts_at, ends_at)
    ]
    states.sort(key=lambda each: each[0].starts_at)
    wanted = wish.minutes or max(USUAL_MINUTES, need)
    offers = _Offers(found.starts or (), need, min(max(wanted, need), space.max_minutes), catalog)
    cells = (
        _cell(day, states, offers, midnight(day, zone), midnight(following, zone), now)
        for day, following in pairwise(days)
    )
    return Row(space, tuple(cells), units)


def _gaps(known: list[Stretch], starts_at: datetime, ends_at: datetime) -> Iterator[Stretch]:
    """Free times in which no booking of the length would be taken."""
    at = starts_at
    for stretch in sorted(known, key=lambda each: each.starts_at):
        if stretch.starts_at > at:
            yield Stretch(at, stretch.starts_at)
        at = max(at, stretch.ends_at)
    if at < ends_at:
        yield Stretch(at, ends_at)


def _why_not(stretch: Stretch, need: int, latest: datetime) -> str:
    if stretch.starts_at > latest:
        return "later"
    return "short" if stretch.ends_at - stretch.starts_at < timedelta(minutes=need) else "other"


@dataclass(frozen=True, slots=True)
class _Offers:
    """The bookings that free times lead to."""

    starts: tuple[datetime, ...]
    need: int
    wanted: int
    catalog: Catalog

    def within(self, first: datetime, last: datetime) -> tuple[datetime, datetime] | None:
        """The first of a free time, by preference not before people are awake.

        Between two possible starts of one free time all is free, so a booking may last from any of
        them to the end of the last.
        """
        possible = [start for start in self.starts if first <= start < last]
        if not possible:
            return None
        zone = self.catalog.site.zone
        start = next((each for each in possible if each.astimezone(zone).hour >= WAKING), None)
        start = start or possible[0]
        latest = possible[-1] + timedelta(minutes=self.need)
        return start, min(start + timedelta(minutes=self.wanted), latest)


def _cell(
    day: date,
    states: list[tuple[Stretch, str]],
    offers: _Offers,
    first: datetime,
    last: datetime,
    now: datetime,
) -> Cell:
    if last <= now:
        return Cell(day, (), PAST)
    pieces = []
    for stretch, state in states:
        start, end = max(stretch.starts_at, first), min(stretch.ends_at, last)
        if start < end:
            book = offers.within(start, end) if state == "free" else None
            # The last start of a day may need more than is left of it.
            state_here = "other" if state == "free" and book is None else state
            pieces.append(Piece(start, end, state_here, book))
    kinds = {piece.state for piece in pieces}
    if len(kinds) == 1 and not kinds & {"free"}:
        return Cell(day, tuple(pieces), kinds.pop())
    if not kinds - {HOURS, PAST}:
        return Cell(day, tuple(pieces), PAST)
    return Cell(day, tuple(_without_nights(pieces)))


def _without_nights(pieces: list[Piece]) -> list[Piece]:
    """The hours before opening and after closing go without saying: they stand beside the name."""
    first = next(index for index, piece in enumerate(pieces) if piece.state != HOURS)
    last = next(index for index, piece in enumerate(reversed(pieces)) if piece.state != HOURS)
    return pieces[first : len(pieces) - last]


def today(ports: Ports, catalog: Catalog) -> date:
    """The day that it is at the site."""
    return local_date(ports.clock.now(), catalog.site.zone)
