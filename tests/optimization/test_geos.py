"""Plans by channel and geo: money goes where it works, rules of geos hold, and sums over geos are the split."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from builders import make_artifact, make_panel

from mmm.artifact import artifact_files, read_artifact
from mmm.sentence import plain
from optimizer.checker.geos import faults_by_geo
from optimizer.errors import ScenarioRefused
from optimizer.geos.cells import cell_artifact, cells_of
from optimizer.plan.document import Plan
from optimizer.planning import Planner
from optimizer.question.asked import PlanningModel
from optimizer.scenario.document import Scenario

PANEL = make_panel(draws=40)
WEST = make_panel(draws=40, effects={("west", "search"): 3.0})
PLANNER, IN_WEST = (Planner({"orders": PlanningModel(artifact)}) for artifact in (PANEL, WEST))
"""Video, social and search are bought by geo, tv for the country; search works three times as well in the west."""

SMALL = make_panel(draws=12, geos=("north", "west"), effects={("west", "search"): 3.0}, local=("search",))
TWO = Planner({"orders": PlanningModel(SMALL)})

BUDGET = 600_000.0


def asked(**changes: Any) -> Scenario:
    document = {
        "name": "by geo",
        "market": "testland",
        "kpi": "orders",
        "budget": BUDGET,
        "horizon": {"start": "2027-01-04", "periods": 8},
        "geos": {},
    }
    return Scenario.model_validate(document | changes)


@cache
def free_plan() -> Plan:
    return IN_WEST.plan(asked())


def spend_in(plan: Plan, geo: str, channel: str | None = None) -> float:
    assert plan.geos is not None
    return sum(cell.spend for cell in plan.geos.cells if cell.geo == geo and channel in (None, cell.channel))


def test_more_goes_where_a_channel_works_better() -> None:
    even, found = PLANNER.plan(asked()), free_plan()
    assert found.status == even.status == "optimal"
    assert spend_in(found, "west", "search") > 2.0 * spend_in(even, "west", "search")
    # Geos that differ in nothing but their size share a channel by size.
    for geo, size in (("north", 3 / 6), ("south", 2 / 6), ("west", 1 / 6)):
        assert spend_in(even, geo, "video") / BUDGET == pytest.approx(
            size * next(one.spend for one in even.channels if one.channel == "video") / BUDGET, abs=0.02
        )


def test_geos_add_up_to_the_split_and_the_split_to_the_budget() -> None:
    found = IN_WEST.plan(asked(business="b2c"))
    assert found.geos is not None
    assert [one.channel for one in found.channels] == ["tv", "video", "social", "search"]
    assert found.geos.channels == ("video", "social", "search")
    for channel in found.channels[1:]:
        own = [cell for cell in found.geos.cells if cell.channel == channel.channel]
        assert sum(cell.spend for cell in own) == pytest.approx(channel.spend, abs=1e-6)
        assert sum(cell.contribution.mean for cell in own) == pytest.approx(channel.contribution.mean)
        phased = sum(one.spend for one in found.flighting if one.channel == channel.channel)
        assert phased == pytest.approx(channel.spend, abs=1e-6)
    assert sum(one.spend for one in found.channels) == pytest.approx(BUDGET, abs=0.005)
    assert sum(one.spend for one in found.geos.totals) == pytest.approx(BUDGET - found.channels[0].spend, abs=0.005)
    assert sum(one.contribution.mean for one in found.channels) == pytest.approx(found.outcomes[0].incremental.mean)


def test_free_geos_are_never_worse_than_those_of_history() -> None:
    found = free_plan()
    assert found.geos is not None
    assert found.certificate is not None
    assert found.certificate.value >= found.geos.as_in_history.mean
    # Geos held at their reference are one of the plans that the bound speaks of.
    held: dict[str, Any] = {geo: {"channels": {}} for geo in ("north", "south", "west")}
    for cell in found.geos.cells:
        held[cell.geo]["channels"][cell.channel] = {"locked": cell.reference_spend}
    budget = 1.2 * sum(cell.reference_spend for cell in found.geos.cells)
    locked, free = (IN_WEST.plan(asked(geos=geos, budget=budget)) for geos in ({"limits": held}, {}))
    assert locked.certificate is not None
    assert free.certificate is not None
    assert locked.certificate.value <= free.certificate.bound


def test_the_certificate_is_that_of_an_exhaustive_grid() -> None:
    off = {"tv": {"max": 0}, "video": {"max": 0}}
    found = TWO.plan(asked(channels=off))
    assert found.certificate is not None
    cells = cells_of(SMALL, None)
    by_cell = Planner({"orders": PlanningModel(cell_artifact(SMALL, cells))})
    question = by_cell.question(asked(geos=None, channels=off))
    names = ["social", *cells.of_channel("search")]
    grid = np.linspace(0.0, BUDGET, 61)
    brought = [np.array([question.kpi.responses[name].expected(float(at)) for at in grid]) for name in names]
    best = max(
        brought[0][60 - one - other] + brought[1][one] + brought[2][other]
        for one in range(61)
        for other in range(61 - one)
    )
    assert best <= found.certificate.bound
    assert found.certificate.value >= best * (1.0 - 1e-4)


RULED: list[tuple[dict[str, Any], Any]] = [
    ({"geos": {"floor": 150_000}}, lambda plan: min(spend_in(plan, geo) for geo in ("north", "south", "west")) - 150e3),
    ({"geos": {"limits": {"west": {"max": 60_000}}}}, lambda plan: 60e3 - spend_in(plan, "west")),
    (
        {"geos": {"limits": {"south": {"channels": {"video": {"locked": 90_000}}}}}},
        lambda plan: -abs(spend_in(plan, "south", "video") - 90e3),
    ),
    (
        {"geos": {"limits": {"west": {"channels": {"search": {"max": 50_000}}}}}},
        lambda plan: 50e3 - spend_in(plan, "west", "search"),
    ),
    (
        {"geos": {"groups": [{"name": "coast", "geos": ["south", "west"], "channels": ["video"], "share": [0, 0.3]}]}},
        lambda plan: (
            0.3 * sum(spend_in(plan, geo, "video") for geo in ("north", "south", "west"))
            - sum(spend_in(plan, geo, "video") for geo in ("south", "west"))
        ),
    ),
    (
        {"geos": {"groups": [{"name": "coast", "geos": ["south", "west"], "amount": [0, 120_000]}]}},
        lambda plan: 120e3 - spend_in(plan, "south") - spend_in(plan, "west"),
    ),
    (
        {"channels": {"search": {"max": 40_000}}},
        lambda plan: 40e3 - sum(spend_in(plan, geo, "search") for geo in ("north", "south", "west")),
    ),
    (
        {"geos": {"change": [-0.1, 0.1]}, "budget": 700_000.0},
        lambda plan: min(0.1 - abs(total.change) for total in plan.geos.totals),
    ),
]


@pytest.mark.parametrize(("changes", "room"), RULED)
def test_rules_of_geos_bind_and_are_kept(changes: dict[str, Any], room: Any) -> None:
    found = IN_WEST.plan(asked(**changes))
    assert room(free_plan()) < -1e-3
    assert room(found) >= -1e-6 * BUDGET
    (rule,) = [rule for rule in found.binding if rule.rule.startswith(("geos.", "channels."))][:1]
    assert " / " not in rule.rule
    assert rule.shadow_price is not None


def test_off_or_at_least_in_a_geo() -> None:
    least = 1.5 * spend_in(free_plan(), "south", "video")
    limits = {"south": {"channels": {"video": {"off_or_at_least": least}}}}
    spend = spend_in(IN_WEST.plan(asked(geos={"limits": limits})), "south", "video")
    assert spend == 0.0 or spend >= least - 1e-3


def test_a_floor_that_does_not_fit_is_named_and_relaxed() -> None:
    found = PLANNER.plan(asked(geos={"floor": 250_000}))
    assert found.status == "infeasible"
    assert {rule.rule for rule in found.conflict} == {
        "budget",
        *(f"geos.floor.{geo}" for geo in ("north", "south", "west")),
    }
    assert found.relaxation


def test_rules_of_a_channel_in_a_geo_are_named_where_they_stand() -> None:
    limits = {"west": {"channels": {"search": {"max": 10_000}}}}
    found = IN_WEST.plan(asked(geos={"limits": limits}))
    assert "geos.limits.west.channels.search.max" in [rule.rule for rule in found.binding]


ONE_CHANNEL = {name: {"max": 0} for name in ("tv", "video", "social")}


def test_sizing_by_geo_needs_no_more_money() -> None:
    tasks = {
        "objective": "size",
        "budget": None,
        "channels": ONE_CHANNEL,
        "tasks": [{"kpi": "orders", "at_least": 1000.0, "probability": 0.8}],
    }
    free, held = (TWO.plan(asked(geos={"limits": limits}, **tasks)) for limits in ({}, {"west": {"max": 5_000.0}}))
    assert free.tasks[0].reached_probability >= 0.8
    assert free.budget < held.budget


def test_a_frontier_an_explanation_and_curves_speak_of_geos() -> None:
    scenario = asked(channels=ONE_CHANNEL)
    points = TWO.frontier(scenario, [300_000.0, BUDGET])
    plan, explanation = TWO.explain(scenario)
    assert points[1].mean == pytest.approx(plan.outcomes[0].incremental.mean, rel=1e-3)
    assert explanation is not None
    assert {"tv", "search / west"} <= {one.channel for one in explanation.channels}
    assert {"tv", "search / west"} <= {one.name for one in TWO.curves("orders", scenario)}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"geos": {"channels": ["tv"]}}, "geos.channels"),
        ({"geos": {"channels": ["serch"]}}, "geos.channels"),
        ({"geos": {"limits": {"wst": {}}}}, "geos.limits.wst"),
        ({"geos": {"channels": ["search"], "limits": {"west": {"channels": {"video": {}}}}}}, "geos.limits.west"),
        ({"geos": {"groups": [{"name": "a", "geos": ["est"], "share": [0, 1]}]}}, "geos.groups[1].geos"),
        ({"rules": {"at_most_channels": 2}}, "rules.at_most_channels"),
        ({"new_channels": {"podcast": {"like": "tv"}}}, "new_channels"),
        ({"channels": {"search": {"off_or_at_least": 10.0}}}, "channels.search.off_or_at_least"),
        ({"requires": [{"channel": "search", "upstream": ["tv"], "at_most_ratio": 1.0}]}, "requires[1].channel"),
    ],
)
def test_what_does_not_fit_the_geos_is_refused(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ScenarioRefused) as error:
        PLANNER.plan(asked(**changes))
    assert error.value.faults[0].field.startswith(field)
    if field == "new_channels":
        assert "leave out geos, and plan the whole country with them" in plain(error.value.faults[0].said)


def test_a_market_without_geos_has_no_plan_by_geo() -> None:
    planner = Planner({"orders": PlanningModel(make_artifact(draws=20))})
    with pytest.raises(ScenarioRefused) as error:
        planner.plan(asked())
    assert "several geos" in plain(error.value.faults[0].said)
    with pytest.raises(ScenarioRefused):
        PLANNER.question(asked())


def test_a_wrong_sum_over_geos_is_found_out() -> None:
    scenario = asked(geos={"limits": {"west": {"max": 60_000}}})
    plan = IN_WEST.plan(scenario)
    assert plan.geos is not None
    assert faults_by_geo(scenario, plan, {"orders": WEST}) == ()
    moved = [
        one.model_copy(update={"spend": one.spend + (5000.0 if one.geo == "west" else 0.0)}) for one in plan.geos.cells
    ]
    wrong = plan.model_copy(update={"geos": plan.geos.model_copy(update={"cells": tuple(moved)})})
    assert {"west max", "search over its geos", "west over its channels"} <= set(
        faults_by_geo(scenario, wrong, {"orders": WEST})
    )


def test_geos_are_read_back_from_an_artifact() -> None:
    again = read_artifact(artifact_files(PANEL), PANEL.digest)
    assert again.manifest.geos == PANEL.manifest.geos
    assert again.draws.geos is not None
    assert PANEL.draws.geos is not None
    np.testing.assert_array_equal(again.draws.geos.effect, PANEL.draws.geos.effect)
