"""What the use cases need of the outside, as protocols; adapters and the tests' fakes provide it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from datetime import datetime

    from chalicelib.domain.api_keys import ApiKey
    from chalicelib.domain.audit import Entry
    from chalicelib.domain.bookings import Booking, Until
    from chalicelib.domain.catalog import Catalog, Site
    from chalicelib.domain.closures import Closure
    from chalicelib.domain.erasures import Erasure
    from chalicelib.domain.event_feeds import EventFeed
    from chalicelib.domain.events import Event, Way
    from chalicelib.domain.feeds import Feed
    from chalicelib.domain.footprints import DayKey, Footprint
    from chalicelib.domain.holds import Holds
    from chalicelib.domain.letters import Letter, Preview, Told
    from chalicelib.domain.limits import Counter
    from chalicelib.domain.logins import Login, Session
    from chalicelib.domain.messages import Kind, Message
    from chalicelib.domain.notices import Notice
    from chalicelib.domain.occupancy import LedgerDay
    from chalicelib.domain.people import Role
    from chalicelib.domain.private_feeds import OwnCalendar, PrivateFeed
    from chalicelib.domain.profiles import Profile
    from chalicelib.domain.queueing import Change, Needs
    from chalicelib.domain.retention import Night, Token, Trace
    from chalicelib.domain.sheets import Sheet
    from chalicelib.domain.signups import Entry as QueueEntry
    from chalicelib.domain.signups import Part, SignUp
    from chalicelib.domain.spaces import Space

Fields = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """The idempotency item of a write that took place."""

    token: str
    fingerprint: str
    attempt: str
    answer: Fields
    expires_at: int
    person_id: str = ""  # whose data the answer is, else who asked


@dataclass(frozen=True, slots=True)
class Quota:
    """The bookings of a person, or of an organisation by its id, until their weeks are over.

    Each with its start and end in epoch seconds.
    """

    person_id: str
    bookings: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    version: int = 0
    closed: bool = False  # they are being forgotten: no booking is added


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one strongly consistent read found; `holds` and `days` have only what exists."""

    record: KeyRecord | None = None
    booking: Booking | None = None
    quota: Quota | None = None
    profile: Profile | None = None
    organisation: Quota | None = None
    holds: Mapping[str, Holds] = field(default_factory=dict)
    days: Mapping[DayKey, LedgerDay] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MessageContext:
    """What has to be known to say whether and how a message is sent, read strongly and at once."""

    booking: Booking | None = None
    event: Event | None = None
    signup: SignUp | None = None  # of the person, to the event
    told: Told | None = None
    suppressed: str = ""  # why no mail goes to this person's address
    reminders_off: bool = False
    paused_until: datetime | None = None  # sending as a whole
    login: Login | None = None  # of a mail with a link to log in by
    profile: Profile | None = None  # of a mail that is about its person
    notice: Notice | None = None  # of a mail that says what staff wrote


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of a list, and where the rest begins (None: nowhere)."""

    items: Sequence[T]
    next: Fields | None = None


class Transaction(Protocol):
    """Writes that happen all together or not at all."""

    def commit(self) -> None:
        """Write. Raises the Race that the first failed condition in data.md's order means."""


class Snapshots(Protocol):
    """One read of what a decision needs."""

    def read(
        self,
        *,
        token: str | None = None,
        booking_id: str | None = None,
        person_id: str | None = None,
        organisation_id: str | None = None,
        holds: Iterable[str] = (),
        days: Iterable[DayKey] = (),
    ) -> Snapshot:
        """Read all of it in one request, strongly consistent."""


class Ledger(Protocol):
    """Who holds which slots."""

    def move(
        self,
        tx: Transaction,
        holder: str,
        old: Footprint,
        new: Footprint,
        until: Until = None,
        marks: Mapping[DayKey, str] | None = None,
    ) -> None:
        """From one footprint to another; SlotTaken where a gained slot is not free."""

    def resource_days(self, resource_id: str, first_day: str) -> list[LedgerDay]:
        """A resource's items from a UTC day on, strongly consistent, in order."""

    def week(
        self, iso_week: str, first_day: str = "0000", last_day: str = "9999"
    ) -> list[LedgerDay]:
        """The whole site's items of an ISO week, of the UTC days from one to another, by the index."""

    def all_days(self) -> Iterable[LedgerDay]:
        """Every item there is, for the consistency check."""


