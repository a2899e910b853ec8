"""What a change of a sign-up has to be told of to its person: one thing a change, or nothing."""

from enum import StrEnum

from chalicelib.domain.signups import SignUp, State


class News(StrEnum):
    """What there is to tell."""

    PROOF = "proof"  # the address is to be proved first
    CONFIRMATION = "confirmation"
    WAITING = "waiting"
    OFFER = "offer"
    PROMOTION = "promotion"
    CHANGE = "change"
    CANCELLATION = "cancellation"  # of what a calendar may have
    DEPARTURE = "departure"  # of what none has
    EXPIRY = "expiry"


def news(before: SignUp | None, after: SignUp) -> News | None:
    """What is told of a change, if it is anything, and they have an address to be told at."""
    if not after.person.email:
        return None
    if not after.live:
        return _of_the_end(before, after)
    if before is None or not before.live:
        return _of_the_beginning(after)
    if before.state is after.state:
        return _of_the_same(before, after)
    if before.waiting:
        return _of_a_seat(after)
    return News.CONFIRMATION  # of what was held, or offered


def _of_the_beginning(after: SignUp) -> News:
    if after.confirm_by is not None:
        return News.PROOF
    return News.WAITING if after.waiting else News.CONFIRMATION


def _of_a_seat(after: SignUp) -> News | None:
    found = {State.CONFIRMED: News.PROMOTION, State.OFFERED: News.OFFER}
    return found.get(after.state)  # of a seat that waits for its proof they know


def _of_the_same(before: SignUp, after: SignUp) -> News | None:
    if before.way is not after.way:
        return News.CHANGE
    return News.WAITING if before.confirm_by and not after.confirm_by else None


def _of_the_end(before: SignUp | None, after: SignUp) -> News:
    if after.state is State.EXPIRED:
        return News.EXPIRY
    confirmed = before is not None and before.state is State.CONFIRMED
    return News.CANCELLATION if confirmed else News.DEPARTURE
