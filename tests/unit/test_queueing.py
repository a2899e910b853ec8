"""Events and sign-ups as they are by themselves: windows, states, counters and who is next."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain import events, queueing, signups
from chalicelib.domain.errors import Refused, VersionRaced
from chalicelib.domain.events import UNLIMITED, Promotion, Way
from chalicelib.domain.events import State as EventState
from chalicelib.domain.programmes import Programme
from chalicelib.domain.queueing import Count, Needs
from chalicelib.domain.signups import Entry, Member, Place, State
from tests.builders import EERO
from tests.event_builders import CLOSES, NOW, OPENS, START, a_signup, an_event, some_seats

A_MILLISECOND = timedelta(milliseconds=1)
A_MINUTE = timedelta(minutes=1)


def told(refusal: pytest.ExceptionInfo[Refused]) -> dict:
    return dict(refusal.value.problems[0].params)


@pytest.mark.parametrize("now", [OPENS, CLOSES - A_MILLISECOND])
def test_the_window_is_open_from_its_first_moment_to_before_its_last(now):
    """S-01"""
    events.check_open(an_event(), now)


@pytest.mark.parametrize(("now", "why"), [(OPENS - A_MILLISECOND, "early"), (CLOSES, "late")])
def test_outside_the_window_one_is_told_when_it_is(now, why):
    """S-02"""
    with pytest.raises(Refused, match="signup-not-open") as refusal:
        events.check_open(an_event(), now)
    when = {"opens_at": OPENS, "closes_at": CLOSES}
    assert told(refusal) == {**when, "state": "published", "why": why}


@pytest.mark.parametrize("state", [EventState.DRAFT, EventState.CANCELLED])
def test_nobody_signs_up_for_what_is_not_published(state):
    with pytest.raises(Refused, match="signup-not-open"):
        events.check_open(an_event(state=state), NOW)


@pytest.mark.parametrize(
    ("before_start", "expected"),
    [
        (timedelta(hours=24, microseconds=1), Promotion.CONFIRM),
        (timedelta(hours=24), Promotion.OFFER),
        (timedelta(hours=2, microseconds=1), Promotion.OFFER),
        (timedelta(hours=2), Promotion.NONE),
        (timedelta(minutes=-30), Promotion.NONE),
    ],
)
def test_a_freed_seat_is_had_at_once_then_offered_then_nobody_s(before_start, expected):
    """W-24"""
    event = an_event(offers_within=timedelta(hours=24), promote_until=START - timedelta(hours=2))
    assert events.promotion(event, START - before_start) is expected


def test_without_a_cut_off_it_is_the_start_and_never_after_it():
    assert an_event().cut_off == START
    assert an_event(promote_until=START + A_MINUTE).cut_off == START
    assert events.promotion(an_event(), START) is Promotion.NONE


def test_an_offer_does_not_outlive_the_cut_off():
    event = an_event(offer_time=timedelta(hours=2))
    assert events.offer_until(event, NOW) == NOW + timedelta(hours=2)
    assert events.offer_until(event, START - A_MINUTE) == START


def test_a_lower_limit_removes_nobody_and_says_how_many_are_too_many():
    """W-11"""
    full = an_event(5, free=0, waiting=1)
    after = events.resized(full, Way.ROOM, 3).ways[Way.ROOM]
    assert (after.limit, after.free, after.over, after.to_be_had) == (3, -2, 2, 0)


@pytest.mark.parametrize(
    ("limit", "to", "free"), [(5, 8, 5), (5, None, UNLIMITED - 3), (None, 5, 2)]
)
def test_free_seats_move_with_the_limit(limit, to, free):
    event = an_event(limit)
    event = replace(
        event,
        ways={Way.ROOM: queueing.counted(event.ways[Way.ROOM], Count(free=-3))},
    )
    after = events.resized(event, Way.ROOM, to, 7)
    assert after.ways[Way.ROOM].free == free
    assert after.ways[Way.ROOM].most_waiting == 7
    assert after.version == event.version + 1


@pytest.mark.parametrize(
    ("named", "limit", "most"),
    [({"limit": 8}, 8, 3), ({"limit": None}, None, 3), ({"most_waiting": 9}, 5, 9), ({}, 5, 3)],
)
def test_of_a_way_what_is_not_named_stays(named, limit, most):
    seats = events.revised(an_event(5), {}, {Way.ROOM: named}).ways[Way.ROOM]
    assert (seats.limit, seats.most_waiting) == (limit, most)


def test_what_is_waited_for_is_not_to_be_had():
    assert an_event(5, free=2, waiting=3).ways[Way.ROOM].to_be_had == 0
    assert an_event(5, free=2).ways[Way.ROOM].to_be_had == 2


def test_an_event_goes_from_draft_to_published_to_cancelled_and_no_further():
    draft = an_event(state=EventState.DRAFT)
    published = events.published(draft)
    over = events.cancelled(published, "Sairaus")
    assert (over.state, over.reason, over.live) == (EventState.CANCELLED, "Sairaus", False)
    assert (over.version, over.revision, over.calendar_sequence) == (draft.version + 2, 1, 1)
    for change in (events.published, lambda each: events.cancelled(each, "")):
        with pytest.raises(Refused, match="stale-state"):
            change(over)
    with pytest.raises(Refused, match="stale-state"):
        events.resized(over, Way.ROOM, 9)
    with pytest.raises(Refused, match="stale-state"):
        events.revised(over, {"ends_at": START + A_MINUTE}, {})


def test_what_was_called_off_as_a_draft_is_nobody_s_to_see():
    draft = an_event(state=EventState.DRAFT, announced=False)
    published = events.published(draft)
    assert (draft.public, published.public) == (False, True)
    assert events.cancelled(published, "").public
    assert not events.cancelled(draft, "").public


def test_of_what_staff_edit_only_what_is_named_changes():
    before = an_event(5, free=2, programme=Programme({"fi": "Hei"}, contact="Sami Salo"))
    changes = {"title": {"sv": "Verkstaden"}, "programme": {"description": {"en": "Hello"}}}
    after = events.revised(before, {**changes, "group_size": 2}, {Way.REMOTE: {}})
    assert after.title == {**before.title, "sv": "Verkstaden"}
    assert after.programme == Programme({"fi": "Hei", "en": "Hello"}, contact="Sami Salo")
    assert (after.group_size, after.ways[Way.ROOM]) == (2, before.ways[Way.ROOM])
    assert after.ways[Way.REMOTE] == events.seats(None)
    assert (after.version, after.revision, after.calendar_sequence) == (before.version + 1, 0, 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"starts_at": START + A_MINUTE},
        {"ends_at": START + A_MINUTE},
        {"programme": {"space_id": "hall"}},
        {"programme": {"address": "Snellmaninkatu 1"}},
        {"programme": {"remote_link": "https://video.example"}},
    ],
)
def test_calendars_hear_of_another_time_or_place(changes):
    """I-04, R-11."""
    after = events.revised(an_event(), changes, {})
    assert (after.revision, after.calendar_sequence) == (1, 1)


def test_an_event_that_is_over_is_not_edited_and_one_that_is_does_not_end_before_it_starts():
    with pytest.raises(Refused, match="stale-state"):
        events.revised(events.cancelled(an_event(), ""), {"group_size": 2}, {})
    with pytest.raises(Refused, match="invalid-request"):
        events.revised(an_event(), {"ends_at": START}, {})
    with pytest.raises(Refused, match="invalid-request"):
        events.revised(an_event(), {"closes_at": an_event().opens_at}, {})


def test_an_event_is_no_longer_than_lists_look_back():
    longest = START + events.LONGEST
    assert events.revised(an_event(), {"ends_at": longest}, {}).ends_at == longest
    with pytest.raises(Refused, match="range-too-long"):
        events.revised(an_event(), {"ends_at": longest + A_MILLISECOND}, {})


def test_what_lapses_is_over_at_its_last_moment_whatever_is_stored():
    """W-19, W-21"""
    offer = a_signup(state=State.OFFERED, offer_until=NOW)
    assert signups.judged(offer, NOW - A_MILLISECOND) == offer
    assert signups.judged(offer, NOW).state is State.EXPIRED
    held = a_signup(state=State.HELD, confirm_by=NOW)
    assert signups.judged(held, NOW).state is State.EXPIRED
    waiting = a_signup(state=State.WAITING, number=3, confirm_by=NOW)
    assert signups.judged(waiting, NOW).state is State.EXPIRED
    assert a_signup(state=State.CONFIRMED).lapses_at is None


@pytest.mark.parametrize("change", [signups.accepted, signups.proved])
def test_who_comes_too_late_is_told_so(change):
    """W-19, W-21"""
    for late in (
        a_signup(state=State.OFFERED, offer_until=NOW),
        a_signup(state=State.HELD, confirm_by=NOW),
        a_signup(state=State.EXPIRED),
    ):
        with pytest.raises(Refused, match="hold-expired"):
            change(late, NOW)


def test_an_offer_is_accepted_or_declined():
    offer = a_signup(state=State.OFFERED, offer_until=NOW + A_MILLISECOND)
    taken = signups.accepted(offer, NOW)
    assert (taken.state, taken.offer_until, taken.sequence) == (State.CONFIRMED, None, 1)
    assert signups.declined(offer, NOW).state is State.DECLINED
    with pytest.raises(Refused, match="stale-state"):
        signups.declined(taken, NOW)


def test_a_proof_confirms_a_seat_and_leaves_who_waits_waiting():
    until = NOW + A_MINUTE
    assert (
        signups.proved(a_signup(state=State.HELD, confirm_by=until), NOW).state is State.CONFIRMED
    )
    waiting = signups.proved(a_signup(state=State.WAITING, number=3, confirm_by=until), NOW)
    assert (waiting.state, waiting.number, waiting.confirm_by) == (State.WAITING, 3, None)


def test_who_meant_to_leave_the_queue_keeps_the_seat_that_came_meanwhile():
    """W-07"""
    with pytest.raises(Refused, match="stale-state") as refusal:
        signups.left(a_signup(), NOW, in_queue=True)
    assert told(refusal) == {"state": "confirmed", "why": "seated"}
    waiting = a_signup(state=State.WAITING, number=3)
    assert signups.left(waiting, NOW, in_queue=True).state is State.LEFT
    with pytest.raises(Refused, match="stale-state"):
        signups.removed(signups.left(waiting, NOW), NOW)


def test_promotion_is_a_seat_an_offer_near_the_start_or_a_hold_until_proved():
    """W-28, I-03"""
    waiting = a_signup(state=State.WAITING, number=3, answers={"diet": "vegaani"}, sequence=4)
    event = an_event(offers_within=timedelta(hours=24))
    seated = signups.promoted(waiting, event, NOW)
    assert (seated.state, seated.number, seated.sequence) == (State.CONFIRMED, None, 5)
    assert seated.answers == {"diet": "vegaani"}
    near = START - timedelta(hours=3)
    offered = signups.promoted(waiting, event, near)
    assert (offered.state, offered.offer_until) == (State.OFFERED, near + event.offer_time)
    unproved = replace(waiting, confirm_by=NOW + A_MINUTE)
    assert signups.promoted(unproved, event, NOW).state is State.HELD


def test_a_seat_is_handed_over_whole_and_whoever_had_it_has_none():
    """S-25"""
    mine = a_signup(members=(Member("Pia"),), answers={"diet": "vegaani"})
    old = a_signup("p_eero", state=State.LEFT, sequence=3, version=5)
    gone, new = signups.handed_over(mine, "p_eero", EERO, old, NOW)
    assert (gone.state, gone.sequence) == (State.HANDED_OVER, mine.sequence + 1)
    assert (new.person_id, new.person, new.state, new.size) == ("p_eero", EERO, State.CONFIRMED, 2)
    assert (new.version, new.sequence, new.answers) == (6, 4, {})
    assert queueing.counts([(mine, gone), (old, new)]) == {}
    assert queueing.guards([(mine, gone), (old, new)]) == {
        "p_aino": ("p_aino", ""),
        "p_eero": ("", "p_eero"),
    }


def test_places_are_in_parties_and_in_persons():
    queue = [Entry("e", Way.ROOM, number, f"p_{number}", size) for number, size in ((2, 3), (5, 1))]
    assert signups.place_of(2, queue) == Place(0, 0)
    assert signups.place_of(7, queue) == Place(2, 4)
    assert signups.place_of(7, queue).position == 3


def test_seats_count_persons_and_not_forms():
    """S-17"""
    party = a_signup(members=(Member("Pia"), Member("Sami"), Member("Eero")))
    assert queueing.counts([(None, party)]) == {Way.ROOM: Count(free=-4)}
    seats = queueing.counted(an_event(10).ways[Way.ROOM], Count(free=-4))
    assert seats.free == 6


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, State.HELD, Count(free=-1, held=1)),
        (State.HELD, State.CONFIRMED, Count(held=-1)),
        (State.WAITING, State.CONFIRMED, Count(free=-1, waiting=-1, parties=-1)),
        (State.WAITING, State.OFFERED, Count(free=-1, held=1, waiting=-1, parties=-1)),
        (State.OFFERED, State.DECLINED, Count(free=1, held=-1)),
        (State.CONFIRMED, State.LEFT, Count(free=1)),
        (State.WAITING, State.LEFT, Count(waiting=-1, parties=-1)),
        (State.LEFT, State.WAITING, Count(waiting=1, parties=1)),
    ],
)
def test_every_change_counts_what_it_changes(before, after, expected):
    old = a_signup(state=before) if before else None
    assert queueing.counts([(old, a_signup(state=after))]) == {Way.ROOM: expected}


def test_a_switch_counts_in_both_ways():
    """S-24"""
    mine = a_signup()
    after = signups.switched(mine, Way.REMOTE, NOW)
    assert after.sequence == mine.sequence + 1
    assert queueing.counts([(mine, after)]) == {
        Way.ROOM: Count(free=1),
        Way.REMOTE: Count(free=-1),
    }


def test_a_newcomer_sits_where_nobody_waits_and_enough_is_free():
    assert queueing.sits(an_event(2), Way.ROOM, 2) == Needs(free_from=2, nobody_waits=True)
    assert queueing.sits(an_event(2), Way.ROOM, 3) is None
    assert queueing.sits(an_event(5, free=2, waiting=3), Way.ROOM, 1) is None
    with pytest.raises(Refused, match="invalid-request"):
        queueing.sits(an_event(2), Way.REMOTE, 1)


def test_a_newcomer_waits_as_long_as_the_list_has_room_for_all_of_the_party():
    """S-14, S-20"""
    event = an_event(5, most_waiting=3, free=2)
    expected = Needs(free_below=3, or_somebody_waits=True, number=event.ways[Way.ROOM].next_number)
    assert queueing.waits(event, Way.ROOM, 3, NOW) == expected
    for full in (
        an_event(5, most_waiting=3, free=0, waiting=2),
        an_event(5, most_waiting=1, free=0),
    ):
        with pytest.raises(Refused, match="event-full"):
            queueing.waits(full, Way.ROOM, 2, NOW)


def test_after_the_cut_off_nobody_joins_a_queue_that_moves_no_more():
    """W-24"""
    event = an_event(5, most_waiting=3, free=1, waiting=1)
    with pytest.raises(Refused, match="held-for-waiting-list"):
        queueing.waits(event, Way.ROOM, 1, START)
    with pytest.raises(Refused, match="event-full"):
        queueing.waits(event, Way.ROOM, 2, START)


def test_a_freed_seat_goes_to_the_head_that_fits_and_else_back():
    pair = Entry("e_one", Way.ROOM, 4, "p_pia", 2)
    nobody = queueing.given(an_event(5, free=0), Way.ROOM, 1, None, NOW)
    assert nobody == queueing.Given(Needs(nobody_waits=True))
    full = an_event(5, free=0, waiting=2)
    too_few = queueing.given(full, Way.ROOM, 1, pair, NOW)
    assert too_few == queueing.Given(Needs(free_below=1, head=pair))
    one_more = an_event(5, free=1, waiting=2)
    assert queueing.given(one_more, Way.ROOM, 1, pair, NOW) == queueing.Given(
        Needs(free_from=1), pair
    )
    over = an_event(5, free=-2, waiting=2)
    assert queueing.given(over, Way.ROOM, 1, pair, NOW).head is None
    assert queueing.given(full, Way.ROOM, 1, pair, START) == queueing.Given(Needs())
    with pytest.raises(VersionRaced):
        queueing.given(full, Way.ROOM, 1, None, NOW)


def test_two_who_change_places_change_one_item_each():
    first, second = (
        a_signup(name, state=State.WAITING, number=number)
        for name, number in (("p_aino", 3), ("p_eero", 8))
    )
    changes = list(zip((first, second), signups.exchanged(first, second), strict=True))
    assert queueing.counts(changes) == {}
    assert {
        key: [each and each.person_id for each in both]
        for key, both in queueing.entries(changes).items()
    } == {
        (Way.ROOM, 3): ["p_aino", "p_eero"],
        (Way.ROOM, 8): ["p_eero", "p_aino"],
    }


@pytest.mark.parametrize(
    ("needs", "missed"),
    [
        (Needs(free_from=3), "free-from"),
        (Needs(free_below=2), "free-below"),
        (Needs(nobody_waits=True), "nobody-waits"),
        (Needs(number=6), "number"),
    ],
)
def test_every_condition_is_missed_by_one(needs, missed):
    seats = replace(an_event(5, free=2, waiting=1).ways[Way.ROOM], next_number=7)
    assert queueing.met(seats, needs) == {missed: False}
    almost = Needs(free_from=2, number=7)
    assert all(queueing.met(seats, almost).values())
    assert queueing.met(seats, Needs(free_below=2, or_somebody_waits=True)) == {"free-below": True}


@pytest.mark.parametrize(
    ("counters", "place"),
    [
        ({"waiting": 6, "parties": 3}, Place(2, 4)),
        ({"waiting": 2, "parties": 1}, Place(0, 0)),
        ({"waiting": 6, "parties": 3, "next_number": 9}, None),  # somebody joined since
        ({"waiting": 6, "parties": 3, "next_number": 7}, None),  # read before they joined
        ({"waiting": 0, "parties": 0}, None),  # read after they left, who were alone
        ({"waiting": 1, "parties": 1}, None),  # and where one more is there
    ],
)
def test_the_counters_know_where_who_joined_last_stands_and_of_nobody_else(counters, place):
    seats = some_seats(free=0, **{"next_number": 8, **counters})
    event, entry = an_event(ways={Way.ROOM: seats}), Entry("e_one", Way.ROOM, 7, "p_aino", 2)
    assert queueing.behind_the_others(event, entry) == place
    cancelled = replace(event, state=EventState.CANCELLED)
    assert queueing.behind_the_others(cancelled, entry) is None