class Bookings(Protocol):
    """Bookings by id, and lists of them."""

    def get(self, booking_id: str) -> Booking | None:
        """One booking, strongly consistent."""

    def get_many(self, booking_ids: Iterable[str]) -> list[Booking]:
        """Those that exist, strongly consistent."""

    def create(self, tx: Transaction, booking: Booking) -> None:
        """VersionRaced where the id is in use."""

    def save(self, tx: Transaction, booking: Booking) -> None:
        """Replace the version before this one; VersionRaced where that is not there."""

    def check(self, tx: Transaction, booking_id: str, version: int | None) -> None:
        """VersionRaced where a booking has another version (None: where there is one)."""

    def due(self, now: datetime, limit: int) -> list[str]:
        """Ids of what the clock has something to do with, from the index, earliest first."""

    def by_month(
        self, month: str, first: datetime, last: datetime, limit: int, after: Fields | None
    ) -> Page[Booking]:
        """Those that start in a UTC month (2026-12) and in [first, last), by start."""

    def by_person(
        self, person_id: str, first: datetime, last: datetime, limit: int, after: Fields | None
    ) -> Page[Booking]:
        """A person's that start in [first, last), by start."""

    def all(self) -> Iterable[Booking]:
        """Every booking there is, for the consistency check."""


@dataclass(frozen=True, slots=True)
class Look:
    """An event, and what some people have to do with it; those that have nothing are not in it."""

    event: Event | None = None
    signups: Mapping[str, SignUp] = field(default_factory=dict)  # those that they lead, or led
    parties: Mapping[str, str] = field(
        default_factory=dict
    )  # by whom the party is led that they are in


class Events(Protocol):
    """Events, sign-ups and queues."""

    def look(self, event_id: str, person_ids: Iterable[str] = ()) -> Look:
        """An event and what some people have to do with it, strongly consistent."""

    def head(self, event_id: str, way: Way) -> QueueEntry | None:
        """Who waits first, strongly consistent."""

    def queue(self, event_id: str, way: Way, before: int | None = None) -> list[QueueEntry]:
        """Everybody who waits, or those alone before a number, in order, strongly consistent."""

    def lapsed(self, event_id: str, now: datetime, limit: int) -> list[str]:
        """Whose sign-ups are over by themselves at `now`, longest first, strongly consistent."""

    def signups(self, event_id: str, limit: int, after: Fields | None) -> Page[SignUp]:
        """Some of an event's sign-ups, those that are over too, strongly consistent, by person."""

    def by_month(
        self, month: str, first: datetime, last: datetime, limit: int, after: Fields | None
    ) -> Page[Event]:
        """Those that start in a UTC month (2026-12) and in [first, last), by start."""

    def parts_of(self, person_id: str, limit: int, after: Fields | None) -> Page[Part]:
        """The parties that a person leads or comes along with, those that are over too, by the index."""

    def parties(self, parts: Iterable[Part]) -> list[tuple[Event, SignUp]]:
        """Those parties that there are, each with its event, strongly consistent, in no order."""

    def create(self, tx: Transaction, event: Event) -> None:
        """VersionRaced where the id is in use."""

    def save(self, tx: Transaction, before: Event, after: Event) -> None:
        """What staff edited; VersionRaced where the version is not `before`'s.

        Counters go on from where they are: of them, only `free` is moved, with the limit.
        """

    def write(
        self,
        tx: Transaction,
        event: Event,
        changes: Iterable[Change],
        needs: Mapping[Way, Needs] | None = None,
    ) -> None:
        """Change sign-ups, and all that follows from it; those of a cancelled event leave its counters.

        VersionRaced where anything that was read is no longer so: the event's version, what is
        needed, a sign-up's version, whose party somebody is in, a place in the queue.
        """

    def check(self, tx: Transaction, event_id: str, person_id: str, version: int) -> None:
        """VersionRaced where a sign-up has another version."""

    def skip(self, tx: Transaction, event: Event, entry: QueueEntry) -> None:
        """Take a place out of the queue that is nobody's any more; VersionRaced where it changed."""


