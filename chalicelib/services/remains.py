"""What is left of a person: as it is found before it goes, and as it is looked for afterwards."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from chalicelib.domain.api_keys import ApiKey
from chalicelib.domain.bookings import Booking
from chalicelib.domain.erasures import Step
from chalicelib.domain.retention import Trace
from chalicelib.domain.times import FIRST_YEAR, LAST_YEAR
from chalicelib.services.ports import Ports

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PAGE = 50
EVER = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), datetime(LAST_YEAR, 12, 31, tzinfo=UTC)
FEED = "feed#"
LAST = ("profile", "quota")  # until the very end: they keep everything new out


def left(ports: Ports, person_id: str) -> list[Step]:
    """Of which steps something is left."""
    found: Mapping[Step, Iterable[Any]] = {
        Step.BOOKINGS: [
            *counted(ports, person_id),
            *ports.bookings.by_person(person_id, *EVER, 1, None).items,
        ],
        Step.SIGNUPS: ports.events.parts_of(person_id, 1, None).items,
        Step.MESSAGES: ports.outbox.by_person(person_id, 1, None).items,
        Step.KEYS: keys(ports, person_id),
        Step.FEEDS: ports.feeds.of_person(person_id)[0],
        Step.TOKENS: ports.keeping.tokens_of(person_id),
        Step.ACCOUNT: others(ports, person_id),
    }
    return [step for step, things in found.items() if things]


def others(ports: Ports, person_id: str) -> list[Trace]:
    """What is kept under them besides what stays to the end; feeds have a second half elsewhere."""
    found = ports.keeping.traces_of(person_id)
    return [each for each in found if not (each.item in LAST or each.item.startswith(FEED))]


def counted(ports: Ports, person_id: str) -> list[Booking]:
    """Those of theirs that their quota names, strongly consistent: all that are live, and others."""
    quota = ports.snapshots.read(person_id=person_id).quota
    found = ports.bookings.get_many(quota.bookings if quota else ())
    return [each for each in found if each.person_id == person_id]


def keys(ports: Ports, person_id: str) -> list[ApiKey]:
    """The keys that name them: there are few keys at all."""
    found: list[ApiKey] = []
    after = None
    while True:
        page = ports.api_keys.all(PAGE, after)
        found += [key for key in page.items if person_id in (key.owner_id, key.created_by)]
        after = page.next
        if after is None:
            return found
