"""One budget for several markets, against every split of a money grid."""

from itertools import pairwise

import numpy as np
import pytest
from builders import make_artifact

from mmm.curves import channel_response
from optimizer.errors import ScenarioRefused
from optimizer.plan.portfolio import Portfolio, PortfolioPlan
from optimizer.planning import Planner, PlanningModel
from optimizer.portfolio.market import Market
from optimizer.portfolio.split import plan_portfolio

NAMES = ("de", "fr", "cn")
ARTIFACTS = {
    name: make_artifact(market=name, draws=60, seed=index + 1, value_per_unit=75.0 + 20 * index)
    for index, name in enumerate(NAMES)
}


def portfolio(budget: float, names: tuple[str, ...] = NAMES, **limits: dict[str, object]) -> Portfolio:
    scenarios = {
        name: {
            "name": name,
            "market": name,
            "kpi": "orders",
            "budget": 1.0,
            "business": "b2c",
            "horizon": {"start": "2027-01-04", "periods": 13},
        }
        for name in names
    }
    members = []
    for name in names:
        own = dict(limits.get(name, {}))
        members.append({"scenario": {**scenarios[name], **own.pop("scenario", {})}, **own})
    return Portfolio.model_validate({"name": "all", "budget": budget, "markets": members})


def plan(asked: Portfolio) -> PortfolioPlan:
    markets = [
        Market(
            planner=Planner({"orders": PlanningModel(ARTIFACTS[member.scenario.market])}),
            scenario=member.scenario,
            reference_spend=None,
            rate=member.rate or 1.0,
            low=member.at_least,
            high=asked.budget if member.at_most is None else min(member.at_most, asked.budget),
        )
        for member in asked.markets
    ]
    return plan_portfolio(asked, markets, "EUR")


def best_by_budget(name: str, budgets: np.ndarray) -> np.ndarray:
    """What a market brings at best at some budgets under the band of b2c, on a grid of splits; money."""
    artifact = ARTIFACTS[name]
    responses = [
        channel_response(artifact, channel, np.full(13, 1 / 13), artifact.draws.spend[:, index])
        for index, channel in enumerate(artifact.channels)
    ]
    value = artifact.manifest.outcome.value_per_unit or 0.0
    found = []
    for budget in budgets:
        best = 0.0
        for brand in (0.35, 0.40, 0.45):
            sides = []
            for pair, part in ((responses[:2], brand), (responses[2:], 1 - brand)):
                shares = np.linspace(0, 1, 21) * part * budget
                sides.append(
                    max(pair[0].expected(float(x)) + pair[1].expected(float(part * budget - x)) for x in shares)
                )
            best = max(best, sum(sides))
        found.append(best * value)
    return np.array(found)


def test_no_split_of_a_grid_brings_more_than_the_bound_and_money_adds_up() -> None:
    budget = 300_000.0
    found = plan(portfolio(budget))
    grid = np.linspace(0, budget, 13)
    values = {name: best_by_budget(name, grid) for name in NAMES}
    best = max(values["de"][i] + values["fr"][j] + values["cn"][12 - i - j] for i in range(13) for j in range(13 - i))
    assert found.status == "optimal"
    assert 0.97 * found.value <= best <= found.bound * (1 + 1e-9)
    assert found.value >= best * (1 - 1e-4)
    assert sum(market.budget for market in found.markets) == pytest.approx(budget, rel=1e-6)
    assert sum(market.value.mean for market in found.markets) == pytest.approx(found.value)
    for market in found.markets:
        assert sum(channel.spend for channel in market.plan.channels) == pytest.approx(market.budget, rel=1e-6)
        worth = market.plan.outcomes[0].value
        assert worth == pytest.approx(market.value.mean, rel=1e-6)
    assert found.as_before is not None
    assert found.as_before <= found.value * (1 + 1e-6)


