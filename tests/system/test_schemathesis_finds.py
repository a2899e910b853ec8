"""Schemathesis finds what it is asked to look for: over ports in memory, where a check was left out."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app import app
from chalicelib import bootstrap
from chalicelib.api import http
from chalicelib.domain import limits
from chalicelib.domain.people import Scope
from chalicelib.services import access, bookings
from chalicelib.services.access import Action
from chalicelib.services.ports import Ports
from tests.browser.server import serving
from tests.builders import AINO, EERO, a_key, a_request, an_intent, the_ports
from tests.system.schemathesis_runs import SEED, Run, Setting, a_session, start

KEY = "lab.k_staff.of-these-tests"


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Setting]:
    """The interface over ports in memory, with two persons and a key."""
    ports, store, _ = the_ports(now=datetime.now(UTC), base_url="http://127.0.0.1")
    store.api_keys = {"k_staff": a_key(KEY, (Scope.STAFF,))}
    monkeypatch.setattr(bootstrap, "ports", lambda: ports)
    monkeypatch.setattr(limits, "LIMITS", ())  # the clock stands, and with it every count
    people = {"person": a_session(ports, AINO), "another": a_session(ports, EERO)}
    with serving(app) as base:
        store.site = replace(store.site, base_url=base)
        ports.settings.forget()
        yield Setting(base, {"staff": KEY}, people, beforehand(ports))


def beforehand(ports: Ports) -> str:
    """A booking that there is, on a workday."""
    day = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=60)
    while day.isoweekday() > 5:
        day += timedelta(days=1)
    times = {"starts_at": day, "ends_at": day + timedelta(hours=1)}
    return bookings.book(ports, a_request("pod", **times), an_intent()).value.booking_id


def said(run: Run, setting: Setting, folder: Path) -> str:
    """What Schemathesis says of a run that has to fail."""
    print(f"seed {SEED}")
    log = folder / "0.log"
    process = start(run, setting, log)
    try:
        assert process.wait(timeout=280) == 1, log.read_text()
    finally:
        process.kill()
        process.wait()
    return log.read_text()


@pytest.mark.slow
@pytest.mark.timeout(320)
def test_that_nobody_has_to_show_who_they_are(
    setting: Setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "may", lambda *_: True)
    run = Run("staff", "fuzzing", ("staff_closures",), checks=("ignored_auth",))
    assert "without authentication" in said(run, setting, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(320)
def test_that_people_read_each_other_s_bookings(
    setting: Setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(actor: Any, _: Any) -> bool:
        return not actor.anonymous

    monkeypatch.setitem(access.RULES, Action.READ_BOOKING, read)
    found = ("object_level_authorization",)
    run = Run("person", "fuzzing,stateful", ("bookings",), checks=found, examples="40")
    assert "Object-level authorization" in said(run, setting, tmp_path)
