"""Tables in XLSX workbooks: the first sheet, its values as they were last calculated."""

import io
import itertools
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import time, timedelta
from typing import Any

from defusedxml import DefusedXmlException

from mmm.errors import Fault, MarketRefused
from mmm.intake.archives import entities_fault, refuse_bombs
from mmm.intake.tables import Cell, Table, table_of_rows
from mmm.sentence import Sentence, Word, sentence

_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)
"""What openpyxl and the libraries below it raise for a workbook that is not as it should be."""


def read_workbook(file: str, content: bytes) -> Table:
    """The table on the first sheet of an XLSX workbook.

    Raises
    ------
    MarketRefused
        When it is no workbook, would cost more to read than `mmm.intake.archives` allows, or has no table.
    """
    # Imported here: openpyxl costs 0.2 s, and most markets are CSV.
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    refuse_bombs(file, content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and extensions that openpyxl leaves out hold no values
            workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
            if not workbook.worksheets:
                expected = sentence("a sheet with a header and rows of data")
                raise MarketRefused([Fault(file, "", sentence("no worksheet"), expected)])
            sheet = workbook.worksheets[0]
            notes = _sheet_notes(file, workbook)
            return table_of_rows(file, _rows(file, sheet), is_ragged_possible=False, notes=notes)
    except DefusedXmlException as error:
        raise MarketRefused([entities_fault(file)]) from error
    except (InvalidFileException, *_DAMAGE) as error:
        found = sentence("a damaged or protected workbook")
        expected = sentence("an XLSX file that a spreadsheet opens without password")
        raise MarketRefused([Fault(file, "", found, expected)]) from error


def _rows(file: str, sheet: Any) -> Iterator[list[Cell]]:
    """Rows of the sheet, those that it leaves out as empty ones.

    Read by the parser below `sheet.iter_rows`, which leaves out rows and cells that are out of order without a word.
    """
    from openpyxl.worksheet._reader import WorkSheetParser

    book, last = sheet.parent, 0
    with sheet._get_source() as source:
        parser = WorkSheetParser(
            source,
            sheet._shared_strings,
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        for number, cells in parser.parse():
            columns = [cell["column"] for cell in cells]
            if number <= last or any(after <= before for before, after in itertools.pairwise(columns)):
                found = sentence("rows or cells that are out of order or there twice")
                expected = sentence("a workbook as a spreadsheet writes it: open it and save it as XLSX")
                raise MarketRefused([Fault(file, "", found, expected, row=max(number, 1))])
            for _ in range(number - last - 1):
                yield []
            last = number
            yield _placed(cells)


def _placed(cells: list[dict[str, Any]]) -> list[Cell]:
    """The values of a row by column, up to the last that is not empty."""
    filled = [(cell["column"], cell["value"]) for cell in cells if cell["value"] is not None]
    if not filled:
        return []
    row: list[Cell] = [None] * filled[-1][0]
    for column, value in filled:
        row[column - 1] = str(value) if isinstance(value, time | timedelta) else value
    return row


def _sheet_notes(file: str, workbook: Any) -> tuple[Sentence, ...]:
    if len(workbook.sheetnames) == 1:
        return ()
    read = Word(text=workbook.worksheets[0].title)
    return (sentence("{file} has more than one sheet; '{sheet}' was read.", file=Word(text=file), sheet=read),)
