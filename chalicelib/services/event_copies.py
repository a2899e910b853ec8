"""Writing an event again at another time."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from chalicelib.domain.errors import NotFound, refuse
from chalicelib.domain.event_copies import copied
from chalicelib.domain.events import Event
from chalicelib.services.access import Action, may
from chalicelib.services.event_places import settled
from chalicelib.services.events import note
from chalicelib.services.ports import Ports
from chalicelib.services.writing import Attempt, Intent, Outcome, write


def copy(
    ports: Ports, event_id: str, starts_at: datetime, intent: Intent, override: Iterable[str] = ()
) -> Outcome[Event]:
    """Write a draft of the same event at another time, and book its place.

    Of a draft nothing is told and nothing falls due until it is published (R-14). One that was called off
    can be copied, too. Its form for feedback is another, to be told by whoever makes it. Refused with `in-the-past`, and as a new event is.
    """
    new_id = ports.clock.new_id("e")

    def decide(attempt: Attempt) -> Event:
        attempt.read()
        event = ports.events.look(event_id).event
        if event is None:
            raise NotFound
        if starts_at <= ports.clock.now():
            raise refuse("in-the-past", "/start")
        made = copied(event, new_id, starts_at, attempt.catalog.site.zone)
        # Answers of two events would fall into one form; those of a series share theirs.
        made = replace(made, programme=replace(made.programme, feedback_link=""))
        made = settled(attempt, None, made, override)
        ports.events.create(attempt.tx, made)
        note(attempt, made, "copy")
        return made

    if not may(intent.actor, Action.RUN):
        raise NotFound
    return write(ports, intent, decide)
