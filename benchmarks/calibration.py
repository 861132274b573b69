"""Is the posterior calibrated? `uv run python benchmarks/calibration.py --national 500 --panels 100`.

Simulation-based calibration (Talts et al. 2018): parameters are drawn from the prior, an outcome from the model, the
outcome is fitted, and the rank of each true parameter among its draws must be uniform. The spend series are those of
a simulated consumer market (`--world twins`: one with two channels that move together; `--reach tv`: a panel's tv has
reach and frequency); scales and priors are held fixed, as the theorem asks. Every kind of noise and the panel are
checked. Fits that fail their gates of convergence are counted and kept.

Printed, each kind as soon as it is done: per block of parameters the coverage of 90 % intervals and the p-value of a
chi-square test of uniform ranks; progress goes to stderr, and a plot of the rank histograms is written beside. Exit
code 1 when an overall coverage leaves 0.87 to 0.93 or a p-value, corrected for the number of tests, is below 1 %.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd
from scipy.stats import chisquare

from mmm.checks.sampler import convergence_of
from mmm.design import Design, build_design
from mmm.market import national_aggregate
from mmm.noise_paths import NoiseDraws, draw_noise
from mmm.outcome_noise import noisy, positive_mean
from mmm.panel.design import PanelDesign, build_panel_design
from mmm.panel.parameters import linear_prior, panel_data, panel_prior, panel_structure
from mmm.panel.posterior import national_curves
from mmm.parameters import (
    ParameterPrior,
    coefficients_at,
    kernel_data,
    linear_terms,
    natural_media,
    prior_of_parameters,
    structure_of,
)
from mmm.priors import Priors, build_priors, excess_share_density
from mmm.sampling import Effort, Samples, sample
from mmm.settled import settle
from mmm.simulation.contacts import with_contacts
from mmm.simulation.simulate import simulate_market
from mmm.simulation.world_names import WORLDS, WorldName
from mmm.vocabulary import FloatArray, LikelihoodKind

EFFORT = Effort(chains=2, draws=500, tune=400)
KEPT = 99
"""Draws that a truth is ranked among."""
BINS = 20
PROGRESS_STEPS = 10
"""How often progress is said for each kind."""
COVERAGE = (0.87, 0.93)
LEAST_CHANCE = 0.01
PERIODS, PANEL_PERIODS, GEOS = 104, 52, 6
MEAN_COUNT = 30.0
"""Mean outcome of a period where outcomes are counts."""

type Truth = tuple[FloatArray, Samples, dict[str, slice]]


@dataclass(frozen=True, slots=True)
class Ranks:
    """What many fits of one kind gave: ranks of each parameter (fits, D), blocks, and how many did not converge."""

    kind: str
    ranks: FloatArray
    blocks: dict[str, slice]
    unconverged: int
    seconds: float


def main() -> int:
    """Fit, rank, print, plot; exit code 1 when calibration fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--national", type=int, default=500, help="fits with normal noise")
    parser.add_argument("--others", type=int, default=100, help="fits with each other kind of noise")
    parser.add_argument("--panels", type=int, default=100)
    parser.add_argument("--world", choices=tuple(WORLDS), default="model", help="whose budgets national fits have")
    parser.add_argument("--reach", help="channel of the panels with reach and frequency")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plot", type=Path, default=Path("calibration.png"))
    arguments = parser.parse_args()
    kinds: list[tuple[str, int, Callable[[np.random.Generator, int], Truth]]] = [
        ("normal", arguments.national, national_fit("normal", arguments.world)),
        ("student_t", arguments.others, national_fit("student_t", arguments.world)),
        ("negative_binomial", arguments.others, national_fit("negative_binomial", arguments.world)),
        ("panel", arguments.panels, panel_fit(arguments.reach)),
    ]
    found = []
    for kind, count, one in kinds:
        if count:
            found.append(rank(kind, count, one, arguments.seed))
            describe(found[-1])
    plot(found, arguments.plot)
    return judge(found)


def rank(kind: str, count: int, one: Callable[[np.random.Generator, int], Truth], seed: int) -> Ranks:
    """Ranks of the truths of `count` fits; says after every tenth of them how far it is."""
    ranks, unconverged, started = [], 0, time.process_time()
    blocks: dict[str, slice] = {}
    for number in range(count):
        truth, samples, blocks = one(np.random.default_rng([seed, number]), number)
        unconverged += convergence_of(samples).rhat > 1.05
        flat = samples.parameters.reshape(-1, len(truth))
        kept = flat[np.linspace(0, len(flat) - 1, KEPT).round().astype(int)]
        ranks.append((kept < truth).sum(axis=0))
        done = number + 1
        if done * PROGRESS_STEPS // count > number * PROGRESS_STEPS // count:
            seconds = time.process_time() - started
            print(f"{kind} {done}/{count}, {unconverged} unconverged, {seconds:.0f} CPU s", file=sys.stderr, flush=True)
    return Ranks(kind, np.array(ranks), blocks, int(unconverged), time.process_time() - started)


