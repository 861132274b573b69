"""Three forms of one model: plain and integrated in PyMC, and the compiled density that is sampled."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from fitting_markets import mixed_market, small_market, with_reach

from mmm.design import build_design
from mmm.kernel.evaluation import amplitudes_of, density_of, shares_of
from mmm.kernel.media import SMALLEST_VARIATION
from mmm.marginal import log_conditional
from mmm.market import Market
from mmm.model import build_integrated, build_plain, media_contributions, media_response
from mmm.outcome_noise import SMALLEST_MEAN
from mmm.parameters import (
    centered_outcome,
    kernel_data,
    linear_terms,
    natural_media,
    prior_of_parameters,
    sampled_scales,
    structure_of,
)
from mmm.priors import build_priors

AS_WRITTEN = "FAST_COMPILE"
"""PyTensor evaluates the graph operation by operation: slower, with nothing to compile first."""


class Forms:
    """A fit's design and priors, its integrated model, and random points of its parameters."""

    def __init__(self, market: Market, held_out: int) -> None:
        outcome = market.spec.outcomes[0]
        self.design = build_design(market, outcome, held_out)
        self.priors = build_priors(market, outcome, self.design)
        self.terms = linear_terms(self.design, self.priors)
        self.structure = structure_of(self.design)
        self.prior = prior_of_parameters(self.structure, self.priors)
        integrated = build_integrated(self.design, self.priors)
        self._density = integrated.compile_logp(mode=AS_WRITTEN)
        self._slope = integrated.compile_dlogp(mode=AS_WRITTEN)

    def density(self, point: np.ndarray) -> float:
        return float(self._density({"parameters": point}))

    def slope(self, point: np.ndarray) -> np.ndarray:
        return self._slope({"parameters": point})

    def points(self, count: int, *, spread: float = 1.0) -> np.ndarray:
        rng = np.random.default_rng(7)
        standard = rng.standard_normal((count, self.structure.size))
        return self.prior.location + spread * self.prior.total_spread * standard


@pytest.fixture(
    scope="module",
    params=[(mixed_market(), 0), (mixed_market(), 13), (with_reach(mixed_market(), "c0", "c4", "c6", "c8"), 13)],
    ids=["all seen", "13 held out", "reach and frequency"],
)
def forms(request: pytest.FixtureRequest) -> Forms:
    return Forms(*request.param)


def slope_by_walked(shares: Callable[[np.ndarray], np.ndarray], walked: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """The chain rule, by differences of the map: the gradient by what is walked in, from that by parameters."""
    steps = 1e-5 * np.eye(len(walked))
    by_walked = [(shares(walked + step) - shares(walked - step)) / 2e-5 for step in steps]
    return np.stack(by_walked) @ slope


def test_the_market_covers_every_carryover_with_every_saturation(forms: Forms) -> None:
    assert len(set(zip(forms.structure.adstock, forms.structure.saturation, strict=True))) == 9


def test_the_compiled_density_and_its_gradient_are_those_of_the_integrated_model(forms: Forms) -> None:
    compiled = density_of(kernel_data(forms.design, forms.priors, forms.terms))
    offsets = []
    for point in forms.points(20):
        value, gradient = compiled(point)
        expected = forms.slope(point)
        offsets.append(value - forms.density(point))
        np.testing.assert_allclose(gradient, expected, atol=1e-9 * np.abs(expected).max())
    # The compiled density leaves out the constant of the prior.
    np.testing.assert_allclose(offsets, offsets[0], atol=1e-7)


def test_walked_in_amplitudes_it_is_the_same_density_with_its_gradient_by_the_chain_rule(forms: Forms) -> None:
    data = kernel_data(forms.design, forms.priors, forms.terms)
    compiled, offsets = density_of(data, is_amplitude=True), []
    for point in forms.points(10):
        walked = amplitudes_of(data, point)
        value, gradient = compiled(walked)
        expected = slope_by_walked(lambda found: shares_of(data, found), walked, forms.slope(point))
        offsets.append(value - forms.density(point))
        np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-6 * np.abs(expected).max())
    # No Jacobian is missing: amplitudes differ from shares by what does not depend on either.
    np.testing.assert_allclose(offsets, offsets[0], atol=1e-7)


def test_an_amplitude_is_a_share_times_how_much_it_goes_up_and_down(forms: Forms) -> None:
    data, shares = kernel_data(forms.design, forms.priors, forms.terms), forms.structure.blocks["log_share"]
    points = forms.points(1)
    walked = amplitudes_of(data, points)
    np.testing.assert_allclose(shares_of(data, walked), points, atol=1e-12)
    others = np.delete(walked - points, np.r_[shares], axis=1)
    np.testing.assert_array_equal(others, 0.0)
    for point, more in zip(points, (walked - points)[:, shares], strict=True):
        brought = media_contributions(forms.design, point).eval()
        variation = brought.std(axis=0) / brought.mean(axis=0)
        np.testing.assert_allclose(more, 0.5 * np.log(variation**2 + SMALLEST_VARIATION**2), atol=1e-6)


