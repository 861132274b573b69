"""The checker attacks the bound of every plan: splits that keep the rules and bring more are found, and no others."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from builders import CHANNELS, make_artifact, make_panel
from clashes import judged
from instances import draw_market

from optimizer import planning
from optimizer.checker.bound import QUICK, THOROUGH, Effort, beaten_bound
from optimizer.checker.certificate import Wanted
from optimizer.checker.check import faults_of_plan
from optimizer.checker.explanation import wrong_explanation, wrong_learning
from optimizer.checker.frontier import wrong_points
from optimizer.checker.portfolio import wrong_portfolio
from optimizer.checker.recount import Recount
from optimizer.checker.splits import split_rules
from optimizer.checker.swaps import swaps
from optimizer.errors import CheckFailed
from optimizer.plan.figures import FrontierPoint
from optimizer.plan.portfolio import Portfolio
from optimizer.planning import Planner, PlanningModel
from optimizer.portfolio.market import Market
from optimizer.portfolio.split import plan_portfolio
from optimizer.scenario.document import Scenario

ARTIFACT = make_artifact(draws=60)
MODELS = {"orders": PlanningModel(ARTIFACT)}
PLANNER = Planner(MODELS)
EFFORTS = pytest.mark.parametrize("effort", [QUICK, THOROUGH], ids=["quick", "thorough"])


def asked(**changes: Any) -> Scenario:
    document = {
        "name": "Q1",
        "market": "testland",
        "kpi": "orders",
        "budget": 500_000.0,
        "horizon": {"start": "2027-01-04", "periods": 13},
    }
    return Scenario.model_validate(document | changes)


TOO_TIGHT: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a limit that nobody set": ({}, {"channels": {"search": {"max": 150_000.0}}}),
    "a channel that was left off": (
        {"channels": {"search": {"off_or_at_least": 80_000.0}}},
        {"channels": {"search": {"max": 0.0}}},
    ),
    "a band that nobody set": ({"business": "b2c"}, {"split": {"brand_share": (0.44, 0.45)}}),
    "money that was not spent on profit": (
        {"objective": "profit", "values": {"orders": 200.0}},
        {"objective": "profit", "values": {"orders": 200.0}, "budget": 250_000.0},
    ),
    "too much spent for profit": (
        {"objective": "profit", "values": {"orders": 60.0}},
        {"objective": "profit", "values": {"orders": 60.0}, "channels": {"tv": {"min": 200_000.0}}},
    ),
    "a phasing and a fee": (
        {"flighting": {"pattern": "history"}, "channels": {"tv": {"fee": 0.15}}},
        {"flighting": {"pattern": "history"}, "channels": {"tv": {"fee": 0.15}, "search": {"max": 1e5}}},
    ),
    "caution": (
        {"risk": {"attitude": "cautious"}},
        {"risk": {"attitude": "cautious"}, "channels": {"search": {"max": 150_000.0}}},
    ),
    "steps": (
        {"channels": {"search": {"increment": 30_000.0}}},
        {"channels": {"search": {"increment": 30_000.0, "max": 150_000.0}}},
    ),
    "a return": (
        {"objective": "efficiency", "target": {"roas": 0.45}},
        {"objective": "efficiency", "target": {"roas": 0.45}, "channels": {"search": {"max": 150_000.0}}},
    ),
}


@EFFORTS
@pytest.mark.parametrize(("scenario", "tight"), TOO_TIGHT.values(), ids=TOO_TIGHT)
def test_a_bound_for_rules_that_nobody_set_is_beaten(
    scenario: dict[str, Any], tight: dict[str, Any], effort: Effort
) -> None:
    found = PLANNER.plan(asked(**tight, solve={"gap": 1e-3}))
    recount = Recount.of(asked(**scenario), found, {"orders": ARTIFACT})
    (said,) = beaten_bound(recount, effort)
    assert "is beaten by" in said


def test_the_split_that_beats_a_bound_keeps_every_rule_and_has_the_value_that_is_said() -> None:
    rules = {"business": "b2c", "rules": {"test_reserve": 0.1}, "channels": {"tv": {"fee": 0.2}}}
    tight = PLANNER.plan(asked(**{**rules, "channels": {"tv": {"fee": 0.2}, "search": {"max": 120_000.0}}}))
    recount = Recount.of(asked(**rules), tight, {"orders": ARTIFACT})
    (said,) = beaten_bound(recount, THOROUGH)
    value = float(said.split("beaten by ")[1].split(",")[0])
    split = {part.split()[0]: float(part.split()[1]) for part in said.split("with ")[1].split(", ")}
    best = PLANNER.plan(asked(**rules))
    assert best.certificate is not None
    assert tight.certificate is not None
    assert tight.certificate.bound < value <= best.certificate.bound
    assert recount.brought_by("orders", split).mean() == pytest.approx(value, rel=1e-4)
    brand = (split["tv"] + split["video"]) / sum(split.values())
    assert 0.35 - 1e-4 <= brand <= 0.45 + 1e-4
    assert 1.2 * split["tv"] + split["video"] + split["social"] + split["search"] == pytest.approx(450_000.0, rel=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_no_bound_that_holds_is_beaten(seed: int) -> None:
    artifact, scenario = draw_market(np.random.default_rng([11, seed]), 6, 40)
    found = Planner({scenario.kpi: PlanningModel(artifact)}, is_strict=False).plan(scenario)
    assert faults_of_plan(scenario, found, {scenario.kpi: artifact}) == ()


def test_a_bound_on_regret_is_beaten_from_above() -> None:
    few = make_artifact(draws=12, channels=CHANNELS[2:])
    regret = {"risk": {"attitude": "regret", "level": 0.2}, "solve": {"gap": 1e-3, "seconds": 5.0}}
    found = Planner({"orders": PlanningModel(few)}).plan(asked(**regret, budget=300_000.0))
    assert found.certificate is not None
    worse = found.certificate.model_copy(update={"bound": found.certificate.value})
    assert beaten_bound(Recount.of(asked(**regret, budget=300_000.0), found, {"orders": few}), THOROUGH) == []
    held = asked(**regret, budget=300_000.0, channels={"search": {"max": 60_000.0}})
    tight = Planner({"orders": PlanningModel(few)}).plan(held)
    assert tight.regret is not None
    # The same draws under the rules as asked have a better best, so that the plan regrets more.
    best = {each.draw: each.best for each in found.regret.draws} if found.regret is not None else {}
    draws = tuple(each.model_copy(update={"best": best[each.draw]}) for each in tight.regret.draws)
    told = tight.model_copy(update={"regret": tight.regret.model_copy(update={"draws": draws})})
    recount = Recount.of(asked(**regret, budget=300_000.0), told, {"orders": few})
    worth = recount.incremental["orders"]
    regretted = Wanted.of(recount).value(worth, told.budget)
    told = told.model_copy(update={"certificate": worse.model_copy(update={"value": regretted, "bound": regretted})})
    (said,) = beaten_bound(Recount.of(asked(**regret, budget=300_000.0), told, {"orders": few}), THOROUGH)
    assert "is beaten by" in said


def test_a_plan_that_beats_its_bound_does_not_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    # As an engine would plan it that keeps a rule which nobody set.
    tight = PLANNER.plan(asked(channels={"search": {"max": 150_000.0}}))
    monkeypatch.setattr(Planner, "_plan", lambda *_: tight)
    with pytest.raises(CheckFailed, match="is beaten by"):
        PLANNER.plan(asked())
    told = Planner(MODELS, is_strict=False).plan(asked())
    assert told.status == "feasible"


def test_rules_on_many_splits_are_those_on_each() -> None:
    scenario = asked(
        business="b2c",
        channels={"tv": {"off_or_at_least": 90_000.0, "fixed_cost": 3_000.0}, "social": {"increment": 25_000.0}},
        groups=[{"name": "growth", "department": "growth", "at_most_channels": 1}],
        precedence=[{"channel": "video", "after": {"tv": 100_000.0}}],
        requires=[{"channel": "search", "upstream": ["tv", "video"], "at_most_ratio": 2.0}],
        rules={"at_most_channels": 3, "cash_per_period": 40_000.0},
    )
    recount = Recount.of(scenario, PLANNER.plan(scenario), {"orders": ARTIFACT})
    rules, rng = split_rules(recount), np.random.default_rng(5)
    own = np.array([recount.spend[name] for name in recount.names])
    splits = np.where(rng.random((300, 4)) < 0.7, own, rng.choice([0.0, 25e3, 1e5, 2e5], (300, 4)))
    kept = rules.kept(splits)
    assert 0 < kept.sum() < 300
    for split, is_kept in zip(splits, kept, strict=True):
        assert is_kept == (not rules.broken(split, float(rules.totals(split[None])[0])))


def test_points_of_a_frontier_are_counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[FrontierPoint, Mapping[str, float]]] = []

    def kept(_: Scenario, points: Sequence[tuple[FrontierPoint, Mapping[str, float]]], *__: Any, **___: Any) -> Any:
        seen.extend(points)
        return wrong_points(_, points, *__, **___)

    monkeypatch.setattr(planning, "wrong_points", kept)
    scenario = asked(business="b2c", rules={"test_reserve": 0.05}, channels={"tv": {"fee": 0.1}})
    PLANNER.frontier(scenario, [200_000.0, 400_000.0, 600_000.0])
    artifacts = {"orders": ARTIFACT}
    assert wrong_points(scenario, seen, artifacts) == ()
    for field in ("spent", "mean", "p05", "p95", "roas"):
        point, split = seen[1]
        wrong = point.model_copy(update={field: 1.01 * getattr(point, field)})
        assert wrong_points(scenario, [seen[0], (wrong, split), seen[2]], artifacts), field
    point, split = seen[2]
    moved = {**split, "tv": split["tv"] + 90_000.0, "social": split["social"] - 90_000.0}
    assert any("brand share" in fault for fault in wrong_points(scenario, [(point, moved)], artifacts))
    # The best split of a smaller budget is none of a larger one.
    low = [(seen[0][0].model_copy(update={"budget": 600_000.0}), seen[0][1])]
    assert any("is beaten by" in fault for fault in wrong_points(scenario, low, artifacts))
    monkeypatch.setattr(planning, "wrong_points", lambda *_, **__: ("at 1.0: mean",))
    with pytest.raises(CheckFailed, match=r"at 1\.0: mean"):
        PLANNER.frontier(scenario, [200_000.0])


def test_other_splits_and_a_phasing_to_learn_from_are_counted_anew() -> None:
    few = make_artifact(draws=60, channels=CHANNELS[2:])
    scenario, artifacts = asked(budget=300_000.0), {"orders": few}
    plan, told = Planner({"orders": PlanningModel(few)}).explain(scenario)
    assert told is not None
    assert told.learning is not None
    assert wrong_explanation(scenario, told, artifacts) == ()
    first = told.alternatives[0]
    for wrong, said in (
        ({"value": 1.01 * told.value}, "best split is said to bring"),
        ({"alternatives": (first.model_copy(update={"loss": first.loss + 0.002}),)}, "alternative 1 is said to lose"),
        (
            {"alternatives": (first.model_copy(update={"spend": {"social": 2e5, "search": 2e5}}),)},
            "alternative 1 breaks budget",
        ),
        ({"channels": (told.channels[0].model_copy(update={"high": 0.0}), *told.channels[1:])}, "outside of its room"),
    ):
        assert any(said in fault for fault in wrong_explanation(scenario, told.model_copy(update=wrong), artifacts))
    learning = told.learning
    assert wrong_learning(scenario, plan, learning, artifacts) == ()
    one, *others = learning.channels
    more = one.model_copy(update={"spend": (2.0 * one.spend[0], *one.spend[1:])})
    for wrong, said in (
        ({"lost": learning.lost + 5.0}, "is said to lose"),
        ({"channels": (more, *others)}, "to learn from, not"),
        ({"variation": 0.01}, "is moved by more than"),
    ):
        faults = wrong_learning(scenario, plan, learning.model_copy(update=wrong), artifacts)
        assert any(said in fault for fault in faults), (said, faults)


def test_a_portfolio_is_counted_anew() -> None:
    names = ("de", "fr")
    models = {name: make_artifact(market=name, draws=20, seed=seed) for seed, name in enumerate(names)}
    members = [
        {"scenario": asked(name=name, market=name).model_dump(mode="json"), "at_most": 200_000.0} for name in names
    ]
    portfolio = Portfolio.model_validate({"name": "all", "budget": 300_000.0, "markets": members})
    markets = [
        Market(Planner({"orders": PlanningModel(models[name])}), member.scenario, None, 1.0, 0.0, 200_000.0)
        for name, member in zip(names, portfolio.markets, strict=True)
    ]
    told = plan_portfolio(portfolio, markets, "EUR")
    assert wrong_portfolio(portfolio, told) == ()
    first, second = told.markets
    for wrong, said in (
        ({"value": 1.01 * told.value}, "are said to bring"),
        ({"bound": 0.99 * told.value}, "is none for value"),
        ({"as_before": 1.01 * told.bound}, "as it was shared before"),
        ({"gap": told.gap + 0.01}, "gap is said to be"),
        ({"markets": (first.model_copy(update={"budget": 250_000.0}), second)}, "beyond its limits"),
        ({"markets": (first.model_copy(update={"share": 0.1}), second)}, "share is not"),
        (
            {"markets": (first.model_copy(update={"value": first.value.model_copy(update={"mean": 1.0})}), second)},
            "its plan brings",
        ),
    ):
        faults = wrong_portfolio(portfolio, told.model_copy(update=wrong))
        assert any(said in fault for fault in faults), (said, faults)


def test_a_bound_of_a_plan_by_geo_is_attacked_cell_by_cell() -> None:
    panel = make_panel(draws=15, geos=("north", "west"), local=("search",), effects={("west", "search"): 3.0})
    planner = Planner({"orders": PlanningModel(panel)})
    desk, by_cell = planner._by_geo(asked(geos={}))
    tight = desk.scenario(asked(geos={"limits": {"west": {"max": 40_000.0}}}), None)
    found, _ = by_cell._planned(tight, None)
    free = Recount.of(desk.scenario(asked(geos={}), None), found, desk.by_cell)
    assert "search / west" in beaten_bound(free, QUICK)[0]
    assert beaten_bound(Recount.of(tight, found, desk.by_cell), THOROUGH) == []


def test_swaps_leave_the_money_of_both_sides_as_it_is() -> None:
    split, costs = np.array([30.0, 0.0, 50.0, 20.0]), np.array([1.0, 2.0, 1.0, 1.0])
    is_brand = np.array([True, True, False, True])
    found = swaps(split, costs, np.array([0.0, 4.0, 0.0, 0.0]), is_brand, np.array([0.0, 12.0, 0.0, 0.0]))
    money = found.splits * costs + (found.splits > 0) * np.array([0.0, 4.0, 0.0, 0.0])
    assert set(found.taken) == {1}
    has_others = found.left != 2  # the third is alone on its side: nothing is left there without it
    np.testing.assert_allclose(money.sum(axis=1)[has_others], 100.0)
    np.testing.assert_allclose(money[:, is_brand].sum(axis=1)[has_others], 50.0)
    # The first is off, the second has the 12 units that it needs, for 24 and 4 beside them; the fourth has the rest.
    assert any(np.allclose(each, [0.0, 12.0, 50.0, 22.0]) for each in found.splits)


@pytest.mark.parametrize("number", [121, 310], ids=["less than the slack is asked for", "a ceiling on CPA binds"])
def test_no_bound_is_beaten_by_a_split_that_a_rounding_lets_in(number: int) -> None:
    """Rules that were relaxed to where they can just hold leave a sliver, about which roundings matter."""
    found = judged([1, number])
    assert found.is_infeasible
    assert found.is_right
