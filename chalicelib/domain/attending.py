"""A person's own part in events: which they lead a party to or come along to, and how that stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.domain.events import Event
from chalicelib.domain.signups import Member, SignUp, State


@dataclass(frozen=True, slots=True)
class Attending:
    """An event, and the party in which somebody comes or came to it: as it is judged."""

    event: Event
    signup: SignUp
    person_id: str

    @property
    def leads(self) -> bool:
        """Whether it is their own sign-up, and not another's with whom they come along."""
        return self.signup.person_id == self.person_id

    @property
    def part(self) -> SignUp | Member:
        """What is said of this one person: diet, accessibility, when they came."""
        if self.leads:
            return self.signup
        return next(each for each in self.signup.members if each.person_id == self.person_id)

    @property
    def comes(self) -> bool:
        """Whether they have a seat for good."""
        return self.event.live and self.signup.state is State.CONFIRMED

    @property
    def called_off(self) -> bool:
        """Whether they had a seat at an event that was called off: of who had none no calendar knows."""
        if self.event.live:
            return False
        # Where it went with its event, that its entry was ever revised shows that there had been a seat.
        was_in = self.signup.state is State.CALLED_OFF and self.signup.sequence > 0
        return was_in or self.signup.state is State.CONFIRMED

    @property
    def revised_at(self) -> datetime:
        """When what calendars are told of it was last changed, as far as it is known."""
        return max(self.event.changed_at or self.signup.created_at, self.signup.created_at)


def standing(found: Iterable[Attending]) -> list[Attending]:
    """One an event: what somebody is in now, else what they led, else the latest."""
    best: dict[str, Attending] = {}
    for each in found:
        other = best.get(each.event.event_id)
        if other is None or _weight(each) > _weight(other):
            best[each.event.event_id] = each
    return list(best.values())


def place_of(one: Attending, at: datetime) -> list[Any]:
    """Where it stands in a list: those to come by start, then what is over by then, the last first."""
    starts = one.event.starts_at.timestamp()
    over = one.event.ends_at <= at
    return [int(over), -starts if over else starts, one.event.event_id]


def is_ahead(one: Attending, now: datetime) -> bool:
    """Whether they are to come to it, or may be: they have a seat, are offered one, or wait."""
    return one.event.live and one.signup.live and now < one.event.ends_at


def _weight(one: Attending) -> tuple[bool, bool, datetime]:
    return one.signup.live, one.leads, one.signup.created_at
