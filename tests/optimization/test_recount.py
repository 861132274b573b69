"""Everything that a plan says is counted anew: by hand where it can be, and each wrong figure is found."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from builders import CHANNELS, make_artifact, make_panel

from mmm.artifact import ResponseArtifact, seal
from mmm.manifest import ChannelInfo
from optimizer.checker.baseline import forecast, noise_of_sum
from optimizer.checker.bottom_up import wrong_ledger
from optimizer.checker.check import faults_of_plan
from optimizer.checker.geos import faults_by_geo
from optimizer.checker.reach import most_within_reach
from optimizer.checker.recount import Recount
from optimizer.checker.value import recounted_channel
from optimizer.plan.document import Plan
from optimizer.planning import Planner, PlanningModel
from optimizer.scenario.document import Horizon, Scenario

ARTIFACT = make_artifact(draws=60)
PLANNER = Planner({"orders": PlanningModel(ARTIFACT)})
START = date(2027, 1, 4)


def asked(**changes: Any) -> Scenario:
    document = {
        "name": "Q1",
        "market": "testland",
        "kpi": "orders",
        "budget": 500_000.0,
        "business": "b2c",
        "horizon": {"start": START, "periods": 13},
        "channels": {"search": {"min": 50_000.0, "fee": 0.1, "coop": 0.2}, "tv": {"fixed_cost": 2_000.0}},
        "rules": {"test_reserve": 0.05},
    }
    return Scenario.model_validate(document | changes)


def other(plan: Plan, path: str, change: Callable[[Any], Any]) -> Plan:
    """The plan with another figure in one place, such as ``outcomes.0.base.mean``."""

    def changed(value: Any, steps: list[str]) -> Any:
        if not steps:
            return change(value)
        step, rest = steps[0], steps[1:]
        if isinstance(value, tuple):
            place = int(step)
            return (*value[:place], changed(value[place], rest), *value[place + 1 :])
        return value.model_copy(update={step: changed(getattr(value, step), rest)})

    found = changed(plan, path.split("."))
    assert isinstance(found, Plan)
    return found


def a_percent_more(value: float) -> float:
    return 1.01 * value


@pytest.fixture(scope="module")
def plan() -> Plan:
    return PLANNER.plan(asked())


FIGURES: list[tuple[str, Callable[[Any], Any], str]] = [
    ("scenario", lambda _: "Q2", "scenario of the plan"),
    ("horizon", lambda old: Horizon(start=old.start, periods=12), "horizon of the plan"),
    ("currency", lambda _: "USD", "currency of the plan"),
    ("models.0.digest", lambda _: "0" * 64, "models of the plan"),
    ("outcomes.0.incremental.p95", a_percent_more, "orders is said to be"),
    ("outcomes.0.base.mean", a_percent_more, "base of orders"),
    ("outcomes.0.total.mean", a_percent_more, "total of orders"),
    ("outcomes.0.total.p05", a_percent_more, "total of orders"),
    ("outcomes.0.after_horizon.p50", a_percent_more, "part of orders after the horizon"),
    ("outcomes.0.value", a_percent_more, "orders is said to be worth"),
    ("channels.2.contribution.p05", a_percent_more, "contribution of social"),
    ("channels.2.roas.p95", a_percent_more, "ROAS of social"),
    ("channels.2.mroas.mean", a_percent_more, "mROAS of social"),
    ("channels.2.cpa.mean", a_percent_more, "CPA of social"),
    ("channels.2.share", lambda old: old + 0.01, "share of social"),
    ("channels.2.change", lambda old: old + 0.01, "change of social"),
    ("channels.2.reference_spend", a_percent_more, "social had"),
    ("channels.2.beyond_observed", lambda old: not old, "beyond what was seen"),
    ("fees", lambda old: old + 1.0, "fees is not"),
    ("coop", lambda old: old + 1.0, "co-op money is not"),
    ("fixed_costs", lambda old: old + 1.0, "fixed costs is not"),
    ("test_reserve", lambda old: old + 1.0, "test reserve is not"),
    ("profit.p05", a_percent_more, "profit is said to be"),
    ("split.brand_share", a_percent_more, "brand share is said to be"),
    ("split.band", lambda _: (0.3, 0.5), "brand band is said to be"),
    ("certificate.gap", lambda old: old + 0.01, "gap is said to be"),
    ("certificate.unit", lambda _: "money", "certificate is in money"),
    ("comparisons.reference.p05", a_percent_more, "reference plan is said to be"),
    ("comparisons.same_mix.mean", a_percent_more, "same mix is said to be"),
]


@pytest.mark.parametrize(("path", "change", "said"), FIGURES, ids=[path for path, *_ in FIGURES])
def test_a_wrong_figure_of_a_plan_is_found(plan: Plan, path: str, change: Callable[[Any], Any], said: str) -> None:
    found = faults_of_plan(asked(), other(plan, path, change), {"orders": ARTIFACT})
    assert any(said in fault for fault in found), found


def test_a_gap_that_was_not_asked_for_is_not_optimal(plan: Plan) -> None:
    strict = asked(solve={"gap": 1e-6})
    wide = other(other(plan, "certificate.gap", lambda _: 1e-3), "status", lambda _: "optimal")
    assert any("called optimal" in fault for fault in faults_of_plan(strict, wide, {"orders": ARTIFACT}))


def test_a_phasing_that_was_not_asked_for_is_found(plan: Plan) -> None:
    first, second, *rest = plan.flighting
    moved = [first.model_copy(update={"spend": first.spend + second.spend}), second.model_copy(update={"spend": 0.0})]
    found = faults_of_plan(asked(), plan.model_copy(update={"flighting": (*moved, *rest)}), {"orders": ARTIFACT})
    assert f"{first.channel} is not phased as asked" in found


TASKS = [
    {"kpi": "orders", "at_least": 25_000.0, "counts": "total", "probability": 0.7},
    {"kpi": "orders", "at_least": 11_400.0, "counts": "total", "probability": 0.6, "by": "2027-02-08"},
]


@pytest.fixture(scope="module")
def sized() -> tuple[Scenario, Plan]:
    scenario = asked(objective="size", budget=900_000.0, tasks=TASKS, solve={"gap": 1e-2})
    return scenario, PLANNER.plan(scenario)


@pytest.mark.parametrize(
    ("path", "change", "said"),
    [
        ("tasks.0.reached_probability", lambda old: old + 0.1, "tasks[1] is said to be reached"),
        ("tasks.1.reached_probability", lambda old: old - 0.1, "tasks[2] is said to be reached"),
        ("tasks.1.expected", a_percent_more, "tasks[2] is said to expect"),
        ("tasks.0.at_least", a_percent_more, "tasks are not those that were asked"),
        ("tasks.0.cost", lambda _: 1e9, "tasks[1] alone costs"),
        ("tasks.0.added_cost", lambda _: 1e9, "tasks[1] is said to add"),
        ("ledger.shared", lambda old: old + 1e4, "ledger says"),
    ],
)
def test_totals_of_tasks_are_counted_anew(
    sized: tuple[Scenario, Plan], path: str, change: Callable[[Any], Any], said: str
) -> None:
    scenario, found = sized
    faults = faults_of_plan(scenario, other(found, path, change), {"orders": ARTIFACT})
    assert any(said in fault for fault in faults), faults


def test_a_task_that_is_missed_is_found(sized: tuple[Scenario, Plan]) -> None:
    scenario, found = sized
    harder = scenario.model_copy(
        update={"tasks": tuple(task.model_copy(update={"probability": 0.99}) for task in scenario.tasks)}
    )
    tasks = tuple(task.model_copy(update={"probability": 0.99}) for task in found.tasks)
    faults = faults_of_plan(harder, found.model_copy(update={"tasks": tasks}), {"orders": ARTIFACT})
    assert any("tasks[1] asks for 0.99" in fault for fault in faults)


@pytest.mark.parametrize("target", [{"roas": 0.5}, {"cpa": 70.0}])
def test_a_return_that_is_missed_is_found(target: dict[str, float]) -> None:
    name, number = next(iter(target.items()))
    scenario = asked(objective="efficiency", target=target, channels={})
    found = PLANNER.plan(scenario)
    harder = {name: number * (1.01 if name == "roas" else 0.99)}
    asked_more = asked(objective="efficiency", target=harder, channels={})
    more = found.model_copy(update={"target": asked_more.target})
    assert f"target.{name}" in faults_of_plan(asked_more, more, {"orders": ARTIFACT})
    assert any("objective and target" in fault for fault in faults_of_plan(asked_more, found, {"orders": ARTIFACT}))


def test_what_caution_brings_is_counted_anew() -> None:
    scenario = asked(risk={"attitude": "cautious"}, channels={}, solve={"gap": 1e-3})
    found = PLANNER.plan(scenario)
    wrong = faults_of_plan(scenario, other(found, "risk.worst", a_percent_more), {"orders": ARTIFACT})
    assert any("worst draws" in fault for fault in wrong)


def test_the_base_of_a_capacity_is_counted_anew() -> None:
    scenario = asked(capacity=[{"kpi": "orders", "at_most": 2_600.0}], channels={}, business="none")
    found = PLANNER.plan(scenario)
    wrong = faults_of_plan(scenario, other(found, "capacity.3.base", a_percent_more), {"orders": ARTIFACT})
    assert any("without the plan" in fault for fault in wrong)


def test_a_bottom_up_route_is_counted_anew() -> None:
    route = {"population": 5e5, "share_wanted": 0.08, "reached": 0.8, "trial_rate": 0.25, "repeat_rate": 0.4}
    scenario = asked(bottom_up={**route, "exposures_per_percent": 40.0, "cost_per_point": 100.0})
    found = PLANNER.plan(scenario)
    assert found.bottom_up is not None
    # 40 points for each of 80 % at 100 each; 500,000 people, of whom 80 % · 25 % · 40 % stay.
    assert (found.bottom_up.cost, found.bottom_up.brings) == (pytest.approx(320_000.0), pytest.approx(40_000.0))
    for path in ("bottom_up.cost", "bottom_up.brings", "bottom_up.gap.difference"):
        wrong = Recount.of(scenario, other(found, path, a_percent_more), {"orders": ARTIFACT})
        assert list(wrong_ledger(wrong)), path


def test_what_geos_bring_is_counted_anew() -> None:
    panel = make_panel(draws=20, geos=("north", "west"), local=("search",), effects={("west", "search"): 3.0})
    scenario = asked(geos={}, channels={}, rules={}, horizon={"start": START, "periods": 6})
    found = Planner({"orders": PlanningModel(panel)}).plan(scenario)
    paths = [
        ("geos.cells.1.contribution.p95", "contribution of search in west"),
        ("geos.cells.0.reference_spend", "search in north had"),
        ("geos.totals.0.contribution.mean", "contribution of north"),
        ("geos.as_in_history.mean", "geos of history"),
        ("channels.3.contribution.mean", "contribution of search"),
        ("outcomes.0.incremental.mean", "orders is said to be"),
    ]
    for path, said in paths:
        faults = faults_by_geo(scenario, other(found, path, a_percent_more), {"orders": panel})
        assert any(said in fault for fault in faults), (path, faults)


def tiny(saturation: str, **draws: Any) -> ResponseArtifact:
    """A market of one channel, one draw and two periods of carryover, with numbers for a pocket calculator."""
    info = ChannelInfo(
        name="tv", role="brand", brand_weight=1.0, adstock="geometric", saturation=saturation, cost_per_impression=0.01
    )
    whole = make_artifact(draws=1, periods=60, channels=(info,))
    one = {name: np.full((1, 1), value) for name, value in draws.items() if np.ndim(value) == 0}
    by_period = {name: value for name, value in draws.items() if np.ndim(value) > 0}
    manifest = whole.manifest.model_copy(update={"carryover_periods": 2})
    return seal(manifest, replace(whole.draws, **one, **by_period))


def in_last_period(amount: float) -> np.ndarray:
    return np.concatenate([np.zeros((59, 1)), np.full((1, 1), amount)])


def test_carryover_and_saturation_are_those_of_a_pocket_calculator() -> None:
    market = tiny(
        "michaelis_menten", retention=0.5, half_saturation=10.0, ceiling=12.0, slope=1.0, spend=in_last_period(30.0)
    )
    horizon = Horizon(start=date(2026, 3, 2), periods=1)  # the period after the last one of the data
    channel = recounted_channel(market, "tv", np.ones(1), horizon, past=market)
    # Weights 2/3 and 1/3. Before: stock 10, level 1/2. With 30 more: 30, level 3/4; then 10, level 1/2.
    np.testing.assert_allclose(channel.carried_in(2)[:, 0], [6.0, 0.0])
    np.testing.assert_allclose(channel.in_periods(30.0)[:, 0], [3.0, 6.0])
    # 12 · 10 / (10 + 30)² · 2/3 + 12 · 10 / (10 + 10)² · 1/3
    assert channel.slopes(30.0)[0] == pytest.approx(0.05 + 0.1)


def test_reach_and_frequency_are_those_of_a_pocket_calculator() -> None:
    contacts = np.full((60, 1), 2.0)
    market = tiny(
        "reach",
        retention=0.0,
        half_saturation=2.0,
        slope=1.0,
        ceiling=12.0,
        spend=in_last_period(200.0),
        frequency=contacts,
    )
    horizon = Horizon(start=date(2026, 3, 2), periods=2)
    channel = recounted_channel(market, "tv", np.full(2, 0.5), horizon, past=market)
    # An impression of two does half of what can be done, over two: a quarter. 12 · 8 / 4 in all.
    assert channel.added(8.0)[0] == pytest.approx(24.0)
    scenario = asked(horizon={"start": horizon.start, "periods": 2}, channels={}, rules={}, business="none")
    recount = Recount.of_split(scenario, {"tv": 100.0}, None, {"orders": market})
    # History reached 200 / 2 people in a period; half of 400, at two contacts a person, reaches as many.
    assert most_within_reach(recount) == {"tv": pytest.approx(400.0)}


def test_more_than_can_be_reached_is_found() -> None:
    info = CHANNELS[2].model_copy(update={"saturation": "reach", "cost_per_impression": 0.01})
    whole = make_artifact(draws=20, channels=(*CHANNELS[:2], info))
    contacts = np.ones_like(whole.draws.spend)
    contacts[:, 2] = 3.0
    bends = {"half_saturation": np.full(20, 2.0), "slope": np.full(20, 1.5), "ceiling": np.full(20, 0.05)}
    columns = {name: np.column_stack([getattr(whole.draws, name)[:, :2], value]) for name, value in bends.items()}
    market = seal(whole.manifest, replace(whole.draws, frequency=contacts, **columns))
    scenario = asked(channels={}, rules={}, business="none", budget=3e6)
    found = Planner({"orders": PlanningModel(market)}).plan(scenario)
    assert "channels.social.reach" in {rule.rule for rule in found.binding}
    spend = {channel.channel: channel.spend for channel in found.channels}
    more = {"tv": spend["tv"] - 1_000.0, "video": spend["video"], "social": spend["social"] + 1_000.0}
    changed = found
    for place, name in enumerate(("tv", "video", "social")):
        changed = other(changed, f"channels.{place}.spend", lambda _, name=name: more[name])
    assert "social reach" in faults_of_plan(scenario, changed, {"orders": market})


def test_the_base_is_that_of_a_pocket_calculator() -> None:
    market = tiny("michaelis_menten", spend=in_last_period(0.0))
    level, trend, sine, cosine = market.draws.baseline[0]
    position = 100
    expected = level + trend * position / 52.0
    expected += sine * np.sin(2 * np.pi * position / 52.1775) + cosine * np.cos(2 * np.pi * position / 52.1775)
    assert forecast(market, date(2026, 12, 7), 1)[0, 0] == pytest.approx(expected)


def test_noise_of_a_sum_grows_with_what_lasts() -> None:
    draws = 400
    market = make_artifact(draws=draws)
    noise = {"noise_scale": np.full(draws, 10.0), "noise_persistence": np.full(draws, 0.5)}
    lasting = replace(market, draws=replace(market.draws, **noise, noise_share=np.ones(draws)))
    # Two periods that go together by a half: variance 1 + 1 + 2 · 0.5.
    assert noise_of_sum(lasting, 2).std() == pytest.approx(10.0 * np.sqrt(3.0), rel=0.01)
    alone = replace(market, draws=replace(market.draws, noise_scale=np.full(draws, 10.0)))
    assert noise_of_sum(alone, 2).std() == pytest.approx(10.0 * np.sqrt(2.0), rel=0.01)
