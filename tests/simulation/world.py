"""A small Lab with many clients who do what people, staff and the clock do, at random and at once.

Every client is a worker with settings of its own age. Between two storage calls of one, another may do
something whole: so reads are stale and races are lost, without threads and repeatable from a seed.
"""

import random
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.bookings import Booking, State, etag, judged
from chalicelib.domain.errors import (
    IdempotencyMismatch,
    NotFound,
    Refused,
    StaleVersion,
    TooMany,
    Unavailable,
)
from chalicelib.domain.holds import Place, places_of
from chalicelib.domain.people import Actor
from chalicelib.domain.quotas import minutes_by_week
from chalicelib.domain.times import local_date
from chalicelib.services import bookings, closures, confirming, expiry, links, spaces
from chalicelib.services.ports import Ports
from tests.builders import (
    AINO,
    ANYBODY,
    EERO,
    FORM,
    HELSINKI,
    NOW,
    OFFICE,
    SAMI,
    STAFF,
    a_change,
    a_request,
    a_store,
    an_intent,
)
from tests.fakes import FakeClock, Store, memory_ports
from tests.simulation.invariant import Invariant, Violation

WORKERS = 5
DAYS = 9
QUOTA = 12
NETWORKS, HOLDS = 6, 8  # from how many they come, and how many may be held in all
HOURS, HOURS_OF_ALL = 7, 60  # a week: of a person, and of the organisation that all of them are of
PEOPLE = [
    replace(person, email=person.email.replace("@", f"{number}@"))
    for person in (AINO, EERO, SAMI)
    for number in range(4)
]
PLACES = ["hall", "hall-a", "hall-b", "studio", "pod", "desks", "lab"]
CHANCES = {
    "book": 34,
    "move": 18,
    "edit": 4,
    "cancel": 14,
    "approve": 5,
    "deny": 3,
    "confirm": 3,
    "expire": 3,
    "close": 0.8,
    "go_on": 2,
    "lift": 1.2,
    "settings": 1.5,
    "replay": 2,
    "wait": 5,
}
EXPECTED = (Refused, NotFound, StaleVersion, IdempotencyMismatch, TooMany, Unavailable)


