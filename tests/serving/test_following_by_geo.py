"""A plan by geo is followed by the curves of its geos: what was promised is what is held against what came."""

from typing import Any

import numpy as np
import pytest
from builders import make_artifact, make_panel
from flask.testing import FlaskClient
from serving.conftest import NOW

from mmm.sentence import plain
from optimizer.checker.geos import faults_by_geo
from optimizer.geos.outlook import GeoShares, geo_shares, plan_outlook
from optimizer.horizon.outlook import outlook, planned_spend
from optimizer.horizon.timeline import largest_window
from optimizer.plan.document import Plan
from optimizer.planning import Planner
from optimizer.question.asked import PlanningModel
from optimizer.scenario.document import Scenario
from optimizer.scenario.geos import GeoSplit
from optimizer.scenario.known_spend import KnownSpend
from service.home import Home
from service.refits.rescoring import rescore
from service.tracking.actuals import Actuals
from service.tracking.replan import replan
from service.tracking.track import track

PANEL = make_panel(draws=60, effects={("west", "search"): 3.0, ("north", "social"): 0.2}, local=("social", "search"))
ASKED = Scenario.model_validate(
    {
        "name": "Q1",
        "market": "testland",
        "kpi": "orders",
        "budget": 400_000.0,
        "business": "none",
        "horizon": {"start": "2027-01-04", "periods": 8},
        "geos": {},
        "tasks": [{"kpi": "orders", "at_least": 1.0, "counts": "incremental", "probability": 0.5}],
    }
)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Planner({"orders": PlanningModel(PANEL)}).plan(ASKED)


def spent(plan: Plan, periods: int) -> Actuals:
    """What the plan has for its first periods, and what it promises for them."""
    money, shares = planned_spend(plan, PANEL), geo_shares(plan, PANEL)
    promised = plan_outlook(PANEL, plan.horizon.start, money, seed=1, shares=shares).expected.mean(axis=0)
    by_channel = {name: tuple(money[:periods, place].tolist()) for place, name in enumerate(PANEL.channels)}
    return Actuals(start=plan.horizon.start, spend=by_channel, outcomes={"orders": tuple(promised[:periods].tolist())})


def test_the_outlook_of_a_plan_by_geo_is_what_it_promises(plan: Plan) -> None:
    money, shares = planned_spend(plan, PANEL), geo_shares(plan, PANEL)
    assert shares is not None
    assert shares.spend(PANEL, money).sum() == pytest.approx(plan.budget)
    found, said = plan_outlook(PANEL, plan.horizon.start, money, seed=1, shares=shares), plan.outcomes[0]
    brought = found.media.sum(axis=(1, 2)) + found.after.sum(axis=1)
    assert float(brought.mean()) == pytest.approx(said.incremental.mean, rel=1e-9)
    assert float(np.quantile(brought, 0.05)) == pytest.approx(said.incremental.p05, rel=1e-9)
    assert float(found.base.sum(axis=1).mean()) == pytest.approx(said.base.mean, rel=1e-9)
    by_channel = {one.channel: one.contribution.mean for one in plan.channels}
    each = (found.media.sum(axis=2) + found.after).mean(axis=0)
    assert dict(zip(found.channels, each.tolist(), strict=True)) == pytest.approx(by_channel, rel=1e-9)
    of_country = outlook(PANEL, plan.horizon.start, money, seed=1)
    assert found.media.sum() > 1.02 * of_country.media.sum()
    assert np.array_equal(found.noise, of_country.noise)


def test_a_channel_that_rests_in_a_period_is_shared_out_as_in_the_whole_plan(plan: Plan) -> None:
    assert plan.geos is not None
    first = plan.horizon.start
    flights = tuple(one for one in plan.geos.flighting if one.channel != "search" or one.date != first)
    shares = geo_shares(plan.model_copy(update={"geos": plan.geos.model_copy(update={"flighting": flights})}), PANEL)
    assert shares is not None
    own = [place for place, cell in enumerate(shares.cells.all) if cell.channel == "search"]
    assert shares.by_period[0, own] == pytest.approx(shares.by_period[1:, own].mean(axis=0))
    assert shares.by_period[:, own].sum(axis=1) == pytest.approx(np.ones(8))


def test_what_comes_as_promised_is_as_promised_in_tracking(plan: Plan) -> None:
    found = track(plan, {"orders": PANEL}, spent(plan, 4))
    (kpi,) = found.outcomes
    assert kpi.planned.mean == pytest.approx(plan.outcomes[0].total.mean, rel=1e-9)
    assert kpi.bridge is not None
    assert (kpi.bridge.spend, kpi.bridge.mix) == pytest.approx((0.0, 0.0), abs=1e-6)
    assert kpi.bridge.effect.mean + kpi.bridge.base.mean == pytest.approx(0.0, abs=1e-6)
    assert list(kpi.bridge.effects) == list(PANEL.channels)
    assert any("shared out over geos as in the plan" in plain(note) for note in found.notes)


