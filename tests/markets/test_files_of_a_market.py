"""CSV, XLSX and Parquet of any usual make read as the same table; others are refused with what to do."""

import io
import zipfile
from datetime import date

import openpyxl
import pandas as pd
import pytest
from market_files import Sheet, only_fault, panel_sheet, read, refusal, weekly_sheet

from mmm.sentence import plain


def xlsx(sheet: Sheet, *, as_text: bool = False, more_sheets: bool = False) -> bytes:
    workbook = openpyxl.Workbook()
    page = workbook.active
    page.append(sheet.header)
    for row in sheet.rows:
        page.append(row if as_text else [_typed(cell) for cell in row])
    if more_sheets:
        workbook.create_sheet("notes").append(["hello"])
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def parquet(sheet: Sheet) -> bytes:
    frame = pd.DataFrame([[_typed(cell) for cell in row] for row in sheet.rows], columns=sheet.header)
    content = io.BytesIO()
    frame.to_parquet(content)
    return content.getvalue()


def _typed(cell: str) -> object:
    try:
        return float(cell)
    except ValueError:
        try:
            return date.fromisoformat(cell)
        except ValueError:
            return cell


DIGEST = read(weekly_sheet()).data_digest


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_delimiters_and_encodings_read_alike(delimiter: str, encoding: str) -> None:
    sheet = weekly_sheet().fill("remark", lambda at: f"第{at}周，促销{delimiter}活动")
    assert read(sheet.csv(delimiter, encoding)).data_digest == DIGEST


def test_workbooks_read_alike_with_typed_cells_and_with_texts() -> None:
    assert read(xlsx(weekly_sheet())).data_digest == DIGEST
    assert read(xlsx(weekly_sheet(), as_text=True)).data_digest == DIGEST


def test_parquet_reads_alike() -> None:
    assert read(parquet(weekly_sheet())).data_digest == DIGEST


def test_a_panel_reads_alike_from_each_format() -> None:
    columns = {"date": "week", "geo": "region", "population": "people"}
    sheet = panel_sheet(geos=("1", "2", "10"))
    digests = {read(content, columns=columns).data_digest for content in (sheet.csv(), xlsx(sheet), parquet(sheet))}
    assert len(digests) == 1


def test_the_digest_is_of_the_values_that_are_used() -> None:
    assert read(weekly_sheet().put(5, "remark", "other")).data_digest == DIGEST
    assert read(weekly_sheet().put(5, "tv_spend", "1")).data_digest != DIGEST


def test_gb18030_is_noted() -> None:
    sheet = weekly_sheet().fill("remark", lambda _: "促销")
    assert any("GB18030" in plain(note) for note in read(sheet.csv(encoding="gb18030")).notes)


def test_western_text_is_not_read_as_chinese() -> None:
    sheet = weekly_sheet().fill("remark", lambda _: "Zürich")
    fault = only_fault(sheet.csv(encoding="cp1252"))
    assert fault.row == 2
    assert "UTF-8" in plain(fault.expected)


def test_a_second_sheet_is_noted() -> None:
    assert "'Sheet'" in plain(read(xlsx(weekly_sheet(), more_sheets=True)).notes[0])


def test_faults_in_a_workbook_name_the_row_of_the_spreadsheet() -> None:
    fault = only_fault(xlsx(weekly_sheet().put(9, "tv_spend", "1,234")))
    assert (fault.row, fault.field) == (9, "tv_spend")


def test_faults_in_parquet_are_numbered_as_if_the_header_were_row_one() -> None:
    sheet = weekly_sheet()
    frame = pd.DataFrame([[_typed(cell) for cell in row] for row in sheet.rows], columns=sheet.header)
    frame.loc[7, "tv_spend"] = float("nan")
    content = io.BytesIO()
    frame.to_parquet(content)
    fault = only_fault(content.getvalue())
    assert (fault.row, fault.field, plain(fault.found)) == (9, "tv_spend", "an empty cell")