class CatalogStore(Protocol):
    """The settings, as stored."""

    def load(self) -> Catalog:
        """All settings, strongly consistent."""

    def revision(self) -> int:
        """The number that every change of settings raises."""

    def check(self, tx: Transaction, versions: Mapping[str, int]) -> None:
        """SettingsChanged where a space has another version."""

    def create_space(self, tx: Transaction, space: Space) -> None:
        """VersionRaced where the id is in use."""

    def save_space(self, tx: Transaction, space: Space) -> None:
        """Replace the version before this one; VersionRaced where that is not there."""

    def save_site(self, tx: Transaction, site: Site) -> None:
        """Replace the version before this one, or write version 1; VersionRaced otherwise."""

    def closure(self, closure_id: str) -> Closure | None:
        """One closure, strongly consistent."""

    def create_closure(self, tx: Transaction, closure: Closure) -> None:
        """VersionRaced where the id is in use."""

    def save_closure(self, tx: Transaction, closure: Closure) -> None:
        """Replace the version before this one; VersionRaced where that is not there."""

    def check_closure(self, tx: Transaction, closure_id: str, version: int | None) -> None:
        """VersionRaced where a closure has another version (None: where there is one)."""


class Keys(Protocol):
    """Idempotency items."""

    def get(self, token: str) -> KeyRecord | None:
        """One record, strongly consistent."""

    def put(self, tx: Transaction, record: KeyRecord, now: int) -> None:
        """KeyUsed where there is one that has not expired at `now` (epoch seconds)."""

    def amend(self, record: KeyRecord) -> None:
        """Complete a stored answer with what could only be found after the commit."""


class People(Protocol):
    """Persons and their quotas."""

    def profile(self, person_id: str) -> Profile | None:
        """What is known of a person, strongly consistent."""

    def profiles(self, person_ids: Iterable[str]) -> list[Profile]:
        """Those that are known, strongly consistent, in no order."""

    def save_profile(self, tx: Transaction, profile: Profile) -> None:
        """Replace the version before this one, or write version 1; VersionRaced otherwise."""

    def save_standing(self, tx: Transaction, before: Role | None, after: Profile) -> None:
        """Keep the list of whoever has a role or an invitation, of whom `before` was the role.

        Refused with `stale-state` where the last admin would be none any more.
        """

    def with_standing(self, limit: int, after: Fields | None) -> Page[str]:
        """The ids of some of them, strongly consistent, in order."""

    def save_quota(self, tx: Transaction, old: Quota, new: Quota, *, strict: bool) -> None:
        """Write the difference; with `strict`, QuotaChanged where the version is not `old`'s.

        QuotaChanged also where a booking is added to one that is closed.
        """

    def close_quota(self, tx: Transaction, quota: Quota) -> None:
        """Let no booking be added any more; QuotaChanged where the version is not this one's."""

    def suppress(self, person_id: str, reason: str, at: datetime) -> None:
        """Send nothing more to a person's address: it bounced, or its owner complained."""

    def suppressed(self, person_id: str) -> str:
        """Why nothing is sent to a person's address, or ""."""

    def suppressions(self, person_ids: Iterable[str]) -> dict[str, str]:
        """As `suppressed`, of several: those alone to whose addresses nothing is sent."""

    def unsuppress(self, person_id: str) -> bool:
        """Send again; whether it had been suppressed."""

    def reminders(self, person_id: str) -> bool:
        """Whether a person wants reminders."""

    def set_reminders(self, person_id: str, *, on: bool) -> None:
        """Switch them on or off."""

    def save_reminders(self, tx: Transaction, person_id: str, *, on: bool) -> None:
        """As `set_reminders`, together with something else."""


@dataclass(frozen=True, slots=True)
class InFlight:
    """What is kept of a person for hours: it may be over already, and wait to be removed."""

    sessions: Sequence[Session] = ()
    logins: Sequence[Login] = ()
    records: Sequence[KeyRecord] = ()


class ApiKeys(Protocol):
    """What other systems, and hosts' own programs, show."""

    def find(self, key_id: str, owner_id: str = "") -> tuple[ApiKey | None, Profile | None]:
        """A key and whose own it is, in one strongly consistent read."""

    def all(self, limit: int, after: Fields | None) -> Page[ApiKey]:
        """Some of all keys, strongly consistent, by their ids."""

    def create(self, tx: Transaction, key: ApiKey) -> None:
        """VersionRaced where the id is in use."""

    def save(self, tx: Transaction, key: ApiKey) -> None:
        """Replace the version before this one; VersionRaced where that is not there."""

    def use(self, key_id: str, now: datetime, noted_before: datetime) -> None:
        """Note that a key is in use, unless that was noted after `noted_before`."""


