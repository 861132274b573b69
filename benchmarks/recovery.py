"""Does the fit find the truth, and is the plan worth having? `uv run python benchmarks/recovery.py --seeds 10`.

Markets with a known truth are simulated, fitted, and planned at last year's spend under their
preset's brand band. Printed per kind of business: how often the true contribution of a channel
lies in its 90 % interval; decision regret (what the plan loses on the true curves against the
truly best plan under the same rules); and what it gains there over last year's split.
"""

import argparse
import time
from typing import Literal, get_args

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.curves import historical_contributions
from mmm.fit import fit_outcome
from mmm.periods import shift_period
from mmm.simulation.simulate import simulate_market
from mmm.simulation.truth import truth_artifact
from optimizer.plan.document import Plan
from optimizer.planning import Planner
from optimizer.question.asked import Desk, PlanningModel
from optimizer.scenario.document import Scenario

HORIZON = 13

type Business = Literal["b2c", "b2b"]


def main() -> None:
    """Simulate, fit, plan and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--periods", type=int, default=156)
    arguments = parser.parse_args()
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    for business in get_args(Business.__value__):
        covered: list[bool] = []
        regrets: list[float] = []
        gains: list[float] = []
        for seed in seeds:
            started = time.perf_counter()
            inside, regret, gain, verdict = judge(business, seed, arguments.periods)
            covered += inside
            regrets.append(regret)
            gains.append(gain)
            print(
                f"{business} seed {seed}: {sum(inside)}/{len(inside)} contributions inside, regret {regret:.2%}, "
                f"over last year's split {gain:+.2%}, gates {verdict}, {time.perf_counter() - started:.1f} s",
                flush=True,
            )
        print(
            f"{business}: coverage of 90 % intervals {np.mean(covered):.1%} of {len(covered)} channels; "
            f"regret mean {np.mean(regrets):.2%}, worst {max(regrets):.2%}; "
            f"gain over last year's split mean {np.mean(gains):+.2%}, worst {min(gains):+.2%}\n",
            flush=True,
        )


def judge(business: Business, seed: int, periods: int) -> tuple[list[bool], float, float, str]:
    """Coverage per channel, regret, gain over last year's split and the verdict of the gates for one market."""
    simulated = simulate_market(business, periods=periods, seed=seed)
    truth = truth_artifact(simulated)
    outcome = simulated.market.spec.outcomes[0].name
    fitted = fit_outcome(simulated.market, outcome)
    believed = historical_contributions(fitted).sum(axis=1)
    low, high = np.quantile(believed, (0.05, 0.95), axis=0)
    true = historical_contributions(truth)[0].sum(axis=0)
    inside = [bool(value) for value in (low <= true) & (true <= high)]
    scenario = question(truth, outcome, business)
    plan = Planner({outcome: PlanningModel(fitted)}).plan(scenario)
    best = Planner({outcome: PlanningModel(truth)}).plan(scenario)
    responses = Desk({outcome: PlanningModel(truth)}).question(scenario, None).kpi

    def earned(spend: dict[str, float]) -> float:
        return float(responses.media_draws(spend).mean())

    last_year = {channel.channel: channel.reference_spend for channel in best.channels}
    return (
        inside,
        1.0 - earned(spend_of(plan)) / earned(spend_of(best)),
        earned(spend_of(plan)) / earned(last_year) - 1.0,
        fitted.manifest.verdict,
    )


def question(truth: ResponseArtifact, outcome: str, business: Business) -> Scenario:
    """Last year's spend of the same weeks, right after the data, under the preset's band."""
    manifest, spend = truth.manifest, truth.draws.spend
    start = shift_period(manifest.window_start, manifest.window_periods, manifest.period)
    last_year = spend[len(spend) - 52 : len(spend) - 52 + HORIZON]
    return Scenario.model_validate(
        {
            "name": "at last year's spend",
            "market": manifest.market,
            "kpi": outcome,
            "budget": float(last_year.sum()),
            "business": business,
            "horizon": {"start": start, "periods": HORIZON},
        }
    )


def spend_of(plan: Plan) -> dict[str, float]:
    """Spend by channel of a plan."""
    return {channel.channel: channel.spend for channel in plan.channels}


if __name__ == "__main__":
    main()
