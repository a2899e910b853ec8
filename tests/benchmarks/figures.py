"""What was measured, said in words and numbers: a table for people, JSON for machines."""

import json
import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One number, and the most that it may be where there is a limit."""

    name: str
    value: float
    unit: str
    limit: float | None = None

    @property
    def verdict(self) -> str:
        """Within or over its limit; nothing where there is none."""
        if self.limit is None:
            return ""
        return f"{'within' if self.value <= self.limit else 'OVER'} {self.limit:g}"


@dataclass(frozen=True)
class Section:
    """Figures that were found in one way, which `method` tells; rows of several where they belong together."""

    title: str
    method: str
    figures: tuple[Figure, ...]
    rows: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"\n{self.title}\n{'-' * len(self.title)}\n{self.method}\n"
        width = max(map(len, [*self.rows, *(figure.name for figure in self.figures)]))
        for number, (name, row) in enumerate(self.rows.items()):
            if number == 0:
                yield f"  {'':{width}}" + "".join(f"{column:>14}" for column in row)
            yield f"  {name:{width}}" + "".join(f"{_number(each):>14}" for each in row.values())
        if self.rows:
            yield ""
        for each in self.figures:
            row = f"  {each.name:{width}}  {_number(each.value):>9} {each.unit:16} {each.verdict}"
            yield row.rstrip()


def over(sections: Iterable[Section]) -> list[Figure]:
    """The figures that are over their limits."""
    figures = (figure for section in sections for figure in section.figures)
    return [each for each in figures if each.limit is not None and each.value > each.limit]


def machine() -> dict[str, Any]:
    """Where it was measured."""
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        named = (line for line in information.read_text().splitlines() if "model name" in line)
        model = next(named, model).rpartition(": ")[2]
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "load": round(os.getloadavg()[0], 1),
    }


def write(path: Path, where: dict[str, Any], sections: Iterable[Section]) -> None:
    """All of it as JSON."""
    path.parent.mkdir(exist_ok=True)
    found = [asdict(section) for section in sections]
    path.write_text(json.dumps({"machine": where, "sections": found}, indent=1) + "\n")


def median(values: Iterable[float]) -> float:
    """The middle one."""
    return quantile(values, 0.5)


def quantile(values: Iterable[float], share: float) -> float:
    """The value that a share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def _number(value: float) -> str:
    return f"{value:.0f}" if value == int(value) or value >= 1000 else f"{value:.3g}"
