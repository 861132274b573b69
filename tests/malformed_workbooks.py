"""Workbooks that are wrong: archives made to burst, parts that are missing or forged, cells of every odd kind."""

import io
import random
import struct
import zipfile
from collections.abc import Callable, Iterator

import openpyxl
from malformed import Malformed, always
from workbooks import (
    MAIN,
    SHARED,
    SHEET,
    Change,
    Parts,
    archive,
    cell_changed,
    changed,
    dated,
    entities_used,
    replaced,
    sheet_xml,
    spoil,
    with_part,
    without_part,
    workbook,
)

BILLION_LAUGHS = (
    '<!DOCTYPE b [<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{at} "{f"&a{at - 1};" * 10}">' for at in range(1, 10)) + "]>"
)
OUTSIDE_ENTITY = '<!DOCTYPE b [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
OUTSIDE_DTD = '<!DOCTYPE b SYSTEM "http://127.0.0.1:9/b.dtd">'


def workbook_cases() -> Iterator[Malformed]:
    """Every case of this module."""
    yield from workbook_bomb_cases()
    yield from _archives()
    yield from _parts()
    yield from _sheets()
    yield from _cells()


def workbook_bomb_cases() -> Iterator[Malformed]:
    """Workbooks that would cost far more than their size."""
    row = '<row r="{0}"><c r="A{0}"><v>1</v></c></row>'
    wide = "".join(f'<c r="{openpyxl.utils.get_column_letter(at)}2"><v>1</v></c>' for at in range(1, 16385))
    letters = random.Random(5)
    strings = "".join(f"<si><t>{letters.getrandbits(60)}</t></si>" for _ in range(20_000))
    shared = f"<sst {MAIN}>{{}}</sst>"
    cases: dict[str, tuple[Callable[[], bytes], str]] = {
        "a sheet of zeros": (lambda: changed(with_part(SHEET, b"0" * 210_000_000)), "unpacked"),
        "a gigabyte of spaces": (lambda: _spaces(1_000), "unpacked"),
        "twenty sheets of spaces": (lambda: changed(_many_spaces), "unpacked"),
        "a ratio of 1,000": (lambda: changed(with_part(SHEET, sheet_xml(" " * 30_000_000))), "times its size"),
        "200,000 parts": (lambda: archive({f"a/{at}": b"" for at in range(200_000)}, zipfile.ZIP_STORED), "parts"),
        "6,000 parts": (lambda: archive({f"a/{at}": b"x" for at in range(6_000)}), "parts"),
        "huge sharedStrings": (
            lambda: changed(with_part(SHARED, shared.format(strings * 90).encode())),
            "xml tags",
        ),
        "sharedStrings of one endless text": (
            lambda: changed(with_part(SHARED, shared.format(f"<si><t>{'x' * 50_000_000}").encode())),
            "times its size",
        ),
        "a text of 2 MB in every cell": (lambda: _one_text(2_000_000), "characters"),
        "1,300,000 rows": (
            lambda: changed(with_part(SHEET, sheet_xml("".join(map(row.format, range(1, 1_300_000)))))),
            "xml tags",
        ),
        "rows of 16,384 columns": (lambda: changed(with_part(SHEET, sheet_xml(f'<row r="2">{wide}</row>' * 130))), ""),
        "a declared size of the whole sheet": (
            lambda: changed(_declared("A1:XFD1048576", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')),
            "",
        ),
        "styles of 60 MB": (
            lambda: changed(with_part("xl/styles.xml", _junk("xf", 60_000_000))),
            "mb",
        ),
        "a workbook part of 30 MB": (lambda: changed(with_part("xl/workbook.xml", _junk("sheet", 30_000_000))), "mb"),
        "a theme of 50 MB": (lambda: changed(with_part("xl/theme/theme1.xml", _junk("a", 50_000_000))), "mb"),
        "properties of 30 MB": (lambda: changed(with_part("docProps/core.xml", _junk("b", 30_000_000))), "mb"),
        "content types of 30 MB": (lambda: changed(with_part("[Content_Types].xml", _junk("c", 30_000_000))), "mb"),
        "a sheet of tags that mean nothing": (
            lambda: changed(with_part(SHEET, _junk("sheetData", 59_000_000))),
            "xml tags",
        ),
        "billion laughs in the sheet": (lambda: changed(entities_used(SHEET, BILLION_LAUGHS, "&a9;")), "entities"),
        "billion laughs in the workbook": (
            lambda: changed(entities_used("xl/workbook.xml", BILLION_LAUGHS, "&a9;")),
            "entities",
        ),
        "billion laughs in sharedStrings": (
            lambda: changed(with_part(SHARED, f"{BILLION_LAUGHS}<sst {MAIN}><si><t>&a9;</t></si></sst>".encode())),
            "entities",
        ),
        "quadratic blow-up": (
            lambda: changed(entities_used(SHEET, f'<!DOCTYPE b [<!ENTITY a "{"x" * 100_000}">]>', "&a;" * 10_000)),
            "entities",
        ),
        "a size that is a lie": (lambda: _lying_size(1_000), "damaged"),
    }
    for name, (content, says) in cases.items():
        yield Malformed("workbook bombs", name, content, says, is_bomb=True)


def _archives() -> Iterator[Malformed]:
    good = workbook()
    encrypted = bytearray(good)
    for at in _headers(good):
        encrypted[at] |= 1
    noise = random.Random(7)
    cases: dict[str, tuple[bytes, str]] = {
        "cut in half": (good[: len(good) // 2], "damaged archive"),
        "without its last byte": (good[:-1], "damaged"),
        "without its directory": (good[: good.index(b"PK\x01\x02")], "damaged archive"),
        "encrypted parts": (bytes(encrypted), "with a password"),
        "another compression": (changed(lambda _: None, zipfile.ZIP_BZIP2), "compression"),
        "a third compression": (changed(lambda _: None, zipfile.ZIP_LZMA), "compression"),
        "an archive of something else": (archive({"readme.txt": b"hello"}), "damaged or protected"),
        "an encrypted package": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "xls"),
        "a directory that starts elsewhere": (_patched(good, b"PK\x05\x06", 16, struct.pack("<I", 2**31)), "damaged"),
    }
    for name, (content, says) in cases.items():
        yield Malformed("workbook archives", name, always(content), says)
    for number in range(12):
        flipped = bytearray(good)
        for _ in range(20):
            flipped[noise.randrange(4, len(good))] ^= 1 << noise.randrange(8)
        yield Malformed("workbook archives", f"twenty flipped bits, {number}", always(bytes(flipped)), "")


def _parts() -> Iterator[Malformed]:
    for name in ("[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", SHEET):
        yield _workbook("workbook parts", f"no {name}", changed(without_part(name)), "work")
        yield _workbook("workbook parts", f"{name} is empty", changed(with_part(name, b"")))
        yield _workbook("workbook parts", f"{name} is no XML", changed(with_part(name, b"hello")))
        other = changed(with_part(name, b"<a><b c='d'/></a>"))
        yield _workbook("workbook parts", f"{name} is other XML", other, "empty file" if name == SHEET else "work")
        yield _workbook("workbook parts", f"{name} is never closed", changed(with_part(name, b"<a>" * 100_000)))
        yield _workbook("workbook parts", f"{name} is in UTF-7", changed(_encoded(name)))
        outside = changed(entities_used(name, OUTSIDE_ENTITY, ""))
        yield _workbook("workbook parts", f"{name} has an entity from outside", outside, "entities")
    dtd = changed(entities_used(SHEET, OUTSIDE_DTD, ""))
    yield Malformed("workbook parts", "a sheet after a DTD from outside", always(dtd), "entities")
    for name, new in {
        "a sheet of another part": 'Target="/xl/styles.xml"',
        "a sheet that is not there": 'Target="/xl/worksheets/sheet9.xml"',
        "a sheet outside of the archive": 'Target="../../../../etc/passwd"',
        "a sheet on the network": 'Target="http://127.0.0.1:9/sheet.xml" TargetMode="External"',
    }.items():
        change = replaced("xl/_rels/workbook.xml.rels", 'Target="/xl/worksheets/sheet1.xml"', new)
        yield _workbook("workbook parts", name, changed(change), "")
    chart = replaced("xl/_rels/workbook.xml.rels", "relationships/worksheet", "relationships/chartsheet")
    yield _workbook("workbook parts", "a chart instead of a sheet", changed(chart), "")
    macro = changed(_macro)
    yield Malformed("workbook parts", "a macro, and a cell that is no number", always(macro), "plain number")
    links = changed(_links)
    yield Malformed(
        "workbook parts", "links to other workbooks, and a cell that is none", always(links), "plain number"
    )


def _sheets() -> Iterator[Malformed]:
    good = '<row r="1"><c r="A1" t="inlineStr"><is><t>week</t></is></c></row>'
    rows: dict[str, tuple[bytes, str]] = {
        "no rows": (sheet_xml(""), "empty file"),
        "a header alone": (sheet_xml(good), "no rows"),
        "a row number beyond every sheet": (sheet_xml(f'{good}<row r="{10**18}"><c><v>1</v></c></row>'), ""),
        "a row number with a point": (sheet_xml(f'{good}<row r="2.5"><c><v>1</v></c></row>'), "damaged"),
        "a row number of infinity": (sheet_xml(f'{good}<row r="inf"><c><v>1</v></c></row>'), "damaged"),
        "a negative row": (sheet_xml(f'{good}<row r="-5"><c><v>1</v></c></row>'), ""),
        "rows out of order": (sheet_xml(f'<row r="5"><c r="A5"><v>1</v></c></row>{good}'), "order"),
        "one row twice": (sheet_xml(f"{good}{good}"), "order"),
        "cells out of order": (sheet_xml('<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>2</v></c></row>'), "order"),
        "one cell twice": (sheet_xml('<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>'), "order"),
        "a column beyond every sheet": (sheet_xml('<row r="1"><c r="ZZZZZZZ1"><v>1</v></c></row>'), ""),
        "the last column": (sheet_xml(f'{good}<row r="2"><c r="XFD2"><v>1</v></c></row>'), "columns"),
        "a cell without letters": (sheet_xml('<row r="1"><c r="11"><v>1</v></c></row>'), "damaged"),
        "a tag in a row": (sheet_xml('<row r="1"><d r="A1"><v>1</v></d></row>'), ""),
        "a nested row": (sheet_xml(f'<row r="1">{good}</row>'), ""),
        "a nesting of 10,000 levels": (sheet_xml(f'<row r="1">{"<c>" * 10_000}{"</c>" * 10_000}</row>'), ""),
        "no such prefix": (b"<x:worksheet><x:sheetData/></x:worksheet>", "damaged"),
        "another namespace": (sheet_xml(good).replace(b"2006/main", b"2066/main"), ""),
        "a dimension that is none": (sheet_xml(good, dimension='<dimension ref="hello"/>'), ""),
        "validations without end": (sheet_xml(good, tail='<dataValidations count="x"/>'), ""),
        "unknown attributes": (sheet_xml(good, tail='<pageSetup foo="bar" paperSize="x"/>'), ""),
        "protection that is none": (sheet_xml(good, tail='<sheetProtection password="zz"/>'), ""),
        "columns without numbers": (sheet_xml(good, tail='<cols><col min="x"/></cols>'), ""),
        "a column below one": (sheet_xml(good, tail='<cols><col min="0" max="0"/></cols>'), ""),
    }
    for name, (sheet, says) in rows.items():
        yield Malformed("workbook sheets", name, always(changed(with_part(SHEET, sheet))), says)


def _cells() -> Iterator[Malformed]:
    for cell, name, xml, says in (
        ("C7", "a formula without a value", '<c r="C7"><f>1+1</f></c>', "an empty cell"),
        ("C7", "a formula with a text", '<c r="C7" t="str"><f>1+1</f><v>=1+1</v></c>', "plain number"),
        ("C7", "an error", '<c r="C7" t="e"><v>#REF!</v></c>', "error of a formula"),
        ("C7", "a number that is none", '<c r="C7"><v>abc</v></c>', "damaged"),
        ("C7", "1e999", '<c r="C7"><v>1e999</v></c>', "finite number"),
        ("C7", "NaN", '<c r="C7"><v>NaN</v></c>', "damaged"),
        ("C7", "5,000 digits", f'<c r="C7"><v>{"9" * 5000}</v></c>', "damaged"),
        ("C7", "4,000 digits", f'<c r="C7"><v>{"9" * 4000}</v></c>', "finite number"),
        ("C7", "a truth value", '<c r="C7" t="b"><v>1</v></c>', "1 for yes"),
        ("C7", "a truth value that is none", '<c r="C7" t="b"><v>maybe</v></c>', "damaged"),
        ("C7", "text nobody has", '<c r="C7" t="s"><v>999999</v></c>', "damaged"),
        ("C7", "text of a negative number", '<c r="C7" t="s"><v>-1</v></c>', "damaged"),
        ("C7", "a type that nobody knows", '<c r="C7" t="zz"><v>1,5</v></c>', ""),
        ("C7", "a style that nobody has", '<c r="C7" s="9999"><v>abc</v></c>', "damaged"),
        ("C7", "a style that is no number", '<c r="C7" s="x"><v>1</v></c>', "damaged"),
        ("C7", "an inline text with nothing in it", '<c r="C7" t="inlineStr"/>', "an empty cell"),
        ("C7", "an inline text of odd parts", '<c r="C7" t="inlineStr"><is foo="b"><q/></is></c>', ""),
        ("A7", "a date that is none", '<c r="A7" t="d"><v>soon</v></c>', "damaged"),
        ("A7", "a date of year 9999", '<c r="A7" t="d"><v>9999-12-31T00:00:00</v></c>', ""),
        ("A7", "a time alone", '<c r="A7" t="d"><v>13:45:00</v></c>', "date"),
    ):
        yield Malformed("workbook cells", name, always(cell_changed(cell, xml)), says)
    for name, serial, number_format, says in (
        ("the last day that a sheet knows", 2958465, "yyyy-mm-dd", "year between"),
        ("a day after the last", 2958466, "yyyy-mm-dd", "'#value!'"),
        ("a serial of 1e300", 1e300, "yyyy-mm-dd", "'#value!'"),
        ("a negative serial", -400_000, "yyyy-mm-dd", "year between"),
        ("a negative serial beyond all time", -4_000_000, "yyyy-mm-dd", "'#value!'"),
        ("the day that never was", 60, "yyyy-mm-dd", ""),
        ("serial nought", 0, "yyyy-mm-dd", ""),
        ("a duration", 45698.5, "[h]:mm:ss", "date"),
        ("a duration beyond all time", 1e15, "[h]:mm:ss", "'#value!'"),
        ("a time of day", 0.5, "hh:mm", "date"),
        ("a day with a time", 45698.5, "yyyy-mm-dd hh:mm", "time of day"),
    ):
        yield Malformed("workbook dates", f"{name}, 1900", always(dated(serial, number_format)), says)
        yield Malformed("workbook dates", f"{name}, 1904", always(dated(serial, number_format, is_1904=True)), "")
    for name, number_format in (("a date", "yyyy-mm-dd"), ("a time", "hh:mm"), ("a duration", "[h]:mm")):
        spent = dated(0.25, number_format, "C")
        yield Malformed("workbook cells", f"spend as {name}", always(spent), "plain number")


def _workbook(family: str, name: str, content: bytes, says: str = "workbook") -> Malformed:
    return Malformed(family, name, always(content), says)


def _spaces(megabytes: int) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as made, made.open(SHEET, "w") as part:
        for _ in range(megabytes):
            part.write(b" " * 1_000_000)
    return content.getvalue()


def _many_spaces(parts: Parts) -> None:
    parts.update({f"xl/worksheets/sheet{at}.xml": b" " * 6_000_000 for at in range(2, 22)})


def _junk(tag: str, size: int) -> bytes:
    """XML of many tags of three varying letters, so that it does not pack well."""
    letters = random.Random(size)
    block = "".join(f"<{''.join(letters.choices('abcdefghijklm', k=3))}/>" for _ in range(20_000))
    return f"<{tag} {MAIN}>{block * (size // len(block))}</{tag}>".encode()


def _one_text(length: int) -> bytes:
    letters = random.Random(9)
    text = "".join(letters.choices("abcdefghijklmnop ", k=length))
    cells = "".join(f'<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>' for row in range(1, 100_000))
    strings = f"<sst {MAIN}><si><t xml:space='preserve'> {text} </t></si></sst>"

    def change(parts: Parts) -> None:
        parts.update({SHEET: sheet_xml(cells), SHARED: strings.encode()})

    return changed(change)


def _declared(dimension: str, rows: str) -> Change:
    return with_part(SHEET, sheet_xml(rows, dimension=f'<dimension ref="{dimension}"/>'))


def _encoded(name: str) -> Change:
    def change(parts: Parts) -> None:
        parts[name] = b'<?xml version="1.0" encoding="UTF-7"?><a>+ADw-</a>'

    return change


def _macro(parts: Parts) -> None:
    replaced("[Content_Types].xml", "spreadsheetml.sheet.main+xml", "ms-excel.sheet.macroEnabled.main+xml")(parts)
    types = parts["[Content_Types].xml"].replace(
        b"application/vnd.openxmlformats-officedocument.ms-excel", b"application/vnd.ms-excel"
    )
    parts.update({"[Content_Types].xml": types, "xl/vbaProject.bin": b"\xd0\xcf\x11\xe0" + bytes(5000)})
    spoil(parts)


def _links(parts: Parts) -> None:
    book = (
        f'<externalLink {MAIN}><externalBook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships" r:id="rId1"/></externalLink>'
    )
    parts["xl/externalLinks/externalLink1.xml"] = book.encode()
    parts["xl/externalLinks/_rels/externalLink1.xml.rels"] = (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLinkPath" '
        b'Target="file:///etc/hostname" TargetMode="External"/></Relationships>'
    )
    replaced("[Content_Types].xml", "</Types>", _LINK_TYPE)(parts)
    replaced("xl/_rels/workbook.xml.rels", "</Relationships>", _LINK_RELATION)(parts)
    replaced("xl/workbook.xml", "</sheets>", _LINK_REFERENCE)(parts)
    spoil(parts)


_LINK_TYPE = (
    '<Override PartName="/xl/externalLinks/externalLink1.xml" ContentType="application/vnd.openxmlformats-'
    'officedocument.spreadsheetml.externalLink+xml"/></Types>'
)
_LINK_RELATION = (
    '<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLink" '
    'Target="/xl/externalLinks/externalLink1.xml"/></Relationships>'
)
_LINK_REFERENCE = (
    '</sheets><externalReferences><externalReference xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/'
    'relationships" r:id="rId99"/></externalReferences>'
)


def _headers(content: bytes) -> Iterator[int]:
    """Where the flags of each part stand, in its own header and in the directory."""
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(mark)
        while at >= 0:
            yield at + offset
            at = content.find(mark, at + 4)


def _patched(content: bytes, mark: bytes, offset: int, value: bytes) -> bytes:
    at = content.rindex(mark) + offset
    return content[:at] + value + content[at + len(value) :]


def _lying_size(megabytes: int) -> bytes:
    """A part that unpacks to far more than the directory says."""
    content = bytearray(_spaces(megabytes))
    small = struct.pack("<I", 1000)
    at = content.rindex(b"PK\x01\x02") + 24
    content[at : at + 4] = small
    content[22:26] = small
    return bytes(content)
