"""`make bench`: every figure, printed and written to build/bench.json; fails where one is over its limit."""

import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from infra.package import BUILD
from tests.benchmarks import (
    cloud_speed,
    event_speed,
    growth,
    imports,
    operations,
    own_time,
    package,
    sending,
)
from tests.benchmarks.figures import Section, machine, over, write

OUT = BUILD / "bench.json"


def main() -> int:
    """Measure one after another; the exit code is 1 where something is over its limit."""
    begun, where = time.monotonic(), machine()
    print(
        f"{where['processor']}, {where['cores']} cores, Python {where['python']}, "
        f"{where['system']}, load {where['load']} at the start"
    )
    sections: list[Section] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measuring = (
            own_time.measure,
            growth.measure,
            partial(imports.measure, folder),
            package.measure,
            operations.measure,
            sending.measure,
            partial(cloud_speed.measure, folder / "bookings"),
            partial(event_speed.measure, folder / "events"),
        )
        for measure in measuring:
            sections.append(measure())
            print("\n".join(sections[-1].lines()), flush=True)
    write(OUT, where, sections)
    wrong = over(sections)
    print(f"\n{time.monotonic() - begun:.0f} s; written to {OUT.relative_to(BUILD.parent)}.")
    for figure in wrong:
        print(f"OVER: {figure.name}: {figure.value:.3g} {figure.unit}, at most {figure.limit:g}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