class Logins(Protocol):
    """Proofs of addresses that were asked for, and the sessions that came of them."""

    def read(self, login_id: str, person_id: str = "") -> tuple[Login | None, Profile | None]:
        """A proof, and what is known of a person, in one strongly consistent read."""

    def put(self, tx: Transaction, login: Login) -> None:
        """A new one; VersionRaced where it is there."""

    def save(self, tx: Transaction, login: Login) -> None:
        """Replace the version before this one; VersionRaced where that is not there."""

    def session(self, token_hash: str, person_id: str) -> tuple[Session | None, Profile | None]:
        """A session and its person, in one strongly consistent read."""

    def begin(self, tx: Transaction, session: Session) -> None:
        """A new session."""

    def touch(self, session: Session) -> None:
        """Note when it was last seen; nothing happens where it is no more."""

    def end(self, tx: Transaction, token_hash: str) -> None:
        """End one, if there is one."""

    def of_person(self, person_id: str) -> InFlight:
        """A person's sessions, proofs and idempotency items, by the index."""


class Feeds(Protocol):
    """Secret addresses of people's own calendars."""

    def find(self, token_hash: str) -> PrivateFeed | None:
        """One, strongly consistent: what was revoked is gone at once."""

    def of_person(self, person_id: str) -> tuple[list[PrivateFeed], int]:
        """A person's, and the version of their list, strongly consistent."""

    def add(self, tx: Transaction, feed: PrivateFeed, version: int) -> None:
        """VersionRaced where the list has another version."""

    def remove(self, tx: Transaction, feed: PrivateFeed) -> None:
        """An address, if it is there."""

    def note_read(self, tx: Transaction, feed: PrivateFeed, at: datetime) -> None:
        """When it was last read; VersionRaced where it was revoked meanwhile."""


class HoldPlaces(Protocol):
    """Where bookings and sign-ups that are held before an address is proved are counted, by their ids."""

    def add(self, tx: Transaction, before: Holds, thing: str, until: int, now: datetime) -> None:
        """Add one, and leave out what has lapsed; QuotaChanged where the version is not `before`'s."""

    def remove(self, tx: Transaction, key: str, thing: str, now: datetime) -> None:
        """Take one out, if it is there."""


class Limits(Protocol):
    """Who wrote how often of late."""

    def count(self, counters: Sequence[Counter]) -> None:
        """Count one more in each, or in none; TooMany where one is full. One storage call, or none."""

    def add(self, tx: Transaction, counters: Sequence[Counter]) -> None:
        """Count within a transaction; TooMany where one is full."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a provider vouches for."""

    email: str
    name: str = ""
    organisation: str = ""
    language: str = ""


class Provider(Protocol):
    """Who else can prove an address: an OpenID provider."""

    def address(
        self, *, state: str, nonce: str, verifier: str, redirect_uri: str, language: str
    ) -> str:
        """Where a browser is sent to log in (OpenID Connect Core, 3.1.2.1)."""

    def identity(
        self, *, code: str, issuer: str, nonce: str, verifier: str, redirect_uri: str
    ) -> Identity:
        """Whom a code stands for; `issuer` is who it says it is from, "" where it does not (RFC 9207).

        Raises Forbidden (a word for the log) where it is nobody, Unavailable where the provider does
        not answer.
        """


class Notices(Protocol):
    """What staff write to those of an event, for as long as it is kept."""

    def put(self, tx: Transaction, notice: Notice) -> None:
        """A new one; VersionRaced where it is there."""

    def of(self, notice_ids: Iterable[str]) -> list[Notice]:
        """Those whose words are kept still, strongly consistent, in no order."""


