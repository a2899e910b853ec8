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
    "Beside it: importing chalice, and pydantic with {models} models of as many fields of the same kinds."
)
TIMED = "import time; t = time.process_time(); {what}; print(time.process_time() - t)"


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


def import_times(folder: Path) -> tuple[float, float]:
    """Medians in milliseconds: of `import app`, and of the module of the baseline in a folder."""
    wanted = (("import app", ROOT), ("import baseline", folder))
    found: dict[str, list[float]] = {what: [] for what, _ in wanted}
    for number in range(RUNS + 1):
        for what, where in wanted:
            seconds = _run(what, where)
            if number:  # the first run makes the bytecode
                found[what].append(seconds * 1000)
    ours, theirs = found.values()
    return median(ours), median(theirs)


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
    """Both imports and their ratio."""
    text, models = baseline()
    (folder / "baseline.py").write_text(text)
    ours, theirs = import_times(folder)
    return Section(
        "Cold start",
        METHOD.format(runs=RUNS, models=models),
        (
            Figure("import app", ours, "ms"),
            Figure("import chalice, and pydantic with as many models", theirs, "ms"),
            Figure("ratio", ours / theirs, "times", 1.15),
        ),
    )