def test_what_a_task_has_reached_is_counted_by_the_curves_of_geos(plan: Plan) -> None:
    asked = ASKED.model_copy(update={"tasks": (ASKED.tasks[0].model_copy(update={"at_least": 1e6}),)})
    tasked = plan.model_copy(update={"tasks": (plan.tasks[0].model_copy(update={"at_least": 1e6}),)})
    rest = replan(asked, tasked, {"orders": PANEL}, spent(plan, 4))
    reached = 1e6 - rest.scenario.tasks[0].at_least
    money = planned_spend(plan, PANEL)
    money[4:] = 0.0
    alone = plan_outlook(PANEL, plan.horizon.start, money, seed=1, shares=geo_shares(plan, PANEL))
    assert reached == pytest.approx(float((alone.media.sum(axis=2) + alone.after).sum(axis=1).mean()), rel=1e-9)
    assert not any("was seen so far" in plain(note) for note in rest.notes)


def planned(asked: Scenario, known: KnownSpend | None = None) -> Plan:
    return Planner({"orders": PlanningModel(PANEL)}, is_strict=False, known=known).plan(asked)


def by_cell(plan: Plan) -> dict[tuple[str, str], float]:
    assert plan.geos is not None
    return {(cell.channel, cell.geo): cell.spend for cell in plan.geos.cells}


def test_the_rest_is_planned_by_geo(plan: Plan) -> None:
    rest = replan(ASKED, plan, {"orders": PANEL}, spent(plan, 4))
    assert rest.scenario.geos == GeoSplit(channels=("social", "search"))
    again = planned(rest.scenario, rest.known)
    assert again.budget == pytest.approx(plan.budget / 2.0)
    assert faults_by_geo(rest.scenario, again, {"orders": PANEL}, rest.known) == ()
    of_country = planned(rest.scenario.model_copy(update={"geos": None}), rest.known)
    assert again.outcomes[0].incremental.mean > 1.02 * of_country.outcomes[0].incremental.mean
    assert any("shared out over geos as in the plan" in plain(note) for note in rest.notes)


def test_what_was_spent_in_a_geo_works_on_there(plan: Plan) -> None:
    rest = replan(ASKED, plan, {"orders": PANEL}, spent(plan, 4))
    money, shares = planned_spend(plan, PANEL), geo_shares(plan, PANEL)
    whole = plan_outlook(PANEL, plan.horizon.start, money, seed=1, shares=shares)
    as_planned = GeoShares(shares.cells, shares.by_period[4:]) if shares is not None else None
    later = plan_outlook(PANEL, rest.scenario.horizon.start, money[4:], seed=1, known=rest.known, shares=as_planned)
    assert later.expected.mean(axis=0) == pytest.approx(whole.expected.mean(axis=0)[4:], rel=1e-9)


RULES: dict[str, Any] = {
    "floor": 30_000.0,
    "change": [-0.8, 3.0],
    "limits": {
        "west": {"max": 150_000.0, "channels": {"search": {"max": 90_000.0}}},
        "north": {"channels": {"social": {"locked": 20_000.0}, "search": {"off_or_at_least": 30_000.0}}},
        "south": {"min": 60_000.0},
    },
    "groups": [
        {"name": "coast", "geos": ["south", "west"], "share": [0.2, 0.7]},
        {"name": "inland", "geos": ["north"], "channels": ["search"], "amount": [50_000.0, 120_000.0]},
    ],
}


def test_the_whole_horizon_keeps_the_rules_of_its_geos() -> None:
    asked = Scenario.model_validate(ASKED.model_dump(exclude_unset=True) | {"geos": RULES})
    plan = planned(asked)
    rest = replan(asked, plan, {"orders": PANEL}, spent(plan, 4))
    again = planned(rest.scenario, rest.known)
    assert again.status != "infeasible"
    assert faults_by_geo(rest.scenario, again, {"orders": PANEL}, rest.known) == ()
    shares = geo_shares(plan, PANEL)
    assert shares is not None
    before = shares.spend(PANEL, planned_spend(plan, PANEL)[:4]).sum(axis=0).tolist()
    so_far = {(cell.channel, cell.geo): amount for cell, amount in zip(shares.cells.all, before, strict=True)}
    whole = {cell: amount + so_far[cell] for cell, amount in by_cell(again).items()}
    geos = {
        name: sum(amount for (_, geo), amount in whole.items() if geo == name) for name in ("north", "south", "west")
    }
    assert min(geos.values()) >= 30_000.0 - 1.0
    assert geos["south"] >= 60_000.0 - 1.0
    assert geos["west"] <= 150_000.0 + 1.0
    assert whole["search", "west"] <= 90_000.0 + 1.0
    assert whole["social", "north"] == pytest.approx(20_000.0, abs=1.0)
    assert 50_000.0 - 1.0 <= whole["search", "north"] <= 120_000.0 + 1.0
    assert 0.2 - 0.05 <= (geos["south"] + geos["west"]) / sum(geos.values()) <= 0.7 + 0.05
    assert any("coast" in plain(note) and "as far as" in plain(note) for note in rest.notes)


