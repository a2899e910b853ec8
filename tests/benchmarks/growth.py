"""Whether looking for free time takes longer as the past grows."""

import gc

from tests.benchmarks.figures import Figure, Section
from tests.benchmarks.own_time import look, medians
from tests.benchmarks.scene import Scene, a_scene

FEW, MANY = 1_000, 100_000
METHOD = (
    f"The same week with {FEW:,} and with {MANY:,} bookings before it, in turns, in processor time. The\n"
    "store looks up keys and partitions of indexes, as DynamoDB does, so what could grow is what we ask\n"
    "for: the requests and the items read are counted too. (In MiniStack and moto a query goes through\n"
    "the whole table, so their own time would grow with whatever is stored.)"
)


def asked(scene: Scene) -> tuple[int, int]:
    """The requests of one look at the week, and the items that it reads."""
    scene.client.forget_counts()
    look(scene)
    return scene.client.requests.total(), scene.client.items_read


def measure() -> Section:
    """Ratios of times, and what is asked for."""
    few, many = a_scene(FEW), a_scene(MANY)
    look(few), look(many)
    (few_requests, few_items), (many_requests, many_items) = asked(few), asked(many)
    gc.collect()
    gc.freeze()
    all_few, all_many, one_few, one_many = medians(
        lambda: look(few),
        lambda: look(many),
        lambda: look(few, space_id="room-01"),
        lambda: look(many, space_id="room-01"),
    )
    gc.unfreeze()
    return Section(
        "Growth with the past",
        METHOD,
        (
            Figure("requests for the week", many_requests, "requests", few_requests),
            Figure("items read for the week", many_items, "items", few_items),
            Figure("availability, 20 spaces, a week", all_many / all_few, "times", 1.1),
            Figure("availability, one space, a week", one_many / one_few, "times", 1.1),
        ),
    )
