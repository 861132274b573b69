"""The weekly sheet as a workbook, and changes of its parts and cells, from which wrong ones are made."""

import functools
import io
import zipfile
from collections.abc import Callable, Mapping

import openpyxl
from market_files import weekly_sheet

SHEET = "xl/worksheets/sheet1.xml"
SHARED = "xl/sharedStrings.xml"
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
type Parts = dict[str, bytes]
type Change = Callable[[Parts], None]

_SHARED_TYPE = (
    '<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'spreadsheetml.sharedStrings+xml"/></Types>'
)


@functools.cache
def workbook() -> bytes:
    """The weekly sheet as openpyxl writes it, every cell a text."""
    made = openpyxl.Workbook()
    page = made.active
    asked = weekly_sheet()
    for row in [asked.header, *asked.rows]:
        page.append(row)
    content = io.BytesIO()
    made.save(content)
    return content.getvalue()


def changed(change: Change, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The workbook with its parts changed."""
    with zipfile.ZipFile(io.BytesIO(workbook())) as good:
        parts = {name: good.read(name) for name in good.namelist()}
    change(parts)
    if SHARED in parts:
        replaced("[Content_Types].xml", "</Types>", _SHARED_TYPE)(parts)
    return archive(parts, compression)


def archive(parts: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of parts."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as made:
        for name, part in parts.items():
            made.writestr(name, part)
    return content.getvalue()


def sheet_xml(rows: str, head: str = "", dimension: str = "", tail: str = "") -> bytes:
    """A sheet with these rows."""
    return (
        f'<?xml version="1.0"?>{head}<worksheet {MAIN}>{dimension}<sheetData>{rows}</sheetData>{tail}</worksheet>'
    ).encode()


def with_part(name: str, content: bytes) -> Change:
    """A change that puts one part in place."""

    def change(parts: Parts) -> None:
        parts[name] = content

    return change


def without_part(name: str) -> Change:
    """A change that takes one part away."""

    def change(parts: Parts) -> None:
        del parts[name]

    return change


def replaced(name: str, old: str, new: str) -> Change:
    """A change of text in one part."""

    def change(parts: Parts) -> None:
        assert old.encode() in parts[name], (old, parts[name][:500])
        parts[name] = parts[name].replace(old.encode(), new.encode(), 1)

    return change


def cell_changed(cell: str, xml: str) -> bytes:
    """The workbook with one cell of the sheet written otherwise."""

    def change(parts: Parts) -> None:
        text = parts[SHEET].decode()
        start = text.index(f'<c r="{cell}"')
        end = text.index("</c>", start) + len("</c>")
        parts[SHEET] = (text[:start] + xml + text[end:]).encode()

    return changed(change)


def entities_used(name: str, declared: str, used: str) -> Change:
    """A change that puts a document type before a part and uses its entities at the part's end."""

    def change(parts: Parts) -> None:
        text = parts[name].decode()
        head, end, body = text.partition("?>") if text.startswith("<?xml") else ("", "", text)
        closing = body.rindex("</")
        parts[name] = f"{head}{end}{declared}{body[:closing]}{used}{body[closing:]}".encode()

    return change


def spoil(parts: Parts) -> None:
    """One cell that no number is, so that the market is refused for it."""
    text = parts[SHEET].decode()
    start = text.index('<c r="C7"')
    end = text.index("</c>", start) + len("</c>")
    parts[SHEET] = (text[:start] + '<c r="C7" t="str"><v>spoilt</v></c>' + text[end:]).encode()


def dated(serial: float, number_format: str, column: str = "A", *, is_1904: bool = False) -> bytes:
    """The workbook, its dates as cells, with one serial number for a date."""
    made = openpyxl.load_workbook(io.BytesIO(workbook()))
    if is_1904:
        made.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    page = made.active
    for row in range(2, page.max_row + 1):
        cell = page[f"A{row}"]
        cell.value = openpyxl.utils.datetime.to_excel(openpyxl.utils.datetime.from_ISO8601(cell.value), made.epoch)
        cell.number_format = "yyyy-mm-dd"
    page[f"{column}7"] = serial
    page[f"{column}7"].number_format = number_format
    content = io.BytesIO()
    made.save(content)
    return content.getvalue()
