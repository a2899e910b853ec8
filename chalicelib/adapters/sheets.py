"""Tables as files that a spreadsheet opens: CSV as Finnish and Swedish Excel read it, and XLSX."""

import csv
import io
from datetime import datetime

from chalicelib.domain.sheets import Sheet, harmless

BOM = "\ufeff"
WIDEST = 60


def as_csv(sheet: Sheet) -> str:
    """The note, an empty line, the head and the rows (RFC 4180, but for the separator).

    Excel takes the list separator of the system, which is ";" where the comma is the decimal sign, and
    knows UTF-8 by its mark alone.
    """
    out = io.StringIO()
    rows = [*((line,) for line in sheet.note), (), sheet.head, *sheet.rows]
    csv.writer(out, delimiter=";").writerows([harmless(cell) for cell in row] for row in rows)
    return BOM + out.getvalue()


def as_xlsx(sheet: Sheet, now: datetime) -> bytes:
    """A workbook: the note on a page of its own, which is seen first, then the table; each cell a string."""
    import xlsxwriter

    out = io.BytesIO()
    only_text = dict.fromkeys(
        ("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False
    )
    book = xlsxwriter.Workbook(out, {"in_memory": True, **only_text})
    book.set_properties({"title": sheet.title, "created": now.replace(tzinfo=None)})
    bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True})
    note = book.add_worksheet(sheet.note_title)
    note.set_column(0, 0, 100)
    for row, line in enumerate(sheet.note):
        note.write_string(row, 0, line, wrapped)
    page = book.add_worksheet(sheet.title)
    page.freeze_panes(1, 0)
    for column, name in enumerate(sheet.head):
        longest = max(len(each[column]) for each in (sheet.head, *sheet.rows))
        page.set_column(column, column, min(WIDEST, 2 + longest))
        page.write_string(0, column, name, bold)
    for row, cells in enumerate(sheet.rows, start=1):
        for column, cell in enumerate(cells):
            page.write_string(row, column, cell)
    page.autofilter(0, 0, len(sheet.rows), len(sheet.head) - 1)
    book.close()
    return out.getvalue()
