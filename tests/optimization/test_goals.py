"""Profit, return targets, several KPIs in money and caution: against every split of a money grid, recounted here."""

from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest
from builders import make_artifact

from mmm.artifact import seal
from mmm.curves import channel_response
from mmm.sentence import plain
from optimizer.errors import ScenarioRefused
from optimizer.plan.document import Plan
from optimizer.planning import Planner, PlanningModel
from optimizer.scenario.document import Scenario

ORDERS = make_artifact(draws=200, value_per_unit=75.0)
LEADS = make_artifact(draws=200, kpi="leads", seed=5, value_per_unit=None)
LEADS = seal(LEADS.manifest, replace(LEADS.draws, spend=ORDERS.draws.spend))  # one market has spent once
PLANNER = Planner({"orders": PlanningModel(ORDERS), "leads": PlanningModel(LEADS)})
BUDGET, STEPS = 400_000.0, 32
BAND = (0.35, 0.45)


def scenario(**changes: object) -> Scenario:
    return Scenario.model_validate(
        {
            "name": "Q1",
            "market": "testland",
            "kpi": "orders",
            "budget": BUDGET,
            "business": "b2c",
            "horizon": {"start": "2027-01-04", "periods": 13},
            **changes,
        }
    )


def plan(**changes: object) -> Plan:
    return PLANNER.plan(scenario(**changes))


def split_of(found: Plan) -> np.ndarray:
    return np.array([channel.spend for channel in found.channels])


@cache
def responses(kpi: str) -> tuple[object, ...]:
    artifact = {"orders": ORDERS, "leads": LEADS}[kpi]
    return tuple(
        channel_response(artifact, name, np.full(13, 1 / 13), ORDERS.draws.spend[:, index])
        for index, name in enumerate(artifact.channels)
    )


def brought(spend: np.ndarray, kpi: str = "orders") -> np.ndarray:
    """What a split brings, per draw."""
    return np.sum([one.per_draw(amount) for one, amount in zip(responses(kpi), spend, strict=True)], axis=0)


@cache
def grid(kpi: str = "orders") -> tuple[np.ndarray, np.ndarray]:
    """Every split of a money grid within budget and band, and what it brings per draw. Shapes (N, 4), (N, S)."""
    amounts = np.arange(STEPS + 1) * BUDGET / STEPS
    table = np.array([[one.per_draw(amount) for amount in amounts] for one in responses(kpi)])
    units = np.array([each for each in product(range(0, STEPS + 1, 2), repeat=4) if sum(each) <= STEPS])
    whole = units.sum(axis=1)
    brand = units[:, :2].sum(axis=1)
    units = units[(brand >= BAND[0] * whole) & (brand <= BAND[1] * whole)]
    draws = sum(table[index, units[:, index]] for index in range(4))
    return units * BUDGET / STEPS, draws


def test_no_split_has_more_profit_than_the_bound_and_the_plan_has_what_it_says() -> None:
    found = plan(objective="profit")
    spend = split_of(found)
    splits, draws = grid()
    assert found.certificate is not None
    assert found.certificate.unit == "money"
    assert 0 < found.budget < BUDGET
    profit = 75.0 * brought(spend) - spend.sum()
    assert found.certificate.value == pytest.approx(profit.mean(), rel=1e-6)
    assert found.profit is not None
    assert found.profit.mean == pytest.approx(profit.mean(), rel=1e-6)
    assert found.profit.p05 == pytest.approx(np.quantile(profit, 0.05), rel=1e-6)
    best = (75.0 * draws.mean(axis=1) - splits.sum(axis=1)).max()
    assert best <= found.certificate.bound
    assert found.certificate.value >= best
    assert found.certificate.gap <= 1e-4


def test_without_a_budget_profit_stops_by_itself() -> None:
    found = plan(objective="profit", budget=None)
    assert found.budget == pytest.approx(plan(objective="profit").budget, rel=0.05)


@pytest.mark.parametrize("roas", [1.0, 1.3])
def test_no_split_at_the_return_asked_brings_more_than_the_bound(roas: float) -> None:
    found = plan(objective="efficiency", target={"roas": roas})
    spend = split_of(found)
    splits, draws = grid()
    money = 75.0 * draws.mean(axis=1)
    assert found.status == "optimal"
    assert found.certificate is not None
    assert 75.0 * brought(spend).mean() >= roas * found.budget * (1 - 1e-9)
    assert found.certificate.value == pytest.approx(brought(spend).mean(), rel=1e-6)
    keeps = money >= roas * splits.sum(axis=1)
    assert keeps.any()
    assert draws.mean(axis=1)[keeps].max() <= found.certificate.bound
    assert found.certificate.value >= 0.999 * draws.mean(axis=1)[keeps].max()


def test_a_cost_an_order_is_the_same_target_the_other_way_round() -> None:
    by_cost = plan(objective="efficiency", target={"cpa": 75.0 / 1.2})
    by_return = plan(objective="efficiency", target={"roas": 1.2})
    assert by_cost.budget == pytest.approx(by_return.budget, rel=1e-3)


