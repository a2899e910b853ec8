"""One request that arrives twice at once: it is done once, and both are told the same.

A client that has waited too long sends its request again while the first is still at work. What the
second then meets (the slot taken, the version raised) is often the first's own doing, and no reason to
refuse it. Here the several items of one read may also be of different moments, as BatchGetItem has it.
"""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.bookings import etag
from chalicelib.services import bookings, closures, spaces
from chalicelib.services.ports import Ports
from chalicelib.services.writing import Outcome
from tests.builders import FORM, STAFF, a_change, a_request, a_space, an_intent, wed
from tests.simulation.test_interleavings import a_case, booked
from tests.simulation.turnstile import Case, every_order

Act = Callable[[Ports, Any], Outcome[Any]]
CLOSING = closures.ClosureRequest(("pod",), **wed("8-18"))


def _intent(actor: Any = FORM) -> Any:
    return an_intent(actor, key="k")


def _change(**changes: Any) -> Act:
    return lambda ports, made: bookings.change(
        ports, made[0].booking_id, a_change(**changes), (etag(made[0]),), _intent()
    )


def _approve(ports: Ports, made: Any) -> Outcome[Any]:
    return bookings.approve(ports, made[0].booking_id, (etag(made[0]),), _intent(STAFF))


def _asked(ports: Ports) -> Any:
    spaces.change(ports, "pod", {"needs_approval": True}, None, an_intent(STAFF))
    return booked("10-11")(ports)


def _denied(ports: Ports) -> Any:
    made = _asked(ports)[0]
    return [bookings.deny(ports, made.booking_id, "", None, an_intent(STAFF)).value]


def _closed(ports: Ports) -> Any:
    closure = closures.close(ports, CLOSING, an_intent(STAFF)).value
    assert closure is not None
    return closures.go_on(ports, closure.closure_id)


REQUESTS: dict[str, tuple[Act, Callable[[Ports], Any]]] = {
    "book": (lambda ports, _: bookings.book(ports, a_request("pod"), _intent()), booked()),
    "book a hall": (lambda ports, _: bookings.book(ports, a_request("hall"), _intent()), booked()),
    "move": (_change(**wed("14-15")), booked("10-11")),
    "shorten": (_change(**wed("10-10:30")), booked("10-11")),
    "rename": (_change(title="Uusi nimi"), booked("10-11")),
    "cancel": (
        lambda ports, made: bookings.cancel(
            ports, made[0].booking_id, "", (etag(made[0]),), _intent()
        ),
        booked("10-11"),
    ),
    "approve": (_approve, _asked),
    "reopen": (_approve, _denied),
    "deny": (
        lambda ports, made: bookings.deny(ports, made[0].booking_id, "", None, _intent(STAFF)),
        _asked,
    ),
    "change a space": (
        lambda ports, _: spaces.change(ports, "pod", {"capacity": 3}, ('"1"',), _intent(STAFF)),
        booked(),
    ),
    "add a space": (
        lambda ports, _: spaces.create(ports, a_space("loft"), _intent(STAFF)),
        booked(),
    ),
    "change the site": (
        lambda ports, _: spaces.change_site(ports, {"hold_minutes": 9}, ('"1"',), _intent(STAFF)),
        booked(),
    ),
    "close": (lambda ports, _: closures.close(ports, CLOSING, _intent(STAFF)), booked()),
    "lift": (
        lambda ports, closure: closures.lift(
            ports, closure.closure_id, (f'"{closure.version}"',), _intent(STAFF)
        ),
        _closed,
    ),
}


def _twice(name: str, *, torn: bool, **site: Any) -> Callable[[], Case]:
    act, given = REQUESTS[name]

    def make() -> Case:
        case = a_case(act, act, given=given, **site)()
        case.store.torn = torn
        return case

    return make


@pytest.mark.parametrize("torn", [False, True], ids=["whole", "torn"])
@pytest.mark.parametrize("limit", [None, 1])
@pytest.mark.parametrize("name", REQUESTS)
def test_both_get_the_one_answer(name: str, limit: int | None, torn: bool) -> None:
    """B38 at once: in every order, one of the two does it and the other hears the same."""
    orders = 0
    for run in every_order(_twice(name, torn=torn, live_bookings=limit), once=True):
        orders += 1
        refusals = [each for each in run.results if isinstance(each, BaseException)]
        assert refusals == []
        first, second = run.results
        assert first.answer == second.answer
        assert sorted((first.replayed, second.replayed)) == [False, True]
        assert len(run.store.records) == len(run.store.audit)  # each write once
    print(f"{name}: {orders} orders")
    assert orders > 1
