"""What knowing the curves would add to a split, against a search of every split."""

from itertools import product

import numpy as np
import pytest

from mmm.checks.split import STEPS, _best


def test_the_best_split_of_every_draw_is_that_of_a_search_of_all() -> None:
    rng = np.random.default_rng(1)
    levels = np.arange(STEPS + 1) / STEPS
    half, slope = rng.uniform(0.1, 0.8, (2, 3, 1)), rng.uniform(0.7, 3.0, (2, 3, 1))
    curves = rng.uniform(0.5, 2.0, (2, 3, 1)) * levels**slope / (levels**slope + half**slope)
    best, parts = _best(curves)
    for draw in range(2):
        of_draw = curves[draw]
        tried = max(
            of_draw[0, a] + of_draw[1, b] + of_draw[2, STEPS - a - b]
            for a, b in product(range(STEPS + 1), repeat=2)
            if a + b <= STEPS
        )
        assert best[draw] == pytest.approx(tried, rel=1e-12)
        reached = sum(of_draw[channel, int(part)] for channel, part in enumerate(parts[draw]))
        assert reached == pytest.approx(tried, rel=1e-12)
        assert parts[draw].sum() <= STEPS
