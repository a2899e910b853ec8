"""Rushes of other kinds on the deployed local cloud: never an overlap, and never "nobody wins".

An answer that refuses has to be explained by somebody who got what it asked for, and whose request had
begun before the refusal was given: a loser who lost to another loser has no such explanation.
"""

import random
from collections.abc import Iterable, Iterator
from itertools import combinations

import pytest

from chalicelib.domain.bookings import State
from tests.system.crowd import Answer, Lab, Request, book, cancel, move, statuses, told

PARTS = {"hall": ("hall-a", "hall-b")}
BUFFER = {"studio": 1}  # quarters of an hour before and after
QUARTERS = [f"{hour:02d}:{minute:02d}" for hour in range(24) for minute in (0, 15, 30, 45)]
Slots = set[tuple[str, int]]


@pytest.fixture(autouse=True)
def consistent(lab: Lab) -> Iterator[None]:
    """After each rush, ledger and bookings say the same."""
    yield
    lab.check()


def slots(answer: Answer) -> Slots:
    """What a request for spaces asked for: spaces and quarters of an hour."""
    body = answer.request.body or {}
    start, end = (QUARTERS.index(body[name][11:16]) for name in ("start", "end"))
    return {
        (part, slot)
        for space in body["space_ids"]
        for part in PARTS.get(space, (space,))
        for slot in range(start - BUFFER.get(part, 0), end + BUFFER.get(part, 0))
    }


def split(answers: Iterable[Answer]) -> tuple[list[Answer], list[Answer]]:
    """Those that were granted and those that were refused."""
    found = list(answers)
    granted = [answer for answer in found if answer.status in (200, 201)]
    return granted, [answer for answer in found if answer not in granted]


def check_fair(answers: Iterable[Answer]) -> list[Answer]:
    """No two that were granted overlap, and whoever was refused met one of them; those granted."""
    granted, refused = split(answers)
    assert not [pair for pair in combinations(granted, 2) if slots(pair[0]) & slots(pair[1])]
    for loser in refused:
        assert (loser.status, loser.problem) == (409, "slot-taken")
        assert any(
            slots(loser) & slots(winner) and winner.began < loser.ended for winner in granted
        ), f"refused though free: {loser.request.body}"
    return granted


@pytest.mark.parametrize(
    "spaces", [("hall-a",), ("studio",), ("hall", "hall-a", "hall-b")], ids=" ".join
)
def test_of_times_that_partly_overlap_nobody_is_refused_who_could_be_taken(
    lab: Lab, spaces: tuple[str, ...]
) -> None:
    day, seed = lab.fresh_day(), random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)

    def some_time() -> str:
        start = chance.randrange(32, 70)
        return f"{QUARTERS[start]}-{QUARTERS[min(start + chance.randrange(2, 9), 72)]}"

    answers = lab.rush(book(chance.choice(spaces), day=day, hours=some_time()) for _ in range(200))

    print(told(answers))
    assert len(check_fair(answers)) >= 3


def test_the_hall_or_both_its_halves(lab: Lab) -> None:
    day = lab.fresh_day()
    spaces = ("hall", "hall-a", "hall", "hall-b")
    answers = lab.rush(book(spaces[n % 4], day=day, hours="12:00-14:00") for n in range(160))
    won = sorted(answer.body["space_ids"][0] for answer in check_fair(answers))
    assert won in (["hall"], ["hall-a", "hall-b"])


def test_moves_against_creates(lab: Lab) -> None:
    """Many move to one time and many book it: one has it, and every other kept what it had.

    The time that a mover left is booked by the first who asks after that.
    """
    day = lab.fresh_day()
    hours = [f"{hour:02d}:00-{hour:02d}:30" for hour in range(8, 18) if hour != 12]
    first = lab.rush((book("hall-b", day=day, hours=each) for each in hours), clients=4)
    assert statuses(first) == {201: len(hours)}
    there = {"start": f"{day}T12:00", "end": f"{day}T12:30"}
    wanted = [move(answer.body["booking_id"], **there) for answer in first for _ in range(6)]
    wanted += [book("hall-b", day=day, hours="12:00-12:30") for _ in wanted]
    wanted += [book("hall-b", day=day, hours=each) for each in hours for _ in range(3)]
    random.Random(1).shuffle(wanted)

    answers = lab.rush(wanted)

    print(told(answers))
    assert statuses(answers).keys() <= {200, 201, 409}
    live = [
        booking
        for booking in lab.bookings().values()
        if booking.live
        and "hall-b" in booking.space_ids  # other tests' mails are of bookings that hold nothing
        and booking.starts_at.isoformat().startswith(day)
    ]
    assert len({booking.starts_at for booking in live}) == len(live)
    granted, _ = split(answers)
    there = [answer for answer in granted if answer.body["start"][11:16] == "12:00"]
    (winner,) = {answer.body["booking_id"] for answer in there}
    ids = {booking.booking_id for booking in live}
    assert winner in ids
    assert {answer.body["booking_id"] for answer in first} - {winner} <= ids
    if moved := [answer for answer in first if answer.body["booking_id"] == winner]:
        left = moved[0].request.body["start"]
        later = [
            answer
            for answer in answers
            if (answer.request.body or {}).get("start") == left and answer.began > there[0].ended
        ]
        assert len(live) - len(hours) in ({1} if later else {0, 1})


def test_many_changes_of_one_version_are_one(lab: Lab) -> None:
    """If-Match of the version that all of them saw: one is written, all others are stale."""
    day = lab.fresh_day()
    booking = lab.ask(book("hall-a", day=day, hours="08:00-08:30"))
    answers = lab.rush(
        move(
            booking.body["booking_id"],
            booking.headers["ETag"],
            start=f"{day}T{QUARTERS[36 + number % 30]}",
            end=f"{day}T{QUARTERS[40 + number % 30]}",
        )
        for number in range(100)
    )
    assert statuses(answers) == {200: 1, 412: 99}


