"""One way of writing dates a column, told from its cells and never guessed."""

from datetime import date, datetime

import pytest

from mmm.intake.dates import read_dates
from mmm.sentence import plain

JANUARY = date(2026, 1, 5)


@pytest.mark.parametrize(
    ("cells", "first"),
    [
        (["2026-01-05", "2026-01-12"], JANUARY),
        (["2026-1-5", "2026-1-12"], JANUARY),
        (["2026/01/05", "2026/01/12"], JANUARY),
        (["2026.01.05", "2026.01.12"], JANUARY),
        (["2026年1月5日", "2026年1月12日"], JANUARY),
        (["20260105", "20260112"], JANUARY),
        ([20260105, 20260112], JANUARY),
        (["05.01.2026", "12.01.2026"], JANUARY),
        (["2026-01-05 00:00:00", "2026-01-12 00:00:00"], JANUARY),
        (["2026-01-05T00:00", "2026-01-12T00:00"], JANUARY),
        ([datetime(2026, 1, 5), datetime(2026, 1, 12)], JANUARY),
        ([date(2026, 1, 5), date(2026, 1, 12)], JANUARY),
        (["2026-W02", "2026-W03"], JANUARY),
        (["2026-01", "2026-02"], date(2026, 1, 1)),
        (["202601", "202602"], date(2026, 1, 1)),
        (["2026年1月", "2026年2月"], date(2026, 1, 1)),
        (["2026Q2", "2026Q3"], date(2026, 4, 1)),
        (["Q2 2026", "Q3 2026"], date(2026, 4, 1)),
        (["2026年第2季度", "2026年第3季度"], date(2026, 4, 1)),
        (["1907", "1908"], date(1907, 1, 1)),
        ([1907.0, 1908.0], date(1907, 1, 1)),
    ],
)
def test_a_usual_way_to_write_dates_is_read(cells: list[object], first: date) -> None:
    read = read_dates(cells)
    assert read.problems == ()
    assert read.dates[0] == first


def test_a_day_that_does_not_exist_is_refused_with_the_length_of_its_month() -> None:
    (problem,) = read_dates(["2024-02-29", "2024-02-30"]).problems
    assert problem.index == 1
    assert "2024-02 has 29 days" in plain(problem.expected)


@pytest.mark.parametrize("text", ["2024-13-01", "2024-00-10", "2024-01-00", "0024-01-01", "2026-W54"])
def test_a_date_outside_of_the_calendar_is_refused(text: str) -> None:
    assert read_dates([text]).problems[0].kind == "impossible"


@pytest.mark.parametrize(
    "text", ["5.1.26", "24-01-05", "Jan 2026", "soon", "42000", "2026-01-05 13:30:00", "２０２６-01-05"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    assert read_dates([text]).problems


def test_cells_in_another_format_than_most_are_refused() -> None:
    (problem,) = read_dates(["2026-01-05", "2026/01/12", "2026-01-19"]).problems
    assert (problem.index, plain(problem.found)) == (1, "'2026/01/12'")
    assert "'2026-01-05'" in plain(problem.expected)


def test_date_cells_and_texts_are_two_formats() -> None:
    (problem,) = read_dates([datetime(2026, 1, 5), datetime(2026, 1, 12), "2026-01-19"]).problems
    assert problem.index == 2


def test_a_time_of_day_is_refused() -> None:
    assert plain(read_dates([datetime(2026, 1, 5, 13, 30)]).problems[0].expected) == "a date without a time of day"


def test_day_and_month_in_either_order_are_refused() -> None:
    (problem,) = read_dates(["1/2/2026", "1/3/2026"]).problems
    assert "first" in plain(problem.found)


@pytest.mark.parametrize(
    ("cells", "order", "last"),
    [
        (["1/5/2026", "1/12/2026", "1/19/2026"], "month/day/year", date(2026, 1, 19)),
        (["5/1/2026", "12/1/2026", "19/1/2026"], "day/month/year", date(2026, 1, 19)),
    ],
)
def test_the_one_order_that_makes_every_cell_a_day_is_taken_and_noted(cells: list[str], order: str, last: date) -> None:
    read = read_dates(cells)
    assert read.dates[-1] == last
    assert read.notes[0].values["order"].text == order


def test_a_day_that_exists_in_neither_order_is_refused_alone() -> None:
    (problem,) = read_dates(["1/5/2026", "1/12/2026", "1/19/2026", "13/32/2026"]).problems
    assert problem.index == 3
