"""Everything that is kept in memory, walked over and removed."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from chalicelib.domain.bookings import Booking
from chalicelib.domain.erasures import Erasure
from chalicelib.domain.errors import VersionRaced
from chalicelib.domain.letters import Told
from chalicelib.domain.logins import LONGEST
from chalicelib.domain.messages import Message
from chalicelib.domain.notices import Notice
from chalicelib.domain.retention import CAME, Night, Token, Trace
from chalicelib.services.ports import Fields, Page

if TYPE_CHECKING:
    from tests.fakes import FakeTransaction, Store

VERSION = 1  # the rank of a version's condition, as tests.fakes has it


class FakeKeeping:
    def __init__(self, store: "Store") -> None:
        self._store = store

    def bookings(self, limit: int, after: Fields | None) -> Page[Booking]:
        return self._page(lambda: dict(self._store.bookings), limit, after)

    def messages(self, limit: int, after: Fields | None) -> Page[Message | Told | Notice]:
        store = self._store
        return self._page(lambda: {**store.messages, **store.told, **store.notices}, limit, after)

    def tokens(self, limit: int, after: Fields | None) -> Page[Token]:
        return self._page(lambda: {each.token_hash: each for each in self._tokens()}, limit, after)

    def traces(self, limit: int, after: Fields | None) -> Page[Trace]:
        def every() -> dict[str, Trace]:
            return {f"{each.person_id} {each.item}": each for each in self._traces()}

        return self._page(every, limit, after)

    def traces_of(self, person_id: str) -> list[Trace]:
        return self._store.call(
            "keeping.traces_of",
            lambda: [each for each in self._traces() if each.person_id == person_id],
        )

    def tokens_of(self, person_id: str) -> list[Token]:
        return self._store.call(
            "keeping.tokens_of",
            lambda: [each for each in self._tokens() if each.person_id == person_id],
        )

    def remove_message(self, tx: "FakeTransaction", message: Message) -> None:
        key = ("outbox", message.message_id)
        self._remove(tx, key, self._store.messages, message.message_id, message.version)

    def remove_notice(self, tx: "FakeTransaction", notice_id: str) -> None:
        self._remove(tx, ("outbox", f"notice#{notice_id}"), self._store.notices, notice_id, None)

    def remove_told(self, tx: "FakeTransaction", subject: str, person_id: str) -> None:
        key = f"told#{subject}#{person_id}"
        self._remove(tx, ("outbox", key), self._store.told, key, None)

    def remove_token(self, tx: "FakeTransaction", token: Token) -> None:
        def check() -> Exception | None:
            present = {each.token_hash: each for each in self._tokens()}.get(token.token_hash)
            same = present is None or present.expires_at == token.expires_at
            return None if same else VersionRaced()

        def apply() -> None:
            self._store.records.pop(token.token_hash, None)
            self._store.sessions.pop(token.token_hash, None)
            self._store.logins.pop(token.token_hash.removeprefix("login "), None)

        tx.add(("tokens", token.token_hash), VERSION, check, apply)

    def note_came(self, tx: "FakeTransaction", person_id: str, at: datetime) -> None:
        came = self._store.came
        key = ("people", person_id, CAME)
        tx.add(key, VERSION, lambda: None, lambda: came.__setitem__(person_id, at))

    def remove_trace(self, tx: "FakeTransaction", trace: Trace) -> None:
        key = ("people", trace.person_id, trace.item)
        if trace.item == "reminders":
            gone = self._store.reminders_off
            tx.add(key, VERSION, lambda: None, lambda: gone.discard(trace.person_id))
            return
        if trace.item.startswith("feed#"):
            feeds = self._store.feeds
            tx.add(key, VERSION, lambda: None, lambda: feeds.pop(trace.item[5:], None))
            return
        things = self._kept()[trace.item]
        if trace.item == "feeds":
            tx.add(key, VERSION, lambda: None, lambda: things.pop(trace.person_id, None))
            return
        self._remove(tx, key, things, trace.person_id, trace.version)

    def erasure(self, person_id: str) -> Erasure | None:
        return self._store.call("keeping.erasure", lambda: self._store.erasures.get(person_id))

    def erasures(self) -> list[Erasure]:
        return self._store.call(
            "keeping.erasures", lambda: [each for _, each in sorted(self._store.erasures.items())]
        )

    def save_erasure(self, tx: "FakeTransaction", erasure: Erasure) -> None:
        erasures, person_id = self._store.erasures, erasure.person_id

        def check() -> Exception | None:
            present = erasures.get(person_id)
            return None if _version(present) == (erasure.version - 1 or None) else VersionRaced()

        tx.add(
            ("people", "erasures", person_id),
            VERSION,
            check,
            lambda: erasures.__setitem__(person_id, erasure),
        )

    def check_erasing(self, tx: "FakeTransaction", person_id: str) -> None:
        def check() -> Exception | None:
            present = self._store.erasures.get(person_id)
            going = (present and not present.done) or "erasing" in self._store.leave_out
            return None if going else VersionRaced()

        tx.require(("people", "erasures", person_id), VERSION, check)

    def remove_erasure(self, tx: "FakeTransaction", erasure: Erasure) -> None:
        key, person_id = ("people", "erasures", erasure.person_id), erasure.person_id
        self._remove(tx, key, self._store.erasures, person_id, erasure.version)

    def night(self) -> Night | None:
        return self._store.call("keeping.night", lambda: self._store.night)

    def save_night(self, tx: "FakeTransaction", night: Night) -> None:
        def check() -> Exception | None:
            before = night.version - 1 or None
            return None if _version(self._store.night) == before else VersionRaced()

        def apply() -> None:
            self._store.night = night

        tx.add(("people", "retention", "night"), VERSION, check, apply)

    def _remove(
        self,
        tx: "FakeTransaction",
        key: tuple[str, ...],
        things: dict[str, Any],
        name: str,
        version: int | None,
    ) -> None:
        def check() -> Exception | None:
            same = version is None or name not in things or things[name].version == version
            return None if same else VersionRaced()

        tx.add(key, VERSION, check, lambda: things.pop(name, None))

    def _kept(self) -> dict[str, dict[str, Any]]:
        """What is kept under persons, by the name of the item."""
        store = self._store
        return {
            "profile": store.profiles,
            "quota": store.quotas,
            "suppressed": store.suppressed,
            "feeds": store.feed_lists,
            CAME: store.came,
        }

    def _traces(self) -> Iterator[Trace]:
        store = self._store
        for person_id, profile in store.profiles.items():
            last = max(profile.created_at, profile.logged_in_at or profile.created_at)
            yield Trace(person_id, "profile", last, profile, profile.version)
        for person_id, quota in store.quotas.items():
            ends = [end for _, end in quota.bookings.values()]
            last_end = datetime.fromtimestamp(max(ends), UTC) if ends else None
            yield Trace(person_id, "quota", last_end, version=quota.version)
        for person_id in store.suppressed:
            yield Trace(person_id, "suppressed")
        for person_id in store.reminders_off:
            yield Trace(person_id, "reminders")
        for person_id, at in store.came.items():
            yield Trace(person_id, CAME, at)
        for person_id, version in store.feed_lists.items():
            yield Trace(person_id, "feeds", version=version)
        for token_hash, feed in store.feeds.items():
            yield Trace(feed.person_id, f"feed#{token_hash}", feed.created_at)

    def _tokens(self) -> Iterator[Token]:
        store = self._store
        for token, record in store.records.items():
            yield Token(token, "idempotency", record.person_id, record.expires_at)
        for token, session in store.sessions.items():
            expires_at = int((session.created_at + LONGEST).timestamp())
            yield Token(token, "session", session.person_id, expires_at)
        for login_id, login in store.logins.items():
            expires_at = int(login.expires_at.timestamp())
            yield Token(f"login {login_id}", "login", login.person_id, expires_at)

    def _page(
        self, every: Callable[[], dict[str, Any]], limit: int, after: Fields | None
    ) -> Page[Any]:
        def read() -> Page[Any]:
            things = every()
            keys = [key for key in sorted(things) if not after or key > after["key"]]
            more = {"key": keys[limit - 1]} if len(keys) > limit else None
            return Page([things[key] for key in keys[:limit]], more)

        return self._store.call("keeping.page", read)


def _version(thing: Any) -> int | None:
    return thing.version if thing else None