def test_six_desks_for_a_hundred(lab: Lab) -> None:
    day = lab.fresh_day()
    answers = lab.rush(book("desks", day=day, hours="10:00-12:00") for _ in range(120))
    print(told(answers))
    assert statuses(answers) == {201: 6, 409: 114}
    won = [lab.bookings()[each.body["booking_id"]] for each in answers if each.status == 201]
    desks = sorted(resource for booking in won for resource in booking.footprint)
    assert desks == [f"desks.{number}" for number in range(1, 7)]


def test_two_facilitators_for_four_spaces(lab: Lab) -> None:
    """All or nothing: who gets no facilitator does not keep the space from others either."""
    day, spaces = lab.fresh_day(), ("hall-a", "hall-b", "studio", "pod")
    answers = lab.rush(
        book(spaces[number % 4], day=day, hours="10:00-12:00", facilitation={"wanted": True})
        for number in range(120)
    )
    won, _ = split(answers)
    assert statuses(answers) == {201: 2, 409: 118}
    assert {each.body["facilitator"] for each in won} == {"facilitator-1", "facilitator-2"}
    left = [space for space in spaces if [space] not in [each.body["space_ids"] for each in won]]
    for space in left:
        assert lab.ask(book(space, day=day, hours="10:00-12:00")).status == 201


def test_one_idempotency_key_from_many_clients_is_one_booking(lab: Lab) -> None:
    day, before = lab.fresh_day(), lab.bookings()
    request = book("hall-a", day=day, hours="10:00-11:00")

    answers = lab.rush([request] * 128)

    assert statuses(answers) == {201: 128}
    first = answers[0].body
    assert all(answer.body == first for answer in answers)
    replayed = [answer for answer in answers if answer.headers.get("Idempotency-Replayed")]
    assert len(replayed) == 127
    assert lab.bookings().keys() - before.keys() == {first["booking_id"]}


def test_approve_against_deny(lab: Lab) -> None:
    day = lab.fresh_day()
    asked = lab.ask(book("lab", day=day, hours="10:00-11:00"))
    assert asked.body["state"] == "pending"
    path = f"/v1/staff/bookings/{asked.body['booking_id']}"
    answers = lab.rush(
        Request("POST", f"{path}/{('approve', 'deny')[number % 2]}", {}, who="staff")
        for number in range(64)
    )
    assert statuses(answers) == {200: 1, 409: 63}
    (won,) = [answer for answer in answers if answer.status == 200]
    booking = lab.bookings()[asked.body["booking_id"]]
    assert booking.state.value == won.body["state"]
    assert booking.state in (State.CONFIRMED, State.DENIED)
    assert any(booking.booking_id in each for each in lab.holders().values()) == booking.live


def test_cancel_against_rebooking(lab: Lab) -> None:
    """Who asks after the cancellation was answered gets the time, or finds that another has it."""
    day = lab.fresh_day()
    old = lab.ask(book("studio", day=day, hours="10:00-12:00")).body["booking_id"]
    wanted = [book("studio", day=day, hours="10:00-12:00") for _ in range(160)]
    wanted[20:20] = [cancel(old), cancel(old)]

    answers = lab.rush(wanted, clients=16)

    creates = [answer for answer in answers if answer.request.method == "POST"]
    cancelled = [answer for answer in answers if answer.request.method == "DELETE"]
    assert statuses(cancelled) == {200: 2}
    assert any(answer.began > cancelled[0].ended for answer in creates)
    assert statuses(creates) == {201: 1, 409: 159}
    (won,) = [answer for answer in creates if answer.status == 201]
    assert lab.bookings()[old].state is State.CANCELLED
    assert lab.bookings()[won.body["booking_id"]].live


def test_closure_against_bookings(lab: Lab) -> None:
    """What was booked before stays and is listed; all else is closed, and nothing is lost between."""
    day = lab.fresh_day()
    times = [f"{QUARTERS[start]}-{QUARTERS[start + 2]}" for start in range(32, 72, 2)]
    wanted = [book("hall-b", day=day, hours=each) for each in times for _ in range(8)]
    random.Random(2).shuffle(wanted)
    closing = Request(
        "POST",
        "/v1/staff/closures",
        {"space_ids": ["hall-b"], "start": f"{day}T08:00", "end": f"{day}T18:00"},
        who="staff",
    )
    wanted.insert(6, closing)

    answers = lab.rush(wanted, clients=16)

    (closed,) = [answer for answer in answers if answer.request is closing]
    granted, refused = split(answer for answer in answers if answer is not closed)
    assert closed.status == 201
    assert {(each.status, each.problem) for each in refused} <= {
        (409, "slot-taken"),
        (422, "closed"),
    }
    check_fair([*granted, *(each for each in refused if each.status == 409)])
    assert all(each.ended > closed.began for each in refused if each.status == 422)
    assert all(each.began < closed.ended for each in granted)
    path = f"/v1/staff/closures/{closed.body['closure_id']}"
    now = lab.ask(Request("GET", path, who="staff")).body
    listed = {conflict["booking_id"] for conflict in now["conflicts"]}
    assert listed == {each.body["booking_id"] for each in granted}
    held = lab.holders()["hall-b", day]
    assert held.keys() == listed | {closed.body["closure_id"]}
    assert sum(bits.bit_count() for bits in held.values()) == 40  # 08:00-18:00, and no more
