"""Cold start is a feature: importing the application loads nothing that only some requests need."""

import json
import subprocess
import sys

import pytest

from chalicelib.api.paths import API, PAGES
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


def test_importing_the_application_loads_no_feature(loaded: set[str]) -> None:
    """Nor a model of one: a function that the clock starts would pay for each."""
    features = {f"chalicelib.api.{name}" for name in API}
    features |= {f"chalicelib.pages.{name}" for name in PAGES}
    assert not loaded & features
    schemas = {name for name in loaded if name.startswith("chalicelib.api.schemas.")}
    assert schemas <= {"chalicelib.api.schemas.base", "chalicelib.api.schemas.fields"}
    assert "chalicelib.services.ports" in loaded  # or it would be another list of names
