"""What wider priors do to returns: little where the data speak, much where they do not."""

from dataclasses import replace

import numpy as np
import pytest
from fitting_markets import quick, small_market

from mmm.checks.sensitivity import PriorSensitivity, compare_priors, with_learnt_shapes
from mmm.design import build_design
from mmm.fit import fit_widened
from mmm.market import Market
from mmm.priors import build_priors, widened
from mmm.sentence import plain
from mmm.simulation.simulate import simulate_market


def sensitivity(market: Market, outcome: str, **effort: int) -> PriorSensitivity:
    fits = {factor: fit_widened(quick(market, **effort), outcome, factor) for factor in (1.0, 2.0)}
    return compare_priors("testland", outcome, 10.0, fits.pop(1.0), fits)


def test_every_spread_about_media_widens_and_no_location_moves() -> None:
    market = small_market()
    design = build_design(market, market.spec.outcomes[0], 0)
    before = build_priors(market, market.spec.outcomes[0], design)
    after = widened(before, 2.0)
    for name in ("logit_retention", "log_half_saturation", "log_slope", "log_share", "logit_peak", "log_exponent"):
        np.testing.assert_array_equal(getattr(after, name)[0], getattr(before, name)[0])
        np.testing.assert_allclose(getattr(after, name)[1], 2.0 * getattr(before, name)[1])
    np.testing.assert_allclose(after.shared_share, 2.0 * before.shared_share)
    np.testing.assert_array_equal(after.linear_scales, before.linear_scales)


def test_returns_that_the_data_know_hardly_move_and_those_that_they_do_not_know_lean() -> None:
    market = small_market(156)
    # Carryover whose delay is free has a long tail under wide priors, which a short fit finds or not.
    channels = tuple(each.model_copy(update={"adstock": "geometric"}) for each in market.spec.channels)
    market = replace(market, spec=market.spec.model_copy(update={"channels": channels}))
    known = sensitivity(market, "orders", draws=1000, chains=4)
    assert not any(channel.leans for channel in known.channels)
    assert "the data speak" in plain(known.said)
    sparse = simulate_market("b2b", seed=3, world="sparse_b2b").market
    unknown = sensitivity(sparse, sparse.spec.outcomes[0].name)
    leaning = [channel.channel for channel in unknown.channels if channel.leans]
    assert leaning
    stretched = [np.mean([one.widened[0].stretched for one in found.channels]) for found in (known, unknown)]
    assert stretched[0] < 1.2
    assert stretched[1] > 1.25
    assert all(name in plain(unknown.said) for name in leaning)


def test_a_shift_is_counted_in_widths_of_the_interval() -> None:
    found = sensitivity(small_market(), "orders")
    for channel in found.channels:
        moved = channel.widened[0]
        assert moved.moved == pytest.approx((moved.mean - channel.mean) / (channel.p95 - channel.p05))


def test_a_shape_that_is_given_is_told_from_one_that_is_learnt() -> None:
    market = quick(small_market())
    kinds = ("michaelis_menten", "hill", "logistic")
    named = zip(market.spec.channels, kinds, strict=False)
    channels = tuple(channel.model_copy(update={"saturation": kind}) for channel, kind in named)
    market = replace(market, spec=market.spec.model_copy(update={"channels": channels}))
    learnt = with_learnt_shapes(market)
    assert learnt is not None
    assert {medium.saturation for medium in (*learnt.spec.channels, *learnt.spec.organic)} == {"hill"}
    assert with_learnt_shapes(learnt) is None
    before, after = (fit_widened(each, "orders", 1.0) for each in (market, learnt))
    found = compare_priors("testland", "orders", 10.0, before, {}, after)
    assert [channel.learnt_shape is not None for channel in found.channels] == [
        channel.saturation != "hill" for channel in channels
    ]
    for channel in found.channels:
        if channel.learnt_shape is not None:
            moved = channel.learnt_shape
            assert moved.moved == pytest.approx((moved.mean - channel.mean) / (channel.p95 - channel.p05))
            assert moved.stretched == pytest.approx((moved.p95 - moved.p05) / (channel.p95 - channel.p05))
    assert found.said_of_shapes is not None
    leaning = [one.channel for one in found.channels if one.learnt_shape is not None and one.learnt_shape.leans]
    assert all(name in plain(found.said_of_shapes) for name in leaning)
    assert compare_priors("testland", "orders", 10.0, after, {}).said_of_shapes is None
