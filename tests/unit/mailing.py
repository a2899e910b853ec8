"""A Lab whose mails are read: the poller and a worker run, and what was sent is kept as letters."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from chalicelib.domain import profiles
from chalicelib.domain.bookings import Booking
from chalicelib.domain.letters import Letter
from chalicelib.domain.messages import Kind, Message, message
from chalicelib.domain.people import Person, person_id_of
from chalicelib.domain.profiles import Profile
from chalicelib.domain.spaces import Space
from chalicelib.services import sender
from chalicelib.services.ports import Ports
from tests.builders import a_space, on
from tests.fake_messages import Mail, plain_letter
from tests.fakes import FakeClock, Store
from tests.unit.steps import book

NEW_YEAR = datetime(2027, 1, 1, 7, 0, tzinfo=UTC)  # Fri 09:00 in Helsinki
DAY = "2027-01-20"  # a Wednesday
LOFT = a_space("loft", needs_approval=True)


@dataclass
class Office:
    """Ports over the fixture, and every letter as it was rendered last before it was sent."""

    ports: Ports
    store: Store
    clock: FakeClock
    letters: dict[tuple[str, int], Letter] = field(default_factory=dict)

    def render(self, letter: Letter) -> bytes:
        self.letters[(letter.message_id, letter.attempt)] = letter
        return plain_letter(letter)

    @property
    def sent(self) -> list[Letter]:
        """What the carrier took, in its order."""
        return [self.letters[(mail.message_id, mail.attempt)] for mail in self.store.mails]

    @property
    def kinds(self) -> list[str]:
        return [letter.kind.value for letter in self.sent]

    def book(self, *space_ids: str, hours: str = "9-11", **changes: Any) -> Booking:
        """On Wed 2027-01-20, 9-11 unless told otherwise."""
        return book(self.ports, *space_ids, **(on(DAY, hours) | changes))

    def told(self, *space_ids: str, **changes: Any) -> Booking:
        """A booking whose confirmation has been sent, and is out of the way."""
        booking = self.book(*space_ids, **changes)
        self.deliver()
        self.store.mails.clear()
        return booking

    def invite(self, person: Person, until: date | None) -> Profile:
        """A partner until a day, with the message that tells them."""
        person_id, now = person_id_of(person.email, self.store.site.salt), self.clock.now()
        known = self.store.profiles.get(person_id) or profiles.newcomer(person_id, person, now)
        profile = profiles.invited(known, until, "p_sami")
        subject, version = f"person#{person_id}", profile.version
        tx = self.ports.begin()
        self.ports.people.save_profile(tx, profile)
        self.ports.outbox.put(
            tx, message(Kind.INVITATION, subject, person_id, version, due_at=now, now=now)
        )
        tx.commit()
        return profile

    def work(self) -> list[str]:
        """Workers look once at all that is queued; what they did."""
        waiting, self.store.queue[:] = list(self.store.queue), []
        return [sender.work(self.ports, message_id) for message_id in waiting]

    def deliver(self) -> list[str]:
        """A run of the poller, and then the workers."""
        sender.poll(self.ports)
        return self.work()

    def run(self, until: datetime) -> None:
        """The clock goes on, and every full minute at which there is something to do is run."""
        while (look_at := self._next()) is not None:
            minute = max(look_at, self.clock.time)
            if minute.second or minute.microsecond:
                minute = minute.replace(second=0, microsecond=0) + timedelta(minutes=1)
            if minute > until:
                break
            self.clock.time = minute
            self.deliver()
            self.clock.forward(seconds=1)
        self.clock.time = max(until, self.clock.time)

    def _next(self) -> datetime | None:
        return min(
            (each.look_at for each in self.store.messages.values() if each.look_at), default=None
        )

    def messages(self, kind: Kind, rule: str = "") -> list[Message]:
        """Those of a kind (and rule), in the order in which they were put."""
        return [
            each
            for each in self.store.messages.values()
            if each.kind is kind and rule in ("", each.rule)
        ]

    def message(self, kind: Kind, rule: str = "") -> Message:
        (found,) = self.messages(kind, rule)
        return found

    def outcome(self, kind: Kind, rule: str = "") -> str:
        """How the only message of a kind ended: its state, and why."""
        found = self.message(kind, rule)
        return f"{found.state.value}: {found.reason}" if found.reason else found.state.value


def office(lab: Callable, *changed: Space, now: datetime = NEW_YEAR, **site: Any) -> Office:
    """A Lab at New Year with an approval-only loft besides the fixture's spaces."""
    ports, store, clock = lab(LOFT, *changed, now=now, **({"mailbox": "lab@lab.example"} | site))
    made = Office(ports, store, clock)
    made.ports = replace(ports, render=made.render)
    return made


def says(error: Exception, *kinds: Kind, times: int = 10**9) -> Callable[[Mail], None]:
    """What a carrier says to so many mails of these kinds (of all, if none is named)."""
    left = [times]

    def answer(mail: Mail) -> None:
        if left[0] and (not kinds or Kind(mail.raw.split()[0].decode()) in kinds):
            left[0] -= 1
            raise error

    return answer


def accepts(mail: Mail) -> None:
    """The carrier takes everything."""


def utc(text: str) -> datetime:
    """An instant: utc("2027-01-19 07:00")."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
