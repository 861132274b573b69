"""How far curves and splits move from one model to the next, and an old plan on a new one."""

from typing import Any

import numpy as np
import pytest
from builders import make_artifact
from refit_variants import with_effect, with_exposure, with_manifest, with_weeks, without_channel

from mmm.contribution import channel_figures
from mmm.curves import channel_response
from mmm.sentence import plain
from optimizer.errors import ScenarioRefused
from optimizer.plan.document import Plan
from optimizer.planning import Planner
from optimizer.question.asked import PlanningModel
from optimizer.scenario.document import Scenario
from optimizer.scenario.known_spend import KnownSpend
from service.refits.curve_stability import channel_moves, stability_of_curves
from service.refits.rescoring import rescore
from service.refits.split_stability import StandingScenario, spend_since, stability_of_split

CHAMPION = make_artifact(draws=60)
HALVED = with_effect(CHAMPION, "video", 0.5)


def scenario(**changes: object) -> Scenario:
    asked: dict[str, Any] = {"name": "Q1", "market": "testland", "kpi": "orders", "budget": 500_000.0}
    horizon = {"start": "2027-01-04", "periods": 13}
    return Scenario.model_validate({**asked, "business": "b2c", "horizon": horizon, **changes})


def planned(artifact: Any, asked: Scenario, known: KnownSpend | None = None) -> Plan:
    return Planner({"orders": PlanningModel(artifact)}, known=known).plan(asked)


def moved(champion: Any, challenger: Any, *asked: Scenario) -> Any:
    standing = [StandingScenario(str(place), one) for place, one in enumerate(asked)]
    return stability_of_split(standing, {"orders": champion}, {"orders": challenger})


def test_equal_models_have_not_moved() -> None:
    found = stability_of_curves({"orders": CHAMPION}, {"orders": CHAMPION})
    assert [move.channel for move in found.channels] == list(CHAMPION.channels)
    assert all(move.roas.standardised == move.mroas.standardised == 0.0 for move in found.channels)
    assert found.beyond("orders") == ()
    (split,) = moved(CHAMPION, CHAMPION, scenario()).moves
    assert (split.moved, split.lost, split.lost_share) == (0.0, 0.0, 0.0)


def test_a_channel_whose_effect_halved_is_named_and_no_other() -> None:
    found = stability_of_curves({"orders": CHAMPION}, {"orders": HALVED})
    (move,) = found.beyond("orders")
    assert move.channel == "video"
    assert move.roas.after.mean == pytest.approx(0.5 * move.roas.before.mean)
    assert move.roas.standardised < -1.5
    assert sum(move.spend_share for move in found.channels) == pytest.approx(1.0)


def test_a_move_within_either_interval_is_none_beyond() -> None:
    (move,) = [one for one in channel_moves(CHAMPION, with_effect(CHAMPION, "video", 0.8)) if one.channel == "video"]
    assert move.roas.standardised < -0.5
    assert not move.is_beyond


def test_returns_are_those_of_the_last_year() -> None:
    figures = {one.channel: one for one in channel_figures(CHAMPION, 52, 52)}
    for move in channel_moves(CHAMPION, CHAMPION):
        assert move.roas.after.mean == pytest.approx(figures[move.channel].roas.mean, rel=1e-9)
        assert move.mroas.after.p95 == pytest.approx(figures[move.channel].mroas.p95, rel=1e-9)


def test_neither_a_new_price_nor_new_spend_moves_a_curve() -> None:
    champion = with_manifest(
        with_weeks(CHAMPION, 91), outcome=CHAMPION.manifest.outcome.model_copy(update={"value_per_unit": 80.0})
    )
    moves = channel_moves(champion, CHAMPION)
    assert [move.roas.standardised for move in moves] == [0.0] * 4


def test_exposure_counted_at_another_years_cost_moves_no_curve() -> None:
    champion, challenger = with_exposure(CHAMPION, "video", 1.0), with_exposure(CHAMPION, "video", 1.25)
    (move,) = [one for one in channel_moves(champion, challenger) if one.channel == "video"]
    assert move.roas.after.mean == pytest.approx(move.roas.before.mean, rel=1e-9)
    assert move.mroas.after.mean == pytest.approx(move.mroas.before.mean, rel=1e-9)


