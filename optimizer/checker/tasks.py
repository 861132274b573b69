"""Tasks of a plan counted anew: what is reached with which probability, and the ledger of what they cost. S draws."""

from collections.abc import Iterator

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.checker.baseline import noise_of_sum
from optimizer.checker.calendar import periods_between
from optimizer.checker.figures import base_in_periods, is_near
from optimizer.checker.recount import Recount
from optimizer.plan.document import TaskPlan

_DRAWS = 1.5
"""Draws that may lie on a target so exactly that rounding says on which side."""


def broken_tasks(recount: Recount) -> list[str]:
    """Tasks that are not those asked, not reached, or reached with another probability than the plan says."""
    plan, faults = recount.plan, [*_other_tasks(recount)]
    for place, task in enumerate(plan.tasks, start=1):
        measured, assumed = _draws_of(recount, task)
        room = _DRAWS / len(measured)
        for said, draws in ((task.reached_probability, measured), (task.with_assumed, measured + assumed)):
            near = 1e-9 * max(task.at_least, float(np.abs(draws).max()))
            share = float((draws >= task.at_least - near).mean())
            least = float((draws >= task.at_least + near).mean())
            if said is not None and not least - room <= said <= share + room:
                faults.append(f"tasks[{place}] is said to be reached with {said}, counted {share}")
        if not is_near(task.expected, float(measured.mean()), float(measured.mean())):
            faults.append(f"tasks[{place}] is said to expect {task.expected}, counted {measured.mean()}")
        if task.reached_probability < task.probability - room:
            faults.append(f"tasks[{place}] asks for {task.probability} and is reached with {task.reached_probability}")
    return [*faults, *_wrong_ledger(recount)]


def _draws_of(recount: Recount, task: TaskPlan) -> tuple[FloatArray, FloatArray]:
    """What a task comes to by channels with a history, and what new ones are assumed to add. Shape (S,) each.

    The horizon up to its time node; the whole effect where it counts increments and has none.
    """
    model, horizon, by_channel = recount.artifacts[task.kpi], recount.plan.horizon, recount.in_periods[task.kpi]
    until: int | None = None if task.counts == "incremental" else horizon.periods
    if task.by is not None:
        until = periods_between(horizon.start, task.by, model.manifest.period) + 1
    new, nothing = recount.scenario.new_channels, np.zeros(model.manifest.draws)
    sums = {name: rows[:until].sum(axis=0) for name, rows in by_channel.items()}
    measured = sum((draws for name, draws in sums.items() if name not in new), nothing)
    if task.counts == "total" and until is not None:
        measured = measured + base_in_periods(recount, task.kpi)[:until].sum(axis=0) + noise_of_sum(model, until)
    return measured, sum((sums[name] for name in new), nothing)


def _other_tasks(recount: Recount) -> Iterator[str]:
    """Whether the tasks are those of the scenario; where a goal makes them they are the plan's own word."""
    asked = recount.scenario.tasks
    if not asked and recount.scenario.goal is not None:
        return
    said = [(one.kpi, one.stage, one.at_least, one.counts, one.probability, one.by) for one in recount.plan.tasks]
    if said != [(one.kpi, one.stage, one.at_least, one.counts, one.probability, one.by) for one in asked]:
        yield "tasks are not those that were asked"


def _wrong_ledger(recount: Recount) -> Iterator[str]:
    """Costs of single tasks that do not go with the budget that reaches all of them, and sums that are none."""
    plan, costs = recount.plan, [task.cost for task in recount.plan.tasks if task.cost is not None]
    for place, task in enumerate(plan.tasks, start=1):
        if plan.objective != "size":
            continue
        if task.cost is not None and task.cost > plan.budget * (1.0 + 1e-9):
            yield f"tasks[{place}] alone costs {task.cost}, more than all of them"
        if task.added_cost is not None and not -1e-9 * plan.budget <= task.added_cost <= plan.budget * (1.0 + 1e-9):
            yield f"tasks[{place}] is said to add {task.added_cost} to the others"
        if task.drives_budget != (task.cost is not None and task.cost >= 0.999 * plan.budget):
            yield f"tasks[{place}] drives the budget or not"
    ledger = plan.ledger
    if ledger is not None:
        alone = sum(costs)
        pairs = [(ledger.alone, alone), (ledger.budget, plan.budget), (ledger.shared, alone - plan.budget)]
        if any(not is_near(said, counted, plan.budget) for said, counted in pairs):
            yield f"ledger says {ledger.alone} alone and {ledger.shared} shared, counted {alone}"
