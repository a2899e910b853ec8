"""A thousand attempts by 64 clients at one time of one space, on the deployed local cloud."""

import os
import random

from chalicelib.domain.footprints import bits_by_day
from tests.system.crowd import Lab, book, statuses, told

ATTEMPTS = int(os.environ.get("STAMPEDE_ATTEMPTS", "1000"))
STARTS = ("10:00", "10:15", "10:30", "10:45", "11:00")
ENDS = ("11:30", "11:45", "12:00", "12:30", "13:00")


def test_of_a_thousand_who_want_one_time_one_gets_it(lab: Lab) -> None:
    """One 201, all others 409, and nothing else is left. Any two of the times overlap."""
    day = lab.fresh_day()
    chance = random.Random(ATTEMPTS)
    wanted = [
        book("hall-a", day=day, hours=f"{chance.choice(STARTS)}-{chance.choice(ENDS)}")
        for _ in range(ATTEMPTS)
    ]
    bookings, holders = lab.bookings(), lab.holders()

    answers = lab.rush(wanted)

    print(told(answers))
    assert statuses(answers) == {201: 1, 409: ATTEMPTS - 1}
    assert {answer.problem for answer in answers} == {"", "slot-taken"}
    (won,) = [answer for answer in answers if answer.status == 201]
    (booking,) = [each for key, each in lab.bookings().items() if key not in bookings]
    assert booking.booking_id == won.body["booking_id"]
    claimed = {key: {booking.booking_id: bits} for key, bits in bits_by_day(booking.held).items()}
    assert len(claimed) == 1
    assert lab.holders() == holders | claimed
    lab.check()