def test_limits_of_a_market_hold_and_what_its_next_unit_brings_is_said() -> None:
    budget = 300_000.0
    found = plan(portfolio(budget, de={"at_least": 60_000.0}, cn={"at_most": 90_000.0}))
    share = {market.market: market for market in found.markets}
    assert share["de"].budget >= 60_000 * (1 - 1e-6)
    assert share["cn"].budget <= 90_000 * (1 + 1e-6)
    assert share["cn"].mroas is None
    assert share["fr"].mroas is not None
    assert found.gap <= 2e-3


def test_more_budget_never_brings_less() -> None:
    values = [plan(portfolio(budget, ("de", "fr"))).value for budget in (50_000.0, 200_000.0, 800_000.0)]
    assert all(one < other for one, other in pairwise(values))


def test_another_currency_counts_by_its_rate() -> None:
    scaled = plan(portfolio(200_000.0, ("de", "cn"), cn={"rate": 0.5, "at_least": 80_000.0}))
    cn = next(market for market in scaled.markets if market.market == "cn")
    assert cn.budget >= 80_000.0 * (1 - 1e-6)
    assert cn.budget == pytest.approx(0.5 * cn.plan.budget)
    assert cn.value.mean == pytest.approx(0.5 * (cn.plan.outcomes[0].value or 0.0), rel=1e-6)
    assert scaled.spent == pytest.approx(200_000.0, rel=1e-6)


def test_a_channel_without_history_stays_small_in_its_market() -> None:
    new = {"tiktok": {"like": "social", "effect": 3.0, "at_most_share": 0.1}}
    limits = {"de": {"at_least": 100_000.0}, "fr": {"at_least": 50_000.0}}
    known = plan(portfolio(300_000.0, **limits))
    found = plan(portfolio(300_000.0, **{**limits, "de": {**limits["de"], "scenario": {"new_channels": new}}}))
    de = next(market for market in found.markets if market.market == "de")
    (tiktok,) = (channel for channel in de.plan.channels if channel.evidence == "assumed")
    assert tiktok.spend == pytest.approx(0.1 * de.budget, rel=1e-6)
    assert de.plan.outcomes[0].assumed is not None
    assert de.value.mean == pytest.approx(de.plan.outcomes[0].value)
    assert known.value < found.value <= found.bound
    assert found.gap <= 1e-3
    # A model that knows the channel by now refuses it at its place.
    with pytest.raises(ScenarioRefused) as refused:
        plan(portfolio(300_000.0, de={"scenario": {"new_channels": {"tv": {"like": "social"}}}}))
    assert refused.value.faults[0].field == "new_channels.tv"


def test_rules_that_ask_for_more_than_the_budget_are_said() -> None:
    dear = {"scenario": {"channels": {"tv": {"min": 80_000.0}}}}
    found = plan(portfolio(250_000.0, ("de", "fr"), de=dear, fr=dear))
    assert found.status == "infeasible"
    assert found.excess == pytest.approx(2 * 80_000 / 0.45 - 250_000, rel=1e-3)
    found = plan(portfolio(100_000.0, ("de", "fr"), de=dear))
    assert found.status == "infeasible"
    assert set(found.refused) == {"de"}
    assert {rule.rule for rule in found.refused["de"].conflict} >= {"channels.tv.min", "budget"}


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"de": {"at_least": 9.0, "at_most": 1.0}}, "at_least is above at_most"),
        ({"de": {"at_least": 60_000.0}, "fr": {"at_least": 60_000.0}}, "below what the markets"),
        ({"de": {"scenario": {"tasks": [{"kpi": "orders", "at_least": 5.0}]}}}, "size each market"),
        ({"de": {"scenario": {"market": "fr"}}}, "more than once"),
        ({"de": {"scenario": {"flighting": {"pattern": "optimized"}}}}, "flighting"),
        ({"de": {"scenario": {"geos": {}}}}, r"scenario\.geos: a portfolio plans whole countries; leave geos out"),
    ],
)
def test_what_cannot_share_a_budget_is_refused(limits: dict[str, dict[str, object]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        portfolio(100_000.0, ("de", "fr"), **limits)
