"""Who gets a seat and who waits: what each transaction does to the counters, and what must be so for it.

Nobody overtakes: a newcomer has a seat only where nobody waits, and waits only where somebody does or
seats are too few. A party is never split, and nobody passes one at the head that does not fit.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.errors import VersionRaced, refuse
from chalicelib.domain.events import Event, Promotion, Seats, Way, promotion, seats_of
from chalicelib.domain.signups import PENDING, Entry, Place, SignUp, entry_of

Change = tuple[SignUp | None, SignUp]  # a sign-up as stored, and as it will be


@dataclass(frozen=True, slots=True)
class Count:
    """What is added to the counters of a way."""

    free: int = 0
    held: int = 0
    waiting: int = 0
    parties: int = 0
    lapsing: int = 0


@dataclass(frozen=True, slots=True)
class Needs:
    """What has to be so of a way, before a transaction, for it to be written."""

    free_from: int | None = None  # at least so many seats are free
    free_below: int | None = None  # fewer are
    or_somebody_waits: bool = False  # or else: somebody waits
    nobody_waits: bool = False
    number: int | None = None  # the next number of the queue is this one, and is given
    head: Entry | None = None  # it stands where it did


@dataclass(frozen=True, slots=True)
class Given:
    """To whom freed seats go: the head of the queue, or nobody."""

    needs: Needs
    head: Entry | None = None


def counts(changes: Iterable[Change]) -> dict[Way, Count]:
    """What changes of sign-ups do to the counters, way by way; ways they leave as they are not in it."""
    found: dict[Way, Count] = {}
    for before, after in changes:
        if before is not None:
            found[before.way] = _add(found.get(before.way, Count()), before, -1)
        found[after.way] = _add(found.get(after.way, Count()), after, 1)
    return {way: count for way, count in found.items() if count != Count()}


def counted(seats: Seats, count: Count, needs: Needs | None = None) -> Seats:
    """The counters after a transaction."""
    return replace(
        seats,
        free=seats.free + count.free,
        held=seats.held + count.held,
        waiting=seats.waiting + count.waiting,
        parties=seats.parties + count.parties,
        lapsing=seats.lapsing + count.lapsing,
        next_number=seats.next_number + (needs is not None and needs.number is not None),
    )


def sits(event: Event, way: Way, size: int) -> Needs | None:
    """What a newcomer needs for a seat, or None where there is none for them."""
    seats = seats_of(event, way)
    if seats.waiting or seats.free < size:
        return None
    return Needs(free_from=size, nobody_waits=True)


def waits(event: Event, way: Way, size: int, now: datetime) -> Needs:
    """What a newcomer needs for a place in the queue.

    Refused: `held-for-waiting-list` where seats are free for those before; `event-full` where the queue
    is, or moves no more.
    """
    seats = seats_of(event, way)
    moves = promotion(event, now) is not Promotion.NONE
    if not moves and seats.free >= size:
        raise refuse("held-for-waiting-list", "/way", way=way.value)
    if not moves or seats.waiting + size > seats.most_waiting:
        raise refuse("event-full", "/way", why=way.value)
    # Nobody else has joined since, or the number would be another: the list has room still.
    return Needs(free_below=size, or_somebody_waits=True, number=seats.next_number)


def behind_all(seats: Seats) -> Place:
    """Where somebody stands who joins the queue now."""
    return Place(seats.parties, seats.waiting)


def behind_the_others(event: Event, entry: Entry) -> Place | None:
    """Where a party stands that joined last, by the counters; None where another did, or they say less.

    They are of the moment in which the event was read: nobody can have joined before that party since.
    """
    seats = seats_of(event, entry.way)
    others = Place(seats.parties - 1, seats.waiting - entry.size)
    last = entry.number == seats.next_number - 1
    # Those of a cancelled event move no more; and who has left since then is not among the others.
    if not event.live or not last or not 0 <= others.parties <= others.persons:
        return None
    return others


def at_the_door(
    event: Event, way: Way, size: int, now: datetime, override: Collection[str] = ()
) -> Needs:
    """What somebody who stands at the door needs for a seat, window or not.

    Refused: `event-full`; `held-for-waiting-list` where others wait in a queue that still moves, whom
    nobody is to pass. After the cut-off nobody is promoted any more, and a free seat is for who is there
    (W-24). A host may override either: then there may be more people than seats (W-11).
    """
    seats = seats_of(event, way)
    moves = promotion(event, now) is not Promotion.NONE
    if seats.free < size:
        if "event-full" not in override:
            raise refuse("event-full", "/way", why=way.value)
        return Needs(free_below=size)
    if moves and seats.waiting and "held-for-waiting-list" not in override:
        raise refuse("held-for-waiting-list", "/way", way=way.value)
    return Needs(free_from=size, nobody_waits=moves and not seats.waiting)


def given(event: Event, way: Way, freed: int, head: Entry | None, now: datetime) -> Given:
    """What becomes of `freed` seats beside those that are free already.

    Raises VersionRaced where the head was read at another moment than the counters.
    """
    if promotion(event, now) is Promotion.NONE:
        return Given(Needs())
    seats = event.ways[way]
    if not seats.waiting:
        return Given(Needs(nobody_waits=True))
    if head is None:
        raise VersionRaced
    if seats.free + freed >= head.size:
        return Given(Needs(free_from=head.size - freed), head)
    return Given(Needs(free_below=head.size - freed, head=head))


def met(seats: Seats, needs: Needs) -> dict[str, bool]:
    """Each condition on counters by its name, and whether it is met. The head is another item's."""
    found: dict[str, bool] = {}
    if needs.free_from is not None:
        found["free-from"] = seats.free >= needs.free_from
    if needs.free_below is not None:
        below = seats.free < needs.free_below
        found["free-below"] = below or (needs.or_somebody_waits and seats.waiting > 0)
    if needs.nobody_waits:
        found["nobody-waits"] = seats.waiting == 0
    if needs.number is not None:
        found["number"] = seats.next_number == needs.number
    return found


