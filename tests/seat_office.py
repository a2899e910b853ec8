"""A scene of an event whose mails are read."""

from dataclasses import replace
from datetime import datetime

from icalendar import Calendar

from chalicelib.adapters.mail.render import render
from chalicelib.domain.letters import Letter
from chalicelib.domain.messages import EVERYBODY, Kind, Message
from chalicelib.domain.people import person_id_of
from chalicelib.services import sender
from tests.event_scene import Scene, id_of
from tests.mails import Read, read

FIVE = ("aino", "eero", "iida", "otto", "ulla")


class Office(Scene):
    """A scene whose mails are read."""

    def __init__(self, *args: object, **more: object) -> None:
        super().__init__(*args, **more)
        self.letters: list[Letter] = []
        self.ports = replace(self.ports, render=self.render)

    def render(self, letter: Letter) -> bytes:
        self.letters.append(letter)
        return render(letter)

    def deliver(self) -> list[Letter]:
        """Look at all that is due until nothing is; what was rendered meanwhile, in order."""
        self.letters.clear()
        while due := self.ports.outbox.due(self.clock.now(), 10_000):
            for each in due:
                sender.work(self.ports, each.message_id)
        return list(self.letters)

    def run(self, until: datetime) -> list[Letter]:
        """The clock goes on, minute by minute where there is something to do; what was rendered."""
        found: list[Letter] = []
        while (look_at := self._next()) is not None and look_at <= until:
            self.clock.time = max(look_at, self.clock.time)
            found += self.deliver()
        self.clock.time = max(until, self.clock.time)
        self.letters[:] = found
        return found

    def _next(self) -> datetime | None:
        looks = [each.look_at for each in self.store.messages.values() if each.look_at]
        return min(looks, default=None)

    def of_kind(self, kind: Kind, rule: str = "") -> list[Message]:
        """The messages of a kind, and a rule, to somebody."""
        return [
            each
            for each in self.store.messages.values()
            if each.kind is kind and rule in ("", each.rule) and each.person_id != EVERYBODY
        ]

    def to(self, name: str) -> list[tuple[str, str]]:
        """What went to somebody in the last delivery: kind and method."""
        return [
            (each.kind.value, each.method.value if each.method else "-")
            for each in self.letters
            if person_id_of(each.to.email, "a salt for tests") == id_of(name)
        ]

    def mails(self) -> list[Read]:
        return [read(render(each)) for each in self.letters]


def sequence(letter: Letter) -> int:
    (calendar, _) = read(render(letter)).calendars
    (entry,) = Calendar.from_ical(calendar).walk("VEVENT")
    return int(entry["SEQUENCE"])


def full(*waiting: str) -> Office:
    office = Office()
    office.sign_up(*FIVE, *waiting)
    return office
