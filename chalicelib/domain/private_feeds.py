"""Secret addresses of people's own calendars: whose they are, and what they show."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from chalicelib.domain.attending import Attending
from chalicelib.domain.bookings import Booking, State, judged
from chalicelib.domain.catalog import Site
from chalicelib.domain.letters import Seat
from chalicelib.domain.spaces import Space

MOST = 5  # live ones of a person
BACK = timedelta(days=30)
MARKED = timedelta(days=30)  # how long what was given up or called off stays in it, marked
READ_EVERY = timedelta(days=1)  # how exactly it is noted that it is in use


@dataclass(frozen=True, slots=True)
class PrivateFeed:
    """An address, by the SHA-256 of its secret part."""

    feed_id: str
    person_id: str
    token_hash: str
    made_with: str  # the id of the key that its secret is derived with
    language: str
    created_at: datetime
    label: str = ""
    read_at: datetime | None = None  # to the day


@dataclass(frozen=True, slots=True)
class OwnCalendar:
    """What an address shows: a person's own bookings, and the seats that they have at events."""

    label: str
    language: str
    site: Site
    spaces: Mapping[str, Space]
    bookings: tuple[Booking, ...]  # as they are judged, by start
    seats: tuple[Seat, ...] = ()  # for good; of events that were called off, those there had been

    def fingerprint(self, *said: str) -> str:
        """The same for the same calendar, told in the same words; of all that a reader sees of it."""
        named = {each for booking in self.bookings for each in booking.space_ids}
        places = [(key, self.spaces[key]) for key in sorted(named & set(self.spaces))]
        seen = (
            (*said, self.label, self.language, self.site.host, self.site.address),
            sorted(self.site.name.items()),
            [
                (key, sorted(one.name.items()), sorted(one.instructions.items()))
                for key, one in places
            ],
            self.bookings,
            [_seen(each) for each in self.seats],
        )
        return blake2b(repr(seen).encode(), digest_size=16).hexdigest()


def in_sight(bookings: Iterable[Booking], now: datetime) -> tuple[Booking, ...]:
    """Those that a calendar shows, as they are now: what is over or given up only for a while."""
    return tuple(
        judged(each, now)
        for each in bookings
        if each.ends_at > now - BACK
        and _given_up_at(each, now) > now - MARKED
        and not _never_proved(each, now)
    )


def attended_in_sight(found: Iterable[Attending], now: datetime) -> list[Attending]:
    """Those that a calendar shows, by start: seats, and for a while what was called off with one in it."""
    seen = [
        each
        for each in found
        if each.event.ends_at > now - BACK
        and (each.comes or (each.called_off and each.revised_at > now - MARKED))
    ]
    return sorted(seen, key=lambda each: (each.event.starts_at, each.event.event_id))


def is_noted(feed: PrivateFeed, now: datetime) -> bool:
    """Whether it is noted already that the address is in use."""
    return feed.read_at is not None and now < feed.read_at + READ_EVERY


def _seen(seat: Seat) -> tuple[object, ...]:
    """All that an entry says: not how many others come, which changes without it."""
    event = seat.event
    return (
        *(event.event_id, event.starts_at, event.ends_at, event.live, sorted(event.title.items())),
        *(seat.sequence, seat.remote, seat.venue, seat.link, seat.revised_at),
        event.programme.contact,
    )


def _never_proved(booking: Booking, now: datetime) -> bool:
    """Whether it was a hold that nobody confirmed: then perhaps it never was this person's."""
    return booking.confirm_by is not None and judged(booking, now).state is State.EXPIRED


def _given_up_at(booking: Booking, now: datetime) -> datetime:
    """When it was cancelled or denied, or ran out; of a live one the present."""
    if judged(booking, now).live:
        return now
    if booking.live:  # it ran out, and nobody has tidied it yet
        return booking.due_at or now
    return booking.changed_at or booking.created_at