def test_a_geo_that_had_more_than_it_may_gets_nothing_more_and_it_is_said(plan: Plan) -> None:
    asked = Scenario.model_validate(
        ASKED.model_dump(exclude_unset=True) | {"geos": {"floor": 10.0, "limits": {"west": {"max": 1000.0}}}}
    )
    rest = replan(asked, plan, {"orders": PANEL}, spent(plan, 4))
    assert rest.scenario.geos is not None
    assert rest.scenario.geos.limits["west"].max == 0.0
    assert any(plain(note).startswith("west: more was spent") for note in rest.notes)


def test_what_was_seen_of_a_cell_and_its_ceilings_hold_in_the_rest(plan: Plan) -> None:
    limits = {"west": {"channels": {"social": {"cpa_at_most": 90.0}}}}
    asked = Scenario.model_validate(
        ASKED.model_dump(exclude_unset=True) | {"rules": {"at_most_seen": 1.5}, "geos": {"limits": limits}}
    )
    rest = replan(asked, plan, {"orders": PANEL}, spent(plan, 4))
    assert rest.scenario.geos is not None
    shares, geos = geo_shares(plan, PANEL), PANEL.draws.geos
    assert shares is not None
    assert geos is not None
    most = largest_window(geos.spend[:, 0], 8)
    so_far = shares.spend(PANEL, planned_spend(plan, PANEL)[:4]).sum(axis=0)
    place = next(
        place for place, cell in enumerate(shares.cells.all) if (cell.channel, cell.geo) == ("search", "north")
    )
    left = 1.5 * most[PANEL.channels.index("search")] - so_far[place]
    assert rest.scenario.geos.limits["north"].channels["search"].max == pytest.approx(max(0.0, left))
    assert rest.scenario.geos.limits["west"].channels["social"].cpa_at_most == 90.0
    assert any(plain(note).startswith("social / west: its ceiling on CPA") for note in rest.notes)


def test_models_without_geos_plan_the_rest_of_the_country_and_say_so(plan: Plan) -> None:
    rest = replan(ASKED, plan, {"orders": make_artifact(draws=60)}, spent(plan, 4))
    assert rest.scenario.geos is None
    assert any("Geos are left out" in plain(note) for note in rest.notes)


def test_a_plan_by_geo_is_rescored_by_the_curves_of_its_geos(plan: Plan) -> None:
    found = rescore(plan, {"orders": PANEL})
    (again,), promised = found.outcomes, plan.outcomes[0]
    assert again.now.incremental.p05 == pytest.approx(promised.incremental.p05, rel=1e-9)
    assert again.now.total.mean == pytest.approx(promised.total.mean, rel=1e-9)
    for one in found.channels:
        assert one.now is not None
        assert one.now.mean == pytest.approx(one.promised.mean, rel=1e-9)
    assert found.notes == ()
    alike = make_panel(draws=60, effects={("north", "social"): 0.2}, local=("social", "search"))
    assert rescore(plan, {"orders": alike}).outcomes[0].now.incremental.mean < 0.98 * again.now.incremental.mean


def test_models_that_do_not_know_its_geos_put_it_to_the_country_and_say_so(plan: Plan) -> None:
    found = rescore(plan, {"orders": make_artifact(draws=60)})
    assert found.outcomes[0].now.incremental.mean < plan.outcomes[0].incremental.mean
    assert [plain(note) for note in found.notes] == [
        "The plan is by geo, and these models do not know its geos: what it brings now is by the curves of the country."
    ]


def test_a_plan_by_geo_is_followed_over_http(home: Home, client: FlaskClient, document: dict[str, Any]) -> None:
    published = home.registry.publish([PANEL], NOW)
    home.registry.promote("testland", published.version, NOW)
    asked = document | {"business": "none", "horizon": {"start": "2027-01-04", "periods": 4}, "geos": {}}
    planned = client.post("/v1/scenarios", json=asked).json
    for state in ("approved", "running"):
        client.post(f"/v1/plans/{planned['plan_id']}/state", json={"state": state})
    spend = {one["channel"]: one["spend"] for one in planned["plan"]["flighting"] if one["date"] == "2027-01-04"}
    row = {"date": "2027-01-04", "spend": spend, "outcomes": {"orders": 2000.0}}
    tracking = client.post("/v1/markets/testland/actuals", json={"rows": [row]}).json
    assert tracking["outcomes"][0]["planned"]["mean"] == pytest.approx(planned["plan"]["outcomes"][0]["total"]["mean"])
    assert any("as in the plan" in note for note in tracking["notes"])
    rest = client.post(f"/v1/plans/{planned['plan_id']}/replan", json={})
    assert rest.status_code == 201, rest.text
    assert set(rest.json["scenario"]["geos"]["channels"]) == {"social", "search"}
    assert rest.json["plan"]["geos"]["cells"]
    assert client.post(f"/v1/plans/{rest.json['id']}/rescore", json={}).json["notes"] == []
