"""On the day: who of those that have a seat is there. Nothing of it touches a seat or the queue."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from chalicelib.domain.errors import refuse
from chalicelib.domain.signups import Member, SignUp, State, judged


def arrivals(signup: SignUp) -> tuple[datetime | None, ...]:
    """When each person of a party came, or None: the one who leads it first, then the guests."""
    return (signup.arrived_at, *(each.arrived_at for each in signup.members))


def checked_in(signup: SignUp, persons: Iterable[int] | None, now: datetime) -> SignUp:
    """With some of a party there (0 leads it, n is guest n; None: all). Who was there since before stays so.

    The sign-up itself where nothing changes. Refused with `stale-state`, and the state in it, where it is
    not confirmed: who waits or was offered a seat has none yet.
    """
    wanted = _persons(signup, persons, now)
    return _with(signup, [at or (now if n in wanted else None) for n, at in _numbered(signup)])


def checked_out(signup: SignUp, persons: Iterable[int] | None, now: datetime) -> SignUp:
    """The opposite: some of a party not there after all."""
    wanted = _persons(signup, persons, now)
    return _with(signup, [None if n in wanted else at for n, at in _numbered(signup)])


def _numbered(signup: SignUp) -> Iterable[tuple[int, datetime | None]]:
    return enumerate(arrivals(signup))


def _persons(signup: SignUp, persons: Iterable[int] | None, now: datetime) -> set[int]:
    state = judged(signup, now).state
    if state is not State.CONFIRMED:
        raise refuse("stale-state", state=state.value)
    wanted = set(range(signup.size)) if persons is None else set(persons)
    for index, number in enumerate(sorted(wanted)):
        if number not in range(signup.size):
            raise refuse("invalid-request", f"/persons/{index}", why="unknown")
    return wanted


def _with(signup: SignUp, times: list[datetime | None]) -> SignUp:
    if tuple(times) == arrivals(signup):
        return signup
    members: tuple[Member, ...] = tuple(
        replace(each, arrived_at=at) for each, at in zip(signup.members, times[1:], strict=True)
    )
    return replace(signup, arrived_at=times[0], members=members, version=signup.version + 1)
