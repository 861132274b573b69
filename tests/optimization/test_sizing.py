"""Objective-and-task: the smallest budget that reaches its tasks, recounted on the draws."""

import numpy as np
import pytest
from builders import make_artifact

from mmm.baseline import forecast_baseline
from mmm.curves import channel_response
from optimizer.plan import Plan
from optimizer.planning import Planner, PlanningModel
from optimizer.question import with_budget
from optimizer.scenario import Scenario

ARTIFACT = make_artifact(draws=500)
PLANNER = Planner({"orders": PlanningModel(ARTIFACT)})


def scenario(*tasks: dict[str, object], **changes: object) -> Scenario:
    return Scenario.model_validate(
        {
            "name": "size",
            "market": "testland",
            "kpi": "orders",
            "objective": "size",
            "business": "b2c",
            "horizon": {"start": "2027-01-04", "periods": 13},
            "tasks": tasks,
            **changes,
        }
    )


def recounted(found: Plan, at_least: float, *, is_total: bool, periods: int | None = None) -> float:
    """Probability of reaching a target, counted here from artifact and spend alone."""
    counted = periods or (13 if is_total else None)
    media = np.zeros(ARTIFACT.manifest.draws)
    carried = np.zeros(ARTIFACT.manifest.draws)
    for index, channel in enumerate(found.channels):
        response = channel_response(ARTIFACT, channel.channel, np.full(13, 1 / 13), ARTIFACT.draws.spend[:, index])
        media += response.per_period(channel.spend)[:, :counted].sum(axis=1)
        carried += response.carried_in()[:, :counted].sum(axis=1)
    if not is_total:
        return float((media >= at_least).mean())
    base = forecast_baseline(ARTIFACT, found.horizon.start, 13)[:, :counted].sum(axis=1) + carried
    noise = (
        np.random.default_rng(5).standard_normal((400, len(base))) * ARTIFACT.draws.noise_scale * np.sqrt(counted or 1)
    )
    return float((base + media + noise >= at_least).mean())


@pytest.mark.parametrize("probability", [0.5, 0.8, 0.95])
def test_the_budget_reaches_an_increment_with_its_probability_and_one_percent_less_does_not(probability: float) -> None:
    asked = scenario({"kpi": "orders", "at_least": 7_000, "probability": probability})
    found = PLANNER.plan(asked)
    assert found.status == "optimal"
    assert recounted(found, 7_000, is_total=False) >= probability
    assert found.tasks[0].reached_probability == pytest.approx(recounted(found, 7_000, is_total=False))
    less = PLANNER.plan(with_budget(asked, 0.99 * found.budget))
    assert recounted(less, 7_000, is_total=False) < probability


def test_a_total_counts_base_and_noise() -> None:
    asked = scenario({"kpi": "orders", "at_least": 30_000, "counts": "total", "probability": 0.8})
    found = PLANNER.plan(asked)
    assert found.tasks[0].reached_probability >= 0.8
    assert recounted(found, 30_000, is_total=True) == pytest.approx(0.8, abs=0.02)
    less = PLANNER.plan(with_budget(asked, 0.97 * found.budget))
    assert recounted(less, 30_000, is_total=True) < recounted(found, 30_000, is_total=True)


def test_the_task_that_drives_the_budget_is_named_and_each_task_has_its_own_cost() -> None:
    asked = scenario(
        {"kpi": "orders", "at_least": 4_000, "probability": 0.9},
        {"kpi": "orders", "at_least": 1_500, "probability": 0.8, "by": "2027-02-01"},
    )
    found = PLANNER.plan(asked)
    assert recounted(found, 4_000, is_total=False) >= 0.9
    assert recounted(found, 1_500, is_total=False, periods=5) >= 0.8
    assert [task.drives_budget for task in found.tasks] == [False, True]
    assert all(task.cost is not None and task.cost <= found.budget * (1 + 1e-4) for task in found.tasks)


def test_a_target_out_of_reach_gets_the_most_that_can_be_had() -> None:
    found = PLANNER.plan(scenario({"kpi": "orders", "at_least": 60_000, "probability": 0.9}))
    assert found.status == "infeasible"
    (attainable,) = found.attainable
    assert 5_000 < attainable.attainable < 60_000
    (relaxed,) = found.relaxation
    assert relaxed.rule == "tasks[1].at_least"
    again = PLANNER.plan(scenario({"kpi": "orders", "at_least": 0.999 * relaxed.to, "probability": 0.9}))
    assert again.status in ("optimal", "feasible")


def test_a_task_beside_maximize_is_kept() -> None:
    early = {"kpi": "orders", "probability": 0.8, "by": "2027-01-11"}
    rules: dict[str, object] = {"objective": "maximize", "budget": 900_000.0, "business": "none"}
    planner = Planner({"orders": PlanningModel(ARTIFACT)})
    free = planner.plan(scenario(**rules))
    attained = attained_early(free)
    kept = planner.plan(scenario({**early, "at_least": 1.1 * attained}, **rules))
    assert kept.status == "optimal"
    assert recounted(kept, 1.1 * attained, is_total=False, periods=2) >= 0.8
    assert kept.certificate is not None
    assert free.certificate is not None
    assert kept.certificate.value < free.certificate.value


def test_a_plan_does_not_depend_on_what_was_asked_before() -> None:
    tasks = [
        {"kpi": "orders", "at_least": 5_000, "probability": 0.9},
        {"kpi": "orders", "at_least": 1_500, "probability": 0.8, "by": "2027-02-01"},
    ]
    questions = [scenario(*tasks), scenario(tasks[1], objective="maximize", budget=1_200_000.0)]
    first = [Planner({"orders": PlanningModel(ARTIFACT)}).plan(question) for question in questions]
    later = [PLANNER.plan(question) for question in questions]
    for fresh, after in zip(first, later, strict=True):
        assert fresh.status == after.status == "optimal"
        assert fresh.channels == after.channels


def attained_early(found: Plan) -> float:
    targets = np.linspace(1.0, 2_000.0, 400)
    reached = [recounted(found, target, is_total=False, periods=2) >= 0.8 for target in targets]
    return float(targets[np.flatnonzero(reached)[-1]])


def test_a_target_that_comes_by_itself_needs_no_budget() -> None:
    found = PLANNER.plan(scenario({"kpi": "orders", "at_least": 10_000, "counts": "total", "probability": 0.9}))
    assert found.status == "optimal"
    assert found.budget == pytest.approx(0.0, abs=1e-6)
