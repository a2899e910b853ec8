"""Many messages at once on the deployed local cloud, while the workers that send them are killed at random.

What is killed are the processes of the deployed function: MiniStack runs each of its workers as one.
A killed worker leaves its message claimed, or on the point of being sent, for a lease of three minutes,
and what may have been sent waits a quarter of an hour for SES's word, which does not come here. Nobody
waits for that: instead of the clock going forward, the instants of such a message go back, as much as
its hour is away. That is one more version of it, so a worker that should have it after all loses it.
"""

import json
import os
import random
import signal
import subprocess
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.parser import HeaderParser
from typing import Any

import pytest

from chalicelib.domain.bookings import Booking
from chalicelib.domain.bookings import State as BookingState
from chalicelib.domain.errors import Race
from chalicelib.domain.messages import LEASE, Kind, Message, State, message
from chalicelib.domain.people import Person, person_id_of
from infra.local.cloud import STACK
from infra.package import ROOT
from tests.system.crowd import Lab

MESSAGES = int(os.environ.get("STORM_MESSAGES", "60"))
KILLS = int(os.environ.get("STORM_KILLS", "4"))
SEED = int(os.environ.get("STORM_SEED") or random.randrange(10**6))
TOGETHER = 50  # bookings with their messages in one transaction
WORKING = timedelta(seconds=6)  # a living worker is done with a message long before
STUCK_SECONDS = 150  # without a mail; the clock comes each minute, and a lease is over after three
RECOVERY_SECONDS = 300
MANY_KILLS = 15  # so many cannot all miss


@dataclass(frozen=True)
class Mail:
    """A mail that came: to whom, and the headers that say what it is."""

    to: str
    message_id: str
    attempt: int


class Storm:
    """Messages, the workers that send them, and who has got what."""

    def __init__(self, lab: Lab, chance: random.Random) -> None:
        self.lab, self.ports, self.chance = lab, lab.ports, chance
        self.home = lab.cloud.cloud.home
        self.ses, self.sqs = lab.cloud.boto("sesv2"), lab.cloud.boto("sqs")
        self.queue = self.sqs.get_queue_url(QueueName=f"{STACK}-messages")["QueueUrl"]
        self.before, self.mails_before = self.taken(), len(self._listed())
        self.people: dict[str, str] = {}  # addresses, by id of the message

    def brew(self, count: int) -> None:
        """So many bookings, each of somebody else, with a confirmation that is due."""
        salt = self.ports.settings.fresh().site.salt
        made = [self._booked(number, salt) for number in range(count)]
        for first in range(0, count, TOGETHER):
            tx = self.ports.begin()
            for booking, confirmation in made[first : first + TOGETHER]:
                self.ports.bookings.create(tx, booking)
                self.ports.outbox.put(tx, confirmation)
            tx.commit()
        self.people = {each.message_id: booking.person.email for booking, each in made}

    def poll(self) -> None:
        """What the clock does each minute, at once, unless it is doing that."""
        functions = self.lab.cloud.boto("lambda")
        payload = (ROOT / "tests/events/scheduled.json").read_bytes()
        try:
            answer = functions.invoke(FunctionName=f"{STACK}-send-due", Payload=payload)
        except functions.exceptions.TooManyRequestsException:
            return
        assert "FunctionError" not in answer, answer["Payload"].read()

    def taken(self) -> int:
        """How many mails SES has taken."""
        return int(self.ses.get_account()["SendQuota"]["SentLast24Hours"])

    def wait_for(self, count: int) -> None:
        """Until SES has taken so many of this storm."""
        last, since = -1, time.monotonic()
        while (now := self.taken() - self.before) < count:
            if now > last:
                last, since = now, time.monotonic()
            assert time.monotonic() - since < STUCK_SECONDS, f"nothing goes on after {now} mails"
            time.sleep(0.1)

    def kill(self) -> None:
        """End one of the workers as a machine that fails does: it says nothing to anybody."""
        while not (found := list(self._workers())):
            time.sleep(0.05)
        os.kill(self.chance.choice(found), signal.SIGKILL)

    def unfinished(self) -> list[Message]:
        """Those of this storm that somebody has to look at."""
        horizon = datetime.now(UTC) + timedelta(days=1)
        found = self.ports.outbox.due(horizon, 2 * len(self.people))
        return [each for each in found if each.message_id in self.people]

    def recover(self) -> int:
        """Let time pass for what killed workers have left, until all is final; the rounds it took."""
        stop, rounds = time.monotonic() + RECOVERY_SECONDS, 0
        self._drain()
        while left := self.unfinished():
            assert time.monotonic() < stop, left
            aged = [self._age(each) for each in left]
            rounds += any(aged)
            self.poll()
            self._drain()
            time.sleep(0.5)
        return rounds

    def messages(self) -> list[Message]:
        """All of this storm, as they are now."""
        found = [self.ports.outbox.get(each) for each in self.people]
        return [each for each in found if each is not None]

    def mails(self) -> list[Mail]:
        """All that came of this storm, when all has come that SES has taken."""
        addresses, stop = set(self.people.values()), time.monotonic() + 60
        while len(rows := self._listed()) - self.mails_before < self.taken() - self.before:
            assert time.monotonic() < stop, "the mailbox lacks mails that SES has taken"
            time.sleep(1)
        return [mail for mail in map(_mail, rows) if mail.to in addresses]

    def _booked(self, number: int, salt: str) -> tuple[Booking, Message]:
        now = self.ports.clock.now()
        person = Person(f"Myrsky {number}", f"myrsky.{number}@gov.fi", "VM", "fi")
        starts_at = now.replace(minute=0, second=0, microsecond=0) + timedelta(days=50 + number)
        booking = Booking(
            booking_id=self.ports.clock.new_id("b"),
            state=BookingState.CONFIRMED,
            space_ids=("pod",),
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
            footprint={},  # it holds nothing: mail does not ask for slots
            person=person,
            person_id=person_id_of(person.email, salt),
            made_by="storm",
            created_at=now,
        )
        subject = f"booking#{booking.booking_id}"
        return booking, message(
            Kind.CONFIRMATION, subject, booking.person_id, 0, due_at=now, now=now
        )

    def _workers(self) -> Iterator[int]:
        """The ids of the processes of `send_message`, which are children of this cloud's own."""
        cloud = json.loads((self.home / "process.json").read_text())["pid"]
        listed = subprocess.run(
            ["ps", "-axwwo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
        )
        for line in listed.stdout.splitlines():
            pid, parent, command = line.split(maxsplit=2)
            if int(parent) == cloud and f"-{STACK}-send-message-" in command:
                yield int(pid)

    def _age(self, one: Message) -> bool:
        """Make a message as much older as its hour is away, unless its worker may be alive; whether it was."""
        now = datetime.now(UTC)
        assert one.look_at is not None
        away = one.look_at - now
        if away <= timedelta() or (_in_hand(one) and _claimed_at(one) + WORKING > now):
            return False
        older = replace(
            one,
            look_at=one.look_at - away,
            lease_until=one.lease_until and one.lease_until - away,
            marked_at=one.marked_at and one.marked_at - away,
            version=one.version + 1,
        )
        tx = self.ports.begin()
        self.ports.outbox.save(tx, older)
        try:
            tx.commit()
        except Race:
            return False  # somebody has it
        return True

    def _drain(self) -> None:
        """Until the queue has been taken from."""
        stop = time.monotonic() + 60
        name = "ApproximateNumberOfMessages"
        while True:
            answer = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=[name])
            if answer["Attributes"][name] == "0":
                return
            assert time.monotonic() < stop, f"{answer['Attributes'][name]} stay in the queue"
            time.sleep(0.2)

    def _listed(self) -> list[Any]:
        """The mailbox's rows, page by page."""
        _, listed = (self.home / "mailbox").read_text().split()
        rows: dict[int, Any] = {}
        page, pages = 1, 1
        while page <= pages:
            with urllib.request.urlopen(f"{listed}?page={page}", timeout=30) as answer:
                found = json.load(answer)
            rows |= {row["id"]: row for row in found["data"]}
            page, pages = page + 1, found["meta"]["pages_total"]
        return list(rows.values())


