"""The watch over what is logged finds what must not be, and fails the test that it was logged in."""

import logging
import re
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib import bootstrap
from chalicelib.services.links import code_from
from chalicelib.services.login import link_token
from infra.package import ROOT
from tests.builders import a_change, a_request, memory_ports
from tests.fake_messages import FakeSecrets
from tests.log_watch import OURS, WATCH

PORTS = memory_ports()
HARMLESS = (
    "problem",
    "b_000012",
    "p_0123456789abcdef0123456789abcdef",
    "48721dda-e691-42ec-bd84-895310c49ef3",
    "aaltoja salonin seinällä",
)
FAILING = ("message", "extra", "error", "root", "title", "link", "chalice", "failed")
TESTS = """
import logging
import pytest
from tests.builders import a_request
from tests.fake_messages import FakeSecrets

log = logging.getLogger("chalicelib.anything")

def test_harmless(): log.info("problem", extra={"booking_id": "b_000012"})
def test_of_others(): logging.getLogger("urllib3").info("aino.aalto@gov.fi")

def test_message(): log.debug("to %s", "aino.aalto@gov.fi")
def test_extra(): log.info("sent", extra={"to": "Pia Peltola"})
def test_error():
    try: raise ValueError("Sami Salo")
    except ValueError: log.exception("failed")
def test_root(): logging.getLogger("urllib3").warning("GET /?email=eero%40example.org")
def test_title():
    a_request(title="Salainen hanke")
    log.info("booked salainen hanke")
def test_link(): log.info(f"see {FakeSecrets().derive('manage', 'b_1')[:24].hex()}")
def test_chalice(): logging.getLogger("labbokning").error("Aino")

@pytest.fixture
def loose(): log.info("p_0123456789abcdef0123456789abcdef.secret")
def test_setup(loose): pass

@pytest.fixture
def leaky():
    yield
    log.info("Bearer abc")
def test_teardown(leaky): pass

def test_failed():
    log.info("Eskola")
    raise AssertionError("besides")
"""


def found(text: str) -> list[str]:
    return [each.partition(" (")[0] for each in WATCH.search(text)]


@pytest.fixture
def forgiven() -> Iterator[None]:
    yield
    WATCH.drain()


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_words_are_let_pass(text: str) -> None:
    assert found(text) == []


def test_addresses_and_names_are_found() -> None:
    assert "an address" in found("to x.y+z@valtiokonttori.example, of")
    assert "an address" in found("GET /unsubscribe?email=x.y%40sub.example.org")
    for name in ("Aino Aalto", "ESKOLA", "sami.salo", "Pia Peltola"):
        assert "a name" in found(f"booked for {name}.")


def test_what_a_person_wrote_is_found() -> None:
    asked = a_request(
        title="Strategiapäivä 7", notes="Tuolit piiriin", facilitation_notes="Apua jo"
    )
    a_change(title="Kehityspäivä 8")
    for text in (asked.title, asked.notes, asked.facilitation_notes.upper(), "kehityspäivä 8"):
        assert found(f"booked «{text}» again") == ["a text"]


def test_keys_cookies_and_secrets_are_found() -> None:
    assert "a key" in found(f"asked with lab_{'7' * 44}")
    assert "a key" in found(f"asked with lab.k_000001.{'7' * 44}")
    assert "credentials" in found("{'authorization': 'Bearer anything-at-all'}")
    assert "a cookie" in found("session=p_0123456789abcdef0123456789abcdef.000001000002; Path=/")
    assert "a secret" in found("x" * 22 + "Y" * 22)


def test_links_and_codes_are_found_in_every_form() -> None:
    secret = PORTS.secrets.derive("manage", "b_000001")
    for token in (secret.hex(), secret[:24].hex(), secret[:16].hex()):
        assert "a token" in found(f"GET /manage/b_000001/{token}")
    assert "a token" in found(f"GET /feeds/{urlsafe_b64encode(secret[:16]).decode()}")
    assert found(f"tried {code_from(secret)} twice") == ["a code"]
    assert "a token" in found(link_token(PORTS, "l_1", "k1"))


@pytest.mark.parametrize("secrets", [FakeSecrets, bootstrap._Secrets])
def test_what_is_derived_is_noted_by_the_real_secrets_too(secrets: type) -> None:
    assert secrets.derive.__wrapped__


@pytest.mark.parametrize("name", [*OURS, "chalicelib.services.sender"])
def test_all_of_ours_is_searched_at_every_level(name: str, forgiven: None) -> None:
    logger = logging.getLogger(name)
    record = logger.makeRecord(name, logging.DEBUG, "", 0, "Aino", (), None)
    WATCH.handle(record)
    assert len(WATCH.drain()) == 1


def test_what_is_found_fails_the_test_in_which_it_was_logged(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n")
    (tmp_path / "test_logs.py").write_text(TESTS)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--rootdir",
        tmp_path,
        "-p",
        "no:cacheprovider",
    ]
    run = subprocess.run(
        [*command, "-c", ROOT / "pyproject.toml", tmp_path],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert set(re.findall(r"(FAILED|ERROR) .*::test_(\w+)", run.stdout)) == {
        *(("FAILED", name) for name in FAILING),
        ("ERROR", "setup"),
        ("ERROR", "teardown"),
    }
    assert "AssertionError: besides" in run.stdout  # what failed by itself goes on saying where
    assert "8 failed, 3 passed, 2 errors" in run.stdout