def test_without_a_value_per_unit_returns_are_in_units_of_the_outcome() -> None:
    leads = with_manifest(CHAMPION, outcome=CHAMPION.manifest.outcome.model_copy(update={"value_per_unit": None}))
    in_money, in_units = channel_moves(CHAMPION, CHAMPION)[0], channel_moves(CHAMPION, leads)[0]
    assert not in_units.is_in_money
    assert in_units.roas.after.mean == pytest.approx(in_money.roas.after.mean / 40.0)


def test_what_one_of_the_models_lacks_is_named() -> None:
    fewer = without_channel(CHAMPION, "social")
    found = stability_of_curves({"orders": CHAMPION, "leads": CHAMPION}, {"orders": fewer, "signups": fewer})
    assert (found.lost_channels, found.new_channels) == (("social",), ())
    assert (found.lost_kpis, found.new_kpis) == (("leads",), ("signups",))
    assert stability_of_curves({"orders": fewer}, {"orders": CHAMPION}).new_channels == ("social",)
    monthly = with_manifest(CHAMPION, currency="USD")
    assert stability_of_curves({"orders": CHAMPION}, {"orders": monthly}).not_compared == ("orders",)


def test_the_loss_of_the_old_split_is_what_it_brings_less_on_the_new_curves() -> None:
    (move,) = moved(CHAMPION, HALVED, scenario()).moves
    old, new = planned(CHAMPION, scenario()), planned(HALVED, scenario())
    earlier, even = HALVED.draws.spend[-8:], np.full(13, 1.0 / 13)

    def brings(plan: Plan) -> float:
        return sum(
            channel_response(HALVED, one.channel, even, earlier[:, place]).expected(one.spend)
            for place, one in enumerate(plan.channels)
        )

    assert move.old_value == pytest.approx(brings(old), rel=1e-9)
    assert move.lost == pytest.approx(brings(new) - brings(old), rel=1e-6)
    assert move.lost_share == pytest.approx(1.0 - brings(old) / brings(new), rel=1e-6)
    spends = [(one.spend, other.spend) for one, other in zip(old.channels, new.channels, strict=True)]
    assert move.moved == pytest.approx(sum(abs(b - a) for a, b in spends) / 2.0 / 500_000.0)
    assert move.moved > 0.2
    assert {one.channel: one.before > one.after for one in move.channels}["video"]


def test_profit_counts_in_money_and_the_budget_is_taken_off() -> None:
    rich = with_manifest(CHAMPION, outcome=CHAMPION.manifest.outcome.model_copy(update={"value_per_unit": 400.0}))
    asked = scenario(objective="profit", budget=900_000.0)
    (move,) = moved(rich, with_effect(rich, "search", 0.5), asked).moves
    best = planned(with_effect(rich, "search", 0.5), asked)
    assert move.unit == "money"
    assert best.certificate is not None
    assert move.best_value == pytest.approx(best.certificate.value, rel=1e-6)
    assert 0 < move.lost == pytest.approx(move.best_value - move.old_value)


def test_a_sized_plan_is_judged_at_its_own_budget_and_by_its_tasks() -> None:
    asked = scenario(objective="size", budget=None, tasks=[{"kpi": "orders", "at_least": 2000.0}])
    (move,) = moved(CHAMPION, HALVED, asked).moves
    best = planned(HALVED, scenario(budget=move.budget_before))
    assert move.budget_after > move.budget_before
    assert move.best_value == pytest.approx(best.outcomes[0].incremental.mean, rel=1e-4)
    assert move.tasks[0].promised >= 0.8 > move.tasks[0].now


