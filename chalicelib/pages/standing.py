"""How much of the Lab somebody has, in words: told before they book, and on their own page."""

from collections.abc import Iterator

from chalicelib.api.call import Call
from chalicelib.domain.catalog import Site
from chalicelib.domain.quotas import Share, Standing, limit_of_organisation, limit_of_person
from chalicelib.pages.words import Words
from chalicelib.services import quotas


def of_reader(call: Call, site: Site, words: Words) -> list[str]:
    """How who has logged in stands, line by line. Staff book for others; where nothing is limited
    there is nothing to tell, and nothing is read.
    """
    limited = limit_of_person(site).set or limit_of_organisation(site).set
    if not limited or call.reader is None or call.known_actor.staff:
        return []
    return told(quotas.standing_of(call.ports, call.known_actor), words)


def told(standing: Standing, words: Words) -> list[str]:
    """What is used of what is limited, line by line."""
    lines = [*_told(standing.person, "person", words)]
    if standing.organisation is not None:
        lines += _told(standing.organisation, "organisation", words)
    return lines


def _told(share: Share, whose: str, words: Words) -> Iterator[str]:
    if share.live.limit is not None:
        yield words(f"standing.{whose}_live", used=share.live.used, limit=share.live.limit)
    for week, use in share.weeks.items():
        if use.limit is not None:
            used, limit = words.in_hours(use.used), words.in_hours(use.limit)
            yield words(f"standing.{whose}_week", week=int(week[-2:]), used=used, limit=limit)