def drawn_parameters(prior: ParameterPrior, shares: slice, rng: np.random.Generator) -> FloatArray:
    """A draw from the prior, the penalty on shares above one included (by rejection). Shape (D,)."""
    while True:
        common = rng.standard_normal()
        point = prior.location + prior.spread * rng.standard_normal(len(prior.location)) + prior.shared * common
        if np.log(rng.random()) < excess_share_density(np.exp(point[shares]).sum()):
            return np.asarray(point)


def drawn_coefficients(priors: Priors, rng: np.random.Generator) -> FloatArray:
    """Deviations of the linear terms under a scale drawn from its prior, mean outcomes. Shape (K,)."""
    chances = np.exp(priors.linear_log_weights)
    scale = rng.choice(len(chances), p=chances / chances.sum())
    return np.asarray(priors.linear_scales[scale] * rng.standard_normal(priors.linear_scales.shape[1]))


def national_fit(likelihood: LikelihoodKind, world: WorldName) -> Callable[[np.random.Generator, int], Truth]:
    """A function that draws a truth, an outcome of it, and fits it."""
    market = national_aggregate(simulate_market("b2c", periods=PERIODS, seed=11, world=world).market)
    outcome = market.spec.outcomes[0].model_copy(update={"likelihood": likelihood})
    design = build_design(market, outcome, 0)
    design = few(design) if likelihood == "negative_binomial" else design
    priors = build_priors(market, outcome, design)
    if likelihood != "normal":
        # One scale of the trend, as a fit settles it before it samples.
        priors = replace(priors, linear_scales=priors.linear_scales[1:2], linear_log_weights=np.zeros(1))
    structure, prior = structure_of(design), prior_of_parameters(structure_of(design), priors)
    terms = linear_terms(design, priors)

    def one(rng: np.random.Generator, number: int) -> Truth:
        truth = drawn_parameters(prior, structure.blocks["log_share"], rng)
        is_sampled = structure.place("coefficient") >= 0
        coefficients = coefficients_at(design, priors, truth) if is_sampled else drawn_coefficients(priors, rng)
        made = replace(design, outcome=drawn_outcome(design, priors, truth, coefficients, rng))
        data = settle(made, priors)[1] if likelihood == "normal" else kernel_data(made, priors, terms)
        samples = sample(data, EFFORT, number + 1)
        return truth, samples, structure.blocks

    return one


def few(design: Design) -> Design:
    """The same market in units so large that a few dozen are counted a period, where a count's distribution matters.

    Outcome and scale shrink alike, because priors are built from the outcome's variation in multiples of its mean.
    """
    return replace(design, outcome=design.outcome * MEAN_COUNT / design.outcome_scale, outcome_scale=MEAN_COUNT)