def test_quoted_cells_with_delimiters_and_line_breaks_keep_their_rows() -> None:
    sheet = weekly_sheet().fill("remark", lambda _: 'one, "two"\nthree').put(9, "tv_spend", "x")
    assert only_fault(sheet).row == 9


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b" \n\n", "an empty file"),
        (b"\xef\xbb\xbf", "an empty file"),
        (b"week,orders\n", "no rows"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "XLS"),
        (b"<html><table></table></html>", "web page"),
        (b"week,orders\n2025-01-06,\x00\x00\n", "NUL"),
        (b"PK\x03\x04 not really", "damaged"),
        (b"PAR1 not really PAR1", "damaged"),
        (b'week,orders\n2025-01-06,"12\n', "end of data"),
        (b"Report of May\nweek,orders\n2025-01-06,12\n2025-01-13,14\n", "first row"),
        (b",,\n1,2,3\n", "empty first row"),
    ],
)
def test_a_file_without_a_table_is_refused_with_what_it_is(content: bytes, found: str) -> None:
    assert found in plain(only_fault(content).found)


def test_a_row_with_a_number_split_by_its_comma_is_refused() -> None:
    lines = weekly_sheet().csv().decode().splitlines()
    lines[8] = lines[8].replace(",na", ",1,234,na")
    fault = only_fault("\n".join(lines).encode())
    assert fault.row == 9
    assert plain(fault.found) == "10 cells"
    assert "separators of thousands" in plain(fault.expected)


def test_a_short_row_is_refused() -> None:
    lines = weekly_sheet().csv().decode().splitlines()
    lines[8] = ",".join(lines[8].split(",")[:4])
    assert [(fault.row, plain(fault.found)) for fault in refusal("\n".join(lines).encode())] == [(9, "4 cells")]


def test_an_empty_row_between_others_is_refused_and_one_at_the_end_is_not() -> None:
    lines = weekly_sheet().csv().decode().splitlines()
    assert read("\n".join([*lines, "", ",,,,,,,", ""]).encode()).data_digest == DIGEST
    assert 10 in {fault.row for fault in refusal("\n".join([*lines[:9], "", *lines[9:]]).encode())}


def test_a_workbook_that_unpacks_to_more_than_the_limit_is_refused_before_it_is_read() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 210_000_000)
    assert len(content.getvalue()) < 1_000_000
    assert "unpacked" in plain(only_fault(content.getvalue()).found)


def test_a_workbook_of_very_many_rows_is_refused() -> None:
    content = ("a,b\n" + "1,2\n" * 500_001).encode()
    assert "rows" in plain(only_fault(content).found)


def test_a_workbook_with_xml_entities_is_refused() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx(weekly_sheet()))) as good, zipfile.ZipFile(content, "w") as bad:
        for part in good.namelist():
            is_sheet = part.endswith("sheet1.xml")
            bad.writestr(part, bomb + good.read(part) if is_sheet else good.read(part))
    assert "entities" in plain(only_fault(content.getvalue()).found)


def test_empty_rows_far_below_the_data_do_not_count() -> None:
    workbook = openpyxl.load_workbook(io.BytesIO(xlsx(weekly_sheet())))
    workbook.active.cell(row=900_000, column=3).font = openpyxl.styles.Font(bold=True)
    content = io.BytesIO()
    workbook.save(content)
    assert read(content.getvalue()).data_digest == DIGEST


def test_formulas_without_a_calculated_value_are_empty_cells() -> None:
    workbook = openpyxl.load_workbook(io.BytesIO(xlsx(weekly_sheet())))
    workbook.active["C9"] = "=1+1"
    content = io.BytesIO()
    workbook.save(content)
    fault = only_fault(content.getvalue())
    assert (fault.row, fault.field, plain(fault.found)) == (9, "tv_spend", "an empty cell")
