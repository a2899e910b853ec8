"""Persons, API keys, logins and sessions in memory, and a provider that vouches for people."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from chalicelib.domain.api_keys import ApiKey
from chalicelib.domain.errors import Forbidden, QuotaChanged, Unavailable, VersionRaced, refuse
from chalicelib.domain.holds import Holds, live
from chalicelib.domain.limits import Counter, too_many
from chalicelib.domain.logins import Login, Session
from chalicelib.domain.people import Role
from chalicelib.domain.private_feeds import PrivateFeed
from chalicelib.domain.profiles import Profile
from chalicelib.services.ports import Fields, Identity, InFlight, Page, Quota

if TYPE_CHECKING:
    from tests.fakes import FakeTransaction, Store

VERSION, QUOTA = 1, 3  # the ranks of conditions, as tests.fakes has them


class FakePeople:
    def __init__(self, store: "Store") -> None:
        self._store = store

    def profile(self, person_id: str) -> Profile | None:
        return self._store.call("people.profile", lambda: self._store.profiles.get(person_id))

    def profiles(self, person_ids: Iterable[str]) -> list[Profile]:
        wanted = list(dict.fromkeys(person_ids))
        known = self._store.profiles
        found = lambda: [known[each] for each in wanted if each in known]  # noqa: E731
        return self._store.call("people.profiles", found) if wanted else []

    def save_profile(self, tx: "FakeTransaction", profile: Profile) -> None:
        _write(
            tx,
            ("people", profile.person_id, "profile"),
            self._store.profiles,
            profile.person_id,
            profile,
            profile.version - 1 or None,
        )

    def save_standing(self, tx: "FakeTransaction", before: Role | None, after: Profile) -> None:
        store, person_id = self._store, after.person_id
        listed = bool(after.granted or after.partner_until)
        change = store.standing.add if listed else store.standing.discard
        tx.add(("people", "roles", person_id), VERSION, lambda: None, lambda: change(person_id))
        if (before is Role.ADMIN) == (after.granted is Role.ADMIN):
            return
        leaves = before is Role.ADMIN

        def check() -> Exception | None:
            last = leaves and person_id in store.admins and len(store.admins) < 2
            return refuse("stale-state", "/role", why="last-admin") if last else None

        count = store.admins.discard if leaves else store.admins.add
        tx.add(("people", "admins"), VERSION, check, lambda: count(person_id))

    def with_standing(self, limit: int, after: Fields | None) -> Page[str]:
        def read() -> Page[str]:
            found = sorted(
                each for each in self._store.standing if each > (after["item"] if after else "")
            )
            more = {"item": found[limit - 1]} if len(found) > limit else None
            return Page(found[:limit], more)

        return self._store.call("people.with_standing", read)

    def save_quota(self, tx: "FakeTransaction", old: Quota, new: Quota, *, strict: bool) -> None:
        added = {key: span for key, span in new.bookings.items() if old.bookings.get(key) != span}
        gone = [key for key in old.bookings if key not in new.bookings]
        if not added and not gone:
            return

        def check() -> Exception | None:
            present = self._store.quotas.get(new.person_id, Quota(new.person_id))
            closed = added and present.closed and "closed" not in self._store.leave_out
            held = strict and "quota" not in self._store.leave_out
            changed = held and present.version != old.version
            return QuotaChanged() if closed or changed else None

        def apply() -> None:
            present = self._store.quotas.get(new.person_id, Quota(new.person_id))
            bookings = {key: span for key, span in present.bookings.items() if key not in gone}
            self._store.quotas[new.person_id] = Quota(
                new.person_id, bookings | added, present.version + 1, present.closed
            )

        tx.add(("people", new.person_id, "quota"), QUOTA, check, apply)

    def close_quota(self, tx: "FakeTransaction", quota: Quota) -> None:
        quotas, person_id = self._store.quotas, quota.person_id

        def check() -> Exception | None:
            present = quotas.get(person_id, Quota(person_id))
            return None if present.version == quota.version else QuotaChanged()

        def apply() -> None:
            present = quotas.get(person_id, Quota(person_id))
            quotas[person_id] = replace(present, version=present.version + 1, closed=True)

        tx.add(("people", person_id, "quota"), QUOTA, check, apply)

    def suppress(self, person_id: str, reason: str, at: datetime) -> None:
        def suppress() -> None:
            self._store.suppressed[person_id] = reason

        self._store.call("people.suppress", suppress)

    def suppressed(self, person_id: str) -> str:
        return self._store.call(
            "people.suppressed", lambda: self._store.suppressed.get(person_id, "")
        )

    def suppressions(self, person_ids: Iterable[str]) -> dict[str, str]:
        wanted, known = list(dict.fromkeys(person_ids)), self._store.suppressed
        found = lambda: {each: known[each] for each in wanted if each in known}  # noqa: E731
        return self._store.call("people.suppressions", found) if wanted else {}

    def unsuppress(self, person_id: str) -> bool:
        return self._store.call(
            "people.unsuppress", lambda: self._store.suppressed.pop(person_id, "") != ""
        )

    def reminders(self, person_id: str) -> bool:
        return self._store.call(
            "people.reminders", lambda: person_id not in self._store.reminders_off
        )

    def set_reminders(self, person_id: str, *, on: bool) -> None:
        change = self._store.reminders_off.discard if on else self._store.reminders_off.add
        self._store.call("people.set_reminders", lambda: change(person_id))

    def save_reminders(self, tx: "FakeTransaction", person_id: str, *, on: bool) -> None:
        change = self._store.reminders_off.discard if on else self._store.reminders_off.add
        key = ("people", person_id, "preferences")
        tx.add(key, VERSION, lambda: None, lambda: change(person_id))


class FakeApiKeys:
    def __init__(self, store: "Store") -> None:
        self._store = store

    def find(self, key_id: str, owner_id: str = "") -> tuple[ApiKey | None, Profile | None]:
        store = self._store
        return store.call(
            "api_keys.find", lambda: (store.api_keys.get(key_id), store.profiles.get(owner_id))
        )

    def all(self, limit: int, after: Fields | None) -> Page[ApiKey]:
        first = after["item"] if after else ""

        def read() -> Page[ApiKey]:
            found = [key for name, key in sorted(self._store.api_keys.items()) if name > first]
            more = {"item": found[limit - 1].key_id} if len(found) > limit else None
            return Page(found[:limit], more)

        return self._store.call("api_keys.all", read)

    def create(self, tx: "FakeTransaction", key: ApiKey) -> None:
        self._write(tx, key, None)

    def save(self, tx: "FakeTransaction", key: ApiKey) -> None:
        self._write(tx, key, key.version - 1)

    def _write(self, tx: "FakeTransaction", key: ApiKey, before: int | None) -> None:
        place = ("people", "keys", key.key_id)
        _write(tx, place, self._store.api_keys, key.key_id, key, before)

    def use(self, key_id: str, now: datetime, noted_before: datetime) -> None:
        def use() -> None:
            key = self._store.api_keys.get(key_id)
            if key and (key.used_at is None or key.used_at <= noted_before):
                self._store.api_keys[key_id] = replace(key, used_at=now)

        self._store.call("api_keys.use", use)


class FakeLogins:
    def __init__(self, store: "Store") -> None:
        self._store = store

    def read(self, login_id: str, person_id: str = "") -> tuple[Login | None, Profile | None]:
        store = self._store
        return store.call(
            "logins.read", lambda: (store.logins.get(login_id), store.profiles.get(person_id))
        )

    def put(self, tx: "FakeTransaction", login: Login) -> None:
        self._save(tx, login, None)

    def save(self, tx: "FakeTransaction", login: Login) -> None:
        self._save(tx, login, login.version - 1)

    def _save(self, tx: "FakeTransaction", login: Login, before: int | None) -> None:
        key = ("tokens", "login", login.login_id)
        _write(tx, key, self._store.logins, login.login_id, login, before)

    def session(self, token_hash: str, person_id: str) -> tuple[Session | None, Profile | None]:
        store = self._store
        return store.call(
            "logins.session",
            lambda: (store.sessions.get(token_hash), store.profiles.get(person_id)),
        )

    def begin(self, tx: "FakeTransaction", session: Session) -> None:
        sessions, key = self._store.sessions, session.token_hash
        tx.add(("tokens", key), VERSION, lambda: None, lambda: sessions.__setitem__(key, session))

    def touch(self, session: Session) -> None:
        def touch() -> None:
            if session.token_hash in self._store.sessions:
                self._store.sessions[session.token_hash] = session

        self._store.call("logins.touch", touch)

    def end(self, tx: "FakeTransaction", token_hash: str) -> None:
        sessions = self._store.sessions
        tx.add(
            ("tokens", token_hash),
            VERSION,
            lambda: None,
            lambda: sessions.__delitem__(token_hash) if token_hash in sessions else None,
        )

    def of_person(self, person_id: str) -> InFlight:
        store = self._store

        def of(things: Iterable[Any]) -> list[Any]:
            return [each for each in things if each.person_id == person_id]

        return store.call(
            "logins.of_person",
            lambda: InFlight(
                of(store.sessions.values()), of(store.logins.values()), of(store.records.values())
            ),
        )


class FakeFeeds:
    def __init__(self, store: "Store") -> None:
        self._store = store

    def find(self, token_hash: str) -> PrivateFeed | None:
        return self._store.call("feeds.find", lambda: self._store.feeds.get(token_hash))

    def of_person(self, person_id: str) -> tuple[list[PrivateFeed], int]:
        store = self._store
        return store.call(
            "feeds.of_person",
            lambda: (
                [each for each in store.feeds.values() if each.person_id == person_id],
                store.feed_lists.get(person_id, 0),
            ),
        )

    def add(self, tx: "FakeTransaction", feed: PrivateFeed, version: int) -> None:
        store, person_id = self._store, feed.person_id

        def check() -> Exception | None:
            return VersionRaced() if store.feed_lists.get(person_id, 0) != version else None

        def apply() -> None:
            store.feed_lists[person_id] = version + 1
            store.feeds[feed.token_hash] = feed

        tx.add(("people", person_id, "feeds"), VERSION, check, apply)

    def remove(self, tx: "FakeTransaction", feed: PrivateFeed) -> None:
        feeds = self._store.feeds
        tx.add(
            ("people", "feed", feed.token_hash),
            VERSION,
            lambda: None,
            lambda: feeds.__delitem__(feed.token_hash) if feed.token_hash in feeds else None,
        )

    def note_read(self, tx: "FakeTransaction", feed: PrivateFeed, at: datetime) -> None:
        feeds, key = self._store.feeds, feed.token_hash
        tx.add(
            ("people", "feed", key),
            VERSION,
            lambda: None if key in feeds else VersionRaced(),
            lambda: feeds.__setitem__(key, replace(feeds[key], read_at=at)),
        )


class FakeHolds:
    def __init__(self, store: "Store") -> None:
        self._store = store

    def add(
        self, tx: "FakeTransaction", before: Holds, thing: str, until: int, now: datetime
    ) -> None:
        held, key = self._store.holds, before.key

        def check() -> Exception | None:
            version = held[key].version if key in held else 0
            left_out = "holds" in self._store.leave_out
            return None if left_out or version == before.version else QuotaChanged()

        def apply() -> None:
            present = held.get(key) or Holds(key)
            kept = live(present, now)
            held[key] = Holds(key, kept | {thing: until}, present.version + 1)

        tx.add(("tokens", key), QUOTA, check, apply)

    def remove(self, tx: "FakeTransaction", key: str, thing: str, now: datetime) -> None:
        held = self._store.holds

        def apply() -> None:
            present = held.get(key) or Holds(key)
            kept = {name: until for name, until in present.until.items() if name != thing}
            held[key] = Holds(key, kept, present.version + 1)

        tx.add(("tokens", key), QUOTA, lambda: None, apply)


class FakeLimits:
    def __init__(self, store: "Store") -> None:
        self._store = store

    def count(self, counters: Sequence[Counter]) -> None:
        def count() -> None:
            for each in counters:
                if error := self._full(each):
                    raise error
            for each in counters:
                self._one_more(each)

        if counters:
            self._store.call("limits.count", count)

    def add(self, tx: "FakeTransaction", counters: Sequence[Counter]) -> None:
        for each in counters:
            tx.add(
                ("tokens", each.token),
                QUOTA,
                lambda each=each: self._full(each),
                lambda each=each: self._one_more(each),
            )

    def _full(self, counter: Counter) -> Exception | None:
        if self._store.counters.get(counter.token, 0) < counter.limit.most:
            return None
        return too_many(counter)

    def _one_more(self, counter: Counter) -> None:
        found = self._store.counters
        found[counter.token] = found.get(counter.token, 0) + 1


def _write(
    tx: "FakeTransaction",
    key: tuple[str, ...],
    things: dict[str, Any],
    name: str,
    thing: Any,
    before: int | None,
) -> None:
    """Put a thing in the place of the version before it; None: where there is none."""

    def check() -> Exception | None:
        present = things.get(name)
        return None if (present and present.version) == before else VersionRaced()

    tx.add(key, VERSION, check, lambda: things.__setitem__(name, thing))


class FakeProvider:
    """An OpenID provider at which people have logged in already: what stands for them is in `codes`."""

    issuer = "https://login.example"

    def __init__(self, **codes: Identity) -> None:
        self.codes = codes
        self.sent: list[dict[str, str]] = []
        self.asked: list[dict[str, str]] = []
        self.down = False

    def address(self, **asked: str) -> str:
        self._answer()
        self.sent.append(asked)
        return f"{self.issuer}/authorize?{urlencode({'state': asked['state']})}"

    def identity(self, *, code: str, issuer: str, **asked: str) -> Identity:
        """Once, and only to who knows what its browser was sent away with."""
        self._answer()
        self.asked.append({"code": code, "issuer": issuer, **asked})
        known = [{name: each[name] for name in asked} for each in self.sent]
        if code not in self.codes or issuer not in ("", self.issuer) or asked not in known:
            raise Forbidden("code")
        return self.codes.pop(code)

    def _answer(self) -> None:
        if self.down:
            raise Unavailable