def guards(changes: Iterable[Change]) -> dict[str, tuple[str, str]]:
    """Whose party each person is in, before and after ("": in none), where that changes."""
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    for old, new in changes:
        for signup, said in ((old, before), (new, after)):
            if signup is not None and signup.live:
                said.update(dict.fromkeys(signup.person_ids, signup.person_id))
    both = {each: (before.get(each, ""), after.get(each, "")) for each in {*before, *after}}
    return {each: pair for each, pair in sorted(both.items()) if pair[0] != pair[1]}


def guests(before: SignUp | None, after: SignUp) -> tuple[set[str], set[str]]:
    """Of whom it is to be found no more, and of whom from now on, that they come along in this party.

    Unlike `guards` this outlives the party: it is how its guests find what is kept of them.
    """
    old, new = (
        set(each.person_ids) - {each.person_id} if each is not None else set[str]()
        for each in (before, after)
    )
    same = before is not None and before.person_id == after.person_id
    return (old - new, new - old) if same else (old, new)


def entries(
    changes: Iterable[Change],
) -> Mapping[tuple[Way, int], tuple[Entry | None, Entry | None]]:
    """Who stands at each number of the queues, before and after, where that changes."""
    found: dict[tuple[Way, int], tuple[Entry | None, Entry | None]] = {}
    for pair in changes:
        for side, signup in enumerate(pair):
            entry = entry_of(signup) if signup is not None else None
            if entry is not None:
                both = list(found.get((entry.way, entry.number), (None, None)))
                both[side] = entry
                found[entry.way, entry.number] = (both[0], both[1])
    return {key: both for key, both in found.items() if both[0] != both[1]}


def _add(count: Count, signup: SignUp, sign: int) -> Count:
    size = sign * signup.size
    return Count(
        free=count.free - (size if signup.seated else 0),
        held=count.held + (size if signup.state in PENDING else 0),
        waiting=count.waiting + (size if signup.waiting else 0),
        parties=count.parties + (sign if signup.waiting else 0),
        lapsing=count.lapsing + (sign if signup.lapses_at else 0),
    )