def test_media_that_bring_more_than_everything_are_penalised_alike(forms: Forms) -> None:
    compiled = density_of(kernel_data(forms.design, forms.priors, forms.terms))
    ordinary, excessive = forms.points(2, spread=0.1)
    excessive[forms.structure.blocks["log_share"]] = np.log(0.3)
    assert np.exp(excessive[forms.structure.blocks["log_share"]]).sum() > 1.0
    value, gradient = compiled(excessive)
    offset = compiled(ordinary)[0] - forms.density(ordinary)
    assert value - forms.density(excessive) == pytest.approx(offset, abs=1e-7)
    expected = forms.slope(excessive)
    np.testing.assert_allclose(gradient, expected, atol=1e-9 * np.abs(expected).max())


def test_the_plain_model_is_the_integrated_one_times_the_coefficients_given_the_rest(forms: Forms) -> None:
    plain = build_plain(forms.design, forms.priors).compile_logp(mode=AS_WRITTEN)
    target = centered_outcome(forms.design, forms.priors)
    count, rng = int(forms.design.observed.sum()), np.random.default_rng(3)
    noise_place = forms.structure.blocks["log_noise"]
    for point in forms.points(5, spread=0.5):
        media = natural_media(forms.design, point[None]).contribution[0] / forms.design.outcome_scale
        residual, noise = target - forms.design.observed * media, float(np.exp(point[noise_place][0]))
        coefficients = 0.1 * rng.standard_normal(forms.design.columns.shape[1])
        conditional = log_conditional(coefficients, residual, noise, count, forms.terms)
        joint = float(plain({"parameters": point, "coefficients": coefficients}))
        assert joint == pytest.approx(forms.density(point) + conditional, rel=1e-9)


def test_contributions_from_draws_are_those_of_the_graph(forms: Forms) -> None:
    for point in forms.points(3):
        graph = media_response(forms.design, point).eval()
        drawn = natural_media(forms.design, point[None]).contribution[0] / forms.design.outcome_scale
        np.testing.assert_allclose(drawn, graph, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("likelihood", ["student_t", "negative_binomial"])
def test_the_compiled_density_of_other_noise_is_that_of_the_plain_model(likelihood: str) -> None:
    market = mixed_market()
    outcome = market.spec.outcomes[0].model_copy(update={"likelihood": likelihood})
    counts = {"orders": market.outcomes["orders"].round()}
    design = build_design(replace(market, outcomes=counts), outcome, 13)
    priors = build_priors(market, outcome, design)
    data = kernel_data(design, priors, linear_terms(design, priors))
    plain, compiled = build_plain(design, priors), density_of(data)
    density, slope = plain.compile_logp(mode=AS_WRITTEN), plain.compile_dlogp(mode=AS_WRITTEN)
    rng, offsets = np.random.default_rng(3), []
    for _ in range(10):
        # Some means come near zero, where a count's is bent away from it.
        point = data.start + 0.7 * data.spread * rng.standard_normal(data.size)
        value, gradient = compiled(point)
        expected = slope({"parameters": point})
        walked = amplitudes_of(data, point)
        assert density_of(data, is_amplitude=True)(walked)[0] == pytest.approx(value, abs=1e-8)
        offsets.append(value - density({"parameters": point}))
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-8 * np.abs(expected).max())
    np.testing.assert_allclose(offsets, offsets[0], rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("fall", [5.0, 500.0, 5000.0])
def test_far_below_zero_each_count_costs_what_its_mean_loses_in_logarithms(fall: float) -> None:
    # There log(1 + exp(x)) is exp(x), which a computer soon rounds to zero. x falls by `fall` from about -200.
    market = small_market()
    outcome = market.spec.outcomes[0].model_copy(update={"likelihood": "negative_binomial"})
    design = build_design(replace(market, outcomes={"orders": market.outcomes["orders"].round()}), outcome, 0)
    priors = build_priors(market, outcome, design)
    data = kernel_data(design, priors, linear_terms(design, priors))
    level, unit = structure_of(design).place("coefficient"), sampled_scales(priors)[0] / SMALLEST_MEAN
    top, bottom = data.start.copy(), data.start.copy()
    top[level] = -240.0 / unit
    bottom[level] = top[level] - fall / unit
    compiled, counts = density_of(data), design.outcome.sum()
    (above, _), (below, slope) = compiled(top), compiled(bottom)
    prior = 0.5 * (bottom[level] ** 2 - top[level] ** 2)
    assert above - below == pytest.approx(counts * fall + prior, rel=1e-9)
    assert slope[level] == pytest.approx(counts * unit - bottom[level], rel=1e-9)
