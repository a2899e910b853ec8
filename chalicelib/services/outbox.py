"""What staff do with messages: find them, send one again, and trust an address again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain import messages as domain
from chalicelib.domain.errors import NotFound, refuse
from chalicelib.domain.letters import Preview
from chalicelib.domain.messages import Kind, Message
from chalicelib.domain.people import Actor, normalised, person_id_of
from chalicelib.services import months, reading_log
from chalicelib.services.ports import Fields, Page, Ports
from chalicelib.services.writing import Attempt, Intent, Outcome, write

LONGEST = timedelta(days=62)
FILTERS = ("subject", "person", "state")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages: those about a subject, those to a person, or those due in a range of time."""

    subject: str | None = None
    person: str | None = None  # an id or an e-mail address
    state: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


def shown(
    ports: Ports, actor: Actor, wanted: Wanted, limit: int, after: Fields | None
) -> Page[Message]:
    """As `find`, for somebody's eyes: that they saw them is noted first."""
    page = find(ports, wanted, limit, after)
    filters = [name for name in FILTERS if getattr(wanted, name) is not None]
    ids = [each.message_id for each in page.items]
    reading_log.note(ports, actor, "messages", "list", messages=ids, filters=filters)
    return page


@dataclass(frozen=True, slots=True)
class Trusted:
    """Somebody whose address is sent to again."""

    person_id: str


def find(ports: Ports, wanted: Wanted, limit: int, after: Fields | None) -> Page[Message]:
    """A page of messages by when they are due; without a range, those of the last and next month."""
    if wanted.subject:
        page = ports.outbox.by_subject(wanted.subject, limit, after)
    elif wanted.person:
        person_id = _person_id(wanted.person, ports.settings.get().site.salt)
        page = ports.outbox.by_person(person_id, limit, after)
    else:
        return _by_time(ports, wanted, limit, after)
    return Page([each for each in page.items if _fits(each, wanted)], page.next)


def _by_time(ports: Ports, wanted: Wanted, limit: int, after: Fields | None) -> Page[Message]:
    now = ports.clock.now()
    first = wanted.starts_at or now - LONGEST / 2
    last = wanted.ends_at or first + LONGEST
    if last <= first:
        raise refuse("invalid-request", "/to", why="end-before-start")
    if last - first > LONGEST:
        raise refuse("range-too-long", "/to", days=LONGEST.days)
    within = months.between(first, last)
    month = after["month"] if after else within[0]
    place = after["place"] if after else None
    found: list[Message] = []
    while True:
        page = ports.outbox.by_month(
            month, first, last, wanted.state or "", limit - len(found), place
        )
        found += page.items
        place = page.next
        if place is None:
            if month == within[-1]:
                return Page(found)
            month = within[within.index(month) + 1]
        if len(found) >= limit or place is not None:
            return Page(found, {"month": month, "place": place})


def send_again(ports: Ports, message_id: str, intent: Intent) -> Outcome[Message]:
    """Send a message once more that has come to its end; what it says is judged anew."""

    def decide(attempt: Attempt) -> Message:
        attempt.read()
        message = ports.outbox.get(message_id)
        if message is None:
            raise NotFound
        if not message.final or message.kind is Kind.LOGIN:  # one asks for another
            raise refuse("stale-state", state=message.state.value)
        now = ports.clock.now()
        after = domain.again(message, now)
        ports.outbox.save(attempt.tx, after)
        ports.audit.add(
            attempt.tx,
            subject=message.subject,
            actor=intent.actor.actor_id,
            action="send-again",
            at=now,
            message=message_id,
        )
        return after

    return write(ports, intent, decide)


def preview(ports: Ports, kind: Kind, language: str) -> Preview:
    """A mail of a kind with example data, the Lab's own spaces and staff's own texts."""
    return ports.preview(kind, language, ports.settings.fresh(), ports.clock.now())


def trust_again(ports: Ports, email: str, intent: Intent) -> Outcome[Trusted]:
    """Send to an address again that had bounced or complained. NotFound where it had not."""

    def decide(attempt: Attempt) -> Trusted:
        attempt.read()
        person_id = _person_id(email, attempt.catalog.site.salt)
        if not ports.people.unsuppress(person_id):
            raise NotFound
        ports.audit.add(
            attempt.tx,
            subject=f"person#{person_id}",
            actor=intent.actor.actor_id,
            action="trust-again",
            at=ports.clock.now(),
        )
        return Trusted(person_id)

    return write(ports, intent, decide)


def _person_id(person: str, salt: str) -> str:
    try:
        return person_id_of(normalised(person), salt)
    except ValueError:
        return person


def _fits(message: Message, wanted: Wanted) -> bool:
    return (
        wanted.state in (None, message.state.value)
        and (wanted.starts_at is None or wanted.starts_at <= message.due_at)
        and (wanted.ends_at is None or message.due_at < wanted.ends_at)
    )
