"""First periods whose spend counts and whose outcome does not."""

from dataclasses import replace

import numpy as np
import pytest
from fitting_markets import quick, small_market

from mmm.design import build_design
from mmm.errors import FitError
from mmm.fit import fit_outcome
from mmm.market import Market


def with_carry_in(market: Market, periods: int) -> Market:
    choices = market.spec.model.model_copy(update={"carry_in": periods})
    return replace(market, spec=market.spec.model_copy(update={"model": choices}))


def test_outcomes_of_the_carry_in_teach_nothing_and_its_spend_does() -> None:
    market = quick(with_carry_in(small_market(), 13))
    changed = market.outcomes["orders"].copy()
    changed[:13] = 5.0
    halved = market.spend.copy()
    halved[:13] *= 0.5
    usual = fit_outcome(market, "orders").draws.ceiling
    np.testing.assert_array_equal(
        fit_outcome(replace(market, outcomes={"orders": changed}), "orders").draws.ceiling, usual
    )
    assert not np.array_equal(fit_outcome(replace(market, spend=halved), "orders").draws.ceiling, usual)


def test_what_is_held_out_comes_after_what_is_seen() -> None:
    market = with_carry_in(small_market(), 13)
    design = build_design(market, market.spec.outcomes[0], 8)
    assert design.observed.tolist() == [0.0] * 13 + [1.0] * 39 + [0.0] * 8
    assert np.flatnonzero(design.held_out).tolist() == list(range(52, 60))


def test_a_carry_in_of_more_than_half_of_the_history_is_refused() -> None:
    market = with_carry_in(small_market(), 31)
    with pytest.raises(FitError, match=r"carry_in under .model. is 31, more than half of the 60 periods"):
        build_design(market, market.spec.outcomes[0], 0)
