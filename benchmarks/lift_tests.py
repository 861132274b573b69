"""What one lift test teaches: `OPENBLAS_NUM_THREADS=1 uv run python benchmarks/lift_tests.py --markets 16`.

Simulated markets, each fitted as it is, with one test of a channel that measured what is true, give or take its own
error, and with one that measured six times as much. The channel is the one whose return the history knows least; the
test changed eight of the last weeks in which it spent, and measured `--cooldown` weeks longer, since carryover arrives
after them. Designs:

- `control`: a part of the audience, or some places, saw nothing of the channel, as in the platforms' own lift tests:
  what was measured is all that its spend brought in these weeks.
- `doubled`: it spent what it did and would have spent twice as much, as where a test holds half back: what was measured
  is the second half, which says less of a mean return, since that counts from no spend on.

Printed for each: width of the 90 % interval of the channel's return with the test over that without, the same of widths
relative to their mean return (a return that was believed too low gets a wider interval for being higher), whether the
truth is inside, and the verdicts of the gate on both.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, replace

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
WRONG = 6.0
TAILS = (0.05, 0.95)
DESIGNS = ("control", "doubled")


@dataclass(frozen=True)
class Tested:
    """Widths with a test over those without, whether the truth is inside, verdicts on the right and the wrong test."""

    width: float
    relative: float
    is_inside: bool
    right: str
    wrong: str


def main() -> None:
    """Simulate, test, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--markets", type=int, default=16, help="half of them b2c, half b2b")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--cooldown", type=int, default=8, help="weeks that are measured after the weeks of the change")
    parser.add_argument("--designs", nargs="+", choices=DESIGNS, default=["control"])
    parser.add_argument(
        "--errors", nargs="+", type=float, default=[0.1, 0.2, 0.3], help="standard errors over what should be measured"
    )
    arguments = parser.parse_args()
    found: dict[tuple[str, float], list[Tested]] = {}
    for number in range(arguments.markets):
        business, seed = ("b2c", "b2b")[number % 2], arguments.first_seed + number // 2
        simulated = simulate_market("b2c" if business == "b2c" else "b2b", periods=PERIODS, seed=seed)
        market, truth = simulated.market, truth_artifact(simulated)
        before = historical_contributions(fit_outcome(market, market.spec.outcomes[0].name)).sum(axis=1)
        low, high = np.quantile(before, TAILS, axis=0)
        widths, means = high - low, before.mean(axis=0)
        place = int(np.argmax(widths / means))
        wide = widths[place] / means[place]
        known = f"{business} seed {seed}, {market.spec.channels[place].name} (known to {wide:.1f} of its mean)"
        asked = Asked(market, truth, place, float(widths[place]), float(means[place]), arguments.cooldown)
        chance = float(np.random.default_rng([seed, number]).standard_normal())
        for design in arguments.designs:
            for error in arguments.errors:
                result = tested(asked, design, error, chance)
                found.setdefault((design, error), []).append(result)
                where = "inside" if result.is_inside else "OUTSIDE"
                widths_told = f"width x {result.width:.2f}, relative x {result.relative:.2f}"
                verdicts = f"gate {result.right}, of the wrong test {result.wrong}"
                print(f"{known}, {design} {error:.0%}: {widths_told}, truth {where}; {verdicts}", flush=True)
    print(table(found))


@dataclass(frozen=True)
class Asked:
    """A market, its truth, the place of the channel tested, width and mean of its contribution without a test."""

    market: Market
    truth: ResponseArtifact
    place: int
    width: float
    mean: float
    cooldown: int


def tested(asked: Asked, design: str, error: float, chance: float) -> Tested:
    """Fits with a right and a wrong test of one design; `error` over the effect, `chance` in standard errors."""
    market, truth, place = asked.market, asked.truth, asked.place
    outcome, spend = market.spec.outcomes[0].name, truth.draws.spend[:, place]
    rows = np.flatnonzero(spend[: PERIODS - asked.cooldown] > 0)[-WEEKS:]
    start, count = int(rows[0]), int(rows[-1] - rows[0]) + 1
    window = slice(start, start + count)
    otherwise = spend.copy()
    otherwise[window] = 0.0 if design == "control" else spend[window] + spend[window].mean()
    difference = brought(truth, place, spend) - brought(truth, place, otherwise)
    effect = float(difference[start : start + count + asked.cooldown].sum())
    deviation = error * abs(effect)
    test: dict[str, str | int | float] = {
        "channel": market.spec.channels[place].name,
        "start": str(market.dates[start]),
        "periods": count,
        "measured_periods": count + asked.cooldown,
        "spend_change": float((spend - otherwise)[window].sum()),
        "standard_error": deviation,
    }
    right, wrong = (
        fit_outcome(with_test(market, {**test, "estimate": estimate}), outcome)
        for estimate in (effect + deviation * chance, WRONG * effect)
    )
    after = historical_contributions(right).sum(axis=1)[:, place]
    low, high = np.quantile(after, TAILS)
    true = float(historical_contributions(truth)[0, :, place].sum())
    width = float((high - low) / asked.width)
    relative = width * asked.mean / float(after.mean())
    return Tested(width, relative, bool(low <= true <= high), verdict_of(right), verdict_of(wrong))


def table(found: dict[tuple[str, float], list[Tested]]) -> str:
    """A line for each design and error."""
    lines = [
        "| design | error | width: median | from | to | relative: median | truth inside "
        "| right doubted | wrong reported |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for (design, error), results in found.items():
        widths = [each.width for each in results]
        counts = (
            sum(each.is_inside for each in results),
            sum(each.right != "pass" for each in results),
            sum(each.wrong != "pass" for each in results),
        )
        relative = np.median([each.relative for each in results])
        told = " | ".join(f"{count} of {len(results)}" for count in counts)
        lines.append(
            f"| {design} | {error:.0%} | x {np.median(widths):.2f} | {min(widths):.2f} | {max(widths):.2f} "
            f"| x {relative:.2f} | {told} |"
        )
    return "\n".join(lines)


def brought(truth: ResponseArtifact, place: int, money: FloatArray) -> FloatArray:
    """What a channel truly brings under a spend. Shape (T,)."""
    channel, draws = truth.manifest.channels[place], truth.draws
    shapes = (draws.retention, draws.peak_delay, draws.half_saturation, draws.slope, draws.ceiling)
    lags, columns = truth.manifest.carryover_periods, [each[:, place] for each in shapes]
    return np.asarray(medium_contribution(channel.adstock, channel.saturation, lags, money, *columns)[0])


def verdict_of(fitted: ResponseArtifact) -> str:
    """What the gate on lift tests says."""
    return next(gate.verdict for gate in fitted.manifest.gates if gate.name == "lift_test")


def with_test(market: Market, test: Mapping[str, str | int | float]) -> Market:
    """The market with one lift test."""
    tables = {**market.spec.model_dump(mode="json", exclude_unset=True), "lift_tests": [dict(test)]}
    return replace(market, spec=MarketSpec.model_validate(tables))


if __name__ == "__main__":
    main()
