"""Forgetting a person: begun by one write, after which nothing new is theirs, and ended by the clock.

The write that begins it blanks the profile, ends all sessions, and closes the quota, so that no booking
that was under way can still be written. What can be done at once the request does; the clock does the
rest, and behind the fence looks at everything again before the person is a newcomer.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial

from chalicelib.domain import erasures as domain
from chalicelib.domain import profiles
from chalicelib.domain.erasures import Erasure, Step
from chalicelib.domain.errors import LabError, NotFound, Race
from chalicelib.domain.kept import NOBODY, is_somebody
from chalicelib.domain.people import CLOCK, Actor
from chalicelib.domain.profiles import Profile
from chalicelib.domain.retention import erasure_due
from chalicelib.services import remains, traces
from chalicelib.services.access import Action, may
from chalicelib.services.ports import Ports, Quota, Snapshot, Transaction
from chalicelib.services.traces import Stop
from chalicelib.services.writing import AlreadyDone, Attempt, Intent, Outcome, write

log = logging.getLogger(__name__)
REQUEST_SECONDS = 10.0
Work = Callable[[Ports, str, Stop], bool]

# What the request does, with the rights that it has: nothing of a person's is seen or sent after it.
AT_ONCE: Mapping[Step, Work] = {
    Step.BOOKINGS: traces.bookings,
    Step.SIGNUPS: traces.signups,
    Step.MESSAGES: traces.quieten,
    Step.KEYS: traces.keys,
    Step.FEEDS: traces.feeds,
    Step.TOKENS: traces.tokens,
}
STEPS: Mapping[Step, Work] = {
    Step.BOOKINGS: traces.bookings,
    Step.SIGNUPS: traces.signups,
    Step.MESSAGES: traces.messages,
    Step.KEYS: traces.keys,
    Step.FEEDS: traces.feeds,
    Step.TOKENS: traces.tokens,
    Step.ACCOUNT: traces.account,
}


class _Begun(AlreadyDone):
    def __init__(self, erasure: Erasure) -> None:
        self.erasure = erasure


def begin(ports: Ports, person_id: str, intent: Intent) -> Outcome[Erasure]:
    """Begin to forget somebody: oneself, or as an admin anybody. Begun twice is begun once.

    Raises NotFound where nothing is known of them, Refused where it is the last admin.
    """

    def decide(attempt: Attempt) -> Erasure:
        actor = intent.actor
        allowed = person_id == actor.person_id or may(actor, Action.GRANT)
        if not allowed or not is_somebody(person_id):
            raise NotFound
        snapshot = attempt.read(person_id=person_id)
        before = ports.keeping.erasure(person_id)
        if before is not None and not before.done:
            raise _Begun(before)
        if snapshot.profile is None and not remains.left(ports, person_id):
            raise NotFound if before is None else _Begun(before)
        return start(ports, attempt.tx, person_id, snapshot, before, actor)

    try:
        return write(ports, intent, decide)
    except _Begun as begun:
        return Outcome(begun.erasure, intent.render(begun.erasure))


def start(
    ports: Ports,
    tx: Transaction,
    person_id: str,
    snapshot: Snapshot,
    before: Erasure | None,
    by: Actor,
    since: datetime | None = None,
) -> Erasure:
    """Put into a transaction what begins it, on condition that its person is as they were read.

    Refused, when it is committed, where they are the last admin. `since`: as if it was begun then.
    """
    now = since or ports.clock.now()
    profile = snapshot.profile or Profile(person_id, NOBODY, created_at=now, version=0)
    erasure = domain.begun(person_id, before, now)
    leaving = profiles.leaving(profile, now)
    ports.people.save_profile(tx, leaving)
    ports.people.save_standing(tx, profile.granted, leaving)
    ports.people.close_quota(tx, snapshot.quota or Quota(person_id))
    ports.keeping.save_erasure(tx, erasure)
    _audit(ports, tx, person_id, by, "erase")
    return erasure


def work(ports: Ports, erasure: Erasure, seconds: float = REQUEST_SECONDS) -> Erasure:
    """Do of it what can be done at once; how far it is then. What fails is left to the clock."""
    try:
        with ports.clock.within(seconds):
            return _steps(ports, erasure, AT_ONCE, _until(ports, seconds))
    except LabError as error:
        log.warning("erasure goes on later", extra={"fault": type(error).__name__})
        return _present(ports, erasure)


def go_on_all(ports: Ports, seconds: float) -> int:
    """What the clock does: go on with everybody who is being forgotten; how many are left.

    That somebody was forgotten is itself forgotten after a while.
    """
    stop, known = _until(ports, seconds), ports.keeping.erasures()
    for each in known:
        if erasure_due(each, ports.clock.now()):
            _commit(ports, partial(ports.keeping.remove_erasure, erasure=each))
    return sum(not go_on(ports, each, stop).done for each in known if not each.done)


def again(ports: Ports, known: Iterable[Erasure]) -> int:
    """Forget once more whom a restored backup has brought back; how many.

    `known` are the erasures of the live tables; those that the restored ones know of, too, are left to
    the clock. Nothing else may be under way in the restored tables.
    """
    brought_back = 0
    for each in known:
        before = ports.keeping.erasure(each.person_id)
        if before is not None and before.begun_at >= each.begun_at:
            continue
        if remains.left(ports, each.person_id) or ports.people.profile(each.person_id):
            _begin_again(ports, each, before)
            brought_back += 1
    return brought_back


def _begin_again(ports: Ports, known: Erasure, before: Erasure | None) -> None:
    snapshot = ports.snapshots.read(person_id=known.person_id)
    tx = ports.begin()
    begun = start(ports, tx, known.person_id, snapshot, before, CLOCK, known.begun_at)
    tx.commit()
    go_on(ports, begun, lambda: False)


def go_on(ports: Ports, erasure: Erasure, stop: Stop) -> Erasure:
    """Do all of it, and end it behind the fence where nothing is left."""
    if stop():
        return erasure
    erasure = _steps(ports, erasure, STEPS, stop)
    if erasure.done:
        return erasure
    # Only what was seen after everything had been written is the whole of it.
    if not domain.behind_fence(erasure, ports.clock.now()) or remains.left(
        ports, erasure.person_id
    ):
        return erasure
    return _end(ports, erasure)


def _steps(ports: Ports, erasure: Erasure, steps: Mapping[Step, Work], stop: Stop) -> Erasure:
    for step, do in steps.items():
        whole = do(ports, erasure.person_id, stop)
        # Of the messages the request only stops the unsent: that step is the clock's to end.
        if whole and do is STEPS[step] and step in erasure.left:
            erasure = _saved(ports, domain.without(erasure, step), erasure)
        if erasure.done or stop():
            break
    return erasure


def _end(ports: Ports, erasure: Erasure) -> Erasure:
    """The profile and the quota last, in one transaction with the end of it: then they are a newcomer."""
    found = ports.keeping.traces_of(erasure.person_id)
    last = [each for each in found if each.item in remains.LAST]
    after = domain.ended(erasure, ports.clock.now())

    def write(tx: Transaction) -> None:
        for trace in last:
            ports.keeping.remove_trace(tx, trace)
        ports.keeping.save_erasure(tx, after)
        _audit(ports, tx, erasure.person_id, CLOCK, "erased")

    return after if _commit(ports, write) else _present(ports, erasure)


def _saved(ports: Ports, after: Erasure, before: Erasure) -> Erasure:
    done = _commit(ports, lambda tx: ports.keeping.save_erasure(tx, after))
    return after if done else _present(ports, before)


def _present(ports: Ports, erasure: Erasure) -> Erasure:
    """As it stands, where another worker is at it too, or wrote it for us."""
    return ports.keeping.erasure(erasure.person_id) or erasure


def _commit(ports: Ports, add: Callable[[Transaction], None]) -> bool:
    tx = ports.begin()
    add(tx)
    try:
        tx.commit()
    except Race:
        return False
    return True


def _until(ports: Ports, seconds: float) -> Stop:
    end = ports.clock.monotonic() + seconds
    return lambda: ports.clock.monotonic() >= end


def _audit(ports: Ports, tx: Transaction, person_id: str, by: Actor, action: str) -> None:
    ports.audit.add(
        tx,
        subject=f"person#{person_id}",
        actor=by.actor_id,
        action=action,
        at=ports.clock.now(),
    )
