"""Tables in delimited text: comma, semicolon, tab or bar; quoted or not."""

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator

from mmm.errors import Fault, MarketRefused
from mmm.intake.encodings import Undecodable, decode
from mmm.intake.tables import Table, long_cell, table_of_rows
from mmm.sentence import Sentence, Word, sentence

DELIMITERS = (",", ";", "\t", "|")
_SNIFFED_ROWS, _SNIFFED_CHARACTERS = 200, 1_000_000
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def read_delimited(file: str, content: bytes) -> Table:
    """The table in a delimited text.

    Raises
    ------
    MarketRefused
        When the encoding cannot be told, a quote is never closed, or there is no table.
    """
    try:
        decoded = decode(content)
    except Undecodable as error:
        expected = sentence('text in UTF-8 or GB18030: save the file as "CSV UTF-8"')
        raise MarketRefused([Fault(file, "", error.reason, expected, row=error.line)]) from None
    notes: tuple[Sentence, ...] = ()
    if decoded.encoding == "gb18030":
        notes = (sentence("{file} is not UTF-8 and was read as GB18030.", file=Word(text=file)),)
    delimiter = _delimiter(file, decoded.text)
    reader = csv.reader(_lines(decoded.text), delimiter=delimiter, strict=True)
    try:
        return table_of_rows(file, reader, is_ragged_possible=True, notes=notes)
    except csv.Error as error:
        if str(error).startswith("field larger"):
            raise MarketRefused([long_cell(file, reader.line_num)]) from None
        found = sentence("cells that cannot be told apart ({reason})", reason=Word(text=str(error)))
        expected = sentence("every quote closed, and quotes inside of text doubled")
        raise MarketRefused([Fault(file, "", found, expected, row=reader.line_num)]) from None


def _lines(text: str) -> Iterator[str]:
    """Lines with their ends, one at a time: no second copy of a large text."""
    return (line[0] for line in _LINE.finditer(text))


def _delimiter(file: str, text: str) -> str:
    """The delimiter under which most rows have one width of at least two cells; the comma when none has."""
    start = text[:_SNIFFED_CHARACTERS]
    best, best_score, best_widths = ",", (0.0, 0), [1]
    for delimiter in DELIMITERS:
        widths = _widths(start, delimiter)
        if not widths:
            continue
        width, count = Counter(widths).most_common(1)[0]
        score = (count / len(widths), width)
        if width > 1 and score > best_score:
            best, best_score, best_widths = delimiter, score, widths
    if best_widths[0] == 1 and best_score[1] > 1:
        found = sentence("one cell in the first row, and more below it")
        expected = sentence("the column names in row 1: remove the lines above them")
        raise MarketRefused([Fault(file, "", found, expected, row=1)])
    return best


def _widths(text: str, delimiter: str) -> list[int]:
    """Cells per row of the first rows of a text that are not empty, as far as they can be read."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    widths: list[int] = []
    try:
        widths.extend(len(row) for row in itertools.islice(reader, _SNIFFED_ROWS) if row)
    except csv.Error:
        return widths
    return widths
