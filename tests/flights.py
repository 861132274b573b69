"""Flighting problems about made artifacts, and phasings to try on them."""

from datetime import date

import numpy as np

from mmm.artifact import ResponseArtifact
from optimizer.flight.concave import FlightProblem
from optimizer.flight.period_rules import PeriodRules
from optimizer.flight.problem import CountedKpi, Raised, flight_problem
from optimizer.question.asked import Desk, PlanningModel, Question
from optimizer.rulebook.rules import formulate
from optimizer.scenario.document import Scenario


def question_about(artifact: ResponseArtifact, periods: int, budget: float, **more: object) -> Question:
    scenario = Scenario.model_validate(
        {
            "name": "flighting",
            "market": artifact.manifest.market,
            "kpi": artifact.manifest.outcome.name,
            "budget": budget,
            "horizon": {"start": date(2027, 1, 4), "periods": periods},
            **more,
        }
    )
    return Desk({scenario.kpi: PlanningModel(artifact)}).question(scenario, None)


def problem_of(question: Question, rules: PeriodRules | None = None) -> FlightProblem:
    form = formulate(question.setting(question.scenario, spends_all=True))
    shape = question.timeline.flighting.shape
    return flight_problem(
        form, PeriodRules.none(*shape) if rules is None else rules, Raised([CountedKpi(question.kpi)])
    )


def random_phasings(rng: np.random.Generator, problem: FlightProblem, budget: float, count: int) -> np.ndarray:
    """Phasings that spend the budget under the caps of the periods, from even ones to single bursts."""
    channels, periods = problem.rows.shape
    found = []
    while len(found) < count:
        sharpness = 10.0 ** rng.uniform(-1.5, 1)
        spend = rng.dirichlet(np.full(channels, 1.0))[:, None] * rng.dirichlet(np.full(periods, sharpness), channels)
        spend *= budget
        for _ in range(50):
            spend = np.minimum(spend, problem.rows.most)
            room = np.maximum(problem.rows.most - spend, 0.0)
            spend += room * min(1.0, max(0.0, budget - spend.sum()) / room.sum())
        if abs(spend.sum() - budget) < 1e-6 * budget:
            found.append(spend)
    return np.array(found)