def test_at_a_marginal_return_no_step_up_or_down_is_worth_it() -> None:
    least = 0.8
    found = plan(objective="efficiency", target={"mroas": least}, business="none")
    spend = split_of(found)
    now = 75.0 * brought(spend).mean() - least * spend.sum()
    assert found.certificate is not None
    assert found.certificate.value == pytest.approx(now, rel=1e-6)
    assert 0 < spend.sum() < BUDGET
    for index in range(4):
        for change in (-0.5, -0.1, 0.1, 0.5):
            other = spend.copy()
            other[index] = max(0.0, spend[index] * (1 + change) + (BUDGET / 50 if spend[index] == 0 else 0.0))
            assert 75.0 * brought(other).mean() - least * other.sum() <= found.certificate.bound


def test_a_return_out_of_reach_names_what_stands_against_it_and_the_most_that_there_is() -> None:
    rules = {"channels": {"tv": {"min": 100_000}, "social": {"max": 300_000}}}
    found = plan(objective="efficiency", target={"roas": 1.3}, **rules)
    assert found.status == "infeasible"
    named = {rule.rule for rule in found.conflict}
    assert {"target.roas", "channels.tv.min"} <= named
    assert "channels.social.max" not in named
    (relaxed,) = found.relaxation
    assert relaxed.rule == "target.roas"
    assert relaxed.to < relaxed.from_ == 1.3
    assert plan(objective="efficiency", target={"roas": relaxed.to}, **rules).status == "optimal"
    assert plan(objective="efficiency", target={"roas": 1.3}).status == "optimal"
    no_band = plan(objective="efficiency", target={"roas": 1.3}, business="none", **rules).status
    assert (no_band == "optimal") == ("split.brand_share" in named)


def test_a_return_that_no_rule_stands_against_is_the_curves_own_fault() -> None:
    found = plan(objective="efficiency", target={"roas": 50.0}, business="none")
    assert [rule.rule for rule in found.conflict] == ["target.roas"]
    assert "at best it returns" in plain(found.conflict[0].text)


@pytest.mark.parametrize("level", [0.2, 0.05])
def test_no_split_has_a_better_mean_of_its_worst_draws_than_the_bound(level: float) -> None:
    found = plan(risk={"attitude": "cautious", "level": level})
    count = round(level * 200)
    splits, draws = grid()
    worst = np.sort(draws, axis=1)[:, :count].mean(axis=1)
    own = np.sort(brought(split_of(found)))[:count].mean()
    assert found.certificate is not None
    assert found.certificate.value == pytest.approx(own, rel=1e-6)
    assert worst[np.isclose(splits.sum(axis=1), BUDGET)].max() <= found.certificate.bound
    assert found.certificate.gap <= 1e-4
    assert found.risk is not None
    assert found.risk.worst == pytest.approx(own, rel=1e-6)
    assert found.risk.worst >= found.risk.neutral_worst * (1 - 1e-6)
    assert found.risk.mean <= found.risk.neutral_mean * (1 + 1e-6)


def test_worst_draws_that_are_no_whole_number_count_in_part() -> None:
    found = plan(risk={"attitude": "cautious", "level": 0.0125})  # two and a half of 200 draws
    first, second, third = np.sort(brought(split_of(found)))[:3]
    assert found.certificate is not None
    assert found.certificate.value == pytest.approx((first + second + 0.5 * third) / 2.5, rel=1e-6)


def test_several_kpis_count_by_their_values() -> None:
    found = plan(values={"orders": 75.0, "leads": 400.0})
    spend = split_of(found)
    worth = 75.0 * brought(spend).mean() + 400.0 * brought(spend, "leads").mean()
    splits, draws = grid()
    best = (75.0 * draws.mean(axis=1) + 400.0 * grid("leads")[1].mean(axis=1))[
        np.isclose(splits.sum(axis=1), BUDGET)
    ].max()
    assert found.certificate is not None
    assert found.certificate.unit == "money"
    assert found.certificate.value == pytest.approx(worth, rel=1e-6)
    assert 0.99 * found.certificate.value <= best <= found.certificate.bound
    assert {outcome.kpi for outcome in found.outcomes} == {"orders", "leads"}


def test_money_needs_a_value_of_a_unit() -> None:
    for changes in ({"objective": "profit"}, {"objective": "efficiency", "target": {"mroas": 1.0}}):
        with pytest.raises(ScenarioRefused, match="a value per unit of leads"):
            plan(kpi="leads", **changes)
    assert plan(kpi="leads", objective="efficiency", target={"cpa": 500.0}).status == "optimal"
    assert plan(kpi="leads", objective="profit", values={"leads": 400.0}).status == "optimal"


@pytest.mark.parametrize(
    "changes",
    [
        {"objective": "profit", "tasks": [{"kpi": "orders", "at_least": 100.0}], "risk": {"attitude": "regret"}},
        {"tasks": [{"kpi": "orders", "at_least": 100.0}], "risk": {"attitude": "cautious"}},
    ],
)
def test_what_does_not_go_together_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="go"):
        scenario(**changes)


@pytest.mark.parametrize("ceiling", [{"cpa_at_most": 300.0}, {"marginal_cpa_at_most": 90.0}])
def test_a_return_out_of_reach_is_refused_beside_a_ceiling_on_what_an_order_costs(ceiling: dict[str, float]) -> None:
    rules = {"channels": {"tv": {"min": 100_000}, "search": ceiling}}
    found = plan(objective="efficiency", target={"roas": 1.3}, **rules)
    assert found.status == "infeasible"
    assert {"target.roas", "channels.tv.min"} <= {rule.rule for rule in found.conflict}
