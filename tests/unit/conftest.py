from collections.abc import Callable, Iterator

import pytest

from chalicelib.services.check import check
from tests.builders import the_ports


@pytest.fixture
def lab() -> Iterator[Callable]:
    """Makes ports over the fixture; at the end their ledger has to agree with their bookings."""
    made = []

    def make(*changed, **site):
        made.append(the_ports(*changed, **site))
        return made[-1]

    yield make
    for ports, store, _ in made:
        assert [line for found in check(ports) for line in found.lines()] == []
        for day in store.ledger.values():
            assert {*day.until, *day.marks} <= {*day.holders}
