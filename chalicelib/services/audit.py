"""Staff's view of the audit log. Who looks at it stands in it, too."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chalicelib.domain.audit import Entry
from chalicelib.domain.errors import refuse
from chalicelib.domain.people import Actor
from chalicelib.services import reading_log
from chalicelib.services.ports import Fields, Page, Ports

FIRST = datetime(2026, 1, 1, tzinfo=UTC)  # nothing is older
READ = "read-audit"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries: of a subject or of an actor, or of both, in [starts_at, ends_at)."""

    subject: str | None = None
    actor: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


def shown(
    ports: Ports, actor: Actor, wanted: Wanted, limit: int, after: Fields | None
) -> Page[Entry]:
    """Entries, newest first. Refused with `invalid-request` where neither of the two is named."""
    last = wanted.ends_at or ports.clock.now() + timedelta(seconds=1)
    first = wanted.starts_at or FIRST
    if wanted.ends_at and first >= last:
        raise refuse("invalid-request", "/to", why="end-before-start")
    if wanted.subject:
        found = ports.audit.by_subject(wanted.subject, first, last, limit, after)
    elif wanted.actor:
        found = ports.audit.by_actor(wanted.actor, first, last, limit, after)
    else:
        raise refuse("invalid-request", "/subject", why="missing")
    reading_log.note(ports, actor, wanted.subject or f"actor#{wanted.actor}", READ)
    items = [each for each in found.items if wanted.actor in (None, each.actor)]
    return Page(items, found.next)