def _in_hand(one: Message) -> bool:
    return one.state in (State.CLAIMED, State.SENDING)


def _claimed_at(one: Message) -> datetime:
    assert one.lease_until is not None
    return one.lease_until - LEASE


def _mail(row: Any) -> Mail:
    """A mail from its row in the mailbox."""
    headers = HeaderParser().parsestr(row["source"])
    (to,) = row["recipients_envelope"]
    return Mail(to, headers["Message-ID"], int(headers.get("X-Labbokning-Attempt", "0")))


@pytest.mark.slow
def test_in_a_crash_storm_everybody_gets_a_mail_and_no_more_twice_than_workers_died(
    lab: Lab,
) -> None:
    """No mail is lost; there are at most as many too many as kills, each under the `Message-ID` of the first."""
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    storm = Storm(lab, chance)
    storm.brew(MESSAGES)
    moments = sorted(chance.sample(range(MESSAGES // 20, MESSAGES * 9 // 10), KILLS))

    began = time.monotonic()
    with ThreadPoolExecutor(1) as clock:
        polled = clock.submit(storm.poll)
        for moment in moments:
            storm.wait_for(moment)
            time.sleep(chance.uniform(0, 0.3))
            storm.kill()
        storm.wait_for(MESSAGES - KILLS)  # a kill stops one message at most
        polled.result()
    stormed = time.monotonic() - began
    rounds = storm.recover()
    recovered = time.monotonic() - began - stormed
    messages, mails = storm.messages(), storm.mails()

    lost = sum(each.attempt - 1 for each in messages)
    sending = sum(each.resent for each in messages)
    twice = len(mails) - MESSAGES
    print(
        f"{MESSAGES} messages: all but those of the dead in {stormed:.1f} s, "
        f"{(MESSAGES - KILLS) / stormed:.1f} mails a second; {KILLS} kills, {lost} of workers with a "
        f"message in their hands, {sending} of them marked as being sent; {twice} mails came twice; "
        f"the rest took {rounds} rounds of recovery and {recovered:.1f} s"
    )
    assert Counter(each.state for each in messages) == {State.SENT: MESSAGES}
    assert all(each.final for each in messages)
    received: dict[str, list[Mail]] = {address: [] for address in storm.people.values()}
    for mail in mails:
        received[mail.to].append(mail)
    for each in messages:
        got = received[storm.people[each.message_id]]
        assert 1 <= len(got) <= 1 + each.resent
        assert len({mail.message_id for mail in got}) == 1
        assert each.message_id in got[0].message_id
        assert len({mail.attempt for mail in got}) == len(got)
        assert each.attempt in {mail.attempt for mail in got}
    assert 0 <= twice <= sending <= lost <= KILLS
    assert lost > 0 or KILLS < MANY_KILLS, "no kill hit a worker that had a message"