def drawn_outcome(
    design: Design, priors: Priors, truth: FloatArray, coefficients: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """An outcome of the model at a truth. Shape (T,)."""
    media, scale = natural_media(design, truth[None]), design.outcome_scale
    base = design.columns @ (priors.linear_location + coefficients)
    mean = base + media.contribution[0] / scale
    if design.likelihood == "normal":
        paths = priors.noise_paths.at(rng.integers(len(priors.noise_paths), size=1))
        noise = NoiseDraws(media.noise_scale / np.sqrt(paths.surprise), paths.persistence, paths.share)
        return np.asarray(mean * scale + draw_noise(noise, design.periods, rng)[0])
    if design.likelihood == "negative_binomial":
        mean = positive_mean(mean)
    return np.asarray(noisy(design.likelihood, mean[None] * scale, media.noise_scale, media.noise_shape, rng)[0])


def panel_fit(reach: str | None) -> Callable[[np.random.Generator, int], Truth]:
    """A function that draws the truth of a panel, an outcome of it, and fits it; `reach` names a channel with it."""
    simulated = simulate_market("b2c", periods=PANEL_PERIODS, seed=11, geos=GEOS)
    market = simulated.market if reach is None else with_contacts(simulated, reach).market
    outcome = market.spec.outcomes[0]
    design = build_panel_design(market, outcome, 0)
    priors = build_priors(national_aggregate(market), outcome, design.national)
    structure, prior = panel_structure(design), panel_prior(design, priors)

    def one(rng: np.random.Generator, number: int) -> Truth:
        truth = drawn_parameters(prior, structure.blocks["log_share"], rng)
        made = replace(design, outcome=drawn_panel_outcome(design, priors, truth, rng))
        return truth, sample(panel_data(made, priors), EFFORT, number + 1), structure.blocks

    return one


def drawn_panel_outcome(design: PanelDesign, priors: Priors, truth: FloatArray, rng: np.random.Generator) -> FloatArray:
    """A panel's outcome per head at a truth of what geos share. Shape (G, T)."""
    blocks, linear = panel_structure(design).blocks, linear_prior(design, priors)
    by_block = {name: truth[place] for name, place in blocks.items()}
    geos, periods, media = design.exposure.shape
    bends = 1.0 + linear.bends * (np.exp(by_block["log_bend_spread"]) - 1.0)
    common = linear.common * bends * rng.standard_normal(len(bends))
    local = linear.local * bends * (1.0 + linear.pooled * (np.exp(by_block["log_pooling"]) - 1.0))
    own = local * rng.standard_normal((geos, len(bends)))
    effects = 1.0 + design.varies * np.exp(by_block["log_effect_spread"]) * rng.standard_normal((geos, media))
    noise = np.exp(by_block["log_noise"] - by_block["noise_exponent"] * np.log(design.size))
    base = np.einsum("gtk,gk->gt", design.columns, priors.linear_location + common + own)
    brought = np.einsum("gtm,gm->gt", national_curves(design, truth[None]).contribution(0)[0], effects)
    return np.asarray(base + brought + noise[:, None] * rng.standard_normal((geos, periods)))


def chance_of_uniform(ranks: FloatArray) -> float:
    """p-value of the chi-square test that ranks 0 to KEPT are uniform."""
    counts, _ = np.histogram(ranks, bins=BINS, range=(-0.5, KEPT + 0.5))
    return float(chisquare(counts).pvalue)


def coverage_of(ranks: FloatArray) -> float:
    """Part of the truths inside their 90 % interval."""
    return float(((ranks >= 0.05 * (KEPT + 1)) & (ranks < 0.95 * (KEPT + 1))).mean())


def smallest_chance(found: Ranks) -> float:
    """Smallest p-value of uniform ranks of one parameter."""
    return min(chance_of_uniform(found.ranks[:, place]) for place in range(found.ranks.shape[1]))


def describe(found: Ranks) -> None:
    """Print one kind, all of it and by block."""
    fits, size = found.ranks.shape
    print(f"\n{found.kind}: {fits} fits, {found.unconverged} with R-hat > 1.05, {found.seconds:.0f} CPU s")
    print(
        f"  all parameters: coverage {coverage_of(found.ranks):.3f}, smallest p {smallest_chance(found):.4f} of {size}"
    )
    for block, place in found.blocks.items():
        if place.stop > place.start:
            ranks = found.ranks[:, place]
            print(f"  {block:20} coverage {coverage_of(ranks):.3f}, ranks uniform p {chance_of_uniform(ranks):.3f}")
    sys.stdout.flush()


def judge(found: list[Ranks]) -> int:
    """Print the kinds that fail; one when a coverage or a p-value is out of bounds."""
    tests = sum(of_kind.ranks.shape[1] for of_kind in found)
    failed = [
        of_kind.kind
        for of_kind in found
        if not COVERAGE[0] <= coverage_of(of_kind.ranks) <= COVERAGE[1]
        or smallest_chance(of_kind) * tests < LEAST_CHANCE
    ]
    verdict = f"CALIBRATION FAILED: {', '.join(failed)}" if failed else "calibrated"
    print(f"\n{verdict} (p-values corrected for {tests} tests)")
    return int(bool(failed))


def plot(found: list[Ranks], path: Path) -> None:
    """Rank histograms of every kind and block."""
    rows = [
        {"kind": of_kind.kind, "block": block, "rank": int(value)}
        for of_kind in found
        for block, place in of_kind.blocks.items()
        for value in of_kind.ranks[:, place].ravel()
    ]
    alt.data_transformers.disable_max_rows()
    counted = pd.DataFrame(rows).assign(bin=lambda frame: frame["rank"] * BINS // (KEPT + 1))
    table = counted.groupby(["kind", "block", "bin"], as_index=False).size()
    chart = alt.Chart(table).mark_bar().encode(x="bin:O", y="size:Q").properties(width=140, height=70)
    chart.facet(row="block:N", column="kind:N").resolve_scale(y="independent").save(str(path))


if __name__ == "__main__":
    sys.exit(main())
