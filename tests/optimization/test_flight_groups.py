"""Hulls of groups of draws: never below the curves wherever a search takes them, and what they do for bounds."""

from dataclasses import replace

import numpy as np
import pytest
from builders import CHANNELS, make_artifact
from flights import problem_of, question_about, random_phasings
from scipy.optimize import minimize

from mmm.curves import CurveDraws, carryover_weights, response_of
from mmm.vocabulary import AdstockKind
from optimizer.flight.ascent import climb
from optimizer.flight.concave import search_hulls
from optimizer.flight.cover import Cover, Groups, Lines
from optimizer.flight.lines import lines_above
from optimizer.flight.search import best_flighting
from optimizer.flight.terms import Expansion, FlightTerms

PERIODS, LAGS = 20, 7
KINDS: list[AdstockKind] = ["geometric", "delayed", "weibull"]


def hill(exposure: np.ndarray, slope: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.asarray(1.0 / (1.0 + np.maximum(exposure, 1e-30) ** -slope))


def test_lines_are_above_the_curve_between_their_ends() -> None:
    rng = np.random.default_rng(1)
    slope = rng.uniform(0.6, 4.0, 50)
    low = rng.gamma(0.5, 1.0, (200, 50)) * (rng.random((200, 1)) > 0.2)
    high = low + rng.gamma(0.5, 1.0, low.shape)
    at = low + rng.random(low.shape) * (high - low)
    height, steep = lines_above(low, at, high, slope)
    for share in np.linspace(0.0, 1.0, 41):
        exposure = low + share * (high - low)
        assert (hill(exposure, slope) <= height + steep * exposure + 1e-12).all()
    is_tangent = np.isclose(height + steep * at, hill(at, slope), rtol=1e-9)
    assert is_tangent.mean() > 0.4


@pytest.mark.parametrize("seed", range(6))
def test_no_spend_is_found_at_which_groups_bring_more_than_a_raised_plane(seed: int) -> None:
    """Looked for by ascent from pulses of each lag, from steady spend, and from spend at random."""
    rng = np.random.default_rng(seed)
    draws = 60
    retention = np.clip(rng.uniform(0.2, 0.8) + 0.05 * rng.standard_normal(draws), 0.05, 0.95)
    shares = carryover_weights(KINDS[seed % 3], LAGS, retention, 1.0 + 0.2 * rng.random(draws))
    shares = shares[np.argsort(shares @ np.arange(LAGS))]
    weights = shares / np.exp(rng.normal(0.3, 0.4, draws))[:, None]
    slope, weight = rng.uniform(0.8, 2.8, draws), rng.gamma(4.0, 1.0, draws) / draws
    groups = Groups(np.array([0, 30]), np.array([shares[:30].mean(0), shares[30:].mean(0)]), weights, slope, weight)
    touching = groups.touching(8.0)
    cover = Cover(groups, np.array([1.0, float(touching.mean())]), 8.0)

    def brought(spend: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        reached = np.maximum(weights @ spend, 1e-12)
        response = hill(reached, slope)
        return float(weight @ response), response, slope * response * (1 - response) / reached

    windows = np.array([np.ones(LAGS), 0.5 * np.ones(LAGS), rng.gamma(1.0, 1.0, LAGS), np.full(LAGS, 1e-3)])
    lines = Lines(*(np.array([brought(window)[part] for window in windows]).T for part in (1, 2)))
    raised, steeper = cover.raised(lines, windows)
    assert (raised >= -1e-12).all()
    assert (steeper >= 0).all()
    starts = [*windows, *(rng.gamma(0.4, 3.0, LAGS) for _ in range(4)), *(4.0 * np.eye(LAGS))]
    for point, window in enumerate(windows):
        value, _, slopes = brought(window)
        gradient = (weight * slopes) @ weights + steeper[point]
        height = value + raised[point] - float(gradient @ window)

        def below(
            spend: np.ndarray, height: float = height, gradient: np.ndarray = gradient
        ) -> tuple[float, np.ndarray]:
            there, _, along = brought(spend)
            return height + float(gradient @ spend) - there, gradient - (weight * along) @ weights

        for start in starts:
            found = minimize(below, np.minimum(start, 1.1), jac=True, bounds=[(0.0, 1.1)] * LAGS)
            assert below(start * min(1.0, 8.0 / max(float(start.sum()), 8.0)))[0] >= -1e-9
            assert found.fun >= -1e-9


def terms_of(
    rng: np.random.Generator,
    kind: AdstockKind,
    steepness: float,
    most: float = np.inf,
    *,
    draws: int = 130,
    unexplained: bool = False,
) -> FlightTerms:
    """A channel with spend before the horizon that may have 40 over 20 periods."""
    curve = CurveDraws(
        adstock=kind,
        saturation="hill",
        carryover_periods=LAGS,
        retention=1.0 / (1.0 + np.exp(-rng.normal(0.0, 0.8) - 0.4 * rng.standard_normal(draws))),
        peak_delay=rng.uniform(0.6, 2.0) * np.exp(0.2 * rng.standard_normal(draws)),
        half_saturation=np.exp(rng.normal(0.2, 0.4) + 0.25 * rng.standard_normal(draws)),
        slope=np.exp(np.log(steepness) + 0.15 * rng.standard_normal(draws)),
        ceiling=np.exp(0.3 * rng.standard_normal(draws)),
    )
    response = response_of("c", curve, np.full(PERIODS, 1.0 / PERIODS), rng.gamma(1.0, 1.0, LAGS - 1))
    if unexplained:
        response = replace(response, carry=response.carry * rng.uniform(0.5, 1.5, (draws, 1)))
    weights = carryover_weights(kind, LAGS, curve.retention, curve.peak_delay)
    return FlightTerms(response, weights, PERIODS, np.full(PERIODS, most), 40.0)


def phasings(rng: np.random.Generator, most: float, count: int) -> list[np.ndarray]:
    """Nothing, even spend, bursts at both ends, pulses, and spend at random, within a total of 40."""
    period = np.arange(PERIODS)
    shapes = [period >= 0, period < 4, period >= 16, period >= 19, period < 1, period % 3 == 0, period == 9]
    found = [np.zeros(PERIODS), *(level * shape for shape in shapes for level in (0.3, 1.0, 2.0, 8.0))]
    found += [rng.gamma(0.3, 1.0, PERIODS) * rng.uniform(0.1, 6.0) for _ in range(count)]
    capped = [np.minimum(spend, most) for spend in found]
    return [spend * min(1.0, 40.0 / max(float(spend.sum()), 40.0)) for spend in capped]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("steepness", [1.2, 1.7, 2.4])
@pytest.mark.parametrize("most", [np.inf, 3.0])
def test_no_phasing_brings_more_than_a_line_of_groups(kind: AdstockKind, steepness: float, most: float) -> None:
    """Neither one at random nor one that an ascent from it finds; and groups are closer than single draws."""
    rng = np.random.default_rng([int(10 * steepness), len(kind)])
    terms = terms_of(rng, kind, steepness, most)
    for level in (0.4, 0.9, 1.6):
        spend = np.full(PERIODS, level) * rng.gamma(400.0, 1 / 400.0, PERIODS)
        grouped = terms.with_groups(spend, 0.0)
        assert grouped.of_single_draws() is not grouped
        line = grouped.expand(spend, is_hull=True)
        # Lags that hardly count are counted as in the draw that has most of them.
        assert line.value <= grouped.of_single_draws().expand(spend, is_hull=True).value * (1 + 1e-4)
        others = phasings(rng, most, 60)
        for other in others:
            assert terms.value(other) <= line.value + float(line.gradient @ (other - spend)) + 1e-9
        for start in [spend, *others[1:28:5], *others[-3:]]:

            def below(other: np.ndarray, line: Expansion = line, spend: np.ndarray = spend) -> tuple[float, np.ndarray]:
                there = terms.expand(np.maximum(other, 1e-9), is_hull=False)
                return line.value + float(line.gradient @ (other - spend)) - there.value, line.gradient - there.gradient

            # Two in a period is a total of at most 40.
            found = minimize(below, np.minimum(start, 2.0), jac=True, bounds=[(0.0, min(most, 2.0))] * PERIODS)
            assert found.fun >= -1e-9


@pytest.mark.parametrize(("kind", "share"), [("geometric", 0.1), ("delayed", 0.3), ("weibull", 0.8)])
def test_hulls_of_groups_are_closer_than_those_of_draws(kind: AdstockKind, share: float) -> None:
    terms, spend = terms_of(np.random.default_rng(len(kind)), kind, 1.8, draws=600), np.ones(PERIODS)
    curve, grouped = terms.by_period(spend, is_hull=False), terms.with_groups(spend, 0.0)
    apart = (grouped.of_single_draws().by_period(spend) - curve)[: PERIODS - 1].sum()
    together = (grouped.by_period(spend) - curve)[: PERIODS - 1].sum()
    assert 0 <= together < share * apart


@pytest.mark.parametrize("seed", range(3))
def test_bound_is_closer_than_that_of_single_draws_and_no_phasing_reaches_it(seed: int) -> None:
    """Neither the plan, nor one at random or near the plan, nor one that an ascent from these finds."""
    rng, kinds = np.random.default_rng(seed), [KINDS[seed % 2], "geometric", "delayed"]
    steep = tuple(
        channel.model_copy(update={"adstock": kind, "saturation": "hill"})
        for channel, kind in zip(CHANNELS[:3], kinds, strict=True)
    )
    budget, periods = 700_000.0, 16
    question = question_about(make_artifact(draws=200, seed=seed, channels=steep), periods, budget)
    problem = problem_of(question)
    hulls = search_hulls(problem, gap=1e-5, seconds=10.0)
    found = best_flighting(problem, gap=1e-4, seconds=20.0)
    assert hulls is not None
    assert found is not None
    assert found.value < found.bound < hulls.bound
    tried = list(random_phasings(rng, problem, budget, 200))
    near = [problem.rows.nearest(found.spend * rng.gamma(9.0, 1 / 9, (3, periods))) for _ in range(20)]
    tried += [each.spend for each in near if each is not None]
    assert max(problem.value(spend) for spend in tried) < found.bound
    starts = [each for each in (*near[:4], *(problem.rows.nearest(spend) for spend in tried[:8])) if each is not None]
    assert max(problem.worth(climb(problem, start, steps=30, enough=1e-6)[0]) for start in starts) < found.bound


def test_concave_curves_and_channels_off_the_air_keep_their_hulls() -> None:
    concave = terms_of(np.random.default_rng(3), "geometric", 0.5)
    assert concave.with_groups(np.ones(PERIODS), 0.0) is concave
    steep = terms_of(np.random.default_rng(3), "delayed", 2.0)
    off = steep.with_groups(np.zeros(PERIODS), 0.0)
    assert off.of_single_draws() is off


def test_carry_that_no_earlier_spend_explains_leaves_groups_to_later_periods() -> None:
    rng = np.random.default_rng(4)
    terms = terms_of(rng, "geometric", 1.6, unexplained=True)
    spend = np.ones(PERIODS)
    line = terms.with_groups(spend, 0.0).expand(spend, is_hull=True)
    for other in phasings(rng, np.inf, 60):
        assert terms.value(other) <= line.value + float(line.gradient @ (other - spend)) + 1e-9
