"""The fixture of the event scenarios over any store: what is there is read through the ports alone, and
whoever is told reads real mails.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes
from typing import Any

from icalendar import Calendar

from chalicelib.adapters.mail.render import render
from chalicelib.domain.audit import Entry
from chalicelib.domain.events import Event, Promotion, Way, promotion
from chalicelib.domain.messages import EVERYBODY, Kind, Message
from chalicelib.domain.signup_messages import KINDS
from chalicelib.domain.signup_news import News
from chalicelib.domain.signups import SignUp, State
from chalicelib.services import events, sender, spaces
from chalicelib.services.ports import Page, Ports, Transaction
from tests.builders import ADMIN, STAFF, an_intent
from tests.contract.backends import Backend
from tests.deaths import Died
from tests.event_builders import NOW, START, an_event, somebody
from tests.event_scene import EVENT, Play, id_of, resizes
from tests.fake_messages import FakePost, FakeQueue
from tests.fakes import Store

MANY = 500
UNLIMITED = 1_000_000
SUBJECT = f"event#{EVENT}"
TOLD = {*KINDS.values()}


class Stage(Play):
    """One event over a store, and people who read their mails."""

    def __init__(self, lab: Backend, event: Event | None = None, **site: Any) -> None:
        self.lab = lab
        self.clock = lab.clock
        self.clock.time = NOW
        self.outside = Store()  # where mails go
        self.ports = self.worker()
        if site:
            spaces.change_site(self.ports, site, None, an_intent(ADMIN))
        events.create(self.ports, event or an_event(), an_intent(STAFF))
        self._most: dict[Way, int] = {}  # the highest limits that there ever were
        self._note_limits()

    def worker(self) -> Ports:
        """Another process over the same store."""
        post, queue = FakePost(self.outside), FakeQueue(self.outside)
        return replace(self.lab.worker(), post=post, queue=queue, render=render)

    def resize(self, limit: int | None, most_waiting: int | None = None) -> None:
        """Another number of seats in the room."""
        resizes(self.ports, limit, most_waiting)
        self._note_limits()

    def resize_without_settling(self, limit: int) -> None:
        """As who dies right after the write."""
        super().resize_without_settling(limit)
        self._note_limits()

    def _note_limits(self) -> None:
        for way, seats in self.event.ways.items():
            self._most[way] = max(_number(seats.limit), self._most.get(way, 0))

    def of(self, name: str) -> SignUp:
        """Somebody's sign-up, as stored."""
        return self.ports.events.look(EVENT, [id_of(name)]).signups[id_of(name)]

    @property
    def event(self) -> Event:
        """As stored."""
        found = self.ports.events.look(EVENT).event
        assert found is not None
        return found

    def everybody(self) -> list[SignUp]:
        """Every sign-up, by the ids of their persons."""
        return _all(lambda after: self.ports.events.signups(EVENT, MANY, after))

    def log(self) -> list[Entry]:
        """What was done, in order; of one moment, by the version that it made of a sign-up."""
        first, last = NOW.replace(year=2026), START.replace(year=2028)
        read = self.ports.audit.by_subject
        found = _all(lambda after: read(SUBJECT, first, last, MANY, after))
        return sorted(found, key=lambda each: (each.at, each.more.get("version", 0)))

    def news(self, name: str) -> list[str]:
        """What somebody was told, in order."""
        told = [each.more for each in self.log() if each.more.get("person_id") == id_of(name)]
        return [each["news"] for each in told if each["news"]]

    def messages(self, kind: Kind | None = None) -> list[Message]:
        """Those to persons, of a kind or of all."""
        found = _all(lambda after: self.ports.outbox.by_subject(SUBJECT, MANY, after))
        return [each for each in found if each.person_id != EVERYBODY and kind in (None, each.kind)]

    def deliver(self, worker: Ports | None = None) -> None:
        """Look at all that is due until nothing is."""
        ports = worker or self.ports
        while due := ports.outbox.due(self.clock.now(), MANY):
            for each in due:
                sender.work(ports, each.message_id)

    def mails(self, name: str) -> list[str]:
        """The METHOD of each mail that somebody was sent, in order; "" of one without a calendar part."""
        mine = [each.raw for each in self.outside.mails if each.to == somebody(name).email]
        return [method for method, _, _ in map(calendar_of, mine)]

    def check(self) -> None:
        """I1-I6, as they are and after one run of the clock."""
        self._check()
        events.reconcile(self.worker(), EVENT)
        self._check()
        self._nobody_waits_beside_a_seat()

    def _check(self) -> None:
        event, there = self.event, [each for each in self.everybody() if each.live]
        for way, seats in event.ways.items():
            here = [each for each in there if each.way is way]
            if event.live:
                self._counters_are_right(way, here)
            queue = self.ports.events.queue(EVENT, way)
            queued = [(each.number, each.person_id, each.size) for each in queue]
            waiting = [(each.number, each.person_id, each.size) for each in here if each.waiting]
            assert queued == sorted(waiting)
            assert seats.free >= 0 or _number(seats.limit) < self._most[way]
        persons = [person for each in there for person in each.person_ids]
        parties = {person: each.person_id for each in there for person in each.person_ids}
        assert self.ports.events.look(EVENT, persons).parties == parties
        assert len(parties) == len(persons)
        self._everybody_is_told_once()
        self.deliver()
        self._calendars_only_grow()

    def _counters_are_right(self, way: Way, here: list[SignUp]) -> None:
        """I1-I3"""
        seats = self.event.ways[way]
        taken = sum(each.size for each in here if each.seated)
        assert seats.free == _number(seats.limit) - taken
        assert taken <= self._most[way]
        pending = [each for each in here if each.state in (State.HELD, State.OFFERED)]
        assert seats.held == sum(each.size for each in pending)
        assert seats.waiting == sum(each.size for each in here if each.waiting)

    def _nobody_waits_beside_a_seat(self) -> None:
        """I4: no free seat that fits the head of the list, as long as anybody is promoted."""
        event = self.event
        if promotion(event, self.clock.now()) is Promotion.NONE:
            return
        for way, seats in event.ways.items():
            head = self.ports.events.head(EVENT, way)
            assert head is None or head.size > seats.free

    def _everybody_is_told_once(self) -> None:
        """I5: whatever there was to tell has one message, but for the end of what nobody proved."""
        told: Counter[tuple[str, Kind]] = Counter()
        last: dict[str, str] = {}
        for each in self.log():
            person, news = each.more.get("person_id", ""), each.more.get("news")
            if not news:
                continue
            unproved, last[person] = last.get(person) == News.PROOF, news
            if not (unproved and news in (News.EXPIRY, News.DEPARTURE)):
                told[person, KINDS[News(news)]] += 1
        found = Counter(
            (each.person_id, each.kind) for each in self.messages() if each.kind in TOLD
        )
        assert found == told

    def _calendars_only_grow(self) -> None:
        """I6: SEQUENCE grows over the mails that somebody was sent of one UID."""
        sent: dict[tuple[str, str], list[int]] = {}
        for each in self.outside.mails:
            method, uid, sequence = calendar_of(each.raw)
            if method:
                sent.setdefault((each.to, uid), []).append(sequence)
        for (to, _), numbers in sent.items():
            assert numbers == sorted(set(numbers)), f"{to}: {numbers}"


