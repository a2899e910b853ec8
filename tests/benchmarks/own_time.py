"""Processor time in our own code, the store answering from memory."""

import gc
import time
from collections.abc import Callable
from itertools import count

from chalicelib.api import present
from chalicelib.api.replies import dumped
from chalicelib.domain.bookings import Booking
from chalicelib.services import bookings
from chalicelib.services.availability import Search, search
from tests.benchmarks.figures import Figure, Section, median
from tests.benchmarks.scene import Scene, a_scene
from tests.builders import FORM, a_request, an_intent, at

METHOD = (
    "From the call of the use case to the JSON text, our adapters included; what botocore and the network\n"
    "do is left out by a client that has every answer ready. Twenty spaces, 56 % of their open hours\n"
    "booked in a few hundred bookings, 34 closures, and a full week before. Medians of {runs} runs, in\n"
    "processor time, so that other work on the machine matters little."
)
RUNS = 200
PAST = 1000
WEEK = (at("2026-12-07 00:00"), at("2026-12-14 00:00"))
Work = Callable[[], object]


def look(scene: Scene, minutes: int | None = None, space_id: str | None = None) -> str:
    """The week of all spaces or of one, as it goes out."""
    spaces = (space_id,) if space_id else None
    found = search(scene.ports, Search(*WEEK, minutes=minutes, space_ids=spaces))
    return dumped(present.availability(found, *WEEK, scene.ports.settings.get()))


def booking(scene: Scene) -> Work:
    """Another booking of a free time each time; nothing is kept of it."""
    numbers = count()

    def render(made: Booking) -> dict[str, object]:
        return {"status": 201, "body": present.booking(made, scene.ports.settings.get())}

    def book() -> object:
        intent = an_intent(FORM, key=f"key-{next(numbers)}", render=render)
        times = {"starts_at": at("2026-12-16 10:00"), "ends_at": at("2026-12-16 11:00")}
        return dumped(bookings.book(scene.ports, a_request("room-01", **times), intent).answer)

    return book


def medians(*works: Work, runs: int = RUNS) -> list[float]:
    """The median processor time of each in milliseconds, taken in turns."""
    times: list[list[float]] = [[] for _ in works]
    for work in works:
        for _ in range(5):
            work()
    for _ in range(runs):
        for work, found in zip(works, times, strict=True):
            start = time.process_time()
            work()
            found.append((time.process_time() - start) * 1000)
    return [median(found) for found in times]


def measure() -> Section:
    """The week of twenty spaces, and a booking."""
    scene = a_scene(PAST)
    gc.collect()
    gc.freeze()  # what is stored is not ours to walk through
    week, starts, book = medians(
        lambda: look(scene), lambda: look(scene, minutes=60), booking(scene)
    )
    gc.unfreeze()
    return Section(
        "Time in our own code",
        METHOD.format(runs=RUNS),
        (
            Figure("availability, 20 spaces, a week", week, "ms", 5.0),
            Figure("the same, with the possible starts of an hour", starts, "ms"),
            Figure("book one space", book, "ms"),
        ),
    )
