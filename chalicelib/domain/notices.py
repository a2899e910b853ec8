"""What staff write to those of an event, and to whom of them it goes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.domain.errors import Problem, Refused, refuse
from chalicelib.domain.events import Event, Way, number_of, seats_of
from chalicelib.domain.events import State as EventState
from chalicelib.domain.programmes import LANGUAGES
from chalicelib.domain.signups import SignUp, State, told_of_the_event

KEPT = timedelta(days=30)  # its words; that it was sent, and when, as long as messages are


class To(StrEnum):
    """To whom of an event."""

    CONFIRMED = "confirmed"
    WAITING = "waiting"  # or offered a seat, which is not theirs yet
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice. Its texts are by language, and what is missing is read in another; `text` is Markdown."""

    notice_id: str
    event_id: str
    subject: Mapping[str, str]
    text: Mapping[str, str]
    written_at: datetime
    to: To = To.CONFIRMED
    way: Way | None = None  # of those who take part in it alone

    @property
    def kept_until(self) -> datetime:
        """From when on nobody can read it any more."""
        return self.written_at + KEPT


def is_for(notice: Notice, signup: SignUp) -> bool:
    """Whether somebody gets it, as their sign-up is now."""
    if not told_of_the_event(signup) or notice.way not in (None, signup.way):
        return False
    if notice.to is To.BOTH:
        return True
    return (signup.state is State.CONFIRMED) == (notice.to is To.CONFIRMED)


def persons(event: Event, to: To, way: Way | None) -> int:
    """How many it is about by the counters, guests included; who was just offered a seat is not among them."""
    seats = [seats_of(event, each) for each in ((way,) if way else event.ways)]
    confirmed = sum(number_of(each.limit) - each.free - each.held for each in seats)
    waiting = sum(each.waiting for each in seats)
    return {To.CONFIRMED: confirmed, To.WAITING: waiting, To.BOTH: confirmed + waiting}[to]


def check(event: Event, notice: Notice) -> None:
    """Refused with `stale-state` of an event that is not public, or no more; with `invalid-request` where a
    language has half of the texts, or where the link to join would reach who has no remote seat.
    """
    if event.state is not EventState.PUBLISHED:
        raise refuse("stale-state", state=event.state.value)
    if notice.way is not None:
        seats_of(event, notice.way)
    wrong = list(_halves(notice))
    link = event.programme.remote_link
    if link and not _joining(event, notice):
        wrong += [
            Problem("invalid-request", f"/{name}/{language}", {"why": "remote-link"})
            for name, texts in (("subject", notice.subject), ("text", notice.text))
            for language, text in texts.items()
            if link in text
        ]
    if wrong:
        raise Refused(wrong)


def _halves(notice: Notice) -> Iterable[Problem]:
    for language in LANGUAGES:
        said = {
            name: bool(texts.get(language, "").strip())
            for name, texts in (("subject", notice.subject), ("text", notice.text))
        }
        for name, there in said.items():
            if not there and (any(said.values()) or language == LANGUAGES[0]):
                yield Problem("invalid-request", f"/{name}/{language}", {"why": "missing"})


def _joining(event: Event, notice: Notice) -> bool:
    """Whether it goes to those alone who have the link anyway (I-14)."""
    remote = notice.way is Way.REMOTE or set(event.ways) == {Way.REMOTE}
    return remote and notice.to is To.CONFIRMED
