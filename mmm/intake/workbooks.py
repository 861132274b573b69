"""Tables in XLSX workbooks: the first sheet, its values as they were last calculated."""

import io
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from mmm.errors import Fault, MarketRefused
from mmm.intake.tables import Cell, Table, table_of_rows
from mmm.sentence import Number, Sentence, Word, sentence

MAX_UNPACKED_BYTES = 100_000_000
MAX_PARTS = 5_000


def read_workbook(file: str, content: bytes) -> Table:
    """The table on the first sheet of an XLSX workbook.

    Raises
    ------
    MarketRefused
        When it is no workbook, would unpack to more than `MAX_UNPACKED_BYTES`, or has no table.
    """
    # Imported here: openpyxl costs 0.2 s, and most markets are CSV.
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    _refuse_bombs(file, content)
    damaged = Fault(
        file,
        "",
        sentence("a damaged or protected workbook"),
        sentence("an XLSX file that a spreadsheet opens without password"),
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and extensions that openpyxl leaves out hold no values
            workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            if not workbook.worksheets:
                expected = sentence("a sheet with a header and rows of data")
                raise MarketRefused([Fault(file, "", sentence("no worksheet"), expected)])
            sheet = workbook.worksheets[0]
            notes = _sheet_notes(file, workbook)
            return table_of_rows(file, _rows(sheet), is_ragged_possible=False, notes=notes)
    except (
        InvalidFileException,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        SyntaxError,
        EOFError,
        OSError,
        RuntimeError,
        zlib.error,
    ) as error:
        raise MarketRefused([damaged]) from error


def _rows(sheet: Any) -> Iterator[list[Cell]]:
    sheet.reset_dimensions()  # a wrong declared size would cut rows off
    for row in sheet.iter_rows(values_only=True):
        cells = list(row)
        while cells and cells[-1] is None:
            cells.pop()
        yield cells


def _sheet_notes(file: str, workbook: Any) -> tuple[Sentence, ...]:
    if len(workbook.sheetnames) == 1:
        return ()
    read = Word(text=workbook.worksheets[0].title)
    return (sentence("{file} has more than one sheet; '{sheet}' was read.", file=Word(text=file), sheet=read),)


def _refuse_bombs(file: str, content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        fault = Fault(file, "", sentence("a damaged archive"), sentence("an XLSX workbook"))
        raise MarketRefused([fault]) from error
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MAX_UNPACKED_BYTES or len(parts) > MAX_PARTS:
        found = sentence(
            "{parts} parts of {megabytes} MB when unpacked",
            parts=Number(amount=len(parts)),
            megabytes=Number(amount=unpacked / 1e6),
        )
        expected = sentence(
            "at most {parts} parts and {megabytes} MB: save the sheet as CSV",
            parts=Number(amount=MAX_PARTS),
            megabytes=Number(amount=MAX_UNPACKED_BYTES / 1e6),
        )
        raise MarketRefused([Fault(file, "", found, expected)])
