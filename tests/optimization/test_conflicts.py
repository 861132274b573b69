"""Rules that clash: each one named is needed for the clash, and the relaxation named ends it."""

import pytest
from clashes import judged, judged_with_a_task


@pytest.mark.parametrize("seed", range(16))
def test_every_rule_of_a_conflict_is_needed_and_its_relaxation_ends_it(seed: int) -> None:
    found = judged([9, seed])
    assert found.is_infeasible
    assert found.is_right, found


@pytest.mark.parametrize("seed", [12, 14, 20])
def test_what_stands_against_a_task_is_needed_for_it_and_the_task_as_relaxed_is_reached(seed: int) -> None:
    found = judged_with_a_task([1, seed])
    assert found.is_infeasible
    assert found.is_right, found
