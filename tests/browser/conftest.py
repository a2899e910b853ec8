"""A real browser, without scripts unless a test says otherwise, and the Lab to look at with it."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from app import app
from chalicelib import bootstrap
from chalicelib.api import forms
from chalicelib.services import bookings, closures
from chalicelib.services.ports import Ports
from infra.local.example_data import SPACES
from tests.browser.server import serving
from tests.builders import NOW, STAFF, a_request, a_store, an_intent, at, on, wed
from tests.fakes import FakeClock, Store, memory_ports

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
Open = Callable[..., Page]


@dataclass(frozen=True)
class Lab:
    """The example Lab in memory, and its address."""

    base: str
    ports: Ports
    store: Store


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    assert path, "Chromium is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Open]:
    """Opens pages of a width, in a language, with or without scripts."""
    contexts = []

    def make(width: int = 1280, language: str = "fi", *, scripts: bool = False) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            java_script_enabled=scripts,
            locale=language,
            timezone_id="America/New_York",  # a reader may be anywhere; the Lab's time is the Lab's
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """The example Lab on Tue 2026-12-01 at nine, with some bookings and a closure."""
    store = a_store(*SPACES)
    ports = memory_ports(store, FakeClock(NOW))
    monkeypatch.setattr(bootstrap, "ports", lambda: ports)
    # The clock stands while a form is filled in.
    monkeypatch.setattr(forms, "SOONEST", timedelta(0))
    for number, (space_id, times) in enumerate(
        (
            ("hall", wed("10-12")),
            ("studio", wed("13-15")),
            ("pod", on("2026-12-03", "12-13")),
            ("lab", on("2026-12-04", "9-15")),
        )
    ):
        bookings.book(ports, a_request(space_id, **times), an_intent(key=f"k{number}"))
    days = closures.ClosureRequest(
        ("hall", "studio"), at("2026-12-03 00:00"), at("2026-12-04 00:00")
    )
    made = closures.close(ports, days, an_intent(STAFF, key="closure")).value
    assert made is not None
    closures.go_on(ports, made.closure_id)
    with serving(app) as base:
        store.site = replace(store.site, base_url=base)
        ports.settings.forget()
        yield Lab(base, ports, store)
