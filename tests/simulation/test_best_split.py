import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmm.simulation.best_split import best_split
from mmm.simulation.horizon_response import MONEY_STEPS, SeparateResponses
from mmm.simulation.outlook import Outlook, look_ahead
from mmm.simulation.simulate import simulate_market

GRID = 10


def separate(outlook: Outlook) -> SeparateResponses:
    assert isinstance(outlook.response, SeparateResponses)
    return outlook.response


def brute_force(values: np.ndarray, is_brand: np.ndarray, band: tuple[float, float] | None) -> float:
    best = -np.inf
    for steps in itertools.product(range(GRID + 1), repeat=len(values)):
        share = sum(s for s, b in zip(steps, is_brand, strict=True) if b) / GRID
        if sum(steps) == GRID and (band is None or band[0] - 1e-12 <= share <= band[1] + 1e-12):
            best = max(best, sum(values[c, s] for c, s in enumerate(steps)))
    return best


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([None, (0.3, 0.5), (0.6, 0.6), (0.0, 1.0)]))
def test_no_split_on_the_grid_earns_more_whatever_the_curves(seed, band):
    rng = np.random.default_rng(seed)
    values = np.cumsum(rng.exponential(size=(4, GRID + 1)) ** 2, axis=1)
    is_brand = np.array([True, False, True, False])
    found = best_split(values, is_brand, band)
    assert found.steps.sum() == GRID
    assert found.value == pytest.approx(brute_force(values, is_brand, band))
    assert found.value == pytest.approx(values[np.arange(4), found.steps].sum())


def test_a_band_that_lies_between_two_steps_of_money_is_refused():
    with pytest.raises(ValueError, match="band"):
        best_split(np.ones((2, 4)), np.array([True, False]), (0.4, 0.5))


def test_a_band_without_brand_channels_is_refused():
    with pytest.raises(ValueError, match="band"):
        best_split(np.ones((2, 4)), np.array([False, False]), (0.4, 0.9))


@pytest.mark.parametrize("kind", ["b2b", "b2c"])
def test_the_best_split_beats_random_ones_and_last_years_inside_the_band(kind):
    outlook = look_ahead(simulate_market(kind, seed=11))
    budget = float(outlook.reference_spend.sum())
    best = outlook.best(budget, outlook.band)
    assert best.spend.sum() == pytest.approx(budget, rel=1e-12)
    assert outlook.band[0] - 1e-9 <= best.spend[outlook.is_brand].sum() / budget <= outlook.band[1] + 1e-9
    assert best.incremental <= outlook.best(budget, None).incremental
    rng = np.random.default_rng(1)
    brand_share = rng.uniform(*outlook.band, 200)
    for share in brand_share:
        spend = rng.dirichlet(np.ones(len(best.spend)))
        for group, part in ((outlook.is_brand, share), (~outlook.is_brand, 1.0 - share)):
            spend[group] *= part * budget / spend[group].sum()
        # The grid may miss the optimum by a second-order amount: half a step on a flat top.
        assert outlook.judge(spend).incremental <= best.incremental * (1 + 1e-5)


def test_moving_one_step_of_money_between_channels_never_helps():
    outlook = look_ahead(simulate_market("b2c", seed=12))
    budget = float(outlook.reference_spend.sum())
    best = outlook.best(budget, None)
    step = budget / MONEY_STEPS
    for giver, taker in itertools.permutations(range(len(best.spend)), 2):
        moved = best.spend.copy()
        moved[giver] -= step
        moved[taker] += step
        if moved[giver] >= 0:
            assert outlook.judge(moved).incremental <= best.incremental + 1e-9


def test_the_outlook_reads_curves_as_the_optimiser_does():
    outlook = look_ahead(simulate_market("b2b", seed=13))
    for channel, (curve,) in enumerate(separate(outlook).curves):
        response = curve.response
        # A budget phased over the horizon becomes as much adstock as there was money.
        assert response.gain.sum() == pytest.approx(1.0)
        budgets = np.array([0.0, 1e4, 1e5])
        np.testing.assert_allclose(outlook.curve(channel, budgets), [response.expected(b) for b in budgets], atol=1e-12)
        slope = np.diff(outlook.curve(channel, np.array([5e4 - 1.0, 5e4 + 1.0])))[0] / 2.0
        assert outlook.marginal(channel, 5e4) == pytest.approx(slope, rel=1e-4)


def test_a_panel_is_judged_as_the_sum_of_its_geos():
    outlook = look_ahead(simulate_market("b2c", seed=14, geos=2))
    response = separate(outlook)
    assert response.geo_share.sum(axis=1) == pytest.approx(np.ones(8))
    split = outlook.judge(outlook.reference_spend)
    by_hand = sum(
        curve.response.expected(share * spend)
        for of_geos, shares, spend in zip(response.curves, response.geo_share, split.spend, strict=True)
        for curve, share in zip(of_geos, shares, strict=True)
    )
    assert split.incremental == pytest.approx(by_hand)
    assert split.within_horizon < split.incremental


def test_a_likelier_promise_is_a_smaller_one():
    outlook = look_ahead(simulate_market("b2b", seed=15))
    split = outlook.judge(outlook.reference_spend)
    assert outlook.reached(split, 0.9) < outlook.reached(split, 0.8) < outlook.base + split.within_horizon
    assert outlook.reached(split, 0.5) == pytest.approx(outlook.base + split.within_horizon)
