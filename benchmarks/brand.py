"""Is the long run through brand found where it is, and not where it is not? `uv run python benchmarks/brand.py`.

Markets of the world `brand`, whose slow stock is known, are fitted twice: as they are, and without what the stock did
to the outcome, whose base wanders for reasons of its own instead (standard deviation 3 % of its level, weekly
autocorrelation 0.98) while the indicator moves as before. Printed: how often a channel's long run counts as measured,
how often its 90 % interval then holds the truth, and how far its mean is off; of markets without a long run how often
one is said to be other than zero. Beside it, what least squares say of the same markets when each brand channel enters
one regression twice, with a short and with a long carryover (half-life of twelve weeks), all else known exactly.
"""

import argparse
import time
from dataclasses import dataclass, replace

import numpy as np

from mmm.adstock import lagged_exposure
from mmm.baseline import baseline_design
from mmm.brand.priors import CARRYOVER_PERIODS, usual_slow_retention
from mmm.curves import carryover_weights
from mmm.fit import fit_outcome
from mmm.long_run_figures import long_run_figures
from mmm.market import Market, with_data_digest
from mmm.simulation.brand_stock import true_long_run
from mmm.simulation.simulate import simulate_market
from mmm.simulation.spend_habits import autocorrelated
from mmm.simulation.truth import SimulatedMarket
from mmm.vocabulary import FloatArray

PERIODS = 156
DRAWS = 500
SIGNIFICANT = 1.96
WANDERING, PERSISTENCE = 0.03, 0.98


@dataclass(frozen=True, slots=True)
class Found:
    """One channel of one market: its true long run, and the mean and 90 % interval that the fit gives it."""

    channel: str
    truth: float
    mean: float
    low: float
    high: float
    is_measured: bool

    @property
    def is_inside(self) -> bool:
        """Whether the interval holds the truth."""
        return self.low <= self.truth <= self.high


def main() -> None:
    """Simulate, fit, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--markets", type=int, default=12, help="number of markets")
    arguments = parser.parse_args()
    with_brand: list[Found] = []
    without: list[Found] = []
    spurious, regressions = 0, 0
    for seed in range(1, arguments.markets + 1):
        start = time.process_time()
        simulated = simulate_market("b2c", periods=PERIODS, seed=seed, world="brand")
        flat = without_elasticity(simulated)
        truth = true_contribution(simulated)
        with_brand += fitted(simulated.market, truth)
        without += fitted(flat, np.zeros_like(truth))
        slow = two_adstocks(simulated, flat)
        spurious, regressions = spurious + int((np.abs(slow) > SIGNIFICANT).sum()), regressions + len(slow)
        told = ", ".join(
            f"{one.channel} {'measured' if one.is_measured else 'not'}" for one in with_brand[-len(truth) :]
        )
        print(f"market {seed}: {told} ({time.process_time() - start:.0f} CPU s)", flush=True)
    summary("with a long run", with_brand)
    summary("without a long run", without)
    false = [one for one in without if one.is_measured and not one.is_inside]
    print(f"  measured and other than zero: {len(false)} of {len(without)}")
    print(f"two adstocks in one regression, without a long run: {spurious} of {regressions} slow ones beyond 1.96 sd")


def fitted(market: Market, truth: FloatArray) -> list[Found]:
    """What the fit says of every channel with a part in brand, for last year's spend."""
    quick = market.spec.model.model_copy(update={"draws": DRAWS, "holdout": 0})
    artifact = fit_outcome(replace(market, spec=market.spec.model_copy(update={"model": quick})), _kpi(market))
    return [
        Found(
            channel=one.channel,
            truth=float(true),
            mean=one.contribution.mean,
            low=one.contribution.p05,
            high=one.contribution.p95,
            is_measured=one.evidence == "measured",
        )
        for one, true in zip(long_run_figures(artifact, last_year(market)), truth, strict=True)
    ]


def summary(title: str, found: list[Found]) -> None:
    """How many were measured, held the truth, and how far off they are, in true long runs (median)."""
    measured = [one for one in found if one.is_measured]
    inside = sum(one.is_inside for one in measured)
    print(f"{title}: {len(measured)} of {len(found)} channels measured, {inside} of them inside their 90 % interval")
    errors = [abs(one.mean - one.truth) / one.truth for one in measured if one.truth > 0]
    if errors:
        total = sum(one.mean for one in measured) / sum(one.truth for one in measured)
        print(f"  median error {np.median(errors):.0%}; sum of means over sum of truths {total:.2f}")


def without_elasticity(simulated: SimulatedMarket) -> Market:
    """The market without what its brand did to the outcome, and with a base that wanders; spend and indicator stay."""
    market, brand = simulated.market, simulated.truth.brand
    if brand is None:
        raise ValueError("the market has no brand")
    fed = np.outer(brand.level - 1.0, simulated.truth.process.coefficients[-1])
    rng = np.random.default_rng(simulated.truth.seed)
    wandered = WANDERING * autocorrelated(rng, len(market.dates), PERSISTENCE)
    outcome = market.outcomes[_kpi(market)]
    changed = np.maximum(outcome - fed + wandered[:, None] * outcome.mean(), 0.0)
    return with_data_digest(replace(market, outcomes={_kpi(market): changed}))


def true_contribution(simulated: SimulatedMarket) -> FloatArray:
    """Outcome that last year's spend of each brand channel truly brings through the stock. Shape (B,)."""
    brand = simulated.truth.brand
    if brand is None:
        raise ValueError("the market has no brand")
    level = float(simulated.truth.process.coefficients[-1].sum())
    return level * true_long_run(brand, simulated.market.spend.sum(axis=2), last_year(simulated.market))


def two_adstocks(simulated: SimulatedMarket, market: Market) -> FloatArray:
    """t-values of the slow adstock of each brand channel, beside its short contribution, which is known exactly.

    The base has the columns of the true one: a trend with two knots, a season, controls and the event.
    """
    truth, brand = simulated.truth, simulated.truth.brand
    if brand is None:
        raise ValueError("the market has no brand")
    short = np.column_stack([truth.contributions[:, :, 0], truth.organic])
    retention = np.array([usual_slow_retention("week")])
    weights = carryover_weights("geometric", CARRYOVER_PERIODS["week"], retention, np.zeros(1))[0]
    stocks = lagged_exposure(market.spend[:, list(brand.channels), 0], len(weights)) @ weights
    base = calendar_columns(simulated)
    columns = np.column_stack([base, short, stocks / stocks.mean(axis=0)])
    outcome = market.outcomes[_kpi(market)][:, 0]
    found, *_ = np.linalg.lstsq(columns, outcome, rcond=None)
    left = outcome - columns @ found
    variance = (left @ left) / (len(outcome) - columns.shape[1])
    spread = np.sqrt(variance * np.diag(np.linalg.inv(columns.T @ columns)))
    return np.asarray((found / spread)[-len(brand.channels) :])


def calendar_columns(simulated: SimulatedMarket) -> FloatArray:
    """Columns of the true base, the brand left out. Shape (T, K)."""
    market = simulated.market
    info = simulated.truth.process.baseline.model_copy(update={"brand": ()})
    controls = np.column_stack([values[:, 0] for values in market.controls.values()])
    return baseline_design(info, np.arange(len(market.dates)), controls)


def last_year(market: Market) -> slice:
    """Positions of the last year."""
    return slice(len(market.dates) - 52, len(market.dates))


def _kpi(market: Market) -> str:
    return market.spec.outcomes[0].name


if __name__ == "__main__":
    main()
