"""Rules that clash: each one named is needed for the clash, and the relaxation named ends it."""

import pytest
from clashes import judged


@pytest.mark.parametrize("seed", range(16))
def test_every_rule_of_a_conflict_is_needed_and_its_relaxation_ends_it(seed: int) -> None:
    found = judged([9, seed])
    assert found.is_infeasible
    assert found.is_right, found
