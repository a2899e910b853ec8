"""Files for spreadsheets: what opens, and that nothing in it is a formula."""

import csv
import io
import random
from datetime import UTC, datetime

import pytest
from openpyxl import load_workbook

from chalicelib.adapters.sheets import as_csv, as_xlsx
from chalicelib.domain.sheets import FORMULA, Sheet, harmless

NOW = datetime(2027, 1, 20, 7, 0, tzinfo=UTC)
EVIL = [
    "=1+1",
    "+358 40 1234567",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\u00a0=1+1",
    "＝1+1",
    '=HYPERLINK("http://evil.example","x")',
    "=cmd|' /C calc'!A0",
    "{=1+1}",
    "http://evil.example",
    "=",
]
PLAIN = [
    "",
    "Aino Aalto",
    "Öhman; Åke",
    'Aino "A" Aalto',
    "1",
    "01.02",
    "Rivi\nvaihtuu",
    "<b>x</b>",
]


def a_sheet(*cells: str, note: tuple[str, ...] = ("Huomautus",)) -> Sheet:
    return Sheet("Osallistujat", "Tietosuoja", note, ("Nimi",), tuple((each,) for each in cells))


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=";"))


@pytest.mark.parametrize("cell", EVIL)
def test_no_cell_of_a_workbook_is_a_formula_a_link_or_anything_but_the_text_that_it_was(cell):
    """S-21, P-06"""
    sheet = Sheet("Osallistujat", "Tietosuoja", (cell,), (cell,), ((cell,),))
    book = load_workbook(io.BytesIO(as_xlsx(sheet, NOW)))
    found = [each for page in book for row in page.iter_rows() for each in row]
    assert [each.data_type for each in found] == ["s"] * 3
    assert {each.hyperlink for each in found} == {None}
    assert {str(each.value).replace("_x000D_", "\r") for each in found} == {cell}


@pytest.mark.parametrize("cell", EVIL[:12] + EVIL[14:])
def test_no_cell_of_a_csv_begins_as_a_formula_does(cell):
    """S-21, P-06"""
    sheet = Sheet("", "", (cell,), (cell,), ((cell,),))
    for row in rows_of(as_csv(sheet)):
        for each in row:
            assert each == f"'{cell}"
            assert not each.lstrip().startswith(FORMULA)


@pytest.mark.parametrize("cell", PLAIN)
def test_what_is_no_formula_is_as_it_was(cell):
    assert harmless(cell) == cell
    assert rows_of(as_csv(a_sheet(cell)))[-1] == [cell]
    (page,) = load_workbook(io.BytesIO(as_xlsx(a_sheet(cell), NOW))).worksheets[1:]
    assert (page["A2"].value or "") == cell


def test_random_text_is_never_a_formula_and_never_another_cell():
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    signs = "=+-@\t\r\n;\"', aÄ1\u00a0＝"
    cells = ["".join(chance.choices(signs, k=chance.randrange(1, 8))) for _ in range(300)]
    rows = rows_of(as_csv(a_sheet(*cells)))[3:]
    assert [row[0].removeprefix("'") for row in rows] == [cell.removeprefix("'") for cell in cells]
    assert {len(row) for row in rows} == {1}
    for row in rows:
        assert not row[0].lstrip(" \u00a0").startswith(FORMULA)
    page = load_workbook(io.BytesIO(as_xlsx(a_sheet(*cells), NOW))).worksheets[1]
    assert {each.data_type for (each,) in page.iter_rows()} == {"s"}


def test_excel_in_finnish_and_swedish_opens_the_csv_as_it_is():
    text = as_csv(a_sheet("Öhman", note=("Yksi", "Kaksi")))
    assert text.encode().startswith(b"\xef\xbb\xbf")
    assert rows_of(text) == [["Yksi"], ["Kaksi"], [], ["Nimi"], ["Öhman"]]
    two = Sheet("", "", (), ("A", "B"), (("1", "2"),))
    assert as_csv(two).endswith("A;B\r\n1;2\r\n")


def test_the_note_is_a_page_of_its_own_and_comes_first():
    sheet = Sheet("Osallistujat", "Tietosuoja", ("Yksi", "Kaksi"), ("A", "B"), (("1", "2"),))
    book = load_workbook(io.BytesIO(as_xlsx(sheet, NOW)))
    assert book.sheetnames == ["Tietosuoja", "Osallistujat"]
    note, table = book.worksheets
    assert [each.value for (each,) in note.iter_rows()] == ["Yksi", "Kaksi"]
    assert [[each.value for each in row] for row in table.iter_rows()] == [["A", "B"], ["1", "2"]]
    assert table.freeze_panes == "A2"


def test_a_list_of_nobody_opens_too():
    sheet = Sheet("Osallistujat", "Tietosuoja", ("Yksi",), ("Nimi",), ())
    assert load_workbook(io.BytesIO(as_xlsx(sheet, NOW))).worksheets[1].max_row == 1
