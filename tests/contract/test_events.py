"""Events, sign-ups and queues as stored: each condition kept by each store."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.domain import attendance, events, signups
from chalicelib.domain.errors import VersionRaced
from chalicelib.domain.events import Event, Way
from chalicelib.domain.programmes import Programme
from chalicelib.domain.questions import Choice, Kind, Question
from chalicelib.domain.queueing import Change, Needs
from chalicelib.domain.retention import Moment
from chalicelib.domain.signups import (
    Entry,
    Member,
    Part,
    Place,
    SignUp,
    State,
    place_of,
    told_of_the_event,
)
from chalicelib.domain.tallies import OTHERS, Tally
from chalicelib.services import tallies
from chalicelib.services.ports import Audience, Look
from tests.builders import EERO, HELSINKI
from tests.contract.backends import Backend, from_the_future, small_pages
from tests.contract.things import written
from tests.event_builders import NOW, START, a_hybrid, a_signup, an_event

ROOM = Way.ROOM
A_MINUTE = timedelta(minutes=1)
FAR = NOW + timedelta(days=9999)


def given(backend: Backend, event: Event | None = None, *there: SignUp) -> Event:
    """An event, and sign-ups as they come."""
    made = event or an_event()
    written(backend, lambda tx: backend.ports.events.create(tx, made))
    for signup in there:
        write(backend, (None, signup))
    return stored(backend)


def stored(backend: Backend) -> Event:
    event = backend.ports.events.look("e_one").event
    assert event is not None
    return event


def write(
    backend: Backend,
    *changes: Change,
    event: Event | None = None,
    needs: Mapping[Way, Needs] | None = None,
) -> None:
    event = event or stored(backend)
    written(backend, lambda tx: backend.ports.events.write(tx, event, changes, needs))


def counters(backend: Backend, way: Way = ROOM) -> tuple[int, int, int, int]:
    seats = stored(backend).ways[way]
    return seats.free, seats.held, seats.waiting, seats.next_number


def waiting(person_id: str, number: int, **changes) -> SignUp:
    return a_signup(person_id, state=State.WAITING, number=number, **changes)


def look(backend: Backend, *people: str) -> Look:
    return backend.ports.events.look("e_one", people)


A_FULL_EVENT = a_hybrid(
    5,
    promote_until=START - timedelta(hours=1),
    offers_within=timedelta(hours=24),
    offer_time=timedelta(hours=3),
    hold_time=timedelta(minutes=20),
    booking_id="b_place",
    series_id="e_one",
    rrule="FREQ=WEEKLY;COUNT=3",
    series_from=START,
    apart=True,
    reason="Sairaus",
    reminders=("P2D",),
    programme=Programme(
        description={"fi": "**Tervetuloa**", "sv": "Välkommen"},
        space_id="hall",
        address="Snellmaninkatu 1",
        remote_link="https://video.example/a",
        contact="lab@lab.example",
        feedback_link="https://forms.example/a",
    ),
    audience=("employee",),
    questions=(
        Question("topic", Kind.CHOICE, {"fi": "Aihe"}, True, (Choice("a", {"fi": "A"}),)),
        Question("photos", Kind.CONSENT, {"fi": "Kuvat"}),
    ),
    asks_diet=True,
    asks_accessibility=True,
    calendar_sequence=2,
    changed_at=NOW,
    revision=3,
    version=1,
    state=events.State.DRAFT,
    announced=False,
    tally=Tally(NOW, {"vegaani, gluteeniton": 2, OTHERS: 1}, {}, cleared=True),
)
A_FULL_SIGNUP = a_signup(
    state=State.OFFERED,
    members=(Member("Pia"), Member("Eero", "p_eero")),
    made_by="k_form",
    offer_until=NOW + timedelta(microseconds=1),
    answers={"diet": "vegaani", "consent": True},
    sequence=4,
    confirmed_at=NOW + timedelta(microseconds=2),
    network="a digest",
)


def test_what_is_written_is_found(backend: Backend):
    assert look(backend, "p_aino") == Look()
    assert given(backend, A_FULL_EVENT) == A_FULL_EVENT
    write(backend, (None, A_FULL_SIGNUP))
    found = look(backend, "p_aino", "p_eero", "p_nobody")
    assert found.signups == {"p_aino": A_FULL_SIGNUP}
    assert found.parties == {"p_aino": "p_aino", "p_eero": "p_aino"}
    assert counters(backend) == (2, 3, 0, 1)
    assert backend.ports.events.look("e_other", ["p_aino"]) == Look()


def test_the_room_comes_first(backend: Backend):
    """It is what the door takes who walks in for, unless its host says otherwise."""
    assert list(given(backend, a_hybrid()).ways) == [Way.ROOM, Way.REMOTE]


def test_that_it_is_closed_and_what_was_answered_is_found(backend: Backend):
    before = given(backend, A_FULL_EVENT)
    after = events.unnamed(events.closed(before, {"topic": {"a": 2}, "photos": {}}, NOW))
    written(backend, lambda tx: backend.ports.events.save(tx, before, after))
    assert stored(backend) == after


def test_an_id_is_used_once(backend: Backend):
    given(backend)
    with pytest.raises(VersionRaced):
        written(backend, lambda tx: backend.ports.events.create(tx, an_event()))


def test_staff_edit_without_touching_what_is_counted(backend: Backend):
    """W-12: a limit that is lowered while somebody signs up counts both."""
    before = given(backend, A_FULL_EVENT)
    write(backend, (None, a_signup()))
    after = events.resized(before, ROOM, 3, 9)
    after = replace(after, promote_until=None, title={"fi": "Toinen"})
    written(backend, lambda tx: backend.ports.events.save(tx, before, after))
    ways = {**after.ways, ROOM: replace(after.ways[ROOM], free=2)}
    assert stored(backend) == replace(after, ways=ways)
    with pytest.raises(VersionRaced):
        written(backend, lambda tx: backend.ports.events.save(tx, before, after))
    unlimited = events.resized(stored(backend), ROOM, None)
    written(backend, lambda tx: backend.ports.events.save(tx, stored(backend), unlimited))
    assert stored(backend) == unlimited


def test_a_way_that_is_added_is_counted_from_then_on(backend: Backend):
    before = given(backend, None, a_signup())
    after = events.revised(
        before,
        {"programme": {"contact": "Sami Salo"}},
        {Way.REMOTE: {"limit": 7, "most_waiting": 2}},
    )
    written(backend, lambda tx: backend.ports.events.save(tx, before, after))
    assert stored(backend) == after
    write(backend, (None, a_signup("p_eero", way=Way.REMOTE)))
    assert (counters(backend)[0], counters(backend, Way.REMOTE)[0]) == (4, 6)


def test_a_decision_on_an_event_that_staff_changed_is_lost(backend: Backend):
    before = given(backend)
    after = events.revised(before, {"starts_at": START + A_MINUTE}, {})
    written(backend, lambda tx: backend.ports.events.save(tx, before, after))
    with pytest.raises(VersionRaced):
        write(backend, (None, a_signup()), event=before)
    write(backend, (None, a_signup()))


def test_counters_change_without_the_version(backend: Backend):
    before = given(backend)
    write(backend, (None, a_signup()), event=before)
    write(backend, (None, a_signup("p_eero")), event=before)
    assert counters(backend) == (3, 0, 0, 1)
    assert stored(backend).version == before.version


@pytest.mark.parametrize(
    ("kept", "broken"),
    [
        (Needs(free_from=2), Needs(free_from=3)),
        (Needs(free_below=3), Needs(free_below=2)),
        (Needs(free_below=2, or_somebody_waits=True), Needs(free_below=2)),
        (Needs(number=7), Needs(number=6)),
        (Needs(), Needs(nobody_waits=True)),
    ],
)
def test_every_need_is_kept(backend: Backend, kept: Needs, broken: Needs):
    given(backend, an_event(5, free=2, waiting=1, next_number=7))
    with pytest.raises(VersionRaced):
        write(backend, (None, a_signup()), needs={ROOM: broken})
    assert counters(backend) == (2, 0, 1, 7)
    assert look(backend, "p_aino") == Look(stored(backend))
    write(backend, (None, a_signup()), needs={ROOM: kept})
    assert counters(backend) == (1, 0, 1, 7 + (kept.number is not None))


def test_nobody_waits_is_kept_where_nobody_does(backend: Backend):
    given(backend)
    write(backend, (None, a_signup()), needs={ROOM: Needs(nobody_waits=True, free_from=5)})
    with pytest.raises(VersionRaced):
        write(
            backend,
            (None, waiting("p_eero", 1)),
            needs={ROOM: Needs(free_below=1, or_somebody_waits=True)},
        )


def test_a_sign_up_has_one_next_version(backend: Backend):
    given(backend, None, a_signup())
    with pytest.raises(VersionRaced):
        write(backend, (None, a_signup()))
    gone = signups.left(a_signup(), NOW)
    write(backend, (a_signup(), gone))
    with pytest.raises(VersionRaced):
        write(backend, (a_signup(), gone))
    assert counters(backend)[0] == 5
    assert look(backend, "p_aino").parties == {}
    write(backend, (gone, signups.again(gone, a_signup())))
    assert look(backend, "p_aino").parties == {"p_aino": "p_aino"}


def test_what_is_told_of_a_version_is_not_told_once_there_is_another(backend: Backend):
    given(backend, None, a_signup())
    written(backend, lambda tx: _check(backend, tx, "p_aino", 1))
    for person_id, version in (("p_aino", 2), ("p_eero", 1)):
        with pytest.raises(VersionRaced):
            written(backend, lambda tx, p=person_id, v=version: _check(backend, tx, p, v))


def _check(backend: Backend, tx, person_id: str, version: int) -> None:
    backend.ports.events.check(tx, "e_one", person_id, version)


def test_nobody_is_in_two_parties(backend: Backend):
    """S-16"""
    given(backend, None, a_signup("p_eero"))
    with pytest.raises(VersionRaced):
        write(backend, (None, a_signup(members=(Member("Eero", "p_eero"),))))
    assert set(look(backend, "p_aino", "p_eero").signups) == {"p_eero"}
    assert counters(backend)[0] == 4


def test_a_seat_is_handed_over_with_the_party(backend: Backend):
    """S-25"""
    mine = a_signup(members=(Member("Pia", "p_pia"),))
    given(backend, None, mine)
    gone, new = signups.handed_over(mine, "p_eero", EERO, None, NOW)
    write(backend, (mine, gone), (None, new))
    assert look(backend, "p_aino", "p_pia", "p_eero").parties == {
        "p_pia": "p_eero",
        "p_eero": "p_eero",
    }
    assert counters(backend) == (3, 0, 0, 1)
    with pytest.raises(VersionRaced):
        write(backend, (mine, gone), (None, new))


def test_a_queue_is_in_the_order_of_its_numbers_way_by_way(backend: Backend):
    given(
        backend,
        a_hybrid(0, 0),
        *(waiting(f"p_{number}", number) for number in (100, 9, 10)),
        waiting("p_far", 1, way=Way.REMOTE),
    )
    small_pages(backend)
    queue = backend.ports.events.queue("e_one", ROOM)
    assert [entry.number for entry in queue] == [9, 10, 100]
    assert backend.ports.events.head("e_one", ROOM) == Entry("e_one", ROOM, 9, "p_9", 1)
    assert backend.ports.events.head("e_one", Way.REMOTE).person_id == "p_far"
    assert backend.ports.events.head("e_other", ROOM) is None
    assert place_of(100, queue) == Place(2, 2)
    before = {number: backend.ports.events.queue("e_one", ROOM, number) for number in (9, 10, 100)}
    assert before == {9: [], 10: queue[:1], 100: queue[:2]}
    assert backend.ports.events.queue("e_one", ROOM, 1) == []
    assert counters(backend)[2] == 3
    assert counters(backend, Way.REMOTE)[2] == 1


def test_a_promotion_takes_the_place_and_does_so_once(backend: Backend):
    """W-05"""
    event = given(backend, an_event(1), waiting("p_eero", 3, members=(Member("Pia"),)))
    head = waiting("p_eero", 3, members=(Member("Pia"),))
    seated = signups.promoted(head, event, NOW)
    write(backend, (head, seated))
    assert counters(backend) == (-1, 0, 0, 1)
    assert backend.ports.events.head("e_one", ROOM) is None
    with pytest.raises(VersionRaced):
        write(backend, (head, seated))


@pytest.mark.parametrize("what", ["left", "another"])
def test_a_head_that_is_needed_stands_where_it_did(backend: Backend, what: str):
    given(backend, None, a_signup(), waiting("p_eero", 3), waiting("p_pia", 4))
    entry = backend.ports.events.head("e_one", ROOM)
    needs = {ROOM: Needs(head=entry)}
    write(backend, (None, a_signup("p_sami")), needs=needs)
    one, two = waiting("p_eero", 3), waiting("p_pia", 4)
    if what == "left":
        write(backend, (one, signups.left(one, NOW)))
    else:
        after = signups.exchanged(one, two)
        write(backend, (one, after[0]), (two, after[1]))
        assert [each.person_id for each in backend.ports.events.queue("e_one", ROOM)] == [
            "p_pia",
            "p_eero",
        ]
    gone = signups.left(a_signup(), NOW)
    with pytest.raises(VersionRaced):
        write(backend, (a_signup(), gone), needs=needs)
    assert look(backend, "p_aino").signups["p_aino"].live


def test_a_place_that_is_nobody_s_is_skipped_once(backend: Backend):
    """P-08"""
    event = given(backend, None, waiting("p_eero", 3, members=(Member("Pia"),)))
    entry = backend.ports.events.head("e_one", ROOM)
    assert entry is not None
    stranger = replace(entry, person_id="p_other")
    with pytest.raises(VersionRaced):
        written(backend, lambda tx: backend.ports.events.skip(tx, event, stranger))
    written(backend, lambda tx: backend.ports.events.skip(tx, event, entry))
    assert backend.ports.events.head("e_one", ROOM) is None
    assert counters(backend) == (5, 0, 0, 1)
    with pytest.raises(VersionRaced):
        written(backend, lambda tx: backend.ports.events.skip(tx, event, entry))


def test_what_is_over_by_itself_is_found_at_its_moment_and_not_before(backend: Backend):
    """W-19"""
    held = a_signup(state=State.HELD, confirm_by=NOW)
    offer = a_signup("p_eero", state=State.OFFERED, offer_until=NOW + A_MINUTE)
    unproved = waiting("p_pia", 1, confirm_by=NOW - A_MINUTE)
    given(backend, None, held, offer, unproved, a_signup("p_sami"))

    def lapsed(at: datetime, limit: int = 9) -> list[str]:
        return backend.ports.events.lapsed("e_one", at, limit)

    assert lapsed(NOW - timedelta(microseconds=1)) == ["p_pia"]
    assert lapsed(NOW) == ["p_pia", "p_aino"]
    assert lapsed(NOW + A_MINUTE) == ["p_pia", "p_aino", "p_eero"]
    assert lapsed(NOW + A_MINUTE, 2) == ["p_pia", "p_aino"]
    write(backend, (held, signups.expired(held)), (unproved, signups.expired(unproved)))
    write(backend, (offer, signups.accepted(offer, NOW)))
    assert lapsed(NOW + timedelta(days=1)) == []
    assert counters(backend) == (3, 0, 0, 1)


def test_a_hold_that_becomes_an_offer_lapses_when_the_offer_does(backend: Backend):
    event = given(backend, an_event(offers_within=timedelta(days=30)), waiting("p_eero", 1))
    one = waiting("p_eero", 1)
    write(backend, (one, signups.promoted(one, event, NOW)))
    assert backend.ports.events.lapsed("e_one", NOW + event.offer_time, 9) == ["p_eero"]


def test_a_switch_counts_in_both_ways_or_in_none(backend: Backend):
    """S-24"""
    given(backend, a_hybrid(5, 1), a_signup(), a_signup("p_eero", way=Way.REMOTE))
    after = signups.switched(a_signup(), Way.REMOTE, NOW)
    with pytest.raises(VersionRaced):
        write(backend, (a_signup(), after), needs={Way.REMOTE: Needs(free_from=1)})
    write(backend, (a_signup(), after), needs={Way.REMOTE: Needs(free_from=0)})
    assert (counters(backend)[0], counters(backend, Way.REMOTE)[0]) == (5, -1)


def test_the_counters_of_an_event_that_was_called_off_stand_still(backend: Backend):
    """W-16"""
    before = given(backend, None, a_signup(), waiting("p_eero", 1))
    over = events.cancelled(before, "Sairaus")
    written(backend, lambda tx: backend.ports.events.save(tx, before, over))
    with pytest.raises(VersionRaced):
        write(backend, (a_signup(), signups.called_off(a_signup())), event=before)
    for signup in (a_signup(), waiting("p_eero", 1)):
        write(backend, (signup, signups.called_off(signup)))
    assert counters(backend) == (4, 0, 1, 1)
    assert backend.ports.events.head("e_one", ROOM) is None
    assert look(backend, "p_aino", "p_eero").parties == {}


def test_lists_go_on_page_by_page(backend: Backend):
    people = [f"p_{letter}" for letter in "abcde"]
    given(backend, None, *(a_signup(each) for each in people))
    later = an_event(event_id="e_two", starts_at=START + A_MINUTE)
    other = an_event(event_id="e_three", starts_at=START + timedelta(days=30))
    for event in (later, other):
        written(backend, lambda tx, event=event: backend.ports.events.create(tx, event))
    mine = a_signup("p_a", event_id="e_two")
    written(backend, lambda tx: backend.ports.events.write(tx, later, [(None, mine)]))

    def all_of(read) -> Iterable[str]:
        after = None
        while True:
            page = read(2, after)
            yield from page.items
            after = page.next
            if after is None:
                return

    found = all_of(lambda limit, after: backend.ports.events.signups("e_one", limit, after))
    assert [each.person_id for each in found] == people
    found = all_of(lambda limit, after: backend.ports.events.parts_of("p_a", limit, after))
    assert list(found) == [Part("e_one", "p_a"), Part("e_two", "p_a")]

    def of_month(first: datetime, last: datetime) -> list[str]:
        read = backend.ports.events.by_month
        found = all_of(lambda _, after: read("2027-01", first, last, 1, after))
        return [each.event_id for each in found]

    assert of_month(START, START + timedelta(days=60)) == ["e_one", "e_two"]
    assert of_month(START, START + A_MINUTE) == ["e_one"]
    assert of_month(START + A_MINUTE, START + A_MINUTE) == []


def test_everybody_who_is_to_be_told_of_an_event_is_found_page_by_page(backend: Backend):
    proving = {"state": State.HELD, "confirm_by": NOW + A_MINUTE}
    over = {f"p_{number}": {"state": State.LEFT} for number in range(4)}
    told = {"p_aino": {}, "p_zoe": {"state": State.WAITING, "number": 1}, "p_eero": {}}
    everybody = over | told | {"p_held": proving}
    given(backend, None, *(a_signup(each, **changes) for each, changes in everybody.items()))
    audiences, revision = backend.ports.audiences, stored(backend).revision
    for size, after, wanted in (
        (9, "", Audience(revision, ["p_aino", "p_eero", "p_zoe"], last=True)),
        (2, "", Audience(revision, ["p_aino", "p_eero"], last=False)),
        (2, "p_eero", Audience(revision, ["p_zoe"], last=True)),
        (2, "p_zoe", Audience(revision, [], last=True)),
    ):
        assert audiences.page("event#e_one", after, size, told_of_the_event) == wanted
    assert audiences.page("event#e_none", "", 9, told_of_the_event) is None
    assert audiences.page("booking#e_one", "", 9, told_of_the_event) is None


def parts_of(backend: Backend, person_id: str) -> list[Part]:
    return list(backend.ports.events.parts_of(person_id, 9, None).items)


def test_who_comes_along_finds_the_party_as_long_as_it_names_them(backend: Backend):
    event = given(backend)
    party = a_signup("p_eero", members=(Member("Pia", "p_pia"), Member("Sami", "p_sami")))
    write(backend, (None, party))
    written(
        backend,
        lambda tx: backend.ports.events.create(tx, replace(event, event_id="e_two")),
    )
    own = a_signup("p_pia", event_id="e_two")
    written(
        backend,
        lambda tx: backend.ports.events.write(
            tx, replace(event, event_id="e_two"), [(None, own)], {}
        ),
    )
    assert parts_of(backend, "p_pia") == [Part("e_one", "p_eero"), Part("e_two", "p_pia")]
    assert parts_of(backend, "p_eero") == [Part("e_one", "p_eero")]
    found = backend.ports.events.parties(parts_of(backend, "p_pia"))
    assert sorted((event.event_id, each) for event, each in found) == sorted(
        [("e_one", party), ("e_two", own)]
    )
    assert backend.ports.events.parties([Part("e_one", "p_nobody"), Part("e_no", "p_eero")]) == []
    left = signups.left(party, NOW)
    write(backend, (party, left))
    assert parts_of(backend, "p_sami") == [Part("e_one", "p_eero")]
    fewer = signups.without(left, "p_sami")
    write(backend, (left, fewer))
    assert parts_of(backend, "p_sami") == []
    again = signups.again(fewer, replace(party, members=(Member("Sami", "p_sami"),)))
    write(backend, (fewer, again))
    assert parts_of(backend, "p_pia") == [Part("e_two", "p_pia")]
    assert parts_of(backend, "p_sami") == [Part("e_one", "p_eero")]


def test_what_is_nobody_s_from_now_on_is_found_by_nobody_s_id(backend: Backend):
    """P-08"""
    given(backend, an_event(0))
    party = waiting(
        "p_aino", 1, members=(Member("Pia", "p_pia"),), confirm_by=NOW + A_MINUTE, network="n"
    )
    write(backend, (None, party), needs={ROOM: Needs(number=1)})
    nobody = replace(
        party,
        person_id="p_erased_1",
        members=(Member(""),),
        confirm_by=None,
        network="",
        version=2,
    )
    write(backend, (party, nobody))
    found = look(backend, "p_aino", "p_pia", "p_erased_1")
    assert (found.signups, found.parties) == ({"p_erased_1": nobody}, {})
    assert parts_of(backend, "p_aino") == parts_of(backend, "p_pia") == []
    assert backend.ports.events.head("e_one", ROOM) == Entry("e_one", ROOM, 1, "p_erased_1", 2)
    assert backend.ports.events.lapsed("e_one", NOW + A_MINUTE, 9) == []
    assert counters(backend) == (0, 0, 2, 2)
    with pytest.raises(VersionRaced):
        write(backend, (party, replace(nobody, person_id="p_erased_2")))
    if backend.store is None:
        there = {item["item"] for item in backend.items("events")}
        assert there == {"event", "signup#p_erased_1", "waiting#room#000000001"}


def test_what_changed_meanwhile_is_not_made_nobody_s(backend: Backend):
    given(backend, None, a_signup())
    left = signups.left(a_signup(), NOW)
    write(backend, (a_signup(), left))
    with pytest.raises(VersionRaced):
        write(backend, (a_signup(), a_signup("p_erased_1", version=2)))
    assert look(backend, "p_aino", "p_erased_1").signups == {"p_aino": left}


def test_a_newer_schema_is_read_all_the_same(dynamodb: Backend):
    given(dynamodb, A_FULL_EVENT)
    write(dynamodb, (None, A_FULL_SIGNUP), (None, waiting("p_pia", 2)))
    before = stored(dynamodb)
    from_the_future(dynamodb)
    assert stored(dynamodb) == before
    assert look(dynamodb, "p_aino").signups == {"p_aino": A_FULL_SIGNUP}
    assert dynamodb.ports.events.head("e_one", ROOM).person_id == "p_pia"
    assert dynamodb.ports.events.lapsed("e_one", NOW + A_MINUTE, 9) == ["p_aino"]


def test_two_versions_of_the_code_read_what_the_other_says_of_an_event(dynamodb: Backend):
    before = given(dynamodb, A_FULL_EVENT)
    where = {
        "TableName": f"{dynamodb.prefix}events",
        "Key": {"event_id": {"S": "e_one"}, "item": {"S": "event"}},
    }
    names = {"#programme": "programme", "#newer": "newer"}
    dynamodb.client.update_item(
        **where,
        UpdateExpression="SET #programme.#newer = :it",
        ExpressionAttributeNames=names,
        ExpressionAttributeValues={":it": {"S": "x"}},
    )
    assert stored(dynamodb) == before
    newer = (
        "programme",
        "audience",
        "questions",
        "asks_diet",
        "asks_accessibility",
        "booking_id",
        "series_id",
        "rrule",
        "series_from",
        "apart",
    )
    dynamodb.client.update_item(**where, UpdateExpression=f"REMOVE {', '.join(newer)}")
    asked = {"audience": (), "questions": (), "asks_diet": False, "asks_accessibility": False}
    bare = {
        "programme": Programme(),
        "booking_id": "",
        "series_id": "",
        "rrule": "",
        "series_from": None,
        "apart": False,
        **asked,
    }
    assert stored(dynamodb) == replace(before, **bare)


def test_who_came_is_kept_and_moves_no_counter_and_nobody_in_the_queue(backend: Backend) -> None:
    party = a_signup("p_a", members=(Member("B"), Member("C")))
    event = given(backend, an_event(3, free=3), party, waiting("p_d", 1))
    before, queue = stored(backend), backend.ports.events.queue("e_one", ROOM)
    there = attendance.checked_in(party, [0, 2], START)
    write(backend, (party, there), event=event)
    assert look(backend, "p_a").signups["p_a"] == there
    assert attendance.arrivals(there) == (START, None, START)
    gone = attendance.checked_out(there, [0], START)
    write(backend, (there, gone))
    assert look(backend, "p_a").signups["p_a"] == gone
    with pytest.raises(VersionRaced):
        write(backend, (there, replace(there, version=there.version + 1)))
    assert stored(backend) == before
    assert backend.ports.events.queue("e_one", ROOM) == queue


def test_what_people_eat_and_need_goes_and_how_many_is_kept(backend: Backend, monkeypatch) -> None:
    """P-02, P-03: in pieces; nothing else changes, and nobody's place in the queue."""
    monkeypatch.setattr(tallies, "TOGETHER", 2)
    long_ago = timedelta(days=400)
    times = {"starts_at": NOW - long_ago, "ends_at": NOW - long_ago + A_MINUTE}
    said = {"diet": "Vegaani", "members": (Member("B", "p_eero", "Vegaani", "Hissi"), Member("C"))}
    left = given(
        backend,
        an_event(**times),
        a_signup(**said),
        a_signup("p_pia", accessibility="Aino's"),
        waiting("p_sami", 2, diet="Kala"),
        a_signup("p_salo"),
    )
    there = ("p_aino", "p_pia", "p_sami", "p_salo")
    before = look(backend, *there)
    moment = Moment(backend.ports.clock.now(), HELSINKI)
    assert tallies.clear(backend.ports, "e_one", moment)
    found = look(backend, *there, "p_eero")
    assert found.signups == {
        person_id: signups.without_needs(each) if signups.has_needs(each) else each
        for person_id, each in before.signups.items()
    }
    assert not any(map(signups.has_needs, found.signups.values()))
    assert found.parties == {**before.parties, "p_eero": "p_aino"}
    assert backend.ports.events.queue("e_one", ROOM) == [Entry("e_one", ROOM, 2, "p_sami", 1)]
    assert found.event is not None
    assert found.event.ways == left.ways
    assert found.event.tally is not None
    assert found.event.tally.diets == {"vegaani": 2}
    assert found.event.tally.accessibility == {"hissi": 1, OTHERS: 1}
    assert found.event.tally.cleared
    assert not tallies.clear(backend.ports, "e_one", moment)
    assert stored(backend) == found.event
    entries = backend.ports.audit.by_subject("event#e_one", NOW - long_ago, FAR, 9, None).items
    assert [each.action for each in entries] == ["forget-needs"]
