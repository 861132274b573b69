"""Sizing for one task where ranges alone hold the channels: probability, budget and bound, against other searches."""

import numpy as np
import pytest
from builders import make_artifact
from rivals import best_rival, shares_reached

from optimizer.answer import split as answers
from optimizer.answer.split import answer
from optimizer.planning import Planner
from optimizer.question.answered import Answer
from optimizer.question.asked import PlanningModel
from optimizer.scenario.document import Scenario
from optimizer.separable.search import METHOD


@pytest.mark.parametrize("seed", range(3))
def test_the_task_is_reached_and_no_split_of_less_that_is_found_reaches_it(seed: int) -> None:
    artifact = make_artifact(draws=120, seed=40 + seed)
    planner = Planner({"orders": PlanningModel(artifact)})
    scenario = sized(planner, 250_000.0 + 150_000.0 * seed, probability=(0.5, 0.8, 0.95)[seed])
    plan = planner.plan(scenario)
    spend = [channel.spend for channel in plan.channels]
    assert plan.certificate is not None
    assert plan.certificate.method == METHOD
    assert min(shares_reached(artifact, scenario, spend)) >= 1.0
    assert plan.tasks[0].reached_probability >= scenario.tasks[0].probability
    assert plan.certificate.bound <= plan.budget
    assert best_rival(artifact, scenario, 0.995 * plan.budget, lambda _: True, spend, starts=6) < 1.0


def test_the_search_by_programs_finds_no_smaller_budget_and_the_bound_is_below_both() -> None:
    artifact = make_artifact(draws=80, seed=3)
    planner = Planner({"orders": PlanningModel(artifact)})
    scenario = sized(planner, 600_000.0, probability=0.8)
    question = planner.question(scenario)
    found = answer(question)
    other = answers.reach_by_programs(question, scenario)
    assert isinstance(found, Answer)
    assert isinstance(other, Answer)
    assert found.allocation.total <= 1.002 * other.allocation.total
    assert found.allocation.bound <= other.allocation.total


def test_ranges_and_a_reserve_are_kept() -> None:
    planner = Planner({"orders": PlanningModel(make_artifact(draws=100, seed=5))})
    scenario = sized(
        planner,
        500_000.0,
        probability=0.7,
        channels={"tv": {"min": 60_000.0}, "search": {"max": 50_000.0, "fee": 0.1}, "social": {"off_or_at_least": 9e4}},
        rules={"test_reserve": 0.1},
    )
    plan = planner.plan(scenario)
    spend = {channel.channel: channel.spend for channel in plan.channels}
    assert spend["tv"] >= 60_000.0 * (1 - 1e-9)
    assert spend["search"] <= 50_000.0 * (1 + 1e-9)
    assert spend["social"] == 0.0 or spend["social"] >= 9e4 * (1 - 1e-9)
    assert plan.budget * 0.9 == pytest.approx(sum(spend.values()) + 0.1 * spend["search"])


def test_what_ranges_ask_for_without_a_task_is_what_the_program_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A channel that must spend, one that may be off, a fee and a reserve: 60,000 / 0.9 and 1.1 times 20,000 / 0.9."""
    planner = Planner({"orders": PlanningModel(make_artifact(draws=100, seed=5))})
    ranges: dict[str, object] = {
        "tv": {"min": 60_000.0},
        "search": {"locked": 20_000.0, "fee": 0.1},
        "social": {"off_or_at_least": 9e4},
    }
    scenario = sized(planner, 500_000.0, probability=0.7, channels=ranges, rules={"test_reserve": 0.1})
    question = planner.question(scenario)
    asked_anyway = answers.smallest_budget(question, ())
    assert asked_anyway == pytest.approx((60_000.0 + 1.1 * 20_000.0) / 0.9)
    monkeypatch.setattr(answers, "least_of_ranges", lambda *_: None)
    assert answers.smallest_budget(question, ()) == pytest.approx(asked_anyway)
    banded = planner.question(scenario.model_copy(update={"business": "b2c"}))
    monkeypatch.undo()
    assert answers.least_of_ranges(banded, banded.scenario) is None


def test_a_target_out_of_reach_is_still_answered_with_what_can_be_had() -> None:
    planner = Planner({"orders": PlanningModel(make_artifact(draws=60, seed=2))})
    scenario = sized(planner, 300_000.0, probability=0.8, budget=200_000.0)
    task = scenario.tasks[0].model_copy(update={"at_least": 50.0 * scenario.tasks[0].at_least})
    plan = planner.plan(scenario.model_copy(update={"tasks": (task,)}))
    assert plan.status == "infeasible"
    assert 0 < plan.attainable[0].attainable < task.at_least


def sized(planner: Planner, known: float, probability: float, **changes: object) -> Scenario:
    """What a budget reaches on average, to be reached with a probability."""
    document = {
        "name": "sized",
        "market": "testland",
        "kpi": "orders",
        "business": "none",
        "horizon": {"start": "2027-01-04", "periods": 13},
    }
    spent = planner.plan(Scenario.model_validate({**document, "budget": known}))
    draws = spent.outcomes[0].incremental
    task = {"kpi": "orders", "at_least": float(np.mean([draws.mean, draws.p05])), "probability": probability}
    return Scenario.model_validate({**document, "objective": "size", "tasks": [task], **changes})
