"""Every use case that writes, each with what comes before it: run whole, and run with faults."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.domain.bookings import Booking, etag
from chalicelib.domain.events import Event
from chalicelib.services import bookings, check, closures, confirming, events, expiry, links, spaces
from chalicelib.services.closures import ClosureRequest
from chalicelib.services.ports import Ports
from chalicelib.services.writing import Intent, Outcome
from tests.builders import ANYBODY, STAFF, a_change, a_request, an_intent, at, wed
from tests.contract.backends import Backend
from tests.event_builders import a_placed_event

Act = Callable[[Ports, Any, Intent], Any]
HALL_AND_MORE = {"facilitation": True, "equipment": {"screen": 1}, "attendees": 30}


@dataclass(frozen=True)
class Scenario:
    """A use case: how it is prepared, and what is done then, under an idempotency key or by the clock."""

    name: str
    prepare: Callable[[Backend], Any]
    act: Act
    staff: bool = False
    anonymous: bool = False
    by_clock: bool = False

    def intent(self, key: str = "key") -> Intent:
        """The intent of what is done."""
        if self.anonymous:
            return an_intent(ANYBODY, key, network="n")
        return an_intent(STAFF, key) if self.staff else an_intent(key=key)


def the_value(outcome: Outcome[Any]) -> Any:
    assert outcome.value is not None
    return outcome.value


def booked(lab: Backend, *space_ids: str, actor: Any = None, **changes: Any) -> Booking:
    """A booking made before."""
    intent = an_intent(actor) if actor else an_intent()
    return the_value(bookings.book(lab.ports, a_request(*space_ids, **changes), intent))


def asked(lab: Backend) -> Booking:
    """A request for the pod, which has to be approved from now on."""
    spaces.change(lab.ports, "pod", {"needs_approval": True}, None, an_intent(STAFF))
    return booked(lab)


def with_change_asked(lab: Backend) -> Booking:
    """An approved booking of the pod whose owner has asked for another time."""
    booking = the_value(bookings.approve(lab.ports, asked(lab).booking_id, None, an_intent(STAFF)))
    change = a_change(**wed("10:30-11:30"))
    return the_value(bookings.change(lab.ports, booking.booking_id, change, None, an_intent()))


def denied(lab: Backend) -> Booking:
    deny = bookings.deny
    return the_value(deny(lab.ports, asked(lab).booking_id, "", None, an_intent(STAFF)))


def held(lab: Backend) -> Booking:
    """A hold that somebody may still confirm."""
    held_until_proved(lab)
    intent = an_intent(ANYBODY, network="n")
    return the_value(bookings.book(lab.ports, a_request(), intent))


def lapsed(lab: Backend) -> Booking:
    """A hold that nobody confirmed, half an hour and more ago."""
    booking = held(lab)
    lab.clock.forward(minutes=31)
    return booking


def held_until_proved(lab: Backend) -> None:
    spaces.change_site(lab.ports, {"prove_address": True}, None, an_intent(STAFF))


def limited(lab: Backend) -> None:
    """Two bookings a person, of which Aino has one, and another that is over."""
    spaces.change_site(lab.ports, {"live_bookings": 2}, None, an_intent(STAFF))
    booked(lab, "studio", starts_at=at("2026-12-01 10:00"), ends_at=at("2026-12-01 11:00"))
    booked(lab, "studio")
    lab.clock.forward(hours=3)


def closed(lab: Backend, *space_ids: str) -> str:
    """Wednesday from 10 to 12, closed or being closed."""
    request = ClosureRequest(space_ids or ("pod", "studio"), **wed("10-12"), reason="Huolto")
    return str(the_value(closures.close(lab.ports, request, an_intent(STAFF))).closure_id)


def blocked(lab: Backend) -> str:
    """A closure with a booking in its way, which is then cancelled."""
    booking = booked(lab)
    closure_id = closed(lab)
    closures.go_on(lab.ports, closure_id)
    bookings.cancel(lab.ports, booking.booking_id, "", None, an_intent())
    return closure_id


def being_lifted(lab: Backend) -> str:
    closure_id = closed(lab)
    closures.go_on(lab.ports, closure_id)
    closures.lift(lab.ports, closure_id, None, an_intent(STAFF))
    return closure_id


def damaged(lab: Backend) -> Booking:
    """A booking whose slots are lost from the ledger, with a note that nobody made."""
    booking = booked(lab, "hall", attendees=30)
    part = {"hall-a": booking.footprint["hall-a"]}
    for old, new in ((part, {}), ({}, {"studio": booking.footprint["hall-b"]})):
        tx = lab.ports.begin()
        lab.ports.ledger.move(tx, booking.booking_id, old, new, until=None if old else "pending")
        tx.commit()
    return booking


def repair(ports: Ports, _: Any, __: Intent) -> bool:
    mended = [check.repair(ports, found) for found in check.check(ports)]
    return all(mended)


def go_on(ports: Ports, closure_id: Any, _: Intent) -> Any:
    return closures.go_on(ports, closure_id)


def change_space(ports: Ports, _: Any, intent: Intent) -> Any:
    return spaces.change(ports, "pod", {"capacity": 3, "setup_minutes": 15}, None, intent)


def placed(lab: Backend) -> Event:
    """An event with its place."""
    return the_value(events.create(lab.ports, a_placed_event(), an_intent(STAFF)))


def change_event(ports: Ports, intent: Intent, **fields: Any) -> Outcome[Event]:
    return events.change(ports, "e_one", fields, {}, None, intent)


SCENARIOS = [
    Scenario(
        "book", lambda _: None, lambda ports, _, intent: bookings.book(ports, a_request(), intent)
    ),
    Scenario(
        "book-several",
        lambda _: None,
        lambda ports, _, intent: bookings.book(ports, a_request("hall", **HALL_AND_MORE), intent),
    ),
    Scenario(
        "book-within-a-limit",
        limited,
        lambda ports, _, intent: bookings.book(ports, a_request(**wed("14-15")), intent),
    ),
    Scenario(
        "book-what-an-ended-hold-has",
        lapsed,
        lambda ports, _, intent: bookings.book(ports, a_request(**wed("10:30-12")), intent),
    ),
    Scenario(
        "move",
        lambda lab: booked(lab, "studio"),
        lambda ports, booking, intent: bookings.change(
            ports, booking.booking_id, a_change(**wed("10:30-12")), None, intent
        ),
    ),
    Scenario(
        "edit",
        booked,
        lambda ports, booking, intent: bookings.change(
            ports, booking.booking_id, a_change(title="Toinen"), None, intent
        ),
    ),
    Scenario(
        "cancel",
        booked,
        lambda ports, booking, intent: bookings.cancel(
            ports, booking.booking_id, "Ei tarvita", None, intent
        ),
    ),
    Scenario(
        "approve",
        asked,
        lambda ports, booking, intent: bookings.approve(ports, booking.booking_id, None, intent),
        staff=True,
    ),
    Scenario(
        "deny",
        asked,
        lambda ports, booking, intent: bookings.deny(ports, booking.booking_id, "", None, intent),
        staff=True,
    ),
    Scenario(
        "approve-a-change",
        with_change_asked,
        lambda ports, booking, intent: bookings.approve(ports, booking.booking_id, None, intent),
        staff=True,
    ),
    Scenario(
        "deny-a-change",
        with_change_asked,
        lambda ports, booking, intent: bookings.deny(ports, booking.booking_id, "", None, intent),
        staff=True,
    ),
    Scenario(
        "reopen",
        denied,
        lambda ports, booking, intent: bookings.approve(
            ports, booking.booking_id, (etag(booking),), intent
        ),
        staff=True,
    ),
    Scenario(
        "hold",
        held_until_proved,
        lambda ports, _, intent: bookings.book(ports, a_request(), intent),
        anonymous=True,
    ),
    Scenario(
        "confirm",
        held,
        lambda ports, booking, intent: confirming.confirm(
            ports, booking.booking_id, links.code_of(ports, booking), intent
        ),
        anonymous=True,
    ),
    Scenario("expire", lapsed, lambda ports, _, __: expiry.expire_due(ports), by_clock=True),
    Scenario(
        "close",
        booked,
        lambda ports, _, intent: closures.close(
            ports, ClosureRequest(("pod", "studio"), **wed("10-12")), intent
        ),
        staff=True,
    ),
    Scenario("go-on-closing", closed, go_on, by_clock=True),
    Scenario(
        "try-a-blocked-one-again",
        blocked,
        lambda ports, _, __: closures.continue_all(ports),
        by_clock=True,
    ),
    Scenario(
        "lift",
        closed,
        lambda ports, closure_id, intent: closures.lift(ports, closure_id, None, intent),
        staff=True,
    ),
    Scenario("go-on-lifting", being_lifted, go_on, by_clock=True),
    Scenario("change-a-space", booked, change_space, staff=True),
    Scenario(
        "change-the-site",
        lambda _: None,
        lambda ports, _, intent: spaces.change_site(ports, {"hold_minutes": 5}, None, intent),
        staff=True,
    ),
    Scenario("repair", damaged, repair, by_clock=True),
    Scenario(
        "event-with-its-place",
        lambda _: None,
        lambda ports, _, intent: events.create(ports, a_placed_event(), intent),
        staff=True,
    ),
    Scenario(
        "move-an-event",
        placed,
        lambda ports, _, intent: change_event(ports, intent, **wed("10:30-12")),
        staff=True,
    ),
    Scenario(
        "event-elsewhere",
        placed,
        lambda ports, _, intent: change_event(ports, intent, programme={"space_id": ""}),
        staff=True,
    ),
    Scenario(
        "call-an-event-off",
        placed,
        lambda ports, _, intent: events.call_off(ports, "e_one", "Sairaus", intent),
        staff=True,
    ),
]


def picture(backend: Backend) -> dict[str, Any]:
    """All that is stored, with what is random replaced by what it means: two alike are equal."""
    stored, days, catalog = backend.contents()
    found = sorted(stored, key=_order)
    names = {each.booking_id: f"b_{number}" for number, each in enumerate(found)}
    event = backend.worker().events.look("e_one").event
    names |= {each.closure_id: f"c_{number}" for number, each in enumerate(catalog.closures)}
    return {
        "bookings": [replace(each, booking_id=names[each.booking_id]) for each in found],
        "event": event and replace(event, booking_id=names.get(event.booking_id, "")),
        "closures": [replace(each, closure_id=names[each.closure_id]) for each in catalog.closures],
        "settings": (catalog.spaces, catalog.site, catalog.revision),
        "ledger": sorted(
            (
                day.resource_id,
                day.day,
                names[holder],
                bits,
                day.until.get(holder),
                day.marks.get(holder),
            )
            for day in days
            for holder, bits in day.holders.items()
        ),
        "quotas": {
            quota.person_id: {names[key]: span for key, span in quota.bookings.items()}
            for quota in backend.quotas()
        },
        "holds": {
            key: {names[each]: until for each, until in found.items()}
            for key, found in backend.holds().items()
        },
        "limits": backend.limits(),
        "keys": backend.keys(),
        "audit": sorted(
            (subject.partition("#")[0], actor, action) for subject, actor, action in backend.audit()
        ),
    }


def assert_sound(backend: Backend) -> None:
    """The ledger says what bookings and closures say, and no slot is wanted by two of them."""
    ports = backend.worker()
    assert [line for found in check.check(ports) for line in found.lines()] == []
    wanted: dict[tuple[str, int], str] = {}
    holders = [(each.booking_id, each.held) for each in ports.bookings.all()]
    holders += [(each.closure_id, each.footprint) for each in ports.catalog.load().closures]
    for holder, footprint in holders:
        for resource, ranges in footprint.items():
            for start, end in ranges:
                for slot in range(start, end):
                    other = wanted.setdefault((resource, slot), holder)
                    assert other == holder, f"{other} and {holder} both have {resource} {slot}"


def _order(booking: Booking) -> tuple[Any, ...]:
    return (booking.starts_at, booking.space_ids, booking.ends_at, booking.state, booking.version)
