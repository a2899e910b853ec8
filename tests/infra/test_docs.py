"""What the documents of security say is shown by tests that there are, and nothing of the standards is left out."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from infra.package import ROOT

DOCS = sorted((ROOT / "docs").glob("*.md"))
TEST = re.compile(r"(tests/[\w/]+\.py)(?:::(\w+))?")
NUMBER = re.compile(r"V(\d+)\.(\d+)\.(\d+)(?:–(\d+))?")
# ASVS 5.0.0: how many requirements each section of a chapter has, and which of them are of level 3 alone.
SECTIONS = {
    1: (2, 10, 12, 3, 3),
    2: (3, 3, 5, 2),
    3: (1, 3, 5, 8, 8, 1, 5),
    4: (5, 5, 2, 4),
    5: (1, 6, 3, 3),
    6: (3, 12, 8, 6, 8, 4, 2, 4),
    7: (3, 4, 2, 5, 3, 2),
    8: (4, 4, 3, 2),
    9: (3, 4),
    10: (2, 3, 5, 16, 5, 2, 3),
    11: (4, 5, 5, 4, 2, 2, 2),
    12: (5, 2, 5),
    13: (4, 6, 4, 7),
    14: (2, 8, 3),
    15: (5, 5, 7, 4),
    16: (1, 5, 4, 3, 4),
    17: (2, 8, 2),
}
LEVEL_THREE = """
    V1.2.10 V1.3.12 V1.5.3 V2.3.5 V2.4.2 V3.1.1 V3.2.3 V3.3.5 V3.4.7–8 V3.5.6–8 V3.6.1 V3.7.3–5 V4.1.4–5 V4.2.2–5
    V5.2.4–6 V5.3.3 V6.3.5–8 V6.4.5–6 V6.5.6–8 V6.6.4 V6.7.1–2 V7.5.3 V8.1.3–4 V8.2.4 V8.3.2–3 V8.4.2 V10.2.3
    V10.3.5 V10.4.12–16 V11.1.3–4 V11.2.4–5 V11.3.4–5 V11.5.2 V11.6.2 V11.7.1–2 V12.1.4–5 V12.3.5 V13.1.2–4 V13.2.6
    V13.3.3–4 V13.4.6–7 V14.2.5–8 V15.1.4–5 V15.2.4–5 V15.4.1–4 V16.5.4 V17.1.2 V17.2.5–8
"""


def rows(text: str) -> Iterator[list[str]]:
    """The cells of each row of the tables, without their heads."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and cells[0] != "Number" and not cells[0].startswith("---"):
            yield cells


def numbers(text: str) -> list[tuple[int, int, int]]:
    """Every requirement that is named, with ranges spelt out."""
    return [
        (int(chapter), int(section), number)
        for chapter, section, first, last in NUMBER.findall(text)
        for number in range(int(first), int(last or first) + 1)
    ]


@cache
def named_in(path: str) -> frozenset[str]:
    file = ROOT / path
    tree = ast.parse(file.read_text()) if file.is_file() else ast.Module([], [])
    return frozenset(each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef))


def wrong(text: str) -> list[str]:
    """What a document names as a test and is none, and rows that say nothing in their last column."""
    unknown = [f"{path}::{name}" for path, name in TEST.findall(text) if name not in named_in(path)]
    return unknown + [f"nothing for {cells[0]}" for cells in rows(text) if not all(cells[1:])]


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_test_that_is_named_is_there(path: Path) -> None:
    text = path.read_text()
    assert list(rows(text))
    assert wrong(text) == []


@pytest.mark.parametrize(
    "row",
    [
        "| V1.1.1 | a | `tests/infra/test_docs.py::test_that_there_is_not` |",
        "| V1.1.1 | a | `tests/infra/test_nothing.py::test_rows` |",
        "| V1.1.1 | a | `tests/infra/test_docs.py` |",
        "| V1.1.1 | a | |",
    ],
)
def test_what_is_not_there_would_be_found(row: str) -> None:
    good = "| V1.1.1 | a | `tests/infra/test_docs.py::test_what_is_not_there_would_be_found` |"
    assert wrong(good) == []
    assert len(wrong(f"{good}\n{row}")) == 1


def test_every_requirement_of_levels_1_and_2_stands_once() -> None:
    """ASVS 5.0.0 has 253 of them."""
    there = {
        (chapter, section, number)
        for chapter, counts in SECTIONS.items()
        for section, count in enumerate(counts, 1)
        for number in range(1, count + 1)
    }
    meant = there - set(numbers(LEVEL_THREE))
    said = [
        each for cells in rows((ROOT / "docs/asvs.md").read_text()) for each in numbers(cells[0])
    ]
    assert len(meant) == 253
    assert sorted(said) == sorted(meant)


def test_all_ten_risks_stand_once_in_their_order() -> None:
    said = [cells[0] for cells in rows((ROOT / "docs/api-top-ten.md").read_text())]
    assert said == [f"API{number}:2023" for number in range(1, 11)]
