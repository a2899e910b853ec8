"""Bookings, records, closures and logins with valid defaults, as the ports store them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.domain.bookings import Booking, PendingChange, State
from chalicelib.domain.closures import Closure
from chalicelib.domain.logins import Login
from chalicelib.domain.profiles import Profile, logged_in, newcomer
from chalicelib.domain.times import first_slot
from chalicelib.services.ports import KeyRecord, Transaction
from tests.builders import AINO, at, wed
from tests.contract.backends import Backend

NOW = datetime(2026, 12, 1, 7, 0, tzinfo=UTC)
BASE = first_slot("2026-12-02")


def a_booking(**changes: Any) -> Booking:
    """Aino's booking of the pod on Wednesday 10-11."""
    defaults: dict[str, Any] = {
        "booking_id": "b_one",
        "state": State.CONFIRMED,
        "space_ids": ("pod",),
        **wed("10-11"),
        "footprint": {"pod": ((BASE + 32, BASE + 36),)},
        "person": AINO,
        "person_id": "p_aino",
        "made_by": "k_form",
        "created_at": NOW,
    }
    return Booking(**(defaults | changes))


def a_full_booking(**changes: Any) -> Booking:
    """One that uses every field there is."""
    change = PendingChange(
        **wed("12-14"),
        space_ids=("hall", "studio"),
        units=2,
        equipment={"screen": 1},
        facilitator="facilitator-2",
        footprint={"hall-a": ((BASE + 40, BASE + 48),), "screen.1": ((BASE + 40, BASE + 48),)},
    )
    defaults: dict[str, Any] = {
        "booking_id": "b_full",
        "space_ids": ("hall", "studio"),
        "footprint": {
            "hall-a": ((BASE + 32, BASE + 36), (BASE + 38, BASE + 39)),
            "studio": ((BASE + 31, BASE + 37),),
        },
        "created_at": datetime(2026, 12, 1, 7, 0, 1, 234567, tzinfo=UTC),
        "units": 3,
        "title": "Työpaja – “öljy” 🛢",
        "notes": "Kahvia, kiitos",
        "attendees": 17,
        "equipment": {"screen": 2},
        "facilitator": "facilitator-1",
        "facilitation_notes": "Alustus",
        "confirm_by": at("2026-12-01 09:30"),
        "planned_end": at("2026-12-02 12:00"),
        "pending_change": change,
        "override": ("outside-opening-hours", "too-long"),
        "reason": "Muutos",
        "series_id": "s_1",
        "network": "n_digest",
        "organisation_id": "o_vm",
        "version": 4,
    }
    return a_booking(**(defaults | changes))


def a_login(**changes: Any) -> Login:
    """A proof that Aino asked for."""
    defaults: dict[str, Any] = {
        "login_id": "l_1",
        "person_id": "p_aino",
        "email": AINO.email,
        "language": "fi",
        "browser_hash": "b",
        "link_hash": "l",
        "key_id": "1",
        "created_at": NOW,
        "expires_at": NOW + timedelta(minutes=10),
    }
    return Login(**(defaults | changes))


def a_profile() -> Profile:
    """Aino, who has logged in."""
    return logged_in(newcomer("p_aino", AINO, NOW), NOW)


def a_record(**changes: Any) -> KeyRecord:
    """An idempotency item."""
    defaults: dict[str, Any] = {
        "token": "token",
        "fingerprint": "f",
        "attempt": "a_1",
        "answer": {"status": 201, "body": {"id": "b_one"}},
        "expires_at": 2000,
    }
    return KeyRecord(**(defaults | changes))


def a_closure(**changes: Any) -> Closure:
    """The hall, closed for two days around Christmas."""
    defaults: dict[str, Any] = {
        "closure_id": "c_one",
        "space_ids": ("hall",),
        "resource_ids": ("hall-a", "hall-b"),
        "starts_at": at("2026-12-24 00:00"),
        "ends_at": at("2026-12-26 00:00"),
        "reason": "Joulu",
        "created_at": NOW,
        "made_by": "p_sami",
    }
    return Closure(**(defaults | changes))


def written(backend: Backend, *adding: Callable[[Transaction], None]) -> None:
    """One transaction with what each of these adds."""
    tx = backend.ports.begin()
    for add in adding:
        add(tx)
    tx.commit()