class Outbox(Protocol):
    """Messages, from the transaction that they tell of to their end."""

    def get(self, message_id: str) -> Message | None:
        """One message, strongly consistent."""

    def put(self, tx: Transaction, message: Message) -> None:
        """A new one; VersionRaced where it is there: then all of the transaction was done before."""

    def save(self, tx: Transaction, message: Message) -> None:
        """Replace the version before this one; VersionRaced where that is not there."""

    def save_told(self, tx: Transaction, told: Told) -> None:
        """As `save`, of what a person was told; version 1 is new."""

    def told_of(self, subjects: Iterable[str], person_id: str) -> list[Told]:
        """What a person was told of some subjects, strongly consistent, in no order."""

    def context(self, message: Message) -> MessageContext:
        """What stands around a message, in one read."""

    def due(self, now: datetime, limit: int) -> list[Message]:
        """What somebody has to look at by now, from the index, longest waiting first."""

    def pause(self, until: datetime | None) -> None:
        """Stop all sending until a time; None: go on."""

    def paused_until(self) -> datetime | None:
        """Until when sending is stopped, if it is."""

    def by_subject(self, subject: str, limit: int, after: Fields | None) -> Page[Message]:
        """The messages about a thing, by when they are due."""

    def of_kind(self, subject: str, kind: Kind) -> list[Message]:
        """All messages of a kind about a thing, by the index, by when they are due."""

    def by_person(self, person_id: str, limit: int, after: Fields | None) -> Page[Message]:
        """The messages to a person, by when they are due."""

    def by_month(
        self,
        month: str,
        first: datetime,
        last: datetime,
        state: str,
        limit: int,
        after: Fields | None,
    ) -> Page[Message]:
        """Those due in a UTC month (2026-12) and in [first, last), of a state or of all ("")."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Some of the people of a subject by id, and what is true of it in this moment."""

    revision: int
    person_ids: Sequence[str]
    last: bool  # nobody comes after them


class Audiences(Protocol):
    """The people of subjects that have many."""

    def page(
        self, subject: str, after: str, limit: int, wanted: Callable[[SignUp], bool]
    ) -> Audience | None:
        """Those that are wanted after a person, in the order of their ids; None for no such subject."""


class Queue(Protocol):
    """The way from what finds due messages to what sends them. It may lose and repeat."""

    def send(self, message_ids: Iterable[str], delay_seconds: int = 0) -> None:
        """Have workers look at messages."""


class Post(Protocol):
    """Who carries mails."""

    def send(self, raw: bytes, to: str, message_id: str, attempt: int) -> str:
        """Hand over a mail, once, and return the carrier's id for it.

        Raises PostThrottled and PostPaused (nothing was sent), PostRefused (and never will be), and
        PostUnknown where it may have been.
        """


class Secrets(Protocol):
    """Links and codes that can be derived again when a mail is rendered."""

    @property
    def current(self) -> str:
        """The id of the key that new ones are derived with."""

    @property
    def known(self) -> tuple[str, ...]:
        """The ids of all keys whose links still hold, the current one first."""

    def derive(self, purpose: str, *parts: str, key_id: str = "") -> bytes:
        """32 bytes that nobody can guess, always the same for the same purpose, parts and key.

        Without a key's id, of the current one. Raises KeyError for one that is known no longer.
        """


class Calendars(Protocol):
    """What calendars read (RFC 5545)."""

    def entry(self, booking: Booking, catalog: Catalog, language: str, now: datetime) -> bytes:
        """A booking to be downloaded."""

    def busy(self, feed: Feed, language: str) -> bytes:
        """A feed as events."""

    def free_busy(self, feed: Feed, language: str) -> bytes:
        """A feed as a VFREEBUSY."""

    def own(self, calendar: OwnCalendar) -> bytes:
        """A person's own bookings and seats as events."""

    def events(self, feed: EventFeed, language: str) -> bytes:
        """Events to subscribe to."""

    def event(self, feed: EventFeed, language: str) -> bytes:
        """The one event of a feed, to be downloaded."""


class Markdown(Protocol):
    """What staff write, as it is read (CommonMark)."""

    def html(self, text: str) -> str:
        """A fragment of HTML with nothing in it that acts."""

    def plain(self, text: str) -> str:
        """Plain text."""


class Sheets(Protocol):
    """What spreadsheets read; no cell of it is a formula."""

    def as_csv(self, sheet: Sheet) -> str:
        """As text with a mark of its encoding, for Excel in Finnish and Swedish."""

    def as_xlsx(self, sheet: Sheet, now: datetime) -> bytes:
        """As a workbook (ISO/IEC 29500)."""


