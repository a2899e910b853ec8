"""A person's own events on their own page: where each is opened, and how they stand, in words."""

from datetime import datetime
from typing import Any

from chalicelib.api.call import Call
from chalicelib.domain.attending import Attending, is_ahead
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.private_feeds import BACK
from chalicelib.domain.signups import State, has_links
from chalicelib.domain.spoken import found_in
from chalicelib.pages.event_facts import title_of, where
from chalicelib.pages.words import Words
from chalicelib.services import links, own_signups
from chalicelib.services.own_signups import Listed

MOST = 300  # what is more is left to the interface
AFTERWARDS = {State.CONFIRMED: "me.was_in", State.WAITING: "me.was_waiting"}


def of_reader(call: Call, now: datetime) -> tuple[list[Attending], list[Attending]]:
    """The events that the reader is to come to, by start, and those that are over or given up, of the
    last days, the last first.
    """
    found = sorted(
        (
            each
            for each in own_signups.all_of(call.ports, call.actor.person_id)
            if each.event.ends_at > now - BACK and not each.signup.never_proved
        ),
        key=lambda each: (each.event.starts_at, each.event.event_id),
    )[-MOST:]
    ahead = [each for each in found if is_ahead(each, now)]
    return ahead, [each for each in reversed(found) if not is_ahead(each, now)]


def line(
    call: Call, one: Attending, catalog: Catalog, words: Words, now: datetime
) -> dict[str, Any]:
    """An event as the page lists it. What one leads is changed where its mails lead to as well."""
    event, signup = one.event, one.signup
    opens = one.leads and has_links(signup, event, now)
    return {
        "when": words.when(event.starts_at, event.ends_at),
        "title": title_of(event, words),
        "language": found_in(event.title, words.language),
        "where": where(event, catalog, words),
        "told": _told(own_signups.shown(call.ports, one), words, now),
        "page": links.signup_page(call.ports, signup.signup_id)
        if opens
        else f"events/{event.event_id}",
    }


def _told(listed: Listed, words: Words, now: datetime) -> str:
    """How somebody stands, and what they can do about it."""
    one, place = listed.one, listed.place
    signup, told = one.signup, list[str]()
    if not one.event.live:
        return words("me.stands", state=words(f"signup.state_{State.CALLED_OFF}"))
    if now >= one.event.ends_at and signup.state in AFTERWARDS:
        return words(AFTERWARDS[signup.state])
    if place:
        told.append(words("signup.position", position=place.position))
    else:
        told.append(words("me.stands", state=words(f"signup.state_{signup.state}")))
    if signup.live and signup.confirm_by:
        told.append(words("me.prove_by", when=words.at(signup.confirm_by)))
    if signup.state is State.OFFERED and signup.offer_until:
        told.append(words("signup.next_offered", when=words.at(signup.offer_until)))
    return " ".join(told if one.leads else [*told, words("me.along")])
