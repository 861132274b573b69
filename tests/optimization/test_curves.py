"""Expected curves and their over-estimators."""

import numpy as np
import pytest
from builders import CHANNELS, make_artifact
from hypothesis import given, settings
from hypothesis import strategies as st

from mmm.curves import ChannelResponse, channel_response
from optimizer.curves.channel_draws import ChannelDraws
from optimizer.curves.expected import Envelope, ExpectedCurve
from optimizer.curves.terms import saturated, saturated_with_slope

ARTIFACT = make_artifact(draws=60)
EVEN = np.full(13, 1 / 13)


def response(index: int) -> ChannelResponse:
    return channel_response(ARTIFACT, CHANNELS[index].name, EVEN, ARTIFACT.draws.spend[:, index])


@pytest.mark.parametrize("index", range(4), ids=[channel.name for channel in CHANNELS])
def test_the_curve_is_the_mean_of_the_draws(index: int) -> None:
    curve = ExpectedCurve(response(index))
    for budget in (0.0, 1.0, 5e4, 4e5, 1e7):
        assert curve.value(budget) == pytest.approx(response(index).per_draw(budget).mean(), rel=1e-12, abs=1e-9)
        assert curve.point(budget).value == pytest.approx(curve.value(budget), rel=1e-12, abs=1e-9)


@pytest.mark.parametrize("index", range(4), ids=[channel.name for channel in CHANNELS])
def test_the_slope_is_the_derivative(index: int) -> None:
    curve = ExpectedCurve(response(index))
    for budget in (2e4, 2e5, 2e6):
        step = budget * 1e-5
        difference = (curve.value(budget + step) - curve.value(budget - step)) / (2 * step)
        assert curve.point(budget).slope == pytest.approx(difference, rel=1e-6)
        assert response(index).marginal_per_draw(budget).mean() == pytest.approx(difference, rel=1e-6)


@pytest.mark.parametrize("index", range(4), ids=[channel.name for channel in CHANNELS])
def test_draws_that_are_kept_are_those_of_the_response(index: int) -> None:
    draws = ChannelDraws(response(index))
    for budget in (0.0, 1.0, 5e4, 4e5, 1e7, 4e5):
        assert draws.at(budget).added == pytest.approx(response(index).per_draw(budget), rel=1e-12, abs=1e-9)
        assert draws.at(budget).slope == pytest.approx(response(index).marginal_per_draw(budget), rel=1e-12)


@pytest.mark.parametrize(("slope", "at_zero"), [(0.5, np.inf), (1.0, 1.0), (30.0, 0.0)])
def test_hill_terms_hold_at_nothing_and_at_exposure_without_end(slope: float, at_zero: float) -> None:
    exposure = np.array([0.0, 1.0, 1e12])
    response, steepness = saturated_with_slope("hill", exposure, np.full(3, slope))
    assert response == pytest.approx([0.0, 0.5, 1.0], abs=1e-5)
    assert steepness == pytest.approx([at_zero, slope / 4, 0.0], abs=1e-15)
    assert saturated("hill", exposure, np.full(3, slope)) == pytest.approx(response)


def test_people_reached_bring_the_outcome_in_proportion() -> None:
    ones = np.ones(2)
    linear = ChannelResponse("tv", "reach", np.ones((2, 3)), np.full((2, 3), 0.5), ones, ones, np.array([2.0, 4.0]), 3)
    curve = ExpectedCurve(linear)
    for budget in (0.0, 1.0, 1e9):
        assert linear.per_draw(budget) == pytest.approx([3.0 * budget, 6.0 * budget])
        assert curve.value(budget) == pytest.approx(4.5 * budget)
        assert curve.point(budget).slope == pytest.approx(4.5)
    for line in curve.lines(curve.point(10.0), curve.point(20.0)):
        assert line.intercept + line.slope * 15.0 == pytest.approx(curve.value(15.0))


@pytest.mark.parametrize("index", range(4), ids=[channel.name for channel in CHANNELS])
def test_refining_brings_the_over_estimator_down_to_the_curve_and_never_below(index: int) -> None:
    curve = ExpectedCurve(response(index))
    envelope, most, worst = Envelope(curve), 6e5, []
    grid = np.linspace(0.0, most, 301)
    exact = np.array([curve.value(budget) for budget in grid])
    for points in (9, 33, 129):
        cuts = np.linspace(0.0, most, points)
        for cut in cuts:
            envelope.touch(float(cut))
        excess = [over(envelope, cuts, budget) - value for budget, value in zip(grid, exact, strict=True)]
        assert min(excess) >= -1e-9 * exact[-1]
        worst.append(max(excess) / exact[-1])
    assert worst[1] < worst[0] / 4
    assert worst[2] < 2e-3


@settings(max_examples=150, deadline=None)
@given(
    slope=st.floats(0.3, 30.0),
    half=st.floats(0.05, 20.0),
    carry=st.floats(0.0, 5.0),
    ends=st.tuples(st.floats(0.0, 10.0), st.floats(0.01, 10.0)),
    inside=st.floats(0.0, 1.0),
)
def test_both_lines_lie_above_any_hill_curve(
    slope: float, half: float, carry: float, ends: tuple[float, float], inside: float
) -> None:
    parameters = np.array([slope, 1.3 * slope, 0.8])
    curve = ExpectedCurve(
        ChannelResponse(
            "tv",
            "hill",
            carry=np.full((3, 2), carry),
            gain=np.array([[1.0, 0.3], [0.5, 0.5], [0.2, 2.0]]),
            half_saturation=np.array([half, 2.0, 0.5]),
            slope=parameters,
            ceiling=np.array([3.0, 1.0, 2.0]),
            horizon=1,
        )
    )
    low, high = ends[0], ends[0] + ends[1]
    at = low + inside * (high - low)
    for line in curve.lines(curve.point(low), curve.point(high)):
        if np.isfinite(line.slope):
            assert line.intercept + line.slope * at >= curve.value(at) - 1e-9


def over(envelope: Envelope, cuts: np.ndarray, budget: float) -> float:
    index = min(int(np.searchsorted(cuts, budget, side="right")) - 1, len(cuts) - 2)
    piece = envelope.piece(float(cuts[index]), float(cuts[index + 1]))
    return min(line.intercept + line.slope * budget for line in piece.lines)
