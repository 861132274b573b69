"""A plan as an XLSX workbook: a sheet a table, numbers as numbers, texts as texts."""

import io
import re
from datetime import date
from typing import TYPE_CHECKING, Any

from service.export.cells import Cell, Kind, Sheet
from service.export.formulas import one_line, starts_formula
from service.export.sheets import plan_sheets
from service.language import Reader
from service.records import SavedPlan

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

FORMATS: dict[Kind, str] = {
    "text": "@",
    "money": "#,##0.00",
    "share": "0.00%",
    "quantity": "#,##0.##",
    "ratio": "0.00",
    "day": "yyyy-mm-dd",
    "seconds": "0.00",
}
"""Number formats, which a spreadsheet shows in the grouping of its own language."""

NARROWEST, WIDEST = 10, 60
"""Characters of a column."""

_NO_TITLE = re.compile(r"[\[\]:*?/\\]")
_LONGEST_TITLE = 31


def plan_workbook(saved: SavedPlan, reader: Reader) -> bytes:
    """The workbook of a plan.

    Each sheet has its column names in a frozen first row. No cell is a formula, whatever a text begins with
    (`service.export.formulas`).
    """
    # Imported here: openpyxl costs 0.2 s, and few answers are workbooks.
    import openpyxl

    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for sheet in plan_sheets(saved, reader):
        _write(workbook.create_sheet(_NO_TITLE.sub(" ", sheet.title)[:_LONGEST_TITLE]), sheet)
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def _write(page: "Worksheet", sheet: Sheet) -> None:
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    for column, name in enumerate(sheet.header, start=1):
        _put(page, 1, column, Cell(name))
        page.cell(1, column).font = Font(bold=True)
    for row, cells in enumerate(sheet.rows, start=2):
        for column, cell in enumerate(cells, start=1):
            _put(page, row, column, cell)
    for column in range(1, len(sheet.header) + 1):
        shown = [sheet.header[column - 1], *(_shown(row[column - 1]) for row in sheet.rows)]
        width = max(_width(text) for text in shown) + 2
        page.column_dimensions[get_column_letter(column)].width = min(max(width, NARROWEST), WIDEST)
    page.freeze_panes = "B2"


def _put(page: "Worksheet", row: int, column: int, cell: Cell) -> None:
    if cell.value is None:
        return
    written: Any = page.cell(row, column)
    written.number_format = FORMATS[cell.kind]
    if isinstance(cell.value, str):
        text = one_line(cell.value)
        written.value = text
        written.data_type = "s"  # openpyxl takes a leading "=" for a formula, and "#N/A" for an error
        written.quotePrefix = starts_formula(text)
    else:
        written.value = cell.value


def _shown(cell: Cell) -> str:
    """About what a spreadsheet shows."""
    if isinstance(cell.value, float | int):
        return f"{cell.value:,.2f}"
    return cell.value.isoformat() if isinstance(cell.value, date) else cell.value or ""


def _width(text: str) -> int:
    """Columns of a text, of which Chinese characters take two."""
    return sum(2 if character > "\u2e7f" else 1 for character in text)
