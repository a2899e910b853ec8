"""Secret addresses of one's own calendar: made, listed, revoked, and read by programs that subscribe.

An address is derived from the feed's id, so that whoever asked for it and lost the answer is given it
again for as long as their idempotency key holds. It is stored nowhere.
"""

import itertools

from chalicelib.domain.errors import LabError, NotFound, refuse
from chalicelib.domain.logins import digest_of
from chalicelib.domain.people import Actor, Role
from chalicelib.domain.private_feeds import (
    BACK,
    MOST,
    OwnCalendar,
    PrivateFeed,
    in_sight,
    is_noted,
)
from chalicelib.domain.profiles import role_of
from chalicelib.services import own_bookings, own_signups
from chalicelib.services.listing import LONGEST
from chalicelib.services.ports import Ports
from chalicelib.services.writing import Attempt, Intent, Outcome, write

MOST_BOOKINGS = 2000  # of an answer that a Lambda function can give; the later ones are left out
MOST_SEATS = 1000
NOBODY = "p_nobody"


def make(ports: Ports, label: str, language: str, intent: Intent) -> Outcome[PrivateFeed]:
    """Make an address. Refused with `quota-exceeded` where there are five."""

    def decide(attempt: Attempt) -> PrivateFeed:
        attempt.read()
        actor = intent.actor
        present, version = ports.feeds.of_person(actor.person_id)
        if len(present) >= MOST:
            raise refuse("quota-exceeded", "", why="feeds", limit=MOST)
        feed_id, made_with = ports.clock.new_id("f"), ports.secrets.current
        feed = PrivateFeed(
            feed_id=feed_id,
            person_id=actor.person_id,
            token_hash=digest_of(_token(ports, feed_id, made_with)),
            made_with=made_with,
            language=language,
            created_at=ports.clock.now(),
            label=label,
        )
        ports.feeds.add(attempt.tx, feed, version)
        _audit(ports, attempt, feed, "make-feed")
        return feed

    return write(ports, intent, decide)


def listing(ports: Ports, actor: Actor) -> list[PrivateFeed]:
    """One's own addresses, by when they were made."""
    return of(ports, actor.person_id)


def of(ports: Ports, person_id: str) -> list[PrivateFeed]:
    """A person's addresses, by when they were made."""
    found, _ = ports.feeds.of_person(person_id)
    return sorted(found, key=lambda feed: (feed.created_at, feed.feed_id))


def revoke(ports: Ports, feed_id: str, intent: Intent) -> Outcome[PrivateFeed]:
    """Revoke an address of one's own: from the next request on there is none."""

    def decide(attempt: Attempt) -> PrivateFeed:
        attempt.read()
        feed = own(ports, intent.actor, feed_id)
        if feed is None:
            raise NotFound
        ports.feeds.remove(attempt.tx, feed)
        _audit(ports, attempt, feed, "revoke-feed")
        return feed

    return write(ports, intent, decide)


def own(ports: Ports, actor: Actor, feed_id: str) -> PrivateFeed | None:
    """An address of one's own that is live."""
    found = of(ports, actor.person_id)
    return next((feed for feed in found if feed.feed_id == feed_id), None)


def address(ports: Ports, feed: PrivateFeed | None) -> str | None:
    """A feed's address; None where it is revoked, or the key that it was derived with is gone."""
    if feed is None:
        return None
    try:
        token = _token(ports, feed.feed_id, feed.made_with)
    except KeyError:
        return None
    return f"{ports.settings.get().site.base_url}/v1/feeds/{token}/calendar.ics"


def read(ports: Ports, token: str) -> OwnCalendar:
    """What an address shows now.

    NotFound where there is none, where it was revoked, and where its owner may not log in any more,
    after the same two reads.
    """
    feed = ports.feeds.find(digest_of(token))
    profile = ports.people.profile(feed.person_id if feed else NOBODY)
    catalog, now = ports.settings.recent(), ports.clock.now()
    if feed is None or profile is None:
        raise NotFound
    if role_of(profile.person.email, profile, catalog.site, now) is Role.VISITOR:
        raise NotFound
    first = now - BACK - LONGEST
    found = itertools.islice(own_bookings.all_of(ports, feed.person_id, first), MOST_BOOKINGS)
    seats = own_signups.seats(ports, feed.person_id, catalog, feed.language, MOST_SEATS)
    calendar = OwnCalendar(
        feed.label, feed.language, catalog.site, catalog.spaces, in_sight(found, now), seats
    )
    if not is_noted(feed, now):
        _note(ports, feed)
    return calendar


def _note(ports: Ports, feed: PrivateFeed) -> None:
    """Note that it is in use; what cannot be noted is noted the next time."""
    tx = ports.begin()
    ports.feeds.note_read(tx, feed, ports.clock.now())
    try:
        tx.commit()
    except LabError:
        return


def _token(ports: Ports, feed_id: str, made_with: str) -> str:
    """The secret part: 32 bytes, as 64 characters."""
    return ports.secrets.derive("feed", feed_id, key_id=made_with).hex()


def _audit(ports: Ports, attempt: Attempt, feed: PrivateFeed, action: str) -> None:
    ports.audit.add(
        attempt.tx,
        subject=f"person#{feed.person_id}",
        actor=attempt.intent.actor.actor_id,
        action=action,
        at=ports.clock.now(),
        feeds=[feed.feed_id],
    )
