"""The audit log: what is read of it, and that nothing of it is ever written over."""

from datetime import datetime, timedelta

import pytest

from chalicelib.domain.audit import Entry
from chalicelib.domain.errors import Broken
from chalicelib.services.ports import Fields, Page
from tests.contract.backends import Backend, from_the_future
from tests.contract.things import NOW, written

FIRST, LAST = NOW - timedelta(days=1), NOW + timedelta(days=1)


def add(backend: Backend, subject: str, actor: str, minutes: int, action: str = "read") -> None:
    at = NOW + timedelta(minutes=minutes)
    audit = backend.ports.audit
    written(backend, lambda tx: audit.add(tx, subject=subject, actor=actor, action=action, at=at))


def everything(backend: Backend, actor: str, limit: int) -> list[Entry]:
    found, place = [], None
    while True:
        page: Page[Entry] = backend.ports.audit.by_actor(actor, FIRST, LAST, limit, place)
        assert len(page.items) <= limit
        found += page.items
        place = page.next
        if place is None:
            return found


def test_entries_are_read_by_subject_and_by_actor_newest_first(backend: Backend) -> None:
    for minutes, subject, actor in ((0, "booking#b_1", "p_sami"), (1, "booking#b_2", "p_sami")):
        add(backend, subject, actor, minutes)
    add(backend, "booking#b_1", "p_aino", 2, "cancel")
    audit = backend.ports.audit
    of_one = audit.by_subject("booking#b_1", FIRST, LAST, 10, None)
    assert [(each.actor, each.action) for each in of_one.items] == [
        ("p_aino", "cancel"),
        ("p_sami", "read"),
    ]
    assert of_one.items[0].at == NOW + timedelta(minutes=2)
    assert of_one.next is None
    of_sami = audit.by_actor("p_sami", FIRST, LAST, 10, None)
    assert [each.subject for each in of_sami.items] == ["booking#b_2", "booking#b_1"]
    assert audit.by_actor("p_nobody", FIRST, LAST, 10, None) == Page([])


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_have_every_entry_once_even_of_one_moment(backend: Backend, limit: int) -> None:
    for number in range(5):
        add(backend, f"booking#b_{number}", "p_sami", number // 3)
    found = everything(backend, "p_sami", limit)
    assert sorted(each.subject for each in found) == [f"booking#b_{n}" for n in range(5)]
    assert [each.at for each in found] == sorted((each.at for each in found), reverse=True)


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [(0, 1, 1), (-1, 0, 0), (1, 2, 0), (0, 0, 0), (1, 0, 0)],
    ids=["from it on", "until it", "after it", "no time", "the wrong way round"],
)
def test_a_range_has_its_beginning_and_not_its_end(
    backend: Backend, first: int, last: int, found: int
) -> None:
    add(backend, "booking#b_1", "p_sami", 0)

    def at(minutes: int) -> datetime:
        return NOW + timedelta(minutes=minutes)

    audit = backend.ports.audit
    for page in (
        audit.by_subject("booking#b_1", at(first), at(last), 10, None),
        audit.by_actor("p_sami", at(first), at(last), 10, None),
    ):
        assert len(page.items) == found


def test_an_entry_has_what_it_was_given(backend: Backend) -> None:
    more: Fields = {"fields": ["name"], "bookings": ["b_1", "b_2"]}
    written(
        backend,
        lambda tx: backend.ports.audit.add(
            tx, subject="bookings", actor="p_sami", action="list", at=NOW, **more
        ),
    )
    page = backend.ports.audit.by_subject("bookings", FIRST, LAST, 10, None)
    assert page.items == [Entry("bookings", "p_sami", "list", NOW, more)]


def test_what_was_done_to_one_person_s_part_is_found_among_that_of_others(
    backend: Backend,
) -> None:
    audit = backend.ports.audit

    def sign_up(subject: str, person_id: str, minutes: int) -> None:
        entry = {"subject": subject, "actor": "k_form", "action": "sign-up"}
        at = NOW + timedelta(minutes=minutes)
        written(backend, lambda tx: audit.add(tx, at=at, person_id=person_id, **entry))

    sign_up("event#e_1", "p_aino", 0)
    sign_up("event#e_1", "p_eero", 1)
    sign_up("event#e_2", "p_aino", 2)
    sign_up("event#e_1", "p_aino", 3)
    add(backend, "event#e_1", "p_aino", 4)  # what she did to it is not what was done to her part
    found = audit.of_person("event#e_1", "p_aino")
    assert [each.at - NOW for each in found] == [timedelta(minutes=3), timedelta()]
    assert {each.more["person_id"] for each in found} == {"p_aino"}
    assert audit.of_person("event#e_1", "p_nobody") == []


def test_an_entry_is_never_written_over(dynamodb: Backend) -> None:
    """Whatever the policy says, the very same key is refused."""
    add(dynamodb, "booking#b_1", "p_sami", 0)
    (before,) = dynamodb.items("audit")
    dynamodb.clock.new_id = lambda prefix: before["at"].partition("#")[2]  # type: ignore[method-assign]
    with pytest.raises(Broken):
        add(dynamodb, "booking#b_1", "p_eero", 0, "cancel")
    assert dynamodb.items("audit") == [before]


def test_a_newer_schema_is_read_all_the_same(dynamodb: Backend) -> None:
    add(dynamodb, "booking#b_1", "p_sami", 0)
    from_the_future(dynamodb)
    (entry,) = dynamodb.ports.audit.by_subject("booking#b_1", FIRST, LAST, 10, None).items
    assert (entry.actor, entry.action, entry.at) == ("p_sami", "read", NOW)
