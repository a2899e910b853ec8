"""Cold start is a feature: importing the application loads nothing that only some requests need."""

import json
import subprocess
import sys

import pytest

from infra.package import ROOT

HEAVY = (
    "boto3",
    "botocore",
    "jinja2",
    "icalendar",
    "markdown_it",
    "babel",
    "holidays",
    "email_validator",
    "xml.etree.ElementTree",
    "yaml",
    "jwt",
    "segno",
    "xlsxwriter",
)


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    code = "import app, sys, json; print(json.dumps(sorted(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},  # and nothing else: not even a table's name
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(result.stdout))


@pytest.mark.parametrize("name", HEAVY)
def test_importing_the_application_does_not_load(name: str, loaded: set[str]) -> None:
    assert name not in loaded


def test_importing_the_application_needs_no_environment(loaded: set[str]) -> None:
    assert "app" in loaded