class Keeping(Protocol):
    """What is kept: to be walked over, and to be removed when its time has come.

    All of it is strongly consistent but `tokens_of`. Removing what is gone already is no error.
    """

    def bookings(self, limit: int, after: Fields | None) -> Page[Booking]:
        """Some of all bookings, in no order that means anything."""

    def messages(self, limit: int, after: Fields | None) -> Page[Message | Told | Notice]:
        """Some of all messages, of what people were told, and of notices."""

    def tokens(self, limit: int, after: Fields | None) -> Page[Token]:
        """Some of all sessions, proofs, answers and counters."""

    def traces(self, limit: int, after: Fields | None) -> Page[Trace]:
        """Some of what is kept under all persons."""

    def traces_of(self, person_id: str) -> list[Trace]:
        """Everything that is kept under a person."""

    def tokens_of(self, person_id: str) -> list[Token]:
        """A person's sessions, proofs and answers, by the index."""

    def remove_message(self, tx: Transaction, message: Message) -> None:
        """VersionRaced where it has another version."""

    def remove_notice(self, tx: Transaction, notice_id: str) -> None:
        """The words of a notice, if they are there."""

    def remove_told(self, tx: Transaction, subject: str, person_id: str) -> None:
        """What somebody was told of a subject."""

    def remove_token(self, tx: Transaction, token: Token) -> None:
        """VersionRaced where there is another in its place."""

    def note_came(self, tx: Transaction, person_id: str, at: datetime) -> None:
        """Until when an event was that a person signed up for and is named in no more: a trace, CAME."""

    def remove_trace(self, tx: Transaction, trace: Trace) -> None:
        """One thing of a person's; VersionRaced where it has another version."""

    def erasure(self, person_id: str) -> Erasure | None:
        """Whether somebody is being forgotten, or was not long ago."""

    def erasures(self) -> list[Erasure]:
        """All of those."""

    def save_erasure(self, tx: Transaction, erasure: Erasure) -> None:
        """Replace the version before this one, or write version 1; VersionRaced otherwise."""

    def check_erasing(self, tx: Transaction, person_id: str) -> None:
        """VersionRaced where somebody is not being forgotten, or not any more."""

    def remove_erasure(self, tx: Transaction, erasure: Erasure) -> None:
        """VersionRaced where it has another version."""

    def night(self) -> Night | None:
        """How far the night's work has come."""

    def save_night(self, tx: Transaction, night: Night) -> None:
        """As `save_erasure`."""


class Audit(Protocol):
    """Who did what to what."""

    def add(
        self, tx: Transaction, *, subject: str, actor: str, action: str, at: datetime, **more: Any
    ) -> None:
        """Append an entry: ids and names of fields, never personal values."""

    def by_subject(
        self, subject: str, first: datetime, last: datetime, limit: int, after: Fields | None
    ) -> Page[Entry]:
        """What was done to something in [first, last), newest first, strongly consistent."""

    def by_actor(
        self, actor: str, first: datetime, last: datetime, limit: int, after: Fields | None
    ) -> Page[Entry]:
        """What somebody did in [first, last), newest first, by the index."""

    def of_person(self, subject: str, person_id: str) -> list[Entry]:
        """What was done to a person's part in something, newest first, strongly consistent."""


class Clock(Protocol):
    """Time and chance."""

    def now(self) -> datetime:
        """The present instant."""

    def new_id(self, prefix: str) -> str:
        """An id that nobody can guess: prefix, underscore, 22 letters and digits."""

    def monotonic(self) -> float:
        """Seconds that only grow, for deadlines."""

    def within(self, seconds: float) -> AbstractContextManager[None]:
        """Give what is done inside so many seconds, or what is left of an outer limit."""

    def deadline(self) -> float:
        """When the present work has to be done, on the scale of `monotonic`; else infinity."""

    def pause(self, attempt: int) -> None:
        """Wait before trying again, longer each time, with full jitter."""


class Settings(Protocol):
    """The settings, cached."""

    def get(self) -> Catalog:
        """As of at most a minute ago."""

    def recent(self) -> Catalog:
        """As of a moment ago, for what is only shown."""

    def fresh(self) -> Catalog:
        """As of now."""

    def forget(self) -> None:
        """Read them again the next time."""


@dataclass(frozen=True)
class Ports:
    """Everything that a use case is given."""

    begin: Callable[[], Transaction]
    snapshots: Snapshots
    ledger: Ledger
    bookings: Bookings
    events: Events
    catalog: CatalogStore
    keys: Keys
    people: People
    api_keys: ApiKeys
    logins: Logins
    feeds: Feeds
    keeping: Keeping
    limits: Limits
    holds: HoldPlaces
    audit: Audit
    clock: Clock
    settings: Settings
    outbox: Outbox
    notices: Notices
    queue: Queue
    post: Post
    secrets: Secrets
    audiences: Audiences
    calendars: Calendars
    markdown: Markdown
    sheets: Sheets
    qr: Callable[[str], str]  # a text as the address of a picture of its code
    render: Callable[[Letter], bytes]
    preview: Callable[[Kind, str, Catalog, datetime], Preview]  # of a kind, in a language
    provider: Provider | None = None
