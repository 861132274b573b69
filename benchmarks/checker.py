"""What the checker costs, and which wrong bounds it finds: `uv run python benchmarks/checker.py --count 24`.

Markets of 4, 10 and 20 channels with posterior-like draws, under a brand band, off-or-at-least rules and a count of
channels. Each is planned as asked, and three times more with a rule that nobody asked for: the largest channel, or the
middle one of those that are on, gets at most half of what it had, or the smallest is left off. Such a plan is held
against the scenario as asked, so that its bound is wrong where the plan as asked brings more: the checker is to say so.
"""

import argparse
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mmm.artifact import ResponseArtifact
from optimizer.checker.bound import QUICK, THOROUGH, beaten_bound
from optimizer.checker.check import faults_of_plan
from optimizer.checker.recount import Recount
from optimizer.plan.document import Plan
from optimizer.planning import Planner
from optimizer.question.asked import PlanningModel
from optimizer.scenario.document import Scenario
from optimizer.scenario.rules import ChannelRules

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from instances import draw_market

SIZES = ((4, 200), (10, 200), (20, 1000))
"""Channels and draws of the markets."""

NOTICEABLE = 1e-3
"""Part of its value by which a bound must be too low to be asked about."""


@dataclass
class Tally:
    """What was counted of markets of one size; times in milliseconds."""

    right: int = 0
    found: dict[str, int] = field(default_factory=lambda: {"quick": 0, "thorough": 0})
    wrong: int = 0
    false: int = 0
    checked: list[float] = field(default_factory=list)
    planned: list[float] = field(default_factory=list)


def main() -> int:
    """Draw, plan, check; exit code 1 where a plan that is right is refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    refused = 0
    for channels, draws in SIZES:
        tally = Tally()
        for index in range(arguments.count):
            judge(tally, np.random.default_rng([arguments.seed, channels, index]), channels, draws)
        refused += tally.false
        checked, planned = (np.quantile(times, (0.5, 0.9)) for times in (tally.checked, tally.planned))
        print(
            f"{channels} channels, {draws} draws: check {checked[0]:.0f} ms (90 % {checked[1]:.0f}) of CPU, plan "
            f"{planned[0]:.0f} ms (90 % {planned[1]:.0f}); {tally.wrong} bounds too low by {NOTICEABLE:.1%} or more, "
            f"found {tally.found['quick']} as in a service, {tally.found['thorough']} as in tests; {tally.right} right "
            f"ones, {tally.false} REFUSED",
            flush=True,
        )
    return int(refused > 0)


def judge(tally: Tally, rng: np.random.Generator, channels: int, draws: int) -> None:
    """One market: the plan as asked, and plans with a rule too many."""
    artifact, scenario = draw_market(rng, channels, draws)
    artifacts = {scenario.kpi: artifact}
    planner = Planner({scenario.kpi: PlanningModel(artifact)}, is_strict=False)
    started = time.process_time()
    plan = planner.plan(scenario)
    planned = time.process_time()
    if plan.certificate is None:
        return
    tally.planned.append(1e3 * (planned - started))
    for _ in range(2):  # the second in a warm process
        started = time.process_time()
        faults = faults_of_plan(scenario, plan, artifacts, is_thorough=False)
        elapsed = time.process_time() - started
    tally.checked.append(1e3 * elapsed)
    tally.right += 1
    tally.false += bool(faults or faults_of_plan(scenario, plan, artifacts))
    for name, most in limits_of(plan).items():
        hold(tally, planner, scenario, artifacts, plan.certificate.value, name, most)


def limits_of(plan: Plan) -> dict[str, float]:
    """Limits that nobody asked for, by channel."""
    on = sorted((channel.spend, channel.channel) for channel in plan.channels if channel.spend > 0)
    return {on[-1][1]: 0.5 * on[-1][0], on[0][1]: 0.0, on[len(on) // 2][1]: 0.5 * on[len(on) // 2][0]}


def hold(
    tally: Tally,
    planner: Planner,
    scenario: Scenario,
    artifacts: Mapping[str, ResponseArtifact],
    value: float,
    name: str,
    most: float,
) -> None:
    """A plan under one rule too many, held against the scenario as asked."""
    rule = ChannelRules(max=most)
    tight = planner.plan(scenario.model_copy(update={"channels": {**scenario.channels, name: rule}}))
    if tight.certificate is None or tight.certificate.bound >= value * (1.0 - NOTICEABLE):
        return
    tally.wrong += 1
    for kind, effort in (("quick", QUICK), ("thorough", THOROUGH)):
        tally.found[kind] += bool(beaten_bound(Recount.of(scenario, tight, artifacts), effort))


if __name__ == "__main__":
    raise SystemExit(main())