class World:
    """A store, its workers, and a history that a seed decides."""

    def __init__(self, seed: int, leave_out: frozenset[str] = frozenset()) -> None:
        self.random = random.Random(seed)
        quota = QUOTA if seed % 2 else None
        self.store: Store = a_store(
            live_bookings=quota,
            hours_per_week=HOURS if seed % 4 < 2 else None,
            organisation_hours_per_week=HOURS_OF_ALL if seed % 5 < 2 else None,
            anonymous_holds=HOLDS if seed % 2 else None,
            prove_address=seed % 3 == 0,
        )
        self.store.leave_out = leave_out
        self.clock = FakeClock(NOW)
        self.workers = [memory_ports(self.store, self.clock) for _ in range(WORKERS)]
        self.invariant = Invariant(self.store)
        self.counts: Counter[str] = Counter()
        self.known: list[str] = []
        self.granted: set[str] = set()  # more than was asked for at first, and nobody counted it
        self.closures: list[str] = []
        self.requests: list[tuple[Any, Any, Any]] = []
        self.acknowledged: dict[str, int] = {}
        self.busy: list[int] = []
        self.wanted: tuple[str, datetime] | None = None
        self.store.before = self._interrupted

    def step(self) -> None:
        """One operation of one client, and the check after it."""
        name = self.random.choices(list(CHANCES), list(CHANCES.values()))[0]
        # A worker does one thing at a time: who is interrupted cannot also be who interrupts.
        worker = self.random.choice([each for each in range(WORKERS) if each not in self.busy])
        ports = self.workers[worker]
        self.busy.append(worker)
        try:
            outcome = getattr(self, f"_{name}")(ports)
        except EXPECTED as error:
            code = error.code if isinstance(error, Refused) else type(error).__name__
            outcome = f"refused {code}"
        finally:
            self.busy.pop()
        self.counts[f"{name}: {outcome}"] += 1
        self.invariant.check()

    def run(self, operations: int) -> Counter[str]:
        """A history of so many operations (those in between counted), and what came of each."""
        while self.counts.total() < operations:
            self.step()
            if self.counts.total() % 1000 == 0:
                self.look_at_everything()
        self.look_at_everything()
        return self.counts

    def look_at_everything(self) -> None:
        """All of the tables against each other, and all that was ever acknowledged."""
        self.invariant.check_all()
        now = self.clock.now()
        for booking_id, version in self.acknowledged.items():
            present = self.store.bookings.get(booking_id)
            if present is None or present.version < version:
                raise Violation(f"{booking_id} was acknowledged and is gone")
        if (limit := self.store.site.live_bookings) is not None:
            live = Counter(
                booking.person_id
                for booking in self.store.bookings.values()
                if judged(booking, now).live and booking.ends_at > now
            )
            if live and max(live.values()) > limit:
                raise Violation(f"{max(live.values())} live bookings of one person")
        self._look_at_hours()
        self._look_at_holds()

    def _look_at_holds(self) -> None:
        """Of no address and no network are more than two held, and all that is held is counted."""
        site, now = self.store.site, self.clock.now()
        held: Counter[Place] = Counter()
        for booking in self.store.bookings.values():
            if judged(booking, now).state is not State.HELD:
                continue
            for place in places_of(booking, site):
                held[place] += 1
                if booking.booking_id not in self.store.holds[place.key].until:
                    raise Violation(f"{booking.booking_id} is held and not counted")
        for place, number in held.items():
            if number > place.most:
                raise Violation(f"{number} holds where there may be {place.most}")

    def _look_at_hours(self) -> None:
        """Of nobody, and of no organisation, are there more hours in a week than there may be."""
        site, now = self.store.site, self.clock.now()
        minutes: Counter[tuple[str, str]] = Counter()
        for booking in self.store.bookings.values():
            if not judged(booking, now).live or booking.booking_id in self.granted:
                continue
            span = int(booking.starts_at.timestamp()), int(booking.ends_at.timestamp())
            for week, each in minutes_by_week(span, site).items():
                minutes[booking.person_id, week] += each
                minutes[booking.organisation_id, week] += each
        limits = {"p": site.hours_per_week, "o": site.organisation_hours_per_week}
        for (holder, week), found in minutes.items():
            limit = limits.get(holder[:1])
            if limit is not None and found > limit * 60:
                raise Violation(f"{found} minutes of {holder} in {week}")

    def _interrupted(self, call: str) -> None:
        """Let somebody else do something whole before a storage call."""
        # Most often right before a write, when everything has been decided.
        chance = 0.2 if call == "commit" else 0.02
        if 0 < len(self.busy) < 3 and self.random.random() < chance:
            self.step()

    def _book(self, ports: Ports) -> str:
        space, start = self._wish()
        minutes = 15 * self.random.choice([2, 2, 3, 4, 4, 6, 8])
        request = a_request(
            space,
            starts_at=start,
            ends_at=start + timedelta(minutes=minutes),
            person=self.random.choice(PEOPLE),
            equipment={"screen": 1} if self.random.random() < 0.1 else {},
            facilitation=self.random.random() < 0.1,
            units=self.random.choice([1, 1, 2, 3]) if space == "desks" else 1,
        )
        actor = self.random.choice([FORM, FORM, ANYBODY, STAFF])
        network = f"n{self.random.randrange(NETWORKS)}" if actor.anonymous else ""
        intent = an_intent(actor, key=f"key-{self.random.random()}", network=network)
        self.requests = [*self.requests[-50:], (request, intent, None)]
        booking = bookings.book(ports, request, intent).value
        return self._acknowledge(booking)

    def _replay(self, ports: Ports) -> str:
        """The same request again: whatever happened to the first, it is done at most once."""
        if not self.requests:
            return "nothing to do"
        request, intent, _ = self.random.choice(self.requests)
        before = len(self.store.bookings)
        outcome = bookings.book(ports, request, intent)
        if outcome.replayed:
            return "replayed"
        if len(self.store.bookings) <= before:
            raise Violation("an answer without a booking")
        return self._acknowledge(outcome.value)

    def _move(self, ports: Ports) -> str:
        booking, actor = self._some_booking()
        space, start = self._wish()
        if self.random.random() < 0.4:
            start = booking.starts_at
        length = booking.ends_at - booking.starts_at
        if self.random.random() < 0.5:
            length = timedelta(minutes=15 * self.random.choice([2, 3, 4, 5, 6, 8]))
        change = a_change(
            starts_at=start,
            ends_at=start + length,
            space_ids=(space,) if self.random.random() < 0.2 else None,
            override=("buffers",) if actor.staff and self.random.random() < 0.1 else (),
        )
        tags = self._tags(booking)
        return self._acknowledge(
            bookings.change(ports, booking.booking_id, change, tags, an_intent(actor)).value
        )

    def _edit(self, ports: Ports) -> str:
        booking, actor = self._some_booking()
        change = a_change(title=f"Nimi {self.random.random()}")
        tags = self._tags(booking)
        return self._acknowledge(
            bookings.change(ports, booking.booking_id, change, tags, an_intent(actor)).value
        )

    def _cancel(self, ports: Ports) -> str:
        booking, actor = self._some_booking()
        tags = self._tags(booking)
        return self._acknowledge(
            bookings.cancel(ports, booking.booking_id, "", tags, an_intent(actor)).value
        )

    def _approve(self, ports: Ports) -> str:
        booking = self._waiting_booking()
        if booking.pending_change or booking.state is State.DENIED:
            self.granted.add(booking.booking_id)
        tags = self._tags(booking) if self.random.random() < 0.5 else None
        return self._acknowledge(
            bookings.approve(ports, booking.booking_id, tags, an_intent(STAFF)).value
        )

    def _confirm(self, ports: Ports) -> str:
        booking = self._waiting_booking()
        code = links.code_of(ports, booking)
        return self._acknowledge(
            confirming.confirm(ports, booking.booking_id, code, an_intent(ANYBODY)).value
        )

    def _deny(self, ports: Ports) -> str:
        booking = self._waiting_booking()
        return self._acknowledge(
            bookings.deny(ports, booking.booking_id, "", None, an_intent(STAFF)).value
        )

    def _expire(self, ports: Ports) -> str:
        return "done" if expiry.expire_due(ports) else "nothing to do"

    def _close(self, ports: Ports) -> str:
        start = self._time()
        length = timedelta(hours=self.random.choice([1, 1, 3, 3, 10, 30]))
        request = closures.ClosureRequest((self.random.choice(PLACES),), start, start + length)
        closure = closures.close(ports, request, an_intent(STAFF)).value
        assert closure is not None
        self.closures.append(closure.closure_id)
        return "done"

    def _go_on(self, ports: Ports) -> str:
        return "done" if closures.continue_all(ports) else "nothing to do"

    def _lift(self, ports: Ports) -> str:
        if not self.closures:
            return "nothing to do"
        closure_id = self.closures.pop(self.random.randrange(len(self.closures)))
        closures.lift(ports, closure_id, None, an_intent(STAFF))
        if self.random.random() < 0.7:
            closures.go_on(ports, closure_id)
        return "done"

    def _settings(self, ports: Ports) -> str:
        fields = self.random.choice(
            [
                {"setup_minutes": self.random.choice([0, 15, 30])},
                {"cleanup_minutes": self.random.choice([0, 15, 30])},
                {"week": {"wed": ((8 * 60, self.random.choice([16, 18]) * 60),)}},
                {"week": dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), OFFICE)},
                {"needs_approval": self.random.random() < 0.3},
                {"whole_day": self.random.random() < 0.05},
                {"active": self.random.random() < 0.95},
            ]
        )
        space_id = self.random.choice(PLACES)
        spaces.change(ports, space_id, fields, ("*",), an_intent(STAFF))
        spaces.affected(ports, space_id)
        return "done"

    def _wait(self, ports: Ports) -> str:
        minutes = self.random.choice([0.5, 1, 5, 15, 31, 60])
        self.clock.forward(minutes=minutes)
        return "done"

    def _wish(self) -> tuple[str, datetime]:
        """A space and a time; often what the one who is interrupted wants, or races would be rare."""
        if not (self.wanted and len(self.busy) > 1 and self.random.random() < 0.4):
            self.wanted = (self.random.choice(PLACES), self._time())
        return self.wanted

    def _time(self) -> datetime:
        """A quarter of an hour of the office hours of the next days, most often a full hour."""
        now = self.clock.now()
        day = local_date(now, HELSINKI) + timedelta(days=self.random.randrange(0, DAYS))
        if day.weekday() > 4 and self.random.random() < 0.95:
            day += timedelta(days=7 - day.weekday())
        quarter = self.random.choice([0, 0, 0, 1, 2, 3])
        hour = self.random.randrange(8, 17)
        local = datetime(day.year, day.month, day.day, hour, 15 * quarter, tzinfo=HELSINKI)
        return local.astimezone(NOW.tzinfo)

    def _some_booking(self) -> tuple[Booking, Actor]:
        if not self.known:
            raise NotFound
        booking = self.store.bookings[self.random.choice(self.known[-80:])]
        for _ in range(8):  # one that is still alive, most often
            if judged(booking, self.clock.now()).live and booking.starts_at > self.clock.now():
                break
            booking = self.store.bookings[self.random.choice(self.known[-80:])]
        owner = FORM if booking.made_by == FORM.actor_id else STAFF
        return booking, owner if self.random.random() < 0.8 else STAFF

    def _waiting_booking(self) -> Booking:
        waiting = [
            booking
            for booking_id in self.known[-60:]
            if (booking := self.store.bookings[booking_id]).due_at or self.random.random() < 0.02
        ]
        if not waiting:
            raise NotFound
        return self.random.choice(waiting)

    def _tags(self, booking: Booking) -> tuple[str, ...]:
        if self.random.random() < 0.5:
            return ("*",)
        return (etag(judged(booking, self.clock.now())),)

    def _acknowledge(self, booking: Booking | None) -> str:
        if booking is None:
            return "replayed"
        if booking.booking_id not in self.acknowledged:
            self.known.append(booking.booking_id)
        before = self.acknowledged.get(booking.booking_id, 0)
        self.acknowledged[booking.booking_id] = max(before, booking.version)
        return booking.state.value
