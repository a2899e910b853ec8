"""Messages in memory: the outbox, a queue that is a list, and a carrier that notes what it is given."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import VersionRaced
from chalicelib.domain.letters import Letter, Preview, Told
from chalicelib.domain.messages import Kind, Message
from chalicelib.domain.notices import Notice
from chalicelib.domain.signups import SignUp
from chalicelib.services.ports import Audience, Clock, Fields, MessageContext, Page

if TYPE_CHECKING:
    from tests.fakes import FakeTransaction, Store

VERSION = 1  # the rank of a version's condition, as tests.fakes has it


@dataclass(frozen=True)
class Mail:
    """What a carrier was given."""

    raw: bytes
    to: str
    message_id: str
    attempt: int


class FakeOutbox:
    def __init__(self, store: "Store") -> None:
        self._store = store

    def get(self, message_id: str) -> Message | None:
        return self._store.call("outbox.get", lambda: self._store.messages.get(message_id))

    def put(self, tx: "FakeTransaction", message: Message) -> None:
        self._write(tx, self._store.messages, message.message_id, message, None)

    def save(self, tx: "FakeTransaction", message: Message) -> None:
        before = message.version - 1
        self._write(tx, self._store.messages, message.message_id, message, before)

    def save_told(self, tx: "FakeTransaction", told: Told) -> None:
        key = f"told#{told.subject}#{told.person_id}"
        self._write(tx, self._store.told, key, told, told.version - 1 or None)

    def _write(
        self,
        tx: "FakeTransaction",
        things: dict[str, Any],
        key: str,
        thing: Any,
        before: int | None,
    ) -> None:
        def check() -> Exception | None:
            present = things.get(key)
            if ("announced" if before is None else "message") in self._store.leave_out:
                return None
            return None if (present and present.version) == before else VersionRaced()

        tx.add(("outbox", key), VERSION, check, lambda: things.__setitem__(key, thing))

    def told_of(self, subjects: Iterable[str], person_id: str) -> list[Told]:
        keys = [f"told#{subject}#{person_id}" for subject in dict.fromkeys(subjects)]
        told = self._store.told
        return self._store.call(
            "outbox.told_of", lambda: [told[key] for key in keys if key in told]
        )

    def context(self, message: Message) -> MessageContext:
        kind, _, name = message.subject.partition("#")
        store = self._store
        return store.call(
            "outbox.context",
            lambda: MessageContext(
                booking=store.bookings.get(name) if kind == "booking" else None,
                event=store.events.get(name) if kind == "event" else None,
                signup=store.signups.get((name, message.person_id)) if kind == "event" else None,
                told=store.told.get(f"told#{message.subject}#{message.person_id}"),
                suppressed=store.suppressed.get(message.person_id, ""),
                reminders_off=message.person_id in store.reminders_off,
                paused_until=store.paused_until,
                login=store.logins.get(name) if kind == "login" else None,
                notice=store.notices.get(message.rule),
                profile=(
                    store.profiles.get(message.person_id) if kind in ("login", "person") else None
                ),
            ),
        )

    def due(self, now: datetime, limit: int) -> list[Message]:
        return self._store.call(
            "outbox.due",
            lambda: sorted(
                (
                    each
                    for each in self._store.messages.values()
                    if each.look_at and each.look_at <= now
                ),
                key=lambda each: (each.look_at, each.message_id),
            )[:limit],
        )

    def pause(self, until: datetime | None) -> None:
        self._store.call("outbox.pause", lambda: setattr(self._store, "paused_until", until))

    def paused_until(self) -> datetime | None:
        return self._store.call("outbox.paused_until", lambda: self._store.paused_until)

    def by_subject(self, subject: str, limit: int, after: Fields | None) -> Page[Message]:
        return self._list(lambda each: each.subject == subject, limit, after)

    def of_kind(self, subject: str, kind: Kind) -> list[Message]:
        def wanted(each: Message) -> bool:
            return each.subject == subject and each.kind is kind

        return list(self._list(wanted, 1_000_000, None).items)

    def by_person(self, person_id: str, limit: int, after: Fields | None) -> Page[Message]:
        return self._list(lambda each: each.person_id == person_id, limit, after)

    def by_month(
        self,
        month: str,
        first: datetime,
        last: datetime,
        state: str,
        limit: int,
        after: Fields | None,
    ) -> Page[Message]:
        return self._list(
            lambda each: (
                f"{each.due_at:%Y-%m}" == month
                and first <= each.due_at < last
                and state in ("", each.state.value)
            ),
            limit,
            after,
        )

    def _list(
        self, wanted: Callable[[Message], bool], limit: int, after: Fields | None
    ) -> Page[Message]:
        def place(each: Message) -> tuple[str, str]:
            return (each.due_at.isoformat(), each.message_id)

        def read() -> Page[Message]:
            found = sorted(filter(wanted, self._store.messages.values()), key=place)
            if after:
                mark = (after["due_at"], after["message_id"])
                found = [each for each in found if place(each) > mark]
            more = None
            if len(found) > limit:
                due_at, message_id = place(found[limit - 1])
                more = {"due_at": due_at, "message_id": message_id}
            return Page(found[:limit], more)

        return self._store.call("outbox.list", read)


class FakeNotices:
    def __init__(self, store: "Store", clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def put(self, tx: "FakeTransaction", notice: Notice) -> None:
        notices, key = self._store.notices, notice.notice_id
        tx.add(
            ("outbox", f"notice#{key}"),
            VERSION,
            lambda: VersionRaced() if key in notices else None,
            lambda: notices.__setitem__(key, notice),
        )

    def of(self, notice_ids: Iterable[str]) -> list[Notice]:
        wanted, now = list(notice_ids), self._clock.now()
        found = self._store.notices
        return self._store.call(
            "notices.of",
            lambda: [
                found[each] for each in wanted if each in found and now < found[each].kept_until
            ],
        )


class FakeAudiences:
    """The people of subjects that have many: `store.audiences`, and who is signed up for events."""

    def __init__(self, store: "Store") -> None:
        self._store = store

    def page(
        self, subject: str, after: str, limit: int, wanted: Callable[[SignUp], bool]
    ) -> Audience | None:
        def read() -> Audience | None:
            kind, _, name = subject.partition("#")
            event = self._store.events.get(name) if kind == "event" else None
            if subject in self._store.audiences:
                revision, people = self._store.audiences[subject]
            elif event is not None:
                everybody = self._store.signups.values()
                here = [each for each in everybody if each.event_id == event.event_id]
                people = [each.person_id for each in here if wanted(each)]
                revision = event.revision
            else:
                return None
            found = sorted(each for each in people if each > after)
            return Audience(revision, found[:limit], last=len(found) <= limit)

        return self._store.call("audiences.page", read)


class FakeQueue:
    def __init__(self, store: "Store") -> None:
        self._store = store

    def send(self, message_ids: Iterable[str], delay_seconds: int = 0) -> None:
        wanted = list(message_ids)
        self._store.call("queue.send", lambda: self._store.queue.extend(wanted))


class FakePost:
    """Takes what it is given; `store.answer` may raise what a carrier would."""

    def __init__(self, store: "Store") -> None:
        self._store = store

    def send(self, raw: bytes, to: str, message_id: str, attempt: int) -> str:
        def take() -> str:
            mail = Mail(raw, to, message_id, attempt)
            self._store.refuse_mail(mail)
            self._store.mails.append(mail)
            self._store.lose_answer(mail)
            return f"ses-{len(self._store.mails)}"

        return self._store.call("post.send", take)


class FakeSecrets:
    """Keys by their ids, the current one first; a test may turn the ring."""

    def __init__(self, *known: str) -> None:
        self.known = known or ("k1",)

    @property
    def current(self) -> str:
        return self.known[0]

    def derive(self, purpose: str, *parts: str, key_id: str = "") -> bytes:
        if key_id and key_id not in self.known:
            raise KeyError(key_id)
        text = "\n".join((key_id or self.current, purpose, *parts))
        return hashlib.sha256(text.encode()).digest()


def plain_letter(letter: Letter) -> bytes:
    """A letter without templates: what it is about, and for whom."""
    booking = letter.booking
    when = f"{booking.starts_at.isoformat()} {','.join(booking.space_ids)}" if booking else ""
    return f"{letter.kind} {letter.to.email} {letter.method or '-'} {when}".encode()


def plain_preview(kind: Kind, language: str, catalog: Catalog, now: datetime) -> Preview:
    """What a mail would be, without templates."""
    return Preview(f"{kind} {language}", catalog.site.mailbox, f"<p>{now.isoformat()}</p>")
