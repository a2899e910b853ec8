"""How much of a cold start is our own: `import app` beside what it cannot do without."""

import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra.package import ROOT
from tests.benchmarks.figures import Figure, Section, median

RUNS = 15
METHOD = (
    "Processor time of the import in a fresh interpreter, bytecode there, in turns, medians of {runs}.\n"
    "Beside it: importing chalice, and pydantic with {models} models of as many fields of the same kinds.\n"
    "A feature is loaded when it is first asked for; every function pays for the application alone."
)
TIMED = "import time; t = time.process_time(); {what}; print(time.process_time() - t)"
LOADED = {  # by name, what of ours is imported, and how often the baseline it may take
    "import app": ("import app", 0.9),
    "and the feature of bookings": ("import app, chalicelib.api.bookings", 1.15),
    "and the feature of sign-ups": ("import app, chalicelib.api.signups", 1.15),
    "and every feature, as no request does": ("import app, tests.api.every", None),
}


def baseline() -> tuple[str, int]:
    """A module with chalice and with models like ours, of plain types, and how many they are."""
    models = list(_models())
    lines = [
        "from typing import Annotated",
        "import chalice",
        "from pydantic import BaseModel, ConfigDict, Field, StringConstraints",
        "Line = Annotated[str, StringConstraints(max_length=200)]",
        "Number = Annotated[int, Field(ge=0, le=1000)]",
    ]
    for number, model in enumerate(models):
        lines.append(f"class Model{number}(BaseModel):")
        lines.append("    model_config = ConfigDict(extra='forbid')")
        for position, info in enumerate(model.model_fields.values()):
            kind = _plain(str(info.annotation))
            lines.append(f"    field{position}: {kind} | None = None")
    return "\n".join(lines), len(models)


def _models() -> Iterator[Any]:
    """Our models, each once: from the module that defines it."""
    from pydantic import BaseModel

    from chalicelib.api import schemas

    for found in pkgutil.iter_modules(schemas.__path__, f"{schemas.__name__}."):
        for each in vars(importlib.import_module(found.name)).values():
            own = isinstance(each, type) and each.__module__ == found.name
            if own and issubclass(each, BaseModel):
                yield each


def _plain(annotation: str) -> str:
    kind = "Number" if re.search(r"\bint\b", annotation) else "Line"
    return f"list[{kind}]" if annotation.startswith(("list", "typing.List")) else kind


def import_times(folder: Path) -> tuple[list[float], float]:
    """Medians in milliseconds: of what is loaded of ours, and of the baseline's module in a folder."""
    wanted = [(code, ROOT) for code, _ in LOADED.values()] + [("import baseline", folder)]
    found: list[list[float]] = [[] for _ in wanted]
    for number in range(RUNS + 1):
        for (what, where), times in zip(wanted, found, strict=True):
            seconds = _run(what, where)
            if number:  # the first run makes the bytecode
                times.append(seconds * 1000)
    *ours, theirs = map(median, found)
    return ours, theirs


def _run(what: str, folder: Path) -> float:
    said = subprocess.run(
        [sys.executable, "-c", TIMED.format(what=what)],
        cwd=folder,
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(said.stdout)


def measure(folder: Path) -> Section:
    """All imports and their ratios."""
    text, models = baseline()
    (folder / "baseline.py").write_text(text)
    ours, theirs = import_times(folder)
    figures = [Figure("import chalice, and pydantic with as many models", theirs, "ms")]
    for (name, (_, limit)), found in zip(LOADED.items(), ours, strict=True):
        figures.append(Figure(name, found, "ms"))
        figures.append(Figure(f"{name}: ratio", found / theirs, "times", limit))
    return Section("Cold start", METHOD.format(runs=RUNS, models=models), tuple(figures))
