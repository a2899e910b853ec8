"""Imports run one way: app, api, pages → services → domain; adapters → ports and domain; bootstrap → all."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.package import ROOT

CODE = sorted([ROOT / "app.py", *(ROOT / "chalicelib").rglob("*.py")])
# What each layer may import of ours. `services.ports` alone is meant where it stands.
OURS = {
    "app": {"api", "pages", "services", "bootstrap", "domain"},
    "api": {"api", "pages", "services", "bootstrap", "domain"},
    "pages": {"pages", "api", "services", "bootstrap", "domain"},
    "services": {"services", "domain"},
    "adapters": {"adapters", "services.ports", "domain"},
    "bootstrap": {"bootstrap", "adapters", "services", "domain", "settings"},
    "domain": {"domain"},
    "settings": set(),
}
# Who may import a library; what is not named here may be imported by nobody.
LIBRARIES = {
    "chalice": {"app", "api", "pages"},
    "pydantic": {"api", "settings"},
    "pydantic_core": {"api", "settings"},
    "dateutil": {"services"},
    "segno": {"adapters"},
    "xlsxwriter": {"adapters"},
    "boto3": {"adapters", "bootstrap"},
    "botocore": {"adapters", "bootstrap"},
    "icalendar": {"adapters"},
    "jinja2": {"pages", "adapters"},
    "jwt": {"adapters"},
    "markdown_it": {"adapters"},
    "markupsafe": {"pages"},
    "yaml": set(),
}
COMMANDS = {
    "chalicelib/services/check.py": {"bootstrap"}
}  # `python -m`: a composition root of its own


def layer_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[0] if len(parts) == 1 else parts[1]


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every import of a module, those inside functions included, with its line."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            module = node.module or ""
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def allowed(path: Path, name: str) -> bool:
    layer = layer_of(path)
    top, _, rest = name.partition(".")
    if name == "chalicelib.VERSION":
        return True
    if top != "chalicelib":
        return top in sys.stdlib_module_names or layer in LIBRARIES.get(top, set())
    own = COMMANDS.get(path.relative_to(ROOT).as_posix(), set())
    return any(f"{rest}.".startswith(f"{each}.") for each in OURS[layer] | own)


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path: Path) -> None:
    if layer_of(path) == "__init__":
        return
    wrong = [f"{line}: {name}" for line, name in imports(path) if not allowed(path, name)]
    assert not wrong


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("domain/x.py", "chalicelib.services.bookings"),
        ("domain/x.py", "pydantic"),
        ("services/x.py", "chalicelib.adapters.system"),
        ("services/x.py", "boto3"),
        ("services/x.py", "chalice"),
        ("adapters/x.py", "chalicelib.services.bookings"),
        ("adapters/x.py", "chalicelib.api.http"),
        ("api/x.py", "chalicelib.adapters.system"),
        ("api/x.py", "boto3"),
    ],
)
def test_the_rule_refuses_what_it_should(path: str, name: str) -> None:
    assert not allowed(ROOT / "chalicelib" / path, name)


def test_the_domain_reads_no_clock_and_throws_no_dice() -> None:
    """`now` and ids are arguments."""
    for path in (ROOT / "chalicelib/domain").rglob("*.py"):
        names = {name.partition(".")[0] for _, name in imports(path)}
        assert not names & {"random", "secrets", "time", "os", "uuid", "logging", "socket"}, path
        calls = {
            node.func.attr
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        }
        assert not calls & {"now", "utcnow", "today"}, path


def test_nothing_reads_the_environment_but_the_composition_root() -> None:
    for path in CODE:
        if layer_of(path) not in ("bootstrap", "settings"):
            assert "os.environ" not in path.read_text(), path
