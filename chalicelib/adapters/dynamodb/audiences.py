"""The people of subjects that have many: whoever is signed up for an event."""

from collections.abc import Callable

from chalicelib.adapters.dynamodb.event_items import SIGNUP
from chalicelib.adapters.dynamodb.events import Events
from chalicelib.domain.signups import SignUp
from chalicelib.services.ports import Audience, Fields


class Audiences:
    """Over the table `events`."""

    def __init__(self, events: Events) -> None:
        self._events = events

    def page(
        self, subject: str, after: str, limit: int, wanted: Callable[[SignUp], bool]
    ) -> Audience | None:
        """Those that are wanted after a person, by their ids, strongly consistent; None for no event."""
        kind, _, event_id = subject.partition("#")
        event = self._events.look(event_id).event if kind == "event" else None
        if event is None:
            return None
        place: Fields | None = {"event_id": event_id, "item": f"{SIGNUP}{after}"} if after else None
        found: list[str] = []
        while True:
            page = self._events.signups(event_id, limit, place)
            found += [each.person_id for each in page.items if wanted(each)]
            place = page.next
            if place is None or len(found) > limit:
                return Audience(
                    event.revision, found[:limit], last=place is None and len(found) <= limit
                )