class AtCommits:
    """A transaction before whose commit something happens."""

    def __init__(self, tx: Transaction, happens: Callable[[], None]) -> None:
        self._tx, self._happens = tx, happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    def commit(self) -> None:
        self._happens()
        self._tx.commit()


def at_commits(ports: Ports, happens: Callable[[], None]) -> Ports:
    """A worker to whom something happens before each of its commits."""
    return replace(ports, begin=lambda: AtCommits(ports.begin(), happens))


def at_commit(ports: Ports, number: int, happens: Callable[[], Any]) -> Ports:
    """A worker to whom something happens before one of its commits; 0 is the first."""
    seen = iter(range(number + 1))

    def count() -> None:
        if next(seen, None) == number:
            happens()

    return at_commits(ports, count)


def die() -> None:
    """What happens to a worker."""
    raise Died


def calendar_of(raw: bytes) -> tuple[str, str, int]:
    """The METHOD, the UID and the SEQUENCE of a mail's calendar part; "" and 0 where it has none."""
    for part in message_from_bytes(raw).walk():
        if part.get_content_type() == "text/calendar":
            calendar = Calendar.from_ical(part.get_payload(decode=True))
            (entry,) = calendar.walk("VEVENT")
            return str(calendar["METHOD"]), str(entry["UID"]), int(entry["SEQUENCE"])
    return "", "", 0


def _number(limit: int | None) -> int:
    return UNLIMITED if limit is None else limit


def _all(read: Callable[[Any], Page[Any]]) -> list[Any]:
    found, after = [], None
    while True:
        page = read(after)
        found += page.items
        after = page.next
        if after is None:
            return found
