"""The packages of both stages, built once; loadgroup keeps their tests in one process."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from infra.package import BUILD, build


@pytest.fixture(scope="session")
def prod_template_path() -> Path:
    return build("prod", BUILD / "prod").template


@pytest.fixture(scope="session")
def prod(prod_template_path: Path) -> dict[str, Any]:
    return json.loads(prod_template_path.read_text())


@pytest.fixture(scope="session")
def local() -> dict[str, Any]:
    return json.loads(build("local", BUILD / "local").template.read_text())


@pytest.fixture(scope="session")
def prod_zip(prod_template_path: Path) -> zipfile.ZipFile:
    with zipfile.ZipFile(prod_template_path.parent / "deployment.zip") as archive:
        yield archive
