"""What the archive of an XLSX workbook would cost to read, counted before any of its XML is parsed.

A few kilobytes can unpack to gigabytes, and XML of a hundred megabytes becomes a tree of several gigabytes. So the
directory of the archive is looked at first, then the parts are unpacked piece by piece and their tags counted, with
nothing kept. Sheets and their shared texts may be large; everything else only describes the workbook and is small.
"""

import io
import re
import zipfile
import zlib

from mmm.errors import Fault, MarketRefused
from mmm.intake.tables import MAX_CHARACTERS, long_cell
from mmm.sentence import Number, Said, Sentence, Word, sentence

MAX_PARTS = 5_000
MAX_UNPACKED_BYTES = 100_000_000
"""Of all parts together."""
MAX_RATIO = 100
"""Times its packed size that a part of more than `LOOKED_AT_BYTES` may have: sheets of numbers reach 10 to 30."""
MAX_SHEET_TAGS = 6_000_000
"""XML tags of a sheet or of its shared texts: a cell has four."""
MAX_OTHER_BYTES, MAX_OTHER_TAGS = 5_000_000, 200_000
"""Of a part that describes the workbook: its styles, its theme, its list of sheets."""
LOOKED_AT_BYTES = 1_000_000

_LARGE_PART = re.compile(r"xl/(?:worksheets/[^/]+|shared[Ss]trings)\.xml")
_NEVER_READ = ("xl/media/", "xl/embeddings/", "xl/pivotCache/", "xl/drawings/", "xl/charts/", "xl/printerSettings/")
_USUAL_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENTRY_MARK = b"PK\x01\x02"
_PIECE = 1 << 20
_LONGEST_TEXT = 4 * (MAX_CHARACTERS + 1)
"""Bytes without a tag, in a part that is XML, which no cell has."""


def refuse_bombs(file: str, content: bytes) -> None:
    """Refuse an archive that is damaged, protected, or would cost more than a workbook may.

    Raises
    ------
    MarketRefused
        With the limit that it breaks.
    """
    entries = content.count(_ENTRY_MARK)
    if entries > MAX_PARTS:  # counted in the bytes: the list of a million parts is itself a bomb
        _refuse_parts(file, entries)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            _check_directory(file, parts)
            for part in parts:
                _check_part(file, archive, part)
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, EOFError, KeyError, NotImplementedError) as error:
        found = sentence("a damaged archive")
        raise MarketRefused([Fault(file, "", found, sentence("an XLSX workbook"))]) from error


def entities_fault(file: str) -> Fault:
    """The fault of XML that brings definitions of its own, which may stand for gigabytes or for other files."""
    found = sentence("XML with a document type or entities of its own")
    return Fault(file, "", found, sentence("a workbook as a spreadsheet writes it: open it and save it as XLSX"))


def _check_directory(file: str, parts: list[zipfile.ZipInfo]) -> None:
    """What the directory alone tells: protection, compression, count and sizes."""
    if any(part.flag_bits & 1 for part in parts):
        found = sentence("a workbook with a password")
        raise MarketRefused([Fault(file, "", found, sentence("a workbook saved without a password"))])
    if any(part.compress_type not in _USUAL_COMPRESSIONS for part in parts):
        found = sentence("a compression that no spreadsheet uses")
        raise MarketRefused([Fault(file, "", found, sentence("an XLSX workbook"))])
    if len(parts) > MAX_PARTS:
        _refuse_parts(file, len(parts))
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MAX_UNPACKED_BYTES:
        found = sentence("{megabytes} MB when unpacked", megabytes=Number(amount=unpacked / 1e6))
        limit = Number(amount=MAX_UNPACKED_BYTES / 1e6)
        expected = sentence("at most {megabytes} MB when unpacked: save the sheet as CSV", megabytes=limit)
        raise MarketRefused([Fault(file, "", found, expected)])
    for part in parts:
        if part.file_size > LOOKED_AT_BYTES and part.file_size > MAX_RATIO * part.compress_size:
            _refuse_ratio(file, part)
        if part.file_size > MAX_OTHER_BYTES and not _may_be_large(part):
            found = sentence(
                "{part} of {megabytes} MB when unpacked",
                part=Word(text=_shown(part)),
                megabytes=Number(amount=part.file_size / 1e6, digits=1),
            )
            _refuse_description(file, found)


def _check_part(file: str, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Unpack a part piece by piece, count its tags, and look for a document type at its start."""
    if part.filename.startswith(_NEVER_READ) and part.file_size > LOOKED_AT_BYTES:
        return
    limit = MAX_SHEET_TAGS if _LARGE_PART.fullmatch(part.filename) else MAX_OTHER_TAGS
    tags, is_xml = 0, part.filename.endswith(".xml")
    with archive.open(part) as unpacked:
        piece = unpacked.read(_PIECE)
        if b"<!DOCTYPE" in piece or b"<!ENTITY" in piece:
            raise MarketRefused([entities_fault(file)])
        while piece:
            if is_xml and any(piece.find(b"<", start, start + _LONGEST_TEXT) < 0 for start in _starts(piece)):
                raise MarketRefused([long_cell(file)])
            tags += piece.count(b"<")
            if tags > limit:
                _refuse_tags(file, part, limit)
            piece = unpacked.read(_PIECE)


def _starts(piece: bytes) -> range:
    """Where whole blocks of `_LONGEST_TEXT` start: a text of twice that length fills one of them."""
    return range(0, len(piece) - _LONGEST_TEXT + 1, _LONGEST_TEXT)


def _may_be_large(part: zipfile.ZipInfo) -> bool:
    return _LARGE_PART.fullmatch(part.filename) is not None or part.filename.startswith(_NEVER_READ)


def _refuse_parts(file: str, count: int) -> None:
    found = sentence("{count} parts", count=Number(amount=count))
    expected = sentence("at most {count} parts: save the sheet as CSV", count=Number(amount=MAX_PARTS))
    raise MarketRefused([Fault(file, "", found, expected)])


def _refuse_ratio(file: str, part: zipfile.ZipInfo) -> None:
    found = sentence(
        "{part}, which unpacks to {ratio} times its size",
        part=Word(text=_shown(part)),
        ratio=Number(amount=part.file_size / max(part.compress_size, 1)),
    )
    expected = sentence("at most {ratio} times: save the sheet as CSV", ratio=Number(amount=MAX_RATIO))
    raise MarketRefused([Fault(file, "", found, expected)])


def _refuse_tags(file: str, part: zipfile.ZipInfo, limit: int) -> None:
    found = sentence("{part} with more than {count} XML tags", part=Word(text=_shown(part)), count=Number(amount=limit))
    if _LARGE_PART.fullmatch(part.filename) is None:
        _refuse_description(file, found)
    expected = sentence("at most {count}, as {cells} cells have: save the sheet as CSV", **_tag_limits())
    raise MarketRefused([Fault(file, "", found, expected)])


def _tag_limits() -> dict[str, Number]:
    return {"count": Number(amount=MAX_SHEET_TAGS), "cells": Number(amount=MAX_SHEET_TAGS / 4)}


def _refuse_description(file: str, found: Said) -> None:
    expected: Sentence = sentence(
        "at most {megabytes} MB and {count} tags in what is no sheet: copy the values into a new workbook",
        megabytes=Number(amount=MAX_OTHER_BYTES / 1e6),
        count=Number(amount=MAX_OTHER_TAGS),
    )
    raise MarketRefused([Fault(file, "", found, expected)])


def _shown(part: zipfile.ZipInfo) -> str:
    return part.filename if len(part.filename) <= 60 else part.filename[:57] + "..."
