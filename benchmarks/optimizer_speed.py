"""CPU time of the optimiser on one core, each figure beside its target.

`OPENBLAS_NUM_THREADS=1 uv run python benchmarks/optimizer_speed.py`. CPU seconds of the process, which is warm: code
and curves were used before, at budgets 1 or 2 % off: of the curves only points may be known that both have in common.
Building a problem from its scenario (the model in Pyomo, where one is built) is in the time; drawing the instance and
its curves is not. `budget and bounds`: budget, bounds and off-or-at-least; `rich rules`: rules of every kind, as in
`certificates.py`; both on random Hill curves, one draw a curve. Rows named `posterior` are questions to a `Planner`
that was asked for other budgets before, on curves that are means over 1,000 draws and 13 weeks: for the split and its
bound, and for sizing the whole plan, checked as a service checks it. Figures of a split and the check of a frontier's
points, some 20 ms each, are not in the others.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from optimizer.answer.split import answer
from optimizer.errors import SolverError
from optimizer.planning import Planner
from optimizer.program.allocation import AllocationProblem, KpiCurves
from optimizer.program.formulation import Setting
from optimizer.question.answered import Answer
from optimizer.question.asked import PlanningModel, with_budget
from optimizer.rulebook.rules import formulate
from optimizer.scenario.document import Scenario, Task
from optimizer.separable.problem import SeparableCurves, SeparableProblem
from optimizer.separable.ranges import money_for_channels, spend_ranges
from optimizer.separable.search import separable_allocation
from optimizer.tree.allocate import allocate

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from instances import Instance, draw_instance, draw_market

GAP = 1e-4
POINTS = 50
WARM = 13
"""Budgets that a planner was asked for before: so many that it has made tables of its curves."""


@dataclass(frozen=True)
class Target:
    """What a figure is to be below: a quantile of the times, in milliseconds."""

    quantile: float
    milliseconds: float

    def __str__(self) -> str:
        name = "median" if self.quantile == 0.5 else f"{100 * self.quantile:.0f} %"
        return f"{name} < {self.milliseconds:g} ms"


def main() -> int:
    """Time every kind of question and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=40, help="instances a row")
    parser.add_argument("--only", default="", help="rows whose name contains this")
    arguments = parser.parse_args()
    count = arguments.count
    rows: list[tuple[str, Target, Callable[[], list[float]]]] = [
        ("budget and bounds, 20 channels", Target(0.5, 1), lambda: times_of_ranges(count, 20)),
        ("budget and bounds, 200 channels", Target(0.5, 400), lambda: times_of_ranges(max(count // 4, 3), 200)),
        ("rich rules, 20 channels", Target(0.9, 50), lambda: times_of_rules(count, 20)),
        ("rich rules, 200 channels", Target(0.9, 400), lambda: times_of_rules(max(count // 4, 3), 200)),
        ("frontier of 50, 20 channels", Target(0.5, 50), lambda: frontiers_of_ranges(max(count // 4, 3))),
        ("frontier of 50, 20 channels, rich rules", Target(0.5, 2000), lambda: frontiers_of_rules(max(count // 8, 3))),
        ("posterior: budget and bounds, 20 channels", Target(0.5, 1), lambda: posterior(max(count // 4, 3), "ranges")),
        ("posterior: rich rules, 20 channels", Target(0.9, 50), lambda: posterior(max(count // 4, 3), "rules")),
        ("posterior: frontier of 50", Target(0.5, 50), lambda: posterior(max(count // 4, 3), "frontier")),
        ("posterior: size, 1,000 draws", Target(0.5, 250), lambda: posterior(max(count // 4, 3), "size")),
    ]
    print(f"{'CPU milliseconds':<44}{'median':>9}{'90 %':>9}{'max':>9}   target")
    for name, target, timed in rows:
        if arguments.only not in name:
            continue
        values = 1000.0 * np.array(timed())
        middle, high = np.quantile(values, (0.5, 0.9))
        is_met = np.quantile(values, target.quantile) < target.milliseconds
        said = f"{target}: {'met' if is_met else 'MISSED'}"
        print(f"{name:<44}{middle:9.2f}{high:9.2f}{values.max():9.2f}   {said} ({len(values)})", flush=True)
    return 0


def seconds_of(action: Callable[[], object]) -> float:
    """CPU seconds of the process that an action takes."""
    started = time.process_time()
    action()
    return time.process_time() - started


def times_of_ranges(count: int, channels: int) -> list[float]:
    """Seconds of budgets that nothing but ranges of channels holds."""
    times = []
    for index in range(count):
        setting, curves = ranged(index, channels)
        stacked = SeparableCurves(curves.curves)
        for factor in (0.98, 0.99):
            split_ranges(with_money(setting, factor), stacked)
        times.append(seconds_of(partial(split_ranges, setting, stacked)))
    return times


def frontiers_of_ranges(count: int) -> list[float]:
    """Seconds of the best splits of 50 budgets, half to double of one."""
    times = []
    for index in range(count):
        setting, curves = ranged(index, 20)
        stacked = SeparableCurves(curves.curves)

        def frontier(shift: float, setting: Setting = setting, stacked: SeparableCurves = stacked) -> None:
            for factor in shift * np.linspace(0.5, 2.0, POINTS):
                split_ranges(with_money(setting, float(factor)), stacked)

        frontier(0.99)
        times.append(seconds_of(partial(frontier, 1.0)))
    return times


def ranged(index: int, channels: int) -> tuple[Setting, KpiCurves]:
    """A random instance without a band."""
    instance = replace(draw_instance(np.random.default_rng([7, index]), (channels,)), band=None)
    return taken_apart(instance)


def taken_apart(instance: Instance) -> tuple[Setting, KpiCurves]:
    """What an instance's problem is made from: the setting of its rules, and its curves."""
    problem = instance.problem()
    assert problem.objective is not None
    return problem.form.setting, problem.objective


def with_money(setting: Setting, factor: float) -> Setting:
    """The same rules about another budget."""
    budget = factor * setting.ceiling
    return replace(setting, scenario=setting.scenario.model_copy(update={"budget": budget}), ceiling=budget)


def split_ranges(setting: Setting, curves: SeparableCurves) -> None:
    """The best split under ranges, from the scenario on."""
    ranges = spend_ranges(setting)
    assert ranges is not None
    problem = SeparableProblem.of(curves, ranges, setting.unit_costs, money_for_channels(setting))
    found = separable_allocation(problem, gap=GAP, seconds=10)
    assert found is None or found.gap <= GAP


def split_rules(setting: Setting, curves: KpiCurves) -> None:
    """The best split under rules, from the scenario on; lines above the curves are drawn anew."""
    fresh = KpiCurves(curves.curves)
    allocate(AllocationProblem(formulate(setting), fresh), gap=GAP, seconds=10)


def times_of_rules(count: int, channels: int) -> list[float]:
    """Seconds of budgets under rules of every kind."""
    times = []
    for index in range(count):
        setting, curves = ruled(index, channels)
        split_rules(with_money(setting, 0.98), curves)
        times.append(seconds_of(partial(split_rules, setting, curves)))
    return times


def ruled(index: int, channels: int) -> tuple[Setting, KpiCurves]:
    """A random instance under rules of every kind."""
    return taken_apart(draw_instance(np.random.default_rng([8, index]), (channels,), is_ruled=True))


def frontiers_of_rules(count: int) -> list[float]:
    """Seconds of 50 budgets under rules of every kind, half to double of one."""
    times = []
    for index in range(count):
        setting, curves = ruled(index, 20)
        split_rules(setting, curves)

        def frontier(setting: Setting = setting, curves: KpiCurves = curves) -> None:
            for factor in np.linspace(0.5, 2.0, POINTS):
                split_rules(with_money(setting, float(factor)), curves)

        times.append(seconds_of(frontier))
    return times


def posterior(count: int, question: str) -> list[float]:
    """Seconds of whole questions about markets of 20 channels with 1,000 draws, put to a planner that knows them."""
    times = []
    for index in range(count):
        artifact, scenario = draw_market(np.random.default_rng([9, index]), channels=20, draws=1000)
        planner = Planner({scenario.kpi: PlanningModel(artifact)}, is_strict=False)  # as a service has it
        if question != "rules":
            scenario = plain(scenario)
        budget = scenario.budget or 0.0
        try:
            if question == "size":
                times.append(seconds_of_sizing(planner, scenario))
                continue
            few = question != "frontier"
            budgets = budget * (np.ones(1) if few else np.linspace(0.5, 2.0, POINTS))
            before = budget * (np.linspace(0.97, 0.99, WARM) if few else 0.99 * np.linspace(0.5, 2.0, POINTS))
            answers(planner, scenario, before.tolist())
            times.append(seconds_of(partial(answers, planner, scenario, budgets.tolist())))
        except SolverError as error:
            print(f"  {question} {index}: {error}")
    return times


def answers(planner: Planner, scenario: Scenario, budgets: list[float]) -> None:
    """The best split of each budget."""
    asked = planner.question(with_budget(scenario, budgets[0]))
    asked.kpi.expect_splits(len(budgets))
    for budget in budgets:
        found = answer(replace(asked, scenario=with_budget(asked.scenario, budget)))
        assert isinstance(found, Answer)
        assert found.allocation.gap <= GAP


def seconds_of_sizing(planner: Planner, scenario: Scenario) -> float:
    """Seconds of the smallest budget for what seven tenths of one bring, after that for one percent less."""
    reached = planner.frontier(scenario, [0.7 * (scenario.budget or 0.0)])[0].mean or 0.0
    task = Task(kpi=scenario.kpi, at_least=reached, counts="incremental", probability=0.8)
    less = task.model_copy(update={"at_least": 0.99 * reached})
    before, asked = (
        scenario.model_copy(update={"objective": "size", "budget": None, "tasks": (each,)}) for each in (less, task)
    )
    planner.plan(before)
    return seconds_of(partial(planner.plan, asked))


def plain(scenario: Scenario) -> Scenario:
    """The scenario without rules over several channels."""
    rules = scenario.rules.model_copy(update={"at_most_channels": None})
    return scenario.model_copy(update={"business": "none", "rules": rules})


if __name__ == "__main__":
    raise SystemExit(main())
