"""What is in the zip, and what the package is made from."""

import json
import re
import zipfile

import pytest
from chalice.deploy.validate import validate_configuration

from infra.package import ROOT, configuration

pytestmark = pytest.mark.xdist_group("package")

PIN = re.compile(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[0-9][0-9A-Za-z.]*")
REQUIREMENTS = ("requirements.txt", "tests/requirements.txt", "infra/local/requirements.txt")


def pinned(path: str) -> list[str]:
    lines = (line.partition("#")[0].strip() for line in (ROOT / path).read_text().splitlines())
    return [line for line in lines if line and not line.startswith("-r ")]


@pytest.mark.parametrize("stage", ["local", "prod"])
def test_chalice_finds_the_configuration_sound(stage: str) -> None:
    validate_configuration(configuration(stage))


@pytest.mark.parametrize("path", REQUIREMENTS)
def test_every_requirement_is_pinned(path: str) -> None:
    lines = pinned(path)
    assert lines
    assert not [line for line in lines if not PIN.fullmatch(line)]


def test_what_runs_on_lambda_is_what_it_needs_and_nothing_else() -> None:
    found = {line.partition("==")[0] for line in pinned("requirements.txt")}
    assert {"pydantic", "tzdata"} <= found
    assert not found & {"boto3", "botocore", "chalice", "moto", "pytest"}


def test_the_package_has_our_code_its_libraries_and_no_tests(prod_zip: zipfile.ZipFile) -> None:
    files = prod_zip.namelist()
    assert {"app.py", "chalicelib/bootstrap.py", "chalice/app.py", "jwt/api_jwt.py"} <= set(files)
    assert "tzdata/zoneinfo/Europe/Helsinki" in files
    folders = {part for name in files for part in name.split("/")[:-1]}
    assert not folders & {"tests", "boto3", "botocore", "moto", "pytest", "cryptography"}
    # What sheets, pictures of codes and Markdown need is in it, and loaded only where they are made.
    assert sum(info.compress_size for info in prod_zip.infolist()) < 9_000_000


def test_the_rules_of_summer_time_are_the_pinned_ones(prod_zip: zipfile.ZipFile) -> None:
    """T-06"""
    (version,) = [line for line in pinned("requirements.txt") if line.startswith("tzdata==")]
    said = prod_zip.read("tzdata/__init__.py").decode()
    assert f'__version__ = "{version.removeprefix("tzdata==")}"' in said


def test_bytecode_in_the_package_counts_as_fresh(prod_zip: zipfile.ZipFile) -> None:
    """Chalice's times of 1980 would make bytecode with times stale (PEP 552: flags 1, unchecked)."""
    sources = {name for name in prod_zip.namelist() if name.endswith(".py")}
    compiled = {name for name in prod_zip.namelist() if name.endswith(".pyc")}
    assert "chalicelib/__pycache__/bootstrap.cpython-311.pyc" in compiled
    assert len(compiled) >= len(sources) * 0.99
    for name in compiled:
        assert prod_zip.read(name)[4:8] == b"\x01\x00\x00\x00", name


def test_libraries_in_the_package_are_for_the_machine_they_run_on(
    prod_zip: zipfile.ZipFile,
) -> None:
    binaries = [name for name in prod_zip.namelist() if ".so" in name]
    assert binaries
    assert not [name for name in binaries if "aarch64" not in name]


def test_time_zones_come_from_the_pinned_package_alone() -> None:
    """A runtime's own time zones are as old as its image."""
    configured = (ROOT / "infra/resources.yaml").read_text()
    assert "PYTHONTZPATH: /var/task/no-system-zones" in configured


def test_every_function_has_a_policy_of_its_own() -> None:
    config = json.loads((ROOT / ".chalice/config.json").read_text())
    assert config["autogen_policy"] is False
    files = [each["iam_policy_file"] for each in config["lambda_functions"].values()]
    assert len(files) == len(set(files)) == 9
    assert all((ROOT / ".chalice" / name).is_file() for name in files)
