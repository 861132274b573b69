import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.cli.rounding import rounded_to_total


def test_thirds_of_a_hundred_add_up_to_a_hundred() -> None:
    assert rounded_to_total([100 / 3] * 3, 100.0) == [34.0, 33.0, 33.0]


def test_amounts_that_do_not_add_up_are_rounded_each_for_itself() -> None:
    assert rounded_to_total([1.4, 2.6], 100.0) == [1.0, 3.0]


@given(st.lists(st.floats(min_value=0, max_value=1e9), min_size=1, max_size=30))
def test_rounded_amounts_add_up_and_are_off_by_less_than_one(amounts: list[float]) -> None:
    rounded = rounded_to_total(amounts, sum(amounts))
    assert sum(rounded) == pytest.approx(round(sum(amounts)), abs=1e-6)
    assert all(abs(after - before) < 1 for before, after in zip(amounts, rounded, strict=True))
