"""Calendars that ask: a thing's busy times, read anew each time, at the cost of its window."""

from chalicelib.domain import feeds as domain
from chalicelib.domain.errors import NotFound
from chalicelib.domain.feeds import Feed
from chalicelib.domain.people import ANONYMOUS, Actor
from chalicelib.domain.times import day_of
from chalicelib.services.access import times_seen_by
from chalicelib.services.ports import Ports


def feed(ports: Ports, space_id: str, actor: Actor = ANONYMOUS) -> Feed:
    """The busy times of a thing in use. One query for each of its calendars, from the window on."""
    catalog, now = times_seen_by(actor, ports.settings.recent()), ports.clock.now()
    space = catalog.active(space_id)
    if space is None:
        raise NotFound
    first, last = domain.window(space, now)
    end = day_of(last)
    days = [
        day
        for resource in catalog.resource_ids(space)
        for day in ports.ledger.resource_days(resource, day_of(first))
        if day.day < end
    ]
    return domain.feed_of(space, catalog, days, now)
