"""The map of paths says of each feature what the feature itself declares."""

import pkgutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from app import app
from chalicelib import api, pages
from chalicelib.api.paths import API, PAGES, routes_of
from infra.package import ROOT

MAPS = {"api": API, "pages": PAGES}
MODULES = {"api": api, "pages": pages}
EVERY = [(layer, feature) for layer, features in MAPS.items() for feature in features]


def declared(layer: str, feature: str) -> list[str]:
    """The paths of the operations that a module declares, in their order."""
    module = f"chalicelib.{layer}.{feature}"
    operations = routes_of(layer, feature).operations
    return list(
        dict.fromkeys(each.path for each in operations if each.handler.__module__ == module)
    )


def declaring() -> Iterator[tuple[str, str]]:
    """Every module whose text declares an operation."""
    for layer, package in MODULES.items():
        for found in pkgutil.iter_modules(package.__path__):
            source = ROOT / f"chalicelib/{layer}/{found.name}.py"
            if not found.ispkg and "\n@routes.add(" in source.read_text("utf-8"):
                yield layer, found.name


@pytest.mark.parametrize(("layer", "feature"), EVERY)
def test_a_feature_answers_the_paths_of_the_map(layer: str, feature: str) -> None:
    assert tuple(declared(layer, feature)) == MAPS[layer][feature]


def test_every_feature_is_on_the_map() -> None:
    assert set(declaring()) == set(EVERY)


def test_the_application_answers_all_of_them_and_nothing_else() -> None:
    assert set(app.routes) == {
        path for features in MAPS.values() for paths in features.values() for path in paths
    }


def test_only_the_feature_that_is_asked_for_is_loaded() -> None:
    """And it is, whatever is asked first."""
    code = """
import sys
from chalice.test import Client
from app import app
def loaded(name): return name in sys.modules
assert not loaded("chalicelib.api.meta")
with Client(app) as client:
    assert client.http.get("/v1/health").status_code == 200
assert loaded("chalicelib.api.meta")
assert not loaded("chalicelib.api.events")
"""
    subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, check=True
    )
