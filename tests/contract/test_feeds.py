"""Secret addresses of people's own calendars: the same over every store."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.errors import VersionRaced
from chalicelib.domain.private_feeds import PrivateFeed
from tests.contract.backends import Backend, from_the_future, small_pages
from tests.contract.things import NOW, written


def a_feed(number: int = 1, person_id: str = "p_aino") -> PrivateFeed:
    return PrivateFeed(
        feed_id=f"f_{person_id}{number}",
        person_id=person_id,
        token_hash=f"hash-{person_id}-{number}",
        made_with="k1",
        language="sv",
        created_at=NOW + timedelta(minutes=number),
        label="Työ; “2.0”",
    )


def add(backend: Backend, feed: PrivateFeed, version: int) -> None:
    written(backend, lambda tx: backend.ports.feeds.add(tx, feed, version))


def of(backend: Backend, person_id: str = "p_aino") -> tuple[list[PrivateFeed], int]:
    found, version = backend.ports.feeds.of_person(person_id)
    return sorted(found, key=lambda feed: feed.feed_id), version


def test_an_address_is_found_by_its_digest_and_by_its_person(backend: Backend) -> None:
    assert of(backend) == ([], 0)
    for number in range(3):
        add(backend, a_feed(number), number)
    add(backend, a_feed(1, "p_eero"), 0)
    small_pages(backend)
    assert of(backend) == ([a_feed(0), a_feed(1), a_feed(2)], 3)
    assert of(backend, "p_eero") == ([a_feed(1, "p_eero")], 1)
    assert backend.ports.feeds.find(a_feed(1).token_hash) == a_feed(1)
    assert backend.ports.feeds.find("hash-of-another") is None


def test_of_two_that_add_at_once_the_second_looks_again(backend: Backend) -> None:
    add(backend, a_feed(1), 0)
    for version in (0, 2):
        with pytest.raises(VersionRaced):
            add(backend, a_feed(2), version)
    assert of(backend) == ([a_feed(1)], 1)
    assert backend.ports.feeds.find(a_feed(2).token_hash) is None


def test_what_is_removed_is_gone_at_both_places_and_may_be_gone_already(backend: Backend) -> None:
    add(backend, a_feed(1), 0)
    add(backend, a_feed(2), 1)
    for _ in range(2):
        written(backend, lambda tx: backend.ports.feeds.remove(tx, a_feed(1)))
    assert of(backend) == ([a_feed(2)], 2)
    assert backend.ports.feeds.find(a_feed(1).token_hash) is None


def test_that_it_was_read_is_noted_at_both_places(backend: Backend) -> None:
    add(backend, a_feed(), 0)
    later = NOW + timedelta(days=2)
    written(backend, lambda tx: backend.ports.feeds.note_read(tx, a_feed(), later))
    read = replace(a_feed(), read_at=later)
    assert of(backend) == ([read], 1)
    assert backend.ports.feeds.find(read.token_hash) == read


def test_a_note_does_not_bring_back_what_was_revoked(backend: Backend) -> None:
    add(backend, a_feed(), 0)
    written(backend, lambda tx: backend.ports.feeds.remove(tx, a_feed()))
    with pytest.raises(VersionRaced):
        written(backend, lambda tx: backend.ports.feeds.note_read(tx, a_feed(), NOW))
    assert of(backend) == ([], 1)
    assert backend.ports.feeds.find(a_feed().token_hash) is None


def test_a_newer_schema_is_read_all_the_same(dynamodb: Backend) -> None:
    add(dynamodb, a_feed(), 0)
    from_the_future(dynamodb)
    assert of(dynamodb) == ([a_feed()], 1)
    assert dynamodb.ports.feeds.find(a_feed().token_hash) == a_feed()
