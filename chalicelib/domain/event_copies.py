"""An event again at another time: what of it is said anew, and what belongs to the first alone."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from chalicelib.domain.events import Event, State, check_event, seats
from chalicelib.domain.times import shifted


def copied(event: Event, event_id: str, starts_at: datetime, zone: ZoneInfo) -> Event:
    """A draft of the same event at another time: all its seats free, and its times as the clock shows them.

    End, window and cut-off stand to the start as they did, on the wall-clock of `zone`. Texts, place,
    questions and rules are the same; who signed up, its place in the ledger and what was told of it
    are not. Refused as `check_event` says.
    """
    first = event.starts_at

    def moved(instant: datetime) -> datetime:
        return shifted(instant, first, starts_at, zone)

    return check_event(
        replace(
            event,
            event_id=event_id,
            starts_at=starts_at,
            ends_at=moved(event.ends_at),
            opens_at=moved(event.opens_at),
            closes_at=moved(event.closes_at),
            promote_until=moved(event.promote_until) if event.promote_until else None,
            ways={way: seats(each.limit, each.most_waiting) for way, each in event.ways.items()},
            state=State.DRAFT,
            announced=False,
            booking_id="",
            series_id="",
            rrule="",
            series_from=None,
            apart=False,
            reason="",
            changed_at=None,
            tally=None,
            closed_at=None,
            answered={},
            nameless=False,
            calendar_sequence=0,
            revision=0,
            version=1,
        )
    )
