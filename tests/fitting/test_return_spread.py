"""How far returns may lie apart beforehand: as far as budgets that move together hide what each channel brings."""

from dataclasses import replace

import numpy as np
import pytest
from fitting_markets import small_market

from mmm.design import build_design
from mmm.priors import ORGANIC_SPREAD, SHARED_SPREAD, build_priors
from mmm.return_spread import SEEN_SPREAD, UNSEEN_SPREAD, own_spread
from mmm.spec import RoasPrior
from mmm.vocabulary import FloatArray

PERIODS = 120
NOTHING_KNOWN = np.ones((PERIODS, 1))
"""A baseline of an intercept alone."""


def budgets(channels: int = 3, seed: int = 1) -> FloatArray:
    return np.random.default_rng(seed).gamma(4.0, 25.0, (PERIODS, channels))


def moving_as(first: FloatArray, apart: float) -> FloatArray:
    """A budget that does what another does but for a part of its own."""
    own = np.random.default_rng(2).standard_normal(len(first))
    return 2.0 * first * (1.0 + apart * own)


def test_channels_that_are_planned_apart_are_as_alike_as_those_whose_returns_were_seen() -> None:
    np.testing.assert_allclose(own_spread(budgets(), NOTHING_KNOWN), SEEN_SPREAD, rtol=0.05)


def test_twins_may_differ_as_much_as_channels_that_nobody_has_seen() -> None:
    spend = budgets()
    spend[:, 1] = moving_as(spend[:, 0], 0.02)
    spread = own_spread(spend, NOTHING_KNOWN)
    np.testing.assert_allclose(spread[:2], UNSEEN_SPREAD, rtol=0.01)
    np.testing.assert_allclose(spread[2], SEEN_SPREAD, rtol=0.05)


def test_what_was_seen_counts_as_a_measurement_whose_precision_is_what_moved_apart() -> None:
    spend = budgets(2)
    spend[:, 1] = moving_as(spend[:, 0], 0.5)
    apart = 1.0 - float(np.corrcoef(spend.T).min()) ** 2
    precision = UNSEEN_SPREAD**-2 + apart * (SEEN_SPREAD**-2 - UNSEEN_SPREAD**-2)
    np.testing.assert_allclose(own_spread(spend, NOTHING_KNOWN), precision**-0.5, rtol=0.01)


def test_a_channel_alone_and_a_history_too_short_to_tell_count_as_seen() -> None:
    assert own_spread(budgets(1), NOTHING_KNOWN) == pytest.approx([SEEN_SPREAD])
    np.testing.assert_array_equal(own_spread(budgets(4)[:6], NOTHING_KNOWN[:6]), SEEN_SPREAD)


def test_what_all_budgets_do_with_a_demand_that_the_baseline_knows_is_no_likeness_of_channels() -> None:
    demand = np.random.default_rng(3).standard_normal(PERIODS)
    spend = 1000.0 + budgets() + 200.0 * demand[:, None]
    assert min(own_spread(spend, NOTHING_KNOWN)) > 0.9 * UNSEEN_SPREAD
    known = np.column_stack([NOTHING_KNOWN, demand])
    np.testing.assert_allclose(own_spread(spend, known), SEEN_SPREAD, rtol=0.05)


def test_the_unit_of_money_makes_no_difference() -> None:
    spend = budgets()
    spend[:, 1] = moving_as(spend[:, 0], 0.2)
    np.testing.assert_allclose(
        own_spread(spend * np.array([1.0, 1e6, 1e-6]), NOTHING_KNOWN), own_spread(spend, NOTHING_KNOWN)
    )


def test_a_market_whose_channels_move_together_gets_wider_shares_and_no_other_prior_changes() -> None:
    market = small_market()
    outcome = market.spec.outcomes[0]
    alike = market.spend.copy()
    alike[:, 1, 0] = moving_as(alike[:, 0, 0], 0.05)
    designs = [build_design(made, outcome, 0) for made in (market, replace(market, spend=alike))]
    before, after = (build_priors(market, outcome, design) for design in designs)
    first, second = designs[0].paid[:2]
    assert min(after.log_share[1, [first, second]]) > 0.95 * UNSEEN_SPREAD
    assert max(before.log_share[1, list(designs[0].paid)]) < 1.1 * SEEN_SPREAD
    np.testing.assert_array_equal(after.log_share[1, list(designs[0].organic)], ORGANIC_SPREAD)
    np.testing.assert_array_equal(after.shared_share, before.shared_share)
    assert after.shared_share[first] == SHARED_SPREAD
    np.testing.assert_array_equal(after.log_half_saturation, before.log_half_saturation)


def test_a_prior_that_a_planner_gives_is_left_as_it_is() -> None:
    market = small_market()
    channels = tuple(
        channel.model_copy(update={"roas": RoasPrior(median=2.0, spread=0.3)}) for channel in market.spec.channels
    )
    alike = market.spend.copy()
    alike[:, 1, 0] = moving_as(alike[:, 0, 0], 0.05)
    market = replace(market, spend=alike, spec=market.spec.model_copy(update={"channels": channels}))
    outcome = market.spec.outcomes[0]
    design = build_design(market, outcome, 0)
    np.testing.assert_array_equal(build_priors(market, outcome, design).log_share[1, list(design.paid)], 0.3)