def test_scenarios_that_a_model_cannot_answer_are_named() -> None:
    fewer = without_channel(CHAMPION, "social")
    asked = (
        scenario(channels={"social": {"min": 10_000.0}}),
        scenario(
            name="out of reach", objective="size", budget=175_000.0, tasks=[{"kpi": "orders", "at_least": 2000.0}]
        ),
        scenario(name="fits"),
    )
    found = moved(CHAMPION, fewer, asked[0])
    assert [(one.by, one.is_refused) for one in found.unanswered] == [("challenger", True)]
    assert "channels.social" in plain(found.unanswered[0].reasons[0])
    found = moved(CHAMPION, with_effect(HALVED, "search", 0.5), *asked[1:])
    assert [(one.scenario, one.by, one.is_refused) for one in found.unanswered] == [
        ("out of reach", "challenger", False)
    ]
    assert "orders is to reach 2,000" in plain(found.unanswered[0].reasons[0])
    assert [move.scenario for move in found.moves] == ["fits"]


def test_both_models_know_the_spend_that_came_in() -> None:
    older = with_weeks(CHAMPION, 98)
    known = spend_since({"orders": older}, {"orders": CHAMPION})
    assert known is not None
    assert known.start.isoformat() == "2026-11-23"
    assert known.spend["tv"] == tuple(CHAMPION.draws.spend[98:, 0])
    assert spend_since({"orders": CHAMPION}, {"orders": CHAMPION}) is None
    (move,) = moved(older, CHAMPION, scenario(reference={"kind": "spend", "spend": {}})).moves
    assert move.moved == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("pattern", ["even", "history", "optimized"])
def test_a_plan_on_its_own_model_is_what_it_promised(pattern: str) -> None:
    asked = scenario(flighting={"pattern": pattern}, tasks=[{"kpi": "orders", "at_least": 25_000.0, "counts": "total"}])
    plan = planned(CHAMPION, asked)
    found = rescore(plan, {"orders": CHAMPION}, version=3)
    (outcome,) = found.outcomes
    for part in ("incremental", "base", "total", "after_horizon"):
        promised, now = getattr(outcome.promised, part), getattr(outcome.now, part)
        assert now.model_dump() == pytest.approx(promised.model_dump(), rel=1e-9)
    assert outcome.change == pytest.approx(0.0, abs=1e-9)
    assert found.tasks[0].now == found.tasks[0].promised
    assert found.newer[0].version == 3


def test_an_old_plan_on_a_newer_model_brings_what_its_curves_say() -> None:
    plan = planned(CHAMPION, scenario(tasks=[{"kpi": "orders", "at_least": 5000.0}]))
    found = rescore(plan, {"orders": HALVED})
    shares = {one.channel: one.now.mean / one.promised.mean for one in found.channels if one.spend > 0}
    assert shares == pytest.approx({"video": 0.5} | {name: 1.0 for name in shares if name != "video"})
    lost = next(0.5 * one.promised.mean for one in found.channels if one.channel == "video")
    (outcome,) = found.outcomes
    assert outcome.promised.incremental.mean - outcome.now.incremental.mean == pytest.approx(lost)
    assert found.tasks[0].now < found.tasks[0].promised


def test_a_channel_that_is_gone_is_named_and_a_kpi_that_is_gone_refused() -> None:
    plan = planned(CHAMPION, scenario())
    found = rescore(plan, {"orders": without_channel(CHAMPION, "search")})
    assert found.lost_channels == ("search",)
    assert next(one for one in found.channels if one.channel == "search").now is None
    with pytest.raises(ScenarioRefused, match="a KPI of the market: leads"):
        rescore(plan, {"leads": CHAMPION})
    monthly = with_manifest(CHAMPION, period="month", window_start=CHAMPION.manifest.window_start.replace(day=4))
    with pytest.raises(ScenarioRefused, match="the start of a month of the horizon"):
        rescore(plan, {"orders": monthly})


def test_an_infeasible_plan_cannot_be_scored_again() -> None:
    plan = planned(CHAMPION, scenario(channels={"tv": {"min": 400_000.0}, "video": {"min": 400_000.0}}))
    assert plan.status == "infeasible"
    with pytest.raises(ValueError, match="no split"):
        rescore(plan, {"orders": CHAMPION})
