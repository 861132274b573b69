"""Whatever the cell, a spoilt one is refused by its row and column; whatever the file, equal data are equal."""

import io

import openpyxl
import pyarrow
import pyarrow.parquet
from hypothesis import given, settings
from hypothesis import strategies as st
from market_files import HEADER, places, read, refusal, weekly_sheet

ROWS = st.integers(2, 61)
NUMBERS = st.sampled_from(["orders", "tv_spend", "search_spend", "social_spend", "price", "newsletter"])
NO_NUMBERS = st.sampled_from(["", "na", "1,234", "12%", "€5", "１２", "inf", "1e999", "x", "--", "0,5", "=1+1"])
NO_DATES = st.sampled_from(["", "2025-02-30", "2025-13-01", "2025/03/03", "3 March", "1999", "2025-W09", "42000"])


@settings(max_examples=60, deadline=None)
@given(ROWS, NUMBERS, NO_NUMBERS)
def test_a_spoilt_number_is_refused_by_its_row_and_column_alone(row: int, column: str, text: str) -> None:
    assert places(refusal(weekly_sheet().put(row, column, text))) == {(row, column)}


@settings(max_examples=40, deadline=None)
@given(ROWS, NO_DATES)
def test_a_spoilt_date_is_refused_by_its_row_and_column_alone(row: int, text: str) -> None:
    assert places(refusal(weekly_sheet().put(row, "week", text))) == {(row, "week")}


@settings(max_examples=40, deadline=None)
@given(st.integers(3, 60), st.integers(-700, 700).filter(lambda days: days != 0))
def test_a_date_moved_elsewhere_is_refused_by_its_row(row: int, days: int) -> None:
    from datetime import date, timedelta

    sheet = weekly_sheet()
    moved = date.fromisoformat(sheet.rows[row - 2][0]) + timedelta(days=days)
    rows = {fault.row for fault in refusal(sheet.put(row, "week", str(moved)))}
    neighbours = {row - 1, row, row + 1} if abs(days) == 7 else {row}
    assert rows & neighbours


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10_000),
    st.permutations(range(len(HEADER))),
    st.sampled_from(["csv", "semicolon", "bom", "gb18030", "utf-16", "xlsx", "parquet"]),
)
def test_the_digest_is_the_same_in_every_format_and_order_of_columns(seed: int, order: list[int], kind: str) -> None:
    sheet = weekly_sheet(seed=seed)
    expected = read(sheet).data_digest
    sheet.fill("remark", lambda at: f"备注{at}")
    sheet.header = [sheet.header[at] for at in order]
    sheet.rows = [[row[at] for at in order] for row in sheet.rows]
    match kind:
        case "csv" | "semicolon":
            content = sheet.csv(";" if kind == "semicolon" else ",")
        case "bom" | "gb18030" | "utf-16":
            content = sheet.csv(encoding="utf-8-sig" if kind == "bom" else kind)
        case "xlsx":
            workbook, stream = openpyxl.Workbook(), io.BytesIO()
            for row in [sheet.header, *sheet.rows]:
                workbook.active.append(row)
            workbook.save(stream)
            content = stream.getvalue()
        case _:
            columns = dict(zip(sheet.header, zip(*sheet.rows, strict=True), strict=True))
            stream = io.BytesIO()
            pyarrow.parquet.write_table(pyarrow.table({name: list(cells) for name, cells in columns.items()}), stream)
            content = stream.getvalue()
    assert read(content).data_digest == expected
