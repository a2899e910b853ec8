"""How far what is kept of an event has gone is noted on the event itself, by the clock alone."""

from chalicelib.domain.events import Event
from chalicelib.domain.people import CLOCK
from chalicelib.services.ports import Ports


def noted(ports: Ports, before: Event, after: Event, action: str = "") -> Event:
    """Write an event, with an entry of the log where an action is named; Race where it has changed."""
    tx = ports.begin()
    ports.events.save(tx, before, after)
    if action:
        subject, now = f"event#{after.event_id}", ports.clock.now()
        ports.audit.add(tx, subject=subject, actor=CLOCK.actor_id, action=action, at=now)
    tx.commit()
    return after
