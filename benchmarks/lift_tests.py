"""What one lift test teaches: `OPENBLAS_NUM_THREADS=1 uv run python benchmarks/lift_tests.py --markets 8`.

Simulated markets, each fitted as it is, with one test of a channel that measured what is true, give or take its own
error, and with one that measured six times as much. The channel is the one whose return the history knows least; in the
last weeks in which it spent it got half of what it would have got. Printed a market: width of the 90 % interval of the
channel's return with the test over that without, whether the truth is inside, and the verdicts of the gate on both.
"""

import argparse
from dataclasses import replace
from datetime import date

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.curves import historical_contributions, medium_contribution
from mmm.fit import fit_outcome
from mmm.market import Market
from mmm.simulation.simulate import simulate_market
from mmm.simulation.truth import truth_artifact
from mmm.spec import MarketSpec
from mmm.vocabulary import FloatArray

PERIODS, WEEKS = 156, 8
ERROR = 0.2
"""Standard error of a test over what it should measure."""
WRONG = 6.0
TAILS = (0.05, 0.95)


def main() -> None:
    """Simulate, test, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--markets", type=int, default=8, help="half of them b2c, half b2b")
    parser.add_argument("--first-seed", type=int, default=1)
    arguments = parser.parse_args()
    widths, insides, reported = [], [], []
    for number in range(arguments.markets):
        business, seed = ("b2c", "b2b")[number % 2], arguments.first_seed + number // 2
        simulated = simulate_market("b2c" if business == "b2c" else "b2b", periods=PERIODS, seed=seed)
        market, truth = simulated.market, truth_artifact(simulated)
        outcome = market.spec.outcomes[0].name
        before = historical_contributions(fit_outcome(market, outcome)).sum(axis=1)
        low, high = np.quantile(before, TAILS, axis=0)
        place = int(np.argmax((high - low) / before.mean(axis=0)))
        spend = truth.draws.spend[:, place]
        rows = np.flatnonzero(spend > 0)[-WEEKS:]
        start, count = int(rows[0]), int(rows[-1] - rows[0]) + 1
        would = spend.copy()
        would[start : start + count] += spend[start : start + count].mean()
        window = slice(start, start + count)
        effect = float((brought(truth, place, spend) - brought(truth, place, would))[window].sum())
        error = ERROR * abs(effect)
        measured = effect + error * float(np.random.default_rng([seed, number]).standard_normal())
        name, day = market.spec.channels[place].name, market.dates[start]
        change = -float(spend[window].sum())
        tested = fit_outcome(with_test(market, name, day, count, change, measured, error), outcome)
        after = historical_contributions(tested).sum(axis=1)[:, place]
        wrong = fit_outcome(with_test(market, name, day, count, change, WRONG * effect, error), outcome)
        true = float(historical_contributions(truth)[0, :, place].sum())
        ends = np.quantile(after, TAILS)
        widths.append(float(np.ptp(ends) / (high[place] - low[place])))
        insides.append(bool(ends[0] <= true <= ends[1]))
        verdicts = [verdict_of(each) for each in (tested, wrong)]
        reported.append(verdicts[1] != "pass")
        print(
            f"{business} seed {seed}, {name}, {count} weeks: width x {widths[-1]:.2f}, "
            f"truth {'inside' if insides[-1] else 'OUTSIDE'}; gate {verdicts[0]}, of the wrong test {verdicts[1]}",
            flush=True,
        )
    print(
        f"width: median x {np.median(widths):.2f}, largest x {max(widths):.2f}; truth inside {sum(insides)} of "
        f"{len(insides)}; wrong tests reported {sum(reported)} of {len(reported)}"
    )


def brought(truth: ResponseArtifact, place: int, money: FloatArray) -> FloatArray:
    """What a channel truly brings under a spend. Shape (T,)."""
    channel, draws = truth.manifest.channels[place], truth.draws
    shapes = (draws.retention, draws.peak_delay, draws.half_saturation, draws.slope, draws.ceiling)
    lags, columns = truth.manifest.carryover_periods, [each[:, place] for each in shapes]
    return np.asarray(medium_contribution(channel.adstock, channel.saturation, lags, money, *columns)[0])


def verdict_of(fitted: ResponseArtifact) -> str:
    """What the gate on lift tests says."""
    return next(gate.verdict for gate in fitted.manifest.gates if gate.name == "lift_test")


def with_test(
    market: Market, channel: str, start: date, periods: int, change: float, estimate: float, error: float
) -> Market:
    """The market with one lift test."""
    test = {
        "channel": channel,
        "start": str(start),
        "periods": periods,
        "spend_change": change,
        "estimate": estimate,
        "standard_error": error,
    }
    tables = {**market.spec.model_dump(mode="json", exclude_unset=True), "lift_tests": [test]}
    return replace(market, spec=MarketSpec.model_validate(tables))


if __name__ == "__main__":
    main()
