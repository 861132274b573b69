"""Numbers are read as they stand, or refused with what to write instead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from market_files import only_fault, refusal, weekly_sheet

from mmm.intake.cells import LARGEST, SMALLEST, read_numbers
from mmm.sentence import plain


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("1,234", "1234"),
        ("1,234,567.5", "1234567.5"),
        ("1 234", "1234"),
        ("1'234", "1234"),
        ("1.234,5", "1234.5"),
        ("12,5", "12.5"),
        ("12%", "0.12"),
        ("$12", "currency"),
        ("12 €", "currency"),
        ("¥1200", "currency"),
        ("￥1200", "currency"),
        ("1200元", "currency"),
        ("USD 12", "currency"),
        ("１２３", "123"),
        ("(120)", "minus"),
        ("inf", "finite"),
        ("-Infinity", "finite"),
        ("1e999", "finite"),
        ("nan", "every row"),
        ("NA", "every row"),
        ("-", "every row"),
        ("", "every row"),
        ("   ", "every row"),
        ("#DIV/0!", "formula"),
        ("#REF!", "formula"),
        ("twelve", "plain number"),
        ("1_000", "plain number"),
        ("0x1F", "plain number"),
        ("1.2.3", "plain number"),
        ("1e", "plain number"),
        ("٣", "plain number"),
    ],
)
def test_a_cell_that_is_no_plain_number_is_refused_with_what_to_write(text: str, advice: str) -> None:
    fault = only_fault(weekly_sheet().put(17, "tv_spend", text))
    assert (fault.file, fault.row, fault.field) == ("shop.csv", 17, "tv_spend")
    assert advice in plain(fault.expected)
    assert plain(fault.found) == ("an empty cell" if not text.strip() else repr(text))


@pytest.mark.parametrize("text", ["12", "+12", "12.0", "12.", "1.2e1", "1200E-2", " 12 ", "012"])
def test_plain_spellings_of_a_number_are_read(text: str) -> None:
    assert read_numbers([text.strip()]).values.tolist() == [12.0]


@pytest.mark.parametrize("column", ["tv_spend", "orders", "newsletter"])
def test_a_negative_amount_is_refused_where_there_can_be_none(column: str) -> None:
    fault = only_fault(weekly_sheet().put(9, column, "-1"))
    assert (fault.row, fault.field, plain(fault.found)) == (9, column, "'-1'")


def test_a_control_may_be_negative() -> None:
    assert refusal(weekly_sheet().put(9, "price", "-1")) == ()


def test_every_bad_cell_is_listed_at_once() -> None:
    sheet = weekly_sheet().put(3, "tv_spend", "x").put(9, "orders", "").put(9, "price", "1,5").put(61, "tv_spend", "-3")
    assert {(fault.row, fault.field) for fault in refusal(sheet)} == {
        (3, "tv_spend"),
        (9, "orders"),
        (9, "price"),
        (61, "tv_spend"),
    }


def test_many_faults_of_one_kind_are_listed_up_to_a_limit_and_then_counted() -> None:
    faults = refusal(weekly_sheet().fill("tv_spend", lambda _: "1,234"))
    assert [fault.row for fault in faults[:20]] == list(range(2, 22))
    assert len(faults) == 21
    assert "40 more" in plain(faults[20].found)
    assert "22 to 61" in plain(faults[20].found)


def test_text_in_a_column_that_nobody_named_is_no_fault() -> None:
    assert refusal(weekly_sheet().put(5, "remark", "1,234 %")) == ()


def test_counts_that_are_not_whole_are_refused_for_a_likelihood_of_counts() -> None:
    outcome = {"name": "orders", "column": "orders", "unit": "orders", "likelihood": "negative_binomial"}
    fault = only_fault(weekly_sheet().put(7, "orders", "12.5"), outcomes=[outcome])
    assert (fault.row, fault.field) == (7, "orders")
    assert "whole" in plain(fault.expected)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_within_the_sizes_that_are_read_reads_back_as_itself(value: float) -> None:
    read = read_numbers([repr(value)])
    if value == 0 or SMALLEST <= abs(value) <= LARGEST:
        assert read.values[0] == value
    else:
        assert [problem.kind for problem in read.problems] == ["out of range"]


@given(st.text(max_size=12))
def test_whatever_is_read_is_what_python_reads(text: str) -> None:
    read = read_numbers([text])
    if read.problems:
        assert plain(read.problems[0].expected)
    else:
        assert read.values[0] == float(text)
